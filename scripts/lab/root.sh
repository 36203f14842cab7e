#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# root.sh - make the lab's Debian root, where the modules are built and which
# is the root of the test VMs, and print its path.
#
# Usage: root.sh [--print | --force | --help]
#
#   (nothing)  make or complete the root if needed; its path is the last line
#   --print    print the path and change nothing; status 1 if it is not ready
#   --force    make it anew
#
# Environment:
#   FABRIC_LAB     the lab's directory (default: .lab in the repository)
#   FABRIC_MIRROR  URL of a Debian mirror (default: the machine's own, as apt
#                  knows it)
#
# The packages are in the file "packages" beside this script. A root grows when
# the list grows; what is removed from the list stays until --force. What is
# downloaded stays in the lab's directory, so a second build is quicker.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname -- "$0")/lab.sh"

# Ask apt, which reads every format of its configuration, for the archives it
# uses; take the first that carries the release.
find_mirror()
{
	local uri tmp

	if [ -n "${FABRIC_MIRROR:-}" ]; then
		echo "${FABRIC_MIRROR%/}"
		return
	fi
	tmp=$(mktemp)
	while read -r uri; do
		if /usr/lib/apt/apt-helper download-file \
		   "${uri%/}/dists/$LAB_SUITE/InRelease" "$tmp" >/dev/null 2>&1; then
			rm -f "$tmp"
			echo "${uri%/}"
			return
		fi
	done < <(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' |
		 awk '!seen[$0]++')
	rm -f "$tmp"
	fail "no archive in this machine's apt configuration carries Debian $LAB_SUITE: set FABRIC_MIRROR to the URL of a Debian mirror"
}

# The host's way to its mirror (proxies, tolerated dates) is the root's too.
host_apt_settings()
{
	apt-config dump | grep -E '^Acquire::(https?::Proxy|http::Proxy-Auto-Detect|https::CaInfo|Check-Valid-Until|Check-Date)' || :
}

