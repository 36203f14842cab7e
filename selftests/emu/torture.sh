#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Eight threads do everything at random, with faults and devices that are torn out (the
# program core/model), and are killed with all that they hold at a moment that nobody
# chose. Meanwhile the modules are asked to go. Then everything balances, they go, and the
# next round loads them again.
#
# Environment: FABRIC_TORTURE_SECONDS  how long (180)
#              FABRIC_TORTURE_SEED     which moments and operations (from the clock)

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/model.sh
. "${0%/*}/../lib/model.sh"

seconds=${FABRIC_TORTURE_SECONDS:-180}
seed=${FABRIC_TORTURE_SEED:-$(date +%s)}
need_fabricctl
[ -x "$MODEL" ] || ktap_skip_all "$MODEL is not built: run make first"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
for dir in "$EMU_CONFIG"/*/; do
	[ ! -d "$dir" ] || ktap_skip_all "switch $(basename "$dir") is in use"
done
[ ! -d /sys/module/fabric_cxl ] || rmmod fabric_cxl 2>/dev/null ||
	ktap_skip_all "fabric_cxl is in use"

unload()
{
	rmmod fabric_emu && rmmod fabric
}

defer emu_load
unload || ktap_skip_all "fabric is in use"
refusals=0 made=0

# What is left when it ends early
all_down()
{
	[ ! -d "$EMU_CONFIG/${MODEL_SWITCHES[0]}" ] || { model_tidy; model_switches_del; }
} >/dev/null 2>&1

# torture SEED SECONDS: until it is killed
torture()
{
	local pid status=0 deadline=$((SECONDS + $2))

	"$MODEL" --seed "$1" --ops 100000000 --threads 8 "${MODEL_SWITCHES[@]}" \
		>"$KTAP_TMP/model" 2>&1 &
	pid=$!
	while [ "$SECONDS" -lt $deadline ] && kill -0 $pid 2>/dev/null; do
		rmmod fabric_emu 2>/dev/null && fail "fabric_emu went with its switches live"
		rmmod fabric 2>/dev/null && fail "fabric went with its backend"
		refusals=$((refusals + 2))
	done
	kill -KILL $pid 2>/dev/null || true
	wait $pid 2>/dev/null || status=$?
	[ $status -eq 137 ] || fail "it ended, status $status: $(cat "$KTAP_TMP/model")"
}

nothing_is_granted()
{
	[ -z "$(ask slice -- grant-id)$(ask grant -- id)" ]
}

# What is held in quarantine is tried again, which takes its time.
expect_balance()
{
	local sw

	busywait 60000 nothing_is_granted ||
		fail "left: $(ask grant -- id state) $(ask slice -- grant-id state)"
	sums_are_right || fail "the sums are wrong"
	for sw in "${MODEL_SWITCHES[@]}"; do
		expect_eq "$(sum free "$sw")" "$(sum total "$sw")" "what is free of $sw"
		expect_eq "$(emu_slices "$sw")" "" "slices of $sw in debugfs"
	done
}

# The log since the round began has as many of each that were destroyed as created.
expect_destroyed()
{
	local object

	dmesg | sed "1,/$1/d" |
		grep -oE '(domain|port|device|resource|grant|tenant|switch) .*: (created|destroyed)$' \
		>"$KTAP_TMP/counts"
	for object in domain port device resource grant tenant switch; do
		expect_eq "$(grep -cE "^$object .*destroyed\$" "$KTAP_TMP/counts")" \
			"$(grep -cE "^$object .*created\$" "$KTAP_TMP/counts")" \
			"number of ${object}s destroyed"
	done
	made=$((made + $(grep -cE '^grant .*created$' "$KTAP_TMP/counts" || true)))
}

everything_balances_whenever_all_are_killed()
{
	local end=$((SECONDS + seconds)) rounds=0 mark

	[ -e /proc/dynamic_debug/control ] || skip "the kernel has no dynamic debug"
	defer all_down
	RANDOM=$seed
	until [ "$SECONDS" -ge $end ] && [ $rounds -gt 1 ]; do
		rounds=$((rounds + 1))
		emu_load
		echo 'module fabric +p' >/proc/dynamic_debug/control
		echo 'module fabric_emu +p' >/proc/dynamic_debug/control
		mark="torture$$ round $rounds begins"
		echo "<6>$mark" >/dev/kmsg
		model_switches_new
		torture $((seed + rounds)) $((1 + RANDOM % 16))
		model_tidy >/dev/null 2>&1
		expect_balance
		model_switches_del
		unload
		expect_destroyed "$mark"
	done
	echo "seed $seed: $rounds rounds, $made grants made and destroyed," \
		"unloading refused $refusals times"
	[ $made -gt $rounds ] || fail "hardly anything was done"
}

ktap_run_all everything_balances_whenever_all_are_killed
