#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Requests that wait, and holders that are asked to give back, as the commands
# show them: grant new, queue, run.

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
emu_device_new $sw m0 p0 32M 1M
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"

CAPACITY=4

# All of the memory, held by nobody; sets filler
fill()
{
	filler=$(grant_new size 32M domain $sw)
	defer eval "fc grant del $filler 2>/dev/null"
}

queued()
{
	[ "$(objects queue | jq length)" = "$1" ]
}

# later NAME ARGS...: grant new in the background; its output is in $KTAP_TMP/NAME
later()
{
	local name=$1

	shift
	"$FABRIC_CTL" -j grant new kind memory domain $sw "$@" >"$KTAP_TMP/$name" 2>&1 &
	pid=$!
}

later_id()
{
	jq -e '.grants[0].id' "$KTAP_TMP/$1"
}

request_waits_until_capacity_is_there()
{
	fill
	later one size 4M wait 100s
	busywait 10000 queued 1
	expect_eq "$(cat "$KTAP_TMP/one")" "" "output before it is granted"
	fc grant del "$filler"
	wait "$pid" || fail "status $?: $(cat "$KTAP_TMP/one")"
	defer fc grant del "$(later_id one)"
	expect_eq "$(jq -r '.grants[0] | [.state, .size, .holder, has("queue-time")] |
		map(tostring) | join(" ")' "$KTAP_TMP/one")" "active 4194304 none true" "the grant"
	queued 0 || fail "it is still in the queue"
}

# Its turn can come before it is answered; then its file tells what became of it
request_in_preparation_is_waited_for()
{
	local preload=$SELFTESTS/cli/answer_state.so state

	[ -e "$preload" ] || skip "cli/answer_state.so is not built: run make first"
	for state in preparing failed; do
		fill
		ANSWER_STATE=$state LD_PRELOAD=$preload later one size 4M wait 100s
		busywait 10000 queued 1
		sleep 0.5
		expect_eq "$(cat "$KTAP_TMP/one")" "" "output before it is granted"
		fc grant del "$filler"
		wait "$pid" || fail "status $?: $(cat "$KTAP_TMP/one")"
		expect_eq "$(jq -r '.grants[0].state' "$KTAP_TMP/one")" active "the grant"
		fc grant del "$(later_id one)"
	done
}

request_without_wait_is_refused()
{
	fill
	expect_refusal $CAPACITY "" fc grant new kind memory size 4M domain $sw
	queued 0 || fail "it is in the queue"
}

request_expires_with_its_time()
{
	local status=0

	fill
	later one size 4M wait 300ms
	wait "$pid" || status=$?
	expect_eq $status $CAPACITY status
	expect_eq "$(jq -r .error.code "$KTAP_TMP/one")" ETIME code
	queued 0 || fail "it is still in the queue"
}

interrupt_withdraws_a_request()
{
	local signal

	fill
	for signal in TERM INT KILL; do
		# a job in the background ignores SIGINT unless it is told otherwise
		env --default-signal=INT "$FABRIC_CTL" grant new kind memory domain $sw size 4M \
			wait 100s &
		pid=$!
		busywait 10000 queued 1
		kill -$signal $pid
		wait $pid && fail "status 0 after $signal"
		busywait 2000 queued 0 || fail "it is still in the queue after $signal"
	done
}

deleted_request_says_so()
{
	fill
	later one size 4M wait 100s
	busywait 10000 queued 1
	fc grant del "$(objects queue | jq '.[0].id')"
	wait "$pid" && fail "it was granted"
	expect_eq "$(jq -r .error.code "$KTAP_TMP/one")" ECANCELED code
}

queue_shows_the_next_first()
{
	fill
	later one size 4M wait 100s priority 10
	busywait 10000 queued 1
	later two size 5M wait 100s priority 30
	busywait 10000 queued 2
	later three size 6M wait 100s priority 20
	busywait 10000 queued 3
	expect_eq "$(objects queue | jq -c '[.[] | [.position, .priority, .size, .state]]')" \
		'[[0,30,5242880,"queued"],[1,20,6291456,"queued"],[2,10,4194304,"queued"]]' queue
	expect_match "$(fc queue)" 'priority 30.*position 0.*priority 20.*position 1' text
	expect_eq "$(objects queue | jq 'map(.reason | length > 0) | all')" true \
		"each says what it waits for"
}

