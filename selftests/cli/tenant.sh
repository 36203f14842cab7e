#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tenants, and fabricctl without privilege.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

need_fabricctl
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
sw=selftest$$
emu_switch_new $sw || ktap_bail "no emulated switch"
defer emu_switch_del $sw
emu_port_new $sw p0 host0
emu_device_new $sw m0 p0 32M 1M
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"

CAPACITY=4
PERMISSION=5
MEMBER=65533
STRANGER=65534

# as UID COMMAND...: without any right
as()
{
	local uid=$1

	shift
	setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all --bounding-set=-all "$@"
}

# A tenant for the test, with a member and 8 MiB
ktap_setup()
{
	fc tenant new t$$ quota memory=8M user $MEMBER priority-max 200 >/dev/null
	defer fc tenant del t$$
}

tenant_is_shown_as_it_was_made()
{
	expect_eq "$(fcj tenant show t$$ | jq -c '.tenants[0] | del(.id)')" \
		'{"name":"t'$$'","priority-min":0,"priority-max":200,"grants":0,"quota":[{"kind":"memory","limit":8388608,"used":0}],"member":[{"uid":65533}]}' \
		"the tenant"
	expect_match "$(fc tenant show t$$)" 'limit 8 MiB  used 0 B' text
}

tenant_is_changed()
{
	local cgroup

	cgroup=$(sed -n 's/^0:://p' /proc/self/cgroup)
	[ -n "$cgroup" ] || skip "there are no cgroups of version 2"
	fc tenant set t$$ quota memory/ram=4M quota memory=16M group 1 \
		cgroup "/sys/fs/cgroup$cgroup" user $MEMBER priority-min 5 >/dev/null
	expect_eq "$(fcj tenant show t$$ | jq -c '.tenants[0] | [.["priority-min"], .["priority-max"],
		[.quota[] | [.kind, .capability, .limit]], .member]')" \
		'[5,200,[["memory","ram",4194304],["memory",null,16777216]],[{"uid":65533},{"gid":1},{"cgroup":"'"$cgroup"'"}]]' \
		"the tenant"
}

tenant_loses_its_lists()
{
	fc tenant set t$$ no-member >/dev/null
	expect_eq "$(fcj tenant show t$$ | jq -c '.tenants[0] | [(.quota | length), .member]')" '[1,[]]' \
		"quotas and members"
	expect_refusal $PERMISSION "member of a tenant" as $MEMBER "$FABRIC_CTL" grant new kind memory \
		size 1M domain $sw
	fc tenant set t$$ user $MEMBER no-quota >/dev/null
	expect_eq "$(fcj tenant show t$$ | jq -c '.tenants[0] | [.quota, (.member | length)]')" '[[],1]' \
		"quotas and members then"
	expect_refusal $CAPACITY "" as $MEMBER "$FABRIC_CTL" grant new kind memory size 1M domain $sw
	expect_refusal 1 "given and emptied" fc tenant set t$$ quota memory=1M no-quota
	expect_refusal 1 "given and emptied" fc tenant set t$$ group 1 no-member
}

tenant_is_removed()
{
	fc tenant new other$$ quota memory=1M >/dev/null
	fc tenant del other$$
	expect_refusal 1 "" fc tenant show other$$
}

tenant_with_grants_stays()
{
	local id

	id=$(as $MEMBER "$FABRIC_CTL" -j grant new kind memory size 1M domain $sw |
		jq '.grants[0].id')
	defer fc grant del "$id"
	not fc tenant del t$$ 2>/dev/null
	expect_eq "$(fcj tenant show t$$ | jq '.tenants[0].quota[0].used')" 1048576 "what it uses"
}

member_makes_shows_and_ends_its_grant()
{
	local id out

	out=$(as $MEMBER "$FABRIC_CTL" -j grant new kind memory size 1M domain $sw)
	id=$(jq '.grants[0].id' <<<"$out")
	defer eval "fc grant del $id 2>/dev/null"
	expect_eq "$(jq -c '.grants[0] | [.uid, .tenant, .state]' <<<"$out")" \
		"[$MEMBER,\"t$$\",\"active\"]" "the grant"
	expect_eq "$(as $MEMBER "$FABRIC_CTL" -j grant | jq -c '[.grants[].id]')" "[$id]" "its list"
	as $MEMBER "$FABRIC_CTL" grant del "$id"
	grant_gone "$id"
}

