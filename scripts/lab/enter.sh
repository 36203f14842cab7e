#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# enter.sh - run a command inside the lab's root, as root, with the repository
# at /fabric (read-write) as the working directory.
#
# Usage: enter.sh [COMMAND [ARGS...]]        (default: bash)
#
# The root is built first if needed (see root.sh). The environment is passed on,
# but for PATH, HOME, TMPDIR and the locale. /tmp is a fresh tmpfs that ends with
# the command. Everything is mounted in a private namespace, so nothing stays
# mounted, whatever ends the command; its exit status is passed on.
#
# Environment: FABRIC_LAB, FABRIC_MIRROR (see root.sh)

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname -- "$0")/lab.sh"

case ${1:-} in
--help|-h)
	usage
	exit
	;;
esac
need_root
[ $# -gt 0 ] || set -- bash

root=$("$LAB_SCRIPTS/root.sh" | tail -n 1)
mkdir -p "$root/fabric"

# Only exec from here on: the command has this script's process id, so signals
# reach it and its status is ours.
# shellcheck disable=SC2016 # expanded by the inner shell
exec unshare --mount --propagation private -- bash -euc '
	. "$1/lab.sh"
	root=$2
	shift 2
	mount_in_root "$root"
	unset TMPDIR
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	export HOME=/root LC_ALL=C.UTF-8 FABRIC_IN_LAB=1
	# chroot has no option for the directory that does not also skip it
	exec chroot "$root" /bin/sh -c "cd /fabric && exec \"\$@\"" sh "$@"
' bash "$LAB_SCRIPTS" "$root" "$@"
