#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm-test.sh - run the selftests in a virtual machine made for them
#
# Usage: vm-test.sh [COLLECTION | COLLECTION/TEST]...        (default: all)
#
# Environment: FABRIC_KERNEL and the others of scripts/lab/vm.sh; FABRIC_LANE, a name
# for the kernel log when several run at a time; FABRIC_BUILT=1 if all is built;
# FABRIC_COVERAGE=1 to count what is reached of the tools, see coverage.sh.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
kernel=${FABRIC_KERNEL:-6.12}
timeout=4800

# A kernel of our own is built once, and here at once. A guest with all instruments is
# up to ten times slower.
if [ -e "selftests/config.${kernel#6.12-}" ]; then
	scripts/lab/debug-kernel.sh "${kernel#6.12-}" >&2
	timeout=30000
	set -- --timeout 9000 "$@"
	export KSFT_MACHINE_SLOW=yes
fi
[ -n "${FABRIC_BUILT:-}" ] || scripts/lab/enter.sh scripts/build.sh "$kernel"
export FABRIC_PREPARED=1 FABRIC_MODULES=/fabric/.build/$kernel
# Tests start programs by the hundred: from the guest's memory, not from the host's
# file system. As one file, because copying many takes longer than some tests.
tree=.build/tree${FABRIC_LANE:+-$FABRIC_LANE}.tar
tar -cf "$tree" -C .build tree
lane=$kernel${FABRIC_LANE:+-$FABRIC_LANE}
# shellcheck disable=SC2016 # expanded in the guest
exec scripts/lab/vm.sh --kernel "$kernel" --timeout "${FABRIC_TIMEOUT:-$timeout}" \
	--log ".build/vm-$lane.log" -- \
	sh -c 'tree=$0 lane=$1
		shift
		tar -xf "$tree" -C /run || exit
		if [ -n "${FABRIC_COVERAGE:-}" ]; then
			# Others than root count, too
			export GCOV_PREFIX=/run/gcov GCOV_ERROR_FILE=/dev/null
			/run/tree/tools/build/fabricctl help >/dev/null
			chmod -R a+rwX /run/gcov
		fi
		/run/tree/selftests/run.sh "$@"
		status=$?
		scripts/coverage.sh --bring "$lane" || exit
		exit $status' "$tree" "$lane" "$@"
