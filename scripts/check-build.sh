#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check-build.sh - build for one kernel with one compiler, without a warning
#
# Usage: check-build.sh [KERNEL [gcc|clang]]        (default: all)
#
# Modules with W=1, and with sparse where the kernel's headers allow it: those of
# 7.2 lack scripts/checker-valid.sh and refuse. Tools with -Werror. Runs inside
# the lab.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
if [ $# -eq 0 ]; then
	for kernel in 6.12 7.2; do
		for compiler in gcc clang; do
			"$0" $kernel $compiler
		done
	done
	exit
fi

kernel=$1
compiler=${2:-gcc}
release=$(scripts/lab/kernel.sh "$kernel")
headers=/lib/modules/$release/build
out=$PWD/.build/check-$kernel-$compiler
log=$out/log
options=(W=1)
# Debian's headers name their gcc and were configured with it. What it alone knows is
# taken out; its named address spaces can't be, and clang calls them repeated.
[ "$compiler" = gcc ] || options+=(LLVM=1 CC=clang LD=ld.lld
	CONFIG_CC_IS_GCC= CONFIG_CC_IS_CLANG=y CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=
	CONFIG_FTRACE_MCOUNT_USE_CC= CONFIG_UBSAN_BOUNDS_STRICT=
	CONFIG_CC_IMPLICIT_FALLTHROUGH=-Wimplicit-fallthrough
	KCFLAGS="-Wno-unknown-warning-option -Wno-duplicate-decl-specifier")
if [ "$compiler" = gcc ] && [ -f "$headers/source/scripts/checker-valid.sh" ] ||
	[ -f "${headers/amd64/common}/scripts/checker-valid.sh" ]; then
	options+=(C=2)
else
	options+=(C=0)
fi

# From nothing: a warning is printed only when its file is compiled.
rm -rf "$out"
mkdir -p "$out"
rsync -aR --exclude='*.o' --exclude='.*.cmd' Kbuild kernel uapi selftests/pci/test_modules "$out/"
make -s -j"$(nproc)" -C "$headers" M="$out" FABRIC_SELFTESTS=1 "${options[@]}" modules 2>&1 | tee "$log"
# What the build says of itself, not of the code: BTF without vmlinux, sparse refused.
if grep -vE 'vmlinux|checker-valid.sh|sparse is not available|^make|compiler differs|kernel was built by|You are using|different compiler' "$log" |
	grep -E 'warning|error|WARNING|ERROR'; then
	echo "check-build.sh: the modules build with warnings on $kernel with $compiler" >&2
	exit 1
fi

# The headers had the last word once.
if [ "$compiler" = clang ] && ! readelf -p .comment "$out/kernel/core/object.o" | grep -q clang; then
	echo "check-build.sh: the modules for $kernel were not built with clang" >&2
	exit 1
fi

rsync -a --exclude='*.o' --exclude=/tools/build dkms.conf Documentation tools selftests "$out/"
CC=$compiler make -s -j"$(nproc)" -C "$out/tools" WERROR=1
CC=$compiler make -s -j"$(nproc)" -C "$out/selftests" CFLAGS="-O2 -g -Werror"
