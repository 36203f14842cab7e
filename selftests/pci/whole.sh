#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Whole physical functions as slices: asked for by name, taken from their driver, given
# back to it; never together with their virtual ones.

# what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/vf.sh
. "${0%/*}/../lib/vf.sh"

vf_up
whole=("${one[@]}" capability net/pf)

# whole_new ARGS...: prints the id of a grant of igb itself
whole_new()
{
	function_new capability net/pf "$@"
}

disk_of()
{
	basename "$(echo "$PCI/$1"/nvme/nvme*/nvme*n*)"
}

functions_offer_themselves()
{
	expect_eq "$(fcj resource show device "$device" |
		jq -c '.resources[] | select(.capability == "net/pf") | [.kind, .total, .modes]')" \
		'["function",1,["vfio","driver","bare"]]' "resource of igb"
	expect_eq "$(fcj resource show device "$(ask device name="$(nvme_alone)" -- id)" |
		jq -c '[.resources[].capability]')" '["nvme/pf"]' "resources of NVMe"
}

capabilities_of()
{
	fcj resource show device "$(ask device name="$1" -- id)" |
		jq -r '[.resources[].capability] | sort | join(" ")'
}

# The first rule that matches, and of virtual functions too. It changes all ids
administrator_says_what_functions_can_do()
{
	local id

	rmmod fabric_pci
	defer eval 'rmmod fabric_pci; pci_load'
	module_load fabric_pci \
		"capabilities=8086:10c9=net/fast,class:0108=disk,8086:*=never,class:010802=never"
	expect_eq "$(capabilities_of "$igb")" "net/fast net/fast/pf" "what igb offers"
	expect_eq "$(capabilities_of "$(nvme_alone)")" disk/pf "what NVMe offers"
	expect_match "$(cat /sys/module/fabric_pci/parameters/capabilities)" \
		"^8086:10c9=net/fast,class:0108=disk," "the table that is shown"
	id=$(fcj grant new kind function size 1 capability net/fast mode bare |
		jq -r '.grants[0].id') || fail "no grant"
	driver_is "$igb" igb || fail "igb lost its function"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
}

bad_table_is_refused()
{
	local before bad file=/sys/module/fabric_pci/parameters/capabilities

	before=$(cat $file)
	for bad in 8086 8086:10c9 8086:10c9= 8086=net :=net 80861:1=net class:=net class:02000=net \
		   class:xx=net 8086:10c9=net,x "8086:10c9=$(printf %061d 0)"; do
		not eval "echo '$bad' >$file" 2>/dev/null || fail "it takes $bad"
		expect_eq "$(cat $file)" "$before" "the table after $bad"
	done
	echo 8086:10c9=net/fast >$file
	expect_eq "$(cat $file)" 8086:10c9=net/fast "a table that is good"
	echo >$file
}

# Nobody gets a whole function who asked for any
whole_function_is_granted_by_name_only()
{
	local id

	id=$(function_new mode bare) || fail "no grant"
	expect_eq "$(ask resource device-id="$device" capability=net -- granted)" 1 "granted"
	driver_is "$igb" igb || fail "igb lost its function"
	expect_refusal 1 "No resource has this kind" fc grant new kind function size 1 \
		device "$(ask device name="$(nvme_alone)" -- id)"
}

# They are set by the physical function, for its virtual ones
whole_function_has_no_properties()
{
	expect_refusal 1 "Whole functions have no mac, vlan and bandwidth-max" \
		fc grant new "${whole[@]}" mode bare force mac 52:54:00:aa:bb:01
	driver_is "$igb" igb || fail "igb lost its function"
}

