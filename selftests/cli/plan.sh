#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Plans: what is saved comes back, what is there already is left alone, what
# fails is rolled back, and what was killed is completed by the next apply.
#
# A plan says all about its sections, so this is for machines where nothing
# belongs to anybody.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"
# shellcheck source=../lib/plan.sh
. "${0%/*}/../lib/plan.sh"

[ "${FABRIC_PREPARED:-}" = 1 ] ||
	ktap_skip_all "this removes what others have: only where FABRIC_PREPARED is 1"
need_fabricctl
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
preload=$SELFTESTS/cli/kill_after.so

DIFFERENT=6
plan=$KTAP_TMP/plan.json
other=$KTAP_TMP/other.json
nothing=$KTAP_TMP/nothing.json

# The first host is not the first by name, and the fault files need a switch
cat >"$plan" <<'END'
{
  "plan": 1,
  "switches": [
    {
      "name": "a",
      "hosts": ["zeta", "alpha"],
      "ports": [
        {"name": "p0", "host": "zeta"},
        {"name": "p1", "host": "alpha", "speed": 64000, "width": 16},
        {"name": "p2", "link": "down"}
      ],
      "devices": [
        {"name": "m0", "port": "p0", "size": 67108864, "granule": 1048576, "serial": 5},
        {"name": "m1", "port": "p1", "size": 67108864, "granule": 1048576}
      ]
    },
    {"name": "b", "live": false, "hosts": ["beta"], "devices": [{"name": "unfinished"}]}
  ],
  "ports": [{"domain": "a", "port": "p1", "label": ["rack=7"]}],
  "devices": [
    {"domain": "a", "device": "m0", "label": ["tier=gold", "zone=1"]},
    {"domain": "a", "device": "m1", "admin-state": "draining"}
  ],
  "tenants": [
    {"name": "acme", "priority-max": 300, "quota": [{"kind": "memory", "limit": 33554432}],
     "member": [{"uid": 1000}, {"gid": 1000}]}
  ],
  "grants": [
    {"token": "db", "tenant": "acme", "kind": "memory", "size": 8388608, "domain": "a",
     "device": "m0", "priority": 200, "min": 4194304},
    {"token": "scratch", "kind": "memory", "size": 4194304, "domain": "a", "device": "m1",
     "reclaimable": true}
  ]
}
END

# As the first, but for a binding, a link, labels, a tenant and a grant; and with
# a port and a device more in the switch that is not live
jq '(.switches[0].ports[0]) |= (.host = "alpha" | .link = "down") |
	.switches[0].ports[2] |= (.link = "up" | .host = "zeta") |
	.switches[0].devices += [{name: "m2", port: "p2", size: 67108864, serial: 9}] |
	.switches[1] |= (.ports = [{name: "q0"}] | .live = true | .devices = []) |
	.ports = [] | .devices = [{domain: "a", device: "m1", label: ["tier=iron"]}] |
	.tenants[0]."priority-max" = 400 | .tenants += [{name: "umbrella"}] |
	.grants = [{token: "db", kind: "memory", size: 2097152, domain: "a", device: "m2"}]' \
	"$plan" >"$other"

echo '{"plan":1,"switches":[],"ports":[],"devices":[],"tenants":[],"regions":[],"grants":[]}' \
	>"$nothing"

# All that there is, without what is another after it was made again: ids and times
snapshot()
{
	fc save
	grep -sH '' $EMU_CONFIG/*/{live,{ports,devices}/*/*} || :
	fcj tree | jq -c '(.ports | map({key: "\(.id)", value: .name}) | from_entries) as $name |
		.ports[] | [.name, $name["\(."parent-id")"], .host, .link]'
}

