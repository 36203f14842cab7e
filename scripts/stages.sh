# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What check.sh and check-long.sh are made of: stages, lanes that run side by side, and
# their results. Sourced, never run; the caller sets logs, a directory.

passed=0 failed=0 skipped=0

note() { printf '\n==== %s (%s)\n' "$1" "$(date +%T)"; }

# stage NAME COMMAND...: one result
stage() {
	local name=$1 log=$logs/${1// /-}.log
	shift
	note "$name"
	if "$@" >"$log" 2>&1; then
		echo "ok: $name"
		passed=$((passed + 1))
	else
		tail -n 40 "$log"
		echo "not ok: $name"
		failed=$((failed + 1))
	fi
}

# count NAME LOG STATUS: as many results as the runner's last line says
count() {
	local name=$1 log=$2 status=$3 totals

	totals=$(grep -aE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped' "$log" | tail -n 1)
	if [[ $totals =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + BASH_REMATCH[3]))
		# A defect in the kernel log after the last test has no result of its own.
		[ "$status" -eq 0 ] || [ "${BASH_REMATCH[2]}" -gt 0 ] || failed=$((failed + 1))
	else
		echo "not ok: $name ended without its results, status $status"
		failed=$((failed + 1))
	fi
}

# lane NAME COMMAND...: runs beside another, one for each of two processors; waits
# until there is room. What it printed is shown when it is done.
declare -A lanes=()
lane() {
	local name=$1 log=$logs/${1// /-}.log

	shift
	[ ${#lanes[@]} -lt 2 ] || lane_end
	note "$name begins"
	FABRIC_LANE=${name// /-} "$@" >"$log" 2>&1 &
	lanes[$!]=$name
}

lane_end() {
	local pid name status=0

	wait -n -p pid "${!lanes[@]}" || status=$?
	name=${lanes[$pid]}
	unset "lanes[$pid]"
	note "$name"
	cat "$logs/${name// /-}.log"
	count "$name" "$logs/${name// /-}.log" "$status"
}

lanes_end() {
	while [ ${#lanes[@]} -gt 0 ]; do
		lane_end
	done
}

begin() {
	rm -rf "$logs"
	mkdir -p "$logs"
	note "the lab"
	scripts/lab/root.sh || exit 1
}

end() {
	lanes_end
	note "all"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
}
