#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# While "region create" works no driver is bound on the CXL bus, and afterwards
# all is as it was: also when it was killed in the middle.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"

[ "${FABRIC_PREPARED:-}" = 1 ] || ktap_skip_all "this takes memory devices: only where FABRIC_PREPARED is 1"
need_fabricctl
cxl_load >/dev/null 2>&1 || ktap_skip_all "fabric_cxl cannot be loaded"
memdev=$(cxl_memdev 1) || ktap_skip_all "there is no CXL memory device"
other=$(cxl_memdev 2) || ktap_skip_all "there is no second CXL memory device"
switch=/sys/bus/cxl/drivers_autoprobe

tidy()
{
	cxl_regions_down >/dev/null 2>&1
	echo 1 >$switch
}

ktap_setup()
{
	defer tidy
}

switch_is()
{
	local now

	read -r now <$switch && [ "$now" = "$1" ]
}

switch_is_on_after_a_region()
{
	switch_is 1 || fail "it was off before"
	cxl_region_new "$memdev"
	switch_is 1 || fail "it is off"
}

switch_is_on_after_a_failure()
{
	expect_refusal 1 "multiple of 256 MiB" fc region create memdev "$memdev" size 1M
	switch_is 1 || fail "it is off"
}

switch_that_was_off_stays_off()
{
	echo 0 >$switch
	cxl_region_new "$memdev"
	switch_is 0 || fail "it is on"
}

# Not through fc, a function: the process to kill would be a shell.
switch_is_on_after_a_kill()
{
	local pid status=0

	"$FABRIC_CTL" region create memdev "$memdev" >/dev/null 2>&1 &
	pid=$!
	until switch_is 0; do
		kill -0 $pid 2>/dev/null || fail "it ended before the switch was seen off"
	done
	kill -KILL $pid
	wait $pid || status=$?
	expect_eq "$status" 137 "status of what was killed"
	busywait 5000 switch_is 1 || fail "the switch stays off"
}

switch_is_on_after_the_last_of_two()
{
	local first second

	"$FABRIC_CTL" region create memdev "$memdev" >"$KTAP_TMP/first" 2>&1 &
	first=$!
	"$FABRIC_CTL" region create memdev "$other" >"$KTAP_TMP/second" 2>&1 &
	second=$!
	wait $first || fail "$(cat "$KTAP_TMP/first")"
	wait $second || fail "$(cat "$KTAP_TMP/second")"
	switch_is 1 || fail "it is off"
	expect_eq "$(ask device type=2 domain-id="$(domain_id "$CXL_DOMAIN")" -- id | wc -l)" 2 \
		"regions of the broker"
}

ktap_run_all \
	switch_is_on_after_a_region \
	switch_is_on_after_a_failure \
	switch_that_was_off_stays_off \
	switch_is_on_after_a_kill \
	switch_is_on_after_the_last_of_two
