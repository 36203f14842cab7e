#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Plans with regions of real CXL memory: memory devices and regions go by serial
# numbers, since the kernel numbers them as it likes.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"
# shellcheck source=../lib/plan.sh
. "${0%/*}/../lib/plan.sh"

[ "${FABRIC_PREPARED:-}" = 1 ] ||
	ktap_skip_all "this takes memory devices: only where FABRIC_PREPARED is 1"
need_fabricctl
cxl_load >/dev/null 2>&1 || ktap_skip_all "fabric_cxl cannot be loaded"
first=$(cxl_memdev 1) && second=$(cxl_memdev 2) ||
	ktap_skip_all "there are no two memory devices"
preload=$SELFTESTS/cli/kill_after.so
plan=$KTAP_TMP/plan.json
other=$KTAP_TMP/other.json
nothing=$KTAP_TMP/nothing.json

cat >"$plan" <<END
{
  "plan": 1,
  "devices": [
    {"domain": "$CXL_DOMAIN", "serial": 1, "label": ["row=1"]},
    {"domain": "$CXL_DOMAIN", "members": [2, 1], "label": ["tier=slow"]}
  ],
  "regions": [{"members": [2, 1], "size": 536870912}],
  "grants": [
    {"token": "db", "kind": "memory", "mode": "devdax", "size": 4194304, "domain": "$CXL_DOMAIN",
     "members": [2, 1]}
  ]
}
END
jq '.regions = [{members: [1], size: 268435456}] | .devices = [] | .grants = []' "$plan" >"$other"
jq 'map_values(if type == "array" then [] else . end)' "$plan" >"$nothing"

ktap_setup()
{
	cxl_regions_down >/dev/null 2>&1
	defer cxl_regions_down
}

members_of()
{
	fcj region show | jq -c '[.regions[] | select(.state == "taken") | .members]'
}

region_is_programmed_and_comes_back()
{
	fc apply "$plan"
	expect_eq "$(members_of)" "[[\"$second\",\"$first\"]]" members
	fc assert "$plan"
	expect_eq "$(fcj apply "$plan" | jq -c .steps)" "[]" "steps of the second time"
	fc save "$KTAP_TMP/saved.json"
	expect_eq "$(jq -c '.regions[0].members' "$KTAP_TMP/saved.json")" "[2,1]" "members that are saved"
	expect_eq "$(jq -c '.grants[0].members' "$KTAP_TMP/saved.json")" "[2,1]" "place that is saved"
	plan_is_valid "$plan"
	plan_is_valid "$KTAP_TMP/saved.json"
	fc apply "$nothing" force
	expect_eq "$(members_of)" "[]" "regions that are left to the broker"
	cxl_regions_down
	fc apply "$KTAP_TMP/saved.json"
	fc assert "$plan"
	expect_eq "$(fc save)" "$(cat "$KTAP_TMP/saved.json")" "what is saved then"
}

region_that_the_kernel_has_is_taken_over()
{
	jq '.devices = [] | .grants = []' "$plan" >"$KTAP_TMP/region.json"
	fc apply "$KTAP_TMP/region.json"
	fc apply "$nothing"
	expect_eq "$(fcj region show | jq -r '.regions[0].state')" enabled "state of the region"
	expect_eq "$(fcj apply "$KTAP_TMP/region.json" | jq -r '.steps[].step')" take "steps"
	fc assert "$KTAP_TMP/region.json"
}

region_in_the_way_is_deleted_and_brought_back()
{
	fc apply "$other"
	jq '.regions[0].size = 1099511627776' "$plan" >"$KTAP_TMP/bad.json"
	expect_refusal 4 "everything is as before" fc apply "$KTAP_TMP/bad.json"
	fc assert "$other"
	fc apply "$plan"
	fc assert "$plan"
}

region_in_use_is_not_given_back()
{
	fc apply "$plan"
	jq '.regions = [] | .devices = [] | del(.grants)' "$plan" >"$KTAP_TMP/bad.json"
	expect_refusal 1 "release their grants first" fc apply "$KTAP_TMP/bad.json"
	fc assert "$plan"
}

# What is half made is nobody's: it goes first. One member is enough, each change
# takes its time here.
killed_anywhere_it_is_made_by_the_next()
{
	local n status

	[ -e "$preload" ] || skip "cli/kill_after.so is not built: run make first"
	for ((n = 1; ; n += ${FABRIC_KILL_EVERY:-1})); do
		status=0
		KILL_AFTER=$n LD_PRELOAD=$preload fc apply "$other" >/dev/null || status=$?
		[ $status -ne 0 ] || break
		expect_eq $status 137 "status of apply, killed after $n changes"
		fc apply "$other" >/dev/null || fail "killed after $n changes it is not made"
		fc assert "$other" || fail "killed after $n changes it is not there"
		expect_eq "$(cat /sys/bus/cxl/drivers_autoprobe)" 1 "probing of the CXL bus"
		cxl_regions_down
	done
	fc assert "$other"
	echo "killed after every ${FABRIC_KILL_EVERY:-1} of fewer than $n changes"
	[ $n -gt 8 ] || fail "there were only $n changes to kill it after"
}

ktap_run_all region_is_programmed_and_comes_back region_that_the_kernel_has_is_taken_over \
	region_in_the_way_is_deleted_and_brought_back region_in_use_is_not_given_back \
	killed_anywhere_it_is_made_by_the_next
