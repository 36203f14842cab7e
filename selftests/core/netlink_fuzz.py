#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Random requests to the broker, made from its specification.

Usage: netlink_fuzz.py SPEC SCHEMA YNL_DIRECTORY DOMAIN_ID SECONDS SEED

Most are nearly right: they name objects that are alive, and their values are those that
the specification allows, or next to them. Some are bent after that. They come from several
sockets, which are closed now and then with all that they hold. What must hold whatever is
sent: each request is answered, each refusal says why, the sums of each resource are right,
and when all is closed and deleted, all capacity is free. The kernel's log is searched by
whoever runs this.

On a kernel with KCOV, whose modules tell what code a request reaches, requests that reached
something new are sent again with some of their attributes changed.
"""

import ctypes
import errno
import fcntl
import mmap
import os
import random
import socket
import struct
import sys
import time

NETLINK_GENERIC = 16
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLMSG_ERROR, NLMSG_DONE = 2, 3
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
SOL_NETLINK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK = 270, 11, 12
ATTR_MSG, ATTR_OFFS, ATTR_MISS_TYPE, ATTR_POLICY = 1, 2, 5, 4
NLA_F_NESTED, NLA_TYPE_MASK = 0x8000, 0x3fff
SOCKETS = 6
NAMES = ["host0", "host1", "m0", "m1", "t0", "t1", "rack=1", "rack=2", "ram", "/", "a" * 63]
MiB = 1 << 20


def attr(number, data):
    """One attribute with its padding."""
    return struct.pack("=HH", len(data) + 4, number) + data + bytes(-len(data) % 4)


def attrs_of(data):
    """(type, value) of the attributes in data."""
    while len(data) >= 4:
        size, number = struct.unpack_from("=HH", data)
        if size < 4 or size > len(data):
            return
        yield number & NLA_TYPE_MASK, data[4:size]
        data = data[(size + 3) & ~3:]


class Silence(Exception):
    """The kernel did not answer."""


class Socket:
    """A netlink socket and the files that came over it."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.settimeout(60)
        self.seq = 0
        self.fds = []

    def talk(self, family, cmd, flags, payload):
        """Send a request; (errno, names its reason, attributes of the replies)."""
        self.seq += 1
        body = struct.pack("=BBH", cmd, 1, 0) + payload
        self.sock.send(struct.pack("=IHHII", len(body) + 16, family,
                                   NLM_F_REQUEST | NLM_F_ACK | flags, self.seq, 0) + body)
        replies = []
        while True:
            try:
                data = self.sock.recv(1 << 17)
            except TimeoutError as error:
                raise Silence from error
            while data:
                size, kind, flags_in, seq, _ = struct.unpack_from("=IHHII", data)
                message, data = data[16:size], data[(size + 3) & ~3:]
                if seq != self.seq:
                    continue
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    return self.result(kind, flags_in, message) + (replies,)
                replies.append(dict(attrs_of(message[4:])))

    @staticmethod
    def result(kind, flags, message):
        """(errno, names its reason) of the message that ends an answer."""
        error = -struct.unpack_from("=i", message)[0]
        skip = 4
        if kind == NLMSG_ERROR:
            skip = 20
            if not flags & NLM_F_CAPPED:
                skip = 4 + ((struct.unpack_from("=I", message, 4)[0] + 3) & ~3)
        why = flags & NLM_F_ACK_TLVS and {ATTR_MSG, ATTR_OFFS, ATTR_MISS_TYPE} & \
            {number for number, _ in attrs_of(message[skip:])}
        return error, bool(why)

    def close(self):
        """With all files that came over it."""
        for fd in self.fds:
            try:
                os.close(fd)
            except OSError:
                pass
        self.sock.close()


