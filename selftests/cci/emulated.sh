#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fabric manager and the emulated switch, through its mailbox: every command,
# the bindings it shares with the ports, and answers that are cut, stretched and
# spoilt.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

EIO=5
EBUSY=16
ENODEV=19
ETIMEDOUT=110
PERMISSION=5
# until it is woken; nothing else that a test does takes as long
long=60000

need_fabricctl
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
sw=selftest$$
emu_switch_new $sw || ktap_bail "no emulated switch"
defer emu_switch_del $sw
emu_port_new $sw p0 host0
emu_port_new $sw p1 host0
emu_port_new $sw p2
emu_device_new $sw m0 p0 32M 1M
emu_device_new $sw m1 p1 32M 1M
echo 4711 >"$EMU_CONFIG/$sw/devices/m0/serial"
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"
domain=$(domain_id $sw)
# Physical numbers: hosts come first
host1=1 p0=2 p1=3 p2=4
p2_id=$(id_of port $sw p2)

# A test that failed leaves nothing to the next
tidy()
{
	emu_faults_clear $sw
	{
		release_all domain-id="$domain"
		[ "$(ask port id="$p2_id" -- binding link)" = "unbound up" ] && return
		fc fm control $sw port $p2 op deassert-perst
		fc port set "$p2_id" link up
		fc port unbind "$p2_id"
	} >/dev/null 2>&1
}

ktap_setup()
{
	defer tidy
}

# fm QUERY COMMAND...: of the JSON answer
fm()
{
	local query=$1

	shift
	fcj fm "$@" | jq -r "$query"
}

vppb()
{
	fm ".vcss[] | select(.vcs == $1) | .vppb[] | select(.number == $2) | \"\(.state) \(.port)\"" \
		vcs $sw
}

port_field()
{
	fm ".\"fm-ports\"[0].\"$2\"" ports $sw port "$1"
}

switch_says_who_it_is()
{
	expect_eq "$(fm '.switches[0] | "\(.component) \(.ports) \(.vcss) \(.vppbs) \(."bound-vppbs") \(."message-max")"' show $sw)" \
		"switch 5 2 6 2 4096"
	expect_eq "$(fm '.switches[0]."active-port" | join(" ")' show $sw)" "0 1 2 3 4"
	expect_eq "$(fm '.switches[0]."active-vcs" | join(" ")' show $sw)" "0 1"
}

switch_is_among_all()
{
	expect_eq "$(fm ".switches[] | select(.\"domain-id\" == $domain) | .ports" show)" 5
}

ports_agree_with_the_inventory()
{
	local number id speed width

	expect_eq "$(fm '."fm-ports" | map(.number) | join(" ")' ports $sw)" "0 1 2 3 4"
	while read -r number id speed width; do
		expect_eq "$speed $width" "$(field port "$id" speed) $(field port "$id" width)" \
			"speed and width of port $number"
	done < <(fm '."fm-ports"[] | "\(.number) \(."port-id") \(.speed) \(.width)"' ports $sw)
	expect_eq "$(port_field $p0 port-id)" "$(id_of port $sw p0)"
	expect_eq "$(port_field $p0 state) $(port_field $p0 device-type)" "downstream type3-sld"
	expect_eq "$(port_field $p2 device-type)" null
	expect_eq "$(port_field 0 state)" upstream
}

bindings_are_in_the_virtual_switches()
{
	expect_eq "$(vppb 0 0)" "port $p0"
	expect_eq "$(vppb 0 1)" "port $p1"
	expect_eq "$(vppb 0 2)" "unbound null"
	expect_eq "$(fm '.vcss | map(.host) | join(" ")' vcs $sw)" "host0 host1"
	fc port bind "$p2_id" host host1 >/dev/null
	expect_eq "$(vppb 1 0)" "port $p2"
	fc port unbind "$p2_id" >/dev/null
	expect_eq "$(vppb 1 0)" "unbound null"
}

device_says_who_it_is_through_a_tunnel()
{
	expect_eq "$(fm '.switches[0] | "\(.component) \(.serial) \(.port)"' show $sw port $p0)" \
		"type3 4711 $p0"
}

tunnel_to_nothing_is_refused()
{
	expect_refusal 1 "Tunnel Management Command: Invalid Input" fc fm show $sw port $p2
}

