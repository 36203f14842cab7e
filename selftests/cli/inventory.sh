#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the administrator says about devices and ports, and what the broker
# counts: labels, draining, bandwidth, stats and the record.

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
for i in 0 1 2; do
	emu_port_new $sw p$i host0
	emu_device_new $sw m$i p$i 32M 1M
done
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"
m0=$(id_of device $sw m0)
m1=$(id_of device $sw m1)
m2=$(id_of device $sw m2)
p2=$(id_of port $sw p2)

PENDING=3

# device_of ARGS...: where a grant with these lands
device_of()
{
	local id

	id=$(grant_new size 1M domain $sw "$@") || return
	ask slice grant-id="$id" -- device-id
	fc grant del "$id"
}

labels_of()
{
	fcj "$1" show "$2" | jq -c ".${1}s[0].label"
}

labels_come_and_go()
{
	expect_eq "$(labels_of device "$m0")" '[]' "labels to begin with"
	fc device set "$m0" label rack=1 label tier=gold >/dev/null
	expect_eq "$(labels_of device "$m0")" '["rack=1","tier=gold"]' labels
	fc device set "$m0" label tier=silver unlabel rack >/dev/null
	expect_eq "$(labels_of device "$m0")" '["tier=silver"]' "labels after a change"
	expect_match "$(fc device show "$m0")" 'label tier=silver' text
	expect_match "$(fc tree)" 'm0 .*tier=silver' tree
	fc device set "$m0" unlabel tier >/dev/null
	expect_eq "$(labels_of device "$m0")" '[]' "labels at the end"
}

requests_go_where_the_labels_are()
{
	fc device set "$m1" label rack=1 label tier=gold >/dev/null
	defer eval "fc device set $m1 unlabel rack unlabel tier >/dev/null"
	fc port set "$p2" label rack=1 >/dev/null
	defer eval "fc port set $p2 unlabel rack >/dev/null"
	expect_eq "$(labels_of port "$p2")" '["rack=1"]' "labels of the port"
	expect_eq "$(device_of label rack=1 label tier=gold)" "$m1" "device with both labels"
	fc device set "$m1" admin-state draining >/dev/null
	defer eval "fc device set $m1 admin-state enabled >/dev/null"
	expect_eq "$(device_of label rack=1)" "$m2" "device below a port with the label"
	expect_refusal 1 "" fc grant new kind memory size 1M domain $sw label rack=9
}

drained_device_gets_nothing_more()
{
	local id

	id=$(grant_new size 4M domain $sw device m0)
	defer fc grant del "$id"
	defer eval "fc device set $m0 admin-state enabled >/dev/null"
	expect_refusal $PENDING "still has 1 slice:" fc device drain "$m0" wait 50ms
	expect_eq "$(field device "$m0" admin-state)" draining state
	expect_eq "$(fcj device show "$m0" | jq -c '.devices[0] | [.slices, .["in-use"]]')" \
		'[1,4194304]' "what is left"
	not fc grant new kind memory size 1M device "$m0" 2>/dev/null
	not fc device set "$m0" admin-state disabled 2>/dev/null
}

drain_returns_when_nothing_is_left()
{
	local id

	id=$(grant_new size 4M domain $sw device m0)
	defer eval "fc grant del $id 2>/dev/null"
	defer eval "fc device set $m0 admin-state enabled >/dev/null"
	fcj device drain "$m0" >"$KTAP_TMP/out" &
	pid=$!
	busywait 10000 eval "[ \$(field device $m0 admin-state) = draining ]"
	expect_eq "$(cat "$KTAP_TMP/out")" "" "output before it is drained"
	fc grant del "$id"
	wait $pid || fail "status $?"
	expect_eq "$(jq -c '.devices[0] | [.["admin-state"], .slices]' "$KTAP_TMP/out")" \
		'["draining",0]' "the device"
	fc device set "$m0" admin-state disabled >/dev/null
	expect_match "$(fc tree)" 'm0 .*disabled' tree
}

drain_shows_how_far_it_is()
{
	local id

	command -v script >/dev/null || skip "there is no script(1)"
	id=$(grant_new size 4M domain $sw device m0)
	defer fc grant del "$id"
	defer eval "fc device set $m0 admin-state enabled >/dev/null"
	script -qec "$FABRIC_CTL device drain $m0 wait 100ms" /dev/null >"$KTAP_TMP/tty" 2>&1 || :
	grep -q 'drains \[.*\] 4 MiB in 1 slice to go' "$KTAP_TMP/tty" ||
		fail "no progress: $(cat -v "$KTAP_TMP/tty")"
}

