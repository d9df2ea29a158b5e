"""What the tests of the simulated modem share: the host program, a QMUX client of their own, and TAP.

The client here is written from the public description of the protocol and shares no code with the simulator, so
that a wrong byte order or field width on one side shows. SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import os
import select
import struct
import subprocess
import sys
import time

from node import Node

BUILD = os.environ.get("BUILD", "build/release")

# The enumerations of src/sim/world/modem_state.h.
RAT = {"none": 0, "gsm": 1, "umts": 2, "lte": 3, "nr": 4}
REGISTRATION = {"not-registered": 0, "registered": 1, "searching": 2, "denied": 3, "unknown": 4}
SERVICE = {"none": 0, "limited": 1, "full": 2}
ACCESS = {"normal": 0, "emergency-only": 1, "no-calls": 2, "all-calls": 3}
OPERATING_MODE = {"online": 0, "low-power": 1, "offline": 2, "resetting": 3}
CARD = {"ready": 0, "absent": 1, "pin-locked": 2, "error": 3}
WORDS = {"rat": RAT, "reject_rat": RAT, "registration": REGISTRATION, "service": SERVICE, "true_service": SERVICE, "access": ACCESS,
         "operating_mode": OPERATING_MODE, "card": CARD}

# A modem that is served by an LTE cell.
CELL = dict(rat="lte", mcc="257", mnc="01", tac=0x1234, cell_id=0x1A2CF01, pci=101, arfcn=1300, band=3, bandwidth_mhz=20,
            rsrp_dbm=-97.0, rsrq_db=-11.0, rssi_dbm=-65.0, sinr_db=12.3)
SERVED = dict(operating_mode="online", card="ready", registration="registered", cs_attached=1, ps_attached=1, service="full",
              true_service="full", has_serving=1)


class Host:
    """tests/helper/sim_modem_host: a modem whose state is dictated to it."""

    def __init__(self, protocol="qmi"):
        self.process = subprocess.Popen([os.path.join(BUILD, "tests/helper/sim_modem_host"), protocol], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self.path = json.loads(self.process.stdout.readline())["path"]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def command(self, line):
        self.process.stdin.write(line + "\n")
        return json.loads(self.process.stdout.readline())

    def _pairs(self, members):
        return " ".join("%s=%s" % (k, WORDS[k][v] if k in WORDS else int(v) if isinstance(v, bool) else v)
                        for k, v in members.items())

    def apply(self, preset):
        self.command("modem has_nr=%d" % preset.get("has_nr", 0))
        self.command("clear")
        self.command("state " + self._pairs(preset["state"]))
        for cell in preset.get("cells", []):
            self.command("cell " + self._pairs(cell))
        if "nr" in preset:
            self.command("nr " + self._pairs(preset["nr"]))
        for cell in preset.get("secondary", []):
            self.command("secondary " + self._pairs(cell))
        for chain in preset.get("rx", []):
            self.command("rx " + self._pairs(chain))
        for i, chain in enumerate(preset.get("nr_rx", [])):
            self.command("nr_rx %d " % i + self._pairs(chain))
        if "gnss" in preset:
            self.command("gnss " + self._pairs(preset["gnss"]))
        for satellite in preset.get("satellites", []):
            self.command("satellite " + self._pairs(satellite))
        return self.command("apply")

    def fault(self, word, **values):
        """One more fault, or with "none" the end of all; see sim_modem_host.c."""
        return self.command(" ".join(["fault", word] + ["for=%s" % v if k == "seconds" else "%s=%s" % (k, v)
                                                        for k, v in values.items()]))

    def replug(self):
        self.path = self.command("replug")["path"]
        return self.path

    def stats(self):
        return self.command("stats")


CTL, WDS, DMS, NAS, UIM, LOC = 0x00, 0x01, 0x02, 0x03, 0x0B, 0x10


class Message:
    def __init__(self, service, client, kind, transaction, message, tlvs):
        self.service, self.client, self.kind = service, client, kind
        self.transaction, self.message, self.tlvs = transaction, message, tlvs

    @property
    def error(self):
        return struct.unpack("<HH", self.tlvs[2])[1]


def frame(service, client, transaction, message, tlvs):
    body = b"".join(struct.pack("<BH", t, len(v)) + v for t, v in tlvs.items())
    head = struct.pack("<BB" if service == CTL else "<BH", 0, transaction) + struct.pack("<HH", message, len(body))
    return struct.pack("<BHBBB", 1, 5 + len(head) + len(body), 0, service, client) + head + body


def parse(data):
    """The first frame of the bytes and the rest, or (None, data) when it is not all there."""
    if len(data) < 3 or len(data) < 1 + struct.unpack_from("<H", data, 1)[0]:
        return None, data
    marker, length, flags, service, client = struct.unpack_from("<BHBBB", data)
    assert marker == 1 and flags == 0x80, "bad frame from the modem: " + data[:16].hex()
    body, rest = data[6:1 + length], data[1 + length:]
    kinds = {1: "response", 2: "indication"} if service == CTL else {2: "response", 4: "indication"}
    form = "<BBHH" if service == CTL else "<BHHH"
    kind, transaction, message, size = struct.unpack_from(form, body)
    body = body[struct.calcsize(form):]
    assert size == len(body), "the lengths of a frame from the modem disagree"
    tlvs = {}
    while body:
        tlv, size = struct.unpack_from("<BH", body)
        assert tlv not in tlvs and len(body) >= 3 + size, "broken TLVs from the modem"
        tlvs[tlv], body = body[3:3 + size], body[3 + size:]
    return Message(service, client, kinds[kind], transaction, message, tlvs), rest


class Client(Node):
    """Speaks QMUX on the pty; keeps the indications that come between."""

    def __init__(self, path):
        super().__init__(path)
        self.buffer, self.indications, self.transaction = b"", [], 0

    def read(self, seconds=5.0):
        """The next message, or None after that time."""
        deadline = time.monotonic() + seconds
        while True:
            message, self.buffer = parse(self.buffer)
            if message:
                return message
            if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                return None
            self.buffer += os.read(self.fd, 65536)

    def call(self, service, client, message, tlvs=None):
        self.transaction = self.transaction % 250 + 1
        self.write(frame(service, client, self.transaction, message, tlvs or {}))
        while True:
            answer = self.read()
            assert answer, "no answer to message 0x%04x" % message
            if answer.kind == "indication":
                self.indications.append(answer)
            elif answer.service == service and answer.transaction == self.transaction:
                return answer

    def allocate(self, service):
        answer = self.call(CTL, 0, 0x0022, {1: bytes([service])})
        return answer.tlvs[1][1] if answer.error == 0 else None

    def settle(self):
        """All indications until now. The modem works in order, so an answer to CTL Get Version Info ends them."""
        self.call(CTL, 0, 0x0021)
        found, self.indications = self.indications, []
        return found


class Tap:
    def __init__(self):
        self.count, self.failed = 0, 0

    def check(self, name, passed, *details):
        self.count += 1
        self.failed += not passed
        print("%s %d - %s" % ("ok" if passed else "not ok", self.count, name))
        for line in () if passed else details:
            print("#  " + str(line))
        sys.stdout.flush()

    def equal(self, name, found, expected):
        if isinstance(found, dict) and isinstance(expected, dict):
            details = ["%s: found %r, expected %r" % (k, found.get(k), expected.get(k))
                       for k in sorted(set(found) | set(expected)) if found.get(k) != expected.get(k)]
        else:
            details = ["found %r" % (found,), "expected %r" % (expected,)]
        self.check(name, found == expected, *details)

    def skip(self, name, why):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, name, why))

    def done(self):
        print("1..%d" % self.count)
        return 1 if self.failed else 0
