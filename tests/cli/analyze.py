#!/usr/bin/env python3
"""jamlog analyze and explain as a person uses them, on made-up drives that come in through jamlog import: ordinary days, and one with a
jammer.

SPDX-License-Identifier: GPL-3.0-or-later"""
import json
import os
import random
import signal
import shutil
import sqlite3
import sys
from datetime import datetime, timedelta, timezone

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

tap = rig.Tap()
out = rig.folder()
MAPPING = os.path.join(out, "log.map")
with open(MAPPING, "w", encoding="ascii") as handle:
    handle.write("[file]\ndelimiter = ,\nrat = lte\n[time]\ncolumn = time\nformat = iso\n" + "".join(
        f"[{name}]\ncolumn = {name}\n" for name in ("latitude", "longitude", "rsrp", "rsrq", "snr", "plmn", "tac", "cell_id", "pci",
                                                     "earfcn", "band")))
BEGIN = datetime(2026, 5, 1, 12, 0, 0, tzinfo=timezone.utc)
JAM = (300, 420)  # seconds


def write_log(name, day, seconds=600, jam=None, plmn="257-01", located=True, seed=1, jump=None):
    """A slow walk to and fro past one cell, a line a second."""
    dice = random.Random(f"{seed} {day} {plmn}")
    path = os.path.join(out, name)
    with open(path, "w", encoding="ascii") as file:
        file.write("time,latitude,longitude,rsrp,rsrq,snr,plmn,tac,cell_id,pci,earfcn,band\n")
        for second in range(seconds):
            if jump and jump[0] <= second < jump[1]:
                continue
            when = BEGIN + timedelta(days=day, seconds=second)
            way = 0.0004 * (1 - abs(second % 200 - 100) / 100)
            rsrp, rsrq, snr = -88 + dice.gauss(0, 1.5), -9 + dice.gauss(0, 0.7), 15 + dice.gauss(0, 1.5)
            if jam and jam[0] <= second < jam[1]:
                rsrq, snr = -18 + dice.gauss(0, 0.5), -7 + dice.gauss(0, 1)
            place = f"{53.9020 + way:.6f},{27.5610:.6f}" if located else ","
            file.write(f"{when:%Y-%m-%dT%H:%M:%SZ},{place},{rsrp:.0f},{rsrq:.0f},{snr:.1f},{plmn},4011,27000001,101,1300,3\n")
    return path


def imported(db, *logs):
    done = rig.run([rig.JAMLOG, "import", "--quiet", "--db", db, "--map", MAPPING, *logs])
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return db


def analyze(db, *options):
    return rig.run([rig.JAMLOG, "analyze", "--db", db, *options])


def found(db, *options):
    done = analyze(db, "--json", "--quiet", *options)
    return json.loads(done.stdout)


def kinds(result):
    return [(i["verdict"], i.get("sub"), i["confidence"]) for i in result["incidents"]]


ordinary = [write_log(f"day{day}.csv", day) for day in range(4)]
jammed = write_log("jammed.csv", 10, jam=JAM)
full = imported(os.path.join(out, "full.gpkg"), *ordinary, jammed)

# --- what is found ---
result = found(full)
tap.equal([kind[:2] for kind in kinds(result)], [("jamming", "degraded")], "the jammer is found, and nothing on ordinary days")
incident = result["incidents"][0]
start = datetime.fromisoformat(incident["start_time"].replace("Z", "+00:00"))
late = (start - BEGIN - timedelta(days=10)).total_seconds() - JAM[0]
tap.ok(0 <= late <= 15, "its begin within 15 s", late)
tap.ok(100 <= incident["duration_s"] <= 135, "its length", incident["duration_s"])
tap.ok(abs(incident["lat"] - 53.9022) < 0.0003 and abs(incident["lon"] - 27.561) < 1e-4 and incident["radius_m"] < 60, "its place", incident)
sentences = {kind: [e["text"] for e in incident["evidence"] if e["kind"] == kind] for kind in ("for", "against", "alternative", "limit")}
tap.ok(sentences["for"] and all(any(c.isdigit() for c in text) for text in sentences["for"]), "evidence for it, with figures", sentences)
tap.ok(sentences["alternative"], "what else it could be", sentences)
tap.ok("a single modem saw it" in sentences["limit"], "and its limits", sentences)
tap.ok(incident["confidence"] != "high" and "consistent with jamming" in incident["summary"], "one modem is never sure, and says so", incident)
text = analyze(full)
tap.ok(incident["code"] in text.stdout and "2026-05-11T12:0" in text.stdout, "the table has it", text.stdout)