# However the test before it ended
ktap_setup()
{
	local dir

	for dir in /sys/kernel/debug/fabric_emu/*/; do
		[ ! -d "$dir/fault" ] || emu_faults_clear "$(basename "$dir")"
	done
	fc apply "$nothing" force >/dev/null
	expect_eq "$(fc save | jq -c .)" "$(jq -c . "$nothing")" "what is left of the test before"
	defer fc apply "$nothing" force
}

steps()
{
	fcj apply "$@" | jq -r '.steps[] | "\(.step) \(.object)"'
}

empty_system_is_an_empty_plan()
{
	expect_eq "$(fc save | jq -c .)" "$(cat "$nothing")" "the plan"
}

plan_is_made_so()
{
	fc apply "$plan"
	expect_eq "$(ask port domain-id="$(domain_id a)" name=p0 -- host)" zeta "host of p0"
	expect_eq "$(ask port domain-id="$(domain_id a)" name=p1 -- speed width)" "64000 16" "p1"
	expect_eq "$(id_of port a zeta)" "$(ask port domain-id="$(domain_id a)" name=p0 -- parent-id)" \
		"port above p0"
	expect_eq "$(cat $EMU_CONFIG/b/live)" 0 "live of b"
	expect_eq "$(objects device | jq -c '.[] | select(.name == "m0") | .label')" \
		'["tier=gold","zone=1"]' "labels of m0"
	expect_eq "$(objects grant | jq -r '.[] | select(.token == "db") |
		"\(.tenant) \(.size) \(.min) \(.priority) \(.holder) \(.state)"')" \
		"acme 8388608 4194304 200 none active" "the grant db"
	fc assert "$plan"
}

applied_twice_it_changes_nothing()
{
	local before

	fc apply "$plan"
	before=$(state_dump)
	expect_eq "$(fcj apply "$plan" | jq -c .steps)" "[]" "steps of the second time"
	expect_eq "$(state_dump)" "$before" "state after the second time"
	expect_eq "$(fc apply "$plan")" "" "what the second time says"
}

dry_run_changes_nothing()
{
	local before steps

	before=$(snapshot)
	steps=$(steps "$plan" dry-run)
	expect_eq "$(fcj apply --dry-run "$plan" | jq -r '.steps[] | "\(.step) \(.object)"')" "$steps" \
		"the steps of the option"
	expect_eq "$(snapshot)" "$before" "state afterwards"
	expect_eq "$(steps "$plan")" "$steps" "the steps that were done then"
	before=$(state_dump)
	expect_match "$(steps "$nothing" dry-run force)" "switch a" "steps back"
	expect_eq "$(state_dump)" "$before" "state after the dry run back"
}

what_was_saved_comes_back()
{
	local saved=$KTAP_TMP/saved.json before

	fc apply "$plan"
	# what no configuration says
	fc port bind p2 host alpha
	fc port set p2 link up
	before=$(snapshot)
	fc save "$saved"
	fc apply "$nothing" force
	expect_eq "$(ls $EMU_CONFIG)" "" "switches that are left"
	expect_eq "$(ask grant -- id)" "" "grants that are left"
	fc apply "$saved"
	fc assert "$saved"
	# configfs now has the bindings that the switch is to begin with
	echo "$before" >"$KTAP_TMP/before"
	snapshot | diff "$KTAP_TMP/before" - | grep '^[<>]' >"$KTAP_TMP/changed" || :
	expect_eq "$(grep -v 'ports/p2/\(host\|link\):' "$KTAP_TMP/changed" || :)" "" "what changed"
	expect_eq "$(fc save)" "$(cat "$saved")" "what is saved then"
}

what_is_saved_is_valid()
{
	python3 -c 'import jsonschema' 2>/dev/null || skip "there is no python3-jsonschema"
	fc apply "$plan"
	fc save >"$KTAP_TMP/saved.json"
	plan_is_valid "$KTAP_TMP/saved.json"
}

saving_to_a_file_is_all_or_nothing()
{
	local saved=$KTAP_TMP/dir/saved.json

	mkdir "$KTAP_TMP/dir"
	fc save "$saved"
	jq -e .plan "$saved" >/dev/null
	expect_eq "$(ls "$KTAP_TMP/dir")" saved.json "files"
	expect_refusal 1 "can't be made" fc save "$KTAP_TMP/nowhere/saved.json"
	expect_refusal 1 "can't be written" fc save "$KTAP_TMP/dir"
	expect_eq "$(echo "$KTAP_TMP/dir"*)" "$KTAP_TMP/dir" "what is left of what failed"
}

# one_step CHANGE STEP...: after a change of the plan these are the only steps
one_step()
{
	local change=$1 wanted

	shift
	wanted=$(printf '%s\n' "$@")
	jq "$change" "$plan" >"$KTAP_TMP/changed.json"
	expect_eq "$(steps "$KTAP_TMP/changed.json")" "$wanted" "steps for $change"
	fc assert "$KTAP_TMP/changed.json"
	expect_eq "$(steps "$plan" | wc -l)" $# "steps back from $change"
	fc assert "$plan"
}

only_what_differs_is_changed()
{
	local domain grant

	fc apply "$plan"
	domain=$(domain_id a)
	grant=$(objects grant | jq '.[] | select(.token == "db") | .id')
	one_step '.switches[0].ports[2].host = "alpha"' "bind a/p2"
	one_step '.switches[0].ports[2].link = "up"' "link a/p2"
	one_step '.switches[1].hosts += ["gamma"]' "host b/gamma"
	one_step '.switches[1].ports = [{name: "q"}] | .switches[1].devices[0].port = "q"' \
		"port b/q" "device b/unfinished"
	one_step '.ports[0].label = ["rack=8"]' "label-port a/p1"
	one_step '.devices[0].label = ["zone=1", "tier=gold"] | .devices[0].label[1] = "tier=iron"' \
		"label-device a/m0"
	one_step '.devices[1]."admin-state" = "enabled"' "admin-state a/m1"
	one_step '.tenants[0].quota[0].limit = 16777216' "tenant acme"
	one_step '.tenants[0].member = [{cgroup: "/"}]' "tenant acme"
	one_step '.tenants[0] |= (.member = [] | .quota = [])' "tenant acme"
	one_step '.tenants += [{name: "umbrella"}]' "tenant umbrella"
	one_step '.grants[0] |= (.priority = 100 | .min = 0 | .reclaimable = true)' "grant acme/db"
	one_step '.grants[0].size = 4194304' "grant acme/db"
	# there by a slice more, and back without it
	one_step '.grants[0].size = 12582912' "grant acme/db"
	expect_eq "$(domain_id a)" "$domain" "id of the domain"
	expect_eq "$(objects grant | jq '.[] | select(.token == "db") | .id')" "$grant" "id of the grant"
}

what_a_plan_does_not_mention_is_left_alone()
{
	local before

	fc apply "$plan"
	before=$(state_dump)
	jq '{plan, tenants}' "$plan" >"$KTAP_TMP/part.json"
	expect_eq "$(steps "$KTAP_TMP/part.json")" "" "steps"
	expect_eq "$(steps - <<<'{"plan": 1}')" "" "steps of a plan of nothing"
	expect_eq "$(state_dump)" "$before" "state afterwards"
}

frozen_topology_is_changed_out_of_service()
{
	fc apply "$plan"
	# a grant would be in the way
	jq 'del(.grants)' "$plan" >"$KTAP_TMP/first.json"
	jq '.grants = []' "$plan" | fc apply - force
	jq '.switches[0].ports[2].speed = 16000 | del(.ports)' "$KTAP_TMP/first.json" \
		>"$KTAP_TMP/changed.json"
	fc port set p2 link up
	expect_match "$(fc diff "$KTAP_TMP/changed.json")" "port a/p2" differences
	expect_eq "$(steps "$KTAP_TMP/changed.json" | head -n 3 | tr '\n' ,)" \
		"live a,port a/p2,live a," "first steps"
	fc assert "$KTAP_TMP/changed.json"
	expect_eq "$(objects port | jq -c '.[] | select(.name == "p1") | .label')" '["rack=7"]' \
		"labels of p1, which the plan does not mention"
	expect_eq "$(objects device | jq -r '.[] | select(.name == "m1") | ."admin-state"')" draining \
		"state of m1"
}

switch_in_use_stays_in_service()
{
	local before

	fc apply "$plan"
	before=$(state_dump)
	jq '.switches[0].ports[2].speed = 16000' "$plan" >"$KTAP_TMP/changed.json"
	expect_refusal 1 "The switch has slices, release their grants first; everything is as before" \
		fc apply "$KTAP_TMP/changed.json"
	expect_eq "$(state_dump)" "$before" "state afterwards"
	fc assert "$plan"
}

grant_is_not_deleted_without_force()
{
	local before

	fc apply "$plan"
	before=$(state_dump)
	jq '.grants = []' "$plan" >"$KTAP_TMP/changed.json"
	expect_refusal 1 "loses its data" fc apply "$KTAP_TMP/changed.json"
	jq '.grants[0].device = "m1"' "$plan" >"$KTAP_TMP/moved.json"
	expect_refusal 1 "acme/db" fc apply "$KTAP_TMP/moved.json"
	expect_eq "$(state_dump)" "$before" "state afterwards"
	fc apply "$KTAP_TMP/changed.json" force
	expect_eq "$(ask grant -- id)" "" "grants after force"
}

# Draining gives no new slices, but the plan says that it was there before
grant_on_a_draining_device_is_made_again()
{
	fc apply "$plan"
	fc grant del "$(objects grant | jq '.[] | select(.token == "scratch") | .id')"
	expect_eq "$(steps "$plan")" "grant scratch" steps
	fc assert "$plan"
	fc grant del "$(objects grant | jq '.[] | select(.token == "scratch") | .id')"
	jq 'del(.devices)' "$plan" >"$KTAP_TMP/part.json"
	expect_refusal 1 "everything is as before" fc apply "$KTAP_TMP/part.json"
}

grant_of_a_holder_is_left_alone()
{
	local held

	fc apply "$plan"
	"$FABRIC_CTL" grant new kind memory size 1M domain a device m0 token held holder socket &
	busywait 5000 objects_have_token held
	held=$(objects grant | jq -c '.[] | select(.token == "held") | [.id, .size, .state]')
	jq '.grants = []' "$plan" | fc apply - force
	expect_eq "$(objects grant | jq -c 'map([.id, .size, .state])[]')" "$held" "grants that are left"
	expect_eq "$(fc save | jq -c .grants)" "[]" "grants that are saved"
}

# Also when its turn comes before it is answered
request_of_a_plan_waits_for_what_it_takes()
{
	local preload=$SELFTESTS/cli/answer_state.so

	[ -e "$preload" ] || skip "cli/answer_state.so is not built: run make first"
	jq '.grants += [{token: "strong", kind: "memory", size: 50331648, domain: "a", device: "m0",
		priority: 300}]' "$plan" >"$KTAP_TMP/more.json"
	for preload in "" "$preload"; do
		fc apply "$plan" force
		grant_new size 40M domain a device m0 priority 10 reclaimable yes grace 300ms >/dev/null
		LD_PRELOAD=$preload fc apply "$KTAP_TMP/more.json"
		fc assert "$KTAP_TMP/more.json"
		expect_eq "$(objects grant | jq -r '.[] | select(.token == "strong") | .state')" active \
			"state of the grant"
	done
}

objects_have_token()
{
	[ -n "$(objects grant | jq ".[] | select(.token == \"$1\")")" ]
}

assert_tells_by_its_status()
{
	local status=0

	fc apply "$plan"
	expect_eq "$(fc assert "$plan")" "" "what it says of the same"
	fc port set p1 label rack=8
	fc assert "$plan" >"$KTAP_TMP/out" || status=$?
	expect_eq $status $DIFFERENT status
	expect_eq "$(cat "$KTAP_TMP/out")" "label-port a/p1:  have rack=8  want rack=7" "what it says"
	status=0
	expect_eq "$(fcj assert "$plan" | jq -c .differences)" \
		'[{"step":"label-port","object":"a/p1","have":"rack=8","want":"rack=7"}]' \
		"what it says in JSON"
	fc diff "$plan" || status=$?
	expect_eq $status 0 "status of diff"
}

# rolls_back TEXT FROM TO [STATUS]: what fails is tried on a system that has something
rolls_back()
{
	local text=$1 from=$2 to=$3 status=${4:-1} before

	before=$(snapshot)
	expect_refusal "$status" "$text" fc apply "$to" force
	expect_refusal "$status" "everything is as before" fc apply "$to" force
	expect_eq "$(snapshot)" "$before" "state after $text"
	fc assert "$from"
}

switch_that_cannot_go_live_is_rolled_back()
{
	fc apply "$plan"
	jq '.switches += [{name: "c", hosts: ["h"], ports: [{name: "p"}],
		devices: [{name: "m", port: "p", size: 4294967296, granule: 8192},
			  {name: "n"}]}]' "$plan" >"$KTAP_TMP/bad.json"
	rolls_back "live c: Device n has no port" "$plan" "$KTAP_TMP/bad.json"
}

value_that_configfs_refuses_is_rolled_back()
{
	fc apply "$plan"
	jq '.switches[1].devices[0] |= (."numa-node" = 2147483647 | .size = 4096)' "$plan" \
		>"$KTAP_TMP/bad.json"
	rolls_back "device b/unfinished" "$plan" "$KTAP_TMP/bad.json"
}

# fault_rolls_back OP ERROR PLAN TEXT
fault_rolls_back()
{
	fc apply "$plan"
	emu_fault a "$1" error "$2"
	rolls_back "$4" "$plan" "$3"
	emu_fault a "$1" error 0
	fc apply "$3"
	fc assert "$3"
}

bind_that_fails_is_rolled_back()
{
	jq '.tenants += [{name: "umbrella"}] | .ports = [] |
		.switches[0].ports[2] |= (.host = "alpha" | .link = "up")' "$plan" >"$KTAP_TMP/to.json"
	fault_rolls_back port_bind 95 "$KTAP_TMP/to.json" "bind a/p2"
}

link_that_fails_is_rolled_back()
{
	jq '.tenants += [{name: "umbrella"}] | .switches[0].ports[2] |= (.host = "alpha" | .link = "up")' \
		"$plan" >"$KTAP_TMP/to.json"
	fault_rolls_back port_set_link 5 "$KTAP_TMP/to.json" "link a/p2"
}

# The port is in state error then, and is unbound to get out of it
bind_that_fails_half_way_is_rolled_back()
{
	fc apply "$plan"
	jq '.switches[0].ports[2].host = "alpha"' "$plan" >"$KTAP_TMP/to.json"
	emu_fault a port_bind error 5
	rolls_back "bind a/p2" "$plan" "$KTAP_TMP/to.json"
	emu_fault a port_bind error 0
	fc apply "$KTAP_TMP/to.json"
	fc assert "$KTAP_TMP/to.json"
}

port_in_state_error_is_got_out_of_it()
{
	fc apply "$plan"
	emu_fault a port_bind error 5
	not fc port bind p2 host alpha
	emu_fault a port_bind error 0
	expect_match "$(fc diff "$plan")" "bind a/p2:  have error  want none" differences
	fc apply "$plan"
	fc assert "$plan"
}

grant_that_fails_is_rolled_back()
{
	jq '.tenants += [{name: "umbrella"}] | .devices = [] | .ports[0].label = ["rack=9"] |
		.grants += [{token: "new", kind: "memory", size: 1048576, domain: "a", device: "m0"},
			    {token: "more", kind: "memory", size: 1048576, domain: "a", device: "m0"}]' \
		"$plan" >"$KTAP_TMP/to.json"
	fault_rolls_back slice_prepare 12 "$KTAP_TMP/to.json" "grant new"
}

# Back in service the switch gets what it had, also a device that has a state but no label
last_of_many_steps_is_rolled_back()
{
	jq 'del(.grants)' "$plan" >"$KTAP_TMP/from.json"
	jq '.grants = [{token: "huge", kind: "memory", size: 1099511627776, domain: "a"}]' "$other" \
		>"$KTAP_TMP/to.json"
	fc apply "$KTAP_TMP/from.json"
	rolls_back "grant huge" "$KTAP_TMP/from.json" "$KTAP_TMP/to.json" 4
}

tenant_with_grants_is_not_removed()
{
	fc apply "$plan"
	fc grant new kind memory size 1M domain a device m0 tenant acme >/dev/null
	defer fc grant del "$(objects grant | jq '.[] | select(.tenant == "acme" and .token == null) | .id')"
	jq '.tenants = [] | .grants = [] | .ports = []' "$plan" >"$KTAP_TMP/to.json"
	expect_refusal 1 "tenant acme" fc apply "$KTAP_TMP/to.json" force
	fc assert "$plan"
}

one_apply_at_a_time()
{
	exec {lock}>/run/fabric-plan.lock
	flock "$lock"
	expect_refusal 1 "Another plan is being applied" fc apply "$plan"
	expect_match "$(steps "$plan" dry-run)" "switch a" "what a dry run says meanwhile"
	exec {lock}>&-
	fc apply "$plan"
}

plans_are_for_root()
{
	expect_refusal 5 "Plans are for root" setpriv --reuid 65534 --clear-groups --inh-caps=-all \
		--bounding-set=-all "$FABRIC_CTL" save
}

# Kill apply after each change that it makes, or after every so many-th: each takes
# three applies and two looks
every=${FABRIC_KILL_EVERY:-1}

# kills FROM TO LEAST: kill the way there after every change that it makes, and the
# next apply gets there; there are at least so many
kills()
{
	local from=$1 to=$2 least=$3 wanted n status

	fc apply "$to" force >/dev/null
	wanted=$(snapshot)
	for ((n = 1; ; n += every)); do
		fc apply "$from" force >/dev/null
		status=0
		KILL_AFTER=$n LD_PRELOAD=$preload fc apply "$to" force >/dev/null || status=$?
		[ $status -ne 0 ] || break
		expect_eq $status 137 "status of apply, killed after $n changes"
		fc apply "$to" force >/dev/null
		expect_eq "$(snapshot)" "$wanted" "state when it was killed after $n changes"
	done
	fc assert "$to"
	echo "killed after every $every of fewer than $n changes"
	[ "$n" -gt "$least" ] || fail "there were only $n changes to kill it after"
}

killed_anywhere_it_is_made_by_the_next()
{
	[ -e "$preload" ] || skip "cli/kill_after.so is not built: run make first"
	kills "$nothing" "$plan" 20
}

killed_anywhere_it_is_removed_by_the_next()
{
	[ -e "$preload" ] || skip "cli/kill_after.so is not built: run make first"
	kills "$plan" "$nothing" 15
}

killed_anywhere_it_is_changed_by_the_next()
{
	[ -e "$preload" ] || skip "cli/kill_after.so is not built: run make first"
	kills "$plan" "$other" 20
}

find_unit()
{
	local dir

	for dir in "$SELFTESTS" "$SELFTESTS/../tools/build" /{usr/,usr/local/,}lib/systemd/system; do
		[ ! -e "$dir/fabric-plan.service" ] || { echo "$dir/fabric-plan.service"; return; }
	done
	skip "there is no fabric-plan.service"
}

unit_is_sound()
{
	local unit

	command -v systemd-analyze >/dev/null || skip "there is no systemd-analyze"
	unit=$(find_unit)
	sed "s#^ExecStart=[^ ]*#ExecStart=$FABRIC_CTL#" "$unit" >"$KTAP_TMP/fabric-plan.service"
	expect_eq "$(systemd-analyze verify --man=no "$KTAP_TMP/fabric-plan.service" 2>&1)" "" \
		"what systemd says"
}

# A machine that has just been booted has no modules, and the unit has the saved plan
unit_makes_what_was_saved_after_a_boot()
{
	local command saved=$KTAP_TMP/saved.json before

	command=$(sed -n 's/^ExecStart=//p' "$(find_unit)")
	expect_match "$command" "/fabricctl apply /etc/fabric/plan.json$" "what it runs"
	fc apply "$plan"
	fc save "$saved"
	before=$(fc save)
	fc apply "$nothing" force
	rmmod fabric_emu
	defer emu_load
	# by hand where modprobe would not find the modules of the test
	modprobe -n fabric_emu 2>/dev/null || emu_load
	command=${command#*/fabricctl }
	# shellcheck disable=SC2086 # several words
	fc ${command/\/etc\/fabric\/plan.json/$saved}
	expect_eq "$(fc save)" "$before" "what is there after the boot"
}

