#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Hand the modules to DKMS, which builds them for this kernel and later ones.
#
# Usage: dkms-install.sh [KERNEL_RELEASE]
#
# Environment: DKMS_SOURCES (default /usr/src)
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
kernel=${1:-$(uname -r)}
value_of() { sed -n "s/^$1=\"\(.*\)\"/\1/p" "$top/dkms.conf"; }
name=$(value_of PACKAGE_NAME)
version=$(value_of PACKAGE_VERSION)
sources=${DKMS_SOURCES:-/usr/src}/$name-$version

command -v dkms >/dev/null || { echo "$0: dkms is not installed" >&2; exit 1; }
if dkms status "$name/$version" 2>/dev/null | grep -q .; then
	dkms remove "$name/$version" --all
fi
rm -rf "$sources"
mkdir -p "$sources"
# What kbuild needs, nothing that was built.
(cd "$top" && find dkms.conf Kbuild kernel uapi -type f ! -name '*.o' ! -name '.*.cmd' \
	! -name '*.ko' ! -name '*.mod' ! -name '*.mod.c' -print | tar -cf - -T -) |
	tar -xf - -C "$sources"
dkms install "$name/$version" -k "$kernel"
