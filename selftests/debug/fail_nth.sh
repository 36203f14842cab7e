#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every allocation of every operation fails once, see fail_nth.c. Two devices of 1 MiB
# in granules of a page's size times 16: few allocations, and something to combine.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/emu.sh
SELFTESTS=$(cd -- "${0%/*}/.." && pwd)
. "$SELFTESTS/lib/emu.sh"
# shellcheck source=../lib/backend.sh
. "$SELFTESTS/lib/backend.sh"

[ -e /proc/self/fail-nth ] || ktap_skip_all "this kernel injects no faults"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
FABRIC_TEST_DOMAIN=selftest$$
FABRIC_TEST_MODE=1
FABRIC_TEST_SIZE=$((64 << 10))
export FABRIC_TEST_DOMAIN FABRIC_TEST_MODE FABRIC_TEST_SIZE
emu_switch_new $FABRIC_TEST_DOMAIN || ktap_bail "no emulated switch"
defer emu_switch_del $FABRIC_TEST_DOMAIN
for i in 0 1; do
	emu_port_new $FABRIC_TEST_DOMAIN p$i host0
	emu_device_new $FABRIC_TEST_DOMAIN m$i p$i 1M 64K
done
emu_port_new $FABRIC_TEST_DOMAIN p2
emu_switch_live $FABRIC_TEST_DOMAIN || ktap_bail "the emulated switch does not go live"
backend_run "${0%.sh}"
