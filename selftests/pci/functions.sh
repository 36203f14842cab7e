#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Virtual functions as slices: made when one is wanted, reset, bound in the mode of
# the grant, and parked again; and what happens when others take them.

# what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/vf.sh
. "${0%/*}/../lib/vf.sh"

vf_up

physical_function_offers_its_virtual_ones()
{
	expect_eq "$(fcj resource show device "$device" |
		jq -c '.resources[] | select(.capability == "net") | [.kind, .capability, .total, .free, .modes]')" \
		'["function","net",7,7,["vfio","driver","bare"]]' "resource of igb"
	expect_eq "$(cat "$PCI/$igb/sriov_numvfs")" 0 "virtual functions"
}

granted_function_is_that_of_vfio()
{
	local id vf

	id=$(function_new mode vfio) || fail "no grant"
	vf=$(function_of "$id")
	driver_is "$vf" vfio-pci || fail "$vf is not bound to vfio-pci"
	expect_eq "/dev/$(fcj grant show "$id" | jq -r '.grants[0].slice[0].node')" \
		"$(node_of "$vf")" node
	expect_eq "$(fcj grant show "$id" | jq -r '.grants[0].slice[0].function')" "$vf" function
	expect_match "$("$vfio_user" "$(node_of "$vf")" "$vf")" "^vendor 8086 device 10ca " \
		"what a program sees of it"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	driver_is "$vf" fabric_pci || fail "$vf is not parked"
}

node_belongs_to_the_user_that_asked()
{
	local id node vf

	fc tenant new selftest user $uid quota function=1 >/dev/null
	id=$(as_user "$FABRIC_CTL" -j grant new "${one[@]}" mode vfio | jq -r '.grants[0].id')
	node=/dev/$(fcj grant show "$id" | jq -r '.grants[0].slice[0].node')
	vf=$(function_of "$id")
	busywait 10000 eval '[ "$(stat -c %u:%g "$node")" = $uid:$gid ]' ||
		fail "the owner of $node is $(stat -c %u:%g "$node")"
	as_user "$vfio_user" "$node" "$vf" >/dev/null || fail "the user can't open $vf"
}

granted_function_gets_the_driver_of_the_host()
{
	local id vf

	modprobe igbvf || skip "there is no igbvf"
	id=$(function_new mode driver) || fail "no grant"
	vf=$(function_of "$id")
	driver_is "$vf" igbvf || fail "$vf is not bound to igbvf"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	driver_is "$vf" fabric_pci || fail "$vf is not parked"
}

named_driver_is_bound_by_override()
{
	local id vf

	modprobe pci-stub || skip "there is no pci-stub"
	expect_refusal 1 "PCI has no driver nosuch, load its module" \
		fc grant new "${one[@]}" driver nosuch
	expect_refusal 1 "A driver goes with functions in mode driver" \
		fc grant new "${one[@]}" mode vfio driver pci-stub
	id=$(function_new driver pci-stub) || fail "no grant"
	vf=$(function_of "$id")
	driver_is "$vf" pci-stub || fail "$vf is not bound to pci-stub"
	expect_eq "$(fcj grant show "$id" | jq -c '.grants[0] | [.mode, .driver]')" \
		'["driver","pci-stub"]' "mode and driver"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	driver_is "$vf" fabric_pci || fail "$vf is not parked"
}

# That of ports knows at once that it is none
driver_that_does_not_take_it_is_named()
{
	expect_refusal 1 "Driver pcieport does not take 0000:" fc grant new "${one[@]}" driver pcieport
	expect_eq "$(ask resource device-id="$device" capability=net -- free quarantined)" "7 0" \
		"capacity"
}

named_driver_is_for_the_administrator()
{
	fc tenant new selftest user $uid quota function=1 >/dev/null
	expect_refusal 5 "What the kernel has is everybody's" \
		as_user "$FABRIC_CTL" grant new "${one[@]}" driver igb
}

# What ip(8) says of virtual function 0
vf_of_ip()
{
	ip link show dev "$1" | grep ' vf 0 '
}

