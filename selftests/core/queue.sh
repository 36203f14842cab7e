#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who waits for what, and who gets it where, see queue.c. Devices m0 and m1 of
# 8 MiB, m2 of 16 MiB, and m3 of 8 MiB on a NUMA node. Each link guarantees up to
# 252061 Mb/s, the one of the host 504123.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/emu.sh
SELFTESTS=$(cd -- "${0%/*}/.." && pwd)
. "$SELFTESTS/lib/emu.sh"
# shellcheck source=../lib/backend.sh
. "$SELFTESTS/lib/backend.sh"

emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
FABRIC_TEST_DOMAIN=selftest$$
export FABRIC_TEST_DOMAIN
emu_switch_new $FABRIC_TEST_DOMAIN || ktap_bail "no emulated switch"
defer emu_switch_del $FABRIC_TEST_DOMAIN
size=(8M 8M 16M 8M)
for i in 0 1 2 3; do
	emu_port_new $FABRIC_TEST_DOMAIN p$i host0
	emu_device_new $FABRIC_TEST_DOMAIN m$i p$i "${size[i]}" 1M
done
echo 0 >"$EMU_CONFIG/$FABRIC_TEST_DOMAIN/devices/m3/numa_node"
emu_switch_live $FABRIC_TEST_DOMAIN || ktap_bail "the emulated switch does not go live"
backend_run "${0%.sh}"
