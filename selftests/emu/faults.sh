#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every operation of a backend fails, takes long, and loses its device under it.
# Each time: the code, the text, the state that follows; then the fault is
# cleared and all works again.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

EIO=5
EAGAIN=11
EBUSY=16
ETIMEDOUT=110
MiB=$((1 << 20))
size=$((4 * MiB))
# until it is woken; nothing else that a test does takes as long
long=60000

need_fabricctl
touch=$(realpath "${0%/*}/touch")
[ -x "$touch" ] || ktap_skip_all "$touch is not built: run make first"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
sw=selftest$$
emu_switch_new $sw || ktap_bail "no emulated switch"
defer emu_switch_del $sw
emu_port_new $sw p0 host0
emu_port_new $sw p1 host0
emu_port_new $sw p2
emu_device_new $sw m0 p0 32M 1M
emu_device_new $sw m1 p1 32M 1M
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"
domain=$(domain_id $sw)
free_at_first=$(sum free $sw)
p0=$(id_of port $sw p0)
p2=$(id_of port $sw p2)

fault()
{
	emu_fault $sw "$@"
}

new()
{
	fc grant new kind memory size $size domain $sw
}

# A test that failed leaves nothing to the next
tidy()
{
	local device binding link there

	emu_faults_clear $sw
	{
		release_all domain=$sw
		read -r binding link < <(ask port id="$p2" -- binding link)
		[ "$binding" = unbound ] || fc port unbind "$p2"
		[ "$link" = up ] || fc port set "$p2" link up
		read -r binding link < <(ask port id="$p0" -- binding link)
		[ "$link" = up ] || fc port set "$p0" link up
		[ "$binding" = bound ] || fc port bind "$p0" host host0
		there=$(ask device domain=$sw -- name)
		for device in m0 m1; do
			[[ $there == *$device* ]] || emu_plug $sw $device
		done
	} >/dev/null 2>&1
}

ktap_setup()
{
	defer tidy
}

# netlink and the backend say the same about every slice
views_agree()
{
	diff <(ask slice domain-id="$domain" -- grant-id start length | sort) \
	     <(emu_slices $sw | cut -d ' ' -f 1-3)
}

# Cleared, it is as if nothing had happened
expect_recovery()
{
	local id

	emu_faults_clear $sw
	busywait 5000 free_is $sw "$free_at_first" || fail "free is $(sum free $sw) instead of $free_at_first"
	sums_are_right || fail "the sums are wrong"
	views_agree || fail "netlink and debugfs differ"
	expect_eq "$(emu_slices $sw)" "" "slices in debugfs"
	id=$(grant_new size $size domain $sw) || fail "no grant afterwards"
	views_agree || fail "netlink and debugfs differ with a grant"
	fc grant del "$id"
	busywait 1000 free_is $sw "$free_at_first" || fail "free is not whole after the last grant"
}

began()
{
	[ "$(emu_count $sw "$1")" -gt "$2" ]
}

# in_background OP COMMAND...: start it and wait until it is in the operation,
# which takes long; what is started afterwards does not. Sets $pid.
in_background()
{
	local op=$1 count

	shift
	count=$(emu_count $sw "$op")
	fault "$op" delay_ms $long
	"$@" >"$KTAP_TMP/background" 2>&1 &
	pid=$!
	busywait 20000 began "$op" "$count" || fail "$op was not called"
	fault "$op" delay_ms 0
}

# wake OP: the one in the background has been there long enough, and is there still
wake()
{
	kill -0 "$pid" 2>/dev/null || fail "the slow one was done first: $(cat "$KTAP_TMP/background")"
	fault "$1" wake 1
}

# refused_and_rolled_back OP ERROR TEXT
refused_and_rolled_back()
{
	local before

	before=$(state_dump)
	fault "$1" error "$2"
	expect_refusal 1 "$3" new
	expect_eq "$(state_dump)" "$before" "state after the refusal"
	expect_eq "$(emu_slices $sw)" "" "slices in debugfs"
	expect_recovery
}

failed_prepare_is_rolled_back()
{
	refused_and_rolled_back slice_prepare $EIO "Input/output error"
}

