# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Wait with a deadline, never with a bare sleep.

# A pipe that nobody writes to: to wait on it takes no process
exec {BUSYWAIT}<> <(:)

# busywait MS COMMAND...: until the command succeeds; its last output is printed. A machine
# that is slow, as the kernel's own tests call it, is waited for longer.
busywait()
{
	local ms=$1 deadline out last=

	shift
	[ "${KSFT_MACHINE_SLOW:-}" != yes ] || ms=$((ms * 5))
	deadline=$((${EPOCHREALTIME/[.,]/} + ms * 1000))
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
		[ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ] || last=1
		read -r -t 0.02 -u "$BUSYWAIT" || :
	done
}

not()
{
	if "$@"; then
		return 1
	fi
}
