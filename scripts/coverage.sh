#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# coverage.sh - which lines and branches of modules and tools the selftests reach
#
# Usage: coverage.sh [COLLECTION | COLLECTION/TEST]...      (default: all)
#        coverage.sh --report     what runs of vm-test.sh left, added up
#
# On a kernel that counts, 6.12-gcov; on another (FABRIC_KERNEL=6.12) the tools alone. Counts
# are left in .build/coverage, one archive for each FABRIC_LANE, also when it is not run from
# here: of modules always, of tools with FABRIC_COVERAGE=1. Why a line of kernel is not reached
# is in selftests/unreached.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
counts=.build/coverage
status=0

case ${1:-} in
--help|-h)
	sed -n '/^# SPDX/d; 2,${ /^#/!q; s/^# \{0,1\}//; p; }' "$0"
	exit
	;;
--bring)
	# In the guest: files of debugfs have no size, and the notes beside them are links.
	# Those of the tools are where these were built. One archive, because a thousand
	# files take minutes on the way to the host.
	to=/run/counts
	bring()
	{
		[ -d "$1" ] || return 0
		(cd "$1" && find . -name '*.gcda') | while read -r file; do
			mkdir -p "$to/${file%/*}"
			cat "$2/${file%.gcda}.gcno" >"$to/${file%.gcda}.gcno"
			cat "$1/$file" >"$to/$file"
		done
	}
	bring /sys/kernel/debug/gcov /sys/kernel/debug/gcov
	bring /run/gcov /
	[ -d $to ] || exit 0
	mkdir -p "/fabric/$counts"
	tar -cf "/fabric/$counts/$2.tar" -C $to .
	exit
	;;
--report) ;;
*)
	rm -rf "$counts"
	export FABRIC_COVERAGE=1 FABRIC_KERNEL=${FABRIC_KERNEL:-6.12-gcov}
	if [ $# -gt 0 ]; then
		scripts/vm-test.sh "$@" || status=$?
	else
		scripts/vm-test.sh core cli emu cci cxl debug || status=$?
		FABRIC_LANE=pci FABRIC_TOPOLOGY=pcie scripts/vm-test.sh pci || status=$?
	fi
	;;
esac

for run in "$counts"/*.tar; do
	[ -e "$run" ] || { echo "coverage.sh: nothing was counted" >&2; exit 1; }
	rm -rf "${run%.tar}"
	mkdir "${run%.tar}"
	tar -xf "$run" -C "${run%.tar}"
done
# The compiler's, as the format is its own
scripts/lab/enter.sh python3 scripts/coverage-report.py "$counts" && exit "$status"
