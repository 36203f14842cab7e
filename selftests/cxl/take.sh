#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Regions that others made, with cxl or by hand: which the broker takes over, and what it
# says of those that it does not. Once it has one, dax_cxl does not get it any more.

# what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"
# shellcheck source=../lib/ynl.sh
. "$SELFTESTS/lib/ynl.sh"

[ "${FABRIC_PREPARED:-}" = 1 ] || ktap_skip_all "this takes memory devices: only where FABRIC_PREPARED is 1"
need_fabricctl
command -v cxl >/dev/null || ktap_skip_all "there is no cxl"
cxl_load >/dev/null 2>&1 || ktap_skip_all "fabric_cxl cannot be loaded"
memdev=$(cxl_memdev 1) || ktap_skip_all "there is no CXL memory device"
CXL=/sys/bus/cxl/devices
auto_online=/sys/devices/system/memory/auto_online_blocks
policy=$(cat $auto_online)

# A test that failed leaves nothing to the next
tidy()
{
	local dax

	for dax in /sys/bus/dax/drivers/kmem/dax*/; do
		[ ! -d "$dax" ] || daxctl disable-device -f "$(basename "$dax")"
	done
	cxl_regions_down
	modprobe -r dax_cxl
	echo "$policy" >$auto_online
} >/dev/null 2>&1

ktap_setup()
{
	defer tidy
}

# With cxl: sets $region and $dax, its device below CXL
made_with_cxl()
{
	region=$(cxl create-region -m -d decoder0.0 -t ram -w 1 "$memdev" 2>/dev/null |
		jq -r .region)
	[ -n "$region" ] || fail "cxl makes no region"
	dax=$CXL/dax_${region}
}

# by_hand TYPE: not committed, without a memory device. Sets $region, a path.
by_hand()
{
	local name file

	file=$(printf '%s\n' $CXL/root*/decoder*/create_"$1"_region | head -n 1)
	[ -e "$file" ] || skip "no window is for $1"
	read -r name <"$file"
	echo "$name" >"$file"
	region=$CXL/$name
	defer eval "echo $name >${file%/*}/delete_region"
}

# The instance that dax_cxl made: sets $instance
instance_of_dax_cxl()
{
	modprobe dax_cxl || skip "there is no dax_cxl"
	busywait 20000 eval '[ -e $dax/driver ]' || fail "dax_cxl does not take $dax"
	instance=$(cd "$dax" && echo dax*.0)
	busywait 20000 eval '[ -e "/sys/bus/dax/devices/$instance/driver" ]' ||
		fail "nothing takes $instance"
}

region_made_with_cxl_is_taken()
{
	made_with_cxl
	fc region take "$region" >/dev/null || fail "not taken"
	cxl_region_find || fail "the broker has no region"
	expect_eq "$CXL_REGION $CXL_SIZE" "$region $(($(cat "$CXL/$region/size")))" "region and size"
	fc grant del "$(grant_new size 4M mode devdax device "$CXL_DEVICE")"
}

region_is_taken_once()
{
	made_with_cxl
	fc region take "$region" >/dev/null || fail "not taken"
	expect_refusal 1 "The region is taken over already" fc region take "$region"
}

# kernel_refuses TEXT NAME: fabricctl looks before it asks, and does what it can; others
# may not
kernel_refuses()
{
	find_ynl && find_spec && has_python yaml jsonschema || skip "there is no YNL client"
	ynl --do region-take --json "{\"domain-id\": $(domain_id "$CXL_DOMAIN"), \"name\": \"$2\"}" \
		>"$KTAP_TMP/said" 2>&1 && fail "$2 is taken"
	grep -qF "$1" "$KTAP_TMP/said" || fail "$2: $(cat "$KTAP_TMP/said")"
}

only_regions_are_taken()
{
	expect_refusal 1 'There is no region "region77"' fc region take region77
	kernel_refuses "There is no CXL region of this name" region77
	kernel_refuses "There is no CXL region of this name" "$memdev"
}

