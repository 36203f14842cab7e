#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random operations on 64 devices, compared with a model; see model.c.
#
# Environment: FABRIC_MODEL_OPS   how many of several threads (2000), each way
#              FABRIC_MODEL_SEED  which (from the clock)

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/model.sh
. "${0%/*}/../lib/model.sh"

ops=${FABRIC_MODEL_OPS:-2000}
seed=${FABRIC_MODEL_SEED:-$(date +%s)}
need_fabricctl
[ -x "$MODEL" ] || ktap_skip_all "$MODEL is not built: run make first"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"

# model ARGS...
model()
{
	local status=0

	model_switches_new
	"$MODEL" "$@" "${MODEL_SWITCHES[@]}" || status=$?
	# It ended where it found something wrong.
	[ $status -eq 0 ] || model_tidy
	model_switches_del || return
	return $status
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