progress_is_for_terminals()
{
	command -v script >/dev/null || skip "there is no script(1)"
	fill
	later one size 4M wait 100s
	busywait 10000 queued 1
	script -qec "$FABRIC_CTL grant new kind memory domain $sw size 4M wait 100s" /dev/null \
		>"$KTAP_TMP/tty" 2>&1 &
	busywait 10000 queued 2
	busywait 5000 grep -q 'waits, behind 1 other, .*left:' "$KTAP_TMP/tty" ||
		fail "no progress: $(cat -v "$KTAP_TMP/tty")"
	expect_eq "$(cat "$KTAP_TMP/one")" "" "output without a terminal"
}

run_waits_too()
{
	fill
	# shellcheck disable=SC2016 # for the inner shell
	fc run kind memory size 4M domain $sw wait 100s -- sh -c 'echo $FABRIC_SIZE' \
		>"$KTAP_TMP/out" &
	pid=$!
	busywait 10000 queued 1
	expect_eq "$(cat "$KTAP_TMP/out")" "" "output of a command without its grant"
	fc grant del "$filler"
	wait $pid || fail "status $?"
	expect_eq "$(cat "$KTAP_TMP/out")" 4194304 "output of the command"
}

run_that_gets_nothing_starts_nothing()
{
	fill
	expect_refusal $CAPACITY "" fc run kind memory size 4M domain $sw wait 100ms -- \
		touch "$KTAP_TMP/ran"
	[ ! -e "$KTAP_TMP/ran" ] || fail "the command ran"
}

# A command that says that it runs, what its process is, and what it gets
# shellcheck disable=SC2016 # for the inner shell
holder='trap "echo signal; $1" USR1; echo pid $$; while :; do sleep 0.1; done'

# hold WHAT ARGS...: all of the memory, in a run in the background; sets keeper
hold()
{
	local what=$1

	shift
	rm -f "$KTAP_TMP/out"
	"$FABRIC_CTL" run kind memory size 32M domain $sw "$@" -- sh -c "$holder" sh "$what" \
		>"$KTAP_TMP/out" 2>"$KTAP_TMP/err" &
	keeper=$!
	defer eval "kill -KILL $keeper 2>/dev/null; busywait 5000 free_is $sw $(sum total $sw)"
	busywait 10000 grep -qs pid "$KTAP_TMP/out"
}

notice_is_told_to_command_and_terminal()
{
	local id

	hold : min 16M grace 300ms notice-signal USR1
	id=$(fcj grant new kind memory size 8M domain $sw priority 200 | jq '.grants[0].id')
	defer fc grant del "$id"
	busywait 5000 grep -q 'has to shrink to 24 MiB within' "$KTAP_TMP/err" ||
		fail "standard error: $(cat "$KTAP_TMP/err")"
	busywait 5000 grep -q "8 MiB of grant .* was taken for request $id, it has 24 MiB" \
		"$KTAP_TMP/err" || fail "standard error: $(cat "$KTAP_TMP/err")"
	busywait 5000 grep -q signal "$KTAP_TMP/out" || fail "no signal"
	expect_eq "$(grep -c signal "$KTAP_TMP/out")" 1 signals
}

# Nothing but the command holds the file: closing it is enough, long before force
command_complies_by_closing_the_file()
{
	local id

	# shellcheck disable=SC2016 # for the holder
	hold 'eval "exec $FABRIC_FD>&-"' reclaimable yes grace 50s notice-signal USR1
	later one size 8M priority 200
	busywait 20000 later_id one || fail "no grant: $(cat "$KTAP_TMP/one" "$KTAP_TMP/err")"
	id=$(later_id one)
	defer fc grant del "$id"
	grep -q 'has to be released within' "$KTAP_TMP/err" ||
		fail "standard error: $(cat "$KTAP_TMP/err")"
	expect_eq "$(ask grant pid="$keeper" -- id)" "" "the grant of the command"
}

command_is_the_process_that_was_run()
{
	hold : reclaimable yes
	expect_eq "$(cat "$KTAP_TMP/out")" "pid $keeper" "process id of the command"
	expect_eq "$(ask grant pid="$keeper" -- size)" 33554432 "its grant"
	not pgrep -P "$keeper" fabricctl || fail "it has a child that it does not know of"
}

