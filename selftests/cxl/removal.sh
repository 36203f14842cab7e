#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The region is destroyed, the memory device unbound, the device unplugged, each
# with grants alive: holders are told, mappings end, and the state is true
# afterwards.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"
# shellcheck source=../lib/qmp.sh
. "${0%/*}/../lib/qmp.sh"

plain=$(realpath "${0%/*}/plain_user")
again=$(realpath "${0%/*}/take_again")
PCI=/sys/bus/pci/devices
# the device below a root port, which can be unplugged (see topology/cxl-switch)
pluggable=4
[ "${FABRIC_PREPARED:-}" = 1 ] || ktap_skip_all "this takes memory devices: only where FABRIC_PREPARED is 1"
need_fabricctl
cxl_load >/dev/null 2>&1 || ktap_skip_all "fabric_cxl cannot be loaded"
cxl_memdev_there $pluggable || ktap_skip_all "there is no memory device with the serial number $pluggable"

new()
{
	grant_new device "$CXL_DEVICE" "$@"
}

# Start a program that uses the slice and goes on when it is told. Sets $user.
use()
{
	local line

	coproc user { exec "$plain" "/dev/$(node_of "$1")" "$2" hold; }
	# shellcheck disable=SC2154 # set by coproc
	read -r -t 60 line <&"${user[0]}" || fail "the user of the slice is not ready"
	expect_eq "$line" ready "what it says"
}

# The program touches its mapping again
touch_again()
{
	local status=0

	echo >&"${user[1]}"
	wait "$user_PID" || status=$?
	expect_eq $status "$1" "status of the user"
}

expect_ended()
{
	local id

	for id; do
		busywait 20000 grant_gone "$id" || fail "grant $id is $(grant_state "$id"): $(ask grant id="$id" -- reason)"
	done
	busywait 5000 not ask device name="$CXL_REGION" || fail "the region is still a device of the broker"
	sums_are_right || fail "the sums are wrong"
	not grep -q dax /proc/iomem || fail "/proc/iomem still has: $(grep dax /proc/iomem)"
	expect_eq "$(compgen -G '/dev/dax*' | xargs)" "" "DAX nodes"
}

# The next region on the same device works, and holds nothing of before
expect_fresh_region()
{
	local id

	cxl_region_up "$1"
	id=$(new size 4M mode devdax)
	"$plain" "/dev/$(node_of "$id")" $((4 * MiB)) zero || fail "the new region is not clean"
	fc grant del "$id"
	cxl_regions_down
}

unbind_device()
{
	echo "$2" >"/sys/bus/$1/drivers/$3/unbind"
}

destroy_is_refused_while_granted()
{
	local id

	cxl_region_up "$(cxl_memdev 1)"
	id=$(new size 2M mode devdax)
	expect_refusal 1 "" fc region destroy "$CXL_REGION"
	expect_eq "$(grant_state "$id")" active "the grant"
	fc grant del "$id"
	fc region destroy "$CXL_REGION"
	not test -d "/sys/bus/cxl/devices/$CXL_REGION" || fail "the region is still there"
}

destroyed_region_ends_its_grants()
{
	local first second

	cxl_region_up "$(cxl_memdev 1)"
	first=$(new size 4M mode devdax)
	second=$(new size 2M mode devdax)
	use "$first" $((4 * MiB))
	fc region destroy "$CXL_REGION" force
	expect_ended "$first" "$second"
	touch_again 11
	not test -d "/sys/bus/cxl/devices/$CXL_REGION" || fail "the region is still there"
	expect_fresh_region "$(cxl_memdev 1)"
}

# Without a word to the broker, as any other tool does it
region_deleted_behind_our_back_ends_its_grants()
{
	local id

	cxl_region_up "$(cxl_memdev 1)"
	id=$(new size 4M mode devdax)
	use "$id" $((4 * MiB))
	unbind_device cxl "$CXL_REGION" cxl_region
	expect_ended "$id"
	touch_again 11
	cxl destroy-region -f "$CXL_REGION" >/dev/null 2>&1 || true
	expect_fresh_region "$(cxl_memdev 1)"
}

unbound_memory_device_ends_its_grants()
{
	local id memdev

	memdev=$(cxl_memdev 2)
	cxl_region_up "$memdev"
	id=$(new size 4M mode devdax)
	use "$id" $((4 * MiB))
	unbind_device cxl "$memdev" cxl_mem
	expect_ended "$id"
	touch_again 11
	cxl destroy-region -f "$CXL_REGION" >/dev/null 2>&1 || true
	echo "$memdev" >/sys/bus/cxl/drivers/cxl_mem/bind
	udevadm settle
	expect_fresh_region "$memdev"
}

unbound_pci_device_ends_its_grants()
{
	local id memdev pci

	memdev=$(cxl_memdev 3)
	pci=$(basename "$(realpath "/sys/bus/cxl/devices/$memdev/..")")
	cxl_region_up "$memdev"
	id=$(new size 4M mode devdax)
	use "$id" $((4 * MiB))
	unbind_device pci "$pci" cxl_pci
	expect_ended "$id"
	touch_again 11
	cxl destroy-region -f "$CXL_REGION" >/dev/null 2>&1 || true
	echo "$pci" >/sys/bus/pci/drivers/cxl_pci/bind
	busywait 20000 cxl_memdev_there 3 || fail "the memory device does not come back"
	udevadm settle
	expect_fresh_region "$(cxl_memdev 3)"
}

