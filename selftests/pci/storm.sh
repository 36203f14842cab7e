#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Storms: functions are unplugged by QEMU, removed by sysfs, powered off at their slot,
# and lose and get virtual functions, all at a time, while there are grants and more are
# asked for. Afterwards the inventory is what lspci finds, each grant that is left is
# true, and with the last of them all capacity is free.
#
# FABRIC_PCI_STORMS says how many (2), FABRIC_PCI_SEED what $RANDOM begins with.

# what eval expands, and filters of jq
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/vf.sh
. "${0%/*}/../lib/vf.sh"
# shellcheck source=../lib/qmp.sh
. "${0%/*}/../lib/qmp.sh"

qmp_need
storms=${FABRIC_PCI_STORMS:-2}
seed=${FABRIC_PCI_SEED:-$RANDOM}
vf_up
# Its address is that of its port, and stays
slot_of_igb=/sys/bus/pci/slots/2
[ -w $slot_of_igb/power ] || ktap_skip_all "slot 2 has no power (see topology/pcie)"
switch=$(pci_port_of_slot 1)

# anywhere: any network function, since igb gets a new id each time that it comes
anywhere=(kind function size 1 capability net)

# load MODE: asks and gives back until the storm is over; refusals are part of it
load()
{
	local id

	while [ ! -e "$KTAP_TMP/over" ]; do
		id=$(fcj grant new "${anywhere[@]}" mode "$1" 2>/dev/null | jq -r '.grants[0].id') ||
			continue
		[ -z "$id" ] || fc grant del "$id" >/dev/null 2>&1
	done
}

igb_is_removed()
{
	for _ in 1 2 3; do
		echo 1 >"$PCI/$igb/remove"
		echo 1 >/sys/bus/pci/rescan
		sleep 0.$((RANDOM % 10))
	done
}

# By the broker, with the grants of the load. Who writes to sriov_numvfs takes the locks of
# the function and of removals in the wrong order: with a removal, the kernel stands still.
virtual_functions_come_and_go()
{
	for _ in 1 2 3 4 5 6; do
		fc device set "$(ask device name="$igb" health=ok -- id)" idle-vfs remove >/dev/null
		sleep 0.$((RANDOM % 10))
	done
}

switch_is_removed()
{
	for _ in 1 2; do
		echo 1 >"$PCI/$switch/remove"
		echo 1 >/sys/bus/pci/rescan
		sleep 0.$((RANDOM % 10))
	done
}

igb_is_unplugged()
{
	qmp_ask device_del id=igb0 --wait-event DEVICE_DELETED
}

# QEMU deletes what is in a slot without power
igb_loses_its_power()
{
	echo 0 >$slot_of_igb/power
}

function_is_plugged()
{
	qmp_ask device_add driver=virtio-rng-pci id=hot0 bus=rp3
}

calm_down()
{
	igb_plug
	qmp_ask device_del id=hot0 --wait-event DEVICE_DELETED || :
	echo 1 >/sys/bus/pci/rescan
	udevadm settle
	busywait 30000 pci_is_complete >"$KTAP_TMP/diff" 2>&1 ||
		fail "the broker (<) and lspci (>) differ: $(cat "$KTAP_TMP/diff")"
}

# storm EVENTS...: all of them begin at the same time
storm()
{
	local held=() running=() id event

	for mode in vfio bare vfio; do
		id=$(fcj grant new "${anywhere[@]}" mode $mode | jq -r '.grants[0].id')
		[ -n "$id" ] || fail "no grant to begin with"
		held+=("$id")
	done
	load vfio &
	load bare &
	for event; do
		"$event" 2>/dev/null &
		running+=($!)
	done
	wait "${running[@]}" || :
	touch "$KTAP_TMP/over"
	wait
	rm "$KTAP_TMP/over"
	calm_down
	grants_are_true_and_end "${held[@]}"
}

inventory_and_grants_are_true_after_storms()
{
	local events round

	RANDOM=$seed
	echo "seed $seed"
	for ((round = 0; round < storms; round++)); do
		events=(virtual_functions_come_and_go switch_is_removed function_is_plugged)
		case $((RANDOM % 3)) in
		0) events+=(igb_is_unplugged) ;;
		1) events+=(igb_loses_its_power) ;;
		2) events+=(igb_is_removed) ;;
		esac
		echo "storm $round: ${events[*]}"
		storm "${events[@]}"
	done
}

# QEMU wants it back while a program has it open: that ends first, then the grant
open_function_leaves_when_it_is_closed()
{
	local id vf

	id=$(function_new mode vfio) || fail "no grant"
	vf=$(function_of "$id")
	hold_open "$vf"
	qmp_ask device_del id=igb0 || fail "QEMU does not unplug"
	busywait 60000 grant_is "$id" revoking || fail "it is not taken: $(fc grant show "$id")"
	busywait 20000 eval 'fc grant show "$id" | grep -q "A process still has $vf open"' ||
		fail "nothing is said of the program: $(fc grant show "$id")"
	[ -e "$PCI/$igb" ] || fail "igb is gone while a program has $vf open"
	let_go
	busywait 60000 grant_gone "$id" || fail "the grant is there: $(fc grant show "$id")"
	busywait 60000 not test -e "$PCI/$igb" || fail "igb is there"
	calm_down
}

# Each object that was made for them is gone
module_goes_afterwards()
{
	rmmod fabric_pci || fail "the module does not go"
	defer pci_load
}

ktap_run_all \
	inventory_and_grants_are_true_after_storms \
	open_function_leaves_when_it_is_closed \
	module_goes_afterwards
