# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Questions to the broker, through fabricctl -j and jq.

# shellcheck source=modules.sh
. "${BASH_SOURCE[0]%/*}/modules.sh"

find_fabricctl()
{
	local path

	for path in "${FABRIC_CTL:-}" "$SELFTESTS/../tools/build/fabricctl" \
		    "$(command -v fabricctl)"; do
		if [ -n "$path" ] && [ -x "$path" ]; then
			FABRIC_CTL=$(realpath "$path")
			export FABRIC_CTL
			return 0
		fi
	done
	return 1
}

need_fabricctl()
{
	find_fabricctl || ktap_skip_all "there is no fabricctl: set FABRIC_CTL"
	command -v jq >/dev/null || ktap_skip_all "there is no jq"
	[ -x "$SELFTESTS/lib/ask" ] || ktap_skip_all "lib/ask is not built: run make first"
}

fc()
{
	"$FABRIC_CTL" "$@"
}

fcj()
{
	"$FABRIC_CTL" -j "$@"
}

# objects OBJECT [ARGS...]: the list of the JSON answer
objects()
{
	local object=$1

	shift
	fcj "$object" show "$@" | jq -c '[.[] | arrays][0]'
}

# What the kernel says, without fabricctl between: see ask.c
ask()
{
	"$SELFTESTS/lib/ask" "$@"
}

# All objects as the kernel tells them, without the ages
state_dump()
{
	ask all
}

# Free, reserved, granted and quarantined make the total everywhere, and the
# slices in each state add up to the sums
sums_are_right()
{
	ask sums
}

domain_id()
{
	ask domain name="$1" -- id
}

# sum FIELD DOMAIN: over the resources of a domain, by its name
sum()
{
	ask sum resource domain="$2" -- "$1"
}

free_is()
{
	[ "$(sum free "$1")" = "$2" ]
}

# id_of OBJECT DOMAIN NAME: of a port or device
id_of()
{
	ask "$1" domain="$2" name="$3" -- id
}

# field OBJECT ID FIELD
field()
{
	ask "$1" id="$2" -- "$3"
}

# grant_new ARGS...: prints its id
grant_new()
{
	local answer

	answer=$(fcj grant new kind memory "$@") || return
	[[ $answer =~ \"grants\":\[\{\"id\":([0-9]+) ]] || return
	echo "${BASH_REMATCH[1]}"
}

grant_state()
{
	ask grant id="$1" -- state || echo none
}

grant_is()
{
	[ "$(grant_state "$1")" = "$2" ]
}

grant_gone()
{
	not ask grant id="$1"
}

# release_all [ATTRIBUTE=VALUE...]: the grants that have such slices
release_all()
{
	local id

	for id in $(ask slice "$@" -- grant-id | sort -u); do
		fc grant del "$id" force
	done
}
