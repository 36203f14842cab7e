#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Random system calls on the files of grants, while the grants change and end.

Usage: file_fuzz.py SPEC SCHEMA YNL_DIRECTORY DOMAIN_ID SECONDS SEED

A file of a holder and one that leads to the memory are mapped, read, written, polled and
asked for what they do not have, at places and with flags that make sense or do not, by
some threads. Another grows, shrinks and deletes the grants. Memory that is mapped is
touched by system calls only, for which memory that has gone is EFAULT. What must hold:
each call comes back with an error that it may have, the sums of each resource are right,
and when all is closed, all capacity is free. The kernel's log is searched by whoever runs
this.
"""

import ctypes
import errno
import os
import random
import select
import struct
import sys
import threading
import time

from netlink_fuzz import Fuzzer, MiB, Silence, attr

CALLERS = 4
GRANTS = 6
PAGE = 4096
MAP_FAILED = ctypes.c_void_p(-1).value
PROT_NONE, PROT_READ, PROT_WRITE = 0, 1, 2
MAP_SHARED, MAP_PRIVATE, MAP_POPULATE = 1, 2, 0x8000
MREMAP_MAYMOVE = 1
MAY_FAIL = {errno.EACCES, errno.EAGAIN, errno.EBUSY, errno.EFAULT, errno.EINVAL, errno.EMSGSIZE,
            errno.ENODEV, errno.ENOMEM, errno.ENOSPC, errno.ENOTTY, errno.ENXIO,
            errno.EOPNOTSUPP, errno.EPERM, errno.ESPIPE}

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = LIBC.mremap.restype = ctypes.c_void_p


def call(name, *args):
    """A function of the C library; what it returns, or OSError."""
    result = getattr(LIBC, name)(*args)
    if result in (-1, MAP_FAILED):
        raise OSError(ctypes.get_errno(), name)
    return result


def address(value):
    """A pointer for the C library."""
    return ctypes.c_void_p(value)


class Files:
    """Those that are open, by whatever grant; who uses one has a descriptor of his own."""

    def __init__(self):
        self.lock = threading.Lock()
        self.fds = []

    def add(self, fd):
        """One more, which nobody waits for."""
        os.set_blocking(fd, False)
        with self.lock:
            self.fds.append(fd)

    def take(self, rand):
        """A copy of one of them, or None."""
        with self.lock:
            return os.dup(rand.choice(self.fds)) if self.fds else None

    def close(self, keep):
        """All but the last ones."""
        with self.lock:
            while len(self.fds) > keep:
                os.close(self.fds.pop(0))


class Caller(threading.Thread):
    """Who calls, until the time is over."""

    def __init__(self, files, seed, end):
        super().__init__(daemon=True)
        self.files = files
        self.random = random.Random(seed)
        self.end = end
        self.maps = []
        self.calls = self.failed = 0
        self.wrong = set()
        self.pipe = os.pipe()
        self.buffer = ctypes.create_string_buffer(16 * PAGE)
        for fd in self.pipe:
            os.set_blocking(fd, False)

    def offset(self):
        """Where something may begin."""
        rand = self.random
        return rand.choice([0, rand.randint(0, 2048) * PAGE, rand.randint(0, 8 * MiB),
                            (1 << 63) - PAGE, -1, rand.getrandbits(62)])

    def length(self):
        """How much."""
        rand = self.random
        return rand.choice([0, 1, PAGE, rand.randint(1, 64) * PAGE, rand.randint(1, 4) * MiB])

    def memory(self):
        """Memory of ours, memory of a grant, or none: where, and how much."""
        if self.maps and self.random.random() < 0.4:
            start, size = self.random.choice(self.maps)
            offset = self.random.randrange(size)
            return address(start + offset), size - offset
        return self.random.choice([self.buffer, self.buffer, address(PAGE)]), len(self.buffer)

    def map(self, fd):
        """Map a part of it."""
        rand = self.random
        size = max(self.length(), PAGE)
        start = call("mmap", None, ctypes.c_size_t(size),
                     rand.choice([PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_WRITE]),
                     rand.choice([MAP_SHARED, MAP_SHARED, MAP_SHARED | MAP_POPULATE, MAP_PRIVATE]),
                     fd, ctypes.c_long(self.offset()))
        self.maps.append((start, size))

    def treat(self, _):
        """Something that is mapped: advise, protect, move, touch, unmap."""
        if not self.maps:
            return
        rand = self.random
        index = rand.randrange(len(self.maps))
        start, size = self.maps[index]
        how = rand.randint(0, 6)
        if how == 0:
            call("madvise", address(start), ctypes.c_size_t(size), rand.randint(0, 25))
        elif how == 1:
            call("mprotect", address(start), ctypes.c_size_t(size), rand.randint(0, 3))
        elif how == 2:
            self.maps[index] = (call("mremap", address(start), ctypes.c_size_t(size),
                                     ctypes.c_size_t(size + rand.choice([0, PAGE])),
                                     MREMAP_MAYMOVE), size)
        elif how == 3:
            call("msync", address(start), ctypes.c_size_t(size), rand.choice([1, 2, 4]))
        elif how in (4, 5):
            name, fd = rand.choice([("write", self.pipe[1]), ("read", self.pipe[0])])
            where, room = self.memory()
            call(name, fd, where, ctypes.c_size_t(min(rand.randint(1, PAGE), room)))
        elif len(self.maps) > 4:
            call("munmap", address(start), ctypes.c_size_t(size))
            del self.maps[index]

    def move(self, fd):
        """Read or write."""
        name = self.random.choice(["pread", "pwrite", "read", "write"])
        where, room = self.memory()
        args = [fd, where, ctypes.c_size_t(min(self.length(), room))]
        call(name, *args, *([ctypes.c_long(self.offset())] if name[0] == "p" else []))

    def ask(self, fd):
        """What changes nothing."""
        how = self.random.randint(0, 3)
        if how == 0:
            poll = select.poll()
            poll.register(fd)
            poll.poll(0)
        elif how == 1:
            with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as info:
                info.read()
        elif how == 2:
            os.fstat(fd)
        else:
            os.lseek(fd, self.offset() & ((1 << 62) - 1), self.random.randint(0, 4))

    def ask_wrong(self, fd):
        """What it does not have."""
        rand = self.random
        how = rand.randint(0, 5)
        if how == 0:
            call("ioctl", fd, ctypes.c_ulong(rand.getrandbits(32)), self.memory()[0])
        elif how == 1:
            call("ftruncate", fd, ctypes.c_long(self.length()))
        elif how == 2:
            call("fallocate", fd, rand.randint(0, 3), ctypes.c_long(0),
                 ctypes.c_long(self.length()))
        elif how == 3:
            os.fsync(fd)
        elif how == 4:
            os.sendfile(self.pipe[1], fd, 0, PAGE)
        else:
            os.close(os.open(f"/proc/self/fd/{fd}", os.O_RDWR))

    def run(self):
        while time.monotonic() < self.end:
            fd = self.files.take(self.random)
            if fd is None:
                continue
            self.calls += 1
            what = self.random.choice([self.map, self.treat, self.treat, self.treat, self.move,
                                       self.move, self.ask, self.ask_wrong])
            try:
                what(fd)
            except OSError as error:
                self.failed += 1
                if error.errno not in MAY_FAIL:
                    self.wrong.add(f"{what.__name__}: {error}")
            finally:
                os.close(fd)
        for start, size in self.maps:
            call("munmap", address(start), ctypes.c_size_t(size))


class Grants(Fuzzer):
    """Who makes, changes and ends the grants, and has their files."""

    def grant(self, name, **values):
        """A request about a grant: the replies, none if it was refused."""
        msg = self.spec.msgs[name]
        items = self.spec.attr_sets["grant"].attrs
        data = b""
        for key, value in values.items():
            item = items[key.replace("_", "-")]
            wide = item.type in ("uint", "u64") and value >> 32
            data += attr(item.value, struct.pack("=Q" if wide else "=I", value))
        return self.sockets[0].talk(self.family, msg.req_value, 0, data)[2]

    def fds_of(self, replies):
        """The descriptors in the replies."""
        number = self.number_of("grant", "fd")
        return [struct.unpack("=I", reply[number])[0] for reply in replies if number in reply]

    def enum(self, name, entry):
        """The value of an entry of an enumeration."""
        return self.spec.consts[name].entries[entry].raw_value()

    def change(self, files):
        """One grant more, less, larger or smaller."""
        rand = self.random
        self.ids["grant"] = [struct.unpack("=I", obj[self.number_of("grant", "id")])[0]
                             for obj in self.dump("grant-get")]
        how = rand.randint(0, 4)
        if len(self.ids["grant"]) < 2 or how == 0:
            replies = self.grant("grant-new", kind=self.enum("kind", "memory"),
                                 size=rand.randint(1, 8) * MiB, domain_id=self.domain,
                                 mode=self.enum("mode", rand.choice(["map", "map", "bare"])),
                                 holder=self.enum("holder", rand.choice(["file", "none"])))
            for fd in self.fds_of(replies):
                files.add(fd)
        elif how == 1:
            for fd in self.fds_of(self.grant("grant-open", id=rand.choice(self.ids["grant"]))):
                files.add(fd)
        elif how in (2, 3):
            self.grant("grant-set", id=rand.choice(self.ids["grant"]),
                       size=rand.randint(1, 8) * MiB)
        elif len(self.ids["grant"]) > GRANTS:
            self.grant("grant-del", id=rand.choice(self.ids["grant"]))
        files.close(3 * GRANTS)


def main():
    """Prints KTAP, returns the exit status."""
    spec, schema, ynl, domain, seconds, seed = sys.argv[1:]
    sys.path.insert(0, ynl)
    grants = Grants(spec, schema, int(domain), seed)
    files = Files()
    end = time.monotonic() + float(seconds)
    callers = [Caller(files, f"{seed}.{number}", end) for number in range(CALLERS)]
    print("KTAP version 1\n1..4", flush=True)
    right = back = True
    changes = 0
    try:
        for caller in callers:
            caller.start()
        while time.monotonic() < end:
            grants.change(files)
            changes += 1
            right = grants.sums_are_right() and right
    except Silence:
        right = False
    for caller in callers:
        caller.join(120)
    ended = not any(caller.is_alive() for caller in callers)
    files.close(0)
    back = ended and grants.all_comes_back()
    wrong = sorted(set().union(*(caller.wrong for caller in callers)))
    for what in wrong[:10]:
        print(f"# an error that it may not have: {what}")
    print(f"# seed {seed}: {sum(caller.calls for caller in callers)} calls, "
          f"{sum(caller.failed for caller in callers)} of them refused, {changes} changes of grants")
    results = [("every_call_comes_back", ended), ("every_error_is_one_it_may_have", not wrong),
               ("sums_are_right_all_the_time", right), ("all_capacity_comes_back", back)]
    for number, (name, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} {name}")
    return 0 if all(good for _, good in results) else 1


if __name__ == "__main__":
    sys.exit(main())
