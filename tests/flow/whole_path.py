#!/usr/bin/env python3
"""A drive through real libqmi, real gpsd, journal, store and export: what comes out is what the simulated world was.

SPDX-License-Identifier: GPL-3.0-or-later"""
import json
import os
import re
import sys
from datetime import datetime

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

SPEED = 10 if "release" in rig.BUILD else 4  # sanitized programs on a busy machine
tap = rig.Tap()


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def metres(lat1, lon1, lat2, lon2):
    return 111195 * ((lat1 - lat2) ** 2 + (0.589 * (lon1 - lon2)) ** 2) ** 0.5  # cos(53.9 degrees) = 0.589


def truth_by_second(truth, kind, name):
    """Whole seconds of UTC -> the world's line."""
    return {round(seconds(t["time"])): t for t in truth if t["kind"] == kind and t.get(kind) == name}


def nearest(table, when):
    return table.get(round(when))


def dead_seconds(rows, is_dead):
    """First and last moment at which it was dead, after having been alive."""
    alive_once, dead = False, []
    for when, row in rows:
        alive_once = alive_once or not is_dead(row)
        if alive_once and is_dead(row):
            dead.append(when)
    return (dead[0], dead[-1]) if dead else (None, None)


out = rig.folder()
code = rig.play("drive-outage.scenario", out, ["a"], speed=SPEED)
log = open(os.path.join(out, "record.log"), encoding="utf-8").read()
tap.equal(code, 0, "the recorder ends in order when it is told to")
truth = rig.json_lines(os.path.join(out, "truth.jsonl"))
world = truth_by_second(truth, "modem", "a")
places = truth_by_second(truth, "gps", "main")

db_path = os.path.join(out, "field.gpkg")
sync = rig.run([rig.JAMLOG, "sync", os.path.join(out, "journal"), "--db", db_path])
tap.equal(sync.returncode, 0, "sync reads the journal" if sync.returncode == 0 else f"sync reads the journal: {sync.stderr}")
db = rig.database(db_path)
samples = [dict(row) for row in db.execute("SELECT * FROM sample ORDER BY start_time")]
for s in samples:
    s["when"] = (seconds(s["start_time"]) + seconds(s["end_time"])) / 2
tap.ok(85 <= len(samples) <= 110, "one sweep a second, and a few more at changes", len(samples))

# --- the outage ---
wanted = dead_seconds(sorted(world.items()), lambda t: t["true_service"] == "none")
got = dead_seconds([(s["when"], s) for s in samples], lambda s: s["service"] == "none")
tap.ok(None not in got and abs(got[0] - wanted[0]) <= 2.5 and abs(got[1] - wanted[1]) <= 2.5,
       "the outage begins and ends when it did in the world", f"got {got}, wanted {wanted}")
dead = [s for s in samples if got[0] <= s["when"] <= got[1]]
tap.ok(all(s["lte_rsrp_dbm"] is None and s["cell_id"] is None for s in dead), "without service there is no signal and no cell, not the last ones")
# (the cells are back some seconds before a modem has found them and signed in)
silent = [s for s in samples if got[0] + 2 <= s["when"] and nearest(world, s["when"]) and nearest(world, s["when"])["happenings"]]
tap.ok(len(silent) > 15 and all(s["rx0_dbm"] is not None and s["rx0_dbm"] < -90 for s in silent[:-2]),
       "received power falls to the noise floor while the cells are off", [s["rx0_dbm"] for s in silent])

# --- radio values: a sweep lies within half a second of the world's line, and fading moves it a little ---
steady = [s for s in samples if s["service"] == "served" and nearest(world, s["when"]) and nearest(world, s["when"])["serving"]]
same_cell = [s for s in steady if nearest(world, s["when"])["serving"]["cell_id"] == s["cell_id"]]
tap.ok(len(same_cell) >= 0.9 * len(steady) and len(steady) > 40, "the serving cell is the world's", f"{len(same_cell)} of {len(steady)}")
far = [(s["lte_rsrp_dbm"], nearest(world, s["when"])["serving"]["rsrp_dbm"]) for s in same_cell
       if abs(s["lte_rsrp_dbm"] - nearest(world, s["when"])["serving"]["rsrp_dbm"]) > 4]
tap.ok(len(far) <= 0.05 * len(same_cell), "RSRP is the world's", far)
identity = {(s["mcc"], s["mnc"]) for s in steady}
tap.equal(identity, {("257", "01")}, "the PLMN is text with its leading zero")
wrong = [s for s in same_cell if (s["tac"], s["pci"], s["arfcn"]) !=
         tuple(nearest(world, s["when"])["serving"][k] for k in ("tac", "pci", "arfcn"))]
tap.ok(len(wrong) <= 2, "TAC, PCI and EARFCN belong to that cell", wrong[:2])

# --- positions ---
located = [s for s in samples if s["position_state"] in ("live", "interpolated")]
tap.ok(len(located) >= 0.9 * len(samples), "nearly every sweep has a place", f"{len(located)} of {len(samples)}")
geojson_path = os.path.join(out, "field.geojson")
export = rig.run([rig.JAMLOG, "export", "--db", db_path, "--format", "geojson", "-o", geojson_path])
tap.equal(export.returncode, 0, "export writes GeoJSON")
with open(geojson_path, encoding="utf-8") as handle:
    features = json.load(handle)["features"]
tap.equal(len(features), len(samples), "as many features as samples")
off = []
for f in features:
    if not f["geometry"]:
        continue
    when = (seconds(f["properties"]["start_time"]) + seconds(f["properties"]["end_time"])) / 2
    here = nearest(places, when)
    if here:
        lon, lat = f["geometry"]["coordinates"][:2]
        distance = metres(lat, lon, here["lat_deg"], here["lon_deg"])
        if distance > 30:  # half a second at 45 km/h, a second of clock error, noise of the receiver
            off.append(distance)
tap.ok(not off, "places are the world's", off)

# --- counts agree ---
kinds = {k: db.execute(f"SELECT count(*) FROM {k}").fetchone()[0] for k in ("run", "device", "radio", "fix", "sky", "event", "clock", "session", "probe")}
total = sum(kinds.values())
stopped = [line for line in log.splitlines() if "stopped:" in line]
tap.ok(stopped and f" {total} observations" in stopped[0], "the store has as many observations as the recorder wrote", f"{kinds} {stopped}")
tap.equal((kinds["run"], kinds["device"]), (1, 1), "one run and one modem are described")

# --- nothing identifying anywhere ---
secrets = [t.encode() for t in ("imei", "imsi", "iccid")]
journal = b"".join(open(os.path.join(out, "journal", f), "rb").read() for f in os.listdir(os.path.join(out, "journal")))
tap.ok(not re.search(rb"\d{14,}", journal) and not any(s in journal.lower() for s in secrets),
       "the journal holds no number as long as an IMEI, IMSI or ICCID")

# --- independent readers ---
ogr = rig.run(["ogrinfo", "-ro", "-so", db_path, "sample"])
tap.ok(f"Feature Count: {len(samples)}" in ogr.stdout and not ogr.stderr.strip(), "ogrinfo reads the layer of the store without a warning",
       ogr.stdout + ogr.stderr)
ogr = rig.run(["ogrinfo", "-ro", "-al", "-so", geojson_path])
tap.ok(f"Feature Count: {len(samples)}" in ogr.stdout and not ogr.stderr.strip(), "ogrinfo reads the GeoJSON without a warning",
       ogr.stdout + ogr.stderr)
tap.done()
