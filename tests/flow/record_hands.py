#!/usr/bin/env python3
"""Other hands on what the recorder works with: its folder is deleted or moved, its modem is wanted by a second recorder.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()


def started(modem, *options):
    recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps", "-i", "0.2", "-v", *options)
    rig.wait_for(lambda: recorder.durable() > 8, 15, "the recorder is at work")
    return recorder


def test_deleted():
    recorder = started(field.Modem("deleted"))
    shutil.rmtree(recorder.journal)
    tap.ok(recorder.says("was deleted or moved away", 5), "a journal folder that is deleted is told at once", recorder.log())
    before = recorder.durable()
    tap.ok(rig.wait_for(lambda: recorder.durable() > before + 4, 5, "it records again"), "it goes on in a new one", recorder.log())
    code, _ = recorder.stop()
    db = recorder.store()
    tap.ok(code == 0 and len(field.events(db, "run-end")) == 1 and len(field.radio_times(db, "a")) > 4,
           "which holds all that came after", recorder.log())


def test_deleted_at_the_end():
    recorder = started(field.Modem("late"), "-t", "3.5")
    rig.wait_for(lambda: recorder.log().count("durable") >= 4, 10, "the run is nearly over")
    shutil.rmtree(recorder.journal)
    code = recorder.process.wait(timeout=20)
    tap.ok("was deleted or moved away" in recorder.log() and code == 0 and os.listdir(recorder.journal),
           "a folder that is deleted in the last second is told, and the end is saved", (code, recorder.log()))


def test_moved():
    recorder = started(field.Modem("moved"))
    shutil.move(recorder.journal, recorder.journal + "-moved")
    tap.ok(recorder.says("was deleted or moved away", 5), "a folder that is moved is told", recorder.log())
    recorder.says("recording again", 5)
    recorder.stop()
    acknowledged = recorder.durable()
    sync = rig.run([rig.JAMLOG, "sync", "-q", recorder.journal, recorder.journal + "-moved", "--db", f"{recorder.out}/both.gpkg"])
    db = rig.database(f"{recorder.out}/both.gpkg")
    kinds = ("run", "device", "radio", "fix", "sky", "event", "clock", "session", "probe")
    count = sum(db.execute(f"SELECT count(*) FROM {kind}").fetchone()[0] for kind in kinds)
    tap.ok(sync.returncode == 0 and count == acknowledged, "both folders together hold everything", (sync, count, acknowledged))


def test_in_use():
    modem = field.Modem("wanted")
    first = started(modem)
    second = field.Recorder("--modem", f"b={modem.node}", "--no-gps", "-t", "3")
    tap.equal(second.process.wait(timeout=15), 3, "a second recorder on one modem records nothing")
    tap.ok("is in use by another jamlog" in second.log(), "and says why", second.log())
    first.stop()
    db = first.store()
    tap.ok(max(field.gaps(field.radio_times(db, "a"))) < 0.6 and not field.events(db, "source-lost"), "the first is not disturbed",
           field.gaps(field.radio_times(db, "a")))
    third = started(modem)
    code, _ = third.stop()
    tap.equal((code, modem.clients()), (0, 0), "after it the modem is free again")


test_deleted()
test_deleted_at_the_end()
test_moved()
test_in_use()
tap.done()