# ports_above FUNCTION: addresses, up to the root
ports_above()
{
	local dir

	dir=$(dirname "$(realpath "$PCI/$1")")
	while [[ ${dir##*/} =~ ^[0-9a-f]{4}:[0-9a-f]{2}: ]]; do
		echo "${dir##*/}"
		dir=$(dirname "$dir")
	done
}

# of PORT: what its link carries, and what of that is guaranteed
bandwidth_of()
{
	ask resource port-id="$(ask port name="$1" -- id)" -- total granted
}

# The disk is below a switch: on its downstream and upstream port and the root port
bandwidth_is_reserved_up_to_the_root()
{
	local disk id least ports port request

	disk=$(nvme_alone)
	ports=$(ports_above "$disk" | xargs)
	expect_eq "$(wc -w <<<"$ports")" 3 "ports above $disk"
	least=$(for port in $ports; do bandwidth_of "$port"; done | sort -n | head -n 1 | cut -d ' ' -f 1)
	request=(kind function size 1 capability nvme/pf device "$(ask device name="$disk" -- id)")
	expect_refusal 4 "" fc grant new "${request[@]}" mode bare bandwidth-min $((least + 1))
	id=$(fcj grant new "${request[@]}" mode bare bandwidth-min "$least" | jq -r '.grants[0].id')
	for port in $ports; do
		expect_match "$(bandwidth_of "$port")" " $least$" "bandwidth of $port"
	done
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	for port in $ports; do
		expect_match "$(bandwidth_of "$port")" " 0$" "bandwidth of $port afterwards"
	done
}

# A quota of functions is not one of disks and cards
tenant_needs_a_quota_by_name()
{
	fc tenant new selftest user $uid quota function=9 >/dev/null
	expect_refusal 4 "The quota of tenant selftest leaves 0" \
		as_user "$FABRIC_CTL" grant new "${whole[@]}" mode vfio
	fc tenant set selftest quota function/net/pf=1 >/dev/null
	as_user "$FABRIC_CTL" grant new "${whole[@]}" mode vfio >/dev/null || fail "no grant"
	driver_is "$igb" vfio-pci || fail "it is not bound to vfio-pci"
}

whole_function_goes_and_comes_back()
{
	local id

	udevadm settle
	id=$(whole_new mode vfio) || fail "no grant"
	driver_is "$igb" vfio-pci || fail "it is not bound to vfio-pci"
	expect_match "$("$vfio_user" "$(node_of "$igb")" "$igb")" "^vendor 8086 device 10c9 " \
		"what a program sees of it"
	expect_eq "$(ask resource device-id="$device" capability=net -- free withheld)" "0 7" \
		"its virtual functions"
	expect_refusal 4 "$igb is granted whole, release that first" \
		fc grant new "${one[@]}" capability net mode bare force
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	driver_is "$igb" igb || fail "igb did not get it back"
	expect_eq "$(cat "$PCI/$igb/driver_override")" "(null)" "override"
	expect_eq "$(ask resource device-id="$device" capability=net -- free withheld)" "7 -" \
		"its virtual functions afterwards"
	sums_are_right || fail "the sums are wrong"
}

# Those that nobody has go
function_with_granted_virtual_ones_is_refused()
{
	local id

	id=$(function_new mode bare) || fail "no grant"
	expect_refusal 4 "Virtual functions of $igb granted: 1, release them first" \
		fc grant new "${whole[@]}" mode bare force
	driver_is "$igb" igb || fail "igb lost its function"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	id=$(whole_new mode bare) || fail "no grant afterwards"
	driver_is "$igb" - || fail "it has a driver"
	expect_eq "$(lspci -Dd 8086:10ca)" "" "virtual functions"
}

function_with_virtual_ones_of_the_host_is_refused()
{
	modprobe igbvf || skip "there is no igbvf"
	echo 1 >"$PCI/$igb/sriov_numvfs"
	busywait 20000 driver_is "$(basename "$(realpath "$PCI/$igb/virtfn0")")" igbvf
	udevadm settle
	expect_refusal 4 "Host has virtual functions of $igb, write 0 to sriov_numvfs" \
		fc grant new "${whole[@]}" mode bare
	expect_eq "$(cat "$PCI/$igb/sriov_numvfs")" 1 "virtual functions"
}

# Read only, so that the host has nothing to write when it is gone
mounted_disk_is_granted_by_force()
{
	local function disk id

	function=$(nvme_alone)
	disk=$(disk_of "$function")
	busybox mke2fs -F "/dev/$disk" >/dev/null 2>&1
	udevadm settle
	mount -r -t ext2 "/dev/$disk" /mnt
	defer eval 'umount /mnt 2>/dev/null || :'
	expect_refusal 4 "Host uses $function: $disk is mounted (ext2), end that or use force" \
		fc grant new kind function size 1 capability nvme/pf mode bare \
			device "$(ask device name="$function" -- id)"
	mountpoint -q /mnt || fail "it is not mounted any more"
	id=$(fcj grant new kind function size 1 capability nvme/pf mode bare force \
		device "$(ask device name="$function" -- id)" | jq -r '.grants[0].id') ||
		fail "no grant by force"
	driver_is "$function" - || fail "it has a driver"
	umount /mnt
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	driver_is "$function" nvme || fail "nvme did not get it back"
	busywait 20000 eval 'test -b "/dev/$(disk_of "$function")"' || fail "its disk is not back"
}

group_is_granted_as_a_whole()
{
	local first second id other request

	first=$(pair | head -n 1)
	second=$(pair | tail -n 1)
	[ "$first" != "$second" ] || fail "there are no two functions in a group"
	request=(kind function size 1 capability function/pf mode vfio
		 device "$(ask device name="$first" -- id)")
	other=$(ask device name="$second" -- id)
	expect_refusal 5 "shares its IOMMU group with" fc grant new "${request[@]}" force
	driver_is "$first" virtio-pci || fail "the host lost the first"
	id=$(fcj grant new "${request[@]}" force group | jq -r '.grants[0].id') || fail "no grant"
	driver_is "$first" vfio-pci || fail "the first is not bound to vfio-pci"
	driver_is "$second" vfio-pci || fail "the second is not bound to vfio-pci"
	expect_eq "$(ask resource device-id="$other" -- free withheld)" "0 1" "the second"
	expect_refusal 4 "$second is taken by the grant of its IOMMU group" \
		fc grant new kind function size 1 capability function/pf device "$other" group force
	sums_are_right || fail "the sums are wrong"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	driver_is "$first" virtio-pci || fail "the host did not get the first back"
	driver_is "$second" virtio-pci || fail "the host did not get the second back"
}

# Without force, and with one that is idle: nothing changes
group_in_use_is_refused_as_a_whole()
{
	local first second

	first=$(pair | head -n 1)
	second=$(pair | tail -n 1)
	echo "$first" >/sys/bus/pci/drivers/virtio-pci/unbind
	defer eval "echo $first >/sys/bus/pci/drivers/virtio-pci/bind"
	expect_refusal 1 "Host uses $second: driver virtio-pci has it" fc grant new kind function \
		size 1 capability function/pf group device "$(ask device name="$first" -- id)"
	driver_is "$first" - || fail "the first has a driver"
	driver_is "$second" virtio-pci || fail "the host lost the second"
	expect_eq "$(cat "$PCI/$first/driver_override")" "(null)" "override"
}

group_is_for_the_administrator()
{
	fc tenant new selftest user $uid quota function=1 >/dev/null
	expect_refusal 5 "To take a whole group needs CAP_SYS_ADMIN" \
		as_user "$FABRIC_CTL" grant new "${one[@]}" mode vfio group
}

# Where it is found again, it is as new
removed_function_ends_its_grant()
{
	local function id port

	function=$(nvme_alone)
	port=$(dirname "$(realpath "$PCI/$function")")
	udevadm settle
	id=$(fcj grant new kind function size 1 capability nvme/pf mode bare \
		device "$(ask device name="$function" -- id)" | jq -r '.grants[0].id')
	echo 1 >"$PCI/$function/remove"
	busywait 20000 grant_gone "$id" || fail "the grant is there: $(fc grant show "$id")"
	echo 1 >"$port/rescan"
	busywait 20000 driver_is "$function" nvme || fail "nvme did not find it again"
	busywait 20000 pci_known "$function" || fail "the broker did not find it again"
}

ktap_run_all \
	functions_offer_themselves \
	bad_table_is_refused \
	whole_function_is_granted_by_name_only \
	whole_function_has_no_properties \
	bandwidth_is_reserved_up_to_the_root \
	tenant_needs_a_quota_by_name \
	whole_function_goes_and_comes_back \
	function_with_granted_virtual_ones_is_refused \
	function_with_virtual_ones_of_the_host_is_refused \
	mounted_disk_is_granted_by_force \
	group_is_granted_as_a_whole \
	group_in_use_is_refused_as_a_whole \
	group_is_for_the_administrator \
	removed_function_ends_its_grant \
	administrator_says_what_functions_can_do
