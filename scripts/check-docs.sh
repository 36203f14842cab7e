#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check-docs.sh - compare what fabricctl says in its help with its man pages and
# its completion: the same objects, commands, keys and values; what fabric-emu
# says in its help with its man page; and what libfabricbroker exports with its
# header and its man page
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

# synopsis PAGE: its usage lines, as plain text
synopsis() {
	awk '
		/^[-=]+$/ && length($0) == length(previous) { section = previous }
		section == "SYNOPSIS" && /^\| / {
			gsub(/[*`]|\\ /, "")
			print "usage " substr($0, 3)
		}
		{ previous = $0 }' "$1"
}

man_facts() {
	local page

	for page in "$man"/fabricctl-*.rst; do
		page=$(basename -- "$page" .rst)
		synopsis "$man/$page.rst" | sed 's/ \[OPTIONS\]//'
		synopsis "$man/$page.rst" | sed -n 's/^usage fabricctl \[OPTIONS\] \([a-z]*\).*/object \1/p'
		awk '
			function plain(text) {
				gsub(/[*`]/, "", text)
				return text
			}
			# A title that is underlined is a section.
			/^[-=]+$/ && length($0) == length(previous) { section = previous }
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
	for key in kind mode holder link take group placement admin-state reclaimable restore \
		idle-vfs idle speed-limit state op option; do
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

# A list goes on behind its comma.
list_facts() (
	complete() { :; }
	. tools/completion/fabricctl
	_fabricctl_values() { echo mem0 mem1 mem2; }
	for word in "" "mem0," "mem0,mem2," "mem0,m"; do
		COMP_WORDS=(fabricctl region create memdev "$word")
		COMP_CWORD=4
		_fabricctl
		printf '%s: %s\n' "$word" "${COMPREPLY[*]}"
	done
)
diff - <(list_facts) > "$tmp/diff" <<-'END' || { fail "completion of lists:"; cat "$tmp/diff" >&2; }
	: mem0 mem1 mem2
	mem0,: mem0,mem1 mem0,mem2
	mem0,mem2,: mem0,mem2,mem1
	mem0,m: mem0,mem1 mem0,mem2
END

# fabric-emu has no tables to ask: its usage and its operations are in its help.
emu_help_facts() {
	tools/fabric-emu --help | sed -n \
		-e 's/^\(Usage:\|      \) \(fabric-emu .*\)/usage \2/p' \
		-e 's/^\(create\|destroy\|fault\)  *[a-z].*/command \1/p' \
		-e 's/^           \([a-z]*\)=.*/setting \1/p' \
		-e 's/^  \([a-z]*_[a-z_]*\)$/operation \1/p'
}
emu_man_facts() {
	synopsis "$man/fabric-emu.rst"
	sed -n -e 's/^fabric-emu \([a-z]*\)$/command \1/p' \
		-e 's/^\*\*\([a-z]*\)\*\*\\ =.*/setting \1/p' "$man/fabric-emu.rst"
	grep -E '^\*\*[a-z]+_' "$man/fabric-emu.rst" | tr -d '*,' | tr ' ' '\n' |
		sed 's/^/operation /'
}
if ! diff <(emu_help_facts | LC_ALL=C sort) <(emu_man_facts | LC_ALL=C sort) > "$tmp/diff"; then
	fail "\"fabric-emu --help\" (<) and its man page (>) differ:"
	grep '^[<>]' "$tmp/diff" >&2
fi
[ "$(emu_help_facts | wc -l)" -gt 12 ] || fail "the help of fabric-emu is not understood"

# Each page has what all pages have, and the main page names each object.
for part in 'SYNOPSIS' 'DESCRIPTION' 'EXAMPLES' 'EXIT STATUS'; do
	grep -q -x -F "$part" "$man/fabric-emu.rst" || fail "$man/fabric-emu.rst has no \"$part\""
done
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

# Each command is shown at work; "show" goes without saying.
examples() {
	awk '
		/^[-=]+$/ && length($0) == length(previous) { section = previous }
		section == "EXAMPLES" && /^    .*fabricctl / {
			sub(/.*fabricctl /, "")
			gsub(/(^| )-[^ ]*/, "")
			print $1, $2
			print $1
		}
		{ previous = $0 }' "$man"/fabricctl*.rst
}
examples | LC_ALL=C sort -u > "$tmp/examples"
while read -r _ object command; do
	grep -q -x -F "$object${command:+ $command}" "$tmp/examples" ||
		{ [ "$command" = show ] && grep -q -x "$object *" "$tmp/examples"; } ||
		fail "no page has an example of \"$object${command:+ $command}\""
done < <(grep '^command ' "$tmp/help")

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
