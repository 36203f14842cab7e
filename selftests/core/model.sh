#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random operations on 64 devices, compared with a model; see model.c.
#
# Environment: FABRIC_MODEL_OPS   how many of several threads (2000), each way
#              FABRIC_MODEL_SEED  which (from the clock)

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

ops=${FABRIC_MODEL_OPS:-2000}
seed=${FABRIC_MODEL_SEED:-$(date +%s)}
model=$(realpath "${0%.sh}")
need_fabricctl
[ -x "$model" ] || ktap_skip_all "$model is not built: run make first"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"

# 32 devices of 64K to 160K, some with a larger granule, some on a NUMA node. One
# program makes all of them, since starting one for each is slow.
new_switch()
{
	local dir=$EMU_CONFIG/$1 i

	emu_switch_new "$1" || return
	mkdir "$dir"/ports/p{0..31} "$dir"/devices/m{0..31} || return
	for i in {0..31}; do
		echo host0 >"$dir/ports/p$i/host" &&
			echo "p$i" >"$dir/devices/m$i/port" &&
			echo $((64 + i % 4 * 32))K >"$dir/devices/m$i/size" &&
			echo $((i % 16 == 15 ? 8 : 4))K >"$dir/devices/m$i/granule" || return
		[ $((i % 8)) -ne 1 ] || echo 0 >"$dir/devices/m$i/numa_node" || return
	done
}

# model ARGS...: on switches of which nobody has changed anything yet, and one
# more device that the program keeps for itself
model()
{
	local status=0

	new_switch left$$
	emu_port_new left$$ probe host0
	emu_device_new left$$ probe probe 4K 4K
	emu_switch_live left$$
	new_switch right$$
	emu_switch_live right$$
	"$model" "$@" left$$ right$$ || status=$?
	[ $status -eq 0 ] || tidy
	emu_switch_del left$$ && emu_switch_del right$$ || return
	return $status
}

# After a run that ended where it found something wrong
tidy()
{
	local id

	emu_faults_clear left$$
	emu_faults_clear right$$
	for id in $(fcj grant | jq '.grants[].id'); do
		fc grant del "$id" force || true
	done
	for id in $(fcj tenant | jq -r '.tenants[].name | select(startswith("model"))'); do
		fc tenant del "$id" || true
	done
}

every_step_of_one_thread_is_right()
{
	model --seed "$seed" --ops $((ops / 16))
}

every_step_of_several_threads_is_right()
{
	model --seed "$seed" --ops "$ops" --threads 4 --stop-every 1
}

several_threads_that_do_not_wait_are_right()
{
	model --seed "$seed" --ops "$ops" --threads 4
}

trace()
{
	model --seed "$1" --ops 100 >"$KTAP_TMP/trace" || fail "$(cat "$KTAP_TMP/trace")"
	sed -n 's/^trace //p' "$KTAP_TMP/trace"
}

a_seed_can_be_played_again()
{
	local first

	first=$(trace 1)
	echo "trace $first"
	expect_eq "$(trace 1)" "$first" "trace of the same seed"
	[ "$(trace 2)" != "$first" ] || fail "another seed gives the same"
}

# Of those that the log has room for
what_is_created_is_destroyed()
{
	[ -e /proc/dynamic_debug/control ] || skip "the kernel has no dynamic debug"
	defer eval "echo 'module fabric -p' >/proc/dynamic_debug/control"
	echo 'module fabric +p' >/proc/dynamic_debug/control
	echo "<6>model$$ counts from here" >/dev/kmsg
	model --seed "$seed" --ops 600 --threads 2
	busywait 10000 as_many_are_destroyed ||
		fail "$(count created) created, $(count destroyed) destroyed"
	[ "$(count created)" -gt 100 ] || fail "only $(count created) were created"
}

count()
{
	dmesg | sed "1,/model$$ counts from here/d" | grep -cE "grant .*: $1\$"
}

as_many_are_destroyed()
{
	[ "$(count created)" = "$(count destroyed)" ]
}

everything_unloads_afterwards()
{
	rmmod fabric_emu
	[ ! -d /sys/module/fabric_cxl ] || rmmod fabric_cxl
	rmmod fabric
	emu_load
}

ktap_run_all \
	every_step_of_one_thread_is_right \
	every_step_of_several_threads_is_right \
	several_threads_that_do_not_wait_are_right \
	a_seed_can_be_played_again \
	what_is_created_is_destroyed \
	everything_unloads_afterwards
