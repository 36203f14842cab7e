#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random system calls on the files of grants, see file_fuzz.py.

# shellcheck source=../lib/fuzz.sh
. "${0%/*}/../lib/fuzz.sh"

fuzz_run
