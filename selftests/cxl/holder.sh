#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# core/holder on devdax slices of real CXL memory, with fewer rounds: each makes and
# scrubs a device

FABRIC_ROUNDS=${FABRIC_ROUNDS:-50} FABRIC_BACKEND=cxl exec "${0%/*}/../core/holder.sh"
