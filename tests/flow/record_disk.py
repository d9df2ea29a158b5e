#!/usr/bin/env python3
"""jamlog record on a disk that is full for a while: it says so, loses nothing that it called durable, goes on when there is room, and
counts what it could not keep.

Needs a small file system of its own: a tmpfs in a user namespace; skipped where the system allows none.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

if len(sys.argv) < 2:
    if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        print("1..0 # SKIP no user namespaces here")
        sys.exit(0)
    os.execvp("unshare", ["unshare", "-rm", sys.executable, sys.argv[0], "inside"])

tap = rig.Tap()
disk = rig.folder()
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=False).returncode != 0:
    print("1..0 # SKIP cannot mount a tmpfs")
    sys.exit(0)
filler = os.path.join(disk, "filler")


def fill(room):
    """All but so many bytes."""
    if os.path.exists(filler):
        os.unlink(filler)
    space = os.statvfs(disk)
    with open(filler, "wb") as file:
        file.write(bytes(space.f_bavail * space.f_frsize - room))


def sequences(db):
    kinds = ("run", "device", "radio", "fix", "sky", "event", "clock", "mark", "session", "probe")
    return [row[0] for row in db.execute(" UNION ALL ".join(f"SELECT id & 4294967295 AS n FROM {kind}" for kind in kinds) + " ORDER BY n")]


def test_full_for_a_while():
    modem = field.Modem("a")
    fill(20480)
    recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps", "-i", "0.2", "-v", journal=f"{disk}/one")
    tap.ok(recorder.says("the disk is almost full", 15), "a disk that is almost full is told while there is still room")
    tap.ok(recorder.says("NOT RECORDING: ", 40) and "No space left" in recorder.log(), "a full disk is told")
    acknowledged = recorder.durable()
    time.sleep(2.5)
    tap.equal((recorder.durable(), recorder.process.poll()), (acknowledged, None),
              "nothing is called durable on a full disk, and the run goes on")
    asked = rig.run([rig.JAMLOG, "status", "--runtime", recorder.runtime])
    noted = rig.run([rig.JAMLOG, "mark", "--runtime", recorder.runtime, "kept"])
    tap.ok(asked.returncode == 1 and "NOT RECORDING" in asked.stdout and "nothing is lost yet" in asked.stdout,
           "status says so", asked)
    tap.ok(noted.returncode == 1 and "NOT YET ON THE DISK" in noted.stderr, "a mark is not called durable", noted)
    os.unlink(filler)
    tap.ok(recorder.says("recording again (0 observations were lost)", 10), "with room again it records again, and what waited is kept")
    tap.ok(rig.wait_for(lambda: recorder.durable() > acknowledged + 15, 10, "durable observations"), "new observations become durable")
    code, _ = recorder.stop()
    last = recorder.durable()
    db = recorder.store()
    tap.equal((code, sequences(db)), (0, list(range(1, last + 1))), "all that was observed is in the journal, once")
    tap.equal([row["text"] for row in db.execute("SELECT text FROM mark")], ["kept"], "and the mark too")
    full, back = field.events(db, "disk-full"), field.events(db, "disk-back")
    tap.ok(len(full) == 1 and len(back) == 1 and back[0]["count"] == 0 and not full[0]["text"], "the gap is in the journal, no path of the person is",
           [dict(r) for r in full + back])
    tap.ok(max(field.gaps(field.radio_times(db, "a"))) < 1, "the sweeps went on meanwhile", field.gaps(field.radio_times(db, "a")))


def test_stopped_while_full():
    modem = field.Modem("a")
    fill(20480)
    recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps", "-i", "0.2", "-v", journal=f"{disk}/two")
    recorder.says("NOT RECORDING: ", 40)
    acknowledged = recorder.durable()
    code, took = recorder.stop()
    tap.ok(code == 1 and took < 5 and "the last observations could not be saved" in recorder.log(),
           "stopped on a full disk it says what is lost", (code, took, recorder.log()[-300:]))
    tap.equal(modem.clients(), 0, "and still gives its client ids back")
    os.unlink(filler)
    db = recorder.store()
    tap.equal(sequences(db)[:acknowledged], list(range(1, acknowledged + 1)), "all that was called durable is there")


def test_full_from_the_start():
    fill(0)
    recorder = field.Recorder("--gps", "localhost:1", journal=f"{disk}/three")
    code = recorder.process.wait(timeout=10)
    tap.ok(code == 1 and "No space left" in recorder.log(), "a disk that is full from the start is told, with exit code 1",
           (code, recorder.log()))
    os.unlink(filler)


def test_full_for_too_long():
    """With a clock 20 times as fast, the memory for what waits is full in seconds."""
    modems = [field.Modem(f"m{n}") for n in range(6)]
    options = [option for modem in modems for option in ("--modem", f"{modem.name}={modem.node}")]
    fill(20480)
    recorder = field.Recorder(*options, "--no-gps", "-i", "0.2", "-v", journal=f"{disk}/four", prefix=["faketime", "-f", "+0 x20"],
                              environment={"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
    recorder.says("NOT RECORDING: ", 40)
    time.sleep(18)
    os.unlink(filler)
    tap.ok(recorder.says("recording again", 10), "it goes on even then")
    lost = int(re.search(r"recording again \((\d+) observations were lost", recorder.log()).group(1))
    code, _ = recorder.stop()
    db = recorder.store()
    tap.equal(code, 0, "and ends in order")
    tap.ok(lost > 0 and field.events(db, "disk-back")[0]["count"] == lost, "what could not be kept is counted", lost)
    tap.equal(sequences(db), list(range(1, recorder.durable() + 1)), "all else is there")


test_full_for_a_while()
test_stopped_while_full()
test_full_from_the_start()
test_full_for_too_long()
subprocess.run(["umount", "-l", disk], check=False)
tap.done()
