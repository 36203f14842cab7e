#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The record: what is refused is in it as well as what is granted, the kernel's audit
# has the same in a form that nobody can forge, and the counters are exact.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

EIO=5
MiB=$((1 << 20))
STRANGER=65534

need_fabricctl
audit_log=$SELFTESTS/emu/audit_log
[ -x "$audit_log" ] || ktap_skip_all "$audit_log is not built: run make first"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
sw=selftest$$
emu_switch_new $sw || ktap_bail "no emulated switch"
defer emu_switch_del $sw
emu_port_new $sw p0 host0
emu_device_new $sw m0 p0 8M 1M
emu_port_new $sw p1 host0
emu_device_new $sw m1 p1 8M 1M
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"
domain=$(domain_id $sw)
free_at_first=$(sum free $sw)

tidy()
{
	emu_faults_clear $sw
	release_all domain-id="$domain"
	busywait 20000 free_is $sw "$free_at_first"
} >/dev/null 2>&1

# What is recorded from here on is the test's
ktap_setup()
{
	since=$(($(fcj log | jq '.log[-1].sequence // 0') + 1))
	defer tidy
}

# log FILTER: the new entries, through a filter of jq
log()
{
	fcj log show since "$since" | jq -c "[.log[] | $1]"
}

refused_change_is_recorded()
{
	local id

	id=$(grant_new size 4M domain $sw device m0)
	not fc grant set "$id" size 1T 2>/dev/null
	not fc grant set "$id" min 5M 2>/dev/null
	not fc grant renew "$id" 2>/dev/null
	expect_eq "$(log "select(.event == \"refusal\" and .\"grant-id\" == $id) |
			[.kind, .size, .error > 0, (.reason | length > 0)]")" \
		"[[\"memory\",$((MiB * MiB)),true,true],[\"memory\",$((4 * MiB)),true,true],[\"memory\",$((4 * MiB)),true,true]]" \
		refusals
	expect_eq "$(log 'select(.event == "resize")')" '[]' "what was done"
}

change_of_what_is_not_there_is_recorded()
{
	not fc grant set 4000000000 size 1M 2>/dev/null
	expect_eq "$(log '[.event, ."grant-id", .kind, .priority, .holder, .reason]')" \
		'[["refusal",4000000000,null,null,null,"No grant has this id"]]' entries
	expect_match "$(fc log show since "$since")" 'refusal:  grant-id 4000000000' text
}

request_of_a_stranger_is_recorded()
{
	not setpriv --reuid $STRANGER --clear-groups --inh-caps=-all --bounding-set=-all \
		"$FABRIC_CTL" grant new kind memory size 3M priority 7 domain $sw 2>/dev/null
	expect_eq "$(log '[.event, .kind, .size, .priority, .uid, .error]')" \
		"[[\"refusal\",\"memory\",$((3 * MiB)),7,$STRANGER,1]]" entries
	expect_match "$(log .reason)" CAP_SYS_ADMIN reason
}

# Each is refused at another place on the way
request_that_cannot_be_read_is_recorded()
{
	local before

	before=$(fcj stats | jq .stats.requests)
	not fc grant new kind memory size 1M domain $sw tenant nobody$$ 2>/dev/null
	not fc grant new kind memory size 1M domain $sw grace 1000h 2>/dev/null
	not fc grant new kind memory size 3M granularity 2M domain $sw 2>/dev/null
	expect_eq "$(log '[.event, .size, .error > 0, (.reason | length > 0)]' | jq -c unique)" \
		"[[\"refusal\",$MiB,true,true],[\"refusal\",$((3 * MiB)),true,true]]" entries
	expect_eq "$(log .sequence | jq length)" 3 "number of entries"
	expect_eq $(($(fcj stats | jq .stats.requests) - before)) 3 requests
}

count()
{
	fcj stats | jq ".stats | .grants, .releases"
}

grants_of_domain_are()
{
	[ "$(ask slice domain-id="$domain" -- grant-id | sort -u | wc -l)" -eq "$1" ]
}

# What a grant gives up and does not come back is listed on its own, and was never granted
releases_are_as_many_as_grants()
{
	local before after id

	mapfile -t before < <(count)
	id=$(grant_new size 16M domain $sw pieces 2)
	emu_fault $sw slice_release error $EIO
	fc grant set "$id" size 8M >/dev/null
	grants_of_domain_are 2 || fail "the slice that could not be released is not listed"
	emu_faults_clear $sw
	busywait 20000 grants_of_domain_are 1 || fail "the slice is not released"
	fc grant del "$id"
	mapfile -t after < <(count)
	expect_eq $((after[0] - before[0])) 1 grants
	expect_eq $((after[1] - before[1])) 1 releases
}

# Sets $records, a file to which they come
audit_up()
{
	local status=0

	records=$KTAP_TMP/records
	: >"$records"
	"$audit_log" >"$records" 2>&1 &
	audit=$!
	defer audit_down
	busywait 10000 grep -q '^listening' "$records" && return
	wait $audit || status=$?
	[ $status -ne 4 ] || skip "the kernel has no audit"
	fail "no audit: $(cat "$records")"
}

audit_down()
{
	kill $audit 2>/dev/null
	wait $audit
}

# audited TEXT: a record begins so, after its time and the name of the module
audited()
{
	grep -qE "^audit\([0-9.]+:[0-9]+\): fabric $1( |$)" "$records"
}

expect_audit()
{
	busywait 10000 audited "$1" || fail "no record '$1' in: $(cat "$records")"
}

audit_has_all_that_happens()
{
	local first second tenant=t$$ who='pid=[0-9]+ uid=0 tenant='

	fc tenant new $tenant quota memory=64M priority-max 300 >/dev/null
	defer fc tenant del $tenant
	audit_up
	first=$(grant_new size 8M domain $sw device m0 priority 50 reclaimable yes grace 0 \
		tenant $tenant)
	not fc grant set "$first" size 1T 2>/dev/null
	second=$(grant_new size 8M domain $sw device m0 priority 200)
	fc grant del "$second"
	expect_audit "op=grant grant=$first kind=1 size=$((8 * MiB)) prio=50 holder=1 by=0 $who$tenant res=1 reason=\"\""
	expect_audit "op=refusal grant=$first kind=1 size=$((MiB * MiB)) prio=50 holder=1 by=0 $who$tenant res=0 reason=\".+\""
	expect_audit "op=request grant=$second kind=1 size=$((8 * MiB)) prio=200 holder=1 by=0 ${who}none res=1 reason=\".*\""
	expect_audit "op=reclaim grant=$first kind=1 size=$((8 * MiB)) prio=50 holder=1 by=$second $who$tenant res=1 reason=\".+\""
	expect_audit "op=grant grant=$second kind=1 size=$((8 * MiB)) prio=200 holder=1 by=0 ${who}none res=1 reason=\"\""
	expect_audit "op=release grant=$second kind=1 size=$((8 * MiB)) prio=200 holder=1 by=0 ${who}none res=1 reason=\".+\""
}

# The holder is called so: its name is quoted in the reason of a refusal
names_cannot_forge_a_field()
{
	local id name=$'x" op=g\nop=h'

	audit_up
	ln -s "$FABRIC_CTL" "$KTAP_TMP/$name"
	"$KTAP_TMP/$name" grant new kind memory size 1M domain $sw holder socket \
		token $'t" op=t\nop=t' >/dev/null &
	defer kill $!
	busywait 10000 grants_of_domain_are 1
	id=$(ask slice domain-id="$domain" -- grant-id)
	not fc grant set "$id" size 2M 2>/dev/null
	expect_match "$(log 'select(.event == "refusal") | .reason')" 'op=g' "reason in the record"
	expect_audit "op=refusal grant=$id .*reason=\"Held by process [0-9]+ \(x\? op\?g\?op\?h\), use force\""
	expect_eq "$(grep -c 'op=[ght]$\|op=g\b\|op=t' "$records")" 0 "forged fields"
	expect_eq "$(grep -vc '^audit(\|^listening' "$records")" 0 "lines that are no records"
	not fc tenant new $'t" op=t' 2>/dev/null
	not fc tenant new $'t\nop=t' 2>/dev/null
}

ktap_run_all \
	refused_change_is_recorded \
	change_of_what_is_not_there_is_recorded \
	request_of_a_stranger_is_recorded \
	request_that_cannot_be_read_is_recorded \
	releases_are_as_many_as_grants \
	audit_has_all_that_happens \
	names_cannot_forge_a_field
