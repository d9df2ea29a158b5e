#!/usr/bin/env python3
"""jamlog record with no modem named: it takes what is there, takes up what comes, and knows again what comes back under another node.

PLUGS=1000 does the long run.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import plugs  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()
PLUGS = int(os.environ.get("PLUGS", "4"))


def digests(db, source):
    rows = db.execute("SELECT d.device_digest FROM device d JOIN source s ON s.id = d.source WHERE s.name = ?", (source,))
    return {row[0] for row in rows}


def descriptors(recorder):
    return len(os.listdir(f"/proc/{recorder.pid()}/fd"))


def test_plugging():
    computer = plugs.Computer()
    first = plugs.Modem(computer, "1-2")
    recorder = computer.record("--no-gps", "-i", "0.5")
    tap.ok(recorder.says("modem: no modem is plugged in"), "that there is no modem is told")
    first.insert("cdc-wdm0", twin="wwan0qmi0")
    tap.ok(recorder.says("modem: in service"), "a modem that is plugged in is taken up")
    second = plugs.Modem(computer, "1-3").insert("cdc-wdm1")
    tap.ok(recorder.says("modem2: in service"), "a second one gets a name of its own")
    slowest = 0
    for n in range(PLUGS):
        first.pull_out()
        recorder.says("modem: the modem", 5, n + 1)
        begun = time.monotonic()
        first.insert(f"cdc-wdm{2 if n % 2 == 0 else 0}", twin="wwan0qmi0")
        recorder.says("modem: answers again", 15, n + 1)
        slowest = max(slowest, time.monotonic() - begun)
        if n == 1:
            before = descriptors(recorder)
    tap.ok(recorder.log().count("modem: answers again") == PLUGS and slowest < 10,
           "back under another node it is recorded again within 10 s, each time", (slowest, recorder.log()))
    tap.ok(descriptors(recorder) <= before, "coming and going leaves no descriptor open", (before, descriptors(recorder)))
    print(f"# {PLUGS} times, the slowest took {slowest:.2f} s")
    time.sleep(0.7)
    code, took = recorder.stop()
    tap.ok(code == 0 and took < 5, "the run ends in order", (code, took))
    tap.equal((first.clients(), second.clients()), (0, 0), "and no client id is left behind")
    db = recorder.store()
    tap.ok(len(digests(db, "modem")) == 1 and len(digests(db, "modem3")) == 0, "its name and digest stay", digests(db, "modem"))
    counts = [len(field.events(db, code, "modem")) for code in ("device-added", "device-removed", "source-lost", "source-back")]
    tap.equal(counts, [PLUGS + 1, PLUGS, PLUGS, PLUGS], "each coming and going is one event of each kind")
    lost = [row["boottime_ms"] for row in field.events(db, "source-lost", "modem")]
    back = [(row["boottime_ms"], row["duration_ms"]) for row in field.events(db, "source-back", "modem")]
    tap.ok(all(abs(b - l - duration) < 50 for l, (b, duration) in zip(lost, back)), "the absence counts from the loss to the first answer",
           (lost, back))
    times = [t * 1000 for t in field.radio_times(db, "modem")]
    tap.equal([t for t in times if any(l < t < b - 100 for l, (b, _) in zip(lost, back))], [], "no sweep stands in the journal meanwhile")
    tap.ok(max(field.gaps(field.radio_times(db, "modem2"))) < 2, "the other modem's sweeps never pause")


def test_end_while_away():
    """Gone at the end of the run: lost, and no word of its return."""
    computer = plugs.Computer()
    modem = plugs.Modem(computer).insert()
    recorder = computer.record("--no-gps", "-i", "0.5")
    recorder.says("in service")
    modem.pull_out(power_off=False)  # the events alone: the node is gone, the terminal behind it is not
    tap.ok(recorder.says("unplugged", 5), "a modem whose node goes is lost, even if its connection seems to live")
    time.sleep(1)
    code, took = recorder.stop()
    tap.ok(code == 0 and took < 5, "a modem that is away does not hold the end up", (code, took))
    db = recorder.store()
    lost, removed = field.events(db, "source-lost", "modem"), field.events(db, "device-removed", "modem")
    tap.equal((len(lost), len(removed), len(field.events(db, "source-back", "modem"))), (1, 1, 0), "its loss stays open in the journal")
    tap.equal([t for t in field.radio_times(db, "modem") if t * 1000 > lost[0]["boottime_ms"]], [], "nothing of it comes after that")
    tap.equal(modem.clients(), 0, "its client ids are given back")


def test_rights_that_come_late():
    """udev shows a node before its rules have opened it to us; or they never do."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        tap.skip("rights", "not root")
        return
    computer = plugs.Computer()
    for path in (computer.root, computer.node(""), f"{computer.root}/ioctl", f"{computer.root}/ioctl/_default"):
        os.chmod(path, 0o777)
    modem = plugs.Modem(computer)
    modem.switch_on()
    os.chmod(modem.pty, 0o600)
    out = rig.folder()
    os.chmod(out, 0o777)
    modem.insert()
    recorder = field.Recorder("--no-gps", "-i", "0.5", "-d", f"{out}/journal", "--state", f"{out}/state", environment={
        **computer.environment, "HOME": out}, prefix=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", plugs.WRAPPER])
    if not rig.wait_for(lambda: "recording to" in recorder.log() or recorder.process.poll() is not None, 5, "the start") or \
            recorder.process.poll() is not None:
        tap.skip("rights", "the build folder is not open to others")
        return
    tap.ok(recorder.says("may not open /dev/cdc-wdm0: run \"sudo chown", 6), "a node that may not be opened is told with the command",
           recorder.log())
    os.chmod(modem.pty, 0o666)
    tap.ok(recorder.says("modem: in service", 6), "and taken up as soon as it may", recorder.log())
    recorder.stop()


def test_others():
    """Another program has it: it is left to them, and taken up when they are done. One that is named is used, and that one only."""
    computer = plugs.Computer()
    modem = plugs.Modem(computer).insert()
    holder = computer.record("--modem", "mine=/dev/cdc-wdm0", "--no-gps")
    holder.says("in service")
    waiting = computer.record("--no-gps")
    tap.ok(waiting.says("/dev/cdc-wdm0 is in use by jamlog (process"), "who has a modem is told", waiting.log())
    holder.stop()
    tap.ok(waiting.says("modem: in service", 6), "it is taken up when it is free")
    plugs.Modem(computer, "1-3").insert("cdc-wdm1")
    waiting.says("modem2: in service")
    waiting.stop()
    named = computer.record("--modem", "mine=/dev/cdc-wdm1", "--no-gps", "-t", "2")
    named.process.wait(timeout=20)
    tap.ok("mine: in service" in named.log() and "cdc-wdm0" not in named.log(), "with a modem named no other is taken", named.log())
    config = os.path.join(rig.folder(), "conf")
    with open(config, "w", encoding="utf-8") as handle:
        handle.write("[modem red]\ndevice = /dev/cdc-wdm0\n[modem any]\ndevice = auto\n")
    both = computer.record("-c", config, "--no-gps", "-t", "3")
    both.process.wait(timeout=20)
    tap.ok("red: in service" in both.log() and "any: found at /dev/cdc-wdm1" in both.log() and "any2" not in both.log(),
           "auto takes those that no other group names", both.log())
    tap.equal(modem.clients(), 0, "no client id is left behind")


test_plugging()
test_end_while_away()
test_rights_that_come_late()
test_others()
tap.done()
