#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The link of a port is disabled, enabled and limited by its registers. QEMU's ports lack
# the bits: fabric_test_link.ko gives them to one without a hot-plug slot.

# what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/pci.sh
. "${0%/*}/../lib/pci.sh"

FOREVER=1000000000

pci_up
port=$(pci_port_of_slot 6)
[ -n "$port" ] || ktap_skip_all "there is no port with slot 6 (see topology/pcie)"
function=$(pci_below "$port")
if [ ! -d /sys/module/fabric_test_link ]; then
	echo 1 >"$PCI/$function/remove"
	without_bits=$(fc port set "$port" link down 2>&1)
	echo 1 >/sys/bus/pci/rescan
	module_load fabric_test_link "port=$port" 2>/dev/null ||
		ktap_skip_all "fabric_test_link.ko is not built (make modules FABRIC_SELFTESTS=1)"
fi
looks=/sys/module/fabric_test_link/parameters/looks
disabled=/sys/module/fabric_test_link/parameters/disabled

function_is_there()
{
	pci_known "$function" && [ -e "$PCI/$function/driver" ]
}

tidy()
{
	local id

	echo 0 >$looks
	for id in $(ask grant -- id); do
		fc grant del "$id" force
	done
	fc port set "$port" link up
	fc port set "$port" speed-limit 16GT/s
	echo 1 >/sys/bus/pci/rescan
	[ -e "$PCI/$function/driver" ] || echo "$function" >/sys/bus/pci/drivers/virtio-pci/bind
	busywait 10000 function_is_there
} >/dev/null 2>&1

ktap_setup()
{
	tidy
	defer tidy
}

# register NAME: what lspci reads of it
register()
{
	lspci -vv -s "$port" | sed -n "/^\t\t$1:/,/^\t\t[A-Z]/p" | sed '$d'
}

link()
{
	ask port name="$port" -- link
}

# Of the link, its limit, and Mb/s of it (PCIe 6.0, section 4.2)
speeds()
{
	echo "$(ask port name="$port" -- speed speed-limit)" \
		"$(ask resource port-id="$(ask port name="$port" -- id)" -- total)"
}

take_function_away()
{
	echo 1 >"$PCI/$function/remove"
	busywait 10000 not pci_known "$function" || fail "the broker still has $function"
}

port_without_the_bit_is_refused()
{
	[ -n "${without_bits:-}" ] || skip "the port has had the bits since an earlier run"
	expect_match "$without_bits" "$port can't disable its link" "before it had the bits"
}

link_goes_down_and_comes_back()
{
	take_function_away
	fc port set "$port" link down >/dev/null || fail "it is refused"
	expect_eq "$(link)" down link
	expect_match "$(register LnkCtl)" "LnkDisable\+" "Link Disable"
	expect_match "$(register LnkSta)" "DLActive-" "the link status"
	fc port set "$port" link down >/dev/null || fail "what is so is refused"
	echo 1 >/sys/bus/pci/rescan
	not pci_known "$function" || fail "a function is found below a link that is down"

	fc port set "$port" link up >/dev/null || fail "it does not come back"
	expect_eq "$(link)" up link
	expect_match "$(register LnkCtl)" "LnkDisable-" "Link Disable"
	expect_match "$(register LnkSta)" "DLActive\+" "the link status"
	echo 1 >/sys/bus/pci/rescan
	busywait 10000 function_is_there || fail "the function is not found again"
	busywait 10000 pci_is_complete || fail "the broker and lspci differ"
}

link_with_something_below_stays()
{
	expect_refusal 1 "Below $port is $function, write 1 to its remove in sysfs first" \
		fc port set "$port" link down label probe=1
	expect_eq "$(link)" up link
	expect_eq "$(ask port name="$port" -- label)" - labels
}

grant_is_in_the_way_of_link_and_speed()
{
	local device

	device=$(ask device name="$function" -- id)
	echo "$function" >"$PCI/$function/driver/unbind"
	fc grant new kind function size 1 device "$device" capability function/pf mode bare \
		bandwidth-min 6000Mb/s >/dev/null || fail "no grant"
	expect_refusal 1 "Below the port are 1 slices, release their grants first" \
		fc port set "$port" link down
	expect_refusal 1 "Grants are guaranteed 6000 Mb/s, at that speed it has 4000" \
		fc port set "$port" speed-limit 5GT/s
	expect_match "$(register LnkCtl)" "LnkDisable-" "Link Disable"
	expect_match "$(register LnkCtl2)" "Target Link Speed: 16GT/s" "Link Control 2"
	fc port set "$port" speed-limit 8GT/s >/dev/null || fail "what carries enough is refused"
}

