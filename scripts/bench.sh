#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh - measure, in a virtual machine; never a test
#
# Usage: bench.sh
#
# Environment: FABRIC_KERNEL and the others of scripts/lab/vm.sh;
# FABRIC_BENCH_SLICES, the most slices that are alive (1000000).
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
kernel=${FABRIC_KERNEL:-6.12}

scripts/lab/enter.sh scripts/build.sh "$kernel"
scripts/lab/enter.sh make -s -C .build/tree/selftests bench
FABRIC_PREPARED=1 FABRIC_MODULES=/fabric/.build/$kernel exec scripts/lab/vm.sh --kernel "$kernel" \
	--memory "${FABRIC_MEMORY:-6G}" --timeout "${FABRIC_TIMEOUT:-3600}" --log .build/bench.log -- \
	.build/tree/selftests/bench/bench.sh
