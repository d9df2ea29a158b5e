#!/usr/bin/env python3
"""jamlog record while the card with the journal fails in the middle, and is back after a while: it says so, calls nothing durable
meanwhile, goes on within 10 s, and what it had called durable before is there.

Needs root, loop devices and /dev/fuse.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../helper"))
import field  # noqa: E402
import recording_disk  # noqa: E402
import rig  # noqa: E402

TIMES = 20 if os.environ.get("TORTURE") == "full" else 1
KINDS = ("run", "device", "radio", "fix", "sky", "event", "clock", "mark", "session", "probe")

why = recording_disk.alone()
if why:
    print(f"1..0 # SKIP {why}")
    sys.exit(0)
tap = rig.Tap()
disk = recording_disk.RecordingDisk(rig.folder(), 64 << 20)
modem = field.Modem("a")
recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps", "-i", "0.2", "-v", journal=f"{disk.mounted}/journal")

slowest = 0
try:
    for n in range(1, TIMES + 1):
        rig.wait_for(lambda: recorder.durable() > 10 * n, 15, "durable observations")
        disk.pull()
        told = recorder.says("NOT RECORDING: ", 10, n)
        acknowledged = recorder.durable()
        time.sleep(1)
        tap.ok(told and recorder.durable() == acknowledged, "a card that fails is told, and nothing is called durable",
               recorder.log()[-2000:])
        disk.plug()
        back = time.monotonic()
        tap.ok(recorder.says("recording again (0 observations were lost)", 10, n), "with the card back it records again",
               recorder.log()[-2000:])
        slowest = max(slowest, time.monotonic() - back)
    code, _ = recorder.stop()
    db = recorder.store()
    there = [row[0] for row in db.execute(" UNION ALL ".join(f"SELECT id & 4294967295 AS n FROM {kind}" for kind in KINDS) + " ORDER BY n")]
    tap.equal((code, there), (0, list(range(1, recorder.durable() + 1))), "all that was called durable before, between and after is there")
    print(f"# failures={TIMES} resumed_max_s={slowest:.1f}")
finally:
    recorder.process.kill()
    recorder.process.wait()
    disk.close()
tap.done()
