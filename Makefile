# SPDX-License-Identifier: GPL-2.0
#
# For people; Kbuild is for kbuild. `make help` lists the targets.

KDIR ?= /lib/modules/$(shell uname -r)/build
prefix ?= /usr/local
udevdir ?= $(prefix)/lib/udev
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

# What needs the lab enters it, unless it is there already.
LAB := $(if $(FABRIC_IN_LAB),,scripts/lab/enter.sh)
YNL_TREE := /usr/src/linux-7.2-tools

export prefix VERSION

.PHONY: all
all: modules tools

##@ Build

.PHONY: modules
modules: check-config ## Build the modules for the running kernel, or for KDIR=
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

.PHONY: tools
tools: ## Build the library, fabricctl and the manual pages
	$(MAKE) -C tools

.PHONY: selftests
selftests: tools ## Build the selftests
	$(MAKE) -C selftests

.PHONY: docs
docs: ## Build the manual pages
	$(MAKE) -C tools man

.PHONY: clean
clean: ## Remove what was built, but not the lab
	-[ ! -d $(KDIR) ] || $(MAKE) -C $(KDIR) M=$(CURDIR) FABRIC_SELFTESTS=1 clean
	$(MAKE) -C tools clean
	$(MAKE) -C selftests clean
	rm -rf .build

##@ Install

.PHONY: install
install: install-modules install-tools install-udev ## Install everything (DESTDIR=, prefix=)

.PHONY: install-modules
install-modules: modules ## Install the modules below DESTDIR/lib/modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install

.PHONY: install-tools
install-tools: tools ## Install the library, fabricctl, manual pages, completion
	$(MAKE) -C tools install

.PHONY: install-udev
install-udev: ## Install the rule by which device nodes get their owner
	install -D -m 644 -t $(DESTDIR)$(udevdir)/rules.d scripts/udev/60-fabric.rules

.PHONY: dkms-install
dkms-install: ## Hand the modules to DKMS, which builds them for every kernel
	scripts/dkms-install.sh

.PHONY: check-config
check-config: ## Say what the kernel of KDIR lacks
	@scripts/check-config.sh $(KDIR)

##@ See it work (both set up what is missing; root, no KVM needed)

.PHONY: demo
demo: ## Show the main job on emulated CXL hardware in a virtual machine
	scripts/demo.sh

.PHONY: check
check: ## Run all checks and tests
	scripts/check.sh

.PHONY: check-long
check-long: ## Run what takes hours: all tests on a kernel with instruments
	scripts/check-long.sh

##@ Single checks (in the lab)

.PHONY: sparse
sparse: ## Build with W=1 and sparse, gcc and clang, without a warning
	$(LAB) scripts/check-build.sh

.PHONY: style
style: ## checkpatch --strict and shellcheck
	$(LAB) scripts/check-style.sh

.PHONY: coccicheck
coccicheck: ## The kernel's coccinelle scripts
	$(LAB) scripts/check-cocci.sh

.PHONY: analyzer
analyzer: ## clang's static analyzer over the tools
	$(LAB) scripts/check-analyzer.sh

.PHONY: ynl
ynl: ## Generate code from the netlink spec
	$(LAB) scripts/ynl-regen.sh $(YNL_TREE)

.PHONY: ynl-check
ynl-check: ## Fail when the generated code is not that of the spec
	$(LAB) scripts/check-ynl.sh $(YNL_TREE)

.PHONY: uapi-check
uapi-check: ## Fail when a number of the uAPI changed, went or was used again
	$(LAB) scripts/check-uapi.py $(YNL_TREE)

.PHONY: uapi-update
uapi-update: ## Append the new numbers of the netlink spec to uapi/numbers
	$(LAB) scripts/check-uapi.py --update $(YNL_TREE)

.PHONY: abi-check
abi-check: ## Fail when programs would see another libfabricbroker
	$(LAB) scripts/check-abi.sh

.PHONY: abi-update
abi-update: ## Write what programs see of it to tools/lib/libfabricbroker.abi
	$(LAB) scripts/check-abi.sh --update

.PHONY: docs-check
docs-check: ## Fail when help, manual pages and completion disagree
	$(LAB) scripts/check-docs.sh

.PHONY: fuzz
fuzz: ## Run the fuzzers of user space (SECONDS=30 each)
	$(LAB) make -s -C selftests/fuzz run SECONDS=$(or $(SECONDS),30)

.PHONY: mutants
mutants: ## Plant the bugs of selftests/mutants and see that each is found
	scripts/mutants.sh

.PHONY: selftest
selftest: ## Run the selftests on this machine
	$(MAKE) -C selftests run_tests

.PHONY: vm-test
vm-test: ## Run the selftests in a virtual machine (FABRIC_KERNEL=7.2, TESTS=core)
	scripts/vm-test.sh $(TESTS)

.PHONY: boot-test
boot-test: ## See a saved plan come back after a boot of a virtual machine
	scripts/boot-test.sh

.PHONY: dkms-test
dkms-test: ## Let DKMS build, install and remove the modules in a virtual machine
	FABRIC_TOPOLOGY=plain FABRIC_TIMEOUT=$${FABRIC_TIMEOUT:-3600} \
		scripts/vm-test.sh --timeout 3500 packaging/dkms

##@ Packages (in the lab; they go to .build/packages)

.PHONY: deb
deb: ## Build the Debian packages
	scripts/packaging/enter.sh scripts/packaging/deb.sh

.PHONY: rpm
rpm: ## Build the RPM packages
	scripts/packaging/enter.sh scripts/packaging/rpm.sh

.PHONY: package-test
package-test: ## Build, judge, install, upgrade and purge the Debian packages
	scripts/packaging/enter.sh scripts/packaging/test.sh

.PHONY: secure-boot-test
secure-boot-test: ## See which modules a kernel takes that was booted with Secure Boot
	$(LAB) scripts/build.sh $(or $(FABRIC_KERNEL),6.12)
	scripts/packaging/enter.sh scripts/packaging/secure-boot.sh $(or $(FABRIC_KERNEL),6.12)

##@ Others

.PHONY: debug-kernel
debug-kernel: ## Build the lab's kernel with instruments, 6.12-debug
	scripts/lab/debug-kernel.sh

.PHONY: coverage
coverage: ## Say which lines the selftests reach (FABRIC_KERNEL=6.12 for tools, TESTS=core)
	scripts/coverage.sh $(TESTS)

.PHONY: bench
bench: ## Measure, in a virtual machine (FABRIC_KERNEL=7.2); never a test
	scripts/bench.sh

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	      /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	      /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