failed_prepare_says_why()
{
	fault slice_prepare error $EIO
	expect_refusal 1 "Fault slice_prepare" new
	expect_recovery
}

failed_commit_is_rolled_back()
{
	refused_and_rolled_back slice_commit $EIO "Input/output error"
}

timed_out_commit_is_rolled_back()
{
	refused_and_rolled_back slice_commit $ETIMEDOUT "timed out"
}

failed_commit_says_why()
{
	fault slice_commit error $EIO
	expect_refusal 1 "Fault slice_commit" new
	expect_recovery
}

# The roll back fails as well: the extent is not handed on
failed_commit_with_failed_release_is_quarantined()
{
	fault slice_release error $EIO
	fault slice_commit error $EIO
	expect_refusal 1 "Input/output error" new
	expect_eq "$(sum quarantined $sw)" $size quarantined
	sums_are_right || fail "the sums are wrong"
	views_agree || fail "netlink and debugfs differ"
	expect_recovery
}

times_limits_the_failures()
{
	fault slice_prepare times 2
	fault slice_prepare error $EIO
	expect_refusal 1 "" new
	expect_refusal 1 "" new
	new >/dev/null
	fc grant del "$(ask slice domain-id="$domain" -- grant-id)"
	expect_recovery
}

# quarantined_until_cleared OP ERROR STATE SLICE_STATE SUM
stays_until_cleared()
{
	local id

	id=$(grant_new size $size domain $sw)
	fault "$1" error "$2"
	expect_refusal 3 "Fault $1 of the emulated switch is set" fc grant del "$id"
	expect_eq "$(grant_state "$id")" "$3" state
	expect_eq "$(ask slice grant-id="$id" -- state)" "$4" "state of the slice"
	expect_match "$(field grant "$id" reason)" "Fault $1" reason
	expect_eq "$(sum "$5" $sw)" $size "$5"
	sums_are_right || fail "the sums are wrong"
	views_agree || fail "netlink and debugfs differ"
	# what is not clean is not handed on
	expect_refusal 4 "" fc grant new kind memory size 32M device "$(id_of device $sw m0)"
	expect_refusal 3 "Being released" fc grant del "$id"
	expect_refusal 3 "Being released" fc grant del "$id" force
	emu_faults_clear $sw
	busywait 5000 grant_gone "$id" || fail "the broker does not try again"
	expect_recovery
}

failed_revoke_is_quarantined()
{
	stays_until_cleared slice_revoke $EIO quarantined quarantined quarantined
}

revoke_of_what_the_host_uses_stays_revoking()
{
	stays_until_cleared slice_revoke $EAGAIN revoking granted granted
}

failed_release_is_quarantined()
{
	stays_until_cleared slice_release $EIO quarantined quarantined quarantined
}

busy_release_is_quarantined()
{
	stays_until_cleared slice_release $EBUSY quarantined quarantined quarantined
}

# holder_dies_with_fault OP ERROR STATE
holder_dies_with_fault()
{
	local id

	coproc holder { exec "$touch" "$domain" $size; }
	# shellcheck disable=SC2154 # set by coproc
	read -r -t 20 id <&"${holder[0]}" || fail "the holder got no grant"
	fault "$1" error "$2"
	kill -KILL "$holder_PID"
	busywait 2000 grant_is "$id" "$3" || fail "grant is $(grant_state "$id") instead of $3"
	sums_are_right || fail "the sums are wrong"
	expect_recovery
}

failed_revoke_after_a_kill_is_quarantined()
{
	holder_dies_with_fault slice_revoke $EIO quarantined
}

failed_release_after_a_kill_is_quarantined()
{
	holder_dies_with_fault slice_release $EIO quarantined
}

busy_revoke_after_a_kill_stays_revoking()
{
	holder_dies_with_fault slice_revoke $EAGAIN revoking
}

failed_page_is_a_bus_error()
{
	local status=0

	fault slice_page error $EIO
	"$touch" "$domain" $size </dev/null || status=$?
	expect_eq $status 10 "status of the holder"
	fault slice_page error 0
	"$touch" "$domain" $size </dev/null || fail "no pages afterwards"
	expect_recovery
}

