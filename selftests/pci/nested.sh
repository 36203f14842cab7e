#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A virtual function in a virtual machine of this host, as one would type it, from what
# the grant says. The physical function stays with the host, and the two talk. When the
# grant is taken, the machine is what has it open, and the next holder finds nothing of it.

# what eval expands
# shellcheck disable=SC2016

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/vf.sh
. "${0%/*}/../lib/vf.sh"

modprobe kvm_amd 2>/dev/null || modprobe kvm_intel 2>/dev/null
[ -c /dev/kvm ] || ktap_skip_all "no second level here: there is no /dev/kvm"
for program in qemu-system-x86_64 busybox; do
	command -v $program >/dev/null || ktap_skip_all "there is no $program"
done
[ -r "/boot/vmlinuz-$(uname -r)" ] || ktap_skip_all "the kernel is not in /boot"
vf_up
mac=52:54:00:aa:bb:07
here=10.77.0.1
there=10.77.0.2

# What the machine runs: one program, busybox, and the driver of the function
make_initramfs()
{
	local root=$KTAP_TMP/root module

	mkdir -p "$root"/{bin,proc,sys,dev,lib}
	cp "$(command -v busybox)" "$root/bin/busybox"
	modprobe --show-depends igbvf | while read -r _ module; do
		case $module in
		*.xz) xz -dc "$module" >"$root/lib/$(basename "${module%.xz}")" ;;
		*) cp "$module" "$root/lib/" ;;
		esac
		basename "${module%.xz}"
	done >"$root/lib/order"
	cat >"$root/init" <<-END
		#!/bin/busybox sh
		b=/bin/busybox
		\$b mount -t proc proc /proc
		\$b mount -t sysfs sysfs /sys
		\$b mount -t devtmpfs dev /dev
		for module in \$(\$b cat /lib/order); do \$b insmod /lib/\$module; done
		for net in /sys/class/net/*; do
			[ -e \$net/device ] || continue
			net=\${net##*/}
			echo "nested: \$net has \$(\$b cat /sys/class/net/\$net/address)"
			\$b ip link set \$net up
			\$b ip addr add $there/24 dev \$net
		done
		n=0
		until \$b ping -c 1 -W 1 $here >/dev/null || [ \$n -ge 30 ]; do n=\$((n + 1)); done
		\$b ping -c 20 -i 0.1 $here | \$b grep received | \$b sed 's/^/nested: /'
		echo "nested: ready"
		while \$b sleep 1; do :; done
	END
	chmod +x "$root/init"
	(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$KTAP_TMP/initramfs"
}

# nested_begin FUNCTION: sets $nested, its process
nested_begin()
{
	qemu-system-x86_64 -nodefaults -display none -M q35 -accel kvm -cpu host -m 256M \
		-kernel "/boot/vmlinuz-$(uname -r)" -initrd "$KTAP_TMP/initramfs" \
		-append "console=ttyS0 quiet panic=-1 mitigations=off" \
		-serial "file:$KTAP_TMP/console" -device "vfio-pci,host=$1" -no-reboot \
		>"$KTAP_TMP/qemu" 2>&1 &
	nested=$!
	defer eval "kill -KILL $nested 2>/dev/null"
}

nested_says()
{
	grep -aq "^nested: $1" "$KTAP_TMP/console"
}

nested_log()
{
	cat "$KTAP_TMP/qemu"
	tail -n 30 "$KTAP_TMP/console"
}

host_side_up()
{
	net=$(ls "$PCI/$igb/net")
	ip link set "$net" up
	defer eval 'ip link set $net down'
	ip addr add $here/24 dev "$net"
	defer eval 'ip addr del $here/24 dev $net'
	busywait 20000 eval '[ "$(cat /sys/class/net/$net/carrier)" = 1 ]' || fail "$net has no link"
}

machine_talks_through_its_function()
{
	local id vf next

	make_initramfs
	host_side_up
	id=$(function_new mode vfio mac $mac priority 10 reclaimable yes grace 300ms) ||
		fail "no grant"
	vf=$(fcj grant show "$id" | jq -r '.grants[0].slice[0].function')
	nested_begin "$vf"
	busywait 300000 nested_says ready || fail "it does not run: $(nested_log)"
	nested_says "eth0 has $mac" || fail "its address is another: $(nested_log)"
	nested_says "20 packets transmitted, 20 packets received" ||
		nested_says "20 packets transmitted, 20 received" || fail "no traffic: $(nested_log)"
	expect_match "$(ip neigh show $there dev "$net")" "$mac" "who the host talked with"

	# While it runs
	expect_refusal 3 "A process still has $vf open by VFIO" fc grant del "$id"
	kill -0 $nested || fail "it ended: $(nested_log)"
	kill -KILL $nested
	wait $nested 2>/dev/null || :
	busywait 30000 grant_gone "$id" || fail "the grant is there: $(fc grant show "$id")"
	driver_is "$vf" fabric_pci || fail "$vf is not parked"
	not eval 'ip link show dev "$net" | grep -q "$mac"' ||
		fail "its address is left: $(ip link show dev "$net")"
	next=$(function_new mode vfio) || fail "no grant for the next"
	"$vfio_user" "$(node_of "$vf")" "$vf" >/dev/null || fail "the next can't use $vf"
	fc grant del "$next" >/dev/null || fail "the next is not released"
}

ktap_run_all \
	machine_talks_through_its_function
