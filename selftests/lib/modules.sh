# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Find and load the modules of the broker: of $FABRIC_MODULES, else of the tree
# that the tests are in if they were built for this kernel, else the installed.

SELFTESTS=$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd)

module_file()
{
	local name=$1 dir file

	for dir in "${FABRIC_MODULES:-}" "$SELFTESTS/.."; do
		[ -n "$dir" ] || continue
		for file in "$dir/$name.ko" "$dir/kernel/${name#fabric_}/$name.ko" \
			    "$dir/kernel/core/$name.ko" \
			    "$dir/selftests"/*/test_modules/"$name.ko"; do
			[ -e "$file" ] || continue
			[ "$(modinfo -F vermagic "$file" | cut -d ' ' -f 1)" = "$(uname -r)" ] ||
				continue
			echo "$file"
			return
		done
	done
}

# module_load NAME [PARAMETER=VALUE...]
module_load()
{
	local name=$1 file dep

	shift
	[ ! -d "/sys/module/$name" ] || return 0
	file=$(module_file "$name")
	if [ -z "$file" ]; then
		modprobe "$name" "$@"
		return
	fi
	for dep in $(modinfo -F depends "$file" | tr ',' ' '); do
		case $dep in
		fabric) module_load fabric || return ;;
		*) modprobe "$dep" || return ;;
		esac
	done
	insmod "$file" "$@"
}

mount_once()
{
	mountpoint -q "$2" || mount -t "$1" none "$2"
}