all_commands_are_there()
{
	expect_eq "$(fm '[.commands[] | select(.supported)] | length' commands $sw)" 11
	expect_eq "$(fm '.commands[] | select(.name == "Bind vPPB") | "\(.opcode) \(.effects)"' commands $sw)" \
		"$((0x5201)) $((0x42))"
}

commands_that_are_lacking_are_named()
{
	expect_eq "$(fm '[.commands[] | select(.supported)] | length' commands $sw port $p0)" 3
	expect_eq "$(fm '.commands[] | select(.opcode == 20993) | "\(.name) \(.supported)"' commands $sw port $p0)" \
		"Bind vPPB false"
}

domain_that_does_not_exist_is_refused()
{
	expect_refusal 1 "No domain has this id" fc fm show 4000000
}

nobody_but_root_may_ask()
{
	local command

	for command in "show $sw" "ports $sw" "vcs $sw" "commands $sw" \
		       "bind $sw vcs 1 vppb 0 port $p2" "unbind $sw vcs 0 vppb 0" \
		       "control $sw port $p2 op reset"; do
		# shellcheck disable=SC2086 # words
		expect_refusal $PERMISSION "CAP_SYS_ADMIN" setpriv --reuid 65534 --clear-groups \
			--inh-caps=-all "$FABRIC_CTL" fm $command
	done
}

poke()
{
	echo down >"$EMU_DEBUG/$sw/ports/host1/event_link"
	echo up >"$EMU_DEBUG/$sw/ports/host1/event_link"
}

pokes()
{
	grep -c '"name":"host1"' "$KTAP_TMP/events"
}

poke_is_seen()
{
	local before

	before=$(pokes)
	poke
	busywait 1000 pokes_exceed "$((before + 1))"
}

pokes_exceed()
{
	[ "$(pokes)" -gt "$1" ]
}

# What listeners see of p2 while a command runs, in order
events_of()
{
	local pid

	"$FABRIC_CTL" -j monitor group inventory >"$KTAP_TMP/events" &
	pid=$!
	defer kill $pid
	busywait 20000 poke_is_seen || fail "the monitor does not listen"
	"$@" >/dev/null
	busywait 20000 poke_is_seen || fail "the monitor is silent"
	kill $pid
	jq -c 'select(.msg.name == "p2") | [.name, .msg.binding, .msg.host, .msg.link]' \
		"$KTAP_TMP/events"
}

bind_through_the_mailbox_is_that_of_the_port()
{
	local by_port by_mailbox

	by_port=$(events_of fc port bind "$p2_id" host host1)
	by_port+=$(events_of fc port unbind "$p2_id")
	by_mailbox=$(events_of fc fm bind $sw vcs $host1 vppb 2 port $p2)
	expect_eq "$(vppb 1 2)" "port $p2"
	expect_eq "$(field port "$p2_id" binding) $(field port "$p2_id" host)" "bound host1"
	by_mailbox+=$(events_of fc fm unbind $sw vcs $host1 vppb 2)
	expect_eq "$by_mailbox" "$by_port" events
	expect_match "$by_port" binding.*bound.*unbinding.*unbound events
	expect_eq "$(field port "$p2_id" binding)" unbound
}

bind_of_what_is_bound_so_changes_nothing()
{
	fc fm bind $sw vcs 0 vppb 0 port $p0 >/dev/null
	expect_eq "$(vppb 0 0)" "port $p0"
}

bind_of_what_is_bound_otherwise_is_refused()
{
	expect_refusal 1 "The vPPB is bound to port $p0, unbind it first" \
		fc fm bind $sw vcs 0 vppb 0 port $p2
	expect_refusal 1 "The port is bound to host0, unbind it first" \
		fc fm bind $sw vcs 1 vppb 0 port $p0
	expect_refusal 1 "The port is bound to host0, unbind it first" \
		fc fm bind $sw vcs 0 vppb 2 port $p0
	expect_eq "$(vppb 0 0) $(vppb 1 0)" "port $p0 unbound null"
}

unbind_of_what_is_unbound_changes_nothing()
{
	fc fm unbind $sw vcs 1 vppb 0 option surprise >/dev/null
	expect_eq "$(vppb 1 0)" "unbound null"
}

unbind_is_refused_while_granted()
{
	fc grant new kind memory size 4M device "$(id_of device $sw m0)" >/dev/null
	expect_refusal 1 "Below the port are 1 slices" fc fm unbind $sw vcs 0 vppb 0
	expect_eq "$(vppb 0 0)" "port $p0"
}

