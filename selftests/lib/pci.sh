# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# PCI functions for tests of the backend pci. The functions are those of the
# topology pcie (scripts/lab/topology), by the drivers that they have.

# shellcheck source=modules.sh
. "${BASH_SOURCE[0]%/*}/modules.sh"

PCI=/sys/bus/pci/devices

pci_load()
{
	module_load fabric_pci
}

# What this machine needs to have to be the one of the topology
pci_up()
{
	local port

	[ "${FABRIC_PREPARED:-}" = 1 ] ||
		ktap_skip_all "this takes PCI functions: only where FABRIC_PREPARED is 1"
	need_fabricctl
	command -v lspci >/dev/null || ktap_skip_all "there is no lspci"
	modprobe -a igb nvme virtio-rng vfio-pci 2>/dev/null
	udevadm settle
	# One that rests learns of what is plugged only by PME, which QEMU does not send
	for port in /sys/bus/pci/drivers/pcieport/*:*; do
		echo on >"$port/power/control"
	done
	pci_load >/dev/null 2>&1 || ktap_skip_all "fabric_pci cannot be loaded"
	[ -n "$(pci_of_driver igb)" ] || ktap_skip_all "there is no igb"
}

# pci_of_driver NAME: addresses of the physical functions that it has
pci_of_driver()
{
	local dir

	for dir in "/sys/bus/pci/drivers/$1"/*:*; do
		[ ! -d "$dir" ] || [ -e "$dir/physfn" ] || basename "$dir"
	done
}

# pci_bars_of DIR: lines "BAR BYTES" from sysfs
pci_bars_of()
{
	local start end bar=0

	while read -r start end _; do
		[ $bar -lt 6 ] || break
		[ $((end)) -eq 0 ] || echo "$bar $((end - start + 1))"
		bar=$((bar + 1))
	done <"$1/resource"
}

# pci_facts: the nests pci of all ports and devices, a line each
pci_facts()
{
	{
		fcj port show | jq -c '.ports[].pci | values'
		fcj device show | jq -c '.devices[].pci | values'
	} | sort
}

# Ports and devices of the broker and functions of the kernel are the same
pci_is_complete()
{
	diff <(pci_facts | jq -r .address | sort) <(lspci -D | cut -d ' ' -f 1 | sort)
}

# pci_port_of_slot SLOT: address of the port whose slot has this number
pci_port_of_slot()
{
	pci_facts | jq -r "select(.slot == $1 and (has(\"obstacle\") | not)).address"
}

# Functions, not the services of a port that are below it, too
pci_below()
{
	find "$PCI/$1/" -maxdepth 1 -regex '.*/[0-9a-f]+:[0-9a-f]+:[0-9a-f]+\.[0-7]' -printf '%f\n' |
		sort
}

pci_something_below()
{
	[ -n "$(pci_below "$1")" ]
}

pci_known()
{
	[ -n "$(ask device name="$1" -- id)" ]
}
