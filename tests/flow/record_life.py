#!/usr/bin/env python3
"""What happens around a recording: the computer's clock is moved, its terminal stops or goes away. The recording does not mind.

SPDX-License-Identifier: GPL-3.0-or-later"""
import fcntl
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()
F_SETPIPE_SZ = 1031


def record(modem, out, *options, **more):
    return rig.start([rig.JAMLOG, "record", "--modem", f"a={modem.node}", "--no-gps", "-i", "0.2", "-v", "-d", f"{out}/journal",
                      "--state", f"{out}/state", *options], env={**os.environ, "XDG_CONFIG_HOME": out}, **more)


def store(out):
    rig.run([rig.JAMLOG, "sync", "--quiet", f"{out}/journal", "--db", f"{out}/store.gpkg"])
    return rig.database(f"{out}/store.gpkg")


def test_clock_step():
    preload = rig.run(["faketime", "-f", "+0", "sh", "-c", "echo $LD_PRELOAD"]).stdout.strip()
    modem, out = field.Modem("a"), rig.folder()
    offset = os.path.join(out, "offset")

    def set_clock(text):
        with open(offset + ".new", "w", encoding="ascii") as file:
            file.write(text + "\n")
        os.rename(offset + ".new", offset)
    set_clock("+0")
    recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps", "-i", "0.5", "-t", "8", environment={
        "LD_PRELOAD": preload, "FAKETIME_TIMESTAMP_FILE": offset, "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
    recorder.says("in service")
    set_clock("+3600")
    tap.ok(recorder.says("the clock of this computer was moved by 3600.0 s", 5), "a clock that is moved is told")
    set_clock("-86400")
    tap.ok(recorder.says("was moved by -90000.0 s", 5), "and so is one that is moved back")
    code = recorder.process.wait(timeout=20)
    took = time.monotonic() - recorder.begun
    tap.ok(code == 0 and 8 <= took < 11, "the duration does not mind", (code, took))
    db = recorder.store()
    steps = [row["offset_ms"] for row in field.events(db, "clock-step")]
    tap.ok(len(steps) == 2 and abs(steps[0] - 3600000) < 50 and abs(steps[1] + 90000000) < 50, "the journal has both steps", steps)
    gaps = field.gaps(field.radio_times(db, "a"))
    tap.ok(len(gaps) >= 13 and max(gaps) < 1.2 and min(gaps) > 0, "the sweeps go on at their interval, by the clock of the boot", gaps)


def test_terminal_that_takes_nothing():
    """Ctrl-S, or a pager that nobody scrolls."""
    modem, out = field.Modem("a"), rig.folder()
    reader, writer = os.pipe()
    fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 512)
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    recorder = record(modem, out, "-t", "4", stderr=writer)
    tap.ok(rig.wait_for(lambda: recorder.poll() is not None, 12, "the end"), "a stopped terminal does not hold the recording up")
    os.close(reader)
    os.close(writer)
    tap.ok(recorder.poll() == 0 and len(field.radio_times(store(out), "a")) > 12, "and costs no sweep")


def test_terminal_that_goes_away():
    modem, out = field.Modem("a"), rig.folder()
    recorder = record(modem, out, "-t", "4", stderr=subprocess.PIPE)
    recorder.stderr.readline()
    recorder.stderr.close()
    tap.equal(recorder.wait(timeout=15), 0, "output into a closed pipe does not end the run")
    db = store(out)
    tap.ok(len(field.radio_times(db, "a")) > 12 and len(field.events(db, "run-end")) == 1, "and costs no sweep")


def test_heartbeat():
    """Without modem and GPS the journal still shows that the recorder lived: with a clock 20 times as fast."""
    recorder = field.Recorder("--modem", "/nonexistent/modem", "--no-gps", "-t", "61", "-q", prefix=["faketime", "-f", "+0 x20"],
                              environment={"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
    recorder.process.wait(timeout=30)
    db = recorder.store()
    beats = [row["boottime_ms"] / 1000 for row in field.events(db, "heartbeat")]
    tap.ok(5 <= len(beats) <= 6 and all(8.5 < gap < 11.5 for gap in field.gaps(beats)), "a heartbeat comes every ten seconds", beats)


def test_durable_seldom():
    """Durable every 5 s only, with a clock 10 times as fast: what each frame holds spans as much; a mark does not wait."""
    modem = field.Modem("a")
    recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps", "-i", "2", "--durable", "5s", "-t", "62", "-v",
                              prefix=["faketime", "-f", "+0 x10"],
                              environment={"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
    rig.wait_for(lambda: recorder.log().count("durable ") >= 4, 20, "some groups")
    before = recorder.durable()
    marked = rig.run([rig.JAMLOG, "mark", "--runtime", recorder.runtime, "now"])
    tap.ok(marked.returncode == 0 and "durable" in marked.stdout and recorder.durable() > before, "a mark is durable at once", marked)
    recorder.process.wait(timeout=30)
    times = field.radio_times(recorder.store(), "a")
    groups = recorder.log().count("\ndurable ")
    tap.ok(len(times) >= 25 and 10 <= groups <= 18, "and the rest every five seconds: some 13 groups a minute", (len(times), groups))


test_clock_step()
test_terminal_that_takes_nothing()
test_terminal_that_goes_away()
test_heartbeat()
test_durable_seldom()
tap.done()
