# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the lab's scripts share. Sourced, never run.

LAB_SCRIPTS=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
REPO=$(cd -- "$LAB_SCRIPTS/../.." && pwd -P)
LAB=${FABRIC_LAB:-$REPO/.lab}
PROG=${0##*/}

# The root's release. BASE_VERSION changes when a root made by an older root.sh
# would not do any more; it and the release name the root's directory.
LAB_SUITE=trixie
LAB_ARCH=amd64
BASE_VERSION=1

# In the root: the disk that a guest has its programs from
LAB_PROGRAMS=/etc/fabric-lab/programs

say()  { printf '%s: %s\n' "$PROG" "$*" >&2; }
fail() { say "$*"; exit 1; }

# Print the comment that heads the calling script: its --help.
usage()
{
	sed -n '/^# SPDX/d; 2,${ /^#/!q; s/^# \{0,1\}//; p; }' "$0"
}

need_root()
{
	[ "$(id -u)" -eq 0 ] || fail "must be root (the lab uses chroot and mounts): run it with sudo"
}

lab_root()
{
	local key

	key=$(printf '%s\n' "$BASE_VERSION" "$LAB_SUITE" "$LAB_ARCH" | sha256sum)
	printf '%s/root-%s-%.12s\n' "$LAB" "$LAB_SUITE" "$key"
}

# The package list without comments: what the root is compared with.
lab_packages()
{
	sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$LAB_SCRIPTS/packages" | sort -u
}

# Is the root complete and does it hold what the list asks for? It may hold more:
# branches whose lists differ share one lab.
lab_root_current()
{
	local root=$1

	[ -e "$root/etc/fabric-lab/packages" ] &&
		[ -z "$(comm -23 <(lab_packages) "$root/etc/fabric-lab/packages")" ]
}

# For a process in its own mount namespace: what a command in the root needs.
mount_in_root()
{
	local root=$1

	mount -t proc proc "$root/proc"
	mount --rbind /sys "$root/sys"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs -o mode=1777 tmp "$root/tmp"
	mount -t tmpfs -o mode=755 run "$root/run"
	mount --bind "$REPO" "$root/fabric"
}
