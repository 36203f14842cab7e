#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo-steps.sh - the main job, step by step, on this machine's CXL memory
#
# Usage: demo-steps.sh       (as root, in a machine made for it: see demo.sh)
#
# Every step says what it does, does it, and checks what came of it with tools
# that know nothing of the broker. The first check that fails ends it.
#
# Environment: FABRIC_MODULES, a directory with the modules below kernel/.
set -uo pipefail

top=$(cd -- "$(dirname -- "$0")/.." && pwd)
export PATH=$top/.build/tree/tools/build:$PATH
export LD_LIBRARY_PATH=$top/.build/tree/tools/build
bold=$'\e[1m' plain=$'\e[0m'
[ -t 1 ] || bold='' plain=''
count=0

step() {
	count=$((count + 1))
	printf '\n%s%d. %s%s\n' "$bold" $count "$1" "$plain"
}

fail() {
	printf '   FAILED: %s\n' "$1"
	exit 1
}

# Show a command, run it, and end if it fails.
run() {
	printf '   $ %s\n' "$*"
	"$@" 2>&1 | sed 's/^/     /'
	[ "${PIPESTATUS[0]}" -eq 0 ] || fail "$*"
}

# check CLAIM COMMAND...
check() {
	local claim=$1
	shift
	"$@" >/dev/null 2>&1 || fail "$claim"
	printf '   ok: %s\n' "$claim"
}

memory_of_node() { awk '$3 == "MemTotal:" { print $4 * 1024 }' "/sys/devices/system/node/node$1/meminfo"; }
free_capacity() {
	fabricctl -j resource show | jq '[.resources[] | select(.kind == "memory") | .free] | add'
}
whole() { [ "$(free_capacity)" = "$total" ]; }

# until_true SECONDS COMMAND...
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

printf '%sThe fabric broker on kernel %s%s\n' "$bold" "$(uname -r)" "$plain"

step 'Load the broker and its CXL backend.'
for module in core/fabric cxl/fabric_cxl; do
	check "${module#*/}.ko is loaded" insmod "${FABRIC_MODULES:-$top}/kernel/$module.ko"
done

step 'What it found: a host bridge, a switch, four memory devices.'
run fabricctl tree
check 'four memory devices are listed' \
	test "$(fabricctl -j device show | jq '.devices | length')" = 4
check 'as many as the kernel knows' \
	test "$(find /sys/bus/cxl/devices/ -name 'mem*' | wc -l)" = 4

step 'Program two regions: one on a single device, one interleaved over two.'
name_of_serial() { cxl list -M | jq -r ".[] | select(.serial == $1) | .memdev"; }
single=$(name_of_serial 1)
left=$(name_of_serial 2)
right=$(name_of_serial 3)
run fabricctl region create memdev "$single"
run fabricctl region create memdev "$left,$right"
check 'the kernel lists two committed regions' \
	test "$(cxl list -R | jq '[.[] | select(.decode_state == "commit")] | length')" = 2
total=$(free_capacity)
check 'the broker offers all of it' test "$total" = $((3 * 512 << 20))

step 'A slice of 256 MiB as a device DAX node.'
run fabricctl grant new kind memory size 256M mode devdax
grant=$(fabricctl -j grant show | jq '.grants[0].id')
slice=$(fabricctl -j slice show | jq '.slices[0]')
node=$(jq -r .node <<<"$slice")
start=$(jq .address <<<"$slice")
check "daxctl lists $node with 256 MiB" \
	test "$(daxctl list | jq ".[] | select(.chardev == \"$node\") | .size")" = $((256 << 20))
range=$(printf '%x-%x : %s' "$start" $((start + (256 << 20) - 1)) "$node")
check "/proc/iomem has $range" grep -q "$range" /proc/iomem

step 'A program that knows nothing of the broker maps it, writes, reads back.'
check "it reads what it wrote to /dev/$node" python3 - "/dev/$node" <<'PYTHON'
import mmap, os, sys
size = 2 << 20
with open(sys.argv[1], "r+b") as node:
    memory = mmap.mmap(node.fileno(), size)
    memory[:] = b"secret! " * (size // 8)
    assert memory[:16] == b"secret! secret! "
PYTHON

step 'Released and granted again: the next holder sees zeros, not the secret.'
run fabricctl grant del "$grant"
run fabricctl grant new kind memory size 256M mode devdax
slice=$(fabricctl -j slice show | jq '.slices[0]')
check 'it is the same extent' test "$(jq .address <<<"$slice")" = "$start"
node=$(jq -r .node <<<"$slice")
check 'every byte of it is zero' python3 - "/dev/$node" <<'PYTHON'
import mmap, sys
with open(sys.argv[1], "r+b") as node:
    memory = mmap.mmap(node.fileno(), 256 << 20)
    zeros = bytes(2 << 20)
    assert all(memory[i:i + len(zeros)] == zeros for i in range(0, len(memory), len(zeros)))
PYTHON
run fabricctl grant del "$(fabricctl -j grant show | jq '.grants[0].id')"

step 'A slice as memory of the kernel, and back.'
node=$(fabricctl -j resource show | jq '[.resources[] | select(.kind == "memory")][0]."numa-node"')
before=$(memory_of_node "$node" 2>/dev/null)
run fabricctl grant new kind memory size 256M mode system-ram node "$node"
check "node $node has exactly 256 MiB more" \
	test "$(memory_of_node "$node")" = $((${before:-0} + (256 << 20)))
check 'all of it is movable' grep -q Movable "/sys/devices/system/memory/$(
	for block in /sys/devices/system/memory/memory*; do
		[ "$(cat "$block/valid_zones")" = Movable ] && basename "$block" && break
	done)/valid_zones"
run fabricctl grant del "$(fabricctl -j grant show | jq '.grants[0].id')"
check 'and exactly as much as before after the release' \
	test "$(memory_of_node "$node" 2>/dev/null || echo 0)" = "${before:-0}"

step 'The holder is a process. It is killed; its memory comes back by itself.'
fabricctl run kind memory size 64M -- sleep 1000 &
holder=$!
check 'its grant is active' until_true 10 sh -c \
	'fabricctl -j grant show | jq -e ".grants[0].state == \"active\""'
run fabricctl grant show
kill -9 $holder
wait $holder 2>/dev/null
check 'all capacity is free again' until_true 10 whole

step 'Give everything back.'
for region in $(fabricctl -j device show | jq -r '.devices[] | select(.type == "region").name'); do
	run fabricctl region destroy "$region"
done
check 'the kernel has no region any more' test "$(cxl list -R 2>/dev/null | jq length)" = 0
check 'the modules unload' rmmod fabric_cxl fabric

printf '\n%sDone: %d steps, every check held.%s\n' "$bold" $count "$plain"
