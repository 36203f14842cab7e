#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Say what a kernel lacks for the modules to build; the list is that of dkms.conf.
#
# Usage: check-config.sh KERNEL_BUILD_DIRECTORY
set -eu

kdir=$1
top=$(cd "$(dirname "$0")/.." && pwd)
config=$kdir/.config
if [ ! -f "$config" ]; then
	echo "$0: no configured kernel in $kdir, install the kernel's headers or give KDIR=" >&2
	exit 1
fi

missing=
options=$(sed -n 's/^BUILD_EXCLUSIVE_CONFIG="\(.*\)"/\1/p' "$top/dkms.conf")
for option in $options; do
	grep -qE "^$option=[ym]" "$config" || missing="$missing $option"
done
if [ -n "$missing" ]; then
	echo "$0: the kernel of $kdir lacks$missing" >&2
	exit 1
fi
