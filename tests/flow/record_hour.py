#!/usr/bin/env python3
"""An hour with outages, a tunnel, airplane mode and loss of GPS, at forty times the speed: services, times and places hold against the truth.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import sys
from bisect import bisect_left
from datetime import datetime

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

SPEED = 40
WORDS = {"none": "none", "limited": "limited", "full": "served"}
tap = rig.Tap()
if "asan" in rig.BUILD:
    print("1..0 # SKIP sanitized programs are too slow for that")
    sys.exit(0)


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def metres(a, b):
    return 111195 * ((a[0] - b[0]) ** 2 + (0.589 * (a[1] - b[1])) ** 2) ** 0.5  # cos(53.9 degrees) = 0.589


def state(t):
    if t["operating_mode"] != "online":
        return "off"
    return "denied" if t["registration"] == "denied" else WORDS[t["true_service"]]


out = rig.folder()
tap.equal(rig.play("hour-drive.scenario", out, ["a"], speed=SPEED), 0, "the recorder keeps up and ends in order")
sync = rig.run([rig.JAMLOG, "sync", f"{out}/journal", "--db", f"{out}/f.gpkg"])
tap.equal(sync.returncode, 0, "sync reads the journal")
truth = rig.json_lines(f"{out}/truth.jsonl")
world = sorted((seconds(t["time"]), t) for t in truth if t["kind"] == "modem")
times = [w[0] for w in world]
places = {round(seconds(t["time"])): (t["lat_deg"], t["lon_deg"]) for t in truth if t["kind"] == "gps"}
db = rig.database(f"{out}/f.gpkg")
rows = db.execute("SELECT s.*, hex(r.point) AS point FROM sample s JOIN radio r ON r.id = s.fid ORDER BY s.start_time").fetchall()
samples = [(((seconds(r["start_time"]) + seconds(r["end_time"])) / 2), r) for r in rows]
# (a machine that is busy with other things skips some at this speed; whole_path.py counts them at a slower one)
tap.ok(len(samples) >= 3300, "there are sweeps all through the hour", len(samples))
tap.ok(all(a[0] <= b[0] for a, b in zip(samples, samples[1:])), "samples are in order of time")


def around(when, reach):
    return [w[1] for w in world[bisect_left(times, when - reach):bisect_left(times, when + reach)]]


wrong = [(s["start_time"], s["service"], {state(t) for t in around(when, 3)}) for when, s in samples
         if around(when, 3) and s["service"] not in {state(t) for t in around(when, 3)}]
tap.ok(len(wrong) <= 0.005 * len(samples), "the state of service is the world's, within three seconds", wrong[:8])
# A sweep stands for the time until the next one, so that seconds which a busy machine skipped do not count for nothing.
spans = [(min(b[0] - a[0], 5), a[1]["service"]) for a, b in zip(samples, samples[1:])]
for word in ("served", "none", "off"):
    recorded = sum(span for span, service in spans if service == word) / sum(span for span, _ in spans)
    real = sum(1 for _, t in world if state(t) == word) / len(world)
    tap.ok(real > 0 and abs(recorded - real) < 0.01, f"the share of \"{word}\" is the world's", f"{recorded:.4f} {real:.4f}")


def place(hexed):
    import struct
    lon, lat = struct.unpack("<dd", bytes.fromhex(hexed))
    return lat, lon


located = [(when, s) for when, s in samples if s["point"] and round(when) in places]
states = {s["position_state"] for _, s in samples}
tap.equal(states, {"live", "interpolated", "held", "none"}, "every state of a position occurs")
outside = [(s["start_time"], s["position_state"], s["position_error_m"], metres(place(s["point"]), places[round(when)]))
           for when, s in located if metres(place(s["point"]), places[round(when)]) > s["position_error_m"] + 14]
tap.ok(len(outside) <= 0.02 * len(located), "the place is within its stated error (and a second's way)", outside[:8])
tap.ok(all(s["position_error_m"] is not None for _, s in located), "no place without its error")
offsets = [row[0] for row in db.execute("SELECT boottime_ms - gps_time_ms FROM clock")]
tap.ok(len(offsets) >= 50 and max(offsets) - min(offsets) < 1000, "pairs of the two clocks agree within a second over the hour",
       f"{len(offsets)} {max(offsets) - min(offsets)}")
tap.done()
