#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random changes of emulated switches in configfs, see config_fuzz.py.
#
# Environment: FABRIC_FUZZ_SECONDS (30), FABRIC_FUZZ_SEED (another each time)

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

command -v python3 >/dev/null || ktap_skip_all "there is no python3"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
PYTHONDONTWRITEBYTECODE=1 python3 "${0%.sh}.py" "$EMU_CONFIG" "${FABRIC_FUZZ_SECONDS:-30}" \
	"${FABRIC_FUZZ_SEED:-$(date +%s)}"
