# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# KTAP output for tests in shell. A test file defines functions, one claim
# each, and ends with
#
#   ktap_run_all claim_one claim_two ...
#
# Each function runs in a subshell in which any command that fails, fails the
# test; what it deferred is undone when it ends, however it ends. What it prints
# becomes comments. If there is a function ktap_setup, it runs first in each.

# shellcheck source=defer.sh
. "${BASH_SOURCE[0]%/*}/defer.sh"
# shellcheck source=busywait.sh
. "${BASH_SOURCE[0]%/*}/busywait.sh"

KTAP_PASS=0
KTAP_FAIL=1
KTAP_SKIP=4

KTAP_TMP=$(mktemp -d)
defer rm -rf "$KTAP_TMP"
trap defer_run EXIT
# ends the script through its EXIT trap
trap 'exit 143' TERM
trap 'exit 130' INT

ktap_note()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# For the whole file, before its plan
ktap_skip_all()
{
	printf 'KTAP version 1\n1..0 # SKIP %s\n' "$*"
	exit $KTAP_SKIP
}

ktap_bail()
{
	printf 'Bail out! %s\n' "$*"
	exit $KTAP_FAIL
}

# Inside a test
fail()
{
	printf '%s\n' "$*"
	exit $KTAP_FAIL
}

skip()
{
	printf '%s' "$*" >"$KTAP_TMP/reason"
	exit $KTAP_SKIP
}

expect_eq()
{
	[ "$1" = "$2" ] || fail "${3:-value} is '$1' instead of '$2'"
}

expect_match()
{
	[[ $1 =~ $2 ]] || fail "${3:-text} '$1' does not match '$2'"
}

# expect_refusal STATUS TEXT COMMAND...: it fails so and says so
expect_refusal()
{
	local want=$1 text=$2 status=0 out

	shift 2
	out=$("$@" 2>&1 </dev/null) || status=$?
	[ "$status" -eq "$want" ] || fail "$*: status $status instead of $want: $out"
	[[ $out == *"$text"* ]] || fail "$*: said '$out' without '$text'"
}

ktap_run_all()
{
	local test status number=0 passed=0 failed=0 skipped=0

	printf 'KTAP version 1\n1..%u\n' $#
	for test; do
		number=$((number + 1))
		: >"$KTAP_TMP/reason"
		(
			defer_scope
			trap 'exit 143' TERM
			# a command substitution that fails is told by what it is in
			trap '[ "$BASH_SUBSHELL" -gt "$KTAP_LEVEL" ] ||
				echo "$test: line ${BASH_LINENO[0]}: failed: $BASH_COMMAND"' ERR
			KTAP_LEVEL=$BASH_SUBSHELL
			set -eE
			! declare -F ktap_setup >/dev/null || ktap_setup
			"$test"
		) >"$KTAP_TMP/out" 2>&1 </dev/null
		status=$?
		[ ! -s "$KTAP_TMP/out" ] || sed 's/^/# /' "$KTAP_TMP/out"
		case $status in
		"$KTAP_PASS")
			passed=$((passed + 1))
			echo "ok $number $test"
			;;
		"$KTAP_SKIP")
			skipped=$((skipped + 1))
			echo "ok $number $test # SKIP $(cat "$KTAP_TMP/reason")"
			;;
		*)
			failed=$((failed + 1))
			echo "not ok $number $test"
			;;
		esac
	done
	echo "# Totals: pass:$passed fail:$failed xfail:0 xpass:0 skip:$skipped error:0"
	[ "$failed" -eq 0 ] || exit $KTAP_FAIL
	[ "$passed" -gt 0 ] || exit $KTAP_SKIP
	exit $KTAP_PASS
}
