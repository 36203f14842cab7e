#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Guard the numbers of the netlink family: they are for ever.

Usage: check-uapi.py [--update] KERNEL_TREE

Compares Documentation/netlink/specs/fabric.yaml with uapi/numbers, which holds one line
per number that was ever given. Fails when a number of a line is gone, has another name
or another type, and when a new one is not behind all that are there. --update appends
the new ones, and refuses whatever the check refuses for another reason.

KERNEL_TREE holds tools/net/ynl of a kernel source, whose parser says what the numbers are.
"""

import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SPEC = os.path.join(TOP, "Documentation/netlink/specs/fabric.yaml")
NUMBERS = os.path.join(TOP, "uapi/numbers")
HEAD = """\
# SPDX-License-Identifier: GPL-2.0
# Every number of the netlink family that was ever given: its group, the number, what it
# means. Written by "make uapi-update", which only appends; checked by "make uapi-check".
"""


def numbers_of_spec(tree):
    """Lines (group, number, meaning) in the order of the spec."""
    sys.path.insert(0, os.path.join(tree, "tools/net/ynl/pyynl"))
    from lib.nlspec import SpecFamily  # pylint: disable=import-outside-toplevel,import-error

    schema = os.path.join(tree, "Documentation/netlink/genetlink.yaml")
    family = SpecFamily(SPEC, schema)
    lines = [("family", family.yaml.get("version", 1), family.name)]
    for name, const in family.consts.items():
        if const["type"] == "const":
            lines.append((f"const {name}", const["value"], "value"))
            continue
        for entry in const.entries.values():
            lines.append((f"{const.type} {name}", entry.raw_value(), entry.name))
    for name, attr_set in family.attr_sets.items():
        if attr_set.subset_of:
            continue
        for attr in attr_set.attrs.values():
            repeated = " repeated" if attr.is_multi else ""
            lines.append((f"attribute {name}", attr.value, f"{attr.name} {attr.type}{repeated}"))
    for name, operation in family.msgs.items():
        for value in {operation.req_value, operation.rsp_value} - {None}:
            lines.append(("message", value, name))
    for group in family.mcast_groups:
        lines.append(("multicast", 0, group))
    return lines


def numbers_of_file():
    """The same from uapi/numbers."""
    lines = []
    with open(NUMBERS, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                group, number, meaning = line.rstrip("\n").split("\t")
                lines.append((group, int(number), meaning))
    return lines


def compare(given, spec):
    """What breaks programs that exist, and the lines that are new."""
    broken = []
    have = set(spec)
    at = {(group, number): meaning for group, number, meaning in spec}
    taken = {(group, number) for group, number, _ in given}
    last = {}
    for group, number, meaning in given:
        last[group] = max(last.get(group, number), number)
        if (group, number, meaning) not in have:
            now = at.get((group, number), "nothing")
            broken.append(f"{group} {number}: was {meaning}, is {now}")
    old = set(given)
    new = [line for line in spec if line not in old]
    for group, number, meaning in new:
        if number < last.get(group, 0) and (group, number) not in taken:
            broken.append(f"{group} {number}: {meaning} is not behind all others "
                          f"(the last is {last[group]})")
    return broken, new


def main():
    """Returns the exit status."""
    args = sys.argv[1:]
    update = "--update" in args
    if update:
        args.remove("--update")
    if len(args) != 1:
        print(f"usage: {sys.argv[0]} [--update] KERNEL_TREE", file=sys.stderr)
        return 2
    given = numbers_of_file() if os.path.exists(NUMBERS) else []
    broken, new = compare(given, numbers_of_spec(args[0]))
    for line in broken:
        print(f"{sys.argv[0]}: {line}", file=sys.stderr)
    if broken:
        print(f"{sys.argv[0]}: numbers that were given stay; append to the spec",
              file=sys.stderr)
        return 1
    if not update:
        for group, number, meaning in new:
            print(f"{sys.argv[0]}: {group} {number}, {meaning}, is not in uapi/numbers",
                  file=sys.stderr)
        if new:
            print(f"{sys.argv[0]}: run 'make uapi-update'", file=sys.stderr)
        return 1 if new else 0
    # A group's lines stay together: the new ones go behind its last.
    groups = {}
    for group, number, meaning in given + new:
        groups.setdefault(group, []).append((number, meaning))
    with open(NUMBERS, "w", encoding="utf-8") as file:
        file.write(HEAD)
        for group, lines in groups.items():
            for number, meaning in lines:
                file.write(f"{group}\t{number}\t{meaning}\n")
    print(f"{sys.argv[0]}: {len(new)} numbers appended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
