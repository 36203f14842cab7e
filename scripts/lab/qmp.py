#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
qmp.py - talk to the QEMU that runs this guest (device_add, device_del, ...).

Usage: qmp.py [--timeout SEC] [--wait-event NAME] COMMAND [KEY=VALUE...]
       qmp.py [--timeout SEC] [--device ID] --wait-event NAME

vm.sh gives each guest a virtio port, "fabric.qmp", that is connected to QEMU's
own monitor. A COMMAND is any of QMP's, with its arguments as KEY=VALUE; the
answer is printed as JSON. A number, true or false as a VALUE is sent as such,
"size=" takes K, M and G, and key:=JSON is sent as it is.

With --wait-event the program ends when that event has come; with --device, or if
COMMAND has an id=, only an event about that device counts. Without a COMMAND,
events that came since the last call count too: a guest that powers a slot off
(echo 0 > /sys/bus/pci/slots/N/power) makes QEMU delete the device without a
device_del.

    qmp.py device_del id=mem3 --wait-event DEVICE_DELETED
    qmp.py object-add qom-type=memory-backend-file id=cm3b size=512M \\
           mem-path=/tmp/cxl-mem3 share=true
    qmp.py device_add driver=cxl-type3 bus=rp1 volatile-memdev=cm3b id=mem3 sn=4

Status: 0, or 1 when QEMU refused (its answer is on standard error), 2 for a
wrong command line, 3 when time ran out (default 20 s).
"""

import argparse
import errno
import glob
import json
import os
import re
import select
import subprocess
import sys
import time

PORT = "fabric.qmp"


class Timeout(Exception):
    pass


def find_port():
    for path in glob.glob("/sys/class/virtio-ports/*/name"):
        with open(path, encoding="ascii") as name:
            if name.read().strip() == PORT:
                return "/dev/" + path.split("/")[-2]
    return None


def open_port(deadline):
    port = find_port()
    if port is None:
        subprocess.run(["modprobe", "virtio_console"], check=False)
    while True:
        port = port or find_port()
        if port is not None:
            try:
                return os.open(port, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError as err:
                # another qmp.py has it, or devtmpfs is not there yet
                if err.errno not in (errno.EBUSY, errno.EMFILE, errno.ENOENT):
                    raise
        if time.monotonic() > deadline:
            raise Timeout(f"no free virtio port {PORT}: was this guest started by vm.sh?")
        time.sleep(0.05)


class Qmp:
    def __init__(self, deadline):
        self.deadline = deadline
        self.fd = open_port(deadline)
        self.buffer = b""
        self.ids = 0
        self.events = []
        # The first connection since boot gets a greeting and has to negotiate;
        # for all others this is an error. Both answer with our id.
        self.execute("qmp_capabilities", {})

    def wait(self, writing):
        left = self.deadline - time.monotonic()
        sets = ([], [self.fd], []) if writing else ([self.fd], [], [])
        if left <= 0 or not any(select.select(*sets, left)):
            raise Timeout("QEMU did not answer in time")

    def receive(self):
        while b"\n" not in self.buffer:
            self.wait(False)
            try:
                data = os.read(self.fd, 65536)
            except BlockingIOError:
                continue
            if not data:
                raise Timeout("QEMU's end of the port is closed")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        try:
            return json.loads(line)
        except ValueError:
            return {}       # the rest of an answer whose reader was killed

    def execute(self, command, arguments):
        self.ids += 1
        ident = f"{os.getpid()}-{self.ids}"
        message = {"execute": command, "id": ident}
        if arguments:
            message["arguments"] = arguments
        data = json.dumps(message).encode() + b"\n"
        while data:
            try:
                data = data[os.write(self.fd, data):]
            except BlockingIOError:
                self.wait(True)
        while True:
            answer = self.receive()
            if answer.get("id") == ident:
                return answer
            if "event" in answer:
                self.events.append(answer)

    def wait_event(self, name, device):
        while True:
            while self.events:
                event = self.events.pop(0)
                data = event.get("data", {})
                if device is not None and data.get("device") != device:
                    continue
                if event["event"] == name:
                    return event
                if device is not None and event["event"] == "DEVICE_UNPLUG_GUEST_ERROR":
                    raise Timeout(f"the guest refused to let {device} go")
            answer = self.receive()
            if "event" in answer:
                self.events.append(answer)


def value(key, text):
    if key.endswith(":"):
        return key[:-1], json.loads(text)
    if key == "size":
        match = re.fullmatch(r"(\d+)([KMG])", text)
        if match:
            return key, int(match[1]) << {"K": 10, "M": 20, "G": 30}[match[2]]
    if text in ("true", "false"):
        return key, text == "true"
    if re.fullmatch(r"-?\d+|0x[0-9a-fA-F]+", text):
        return key, int(text, 0)
    return key, text


def main():
    parser = argparse.ArgumentParser(usage="\n".join(__doc__.strip().splitlines()[2:4])[7:],
                                     description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timeout", type=float, default=20, metavar="SEC")
    parser.add_argument("--wait-event", metavar="NAME")
    parser.add_argument("--device", metavar="ID")
    parser.add_argument("command", nargs="?")
    parser.add_argument("arguments", nargs="*", metavar="KEY=VALUE")
    args = parser.parse_intermixed_args()
    if not args.command and not args.wait_event:
        parser.error("a command or --wait-event is needed")

    arguments = {}
    for word in args.arguments:
        key, equals, text = word.partition("=")
        if not equals:
            parser.error(f"'{word}' is not KEY=VALUE")
        try:
            key, parsed = value(key, text)
            arguments[key] = parsed
        except ValueError as err:
            parser.error(f"{word}: {err}")

    try:
        qmp = Qmp(time.monotonic() + args.timeout)
        if args.command:
            qmp.events.clear()
            answer = qmp.execute(args.command, arguments)
            if "error" in answer:
                print(f"qmp.py: {args.command}: {answer['error']['desc']}", file=sys.stderr)
                return 1
            print(json.dumps(answer["return"]))
        if args.wait_event:
            device = args.device or arguments.get("id")
            print(json.dumps(qmp.wait_event(args.wait_event, device)))
    except Timeout as err:
        print(f"qmp.py: {args.command or args.wait_event}: {err}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
