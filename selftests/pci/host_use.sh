#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the host uses of functions: shown, passed over, taken by force, given back.

# what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/vf.sh
. "${0%/*}/../lib/vf.sh"

vf_up

# host_use FUNCTION: what the broker says that the host uses it for
host_use()
{
	pci_facts | jq -r "select(.address == \"$1\") | .[\"host-use\"] // \"nothing\""
}

host_use_is()
{
	[ "$(host_use "$1")" = "$2" ]
}

# disk_of FUNCTION: by the name of the path to it, if there can be several
disk_of()
{
	find "$PCI/$1"/nvme/nvme*/ -maxdepth 1 -name 'nvme*n*' -printf '%f\n' |
		sed -E 's/^(nvme[0-9]+)c[0-9]+/\1/'
}

# vfs_of_host NR: so many virtual functions of igb, with the driver of the host. There are
# no others then
vfs_of_host()
{
	modprobe igbvf || skip "there is no igbvf"
	echo "$1" >"$PCI/$igb/sriov_numvfs"
	udevadm settle
	busywait 20000 eval '[ "$(net_of "$PCI/$igb"/virtfn* | wc -l)" = '"$1"' ]' ||
		fail "igbvf has not made $1 interfaces"
}

# net_of DIR...: interfaces of functions
net_of()
{
	local dir

	for dir; do
		ls "$dir/net" 2>/dev/null || :
	done
}

vf()
{
	basename "$(realpath "$PCI/$igb/virtfn$1")"
}

# Whoever unbinds it ends this, too
set_up()
{
	ip link set "$1" up
	defer eval "ip link set $1 down 2>/dev/null || :"
}

withheld()
{
	ask resource device-id="$device" capability=net -- withheld
}

mounted_file_system_is_named()
{
	local function disk

	for function in $(pci_of_driver nvme); do
		disk=$(disk_of "$function")
		busybox mke2fs -F "/dev/$disk" >/dev/null 2>&1
		udevadm settle
		busywait 10000 host_use_is "$function" nothing ||
			fail "$disk is idle: $(host_use "$function")"
		mount -t ext2 "/dev/$disk" /mnt
		host_use_is "$function" "$disk is mounted (ext2)" ||
			fail "$disk is mounted: $(host_use "$function")"
		umount /mnt
		udevadm settle
		busywait 10000 host_use_is "$function" nothing ||
			fail "$disk is idle again: $(host_use "$function")"
	done
}

open_disk_is_named()
{
	local function disk

	function=$(pci_of_driver nvme | head -n 1)
	disk=$(disk_of "$function")
	exec 8<"/dev/$disk"
	expect_eq "$(host_use "$function")" "$disk is open" "use of an open disk"
	exec 8<&-
}

# Nothing is known of what it does
other_drivers_use_what_they_have()
{
	expect_eq "$(host_use "$(pci_of_driver virtio-pci | head -n 1)")" \
		"driver virtio-pci has it" "use of a random number generator"
}

function_whose_interface_is_up_is_passed_over()
{
	local id net

	vfs_of_host 2
	net=$(net_of "$PCI/$igb/virtfn0")
	set_up "$net"
	id=$(function_new mode vfio) || fail "no grant"
	expect_eq "$(function_of "$id")" "$(vf 1)" "what was granted"
	expect_eq "$(withheld)" 6 "withheld"
	expect_eq "$(host_use "$(vf 0)")" "$net is up" "use of the first"
	expect_eq "$(host_use "$(vf 1)")" nothing "use of what was granted"
	driver_is "$(vf 0)" igbvf || fail "the host lost the first"
	sums_are_right || fail "the sums are wrong"
	ip link set "$net" down
	host_use_is "$(vf 0)" nothing || fail "it is idle: $(host_use "$(vf 0)")"
	expect_eq "$(withheld)" 5 "withheld when it is down"
	sums_are_right || fail "the sums are wrong afterwards"
}

# It had a driver, and nothing used it
idle_function_is_granted_and_given_back()
{
	local id net

	vfs_of_host 2
	net=$(net_of "$PCI/$igb/virtfn0")
	id=$(function_new mode vfio) || fail "no grant"
	expect_eq "$(function_of "$id")" "$(vf 0)" "what was granted"
	driver_is "$(vf 0)" vfio-pci || fail "it is not bound to vfio-pci"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	driver_is "$(vf 0)" igbvf || fail "igbvf did not get it back"
	busywait 10000 eval '[ -n "$(net_of "$PCI/$igb/virtfn0")" ]' || fail "$net is lost"
	expect_eq "$(cat "$PCI/$(vf 0)/driver_override")" "(null)" "override"
}

