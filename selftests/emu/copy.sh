#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The file of a grant is read and written without a mapping, and no faster than
# the grant allows.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

EIO=5
MiB=$((1 << 20))
KiB=$((1 << 10))
size=$((4 * MiB))

need_fabricctl
copy=$(realpath "${0%/*}/copy")
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

# copies MBITS COMMAND...: all of them succeed
copies()
{
	"$copy" "$domain" $size "$@" || fail "copying failed"
}

# time_of COMMAND: microseconds, of the output of copies
time_of()
{
	awk -v name="$1" '$1 == name { print $2 }'
}

# start MBITS COMMAND...: in the background; sets $pid, and $id of the grant.
# Writing to descriptor 7 ends its pause.
start()
{
	local out=$KTAP_TMP/copy

	: >"$out"
	[ -p "$out.in" ] || mkfifo "$out.in"
	"$copy" "$domain" $size "$@" <"$out.in" >"$out" 2>&1 &
	pid=$!
	exec 7>"$out.in"
	busywait 20000 test -s "$out" || fail "no grant"
	id=$(head -n 1 "$out")
}

has_ended()
{
	! kill -0 "$pid" 2>/dev/null
}

# field of the slice of the grant, in debugfs
in_debugfs()
{
	awk -v id="$id" -v field="$1" '$1 == "slice" { for (i = 2; i < NF; i += 2) v[$i] = $(i + 1)
		if (v["grant"] == id) print v[field] }' "$EMU_DEBUG/$sw/state"
}

# began COUNT: more copies than that
began()
{
	[ "$(emu_count $sw slice_copy)" -gt "$1" ]
}

moves()
{
	[ "$(in_debugfs copied)" -gt 0 ]
}

did()
{
	grep -q "^$1" "$KTAP_TMP/copy"
}

what_is_written_is_read()
{
	copies 0 write 0 $size read 0 $size
}

extents_need_no_alignment()
{
	copies 0 write 4093 70001 read 4093 70001 zero 0 4093 zero $((4093 + 70001)) 5000 \
		write $((size - 1)) 1 read $((size - 1)) 1
}

what_is_written_is_in_a_mapping()
{
	copies 0 write 5000 100000 map 5000 100000 mapzero 0 5000
}

what_was_not_written_reads_as_zeros_and_takes_no_pages()
{
	start 0 zero 0 $size write 8192 100 pause
	busywait 20000 did write || fail "$(cat "$KTAP_TMP/copy")"
	expect_eq "$(in_debugfs pages)" 1 "pages of the slice"
	expect_eq "$(in_debugfs copied)" $((size + 100)) "bytes copied"
	echo >&7
	wait "$pid"
}

next_holder_reads_zeros()
{
	copies 0 write 0 $size
	busywait 20000 free_is $sw "$free_at_first" || fail "not released"
	copies 0 zero 0 $size
}

nothing_is_copied_beyond_the_end()
{
	expect_eq "$("$copy" "$domain" $size 0 read $size 1 | tail -n 1)" "read end" "at the end"
	expect_eq "$("$copy" "$domain" $size 0 read $((size - 4096)) 8192 | tail -n 1)" "read end" \
		"across the end"
	expect_match "$("$copy" "$domain" $size 0 write $size 1 | tail -n 1)" "write E|write end" \
		"a write at the end"
}

memory_of_the_grant_is_copied_into_itself()
{
	copies 0 self 0 $((2 * MiB))
}

# 8 MBITS take a quarter of the time that 2 MBITS take
time_grows_as_the_cap_shrinks()
{
	local slow fast ratio

	slow=$(copies 2 write 0 $MiB | time_of write)
	fast=$(copies 8 write 0 $MiB | time_of write)
	ratio=$((slow * 100 / fast))
	echo "2 Mb/s: $slow us, 8 Mb/s: $fast us"
	[ $ratio -ge 300 ] && [ $ratio -le 500 ] || fail "the ratio is $ratio/100 instead of 4"
}

# Bits divided by Mb/s are microseconds, and the bucket is 20 ms ahead
least()
{
	echo $(($2 * 8 / $1 - 20000))
}

