#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

# small slices, so that very many fit
sw=selftest$$
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
emu_switch_new $sw || ktap_bail "no emulated switch"
defer emu_switch_del $sw
emu_port_new $sw p0 host0
emu_device_new $sw m0 p0 64M 4K
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"

status=0
FABRIC_TEST_DOMAIN=$sw FABRIC_TEST_MODE=1 FABRIC_TEST_SIZE=4096 "${0%.sh}" || status=$?
exit $status
