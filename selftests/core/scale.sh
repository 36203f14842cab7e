#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# 1,000 devices with 20,000 slices, see scale.c.
#
# Environment: FABRIC_SCALE_SEED  which slices (1)

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
defer emu_switch_del $FABRIC_TEST_DOMAIN
emu_switch_of $FABRIC_TEST_DOMAIN 1000 256K 4K || ktap_bail "no emulated switch"
backend_run "${0%.sh}"
