#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Functions come and go: by QEMU's hot-plug, by sysfs, alone and with all that is
# below them, while the module is there and while it comes and goes itself.

# filters of jq and awk, and what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/pci.sh
. "${0%/*}/../lib/pci.sh"
# shellcheck source=../lib/qmp.sh
. "${0%/*}/../lib/qmp.sh"

qmp_need
pci_up
igb=$(pci_of_driver igb)
empty=$(pci_port_of_slot 4)
[ -n "$empty" ] || ktap_skip_all "there is no port with slot 4 (see topology/pcie)"

complete()
{
	busywait 20000 pci_is_complete >"$KTAP_TMP/diff" 2>&1 ||
		fail "the broker (<) and lspci (>) differ: $(cat "$KTAP_TMP/diff")"
}

events_begin()
{
	"$FABRIC_CTL" -j monitor group inventory >"$KTAP_TMP/events" &
	defer kill $!
	# the first one shows that it listens
	busywait 10000 eval 'fc port set "$empty" label probe=$RANDOM >/dev/null &&
		grep -q probe= "$KTAP_TMP/events"'
	fc port set "$empty" unlabel probe >/dev/null
}

# The names of the events of one object, in order, each once if repeated
events_of()
{
	jq -r "select(.msg.name == \"$1\").name" "$KTAP_TMP/events" | uniq | xargs
}

link_is()
{
	[ "$(field port "$(ask port name="$1" -- id)" link)" = "$2" ]
}

# plug PORT: sets $plugged, its address
plug()
{
	"$qmp" device_add driver=virtio-rng-pci id=hot0 bus="$1" >/dev/null ||
		fail "QEMU does not plug"
	busywait 20000 pci_something_below "$2" || fail "the guest does not see it"
	plugged=$(pci_below "$2")
}

unplug()
{
	"$qmp" --timeout 60 device_del id=hot0 --wait-event DEVICE_DELETED >/dev/null ||
		fail "the device was not deleted"
}

plugged_function_comes_and_goes()
{
	events_begin
	link_is "$empty" down || fail "the link of an empty slot is not down"
	plug rp3 "$empty"
	busywait 5000 pci_known "$plugged" || fail "the broker does not know it"
	busywait 5000 link_is "$empty" up || fail "the link is not up"
	complete
	unplug
	busywait 5000 not pci_known "$plugged" || fail "the broker still has it"
	busywait 5000 link_is "$empty" down || fail "the link is not down"
	complete
	expect_match "$(events_of "$plugged")" \
		"^device-add-ntf( device-change-ntf)? device-del-ntf$" "events of the function"
	busywait 5000 eval 'jq -r "select(.name == \"port-change-ntf\" and
		.msg.name == \"$empty\").msg.link" "$KTAP_TMP/events" | uniq | xargs |
		grep -q "down up down"' || fail "events of the port: $(cat "$KTAP_TMP/events")"
}

removed_function_comes_back()
{
	events_begin
	echo 2 >"$PCI/$igb/sriov_numvfs"
	complete
	echo 1 >"$PCI/$igb/remove"
	not pci_known "$igb" || fail "the broker still has it"
	complete
	echo 1 >/sys/bus/pci/rescan
	udevadm settle
	complete
	expect_match "$(events_of "$igb")" "device-del-ntf device-add-ntf( device-change-ntf)?$" events
	# What depends on it went before it
	expect_eq "$(jq -r 'select(.name == "device-del-ntf").msg.pci |
		if has("physfn") then "vf" else "pf" end' "$KTAP_TMP/events" | xargs)" "vf vf pf" \
		"order of the removal"
}

# Ports and functions in the order of events NAME
order()
{
	jq -r "select(.name == \"port-$1-ntf\" or .name == \"device-$1-ntf\").msg.name" \
		"$KTAP_TMP/events"
}

switch_leaves_from_below_and_comes_from_above()
{
	local root upstream

	root=$(pci_port_of_slot 1)
	upstream=$(pci_below "$root")
	events_begin
	echo 1 >"$PCI/$root/remove"
	complete
	expect_eq "$(order del | tail -n 2 | xargs)" "$upstream $root" "the last that left"
	echo 1 >/sys/bus/pci/rescan
	udevadm settle
	complete
	expect_eq "$(order add | head -n 2 | xargs)" "$root $upstream" "the first that came"
	expect_eq "$(order add | wc -l)" "$(order del | wc -l)" "how many came"
}

# While something is removed and found again without pause
module_comes_and_goes_meanwhile()
{
	(
		trap - EXIT
		while [ ! -e "$KTAP_TMP/stop" ]; do
			echo 1 >"$PCI/$igb/remove"
			echo 1 >/sys/bus/pci/rescan
			echo 2 >"$PCI/$igb/sriov_numvfs"
		done
	) 2>/dev/null &
	defer wait $!
	defer touch "$KTAP_TMP/stop"
	for _ in 1 2 3 4 5 6; do
		rmmod fabric_pci
		pci_load
	done
	plug rp3 "$empty"
	unplug
	touch "$KTAP_TMP/stop"
	wait
	udevadm settle
	complete
	echo 0 >"$PCI/$igb/sriov_numvfs"
}

ktap_run_all \
	plugged_function_comes_and_goes \
	removed_function_comes_back \
	switch_leaves_from_below_and_comes_from_above \
	module_comes_and_goes_meanwhile
