#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The driver of switch mailboxes on the switch of QEMU: every command that the broker
# sends and it answers, compared with what PCI and CXL say of the same things; callers
# at the same time; and a driver and a device that leave under them.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"

PCI=/sys/bus/pci
DRIVER=$PCI/drivers/fabric_cci
callers=$(realpath "${0%/*}/callers")

need_fabricctl
device=$(grep -l '^0x0c0b' $PCI/devices/*/class | head -n 1)
device=${device%/class}
sw=${device##*/}
[ -n "$sw" ] || ktap_skip_all "there is no switch mailbox"
upstream=$(realpath "${device%.*}.0")
module_load fabric_cci >/dev/null 2>&1 || ktap_skip_all "fabric_cci cannot be loaded"
defer rmmod fabric_cci

fm()
{
	local query=$1

	shift
	fcj fm "$@" | jq -r "$query"
}

# Downstream ports: directory and physical number, of the Link Capabilities
downstream()
{
	local port number

	for port in "$upstream"/????:??:??.?/; do
		number=$(setpci -s "$(basename "$port")" CAP_EXP+0c.L)
		echo "${port%/} $((0x$number >> 24))"
	done
}

endpoint_below()
{
	local function

	for function in "$1"/????:??:??.?/; do
		[ ! -d "$function" ] || { echo "${function%/}"; return; }
	done
	return 1
}

hex()
{
	echo $(($(cat "$1")))
}

port_field()
{
	fm ".\"fm-ports\"[0].\"$2\"" ports "$sw" port "$1"
}

driver_takes_the_mailbox()
{
	expect_eq "$(basename "$(realpath "$device/driver")")" fabric_cci driver
	expect_eq "$(ask domain name="$sw" -- backend)" cci
}

switch_is_that_of_the_upstream_port()
{
	expect_eq "$(fm '.switches[0] | "\(.component) \(.vendor) \(.device)"' show "$sw")" \
		"switch $(hex "$upstream/vendor") $(hex "$upstream/device")"
	expect_eq "$(fm '.switches[0].ports' show "$sw")" $(($(downstream | wc -l) + 1)) ports
	expect_eq "$(fm '.switches[0].vcss' show "$sw")" 1 "virtual switches"
}

active_ports_are_those_of_pci()
{
	expect_eq "$(fm '.switches[0]."active-port"[]' show "$sw" | sort -n)" \
		"$(downstream | cut -d ' ' -f 2 | sort -n)"
}

# PCI says "16.0 GT/s PCIe", the broker MT/s
speed_of()
{
	awk '/GT/ { printf "%d\n", $1 * 1000 }' "$1"
}

port_states_agree_with_pci()
{
	local port number state

	while read -r port number; do
		state=$(port_field "$number" state)
		expect_eq "$state" downstream "state of port $number"
		expect_eq "$(port_field "$number" width)" "$(cat "$port/current_link_width")" \
			"width of port $number"
		expect_eq "$(port_field "$number" width-max)" "$(cat "$port/max_link_width")" \
			"greatest width of port $number"
		expect_eq "$(port_field "$number" speed)" "$(speed_of "$port/current_link_speed")" \
			"speed of port $number"
		expect_eq "$(port_field "$number" speed-max)" "$(speed_of "$port/max_link_speed")" \
			"greatest speed of port $number"
		if endpoint_below "$port" >/dev/null; then
			expect_match "$(port_field "$number" device-type)" type3
		else
			expect_eq "$(port_field "$number" device-type)" null
		fi
	done < <(downstream)
}

inventory_has_the_ports()
{
	expect_eq "$(ask port domain-id="$(domain_id "$sw")" -- name | sort)" \
		"$(fm '."fm-ports"[] | "port\(.number)"' ports "$sw" | sort)"
	expect_eq "$(ask port domain-id="$(domain_id "$sw")" -- binding | sort -u)" -
}

# CXL 3.1, section 8.1.3: what the kernel read from the device itself
devices_say_who_they_are_through_a_tunnel()
{
	local port number endpoint answer serial

	while read -r port number; do
		endpoint=$(endpoint_below "$port") || continue
		answer=$(fm '.switches[0] | "\(.component) \(.vendor) \(.device) \(.serial)"' \
			show "$sw" port "$number")
		serial=$(cat "$endpoint"/mem*/serial)
		expect_eq "$answer" \
			"type3 $(hex "$endpoint/vendor") $(hex "$endpoint/device") $((serial))" \
			"device below port $number"
	done < <(downstream)
}

tunnel_to_an_empty_port_is_refused()
{
	local port number

	while read -r port number; do
		endpoint_below "$port" >/dev/null && continue
		expect_refusal 1 "Tunnel Management Command: Invalid Input" \
			fc fm show "$sw" port "$number"
		return
	done < <(downstream)
	fail "there is no empty port"
}

commands_are_listed_by_name()
{
	expect_eq "$(fm '[.commands[] | select(.supported) | .name] | sort | join(", ")' commands "$sw")" \
		"$(printf '%s, ' "Background Operation Status" "Get Log" \
			"Get Physical Port State" "Get Supported Logs" "Get Timestamp" Identify \
			"Identify Switch Device" "Physical Port Control" \
			"Request Abort Background Operation" "Set Timestamp")Tunnel Management Command"
	expect_eq "$(fm '[.commands[] | select(.supported | not) | .name] | sort | join(", ")' commands "$sw")" \
		"Bind vPPB, Get Virtual CXL Switch Info, Unbind vPPB"
}

