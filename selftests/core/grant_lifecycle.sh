#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Making and deleting grants: what is chosen, what is refused, and that the sums
# are right all along.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/backend.sh
. "${0%/*}/../lib/backend.sh"

need_fabricctl
backend_up
domain=$FABRIC_TEST_DOMAIN
size=$FABRIC_TEST_SIZE
modes=(map devdax system-ram)
mode=${modes[FABRIC_TEST_MODE - 1]}

# The resource that grants of this test come from
usable()
{
	local id

	id=$(grant_new size "$size" domain "$domain" mode "$mode") || return
	ask slice grant-id="$id" -- resource-id
	fc grant del "$id"
}
resource=$(usable) || ktap_bail "no grant: $(fc grant new kind memory size "$size" domain "$domain" 2>&1)"
granule=$(field resource "$resource" granule)
free_at_first=$(sum free "$domain")

# Nobody leaves anything behind
expect_nothing_left()
{
	expect_eq "$(sum free "$domain")" "$free_at_first" "free at the end"
	sums_are_right || fail "the sums are wrong at the end"
}

# Where a grant of so many slices' size goes
new_at()
{
	local id

	id=$(grant_new size $(($1 * size)) domain "$domain" mode "$mode") || return
	echo "$id $(ask slice grant-id="$id" -- start)"
}

new_grant_is_active_and_counted()
{
	local id grant

	id=$(grant_new size "$size" domain "$domain" mode "$mode")
	defer fc grant del "$id"
	grant=$(objects grant | jq ".[] | select(.id == $id)")
	expect_eq "$(jq -r .state <<<"$grant")" active state
	expect_eq "$(jq -r .kind <<<"$grant")" memory kind
	expect_eq "$(jq -r .mode <<<"$grant")" "$mode" mode
	expect_eq "$(jq -r .holder <<<"$grant")" none holder
	expect_eq "$(jq -r .size <<<"$grant")" "$size" size
	expect_eq "$(jq -r .uid <<<"$grant")" "$(id -u)" uid
	expect_eq "$(jq -r .comm <<<"$grant")" fabricctl comm
	expect_eq "$(jq -r '.slice | length' <<<"$grant")" 1 slices
	expect_eq "$(jq -r '.slice[0].length' <<<"$grant")" "$size" length
	expect_eq "$(jq -r '.slice[0].state' <<<"$grant")" granted "state of the slice"
	expect_eq "$(sum granted "$domain")" "$size" granted
	expect_eq "$(sum free "$domain")" $((free_at_first - size)) free
	sums_are_right || fail "the sums are wrong"
	# the slice of the grant is a slice of the list
	expect_eq "$(objects slice grant "$id" | jq -c 'map(del(.["grant-id"]))')" \
		"$(jq -c .slice <<<"$grant")" "list of slices"
}

deleted_grant_is_free_again()
{
	local id

	id=$(grant_new size "$size" domain "$domain" mode "$mode")
	fc grant del "$id"
	grant_gone "$id" || fail "it is still shown"
	expect_refusal 1 "No grant" fc grant del "$id"
	expect_nothing_left
}

ids_are_not_used_again_soon()
{
	local first second

	first=$(grant_new size "$size" domain "$domain" mode "$mode")
	fc grant del "$first"
	second=$(grant_new size "$size" domain "$domain" mode "$mode")
	fc grant del "$second"
	[ "$first" != "$second" ] || fail "the id $first was used again at once"
}

# Of several sizes, lest a counter that knows only one looks right
sums_are_right_at_every_step()
{
	local i id granted=0 ids=() sizes=(1 3 2 1)

	for i in "${sizes[@]}"; do
		id=$(grant_new size $((i * size)) domain "$domain" mode "$mode")
		defer eval "fc grant del $id 2>/dev/null"
		ids+=("$id")
		granted=$((granted + i * size))
		expect_counted $granted "after grant $id"
	done
	for i in 2 0 3 1; do
		fc grant del "${ids[i]}"
		granted=$((granted - sizes[i] * size))
		expect_counted $granted "after the end of grant ${ids[i]}"
	done
	expect_nothing_left
}

