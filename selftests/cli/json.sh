#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# JSON is a contract: a schema version, lists that are always lists, keys and
# names as in the specification, raw numbers.

# shellcheck source=../lib/ktap.sh
. "${0%/*}/../lib/ktap.sh"
# shellcheck source=../lib/broker.sh
. "${0%/*}/../lib/broker.sh"
# shellcheck source=../lib/emu.sh
. "${0%/*}/../lib/emu.sh"

need_fabricctl
emu_load >/dev/null 2>&1 || ktap_skip_all "fabric_emu cannot be loaded"
sw=selftest$$
emu_switch_new $sw || ktap_bail "no emulated switch"
defer emu_switch_del $sw
emu_port_new $sw p0 host0
emu_port_new $sw p1
emu_device_new $sw m0 p0 32M 1M
emu_switch_live $sw || ktap_bail "the emulated switch does not go live"
shown="domain port device resource slice grant"
spec=
for file in "$SELFTESTS/fabric.yaml" "$SELFTESTS/../Documentation/netlink/specs/fabric.yaml"; do
	[ ! -e "$file" ] || spec=$file
done

schema_version_is_everywhere()
{
	local object

	for object in $shown queue tenant tree stats log; do
		expect_eq "$(fcj "$object" | jq .schema)" 1 "schema of $object"
	done
	expect_eq "$(fcj grant show 4000000000 | jq .schema)" 1 "schema of an error"
}

empty_list_is_a_list()
{
	local object

	[ -z "$(ask grant -- id)" ] || skip "somebody else has grants"
	for object in grant slice queue; do
		expect_eq "$(objects $object)" "[]" "list of ${object}s"
	done
}

list_of_one_is_a_list()
{
	local id

	id=$(grant_new size 1M domain $sw)
	defer fc grant del "$id"
	expect_eq "$(fcj grant show "$id" | jq -r '.grants | type')" array type
	expect_eq "$(fcj grant show "$id" | jq -r '.grants | length')" 1 length
	expect_eq "$(fcj grant show "$id" | jq -r '.grants[0].slice | type')" array "type of its slices"
}

show_is_the_default_command()
{
	local object

	for object in $shown queue tenant stats log; do
		expect_eq "$(fcj "$object")" "$(fcj "$object" show)" "$object"
	done
}

# Every key of an object is an attribute of it in the specification
keys_are_the_names_of_the_specification()
{
	local id object

	[ -n "$spec" ] || skip "there is no specification fabric.yaml"
	python3 -c 'import yaml' 2>/dev/null || skip "there is no python3-yaml"
	id=$(grant_new size 1M domain $sw)
	defer fc grant del "$id"
	fc tenant new json$$ quota memory=1M quota memory/ram=1M user 1 group 1 >/dev/null
	defer fc tenant del json$$
	for object in $shown tenant log stats; do
		if [ "$object" = stats ]; then
			fcj stats | jq -c '[.stats]' >"$KTAP_TMP/$object"
		else
			objects "$object" >"$KTAP_TMP/$object"
		fi
		python3 - "$spec" "$object" "$KTAP_TMP/$object" <<-'END'
			import json, sys, yaml
			spec = yaml.safe_load(open(sys.argv[1]))
			sets = {s["name"]: s for s in spec["attribute-sets"]}
			enums = {d["name"]: d for d in spec["definitions"] if d["type"] == "enum"}
			def check(name, item):
			    attrs = {a["name"]: a for a in sets[name]["attributes"]}
			    full = sets.get(sets[name].get("subset-of", name))
			    attrs = {a["name"]: a for a in full["attributes"] if a["name"] in attrs}
			    for key, value in item.items():
			        attr = attrs.get(key) or sys.exit(f"{name} has no attribute {key}")
			        if attr["type"] == "nest":
			            for inner in value if attr.get("multi-attr") else [value]:
			                check(attr["nested-attributes"], inner)
			        elif "enum" in attr:
			            names = [e if isinstance(e, str) else e["name"]
			                     for e in enums[attr["enum"]]["entries"]]
			            for one in value if isinstance(value, list) else [value]:
			                one in names or sys.exit(f"{name}: {key} {one} is not in the enum")
			        elif attr["type"] in ("u32", "uint") and not attr.get("multi-attr"):
			            type(value) is int or sys.exit(f"{name}: {key} {value!r} is no number")
			items = json.load(open(sys.argv[3]))
			items or sys.exit(f"no {sys.argv[2]} to look at")
			for item in items:
			    check(sys.argv[2], item)
		END
	done
}

