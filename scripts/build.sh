#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh - build everything in the lab, in copies of the sources below .build
#
# Usage: build.sh [KERNEL...]        (default: 6.12)
#
# The modules go to .build/KERNEL, tools and selftests to .build/tree: what the
# lab makes is not mixed with what the host makes in the tree itself. Runs inside
# the lab (scripts/lab/enter.sh). With FABRIC_COVERAGE=1 the tools count what is reached.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
jobs=$(nproc)

# Copies keep their times, so only what changed is built again.
copy() {
	local to=$1
	shift
	mkdir -p "$to"
	rsync -a --exclude='*.o' --exclude='.*.cmd' --exclude=/tools/build "$@" "$to/"
}

for kernel in "${@:-6.12}"; do
	out=$PWD/.build/$kernel
	release=$(scripts/lab/kernel.sh "$kernel")
	# A kernel that was built here keeps its release when its configuration changes.
	cmp -s "/boot/config-$release" "$out/config" || rm -rf "$out"
	copy "$out" Kbuild kernel uapi
	copy "$out/selftests/pci" selftests/pci/test_modules
	make -s -j"$jobs" -C "/lib/modules/$release/build" M="$out" FABRIC_SELFTESTS=1 modules
	cp "/boot/config-$release" "$out/config"
done
flags=${FABRIC_COVERAGE:+-O0 -g --coverage}
# make does not see that they are to be built otherwise.
[ "$(cat .build/tree/flags 2>/dev/null)" = "$flags" ] || rm -rf .build/tree/tools
copy .build/tree dkms.conf Kbuild Documentation kernel uapi scripts tools selftests
echo "$flags" >.build/tree/flags
make -s -j"$jobs" -C .build/tree/tools ${flags:+CFLAGS="$flags"}
make -s -j"$jobs" -C .build/tree/selftests