make_base()
{
	local root=$1 mirror=$2 proxy var

	# debootstrap downloads with wget, which knows nothing of apt's settings
	for var in http https; do
		proxy=$(apt-config shell P "Acquire::$var::Proxy")
		if [ -n "$proxy" ]; then
			eval "$proxy"
			[ "${P:-DIRECT}" = DIRECT ] || export "${var}_proxy=$P"
		fi
	done

	if ! command -v debootstrap >/dev/null || ! command -v xz >/dev/null ||
	   [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
		say "installing debootstrap and xz on this machine"
		apt-get -qq update >&2
		DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
			debootstrap debian-archive-keyring xz-utils >&2 ||
			fail "install debootstrap, debian-archive-keyring and xz-utils by hand, then try again"
	fi

	mkdir -p "$LAB/debs/base" "$root"
	say "debootstrap $LAB_SUITE"
	debootstrap --variant=minbase --arch="$LAB_ARCH" --include=ca-certificates \
		--cache-dir="$LAB/debs/base" \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
		"$LAB_SUITE" "$root" "$mirror" >"$LAB/debootstrap.log" 2>&1 ||
		fail "debootstrap failed: see $LAB/debootstrap.log"

	mkdir -p "$root/etc/fabric-lab"
	rm -f "$root/etc/apt/sources.list"
	# Nothing starts in a chroot, and a disk that lost power is rebuilt
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod +x "$root/usr/sbin/policy-rc.d"
	cat >"$root/etc/dpkg/dpkg.cfg.d/fabric-lab" <<-'END'
		force-unsafe-io
		path-exclude=/usr/share/doc/*
		path-exclude=/usr/share/info/*
		path-exclude=/usr/share/locale/*
	END
	echo fabric-lab >"$root/etc/hostname"
	# A root shell in a guest needs no password
	chroot "$root" passwd -d root >/dev/null 2>&1 || :
	touch "$root/etc/fabric-lab/base"
}

# Run in a private mount namespace: mounts end with it, however it ends.
install_packages()
{
	local root=$1 mirror=$2 list=$3
	local entry name image series names=() sources=() kernels=()

	mount --bind "$LAB/debs" "$root/var/cache/apt/archives"
	mount -t proc proc "$root/proc"
	mount -t sysfs -o ro sys "$root/sys"
	mount --rbind /dev "$root/dev"
	[ ! -e /etc/resolv.conf ] || cat /etc/resolv.conf >"$root/etc/resolv.conf"

	cat >"$root/etc/apt/sources.list.d/debian.sources" <<-END
		Types: deb
		URIs: $mirror
		Suites: $LAB_SUITE $LAB_SUITE-updates $LAB_SUITE-backports
		Components: main
		Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
	END
	cat >"$root/etc/apt/preferences.d/fabric-lab" <<-END
		Explanation: CXL in the newer QEMU is better; linux-base is for the newer kernel
		Package: qemu-* seabios ipxe-qemu linux-base
		Pin: release n=$LAB_SUITE-backports
		Pin-Priority: 600
	END
	{
		host_apt_settings
		cat <<-'END'
			APT::Install-Recommends "false";
			APT::Keep-Downloaded-Packages "true";
			Acquire::Languages "none";
			Acquire::Retries "3";
		END
	} >"$root/etc/apt/apt.conf.d/90fabric-lab"
	if [[ $mirror == file:* ]]; then
		mkdir -p "$root${mirror#file:}"
		mount --rbind "${mirror#file:}" "$root${mirror#file:}"
	fi

	in_root()
	{
		# INITRD=No: vng makes its own initramfs
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root \
			DEBIAN_FRONTEND=noninteractive INITRD=No \
			chroot "$root" "$@"
	}

	say "reading the package lists of the mirror"
	in_root apt-get -qq update >&2
	# An interrupted installation, if there was one
	in_root dpkg --configure -a >"$LAB/apt.log" 2>&1
	in_root apt-get -y -qq -f install >>"$LAB/apt.log" 2>&1

	while read -r entry name; do
		case $entry in
		@kernel)
			image=$(in_root apt-cache pkgnames "linux-image-$name." |
				grep -E "^linux-image-${name//./\\.}\.[0-9]+\+[a-z0-9]+-$LAB_ARCH\$" |
				sort -V | tail -n 1) || :
			[ -n "$image" ] || fail "the mirror has no linux-image-$name.*-$LAB_ARCH: change the @kernel lines of $LAB_SCRIPTS/packages"
			# An image that is already there is not traded for a newer one
			if [ -e "$root/etc/fabric-lab/kernel-$name" ]; then
				image=linux-image-$(cat "$root/etc/fabric-lab/kernel-$name")
			fi
			names+=("$image" "linux-headers-${image#linux-image-}")
			kernels+=("$name ${image#linux-image-}")
			;;
		@source)
			sources+=("$name")
			;;
		*)
			names+=("$entry")
			;;
		esac
	done <"$list"

	# Decompressing the kernel's sources takes as long as all packages do, and
	# there is another processor
	for series in "${sources[@]}"; do
		unpack_source "$root" "$series" || exit 1
	done &
	local unpacking=$!

	say "installing ${#names[@]} packages"
	in_root apt-get -y -qq -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
		install "${names[@]}" >>"$LAB/apt.log" 2>&1 || {
		tail -n 20 "$LAB/apt.log" >&2
		fail "installing packages failed: see $LAB/apt.log"
	}
	wait "$unpacking" || fail "unpacking the kernel's sources failed"

	for entry in "${kernels[@]}"; do
		echo "${entry#* }" >"$root/etc/fabric-lab/kernel-${entry% *}"
		in_root depmod "${entry#* }"
	done
	lighten_boot "$root"
	make_programs "$root"
}

# What a guest does at boot and no test needs costs seconds under emulation.
lighten_boot()
{
	local root=$1 rule

	# Nodes are devtmpfs' work; loading modules and naming virtio ports is udev's
	mkdir -p "$root/etc/udev/rules.d"
	for rule in "$root"/usr/lib/udev/rules.d/*.rules; do
		rule=${rule##*/}
		case $rule in
		50-udev-default.rules|80-drivers.rules) ;;
		*) ln -sf /dev/null "$root/etc/udev/rules.d/$rule" ;;
		esac
	done
	# vng runs it if it is there
	chroot "$root" dpkg-divert --quiet --local --rename --add /usr/bin/systemd-tmpfiles
	# The repository belongs to somebody else than the root's root
	chroot "$root" git config --system --replace-all safe.directory '*'
}

# The disk with what programs are made of.
make_programs()
{
	local root=$1 work=$1/var/tmp/programs

	rm -rf "$work"
	mkdir -p "$work/lib"
	cp -al "$root"/usr/{bin,sbin,lib64} "$work"
	cp -al "$root"/usr/lib/{x86_64-linux-gnu,locale,python3*} "$work/lib"
	cp -a "$root/etc/ld.so.cache" "$work"
	chroot "$root" mke2fs -q -F -t ext4 -O ^has_journal -L fabric-programs \
		-d /var/tmp/programs "$LAB_PROGRAMS" "$(($(du -sm "$work" | cut -f 1) * 5 / 4))M" ||
		fail "the disk with the programs could not be made"
	rm -rf "$work"
}

