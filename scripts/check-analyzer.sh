#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check-analyzer.sh - clang's static analyzer over the tools
#
# Usage: check-analyzer.sh
#
# Prints the findings with their paths and fails if there are any. The modules are
# for sparse and coccinelle: Debian's kernel headers are configured for gcc. Runs
# inside the lab.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
out=$PWD/.build/analyzer
# A checker that forbids memset(), snprintf() and the like, for which C11 has others that
# no C library has.
analyzer=(--analyze --analyzer-output text -Xclang -analyzer-disable-checker
	-Xclang security.insecureAPI.DeprecatedOrUnsafeBufferHandling)

mkdir -p "$out"
: >"$out/log"

make -s -C tools O="$out/tools" man >/dev/null
mkdir -p "$out/tools/include/linux"
cp uapi/linux/fabric.h "$out/tools/include/linux/"
read -ra flags < <(pkg-config --cflags libnl-3.0 libnl-genl-3.0 libcxl libdaxctl json-c libpci)
for file in tools/lib/*.c tools/fabricctl/*.c; do
	clang "${analyzer[@]}" -std=gnu11 -D_GNU_SOURCE -Itools/lib/include \
		-I"$out/tools/include" "${flags[@]}" -DFABRIC_LIBCXL='"analyzed"' \
		-DFABRICCTL_VERSION='"analyzed"' "$file" 2>&1 | tee -a "$out/log"
done

if grep -qE 'warning:|error:' "$out/log"; then
	echo "check-analyzer.sh: $(grep -cE 'warning:|error:' "$out/log") findings" >&2
	exit 1
fi
