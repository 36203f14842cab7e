#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Generate the uAPI header and the netlink tables of the module from the spec.
#
# Usage: ynl-regen.sh KERNEL_TREE [OUTPUT]
#
# KERNEL_TREE holds tools/net/ynl and Documentation/netlink of a kernel source.
# OUTPUT is the tree to write into, default: this repository. The generator
# wants a MAINTAINERS file above the spec and the schema beside specs/, so it
# runs on a scratch copy that has both.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
	echo "usage: $0 KERNEL_TREE [OUTPUT]" >&2
	exit 2
fi
top=$(cd "$(dirname "$0")/.." && pwd)
tree=$1
out=${2:-$top}

for gen in "$tree/tools/net/ynl/pyynl/ynl_gen_c.py" "$tree/tools/net/ynl/ynl-gen-c.py" ""; do
	[ -f "$gen" ] && break
done
if [ -z "$gen" ]; then
	echo "$0: no ynl generator below $tree/tools/net/ynl" >&2
	exit 1
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/Documentation/netlink/specs"
touch "$scratch/MAINTAINERS"
cp "$tree/Documentation/netlink/genetlink.yaml" "$scratch/Documentation/netlink/"
cp "$top/Documentation/netlink/specs/fabric.yaml" "$scratch/Documentation/netlink/specs/"

generate() {
	mkdir -p "$out/$(dirname "$1")"
	(cd "$scratch" && mkdir -p "$(dirname "$1")" && PYTHONDONTWRITEBYTECODE=1 python3 "$gen" \
		--spec Documentation/netlink/specs/fabric.yaml -o "$1" "$2" --mode "$3")
	cmp -s "$scratch/$1" "$out/$1" || cp "$scratch/$1" "$out/$1"
}

generate uapi/linux/fabric.h --header uapi
generate kernel/core/netlink_gen.h --header kernel
generate kernel/core/netlink_gen.c --source kernel
