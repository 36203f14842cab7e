#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# source.sh - what a release has of the tree, as an archive
#
# Usage: source.sh VERSION ARCHIVE.tar.xz
#
# What git knows, at the names that it has below fabric-broker-VERSION, with VERSION
# in dkms.conf, the only place where it is said.
set -euo pipefail

cd -- "$(dirname -- "$0")/../.."
version=$1
archive=$2
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
top=$tree/fabric-broker-$version

mkdir "$top"
git ls-files -z --cached --others --exclude-standard | xargs -0 -r ls -d 2>/dev/null |
	tar -cf - -T - | tar -xf - -C "$top"
sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$version\"/" "$top/dkms.conf"
tar -C "$tree" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@"$(git log -1 --format=%ct)" \
	-cJf "$archive" "fabric-broker-$version"
