#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The device node of a slice belongs to the user that asked for it, by udev, and
# to nobody else.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/cxl.sh
. "${0%/*}/../lib/cxl.sh"

plain=$(realpath "${0%/*}/plain_user")
uid=47110
gid=47111
rule=$(find /etc/udev/rules.d /run/udev/rules.d /usr/local/lib/udev/rules.d \
	/usr/lib/udev/rules.d -name 60-fabric.rules 2>/dev/null)
[ -n "$rule" ] || ktap_skip_all "the rule for udev is not installed: make install-udev"
udevadm control --ping --timeout=10 || ktap_skip_all "udevd does not run"
cxl_region_up "$(cxl_memdev 1)"
free_at_first=$(sum free "$CXL_DOMAIN")

as_user()
{
	setpriv --reuid=$1 --regid=$gid --clear-groups "${@:2}"
}

# A test that failed leaves nothing to the next
tidy()
{
	udevadm control --start-exec-queue
	release_all device-id="$CXL_DEVICE"
	busywait 20000 free_is "$CXL_DOMAIN" "$free_at_first"
	fc tenant del selftest
} >/dev/null 2>&1

ktap_setup()
{
	defer tidy
	fc tenant new selftest user $uid quota memory=64M >/dev/null
}

# user_grant ARGS...: a devdax grant of the user's, prints its id
user_grant()
{
	local answer

	answer=$(as_user $uid "$FABRIC_CTL" -j grant new kind memory mode devdax \
		device "$CXL_DEVICE" "$@") || return
	[[ $answer =~ \"grants\":\[\{\"id\":([0-9]+) ]] || return
	echo "${BASH_REMATCH[1]}"
}

owner_of()
{
	stat -c %u:%g:%a "/dev/$1"
}

owner_is()
{
	[ "$(owner_of "$1")" = "$2" ]
}

belongs_to_the_user()
{
	busywait 10000 owner_is "$1" $uid:$gid:600 || fail "the owner of $1 is $(owner_of "$1")"
}

node_belongs_to_the_user_alone()
{
	local id node

	id=$(user_grant size 4M)
	node=$(node_of "$id")
	belongs_to_the_user "$node"
	as_user $uid "$plain" "/dev/$node" $((4 * MiB)) zero || fail "the user can't use it"
	expect_refusal 1 "Permission denied" as_user $((uid + 1)) "$plain" "/dev/$node" $((4 * MiB))
	as_user $uid "$FABRIC_CTL" grant del "$id"
}

node_of_root_stays_with_root()
{
	local id node

	id=$(grant_new size 4M mode devdax device "$CXL_DEVICE")
	node=$(node_of "$id")
	udevadm settle
	expect_eq "$(owner_of "$node")" 0:0:600 "owner of $node"
	fc grant del "$id"
}

# What udev still has to do for a slice that has gone is not done to another
name_of_a_node_does_not_come_again()
{
	local id first second

	id=$(user_grant size 4M)
	first=$(node_of "$id")
	as_user $uid "$FABRIC_CTL" grant del "$id"
	id=$(grant_new size 4M mode devdax device "$CXL_DEVICE")
	second=$(node_of "$id")
	[ "$first" != "$second" ] || fail "both are $first"
	udevadm settle
	expect_eq "$(owner_of "$second")" 0:0:600 "owner of $second"
	fc grant del "$id"
}

grant_does_not_wait_for_udev()
{
	local id node

	udevadm control --stop-exec-queue
	id=$(user_grant size 4M)
	node=$(node_of "$id")
	expect_eq "$(grant_state "$id")" active "the grant"
	expect_eq "$(owner_of "$node")" 0:0:600 "owner of $node meanwhile"
	udevadm control --start-exec-queue
	belongs_to_the_user "$node"
	as_user $uid "$FABRIC_CTL" grant del "$id"
}

shrunk_node_belongs_to_the_user()
{
	local id node

	id=$(user_grant size 4M)
	node=$(node_of "$id")
	belongs_to_the_user "$node"
	daxctl disable-device "$node" >/dev/null 2>&1
	as_user $uid "$FABRIC_CTL" grant set "$id" size 2M >/dev/null
	belongs_to_the_user "$node"
	as_user $uid "$plain" "/dev/$node" $((2 * MiB)) || fail "the user can't use it"
}

enabled_again_it_belongs_to_the_user()
{
	local id node

	id=$(user_grant size 4M)
	node=$(node_of "$id")
	belongs_to_the_user "$node"
	daxctl disable-device "$node" >/dev/null 2>&1
	daxctl enable-device "$node" >/dev/null 2>&1
	udevadm settle
	belongs_to_the_user "$node"
}

ktap_run_all \
	node_belongs_to_the_user_alone \
	node_of_root_stays_with_root \
	name_of_a_node_does_not_come_again \
	grant_does_not_wait_for_udev \
	shrunk_node_belongs_to_the_user \
	enabled_again_it_belongs_to_the_user