# expect_counted GRANTED WHEN: the rest is free, and the slices agree
expect_counted()
{
	expect_eq "$(sum granted "$domain")" "$1" "granted $2"
	expect_eq "$(sum free "$domain")" $((free_at_first - $1)) "free $2"
	expect_eq "$(sum reserved "$domain") $(sum quarantined "$domain")" "0 0" "the rest $2"
	sums_are_right || fail "the sums are wrong $2"
}

slices_start_and_end_at_the_granule()
{
	local start length id

	for i in 1 3 1; do
		read -r id start < <(new_at $i) || fail "no grant"
		defer fc grant del "$id"
		length=$(ask slice grant-id="$id" -- length)
		[ $((start % granule)) -eq 0 ] || fail "starts at $start, granule $granule"
		[ $((length % granule)) -eq 0 ] || fail "is $length long, granule $granule"
		expect_eq "$length" $((i * size)) length
	done
}

slices_of_one_resource_do_not_overlap()
{
	local i id

	for i in 1 2 1; do
		id=$(grant_new size $((i * size)) domain "$domain" mode "$mode")
		defer fc grant del "$id"
	done
	ask slice resource-id="$resource" -- start length | sort -n |
		awk '$1 < end { exit 1 } { end = $1 + $2 } END { if (NR < 3) exit 1 }' ||
		fail "slices overlap: $(ask slice resource-id="$resource" -- start length)"
}

# Holes of 1, 2 and 3 slices: what is asked for goes to the smallest that is
# large enough, and the rest stays whole
smallest_sufficient_hole_is_chosen()
{
	local -A start
	local layout=(3 1 1 1 2 1) ids=() id at i total

	total=$(field resource "$resource" total)
	[ "$total" -ge $((9 * size)) ] || size=$((total / 16 / granule * granule))
	for i in "${layout[@]}"; do
		read -r id at < <(new_at "$i") || fail "no grant"
		ids+=("$id")
		defer eval "fc grant del $id 2>/dev/null"
		start[$id]=$at
	done
	# one behind the other, and the last one fences the free rest off
	at=${start[${ids[0]}]}
	for i in "${!ids[@]}"; do
		expect_eq "${start[${ids[i]}]}" "$at" "start of grant $i"
		at=$((at + layout[i] * size))
	done
	fc grant del "${ids[0]}"	# hole of 3
	fc grant del "${ids[2]}"	# hole of 1
	fc grant del "${ids[4]}"	# hole of 2

	read -r id at < <(new_at 2)
	defer eval "fc grant del $id 2>/dev/null"
	expect_eq "$at" "${start[${ids[4]}]}" "where 2 went"
	read -r id at < <(new_at 1)
	defer eval "fc grant del $id 2>/dev/null"
	expect_eq "$at" "${start[${ids[2]}]}" "where 1 went"
	read -r id at < <(new_at 3)
	defer eval "fc grant del $id 2>/dev/null"
	expect_eq "$at" "${start[${ids[0]}]}" "where 3 went"
}

holes_that_meet_become_one()
{
	local before id a b c

	before=$(field resource "$resource" largest-free)
	a=$(grant_new size "$size" domain "$domain" mode "$mode")
	b=$(grant_new size "$size" domain "$domain" mode "$mode")
	c=$(grant_new size "$size" domain "$domain" mode "$mode")
	for id in $b $a $c; do
		fc grant del "$id"
	done
	expect_eq "$(field resource "$resource" largest-free)" "$before" "largest free extent"
	expect_nothing_left
}

whole_resource_can_be_granted()
{
	local largest id

	largest=$(field resource "$resource" largest-free)
	id=$(grant_new size "$largest" domain "$domain" mode "$mode")
	defer fc grant del "$id"
	expect_eq "$(field resource "$resource" free)" 0 "free of the resource"
	expect_eq "$(field resource "$resource" largest-free)" 0 "largest free extent"
	expect_refusal 4 "Largest free extent is 0" \
		fc grant new kind memory size "$size" domain "$domain" mode "$mode"
	sums_are_right || fail "the sums are wrong"
}

