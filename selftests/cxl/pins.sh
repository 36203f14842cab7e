#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Pages of a slice that a device may still write to: pinned by an RDMA
# registration, and by a fixed buffer of io_uring. However the grant ends, the
# kernel does not crash and the memory is not handed on while it is pinned; once
# unpinned, it is scrubbed and free.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"

plain=$(realpath "${0%/*}/plain_user")
rdma=$(realpath "${0%/*}/rdma_pin")
uring=$(realpath "${0%/*}/uring_pin")
size=$((4 * MiB))

rdma_up()
{
	[ -x "$rdma" ] || return
	modprobe rdma_rxe && modprobe ib_uverbs && modprobe dummy || return
	ip link add fabrictest0 type dummy && defer ip link del fabrictest0 || return
	ip link set fabrictest0 up && ip addr add 10.97.31.1/24 dev fabrictest0 || return
	rdma link add fabricrxe0 type rxe netdev fabrictest0
}

cxl_region_up "$(cxl_memdev 1)"
have_rdma=
if rdma_up >/dev/null 2>&1; then
	have_rdma=1
fi

# A test that failed leaves nothing to the next
tidy()
{
	local id

	{
		# set by coproc
		[ -z "${pinner_PID:-}" ] || kill -KILL "$pinner_PID"
		for id in $(ask slice -- grant-id); do
			fc grant del "$id" force
			busywait 2000 grant_gone "$id"
		done
		if ! cxl_region_find; then
			cxl_regions_down
			cxl_region_new "$(cxl_memdev 1)"
		fi
	} >/dev/null 2>&1
}

ktap_setup()
{
	defer tidy
	cxl_region_find
}

# pin rdma|uring GRANT: sets the coprocess "pinner"
pin()
{
	local line

	case $1 in
	rdma)
		[ -n "$have_rdma" ] || skip "no RDMA device of type rxe (or rdma_pin is not built)"
		coproc pinner { exec "$rdma" fabricrxe0 "/dev/$(node_of "$2")" $size 2>&1; }
		;;
	uring)
		coproc pinner { exec "$uring" "/dev/$(node_of "$2")" $size 2>&1; }
		;;
	esac
	# shellcheck disable=SC2154 # set by coproc
	read -r -t 60 line <&"${pinner[0]}" || fail "the pinning program ended"
	expect_eq "$line" ready "what it says"
}

# tell COMMAND ANSWER
tell()
{
	local line

	echo "$1" >&"${pinner[1]}"
	[ -n "${2:-}" ] || return 0
	read -r -t 60 line <&"${pinner[0]}" || fail "no answer to $1"
	expect_match "$line" "$2" "answer to $1"
}

unpin()
{
	case $1 in
	rdma) tell dereg dereg ;;
	uring) tell "" unpinned ;;
	esac
}

new()
{
	grant_new size $size mode devdax device "$CXL_DEVICE"
}

# held_back GRANT START: visible, counted, never handed on
held_back()
{
	local state

	state=$(grant_state "$1")
	expect_match "$state" '^(quarantined|revoking)$' "state while pinned"
	expect_match "$(ask grant id="$1" -- reason)" "pinned" reason
	expect_match "$(ask slice grant-id="$1" -- state)" '^(quarantined|granted)$' "state of the slice"
	sums_are_right || fail "the sums are wrong"
	not_handed_on "$2"
}

# Nobody else gets any of the extent
not_handed_on()
{
	local id at length ids=()

	for length in $size $((CXL_SIZE - size)); do
		id=$(grant_new size $length mode devdax device "$CXL_DEVICE" 2>/dev/null) || continue
		ids+=("$id")
		at=$(ask slice grant-id="$id" -- start)
		if [ "$at" -lt $(($1 + size)) ] && [ $((at + length)) -gt "$1" ]; then
			fail "the pinned extent at $1 was handed on: $length at $at"
		fi
		break
	done
	for id in "${ids[@]}"; do
		fc grant del "$id"
	done
	expect_refusal 4 "" fc grant new kind memory size $CXL_SIZE mode devdax device "$CXL_DEVICE"
}

# free_and_clean GRANT START: the next holder of the extent reads zeros
free_and_clean()
{
	local id

	busywait 10000 grant_gone "$1" || fail "still $(grant_state "$1"): $(ask grant id="$1" -- reason)"
	sums_are_right || fail "the sums are wrong"
	id=$(new)
	defer fc grant del "$id"
	expect_eq "$(ask slice grant-id="$id" -- start)" "$2" "start of the next holder"
	"$plain" "/dev/$(node_of "$id")" $size zero || fail "the next holder reads what was there"
}

peer_reads_and_writes_a_slice()
{
	local id

	id=$(new)
	pin rdma "$id"
	tell read "read 5c"
	tell write "write ok"
	tell read "read 77"
	tell dereg dereg
	tell quit
	fc grant del "$id"
}