disabled_region_is_not_taken()
{
	made_with_cxl
	cxl disable-region "$region" >/dev/null 2>&1
	expect_refusal 1 "The region is disabled, enable it first" fc region take "$region"
	cxl enable-region "$region" >/dev/null 2>&1
	fc region take "$region" >/dev/null || fail "enabled, it is not taken"
}

region_without_range_is_not_taken()
{
	by_hand ram
	expect_refusal 1 "The region has no address range, commit it first" \
		fc region take "${region##*/}"
}

region_without_memory_device_is_not_taken()
{
	by_hand ram
	echo 256 >"$region/interleave_granularity"
	echo 1 >"$region/interleave_ways"
	echo $((256 * MiB)) >"$region/size"
	expect_refusal 1 "The region lacks a memory device" fc region take "${region##*/}"
}

persistent_region_is_not_taken()
{
	by_hand pmem
	expect_refusal 1 "The region is not of volatile memory" fc region take "${region##*/}"
}

# Nothing of kmem, which has the memory online, is in anybody's way
region_in_use_is_refused_by_name()
{
	local region dax instance

	echo online_movable >$auto_online
	made_with_cxl
	instance_of_dax_cxl
	kernel_refuses "Range is used by $instance, disable it with daxctl" "$region"
	grep -q "System RAM (kmem)" /proc/iomem || fail "kmem has no memory"
	fc region take "$region" >/dev/null || fail "fabricctl does not make kmem let go"
	not grep -q "System RAM (kmem)" /proc/iomem || fail "kmem has its memory"
	[ ! -e "$dax/driver" ] || fail "dax_cxl still has the region"
	cxl_region_find || fail "the broker has no region"
	fc grant del "$(grant_new size 4M mode devdax device "$CXL_DEVICE")"
}

dax_cxl_that_comes_later_loses_it_again()
{
	local region dax

	made_with_cxl
	fc region take "$region" >/dev/null || fail "not taken"
	modprobe dax_cxl || skip "there is no dax_cxl"
	busywait 20000 eval '[ ! -e $dax/driver ]' || fail "dax_cxl has it"
	cxl_region_find || fail "the broker has no region"
	fc grant del "$(grant_new size 4M mode devdax device "$CXL_DEVICE")"
}

region_that_is_given_is_of_others_again()
{
	local region dax instance id

	echo offline >$auto_online
	made_with_cxl
	fc region take "$region" >/dev/null || fail "not taken"
	cxl_region_find
	id=$(grant_new size 4M mode devdax device "$CXL_DEVICE")
	expect_refusal 1 "release their grants first" fc region give "$region"
	fc grant del "$id"
	fc region give "$region" >/dev/null || fail "not given back"
	expect_refusal 1 "The broker has no region" fc region give "$region"
	instance_of_dax_cxl
	fc region take "$region" >/dev/null || fail "not taken again"
}

# Nothing is granted of it: it is the kernel's again
module_goes_while_it_has_a_region()
{
	made_with_cxl
	fc region take "$region" >/dev/null || fail "not taken"
	rmmod fabric_cxl || fail "fabric_cxl stays"
	expect_eq "$(cat "$CXL/$region/commit")" 1 "the region, committed,"
	not grep -q "(fabric)" /proc/iomem || fail "its range is fenced off"
	cxl_load || fail "fabric_cxl is not loaded again"
	fc region take "$region" >/dev/null || fail "not taken again"
}

ktap_run_all \
	region_made_with_cxl_is_taken \
	region_is_taken_once \
	only_regions_are_taken \
	disabled_region_is_not_taken \
	region_without_range_is_not_taken \
	region_without_memory_device_is_not_taken \
	persistent_region_is_not_taken \
	region_in_use_is_refused_by_name \
	dax_cxl_that_comes_later_loses_it_again \
	region_that_is_given_is_of_others_again \
	module_goes_while_it_has_a_region
