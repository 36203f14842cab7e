#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh - run tests and count their results.
#
# Usage: run.sh [--list] [--timeout SEC] [COLLECTION | COLLECTION/TEST]...
#
# Without arguments: all tests that fit this machine. The kernel log is searched
# after each test, and what looks like a defect there fails the test that ran. A
# test file that ends without the results of its plan is a failure. A kernel with
# kmemleak is asked at the end, and what it tells is a failure.
#
# Environment:
#   FABRIC_BACKEND   backend for core/ (emu)
#   FABRIC_MODULES   directory of the modules, if not the installed ones
#   FABRIC_CTL        the command, if it is neither in ../tools nor in PATH
#   FABRIC_PREPARED  1 in a VM made for the tests: nothing there belongs to
#                    anybody, so tests that would harm a real host run too, and
#                    a skipped test counts as failed unless the file
#                    allowed-skips lists it
#   KSFT_MACHINE_SLOW  yes where everything takes long, as with instruments or
#                    emulation: what is waited for has more time
#
# Status: 0 all passed, 1 something failed, 4 everything was skipped.

cd -- "$(dirname -- "$0")" || exit 1

# shellcheck source=lib/defects.sh
. lib/defects.sh || exit 1

TIMEOUT=1200
PREPARED=${FABRIC_PREPARED:-}
KMEMLEAK=/sys/kernel/debug/kmemleak
passed=0 failed=0 skipped=0

usage()
{
	sed -n '/^# SPDX/d; 2,${ /^#/!q; s/^# \{0,1\}//; p; }' "$0"
}

all_tests()
{
	sed -e 's/[[:space:]]*#.*//' -e '/^$/d' -e 's/:/\//' list
}

fits()
{
	case $1 in
	cxl/*)
		# takes memory devices away from whoever uses them
		[ "$PREPARED" = 1 ] && compgen -G '/sys/bus/cxl/devices/mem*' >/dev/null
		;;
	cci/mailbox)
		[ "$PREPARED" = 1 ] && grep -q '^0x0c0b' /sys/bus/pci/devices/*/class
		;;
	pci/*)
		# the functions of the topology pcie
		[ "$PREPARED" = 1 ] && grep -qsx 0x10c9 /sys/bus/pci/devices/*/device
		;;
	debug/*)
		# needs what only a kernel made with config.debug has
		[ -e /proc/self/fail-nth ]
		;;
	packaging/*)
		[ "$PREPARED" = 1 ]
		;;
	esac
}

wanted=()
while [ $# -gt 0 ]; do
	case $1 in
	--help|-h) usage; exit ;;
	--list) all_tests; exit ;;
	--timeout) TIMEOUT=$2; shift ;;
	-*) echo "run.sh: unknown option $1" >&2; exit 2 ;;
	*)
		mapfile -t found < <(all_tests | grep -E "^${1%/}(/|\$)")
		[ ${#found[@]} -gt 0 ] || { echo "run.sh: no test $1" >&2; exit 2; }
		wanted+=("${found[@]}")
		;;
	esac
	shift
done
if [ ${#wanted[@]} -eq 0 ]; then
	while read -r test; do
		! fits "$test" || wanted+=("$test")
	done < <(all_tests)
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The log from our last mark on; the whole log where nobody may write to it
mark_log()
{
	mark="fabric selftest $$-$1 begins"
	{ echo "<5>$mark" >/dev/kmsg; } 2>/dev/null || mark=
	log_lines=$(dmesg 2>/dev/null | wc -l)
}

log_since_mark()
{
	# a driver may have more to say
	udevadm settle --timeout=5 2>/dev/null
	if [ -n "$mark" ]; then
		# all that there is, when so much was said that the mark is gone
		dmesg | awk -v mark="$mark" '
			{ line[NR] = $0 }
			index($0, mark) { from = NR }
			END { for (i = from + 1; i <= NR; i++) print line[i] }'
	else
		dmesg 2>/dev/null | tail -n "+$((log_lines + 1))"
	fi
}

skip_is_allowed()
{
	local file name

	while read -r file name _; do
		# shellcheck disable=SC2053 # a pattern
		[[ $1 == $file && $2 == $name ]] && return 0
	done < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' allowed-skips)
	return 1
}

# What nobody refers to any more, also after our modules are gone; their names for
# what it was allocated by are kept. A leak is told when it was seen twice, and not
# before it is five seconds old.
find_leaks()
{
	local module

	grep -E '\[fabric' /proc/kallsyms | sort >"$tmp/symbols"
	for module in /sys/module/fabric_* /sys/module/fabric; do
		[ ! -d "$module" ] || rmmod "${module##*/}" || return
	done
	echo scan >"$KMEMLEAK"
	timeout 6 tail -f /dev/null
	echo scan >"$KMEMLEAK"
	awk 'NR == FNR { address[NR] = $1; name[NR] = $3 " " $4; last = NR; next }
	     match($0, /ffffffff[0-9a-f]+$/) {
		found = 0
		for (i = 1; i <= last && address[i] <= substr($0, RSTART); i++)
			found = i
		if (found)
			$0 = $0 " after " name[found]
	     }
	     { print }' "$tmp/symbols" "$KMEMLEAK"
}

