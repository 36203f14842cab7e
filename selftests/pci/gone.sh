#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The function goes in the middle of each operation: removed by sysfs after so many parts
# of the time that the operation takes when nothing is in its way, and unplugged by QEMU.
# The operation is done or refused with a reason, and what there is afterwards is true.
#
# FABRIC_PCI_MOMENTS says at how many moments of each operation (2); FABRIC_PCI_UNPLUGS how
# often QEMU does it (1), which takes half a minute each.

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
moments=${FABRIC_PCI_MOMENTS:-2}
unplugs=${FABRIC_PCI_UNPLUGS:-1}
vf_up
port=$(pci_port_of_slot 2)
slot=/sys/bus/pci/slots/2
[ -w $slot/power ] || ktap_skip_all "slot 2 has no power (see topology/pcie)"
# From the button to the work of the hot-plug driver
BUTTON_MS=5000

now_ms()
{
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

sleep_ms()
{
	sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))"
}

# It is found again, or plugged again if QEMU has deleted it
igb_comes_back()
{
	if [ "$(cat $slot/power)" = 1 ]; then
		echo 1 >/sys/bus/pci/rescan
		busywait 5000 test -e "$PCI/$igb/driver" || igb_plug
	else
		igb_plug
	fi
	udevadm settle --timeout=20
	busywait 10000 pci_known "$igb" || fail "igb does not come back"
	find_device
	# Of the device that comes, nothing is said before its driver has it
	busywait 10000 ask resource device-id="$device" capability=net >/dev/null ||
		fail "igb offers nothing"
}

all_is_true()
{
	local -a grants

	mapfile -t grants < <(ask grant -- id)
	grants_are_true_and_end "${grants[@]}"
	busywait 30000 pci_is_complete >"$KTAP_TMP/diff" 2>&1 ||
		fail "the broker (<) and lspci (>) differ: $(cat "$KTAP_TMP/diff")"
	sums_are_right || fail "the sums are wrong"
}

# Unless it went with the power of its slot
igb_is_removed()
{
	[ ! -e "$PCI/$igb" ] || echo 1 >"$PCI/$igb/remove" || [ ! -e "$PCI/$igb" ]
}

igb_is_gone()
{
	[ ! -e "$PCI/$igb" ]
}

# round READY OPERATION DELAY: tells whether igb left while it was under way
round()
{
	local operation=$2 pid status=0 under_way=0 mark="gone$$ $RANDOM"

	"$1" || fail "$1 fails"
	echo "<6>$mark" >/dev/kmsg
	"$operation" >"$KTAP_TMP/said" 2>&1 &
	pid=$!
	sleep_ms "$3"
	[ ! -e "/proc/$pid" ] || under_way=1
	igb_is_removed
	wait $pid || status=$?
	echo "$operation: after $3 ms, under way $under_way: status $status $(tail -n 1 "$KTAP_TMP/said")" >&2
	[ $status -eq 0 ] || grep -q . "$KTAP_TMP/said" || fail "status $status and not a word"
	igb_comes_back
	all_is_true
	not eval 'dmesg | sed "1,/$mark/d" | grep "not ready"' || fail "what had gone was reset"
	[ $under_way -gt 0 ]
}

# The button first, so that the operation is in its middle when the slot loses its power
unplugged_after()
{
	local left=$((BUTTON_MS - $3 / 2)) pid status=0

	"$1" || fail "$1 fails"
	qmp_ask device_del id=igb0 || fail "QEMU does not unplug"
	[ $left -lt 0 ] || sleep_ms $left
	"$2" >"$KTAP_TMP/said" 2>&1 &
	pid=$!
	busywait 100000 igb_is_gone || fail "igb stays"
	wait $pid || status=$?
	echo "$2: unplugged: status $status $(tail -n 1 "$KTAP_TMP/said")" >&2
	[ $status -eq 0 ] || grep -q . "$KTAP_TMP/said" || fail "status $status and not a word"
	igb_comes_back
	all_is_true
}

