#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# boot-steps.sh - what boot-test.sh does in the lab and in its virtual machine
#
# Usage: boot-steps.sh pack DIR KERNEL    in the lab: what is to be installed, and a disk
#        boot-steps.sh save DIR           first boot: install, save a plan, enable the service
#        boot-steps.sh check DIR          second boot: the service has done its work
set -euo pipefail

fail()
{
	echo "boot-steps.sh: $*" >&2
	exit 1
}

# What "make install DESTDIR=" makes, and the indexes of the kernel's modules with ours
pack()
{
	local dir=$1 root=$1/root release modules

	release=$(scripts/lab/kernel.sh "$2")
	# /lib leads to /usr/lib, and an archive must not replace it
	modules=$root/usr/lib/modules/$release
	mkdir -p "$modules"
	cp -as "/lib/modules/$release/kernel" "$modules"
	cp "/lib/modules/$release"/modules.{order,builtin*} "$modules"
	make -s -C "/lib/modules/$release/build" M="$PWD/.build/$2" CONFIG_MODULE_SIG_ALL= \
		INSTALL_MOD_PATH="$PWD/$root/usr" DEPMOD=true modules_install
	depmod -b "$PWD/$root/usr" "$release"
	rm -r "$modules/kernel"
	make -s -C .build/tree/tools DESTDIR="$PWD/$root" install
	tar -C "$root" -cf "$dir/install.tar" .
	truncate -s 256M "$dir/disk"
	busybox mke2fs -F "$dir/disk" >/dev/null
}

save()
{
	tar -C / -xf "$1/install.tar"
	ldconfig
	systemctl daemon-reload
	fabricctl apply - <<-'END'
	{
	  "plan": 1,
	  "switches": [
	    {
	      "name": "rack",
	      "hosts": ["alpha"],
	      "ports": [{"name": "p0", "host": "alpha"}],
	      "devices": [{"name": "m0", "port": "p0", "size": 67108864, "granule": 1048576}]
	    }
	  ],
	  "devices": [{"domain": "rack", "device": "m0", "label": ["tier=gold"]}],
	  "tenants": [{"name": "acme", "quota": [{"kind": "memory", "limit": 33554432}]}],
	  "grants": [
	    {"token": "db", "tenant": "acme", "kind": "memory", "size": 8388608, "domain": "rack"}
	  ]
	}
	END
	mkdir -p /etc/fabric
	fabricctl save /etc/fabric/plan.json
	systemctl enable fabric-plan.service
	cp /proc/sys/kernel/random/boot_id /etc/fabric/boot_id
	sync
}

check()
{
	! cmp -s /proc/sys/kernel/random/boot_id /etc/fabric/boot_id || fail "it is the same boot"
	# degraded, since the lab leaves out what no test needs
	systemctl is-system-running --wait || :
	systemctl --no-pager status fabric-plan.service || :
	[ "$(systemctl is-active fabric-plan.service)" = active ] || fail "the service is not active"
	fabricctl assert /etc/fabric/plan.json || fail "the system is not as it was saved"
	[ "$(fabricctl -j grant show | jq -r '.grants[] | "\(.token) \(.size) \(.state)"')" = \
		"db 8388608 active" ] || fail "the grant is not there"
	echo "the service has applied the plan"
}

cd -- "$(dirname -- "$0")/.."
case ${1:-} in
pack|save|check) "$@" ;;
*) fail "unknown step ${1:-}" ;;
esac
