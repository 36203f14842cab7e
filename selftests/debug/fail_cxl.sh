#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every allocation of taking, giving and releasing real CXL memory fails once, those of the
# kernel's CXL and DAX too, see fail_nth.c.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/backend.sh
. "${0%/*}/../lib/backend.sh"

[ -e /proc/self/fail-nth ] || ktap_skip_all "this kernel injects no faults"
FABRIC_BACKEND=cxl
backend_up
export FABRIC_TEST_REGION=$CXL_REGION
backend_run "${0%/*}/fail_nth"
