#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel tree's own client, which knows nothing but the specification, lists
# grants, makes one and deletes it. FABRIC_YNL is its directory, tools/net/ynl of
# a kernel tree.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/backend.sh
. "${0%/*}/../lib/backend.sh"
# shellcheck source=../lib/ynl.sh
. "${0%/*}/../lib/ynl.sh"

need_ynl
command -v jq >/dev/null || ktap_skip_all "there is no jq"
backend_up
domain=$(domain_id "$FABRIC_TEST_DOMAIN")

client_lists_domains()
{
	validate=$schema ynl --dump domain-get >"$KTAP_TMP/domains"
	expect_eq "$(jq -r ".[] | select(.id == $domain) | .name" "$KTAP_TMP/domains")" \
		"$FABRIC_TEST_DOMAIN" name
}

client_makes_lists_and_deletes_a_grant()
{
	local id

	ynl --do grant-new --json "{\"kind\": \"memory\", \"size\": $FABRIC_TEST_SIZE,
		\"domain-id\": $domain}" >"$KTAP_TMP/new"
	id=$(jq .id "$KTAP_TMP/new")
	expect_eq "$(jq -r .state "$KTAP_TMP/new")" active "state in the reply"
	expect_eq "$(grant_state "$id")" active "state in the kernel"
	ynl --dump grant-get >"$KTAP_TMP/grants"
	expect_eq "$(jq -c ".[] | select(.id == $id) | del(.age)" "$KTAP_TMP/grants")" \
		"$(jq -c 'del(.age)' "$KTAP_TMP/new")" "grant in the list"
	ynl --do grant-get --json "{\"id\": $id}" >"$KTAP_TMP/one"
	expect_eq "$(jq -r '.slice[0].length' "$KTAP_TMP/one")" "$FABRIC_TEST_SIZE" length
	ynl --do grant-del --json "{\"id\": $id}"
	grant_gone "$id"
}

client_understands_a_refusal()
{
	ynl --do grant-del --json '{"id": 4294967280}' >"$KTAP_TMP/out" 2>&1 &&
		fail "there was no refusal"
	grep -q "No grant has this id" "$KTAP_TMP/out" || fail "$(cat "$KTAP_TMP/out")"
}

ktap_run_all \
	client_lists_domains \
	client_makes_lists_and_deletes_a_grant \
	client_understands_a_refusal