# slow OP COMMAND...: while it is under way, grants on the other device come and
# go, and state is shown
slow()
{
	local op=$1 id

	shift
	in_background "$op" "$@"
	id=$(grant_new size $size domain $sw device m1)
	fc grant del "$id"
	ask all >/dev/null
	sums_are_right || fail "the sums are wrong meanwhile"
	wake "$op"
	wait "$pid" || fail "the slow one failed: $(cat "$KTAP_TMP/background")"
}

slow_prepare_delays_nobody_else()
{
	slow slice_prepare fc grant new kind memory size $size domain $sw device m0
	fc grant del "$(ask slice domain-id="$domain" -- grant-id)"
	expect_recovery
}

slow_commit_delays_nobody_else()
{
	slow slice_commit fc grant new kind memory size $size domain $sw device m0
	fc grant del "$(ask slice domain-id="$domain" -- grant-id)"
	expect_recovery
}

slow_revoke_delays_nobody_else()
{
	slow slice_revoke fc grant del "$(grant_new size $size domain $sw device m0)"
	expect_recovery
}

slow_release_delays_nobody_else()
{
	slow slice_release fc grant del "$(grant_new size $size domain $sw device m0)"
	expect_recovery
}

slow_bind_delays_nobody_else()
{
	slow port_bind fc port bind "$p2" host host1
	expect_eq "$(field port "$p2" binding)" bound binding
	fc port unbind "$p2"
	expect_recovery
}

slow_unbind_delays_nobody_else()
{
	fc port bind "$p2" host host1
	slow port_unbind fc port unbind "$p2"
	expect_eq "$(field port "$p2" binding)" unbound binding
	expect_recovery
}

slow_link_change_delays_nobody_else()
{
	slow port_set_link fc port set "$p2" link down
	expect_eq "$(field port "$p2" link)" down link
	fc port set "$p2" link up
	expect_recovery
}

slow_page_delays_nobody_else()
{
	slow slice_page "$touch" "$domain" $((4096 * 256))
	expect_recovery
}

grant_that_is_being_prepared_is_reserved()
{
	in_background slice_prepare fc grant new kind memory size $size domain $sw device m0
	expect_eq "$(sum reserved $sw)" $size reserved
	expect_eq "$(field grant "$(ask slice domain-id="$domain" -- grant-id)" state)" preparing state
	sums_are_right || fail "the sums are wrong"
	wake slice_prepare
	wait "$pid"
	fc grant del "$(ask slice domain-id="$domain" -- grant-id)"
	expect_recovery
}

grant_that_is_being_prepared_is_not_deleted()
{
	local id

	in_background slice_prepare fc grant new kind memory size $size domain $sw device m0
	id=$(ask slice domain-id="$domain" -- grant-id)
	expect_refusal 1 "being prepared, try again" fc grant del "$id" force
	wake slice_prepare
	wait "$pid"
	fc grant del "$id"
	expect_recovery
}

grant_that_is_being_resized_is_not_deleted()
{
	local id

	id=$(fcj grant new kind memory size $size domain $sw device m0 | jq '.grants[0].id')
	in_background slice_prepare fc grant set "$id" size $((2 * size))
	expect_refusal 1 "being resized, try again" fc grant del "$id" force
	expect_refusal 1 "being changed, try again" fc grant set "$id" priority 7
	wake slice_prepare
	wait "$pid"
	fc grant del "$id"
	expect_recovery
}

# Who asks again with the token waits for the first; what became of that is the answer
request_fails_with_the_first_of_its_token()
{
	local request=(grant new kind memory size "$size" domain "$sw" device m0 token twice)
	local first status=0

	fault slice_prepare error 5
	fault slice_prepare times 1
	in_background slice_prepare fc "${request[@]}"
	first=$pid
	fc "${request[@]}" >"$KTAP_TMP/second" 2>&1 &
	pid=$!
	sleep 0.5
	kill -0 $pid || fail "the second did not wait: $(cat "$KTAP_TMP/second")"
	wake slice_prepare
	wait "$first" && fail "the first was granted"
	wait $pid || status=$?
	expect_eq $status 1 "status of the second"
	expect_match "$(cat "$KTAP_TMP/second")" "same token failed, try again" "its reason"
	fc "${request[@]}" || fail "it was not granted at last"
	fc grant del "$(ask slice domain-id="$domain" -- grant-id)"
	expect_recovery
}

