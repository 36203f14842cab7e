#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Random changes of emulated switches in configfs.

Usage: config_fuzz.py DIRECTORY SECONDS SEED

Some threads have a switch each, which they make, fill, change, bring to life, stop and empty
with names and values that are right, nearly right, or not; others read what there is
meanwhile. What must hold: each call comes back with an error that it may have, what is
refused changed nothing, a switch that may not live says why, and at the end all of it can
be removed. The kernel's log is searched by whoever runs this.
"""

import errno
import os
import random
import sys
import threading
import time

WRITERS, READERS = 3, 2
NAMES = ["p0", "p1", "p2", "m0", "m1", "m2", "host0", "host1", "a b", "..", "x" * 63, "x" * 64,
         "x" * 256, "\u00e9", "\n", "="]
VALUES = ["0", "1", "2", "4", "8", "16", "3", "-1", "32", "x", " ", "\n", "1M", "32M", "1048576",
          "33554432", "4096", "host0", "host1", "host2", "p0", "p1", "p9", "up", "down", "32000",
          "4294967296", "18446744073709551616", "0x10", "1k1", "\0", "a" * 64, "9" * 5000]
# What a file takes most often: then more of a switch comes to life
LIKELY = {"port": ["p0", "p1", "p2"], "size": ["32M", "1M", "8M"], "granule": ["1M", "4096"],
          "host": ["host0", "host1"], "speed": ["32000", "16000"], "width": ["4", "8", "16"],
          "live": ["1", "1", "0"]}
# EISDIR: what was gone when the reader looked can be back when it reads
MAY_FAIL = {errno.EACCES, errno.EBUSY, errno.EEXIST, errno.EINVAL, errno.EISDIR,
            errno.ENAMETOOLONG, errno.ENODEV, errno.ENOENT, errno.ENOMEM, errno.ENOTDIR,
            errno.ENOTEMPTY, errno.EPERM, errno.ERANGE, errno.ENXIO, errno.E2BIG, errno.EFBIG}


def write(path, text):
    """All in one call, as a shell does."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def read(path):
    """What a file says."""
    with open(path, "rb") as file:
        return file.read()


class Worker(threading.Thread):
    """Who does something until the time is over."""

    def __init__(self, top, seed, end):
        super().__init__(daemon=True)
        self.top = top
        self.random = random.Random(seed)
        self.end = end
        self.calls = self.failed = self.lives = 0
        self.wrong = set()
        self.last = ""

    def step(self):
        """One call."""
        raise NotImplementedError

    def run(self):
        while time.monotonic() < self.end:
            self.calls += 1
            try:
                self.step()
            except OSError as error:
                self.failed += 1
                if error.errno not in MAY_FAIL:
                    self.wrong.add(f"{error} ({self.last})")


class Reader(Worker):
    """Looks at what others make."""

    def step(self):
        path = self.top
        while os.path.isdir(path):
            names = os.listdir(path)
            if not names:
                return
            path = os.path.join(path, self.random.choice(names))
        self.last = path
        read(path)


class Writer(Worker):
    """Has a switch."""

    def __init__(self, top, name, seed, end):
        super().__init__(top, seed, end)
        self.switch = os.path.join(top, name)

    def tree(self):
        """(directories, files) of the switch."""
        dirs, files = [], []
        for path, _, names in os.walk(self.switch):
            dirs.append(path)
            files += [os.path.join(path, name) for name in names]
        return dirs, files

    def state(self):
        """All that somebody has set."""
        dirs, files = self.tree()
        return dirs, {path: read(path) for path in files if os.path.basename(path) != "error"}

    def live(self):
        """What a switch needs, and no devices that lack something; and to life with it."""
        devices = os.path.join(self.switch, "devices")
        for name in os.listdir(devices):
            os.rmdir(os.path.join(devices, name))
        for path, values in [("hosts/host0", {}), ("ports/p0", {"host": "host0"}),
                             ("devices/m0", {"port": "p0", "size": "32M", "granule": "1M"})]:
            directory = os.path.join(self.switch, path)
            if not os.path.isdir(directory):
                os.mkdir(directory)
            for name, value in values.items():
                write(os.path.join(directory, name), value)
        self.set_live("1")

    def set_live(self, value):
        """To life, or not any more."""
        try:
            write(os.path.join(self.switch, "live"), value)
        except OSError:
            if value == "1" and not read(os.path.join(self.switch, "error")).strip():
                self.wrong.add("it does not live, and does not say why")
            raise
        self.lives += value == "1"

    def change(self):
        """Something that may be refused."""
        rand = self.random
        if not os.path.isdir(self.switch):
            os.mkdir(self.switch)
            return
        dirs, files = self.tree()
        how = rand.randint(0, 9)
        if how <= 2:
            kind = rand.choice(["hosts", "ports", "ports", "devices", "devices", "", "hosts/host0"])
            name = rand.choice(NAMES[:8] if rand.random() < 0.8 else NAMES)
            os.mkdir(os.path.join(self.switch, kind, name))
        elif how == 3:
            os.rmdir(rand.choice(dirs) if rand.random() < 0.9 else self.switch)
        else:
            path = rand.choice(files)
            name = os.path.basename(path)
            value = rand.choice(LIKELY.get(name, VALUES) if rand.random() < 0.7 else VALUES)
            self.last = f"{path} {value!r}"
            if name == "live":
                self.set_live(value)
            else:
                write(path, value)

    def step(self):
        if self.random.random() < 0.1 and os.path.isdir(self.switch):
            self.live()
            return
        before = self.state()
        try:
            self.change()
        except OSError as error:
            if self.state() != before:
                self.wrong.add(f"refused, but something changed: {error}")
            raise

    def remove(self):
        """All of it."""
        if not os.path.isdir(self.switch):
            return
        write(os.path.join(self.switch, "live"), "0")
        for kind in ("devices", "ports", "hosts"):
            for name in os.listdir(os.path.join(self.switch, kind)):
                os.rmdir(os.path.join(self.switch, kind, name))
        os.rmdir(self.switch)


def main():
    """Prints KTAP, returns the exit status."""
    top, seconds, seed = sys.argv[1:]
    before = sorted(os.listdir(top))
    end = time.monotonic() + float(seconds)
    writers = [Writer(top, f"fuzz{number}", f"{seed}.{number}", end) for number in range(WRITERS)]
    workers = writers + [Reader(top, f"{seed}.r{number}", end) for number in range(READERS)]
    print("KTAP version 1\n1..3", flush=True)
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(float(seconds) + 120)
    ended = not any(worker.is_alive() for worker in workers)
    removed = ended
    for writer in writers if ended else []:
        try:
            writer.remove()
        except OSError as error:
            removed = False
            print(f"# {error}")
    wrong = sorted(set().union(*(worker.wrong for worker in workers)))
    for what in wrong[:10]:
        print(f"# {what}")
    print(f"# seed {seed}: {sum(worker.calls for worker in workers)} calls, "
          f"{sum(worker.failed for worker in workers)} refused, "
          f"{sum(worker.lives for worker in workers)} times a switch lived")
    results = [("every_call_comes_back", ended),
               ("what_is_refused_changes_nothing_and_says_why", not wrong),
               ("all_can_be_removed", removed and sorted(os.listdir(top)) == before)]
    for number, (name, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} {name}")
    return 0 if all(good for _, good in results) else 1


if __name__ == "__main__":
    sys.exit(main())
