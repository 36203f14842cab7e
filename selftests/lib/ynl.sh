# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The specification of the family, and a kernel tree's tools that understand it.

# shellcheck source=python.sh
. "${BASH_SOURCE[0]%/*}/python.sh"

# Sets cli and schema, from FABRIC_YNL or from tools/net/ynl of a kernel tree
find_ynl()
{
	local dir file

	for dir in "${FABRIC_YNL:-}" /usr/src/linux-*-tools/tools/net/ynl \
		   "/lib/modules/$(uname -r)/source/tools/net/ynl" \
		   /usr/src/linux-source-*/tools/net/ynl; do
		for file in "$dir/pyynl/cli.py" "$dir/cli.py"; do
			[ ! -e "$file" ] || cli=$file
		done
	done
	[ -n "${cli:-}" ] || return
	# the client looks for the schema in the kernel tree that it is in
	schema=${cli%/tools/net/ynl/*}/Documentation/netlink/genetlink.yaml
}

# Sets spec
find_spec()
{
	for spec in "${FABRIC_SPEC:-}" "$SELFTESTS/fabric.yaml" \
		    "$SELFTESTS/../Documentation/netlink/specs/fabric.yaml"; do
		[ ! -e "$spec" ] || return 0
	done
	return 1
}

need_ynl()
{
	find_ynl || ktap_skip_all "there is no YNL client: set FABRIC_YNL to tools/net/ynl of a kernel tree"
	find_spec || ktap_skip_all "there is no specification fabric.yaml: set FABRIC_SPEC"
	has_python yaml jsonschema ||
		ktap_skip_all "the YNL client needs python3-yaml and python3-jsonschema"
}

# The schema, if any is to be looked at: once will do, and takes long
ynl()
{
	PYTHONDONTWRITEBYTECODE=1 python3 "$cli" --spec "$spec" --schema "${validate:-}" \
		--output-json "$@"
}
