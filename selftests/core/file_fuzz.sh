#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random system calls on the files of grants, see file_fuzz.py.
#
# Environment: FABRIC_FUZZ_SECONDS (30), FABRIC_FUZZ_SEED (another each time)

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/backend.sh
. "${0%/*}/../lib/backend.sh"
# shellcheck source=../lib/ynl.sh
. "${0%/*}/../lib/ynl.sh"

need_ynl
need_fabricctl
backend_up
PYTHONDONTWRITEBYTECODE=1 python3 "${0%.sh}.py" "$spec" "$schema" "${cli%/*}" \
	"$(domain_id "$FABRIC_TEST_DOMAIN")" "${FABRIC_FUZZ_SECONDS:-30}" \
	"${FABRIC_FUZZ_SEED:-$(date +%s)}"