bandwidth_is_a_resource_of_ports()
{
	local id before

	before=$(objects resource domain $sw | jq -c "[.[] | select(.[\"port-id\"] == $p2)][0] |
		[.kind, .free == .total, has(\"device-id\")]")
	expect_eq "$before" '["bandwidth",true,false]' "the resource"
	id=$(grant_new size 1M domain $sw port p2 bandwidth-min 2Gb/s)
	defer fc grant del "$id"
	expect_eq "$(objects resource domain $sw | jq "[.[] | select(.[\"port-id\"] == $p2)][0] |
		.total - .free")" 2000 "bandwidth that is guaranteed"
	expect_eq "$(fcj grant show "$id" | jq '.grants[0]["bandwidth-min"]')" 2000 "of the grant"
	expect_match "$(fc grant show "$id")" 'bandwidth-min 2 Gb/s' text
	expect_match "$(fc tree)" 'bandwidth .*Gb/s free of' tree
	not fc grant new kind memory size 1M domain $sw port p2 bandwidth-min 9Tb/s 2>/dev/null
}

resource_counts()
{
	local resource before after

	resource=$(ask resource device-id="$m0" -- id)
	before=$(fcj resource show "$resource" | jq '.resources[0].allocations')
	device_of device m0 >/dev/null
	after=$(fcj resource show "$resource" | jq '.resources[0].allocations')
	expect_eq $((after - before)) 1 allocations
	[ "$(fcj resource show "$resource" | jq '.resources[0]["high-water"]')" -ge 1048576 ] ||
		fail "high-water is less than what was granted"
}

stats_count_requests()
{
	local before after

	before=$(fcj stats | jq .stats)
	device_of device m0 >/dev/null
	not fc grant new kind memory size 1T domain $sw 2>/dev/null
	after=$(fcj stats | jq .stats)
	expect_eq "$(jq -cn --argjson a "$before" --argjson b "$after" \
		'[$b.requests - $a.requests, $b.grants - $a.grants, $b.releases - $a.releases]')" \
		'[2,1,1]' "requests, grants and releases"
	expect_eq "$(jq -n --argjson a "$before" --argjson b "$after" \
		'([$b.refusal[].count] | add) - ([$a.refusal[].count] | add // 0)')" 1 refusals
	expect_eq "$(jq -c '[.wait | type, (.[-1] | has("below"))]' <<<"$after")" '["array",false]' \
		histogram
	expect_match "$(fc stats)" 'requests [0-9]+.*waited less than' text
}

log_tells_what_happened()
{
	local since id

	since=$(fcj log | jq '.log[-1].sequence // 0')
	id=$(grant_new size 3M domain $sw)
	fc grant del "$id"
	expect_eq "$(fcj log show since $((since + 1)) | jq -c "[.log[] | select(.[\"grant-id\"] == $id) |
		[.event, .kind, .size, .uid]]")" \
		'[["grant","memory",3145728,0],["release","memory",3145728,0]]' entries
	expect_eq "$(fc log show since $((since + 1)) | grep -c "grant-id $id ")" 2 "lines of text"
	expect_eq "$(fcj log | jq '[.log[].sequence] | . == sort')" true "oldest first"
}

refusal_is_in_the_log()
{
	local since

	since=$(fcj log | jq '.log[-1].sequence // 0')
	not fc grant new kind memory size 1T domain $sw 2>/dev/null
	expect_eq "$(fcj log show since $((since + 1)) | jq -c '[.log[] | select(.size == 1099511627776) |
		[.event, .error > 0, (.reason | length > 0)]]')" '[["refusal",true,true]]' entry
}

ktap_run_all \
	labels_come_and_go \
	requests_go_where_the_labels_are \
	drained_device_gets_nothing_more \
	drain_returns_when_nothing_is_left \
	drain_shows_how_far_it_is \
	bandwidth_is_a_resource_of_ports \
	resource_counts \
	stats_count_requests \
	log_tells_what_happened \
	refusal_is_in_the_log