is_removing()
{
	[ "$(ask device domain=$sw name="$1" -- health)" = removing ]
}

# lost_during OP COMMAND...: the device goes while the operation runs
lost_during()
{
	local op=$1 status=0 remover

	shift
	in_background "$op" "$@"
	emu_remove $sw m0 &
	remover=$!
	busywait 20000 is_removing m0 || fail "the device does not go"
	fault "$op" wake 1
	wait "$remover"
	wait "$pid" || status=$?
	sums_are_right || fail "the sums are wrong"
	expect_eq "$(emu_slices $sw)" "" "slices in debugfs"
	not id_of device $sw m0 >/dev/null || fail "the device is still there"
	emu_plug $sw m0
	expect_recovery
	return $status
}

# Grants of several sizes, one in each state at the same time, and each amount
# where it belongs
sums_are_right_with_slices_in_every_state()
{
	local granted stuck busy total

	total=$(sum total $sw)
	granted=$(grant_new size $((3 * MiB)) domain $sw)
	stuck=$(grant_new size $((5 * MiB)) domain $sw)
	busy=$(grant_new size $((6 * MiB)) domain $sw)
	expect_amounts 0 $((14 * MiB)) 0 "with three grants"
	fault slice_release error $EIO
	expect_refusal 3 "Fault slice_release" fc grant del "$stuck"
	grant_is "$stuck" quarantined || fail "grant $stuck is $(grant_state "$stuck")"
	expect_amounts 0 $((9 * MiB)) $((5 * MiB)) "with one of them quarantined"
	fault slice_revoke error $EAGAIN
	expect_refusal 3 "Fault slice_revoke" fc grant del "$busy"
	grant_is "$busy" revoking || fail "grant $busy is $(grant_state "$busy")"
	expect_amounts 0 $((9 * MiB)) $((5 * MiB)) "with one that the host uses"
	in_background slice_prepare fc grant new kind memory size $((7 * MiB)) domain $sw
	expect_amounts $((7 * MiB)) $((9 * MiB)) $((5 * MiB)) "with one being prepared"
	wake slice_prepare
	wait "$pid"
	expect_amounts 0 $((16 * MiB)) $((5 * MiB)) "with that one granted"
	emu_faults_clear $sw
	busywait 5000 grant_gone "$stuck" || fail "grant $stuck is $(grant_state "$stuck")"
	busywait 5000 grant_gone "$busy" || fail "grant $busy is $(grant_state "$busy")"
	expect_amounts 0 $((10 * MiB)) 0 "with the stuck ones released"
	fc grant del "$granted"
	fc grant del "$(ask slice domain-id="$domain" -- grant-id)"
	expect_recovery
}

# expect_amounts RESERVED GRANTED QUARANTINED WHEN
expect_amounts()
{
	expect_eq "$(sum reserved $sw) $(sum granted $sw) $(sum quarantined $sw)" "$1 $2 $3" \
		"reserved, granted and quarantined $4"
	expect_eq "$(sum free $sw)" $((total - $1 - $2 - $3)) "free $4"
	sums_are_right || fail "the sums are wrong $4"
}

removal_during_prepare_fails_the_grant()
{
	not lost_during slice_prepare fc grant new kind memory size $size domain $sw device m0 ||
		fail "a grant on a device that is gone"
	expect_match "$(cat "$KTAP_TMP/background")" "removed by surprise" "text"
}

removal_during_commit_fails_the_grant()
{
	not lost_during slice_commit fc grant new kind memory size $size domain $sw device m0 ||
		fail "a grant on a device that is gone"
	expect_match "$(cat "$KTAP_TMP/background")" "removed by surprise" "text"
}

removal_during_growth_ends_the_grant()
{
	local id

	id=$(grant_new size $size domain $sw device m0)
	not lost_during slice_prepare fc grant set "$id" size $((2 * size)) ||
		fail "it grew on a device that is gone"
}

