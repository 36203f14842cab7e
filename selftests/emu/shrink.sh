#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A slice of an emulated switch loses its tail and keeps the rest; a failure
# changes nothing.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

EIO=5
EAGAIN=11
MiB=$((1 << 20))
size=$((4 * MiB))
pages=$((size / 4096))

need_fabricctl
copy=$(realpath "${0%/*}/copy")
touch=$(realpath "${0%/*}/touch")
[ -x "$copy" ] || ktap_skip_all "$copy is not built: run make first"
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
sw=selftest$$
emu_switch_new $sw || ktap_bail "no emulated switch"
defer emu_switch_del $sw
emu_port_new $sw p0 host0
emu_device_new $sw m0 p0 32M 1M
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"
domain=$(domain_id $sw)
free_at_first=$(sum free $sw)

# A test that failed leaves nothing to the next
tidy()
{
	emu_faults_clear $sw
	release_all domain-id="$domain"
	busywait 20000 free_is $sw "$free_at_first"
} >/dev/null 2>&1

ktap_setup()
{
	defer tidy
}

did()
{
	[ "$(grep -c "^$1" "$KTAP_TMP/copy")" -ge "${2:-1}" ]
}

# start COMMAND...: in the background, up to a pause; sets $pid, and $id of the
# grant. go_on ends the pause.
start()
{
	local out=$KTAP_TMP/copy

	: >"$out"
	[ -p "$out.in" ] || mkfifo "$out.in"
	"$copy" "$domain" $size 0 "$@" <"$out.in" >"$out" 2>&1 &
	pid=$!
	exec 7>"$out.in"
	busywait 20000 did paused || fail "copy does not get there: $(cat "$out")"
	id=$(head -n 1 "$out")
}

go_on()
{
	echo >&7
	wait "$pid" || fail "$(cat "$KTAP_TMP/copy")"
}

# The holder is another process
shrink()
{
	fc grant set "$1" size "$2" force >/dev/null
}

# in_debugfs FIELD: of the slice of the grant
in_debugfs()
{
	awk -v id="$id" -v field="$1" '$1 == "slice" { for (i = 2; i < NF; i += 2) v[$i] = $(i + 1)
		if (v["grant"] == id) print v[field] }' "$EMU_DEBUG/$sw/state"
}

# netlink and the backend say the same about every slice
views_agree()
{
	diff <(ask slice domain-id="$domain" -- grant-id start length | sort) \
	     <(emu_slices $sw | awk '{ print $1, $2, $3 }')
}

pages_of_the_tail_go_back()
{
	start write 0 $size pause
	expect_eq "$(in_debugfs pages)" $pages "pages at first"
	shrink "$id" $MiB
	expect_eq "$(in_debugfs pages)" $((pages / 4)) "pages afterwards"
	expect_eq "$(in_debugfs length)" $MiB "length in debugfs"
	expect_eq "$(ask slice grant-id="$id" -- length)" $MiB "length of the slice"
	expect_eq "$(sum free $sw)" $((free_at_first - MiB)) free
	views_agree || fail "netlink and debugfs differ"
	sums_are_right || fail "the sums are wrong"
	go_on
}

rest_keeps_what_is_in_it()
{
	start write 0 $size pause read 0 $MiB map 0 $MiB
	shrink "$id" $MiB
	go_on
}

tail_can_not_be_read_any_more()
{
	start write 0 $size pause read $MiB 4096
	shrink "$id" $MiB
	echo >&7
	not wait "$pid" || fail "the tail was read"
	expect_match "$(tail -n 1 "$KTAP_TMP/copy")" "^read (end|E)" "what reading it gave"
}

mapping_of_the_tail_ends()
{
	local line status=0

	coproc user { exec "$touch" "$domain" $size; }
	# shellcheck disable=SC2154 # set by coproc
	read -r -t 20 line <&"${user[0]}" || fail "no mapping"
	shrink "$line" $MiB
	echo >&"${user[1]}"
	wait "$user_PID" || status=$?
	expect_eq $status 11 "status of who touches it"
}

next_holder_of_the_tail_reads_zeros()
{
	local next

	start write 0 $size pause read 0 $MiB
	shrink "$id" $MiB
	next=$("$copy" "$domain" $((3 * MiB)) 0 zero 0 $((3 * MiB))) || fail "not zero: $next"
	go_on
}

untouched_slice_shrinks()
{
	id=$(grant_new size $size domain $sw)
	shrink "$id" $MiB
	views_agree || fail "netlink and debugfs differ"
	expect_eq "$(in_debugfs pages)" 0 pages
	fc grant del "$id"
	expect_eq "$(sum free $sw)" "$free_at_first" "free afterwards"
}

# fails ERRNO
fails()
{
	start write 0 $size pause read 0 $size map 0 $size
	emu_fault $sw slice_shrink error "$1"
	expect_refusal 1 "Fault slice_shrink" fc grant set "$id" size $MiB force
	expect_eq "$(ask grant id="$id" -- size state)" "$size active" "the grant"
	expect_eq "$(in_debugfs pages)" $pages pages
	expect_eq "$(sum free $sw)" $((free_at_first - size)) free
	views_agree || fail "netlink and debugfs differ"
	sums_are_right || fail "the sums are wrong"
	go_on
	busywait 20000 grant_gone "$id" || fail "the grant is $(grant_state "$id")"

	emu_fault $sw slice_shrink error 0
	id=$(grant_new size $size domain $sw)
	shrink "$id" $MiB
	fc grant del "$id"
	expect_eq "$(sum free $sw)" "$free_at_first" "free afterwards"
}

failed_shrink_changes_nothing()
{
	fails $EIO
}

shrink_of_a_slice_in_use_changes_nothing()
{
	fails $EAGAIN
}

ktap_run_all \
	pages_of_the_tail_go_back \
	rest_keeps_what_is_in_it \
	tail_can_not_be_read_any_more \
	mapping_of_the_tail_ends \
	next_holder_of_the_tail_reads_zeros \
	untouched_slice_shrinks \
	failed_shrink_changes_nothing \
	shrink_of_a_slice_in_use_changes_nothing
