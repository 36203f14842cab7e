#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A slice in mode system-ram is memory of its NUMA node, exactly so much, and
# after its release exactly not.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"

cxl_region_up "$(cxl_memdev 1)"
node=$(ask resource id="$CXL_RESOURCE" -- numa-node)
block=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
free_at_first=$(sum free "$CXL_DOMAIN")

new()
{
	grant_new mode system-ram device "$CXL_DEVICE" "$@"
}

total()
{
	local kib

	kib=$(awk '/MemTotal/ { print $4 }' "/sys/devices/system/node/node$node/meminfo" 2>/dev/null)
	echo $((${kib:-0} * 1024))
}

# A test that failed leaves nothing to the next
tidy()
{
	rm -f /dev/shm/selftest$$
	release_all device-id="$CXL_DEVICE"
} >/dev/null 2>&1

ktap_setup()
{
	defer tidy
}

total_is()
{
	[ "$(total)" = "$1" ]
}

memory_of_the_node_grows_and_shrinks_by_exactly_the_size()
{
	local id before

	before=$(total)
	for size in $block $((2 * block)); do
		id=$(new size "$size")
		expect_eq "$(total)" $((before + size)) "MemTotal of node $node with $size"
		fc grant del "$id"
		expect_eq "$(total)" "$before" "MemTotal of node $node afterwards"
	done
	expect_eq "$(sum free "$CXL_DOMAIN")" "$free_at_first" free
}

two_slices_add_up()
{
	local before first second

	before=$(total)
	first=$(new size "$block")
	second=$(new size "$block")
	expect_eq "$(total)" $((before + 2 * block)) "MemTotal with two"
	fc grant del "$first"
	expect_eq "$(total)" $((before + block)) "MemTotal with one"
	fc grant del "$second"
	expect_eq "$(total)" "$before" "MemTotal with none"
}

memory_is_movable()
{
	local id address first file zones=

	id=$(new size "$block")
	defer fc grant del "$id"
	address=$(ask slice grant-id="$id" -- address)
	first=$((address / block))
	file=/sys/devices/system/memory/memory$first
	expect_eq "$(cat "$file/state")" online "state of the block"
	zones=$(cat "$file/valid_zones")
	expect_eq "$zones" Movable "zone of the block"
}

memory_is_used()
{
	local id used

	command -v numactl >/dev/null || skip "there is no numactl"
	id=$(new size "$block")
	# in tmpfs pages of that node only
	numactl --membind="$node" dd if=/dev/zero of=/dev/shm/selftest$$ bs=1M count=16 2>/dev/null
	used=$(awk '/MemUsed/ { print $4 }' "/sys/devices/system/node/node$node/meminfo")
	[ "$used" -ge $((16 * 1024)) ] || fail "only $used KiB of node $node are in use"
	# what is in use moves away
	fc grant del "$id"
	[ "$(stat -c %s /dev/shm/selftest$$)" = $((16 * MiB)) ] || fail "the file was lost"
}

resource_tree_has_it_as_system_ram()
{
	local id address length

	id=$(new size "$block")
	defer fc grant del "$id"
	read -r address length < <(ask slice grant-id="$id" -- address length)
	expect_match "$(iomem "$address" "$length" | xargs)" "System RAM" "what /proc/iomem has"
}

size_must_be_whole_blocks()
{
	expect_refusal 1 "Size must be a multiple of $block" \
		fc grant new kind memory size $((block / 2)) mode system-ram device "$CXL_DEVICE"
}

modes_stand_side_by_side()
{
	local ram dax before

	before=$(total)
	ram=$(new size "$block")
	dax=$(grant_new size 2M mode devdax device "$CXL_DEVICE")
	"${0%/*}/plain_user" "/dev/$(node_of "$dax")" $((2 * MiB)) zero
	expect_eq "$(total)" $((before + block)) MemTotal
	fc grant del "$ram"
	fc grant del "$dax"
	expect_eq "$(total)" "$before" "MemTotal afterwards"
}

# What was memory of the kernel is clean for the next holder
next_holder_finds_zeros()
{
	local id start

	id=$(new size "$block")
	start=$(ask slice grant-id="$id" -- start)
	numactl --membind="$node" dd if=/dev/urandom of=/dev/shm/selftest$$ bs=1M count=8 2>/dev/null
	rm -f /dev/shm/selftest$$
	fc grant del "$id"
	id=$(grant_new size 16M mode devdax device "$CXL_DEVICE")
	defer fc grant del "$id"
	expect_eq "$(ask slice grant-id="$id" -- start)" "$start" start
	"${0%/*}/plain_user" "/dev/$(node_of "$id")" $((16 * MiB)) zero
}

kill_of_the_holder_takes_it_back()
{
	local before

	before=$(total)
	"$FABRIC_CTL" run kind memory size "$block" mode system-ram device "$CXL_DEVICE" -- sleep 1000 &
	busywait 10000 total_is $((before + block)) || fail "nothing was added"
	kill -KILL $!
	busywait 10000 total_is "$before" || fail "MemTotal is $(total) instead of $before"
	busywait 5000 free_is "$CXL_DOMAIN" "$free_at_first" || fail "free is $(sum free "$CXL_DOMAIN")"
}

ktap_run_all \
	memory_of_the_node_grows_and_shrinks_by_exactly_the_size \
	two_slices_add_up \
	memory_is_movable \
	memory_is_used \
	resource_tree_has_it_as_system_ram \
	size_must_be_whole_blocks \
	modes_stand_side_by_side \
	next_holder_finds_zeros \
	kill_of_the_holder_takes_it_back
