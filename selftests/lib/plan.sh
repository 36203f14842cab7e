# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The schema of plans, in the tree or where the tests are installed, and what it
# says of a plan.

# shellcheck source=python.sh
. "${BASH_SOURCE[0]%/*}/python.sh"

plan_schema=
for file in "$SELFTESTS/plan.schema.json" "$SELFTESTS/../Documentation/plan.schema.json"; do
	[ ! -e "$file" ] || plan_schema=$file
done

# plan_is_valid FILE
plan_is_valid()
{
	python3 - "$plan_schema" "$1" <<-'END'
		import json, jsonschema, sys
		schema, plan = (json.load(open(name)) for name in sys.argv[1:3])
		jsonschema.Draft202012Validator(schema).validate(plan)
	END
}
