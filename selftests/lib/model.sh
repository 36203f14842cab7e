# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Two switches for the program core/model, of which nobody has changed anything yet.

# shellcheck source=broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
# shellcheck source=emu.sh
. "${BASH_SOURCE[0]%/*}/emu.sh"

MODEL=$SELFTESTS/core/model
MODEL_SWITCHES=("left$$" "right$$")

# 32 devices of 64K to 160K, some with a larger granule, some on a NUMA node. One
# program makes all of them, since starting one for each is slow.
model_switch_new()
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

# And one more device that the program keeps for itself
model_switches_new()
{
	local sw

	for sw in "${MODEL_SWITCHES[@]}"; do
		model_switch_new "$sw" || return
	done
	emu_port_new "${MODEL_SWITCHES[0]}" probe host0 || return
	emu_device_new "${MODEL_SWITCHES[0]}" probe probe 4K 4K || return
	for sw in "${MODEL_SWITCHES[@]}"; do
		emu_switch_live "$sw" || return
	done
}

model_switches_del()
{
	local sw

	for sw in "${MODEL_SWITCHES[@]}"; do
		emu_switch_del "$sw" || return
	done
}

# What a run leaves that was ended: faults, grants of nobody, tenants
model_tidy()
{
	local sw id

	for sw in "${MODEL_SWITCHES[@]}"; do
		emu_faults_clear "$sw"
	done
	for id in $(ask grant -- id); do
		fc grant del "$id" force || true
	done
	for id in $(fcj tenant | jq -r '.tenants[].name | select(startswith("model"))'); do
		fc tenant del "$id" || true
	done
}
