#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The speed of a link is limited: what it carries then, what is in the way of a limit,
# and that a limit that fails leaves all as it was.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

EIO=5

need_fabricctl
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
sw=selftest$$
emu_switch_new $sw || ktap_bail "no emulated switch"
defer emu_switch_del $sw
emu_port_new $sw p0 host0
emu_device_new $sw m0 p0 32M 1M
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"
domain=$(domain_id $sw)
port=$(ask port domain-id="$domain" name=p0 -- id)

tidy()
{
	emu_faults_clear $sw
	release_all domain-id="$domain"
	fc port set "$port" speed-limit 32GT/s
} >/dev/null 2>&1

ktap_setup()
{
	tidy
	defer tidy
}

# Of the link, its limit, and Mb/s of it (PCIe 6.0, section 4.2: 128b/130b from 8 GT/s on)
speeds()
{
	echo "$(ask port id="$port" -- speed speed-limit) $(ask resource port-id="$port" -- total)"
}

limit_lowers_the_speed_and_what_is_carried()
{
	local width

	width=$(field port "$port" width)
	expect_eq "$(speeds)" "32000 32000 $((32000 * width * 128 / 130))" "at first"
	fc port set "$port" speed-limit 8GT/s >/dev/null
	expect_eq "$(speeds)" "8000 8000 $((8000 * width * 128 / 130))" "limited"
	fc port set "$port" speed-limit 5GT/s >/dev/null
	expect_eq "$(speeds)" "5000 5000 $((5000 * width * 8 / 10))" "limited more"
	grep -q "^port p0 .* speed 5000 " "$EMU_DEBUG/$sw/state" || fail "the switch knows nothing of it"
}

limit_holds_when_the_link_comes_back()
{
	fc port set "$port" speed-limit 16GT/s >/dev/null
	fc port set "$port" link down >/dev/null
	fc port set "$port" link up >/dev/null
	expect_eq "$(field port "$port" speed)" 16000 speed
	echo down >"$EMU_DEBUG/$sw/ports/p0/event_link"
	echo up >"$EMU_DEBUG/$sw/ports/p0/event_link"
	expect_eq "$(field port "$port" speed)" 16000 "speed after events"
}

# The same limit is none too low, and neither is one that carries just enough
guarantee_is_in_the_way_of_a_limit()
{
	local width before

	width=$(field port "$port" width)
	fc grant new kind memory size 1M device m0 domain $sw \
		bandwidth-min $((8000 * width * 128 / 130)) >/dev/null || fail "no grant"
	before=$(speeds)
	expect_refusal 1 "Grants are guaranteed $((8000 * width * 128 / 130)) Mb/s" \
		fc port set "$port" speed-limit 5GT/s label probe=1
	expect_eq "$(speeds)" "$before" "what there is"
	expect_eq "$(field port "$port" label)" - "labels"
	fc port set "$port" speed-limit 8GT/s >/dev/null || fail "what carries enough is refused"
}

limit_above_the_port_is_refused()
{
	expect_refusal 1 "The port does 32000 MT/s at most" fc port set "$port" speed-limit 64GT/s
	expect_refusal 2 "is none of: 2.5GT/s, 5GT/s" fc port set "$port" speed-limit 9GT/s
	expect_refusal 2 "give one of link, speed-limit and idle at a time" \
		fc port set "$port" speed-limit 8GT/s link down
}

failed_limit_changes_nothing()
{
	local before

	before=$(speeds)
	emu_fault $sw port_set_speed error $EIO
	expect_refusal 1 "Fault port_set_speed" fc port set "$port" speed-limit 8GT/s
	expect_eq "$(speeds)" "$before" "what there is"
	expect_eq "$(field port "$port" link)" up link
	emu_faults_clear $sw
	fc port set "$port" speed-limit 8GT/s >/dev/null || fail "it fails afterwards, too"
}

is_called_again()
{
	[ "$(emu_count $sw port_set_speed)" -gt "$1" ]
}

# Else it would be promised what the link is about to lose
nothing_is_guaranteed_while_a_limit_is_set()
{
	local count

	count=$(emu_count $sw port_set_speed)
	emu_fault $sw port_set_speed delay_ms 60000
	fc port set "$port" speed-limit 8GT/s >/dev/null &
	busywait 10000 is_called_again "$count" ||
		fail "the limit is not being set"
	emu_fault $sw port_set_speed delay_ms 0
	defer emu_fault $sw port_set_speed wake 1
	expect_refusal 1 "No matching device is healthy, with links up" fc grant new kind memory size 1M device m0 domain $sw \
		bandwidth-min 10Gb/s
	expect_refusal 1 "try again" fc port set "$port" speed-limit 16GT/s
	emu_fault $sw port_set_speed wake 1
	wait $!
	expect_eq "$(field port "$port" speed)" 8000 speed
	fc grant new kind memory size 1M device m0 domain $sw bandwidth-min 10Gb/s >/dev/null ||
		fail "no grant afterwards"
}

emulated_port_does_not_rest()
{
	expect_refusal 1 "This port has no choice while idle" fc port set "$port" idle rest
}

ktap_run_all \
	limit_lowers_the_speed_and_what_is_carried \
	limit_holds_when_the_link_comes_back \
	guarantee_is_in_the_way_of_a_limit \
	limit_above_the_port_is_refused \
	failed_limit_changes_nothing \
	nothing_is_guaranteed_while_a_limit_is_set \
	emulated_port_does_not_rest