cap_is_not_exceeded()
{
	local rate time

	for rate in 4 16; do
		time=$(copies $rate write 0 $MiB | time_of write)
		[ "$time" -ge "$(least $rate $MiB)" ] ||
			fail "1 MiB was written in $time us at $rate Mb/s"
		time=$(copies $rate zero 0 $MiB | time_of zero)
		[ "$time" -ge "$(least $rate $MiB)" ] ||
			fail "1 MiB was read in $time us at $rate Mb/s"
	done
}

cap_holds_for_all_copies_of_a_slice_together()
{
	local time

	time=$(copies 16 together 4 $((MiB / 2)) | time_of together)
	[ "$time" -ge "$(least 16 $((2 * MiB)))" ] ||
		fail "2 MiB were written in $time us at 16 Mb/s"
}

who_has_no_cap_does_not_wait()
{
	local capped free

	capped=$(copies 2 write 0 $MiB | time_of write)
	free=$(copies 0 write 0 $MiB | time_of write)
	[ $((free * 4)) -lt "$capped" ] || fail "1 MiB took $free us without, $capped us with a cap"
}

signals_do_not_starve_a_copy()
{
	copies 2 signals 0 $((256 * KiB)) read 0 $((256 * KiB))
}

# It would take a minute
throttled_copy_ends_when_the_grant_does()
{
	start 1 write 0 $size write 0 $size
	busywait 20000 moves || fail "nothing is copied"
	fc grant del "$id" force
	busywait 20000 has_ended || fail "it still copies"
	expect_match "$(tail -n 1 "$KTAP_TMP/copy")" "write E" "what the copy said"
}

throttled_copy_ends_when_the_holder_is_killed()
{
	start 1 write 0 $size write 0 $size
	kill -KILL "$pid"
	busywait 20000 grant_gone "$id" || fail "the grant is $(grant_state "$id")"
	busywait 20000 free_is $sw "$free_at_first" || fail "free is $(sum free $sw)"
}

unserved_page_fault_of_the_holder_does_not_keep_the_grant()
{
	start 0 write 0 4096 stuck 0 $MiB
	busywait 20000 did write || fail "$(cat "$KTAP_TMP/copy")"
	timeout 30 "$FABRIC_CTL" grant del "$id" force || fail "not deleted, status $?"
	busywait 20000 free_is $sw "$free_at_first" || fail "free is $(sum free $sw)"
	has_ended && fail "it was not stuck: $(cat "$KTAP_TMP/copy")"
	kill -KILL "$pid"
}

failed_copy_is_told_to_the_holder()
{
	emu_fault $sw slice_copy error $EIO
	expect_eq "$("$copy" "$domain" $size 0 write 0 4096 | tail -n 1)" "write EIO" "the write"
	expect_eq "$("$copy" "$domain" $size 0 zero 0 4096 | tail -n 1)" "zero EIO" "the read"
	# what was copied before the fault counts
	emu_fault $sw slice_copy error 0
	copies 0 write 0 4096 read 0 4096
	busywait 20000 free_is $sw "$free_at_first" || fail "free is $(sum free $sw)"
}

slow_copy_delays_nobody_else()
{
	local count other

	count=$(emu_count $sw slice_copy)
	emu_fault $sw slice_copy delay_ms 60000
	start 0 write 0 4096 pause
	busywait 20000 began "$count" || fail "no copy began"
	emu_fault $sw slice_copy delay_ms 0
	other=$(grant_new size $size domain $sw)
	fc grant del "$other"
	ask all >/dev/null
	not did write || fail "the slow one was done before"
	emu_fault $sw slice_copy wake 1
	busywait 20000 did write || fail "the slow one is never done"
	echo >&7
	wait "$pid"
}

ktap_run_all \
	what_is_written_is_read \
	extents_need_no_alignment \
	what_is_written_is_in_a_mapping \
	what_was_not_written_reads_as_zeros_and_takes_no_pages \
	next_holder_reads_zeros \
	nothing_is_copied_beyond_the_end \
	memory_of_the_grant_is_copied_into_itself \
	time_grows_as_the_cap_shrinks \
	cap_is_not_exceeded \
	cap_holds_for_all_copies_of_a_slice_together \
	who_has_no_cap_does_not_wait \
	signals_do_not_starve_a_copy \
	throttled_copy_ends_when_the_grant_does \
	throttled_copy_ends_when_the_holder_is_killed \
	unserved_page_fault_of_the_holder_does_not_keep_the_grant \
	failed_copy_is_told_to_the_holder \
	slow_copy_delays_nobody_else