# igb_goes_while READY OPERATION
igb_goes_while()
{
	local begin took moment hits=0

	"$1" || fail "$1 fails"
	begin=$(now_ms)
	"$2" >"$KTAP_TMP/said" 2>&1 || fail "$2 by itself: $(cat "$KTAP_TMP/said")"
	took=$(($(now_ms) - begin))
	igb_is_removed
	igb_comes_back
	all_is_true
	# One that is faster the next time is over too early
	while [ $hits -lt "$moments" ] && [ $took -gt 0 ]; do
		for ((moment = 1; moment <= moments; moment++)); do
			! round "$1" "$2" $((took * moment / (moments + 1))) || hits=$((hits + 1))
		done
		[ $hits -ge "$moments" ] || took=$((took / 2))
	done
	[ $hits -gt 0 ] || fail "it was never under way"
	for ((moment = 0; moment < unplugs; moment++)); do
		unplugged_after "$1" "$2" $took
	done
}

nothing_granted() { echo 0 >"$PCI/$igb/sriov_numvfs"; }
grant_first() { fc grant new "${one[@]}" mode vfio; }
goes_while_functions_are_made() { igb_goes_while nothing_granted grant_first; }

one_granted() { function_new mode bare >/dev/null; }
goes_while_a_function_is_granted() { igb_goes_while one_granted grant_first; }

grant_to_driver() { fc grant new "${one[@]}" mode driver; }
goes_while_the_driver_of_the_host_gets_it() { igb_goes_while one_granted grant_to_driver; }

grant_whole() { fc grant new "${one[@]}" capability net/pf mode vfio; }
goes_while_it_is_granted_whole() { igb_goes_while nothing_granted grant_whole; }

grant_net() { fc grant new "${one[@]}" mode bare mac 52:54:00:aa:bb:02 vlan 7; }
goes_while_its_properties_are_set() { igb_goes_while one_granted grant_net; }

to_release() { id=$(function_new mode vfio mac 52:54:00:aa:bb:03); }
release() { fc grant del "$id"; }
goes_while_a_function_is_released() { igb_goes_while to_release release; }

whole_to_release() { id=$(function_new capability net/pf mode bare); }
goes_while_it_is_given_back_to_its_driver() { igb_goes_while whole_to_release release; }

# The last one, with which all go
last_to_release()
{
	fc device set "$device" idle-vfs remove >/dev/null && to_release
}
goes_while_idle_functions_are_removed() { igb_goes_while last_to_release release; }

all_granted()
{
	for _ in 1 2 3 4 5 6 7; do
		function_new mode vfio priority 10 reclaimable yes grace 10ms >/dev/null ||
			return
	done
}
grant_more_important() { fc grant new "${one[@]}" mode vfio priority 500 wait 20s; }
goes_while_a_function_is_reclaimed() { igb_goes_while all_granted grant_more_important; }

host_uses_one()
{
	local net

	modprobe igbvf || return
	echo 1 >"$PCI/$igb/sriov_numvfs"
	busywait 20000 eval 'ls "$PCI/$igb/virtfn0/net"' >/dev/null || return
	udevadm settle --timeout=20
	net=$(ls "$PCI/$igb/virtfn0/net")
	ip link set "$net" up
}
grant_by_force() { fc grant new "${one[@]}" mode vfio force; }
goes_while_it_is_taken_from_the_host() { igb_goes_while host_uses_one grant_by_force; }

power_off() { fc port power "$port" state off force; }
goes_while_its_slot_is_switched_off() { igb_goes_while nothing_granted power_off; }

look() { fcj port show && fcj device show && fcj resource show && fcj grant show; }
goes_while_somebody_looks() { igb_goes_while one_granted look; }

ktap_run_all \
	goes_while_functions_are_made \
	goes_while_a_function_is_granted \
	goes_while_the_driver_of_the_host_gets_it \
	goes_while_it_is_granted_whole \
	goes_while_its_properties_are_set \
	goes_while_a_function_is_released \
	goes_while_it_is_given_back_to_its_driver \
	goes_while_idle_functions_are_removed \
	goes_while_a_function_is_reclaimed \
	goes_while_it_is_taken_from_the_host \
	goes_while_its_slot_is_switched_off \
	goes_while_somebody_looks
