#!/usr/bin/env python3
"""Each fault of the simulated modem as an independent program sees it, and the modem whole again afterwards.

The program is qmicli where what it prints or returns tells the fault, and a QMUX client of the tests' own where the bytes
do. src/sim/port/faults.h says what each fault is. SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import re
import select
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from sim_qmi_client import BUILD, CELL, CTL, DMS, LOC, NAS, SERVED, Client, Host, Tap, frame, parse  # noqa: E402

SIGNAL_INFO, SYSTEM_INFO, CELL_LOCATION, REGISTER, SYNC = 0x004F, 0x004D, 0x0043, 0x0003, 0x0027
SIGNAL = {0x14: struct.pack("<bbhh", -65, -11, -97, 123)}
QUIET_S = 0.3  # no answer for so long is none: one takes a millisecond


def served(**cell):
    return dict(state=SERVED, cells=[{**CELL, **cell}])


def qmicli(path, *options, seconds=10):
    """What it prints, or "hangs" when it does for that long."""
    try:
        run = subprocess.run(["qmicli", "-d", path, "--device-open-qmi"] + list(options), capture_output=True, text=True,
                             timeout=seconds)
    except subprocess.TimeoutExpired:
        return "hangs"
    return run.stdout if run.returncode == 0 else run.stderr


def signal(path, **how):
    text = qmicli(path, "--nas-get-signal-info", **how)
    return "well" if "RSRP: '-97 dBm'" in text else text


class Bench:
    """A modem with a client of the tests' own that has a NAS client id."""

    def __init__(self, tap, fault):
        self.tap, self.fault, self.host = tap, fault, Host()

    def __enter__(self):
        self.host.apply(served())
        self.client = Client(self.host.path)
        self.cid = self.client.allocate(NAS)
        return self

    def __exit__(self, *exc):
        os.close(self.client.fd)
        self.host.__exit__()

    def begin(self, **values):
        return self.host.fault(self.fault, **values)

    def equal(self, what, found, expected):
        self.tap.equal("%s: %s" % (self.fault, what), found, expected)

    def check(self, what, passed, *details):
        self.tap.check("%s: %s" % (self.fault, what), passed, *details)

    def whole(self):
        """Ends all faults: qmicli and our own client id work."""
        self.host.fault("none")
        self.equal("afterwards qmicli finds the modem well", signal(self.host.path), "well")

    def ask(self, message=SIGNAL_INFO, transaction=77):
        self.client.write(frame(NAS, self.cid, transaction, message, {}))

    def bytes(self, seconds=QUIET_S):
        """All that comes until it has been quiet for so long, as the pieces in which it was read."""
        pieces = []
        while select.select([self.client.fd], [], [], seconds)[0]:
            pieces.append(os.read(self.client.fd, 4096))
        return pieces

    def error(self, message=SIGNAL_INFO):
        return self.client.call(NAS, self.cid, message).error


def test_hang(tap):
    with Bench(tap, "hang") as b:
        b.client.call(NAS, b.cid, REGISTER, {0x18: b"\1"})
        b.begin()
        b.ask()
        b.host.apply(served(cell_id=7))
        b.equal("neither answer nor indication comes", b.bytes(), [])
        b.equal("the request was received all the same", b.host.stats()["requests"]["0x3004f"], 1)
        b.equal("qmicli hangs", qmicli(b.host.path, "--nas-get-signal-info", seconds=1), "hangs")
        b.host.fault("none")
        b.equal("what was asked meanwhile is never answered", b.bytes(), [])
        b.equal("our own client id works again", b.error(), 0)
        b.whole()
    with Bench(tap, "hang") as b:
        b.begin(message="0x30043")
        b.ask(CELL_LOCATION)
        b.equal("of one message: that one is not answered", b.bytes(), [])
        b.equal("of one message: others are", b.error(), 0)
        b.equal("of one message: another service's of that number is", "IMSI" in qmicli(b.host.path, "--dms-uim-get-imsi"), True)
        b.whole()
        b.begin(message="0x43", seconds=0.2)
        b.ask(CELL_LOCATION)
        b.equal("of any service's message: it is not answered", b.bytes(), [])
        b.equal("a fault that was given its time goes by itself", b.error(CELL_LOCATION), 0)


def test_queue_stuck(tap):
    with Bench(tap, "queue-stuck") as b:
        b.begin()
        for transaction in (1, 2, 3):
            b.ask(transaction=transaction)
        b.equal("nothing comes", b.bytes(), [])
        b.host.fault("none")
        data = b"".join(b.bytes())
        found = []
        while data:
            message, data = parse(data)
            found.append((message.transaction, message.error))
        b.equal("in the end all comes at once, in its order", found, [(1, 0), (2, 0), (3, 0)])
        b.whole()


