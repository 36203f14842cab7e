#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A module refuses to go while grants are live; without, everything unloads, and
# a second load starts clean.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

need_fabricctl
touch=$(realpath "${0%/*}/touch")
worker=$(realpath "${0%/*}/churn_worker")
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
for dir in "$EMU_CONFIG"/*/; do
	[ ! -d "$dir" ] || ktap_skip_all "switch $(basename "$dir") is in use"
done
[ ! -d /sys/module/fabric_cxl ] || rmmod fabric_cxl 2>/dev/null ||
	ktap_skip_all "fabric_cxl is in use"
sw=selftest$$

switch_up()
{
	emu_load && emu_switch_new $sw && emu_port_new $sw p0 host0 &&
		emu_device_new $sw m0 p0 64M 1M && emu_switch_live $sw
}

all_down()
{
	{
		if [ -d "$EMU_CONFIG/$sw" ]; then
			release_all domain=$sw
			emu_switch_del $sw
		fi
	} >/dev/null 2>&1
}

ktap_setup()
{
	defer all_down
	switch_up
}

defer emu_load

refused()
{
	local error

	error=$(rmmod "$1" 2>&1) && fail "$1 was unloaded"
	expect_match "$error" "in use" "text"
}

unload_is_refused_with_a_live_grant()
{
	local id

	id=$(grant_new size 4M domain $sw)
	refused fabric_emu
	refused fabric
	expect_eq "$(grant_state "$id")" active "the grant"
	fc grant del "$id"
}

unload_is_refused_with_a_mapped_grant()
{
	local id

	coproc holder { exec "$touch" "$(domain_id $sw)" 4194304; }
	# shellcheck disable=SC2154 # set by coproc
	read -r -t 20 id <&"${holder[0]}" || fail "the holder got no grant"
	refused fabric_emu
	refused fabric
	echo >&"${holder[1]}"
	wait "$holder_PID" || fail "the holder was disturbed"
	busywait 1000 grant_gone "$id"
}

unload_is_refused_with_a_quarantined_slice()
{
	local id

	id=$(grant_new size 4M domain $sw)
	emu_fault $sw slice_release error 5
	expect_refusal 3 "Fault" fc grant del "$id"
	refused fabric_emu
	refused fabric
	emu_fault $sw slice_release error 0
	busywait 5000 grant_gone "$id"
}

unload_is_refused_with_a_switch()
{
	refused fabric_emu
	refused fabric
}

unload_without_grants_is_clean()
{
	local id

	id=$(grant_new size 4M domain $sw)
	fc grant del "$id"
	# tenants are the broker's own and go with it
	fc tenant new left$$ quota memory=1M user 1
	emu_switch_del $sw
	rmmod fabric_emu
	rmmod fabric
	[ ! -d /sys/module/fabric ] || fail "fabric is still there"
	[ ! -d /sys/kernel/debug/fabric_emu ] || fail "debugfs is still there"
	[ ! -d "$EMU_CONFIG" ] || fail "configfs is still there"
	expect_refusal 1 "" fc grant show
}

second_load_starts_clean()
{
	emu_switch_del $sw
	rmmod fabric_emu
	rmmod fabric
	switch_up
	expect_eq "$(ask slice -- grant-id)" "" slices
	expect_eq "$(ask domain -- name)" $sw domains
	expect_eq "$(sum free $sw)" "$(sum total $sw)" free
	fc grant del "$(grant_new size 4M domain $sw)"
	emu_switch_del $sw
	expect_eq "$(ask all)" "" "what is left without a switch"
}

# Every "created" of an object has its "destroyed"
what_is_created_is_destroyed()
{
	local log count i id created destroyed

	emu_switch_del $sw
	rmmod fabric_emu
	rmmod fabric
	[ -e /proc/dynamic_debug/control ] || skip "the kernel has no dynamic debug"
	emu_load
	echo 'module fabric +p' >/proc/dynamic_debug/control
	echo 'module fabric_emu +p' >/proc/dynamic_debug/control
	echo "<6>$sw counts from here" >/dev/kmsg
	switch_up
	for i in 1 2 3 4 5; do
		id=$(grant_new size 4M domain $sw)
		[ "$i" = 5 ] || fc grant del "$id"
	done
	emu_remove $sw m0
	emu_plug $sw m0
	"$touch" "$(domain_id $sw)" 4194304 </dev/null
	busywait 2000 free_is $sw "$(sum total $sw)"
	emu_switch_del $sw
	rmmod fabric_emu
	rmmod fabric
	log=$(dmesg | sed "1,/$sw counts from here/d" |
		grep -oE '(domain|port|device|resource|grant|switch) .*: (created|destroyed)$')
	count=$(grep -c 'created$' <<<"$log")
	[ "$count" -ge 10 ] || fail "only $count were created: $log"
	for i in domain port device resource grant switch; do
		created=$(grep -cE "^$i .*created\$" <<<"$log" || true)
		destroyed=$(grep -cE "^$i .*destroyed\$" <<<"$log" || true)
		expect_eq "$destroyed" "$created" "number of ${i}s destroyed"
		[ "$created" -gt 0 ] || fail "no $i was created: $log"
	done
}

unload_under_load_is_refused_or_clean()
{
	local pid tries=0

	# On a slow machine it is seldom tried in the four seconds of the workers.
	until [ $tries -gt 3 ]; do
		"$worker" 8 4 $sw >"$KTAP_TMP/churn" 2>&1 &
		pid=$!
		while kill -0 $pid 2>/dev/null; do
			rmmod fabric_emu 2>/dev/null && fail "fabric_emu went with its switch live"
			rmmod fabric 2>/dev/null && fail "fabric went with its backend"
			echo 0 >"$EMU_CONFIG/$sw/live" 2>/dev/null &&
				echo 1 >"$EMU_CONFIG/$sw/live"
			tries=$((tries + 1))
		done 2>/dev/null
		wait $pid || fail "the workers saw what must not be: $(cat "$KTAP_TMP/churn")"
	done
	emu_switch_del $sw
	rmmod fabric_emu
	rmmod fabric
}

first_request_loads_the_core()
{
	emu_switch_del $sw
	rmmod fabric_emu
	rmmod fabric
	modprobe -n fabric 2>/dev/null || skip "fabric is not installed where modprobe finds it"
	fc grant show
	[ -d /sys/module/fabric ] || fail "fabric was not loaded"
}

tests=(
	unload_is_refused_with_a_switch
	unload_is_refused_with_a_live_grant
	unload_is_refused_with_a_mapped_grant
	unload_is_refused_with_a_quarantined_slice
	unload_without_grants_is_clean
	second_load_starts_clean
	what_is_created_is_destroyed
	unload_under_load_is_refused_or_clean
)
# only modprobe knows where an alias leads
! modprobe -n fabric 2>/dev/null || tests+=(first_request_loads_the_core)
ktap_run_all "${tests[@]}"
