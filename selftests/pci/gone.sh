#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A function or a switch goes in the middle of each operation: removed by sysfs after so
# many parts of the time that the operation takes when nothing is in its way, and
# unplugged by QEMU.
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
# What goes, the slot that it is in, and its id in QEMU if that can plug it again
gone=$igb slot=2 unplugged=igb0
disk=$(nvme_alone)
disks=$(nvme_with_vfs)
first=$(pair | head -n 1)
second=$(pair | tail -n 1)
switch=$(pci_below "$(pci_port_of_slot 1)")
below_switch=$(pci_port_of_slot 11)
[ -w /sys/bus/pci/slots/2/power ] || ktap_skip_all "slot 2 has no power (see topology/pcie)"
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

plug_again()
{
	case $unplugged in
	igb0) igb_plug ;;
	nvme0)
		# QEMU deletes the drive with it
		qmp_ask blockdev-add driver=raw node-name=disk0 \
			'file:={"driver": "file", "filename": "/lab-run/drive0"}' || :
		plug "$gone" driver=nvme id=nvme0 bus=ds0 serial=fabric0 drive=disk0
		;;
	virtio0)
		# The first function is the last, with which all of the slot are there
		qmp_ask device_add driver=virtio-rng-pci id=virtio1 bus=ds1 addr=0.1 || :
		plug "$gone" driver=virtio-rng-pci id=virtio0 bus=ds1 addr=0.0 \
			multifunction=true
		;;
	esac
}

is_offered()
{
	local id

	id=$(ask device name="$1" health=ok -- id)
	[ -n "$id" ] && ask resource device-id="$id" -- total >/dev/null
}

