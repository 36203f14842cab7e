#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dkms builds and installs all modules from a clean copy of the tree, and
# modprobe finds them. What dkms writes goes to directories of its own that end
# with the test.
#
# A compiler that is emulated takes most of the time. What can be done without
# touching what dkms does is done here: the headers are in memory instead of on
# 9p, and depmod finds no more modules of the kernel than are needed.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

tree=${FABRIC_TREE:-$SELFTESTS/..}
[ "${FABRIC_PREPARED:-}" = 1 ] || ktap_skip_all "this installs modules: only where FABRIC_PREPARED is 1"
[ -e "$tree/dkms.conf" ] || ktap_skip_all "there is no dkms.conf: set FABRIC_TREE to the source tree"
command -v dkms >/dev/null || ktap_skip_all "there is no dkms"
release=$(uname -r)
[ -d "/lib/modules/$release/build" ] || ktap_skip_all "there are no headers of kernel $release"
[ -z "$(ask slice -- grant-id 2>/dev/null)" ] || ktap_skip_all "the broker is in use"
rmmod fabric_cci fabric_pci fabric_cxl fabric_emu fabric 2>/dev/null
[ ! -d /sys/module/fabric ] || ktap_skip_all "fabric cannot be unloaded"

# A directory that can be written to, with what it has, until the test ends
writable()
{
	local upper

	upper=$(mktemp -d "$KTAP_TMP/upper.XXXXXX")
	mkdir -p "$upper/u" "$upper/w" "$1"
	if mount -t overlay overlay -o "lowerdir=$1,upperdir=$upper/u,workdir=$upper/w" "$1" 2>/dev/null; then
		defer umount "$1"
		return
	fi
	# no overlay on this file system: a copy
	cp -a "$1" "$upper/copy" && mount --bind "$upper/copy" "$1" && defer umount -l "$1"
}

# in_memory DIRECTORY: what it has, read once
in_memory()
{
	local copy

	copy=$(mktemp -d "$KTAP_TMP/copy.XXXXXX")
	tar -C "$1" -cf - . | tar -C "$copy" -xf - && mount --bind "$copy" "$1" &&
		defer umount -l "$1"
}

# The directory of the kernel's modules with those that ours can need, and what
# they need in turn
few_modules()
{
	local dir copy=$KTAP_TMP/modules module

	dir=$(realpath "/lib/modules/$release")
	mkdir "$copy"
	cp -a "$dir"/modules.builtin* "$dir/modules.order" "$dir"/build "$copy"
	for module in configfs cxl_acpi cxl_pci cxl_port cxl_mem device_dax kmem; do
		modprobe --show-depends --ignore-install $module 2>/dev/null
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r module; do
		module=$(realpath "$module")
		install -D -m 644 "$module" "$copy/${module#"$dir/"}"
	done
	mount --bind "$copy" "$dir" && defer umount -l "$dir" && depmod "$release"
}

mount -t tmpfs -o size=1500m tmpfs "$KTAP_TMP" || ktap_bail "no tmpfs"
defer umount -l "$KTAP_TMP"
few_modules || ktap_bail "the modules of the kernel cannot be copied"
headers=$(realpath "/lib/modules/$release/build")
common=$(sed -n 's|^include \(/.*\)/Makefile$|\1|p' "$headers/Makefile")
for dir in "${common:-$headers}"/{include,arch/x86/include}; do
	in_memory "$dir" || ktap_bail "$dir cannot be copied"
done
for dir in /var/lib/dkms /usr/src; do
	[ -d "$dir" ] || mkdir -p "$dir" || ktap_bail "no directory $dir"
	# what can be written to already is the guest's own
	if ! { touch "$dir/selftest$$" && rm "$dir/selftest$$"; } 2>/dev/null; then
		writable "$dir" || ktap_bail "$dir cannot be written to"
	fi
done

# shellcheck source=/dev/null
name=$(. "$tree/dkms.conf" && echo "$PACKAGE_NAME")
# shellcheck source=/dev/null
version=$(. "$tree/dkms.conf" && echo "$PACKAGE_VERSION")

copy_is_clean()
{
	mkdir "/usr/src/$name-$version"
	# what git would have, without what was built
	(cd "$tree" && tar --exclude='*.o' --exclude='*.ko' --exclude='*.mod*' --exclude='.*.cmd' \
		--exclude='Module.symvers' --exclude=modules.order --exclude=.git --exclude=.lab --exclude=.build \
		--exclude=build -cf - .) | tar -xf - -C "/usr/src/$name-$version"
	[ -e "/usr/src/$name-$version/dkms.conf" ]
}

dkms_builds_and_installs()
{
	local started=$SECONDS

	dkms install "$name/$version" -k "$release" >"$KTAP_TMP/log" 2>&1 || {
		tail -n 30 "$KTAP_TMP/log" "/var/lib/dkms/$name/$version/build/make.log"
		fail "dkms install failed"
	}
	echo "dkms install took $((SECONDS - started)) s"
	expect_match "$(dkms status "$name/$version")" "installed" status
}

modprobe_loads_the_emulated_switch()
{
	local file

	modprobe fabric_emu
	[ -d /sys/module/fabric ] || fail "its core was not loaded"
	# a name of a kernel can have what has a meaning in a regular expression
	file=$(modinfo -F filename fabric_emu)
	[[ $file == */lib/modules/"$release"/updates/* ]] || fail "it is $file"
	mount_once configfs /sys/kernel/config
	mount_once debugfs /sys/kernel/debug
	emu_switch_new selftest$$
	emu_switch_live selftest$$
	emu_switch_del selftest$$
	rmmod fabric_emu fabric
}

all_modules_are_installed()
{
	local module

	for module in fabric fabric_emu fabric_cxl fabric_cci fabric_pci; do
		modinfo "$module" >/dev/null || fail "no $module"
		expect_eq "$(modinfo -F vermagic $module | cut -d ' ' -f 1)" "$release" "kernel of $module"
	done
}

first_request_loads_the_core()
{
	not test -d /sys/module/fabric || rmmod fabric
	ask all
	[ -d /sys/module/fabric ] || fail "the request did not load it"
	rmmod fabric
}

dkms_removes_what_it_installed()
{
	dkms remove "$name/$version" --all >/dev/null 2>&1
	not modinfo fabric_emu >/dev/null 2>&1 || fail "it is still there: $(modinfo -F filename fabric_emu)"
}

ktap_run_all \
	copy_is_clean \
	dkms_builds_and_installs \
	all_modules_are_installed \
	modprobe_loads_the_emulated_switch \
	first_request_loads_the_core \
	dkms_removes_what_it_installed
