#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# deb.sh - build the Debian source package and the binary packages from it
#
# Usage: deb.sh [VERSION]        (default: that of dkms.conf)
#
# They go to .build/packages/deb-VERSION. Runs inside scripts/packaging/enter.sh.
set -euo pipefail

cd -- "$(dirname -- "$0")/../.."
version=${1:-$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)}
out=$PWD/.build/packages/deb-$version
tree=$out/fabric-broker-$version

rm -rf "$out"
mkdir -p "$out"
scripts/packaging/source.sh "$version" "$out/fabric-broker_$version.orig.tar.xz"
tar -C "$out" -xf "$out/fabric-broker_$version.orig.tar.xz"
cp -r scripts/packaging/debian "$tree/debian"
cat >"$tree/debian/changelog" <<-END
	fabric-broker ($version-1) UNRELEASED; urgency=medium

	  * Version $version.

	 -- $(sed -n 's/^Maintainer: //p' scripts/packaging/debian/control)  $(git log -1 --format=%cD)
END
cd "$tree"
dpkg-buildpackage --unsigned-source --unsigned-changes
