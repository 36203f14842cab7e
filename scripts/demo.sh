#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh - show the main job in a virtual machine; sets up what is missing
#
# Usage: demo.sh [--hypervisor-bit]
#
#   --hypervisor-bit   keep the hypervisor bit of the guest's CPU: no region
#                      commits then, and the demo fails at that step
#
# Environment: FABRIC_KERNEL (6.12) and the others of scripts/lab/vm.sh.
# Status: 0 when every step did what it says, else not 0.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
kernel=${FABRIC_KERNEL:-6.12}
options=()
case ${1:-} in
'')
	;;
--hypervisor-bit)
	# The kernel warns about what it then refuses; the refusal is the point.
	options+=(--hypervisor-bit --allow 'cxl/core/region|Call Trace')
	;;
*)
	echo "usage: $0 [--hypervisor-bit]" >&2
	exit 2
	;;
esac

echo "demo.sh: building for kernel $kernel" >&2
scripts/lab/enter.sh scripts/build.sh "$kernel"
echo "demo.sh: booting a machine with a CXL switch and four memory devices" >&2
FABRIC_MODULES=/fabric/.build/$kernel exec scripts/lab/vm.sh --kernel "$kernel" \
	--timeout "${FABRIC_TIMEOUT:-300}" --log .build/demo.log "${options[@]}" -- \
	scripts/demo-steps.sh