# The next holder finds nothing of it
properties_of_a_network_function_go_with_the_grant()
{
	local id before net

	net=$(ls "$PCI/$igb/net")
	id=$(function_new mode bare) || fail "no grant"
	fc grant del "$id" >/dev/null
	before=$(vf_of_ip "$net")
	id=$(function_new mode bare mac 52:54:00:aa:bb:01 vlan 7) || fail "no grant with them"
	expect_match "$(vf_of_ip "$net")" "52:54:00:aa:bb:01.* vlan 7" "what ip says"
	expect_eq "$(fcj grant show "$id" | jq -c '.grants[0] | [.mac, .vlan]')" \
		'["52:54:00:aa:bb:01",7]' "what the grant says"
	expect_refusal 1 "is one of a single function" fc grant set "$id" size 2
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	expect_eq "$(vf_of_ip "$net")" "$before" "what ip says afterwards"
}

rate_of_a_network_function_is_limited()
{
	local id net

	net=$(ls "$PCI/$igb/net")
	ip link set "$net" up
	defer ip link set "$net" down
	busywait 20000 eval '[ "$(cat /sys/class/net/$net/carrier)" = 1 ]' || fail "$net has no link"
	id=$(function_new mode bare bandwidth-max 100Mb/s) || fail "no grant"
	expect_match "$(vf_of_ip "$net")" "max_tx_rate 100Mbps" "what ip says"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	not eval 'vf_of_ip "$net" | grep -q tx_rate' || fail "the limit is there: $(vf_of_ip "$net")"
}

# Limits are parts of the speed of the link
rate_needs_a_link()
{
	local net

	net=$(ls "$PCI/$igb/net")
	ip link set "$net" down
	expect_refusal 1 "is its link up?" fc grant new "${one[@]}" mode bare bandwidth-max 100Mb/s
	expect_eq "$(ask resource device-id="$device" capability=net -- free)" 7 "free"
}

properties_of_others_are_refused()
{
	local physfn

	expect_refusal 1 "Only functions have mac and vlan" fc grant new kind memory size 1M vlan 7
	expect_refusal 1 "No MAC of a single station" fc grant new "${one[@]}" mac 01:00:00:00:00:01
	expect_refusal 1 "A MAC is one of a single function" fc grant new kind function size 2 \
		pieces 2 mac 52:54:00:aa:bb:01
	physfn=$PCI/$(nvme_with_vfs)
	defer eval "echo 0 >$physfn/sriov_numvfs"
	expect_refusal 1 "$(basename "$physfn") has no interface to set mac or vlan by" \
		fc grant new kind function size 1 capability nvme mode bare vlan 7
	fc tenant new selftest user $uid quota function=1 >/dev/null
	expect_refusal 5 "To set mac and vlan needs CAP_SYS_ADMIN" \
		as_user "$FABRIC_CTL" grant new "${one[@]}" mode vfio vlan 7
}

# Without ACS of the port above, all virtual functions are in its group
shared_group_is_refused_with_the_names_of_the_others()
{
	local port control vf

	port=$(basename "$(dirname "$(realpath "$PCI/$igb")")")
	control=$(setpci -s "$port" ECAP_ACS+6.w)
	defer setpci -s "$port" "ECAP_ACS+6.w=$control"
	setpci -s "$port" ECAP_ACS+6.w=0
	expect_refusal 5 "shares its IOMMU group with $port" fc grant new "${one[@]}" mode vfio
	vf=$(basename "$(realpath "$PCI/$igb/virtfn0")")
	driver_is "$vf" fabric_pci || fail "$vf is not parked"
}

# The physical function keeps its driver and its namespaces
function_of_nvme_is_granted()
{
	local physfn id vf

	physfn=$PCI/$(nvme_with_vfs)
	defer eval "echo 0 >$physfn/sriov_numvfs"
	id=$(fcj grant new kind function size 1 capability nvme mode vfio | jq -r '.grants[0].id')
	driver_is "$(basename "$physfn")" nvme || fail "the physical function lost its driver"
	vf=$(basename "$(realpath "$physfn/virtfn0")")
	expect_match "$("$vfio_user" "$(node_of "$vf")" "$vf")" "^vendor 1b36 device 0010 " \
		"what a program sees of it"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	driver_is "$vf" fabric_pci || fail "$vf is not parked"
}