what_does_not_exist_is_refused()
{
	expect_refusal 1 "no virtual switch with this id" fc fm bind $sw vcs 9 vppb 0 port $p2
	expect_refusal 1 "The virtual switch has 3 vPPBs" fc fm bind $sw vcs 1 vppb 3 port $p2
	expect_refusal 1 "The virtual switch has 3 vPPBs" fc fm unbind $sw vcs 1 vppb 255
	expect_refusal 1 "The switch has no port 99" fc fm bind $sw vcs 1 vppb 0 port 99
	expect_refusal 1 "The switch has no port 99" fc fm ports $sw port 99
	expect_refusal 1 "Physical Port Control: Invalid Input" \
		fc fm control $sw port 99 op reset
	expect_refusal 1 "This port cannot be bound" fc fm bind $sw vcs 1 vppb 0 port 0
}

bind_that_fails_leaves_the_port_in_error()
{
	emu_fault $sw port_bind error $EIO
	expect_refusal 1 "Bind vPPB: Internal Error" fc fm bind $sw vcs 1 vppb 0 port $p2
	expect_eq "$(field port "$p2_id" binding)" error
	emu_faults_clear $sw
	expect_refusal 1 "unbind the port first" fc fm bind $sw vcs 1 vppb 0 port $p2
	fc port unbind "$p2_id" >/dev/null
	fc fm bind $sw vcs 1 vppb 0 port $p2 >/dev/null
	expect_eq "$(field port "$p2_id" binding)" bound
}

bind_that_is_refused_leaves_the_port_unbound()
{
	emu_fault $sw port_bind error $EBUSY
	expect_refusal 1 "Bind vPPB: Busy" fc fm bind $sw vcs 1 vppb 0 port $p2
	expect_eq "$(field port "$p2_id" binding)" unbound
}

unbind_that_fails_leaves_the_port_in_error()
{
	fc fm bind $sw vcs 1 vppb 0 port $p2 >/dev/null
	emu_fault $sw port_unbind error $EIO
	expect_refusal 1 "Unbind vPPB: Internal Error" fc fm unbind $sw vcs 1 vppb 0
	expect_eq "$(field port "$p2_id" binding)" error
	emu_faults_clear $sw
	fc fm unbind $sw vcs 1 vppb 0 >/dev/null
	expect_eq "$(field port "$p2_id" binding)" unbound
}

began()
{
	[ "$(emu_count $sw "$1")" -gt "$2" ]
}

# in_background OP COMMAND...: start it, wait until the switch works on it. Sets $pid.
in_background()
{
	local op=$1 count

	shift
	count=$(emu_count $sw "$op")
	emu_fault $sw "$op" delay_ms $long
	"$@" >"$KTAP_TMP/background" 2>&1 &
	pid=$!
	busywait 20000 began "$op" "$count" || fail "$op was not called"
	emu_fault $sw "$op" delay_ms 0
}

bind_in_progress_is_shown()
{
	in_background port_bind fc fm bind $sw vcs 1 vppb 1 port $p2
	expect_eq "$(vppb 1 1)" "changing null"
	expect_eq "$(port_field $p2 state)" binding
	expect_eq "$(field port "$p2_id" binding)" binding
	expect_eq "$(fm '.switches[0] | "\(."background-name") \(."background-running")"' show $sw)" \
		"Bind vPPB 1"
	expect_refusal 1 "Another operation on the port is running" \
		fc fm bind $sw vcs 1 vppb 2 port $p2
	expect_refusal 1 "The vPPB is in transition, try again" fc fm unbind $sw vcs 1 vppb 1
	emu_fault $sw port_bind wake 1
	wait "$pid" || fail "the bind failed: $(cat "$KTAP_TMP/background")"
	expect_eq "$(vppb 1 1)" "port $p2"
	expect_eq "$(fm '.switches[0] | "\(."background-running") \(."background-percent") \(."background-result")"' show $sw)" \
		"0 100 Success"
}

binds_of_two_ports_wait_for_each_other()
{
	local second

	fc fm unbind $sw vcs 0 vppb 1 >/dev/null
	in_background port_bind fc fm bind $sw vcs 1 vppb 1 port $p2
	fc fm bind $sw vcs 0 vppb 1 port $p1 >"$KTAP_TMP/second" 2>&1 &
	second=$!
	busywait 20000 is_binding "$(id_of port $sw p1)" || fail "the second did not begin"
	emu_fault $sw port_bind wake 1
	wait "$pid" || fail "the first failed: $(cat "$KTAP_TMP/background")"
	wait "$second" || fail "the second failed: $(cat "$KTAP_TMP/second")"
	expect_eq "$(vppb 1 1) $(vppb 0 1)" "port $p2 port $p1"
}

