#!/usr/bin/env python3
"""jamlog record over modems that are missing, vanish, hang and talk nonsense: it says so, goes on, and leaves no client id behind.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import pty
import shutil
import signal
import sys
import time
import tty

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()


def faster(factor):
    return {"prefix": ["faketime", "-f", f"+0 x{factor}"],
            "environment": {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}}


def test_two_modems_one_vanishes():
    a, b = field.Modem("a"), field.Modem("b", link=False)
    recorder = field.Recorder("--modem", f"a={a.node}", "--modem", f"b={b.node}", "--no-gps", "-i", "0.5")
    tap.ok(recorder.says(f"b: there is no {b.node}"), "a node that is missing is told")
    tap.ok(recorder.says("a: in service"), "the other modem is recorded meanwhile")
    b.plug_in()
    tap.ok(recorder.says("b: answers again") and recorder.says("b: in service"), "a node that appears is taken up")
    a.unplug()
    tap.ok(recorder.says("a: the modem is gone", 5), "a modem that is pulled out is told at once")
    time.sleep(2)
    a.plug_in()
    tap.ok(recorder.says("a: answers again", 15), "a modem that is plugged in again is taken up")
    time.sleep(1.2)
    code, took = recorder.stop()
    tap.equal((code, took < 5), (0, True), "SIGTERM ends the run within seconds")
    tap.equal((a.clients(), b.clients()), (0, 0), "no client id is left in either modem")
    db = recorder.store()
    back = field.events(db, "source-back", "a")
    tap.ok(len(back) == 1 and back[0]["duration_ms"] >= 2000, "the journal has how long the modem was away", [dict(r) for r in back])
    tap.equal([len(field.events(db, "source-lost", m)) for m in "ab"], [1, 1], "a loss is one event, however often it was tried")
    away = [g for g in field.gaps(field.radio_times(db, "a")) if g > 1.9]
    tap.equal(len(away), 1, "no sweep is made up for the time without the modem")
    tap.ok(max(field.gaps(field.radio_times(db, "b"))) < 1.2, "the other modem's sweeps never pause",
           field.gaps(field.radio_times(db, "b")))
    tap.equal(db.execute("SELECT count(*) FROM device").fetchone()[0], 3, "each opening describes its modem")


def test_signals():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        modem = field.Modem("a")
        recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps")
        recorder.says("in service")
        code, took = recorder.stop(number)
        tap.ok(code == 0 and took < 5 and modem.clients() == 0,
               f"{number.name} ends the run in order, and all client ids are given back", (code, took, modem.clients()))
        tap.ok("stopped:" in recorder.log() and len(field.events(recorder.store(), "run-end")) == 1,
               f"{number.name}: the journal has its end")


def test_stop_at_once():
    modem = field.Modem("a")
    clients = []
    for n in range(12):
        recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps")
        recorder.says("recording to")
        time.sleep(0.004 * n)
        code, _ = recorder.stop()
        clients.append((code in (0, 3), modem.clients()))
    tap.equal(clients, [(True, 0)] * 12, "stopped at any moment of its start, it leaves no client id behind")
    # As on a machine that is busy: the line is out, and what follows waits.
    slow = ["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=write", "-e", "inject=write:delay_exit=200000"]
    recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps", prefix=slow, environment={"ASAN_OPTIONS": "detect_leaks=0"})
    recorder.says("recording to")
    code, _ = recorder.stop()
    tap.ok(code in (0, 3) and "stopped:" in recorder.log(), "and comes to its end in order", (code, recorder.log()))


def test_restart():
    modem = field.Modem("a")
    recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps", "-i", "0.3")
    recorder.says("in service")
    modem.tell("state operating_mode=3\napply")
    modem.tell(field.SERVED)
    tap.ok(recorder.says("the modem has restarted") and recorder.says("answers again"), "a modem that restarted by itself is opened anew")
    time.sleep(1)
    recorder.stop()
    db = recorder.store()
    tap.equal(db.execute("SELECT count(*) FROM radio WHERE lte_rsrp_dbm IS NULL").fetchone()[0], 0,
              "its restart is no sweep without signal")


def test_hang():
    """With a clock 20 times as fast, 5 s deadlines take 0.25. A stopped process reads nothing and answers nothing."""
    a, b = field.Modem("a"), field.Modem("b")
    recorder = field.Recorder("--modem", f"a={a.node}", "--modem", f"b={b.node}", "--no-gps", **faster(20))
    recorder.says("a: in service")
    recorder.says("b: in service")
    a.hang()
    tap.ok(recorder.says("the modem does not answer any more", 20), "a modem that hangs is told")
    time.sleep(1.5)
    a.hang(False)
    tap.ok(recorder.says("a: answers again", 20), "a modem that wakes up is taken up")
    time.sleep(0.5)
    a.hang()
    time.sleep(0.1)
    code, took = recorder.stop()
    a.hang(False)
    tap.ok(code == 0 and took < 3, "a hanging modem does not hold the end up", (code, took))
    tap.ok("does not let go" not in recorder.log(), "no deadline of the end is needed", recorder.log())
    db = recorder.store()
    failed = field.events(db, "sweep-failed", "a")
    tap.ok(len(failed) >= 2, "sweeps that failed are events", len(failed))
    lost = field.events(db, "source-lost", "a")
    times = field.radio_times(db, "a")
    begun, ended = lost[0]["boottime_ms"] / 1000, field.events(db, "source-back", "a")[0]["boottime_ms"] / 1000
    tap.equal([t for t in times if begun < t < ended - 6], [], "no sweep stands in the journal while the modem hung")
    tap.ok(max(field.gaps(field.radio_times(db, "b"))) < 8, "the other modem's sweeps never pause",
           sorted(field.gaps(field.radio_times(db, "b")))[-3:])


def test_nonsense():
    """A serial console, or the wrong port: it echoes and babbles."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.chmod(os.ttyname(slave), 0o666)
    os.set_blocking(master, False)
    good = field.Modem("good")
    recorder = field.Recorder("--modem", f"bad={os.ttyname(slave)}", "--modem", f"good={good.node}", "--no-gps", "-t", "28",
                              **faster(4))
    babble = [b"login: ", b"\x01\x0c\x00\x80\x00\x00\x01\x01\x27\x00\x00\x00\x00", os.urandom(300), b"\x01\xff\xff\x80\x03\x01" * 40]
    n = 0
    while recorder.process.poll() is None:
        for action in (lambda: os.read(master, 4096), lambda: os.write(master, babble[n % len(babble)])):
            try:
                action()
            except BlockingIOError:
                pass
        n += 1
        time.sleep(0.05)
    tap.equal(recorder.process.returncode, 0, "nonsense on one port does not end the run")
    tap.ok("bad: " + os.ttyname(slave) + " does not answer in QMI: is it the modem's control port?" in recorder.log(),
           "a port that does not speak QMI is told as such", recorder.log())
    tap.ok(max(field.gaps(field.radio_times(recorder.store(), "good"))) < 3, "the sweeps of a good modem beside it never pause")
    os.close(master)
    os.close(slave)


