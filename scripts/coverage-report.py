#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Print what gcov counted: lines and branches by file, and the lines not reached.

usage: coverage-report.py DIRECTORY

DIRECTORY/RUN/PATH holds what a run left of the object whose notes are /PATH, and a copy of
these. Runs are added up, but for what they left of objects that were built again since.

Why a line of kernel is not reached is in selftests/unreached: a reason, and below it, each
after a tab, the file, the function and the line. What has no reason there is printed last, and
what has one and was reached.
"""

import collections
import filecmp
import json
import os
import re
import subprocess
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
REASONS = 'selftests/unreached'
WITH_REASONS = 'kernel/'
# A file is known by its path below the directory that was built
SOURCE = re.compile(r'(?:^|/)((?:kernel|tools)/(?:[\w-]+/)*[\w-]+\.[ch])$')


def count_files(directory):
    """Yield what gcov says of each source that an object was made of."""
    old = 0
    for where, _, names in os.walk(directory):
        for name in names:
            if not name.endswith('.gcda'):
                continue
            notes = os.path.join(where, name[:-4] + 'gcno')
            built = '/' + os.path.relpath(notes, directory).split('/', 1)[1]
            if not os.path.exists(built) or not filecmp.cmp(notes, built, shallow=False):
                old += 1
                continue
            told = subprocess.run(
                ['gcov', '--json-format', '--branch-probabilities', '--stdout', name],
                cwd=where, stdout=subprocess.PIPE, check=True).stdout
            for document in told.splitlines():
                yield from json.loads(document)['files']
    if old:
        print(f'left out: {old} counts of objects that were built again since\n')


def rate(reached, all_of_them):
    """A column of the table."""
    share = f'{100 * reached / all_of_them:5.1f} %' if all_of_them else '      -'
    return f'{reached:6}/{all_of_them:<6}{share}'


def missed(counts):
    """The lines without a count, as ranges: 1-3 7. Between two of one is no other line."""
    found = []
    before = True
    for number, count in sorted(counts.items()):
        if not count and not before:
            found[-1][1] = number
        elif not count:
            found.append([number, number])
        before = bool(count)
    return ' '.join(f'{a}' if a == b else f'{a}-{b}' for a, b in found)


def reasons():
    """The lines that have a reason, as 'FILE FUNCTION: LINE', and those that chance reaches."""
    known, chance = set(), set()
    with open(os.path.join(TOP, REASONS), encoding='utf-8') as file:
        for paragraph in file.read().split('\n\n'):
            lines = {line.strip() for line in paragraph.splitlines() if line.startswith('\t')}
            known |= lines
            if paragraph.startswith('By chance'):
                chance |= lines
    return known, chance


def explain(lines, functions):
    """Print the missed lines without a reason, and the reasons of what was not missed."""
    missing = {}
    for name in sorted(lines):
        if not name.startswith(WITH_REASONS):
            continue
        with open(os.path.join(TOP, name), encoding='utf-8') as file:
            text = file.read().splitlines()
        for number, count in sorted(lines[name].items()):
            if not count:
                key = f'{name[len(WITH_REASONS):]} {functions[name, number]}: ' \
                      f'{text[number - 1].strip()}'
                missing.setdefault(key, number)
    known, chance = reasons()
    print(f'\nwithout a reason in {REASONS}: {len(missing.keys() - known)}')
    for key in missing:
        if key not in known:
            print(f'\t{key}')
    reached = known - chance - missing.keys()
    print(f'\nreached, with a reason in {REASONS}: {len(reached)}')
    for key in sorted(reached):
        print(f'\t{key}')


def main():
    """One table, two lists."""
    lines = collections.defaultdict(collections.Counter)
    functions = {}
    branches = collections.defaultdict(collections.Counter)
    for told in count_files(sys.argv[1]):
        match = SOURCE.search(told['file'])
        if not match:
            continue
        name = match[1]
        for line in told['lines']:
            number = line['line_number']
            lines[name][number] += line['count']
            # not every record of a line knows its function
            functions[name, number] = functions.get((name, number)) or line.get('function_name')
            # by function too: an inline one of a header has its own in each
            place = number, line.get('function_name')
            for index, branch in enumerate(line['branches']):
                branches[name][place, index] += branch['count']
    if not lines:
        sys.exit(f'coverage-report.py: nothing was counted in {sys.argv[1]}')

    print(f'{"file":<34}{"lines":>12}{"branches":>20}')
    sums = collections.defaultdict(collections.Counter)
    for name in sorted(lines):
        row = {'lines': len(lines[name]), 'reached': sum(1 for n in lines[name].values() if n),
               'branches': len(branches[name]), 'taken': sum(1 for n in branches[name].values() if n)}
        sums[os.path.dirname(name)].update(row)
        print(f'{name:<34}{rate(row["reached"], row["lines"])}'
              f'{rate(row["taken"], row["branches"])}')
    print()
    for name, row in sums.items():
        print(f'{name:<34}{rate(row["reached"], row["lines"])}'
              f'{rate(row["taken"], row["branches"])}')
    print('\nnot reached:')
    for name in sorted(lines):
        if not all(lines[name].values()):
            print(f'{name}: {missed(lines[name])}')
    explain(lines, functions)


if __name__ == '__main__':
    main()