ktap_run_all empty_system_is_an_empty_plan plan_is_made_so applied_twice_it_changes_nothing \
	dry_run_changes_nothing what_was_saved_comes_back what_is_saved_is_valid \
	saving_to_a_file_is_all_or_nothing only_what_differs_is_changed \
	what_a_plan_does_not_mention_is_left_alone frozen_topology_is_changed_out_of_service \
	switch_in_use_stays_in_service grant_is_not_deleted_without_force \
	grant_on_a_draining_device_is_made_again grant_of_a_holder_is_left_alone \
	request_of_a_plan_waits_for_what_it_takes assert_tells_by_its_status \
	switch_that_cannot_go_live_is_rolled_back value_that_configfs_refuses_is_rolled_back \
	bind_that_fails_is_rolled_back link_that_fails_is_rolled_back \
	bind_that_fails_half_way_is_rolled_back port_in_state_error_is_got_out_of_it \
	grant_that_fails_is_rolled_back last_of_many_steps_is_rolled_back \
	tenant_with_grants_is_not_removed one_apply_at_a_time plans_are_for_root \
	killed_anywhere_it_is_made_by_the_next killed_anywhere_it_is_removed_by_the_next \
	killed_anywhere_it_is_changed_by_the_next unit_is_sound unit_makes_what_was_saved_after_a_boot
