#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is a plan: the schema and fabricctl say the same of every case in
# plan_cases.json, and fabricctl says what is wrong and where.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"
# shellcheck source=../lib/plan.sh
. "${0%/*}/../lib/plan.sh"

need_fabricctl
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
has_python jsonschema || ktap_skip_all "there is no python3-jsonschema"
cases=$SELFTESTS/cli/plan_cases.json
[ -n "$plan_schema" ] || ktap_skip_all "there is no schema of plans"
mkdir "$KTAP_TMP/plans"

# Each case as a file, and a line of its number, what is expected, what the
# schema says, the text that is expected and what it is about; and what is wrong with
# the schema
python3 - "$plan_schema" "$cases" "$KTAP_TMP/plans" >"$KTAP_TMP/verdicts" <<'END' || ktap_bail "no cases"
import json, jsonschema, sys
schema, cases = (json.load(open(name)) for name in sys.argv[1:3])
validator = jsonschema.Draft202012Validator(schema)
with open(f"{sys.argv[3]}/schema", "w") as verdict:
    try:
        validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        verdict.write(error.message)
for number, case in enumerate(cases):
    text = case["raw"] if "raw" in case else json.dumps(case["plan"])
    open(f"{sys.argv[3]}/{number}", "w").write(text)
    try:
        valid = validator.is_valid(json.loads(text))
    except ValueError:
        valid = False
    print(number, case["verdict"], "good" if valid else "bad", case.get("text", ""),
          case["claim"], sep="\t")
END

schema_is_one()
{
	expect_eq "$(cat "$KTAP_TMP/plans/schema")" "" "what is wrong with it"
}

# has_case VERDICT: lest the tests that look at these have nothing to do
has_case()
{
	cut -f 2 "$KTAP_TMP/verdicts" | grep -qx "$1"
}

# The schema cannot tell that a name is given twice; that is said of the case.
schema_judges_as_expected()
{
	local number want valid text claim

	has_case good && has_case bad && has_case meaningless
	while IFS=$'\t' read -r number want valid text claim; do
		[ "$want" != meaningless ] || want=good
		expect_eq "$valid" "$want" "what the schema says of case $number ($claim)"
	done <"$KTAP_TMP/verdicts"
}

good_plans_are_read()
{
	local number want valid text claim out

	while IFS=$'\t' read -r number want valid text claim; do
		[ "$want" = good ] || continue
		out=$(fc diff "$KTAP_TMP/plans/$number" 2>&1) || fail "case $number ($claim): $out"
	done <"$KTAP_TMP/verdicts"
}

bad_plans_are_refused_with_a_reason()
{
	local number want text before line fields status out

	before=$(state_dump)
	while IFS= read -r line; do
		# read would take two tabs for one
		mapfile -d $'\t' -t fields <<<"$line"
		number=${fields[0]} want=${fields[1]} text=${fields[3]} status=0
		[ "$want" != good ] || continue
		out=$(fc apply "$KTAP_TMP/plans/$number" 2>&1) || status=$?
		expect_eq $status 1 "status of case $line ($out)"
		[[ $out == "fabricctl: $KTAP_TMP/plans/$number"*"$text"* ]] ||
			fail "case $line: said '$out'"
	done <"$KTAP_TMP/verdicts"
	expect_eq "$(state_dump)" "$before" "state afterwards"
}

plan_from_standard_input_is_read()
{
	fc assert - <<<'{ "plan": 1 }'
	expect_match "$(fcj assert - <<<'{}' || :)" "Standard input: the plan has no member" text
}

file_that_is_not_there_is_named()
{
	expect_refusal 1 "/nonexistent can't be read: No such file" fc apply /nonexistent
}

ktap_run_all schema_is_one schema_judges_as_expected good_plans_are_read \
	bad_plans_are_refused_with_a_reason plan_from_standard_input_is_read \
	file_that_is_not_there_is_named
