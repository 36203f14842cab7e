# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Memory to grant, of the backend named by FABRIC_BACKEND, for tests that run on
# any of them. backend_up sets and exports
#
#   FABRIC_TEST_DOMAIN   name of the domain
#   FABRIC_TEST_MODE     number of the mode of its slices
#   FABRIC_TEST_SIZE     bytes of a slice; there is room for at least four
#
# and defers taking it down.

FABRIC_BACKEND=${FABRIC_BACKEND:-emu}
export FABRIC_BACKEND

backend_emu_up()
{
	# shellcheck source=emu.sh
	. "$SELFTESTS/lib/emu.sh"
	BACKEND_NAME=selftest$$
	emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
	emu_switch_new "$BACKEND_NAME" || ktap_bail "no emulated switch"
	defer emu_switch_del "$BACKEND_NAME"
	emu_port_new "$BACKEND_NAME" p0 host0
	emu_port_new "$BACKEND_NAME" p1
	emu_device_new "$BACKEND_NAME" m0 p0 64M 1M
	emu_device_new "$BACKEND_NAME" m1 p1 64M 1M
	emu_switch_live "$BACKEND_NAME" || ktap_bail "the emulated switch does not go live"
	FABRIC_TEST_MODE=1
	FABRIC_TEST_SIZE=$((4 << 20))
}

backend_cxl_up()
{
	# shellcheck source=cxl.sh
	. "$SELFTESTS/lib/cxl.sh"
	cxl_region_up "$(cxl_memdev 1)"
	BACKEND_NAME=$CXL_DOMAIN
	FABRIC_TEST_MODE=2
	# emulated CXL memory is slow
	FABRIC_TEST_SIZE=$((2 << 20))
}

backend_up()
{
	SELFTESTS=$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd)
	"backend_${FABRIC_BACKEND}_up"
	FABRIC_TEST_DOMAIN=$BACKEND_NAME
	export FABRIC_TEST_DOMAIN FABRIC_TEST_MODE FABRIC_TEST_SIZE
}

# Run a test in C of the same name, which prints the KTAP, and pass its status on
backend_run()
{
	local status=0

	[ -x "$1" ] || ktap_skip_all "$1 is not built: run make first"
	"$1" || status=$?
	exit $status
}
