#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Ask the headers of a kernel what they offer; print the answers as compiler
# options.
#
# Usage: conftest.sh KERNEL_HEADERS
#
# Distributions back-port, so a version number says little: every question is
# a search in the header that declares the thing.
set -eu

headers=$1/include
[ -d "$headers" ] || { echo "$0: no directory $headers" >&2; exit 1; }

have() {
	if grep -qE "$2" "$headers/$3" 2>/dev/null; then
		echo "-DFABRIC_HAVE_$1"
	fi
}

have QUOTED_NS 'define MODULE_IMPORT_NS\(ns\)[[:space:]]+MODULE_INFO\(import_ns, ns\)' linux/module.h
have HRTIMER_SETUP 'hrtimer_setup\(' linux/hrtimer.h
have NETDEV_LOCK_OPS 'netdev_lock_ops\(struct net_device' net/netdev_lock.h
