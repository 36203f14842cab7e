#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the broker says of a devdax slice, others say too: daxctl, the resource
# tree, sysfs, and a program that knows nothing of the broker.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"

plain=$(realpath "${0%/*}/plain_user")
cxl_region_up "$(cxl_memdev 1)"
free_at_first=$(sum free "$CXL_DOMAIN")

new()
{
	grant_new mode devdax device "$CXL_DEVICE" "$@"
}

region_is_a_device_of_exactly_its_size()
{
	expect_eq "$(field device "$CXL_DEVICE" name)" "$CXL_REGION" name
	expect_eq "$(field device "$CXL_DEVICE" capacity)" \
		$(($(cat "/sys/bus/cxl/devices/$CXL_REGION/size"))) capacity
	expect_eq "$CXL_BASE" $(($(cat "/sys/bus/cxl/devices/$CXL_REGION/resource"))) address
	expect_eq "$CXL_SIZE" "$(field device "$CXL_DEVICE" capacity)" "total of the resource"
}

# The fence keeps everybody else off while nothing is granted
region_is_fenced()
{
	[ -n "$(iomem "$CXL_BASE" "$CXL_SIZE" | grep -v "^$CXL_REGION\$" || true)" ] ||
		fail "nobody has the range: $(grep -i -A3 "$CXL_REGION" /proc/iomem)"
}

daxctl_knows_each_slice_with_its_size()
{
	local id node

	for size in 2M 64M 128M; do
		id=$(new size $size)
		defer fc grant del "$id"
		node=$(node_of "$id")
		expect_eq "$(daxctl_size "$node")" "$(ask slice grant-id="$id" -- length)" "size of $node"
		expect_eq "$(daxctl list -d "$node" | jq -r '.[0].mode // .mode')" devdax "mode of $node"
	done
}

resource_tree_has_each_slice_on_exactly_its_range()
{
	local id node address length

	for size in 64M 2M 64M; do
		id=$(new size $size)
		defer fc grant del "$id"
		node=$(node_of "$id")
		read -r address length < <(ask slice grant-id="$id" -- address length)
		expect_match "$(iomem "$address" "$length" | xargs)" "$node" \
			"what /proc/iomem has at $address"
		expect_eq $(($(cat "/sys/bus/dax/devices/$node/resource"))) "$address" "start in sysfs"
		expect_eq $(($(cat "/sys/bus/dax/devices/$node/size"))) "$length" "size in sysfs"
	done
}

address_is_the_base_and_the_start()
{
	local id start address

	id=$(new size 64M)
	defer fc grant del "$id"
	id=$(new size 64M)
	defer fc grant del "$id"
	read -r start address < <(ask slice grant-id="$id" -- start address)
	expect_eq "$address" $((CXL_BASE + start)) address
}

plain_program_writes_and_reads_back()
{
	local id

	id=$(new size 4M)
	defer fc grant del "$id"
	"$plain" "/dev/$(node_of "$id")" $((4 * MiB)) zero
}

next_holder_of_the_range_finds_zeros()
{
	local id first

	id=$(new size 4M)
	first=$(ask slice grant-id="$id" -- start)
	"$plain" "/dev/$(node_of "$id")" $((4 * MiB)) zero
	fc grant del "$id"
	id=$(new size 4M)
	defer fc grant del "$id"
	expect_eq "$(ask slice grant-id="$id" -- start)" "$first" start
	"$plain" "/dev/$(node_of "$id")" $((4 * MiB)) zero
}

released_slice_leaves_no_trace()
{
	local id node address length

	id=$(new size 64M)
	node=$(node_of "$id")
	read -r address length < <(ask slice grant-id="$id" -- address length)
	fc grant del "$id"
	[ ! -e "/dev/$node" ] || busywait 2000 test ! -e "/dev/$node" || fail "/dev/$node is still there"
	[ ! -d "/sys/bus/dax/devices/$node" ] || fail "sysfs still has $node"
	not grep -q "$node" /proc/iomem || fail "/proc/iomem still has $node"
	expect_eq "$(sum free "$CXL_DOMAIN")" "$free_at_first" free
}

nothing_beyond_the_slice_is_mapped()
{
	local id

	id=$(new size 2M)
	defer fc grant del "$id"
	not "$plain" "/dev/$(node_of "$id")" $((4 * MiB)) 2>/dev/null ||
		fail "more than the slice can be mapped and written"
}

give_is_refused_while_granted()
{
	local id

	id=$(new size 2M)
	expect_refusal 1 "release their grants" fc region give "$CXL_REGION"
	expect_refusal 1 "" fc region destroy "$CXL_REGION"
	expect_eq "$(grant_state "$id")" active "the grant"
	fc grant del "$id"
}

region_is_given_back_and_taken_again()
{
	fc region give "$CXL_REGION" >/dev/null
	not ask device name="$CXL_REGION" || fail "it is still a device of the broker"
	[ -d "/sys/bus/cxl/devices/$CXL_REGION" ] || fail "the region itself is gone"
	fc region take "$CXL_REGION" >/dev/null
	CXL_DEVICE=$(ask device name="$CXL_REGION" -- id)
	fc grant del "$(new size 2M)"
}

what_cxl_memory_has_not_is_refused()
{
	local port

	expect_refusal 1 "can be throttled, omit bandwidth-max" \
		fc grant new kind memory size 2M device "$CXL_DEVICE" bandwidth-max 1Gb/s
	port=$(ask port domain-id="$(domain_id "$CXL_DOMAIN")" -- id | head -n 1)
	expect_refusal 1 "The link of this port cannot be set" fc port set "$port" link down
	expect_refusal 1 "The speed of this port cannot be limited" fc port set "$port" speed-limit 2.5GT/s
}

ktap_run_all \
	region_is_a_device_of_exactly_its_size \
	region_is_fenced \
	daxctl_knows_each_slice_with_its_size \
	resource_tree_has_each_slice_on_exactly_its_range \
	address_is_the_base_and_the_start \
	plain_program_writes_and_reads_back \
	next_holder_of_the_range_finds_zeros \
	released_slice_leaves_no_trace \
	nothing_beyond_the_slice_is_mapped \
	give_is_refused_while_granted \
	what_cxl_memory_has_not_is_refused \
	region_is_given_back_and_taken_again
