#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh - measure, see bench.c. With CXL memory devices in a machine prepared
# for it (FABRIC_PREPARED=1) devdax slices too.
#
# Usage: bench.sh [ROUNDS]

set -u
here=$(cd -- "${0%/*}" && pwd)
# shellcheck source=../lib/ktap.sh
. "$here/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "$here/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "$here/../lib/emu.sh"
# shellcheck source=../lib/cxl.sh
. "$here/../lib/cxl.sh"

rounds=${1:-2000}
need_fabricctl
emu_load || exit 1
sw=bench$$
emu_switch_new $sw || exit 1
defer emu_switch_del $sw
emu_port_new $sw p0 host0
emu_device_new $sw m0 p0 4G 4K
emu_switch_live $sw || exit 1
echo "kernel $(uname -r), $(nproc) processors"
"$here/bench" emulated $sw 4096 "$rounds" || exit 1

many=many$$
emu_switch_of $many 1000 8M 4K || exit 1
defer emu_switch_del $many
"$here/scale" $many "${FABRIC_BENCH_SLICES:-1000000}" $((rounds / 10)) || exit 1

[ "${FABRIC_PREPARED:-}" = 1 ] && cxl_load >/dev/null 2>&1 && cxl_memdev_there 2 || {
	echo "no CXL memory devices to measure devdax slices on"
	exit 0
}
cxl_region_up "$(cxl_memdev 1)"
other=$(cxl create-region -m -t ram -d decoder0.0 -w 1 "$(cxl_memdev 2)" 2>/dev/null |
	jq -r .region)
[ -n "$other" ] || { echo "no second region" >&2; exit 1; }
defer eval "cxl destroy-region -f $other >/dev/null 2>&1"
# dax_cxl makes a device of all of it, which has to go first. No driver may take
# it meanwhile: kmem would put it online, where the kernel may keep some of it.
echo 0 >/sys/bus/dax/drivers_autoprobe
modprobe dax_cxl
defer modprobe -r dax_cxl
udevadm settle
device=$(readlink -f /sys/bus/dax/devices/* | sed -n "s|.*/$other/.*/||p")
if ! daxctl destroy-device -f "$device" >/dev/null 2>&1; then
	echo "$device of $other cannot be destroyed" >&2
	exit 1
fi
echo 1 >/sys/bus/dax/drivers_autoprobe
for size in 2097152 67108864; do
	"$here/bench" devdax "$CXL_REGION" "$other" $size $((rounds / 40)) || exit 1
done
