#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check-style.sh - checkpatch --strict over all C, shellcheck over all scripts
#
# Exceptions are here, each with its reason. Runs inside the lab.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
tree=/usr/src/linux-7.2-tools
status=0

checkpatch() {
	local file=$1
	shift
	perl "$tree/scripts/checkpatch.pl" --root="$tree" --no-tree --strict --terse --show-types \
		--no-summary --max-line-length=100 "$@" --file "$file" || status=1
}

while read -r file; do
	case $file in
	*_gen.[ch]|uapi/*)
		# the generator's, never edited
		;;
	*/trace.h)
		# the layout of every TRACE_EVENT of the kernel
		checkpatch "$file" --ignore OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT
		;;
	kernel/compat/*)
		# the only home of kernel versions; wrappers of EXPORT_SYMBOL; macros as the
		# kernel that has them defines them
		checkpatch "$file" --ignore LINUX_VERSION_CODE,EXPORT_SYMBOL,MACRO_ARG_REUSE
		;;
	selftests/*)
		# as for tools; besides, reading memory that may be gone is what some test,
		# and iterators take their arguments more than once
		checkpatch "$file" --ignore PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES,CAMELCASE,VOLATILE,MACRO_ARG_REUSE
		;;
	tools/*)
		# programs have no kernel headers, hence none of the kernel's macros; volatile
		# is for bytes that somebody else changes or looks at
		checkpatch "$file" --ignore \
			PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES,CAMELCASE,VOLATILE,MACRO_ARG_REUSE
		;;
	*)
		checkpatch "$file"
		;;
	esac
done < <(git ls-files --cached --others --exclude-standard '*.c' '*.h' | sort)

mapfile -t scripts < <(git ls-files --cached --others --exclude-standard | while read -r file; do
	[ -f "$file" ] && head -n 1 "$file" | grep -qE '^#!.*/(ba)?sh' && echo "$file"
done)
shellcheck -x -P SCRIPTDIR "${scripts[@]}" || status=1
exit $status
