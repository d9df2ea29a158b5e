#!/usr/bin/env python3
"""mbimcli judges the simulated MBIM modem: what it prints must be what the world meant.

Expected values are in tests/helper/sim_mbim_meaning.py. Everything runs under each version of MBIMEx that makes a difference,
straight on the pty, and a part of it with -p through a real mbim-proxy. qmicli judges QMI over MBIM. What no tool
does (fragments to the modem, broken messages) a host of our own does, tests/helper/sim_mbim_client.py. With an
argument (the name of a preset) it only shows what mbimcli prints for that preset.
SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
import sim_mbim_client as mbim  # noqa: E402
from sim_mbim_meaning import (COMMANDS, FIXED, FIXED_5G, PRESETS, expect_cells, expect_registration,  # noqa: E402
                              first_again_and_again, in_words_of, lte)
from sim_qmi_client import BUILD, NAS, Host, Tap, frame  # noqa: E402
from sim_qmi_meaning import FULL, LTE, PRESETS as QMI_PRESETS, expect_signal_info  # noqa: E402

WATCH = os.path.join(BUILD, "tests/helper/mbim_watch")
OPEN_AS = {1: [], 2: ["--device-open-ms-mbimex-v2"], 3: ["--device-open-ms-mbimex-v3"]}
MAX_CONTROL = 512

# ---- running the tools and reading what they print


def mbimcli(host, how, version, *options):
    return subprocess.run(["mbimcli", "-d", host.path] + how + OPEN_AS[version] + list(options), capture_output=True, text=True, timeout=30)


def read_output(text):
    """Indented lines "Key: 'value'" as {"Outer/Key": "value"}; a heading "[/dev/pts/N] Title:" belongs to all that follows."""
    found, path, base = {}, [], None
    for line in text.splitlines():
        titled = re.match(r"\[/dev/[^\]]*\] (.*)", line)
        line = titled.group(1) if titled else line
        key, _, value = (part.strip() for part in line.partition(":"))
        value = value.replace("'", "")
        if titled and (key == "RSRP/SNR info" and value != "n/a"):
            path, base = ["RSRP/SNR " + value], 0
        elif not key or (titled and not value):
            base = None if titled else base
        else:
            depth = 1 if re.match(r"  \S", line) else len(line) - len(line.lstrip("\t"))
            base = depth if base is None else base
            path = path[:max(depth - base, 0)] + [key]
            found["/".join(path)] = value
    headings = {"/".join(k.split("/")[:n]) for k in found for n in range(1, k.count("/") + 1)}
    return {k: x for k, x in found.items() if x or k not in headings}


def ask(host, how, version, command):
    run = mbimcli(host, how, version, command)
    error = re.search(r"error: .*: (\w+)$", run.stderr.strip())
    if run.returncode != 0:
        return error.group(1) if error else "exit %d: %s" % (run.returncode, run.stderr.strip()[-200:])
    found = read_output(run.stdout)
    if command == "--ms-query-location-info-status":
        found = {k: int(x, 16) for k, x in found.items()}
    return found


def apply(host, preset):
    if "before" in preset:
        host.apply(PRESETS[preset["before"]])
    host.apply(preset)


# ---- values

DIRECT, PROXIED = [], ["-p"]


def judge(tap, label, found, expected):
    """libmbim before 1.30 misreads lists; that the modem sends all of a list is tested by test_lists."""
    if isinstance(found, dict) and isinstance(expected, dict):
        expected = in_words_of(found, expected)
        if found != expected and "System type" in expected and found == first_again_and_again(expected):
            expected = first_again_and_again(expected)
    tap.equal(label, found, expected)


def test_values(tap, label, how, names, only=(1, 2, 3)):
    with Host("mbim") as host:
        for name in names:
            apply(host, PRESETS[name])
            for command, (expect, versions) in COMMANDS.items():
                for v in (v for v in versions if v in only):
                    judge(tap, "%s %s prints what was meant (MBIMEx %d, %s)" % (name, command, v, label),
                          ask(host, how, v, command), expect(PRESETS[name], v))
        stats = host.stats()
        tap.equal("mbimcli sends nothing that is taken for garbage (%s)" % label, stats["garbage"], 0)
        if how == DIRECT:
            tap.equal("no session stays open after ordinary use", stats["clients"], 0)


def test_fixed(tap):
    with Host("mbim") as host:
        for preset, answers in (("registered-lte", FIXED), ("standalone", FIXED_5G)):
            apply(host, PRESETS[preset])
            for command, v, expected in answers:
                judge(tap, "%s %s prints what was meant (MBIMEx %d)" % (preset, command, v), ask(host, DIRECT, v, command), expected)


def test_radio_switch(tap):
    with Host("mbim") as host:
        preset = PRESETS["registered-lte"]
        apply(host, preset)
        off = {"Hardware radio state": "on", "Software radio state": "off"}
        tap.equal("a host can switch the radio off", ask(host, DIRECT, 1, "--set-radio-state=off"), off)
        tap.equal("the radio stays off", ask(host, DIRECT, 1, "--query-radio-state"), off)
        tap.equal("a modem that is off hears nothing", ask(host, DIRECT, 1, "--query-signal-state")["RSSI [0-31,99]"], "99")
        tap.equal("a modem that is off is registered nowhere", ask(host, DIRECT, 1, "--query-registration-state")["Register state"],
                  "deregistered")
        tap.equal("a host can switch the radio on", ask(host, DIRECT, 1, "--set-radio-state=on")["Software radio state"], "on")
        tap.equal("a modem that is on again is where the world has it", ask(host, DIRECT, 1, "--query-registration-state"),
                  expect_registration(preset, 1))
        tap.equal("registering automatically is what it does anyway", ask(host, DIRECT, 1, "--register-automatic"),
                  expect_registration(preset, 1))


def test_services(tap):
    def services(run):
        return re.findall(r"Service: '([\w-]+)'", run.stdout), re.findall(r"[\w-] \((\d+)\),?$", run.stdout, re.M)

    standard = ["1", "2", "3", "4", "5", "6", "9", "10", "11", "12", "15", "16", "19", "20", "22"]
    extensions = ["3", "4", "6", "10", "11", "12", "15"]
    for protocol, names, more in (("mbim", [], []), ("mbim-qmi", ["qmi"], ["1"])):
        with Host(protocol) as host:
            found = services(mbimcli(host, DIRECT, 1, "--query-device-services"))
            tap.equal("an %s modem tells its services" % protocol, found[0], ["basic-connect", "ms-basic-connect-extensions"] + names)
            tap.equal("an %s modem tells its commands" % protocol, found[1], standard + extensions + more)


# ---- QMI over MBIM


def test_qmi(tap, label, how):
    with Host("mbim-qmi") as host:
        for name in ("registered-lte", "umts", "gsm", "no-service"):
            apply(host, QMI_PRESETS[name])
            run = subprocess.run(["qmicli", "-d", host.path, "--device-open-mbim"] + how + ["--nas-get-signal-info"],
                                 capture_output=True, text=True, timeout=30)
            values = dict(re.findall(r"^\t+(RSSI|RSRP|RSRQ|SNR|ECIO): '(.*)'", run.stdout, re.M))
            expected = {k.split("/")[1]: x for k, x in expect_signal_info(QMI_PRESETS[name]).items() if "RSCP" not in k}
            tap.equal("%s: qmicli over MBIM prints what was meant (%s)" % (name, label), values, expected)
            tap.check("%s: qmicli over MBIM succeeds (%s)" % (name, label), run.returncode == 0, run.stderr)
        tap.equal("mbimcli still speaks with a modem that carries QMI (%s)" % label,
                  ask(host, how, 3, "--query-radio-state"), {"Hardware radio state": "on", "Software radio state": "on"})


def subscription(*services):
    """A subscribe list of whole services."""
    pairs = b"".join(struct.pack("<II", 4 + 8 * len(services) + 20 * i, 20) for i in range(len(services)))
    return struct.pack("<I", len(services)) + pairs + b"".join(s + struct.pack("<I", 0) for s in services)


def test_qmi_indications(tap):
    with Host("mbim-qmi") as host, mbim.Host(host.path) as own:
        own.open()
        status, answer = own.command(mbim.QMI, 1, 1, frame(0, 0, 1, 0x0022, {1: bytes([NAS])}))
        client = answer[-1] if status == 0 else 0
        own.command(mbim.QMI, 1, 1, frame(NAS, client, 2, 0x0003, {0x18: b"\x01"}))
        host.apply(QMI_PRESETS["registered-lte"])
        tap.equal("no QMI indication comes to a host that did not subscribe", [n for n in own.settle() if n[0] == mbim.QMI], [])
        own.command(mbim.BASIC, 19, 1, subscription(mbim.QMI))
        host.apply(QMI_PRESETS["denied"])
        found = own.settle()
        tap.equal("QMI indications come as MBIM notifications", sorted({struct.unpack_from("<H", n[2], 9)[0] for n in found}), [0x24, 0x4E])
        tap.equal("a list without Basic Connect silences it", {n[0] for n in found}, {mbim.QMI})
        tap.equal("a broken QMI frame is refused", own.command(mbim.QMI, 1, 1, b"\x01\x99\x00")[0], 21)
        tap.equal("MBIM's session and the QMI client are counted", host.stats()["clients"], 2)


# ---- what only a host of our own does


def test_lists(tap):
    """All neighbours, whole and in order, under both formats; and an answer longer than a control message."""
    crowd = dict(state=FULL, cells=[LTE] + [lte(pci=200 + i, arfcn=100 + i, rsrp_dbm=-100 - i) for i in range(23)])
    mixed = PRESETS["registered-lte"]
    with Host("mbim") as host:
        for v, counts, lists in ((1, 5, (36, 44, 60)), (3, 6, (40, 48, 64))):
            with mbim.Host(host.path) as own:
                own.open()
                if v == 3:
                    tap.equal("the version is agreed on", own.command(mbim.EXTENSIONS, 15, 0, struct.pack("<HH", 0x0100, 0x0300)),
                              (0, struct.pack("<HH", 0x0100, 0x0300)))
                host.apply(crowd)
                own.settle()
                own.sizes.clear()
                status, data = own.command(mbim.EXTENSIONS, 11, 0, struct.pack("<I", 100) * counts)
                cells = mbim.Info(data).array(lists[2], 32, 0)
                tap.equal("all 23 neighbours come, in order (MBIMEx %d)" % v,
                          (status, [(c.u32(12), c.u32(16), c.i32(24)) for c in cells]),
                          (0, [(100 + i, 200 + i, -100 - i) for i in range(23)]))
                tap.check("a long answer comes in fragments of at most %d octets (MBIMEx %d)" % (MAX_CONTROL, v),
                          len(own.sizes) == 2 and own.sizes[0] == MAX_CONTROL, own.sizes)
                _, data = own.command(mbim.EXTENSIONS, 11, 0, struct.pack("<I", 4) * counts)
                tap.equal("no more neighbours come than were asked for (MBIMEx %d)" % v,
                          [c.u32(16) for c in mbim.Info(data).array(lists[2], 32, 0)], [200, 201, 202, 203])
                host.apply(mixed)
                info = mbim.Info(own.command(mbim.EXTENSIONS, 11, 0, struct.pack("<I", 15) * counts)[1])
                found = [(c.u32(16), c.u32(20)) for c in info.array(lists[0], 28, 0)] + \
                    [(c.u32(16), c.u32(20), c.i32(24)) for c in info.array(lists[1], 36, 0)] + \
                    [(c.u32(12), c.u32(16), c.i32(24)) for c in info.array(lists[2], 32, 0)]
                tap.equal("neighbours of three technologies stand in their lists (MBIMEx %d)" % v, found,
                          [(63, 0o53), (10588, 441, -79), (1300, 102, -101), (6300, 7, -93)])
                tap.equal("too few counts are refused (MBIMEx %d)" % v,
                          own.command(mbim.EXTENSIONS, 11, 0, struct.pack("<I", 15) * 4)[0], 21)
        host.apply(crowd)
        found = ask(host, DIRECT, 3, "--ms-query-base-stations-info")
        tap.equal("mbimcli puts the fragments of a crowd together", found.get("Neighboring LTE cells"), "15")
        judge(tap, "mbimcli prints the crowd", found, expect_cells(crowd, 3))


def test_gsm_lists(tap):
    with Host("mbim") as host, mbim.Host(host.path) as own:
        own.open()
        host.apply(PRESETS["gsm"])
        cells = mbim.Info(own.command(mbim.EXTENSIONS, 11, 0, struct.pack("<I", 15) * 5)[1]).array(36, 28, 0)
        tap.equal("in GSM a neighbour's identity is known", [(c.text(0), c.u32(8), c.u32(12), c.u32(24)) for c in cells],
                  [("25701", 65, 30212, 0)])


def test_nr_lists(tap):
    with Host("mbim") as host, mbim.Host(host.path) as own:
        own.open()
        own.command(mbim.EXTENSIONS, 15, 0, struct.pack("<HH", 0x0100, 0x0300))
        host.apply(PRESETS["standalone"])
        info = mbim.Info(own.command(mbim.EXTENSIONS, 11, 0, struct.pack("<I", 15) * 6)[1])
        serving = info.array(80, 48, 0)
        tap.equal("the NR cell that serves has an identity of 36 bits and an area code of 24",
                  [(c.text(0), c.u64(8), c.u32(16), c.u32(20), c.u32(24)) for c in serving],
                  [("25701", 0x923456789, 1007, 632628, 0xABCDEF)])
        near, at = [], info.u32(88) + 4  # two texts, both empty: of fixed size
        for i in range(info.u32(info.u32(88))):
            near.append(tuple(info.u32(at + 40 * i + k) for k in (20, 24, 28, 32, 36)))
        tap.equal("all NR neighbours come, their levels within the format", near,
                  [(3, 0xFFFFFFFF, 0, 0, 0), (4, 0xFFFFFFFF, 127, 127, 127)])


def test_protocol(tap):
    body = mbim.command_body(mbim.BASIC, 3)
    with Host("mbim") as host, mbim.Host(host.path) as own:
        own.write(mbim.message(mbim.COMMAND, 7, struct.pack("<II", 1, 0) + body))
        tap.equal("a command before OPEN is an error", own.read_number(), (mbim.FUNCTION_ERROR, 7, 5))
        own.open()
        tap.equal("a session is open", host.stats()["clients"], 1)
        tap.equal("an unknown command is not supported", own.command(mbim.BASIC, 63)[0], 9)
        tap.equal("an unknown service is not supported", own.command(bytes(16), 1)[0], 9)
        tap.equal("a plain MBIM modem carries no QMI", own.command(mbim.QMI, 1, 1, frame(0, 0, 1, 0x0022, {1: bytes([NAS])}))[0], 9)
        tap.equal("a set where only a query is possible is not supported", own.command(mbim.BASIC, 1, 1)[0], 9)
        tap.equal("a query where only a set is possible is not supported", own.command(mbim.BASIC, 19)[0], 9)
        tap.equal("a set that is too short is refused", own.command(mbim.BASIC, 3, 1, b"\x01")[0], 21)
        own.transaction = 100
        for piece in mbim.fragments(100, mbim.command_body(mbim.BASIC, 11, 1, struct.pack("<III", 9, 8, 7)), 16):
            own.write(piece)
        tap.equal("a command in three fragments is put together", own.answer()[1][8:], struct.pack("<III", 9, 8, 7))
        pieces = mbim.fragments(101, body, 10)
        own.write(pieces[0] + pieces[2])
        tap.equal("a fragment that is left out is an error", own.read_number(), (mbim.FUNCTION_ERROR, 101, 2))
        own.write(pieces[1])
        tap.equal("so is one that nothing went before", own.read_number(), (mbim.FUNCTION_ERROR, 101, 2))
        own.write(mbim.fragments(102, body, 10)[0])
        tap.equal("a command that never became whole does not hinder the next", own.command(mbim.BASIC, 3), (0, struct.pack("<II", 1, 1)))
        own.write(mbim.message(mbim.COMMAND, 104, struct.pack("<II", 1, 0) + body[:-4] + struct.pack("<I", 9)))
        tap.equal("a length beyond the end is an error", own.read_number(), (mbim.FUNCTION_ERROR, 104, 3))
        for piece in mbim.fragments(105, body + bytes(9000), 4000):
            own.write(piece)
        tap.equal("a command longer than any is an error", own.read_number(), (mbim.FUNCTION_ERROR, 105, 8))
        own.read(0.05)
        own.write(mbim.message(mbim.HOST_ERROR, 106, struct.pack("<I", 1)))
        tap.equal("an error of the host's is taken in silence", own.command(mbim.BASIC, 3)[0], 0)
        own.open(64)
        own.sizes.clear()
        tap.equal("a host may announce a smaller control message", own.command(mbim.BASIC, 1)[0], 0)
        tap.equal("and gets none that is longer", max(own.sizes), 64)
        tap.equal("CLOSE is answered", own.number(mbim.CLOSE)[::2], (mbim.CLOSE_DONE, 0))
        tap.equal("nothing is open after CLOSE", host.stats()["clients"], 0)
        tap.equal("a command after CLOSE is an error", own.command(mbim.BASIC, 3), ("error", 5))


def test_reset(tap):
    with Host("mbim") as host, mbim.Host(host.path) as own:
        own.open()
        host.apply(dict(state=dict(FULL, operating_mode="resetting")))
        own.write(mbim.message(mbim.OPEN, 50, struct.pack("<I", 4096)))
        tap.equal("a modem that restarts is deaf", own.read(0.3), None)
        tap.equal("and its session is gone", host.stats()["clients"], 0)
        host.apply(PRESETS["registered-lte"])
        tap.equal("afterwards it must be opened anew", own.command(mbim.BASIC, 3), ("error", 5))
        own.open()
        tap.equal("and is as good as before", own.command(mbim.BASIC, 3)[0], 0)
        tap.equal("a host can order a restart", own.command(mbim.EXTENSIONS, 10, 1), (0, b""))
        deadline = time.monotonic() + 5
        while host.stats()["clients"] and time.monotonic() < deadline:
            time.sleep(0.02)
        tap.equal("which ends the session", host.stats()["clients"], 0)
        host.replug()
        tap.equal("a modem that was unplugged works under its new name", ask(host, DIRECT, 1, "--query-radio-state")["Software radio state"], "on")
        host.fault("lost-clients", seconds=0.1)
    with Host("mbim") as host, mbim.Host(host.path) as own:
        own.open()
        host.fault("lost-clients")
        tap.equal("a modem that loses its clients knows no session", own.command(mbim.BASIC, 3), ("error", 5))


def test_faults(tap):
    """What the faults of sim/port/faults.h need to know of MBIM."""
    with Host("mbim-qmi") as host, mbim.Host(host.path) as own:
        own.open()
        host.apply(PRESETS["no-service"])
        own.command(mbim.BASIC, 11)
        own.notifications.clear()
        own.command(mbim.EXTENSIONS, 15, 0, struct.pack("<HH", 0x0100, 0x0200))
        own.command(mbim.QMI, 1, 1, frame(0, 0, 1, 0x0022, {1: bytes([NAS])}))
        tap.equal("requests are told apart", host.stats()["requests"], {"0x4001001": 1, "0x100000b": 1, "0x200000f": 1, "0x3000022": 1})
        host.fault("hang", message="0xb")
        own.write(mbim.message(mbim.COMMAND, 50, struct.pack("<II", 1, 0) + mbim.command_body(mbim.BASIC, 11)))
        tap.equal("one command can hang", own.read(0.2), None)
        tap.equal("while others do not", own.command(mbim.BASIC, 3)[0], 0)
        host.fault("none")
        host.fault("needs-reset")
        own.write(mbim.message(mbim.COMMAND, 51, struct.pack("<II", 1, 0) + mbim.command_body(mbim.BASIC, 9)))
        tap.equal("a modem that needs a reset does not answer on the network", own.read(0.2), None)
        tap.equal("nor on QMI's", own.write(mbim.message(mbim.COMMAND, 52, struct.pack("<II", 1, 0) + mbim.command_body(
            mbim.QMI, 1, 1, frame(NAS, 1, 2, 0x004D, {})))) or own.read(0.2), None)
        tap.equal("but on what it is", own.command(mbim.BASIC, 1)[0], 0)
        tap.equal("and on QMI's CTL", own.command(mbim.QMI, 1, 1, frame(0, 0, 3, 0x0021, {}))[0], 0)
        host.fault("none")
        host.fault("corrupt")
        own.transaction += 1
        own.write(mbim.message(mbim.COMMAND, own.transaction, struct.pack("<II", 1, 0) + mbim.command_body(mbim.BASIC, 3)))
        status, info = own.answer()
        tap.check("a garbled answer has its frame, and nonsense in it", status == 0 and len(info) == 8 and info != struct.pack("<II", 1, 1), info)
        host.fault("none")
        host.fault("exhausted-clients")
        answer = own.command(mbim.QMI, 1, 1, frame(0, 0, 4, 0x0022, {1: bytes([NAS])}))[1]
        tap.equal("faults of client ids are those of the QMI inside", struct.unpack_from("<HH", answer, 15), (1, 5))


def test_garbage(tap):
    noise = random.Random(2020)
    good = mbim.message(mbim.COMMAND, 9, struct.pack("<II", 1, 0) + mbim.command_body(mbim.BASIC, 3))
    floods = {
        "random bytes": noise.randbytes(20000),
        "text": b"AT+CGMI\r" * 100,
        "QMI": frame(0, 0, 1, 0x0022, {1: bytes([NAS])}) * 20,
        "a message longer than any": struct.pack("<III", 3, 70000, 1) + bytes(9000),
        "half a message from a host that died": good[:-3],
        "a message of a type that there is not": struct.pack("<III", 5, 16, 1) + bytes(4),
        "an answer, as if the host were the modem": struct.pack("<IIII", 0x80000001, 16, 1, 0),
    }
    with Host("mbim") as host:
        apply(host, PRESETS["registered-lte"])
        for name, data in floods.items():
            with mbim.Host(host.path) as own:
                own.write(data)
                host.stats()  # by its answer the modem has read all that
            tap.equal("the modem works on after %s" % name, ask(host, DIRECT, 1, "--query-radio-state"),
                      {"Hardware radio state": "on", "Software radio state": "on"})


# ---- notifications, as libmbim takes them in


class Watch:
    def __init__(self, path, version, subscribe):
        self.process = subprocess.Popen([WATCH, path, str(version), subscribe], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = self.process.stdout.readline().strip()

    def end(self):
        """{"SERVICE CID": [fields of each notification]} until now; closing the modem comes after all of them."""
        out, _ = self.process.communicate(timeout=20)
        found = {}
        for block in out.split("\n\n"):
            title, _, fields = block.strip().partition("\n")
            if title:
                found.setdefault(title, []).append(dict(re.findall(r"^(\w+) += '?([^'\n]*)'?$", fields, re.M)))
        return found


def watched(host, version, subscribe, presets):
    host.apply(PRESETS["registered-lte"])
    watch = Watch(host.path, version, subscribe)
    for name in presets:
        host.apply(PRESETS[name])
    return watch.end() if watch.ready == "ready" else {"ready": watch.ready}


def test_notifications(tap):
    basic, extensions = "basic-connect %d", "ms-basic-connect-extensions %d"
    with Host("mbim") as host:
        found = watched(host, 1, "none", ["denied", "card-absent", "airplane"])
        tap.equal("the standard service notifies by itself, and each command once for each change", {k: len(x) for k, x in found.items()},
                  {basic % 9: 3, basic % 10: 2, basic % 12: 2, basic % 22: 2, basic % 2: 2, basic % 3: 1, basic % 11: 2})
        tap.equal("Register State is notified as it changes",
                  [(n["RegisterState"], n["NwError"], n["ProviderId"]) for n in found.get(basic % 9, [])],
                  [("denied", "no-cells-in-location-area", "25701"), ("deregistered", "none", "25701"), ("deregistered", "none", "(null)")])
        tap.equal("Packet Service is notified", [(n["PacketServiceState"], n["NwError"]) for n in found.get(basic % 10, [])],
                  [("detached", "15"), ("detached", "0")])
        tap.equal("Subscriber Ready is notified", [n["ReadyState"] for n in found.get(basic % 2, [])], ["sim-not-inserted", "initialized"])
        tap.equal("Radio State is notified", [n["SwRadioState"] for n in found.get(basic % 3, [])], ["off"])
        tap.equal("Signal State is notified", [n["Rssi"] for n in found.get(basic % 11, [])], ["24", "99"])
        tap.equal("nothing is notified where nothing changes", watched(host, 1, "all", ["registered-lte"]).keys(), {basic % 11})
        found = watched(host, 3, "all", ["denied", "roaming", "non-standalone", "standalone"])
        tap.equal("LTE Attach Info is notified to who subscribed", [n["LteAttachState"] for n in found.get(extensions % 4, [])],
                  ["detached", "attached", "detached"])
        tap.equal("Packet Service is notified under MBIMEx 3",
                  [(n["HighestAvailableDataClass"].replace("(null)", "none"), n["DataSubclass"], n["Tac"]) for n in found.get(basic % 10, [])],
                  [("none", "none", "0"), ("lte", "none", "65533"), ("lte, 5g", "5g-endc", "4660"), ("5g", "5g-nr", "11259375")])
        tap.equal("Signal State is notified under MBIMEx 3", [n["SystemType"] for n in found.get(basic % 11, [])][1:], ["5g-nsa", "5g-nsa"])
        tap.equal("the location is notified", len(found.get(extensions % 12, [])), 3)
        found = watched(host, 3, "none", ["session", "session-dropped"])
        tap.equal("Connect is notified as the session begins and ends", [n["ActivationState"] for n in found.get(basic % 12, [])],
                  ["activated", "deactivated"])
        found = watched(host, 2, "radio", ["denied", "airplane"])
        tap.equal("a subscribe list silences what is not on it", list(found), [basic % 3])


def test_signal_thresholds(tap):
    def notified(own, host, *rssi):
        for dbm in rssi:
            host.apply(dict(state=FULL, cells=[lte(rssi_dbm=dbm)]))
        return [struct.unpack_from("<I", n[2])[0] for n in own.settle() if n[1] == 11]

    with Host("mbim") as host, mbim.Host(host.path) as own:
        own.open()
        own.command(mbim.BASIC, 11, 1, struct.pack("<III", 0, 3, 0xFFFFFFFF))
        tap.equal("the signal is notified when it has moved by the threshold", notified(own, host, -71, -73, -75, -77, -79, -71), [21, 18, 21])
        own.command(mbim.BASIC, 11, 1, struct.pack("<III", 3600, 3, 0xFFFFFFFF))
        tap.equal("but not before the interval has passed", notified(own, host, -91, -111), [])
        own.command(mbim.BASIC, 11, 1, struct.pack("<III", 1, 0xFFFFFFFF, 0xFFFFFFFF))
        deadline, found = time.monotonic() + 5, []
        while not found and time.monotonic() < deadline:
            time.sleep(0.05)
            found = notified(own, host, -109)
        tap.equal("without a threshold it is notified when the interval has passed", found, [2])


# ---- the proxy


def test_proxy(tap, why_not):
    proxy = next((p for p in ("/usr/libexec/mbim-proxy", "/usr/lib/mbim-proxy") if os.path.exists(p)), None)
    if why_not or not proxy:
        tap.skip("through mbim-proxy", why_not or "mbim-proxy is not installed")
        return
    process = subprocess.Popen([proxy, "--no-exit"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while "@mbim-proxy" not in open("/proc/net/unix").read() and time.monotonic() < deadline:
            time.sleep(0.02)
        # The proxy holds the modem open, and what one client agreed on holds for the next: a modem for each version.
        for v in (1, 2, 3):
            test_values(tap, "proxy", PROXIED, ["registered-lte", "denied", "standalone", "non-standalone"], (v,))
        test_qmi(tap, "proxy", PROXIED)
    finally:
        process.terminate()
        process.wait()


def own_network():
    """Abstract sockets belong to a network namespace: in one of our own, the proxy is ours alone. Returns why not, or None."""
    if os.environ.get("SIM_MBIM_OWN_NETWORK"):
        return None
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    if not shutil.which("unshare") or subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        return "no network namespace of our own to be had"
    os.environ["SIM_MBIM_OWN_NETWORK"] = "1"
    os.execvp("unshare", unshare + [sys.executable] + sys.argv)


def show(name):
    with Host("mbim") as host:
        apply(host, PRESETS[name])
        for command, (_, versions) in COMMANDS.items():
            for v in versions:
                run = mbimcli(host, DIRECT, v, command)
                print("$ mbimcli", *OPEN_AS[v], command)
                print(run.stdout + run.stderr)
    return 0


def main():
    if len(sys.argv) > 1:
        return show(sys.argv[1])
    if not shutil.which("mbimcli") or not shutil.which("qmicli") or not os.path.exists(WATCH):
        print("1..0 # SKIP needs mbimcli, qmicli, and mbim_watch in " + BUILD)
        return 0
    why_not = own_network()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the proxy and the host go with us
    tap = Tap()
    test_values(tap, "direct", DIRECT, PRESETS)
    for test in (test_fixed, test_radio_switch, test_services, test_qmi_indications, test_lists, test_gsm_lists, test_nr_lists, test_protocol, test_reset,
                 test_faults, test_garbage, test_notifications, test_signal_thresholds):
        test(tap)
    test_qmi(tap, "direct", DIRECT)
    test_proxy(tap, why_not)
    return tap.done()


sys.exit(main())