class Kcov:
    """The code of the broker that this task reaches (Documentation/dev-tools/kcov.rst)."""

    PATH = "/sys/kernel/debug/kcov"
    # _IOR('c', 1, unsigned long) and _IO('c', 100), in words of 8 bytes
    INIT_TRACE, ENABLE, WORDS = 0x80086301, 0x6364, 1 << 16
    TRACE_PC = 0

    def __init__(self):
        self.known = set()
        self.fd = os.open(self.PATH, os.O_RDWR)
        fcntl.ioctl(self.fd, self.INIT_TRACE, self.WORDS)
        # Python's own does not map what has no size
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        where = libc.mmap(None, ctypes.c_size_t(self.WORDS * 8), mmap.PROT_READ | mmap.PROT_WRITE,
                          mmap.MAP_SHARED, self.fd, ctypes.c_long(0))
        if where == ctypes.c_void_p(-1).value:
            raise OSError(ctypes.get_errno(), "mmap of " + self.PATH)
        self.words = (ctypes.c_uint64 * self.WORDS).from_address(where)
        fcntl.ioctl(self.fd, self.ENABLE, self.TRACE_PC)

    def start(self):
        """Forget what was reached until now."""
        self.words[0] = 0

    def is_new(self):
        """Whether something was reached since start() that never was before."""
        before = len(self.known)
        self.known.update(self.words[1:self.words[0] + 1])
        return len(self.known) > before