def test_not_a_modem():
    path = os.path.join(rig.folder(), "not-a-modem")
    with open(path, "wb") as file:
        file.write(bytes(4096))
    recorder = field.Recorder("--modem", path, "--no-gps", "-t", "2")
    tap.ok(recorder.says("is no control node of a modem, and nothing was written to it", 5), "a file is told to be no modem", recorder.log())
    recorder.process.wait(timeout=10)
    with open(path, "rb") as file:
        tap.ok(file.read() == bytes(4096), "and not a byte is written into it")


def test_permission():
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        tap.skip("permission denied", "not root")
        return
    modem = field.Modem("a")
    os.chmod(os.path.realpath(modem.node), 0o600)
    out = rig.folder()
    for path in (out, os.path.dirname(modem.node)):
        os.chmod(path, 0o777)
    run = rig.run(["setpriv", "--reuid=65534", "--clear-groups", rig.JAMLOG, "record", "--modem", modem.node, "--no-gps", "-t", "1",
                   "-d", f"{out}/journal", "--state", f"{out}/state"], env={**os.environ, "XDG_CONFIG_HOME": out, "HOME": out})
    if "may not open" not in run.stderr and "cannot execute" in run.stderr:
        tap.skip("permission denied", "the build folder is not open to others")
        return
    tap.ok("may not open " + modem.node in run.stderr and "sudo chown" in run.stderr,
           "a port that may not be opened is told with its remedy", run.stderr)
    tap.equal(run.returncode, 3, "a run in which nothing ever answered ends with exit code 3")


test_two_modems_one_vanishes()
test_signals()
test_stop_at_once()
test_restart()
test_hang()
test_not_a_modem()
test_permission()
test_nonsense()
tap.done()
