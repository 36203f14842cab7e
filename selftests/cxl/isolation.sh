#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# core/isolation on devdax slices of real CXL memory

FABRIC_BACKEND=cxl exec "${0%/*}/../core/isolation.sh"
