#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mutants.sh - plant the bugs of selftests/mutants one at a time and see who finds them
#
# Usage: mutants.sh [NAME...]        (default: all)
#
# A patch there says what is wrong with it and "Caught-by:", which is
#
#   fuzz             the fuzzers of user space
#   uapi-check       or another target of the Makefile that compares
#   guest TEST       a selftest on the stock kernel 6.12
#   debug TEST       a selftest on the kernel with instruments, or one of these
#   races TEST       a selftest on the kernel that sees data races
#
# A mutant that this does not find survives, and so does one that no longer applies or
# builds. Those for a kernel share a guest, whose modules change from one to the next.
set -uo pipefail

cd -- "$(dirname -- "$0")/.." || exit 1
top=$PWD
work=.build/mutants
declare -A kernels=([guest]=6.12 [debug]=6.12-debug [races]=6.12-kcsan)
SECONDS_TO_FUZZ=60
caught=0 survived=0

# In the guest: each with the modules that its bug is in.
if [ "${1:-}" = --inner ]; then
	shift
	while [ $# -gt 0 ]; do
		name=$1 test=$2
		shift 2
		echo "mutant $name begins"
		FABRIC_MODULES=$top/$work/$name .build/tree/selftests/run.sh --timeout 1500 "$test" \
			>"$work/$name.log" 2>&1
		echo "mutant $name $?"
		for module in /sys/module/fabric_* /sys/module/fabric; do
			[ ! -d "$module" ] || rmmod "${module##*/}" || exit
		done
	done
	exit
fi

survives() {
	survived=$((survived + 1))
	echo "not ok: $1: $2"
}

# verdict NAME WHERE STATUS: what failed says how it was found
verdict() {
	local name=$1 by=$2 status=$3 how

	how=$(grep -aE '^ *not ok|^extent.c:|ERROR: |SUMMARY|check-uapi|^# .*(BUG|WARNING|KASAN|possible)' \
		"$work/$name.log" | head -n 1 | cut -c 1-100)
	if [ "$status" != 0 ] && [ -n "$how" ]; then
		caught=$((caught + 1))
		printf 'ok: %-18s %-28s %s\n' "$name" "$by" "$how"
	else
		survives "$name" "$by does not see it"
	fi
}

# in_guest guest|debug|races NAME TEST...: when a guest dies of one, the next has another guest.
# It has to die of an oops, since what that leaves locked would hold up the others. KASAN
# tells more than once only when it is asked to. Lockdep never does: one mutant only is for
# it.
in_guest() {
	local where=$1 log=$work/guest.log status

	shift
	[ $# -eq 0 ] || [ -n "${FABRIC_BUILT:-}" ] ||
		scripts/lab/enter.sh scripts/build.sh "${kernels[$where]}"
	while [ $# -gt 0 ]; do
		FABRIC_PREPARED=1 scripts/lab/vm.sh --quiet --kernel "${kernels[$where]}" \
			--allow . --append "oops=panic kasan_multi_shot" \
			--timeout "${FABRIC_TIMEOUT:-14000}" \
			-- "scripts/${0##*/}" --inner "$@" | tee "$log" >&2
		if ! grep -q "^mutant $1 begins" "$log"; then
			survives "$1" "the guest did not start"
			shift 2
		fi
		while [ $# -gt 0 ] && grep -q "^mutant $1 begins" "$log"; do
			status=$(sed -n "s/^mutant $1 \([0-9]*\)\$/\1/p" "$log")
			[ -n "$status" ] || echo "not ok: the guest died" >>"$work/$1.log"
			verdict "$1" "$where $2" "${status:-1}"
			shift 2
		done
	done
}

# plant NAME TREE [-R]
plant() {
	patch -d "$2" -p1 -s --no-backup-if-mismatch ${3:+"$3"} <"selftests/mutants/$1.patch"
}

# build_modules NAME guest|debug|races: the modules with the bug; one tree for all of a kernel,
# so that only what differs is compiled again
build_modules() {
	local name=$1 tree=$work/tree-$2 release

	plant "$name" "$tree" >"$work/$name.log" 2>&1 ||
		{ survives "$name" "the patch does not apply"; return 1; }
	release=$(scripts/lab/kernel.sh "${kernels[$2]}")
	scripts/lab/enter.sh make -s -C "/lib/modules/$release/build" \
		M="/fabric/$tree" modules >"$work/$name.log" 2>&1 ||
		{ plant "$name" "$tree" -R; survives "$name" "it does not build"; return 1; }
	mkdir -p "$work/$name"
	cp "$tree"/kernel/*/*.ko "$work/$name/"
	plant "$name" "$tree" -R
}

[ $# -gt 0 ] || { mapfile -t all < <(basename -s .patch selftests/mutants/*.patch); set -- "${all[@]}"; }
rm -rf "$work"
guest=() debug=() races=()
for name; do
	by=$(sed -n 's/^Caught-by: //p' "selftests/mutants/$name.patch")
	tree=$work/tree-${by%% *}
	if [ ! -e "$tree" ]; then
		mkdir -p "$tree"
		cp -a Kbuild Makefile Documentation kernel uapi scripts selftests tools "$tree/"
	fi
	case $by in
	guest\ *)
		build_modules "$name" guest && guest+=("$name" "${by#* }")
		continue
		;;
	debug\ *)
		[ ${#debug[@]} -gt 0 ] || scripts/lab/debug-kernel.sh >&2
		build_modules "$name" debug && debug+=("$name" "${by#* }")
		continue
		;;
	races\ *)
		[ ${#races[@]} -gt 0 ] || scripts/lab/debug-kernel.sh kcsan >&2
		build_modules "$name" races && races+=("$name" "${by#* }")
		continue
		;;
	fuzz)
		command=(make -s -C "$tree/selftests/fuzz" run "SECONDS=$SECONDS_TO_FUZZ"
			"O=/fabric/$tree/fuzz")
		;;
	*)
		command=(make -s -C "$tree" "$by")
		;;
	esac
	if plant "$name" "$tree" >"$work/$name.log" 2>&1; then
		scripts/lab/enter.sh "${command[@]}" >"$work/$name.log" 2>&1
		verdict "$name" "$by" $?
		plant "$name" "$tree" -R
	else
		survives "$name" "the patch does not apply"
	fi
done
in_guest guest "${guest[@]}"
in_guest debug "${debug[@]}"
in_guest races "${races[@]}"

echo "$caught caught, $survived survived"
[ $survived -eq 0 ]
