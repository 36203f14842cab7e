#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh - all checks and all tests; sets up what is missing
#
# Usage: check.sh
#
# Ends with the number of results, a line "N passed, N failed, N skipped". A static
# check counts as one result, each selftest as its own. What each stage printed is
# kept in .build/check/. The collection packaging is left out and has a target of its
# own, dkms-test: DKMS compiles inside the guest, about ten minutes of processor time.
set -uo pipefail

cd -- "$(dirname -- "$0")/.." || exit 1
logs=$PWD/.build/check
. scripts/stages.sh

# Not just any failure: the step at which no region commits.
demo_ends_without_a_region() {
	local out

	out=$(scripts/demo.sh --hypervisor-bit 2>&1) && return 1
	echo "$out"
	grep -q 'FAILED: fabricctl region create' <<<"$out"
}

begin

stage "generated code is current" make -s ynl-check
stage "numbers of the uAPI stay" make -s uapi-check
stage "the library is what programs know" make -s abi-check
for kernel in 6.12 7.2; do
	for compiler in gcc clang; do
		stage "build for $kernel with $compiler" \
			scripts/lab/enter.sh scripts/check-build.sh $kernel $compiler
	done
done
stage "style" make -s style
stage "help, manual and completion agree" make -s docs-check
stage "fuzzers of user space" make -s fuzz SECONDS=5
stage "demo" scripts/demo.sh
stage "demo fails where no region commits" demo_ends_without_a_region
# What the lanes run is built before. Plans killed after each change would take longer
# than all the rest.
export FABRIC_KILL_EVERY=${FABRIC_KILL_EVERY:-7} FABRIC_BUILT=1
# The same random requests each time, so that a change is not blamed for what another
# seed finds. Other seeds are for who looks for bugs.
export FABRIC_MODEL_SEED=${FABRIC_MODEL_SEED:-1795205182}
export FABRIC_FUZZ_SEED=${FABRIC_FUZZ_SEED:-1795205615}
export FABRIC_TORTURE_SEED=${FABRIC_TORTURE_SEED:-1795205890}
# Torture has all of what churns, and more.
export FABRIC_CHURN_SECONDS=${FABRIC_CHURN_SECONDS:-5}
stage "build for the tests" scripts/lab/enter.sh scripts/build.sh 6.12 7.2
stage "a saved plan is there after a boot" env FABRIC_KERNEL=6.12 scripts/boot-test.sh
# What happens at once: alone, on processors that run at the same time. Nobody else needs
# them: where two guests share the host's, each waits for what the other holds up.
# The machine within the guest makes no progress with processors by turns.
lane "races on 6.12" env FABRIC_KERNEL=6.12 scripts/vm-test.sh \
	core/model core/netlink_fuzz core/file_fuzz emu/config_fuzz emu/churn emu/unload \
	emu/torture
lanes_end
lane "machine within a guest" env FABRIC_KERNEL=6.12 FABRIC_TOPOLOGY=pcie \
	scripts/vm-test.sh pci/nested
lanes_end
export FABRIC_TCG=single
# The longest first, so that both processors have work to the end.
lane "emu and cxl on 6.12" env FABRIC_KERNEL=6.12 scripts/vm-test.sh \
	emu/config emu/faults emu/copy emu/shrink emu/dump_consistency emu/dump_cuts \
	emu/record emu/link cxl/holder cxl/system_ram cxl/shrink cxl/owner cxl/removal \
	cxl/plan cxl/autoprobe cxl/pins cxl/take cxl/driver cxl/fence cci/emulated
# Functions go at one moment of each operation; the rest is for check-long.
export FABRIC_PCI_MOMENTS=1 FABRIC_PCI_UNPLUGS=0
lane "pci on 7.2" env FABRIC_KERNEL=7.2 FABRIC_TOPOLOGY=pcie scripts/vm-test.sh \
	pci/isolation pci/hotplug pci/functions pci/link pci/slot pci/gone pci/errors
lane "core and cli on 6.12" env FABRIC_KERNEL=6.12 scripts/vm-test.sh cci/codec \
	core/netlink_malformed core/grant_lifecycle core/grant_events core/holder core/isolation \
	core/reclaim core/queue core/tenant core/boundary core/scale core/ynl cli \
	cxl/readback cxl/isolation cxl/interleave
# What can differ between the kernels: requests, the DAX bus, memory, device removal, pins.
# The switch mailbox is only here: its driver hardly differs.
lane "core and cxl on 7.2" env FABRIC_KERNEL=7.2 scripts/vm-test.sh \
	core/netlink_malformed core/grant_lifecycle core/isolation core/reclaim core/queue \
	core/tenant core/boundary cxl/shrink cxl/owner cxl/interleave
lane "emu and cxl on 7.2" env FABRIC_KERNEL=7.2 scripts/vm-test.sh \
	emu/copy emu/dump_consistency emu/shrink emu/unload cxl/readback \
	cxl/isolation cxl/system_ram cxl/pins cxl/take cxl/driver cxl/fence cci/mailbox
lane "pci on 6.12" env FABRIC_KERNEL=6.12 FABRIC_TOPOLOGY=pcie scripts/vm-test.sh \
	pci/inventory pci/isolation pci/host_use pci/whole pci/rest

end
