#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which functions can be handed to a holder safely, and why the others cannot:
# the topology pcie has one of each.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/pci.sh
. "${0%/*}/../lib/pci.sh"

pci_up
igb=$(pci_of_driver igb)

fact()
{
	fcj device show "$1" | jq -r ".devices[0].pci | $2"
}

# obstacles ADDRESS
obstacles()
{
	fact "$1" '.obstacle | join(" ")'
}

# in_slot NUMBER: the functions that are in it
in_slot()
{
	pci_below "$(pci_port_of_slot "$1")"
}

function_alone_in_its_group_is_grantable()
{
	expect_eq "$(obstacles "$igb")" "" "obstacles of igb"
	expect_match "$(fc tree)" "$igb .* grantable" tree
}

virtual_functions_are_grantable()
{
	local vf

	echo 2 >"$PCI/$igb/sriov_numvfs"
	defer eval "echo 0 >$PCI/$igb/sriov_numvfs"
	for vf in "$PCI/$igb"/virtfn*; do
		vf=$(basename "$(realpath "$vf")")
		expect_eq "$(obstacles "$vf")" "" "obstacles of $vf"
	done
}

# Two functions of one device can reach each other
functions_without_acs_share_their_group()
{
	local first second

	{ read -r first; read -r second; } < <(in_slot 12)
	expect_eq "$(obstacles "$first")" "shared-group no-acs" "obstacles of $first"
	expect_eq "$(fact "$first" '."acs-missing"')" "$first" "what lacks ACS"
	fact "$first" '."group-member"[]' | grep -qx "$second" ||
		fail "$second is not named: $(fact "$first" '."group-member"')"
}

function_without_iommu_is_named()
{
	local address

	address=$(in_slot 5)
	not test -e "$PCI/$address/iommu_group" || fail "the IOMMU translates for it"
	expect_eq "$(obstacles "$address")" "no-iommu" "obstacles of $address"
}

# PCI core's list of ways to reset a function is what sysfs takes, too
function_without_reset_is_named()
{
	local method

	method=$(cat "$PCI/$igb/reset_method")
	defer eval "echo $method >$PCI/$igb/reset_method"
	echo >"$PCI/$igb/reset_method"
	expect_eq "$(obstacles "$igb")" no-reset "obstacles of igb"
}

bridge_is_named()
{
	expect_match "$(obstacles 0000:00:00.0)" "bridge" "obstacles of the host bridge"
}

# refused_by_name ADDRESS CAPABILITY STATUS TEXT: also by force
refused_by_name()
{
	expect_refusal "$3" "$4" fc grant new kind function size 1 capability "$2" force \
		device "$(ask device name="$1" -- id)"
}

function_that_is_not_isolated_is_not_granted()
{
	local address method

	address=$(in_slot 5)
	refused_by_name "$address" nvme/pf 5 "No IOMMU keeps $address from the memory of others"
	method=$(cat "$PCI/$igb/reset_method")
	defer eval "echo $method >$PCI/$igb/reset_method"
	echo >"$PCI/$igb/reset_method"
	refused_by_name "$igb" net/pf 1 "Nothing can reset $igb between two holders"
	[ "$(basename "$(realpath "$PCI/$igb/driver")")" = igb ] || fail "igb lost its function"
}

port_show_says_it_for_each_function_below()
{
	local port first

	port=$(pci_port_of_slot 12)
	read -r first < <(in_slot 12)
	expect_eq "$(fcj port show "$port" | jq -c ".functions[0] | [.name, .grantable, .obstacle]")" \
		"[\"$first\",false,[\"shared-group\",\"no-acs\"]]" "functions of $port"
	expect_match "$(fc port show "$port")" \
		"function $first: .*grantable no  obstacle shared-group,no-acs" text
	expect_eq "$(fcj port show | jq -r '.functions[].name' | sort | xargs)" \
		"$(fcj device show | jq -r '.devices[] | select(.pci).name' | sort | xargs)" \
		"functions of all ports"
}

ktap_run_all \
	function_alone_in_its_group_is_grantable \
	virtual_functions_are_grantable \
	functions_without_acs_share_their_group \
	function_without_iommu_is_named \
	function_without_reset_is_named \
	bridge_is_named \
	function_that_is_not_isolated_is_not_granted \
	port_show_says_it_for_each_function_below