def test_nonsense(tap):
    with Bench(tap, "nonsense") as b:
        b.ask()
        right = b"".join(b.bytes())
        b.begin()
        b.ask()
        wrong = b"".join(b.bytes())
        b.check("as many bytes come, and they are no message", len(wrong) == len(right) and wrong[0] != 1, wrong.hex())
        b.check("qmicli gets nothing out of it", signal(b.host.path, seconds=3) != "well")
        b.whole()


def test_corrupt(tap):
    with Bench(tap, "corrupt") as b:
        b.begin()
        answer = b.client.call(NAS, b.cid, SIGNAL_INFO)
        b.equal("the framing is right, and it calls itself a success", (answer.message, answer.error), (SIGNAL_INFO, 0))
        b.check("the figures are rubbish", len(answer.tlvs[0x14]) == 6 and answer.tlvs[0x14] != SIGNAL[0x14], answer.tlvs)
        b.check("qmicli does not get through", signal(b.host.path, seconds=3) != "well")
        b.whole()


def test_fragments(tap):
    with Bench(tap, "fragments") as b:
        b.begin()
        b.ask(SYSTEM_INFO)
        pieces = b.bytes()
        b.check("an answer comes in many pieces", len(pieces) >= 5, [len(p) for p in pieces])
        b.equal("put together they are that answer", parse(b"".join(pieces))[0].message, SYSTEM_INFO)
        b.equal("qmicli puts them together too", signal(b.host.path), "well")
        b.whole()