# It is found again, or plugged again if QEMU has deleted it
comes_back()
{
	local file function

	[ "$(cat "/sys/bus/pci/slots/$slot/power")" != 1 ] || echo 1 >/sys/bus/pci/rescan
	busywait 5000 test -e "$PCI/$gone/driver" || plug_again
	udevadm settle
	# Ports that rest learn of nothing (see pci_up)
	for file in /sys/bus/pci/drivers/pcieport/*:*/power/control; do
		echo on >"$file"
	done
	for function in "$igb" "$disk" "$disks" "$first" "$second"; do
		busywait 10000 pci_known "$function" || fail "$function does not come back"
	done
	find_device
	# Of the device that comes, nothing is said before its driver has it
	[ "$gone" = "$switch" ] || busywait 10000 is_offered "$gone" || fail "$gone offers nothing"
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

is_gone()
{
	[ ! -e "$PCI/$gone" ]
}

# Unless it went with the power of its slot
remove()
{
	is_gone || echo 1 >"$PCI/$gone/remove" || is_gone
}

# round READY OPERATION DELAY: tells whether it left while that was under way
round()
{
	local operation=$2 pid status=0 under_way=0 mark="gone$$ $RANDOM"

	"$1" || fail "$1 fails"
	echo "<6>$mark" >/dev/kmsg
	"$operation" >"$KTAP_TMP/said" 2>&1 &
	pid=$!
	sleep_ms "$3"
	[ ! -e "/proc/$pid" ] || under_way=1
	remove
	wait $pid || status=$?
	echo "$operation: after $3 ms, under way $under_way: status $status $(tail -n 1 "$KTAP_TMP/said")" >&2
	[ $status -eq 0 ] || grep -q . "$KTAP_TMP/said" || fail "status $status and not a word"
	comes_back
	all_is_true
	not eval 'dmesg | sed "1,/$mark/d" | grep "not ready"' || fail "what had gone was reset"
	[ $under_way -gt 0 ]
}

# The button first, so that the operation is in its middle when the slot loses its power
unplugged_after()
{
	local left=$((BUTTON_MS - $3 / 2)) pid status=0

	"$1" || fail "$1 fails"
	qmp_ask device_del id="$unplugged" || fail "QEMU does not unplug"
	[ $left -lt 0 ] || sleep_ms $left
	"$2" >"$KTAP_TMP/said" 2>&1 &
	pid=$!
	busywait 100000 is_gone || fail "$gone stays"
	wait $pid || status=$?
	echo "$2: unplugged: status $status $(tail -n 1 "$KTAP_TMP/said")" >&2
	[ $status -eq 0 ] || grep -q . "$KTAP_TMP/said" || fail "status $status and not a word"
	comes_back
	all_is_true
}

# goes_while READY OPERATION
goes_while()
{
	local begin took moment hits=0

	"$1" || fail "$1 fails"
	begin=$(now_ms)
	"$2" >"$KTAP_TMP/said" 2>&1 || fail "$2 by itself: $(cat "$KTAP_TMP/said")"
	took=$(($(now_ms) - begin))
	remove
	comes_back
	all_is_true
	# One that is faster the next time is over too early
	while [ $hits -lt "$moments" ] && [ $took -gt 0 ]; do
		for ((moment = 1; moment <= moments; moment++)); do
			! round "$1" "$2" $((took * moment / (moments + 1))) || hits=$((hits + 1))
		done
		[ $hits -ge "$moments" ] || took=$((took / 2))
	done
	[ $hits -gt 0 ] || fail "it was never under way"
	for ((moment = 0; moment < unplugs && ${#unplugged}; moment++)); do
		unplugged_after "$1" "$2" $took
	done
}

nothing_granted() { echo 0 >"$PCI/$igb/sriov_numvfs"; }
grant_first() { fc grant new "${one[@]}" mode vfio; }
goes_while_functions_are_made() { goes_while nothing_granted grant_first; }

one_granted() { function_new mode bare >/dev/null; }
goes_while_a_function_is_granted() { goes_while one_granted grant_first; }

grant_to_driver() { fc grant new "${one[@]}" mode driver; }
goes_while_the_driver_of_the_host_gets_it() { goes_while one_granted grant_to_driver; }

grant_whole() { fc grant new "${one[@]}" capability net/pf mode vfio; }
goes_while_it_is_granted_whole() { goes_while nothing_granted grant_whole; }

grant_net() { fc grant new "${one[@]}" mode bare mac 52:54:00:aa:bb:02 vlan 7; }
goes_while_its_properties_are_set() { goes_while one_granted grant_net; }

to_release() { id=$(function_new mode vfio mac 52:54:00:aa:bb:03); }
release() { fc grant del "$id"; }
goes_while_a_function_is_released() { goes_while to_release release; }

whole_to_release() { id=$(function_new capability net/pf mode bare); }
goes_while_it_is_given_back_to_its_driver() { goes_while whole_to_release release; }

# The last one, with which all go
last_to_release()
{
	fc device set "$device" idle-vfs remove >/dev/null && to_release
}
goes_while_idle_functions_are_removed() { goes_while last_to_release release; }

all_granted()
{
	for _ in 1 2 3 4 5 6 7; do
		function_new mode vfio priority 10 reclaimable yes grace 10ms >/dev/null ||
			return
	done
}
grant_more_important() { fc grant new "${one[@]}" mode vfio priority 500 wait 20s; }
goes_while_a_function_is_reclaimed() { goes_while all_granted grant_more_important; }

host_uses_one()
{
	local net

	modprobe igbvf || return
	echo 1 >"$PCI/$igb/sriov_numvfs"
	busywait 20000 eval 'ls "$PCI/$igb/virtfn0/net"' >/dev/null || return
	udevadm settle
	net=$(ls "$PCI/$igb/virtfn0/net")
	ip link set "$net" up
}
grant_by_force() { fc grant new "${one[@]}" mode vfio force; }
goes_while_it_is_taken_from_the_host() { goes_while host_uses_one grant_by_force; }

power_off() { fc port power "$(pci_port_of_slot 2)" state off force; }
goes_while_its_slot_is_switched_off() { goes_while nothing_granted power_off; }

set_up() { fc device set "$device" idle-vfs remove && fc device set "$device" idle-vfs keep; }
goes_while_it_is_set_up() { goes_while one_granted set_up; }

look() { fcj port show && fcj device show && fcj resource show && fcj grant show; }
goes_while_somebody_looks() { goes_while one_granted look; }

# disk_goes_while ARGS...: a whole one, below a switch
disk_goes_while()
{
	gone=$disk slot=11 unplugged=nvme0
	goes_while "$@"
}
idle() { udevadm settle; }
grant_disk()
{
	fcj grant new kind function size 1 capability nvme/pf mode vfio \
		device "$(ask device name="$disk" health=ok -- id)"
}
disk_goes_while_it_is_granted() { disk_goes_while idle grant_disk; }

disk_to_release() { idle && id=$(grant_disk | jq -r '.grants[0].id'); }
disk_goes_while_it_is_given_back() { disk_goes_while disk_to_release release; }

# Its controller has virtual ones; QEMU can't plug its namespace again
controller_goes_while_one_of_it_is_granted()
{
	gone=$disks slot=3 unplugged=
	goes_while no_controllers grant_controller
}
no_controllers() { echo 0 >"$PCI/$disks/sriov_numvfs"; }
grant_controller() { fc grant new kind function size 1 capability nvme mode vfio; }

group_goes_while()
{
	gone=$1 slot=12 unplugged=$2
	shift 2
	goes_while "$@"
}
grant_group()
{
	fcj grant new kind function size 1 capability function/pf mode vfio force group \
		device "$(ask device name="$first" health=ok -- id)"
}
function_goes_while_its_group_is_granted() { group_goes_while "$first" virtio0 idle grant_group; }
other_goes_while_its_group_is_granted() { group_goes_while "$second" "" idle grant_group; }

group_to_release() { id=$(grant_group | jq -r '.grants[0].id'); }
other_goes_while_its_group_is_given_back()
{
	group_goes_while "$second" "" group_to_release release
}

# With the ports below it, one of which is told what to do while nothing needs it
switch_goes_while_a_port_is_set()
{
	gone=$switch slot=1 unplugged=
	goes_while idle set_port
}
set_port() { fc port set "$below_switch" idle rest && fc port set "$below_switch" idle stay; }

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
	goes_while_it_is_set_up \
	goes_while_somebody_looks \
	disk_goes_while_it_is_granted \
	disk_goes_while_it_is_given_back \
	controller_goes_while_one_of_it_is_granted \
	function_goes_while_its_group_is_granted \
	other_goes_while_its_group_is_granted \
	other_goes_while_its_group_is_given_back \
	switch_goes_while_a_port_is_set
