#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check-long.sh - what takes longer than check.sh has time for
#
# Usage: check-long.sh
#
# All tests on the kernel with instruments, all on 7.2 with plans killed after each
# change, what happens at once on a kernel that sees data races, what all tests reach on
# one that counts, an hour of torture, the fuzzers for ten minutes each, the planted bugs,
# packages and DKMS: a night. The first time it builds these kernels. Ends like check.sh.
# What each stage printed is kept in .build/check-long/.
set -uo pipefail

cd -- "$(dirname -- "$0")/.." || exit 1
logs=$PWD/.build/check-long
. scripts/stages.sh

begin

stage "kernel with instruments" scripts/lab/debug-kernel.sh debug
stage "kernel that sees data races" scripts/lab/debug-kernel.sh kcsan
stage "kernel that counts" scripts/lab/debug-kernel.sh gcov
stage "coccinelle" make -s coccicheck
stage "analyzer" make -s analyzer
stage "packages" make -s package-test
stage "fuzzers of user space" make -s fuzz SECONDS=600
stage "coverage" make -s coverage
stage "build for the tests" scripts/lab/enter.sh scripts/build.sh 6.12 7.2 6.12-debug 6.12-kcsan
export FABRIC_BUILT=1
stage "planted bugs" make -s mutants
stage "modules by DKMS" make -s dkms-test
stage "Secure Boot with 6.12" make -s secure-boot-test FABRIC_KERNEL=6.12
stage "Secure Boot with 7.2" make -s secure-boot-test FABRIC_KERNEL=7.2

export FABRIC_KERNEL=7.2 FABRIC_TIMEOUT=30000 FABRIC_TORTURE_SECONDS=3600
lane "races on 7.2" scripts/vm-test.sh --timeout 6000 core/model emu/churn emu/torture
lanes_end
export FABRIC_TORTURE_SECONDS=180 FABRIC_FUZZ_SECONDS=600
lane "data races" env FABRIC_KERNEL=6.12-kcsan scripts/vm-test.sh --timeout 6000 core/model \
	core/netlink_fuzz core/file_fuzz emu/config_fuzz emu/churn emu/unload emu/torture
lanes_end
# Not those of pci: the machine within the guest makes no progress by turns.
export FABRIC_TCG=single
lane "core and cli on 7.2" scripts/vm-test.sh --timeout 6000 core cli
lane "emu, cxl and cci on 7.2" scripts/vm-test.sh --timeout 6000 emu cxl cci
lane "pci on 7.2" env FABRIC_TOPOLOGY=pcie FABRIC_TCG=multi scripts/vm-test.sh pci
export FABRIC_KERNEL=6.12-debug FABRIC_KILL_EVERY=7
lane "core, cli and debug with instruments" scripts/vm-test.sh core cli debug
lane "emu, cxl and cci with instruments" scripts/vm-test.sh emu cxl cci
lane "pci with instruments" env FABRIC_TOPOLOGY=pcie FABRIC_TCG=multi scripts/vm-test.sh pci

end
