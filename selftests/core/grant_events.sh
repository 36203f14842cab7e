#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every change is an event, in true order, and looks the same as ever: what
# fabricctl monitor prints is compared with golden files. Numbers that depend on
# the run (ids, process, age, addresses) are replaced by words.
#
# FABRIC_GOLDEN_UPDATE=1 writes the golden files anew.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

need_fabricctl
touch=$(realpath "${0%/*}/../emu/touch")
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
golden=$(realpath "${0%/*}")/golden
sw=golden

[ ! -d "$EMU_CONFIG/$sw" ] || ktap_skip_all "there is a switch $sw already"

switch_up()
{
	emu_switch_new $sw && emu_port_new $sw p0 host0 && emu_port_new $sw p1 &&
		emu_device_new $sw m0 p0 16M 1M && emu_switch_live $sw
}

all_down()
{
	if [ -d "$EMU_CONFIG/$sw" ]; then
		emu_faults_clear $sw
		release_all domain-id="$(domain_id $sw)"
		busywait 2000 free_is $sw "$(sum total $sw)"
		emu_switch_del $sw
	fi
} >/dev/null 2>&1

ktap_setup()
{
	defer all_down
}

# json or text, with the numbers of the run replaced
normalise()
{
	case $1 in
	json)
		sed -E -e 's/"((domain-|port-|parent-|device-|resource-|grant-)?id|pid|age|numa-node)":[0-9]+/"\1":"N"/g' \
			-e 's/process [0-9]+/process N/g'
		;;
	txt)
		sed -E -e 's/\b((domain-|port-|parent-|device-|resource-|grant-)?id|pid|numa-node) [0-9]+/\1 N/g' \
			-e 's/^([a-z-]+  (domain|port|device|resource|grant)) [0-9]+/\1 N/' \
			-e 's/age [0-9.]+ ?[a-z]+/age N/' -e 's/process [0-9]+/process N/g'
		;;
	esac
}

# Events that tell nothing, on a switch of their own, so that we know when both
# listen and when they have seen the last of what we are after
poke()
{
	case $1 in
	inventory)
		fc port set "$(id_of port poker "$2")" link down &&
			fc port set "$(id_of port poker "$2")" link up
		;;
	grants)
		case $2 in
		poke) fc grant del "$(grant_new size 3M domain poker)" ;;
		last) fc grant del "$(grant_new size 5M domain poker)" ;;
		esac
		;;
	esac >/dev/null
}

pokes='"name":"(poke|last)"|name (poke|last)|"size":(3145728|5242880)|size [35] MiB'
last='"name":"last"|name last|"size":5242880|size 5 MiB'

listening()
{
	poke "$1" poke
	grep -qE "$pokes" "$KTAP_TMP/json" && grep -qE "$pokes" "$KTAP_TMP/txt"
}

seen_last()
{
	grep -qE "$last" "$KTAP_TMP/json" && grep -qE "$last" "$KTAP_TMP/txt"
}

# compare NAME GROUP COMMAND: the events of the command with the golden files
compare()
{
	local name=$1 group=$2 format option

	shift 2
	for format in json txt; do
		option=
		[ $format = txt ] || option=-j
		# shellcheck disable=SC2086 # an option or nothing
		"$FABRIC_CTL" $option monitor group "$group" >"$KTAP_TMP/$format" &
		defer kill $!
	done
	busywait 20000 listening "$group" || fail "the monitors see nothing"
	"$@"
	poke "$group" last
	busywait 10000 seen_last || fail "the last event did not come: $(cat "$KTAP_TMP/json")"
	for format in json txt; do
		grep -vE "$pokes" "$KTAP_TMP/$format" | normalise $format >"$KTAP_TMP/$name.$format"
		if [ "${FABRIC_GOLDEN_UPDATE:-}" = 1 ]; then
			cp "$KTAP_TMP/$name.$format" "$golden/$name.$format"
		fi
		diff -u "$golden/$name.$format" "$KTAP_TMP/$name.$format" ||
			fail "events differ from $name.$format"
	done
}

topology_comes_and_goes()
{
	switch_up
	emu_switch_del $sw
}

events_of_a_topology()
{
	compare topology inventory topology_comes_and_goes
}

port_changes()
{
	local p1

	p1=$(id_of port $sw p1)
	fc port bind "$p1" host host1
	fc port set "$p1" link down
	fc port set "$p1" link up
	fc port unbind "$p1"
	emu_fault $sw port_bind error 5
	not fc port bind "$p1" host host1
	emu_fault $sw port_bind error 0
	fc port unbind "$p1"
} >/dev/null 2>&1

events_of_a_port()
{
	switch_up
	compare port inventory port_changes
}

no_port_changes()
{
	local p0 p1

	p0=$(id_of port $sw p0)
	p1=$(id_of port $sw p1)
	fc port bind "$p0" host host0
	fc port unbind "$p1"
	fc port set "$p0" link up
	not fc port bind "$p0" host host1
	not fc port set "$(id_of port $sw host0)" link sideways
} >/dev/null 2>&1

what_changes_nothing_is_no_event()
{
	switch_up
	compare nothing inventory no_port_changes
}

grant_comes_and_goes()
{
	fc grant del "$(grant_new size 2M domain $sw)"
}

events_of_a_grant()
{
	switch_up
	compare grant grants grant_comes_and_goes
}

refused_grant_is_no_event()
{
	switch_up
	emu_fault $sw slice_prepare error 5
	# shellcheck disable=SC2016 # for eval
	compare nothing grants eval 'not fc grant new kind memory size 1T domain $sw
		not fc grant new kind memory size 2M domain $sw'
}

holder_ends()
{
	"$touch" "$(domain_id $sw)" 2097152 </dev/null
	busywait 2000 free_is $sw "$(sum total $sw)"
} >/dev/null

events_of_a_holder_that_ends()
{
	switch_up
	compare holder grants holder_ends
}

slice_is_quarantined()
{
	local id

	id=$(grant_new size 2M domain $sw)
	emu_fault $sw slice_release error 5
	not fc grant del "$id"
	emu_fault $sw slice_release error 0
	busywait 5000 grant_gone "$id"
} 2>/dev/null

events_of_a_quarantine()
{
	switch_up
	compare quarantine grants slice_is_quarantined
}

device_is_lost()
{
	emu_remove $sw m0
	busywait 5000 not id_of device $sw m0
	emu_plug $sw m0
}

events_of_a_lost_device()
{
	switch_up
	compare lost_device inventory device_is_lost
}

events_of_the_grants_of_a_lost_device()
{
	switch_up
	grant_new size 2M domain $sw
	compare lost_grant grants device_is_lost
}

emu_switch_new poker || ktap_bail "no emulated switch"
defer emu_switch_del poker
emu_port_new poker p0 host0
emu_port_new poker poke
emu_port_new poker last
emu_device_new poker m0 p0 16M 1M
emu_switch_live poker || ktap_bail "the emulated switch does not go live"

ktap_run_all \
	events_of_a_topology \
	events_of_a_port \
	what_changes_nothing_is_no_event \
	events_of_a_grant \
	refused_grant_is_no_event \
	events_of_a_holder_that_ends \
	events_of_a_quarantine \
	events_of_a_lost_device \
	events_of_the_grants_of_a_lost_device
