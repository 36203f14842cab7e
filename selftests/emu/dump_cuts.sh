#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Dumps are cut anywhere, see dump_cuts.c: of each kind of object there is more than one
# message has room for.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

need_fabricctl
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
sw=selftest$$

# Switches with nothing but a host
lone_switches()
{
	local i dirs=()

	for ((i = 0; i < 100; i++)); do
		dirs+=("$EMU_CONFIG/selftest-with-a-long-name-$i")
	done
	"$1" "${dirs[@]}"
}

lone_switches_new()
{
	local dir

	mkdir "$@" "${@/%//hosts/host0}" || return
	for dir; do
		echo 1 >"$dir/live" || return
	done
}

lone_switches_del()
{
	local dir

	for dir; do
		echo 0 >"$dir/live"
	done
	rmdir "${@/%//hosts/host0}" "$@"
}

all_down()
{
	local i

	release_all domain-id="$(domain_id $sw)"
	for ((i = 0; i < 60; i++)); do
		fc tenant del "selftest$i"
	done
	emu_switch_del $sw
	lone_switches lone_switches_del
}

defer eval "all_down >/dev/null 2>&1"
lone_switches lone_switches_new || ktap_bail "no emulated switches"
mkdir "$EMU_CONFIG/$sw" "$EMU_CONFIG/$sw/hosts"/host{0..13}
for ((i = 0; i < 100; i++)); do
	mkdir "$EMU_CONFIG/$sw/ports/p$i" "$EMU_CONFIG/$sw/devices/m$i"
	echo host0 >"$EMU_CONFIG/$sw/ports/p$i/host"
	echo p$i >"$EMU_CONFIG/$sw/devices/m$i/port"
	echo 1M >"$EMU_CONFIG/$sw/devices/m$i/size"
	echo 64K >"$EMU_CONFIG/$sw/devices/m$i/granule"
done
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"
for id in $(ask device domain-id="$(domain_id $sw)" -- id); do
	fc device set "$id" label rack=7 >/dev/null
done
for id in $(ask port domain-id="$(domain_id $sw)" -- id); do
	fc port set "$id" label zone=1 >/dev/null
done
for ((i = 0; i < 60; i++)); do
	fc tenant new "selftest$i" quota memory=64M quota memory/ram=32M user $((1000 + i)) group 100 >/dev/null
done
FABRIC_TEST_DOMAIN=$sw FABRIC_TEST_MODE=1 FABRIC_TEST_SIZE=$((64 << 10)) "${0%.sh}"