# --- the same again, and beside it ---
db = sqlite3.connect(full)
tap.equal(found(full)["recordings_computed"], 0, "a second run computes nothing anew")


def dump(database):
    rows = {}
    for table, columns in (("incident", "code, verdict, sub, confidence, start_time, end_time, duration_s, geom, summary"),
                           ("incident_evidence", "n, kind, modem, rule, verdict, text"),
                           ("finding", "rule, verdict, confidence, start_fid, end_fid"),
                           ("stretch", "modem, operator, state, cause, data_tested, start_time, end_time, start_fid, end_fid")):
        rows[table] = sorted(map(repr, database.execute(f"SELECT {columns} FROM {table} WHERE analysis={'1' if table == 'finding' else 'analysis'}"
                                                        if table != "incident_evidence" else f"SELECT {columns} FROM {table}")))
    return rows


before = dump(db)
tap.equal(found(full, "--again")["recordings_computed"], 5, "--again computes all")
tap.equal(dump(db), before, "with the same result")
lax = found(full, "--set", "jamming-degraded.lasts_s=3600")
tap.ok(not [k for k in kinds(lax) if k[0] == "jamming"], "another figure gives another result", kinds(lax))
tap.ok(not [k for k in kinds(found(full, "--without", "jamming-degraded")) if k[0] == "jamming"], "a rule can be switched off")
tap.equal(sorted(r[0] for r in db.execute("SELECT parameters FROM analysis")),
          ["", "jamming-degraded.lasts_s=3600\n", "without jamming-degraded\n"], "and all stand beside each other")
tap.equal(kinds(found(full)), kinds(result), "the first one is still there")

# --- explain ---
told = rig.run([rig.JAMLOG, "explain", incident["code"].lower().replace("-", ""), "--db", full])
tap.ok(told.returncode == 0 and all(word in told.stdout for word in ("For it:", "Not ruled out:", "Limits:", "looks for:", "lasts_s",
                                                                     "RSRP dBm", "outside the chain of evidence")),
       "explain tells the rule, its figures, the sweeps and what it rests on", told)
story = json.loads(rig.run([rig.JAMLOG, "explain", incident["code"], "--db", full, "--json"]).stdout)
tap.ok(len(story["findings"][0]["sweeps"]) >= 8 and story["imported"][0]["file_name"] == "jammed.csv", "and so it does in JSON", story)
done = rig.run([rig.JAMLOG, "explain", "0000-0000", "--db", full])
tap.ok(done.returncode == 3 and "no incident" in done.stderr, "an incident that is not there: exit 3", done)

# --- every stretch has a state ---
states = db.execute("SELECT state, cause, sum(end_boottime_ms - start_boottime_ms) / 1000 FROM stretch WHERE analysis=1 AND recording=5"
                    " GROUP BY state, cause").fetchall()
tap.ok(abs(sum(s[2] for s in states) - 599) <= 2 and {s[0] for s in states} == {"working", "degraded"}, "every stretch has a state", states)
tap.ok([s for s in states if s[:2] == ("degraded", "jamming") and 100 <= s[2] <= 135], "and its cause", states)

# --- without ordinary days, without places, with gaps, two devices ---
alone = imported(os.path.join(out, "alone.gpkg"), jammed)
done = analyze(alone)
tap.ok("without ordinary days" in done.stderr, "a store without a baseline says what that means", done.stderr)
tap.ok(all(k[2] == "low" for k in kinds(found(alone)) if k[0] == "jamming"), "and nothing is surer than low", kinds(found(alone)))
nowhere = imported(os.path.join(out, "nowhere.gpkg"), write_log("nowhere.csv", 20, located=False))
done = analyze(nowhere)
tap.ok(done.returncode == 0 and "600 sweeps have no place" in done.stderr, "sweeps without a place are told of", done)
gaps = imported(os.path.join(out, "gaps.gpkg"), write_log("gaps.csv", 30, jump=(100, 200)))
found(gaps)
tap.equal(sqlite3.connect(gaps).execute("SELECT state, end_boottime_ms - start_boottime_ms FROM stretch WHERE state='not-measured'").fetchall(),
          [("not-measured", 101000)], "a gap was not measured")
second = write_log("second.csv", 10, jam=JAM, plmn="257-02", seed=2)
pair = imported(os.path.join(out, "pair.gpkg"), *ordinary, jammed, *(write_log(f"b{day}.csv", day, plmn="257-02", seed=2) for day in range(4)),
                second)