commands_of_a_device_are_listed_through_a_tunnel()
{
	local port number

	while read -r port number; do
		endpoint_below "$port" >/dev/null || continue
		expect_match "$(fm '[.commands[] | select(.supported) | .name] | join(", ")' \
			commands "$sw" port "$number")" "Identify.*Get Supported Logs, Get Log"
		return
	done < <(downstream)
	fail "there is no device"
}

command_that_is_lacking_is_named()
{
	expect_refusal 1 "Get Virtual CXL Switch Info (5200h) is not supported by the switch" \
		fc fm vcs "$sw"
	expect_refusal 1 "Get Virtual CXL Switch Info (5200h) is not supported by the switch" \
		fc fm bind "$sw" vcs 0 vppb 0 port 0
	expect_refusal 1 "cannot be bound" \
		fc port bind "$(ask port domain-id="$(domain_id "$sw")" -- id | head -n 1)" host a
}

empty_port()
{
	local port number

	while read -r port number; do
		endpoint_below "$port" >/dev/null || echo "$number"
	done < <(downstream)
}

empty_port_is_reset()
{
	local number

	number=$(empty_port | head -n 1)
	fc fm control "$sw" port "$number" op reset >/dev/null
	fc fm control "$sw" port "$number" op assert-perst >/dev/null
	expect_refusal 1 "Physical Port Control: Internal Error" \
		fc fm control "$sw" port "$number" op assert-perst
	# at least 100 ms later
	busywait 20000 fc fm control "$sw" port "$number" op deassert-perst >/dev/null ||
		fail "PERST is not taken back"
}

domain_without_a_mailbox_says_so()
{
	module_load fabric_cxl
	defer rmmod fabric_cxl
	expect_refusal 1 "The domain has no mailbox of a switch" fc fm ports cxl
	expect_refusal 1 "The domain has no mailbox of a switch" \
		fc fm control cxl port 0 op reset
	expect_eq "$(fm '.switches | length' show)" 1
}

port_that_does_not_exist_is_refused()
{
	expect_refusal 1 "The switch has no port 200" fc fm ports "$sw" port 200
	expect_refusal 1 "Physical Port Control: Invalid Input" \
		fc fm control "$sw" port 200 op reset
}

callers_at_the_same_time_get_their_own_answers()
{
	"$callers" "$(domain_id "$sw")" 4 40 || fail "an answer was that of somebody else"
}

# Asks until it is told to stop; any error will do, but it must come
ask_without_end()
{
	while [ ! -e "$KTAP_TMP/stop" ]; do
		fc fm ports "$sw" >/dev/null 2>&1
		fc fm show "$sw" port 0 >/dev/null 2>&1
	done
}

with_callers()
{
	local pids=()

	rm -f "$KTAP_TMP/stop"
	for _ in 1 2; do
		ask_without_end &
		pids+=($!)
	done
	defer touch "$KTAP_TMP/stop"
	"$@"
	touch "$KTAP_TMP/stop"
	wait "${pids[@]}" || true
}

is_bound()
{
	[ -e "$DRIVER/$sw" ]
}

rebind()
{
	for _ in 1 2 3 4 5; do
		echo "$sw" >$DRIVER/unbind
		not id_of_domain || fail "the domain stays without the driver"
		echo "$sw" >$DRIVER/bind
		is_bound || fail "the driver does not come back"
	done
}

id_of_domain()
{
	domain_id "$sw"
}

driver_leaves_under_commands()
{
	with_callers rebind
	fc fm ports "$sw" >/dev/null
}

remove_and_rescan()
{
	for _ in 1 2 3; do
		echo 1 >"$device/remove"
		not id_of_domain || fail "the domain stays without the device"
		echo 1 >$PCI/rescan
		busywait 20000 is_bound || fail "the device does not come back"
	done
}

device_leaves_under_commands()
{
	with_callers remove_and_rescan
	fc fm ports "$sw" >/dev/null
}

module_unloads_under_commands()
{
	with_callers rmmod fabric_cci
	not id_of_domain
	module_load fabric_cci
	fc fm ports "$sw" >/dev/null
}

ktap_run_all \
	driver_takes_the_mailbox \
	switch_is_that_of_the_upstream_port \
	active_ports_are_those_of_pci \
	port_states_agree_with_pci \
	inventory_has_the_ports \
	devices_say_who_they_are_through_a_tunnel \
	tunnel_to_an_empty_port_is_refused \
	commands_are_listed_by_name \
	commands_of_a_device_are_listed_through_a_tunnel \
	command_that_is_lacking_is_named \
	domain_without_a_mailbox_says_so \
	port_that_does_not_exist_is_refused \
	callers_at_the_same_time_get_their_own_answers \
	driver_leaves_under_commands \
	device_leaves_under_commands \
	module_unloads_under_commands \
	empty_port_is_reset
