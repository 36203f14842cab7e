# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Regions of real CXL memory for tests. They take memory devices that nobody
# else uses, so they run only in a machine prepared for them.

# shellcheck source=modules.sh
. "${BASH_SOURCE[0]%/*}/modules.sh"

CXL_DOMAIN=
MiB=$((1 << 20))

cxl_load()
{
	local module

	for module in cxl_acpi cxl_pci cxl_port cxl_mem device_dax kmem; do
		modprobe $module || return
	done
	udevadm settle
	module_load fabric_cxl || return
	CXL_DOMAIN=$(ask domain backend=cxl -- name)
}

# cxl_memdev SERIAL: name of the memory device
cxl_memdev()
{
	local dir

	for dir in /sys/bus/cxl/devices/mem*/; do
		if [ -e "$dir/serial" ] && [ $(($(cat "$dir/serial"))) -eq "$1" ]; then
			basename "$dir"
			return
		fi
	done
	return 1
}

cxl_memdev_there()
{
	cxl_memdev "$1" >/dev/null
}

# The region that the broker has: sets CXL_REGION, its name, CXL_DEVICE and
# CXL_RESOURCE, ids, and CXL_BASE and CXL_SIZE, bytes
cxl_region_find()
{
	local region=2

	read -r CXL_DEVICE CXL_REGION < <(ask device type=$region \
		domain-id="$(domain_id "$CXL_DOMAIN")" -- id name) || return
	read -r CXL_RESOURCE CXL_BASE CXL_SIZE < <(ask resource device-id="$CXL_DEVICE" -- \
		id address total)
}

# cxl_region_new MEMDEV[,MEMDEV...] [SIZE]
cxl_region_new()
{
	fc region create memdev "$1" ${2:+size "$2"} >/dev/null && cxl_region_find
}

# cxl_region_up MEMDEV[,MEMDEV...] [SIZE]: the only region, until the file or
# test ends
cxl_region_up()
{
	[ "${FABRIC_PREPARED:-}" = 1 ] ||
		ktap_skip_all "this takes memory devices: only where FABRIC_PREPARED is 1"
	need_fabricctl
	cxl_load >/dev/null 2>&1 || ktap_skip_all "fabric_cxl cannot be loaded"
	[ -n "$1" ] || ktap_skip_all "there is no CXL memory device"
	# what a test that failed left behind
	cxl_regions_down >/dev/null 2>&1
	cxl_region_new "$@" || ktap_bail "no region: $(fc region create memdev "$1" 2>&1)"
	defer cxl_regions_down
}

# Nothing in a prepared machine belongs to anybody
cxl_regions_down()
{
	local dir

	release_all domain-id="$(domain_id "$CXL_DOMAIN")"
	for dir in /sys/bus/cxl/devices/region*/; do
		[ -d "$dir" ] || continue
		fc region destroy "$(basename "$dir")" force ||
			cxl destroy-region -f "$(basename "$dir")"
	done
}

# node_of GRANT: its DAX device below /dev
node_of()
{
	ask slice grant-id="$1" -- node
}

# iomem START LENGTH: what the kernel's resource tree has on exactly this range
iomem()
{
	local range

	range=$(printf '%x-%x' "$1" $(($1 + $2 - 1)))
	sed -n "s/^ *0*$range : //p" /proc/iomem
}

# daxctl_size NODE: bytes, as daxctl knows it
daxctl_size()
{
	daxctl list -d "$1" | jq '.[0].size // .size'
}

# node_memory NODE: MemTotal of a NUMA node in bytes
node_memory()
{
	echo $(($(awk '/MemTotal/ { print $4 }' "/sys/devices/system/node/node$1/meminfo") * 1024))
}
