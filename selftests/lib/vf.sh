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
	device=$(ask device name="$igb" -- id)
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

node_of()
{
	echo "/dev/vfio/$(basename "$(realpath "$PCI/$1/iommu_group")")"
}

# hold_open FUNCTION: by a program, until let_go
hold_open()
{
	rm -f "$KTAP_TMP/hold"
	mkfifo "$KTAP_TMP/hold"
	"$vfio_user" "$(node_of "$1")" "$1" hold <"$KTAP_TMP/hold" >"$KTAP_TMP/user" &
	exec 7>"$KTAP_TMP/hold"
	busywait 10000 grep -q ready "$KTAP_TMP/user" || fail "$1 can't be opened"
}

let_go()
{
	exec 7>&-
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
	defer tidy
}

as_user()
{
	setpriv --reuid=$uid --regid=$gid --clear-groups "$@"
}