member_sees_no_grants_of_others()
{
	local id

	id=$(grant_new size 1M domain $sw)
	defer fc grant del "$id"
	expect_eq "$(as $MEMBER "$FABRIC_CTL" -j grant | jq -c .grants)" '[]' "its list"
	not as $MEMBER "$FABRIC_CTL" grant show "$id" 2>/dev/null
	not as $MEMBER "$FABRIC_CTL" grant del "$id" 2>/dev/null
	expect_eq "$(grant_state "$id")" active "the grant of somebody else"
}

member_runs_a_command()
{
	# shellcheck disable=SC2016 # for the inner shell
	expect_eq "$(as $MEMBER "$FABRIC_CTL" run kind memory size 2M domain $sw -- \
		sh -c 'echo $FABRIC_SIZE')" 2097152 "output of the command"
}

quota_is_a_limit()
{
	expect_refusal $CAPACITY "" as $MEMBER "$FABRIC_CTL" grant new kind memory size 16M \
		domain $sw
}

stranger_is_refused_by_the_name_of_the_right()
{
	expect_refusal $PERMISSION "CAP_SYS_ADMIN" as $STRANGER "$FABRIC_CTL" grant new kind memory \
		size 1M domain $sw
	expect_refusal $PERMISSION "CAP_SYS_ADMIN" as $MEMBER "$FABRIC_CTL" device set m0 \
		admin-state draining
	expect_refusal $PERMISSION "CAP_SYS_ADMIN" as $MEMBER "$FABRIC_CTL" tenant new mine quota \
		memory=1G user $MEMBER
	expect_refusal $PERMISSION "CAP_SYS_ADMIN" as $MEMBER "$FABRIC_CTL" log
	expect_refusal $PERMISSION "CAP_SYS_ADMIN" as $MEMBER "$FABRIC_CTL" monitor group grants
}

inventory_is_for_everybody()
{
	local object

	for object in domain port device resource tree; do
		expect_eq "$(as $STRANGER "$FABRIC_CTL" -j $object)" "$(fcj $object)" $object
	done
}

monitor_shows_the_inventory_without_rights()
{
	as $MEMBER "$FABRIC_CTL" -j monitor >"$KTAP_TMP/out" 2>"$KTAP_TMP/err" &
	defer kill $!
	busywait 5000 grep -q 'warning: .*CAP_SYS_ADMIN' "$KTAP_TMP/err" ||
		fail "standard error: $(cat "$KTAP_TMP/err")"
	# until it listens, what it should see is lost
	busywait 10000 labelled_and_seen || fail "it sees nothing"
	defer eval "fc device set m0 unlabel seen >/dev/null"
}

labelled_and_seen()
{
	fc device set "$(id_of device $sw m0)" label seen=$RANDOM >/dev/null
	grep -q '"name":"device-change-ntf"' "$KTAP_TMP/out"
}

tenants_are_events()
{
	"$FABRIC_CTL" -j monitor group grants >"$KTAP_TMP/out" &
	defer kill $!
	busywait 10000 changed_and_seen || fail "it sees nothing: $(cat "$KTAP_TMP/out")"
	expect_eq "$(jq -r 'select(.name == "tenant-change-ntf") | .msg.name' "$KTAP_TMP/out" |
		head -n 1)" "t$$" "name in the event"
}

changed_and_seen()
{
	fc tenant set t$$ priority-min $((RANDOM % 100)) >/dev/null
	grep -q tenant-change-ntf "$KTAP_TMP/out"
}

ktap_run_all \
	tenant_is_shown_as_it_was_made \
	tenant_is_changed \
	tenant_loses_its_lists \
	tenant_is_removed \
	tenant_with_grants_stays \
	member_makes_shows_and_ends_its_grant \
	member_sees_no_grants_of_others \
	member_runs_a_command \
	quota_is_a_limit \
	stranger_is_refused_by_the_name_of_the_right \
	inventory_is_for_everybody \
	monitor_shows_the_inventory_without_rights \
	tenants_are_events
