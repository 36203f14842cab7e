#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The power of a slot is switched by the hot-plug driver, unless something below is
# granted or the host uses it; then nothing changes.

# what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/vf.sh
. "${0%/*}/../lib/vf.sh"
# shellcheck source=../lib/qmp.sh
. "${0%/*}/../lib/qmp.sh"

qmp_need
vf_up
port=$(pci_port_of_slot 2)
[ -w /sys/bus/pci/slots/2/power ] || ktap_skip_all "slot 2 has no power (see topology/pcie)"
net=$(ls "$PCI/$igb/net")

power_is()
{
	[ "$(cat /sys/bus/pci/slots/2/power)" = "$1" ]
}

admin_state()
{
	ask device name="$igb" -- admin-state
}

grant_is_in_the_way()
{
	local id

	id=$(function_new mode bare) || fail "no grant"
	expect_refusal 1 "$igb: The device has 1 slices" fc port power "$port" state off force
	power_is 1 || fail "the power is off"
	expect_eq "$(admin_state)" enabled "igb"
	fc grant del "$id" >/dev/null
}

use_of_the_host_is_in_the_way()
{
	ip link set "$net" up
	defer eval 'ip link set $net down'
	busywait 10000 eval 'fc port power $port state off 2>&1 |
		grep -q "Host uses $igb: .*, end that or use force"' || fail "it is not refused"
	power_is 1 || fail "the power is off"
	expect_eq "$(admin_state)" enabled "igb"
}

port_without_a_slot_is_refused()
{
	local upstream

	upstream=$(pci_below "$(pci_port_of_slot 1)")
	expect_refusal 1 "Port $upstream has no slot whose power can be set" \
		fc port power "$upstream" state off
}

user_is_refused_and_nothing_is_disabled()
{
	expect_refusal 5 "" as_user "$FABRIC_CTL" port power "$port" state off
	power_is 1 || fail "the power is off"
	expect_eq "$(admin_state)" enabled "igb"
}

# QEMU deletes what is in a slot without power: it is plugged again, and found
slot_goes_off_and_on()
{
	fc port power "$port" state off force >/dev/null || fail "it is refused"
	power_is 0 || fail "the power is on"
	busywait 10000 eval '[ -z "$(ask device name="$igb" -- id)" ]' || fail "igb is there"
	busywait 10000 eval '[ "$(ask port name="$port" -- link)" = down ]' || fail "the link is up"
	fc port power "$port" state off >/dev/null || fail "to switch off what is off is refused"
	expect_refusal 1 "The hot-plug driver refuses" fc port power "$port" state on
	igb_plug
	power_is 1 || fail "the power is off"
	fc port power "$port" state on >/dev/null || fail "to switch on what is on is refused"
	expect_eq "$(admin_state)" enabled "igb"
	busywait 10000 pci_is_complete || fail "the broker and lspci differ"
}

ktap_run_all \
	grant_is_in_the_way \
	use_of_the_host_is_in_the_way \
	port_without_a_slot_is_refused \
	user_is_refused_and_nothing_is_disabled \
	slot_goes_off_and_on