# Somebody bound it to a driver by name
override_of_the_host_is_kept()
{
	local id

	vfs_of_host 2
	echo igbvf >"$PCI/$(vf 0)/driver_override"
	id=$(function_new mode bare) || fail "no grant"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	driver_is "$(vf 0)" igbvf || fail "igbvf did not get it back"
	expect_eq "$(cat "$PCI/$(vf 0)/driver_override")" igbvf "override"
}

all_in_use()
{
	local net

	vfs_of_host 2
	for net in $(net_of "$PCI/$igb"/virtfn*); do
		set_up "$net"
	done
}

refusal_names_what_the_host_uses()
{
	local first

	all_in_use
	first=$(net_of "$PCI/$igb/virtfn0")
	expect_refusal 4 "Host uses $(vf 0): $first is up, end that or use force" \
		fc grant new "${one[@]}" mode vfio
	expect_eq "$(withheld)" 7 "withheld"
	driver_is "$(vf 0)" igbvf || fail "the host lost it"
	[ "$(cat "/sys/class/net/$first/flags")" != 0x1002 ] || fail "$first is down"
}

force_takes_it_from_the_host()
{
	local id

	all_in_use
	id=$(function_new mode vfio force) || fail "no grant"
	driver_is "$(function_of "$id")" vfio-pci || fail "it is not bound to vfio-pci"
	expect_eq "$(ask resource device-id="$device" capability=net -- granted withheld)" "1 6" \
		capacity
	sums_are_right || fail "the sums are wrong"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	driver_is "$(vf 0)" igbvf || fail "igbvf did not get it back"
}

# What does not exist can't be forced
functions_that_were_not_made_are_withheld()
{
	local first

	vfs_of_host 1
	first=$(function_new mode bare) || fail "no grant"
	expect_eq "$(function_of "$first")" "$(vf 0)" "what was granted"
	expect_refusal 4 "$igb has 1 virtual functions, write 0 to sriov_numvfs" \
		fc grant new "${one[@]}" mode bare force
	fc grant del "$first" >/dev/null || fail "the grant is not released"
	echo 0 >"$PCI/$igb/sriov_numvfs"
	busywait 10000 eval 'host_use "$igb" >/dev/null; [ "$(withheld)" = - ]' ||
		fail "withheld when there are none: $(withheld)"
}

force_is_for_the_administrator()
{
	fc tenant new selftest user $uid quota function=1 >/dev/null
	expect_refusal 5 "To take from the host needs CAP_SYS_ADMIN" \
		as_user "$FABRIC_CTL" grant new "${one[@]}" mode vfio force
}

request_waits_until_the_host_is_done()
{
	local id

	all_in_use
	fc grant new "${one[@]}" mode bare priority 77 wait 60s >"$KTAP_TMP/waiting" 2>&1 &
	busywait 20000 ask grant priority=77 state=queued ||
		fail "it does not wait: $(cat "$KTAP_TMP/waiting")"
	id=$(ask grant priority=77 -- id)
	ip link set "$(net_of "$PCI/$igb/virtfn1")" down
	busywait 30000 grant_is "$id" active || fail "it got nothing: $(fc grant show "$id")"
	expect_eq "$(function_of "$id")" "$(vf 1)" "what it got"
}

# Open by a program, vfio-pci goes on having it: then the broker gives up, and the driver
# of the host has it again when it let go
driver_that_does_not_let_go_is_named()
{
	local first

	first=$PCI/$igb/virtfn0
	modprobe -a igbvf vfio-pci || skip "there is no igbvf"
	echo 0 >"$PCI/$igb/sriov_drivers_autoprobe"
	defer eval "echo 1 >$PCI/$igb/sriov_drivers_autoprobe"
	echo 1 >"$PCI/$igb/sriov_numvfs"
	echo vfio-pci >"$first/driver_override"
	vf 0 >/sys/bus/pci/drivers_probe
	hold_open "$(vf 0)"
	expect_refusal 1 "Driver vfio-pci does not let go of $(vf 0)" \
		fc grant new "${one[@]}" mode bare force
	sums_are_right || fail "the sums are wrong"
	let_go
	busywait 20000 eval 'host_use_is "$(vf 0)" "driver vfio-pci has it"' ||
		fail "the host did not get it back: $(host_use "$(vf 0)")"
	expect_eq "$(cat "$first/driver_override")" vfio-pci "override"
}

ktap_run_all \
	mounted_file_system_is_named \
	open_disk_is_named \
	other_drivers_use_what_they_have \
	function_whose_interface_is_up_is_passed_over \
	idle_function_is_granted_and_given_back \
	override_of_the_host_is_kept \
	refusal_names_what_the_host_uses \
	force_takes_it_from_the_host \
	functions_that_were_not_made_are_withheld \
	force_is_for_the_administrator \
	request_waits_until_the_host_is_done \
	driver_that_does_not_let_go_is_named