removal_during_growth_leaves_what_is_elsewhere()
{
	local filler id remover

	filler=$(grant_new size 32M domain $sw device m0)
	id=$(grant_new size 32M domain $sw)
	fc grant del "$filler"
	in_background slice_prepare fc grant set "$id" size 36M pieces 2
	emu_remove $sw m0 &
	remover=$!
	busywait 20000 is_removing m0 || fail "the device does not go"
	fault slice_prepare wake 1
	wait "$pid" && fail "it grew on a device that is gone"
	expect_match "$(cat "$KTAP_TMP/background")" "removed by surprise" "text"
	wait "$remover"
	expect_eq "$(field grant "$id" size) $(grant_state "$id")" "$((32 * MiB)) active" "the grant"
	fc grant del "$id"
	emu_plug $sw m0
	expect_recovery
}

removal_during_revoke_ends_the_grant()
{
	lost_during slice_revoke fc grant del "$(grant_new size $size domain $sw device m0)"
}

removal_during_release_ends_the_grant()
{
	lost_during slice_release fc grant del "$(grant_new size $size domain $sw device m0)"
}

removal_of_the_device_ends_its_grants()
{
	local on_it beside_it

	on_it=$(grant_new size $size domain $sw device m0)
	beside_it=$(grant_new size $size domain $sw device m1)
	emu_remove $sw m0
	busywait 2000 grant_gone "$on_it" || fail "the grant is $(grant_state "$on_it")"
	expect_eq "$(grant_state "$beside_it")" active "the grant beside it"
	not id_of device $sw m0 >/dev/null || fail "the device is still there"
	fc grant del "$beside_it"
	emu_plug $sw m0
	expect_recovery
}

# What was kept for it goes with the device; it looks for something else
removal_leaves_a_waiting_request_in_the_queue()
{
	local other weak request

	other=$(grant_new size 32M domain $sw device m1 priority 900)
	weak=$(grant_new size 16M domain $sw device m0 priority 10 reclaimable yes grace 60s)
	"$FABRIC_CTL" -j grant new kind memory size 32M domain $sw priority 500 wait 100s \
		>"$KTAP_TMP/waiting" 2>&1 &
	request=$!
	busywait 10000 reserved_is $((16 * MiB)) || fail "nothing is kept for it"
	emu_remove $sw m0
	busywait 10000 grant_gone "$weak" || fail "the grant is $(grant_state "$weak")"
	not id_of device $sw m0 >/dev/null || fail "the device is still there"
	expect_eq "$(objects queue | jq length)" 1 "requests that wait"
	fc grant del "$other"
	wait $request || fail "status $?: $(cat "$KTAP_TMP/waiting")"
	expect_eq "$(jq -r '.grants[0].state' "$KTAP_TMP/waiting")" active "the request"
	fc grant del "$(jq '.grants[0].id' "$KTAP_TMP/waiting")"
	emu_plug $sw m0
	expect_recovery
}

reserved_is()
{
	[ "$(sum reserved $sw)" -eq "$1" ]
}

# Its grace ends meanwhile
force_waits_for_what_the_holder_does()
{
	local weak request

	weak=$(grant_new size 32M domain $sw device m0 priority 10 reclaimable yes grace 20s)
	"$FABRIC_CTL" -j grant new kind memory size 32M domain $sw device m0 priority 500 \
		wait 100s >"$KTAP_TMP/waiting" 2>&1 &
	request=$!
	busywait 10000 has_notice "$weak" || fail "there is no notice"
	in_background slice_shrink fc grant set "$weak" size 16M
	busywait 40000 grace_is_over "$weak" || fail "the grace does not end"
	wake slice_shrink
	wait "$pid" || fail "it did not shrink: $(cat "$KTAP_TMP/background")"
	wait $request || fail "status $?: $(cat "$KTAP_TMP/waiting")"
	grant_gone "$weak" || fail "the grant is $(grant_state "$weak")"
	fc grant del "$(jq '.grants[0].id' "$KTAP_TMP/waiting")"
	expect_recovery
}

has_notice()
{
	fcj grant show "$1" | jq -e '.grants[0].notice'
}

grace_is_over()
{
	fcj grant show "$1" | jq -e '.grants[0].notice.left == 0'
}