both = found(pair)
tap.equal(kinds(both)[0][:2] if len(both["incidents"]) == 1 else kinds(both), ("jamming", "degraded"), "two devices at once: one incident")
tap.equal(sorted(both["incidents"][0]["operators"].split(", ")), ["257-01", "257-02"], "of both operators")

# --- only what is touched ---
grown = imported(os.path.join(out, "grown.gpkg"), *ordinary, jammed)
found(grown)
far = os.path.join(out, "far.csv")
with open(write_log("near.csv", 40), encoding="ascii") as source, open(far, "w", encoding="ascii") as target:
    target.write(source.read().replace(",53.90", ",54.50"))
imported(grown, far)
tap.equal(found(grown)["recordings_computed"], 1, "a drive elsewhere touches nothing else")
imported(grown, write_log("again.csv", 41))
tap.equal(found(grown)["recordings_computed"], 6, "one at the same place gives all of them another baseline")
fresh = imported(os.path.join(out, "fresh.gpkg"), *ordinary, jammed, far, os.path.join(out, "again.csv"))
found(fresh)
tap.equal(dump(sqlite3.connect(grown)), dump(sqlite3.connect(fresh)), "and the result is that of a fresh analysis")

# --- bad input ---
empty = os.path.join(out, "empty.gpkg")
plain = rig.run([rig.JAMLOG, "analyze", "--db", empty])
tap.ok(plain.returncode == 1 and "sync" in plain.stderr and not os.path.exists(empty), "no store: what to do", plain)
for options, why in ((("--db", full, "--without", "nonsense"), 'no rule "nonsense"'), (("--db", full, "--set", "barred"), "RULE.FIGURE=VALUE"),
                     (("--db", full, "--set", "barred.x=1"), 'no figure "x"'), (("--db", full, "--set", "barred.lasts_s=soon"), "no number"),
                     (("--db", full, "--set", "jamming-degraded.lasts_s=1e300"), "between 0"),
                     (("--db", full, "--set", "jamming-degraded.lasts_s=-1"), "between 0"),
                     (("--db", full, "--set", "jamming-degraded.alone_rsrp_dbm=-1e10"), "between -1000000000"),
                     ((), "--db"), (("--db", full, "more"), "a word too many")):
    done = rig.run([rig.JAMLOG, "analyze", *options])
    tap.ok(done.returncode == 2 and why in done.stderr, f"usage: {why}", done)
unanalyzed = imported(os.path.join(out, "unanalyzed.gpkg"), ordinary[0])
done = rig.run([rig.JAMLOG, "explain", "0000-0000", "--db", unanalyzed])
tap.ok(done.returncode == 3 and "jamlog analyze" in done.stderr, "explain before analyze says so", done)
hollow = os.path.join(out, "hollow.gpkg")
shutil.copy(unanalyzed, hollow)
with sqlite3.connect(hollow) as connection:
    connection.execute("DELETE FROM radio")
connection.close()
done = analyze(hollow)
tap.ok(done.returncode == 3 and "no sweep" in done.stderr, "a store without sweeps: exit 3", done)
other = os.path.join(out, "other.gpkg")
shutil.copy(alone, other)
with sqlite3.connect(other) as connection:
    connection.execute("UPDATE meta SET value='0' WHERE key='results_version'")
connection.close()
done = analyze(other)
tap.ok(done.returncode == 1 and "another version" in done.stderr, "results of another version are left alone", done)
with open(os.path.join(out, "text.gpkg"), "w", encoding="ascii") as file:
    file.write("no database")
tap.equal(analyze(file.name).returncode, 1, "what is no store is refused")

# --- stopped ---
process = rig.start([rig.JAMLOG, "analyze", "--db", unanalyzed, "--quiet"])
process.send_signal(signal.SIGKILL)
process.wait()
tap.equal(analyze(unanalyzed, "--quiet").returncode, 0, "after a kill it starts again")

# --- rules ---
rules = json.loads(rig.run([rig.JAMLOG, "analyze", "--rules", "--json"]).stdout)
tap.ok(len(rules) >= 17 and all(r["looks_for"] and r["figures"] and all(f["source"] for f in r["figures"]) for r in rules),
       "each rule says what it looks for, its figures, and where they come from", [r["name"] for r in rules])
tap.ok("jamming-blackout" in rig.run([rig.JAMLOG, "analyze", "--rules"]).stdout, "in words, too")
tap.done()