# The few directories of a kernel's source that the project needs.
unpack_source()
{
	local root=$1 series=$2
	local pkg=linux-source-$series dst=$root/usr/src/linux-$series-tools
	local version cache work

	[ ! -d "$dst" ] || return 0
	version=$(chroot "$root" apt-cache policy "$pkg" | awk '$1 == "Candidate:" { print $2 }')
	[ "${version:-(none)}" != "(none)" ] ||
		fail "the mirror has no $pkg: change the @source lines of $LAB_SCRIPTS/packages"
	cache=$LAB/debs/$pkg-tools_$version.tar
	if [ ! -e "$cache" ]; then
		say "unpacking parts of $pkg $version"
		work=$root/var/tmp/source-$series
		rm -rf "$work"
		mkdir -p "$work/deb" "$work/tree"
		chmod 777 "$work/deb"
		chroot "$root" sh -c "cd /var/tmp/source-$series/deb && apt-get -qq download $pkg=$version" >&2
		dpkg-deb --fsys-tarfile "$work"/deb/*.deb |
			tar -xO --wildcards './usr/src/linux-source-*.tar.xz' | xz -dc -T2 |
			tar -x -C "$work/tree" --strip-components=1 \
				--wildcards --no-wildcards-match-slash \
				'linux-source-*/COPYING' 'linux-source-*/MAINTAINERS' \
				'linux-source-*/Makefile' 'linux-source-*/LICENSES' \
				'linux-source-*/scripts' 'linux-source-*/tools/net/ynl' \
				'linux-source-*/Documentation/netlink' \
				'linux-source-*/Documentation/dev-tools' \
				'linux-source-*/tools/testing/selftests/kselftest' \
				'linux-source-*/tools/testing/selftests/*.h' \
				'linux-source-*/tools/testing/selftests/lib.mk' \
				'linux-source-*/include/uapi/linux/genetlink.h' \
				'linux-source-*/include/uapi/linux/netlink.h' ||
			fail "could not unpack $pkg"
		tar -cf "$cache.part" -C "$work/tree" .
		mv "$cache.part" "$cache"
		rm -rf "$work"
	fi
	rm -rf "$dst.part"
	mkdir -p "$dst.part"
	tar -xf "$cache" -C "$dst.part"
	mv "$dst.part" "$dst"
}

build()
{
	local root=$1 fresh=$2
	local list=$LAB/packages.wanted mirror tmp before=

	mirror=$(find_mirror)
	say "mirror: $mirror"
	if [ "$fresh" = no ]; then
		# An interrupted installation left the list of before
		before=$root/etc/fabric-lab/packages.before
		[ -e "$before" ] || mv "$root/etc/fabric-lab/packages" "$before"
	fi
	lab_packages | sort -u - ${before:+"$before"} >"$list"

	if [ "$fresh" = yes ]; then
		tmp=$LAB/building-${root##*/}
		if [ ! -e "$tmp/etc/fabric-lab/base" ]; then
			rm -rf --one-file-system "$LAB"/building-*
			make_base "$tmp" "$mirror"
		fi
	else
		say "the package list grew: completing $root"
		tmp=$root
	fi

	# A process of its own in a mount namespace of its own
	unshare --mount --propagation private \
		"$0" --inner-install "$tmp" "$mirror" "$list"

	cp "$list" "$tmp/etc/fabric-lab/packages.new"
	mv "$tmp/etc/fabric-lab/packages.new" "$tmp/etc/fabric-lab/packages"
	[ -z "$before" ] || rm "$before"
	[ "$tmp" = "$root" ] || mv "$tmp" "$root"
}

action=${1:-make}
case $action in
--help|-h)
	usage
	exit
	;;
--inner-install)
	shift
	install_packages "$@"
	exit
	;;
make|--print|--force)
	;;
*)
	usage >&2
	exit 2
	;;
esac

root=$(lab_root)
if [ "$action" = --print ]; then
	echo "$root"
	lab_root_current "$root"
	exit
fi
if [ "$action" = make ] && lab_root_current "$root"; then
	echo "$root"
	exit
fi

need_root
mkdir -p "$LAB"
exec 9>"$LAB/lock"
if ! flock -n 9; then
	say "another build is running: waiting for it"
	flock 9
fi

started=$SECONDS
if [ "$action" = --force ] || ! lab_root_current "$root"; then
	fresh=yes
	if [ "$action" = make ] && compgen -G "$root/etc/fabric-lab/packages*" >/dev/null; then
		fresh=no
	fi
	if [ "$fresh" = yes ]; then
		for old in "$LAB"/root-*; do
			[ -d "$old" ] || continue
			say "removing $old"
			rm -rf --one-file-system "$old"
		done
	fi
	build "$root" "$fresh"
	say "ready after $((SECONDS - started)) s"
fi
echo "$root"
