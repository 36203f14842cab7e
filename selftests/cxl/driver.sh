#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The DAX device of a slice has the driver that user space gives it: none, another than
# device_dax, or device_dax while pages are pinned. What comes of the grant meanwhile.

# what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"

uring=$(realpath "${0%/*}/uring_pin")
block=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
auto_online=/sys/devices/system/memory/auto_online_blocks
helper=/proc/sys/kernel/modprobe
DAX=/sys/bus/dax
cxl_region_up "$(cxl_memdev 1)"
free_at_first=$(sum free "$CXL_DOMAIN")
policy=$(cat $auto_online)
modprobe=$(cat $helper)

# A test that failed leaves nothing to the next
tidy()
{
	local dax

	# set by coproc
	[ -z "${pinner_PID:-}" ] || kill -KILL "$pinner_PID"
	echo "$modprobe" >$helper
	modprobe device_dax
	echo "$policy" >$auto_online
	for dax in "$DAX"/drivers/kmem/dax*/; do
		[ ! -d "$dax" ] || basename "$dax" >$DAX/drivers/kmem/unbind
	done
	release_all device-id="$CXL_DEVICE"
	busywait 20000 free_is "$CXL_DOMAIN" "$free_at_first"
} >/dev/null 2>&1

ktap_setup()
{
	defer tidy
}

new()
{
	grant_new size "$1" mode devdax device "$CXL_DEVICE"
}

nothing_is_granted_without_device_dax()
{
	modprobe -r device_dax || fail "something needs device_dax"
	echo /bin/false >$helper
	expect_refusal 1 "Driver device_dax did not accept the range, is it loaded?" \
		fc grant new kind memory size 4M mode devdax device "$CXL_DEVICE"
	expect_eq "$(sum free "$CXL_DOMAIN")" "$free_at_first" "free"
	echo "$modprobe" >$helper
	# the broker loads it
	fc grant del "$(new 4M)"
	[ -d $DAX/drivers/device_dax ] || fail "device_dax is not loaded"
}

slice_that_kmem_has_is_not_taken_back()
{
	local id node

	echo offline >$auto_online
	id=$(new "$block")
	node=$(node_of "$id")
	daxctl disable-device "$node" >/dev/null 2>&1 || fail "daxctl does not disable $node"
	echo "$node" >$DAX/drivers/kmem/new_id
	[ "$(basename "$(readlink "$DAX/devices/$node/driver")")" = kmem ] ||
		echo "$node" >$DAX/drivers/kmem/bind || fail "kmem does not take $node"
	expect_refusal 3 "The DAX device is bound to kmem, unbind it first" fc grant del "$id"
	grant_is "$id" revoking || fail "the grant is $(grant_state "$id")"
	echo "$node" >$DAX/drivers/kmem/unbind
	echo "$node" >$DAX/drivers/kmem/remove_id
	busywait 20000 grant_gone "$id" || fail "the grant is $(grant_state "$id")"
	expect_eq "$(sum free "$CXL_DOMAIN")" "$free_at_first" "free"
}

# Who disables it waits, and the grant for them
disabling_waits_for_pinned_pages()
{
	local id node pid line

	id=$(new 4M)
	node=$(node_of "$id")
	coproc pinner { exec "$uring" "/dev/$node" $((4 * MiB)) 2>&1; }
	# shellcheck disable=SC2154 # set by coproc
	read -r -t 60 line <&"${pinner[0]}" || fail "the pinning program ended"
	expect_eq "$line" ready "what it says"
	daxctl disable-device "$node" >/dev/null 2>&1 &
	pid=$!
	# the warning comes once it waits
	busywait 20000 eval 'dmesg | grep -q "$node: pages are pinned, waiting"' ||
		fail "it does not wait"
	expect_refusal 3 "Pages are pinned, free when they are released" fc grant del "$id"
	kill -0 $pid 2>/dev/null || fail "it is disabled while pages are pinned"
	kill -KILL "$pinner_PID"
	wait "$pinner_PID" || :
	wait $pid || fail "it is not disabled"
	busywait 20000 grant_gone "$id" || fail "the grant is $(grant_state "$id")"
	expect_eq "$(sum free "$CXL_DOMAIN")" "$free_at_first" "free"
}

ktap_run_all \
	nothing_is_granted_without_device_dax \
	slice_that_kmem_has_is_not_taken_back \
	disabling_waits_for_pinned_pages
