#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit suites of fabric_kunit, which is built where the kernel has KUnit; each
# case is a result.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/modules.sh
. "${0%/*}/../lib/modules.sh"

RESULTS=/sys/kernel/debug/kunit

# It runs nothing unless it is told to, or configured to.
modprobe kunit enable=1 2>/dev/null || ktap_skip_all "this kernel has no KUnit"
mount_once debugfs /sys/kernel/debug
module_load fabric_kunit || ktap_bail "fabric_kunit cannot be loaded"
defer rmmod fabric_kunit

for suite in extent grant; do
	cat "$RESULTS/fabric_$suite/results" || ktap_bail "the suite $suite has no results"
done >"$KTAP_TMP/results"

# What KUnit indents is told once more, in one row.
awk 'BEGIN { print "KTAP version 1" }
     /^    # / { print substr($0, 5) }
     /^    ok / { print "ok " ++number, $3 }
     /^    not ok / { print "not ok " ++number, $4; failed = 1 }
     END { print "1.." number; exit failed }' "$KTAP_TMP/results"