class Fuzzer:
    """What is known of the family and of the objects that are alive."""

    def __init__(self, spec, schema, domain, seed):
        from lib.nlspec import SpecFamily  # pylint: disable=import-outside-toplevel,import-error

        self.spec = SpecFamily(spec, schema)
        self.random = random.Random(seed)
        self.domain = domain
        self.sockets = [Socket() for _ in range(SOCKETS)]
        _, _, replies = self.sockets[0].talk(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, attr(
            CTRL_ATTR_FAMILY_NAME, self.spec.name.encode() + b"\0"))
        self.family = struct.unpack("=H", replies[0][CTRL_ATTR_FAMILY_ID])[0]
        self.ids = {}
        self.sent = self.done = self.bent = 0
        self.refused = {}
        self.silent = {}
        self.kcov = Kcov() if os.path.exists(Kcov.PATH) else None
        self.corpus = []
        self.operations = []
        for name, msg in self.spec.msgs.items():
            for way in ("do", "dump"):
                if way in msg.yaml:
                    weight = 8 if name in ("grant-new", "grant-set", "grant-del") else 1
                    self.operations += [(name, way)] * weight

    def number_of(self, attr_set, name):
        """Number of an attribute."""
        return self.spec.attr_sets[attr_set].attrs[name].value

    def dump(self, operation):
        """All objects of a kind: attributes by number."""
        msg = self.spec.msgs[operation]
        error, _, replies = self.sockets[0].talk(self.family, msg.req_value, NLM_F_DUMP, b"")
        if error:
            raise RuntimeError(f"{operation} dump: {errno.errorcode.get(error, error)}")
        return replies

    def look(self):
        """Learn what is alive."""
        for kind in ("domain", "port", "device", "resource", "grant", "tenant"):
            number = self.number_of(kind, "id")
            self.ids[kind] = [struct.unpack("=I", obj[number])[0]
                              for obj in self.dump(f"{kind}-get") if number in obj]

    def sums_are_right(self):
        """Free, reserved, granted and quarantined make the total, everywhere."""
        names = ("free", "reserved", "granted", "quarantined", "total")
        numbers = [self.number_of("resource", name) for name in names]
        for resource in self.dump("resource-get"):
            free, reserved, granted, quarantined, total = (
                int.from_bytes(resource[number], sys.byteorder) for number in numbers)
            if free + reserved + granted + quarantined != total:
                return False
        return True

    def u32(self, attr_set, item):
        """A number that an attribute of this name could have."""
        rand = self.random
        kind = attr_set if item.name == "id" else item.name.removesuffix("-id")
        if rand.random() < 0.02:
            return rand.choice([0, 1, 0x7fffffff, 0xffffffff, rand.getrandbits(32)])
        if kind in self.ids and (item.name == "id" or item.name.endswith("-id")):
            if kind == "domain" and rand.random() < 0.8:
                return self.domain
            return rand.choice(self.ids[kind] or [1])
        enum = item.yaml.get("enum")
        if enum:
            return rand.choice([e.raw_value() for e in self.spec.consts[enum].entries.values()])
        checks = item.yaml.get("checks", {})
        top = checks.get("max", 64)
        if not isinstance(top, int):
            top = self.spec.consts[top]["value"] if top in self.spec.consts else 64
        return rand.choice([checks.get("min", 0), top, top + 1, rand.randint(0, top), 1, 2])

    def uint(self):
        """A size or a time."""
        rand = self.random
        return rand.choice([0, 1, 20, 100, rand.randint(1, 16) << 16, rand.randint(1, 8) * MiB,
                            64 * MiB, 1 << 40, (1 << 64) - 1, rand.getrandbits(64)])

    def value(self, attr_set, item, depth):
        """Bytes of an attribute of this type."""
        kind = item.type
        if kind == "u32":
            return struct.pack("=I", self.u32(attr_set, item))
        if kind in ("uint", "u64"):
            value = self.uint()
            return struct.pack("=Q" if value >> 32 or kind == "u64" else "=I", value)
        if kind == "string":
            text = self.random.choice(NAMES).encode()
            return text + (b"\0" if self.random.random() < 0.98 else b"")
        if kind == "flag":
            return b""
        if kind == "nest" and depth < 3:
            nested = item.yaml["nested-attributes"]
            return self.attrs(nested, list(self.spec.attr_sets[nested].attrs), depth + 1, 0.7)
        return self.random.randbytes(self.random.randint(0, 16))

    def attrs(self, attr_set, names, depth, likely):
        """A set of attributes, each with this probability."""
        rand = self.random
        data = b""
        for name in names:
            item = self.spec.attr_sets[attr_set].attrs[name]
            if rand.random() > (0.95 if name in ("id", "kind", "size", "name") else likely):
                continue
            times = rand.choice([1, 1, 1, 2, 17]) if item.is_multi else 1
            for _ in range(times):
                flag = NLA_F_NESTED if item.type == "nest" else 0
                data += attr(item.value | flag, self.value(attr_set, item, depth))
        return data

    def bend(self, data):
        """Something that no library would send."""
        rand = self.random
        data = bytearray(data)
        self.bent += 1
        for _ in range(rand.randint(1, 4)):
            how = rand.randint(0, 3)
            if how == 0 and data:
                data[rand.randrange(len(data))] = rand.getrandbits(8)
            elif how == 1 and data:
                del data[rand.randrange(len(data)):]
            elif how == 2:
                data += attr(rand.getrandbits(16), rand.randbytes(rand.randint(0, 64)))
            elif data:
                data += data[:rand.randrange(len(data)) & ~3]
        return bytes(data[:8192])

    def change(self, attr_set, payload):
        """The same request with other objects, and some other values."""
        items = {item.value: item for item in self.spec.attr_sets[attr_set].attrs.values()}
        data = b""
        for number, value in attrs_of(payload):
            item = items.get(number)
            if item and (item.name.endswith("id") or self.random.random() < 0.2):
                value = self.value(attr_set, item, 0)
            flag = NLA_F_NESTED if item and item.type == "nest" else 0
            data += attr(number | flag, value)
        return data

    def request(self):
        """(name, way, attributes) of a new one, or of one that once reached something new."""
        rand = self.random
        if self.corpus and rand.random() < 0.5:
            name, way, payload = rand.choice(self.corpus)
            return name, way, self.change(self.spec.msgs[name].yaml["attribute-set"], payload)
        name, way = rand.choice(self.operations)
        msg = self.spec.msgs[name]
        names = (msg.yaml[way].get("request") or {}).get("attributes", [])
        return name, way, self.attrs(msg.yaml.get("attribute-set"), names, 0,
                                     rand.choice([0.1, 0.3, 0.6]))

    def step(self):
        """One request."""
        rand = self.random
        name, way, payload = self.request()
        msg = self.spec.msgs[name]
        attr_set = msg.yaml.get("attribute-set")
        original = payload
        bent = rand.random() < 0.1
        if bent:
            payload = self.bend(payload)
        sock = rand.choice(self.sockets)
        if self.kcov:
            self.kcov.start()
        error, why, replies = sock.talk(self.family, msg.req_value,
                                        NLM_F_DUMP if way == "dump" else 0, payload)
        if self.kcov and self.kcov.is_new() and original:
            self.corpus.append((name, way, original))
        self.sent += 1
        if error:
            code = errno.errorcode.get(error, str(error))
            self.refused[code] = self.refused.get(code, 0) + 1
            # What is no attribute at all is refused by netlink itself.
            if not why and not bent and error != errno.ENOMEM:
                self.silent[f"{name} {way}: {code}"] = payload.hex()
            return
        self.done += 1
        if attr_set == "grant" and way == "do":
            number = self.number_of("grant", "fd")
            sock.fds += [struct.unpack("=I", reply[number])[0] for reply in replies
                         if number in reply]

    def replace_socket(self):
        """One ends with all that it holds."""
        index = self.random.randrange(1, SOCKETS)
        self.sockets[index].close()
        self.sockets[index] = Socket()

    def run(self, seconds):
        """Until the time is over. Whether the sums were right all the time."""
        end = time.monotonic() + seconds
        right = True
        while time.monotonic() < end:
            if self.sent % 50 == 0:
                self.look()
                right = self.sums_are_right() and right
                self.replace_socket()
            self.step()
        return right

    def all_comes_back(self):
        """Whether all is free when nobody holds anything."""
        for sock in self.sockets[1:]:
            sock.close()
        del self.sockets[1:]
        for fd in self.sockets[0].fds:
            os.close(fd)
        self.sockets[0].fds = []
        deadline = time.monotonic() + 120
        grant_del = self.spec.msgs["grant-del"].req_value
        tenant_del = self.spec.msgs["tenant-del"].req_value
        while time.monotonic() < deadline:
            self.look()
            if not self.ids["grant"] and not self.ids["tenant"]:
                break
            for number in self.ids["grant"]:
                self.sockets[0].talk(self.family, grant_del, 0, attr(
                    self.number_of("grant", "id"), struct.pack("=I", number)) + attr(
                    self.number_of("grant", "force"), b""))
            for number in self.ids["tenant"]:
                self.sockets[0].talk(self.family, tenant_del, 0, attr(
                    self.number_of("tenant", "id"), struct.pack("=I", number)))
        free, total = self.number_of("resource", "free"), self.number_of("resource", "total")
        return not self.ids["grant"] and not self.ids["tenant"] and all(
            resource[free] == resource[total] for resource in self.dump("resource-get"))


