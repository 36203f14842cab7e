#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/backend.sh
. "${0%/*}/../lib/backend.sh"

backend_up
backend_run "${0%.sh}"