is_binding()
{
	[ "$(field port "$1" binding)" = binding ]
}

port_stays_usable_while_another_is_bound()
{
	in_background port_bind fc fm bind $sw vcs 1 vppb 1 port $p2
	fc grant new kind memory size 4M device "$(id_of device $sw m0)" >/dev/null
	fc fm ports $sw >/dev/null
	kill -0 "$pid" || fail "the bind was done first"
	emu_fault $sw port_bind wake 1
	wait "$pid"
}

reset_takes_the_link_down_and_up()
{
	fc fm control $sw port $p2 op assert-perst >/dev/null
	expect_eq "$(field port "$p2_id" link) $(port_field $p2 perst)" "down 1"
	expect_refusal 1 "Physical Port Control: Internal Error" \
		fc fm control $sw port $p2 op assert-perst
	expect_refusal 1 "Physical Port Control: Internal Error" \
		fc fm control $sw port $p2 op reset
	fc fm control $sw port $p2 op deassert-perst >/dev/null
	expect_eq "$(port_field $p2 perst) $(field port "$p2_id" link)" "0 up"
	fc fm control $sw port $p2 op reset >/dev/null
	expect_eq "$(field port "$p2_id" link)" up
}

reset_is_refused_while_granted()
{
	fc grant new kind memory size 4M device "$(id_of device $sw m0)" >/dev/null
	expect_refusal 1 "Below the port are 1 slices" fc fm control $sw port $p0 op assert-perst
	expect_eq "$(field port "$(id_of port $sw p0)" link)" up
	fc fm control $sw port $p0 op reset force >/dev/null
	expect_eq "$(field port "$(id_of port $sw p0)" link)" up
}

reset_that_fails_changes_nothing()
{
	emu_fault $sw port_set_link error $EIO
	expect_refusal 1 "Internal Error" fc fm control $sw port $p2 op assert-perst
	expect_eq "$(field port "$p2_id" link)" up
}

switch_that_does_not_answer_is_told()
{
	emu_fault $sw cci_message error $ETIMEDOUT
	expect_refusal 1 "The switch does not answer" fc fm show $sw
	expect_refusal 1 "The switch does not answer" fc fm vcs $sw
	emu_fault $sw cci_message error $ENODEV
	expect_refusal 1 "The switch is gone" fc fm ports $sw
	emu_faults_clear $sw
	fc fm show $sw >/dev/null
}

# all_refused TEXT: whatever is asked, and it is never believed
all_refused()
{
	local command

	for command in show ports vcs commands; do
		expect_refusal 1 "$1" fc fm $command $sw
	done
}

answer_cut_anywhere_is_refused()
{
	local length

	# in and around the header, and before the end of the shortest of these answers
	for length in 0 1 11 12 13 29; do
		emu_cci_fault $sw message_length "$length"
		all_refused "is truncated"
	done
}

answer_that_is_stretched_is_refused()
{
	emu_cci_fault $sw message_length 1000
	all_refused "is too long"
}

payload_cut_anywhere_is_refused()
{
	local length

	for length in 0 8 17; do
		emu_cci_fault $sw payload_length "$length"
		all_refused "answer:"
	done
}

payload_that_is_stretched_is_refused()
{
	emu_cci_fault $sw payload_length 1000
	all_refused "answer:"
}

# Some of it is believed, since it could be true; nothing of it does harm
answer_that_is_spoilt_does_no_harm()
{
	local before at command status

	before=$(fcj fm ports $sw; fcj fm vcs $sw)
	emu_cci_fault $sw flip 255
	for at in $(seq 0 40); do
		emu_cci_fault $sw flip_at "$at"
		for command in ports commands; do
			status=0
			fc fm $command $sw >/dev/null 2>&1 || status=$?
			[ $status -le 1 ] || fail "status $status at $at of $command"
		done
	done
	emu_faults_clear $sw
	expect_eq "$(fcj fm ports $sw; fcj fm vcs $sw)" "$before" "what is told afterwards"
}

