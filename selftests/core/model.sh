#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random operations on 64 devices, compared with a model; see model.c.
#
# Environment: FABRIC_MODEL_OPS   how many (16000)
#              FABRIC_MODEL_SEED  which (from the clock)

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

ops=${FABRIC_MODEL_OPS:-16000}
seed=${FABRIC_MODEL_SEED:-$(date +%s)}
model=$(realpath "${0%.sh}")
[ -x "$model" ] || ktap_skip_all "$model is not built: run make first"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"

# 32 devices of 64K to 160K, some with a larger granule
new_switch()
{
	local i

	emu_switch_new "$1" || return
	for i in {0..31}; do
		emu_port_new "$1" "p$i" host0 &&
			emu_device_new "$1" "m$i" "p$i" $((64 + i % 4 * 32))K \
				$((i % 16 == 15 ? 8 : 4))K || return
	done
	emu_switch_live "$1"
}

left=modelleft$$
right=modelright$$
new_switch $left || ktap_bail "no emulated switch"
defer emu_switch_del $left
new_switch $right || ktap_bail "no second emulated switch"
defer emu_switch_del $right

every_step_of_one_thread_is_right()
{
	"$model" --seed "$seed" --ops $((ops / 4)) $left $right
}

several_threads_are_right_at_every_stop()
{
	"$model" --seed "$seed" --ops $((ops * 3 / 4)) --threads 4 $left $right
}

digest()
{
	"$model" --seed "$1" --ops 300 $left $right | grep ^digest
}

a_seed_can_be_played_again()
{
	local first

	first=$(digest 1)
	expect_eq "$(digest 1)" "$first" "digest of the same seed"
	[ "$(digest 2)" != "$first" ] || fail "another seed gives the same"
}

# The log has room for this many
what_is_created_is_destroyed()
{
	local log i created destroyed

	[ -e /proc/dynamic_debug/control ] || skip "the kernel has no dynamic debug"
	defer eval "echo 'module fabric -p' >/proc/dynamic_debug/control"
	echo 'module fabric +p' >/proc/dynamic_debug/control
	echo "<6>$left counts from here" >/dev/kmsg
	"$model" --seed "$seed" --ops 600 --threads 2 $left $right
	log=$(dmesg | sed "1,/$left counts from here/d" | grep -oE 'grant .*: (created|destroyed)$')
	for i in 1 2 3 4 5; do
		created=$(grep -c 'created$' <<<"$log")
		destroyed=$(grep -c 'destroyed$' <<<"$log")
		[ "$created" != "$destroyed" ] || break
		log=$(dmesg | sed "1,/$left counts from here/d" |
			grep -oE 'grant .*: (created|destroyed)$')
	done
	[ "$created" -gt 100 ] || fail "only $created were created"
	expect_eq "$destroyed" "$created" "number of grants destroyed"
}

everything_unloads_afterwards()
{
	emu_switch_del $left
	emu_switch_del $right
	rmmod fabric_emu
	[ ! -d /sys/module/fabric_cxl ] || rmmod fabric_cxl
	rmmod fabric
	emu_load
}

ktap_run_all \
	every_step_of_one_thread_is_right \
	several_threads_are_right_at_every_stop \
	a_seed_can_be_played_again \
	what_is_created_is_destroyed \
	everything_unloads_afterwards