# release VEHICLE
released_while_pinned()
{
	local id start

	id=$(new)
	start=$(ask slice grant-id="$id" -- start)
	pin "$1" "$id"
	expect_refusal 3 "pinned" fc grant del "$id"
	held_back "$id" "$start"
	[ "$1" != rdma ] || tell read "read"
	held_back "$id" "$start"
	unpin "$1"
	free_and_clean "$id" "$start"
}

release_waits_for_an_rdma_registration()
{
	released_while_pinned rdma
}

release_waits_for_a_fixed_buffer()
{
	released_while_pinned uring
}

# The registration goes when its owner is gone: the kernel sees to it
owner_killed()
{
	local id start

	id=$(new)
	start=$(ask slice grant-id="$id" -- start)
	pin "$1" "$id"
	expect_refusal 3 "pinned" fc grant del "$id"
	held_back "$id" "$start"
	kill -KILL "$pinner_PID"
	wait "$pinner_PID" || true
	free_and_clean "$id" "$start"
}

kill_of_the_owner_unpins_a_registration()
{
	owner_killed rdma
}

kill_of_the_owner_unpins_a_fixed_buffer()
{
	owner_killed uring
}

# The holder of the grant is another process than the owner of the registration,
# and is killed
holder_killed()
{
	local id start holder

	"$FABRIC_CTL" run kind memory size $size mode devdax device "$CXL_DEVICE" -- sleep 1000 &
	holder=$!
	busywait 20000 ask slice device-id="$CXL_DEVICE" || fail "no grant"
	id=$(ask slice device-id="$CXL_DEVICE" -- grant-id)
	busywait 5000 grant_is "$id" active
	start=$(ask slice grant-id="$id" -- start)
	pin "$1" "$id"
	kill -KILL $holder
	busywait 5000 grant_is "$id" quarantined || busywait 1000 grant_is "$id" revoking ||
		fail "the grant is $(grant_state "$id")"
	held_back "$id" "$start"
	unpin "$1"
	free_and_clean "$id" "$start"
}

kill_of_the_holder_waits_for_an_rdma_registration()
{
	holder_killed rdma
}

kill_of_the_holder_waits_for_a_fixed_buffer()
{
	holder_killed uring
}

# By somebody else, with force
forced_while_pinned()
{
	local id start holder

	"$FABRIC_CTL" run kind memory size $size mode devdax device "$CXL_DEVICE" -- sleep 1000 &
	holder=$!
	busywait 20000 ask slice device-id="$CXL_DEVICE" || fail "no grant"
	id=$(ask slice device-id="$CXL_DEVICE" -- grant-id)
	busywait 5000 grant_is "$id" active
	start=$(ask slice grant-id="$id" -- start)
	pin "$1" "$id"
	expect_refusal 1 "use force" fc grant del "$id"
	expect_refusal 3 "pinned" fc grant del "$id" force
	held_back "$id" "$start"
	unpin "$1"
	free_and_clean "$id" "$start"
}

forced_release_waits_for_an_rdma_registration()
{
	forced_while_pinned rdma
}

forced_release_waits_for_a_fixed_buffer()
{
	forced_while_pinned uring
}

# The region goes although it is pinned: nothing crashes, nobody gets the range
region_removed()
{
	local id base=$CXL_BASE

	id=$(new)
	pin "$1" "$id"
	# the removal waits for its slices, but not for ever
	fc region destroy "$CXL_REGION" force >/dev/null 2>&1 || true
	[ "$1" != rdma ] || tell read "read"
	expect_match "$(grant_state "$id")" '^(quarantined|revoking)$' "state while pinned"
	sums_are_right || fail "the sums are wrong"
	unpin "$1"
	busywait 20000 grant_gone "$id" || fail "still $(grant_state "$id")"
	kill -KILL "$pinner_PID"
	busywait 20000 not ask device name="$CXL_REGION" || fail "the region is still a device"
	cxl_regions_down >/dev/null 2>&1 || true
	cxl_region_new "$(cxl_memdev 1)"
	expect_eq "$CXL_BASE" "$base" "base of the next region"
	id=$(new)
	"$plain" "/dev/$(node_of "$id")" $size zero || fail "the next holder reads what was there"
	fc grant del "$id"
}

region_removal_with_an_rdma_registration_is_survived()
{
	region_removed rdma
}

region_removal_with_a_fixed_buffer_is_survived()
{
	region_removed uring
}

ktap_run_all \
	peer_reads_and_writes_a_slice \
	release_waits_for_a_fixed_buffer \
	kill_of_the_owner_unpins_a_fixed_buffer \
	kill_of_the_holder_waits_for_a_fixed_buffer \
	forced_release_waits_for_a_fixed_buffer \
	release_waits_for_an_rdma_registration \
	kill_of_the_owner_unpins_a_registration \
	kill_of_the_holder_waits_for_an_rdma_registration \
	forced_release_waits_for_an_rdma_registration \
	region_removal_with_a_fixed_buffer_is_survived \
	region_removal_with_an_rdma_registration_is_survived
