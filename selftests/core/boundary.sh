#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What somebody with few rights does not get at, see boundary.c.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/emu.sh
SELFTESTS=$(cd -- "${0%/*}/.." && pwd)
. "$SELFTESTS/lib/emu.sh"
# shellcheck source=../lib/backend.sh
. "$SELFTESTS/lib/backend.sh"

[ "$(id -u)" -eq 0 ] || ktap_skip_all "needs root, to become others"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
FABRIC_TEST_DOMAIN=selftest$$
export FABRIC_TEST_DOMAIN
emu_switch_new $FABRIC_TEST_DOMAIN || ktap_bail "no emulated switch"
defer emu_switch_del $FABRIC_TEST_DOMAIN
for i in 0 1; do
	emu_port_new $FABRIC_TEST_DOMAIN p$i host0
	emu_device_new $FABRIC_TEST_DOMAIN m$i p$i 16M 64K
done
emu_switch_live $FABRIC_TEST_DOMAIN || ktap_bail "the emulated switch does not go live"

backend_run "${0%.sh}"