# This one would leave them
functions_go_with_the_driver_that_made_them()
{
	local physfn id

	physfn=$(nvme_with_vfs)
	id=$(fcj grant new kind function size 1 capability nvme mode vfio | jq -r '.grants[0].id')
	defer eval "echo $physfn >/sys/bus/pci/drivers/nvme/bind"
	echo "$physfn" >/sys/bus/pci/drivers/nvme/unbind
	expect_eq "$(cat "$PCI/$physfn/sriov_numvfs")" 0 "virtual functions"
	busywait 20000 grant_gone "$id" || fail "the grant is there: $(fc grant show "$id")"
}

# Also where the host removed some and the broker had others made
module_leaves_nothing_with_a_driver()
{
	local physfn id

	physfn=$(nvme_with_vfs)
	for _ in 1 2; do
		id=$(fcj grant new kind function size 1 capability nvme mode bare | jq -r '.grants[0].id')
		fc grant del "$id" >/dev/null || fail "the grant is not released"
		echo 0 >"$PCI/$physfn/sriov_numvfs"
	done
	rmmod fabric_pci
	defer pci_load
	echo "$physfn" >/sys/bus/pci/drivers/nvme/unbind
	echo "$physfn" >/sys/bus/pci/drivers/nvme/bind
}

# RXDCTL of queue 0, whose bit 25 enables it (Intel 82576, section 8.10.8)
rx_queue()
{
	"$vfio_user" "$(node_of "$1")" "$1" 0x2828 ${2:+"$2"} | sed -n 's/^word //p'
}

# It keeps what it was told as long as nobody resets it
queues_of_a_holder_are_gone_for_the_next()
{
	local id vf

	id=$(function_new mode vfio) || fail "no grant"
	vf=$(function_of "$id")
	[ $((0x$(rx_queue "$vf" 0x02000000) >> 25 & 1)) = 1 ] || fail "the queue can't be enabled"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	id=$(function_new mode vfio) || fail "no second grant"
	expect_eq "$(function_of "$id")" "$vf" "the function"
	expect_eq "$((0x$(rx_queue "$vf") >> 25 & 1))" 0 "the queue of the next"
}

# What a program leaves in the command register, no reset takes away
bus_mastering_ends_with_the_grant()
{
	local id vf

	id=$(function_new mode bare) || fail "no grant"
	vf=$(function_of "$id")
	setpci -s "$vf" COMMAND=4:4
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	expect_eq "$((0x$(setpci -s "$vf" COMMAND) & 4))" 0 "bus mastering of what is parked"
	setpci -s "$vf" COMMAND=4:4
	function_new mode bare >/dev/null || fail "no second grant"
	expect_eq "$((0x$(setpci -s "$vf" COMMAND) & 4))" 0 "bus mastering of what is granted"
}

more_than_there_are_is_refused()
{
	for _ in 1 2 3 4 5 6 7; do
		function_new mode bare >/dev/null || fail "no grant"
	done
	expect_refusal 4 "Largest free extent is 0" fc grant new "${one[@]}"
}

idle_functions_go_if_that_is_wanted()
{
	local first second

	fc device set "$device" idle-vfs remove >/dev/null
	defer eval 'fc device set "$device" idle-vfs keep >/dev/null'
	first=$(function_new mode bare) || fail "no grant"
	second=$(function_new mode vfio) || fail "no second grant"
	fc grant del "$first" >/dev/null || fail "the grant is not released"
	expect_eq "$(cat "$PCI/$igb/sriov_numvfs")" 7 "virtual functions with a grant"
	fc grant del "$second" >/dev/null || fail "the second grant is not released"
	expect_eq "$(cat "$PCI/$igb/sriov_numvfs")" 0 "virtual functions without one"
	expect_refusal 1 "The device can't have virtual functions" \
		fc device set "$(ask device name="$(pci_of_driver virtio-pci | head -n 1)" -- id)" \
		idle-vfs remove
}

