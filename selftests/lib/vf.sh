# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Virtual functions of igb in the hands of holders. $igb is the physical function,
# $device its id.

# shellcheck source=pci.sh
. "${BASH_SOURCE[0]%/*}/pci.sh"

vfio_user=$(realpath "${BASH_SOURCE[0]%/*}/../pci/vfio_user")
uid=47110
gid=47111

vf_up()
{
	pci_up
	# The emulated IOMMU does not remap interrupts, without which VFIO trusts nobody
	modprobe vfio_iommu_type1
	echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
	igb=$(pci_of_driver igb)
	find_device
}

# It is another device each time that it comes; one that went is there until the last slice
# of it is released, for which the kernel can wait a minute
find_device()
{
	device=$(ask device name="$igb" health=ok -- id)
	one=(kind function size 1 device "$device")
}

# function_new ARGS...: prints the id of a grant of one virtual function of igb
function_new()
{
	local answer

	if ! answer=$(fcj grant new "${one[@]}" "$@"); then
		echo "$answer" >&2
		return 1
	fi
	jq -r '.grants[0].id' <<<"$answer"
}

# The function of a grant: its number is the start of the slice
function_of()
{
	local start

	start=$(ask slice grant-id="$1" -- start)
	basename "$(realpath "$PCI/$igb/virtfn$start")"
}

driver_is()
{
	local driver=-

	[ ! -e "$PCI/$1/driver" ] || driver=$(basename "$(realpath "$PCI/$1/driver")")
	[ "$driver" = "$2" ]
}

# grant_is_true ID: what is active has its function in its mode; the rest is on its way out
grant_is_true()
{
	local state function mode

	IFS=' ' read -r state mode function < <(fcj grant show "$1" 2>/dev/null |
		jq -r '.grants[0] | "\(.state) \(.mode) \(.slice[0].function)"')
	case $state-$mode in
	active-vfio) driver_is "$function" vfio-pci ;;
	active-bare) driver_is "$function" - ;;
	active-driver) not driver_is "$function" - && not driver_is "$function" fabric_pci ;;
	active-*) return 1 ;;
	*) grant_gone "$1" ;;
	esac
}

# Each grant that is left is true, and with the last of them all of igb is free
grants_are_true_and_end()
{
	local id

	for id; do
		busywait 100000 grant_is_true "$id" || fail "grant $id is not true: $(fc grant show "$id")"
	done
	for id in $(ask grant -- id); do
		fc grant del "$id" >/dev/null || busywait 100000 grant_gone "$id" ||
			fail "grant $id stays: $(fc grant show "$id")"
	done
	busywait 30000 eval '[ "$(ask resource device-id="$device" capability=net -- free quarantined)" = \
		"7 0" ]' || fail "capacity: $(fc resource show device "$device")"
}

node_of()
{
	echo "/dev/vfio/$(basename "$(realpath "$PCI/$1/iommu_group")")"
}

# hold_open FUNCTION: by a program, until let_go
hold_open()
{
	rm -f "$KTAP_TMP/hold" "$KTAP_TMP/user"
	mkfifo "$KTAP_TMP/hold"
	"$vfio_user" "$(node_of "$1")" "$1" hold <"$KTAP_TMP/hold" >"$KTAP_TMP/user" &
	exec 7>"$KTAP_TMP/hold"
	busywait 10000 grep -qs ready "$KTAP_TMP/user" || fail "$1 can't be opened"
}

let_go()
{
	exec 7>&-
}

# nvme_alone: address of the function of NVMe that has no virtual ones and an IOMMU
nvme_alone()
{
	local function

	for function in $(pci_of_driver nvme); do
		[ -e "$PCI/$function/sriov_totalvfs" ] || [ ! -e "$PCI/$function/iommu_group" ] ||
			echo "$function"
	done
}

# nvme_with_vfs: address of the one that has virtual functions
nvme_with_vfs()
{
	basename "$(dirname "$(realpath "$(grep -lx 4 "$PCI"/*/sriov_totalvfs)")")"
}

# pair: the two functions without ACS, which share a group
pair()
{
	local function

	for function in $(pci_of_driver virtio-pci); do
		[ "$(find "$PCI/$function/iommu_group/devices/" -name "${function%.*}.*" | wc -l)" != 2 ] ||
			echo "$function"
	done
}

# QEMU presses the button of the slot when it plugs. After the slot was switched off by
# the host, the press is seen after the function, and takes it away five seconds later.
function_stays()
{
	local end=$((SECONDS + 7))

	while [ $SECONDS -lt $end ]; do
		[ -e "$PCI/$1/driver" ] || return
		sleep 0.2
	done
}

function_is_back()
{
	[ -e "$PCI/$1" ] || echo 1 >/sys/bus/pci/rescan
	busywait 5000 test -e "$PCI/$1/driver" && function_stays "$1"
}

# plug FUNCTION ARGS...: what QEMU has deleted (qmp.sh)
plug()
{
	local function=$1

	shift
	for _ in 1 2 3; do
		qmp_ask device_add "$@" || :
		busywait 25000 function_is_back "$function" && break
	done
	busywait 5000 pci_known "$function" || fail "$function does not come back"
}

igb_plug()
{
	plug "$igb" driver=igb id=igb0 bus=rp1 netdev=net0 mac=52:54:00:12:34:01
	find_device
}

# A test that failed leaves nothing to the next
tidy()
{
	local id

	for id in $(ask grant -- id); do
		fc grant del "$id" force
	done
	fc tenant del selftest
	echo 0 >"$PCI/$igb/sriov_numvfs"
} >/dev/null 2>&1

ktap_setup()
{
	find_device
	defer tidy
}

as_user()
{
	setpriv --reuid=$uid --regid=$gid --clear-groups "$@"
}