limit_lowers_the_speed_and_what_is_carried()
{
	expect_eq "$(speeds)" "16000 16000 $((16000 * 128 / 130))" "at first"
	fc port set "$port" speed-limit 8GT/s >/dev/null || fail "it is refused"
	expect_eq "$(speeds)" "8000 8000 $((8000 * 128 / 130))" "limited"
	fc port set "$port" speed-limit 5GT/s >/dev/null || fail "it is refused"
	expect_eq "$(speeds)" "5000 5000 $((5000 * 8 / 10))" "limited more"
	expect_match "$(register LnkSta)" "Speed 5GT/s" "the link status"
	expect_match "$(register LnkCtl2)" "Target Link Speed: 5GT/s" "Link Control 2"
	expect_refusal 1 "$port has no such speed, it does 16000 MT/s at most" \
		fc port set "$port" speed-limit 32GT/s
	expect_eq "$(speeds)" "5000 5000 4000" "after what was refused"
}

# Of one that is down it is known, and holds when it comes back
link_that_is_down_gets_a_limit()
{
	take_function_away
	fc port set "$port" link down >/dev/null || fail "it is refused"
	fc port set "$port" speed-limit 8GT/s >/dev/null || fail "the limit is refused"
	expect_eq "$(ask port name="$port" -- speed speed-limit)" "- 8000" "while it is down"
	fc port set "$port" link up >/dev/null || fail "it does not come back"
	expect_eq "$(ask port name="$port" -- speed speed-limit)" "8000 8000" "afterwards"
}

# The link takes its time: 30 looks are 300 ms or less
slow_link_is_waited_for()
{
	take_function_away
	echo 30 >$looks
	fc port set "$port" speed-limit 8GT/s >/dev/null || fail "the limit is refused"
	expect_eq "$(ask port name="$port" -- speed)" 8000 speed
	fc port set "$port" link down >/dev/null || fail "it does not go down"
	expect_eq "$(link)" down link
	fc port set "$port" link up >/dev/null || fail "it does not come back"
	expect_eq "$(link)" up link
}

link_that_does_not_obey_is_told()
{
	take_function_away
	echo $FOREVER >$looks
	expect_refusal 1 "The link of $port trains and does not end" \
		fc port set "$port" speed-limit 8GT/s
	echo 0 >$looks
	fc port set "$port" speed-limit 5GT/s >/dev/null || fail "one that ended is refused"
	expect_eq "$(ask port name="$port" -- speed)" 5000 speed

	echo $FOREVER >$looks
	expect_refusal 1 "The link of $port was told, and is not down" \
		fc port set "$port" link down
	expect_match "$(register LnkCtl)" "LnkDisable-" "Link Disable, which would act later"
	expect_eq "$(link)" up link

	echo 0 >$looks
	fc port set "$port" link down >/dev/null || fail "one that obeys again is refused"
	echo $FOREVER >$looks
	expect_refusal 1 "The link of $port was told, and is not up" fc port set "$port" link up
	expect_eq "$(link)" down link
}

# Seen while the kernel waits for the link: lspci may take longer than that
is_disabled()
{
	local now

	read -r now <$disabled && [ "$now" = Y ]
}

# Its removal waits for what is done to it
port_that_goes_ends_what_is_done_to_it()
{
	take_function_away
	echo $FOREVER >$looks
	fc port set "$port" link down >"$KTAP_TMP/said" 2>&1 &
	busywait 10000 is_disabled || fail "nothing is done to it: $(cat "$KTAP_TMP/said")"
	echo 1 >"$PCI/$port/remove"
	not wait $! || fail "the link of a port that is gone was set"
	expect_eq "$(ask port name="$port" -- id)" "" "the port"
	echo 0 >$looks
	echo 1 >/sys/bus/pci/rescan
	busywait 20000 pci_is_complete || fail "the broker and lspci differ"
	fc port set "$port" speed-limit 8GT/s >/dev/null || fail "a port that is back has no limit"
}

ktap_run_all \
	port_without_the_bit_is_refused \
	link_goes_down_and_comes_back \
	link_with_something_below_stays \
	grant_is_in_the_way_of_link_and_speed \
	limit_lowers_the_speed_and_what_is_carried \
	link_that_is_down_gets_a_limit \
	slow_link_is_waited_for \
	link_that_does_not_obey_is_told \
	port_that_goes_ends_what_is_done_to_it
