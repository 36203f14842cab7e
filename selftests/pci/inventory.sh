#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The inventory of PCI functions, field by field, against lspci and sysfs; and
# that it follows drivers and virtual functions.

# filters of jq and awk, and what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/pci.sh
. "${0%/*}/../lib/pci.sh"

pci_up
igb=$(pci_of_driver igb)
# What does not change while it is compared is asked for once: all is slow where the
# machine is emulated
lspci -Dvvv >"$KTAP_TMP/lspci"
facts=$KTAP_TMP/facts
pci_facts >"$facts"

# same WHAT JQ COMMAND...: what a filter makes of each function's facts is what
# the command prints, line by line
same()
{
	local what=$1 filter=$2

	shift 2
	jq -r "$filter" "$facts" | sort >"$KTAP_TMP/ours"
	"$@" | sort >"$KTAP_TMP/theirs"
	[ -s "$KTAP_TMP/theirs" ] || fail "$what: there is nothing to compare"
	diff "$KTAP_TMP/ours" "$KTAP_TMP/theirs" ||
		fail "$what: the broker (<) and the machine (>) differ"
}

# each FUNCTION: call it with the directory and the address of every function
each()
{
	local dir

	for dir in "$PCI"/*; do
		"$1" "$dir" "${dir##*/}"
	done
}

attr()
{
	[ ! -r "$1" ] || cat "$1"
}

# What lspci says of each function: lines "ADDRESS WORDS" made by an awk rule
lspci_says()
{
	awk "/^[0-9a-f]/ { address = \$1 } $1" "$KTAP_TMP/lspci"
}

every_function_is_a_port_or_a_device()
{
	pci_is_complete || fail "the broker (<) and lspci (>) differ"
}

host_bridges_are_domains()
{
	expect_eq "$(ask domain backend=pci -- name | sort | xargs)" \
		"$(compgen -G '/sys/devices/pci*' | xargs -n 1 basename | sort | xargs)" domains
}

# Lines "NAME PORT-ABOVE TYPE"
topology_of_broker()
{
	{ fcj port show; fcj device show; } | jq -rs '
		(.[0].ports | map({ key: "\(.id)", value: .name }) | from_entries) as $ports |
		(.[0].ports[], .[1].devices[]) | select(.pci) |
		"\(.name) \($ports["\(."parent-id" // ."port-id")"] // "-") \(.type)"'
}

topology_of_sysfs()
{
	local -A types
	local dir up address type

	while read -r address type; do
		types[$address]=${type,,}
	done < <(lspci_says '/Express .* (Root|Upstream|Downstream) Port/ {
		sub(/ Port.*/, ""); print address, $NF }')
	for dir in "$PCI"/*; do
		up=$(realpath "$dir")
		up=${up%/*}
		up=${up##*/}
		[ -e "$PCI/$up" ] || up=-
		echo "${dir##*/} $up ${types[${dir##*/}]:-function}"
	done
}

topology_is_that_of_sysfs()
{
	diff <(topology_of_broker | sort) <(topology_of_sysfs | sort) ||
		fail "the broker (<) and sysfs (>) differ"
}

ids_of()
{
	echo "$2" $(($(cat "$1/vendor"))) $(($(cat "$1/device"))) \
		$(($(cat "$1/subsystem_vendor"))) $(($(cat "$1/class"))) $(($(cat "$1/revision")))
}

ids_agree()
{
	same ids '"\(.address) \(.vendor) \(.device) \(.["subsystem-vendor"] // 0) \(.class) \(.revision)"' \
		each ids_of
	expect_eq "$(jq -r 'select(.serial) | "\(.address) \(.serial)"' "$facts" | sort)" \
		"$(serials | sort)" "serial numbers"
}

serials()
{
	local address serial

	lspci_says '/Device Serial Number/ { print address, $NF }' |
		while read -r address serial; do
			printf '%s %u\n' "$address" "0x${serial//-/}"
		done
}