json_says_what_the_kernel_says()
{
	local id

	id=$(grant_new size 3M domain $sw)
	defer fc grant del "$id"
	expect_eq "$(objects grant | jq -r ".[] | select(.id == $id) |
		[.size, .mode, .state, .holder, .pid, .comm, .uid] | map(tostring) | join(\" \")")" \
		"$(ask grant id="$id" -- size mode state holder pid comm uid)" "the grant"
	expect_eq "$(objects slice grant "$id" | jq -r '.[] |
		[.start, .length, .state] | map(tostring) | join(" ")')" \
		"$(ask slice grant-id="$id" -- start length state)" "the slice"
	expect_eq "$(objects resource | jq -r '.[] | [.id, .total, .free, .granted] |
		map(tostring) | join(" ")')" "$(ask resource -- id total free granted)" "resources"
	expect_eq "$(objects port | jq -r '.[] | [.id, .name, .link] | map(tostring) | join(" ")')" \
		"$(ask port -- id name link)" ports
}

pretty_json_is_the_same()
{
	expect_eq "$("$FABRIC_CTL" -p resource | jq -cS .)" "$(fcj resource | jq -cS .)" "resources"
}

absent_is_absent()
{
	expect_eq "$(objects port | jq -r ".[] | select(.name == \"p1\") | has(\"host\")")" false \
		"host of an unbound port"
	expect_eq "$(objects resource domain $sw | jq -r '.[0] | has("address")')" false \
		"address of emulated memory"
}

names_and_ids_lead_to_the_same()
{
	local id

	id=$(domain_id $sw)
	expect_eq "$(fcj domain show $sw)" "$(fcj domain show "$id")" "domain"
	expect_eq "$(objects device domain $sw)" "$(objects device domain "$id")" "devices"
	id=$(id_of device $sw m0)
	expect_eq "$(fcj device show m0 domain $sw)" "$(fcj device show "$id")" "device"
}

sizes_have_binary_suffixes()
{
	local id size

	for size in 2097152 2048K 2M 2MiB; do
		id=$(grant_new size $size domain $sw)
		expect_eq "$(field grant "$id" size)" 2097152 "$size"
		fc grant del "$id"
	done
}

text_is_for_people()
{
	local id out

	id=$(grant_new size 2M domain $sw)
	defer fc grant del "$id"
	out=$(fc grant show "$id")
	expect_match "$out" "grant $id" "text"
	expect_match "$out" "2 MiB" "text"
	out=$(fc tree)
	expect_match "$out" "$sw" "tree"
	expect_match "$out" "m0" "tree"
}

a_grant_is_there()
{
	fc -j grant show | jq -e '.grants[0].id' >/dev/null
}

# ESC [ and the same in one character, which terminals obey
name_of_a_process_is_not_obeyed()
{
	local evil=$KTAP_TMP/$'\e[7m\xc2\x9b7m' out id

	cp "$FABRIC_CTL" "$evil"
	LD_LIBRARY_PATH=$(dirname "$FABRIC_CTL") "$evil" run kind memory size 1M domain $sw -- \
		sleep 100 &
	defer kill $!
	busywait 5000 a_grant_is_there || fail "no grant"
	id=$(fc -j grant show | jq '.grants[0].id')
	out=$(fc grant show "$id"; fc log show; fc grant del "$id" 2>&1 || :)
	expect_match "$out" 'Held by process [0-9]+ \(\?\[7m' "refusal"
	if LC_ALL=C grep -q $'[\e\x9b]' <<<"$out"; then
		fail "control characters: $(cat -v <<<"$out")"
	fi
}

run_passes_the_grant_to_the_command()
{
	local out

	# shellcheck disable=SC2016 # for the inner shell
	out=$(fc run kind memory size 1M domain $sw -- sh -c 'echo $FABRIC_GRANT $FABRIC_SIZE
		readlink /proc/self/fd/$FABRIC_FD')
	expect_match "$out" '^[0-9]+ 1048576' environment
	expect_match "$out" 'fabric-grant' "what the descriptor is"
	busywait 1000 free_is $sw "$(sum total $sw)" || fail "the grant outlives the command"
}

run_passes_the_status_on()
{
	local status=0

	fc run kind memory size 1M domain $sw -- sh -c 'exit 37' || status=$?
	expect_eq $status 37 status
	status=0
	fc run kind memory size 1M domain $sw -- /nonexistent 2>/dev/null || status=$?
	expect_eq $status 127 "status for a command that is not there"
	busywait 1000 free_is $sw "$(sum total $sw)" || fail "the grant outlives the command"
}

ktap_run_all \
	schema_version_is_everywhere \
	empty_list_is_a_list \
	list_of_one_is_a_list \
	show_is_the_default_command \
	keys_are_the_names_of_the_specification \
	json_says_what_the_kernel_says \
	pretty_json_is_the_same \
	absent_is_absent \
	names_and_ids_lead_to_the_same \
	sizes_have_binary_suffixes \
	text_is_for_people \
	name_of_a_process_is_not_obeyed \
	run_passes_the_grant_to_the_command \
	run_passes_the_status_on