slice_of_two_is_refused()
{
	expect_refusal 1 "A slice is one function" fc grant new kind function size 2 device "$device"
}

driver_unbound_by_others_ends_the_grant()
{
	local id vf

	id=$(function_new mode vfio) || fail "no grant"
	vf=$(function_of "$id")
	echo "$vf" >/sys/bus/pci/drivers/vfio-pci/unbind
	busywait 20000 grant_gone "$id" || fail "the grant is there: $(fc grant show "$id")"
	busywait 5000 driver_is "$vf" fabric_pci || fail "$vf is not parked"
}

removed_functions_end_their_grants()
{
	local first second

	first=$(function_new mode vfio) || fail "no grant"
	second=$(function_new mode bare) || fail "no grant"
	echo 0 >"$PCI/$igb/sriov_numvfs"
	busywait 20000 grant_gone "$first" || fail "the first grant is there"
	busywait 20000 grant_gone "$second" || fail "the second grant is there"
	pci_is_complete || fail "the broker (<) and lspci (>) differ"
}

# A program that has it open keeps it, and the grant says so until it ends
function_that_is_open_is_revoked_when_it_is_closed()
{
	local id vf

	id=$(function_new mode vfio) || fail "no grant"
	vf=$(function_of "$id")
	hold_open "$vf"
	expect_refusal 3 "A process still has $vf open by VFIO" fc grant del "$id"
	let_go
	busywait 30000 grant_gone "$id" || fail "the grant is there: $(fc grant show "$id")"
	driver_is "$vf" fabric_pci || fail "$vf is not parked"
}

# Notice, grace, force. The program keeps what it has open, and nobody else gets it
more_important_request_takes_a_function()
{
	local less more vf

	less=$(function_new mode vfio priority 10 reclaimable yes grace 300ms) || fail "no grant"
	vf=$(function_of "$less")
	for _ in 1 2 3 4 5 6; do
		function_new mode bare >/dev/null || fail "no grant"
	done
	hold_open "$vf"
	fc grant new "${one[@]}" mode vfio priority 200 wait 60s >"$KTAP_TMP/more" 2>&1 7>&- &
	busywait 20000 grant_is "$less" revoking || fail "it is not taken"
	busywait 20000 eval 'fc grant show "$less" | grep -q "A process still has $vf open"' ||
		fail "nothing is said of the program: $(fc grant show "$less")"
	expect_eq "$(ask slice device-id="$device" start=0 -- grant-id)" "$less" "who has $vf"
	let_go
	busywait 30000 grant_gone "$less" || fail "the grant is there: $(fc grant show "$less")"
	more=$(ask grant priority=200 -- id) || fail "no grant: $(cat "$KTAP_TMP/more")"
	busywait 20000 grant_is "$more" active || fail "the request got nothing"
	expect_eq "$(function_of "$more")" "$vf" "what it got"
	driver_is "$vf" vfio-pci || fail "$vf is not bound to vfio-pci"
}

# It neither listens nor closes. What it had open is gone with it, and nobody got it before
program_in_the_way_of_force_is_ended()
{
	local holder id less vf status=0

	rm -f "$KTAP_TMP/user"
	mkfifo "$KTAP_TMP/never"
	for _ in 1 2 3 4 5 6; do
		function_new mode bare >/dev/null || fail "no grant"
	done
	"$FABRIC_CTL" run "${one[@]}" mode vfio priority 10 reclaimable yes grace 1s \
		force-signal KILL -- sh -c '"$1" -j grant show "$FABRIC_GRANT" >"$2/grant"
			exec "$0" "$FABRIC_NODE" "$(jq -r .grants[0].slice[0].function "$2/grant")" hold' \
		"$vfio_user" "$FABRIC_CTL" "$KTAP_TMP" \
		<>"$KTAP_TMP/never" >"$KTAP_TMP/user" 2>"$KTAP_TMP/err" &
	holder=$!
	busywait 20000 grep -qs ready "$KTAP_TMP/user" || fail "it does not run: $(cat "$KTAP_TMP/err")"
	less=$(jq -r '.grants[0].id' "$KTAP_TMP/grant")
	vf=$(jq -r '.grants[0].slice[0].function' "$KTAP_TMP/grant")
	id=$(function_new mode vfio priority 200 wait 60s) || fail "no grant: $(cat "$KTAP_TMP/err")"
	wait $holder || status=$?
	expect_eq $status 137 "how the program ended"
	grep -q "Grant $less has to be released within" "$KTAP_TMP/err" || fail "there was no notice"
	grep -q "Grant $less is taken by force" "$KTAP_TMP/err" || fail "nothing is said of force"
	expect_eq "$(function_of "$id")" "$vf" "what the more important one got"
	"$vfio_user" "$(node_of "$vf")" "$vf" >/dev/null || fail "it can't use $vf"
}

