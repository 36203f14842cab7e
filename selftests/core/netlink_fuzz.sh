#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random requests made from the specification, see netlink_fuzz.py.

# shellcheck source=../lib/fuzz.sh
. "${0%/*}/../lib/fuzz.sh"

fuzz_run
