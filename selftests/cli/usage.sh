#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Bad command lines: each is refused with the status and the text expected, and
# leaves every object as it was.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

need_fabricctl
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
sw=selftest$$
emu_switch_new $sw || ktap_bail "no emulated switch"
defer emu_switch_del $sw
emu_port_new $sw p0 host0
emu_port_new $sw p1
emu_device_new $sw m0 p0 32M 1M
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"
grant=$(grant_new size 4M domain $sw) || ktap_bail "no grant to begin with"
defer fc grant del "$grant"
p0=$(id_of port $sw p0)
p1=$(id_of port $sw p1)
host=$(ask port domain-id="$(domain_id $sw)" name=host0 -- id)

USAGE=2
REFUSED=1
CAPACITY=4
PERMISSION=5
tests=()
declare -A want_status want_text words

# bad NAME STATUS TEXT WORDS...
bad()
{
	tests+=("$1")
	want_status[$1]=$2
	want_text[$1]=$3
	words[$1]=
	[ $# -lt 4 ] || words[$1]=$(printf '%q ' "${@:4}")
	eval "$1() { try $1; }"
}

try()
{
	local before args

	eval "args=(${words[$1]})"
	before=$(state_dump)
	expect_refusal "${want_status[$1]}" "${want_text[$1]}" fc "${args[@]}"
	expect_eq "$(state_dump)" "$before" "state afterwards"
	[ -n "$before" ] || fail "there was no state to compare"
}

new=(grant new kind memory domain "$sw")

bad no_object_is_usage $USAGE "No object"
bad unknown_object_is_usage $USAGE 'no object "widget"' widget show
bad prefix_of_an_object_is_no_object $USAGE 'no object "gra"' gra show
bad unknown_command_is_usage $USAGE 'no command "make"' grant make
bad prefix_of_a_command_is_no_command $USAGE 'no command "sho"' grant sho
bad unknown_option_is_usage $USAGE "--frobnicate" --frobnicate grant show
bad unknown_short_option_is_usage $USAGE "-x" -x grant show
bad option_after_the_object_is_usage $USAGE "-j" grant show -j
bad unknown_key_is_usage $USAGE "colour" "${new[@]}" size 1M colour red
bad key_given_twice_is_usage $USAGE "given twice" "${new[@]}" size 1M size 2M
bad key_without_value_is_usage $USAGE "has no value" "${new[@]}" size
bad new_without_kind_is_usage $USAGE "kind" grant new size 1M
bad new_without_size_is_usage $USAGE "size" "${new[@]}"
bad unknown_kind_is_usage $USAGE "none of: memory" grant new kind chocolate size 1M
bad unknown_mode_is_usage $USAGE "none of: map, devdax, system-ram" "${new[@]}" size 1M mode tape
bad unknown_holder_is_usage $USAGE "none of: none, file, socket" "${new[@]}" size 1M holder me
bad size_0_is_usage $USAGE "too small" "${new[@]}" size 0
bad negative_size_is_usage $USAGE "not a size" "${new[@]}" size -1
bad size_with_a_blank_is_usage $USAGE "not a size" "${new[@]}" size "1 M"
bad size_in_hexadecimal_is_usage $USAGE "not a size" "${new[@]}" size 0x1000
bad fraction_of_a_size_is_usage $USAGE "not a size" "${new[@]}" size 1.5M
bad size_with_an_unknown_unit_is_usage $USAGE "not a size" "${new[@]}" size 1Q
bad decimal_unit_is_usage $USAGE "not a size" "${new[@]}" size 1MB
bad size_beyond_64_bits_is_usage $USAGE "too large" "${new[@]}" size 99999999999999999999
bad size_that_overflows_by_its_unit_is_usage $USAGE "too large" "${new[@]}" size 99999999P
bad empty_size_is_usage $USAGE "empty" "${new[@]}" size ""
bad node_that_is_no_number_is_usage $USAGE "not a number" "${new[@]}" size 1M node one
bad name_of_64_bytes_is_usage $USAGE "too long" "${new[@]}" size 1M capability \
	"$(printf 'a%.0s' {1..64})"
bad del_without_id_is_usage $USAGE "ID" grant del
bad del_of_a_name_is_usage $USAGE "not a number" grant del all
bad id_0_is_usage $USAGE "too small" grant del 0
bad id_beyond_32_bits_is_usage $USAGE "too large" grant del 4294967296
bad second_id_is_usage $USAGE "unknown argument" grant del "$grant" "$grant"
bad misspelt_force_is_usage $USAGE "unknown argument" grant del "$grant" forced
bad misspelt_option_is_usage $USAGE "unknown argument" grant del "$grant" --forced
bad option_with_a_key_that_needs_a_value_is_usage $USAGE "unknown argument" grant new --kind memory size 1M
bad apply_without_a_plan_is_usage $USAGE "FILE" apply dry-run
bad apply_of_two_plans_is_usage $USAGE "unknown argument" apply a.json b.json
bad argument_to_assert_is_usage $USAGE "unknown argument" assert a.json force
bad bind_without_host_is_usage $USAGE "host" port bind "$p1"
bad bind_without_port_is_usage $USAGE "PORT" port bind host host0
bad time_without_a_unit_is_usage $USAGE "not a time" "${new[@]}" size 1M wait 30
bad time_with_an_unknown_unit_is_usage $USAGE "not a time" "${new[@]}" size 1M lease 2d
bad fraction_of_a_time_is_usage $USAGE "not a time" "${new[@]}" size 1M lease 1.5h
bad time_beyond_its_range_is_usage $USAGE "too large" "${new[@]}" size 1M grace 2000h
bad time_that_overflows_is_usage $USAGE "too large" "${new[@]}" size 1M wait 99999999999999999h
bad bandwidth_in_bytes_is_usage $USAGE "not a bandwidth" "${new[@]}" size 1M bandwidth-min 10GB
bad bandwidth_0_is_usage $USAGE "too small" "${new[@]}" size 1M bandwidth-max 0
bad label_without_value_is_usage $USAGE "not a label" "${new[@]}" size 1M label rack
bad label_without_key_is_usage $USAGE "not a label" "${new[@]}" size 1M label =1
bad label_of_64_bytes_is_usage $USAGE "too long" "${new[@]}" size 1M label \
	"k=$(printf 'a%.0s' {1..62})"
labels=()
for i in {1..17}; do
	labels+=(label "k$i=v")
done
bad label_too_many_is_usage $USAGE '"k17=v" is one too many' "${new[@]}" size 1M "${labels[@]}"
bad pieces_0_is_usage $USAGE "too small" "${new[@]}" size 1M pieces 0
bad pieces_33_is_usage $USAGE "too large" "${new[@]}" size 1M pieces 33
bad priority_1001_is_usage $USAGE "too large" "${new[@]}" size 1M priority 1001
bad unknown_placement_is_usage $USAGE "none of: best-fit, pack, spread" "${new[@]}" size 1M \
	placement anywhere
bad unknown_answer_is_usage $USAGE "none of: no, yes" "${new[@]}" size 1M reclaimable perhaps
bad bandwidth_alone_is_usage $USAGE "none of: memory" grant new kind bandwidth size 1M
bad set_of_nothing_is_usage $USAGE "nothing to set" grant set "$grant" pieces 2
bad renew_without_id_is_usage $USAGE "ID" grant renew
bad device_set_of_nothing_is_usage $USAGE "nothing to set" device set m0
bad port_set_of_nothing_is_usage $USAGE "nothing to set" port set "$p0"
bad unknown_admin_state_is_usage $USAGE "none of: enabled, draining, disabled" \
	device set m0 admin-state tired
bad unknown_signal_is_usage $USAGE "not the name of a signal" run kind memory size 1M \
	notice-signal NEVER -- true
bad quota_without_amount_is_usage $USAGE "is not KIND" tenant new t quota memory
bad quota_of_an_unknown_kind_is_usage $USAGE "no kind that there is" tenant new t quota gold=1M
bad quota_with_a_bad_amount_is_usage $USAGE "no amount" tenant new t quota memory=much
bad tenant_set_of_nothing_is_usage $USAGE "nothing to set" tenant set t
bad sequence_that_is_no_number_is_usage $USAGE "not a number" log show since yesterday
bad unknown_link_state_is_usage $USAGE "none of: down, up" port set "$p1" link sideways
bad unknown_group_is_usage $USAGE "none of: inventory, grants" monitor group everything
bad run_without_a_command_is_usage $USAGE "-- CMD" run kind memory size 1M
bad run_with_an_empty_command_is_usage $USAGE "-- CMD" run kind memory size 1M --
bad argument_to_tree_is_usage $USAGE "unknown argument" tree all
bad region_without_memdev_is_usage $USAGE "memdev" region create size 256M
bad region_take_without_name_is_usage $USAGE "REGION" region take

bad unknown_domain_is_refused $REFUSED "nowhere" grant new kind memory size 1M domain nowhere
bad unknown_device_is_refused $REFUSED "nothing" "${new[@]}" size 1M device nothing
bad id_that_nothing_has_is_refused $REFUSED "No grant has this id" grant show 4000000000
bad del_of_an_id_that_nothing_has_is_refused $REFUSED "No grant has this id" grant del 4000000000
bad size_off_the_granule_is_refused $REFUSED "Size must be a multiple of 1048576" \
	"${new[@]}" size 1000001
bad size_beyond_what_there_is_is_refused $CAPACITY "All that matches has" "${new[@]}" size 1T
bad largest_size_is_refused $CAPACITY "All that matches has" "${new[@]}" size 16383P
bad mode_that_is_not_offered_is_refused $REFUSED "No matching resource offers this mode" \
	"${new[@]}" size 1M mode system-ram
bad capability_that_nobody_has_is_refused $REFUSED "No resource has this kind, capability, place and labels" \
	"${new[@]}" size 1M capability levitation
bad port_above_is_not_bound $REFUSED "cannot be bound" port bind "$host" host host0
bad unknown_host_is_refused $REFUSED "No such host" port bind "$p1" host mars
bad bound_port_is_not_bound_to_another_host $REFUSED "unbind it first" port bind "$p0" host host1
bad unbind_is_refused_while_granted $REFUSED "release their grants first" port unbind "$p0"
bad link_down_is_refused_while_granted $REFUSED "release their grants first" \
	port set "$p0" link down
bad run_of_what_cannot_be_granted_is_refused $CAPACITY "All that matches has" \
	run kind memory size 1T domain $sw -- true
bad unknown_port_is_refused $REFUSED "nothing" "${new[@]}" size 1M port nothing
bad unknown_user_is_refused $REFUSED "no user" tenant new t user nobody-at-all
bad unknown_group_of_users_is_refused $REFUSED "no group" tenant new t group nobody-at-all
bad unknown_tenant_is_refused $REFUSED "" tenant show nothing
bad region_give_of_what_is_none_is_refused $REFUSED "" region give m0

user_is_refused_with_a_hint()
{
	local before

	before=$(state_dump)
	expect_refusal $PERMISSION "CAP_SYS_ADMIN" setpriv --reuid 65534 --clear-groups --inh-caps=-all \
		--bounding-set=-all "$FABRIC_CTL" "${new[@]}" size 1M
	expect_eq "$(state_dump)" "$before" "state afterwards"
}
tests+=(user_is_refused_with_a_hint)

# JSON in, JSON out: errors too
refusal_in_json_is_json()
{
	local out status=0

	out=$(fcj "${new[@]}" size 1000001) || status=$?
	expect_eq $status 1 status
	expect_eq "$(jq -r .schema <<<"$out")" 1 schema
	expect_eq "$(jq -r .error.code <<<"$out")" EINVAL code
	expect_match "$(jq -r .error.message <<<"$out")" "Size must be a multiple" message
}
tests+=(refusal_in_json_is_json)

full_disk_is_a_failure()
{
	local status=0

	[ -c /dev/full ] || skip "there is no /dev/full"
	fc grant show >/dev/full 2>"$KTAP_TMP/err" || status=$?
	expect_eq $status 1 status
	expect_match "$(cat "$KTAP_TMP/err")" "No space left" text
}
tests+=(full_disk_is_a_failure)

# It is a file of its own, with what libcxl brings along
library_without_its_part_for_cxl_says_so()
{
	cp "$FABRIC_CTL" "$(ldd "$FABRIC_CTL" | awk '/libfabricbroker/ { print $3 }')" "$KTAP_TMP"
	expect_refusal 1 "Volatile regions need libcxl and libdaxctl" \
		env LD_LIBRARY_PATH="$KTAP_TMP" "$KTAP_TMP/${FABRIC_CTL##*/}" region create memdev mem0
}
tests+=(library_without_its_part_for_cxl_says_so)

ktap_run_all "${tests[@]}"