# Grants bound to a file: the holder is told
holder_of_a_file_is_told()
{
	local id status=0

	cxl_region_up "$(cxl_memdev 1)"
	mkfifo "$KTAP_TMP/in"
	# shellcheck disable=SC2016 # for the inner shell
	"$FABRIC_CTL" run kind memory size 4M mode devdax device "$CXL_DEVICE" -- sh -c '
		exec "$0" "$FABRIC_NODE" 4194304 hold' "$plain" <"$KTAP_TMP/in" >"$KTAP_TMP/said" &
	exec 5>"$KTAP_TMP/in"
	busywait 60000 grep -q ready "$KTAP_TMP/said" || fail "the holder is not ready"
	id=$(ask slice device-id="$CXL_DEVICE" -- grant-id)
	fc region destroy "$CXL_REGION" force
	expect_ended "$id"
	echo >&5
	wait $! || status=$?
	expect_eq $status 11 "status of the holder"
}

system_ram_goes_with_its_region()
{
	local id block

	block=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
	cxl_region_up "$(cxl_memdev 1)"
	id=$(new size "$block" mode system-ram)
	fc region destroy "$CXL_REGION" force
	expect_ended "$id"
	not grep -q "System RAM (fabric" /proc/iomem || fail "the memory is still there"
}

plug_again()
{
	backing=$((${backing:-0} + 1))
	"$qmp" object-add qom-type=memory-backend-file id="cm3-$$-$backing" size=512M \
		mem-path=/tmp/cxl-mem3 share=true >/dev/null &&
		"$qmp" device_add driver=cxl-type3 bus=rp1 volatile-memdev="cm3-$$-$backing" \
			id=mem3 sn=$pluggable >/dev/null || return
	busywait 30000 cxl_memdev_there $pluggable || return
	udevadm settle
}

unplugged_device_ends_its_grants()
{
	local first second

	[ -n "$qmp" ] || skip "$no_qmp"
	cxl_region_up "$(cxl_memdev $pluggable)"
	first=$(new size 4M mode devdax)
	second=$(new size 2M mode devdax)
	use "$first" $((4 * MiB))
	"$qmp" --timeout 60 device_del id=mem3 --wait-event DEVICE_DELETED >/dev/null ||
		fail "the device was not deleted"
	expect_ended "$first" "$second"
	touch_again 11
	not cxl_memdev_there $pluggable || fail "the memory device is still there"
	cxl destroy-region -f "$CXL_REGION" >/dev/null 2>&1 || true
	plug_again || fail "the device does not come back"
	# it kept its content while it was out: scrubbing is not optional
	expect_fresh_region "$(cxl_memdev $pluggable)"
}

module_goes_and_comes_back()
{
	cxl_region_up "$(cxl_memdev 1)"
	new size 2M mode devdax >"$KTAP_TMP/id"
	expect_refusal 1 "in use" rmmod fabric_cxl
	fc grant del "$(cat "$KTAP_TMP/id")"
	fc region destroy "$CXL_REGION"
	rmmod fabric_cxl
	cxl_load
	expect_fresh_region "$(cxl_memdev 1)"
}

# A port below another with nothing below it: its address
empty_port()
{
	local name above

	for name in $(ask port domain-id="$(domain_id "$CXL_DOMAIN")" -- name); do
		above=$(basename "$(dirname "$(realpath "$PCI/$name")")")
		compgen -G "$PCI/$name/????:??:??.?" >/dev/null ||
			! ask port name="$above" -- id >/dev/null || { echo "$name"; return; }
	done
	return 1
}

# It is found again on the same bus
port_goes_while_a_region_is_taken()
{
	local port above count=0 taker

	port=$(empty_port) || skip "there is no empty port"
	above=$(dirname "$(realpath "$PCI/$port")")
	cxl_region_up "$(cxl_memdev 1)"
	fc region give "$CXL_REGION" >/dev/null
	coproc taking { exec "$again" "$(domain_id "$CXL_DOMAIN")" "$CXL_REGION"; }
	# shellcheck disable=SC2154 # set by coproc
	taker=$taking_PID
	while [ $count -lt 20 ]; do
		echo 1 >"$PCI/$port/remove" &
		busywait 60000 not ask port name="$port" || fail "the broker still has $port"
		wait $!
		kill -0 "$taker" 2>/dev/null || fail "no region is taken any more"
		echo 1 >"$above/rescan"
		busywait 20000 ask port name="$port" || fail "the broker has no $port"
		count=$((count + 1))
	done
	echo >&"${taking[1]}"
	wait "$taker" || fail "the region was not taken or not given"
	cxl destroy-region -f "$CXL_REGION" >/dev/null 2>&1
}

ktap_run_all \
	destroy_is_refused_while_granted \
	destroyed_region_ends_its_grants \
	region_deleted_behind_our_back_ends_its_grants \
	unbound_memory_device_ends_its_grants \
	unbound_pci_device_ends_its_grants \
	holder_of_a_file_is_told \
	system_ram_goes_with_its_region \
	port_goes_while_a_region_is_taken \
	unplugged_device_ends_its_grants \
	module_goes_and_comes_back
