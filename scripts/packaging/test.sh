#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh - build the packages, judge, install, upgrade and purge them
#
# Usage: test.sh
#
# The same tree is built as a lower version first, to be upgraded from. DKMS builds
# the modules for one kernel, which is not the one that runs. Nothing may be left in
# the end of what was not there in the beginning. Runs inside
# scripts/packaging/enter.sh, which forgets what is installed.
set -euo pipefail

cd -- "$(dirname -- "$0")/../.."
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
before=0.0.9
packages=(fabric-dkms fabric-tools libfabricbroker0 libfabricbroker-dev)
release=$(scripts/lab/kernel.sh 6.12)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '\n==== %s\n' "$*"; }
fail() { echo "test.sh: $*" >&2; exit 1; }

# The files that are there, without what the package manager and the caches remember
files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp \
		-o -path /fabric -o -path /var/lib/dpkg -o -path /var/cache -o -path /var/log \
		-o -path /var/lib/apt -o -path /var/lib/systemd \) -prune -o -print | sort
}

installed() { dpkg-query -W -f '${Package} ${Version}\n' | sort; }

install_version() {
	local dir=.build/packages/deb-$1 package files=()

	for package in "${packages[@]}"; do
		files+=("./$(ls "$dir/${package}_$1-1"_*.deb)")
	done
	apt-get -y -q --no-install-recommends -o Dpkg::Use-Pty=0 install "${files[@]}"
}

# What an installed version has to do
check_version() {
	fabricctl --version | grep -q "$1" || fail "fabricctl is not of version $1"
	[ "$(pkg-config --modversion libfabricbroker)" = "$1" ] || fail "pkg-config disagrees"
	dkms status "fabric-broker/$1" -k "$release" | grep -q installed ||
		fail "DKMS has not installed the modules of $1: $(dkms status)"
	[ "$(dkms status fabric-broker | grep -c fabric-broker)" = 1 ] ||
		fail "DKMS has more than $1: $(dkms status)"
	[ "$(ls -d /usr/src/fabric-broker-*)" = "/usr/src/fabric-broker-$1" ] ||
		fail "sources of another version are left"
	for module in fabric fabric_emu fabric_cxl fabric_cci fabric_pci; do
		modinfo -k "$release" "$module" >/dev/null || fail "no module $module"
	done
	[ "$(modinfo -k "$release" -F signer fabric)" = "$owner" ] ||
		fail "fabric is signed by $(modinfo -k "$release" -F signer fabric), not $owner"
	man -w fabricctl fabric-emu fabricctl-plan libfabricbroker >/dev/null ||
		fail "manual pages are missing"
	[ -e /usr/share/bash-completion/completions/fabricctl ] || fail "no completion"
	[ -e /usr/share/fabric-broker/modprobe.d/fabric.conf ] || fail "no file for modprobe"
	udevadm verify --no-summary /usr/lib/udev/rules.d/60-fabric.rules
	systemctl cat fabric-plan.service >/dev/null 2>&1 ||
		[ -e /usr/lib/systemd/system/fabric-plan.service ] || fail "no unit"
	[ ! -e /etc/systemd/system/multi-user.target.wants/fabric-plan.service ] ||
		fail "the unit is enabled before there is a plan"
}

# A program of somebody else
check_library() {
	cat >"$work/user.c" <<-'END'
		#include <fabricbroker.h>
		#include <stdio.h>

		int main(void)
		{
			puts(fabric_enum_name(FABRIC_ENUM_KIND, FABRIC_KIND_MEMORY));
			return 0;
		}
	END
	# shellcheck disable=SC2046 # a list of options
	gcc -Wall -Werror -o "$work/user" "$work/user.c" \
		$(pkg-config --cflags --libs libfabricbroker)
	[ "$("$work/user")" = memory ] || fail "the library says $("$work/user")"
}

say "build $before and $version"
for each in "$before" "$version"; do
	scripts/packaging/deb.sh "$each" >"$work/log" 2>&1 || {
		tail -n 30 "$work/log"
		fail "the packages of $each cannot be built"
	}
done

say "lintian"
# Nobody uploads this to Debian, where a bug report asks for the first upload
lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs \
	".build/packages/deb-$version/fabric-broker_$version-1_amd64.changes"

# Of several kernels with headers, DKMS would build for each
for other in /lib/modules/*; do
	[ "$other" = "/lib/modules/$release" ] || rm -f "$other/build"
done
mandb -q 2>/dev/null || :
# The key belongs to the machine, and stays
dkms generate_mok >/dev/null
owner=$(openssl x509 -inform DER -in /var/lib/dkms/mok.pub -noout -subject -nameopt multiline |
	sed -n 's/^ *commonName *= //p')
files >"$work/files.before"
installed >"$work/packages.before"

say "install $before"
install_version "$before"
check_version "$before"
check_library

say "upgrade to $version"
install_version "$version"
check_version "$version"
check_library

say "purge"
apt-get -y -q -o Dpkg::Use-Pty=0 purge "${packages[@]}"
files >"$work/files.after"
installed >"$work/packages.after"
diff "$work/packages.before" "$work/packages.after" || fail "packages are left, or gone"
diff "$work/files.before" "$work/files.after" || fail "files are left, or gone"
say "packages are built, installed, upgraded and purged"
