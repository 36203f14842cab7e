#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every allocation of what is asked for through configfs fails once, see fail_config.c.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

[ -e /proc/self/fail-nth ] || ktap_skip_all "this kernel injects no faults"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
defer emu_switch_del selftest$$
"${0%.sh}" "$EMU_CONFIG/selftest$$"
