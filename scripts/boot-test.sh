#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# boot-test.sh - see that the system's own service brings back, after a boot, what
# was saved before: two boots of a virtual machine with one disk
#
# Usage: boot-test.sh
#
# Environment: FABRIC_KERNEL (6.12) and the others of scripts/lab/vm.sh; FABRIC_BUILT=1
# if all is built.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
kernel=${FABRIC_KERNEL:-6.12}
dir=.build/boot-$kernel

[ -n "${FABRIC_BUILT:-}" ] || scripts/lab/enter.sh scripts/build.sh "$kernel"
rm -rf "$dir"
mkdir -p "$dir"
scripts/lab/enter.sh scripts/boot-steps.sh pack "$dir" "$kernel"
for step in save check; do
	FABRIC_TOPOLOGY=plain scripts/lab/vm.sh --kernel "$kernel" --timeout 600 \
		--systemd "$dir/disk" --log "$dir/$step.log" -- scripts/boot-steps.sh $step "$dir"
done
