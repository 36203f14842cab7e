#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An emulated switch that is described wrongly does not go live, and its file "error" says
# what is wrong. What configfs and debugfs do not take changes nothing.

# what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

need_fabricctl
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
sw=selftest$$
dir=$EMU_CONFIG/$sw
debug=$EMU_DEBUG/$sw
long=$(printf 'n%.0s' {1..64})

# Two ports and two devices; a test that failed leaves nothing to the next
ktap_setup()
{
	emu_switch_new $sw
	defer eval 'release_all domain=$sw >/dev/null 2>&1;
		emu_switch_del $sw'
	emu_port_new $sw p0 host0
	emu_port_new $sw p1
	emu_device_new $sw m0 p0 64M 1M
	emu_device_new $sw m1 p1 64M 1M
}

# not_live TEXT: it does not go live, and says so; set right, it does
not_live()
{
	not eval 'echo 1 2>/dev/null >$dir/live' || fail "it is live without \"$1\""
	expect_eq "$(cat "$dir/error")" "$1" "error"
	expect_eq "$(cat "$dir/live")" 0 "live"
	not ask domain name=$sw || fail "there is a domain"
	[ ! -e "$debug" ] || fail "it is in debugfs"
}

# live: now it is right
live()
{
	emu_switch_live $sw || fail "it is not live"
	expect_eq "$(cat "$dir/live") $(cat "$dir/error")" "1 " "live and error"
	ask domain name=$sw >/dev/null || fail "there is no domain"
}

# refused TEXT FILE VALUE: the value stays what it was
refused()
{
	local before after said

	before=$(cat "$2" 2>/dev/null) || :
	if said=$({ echo "$3" >"$2"; } 2>&1); then
		fail "${2##*/} takes \"$3\""
	fi
	expect_match "$said" "$1" "what it says to \"$3\" in ${2##*/}"
	after=$(cat "$2" 2>/dev/null) || :
	expect_eq "$after" "$before" "${2##*/} afterwards"
}

switch_needs_a_host()
{
	rmdir $dir/hosts/host1
	echo >$dir/ports/p0/host
	rmdir $dir/hosts/host0
	not_live "The switch has no host, make one in hosts/"
	mkdir $dir/hosts/host0
	live
}

port_of_a_host_that_is_none()
{
	echo host7 >$dir/ports/p0/host
	not_live "Host host7 of port p0 does not exist"
	echo host0 >$dir/ports/p0/host
	mkdir $dir/ports/host1
	not_live "Port host1 has the name of a host, whose port has it"
	rmdir $dir/ports/host1
	live
}

device_needs_a_port_of_its_own()
{
	echo >$dir/devices/m1/port
	not_live "Device m1 has no port"
	echo p7 >$dir/devices/m1/port
	not_live "Port p7 of device m1 does not exist"
	echo p0 >$dir/devices/m1/port
	not_live "Devices m0 and m1 are at one port"
	echo p1 >$dir/devices/m1/port
	live
}

device_needs_a_size_in_granules()
{
	mkdir $dir/ports/p2 $dir/devices/m2
	echo p2 >$dir/devices/m2/port
	not_live "Device m2 has no size"
	echo 3M >$dir/devices/m2/size
	echo 2M >$dir/devices/m2/granule
	not_live "Size of device m2 is no multiple of its granule 2097152"
	echo 8E >$dir/devices/m2/size
	echo 4K >$dir/devices/m2/granule
	not_live "Device m2 has too many granules, make them larger"
	echo 8G >$dir/devices/m2/size
	live
}

device_is_at_a_node_that_is_online()
{
	local node=0

	while [ -e /sys/devices/system/node/node$node ]; do
		node=$((node + 1))
	done
	echo $node >$dir/devices/m0/numa_node
	not_live "NUMA node $node of device m0 is not online"
	echo -1 >$dir/devices/m0/numa_node
	live
}

