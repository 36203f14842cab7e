#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Fail when what is generated from the netlink spec is not what is committed.
#
# Usage: check-ynl.sh KERNEL_TREE
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$top/scripts/ynl-regen.sh" "$1" "$scratch"
cd "$scratch"
status=0
for file in $(find . -type f | sort); do
	diff -u "$top/$file" "$file" || status=1
done
[ $status -eq 0 ] || echo "$0: the spec was changed, run 'make ynl'" >&2
exit $status