def test_truncated(tap):
    with Bench(tap, "truncated") as b:
        b.ask()
        right = b"".join(b.bytes())
        b.begin()
        b.ask()
        b.equal("the first half of an answer comes", b"".join(b.bytes()), right[:len(right) // 2])
        b.equal("qmicli waits for the rest", qmicli(b.host.path, "--nas-get-signal-info", seconds=1), "hangs")
        b.whole()


def test_lost_clients(tap):
    with Bench(tap, "lost-clients") as b:
        b.begin()
        b.equal("nobody is told", b.bytes(), [])
        b.equal("the client id is invalid from now on", b.error(), 7)
        b.equal("a new one is given out and works", signal(b.host.path), "well")
        b.whole()


def test_exhausted_clients(tap):
    with Bench(tap, "exhausted-clients") as b:
        b.begin()
        b.check("qmicli is refused a client id", "ClientIdsExhausted" in signal(b.host.path), signal(b.host.path))
        b.equal("the client id that was out works", b.error(), 0)
        b.client.call(CTL, 0, 0x0023, {1: bytes([NAS, b.cid])})
        b.equal("giving it back frees nothing", b.host.stats()["clients"], 1)
        b.whole()


def test_leaking_clients(tap):
    with Bench(tap, "leaking-clients") as b:
        b.begin()
        runs = [signal(b.host.path) for _ in range(10)]
        b.equal("qmicli after qmicli works until the ids are out", runs[:9], ["well"] * 9)
        b.check("then none is left", "ClientIdsExhausted" in runs[9], runs[9])
        b.host.fault("none")
        b.check("the end of the leak brings none back", "ClientIdsExhausted" in signal(b.host.path))
        b.host.fault("reset")
        b.whole()


def test_policy_mismatch(tap):
    with Bench(tap, "policy-mismatch") as b:
        b.begin()
        b.equal("the client id that was out is refused", b.error(), 79)
        text = qmicli(b.host.path, "--nas-get-signal-info", "--client-cid=%d" % b.cid, "--client-no-release-cid")
        b.check("qmicli with that id is told so", "PolicyMismatch" in text, text)
        b.equal("a new one works", signal(b.host.path), "well")
        b.equal("the old one still does not", b.error(), 79)
        b.whole()


def test_silent_death(tap):
    with Bench(tap, "silent-death") as b:
        dms = b.client.allocate(DMS)
        b.begin()
        for mode in (3, 4):
            b.client.write(frame(DMS, dms, 5, 0x002E, {1: bytes([mode])}))
        b.equal("it does not even hear that it is to restart", b.bytes(), [])
        before = b.host.path
        b.check("plugged in anew it has another name", b.host.replug() != before)
        b.equal("and lives, though the fault goes on", signal(b.host.path), "well")
        b.whole()


def test_needs_reset(tap):
    with Bench(tap, "needs-reset") as b:
        b.begin()
        b.ask()
        b.equal("NAS is silent", b.bytes(), [])
        text = qmicli(b.host.path, "--dms-set-operating-mode=reset")
        b.check("DMS answers: a restart is from offline alone", "InvalidTransition" in text, text)
        for mode in ("offline", "reset"):
            text = qmicli(b.host.path, "--dms-set-operating-mode=" + mode)
            b.check("qmicli orders " + mode, "set successfully" in text, text)
        b.ask()
        sync = b.client.read(10)
        b.equal("it restarts and says that it is new", sync and (sync.service, sync.kind, sync.message), (CTL, "indication", SYNC))
        b.equal("and works, though the fault goes on", signal(b.host.path), "well")
        b.equal("the client id from before is gone", b.error(), 7)
        b.whole()


def test_reset(tap):
    with Bench(tap, "reset") as b:
        path = b.host.path
        stats = b.begin(seconds=1)
        b.equal("client ids are lost, the name is kept", (stats["clients"], stats["path"]), (0, path))
        b.ask()
        b.equal("it is deaf", b.bytes(), [])
        sync = b.client.read(10)
        b.equal("in the end it says that it is new", sync and (sync.service, sync.kind, sync.message), (CTL, "indication", SYNC))
        b.whole()


def test_plug(tap):
    for word in ("unplug", "re-enumerate"):
        with Bench(tap, word) as b:
            old = b.host.path
            b.equal("it has no path", b.begin()["path"], None)
            b.equal("its node is gone", os.path.exists(old), False)
            poll = select.poll()
            poll.register(b.client.fd, select.POLLIN)
            b.check("who had it open is hung up", any(e & select.POLLHUP for _, e in poll.poll(1000)))
            b.host.path = b.host.fault("none")["path"]
            b.check("it comes back under another name", b.host.path not in (None, old), b.host.path)
            b.equal("and knows no client", b.host.stats()["clients"], 0)
            b.whole()


def test_doubled_indications(tap):
    with Bench(tap, "doubled-indications") as b:
        stale = b.client.allocate(NAS)
        b.begin()
        b.client.call(CTL, 0, 0x0023, {1: bytes([NAS, stale])})
        b.host.apply(dict(state=dict(operating_mode="online", registration="searching")))
        found = sorted((i.client, i.message) for i in b.client.settle())
        b.equal("each comes twice, to the client that went as well", found, sorted([(b.cid, 0x24), (stale, 0x24)] * 2))
        b.ask()
        answers = b"".join(b.bytes())
        b.equal("an answer comes once", parse(answers)[1], b"")
        b.equal("the client that went may ask nothing", b.client.call(NAS, stale, SIGNAL_INFO).error, 7)
        b.host.fault("none")
        b.host.apply(served())
        b.equal("afterwards each comes once, to who is there", [(i.client, i.message) for i in b.client.settle()], [(b.cid, 0x24)])
        b.whole()


def test_stale_values(tap):
    with Bench(tap, "stale-values") as b:
        b.begin()
        b.host.apply(served(rsrp_dbm=-120, rsrq_db=-18, rssi_dbm=-90, sinr_db=-5, cell_id=7))
        b.equal("the signal is that of before", signal(b.host.path), "well")
        answer = b.client.call(NAS, b.cid, SYSTEM_INFO)
        b.equal("the cell is that of now", struct.unpack_from("<I", answer.tlvs[0x19], 12)[0], 7)
        b.host.fault("none")
        b.check("afterwards the signal lives", "RSRP: '-120 dBm'" in qmicli(b.host.path, "--nas-get-signal-info"))
        b.host.apply(served())
        b.whole()


def test_slow_open(tap):
    with Bench(tap, "slow-open") as b:
        b.begin(delay=1)
        b.equal("who has it open already is served", b.error(), 0)
        began = time.monotonic()
        b.equal("qmicli gets through in the end", signal(b.host.path), "well")
        b.check("but not before the delay is over", time.monotonic() - began >= 1, time.monotonic() - began)
        b.whole()


def test_modes(tap):
    with Bench(tap, "operating mode") as b:
        qmicli(b.host.path, "--dms-set-operating-mode=low-power")
        b.check("qmicli makes it low-power", "Mode: 'low-power'" in qmicli(b.host.path, "--dms-get-operating-mode"))
        b.equal("it hears no cell then", b.client.call(NAS, b.cid, SIGNAL_INFO).tlvs.get(0x14), None)
        b.host.apply(served())
        b.check("news of the world do not wake it", "Mode: 'low-power'" in qmicli(b.host.path, "--dms-get-operating-mode"))
        qmicli(b.host.path, "--dms-set-operating-mode=online")
        b.equal("qmicli makes it online", signal(b.host.path), "well")
        dms = b.client.allocate(DMS)
        b.equal("what is no mode is refused", b.client.call(DMS, dms, 0x002E, {1: b"\x63"}).error, 48)
        b.equal("a shutdown is answered", b.client.call(DMS, dms, 0x002E, {1: b"\5"}).error, 0)
        b.ask()
        b.equal("and then there is silence", b.bytes(), [])
        b.host.replug()
        b.whole()


# ---- the receiver inside

GNSS = dict(utc_ms=1774440000000, has_fix=1, lat_deg=47.0105123, lon_deg=28.8638456, altitude_m=220.5, error_m=2.25,
            speed_mps=8.25, course_deg=123.5, pdop=1.75, hdop=1.0, vdop=1.5)
SATELLITES = [dict(system=0, prn=5, elevation_deg=45.5, azimuth_deg=120.25, cn0_dbhz=41.5, used=1),
              dict(system=1, prn=70, elevation_deg=10, azimuth_deg=300, cn0_dbhz=0, used=0)]


def sky(after_ms, **gnss):
    return dict(state=SERVED, cells=[CELL], gnss=dict(GNSS, utc_ms=GNSS["utc_ms"] + after_ms, **gnss), satellites=SATELLITES)


def follow(host, cid, what, states):
    """What qmicli prints of these states, when it has registered for its events."""
    before = host.stats()["requests"].get("0x100021", 0)
    process = subprocess.Popen(["qmicli", "-d", host.path, "--device-open-qmi", what, "--client-cid=" + cid,
                                "--client-no-release-cid"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    deadline = time.monotonic() + 10
    while host.stats()["requests"].get("0x100021", 0) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    for state in states:
        host.apply(state)
    time.sleep(QUIET_S)
    process.terminate()
    return process.communicate(timeout=10)[0]


def values(text, key):
    return re.findall(r"^\s*%s: +(.*)$" % re.escape(key), text, re.M)


def test_location(tap):
    with Host() as host:
        host.apply(served())
        with Client(host.path) as client:
            tap.equal("LOC: a modem without a receiver lacks the service", client.call(CTL, 0, 0x0022, {1: bytes([LOC])}).error, 31)
        host.apply(sky(0))
        cid = re.search(r"CID: '(\d+)'", qmicli(host.path, "--loc-start", "--client-no-release-cid")).group(1)
        steps = [sky(900), sky(1000), sky(1500), sky(2300), sky(3000, has_fix=0)]
        text = follow(host, cid, "--loc-follow-position-report", steps)
        tap.equal("LOC: a report comes once in an interval, without a fix in between too", values(text, "[position report] status"),
                  ["success", "success", "in-progress"])
        for key, expected in (("latitude", "47.010512 degrees"), ("longitude", "28.863846 degrees"),
                              ("circular horizontal position uncertainty", "2.250000 meters"), ("horizontal confidence", "68%"),
                              ("horizontal speed", "8.250000 m/s"), ("altitude w.r.t. mean sea level", "220.500000 meters"),
                              ("altitude w.r.t. ellipsoid", "244.500000 meters"), ("heading", "123.500000 degrees"),
                              ("technology", "satellite"), ("position DOP", "1.750000"), ("horizontal DOP", "1.000000"),
                              ("vertical DOP", "1.500000"), ("UTC timestamp", "1774440001000 ms"), ("Fix count", "1"),
                              ("Satellites used", "5")):
            tap.equal("LOC: qmicli reads the %s that was meant" % key, values(text, key)[0], expected)
        tap.equal("LOC: without a fix there is no place", values(text, "latitude")[-1], "n/a")
        text = follow(host, cid, "--loc-follow-gnss-sv-info", [sky(4000)])
        for key, expected in (("system", ["gps", "glonass"]), ("satellite id", ["5", "70"]),
                              ("satellite status", ["tracking", "searching"]), ("elevation", ["45.500000", "10.000000"]),
                              ("azimuth", ["120.250000", "300.000000"]), ("SNR", ["41.500000", "n/a"])):
            tap.equal("LOC: qmicli reads each satellite's %s" % key, values(text, key), expected)


def test_location_sessions(tap):
    def at(after_ms, **gnss):
        host.apply(sky(after_ms, **gnss))
        return [i.message for i in client.settle()]

    with Host() as host, Client(host.path) as client:
        host.apply(sky(0))
        cid = client.allocate(LOC)
        client.call(LOC, cid, 0x0021, {1: struct.pack("<Q", 3)})
        tap.equal("LOC: before a session there are no reports", at(1000), [])
        client.call(LOC, cid, 0x0022, {1: b"\7", 0x10: struct.pack("<I", 1), 0x12: struct.pack("<I", 2), 0x13: struct.pack("<I", 500)})
        tap.equal("LOC: an interval of half a second is kept", (at(1500), at(1900)), ([0x24], []))
        tap.equal("LOC: without intermediate reports the loss of the fix is silence", at(2000, has_fix=0), [0x25])
        tap.equal("LOC: another session's stop is refused", client.call(LOC, cid, 0x0023, {1: b"\1"}).error, 48)
        tap.equal("LOC: after its own stop there are no reports", (client.call(LOC, cid, 0x0023, {1: b"\7"}).error, at(3000)), (0, []))
        client.call(LOC, cid, 0x0022, {1: b"\7", 0x10: struct.pack("<I", 2)})
        tap.equal("LOC: a single fix is one", (at(4000).count(0x24), at(5000)), (1, []))
        tap.equal("LOC: a start without a session id is refused", client.call(LOC, cid, 0x0022).error, 17)


# ---- a scenario

SCENARIO = """
[world]
duration = 60
[track]
points = 53.9,27.56
[cell one]
plmn = 257-01
lat = 53.901
lon = 27.56
earfcn = 1300
pci = 1
tac = 1
cell_id = 1
[gps inside]
first_fix = 0
noise_m = 0
[modem a]
plmn = 257-01
gnss = inside
[happening gone]
what = fault
fault = re-enumerate
at = 0.5
lasts = 1
[happening dead]
what = fault
fault = silent-death
at = 2
"""


def test_scenario(tap):
    with tempfile.TemporaryDirectory() as folder:
        scenario, run_dir = os.path.join(folder, "faults.scenario"), os.path.join(folder, "run")
        with open(scenario, "w", encoding="utf-8") as handle:
            handle.write(SCENARIO)
        sim = subprocess.Popen([os.path.join(BUILD, "jamlog-sim"), scenario, "--run-dir", run_dir], stdout=subprocess.PIPE, text=True)
        try:
            lines = [sim.stdout.readline().split() for _ in range(3)]
            link, old = os.path.join(run_dir, "modem-a"), lines[0][3]
            deadline = time.monotonic() + 10
            while os.path.lexists(link) and time.monotonic() < deadline:
                time.sleep(0.01)
            tap.equal("scenario: the link of a modem that is gone is gone", os.path.lexists(link), False)
            line = sim.stdout.readline().split()
            tap.equal("scenario: a line tells of the return", line[:3], ["modem", "a", "qmi"])
            tap.check("scenario: it has another name", line[3] != old, line)
            tap.equal("scenario: the link leads there", os.readlink(link), line[3])
            while (text := signal(link, seconds=1)) != "hangs" and time.monotonic() < deadline:
                pass
            tap.equal("scenario: then it dies", text, "hangs")
        finally:
            sim.terminate()
            sim.communicate(timeout=10)


def test_scenario_location(tap):
    with tempfile.TemporaryDirectory() as folder:
        scenario = os.path.join(folder, "gnss.scenario")
        with open(scenario, "w", encoding="utf-8") as handle:
            handle.write(SCENARIO[:SCENARIO.index("[happening")])
        sim = subprocess.Popen([os.path.join(BUILD, "jamlog-sim"), scenario], stdout=subprocess.PIPE, text=True)
        try:
            path = sim.stdout.readline().split()[3]
            cid = re.search(r"CID: '(\d+)'", qmicli(path, "--loc-start", "--client-no-release-cid")).group(1)
            text = qmicli(path, "--loc-get-position-report", "--client-cid=" + cid)
            tap.equal("scenario: the receiver inside tells where the world is", (values(text, "latitude"), values(text, "longitude")),
                      (["53.900000 degrees"], ["27.560000 degrees"]))
        finally:
            sim.terminate()
            sim.communicate(timeout=10)


def main():
    if not os.path.exists(os.path.join(BUILD, "tests/helper/sim_modem_host")):
        print("1..0 # SKIP needs sim_modem_host in " + BUILD)
        return 0
    tap = Tap()
    for test in (test_hang, test_queue_stuck, test_nonsense, test_corrupt, test_fragments, test_truncated, test_lost_clients,
                 test_exhausted_clients, test_leaking_clients, test_policy_mismatch, test_silent_death, test_needs_reset, test_reset,
                 test_plug, test_doubled_indications, test_stale_values, test_slow_open, test_modes, test_location,
                 test_location_sessions, test_scenario, test_scenario_location):
        test(tap)
    return tap.done()


sys.exit(main())
