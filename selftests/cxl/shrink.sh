#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tail of a slice of real CXL memory goes back, clean, and the rest stays as
# it is; or nothing changes and the reason is told.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"

plain=$(realpath "${0%/*}/plain_user")
pin=$(realpath "${0%/*}/splice_pin")
timeout_ms=/sys/module/fabric_cxl/parameters/offline_timeout_ms
cxl_region_up "$(cxl_memdev 1)"
node=$(ask resource id="$CXL_RESOURCE" -- numa-node)
block=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
free_at_first=$(sum free "$CXL_DOMAIN")

new()
{
	grant_new device "$CXL_DEVICE" "$@"
}

shrink()
{
	fc grant set "$1" size "$2" >/dev/null
}

# A test that failed leaves nothing to the next
tidy()
{
	rm -f /dev/shm/selftest$$
	release_all device-id="$CXL_DEVICE"
	busywait 20000 free_is "$CXL_DOMAIN" "$free_at_first"
} >/dev/null 2>&1

ktap_setup()
{
	defer tidy
}

# The node has no such file while it has no memory
total()
{
	local kib

	kib=$(awk '/MemTotal/ { print $4 }' "/sys/devices/system/node/node$node/meminfo" 2>/dev/null)
	echo $((${kib:-0} * 1024))
}

# fill MiB: that much of the memory of the node with something, in a file
fill()
{
	tr '\0' '\245' </dev/zero |
		numactl --membind="$node" dd of=/dev/shm/selftest$$ bs=1M count="$1" iflag=fullblock 2>/dev/null
}

# What /proc/iomem has on the range of a slice, without what it is in
holds()
{
	iomem "$1" "$2" | tail -n 1
}

ram_shrinks_by_exactly_the_difference()
{
	local id before address

	before=$(total)
	id=$(new size $((3 * block)) mode system-ram)
	address=$(ask slice grant-id="$id" -- address)
	shrink "$id" "$block"
	expect_eq "$(total)" $((before + block)) "MemTotal of node $node"
	expect_eq "$(ask grant id="$id" -- size state)" "$block active" "the grant"
	expect_eq "$(ask slice grant-id="$id" -- address length)" "$address $block" "its slice"
	expect_eq "$(sum free "$CXL_DOMAIN")" $((free_at_first - block)) free
	expect_eq "$(holds "$address" "$block")" "System RAM (fabric)" "the rest in /proc/iomem"
	not grep -q "System RAM (fabric)" <(holds $((address + block)) $((2 * block))) ||
		fail "the tail is still memory"
	sums_are_right || fail "the sums are wrong"
	fc grant del "$id"
	expect_eq "$(total)" "$before" "MemTotal afterwards"
	expect_eq "$(sum free "$CXL_DOMAIN")" "$free_at_first" "free afterwards"
}

ram_shrinks_again()
{
	local id before

	before=$(total)
	id=$(new size $((3 * block)) mode system-ram)
	shrink "$id" $((2 * block))
	shrink "$id" "$block"
	expect_eq "$(total)" $((before + block)) "MemTotal of node $node"
	fc grant del "$id"
	expect_eq "$(total)" "$before" "MemTotal afterwards"
}

tail_of_ram_is_granted_again_without_what_was_in_it()
{
	local id start dax

	id=$(new size $((2 * block)) mode system-ram)
	start=$(ask slice grant-id="$id" -- start)
	# nearly all of both blocks
	fill $((2 * block / MiB - 24))
	rm /dev/shm/selftest$$
	shrink "$id" "$block"
	dax=$(new size "$block" mode devdax)
	expect_eq "$(ask slice grant-id="$dax" -- start)" $((start + block)) "start of the next slice"
	"$plain" "/dev/$(node_of "$dax")" "$block" zero
}

tail_of_ram_becomes_ram_again()
{
	local first second before

	before=$(total)
	first=$(new size $((2 * block)) mode system-ram)
	shrink "$first" "$block"
	second=$(new size "$block" mode system-ram)
	expect_eq "$(total)" $((before + 2 * block)) "MemTotal with two"
	expect_eq "$(ask slice grant-id="$second" -- start)" \
		$(($(ask slice grant-id="$first" -- start) + block)) "start of the second"
	fc grant del "$first"
	expect_eq "$(total)" $((before + block)) "MemTotal with one"
}

what_is_in_the_tail_moves_away()
{
	local id sum

	id=$(new size $((2 * block)) mode system-ram)
	fill $((3 * block / 2 / MiB))
	sum=$(sha256sum </dev/shm/selftest$$)
	shrink "$id" "$block"
	expect_eq "$(sha256sum </dev/shm/selftest$$)" "$sum" "the file"
}

ram_shrinks_by_whole_blocks_only()
{
	local id

	id=$(new size $((2 * block)) mode system-ram)
	expect_refusal 1 "" fc grant set "$id" size $((block + 2 * MiB))
	expect_eq "$(ask grant id="$id" -- size state)" "$((2 * block)) active" "the grant"
}