answer_to_another_command_is_refused()
{
	local at

	# tag and opcode
	emu_cci_fault $sw flip 1
	for at in 1 3 4; do
		emu_cci_fault $sw flip_at $at
		all_refused "is not of this command"
	done
}

return_codes_are_named()
{
	# the low byte of the code, 0 without the fault
	emu_cci_fault $sw flip_at 8
	emu_cci_fault $sw flip $((0x06))
	all_refused "Busy (0006h)"
	emu_cci_fault $sw flip $((0x1d))
	all_refused "Resources Exhausted (001dh)"
	emu_cci_fault $sw flip $((0xee))
	all_refused "Reserved (00eeh)"
}

# flip AT BITS: of each answer, after the header of 12 bytes and what comes before
flip()
{
	emu_cci_fault $sw flip_at "$1"
	emu_cci_fault $sw flip "$2"
}

# Of the information on virtual switch 1: 4 bytes, id, state, upstream port, vPPBs, and
# 4 bytes for each of these
virtual_switch_that_is_not_what_was_asked_for_is_refused()
{
	flip 16 1
	expect_refusal 1 "virtual switch is another one" fc fm bind $sw vcs 1 vppb 0 port $p2
	flip 17 $((0x01 ^ 0xff))
	expect_refusal 1 "no virtual switch with this id" fc fm bind $sw vcs 1 vppb 0 port $p2
	flip 8 $((0x12))
	expect_refusal 1 "Get Virtual CXL Switch Info: Aborted (0012h)" \
		fc fm bind $sw vcs 1 vppb 0 port $p2
	flip 8 $((0x06))
	expect_refusal 1 "Get Physical Port State: Busy" fc fm ports $sw port $p2
	emu_cci_fault $sw message_length 5
	expect_refusal 1 "is truncated" fc fm show $sw port $p0
}

logical_devices_are_shown_and_left_alone()
{
	fc port unbind "$p2_id"
	fc fm bind $sw vcs 1 vppb 0 port $p2
	flip 20 $((0x2 ^ 0x3))
	expect_eq "$(fm '.vcss[1].vppb[0] | "\(.state) \(.ld)"' vcs $sw)" "ld 255"
	expect_refusal 1 "bound to a logical device" fc fm unbind $sw vcs 1 vppb 0
	expect_eq "$(field port "$p2_id" binding)" bound
}

# The switch knows better than what the broker was told
bind_that_the_switch_refuses_at_once()
{
	flip 20 $((0x2 ^ 0x0))
	expect_refusal 1 "Bind vPPB: Invalid Input" fc fm bind $sw vcs 0 vppb 0 port $p2
	expect_eq "$(field port "$p2_id" binding)" unbound
	# nothing counts there but the command that goes on in the background
	flip 15 $((0x52 ^ 0x51))
	expect_refusal 1 "Bind vPPB: The mailbox works on something else" \
		fc fm bind $sw vcs 1 vppb 0 port $p2
	emu_faults_clear $sw
	expect_eq "$(field port "$p2_id" binding)" error
}

ports_are_bound_by_the_mailbox_alone()
{
	local binds=/sys/module/fabric_emu/parameters/mailbox_binds other=binds$$ p1_id

	echo 1 >$binds
	defer eval "echo 0 >$binds"
	defer emu_switch_del $other
	emu_switch_new $other && emu_port_new $other p0 host0 && emu_port_new $other p1
	emu_switch_live $other
	echo 0 >$binds
	p1_id=$(id_of port $other p1)
	expect_refusal 1 "No such host at this switch" fc port bind "$p1_id" host nobody
	expect_eq "$(field port "$p1_id" binding)" unbound
	fc port bind "$p1_id" host host0
	expect_eq "$(fm '.vcss[0].vppb[] | "\(.state) \(.port)"' vcs $other | tr '\n' ,)" "port 2,port 3,"
	expect_eq "$(field port "$p1_id" host)" host0
	fc port unbind "$p1_id"
	fc port bind "$p1_id" host host1
	expect_eq "$(fm '.vcss[1].vppb[0] | "\(.state) \(.port)"' vcs $other)" "port 3"
	emu_fault $other port_unbind error $EIO
	expect_refusal 1 "Unbind vPPB: Internal Error" fc port unbind "$p1_id"
	emu_faults_clear $other
	fc port unbind "$p1_id"
	# after that nothing is bound, and there is nothing to undo
	emu_fault $other port_bind error $EIO
	expect_refusal 1 "Bind vPPB: Internal Error" fc port bind "$p1_id" host host1
	expect_eq "$(field port "$p1_id" binding)" error
	fc port unbind "$p1_id"
	expect_eq "$(field port "$p1_id" binding)" unbound
	emu_fault $other cci_message error $ETIMEDOUT
	expect_refusal 1 "The switch does not answer" fc port bind "$p1_id" host host1
	emu_faults_clear $other
	fc port unbind "$p1_id"
}

