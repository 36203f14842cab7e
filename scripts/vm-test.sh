#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm-test.sh - run the selftests in a virtual machine made for them
#
# Usage: vm-test.sh [COLLECTION | COLLECTION/TEST]...        (default: all)
#
# Environment: FABRIC_KERNEL and the others of scripts/lab/vm.sh; FABRIC_LANE, a name
# for the kernel log when several run at a time; FABRIC_BUILT=1 if all is built.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
kernel=${FABRIC_KERNEL:-6.12}

[ -n "${FABRIC_BUILT:-}" ] || scripts/lab/enter.sh scripts/build.sh "$kernel"
export FABRIC_PREPARED=1 FABRIC_MODULES=/fabric/.build/$kernel
exec scripts/lab/vm.sh --kernel "$kernel" --timeout "${FABRIC_TIMEOUT:-4800}" \
	--log ".build/vm-$kernel${FABRIC_LANE:+-$FABRIC_LANE}.log" -- .build/tree/selftests/run.sh "$@"