names_are_those_of_lspci()
{
	same names 'select(."device-name") | "\(.address) \(."class-name"): \(."vendor-name") \(."device-name")"' \
		eval "lspci -D | sed -e 's/ (rev [0-9a-f]*)//' -e 's/ (prog-if.*//' |
			grep -Ff <(jq -r 'select(.\"device-name\").address' \"\$facts\")"
}

speed()
{
	local gts

	gts=$(attr "$1" | sed -n 's/^\([0-9.]*\) GT.*/\1/p')
	awk "BEGIN { print ${gts:-0} * 1000 }"
}

link_of()
{
	[ -e "$1/max_link_speed" ] || return 0
	[ ! -e "$1/physfn" ] || return 0
	[ "$(attr "$1/max_link_width")" != 0 ] || return 0
	echo "$2" "$(speed "$1/current_link_speed")" "$(attr "$1/current_link_width")" \
		"$(speed "$1/max_link_speed")" "$(attr "$1/max_link_width")"
}

links_agree()
{
	same links 'select(."speed-max") | "\(.address) \(.speed // 0) \(.width // 0) \(."speed-max") \(."width-max")"' \
		each link_of
	same "links of lspci" 'select(.width) | "\(.address) \((.speed // 0) / 1000)GT/s x\(.width // 0)"' \
		lspci_says '/LnkSta:/ { gsub(/,| \([a-z]*\)/, "") } /LnkSta:/ && $5 != "x0" { print address, $3, $5 }'
}

payloads_agree()
{
	same payloads 'select(.payload) | "\(.address) \(."payload-max") \(.payload) \(."read-request")"' \
		lspci_says '/DevCap:/ { max = $3 } /MaxReadReq/ { print address, max, $2, $5 }'
}

slots_agree()
{
	same slots 'select(.slot and (has("obstacle") | not)) | "\(.address) \(.slot)"' \
		lspci_says '/^\t*Slot #/ { sub("#", "", $2); sub(",", "", $2); print address, $2 }'
}

acs_agrees()
{
	local names='{ "source-validation": "SrcValid", "translation-blocking": "TransBlk",
		"p2p-request-redirect": "ReqRedir", "p2p-completion-redirect": "CmpltRedir",
		"upstream-forwarding": "UpstreamFwd", "p2p-egress-control": "EgressCtrl",
		"direct-translated-p2p": "DirectTrans" }'

	same "services" "select(.acs) | \"\(.address) cap \([.acs[] | ${names}[.]] | sort | join(\" \"))\",
		\"\(.address) ctl \([.\"acs-enabled\"[] | ${names}[.]] | sort | join(\" \"))\"" acs_of_lspci
}

acs_of_lspci()
{
	local address what flags

	lspci_says '/ACS(Cap|Ctl):/ {
			what = $1 == "ACSCap:" ? "cap" : "ctl"
			$1 = ""
			print address, what $0
		}' |
		while read -r address what flags; do
			echo "$address $what $(tr ' ' '\n' <<<"$flags" | sed -n 's/+$//p' |
				LC_ALL=C sort | xargs)"
		done
}

