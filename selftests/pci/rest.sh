#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What ports do to save power: they sleep while nothing below them is used, wake for a
# grant, and say for how long they slept. The kernel lets ports with a slot sleep only if
# told so (pcie_port_pm=force).

# what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/pci.sh
. "${0%/*}/../lib/pci.sh"

pci_up
empty=$(pci_port_of_slot 13)
[ -n "$empty" ] || ktap_skip_all "there is no port with slot 13 (see topology/pcie)"
above=$(pci_port_of_slot 11)
nvme=$(pci_below "$above")
device=$(ask device name="$nvme" -- id)

tidy()
{
	local id

	for id in $(ask grant -- id); do
		fc grant del "$id" force
	done
	fc port set "$above" idle stay
	echo on >"$PCI/$nvme/power/control"
	echo "$nvme" >/sys/bus/pci/drivers/nvme/bind
} >/dev/null 2>&1

ktap_setup()
{
	defer tidy
}

can_rest()
{
	[ "$(ask port name="$1" -- idle)" != - ] ||
		skip "the kernel does not let ports with a slot sleep (pcie_port_pm=force)"
}

let_function_sleep()
{
	echo "$nvme" >/sys/bus/pci/drivers/nvme/unbind
	echo auto >"$PCI/$nvme/power/control"
}

# of PORT: what the broker says, in ms
rested()
{
	ask port name="$1" -- rested
}

status_is()
{
	[ "$(cat "$PCI/$1/power/runtime_status")" = "$2" ]
}

# The broker read it between two reads of the kernel's own figure
rested_is_true()
{
	local before after rested

	before=$(cat "$PCI/$1/power/runtime_suspended_time")
	rested=$(rested "$1")
	after=$(cat "$PCI/$1/power/runtime_suspended_time")
	[ "$before" -le "$rested" ] && [ "$rested" -le "$after" ]
}

grows()
{
	[ "$(rested "$1")" -gt "$2" ]
}

port_rests_if_it_may()
{
	local before power

	can_rest "$above"
	let_function_sleep
	fc port set "$above" idle rest >/dev/null || fail "it is not set"
	expect_eq "$(cat "$PCI/$above/power/control")" auto "what the kernel has"
	busywait 20000 status_is "$above" suspended || fail "it is awake"
	before=$(rested "$above")
	busywait 5000 grows "$above" "$before" || fail "the time does not grow"
	rested_is_true "$above" || fail "the kernel says another time"
	power=$(cat "$PCI/$above/power_state")
	expect_eq "$(fcj port show "$above" | jq -r '.ports[0].pci.power')" "${power,,}" "power state"

	fc port set "$above" idle stay >/dev/null || fail "it is not set back"
	status_is "$above" active || fail "it sleeps"
	before=$(rested "$above")
	not eval 'busywait 1500 grows "$above" "$before"' || fail "the time of one awake grows"
}

# As an administrator would by hand
choice_of_others_is_seen()
{
	can_rest "$above"
	echo auto >"$PCI/$above/power/control"
	expect_eq "$(ask port name="$above" -- idle)" rest "what it does"
	echo on >"$PCI/$above/power/control"
	expect_eq "$(ask port name="$above" -- idle)" stay "what it does then"
}

grant_wakes_what_it_is_below()
{
	local id

	can_rest "$above"
	let_function_sleep
	fc port set "$above" idle rest >/dev/null || fail "it is not set"
	busywait 20000 status_is "$above" suspended || fail "it is awake"
	id=$(fcj grant new kind function capability nvme/pf size 1 device "$device" mode bare |
		jq -r '.grants[0].id')
	[ -n "$id" ] || fail "no grant"
	status_is "$above" active || fail "the port sleeps while there is a grant"
	status_is "$nvme" active || fail "the function sleeps while there is a grant"
	not eval 'busywait 1500 status_is "$above" suspended' || fail "it went to sleep"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	busywait 20000 status_is "$above" suspended || fail "it stays awake afterwards"
}

# It is the driver of ports that lets them sleep
port_that_may_not_rest_is_refused()
{
	echo "$empty" >/sys/bus/pci/drivers/pcieport/unbind
	defer eval 'echo "$empty" >/sys/bus/pci/drivers/pcieport/bind'
	expect_eq "$(ask port name="$empty" -- idle)" - "what it does while idle"
	expect_refusal 1 "The kernel lets $empty not sleep, see pcie_port_pm" \
		fc port set "$empty" idle rest
}

# QEMU's ports have none of the bits (see link.sh). Nothing is said to be done that is not
link_that_cannot_be_set_is_refused()
{
	local before port upstream

	port=$(pci_port_of_slot 2)
	upstream=$(pci_below "$(pci_port_of_slot 1)")
	before=$(fcj port show "$port")
	expect_refusal 1 "The hot-plug driver of $port would undo it, take its slot's power" \
		fc port set "$port" link down label probe=1
	expect_refusal 1 "$port can't limit the speed of its link" \
		fc port set "$port" speed-limit 2.5GT/s
	expect_refusal 1 "$port has no such speed, it does 8000 MT/s at most" \
		fc port set "$port" speed-limit 64GT/s
	expect_refusal 1 "The link of $upstream is set at the port above" \
		fc port set "$upstream" speed-limit 2.5GT/s
	expect_eq "$(fcj port show "$port" | jq -c '.ports[0] | del(.rested)')" \
		"$(jq -c '.ports[0] | del(.rested)' <<<"$before")" "what there is"
}

ktap_run_all \
	port_rests_if_it_may \
	choice_of_others_is_seen \
	grant_wakes_what_it_is_below \
	port_that_may_not_rest_is_refused \
	link_that_cannot_be_set_is_refused
