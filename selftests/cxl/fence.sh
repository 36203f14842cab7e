#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What of a region is granted to nobody is fenced off in the kernel's resource tree:
# wherever a slice is cut out of it, it is one again afterwards.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"

cxl_region_up "$(cxl_memdev 1)"
block=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))

# A test that failed leaves nothing to the next
tidy()
{
	release_all device-id="$CXL_DEVICE"
} >/dev/null 2>&1

ktap_setup()
{
	defer tidy
}

devdax()
{
	grant_new size "$1" mode devdax device "$CXL_DEVICE"
}

system_ram()
{
	grant_new size "$1" mode system-ram device "$CXL_DEVICE"
}

start_of()
{
	ask slice grant-id="$1" -- start
}

# fenced FROM TO: this part of the region is, as one
fenced()
{
	iomem $((CXL_BASE + $1)) $(($2 - $1)) | grep -qx "free (fabric)" ||
		fail "$1 to $2 is not fenced off: $(grep -A 9 "$CXL_REGION (fabric)" /proc/iomem)"
}

# All of it is again
whole()
{
	tidy
	fenced 0 "$CXL_SIZE"
}

whole_region_is_fenced_off()
{
	fenced 0 "$CXL_SIZE"
	expect_match "$(iomem "$CXL_BASE" "$CXL_SIZE" | xargs)" \
		"$CXL_REGION $CXL_REGION \(fabric\) free \(fabric\)" "what /proc/iomem has"
}

slice_at_the_start()
{
	local id

	id=$(devdax 4M)
	expect_eq "$(start_of "$id")" 0 start
	fenced $((4 * MiB)) "$CXL_SIZE"
	whole
}

# Blocks of memory are aligned, so that there is free space on both sides
slice_in_the_middle()
{
	local start

	devdax 2M >/dev/null
	start=$(start_of "$(system_ram "$block")")
	[ "$start" -ge "$block" ] || fail "the block starts at $start"
	fenced $((2 * MiB)) "$start"
	fenced $((start + block)) "$CXL_SIZE"
	whole
}

slice_at_the_end()
{
	local start

	devdax 2M >/dev/null
	start=$(start_of "$(system_ram $((CXL_SIZE - block)))")
	expect_eq "$start" "$block" start
	fenced $((2 * MiB)) "$block"
	whole
}

# What does not fit into the hole goes behind it, what fits fills it
slice_in_a_hole()
{
	local first second

	first=$(devdax 2M)
	second=$(devdax 2M)
	expect_eq "$(start_of "$second")" $((2 * MiB)) "start of the second"
	fc grant del "$first"
	fenced 0 $((2 * MiB))
	fenced $((4 * MiB)) "$CXL_SIZE"
	expect_eq "$(start_of "$(devdax 4M)")" $((4 * MiB)) "start of what does not fit"
	expect_eq "$(start_of "$(devdax 2M)")" 0 "start of what fits"
	fenced $((8 * MiB)) "$CXL_SIZE"
	# a neighbour on either side is joined with what comes back
	fc grant del "$second"
	fenced $((2 * MiB)) $((4 * MiB))
	whole
}

ktap_run_all \
	whole_region_is_fenced_off \
	slice_at_the_start \
	slice_in_the_middle \
	slice_at_the_end \
	slice_in_a_hole
