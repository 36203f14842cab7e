#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Eight processes make and delete grants in every way, while one switch goes in
# and out of service and the devices of another are torn out. Afterwards
# everything balances.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

seconds=${FABRIC_CHURN_SECONDS:-15}
worker=$(realpath "${0%/*}/churn_worker")
[ -x "$worker" ] || ktap_skip_all "$worker is not built: run make first"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"

new_switch()
{
	emu_switch_new "$1" || return
	emu_port_new "$1" p0 host0
	emu_port_new "$1" p1 host0
	emu_device_new "$1" m0 p0 64M 1M
	emu_device_new "$1" m1 p1 64M 1M
	emu_switch_live "$1"
}

toggled=toggled$$
torn=torn$$
new_switch $toggled || ktap_bail "no emulated switch"
defer emu_switch_del $toggled
new_switch $torn || ktap_bail "no second emulated switch"
defer emu_switch_del $torn
kernel_memory=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)

expect_balance()
{
	local sw

	sums_are_right || fail "the sums are wrong"
	for sw in $toggled $torn; do
		busywait 5000 free_is "$sw" "$(sum total "$sw")" ||
			fail "$sw: $(sum free "$sw") of $(sum total "$sw") is free, grants: $(ask slice -- grant-id state)"
		expect_eq "$(emu_slices "$sw")" "" "slices of $sw in debugfs"
	done
}

# while_churning COMMAND...: again and again until the workers are done. They
# choose among $domains.
domains="$toggled $torn"
while_churning()
{
	local status=0 pid

	# shellcheck disable=SC2086 # several words
	"$worker" "$seconds" 8 $domains >"$KTAP_TMP/churn" 2>&1 &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		"$@" || true
	done
	wait $pid || status=$?
	cat "$KTAP_TMP/churn"
	[ $status -eq 0 ] || fail "the workers saw what must not be, status $status"
}

grants_of_eight_processes_balance()
{
	while_churning sleep 0.1
	expect_balance
}

look()
{
	ask all >/dev/null
	cat "$EMU_DEBUG"/*/state >/dev/null 2>&1
}

reading_meanwhile_disturbs_nobody()
{
	while_churning look
	expect_balance
}

tear()
{
	local device

	for device in m0 m1; do
		emu_remove $torn $device
		emu_plug $torn $device
	done 2>/dev/null
}

surprise_removal_meanwhile_balances()
{
	while_churning tear
	for device in m0 m1; do
		emu_plug $torn $device 2>/dev/null || true
	done
	expect_eq "$(ask device domain-id="$(domain_id $torn)" -- name | sort | xargs)" "m0 m1" devices
	expect_balance
}

toggles=0
toggle()
{
	local live=$EMU_CONFIG/$toggled/live

	# refused while there are slices
	{
		if echo 0 >"$live"; then
			toggles=$((toggles + 1))
		fi
		echo 1 >"$live"
	} 2>/dev/null
}

going_in_and_out_of_service_meanwhile_balances()
{
	# used now and then only, so that it can go
	domains="$toggled $torn $torn $torn $torn $torn $torn $torn $torn $torn $torn $torn"
	while_churning toggle
	echo 1 >"$EMU_CONFIG/$toggled/live"
	echo "it went $toggles times"
	[ $toggles -gt 0 ] || fail "it never went"
	expect_balance
}

both()
{
	tear
	toggle
	echo down >"$EMU_DEBUG/$toggled/ports/p1/event_link"
	echo up >"$EMU_DEBUG/$toggled/ports/p1/event_link"
} 2>/dev/null

all_of_it_at_once_balances()
{
	while_churning both
	echo 1 >"$EMU_CONFIG/$toggled/live"
	for device in m0 m1; do
		emu_plug $torn $device 2>/dev/null || true
	done
	expect_balance
}

# Pages of slices are the only thing of size; give the rest time to settle
memory_is_back()
{
	[ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -ge $((kernel_memory - 65536)) ]
}

memory_comes_back()
{
	busywait 10000 memory_is_back ||
		fail "$((kernel_memory - $(awk '/^MemAvailable/ { print $2 }' /proc/meminfo))) KiB are missing"
}

ktap_run_all \
	grants_of_eight_processes_balance \
	reading_meanwhile_disturbs_nobody \
	surprise_removal_meanwhile_balances \
	going_in_and_out_of_service_meanwhile_balances \
	all_of_it_at_once_balances \
	memory_comes_back
