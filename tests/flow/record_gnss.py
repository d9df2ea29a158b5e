#!/usr/bin/env python3
"""Positions from the modem's own receiver: where the truth has them, dated by satellites, and never asked of the network.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import sys
from datetime import datetime

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()
SPEED = 4
LOC_SET_MODE, LOC_START, LOC_STOP = "0x10004a", "0x100022", "0x100023"

PLAY = r"""
"$1" "$2" --run-dir "$4" --truth "$4/truth.jsonl" > "$4/sim.log" &
sim=$!
until grep -q '^ready' "$4/sim.log"; do kill -0 $sim || exit 9; done
"$3" record --modem "a=$4/modem-a" --modem-gnss --no-gps -d "$4/journal" --state "$4/state" 2> "$4/record.log" &
record=$!
wait $sim
kill -TERM $record
wait $record
"""


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def metres(a, b):
    return 111195 * ((a[0] - b[0]) ** 2 + (0.589 * (a[1] - b[1])) ** 2) ** 0.5  # cos(53.9 degrees) = 0.589


def test_drive():
    out = rig.folder()
    os.environ["XDG_CONFIG_HOME"] = out
    environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    process = rig.start(["faketime", "-f", f"+0 x{SPEED}", "bash", "-c", PLAY, "play", rig.SIM,
                         os.path.join(rig.SCENARIOS, "gnss-in-modem.scenario"), rig.JAMLOG, out], env=environment)
    tap.equal(process.wait(timeout=120), 0, "the drive is recorded")
    rig.run([rig.JAMLOG, "sync", "--quiet", f"{out}/journal", "--db", f"{out}/s.gpkg"])
    db = rig.database(f"{out}/s.gpkg")
    places = {round(seconds(t["time"])): (t["lat_deg"], t["lon_deg"]) for t in rig.json_lines(f"{out}/truth.jsonl") if t["kind"] == "gps"}
    fixes = db.execute("SELECT * FROM fix WHERE mode = '3d' ORDER BY id").fetchall()
    tap.ok(35 <= len(fixes) <= 60, "a position a second while the sky is there", len(fixes))
    off = [metres((f["lat_e7"] / 1e7, f["lon_e7"] / 1e7), places[round(f["time_ms"] / 1000)]) for f in fixes
           if round(f["time_ms"] / 1000) in places]
    tap.ok(len(off) > 30 and max(off) < 12, "positions are the world's", (len(off), max(off, default=None)))
    gap = max(b["boottime_ms"] - a["boottime_ms"] for a, b in zip(fixes, fixes[1:]))
    tap.ok(14000 < gap < 26000, "while the sky is lost, and being found again, no position is given out", gap)
    tap.ok(db.execute("SELECT count(*) FROM fix WHERE mode = 'none'").fetchone()[0] >= 10, "but that there is none is recorded")
    pairs = db.execute("SELECT * FROM clock").fetchall()
    tap.ok(pairs and abs(pairs[0]["gps_time_ms"] - fixes[0]["time_ms"]) < 1500, "GPS time is paired with the clock of the boot")
    sky = db.execute("SELECT max(satellites_used) AS used, min(satellites_used) AS least, max(cn0_top4_cdbhz) AS top FROM sky").fetchone()
    tap.ok(sky["used"] > 6 and sky["least"] == 0 and 3000 < sky["top"] < 6000, "the sky is told of, and that none of it is used when lost",
           tuple(sky))
    placed = db.execute("SELECT count(*) FROM sample WHERE position_state = 'live'").fetchone()[0]
    tap.ok(placed >= 30, "sweeps get their places from them", placed)


def counts(modem):
    asked = modem.tell("stats")["requests"]
    return [asked.get(r, 0) for r in (LOC_SET_MODE, LOC_START, LOC_STOP)]


def test_never_asks_the_network():
    """The receiver is started only once it is known to work by itself alone, and stopped in the end."""
    modem = field.Modem("a")
    modem.tell("gnss has_fix=0 utc_ms=1795559735000")
    recorder = field.Recorder("--modem", f"a={modem.node}", "--modem-gnss", "--no-gps")
    recorder.says("in service")
    tap.ok(rig.wait_for(lambda: counts(modem) == [1, 0, 0], 5, "the order to work alone"),
           "the receiver is not started before it is known to work alone", counts(modem))
    modem.tell("apply")  # the modem says that it does
    tap.ok(rig.wait_for(lambda: counts(modem) == [1, 1, 0], 5, "the start"), "then it is", counts(modem))
    recorder.stop()
    tap.equal((counts(modem), modem.clients()), ([1, 1, 1], 0), "and stopped in the end")


def test_without_one():
    modem = field.Modem("a")
    recorder = field.Recorder("--modem", f"a={modem.node}", "--modem-gnss", "--no-gps")
    tap.ok(recorder.says("the modem has no GNSS receiver", 5) and recorder.says("in service"),
           "a modem without a receiver is told as such, and recorded all the same")
    recorder.stop()
    modem.tell("gnss has_fix=0")
    recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps")
    recorder.says("in service")
    recorder.stop()
    tap.equal(counts(modem), [0, 0, 0], "a receiver is left alone where nobody wants it")


test_drive()
test_never_asks_the_network()
test_without_one()
tap.done()
