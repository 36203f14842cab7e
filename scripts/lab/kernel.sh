#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel.sh - print the full release name of a kernel in the lab's root.
#
# Usage: kernel.sh [SERIES]     kernel.sh 6.12 -> 6.12.107+deb13-amd64
#
# Without SERIES: all of them, one "SERIES RELEASE" per line. A full release name
# is printed as it is, if that kernel is there. 6.12-debug is what debug-kernel.sh
# made. Inside the root the headers are /lib/modules/RELEASE/build.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname -- "$0")/lab.sh"

case ${1:-} in
--help|-h)
	usage
	exit
	;;
esac

if [ -n "${FABRIC_IN_LAB:-}${FABRIC_IN_VM:-}" ]; then
	root=
else
	root=$(lab_root)
	[ -d "$root" ] || fail "there is no root yet: run $LAB_SCRIPTS/root.sh"
fi

if [ $# -eq 0 ]; then
	for file in "$root"/etc/fabric-lab/kernel-*; do
		echo "${file##*/kernel-} $(cat "$file")"
	done
elif [ -e "$root/etc/fabric-lab/kernel-$1" ]; then
	cat "$root/etc/fabric-lab/kernel-$1"
elif [ -d "$root/lib/modules/$1" ]; then
	echo "$1"
else
	fail "no kernel '$1' in the lab; there are: $("$0" | tr '\n' ' ')"
fi