# Groups, functions, nodes, and who uses the modules
what_could_leak()
{
	find /sys/kernel/iommu_groups /dev/vfio "$PCI" -maxdepth 1 -printf x | wc -c
	cat /sys/module/{vfio_pci,vfio,fabric_pci,igb}/refcnt
}

# More rounds take longer than they are worth each time
rounds_leak_nothing()
{
	local before id vf round

	before=$(what_could_leak)
	for ((round = 0; round < ${FABRIC_PCI_ROUNDS:-4}; round++)); do
		id=$(function_new mode vfio) || fail "no grant in round $round"
		vf=$(function_of "$id")
		"$vfio_user" "$(node_of "$vf")" "$vf" >/dev/null || fail "no VFIO in round $round"
		fc grant del "$id" >/dev/null || fail "no release in round $round"
		echo 0 >"$PCI/$igb/sriov_numvfs"
	done
	expect_eq "$(what_could_leak)" "$before" "what there is afterwards"
}

# Until it can be reset: then it is free again
function_that_cannot_be_reset_is_quarantined()
{
	local id vf method

	id=$(function_new mode bare) || fail "no grant"
	vf=$(function_of "$id")
	method=$(cat "$PCI/$vf/reset_method")
	echo >"$PCI/$vf/reset_method"
	expect_refusal 3 "$vf can't be reset" fc grant del "$id"
	expect_eq "$(ask resource device-id="$device" capability=net -- free quarantined)" "6 1" "capacity"
	echo "$method" >"$PCI/$vf/reset_method"
	busywait 20000 grant_gone "$id" || fail "the grant is there: $(fc grant show "$id")"
}

module_stays_while_there_are_slices()
{
	local id vf

	id=$(function_new mode bare) || fail "no grant"
	not rmmod fabric_pci 2>/dev/null || fail "the module went"
	fc grant del "$id" >/dev/null
	vf=$(basename "$(realpath "$PCI/$igb/virtfn0")")
	rmmod fabric_pci || fail "the module does not go"
	defer pci_load
	expect_eq "$(cat "$PCI/$vf/driver_override")" "(null)" "override of what was parked"
}

ktap_run_all \
	physical_function_offers_its_virtual_ones \
	granted_function_is_that_of_vfio \
	node_belongs_to_the_user_that_asked \
	granted_function_gets_the_driver_of_the_host \
	named_driver_is_bound_by_override \
	driver_that_does_not_take_it_is_named \
	named_driver_is_for_the_administrator \
	properties_of_a_network_function_go_with_the_grant \
	rate_of_a_network_function_is_limited \
	rate_needs_a_link \
	properties_of_others_are_refused \
	shared_group_is_refused_with_the_names_of_the_others \
	function_of_nvme_is_granted \
	functions_go_with_the_driver_that_made_them \
	module_leaves_nothing_with_a_driver \
	queues_of_a_holder_are_gone_for_the_next \
	bus_mastering_ends_with_the_grant \
	more_than_there_are_is_refused \
	idle_functions_go_if_that_is_wanted \
	slice_of_two_is_refused \
	driver_unbound_by_others_ends_the_grant \
	removed_functions_end_their_grants \
	function_that_is_open_is_revoked_when_it_is_closed \
	more_important_request_takes_a_function \
	program_in_the_way_of_force_is_ended \
	rounds_leak_nothing \
	function_that_cannot_be_reset_is_quarantined \
	module_stays_while_there_are_slices