removal_with_a_mapping_is_a_bus_error()
{
	local id status=0

	coproc holder { exec "$touch" "$(domain_id $sw)" $size; }
	read -r -t 20 id <&"${holder[0]}" || fail "the holder got no grant"
	emu_remove $sw "$(field device "$(ask slice grant-id="$id" -- device-id)" name)"
	busywait 2000 grant_gone "$id" || fail "the grant is $(grant_state "$id")"
	echo >&"${holder[1]}"
	wait "$holder_PID" || status=$?
	expect_eq $status 11 "status of the holder"
	emu_plug $sw m0 2>/dev/null || emu_plug $sw m1
	expect_recovery
}

# What can't be proven clean keeps its device, without a way to more of it
removal_with_a_failed_release_leaves_the_device_gone()
{
	local id device

	device=$(id_of device $sw m0)
	id=$(grant_new size $size domain $sw device m0)
	fault slice_release error $EIO
	emu_remove $sw m0 2>/dev/null || true
	busywait 15000 grant_is "$id" quarantined || fail "the grant is $(grant_state "$id")"
	expect_eq "$(field device "$device" health)" gone health
	expect_refusal 1 "" fc grant new kind memory size $size device "$device"
	fault slice_release error 0
	busywait 5000 grant_gone "$id" || fail "the grant stays"
	busywait 2000 not ask device id="$device" || fail "the device stays"
	emu_plug $sw m0
	expect_recovery
}

# bind_fails ERROR STATE
bind_fails()
{
	fault port_bind error "$1"
	expect_refusal 1 "Fault port_bind" fc port bind "$p2" host host1
	expect_eq "$(field port "$p2" binding)" "$2" binding
	fault port_bind error 0
	if [ "$2" = error ]; then
		expect_refusal 1 "unbind the port first" fc port bind "$p2" host host1
		fc port unbind "$p2"
		expect_eq "$(field port "$p2" binding)" unbound "binding after unbind"
	fi
	fc port bind "$p2" host host1
	expect_eq "$(field port "$p2" host)" host1 host
	fc port unbind "$p2"
	expect_recovery
}

failed_bind_is_a_state()
{
	bind_fails $EIO error
}

bind_that_timed_out_is_a_state()
{
	bind_fails $ETIMEDOUT error
}

refused_bind_changes_nothing()
{
	bind_fails $EBUSY unbound
}

# unbind_fails ERROR STATE
unbind_fails()
{
	fc port bind "$p2" host host1
	fault port_unbind error "$1"
	expect_refusal 1 "Fault port_unbind" fc port unbind "$p2"
	expect_eq "$(field port "$p2" binding)" "$2" binding
	fault port_unbind error 0
	fc port unbind "$p2"
	expect_eq "$(field port "$p2" binding)" unbound "binding afterwards"
	expect_recovery
}

failed_unbind_is_a_state()
{
	unbind_fails $EIO error
}

refused_unbind_changes_nothing()
{
	unbind_fails $EBUSY bound
}

failed_link_change_changes_nothing()
{
	fault port_set_link error $EIO
	expect_refusal 1 "Fault port_set_link" fc port set "$p2" link down
	expect_eq "$(field port "$p2" link)" up link
	fault port_set_link error 0
	fc port set "$p2" link down
	expect_eq "$(field port "$p2" link)" down "link afterwards"
	fc port set "$p2" link up
	expect_recovery
}

second_operation_on_a_port_is_refused_meanwhile()
{
	in_background port_bind fc port bind "$p2" host host1
	expect_eq "$(field port "$p2" binding)" binding binding
	expect_refusal 1 "try again" fc port bind "$p2" host host0
	expect_refusal 1 "try again" fc port unbind "$p2"
	expect_refusal 1 "try again" fc port set "$p2" link down
	wake port_bind
	wait "$pid"
	fc port unbind "$p2"
	expect_recovery
}

nothing_is_granted_below_a_link_that_is_down()
{
	fc port set "$p0" link down
	expect_refusal 1 "links up" fc grant new kind memory size $size domain $sw device m0
	fc port set "$p0" link up
	expect_recovery
}

nothing_is_granted_below_an_unbound_port()
{
	fc port unbind "$p0"
	expect_refusal 1 "bound" fc grant new kind memory size $size domain $sw device m0
	fc port bind "$p0" host host0
	expect_recovery
}

