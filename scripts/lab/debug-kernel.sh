#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# debug-kernel.sh - build a kernel with instruments from Debian's source of the
# series, put it into the lab's root, and print its release
#
# Usage: debug-kernel.sh [FLAVOUR]        (default: debug)
#
# FLAVOUR is a file selftests/config.FLAVOUR. The kernel is then known to the lab as
# 6.12-FLAVOUR: FABRIC_KERNEL=6.12-debug scripts/vm-test.sh. It is built when the
# configuration or Debian's source changed; what was built stays in the lab's directory,
# so that a new root gets it at once. Kept small: it has what config.guest,
# selftests/config and the flavour name, and what Kconfig needs for that. A file
# selftests/config.FLAVOUR.patch changes the source, and says why.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname -- "$0")/lab.sh"

SERIES=6.12
# Changes when what an older version of this script left would not do any more.
BUILD_VERSION=1

# configuration FLAVOUR: without comments
configuration()
{
	cat "$LAB_SCRIPTS/config.guest" "$REPO/selftests/config" "$REPO/selftests/config.$1" |
		grep '^CONFIG_'
	printf 'CONFIG_LOCALVERSION="-fabric-%s"\n' "$1"
}

# source_patch FLAVOUR
source_patch()
{
	[ ! -e "$REPO/selftests/config.$1.patch" ] || cat "$REPO/selftests/config.$1.patch"
}

# Inside the root: build below /fabric/.build, leave the archive there.
if [ "${1:-}" = --inner ]; then
	name=$2 version=$3
	work=/fabric/.build/kernel-$name
	tree=$work/tree stage=$work/stage
	source=$work/source-$version-$(source_patch "${name#*-}" | sha256sum | head -c 12)

	if [ ! -e "$source" ]; then
		rm -rf "$work"
		mkdir -p "$work/deb" "$tree"
		chmod 777 "$work/deb"
		say "unpacking linux-source-$SERIES $version"
		(cd "$work/deb" && apt-get -qq download "linux-source-$SERIES=$version" >&2)
		dpkg-deb --fsys-tarfile "$work"/deb/*.deb |
			tar -xO --wildcards './usr/src/linux-source-*.tar.xz' | xz -dc -T2 |
			tar -x -C "$tree" --strip-components=1
		rm -r "$work/deb"
		source_patch "${name#*-}" | patch -d "$tree" -p1 >&2
		touch "$source"
	fi

	cd "$tree"
	configuration "${name#*-}" >"$work/wanted"
	make -s KCONFIG_ALLCONFIG="$work/wanted" allnoconfig >"$work/config.log" 2>&1 ||
		{ cat "$work/config.log" >&2; exit 1; }
	# Kconfig drops in silence what lacks a dependency.
	missing=$(grep -v '=n$' "$work/wanted" | grep -vxF -f .config) || :
	missing+=$(sed -n 's/=n$/=/p' "$work/wanted" | grep -F -f - .config) || :
	[ -z "$missing" ] || fail "Kconfig did not take: $missing"
	# Without debugging information: a report's function and offset are enough,
	# and it is half of the time and most of the space.
	# Where a flavour looks for data races, it is for those of the project's modules.
	say "building it"
	make -s -j"$(nproc)" KCSAN_SANITIZE=n bzImage modules >&2
	release=$(make -s kernelrelease)

	# /lib is a link in the root, which an archive must not replace
	rm -rf "$stage"
	mkdir -p "$stage/boot"
	make -s INSTALL_MOD_PATH="$stage/usr" modules_install >&2
	cp "$(make -s image_name)" "$stage/boot/vmlinuz-$release"
	cp .config "$stage/boot/config-$release"
	# shellcheck disable=SC2016 # make's
	make -s run-command \
		KBUILD_RUN_COMMAND='$(srctree)/scripts/package/install-extmod-build '"$stage/usr/src/linux-$release"
	cp .config "$stage/usr/src/linux-$release/"
	ln -sfn "/usr/src/linux-$release" "$stage/usr/lib/modules/$release/build"
	mkdir -p "$stage/etc/fabric-lab"
	echo "$release" >"$stage/etc/fabric-lab/kernel-$name"
	tar -cf "$work/kernel.tar" -C "$stage" boot usr "etc/fabric-lab/kernel-$name"
	exit
fi

case ${1:-} in
--help|-h)
	usage
	exit
	;;
esac
flavour=${1:-debug}
[ -e "$REPO/selftests/config.$flavour" ] || fail "there is no selftests/config.$flavour"
name=$SERIES-$flavour

root=$("$LAB_SCRIPTS/root.sh" | tail -n 1)
version=$(chroot "$root" apt-cache policy "linux-source-$SERIES" |
	awk '$1 == "Candidate:" { print $2 }')
key=$({ echo "$BUILD_VERSION $version"; configuration "$flavour"; source_patch "$flavour"; } |
	sha256sum)
key=${key:0:12}
archive=$LAB/kernel-$name-$key.tar

current() { [ "$(cat "$root/etc/fabric-lab/key-$name" 2>/dev/null)" = "$key" ]; }
if current; then
	cat "$root/etc/fabric-lab/kernel-$name"
	exit
fi

need_root
exec 9>"$LAB/lock-$name"
flock 9
if ! current; then
	started=$SECONDS
	if [ ! -e "$archive" ]; then
		"$LAB_SCRIPTS/enter.sh" "scripts/lab/${0##*/}" --inner "$name" "$version" >&2
		mv "$REPO/.build/kernel-$name/kernel.tar" "$archive.part"
		rm -f "$LAB/kernel-$name-"*.tar
		mv "$archive.part" "$archive"
	fi
	old=$(cat "$root/etc/fabric-lab/kernel-$name" 2>/dev/null) || :
	[ -z "$old" ] || rm -rf "$root/usr/lib/modules/$old" "$root/usr/src/linux-$old" \
		"$root/boot/vmlinuz-$old" "$root/boot/config-$old"
	tar -xf "$archive" -C "$root"
	echo "$key" >"$root/etc/fabric-lab/key-$name"
	say "$name is in the lab after $((SECONDS - started)) s"
fi
cat "$root/etc/fabric-lab/kernel-$name"