group_of()
{
	local members

	[ -e "$1/iommu_group" ] || return 0
	members=$(for member in "$1/iommu_group/devices"/*; do basename "$member"; done |
		grep -v "$2" | sort | xargs)
	echo "$2 $(basename "$(realpath "$1/iommu_group")") $members"
}

groups_agree()
{
	same "IOMMU groups" 'select(."iommu-group" != null) |
		"\(.address) \(."iommu-group") \(."group-member" | sort | join(" "))"' each group_of
}

errors_of()
{
	local class line

	[ -e "$1/aer_dev_fatal" ] || return 0
	line=$2
	for class in correctable nonfatal fatal; do
		line+=" $(awk '/TOTAL/ { print $2 }' "$1/aer_dev_$class")"
	done
	echo "$line"
}

errors_agree()
{
	same errors 'select(has("aer-fatal")) |
		"\(.address) \(."aer-correctable") \(."aer-nonfatal") \(."aer-fatal")"' each errors_of
}

driver_of()
{
	local driver=-

	[ ! -e "$1/driver" ] || driver=$(basename "$(realpath "$1/driver")")
	echo "$2 $driver $(tr '[:upper:]' '[:lower:]' <"$1/power_state") $(attr "$1/numa_node")" \
		"$(attr "$1/reset_method")"
}

drivers_power_nodes_and_resets_agree()
{
	same drivers '"\(.address) \(.driver // "-") \(.power // "unknown") \(."numa-node" // -1) \(.reset // "")"' \
		each driver_of
}

sriov_of()
{
	[ -e "$1/sriov_totalvfs" ] || return 0
	echo "$2 $(attr "$1/sriov_numvfs") $(attr "$1/sriov_totalvfs")"
}

sriov_agrees()
{
	same SR-IOV 'select(."vfs-max") | "\(.address) \(.vfs) \(."vfs-max")"' each sriov_of
	# The driver may allow fewer than the Total VFs of lspci
	same "SR-IOV of lspci" 'select(."vfs-max") | "\(.address) \(.vfs),"' \
		lspci_says '/Total VFs:/ { print address, $10 }'
}

bars_of()
{
	pci_bars_of "$1" | sed "s/^/$2 /"
}

bars_agree()
{
	same BARs '.address as $a | .bar[] | "\($a) \(.index) \(.size)"' each bars_of
}

text_has_what_json_has()
{
	local text

	text=$(fc device show "$igb")
	expect_match "$text" 'class-name Ethernet controller' text
	expect_match "$text" 'vendor 0x8086  device 0x10c9' text
	expect_match "$text" 'driver igb' text
	expect_match "$(fc tree)" "$igb  .*0 of 7 VFs  driver igb" tree
}

driver_is()
{
	[ "$(fcj device show "$1" | jq -r '.devices[0].pci.driver // "-"')" = "$2" ]
}

events_begin()
{
	"$FABRIC_CTL" -j monitor group inventory >"$KTAP_TMP/events" &
	defer kill $!
	# the first one shows that it listens
	busywait 10000 eval 'fc device set '"$igb"' label probe=$RANDOM >/dev/null &&
		grep -q probe= "$KTAP_TMP/events"'
	fc device set "$igb" unlabel probe >/dev/null
}

unbound_driver_is_an_event()
{
	events_begin
	echo "$igb" >/sys/bus/pci/drivers/igb/unbind
	defer eval "echo $igb >/sys/bus/pci/drivers/igb/bind"
	driver_is "$igb" - || fail "the driver is still shown"
	busywait 5000 eval "jq -e 'select(.name == \"device-change-ntf\" and
		.msg.name == \"$igb\" and (.msg.pci | has(\"driver\") | not)).name' $KTAP_TMP/events" ||
		fail "no event: $(cat "$KTAP_TMP/events")"
}

virtual_functions_come_and_go()
{
	local vfs

	events_begin
	echo 3 >"$PCI/$igb/sriov_numvfs"
	defer eval "echo 0 >$PCI/$igb/sriov_numvfs"
	pci_is_complete || fail "the broker (<) and lspci (>) differ"
	expect_eq "$(fcj device show "$igb" | jq '.devices[0].pci.vfs')" 3 "virtual functions"
	vfs=$(pci_facts | jq -r "select(.physfn == \"$igb\") | \"\(.\"vf-index\")\"" | sort | xargs)
	expect_eq "$vfs" "0 1 2" "their numbers"
	echo 0 >"$PCI/$igb/sriov_numvfs"
	pci_is_complete || fail "the broker (<) and lspci (>) differ"
	busywait 5000 eval '[ "$(grep -c device-del-ntf "$KTAP_TMP/events")" = 3 ]' ||
		fail "not three functions left"
	expect_eq "$(jq -r 'select(.name == "device-add-ntf" or .name == "device-del-ntf").name' \
		"$KTAP_TMP/events" | uniq -c | xargs)" "3 device-add-ntf 3 device-del-ntf" "order of events"
}

module_goes_and_comes_back()
{
	rmmod fabric_pci
	expect_eq "$(ask domain backend=pci -- id || :)" "" "domains without the module"
	pci_load
	pci_is_complete || fail "the broker (<) and lspci (>) differ"
	pci_facts >"$facts"
	drivers_power_nodes_and_resets_agree
}

ktap_run_all \
	every_function_is_a_port_or_a_device \
	host_bridges_are_domains \
	topology_is_that_of_sysfs \
	ids_agree \
	names_are_those_of_lspci \
	links_agree \
	payloads_agree \
	slots_agree \
	acs_agrees \
	groups_agree \
	errors_agree \
	drivers_power_nodes_and_resets_agree \
	sriov_agrees \
	bars_agree \
	text_has_what_json_has \
	unbound_driver_is_an_event \
	virtual_functions_come_and_go \
	module_goes_and_comes_back
