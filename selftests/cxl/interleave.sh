#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A region that is interleaved over two memory devices.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"

plain=$(realpath "${0%/*}/plain_user")
first=$(cxl_memdev 1) && second=$(cxl_memdev 2) ||
	ktap_skip_all "there are no two memory devices"
cxl_region_up "$first,$second"

region_is_as_large_as_both()
{
	local one two

	one=$(ask device domain-id="$(domain_id "$CXL_DOMAIN")" name="$first" -- capacity)
	two=$(ask device domain-id="$(domain_id "$CXL_DOMAIN")" name="$second" -- capacity)
	expect_eq "$CXL_SIZE" $((one + two)) "size of the region"
	expect_eq "$(cat "/sys/bus/cxl/devices/$CXL_REGION/interleave_ways")" 2 ways
}

region_names_its_members_in_order()
{
	local domain

	domain=$(domain_id "$CXL_DOMAIN")
	expect_eq "$(fcj device show "$CXL_DEVICE" | jq -c '.devices[0]["member-id"]')" \
		"[$(id_of device "$CXL_DOMAIN" "$first"),$(id_of device "$CXL_DOMAIN" "$second")]" members
	[ -n "$domain" ]
}

port_of_a_member_leads_to_the_region()
{
	local id

	id=$(grant_new size 4M mode devdax port "$(port_of "$second")")
	defer fc grant del "$id"
	expect_eq "$(ask slice grant-id="$id" -- device-id)" "$CXL_DEVICE" "where the slice is"
}

# port_of MEMDEV: id of the port that it is below
port_of()
{
	ask device domain-id="$(domain_id "$CXL_DOMAIN")" name="$1" -- port-id
}

label_of_all_members_is_one_of_the_region()
{
	local id memdev

	for memdev in "$first" "$second"; do
		expect_refusal 1 "No resource has" fc grant new kind memory size 4M label set=pair
		memdev=$(id_of device "$CXL_DOMAIN" "$memdev")
		fc device set "$memdev" label set=pair
		defer eval "fc device set $memdev unlabel set >/dev/null"
	done
	id=$(grant_new size 4M mode devdax label set=pair)
	defer fc grant del "$id"
	expect_eq "$(ask slice grant-id="$id" -- device-id)" "$CXL_DEVICE" "where the slice is"
}

bandwidth_is_reserved_to_all_members()
{
	local id memdev least

	least=$(for memdev in "$first" "$second"; do
		ask resource port-id="$(port_of "$memdev")" -- free
	done | sort -n | head -n 1)
	expect_refusal 4 "" fc grant new kind memory size 4M device "$CXL_DEVICE" \
		bandwidth-min $((least + 1))
	id=$(grant_new size 4M mode devdax device "$CXL_DEVICE" bandwidth-min "$least")
	for memdev in "$first" "$second"; do
		expect_eq "$(ask resource port-id="$(port_of "$memdev")" -- granted)" "$least" \
			"bandwidth of $memdev"
	done
	fc grant del "$id"
	for memdev in "$first" "$second"; do
		expect_eq "$(ask resource port-id="$(port_of "$memdev")" -- granted)" 0 \
			"bandwidth of $memdev afterwards"
	done
}

slice_of_both_is_written_and_read_back()
{
	local id

	id=$(grant_new size 4M mode devdax device "$CXL_DEVICE")
	defer fc grant del "$id"
	"$plain" "/dev/$(node_of "$id")" $((4 * MiB)) zero
}

next_holder_finds_zeros()
{
	local id

	id=$(grant_new size 4M mode devdax device "$CXL_DEVICE")
	"$plain" "/dev/$(node_of "$id")" $((4 * MiB))
	fc grant del "$id"
	id=$(grant_new size 4M mode devdax device "$CXL_DEVICE")
	defer fc grant del "$id"
	"$plain" "/dev/$(node_of "$id")" $((4 * MiB)) zero
}

loss_of_one_member_ends_the_grants_of_both()
{
	local id

	id=$(grant_new size 4M mode devdax device "$CXL_DEVICE")
	echo "$second" >/sys/bus/cxl/drivers/cxl_mem/unbind
	busywait 20000 grant_gone "$id" || fail "the grant is $(grant_state "$id")"
	not ask device name="$CXL_REGION" || fail "the region is still a device of the broker"
	cxl destroy-region -f "$CXL_REGION" >/dev/null 2>&1 || true
	echo "$second" >/sys/bus/cxl/drivers/cxl_mem/bind
	udevadm settle
	cxl_region_up "$first,$second"
	fc grant del "$(grant_new size 4M mode devdax device "$CXL_DEVICE")"
}

ktap_run_all \
	region_is_as_large_as_both \
	region_names_its_members_in_order \
	port_of_a_member_leads_to_the_region \
	label_of_all_members_is_one_of_the_region \
	bandwidth_is_reserved_to_all_members \
	slice_of_both_is_written_and_read_back \
	next_holder_finds_zeros \
	loss_of_one_member_ends_the_grants_of_both