def main():
    """Prints KTAP, returns the exit status."""
    spec, schema, ynl, domain, seconds, seed = sys.argv[1:]
    sys.path.insert(0, ynl)
    fuzzer = Fuzzer(spec, schema, int(domain), seed)
    results = []
    print("KTAP version 1\n1..4", flush=True)
    try:
        right = fuzzer.run(float(seconds))
        back = fuzzer.all_comes_back()
        results = [("every_request_is_answered", True)]
    except Silence:
        right = back = False
        results = [("every_request_is_answered", False)]
    for what, payload in list(fuzzer.silent.items())[:10]:
        print(f"# refused without a reason: {what}: {payload}")
    results += [("every_refusal_says_why", not fuzzer.silent),
                ("sums_are_right_all_the_time", right),
                ("all_capacity_comes_back", back)]
    refused = ", ".join(f"{count} {code}" for code, count in sorted(fuzzer.refused.items()))
    print(f"# seed {seed}: {fuzzer.sent} requests, {fuzzer.bent} of them bent, "
          f"{fuzzer.done} done; refused: {refused}")
    if fuzzer.kcov:
        print(f"# {len(fuzzer.kcov.known)} places of the code reached, "
              f"{len(fuzzer.corpus)} requests reached something new")
    for number, (name, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} {name}")
    return 0 if all(good for _, good in results) else 1


if __name__ == "__main__":
    sys.exit(main())
