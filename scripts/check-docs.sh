#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check-docs.sh - compare what fabricctl says in its help with its man pages and
# its completion: the same objects, commands, keys and values; and what
# libfabricbroker exports with its header and its man page
#
# Usage: check-docs.sh
#
# Environment: FABRICCTL, the program to ask; it is built if that is not set.
#
# Exit status: 0 if all agree, 1 with the differences if not

set -euo pipefail

cd -- "$(dirname -- "$0")/.."
man=Documentation/man
tmp=$(mktemp -d)
trap 'rm -rf -- "$tmp"' EXIT
status=0

fail() {
	printf '%s\n' "$*" >&2
	status=1
}

if [ -z "${FABRICCTL:-}" ]; then
	make -s -C tools O="$tmp/build" >/dev/null
	FABRICCTL=$tmp/build/fabricctl
fi

# Facts are lines: "object grant", "usage fabricctl grant show [ID]",
# "key grant show ID", "value mode devdax".

help_facts() {
	"$FABRICCTL" -j help | jq -r '
		.objects[] | .name as $object |
		"object \($object)",
		(.commands[] |
			([$object, .name] | map(values) | join(" ")) as $command |
			"command \($command)",
			"usage \(.usage)",
			(.arguments[] |
				"key \($command) \(.name)",
				"needs-value \($command) \(.name) \(.positional or .value != null)",
				"positional \($command) \(.positional)",
				(.name as $name | .values[] | "value \($name) \(.)")))'
}

man_facts() {
	local page

	for page in "$man"/fabricctl-*.rst; do
		page=$(basename -- "$page" .rst)
		printf 'object %s\n' "${page#fabricctl-}"
		awk '
			function plain(text) {
				gsub(/[*`]/, "", text)
				sub(/^\| /, "", text)
				return text
			}
			# A title that is underlined is a section.
			/^[-=]+$/ && length($0) == length(previous) { section = previous }
			section == "SYNOPSIS" && /^\| / {
				text = plain($0)
				sub(/\[OPTIONS\] /, "", text)
				print "usage " text
			}
			# A term is followed by its definition.
			section ~ /^fabricctl / && /^    / && previous ~ /^\*/ {
				split(plain(previous), words, " ")
				print "key " substr(section, 11) " " words[1]
			}
			section ~ /^fabricctl / && section != last {
				print "command " substr(section, 11)
				last = section
			}
			{ previous = $0 }' "$man/$page.rst"
	done
}

# shellcheck source=tools/completion/fabricctl
completion_facts() (
	complete() { :; }
	. tools/completion/fabricctl
	for object in "${!_fabricctl_commands[@]}"; do
		printf 'object %s\n' "$object"
		if [ -z "${_fabricctl_commands[$object]}" ]; then
			printf 'command %s\n' "$object"
		fi
		for command in ${_fabricctl_commands[$object]}; do
			printf 'command %s %s\n' "$object" "$command"
		done
	done
	for command in "${!_fabricctl_keys[@]}"; do
		for key in ${_fabricctl_keys[$command]}; do
			printf 'key %s %s\n' "$command" "${key%=}"
			case $key in
			*=) printf 'needs-value %s %s true\n' "$command" "${key%=}" ;;
			*) printf 'needs-value %s %s false\n' "$command" "$key" ;;
			esac
		done
	done
	for command in "${!_fabricctl_positional[@]}"; do
		printf 'positional %s true\n' "$command"
	done
	for key in kind mode holder link take group placement admin-state reclaimable restore; do
		for value in $(_fabricctl_values "$key"); do
			printf 'value %s %s\n' "$key" "$value"
		done
	done
)

# compare WHAT FACTS...: the facts of these kinds must be those of help
compare() {
	local what=$1 kinds

	shift
	kinds="^($(IFS='|'; printf '%s' "$*")) "
	if ! diff <(grep -E "$kinds" "$tmp/wanted" | LC_ALL=C sort -u) \
		  <(grep -E "$kinds" "$tmp/$what" | LC_ALL=C sort -u) > "$tmp/diff"; then
		fail "\"fabricctl help\" (<) and the $what (>) differ:"
		grep '^[<>]' "$tmp/diff" >&2
	fi
}

help_facts > "$tmp/help"
man_facts > "$tmp/man pages"
completion_facts > "$tmp/completion"

cp "$tmp/help" "$tmp/wanted"
compare "man pages" object command usage key

# Positional arguments are completed, but have no key.
grep -E '^positional .* true$' "$tmp/help" > "$tmp/positional" || true
jq -r '.objects[] | .name as $object | .commands[] |
	([$object, .name] | map(values) | join(" ")) as $command |
	.arguments[] | select(.positional) | "\($command) \(.name)"' \
	<("$FABRICCTL" -j help) > "$tmp/positional-keys"
grep -v -x -F -f <(sed 's/^/key /' "$tmp/positional-keys") "$tmp/help" |
	grep -v -x -F -f <(sed 's/.*/needs-value & true/' "$tmp/positional-keys") |
	grep -v -E '^positional .* false$' > "$tmp/wanted"
compare completion object command key needs-value positional value

# Each page has what all pages have, and the main page names each object.
for page in "$man"/fabricctl*.rst; do
	for part in 'SYNOPSIS' 'DESCRIPTION' 'EXAMPLES' '.. include:: options.inc'; do
		grep -q -x -F "$part" "$page" || fail "$page has no \"$part\""
	done
	grep -q -x -E 'EXIT STATUS|\.\. include:: exit-status\.inc' "$page" ||
		fail "$page has no exit status"
done
while read -r _ object; do
	grep -q -x -F "**$object**" "$man/fabricctl.rst" ||
		fail "$man/fabricctl.rst does not explain \"$object\""
done < <(grep '^object ' "$tmp/help")

# What the library exports is declared and explained in the header, named in the
# page, and the other way round.
sed -n 's/^\t\(fabric_[a-z_]*\);$/\1/p' tools/lib/libfabricbroker.map |
	LC_ALL=C sort > "$tmp/exported"
sed -n 's/^ \* \(fabric_[a-z_]*\)() - .*/\1/p; s/^\/\*\* \(fabric_[a-z_]*\)() - .*/\1/p' \
	tools/lib/include/fabricbroker.h |
	grep -v -x -E 'fabric_[a-z_]*_req_init|fabric_resource_has_mode' |
	LC_ALL=C sort > "$tmp/explained"
grep -o -E '\*\*fabric_[a-z_]+\*\*' "$man/libfabricbroker.rst" | tr -d '*' |
	LC_ALL=C sort -u > "$tmp/named"
for list in explained named; do
	if ! diff "$tmp/exported" "$tmp/$list" > "$tmp/diff"; then
		fail "libfabricbroker.map (<) and what is $list in the documentation (>) differ:"
		grep '^[<>]' "$tmp/diff" >&2
	fi
done

exit "$status"