values_that_are_none_change_nothing()
{
	local invalid="Invalid argument" range="Numerical result out of range"

	refused "$invalid" $dir/live 7
	refused "$invalid" $dir/devices/m0/size 0
	refused "$invalid" $dir/devices/m0/size 5X
	refused "$invalid" $dir/devices/m0/size "5 M"
	refused "$range" $dir/devices/m0/size 16E
	refused "$range" $dir/devices/m0/size 18446744073709551616
	refused "$invalid" $dir/devices/m0/size 000000000000000000000001
	refused "$invalid" $dir/devices/m0/granule 3M
	refused "$invalid" $dir/devices/m0/granule 1K
	refused "$invalid" $dir/devices/m0/serial many
	refused "$invalid" $dir/devices/m0/numa_node -2
	refused "$invalid" $dir/devices/m0/numa_node first
	refused "$invalid" $dir/devices/m0/port "p 1"
	refused "File name too long" $dir/devices/m0/port "$long"
	refused "$invalid" $dir/ports/p0/host "host 0"
	refused "$invalid" $dir/ports/p0/link 2.5
}

names_are_those_of_lists()
{
	local kind

	for kind in hosts ports devices; do
		expect_refusal 1 "File name too long" mkdir "$dir/$kind/$long"
		expect_refusal 1 "Invalid argument" mkdir "$dir/$kind/two words"
	done
	expect_refusal 1 "File name too long" mkdir "$EMU_CONFIG/$long"
	expect_refusal 1 "Invalid argument" mkdir "$EMU_CONFIG/two words"
}

live_switch_stays_as_it_is()
{
	local file

	live
	for file in devices/m0/port=p1 devices/m0/size=1M devices/m0/granule=4K \
		devices/m0/serial=1 devices/m0/numa_node=0 ports/p0/host=host1; do
		refused "busy" "$dir/${file%=*}" "${file#*=}"
	done
	for file in hosts/h ports/p devices/d; do
		expect_refusal 1 "busy" mkdir "$dir/$file"
	done
	for file in hosts/host0 ports/p0 devices/m0 .; do
		not rmdir "$dir/$file" 2>/dev/null || fail "$file is removed"
	done
	# again is nothing new
	echo 1 >$dir/live
}

switch_with_slices_stays_live()
{
	local id

	live
	id=$(grant_new size 1M domain $sw) || fail "no grant"
	refused "busy" $dir/live 0
	expect_eq "$(cat "$dir/error")" "The switch has slices, release their grants first" error
	fc grant del "$id"
	echo 0 >$dir/live
	expect_eq "$(cat "$dir/live") $(cat "$dir/error")" "0 " "live and error"
	not ask domain name=$sw || fail "there is a domain"
}

faults_read_as_written()
{
	local fault=$debug/fault/slice_prepare id

	live
	emu_fault $sw slice_prepare error 5
	emu_fault $sw slice_prepare times 3
	emu_fault $sw slice_prepare delay_ms 7
	expect_eq "$(cat "$fault/error" "$fault/times" "$fault/delay_ms" | xargs)" "-5 3 7" fault
	refused "Invalid argument" "$fault/error" 5000
	refused "Invalid argument" "$fault/times" -2
	refused "Invalid argument" "$fault/delay_ms" 100000000
	refused "Invalid argument" "$fault/wake" 2
	emu_cci_fault $sw message_length 12
	expect_eq "$(cat "$debug/fault/cci_message/message_length")" 12 "length of messages"
	emu_faults_clear $sw
	expect_eq "$(cat "$debug/fault/cci_message/message_length")" -1 "length of messages"
	id=$(grant_new size 1M domain $sw) || fail "no grant"
	fc grant del "$id"
	[ "$(emu_count $sw slice_prepare)" -ge 1 ] || fail "nothing is counted"
	refused "Invalid argument" "$fault/count" 1
	echo 0 >"$fault/count"
	expect_eq "$(cat "$fault/count")" 0 count
}

plugs_take_one()
{
	local file

	live
	for file in $debug/devices/m0/{surprise_remove,plug}; do
		refused "Invalid argument" "$file" 0
		refused "Invalid argument" "$file" perhaps
	done
	ask device domain=$sw name=m0 >/dev/null || fail "m0 is gone"
}

ktap_run_all \
	switch_needs_a_host \
	port_of_a_host_that_is_none \
	device_needs_a_port_of_its_own \
	device_needs_a_size_in_granules \
	device_is_at_a_node_that_is_online \
	values_that_are_none_change_nothing \
	names_are_those_of_lists \
	live_switch_stays_as_it_is \
	switch_with_slices_stays_live \
	faults_read_as_written \
	plugs_take_one
