# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Fuzzers of the family and of what it gives out. A test NAME.sh is the program NAME.py,
# run on a domain with something to grant.
#
# Environment: FABRIC_FUZZ_SECONDS (30), FABRIC_FUZZ_SEED (another each time)

# shellcheck source=ktap.sh
. "${BASH_SOURCE[0]%/*}/ktap.sh"
# shellcheck source=broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
# shellcheck source=backend.sh
. "${BASH_SOURCE[0]%/*}/backend.sh"
# shellcheck source=ynl.sh
. "${BASH_SOURCE[0]%/*}/ynl.sh"

fuzz_run()
{
	need_ynl
	need_fabricctl
	backend_up
	PYTHONDONTWRITEBYTECODE=1 python3 "${0%.sh}.py" "$spec" "$schema" "${cli%/*}" \
		"$(domain_id "$FABRIC_TEST_DOMAIN")" "${FABRIC_FUZZ_SECONDS:-30}" \
		"${FABRIC_FUZZ_SEED:-$(date +%s)}"
}
