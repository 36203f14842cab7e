# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Wait with a deadline, never with a bare sleep.

now_ms()
{
	local now=${EPOCHREALTIME/[.,]/}

	echo $((now / 1000))
}

# busywait MS COMMAND...: until the command succeeds; its last output is printed
busywait()
{
	local deadline=$(($(now_ms) + $1)) out last=

	shift
	while :; do
		if out=$("$@" 2>&1); then
			[ -z "$out" ] || printf '%s\n' "$out"
			return 0
		fi
		if [ -n "$last" ]; then
			[ -z "$out" ] || printf '%s\n' "$out" >&2
			return 1
		fi
		# once more after the deadline: we may have slept through it
		[ "$(now_ms)" -lt "$deadline" ] || last=1
		sleep 0.02
	done
}

not()
{
	if "$@"; then
		return 1
	fi
}
