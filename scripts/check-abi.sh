#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check-abi.sh - compare what programs see of libfabricbroker with tools/lib/libfabricbroker.abi
#
# Usage: check-abi.sh [--update]
#
# Functions, and the types that the header declares. Any difference fails, also one
# that no program minds, so that the file is always that of the tree. --update writes
# it. Runs inside the lab.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
out=$PWD/.build/abi
abi=tools/lib/libfabricbroker.abi

mkdir -p "$out"
make -s -j"$(nproc)" -C tools O="$out/build" CFLAGS="-O2 -g" >/dev/null
# Without places and parameter names: they change with any edit and are no program's matter.
abidw --headers-dir tools/lib/include --drop-private-types --exported-interfaces-only \
	--no-show-locs --no-corpus-path --no-comp-dir-path --no-elf-needed \
	--no-write-default-sizes --no-parameter-names --type-id-style hash \
	--out-file "$out/now.abi" "$out/build/libfabricbroker.so"
if [ "${1:-}" = --update ]; then
	cp "$out/now.abi" "$abi"
	exit
fi
if ! abidiff "$abi" "$out/now.abi"; then
	echo "$0: the ABI of the library changed. If programs that exist would not run any more, raise SONAME in tools/Makefile; then 'make abi-update'" >&2
	exit 1
fi
