#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# secure-boot.sh - boot Debian's kernel with Secure Boot, through shim, and see which
# modules it takes
#
# Usage: secure-boot.sh [SERIES]        (6.12)
#
# The firmware is OVMF with Microsoft's keys, and with a key of the machine's owner in
# shim's list (MOK), as mokutil --import leaves it there after the reboot. What the guest
# finds is in secure-boot-init. Runs inside scripts/packaging/enter.sh; the modules have
# been built (scripts/build.sh).
set -euo pipefail

cd -- "$(dirname -- "$0")/../.."
series=${1:-6.12}
release=$(scripts/lab/kernel.sh "$series")
owner=6f2c1d3e-8a54-4b7f-9d0e-5b1c7a2e4f60
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# new_key NAME
new_key() {
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 7 -subj "/CN=$1 of the fabric test/" \
		-addext "keyUsage=digitalSignature" -addext "extendedKeyUsage=codeSigning" \
		-keyout "$work/$1.key" -outform DER -out "$work/$1.der" 2>/dev/null
}

# sign NAME FILE
sign() {
	"/usr/src/linux-headers-$release/scripts/sign-file" sha256 "$work/$1.key" "$work/$1.der" "$2"
}

# The same module three times, one on top of it, and what Debian has signed that this needs
make_root() {
	local root=$work/root module

	mkdir -p "$root"/{bin,proc,sys,dev,modules}
	cp /usr/bin/busybox "$root/bin/"
	cp scripts/packaging/secure-boot-init "$root/init"
	for module in core/fabric emu/fabric_emu; do
		strip --strip-debug -o "$root/modules/${module#*/}.ko" ".build/$series/kernel/$module.ko"
	done
	for module in unsigned stranger; do
		cp "$root/modules/fabric.ko" "$root/modules/$module.ko"
	done
	sign stranger "$root/modules/stranger.ko"
	sign owner "$root/modules/fabric.ko"
	sign owner "$root/modules/fabric_emu.ko"
	xz -dc "/lib/modules/$release/kernel/fs/configfs/configfs.ko.xz" >"$root/modules/configfs.ko"
	cp tools/fabric-emu "$root/bin/"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initrd"
}

make_disk() {
	local disk=$work/disk

	cat >"$work/grub.cfg" <<-END
		linux /vmlinuz console=ttyS0 panic=-1 loglevel=4
		initrd /initrd
		boot
	END
	truncate -s 64M "$disk"
	mformat -i "$disk" -F ::
	mmd -i "$disk" ::EFI ::EFI/BOOT ::EFI/debian
	mcopy -i "$disk" /usr/lib/shim/shimx64.efi.signed ::EFI/BOOT/BOOTX64.EFI
	mcopy -i "$disk" /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed ::EFI/BOOT/grubx64.efi
	mcopy -i "$disk" "$work/grub.cfg" ::EFI/debian/grub.cfg
	mcopy -i "$disk" "/boot/vmlinuz-$release" ::vmlinuz
	mcopy -i "$disk" "$work/initrd" ::initrd
}

new_key owner
new_key stranger
make_root
make_disk
virt-fw-vars --input /usr/share/OVMF/OVMF_VARS_4M.ms.fd --output "$work/vars" \
	--add-mok "$owner" "$work/owner.der" --secure-boot >"$work/vars.log" 2>&1 ||
	{ cat "$work/vars.log"; exit 1; }
timeout 900 qemu-system-x86_64 -nodefaults -display none -no-reboot -m 1G \
	-machine q35,smm=on -cpu max -global driver=cfi.pflash01,property=secure,value=on \
	-drive if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.ms.fd \
	-drive if=pflash,format=raw,unit=1,file="$work/vars" \
	-drive if=virtio,format=raw,readonly=on,file="$work/disk" \
	-serial file:"$work/serial" || :
tr -d '\r' <"$work/serial" >"$work/log"
sed -n '/^KTAP version 1$/,$p' "$work/log"
grep -q '^# Totals: pass:[1-9][0-9]* fail:0 ' "$work/log" || {
	tail -n 30 "$work/log"
	exit 1
}
