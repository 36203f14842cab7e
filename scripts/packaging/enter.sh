#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# enter.sh - run a command where packages can be built and installed
#
# Usage: enter.sh COMMAND [ARGS...]
#
# It is the lab's root (scripts/lab/enter.sh) with more packages, which are installed
# once and kept beside it. What the command changes there is forgotten when it ends;
# only the repository, at /fabric, keeps it.
#
# Environment: FABRIC_LAB, FABRIC_MIRROR (see scripts/lab/root.sh)
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh
. "$(dirname -- "$0")/../lab/lab.sh"

case ${1:-} in
""|--help|-h)
	usage
	exit
	;;
esac
need_root
packages=$(sed -e '/^#/d' -e '/^$/d' "$(dirname -- "$0")/packages")
root=$("$LAB_SCRIPTS/root.sh" | tail -n 1)
# The layer fits the files below it only: another root, or one that grew, needs another
key=$(cat "$root/etc/fabric-lab/packages" - <<<"$root $packages" | sha256sum)
layer=$LAB/packaging-${key:0:12}

mkdir -p "$layer/upper" "$layer/work" "$layer/root"
exec 9>"$layer/lock"
flock 9
if [ ! -e "$layer/complete" ]; then
	say "installing what packages are built with"
	# shellcheck disable=SC2016,SC2086 # expanded by the inner shell; a list
	unshare --mount --propagation private -- bash -euc '
		. "$1/lab.sh"
		root=$2 layer=$3
		shift 3
		mount -t overlay overlay -o "lowerdir=$root,upperdir=$layer/upper,workdir=$layer/work" \
			"$layer/root"
		mount_in_root "$layer/root"
		mount --bind "$LAB/debs" "$layer/root/var/cache/apt/archives"
		[ ! -e /etc/resolv.conf ] || cat /etc/resolv.conf >"$layer/root/etc/resolv.conf"
		export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root
		export DEBIAN_FRONTEND=noninteractive
		chroot "$layer/root" apt-get -y -qq -o Dpkg::Use-Pty=0 install "$@"
	' bash "$LAB_SCRIPTS" "$root" "$layer" $packages >"$layer/apt.log" 2>&1 || {
		tail -n 20 "$layer/apt.log" >&2
		fail "installing packages failed: see $layer/apt.log"
	}
	touch "$layer/complete"
fi
flock -u 9
exec 9>&-

# shellcheck disable=SC2016 # expanded by the inner shell
exec unshare --mount --propagation private -- bash -euc '
	. "$1/lab.sh"
	root=$2 layer=$3
	shift 3
	# A file system of its own, that ends with the command
	mount -t tmpfs -o mode=755 scratch "$layer/root"
	mkdir "$layer/root/upper" "$layer/root/work" "$layer/root/merged"
	mount -t overlay overlay "$layer/root/merged" \
		-o "lowerdir=$layer/upper:$root,upperdir=$layer/root/upper,workdir=$layer/root/work"
	mount_in_root "$layer/root/merged"
	unset TMPDIR
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	export HOME=/root LC_ALL=C.UTF-8 FABRIC_IN_LAB=1 FABRIC_IN_PACKAGING=1
	export DEBIAN_FRONTEND=noninteractive
	exec chroot "$layer/root/merged" /bin/sh -c "cd /fabric && exec \"\$@\"" sh "$@"
' bash "$LAB_SCRIPTS" "$root" "$layer" "$@"