refusal_for_space_tells_the_largest_free_extent()
{
	local largest before

	largest=$(ask resource domain="$domain" -- largest-free | sort -n | tail -n 1)
	before=$(state_dump)
	expect_refusal 4 "All that matches has " \
		fc grant new kind memory size $((largest + size)) domain "$domain" mode "$mode"
	expect_eq "$(state_dump)" "$before" "state after the refusal"
}

# Enough is free, but not in one piece
fragmented_space_is_refused_with_the_largest_piece()
{
	local id at ids=() largest

	while read -r id at < <(new_at 1 2>/dev/null) && [ -n "$at" ]; do
		ids+=("$id")
		defer eval "fc grant del $id 2>/dev/null"
		[ ${#ids[@]} -lt 4 ] || break
	done
	[ ${#ids[@]} -ge 3 ] || fail "no room for three"
	largest=$(field resource "$resource" largest-free)
	if [ "$largest" -gt 0 ]; then
		id=$(grant_new size "$largest" domain "$domain" mode "$mode")
		defer eval "fc grant del $id 2>/dev/null"
	fi
	fc grant del "${ids[0]}"
	fc grant del "${ids[2]}"
	expect_eq "$(field resource "$resource" free)" $((2 * size)) free
	expect_refusal 4 "Largest free extent is $size" \
		fc grant new kind memory size $((2 * size)) domain "$domain" mode "$mode"
}

modes_that_are_not_offered_are_refused()
{
	local offered before m

	offered=$(objects resource "$resource" | jq -r '.[0].modes[]')
	before=$(state_dump)
	for m in "${modes[@]}"; do
		! grep -qx "$m" <<<"$offered" || continue
		expect_refusal 1 "No matching resource offers this mode" \
			fc grant new kind memory size "$size" domain "$domain" mode "$m"
	done
	expect_eq "$(state_dump)" "$before" "state after the refusals"
}

first_mode_is_the_default()
{
	local id first

	first=$(objects resource "$resource" | jq -r '.[0].modes[0]')
	id=$(grant_new size "$size" domain "$domain")
	defer fc grant del "$id"
	expect_eq "$(field grant "$id" mode)" "$first" mode
}

capability_restricts_the_choice()
{
	local capability id

	capability=$(field resource "$resource" capability)
	id=$(grant_new size "$size" domain "$domain" capability "$capability" mode "$mode")
	defer fc grant del "$id"
	expect_eq "$(field grant "$id" capability)" "$capability" capability
	expect_refusal 1 "No resource has this kind, capability, place and labels" \
		fc grant new kind memory size "$size" domain "$domain" capability "x$capability"
}

device_restricts_the_choice()
{
	local device id

	device=$(field resource "$resource" device-id)
	id=$(grant_new size "$size" device "$device" mode "$mode")
	defer fc grant del "$id"
	expect_eq "$(ask slice grant-id="$id" -- device-id)" "$device" device
}

size_off_the_granule_is_refused()
{
	expect_refusal 1 "Size must be a multiple of" \
		fc grant new kind memory size $((size + 1)) domain "$domain" mode "$mode"
}

ktap_run_all \
	new_grant_is_active_and_counted \
	deleted_grant_is_free_again \
	ids_are_not_used_again_soon \
	sums_are_right_at_every_step \
	slices_start_and_end_at_the_granule \
	slices_of_one_resource_do_not_overlap \
	smallest_sufficient_hole_is_chosen \
	holes_that_meet_become_one \
	whole_resource_can_be_granted \
	refusal_for_space_tells_the_largest_free_extent \
	fragmented_space_is_refused_with_the_largest_piece \
	modes_that_are_not_offered_are_refused \
	first_mode_is_the_default \
	capability_restricts_the_choice \
	device_restricts_the_choice \
	size_off_the_granule_is_refused
