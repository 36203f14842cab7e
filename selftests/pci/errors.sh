#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Errors of a link (AER), which QEMU makes: they are counted, and the kernel recovers from
# them whoever has the virtual functions below. The reset of the link leaves QEMU's port
# without a speed that it is capable of, so this is the last of its collection.

# what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/vf.sh
. "${0%/*}/../lib/vf.sh"
# shellcheck source=../lib/qmp.sh
. "${0%/*}/../lib/qmp.sh"

qmp_need
vf_up
port=$(basename "$(dirname "$(realpath "$PCI/$igb")")")

counted()
{
	fcj port show "$port" | jq -r ".ports[0].pci[\"aer-$1\"]"
}

# log_says MARK TEXT: after the mark
log_says()
{
	dmesg | sed "1,/$1/d" | grep -q "$2"
}

# inject ERROR KIND: until the broker has counted it
inject()
{
	local before

	before=$(counted "$2")
	"$qmp" human-monitor-command command-line="pcie_aer_inject_error rp1 $1" |
		grep -q OK || fail "QEMU injects no $1"
	busywait 20000 eval '[ "$(counted '"$2"')" -gt '"$before"' ]' ||
		fail "the error $1 is not counted: $(counted "$2")"
}

# Some parked, one with a holder
fatal_error_is_counted_and_recovered_from()
{
	local id mark="errors$$ fatal"

	id=$(function_new mode vfio) || fail "no grant"
	echo "<6>$mark" >/dev/kmsg
	inject DLP fatal
	busywait 30000 eval 'log_says "$mark" "AER: device recovery"' || fail "nothing is said of it"
	log_says "$mark" "$port: AER: device recovery successful" ||
		fail "no recovery: $(dmesg | grep -E "AER|recover" | tail -n 20)"
	grant_is "$id" active || fail "the grant is lost"
	fc grant del "$id" >/dev/null || fail "the grant is not released"
	busywait 20000 grant_gone "$id" || fail "the grant is there: $(fc grant show "$id")"
	expect_eq "$(ask resource device-id="$device" capability=net -- free)" 7 "free functions"
	id=$(function_new mode vfio) || fail "no grant afterwards"
	pci_is_complete || fail "the broker (<) and lspci (>) differ"
}

error_that_is_not_fatal_is_counted()
{
	inject POISON_TLP nonfatal
	pci_is_complete || fail "the broker (<) and lspci (>) differ"
}

ktap_run_all \
	fatal_error_is_counted_and_recovered_from \
	error_that_is_not_fatal_is_counted
