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
	udevadm settle --timeout=20
	cxl_region_up "$first,$second"
	fc grant del "$(grant_new size 4M mode devdax device "$CXL_DEVICE")"
}

ktap_run_all \
	region_is_as_large_as_both \
	region_names_its_members_in_order \
	slice_of_both_is_written_and_read_back \
	next_holder_finds_zeros \
	loss_of_one_member_ends_the_grants_of_both