watcher_ends_with_the_command()
{
	hold : reclaimable yes
	busywait 5000 pgrep -f "fabricctl run.*domain $sw" >/dev/null || fail "nobody watches"
	kill -KILL "$keeper"
	busywait 5000 not pgrep -f "fabricctl run.*domain $sw" >/dev/null ||
		fail "somebody still watches"
	busywait 5000 free_is $sw "$(sum total $sw)" || fail "the grant outlives the command"
}

grant_grows_and_shrinks()
{
	local id

	id=$(grant_new size 4M domain $sw)
	defer fc grant del "$id"
	expect_eq "$(fcj grant set "$id" size 8M | jq '.grants[0].size')" 8388608 grown
	expect_eq "$(fcj grant set "$id" size 2M | jq '.grants[0].size')" 2097152 shrunk
	fc grant set "$id" priority 7 min 1M reclaimable yes grace 2s restore yes >/dev/null
	expect_eq "$(fcj grant show "$id" | jq -c '.grants[0] |
		[.priority, .min, .reclaimable, .grace, .restore]')" '[7,1048576,1,2000,1]' terms
	fc grant set "$id" min 0 reclaimable no >/dev/null
	expect_eq "$(fcj grant show "$id" | jq -c '.grants[0] | [.priority, .min // 0, .reclaimable]')" \
		'[7,0,0]' "terms that were taken back"
	expect_refusal $CAPACITY "" fc grant set "$id" size 64M
}

grant_has_at_most_32_slices()
{
	local id

	defer emu_switch_del many$$
	emu_switch_of many$$ 34 1M 1M
	id=$(grant_new size 32M domain many$$ pieces 32)
	defer fc grant del "$id"
	expect_refusal $CAPACITY "The grant has 32 slices, the most that there can be" \
		fc grant set "$id" size 33M pieces 2
	expect_eq "$(field grant "$id" size)" $((32 << 20)) "size of the grant"
}

lease_is_renewed_and_ends()
{
	local id before

	id=$(grant_new size 4M domain $sw lease 100s)
	defer eval "fc grant del $id 2>/dev/null"
	before=$(fcj grant show "$id" | jq '.grants[0]["lease-left"]')
	[ "$before" -gt 0 ] && [ "$before" -le 100000 ] || fail "$before ms are left of 100 s"
	expect_eq "$(fcj grant renew "$id" lease 200s | jq '.grants[0].lease')" 200000 lease
	[ "$(fcj grant show "$id" | jq '.grants[0]["lease-left"]')" -gt 100000 ] ||
		fail "it was not renewed"
	fc grant renew "$id" lease 100ms >/dev/null
	busywait 20000 grant_gone "$id" || fail "it outlives its lease"
}

same_token_is_the_same_grant()
{
	local id

	id=$(grant_new size 4M domain $sw token once)
	defer fc grant del "$id"
	expect_eq "$(grant_new size 4M domain $sw token once)" "$id" "grant of the second request"
	expect_eq "$(objects grant | jq '[.[] | select(.token == "once")] | length')" 1 "grants"
}

what_is_usual_is_not_in_the_text()
{
	local id

	id=$(grant_new size 4M domain $sw)
	defer fc grant del "$id"
	expect_eq "$(fc grant show "$id" | grep -c -E 'priority|reclaimable|grace|pieces|restore')" 0 \
		"lines with what is usual"
	expect_eq "$(fcj grant show "$id" | jq -c '.grants[0] | [.priority, .reclaimable, .pieces]')" \
		'[100,0,1]' JSON
}

ktap_run_all \
	request_waits_until_capacity_is_there \
	request_in_preparation_is_waited_for \
	request_without_wait_is_refused \
	request_expires_with_its_time \
	interrupt_withdraws_a_request \
	deleted_request_says_so \
	queue_shows_the_next_first \
	progress_is_for_terminals \
	run_waits_too \
	run_that_gets_nothing_starts_nothing \
	notice_is_told_to_command_and_terminal \
	command_complies_by_closing_the_file \
	command_is_the_process_that_was_run \
	watcher_ends_with_the_command \
	grant_grows_and_shrinks \
	grant_has_at_most_32_slices \
	lease_is_renewed_and_ends \
	same_token_is_the_same_grant \
	what_is_usual_is_not_in_the_text
