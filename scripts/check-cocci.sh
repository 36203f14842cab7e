#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check-cocci.sh - the kernel's coccinelle scripts over the modules; prints what
# they report and fails if they report something. Runs inside the lab.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
tree=/usr/src/linux-7.2-tools
log=$(mktemp)
trap 'rm -f "$log"' EXIT

find "$tree/scripts/coccinelle" -name '*.cocci' | sort | while read -r script; do
	grep -q 'virtual report' "$script" || continue
	spatch -D report --very-quiet --no-show-diff --cocci-file "$script" -I kernel/include \
		-I . --dir kernel 2>/dev/null || true
done | tee "$log"
[ ! -s "$log" ]