unbind_is_refused_while_granted()
{
	local id

	id=$(grant_new size $size domain $sw device m0)
	expect_refusal 1 "release their grants first" fc port unbind "$p0"
	expect_refusal 1 "release their grants first" fc port set "$p0" link down
	fc grant del "$id"
	fc port unbind "$p0"
	fc port bind "$p0" host host0
	expect_recovery
}

# The link is lost by itself: what is granted stays granted, no more is
lost_link_is_told_and_leaves_the_grants()
{
	local id

	id=$(grant_new size $size domain $sw device m0)
	echo down >"$EMU_DEBUG/$sw/ports/p0/event_link"
	expect_eq "$(field port "$p0" link)" down link
	expect_eq "$(grant_state "$id")" active "the grant"
	expect_refusal 1 "links up" fc grant new kind memory size $size domain $sw device m0
	echo up >"$EMU_DEBUG/$sw/ports/p0/event_link"
	fc grant del "$id"
	expect_recovery
}

switch_with_slices_does_not_go()
{
	local id error

	id=$(grant_new size $size domain $sw)
	error=$( { echo 0 >"$EMU_CONFIG/$sw/live"; } 2>&1) && fail "it went"
	expect_match "$error" "busy" "error"
	expect_match "$(cat "$EMU_CONFIG/$sw/error")" "release their grants" "text"
	not rmdir "$EMU_CONFIG/$sw/devices/m0" 2>/dev/null || fail "a live device was removed"
	not mkdir "$EMU_CONFIG/$sw/devices/m9" 2>/dev/null || fail "a live switch was changed"
	expect_eq "$(grant_state "$id")" active "the grant"
	fc grant del "$id"
	expect_recovery
}

ktap_run_all \
	failed_prepare_is_rolled_back \
	failed_prepare_says_why \
	failed_commit_is_rolled_back \
	timed_out_commit_is_rolled_back \
	failed_commit_says_why \
	failed_commit_with_failed_release_is_quarantined \
	times_limits_the_failures \
	failed_revoke_is_quarantined \
	revoke_of_what_the_host_uses_stays_revoking \
	failed_release_is_quarantined \
	busy_release_is_quarantined \
	failed_revoke_after_a_kill_is_quarantined \
	failed_release_after_a_kill_is_quarantined \
	busy_revoke_after_a_kill_stays_revoking \
	failed_page_is_a_bus_error \
	slow_prepare_delays_nobody_else \
	slow_commit_delays_nobody_else \
	slow_revoke_delays_nobody_else \
	slow_release_delays_nobody_else \
	slow_bind_delays_nobody_else \
	slow_unbind_delays_nobody_else \
	slow_link_change_delays_nobody_else \
	slow_page_delays_nobody_else \
	grant_that_is_being_prepared_is_reserved \
	grant_that_is_being_prepared_is_not_deleted \
	grant_that_is_being_resized_is_not_deleted \
	request_fails_with_the_first_of_its_token \
	sums_are_right_with_slices_in_every_state \
	removal_during_prepare_fails_the_grant \
	removal_during_commit_fails_the_grant \
	removal_during_growth_ends_the_grant \
	removal_during_growth_leaves_what_is_elsewhere \
	removal_during_revoke_ends_the_grant \
	removal_during_release_ends_the_grant \
	removal_of_the_device_ends_its_grants \
	removal_leaves_a_waiting_request_in_the_queue \
	force_waits_for_what_the_holder_does \
	removal_with_a_mapping_is_a_bus_error \
	removal_with_a_failed_release_leaves_the_device_gone \
	failed_bind_is_a_state \
	bind_that_timed_out_is_a_state \
	refused_bind_changes_nothing \
	failed_unbind_is_a_state \
	refused_unbind_changes_nothing \
	failed_link_change_changes_nothing \
	second_operation_on_a_port_is_refused_meanwhile \
	nothing_is_granted_below_a_link_that_is_down \
	nothing_is_granted_below_an_unbound_port \
	unbind_is_refused_while_granted \
	lost_link_is_told_and_leaves_the_grants \
	switch_with_slices_does_not_go