command_that_is_lacking_is_named()
{
	emu_cci_fault $sw flip_at 8
	emu_cci_fault $sw flip 3
	expect_refusal 1 "Identify Switch Device (5100h) is not supported by the switch" \
		fc fm vcs $sw
}

bind_with_a_spoilt_answer_is_undone_by_unbind()
{
	in_background port_bind fc fm bind $sw vcs 1 vppb 0 port $p2
	emu_cci_fault $sw message_length 5
	wait "$pid" && fail "the bind succeeded"
	expect_match "$(cat "$KTAP_TMP/background")" "is truncated"
	expect_eq "$(field port "$p2_id" binding)" error
	emu_fault $sw port_bind wake 1
	emu_faults_clear $sw
	busywait 5000 fc port unbind "$p2_id" >/dev/null
	expect_eq "$(field port "$p2_id" binding)" unbound
	busywait 5000 expect_eq "$(vppb 1 0)" "unbound null"
}

# Last: everything is made anew
switch_that_goes_ends_the_command()
{
	local going

	in_background port_bind fc fm bind $sw vcs 1 vppb 0 port $p2
	echo 0 >"$EMU_CONFIG/$sw/live" &
	going=$!
	wait "$pid" && fail "the bind succeeded"
	wait "$going" || fail "the switch did not go: $(cat "$EMU_CONFIG/$sw/error")"
	emu_switch_live $sw
	expect_eq "$(field port "$(id_of port $sw p2)" binding)" unbound
}

# Its ports are more than the FM API has numbers for.
large_switch_has_no_mailbox()
{
	defer emu_switch_del large$$
	emu_switch_of large$$ 254 4K 4K
	expect_refusal 1 "The domain has no mailbox of a switch" fc fm show large$$
	expect_eq "$(field port "$(id_of port large$$ p253)" binding)" bound
	fc port unbind "$(id_of port large$$ p253)"
	fc port bind "$(id_of port large$$ p253)" host host1
	expect_eq "$(field port "$(id_of port large$$ p253)" host)" host1
}

ktap_run_all \
	switch_says_who_it_is \
	switch_is_among_all \
	ports_agree_with_the_inventory \
	bindings_are_in_the_virtual_switches \
	device_says_who_it_is_through_a_tunnel \
	tunnel_to_nothing_is_refused \
	all_commands_are_there \
	commands_that_are_lacking_are_named \
	domain_that_does_not_exist_is_refused \
	nobody_but_root_may_ask \
	bind_through_the_mailbox_is_that_of_the_port \
	bind_of_what_is_bound_so_changes_nothing \
	bind_of_what_is_bound_otherwise_is_refused \
	unbind_of_what_is_unbound_changes_nothing \
	unbind_is_refused_while_granted \
	what_does_not_exist_is_refused \
	bind_that_fails_leaves_the_port_in_error \
	bind_that_is_refused_leaves_the_port_unbound \
	unbind_that_fails_leaves_the_port_in_error \
	bind_in_progress_is_shown \
	binds_of_two_ports_wait_for_each_other \
	port_stays_usable_while_another_is_bound \
	reset_takes_the_link_down_and_up \
	reset_is_refused_while_granted \
	reset_that_fails_changes_nothing \
	switch_that_does_not_answer_is_told \
	answer_cut_anywhere_is_refused \
	answer_that_is_stretched_is_refused \
	payload_cut_anywhere_is_refused \
	payload_that_is_stretched_is_refused \
	answer_that_is_spoilt_does_no_harm \
	answer_to_another_command_is_refused \
	return_codes_are_named \
	virtual_switch_that_is_not_what_was_asked_for_is_refused \
	logical_devices_are_shown_and_left_alone \
	bind_that_the_switch_refuses_at_once \
	ports_are_bound_by_the_mailbox_alone \
	command_that_is_lacking_is_named \
	bind_with_a_spoilt_answer_is_undone_by_unbind \
	switch_that_goes_ends_the_command \
	large_switch_has_no_mailbox