# Count the results of one file; complain about what is missing. The plan may
# come at the end.
judge()
{
	local test=$1 status=$2 line plan='' results=0 name bad=0

	while IFS= read -r line; do
		if [[ $line =~ ^1\.\.([0-9]+) ]]; then
			plan=${BASH_REMATCH[1]}
			if [ "$plan" -eq 0 ]; then
				skipped=$((skipped + 1))
				if [ "$PREPARED" = 1 ] && ! skip_is_allowed "$test" "*"; then
					complaint+="a skip is a failure in a prepared machine: $line"$'\n'
					failed=$((failed + 1))
					bad=1
				fi
			fi
		elif [[ $line =~ ^ok\ [0-9]+\ *(-\ )?([^#]*[^#\ ])\ *#\ *SKIP\ ?(.*) ]]; then
			results=$((results + 1))
			skipped=$((skipped + 1))
			name=${BASH_REMATCH[2]}
			if [ "$PREPARED" = 1 ] && ! skip_is_allowed "$test" "$name"; then
				complaint+="a skip is a failure in a prepared machine: $name: ${BASH_REMATCH[3]}"$'\n'
				failed=$((failed + 1))
				bad=1
			fi
		elif [[ $line =~ ^ok\  ]]; then
			results=$((results + 1))
			passed=$((passed + 1))
		elif [[ $line =~ ^not\ ok\  ]]; then
			results=$((results + 1))
			failed=$((failed + 1))
			bad=1
		fi
	done <"$tmp/out"

	if [ -z "$plan" ] || [ "$results" -ne "$plan" ]; then
		complaint+="ended with $results results of ${plan:-no plan}, status $status"$'\n'
		failed=$((failed + 1))
		bad=1
	elif [ "$bad" -eq 0 ] && [ "$status" -ne 0 ] && [ "$status" -ne 4 ]; then
		complaint+="ended with status $status after all its results"$'\n'
		failed=$((failed + 1))
		bad=1
	fi
	return $bad
}

# A machine made for the tests runs nothing else that could leak.
leaks=
[ "$PREPARED" != 1 ] || [ ! -w "$KMEMLEAK" ] || leaks=1

echo "KTAP version 1"
echo "1..$((${#wanted[@]} + ${leaks:-0}))"
number=0
for test in "${wanted[@]}"; do
	number=$((number + 1))
	started=$SECONDS
	complaint=
	mark_log $number
	# a test in C has a script of the same name that prepares the backend
	program=$test.sh
	[ -e "$program" ] || program=$test
	echo "  # Subtest: $test"
	# shown as it comes, indented, and kept
	timeout --kill-after=20 "$TIMEOUT" "./$program" 2>&1 </dev/null |
		tee "$tmp/out" | sed -u 's/^/  /'
	status=${PIPESTATUS[0]}
	result=ok
	judge "$test" "$status" || result="not ok"
	log_since_mark | grep -aE "$DEFECTS" >"$tmp/defects"
	if [ -s "$tmp/defects" ]; then
		complaint+="the kernel log has defects:"$'\n'"$(head -n 30 "$tmp/defects")"$'\n'
		failed=$((failed + 1))
		result="not ok"
	fi
	[ -z "$complaint" ] || printf '%s' "$complaint" | sed 's/^/# /'
	[ "$status" -ne 4 ] || [ "$result" != ok ] || result="ok # SKIP"
	case $result in
	"ok # SKIP") echo "ok $number $test # SKIP" ;;
	*) echo "$result $number $test # $((SECONDS - started)) s" ;;
	esac
done

if [ -n "$leaks" ]; then
	number=$((number + 1))
	started=$SECONDS
	if find_leaks >"$tmp/leaks" 2>&1 && [ ! -s "$tmp/leaks" ]; then
		passed=$((passed + 1))
		result=ok
	else
		failed=$((failed + 1))
		result="not ok"
		head -n 100 "$tmp/leaks" | sed 's/^/# /'
	fi
	echo "$result $number no memory is leaked # $((SECONDS - started)) s"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$passed" -gt 0 ] || exit 4
exit 0
