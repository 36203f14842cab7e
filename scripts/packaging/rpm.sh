#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rpm.sh - build the RPM packages and judge their description
#
# Usage: rpm.sh
#
# They go to .build/packages/rpm. Debian's rpmbuild knows nothing of what Debian has
# installed, hence --nodeps. Runs inside scripts/packaging/enter.sh.
set -euo pipefail

cd -- "$(dirname -- "$0")/../.."
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
out=$PWD/.build/packages/rpm

rm -rf "$out"
mkdir -p "$out/SOURCES"
scripts/packaging/source.sh "$version" "$out/SOURCES/fabric-broker-$version.tar.xz"
sed "s/@VERSION@/$version/" scripts/packaging/fabric.spec >"$out/fabric.spec"
rpmlint --config scripts/packaging/rpmlint.toml "$out/fabric.spec"
# Debian's rpmbuild does without the tools that separate the debugging information
rpmbuild -bb --nodeps --define "_topdir $out" --define "debug_package %{nil}" \
	"$out/fabric.spec"
find "$out/RPMS" -name '*.rpm'
