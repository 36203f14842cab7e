# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Undo things in reverse order when a scope ends. A scope is the test file or
# one test, which ktap.sh runs in a subshell.
#
#   echo x >file
#   defer rm file

DEFERRED=()

defer()
{
	DEFERRED+=("$(printf '%q ' "$@")")
}

defer_run()
{
	local i

	set +e
	trap - ERR
	# what still runs holds what is to be given back
	# shellcheck disable=SC2046 # several words
	kill -KILL $(jobs -p) 2>/dev/null
	for ((i = ${#DEFERRED[@]} - 1; i >= 0; i--)); do
		eval "${DEFERRED[i]}"
	done
	DEFERRED=()
}

# In a subshell: what the parent deferred is the parent's to do
defer_scope()
{
	DEFERRED=()
	trap defer_run EXIT
}