# In the last block is a page that can't be moved, the one before has gone
# offline by then
ram_in_use_stays_whole()
{
	local id before address line file number

	id=$(new size $((3 * block)) mode system-ram)
	before=$(total)
	address=$(ask slice grant-id="$id" -- address)
	coproc user { exec "$pin" "$node" $((address + 2 * block)) "$block"; }
	# shellcheck disable=SC2154 # set by coproc
	read -r -t 60 line <&"${user[0]}" || fail "no page in the last block"
	expect_eq "$line" ready "what splice_pin says"
	echo 2000 >$timeout_ms
	defer eval "echo 10000 >$timeout_ms"
	expect_refusal 1 "in use" fc grant set "$id" size "$block"
	expect_eq "$(total)" "$before" "MemTotal of node $node"
	expect_eq "$(ask grant id="$id" -- size state)" "$((3 * block)) active" "the grant"
	for number in 0 1 2; do
		file=/sys/devices/system/memory/memory$((address / block + number))
		expect_eq "$(cat "$file/state")" online "state of block $number"
		expect_eq "$(cat "$file/valid_zones")" Movable "zone of block $number"
	done
	echo >&"${user[1]}"
	wait "$user_PID"
	echo 10000 >$timeout_ms
	shrink "$id" "$block"
	expect_eq "$(total)" $((before - 2 * block)) "MemTotal afterwards"
}

enabled_devdax_does_not_shrink_and_is_not_disturbed()
{
	local id dev line status=0

	id=$(new size 4M mode devdax)
	dev=$(node_of "$id")
	coproc user { exec "$plain" "/dev/$dev" $((4 * MiB)) hold; }
	read -r -t 60 line <&"${user[0]}" || fail "the user of the slice is not ready"
	expect_eq "$line" ready "what it says"
	expect_refusal 1 "disabled" fc grant set "$id" size 2M
	expect_eq "$(ask grant id="$id" -- size state)" "$((4 * MiB)) active" "the grant"
	expect_eq "$(daxctl_size "$dev")" $((4 * MiB)) "size of $dev"
	echo >&"${user[1]}"
	wait "$user_PID" || status=$?
	expect_eq $status 0 "status of who has it mapped"
	fc grant del "$id"
}

disabled_devdax_shrinks_and_keeps_the_rest()
{
	local id next dev address start

	id=$(new size 6M mode devdax)
	dev=$(node_of "$id")
	read -r address start < <(ask slice grant-id="$id" -- address start)
	"$plain" "/dev/$dev" $((6 * MiB))
	"$plain" "/dev/$dev" $((2 * MiB))
	daxctl disable-device "$dev" >/dev/null 2>&1
	shrink "$id" 2M
	expect_eq "$(ask grant id="$id" -- size state)" "$((2 * MiB)) active" "the grant"
	expect_eq "$(node_of "$id")" "$dev" "name of the node"
	expect_eq "$(daxctl_size "$dev")" $((2 * MiB)) "size of $dev"
	expect_match "$(iomem "$address" $((2 * MiB)) | xargs)" "$dev" "the rest in /proc/iomem"
	"$plain" "/dev/$dev" $((2 * MiB)) check || fail "what was in the rest is lost, status $?"

	next=$(new size 4M mode devdax)
	expect_eq "$(ask slice grant-id="$next" -- start)" $((start + 2 * MiB)) "start of the next"
	"$plain" "/dev/$(node_of "$next")" $((4 * MiB)) zero || fail "the tail was not cleared"
	"$plain" "/dev/$dev" $((2 * MiB)) check || fail "the rest was changed, status $?"
	# after all else, since it writes as far as it gets
	not "$plain" "/dev/$dev" $((4 * MiB)) 2>/dev/null || fail "the tail can still be used"
	fc grant del "$next"
	fc grant del "$id"
	expect_eq "$(sum free "$CXL_DOMAIN")" "$free_at_first" "free afterwards"
}

shrunk_devdax_can_be_disabled_and_enabled()
{
	local id dev

	id=$(new size 4M mode devdax)
	dev=$(node_of "$id")
	daxctl disable-device "$dev" >/dev/null 2>&1
	shrink "$id" 2M
	daxctl disable-device "$dev" >/dev/null 2>&1
	daxctl enable-device "$dev" >/dev/null 2>&1
	"$plain" "/dev/$dev" $((2 * MiB))
	fc grant del "$id"
}

ktap_run_all \
	ram_shrinks_by_exactly_the_difference \
	ram_shrinks_again \
	tail_of_ram_is_granted_again_without_what_was_in_it \
	tail_of_ram_becomes_ram_again \
	what_is_in_the_tail_moves_away \
	ram_shrinks_by_whole_blocks_only \
	ram_in_use_stays_whole \
	enabled_devdax_does_not_shrink_and_is_not_disturbed \
	disabled_devdax_shrinks_and_keeps_the_rest \
	shrunk_devdax_can_be_disabled_and_enabled
