#!/usr/bin/env python3
"""jamlog analyze of a store that grows: only recordings that are new, or whose places were passed again since, are computed; what stands
there then is what an analysis of the whole gives.

SPDX-License-Identifier: GPL-3.0-or-later"""
import json
import os
import shutil
import sys
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

tap = rig.Tap()
out = rig.folder()
MAKE = os.path.join(rig.BUILD, "tests", "helper", "journal_make")
DAY = 86400
# Whose rows are told apart by what they say, not by their number.
TABLES = ("finding", "finding_sentence", "course", "incident", "incident_evidence", "stretch", "baseline_pass")
NUMBERS = ("id", "incident", "finding", "made_time")


def journal(number, *options):
    """A modem that stands still; each device on a day of its own."""
    path = os.path.join(out, f"journal-{number}")
    utc = 1715000000 + number * 2 * DAY
    made = rig.run([MAKE, path, f"device={number}", f"boot={number}", f"utc={utc}", "speed=0", "round_every=30", *options])
    if made.returncode != 0:
        raise RuntimeError(made.stderr)
    return path


def synced(db, *journals):
    done = rig.run([rig.JAMLOG, "sync", "--quiet", *journals, "--db", db])
    if done.returncode != 0:
        raise RuntimeError(done.stderr)


def computed(db, *options):
    """How many recordings an analysis computes."""
    done = rig.run([rig.JAMLOG, "analyze", "--quiet", "--json", "--db", db, *options])
    return json.loads(done.stdout)["recordings_computed"] if done.returncode == 0 else done.stderr


def key_words(db):
    return {row["id"]: row["key"] for row in db.execute("SELECT id, key FROM baseline_cell")}


def results(path):
    """Every table as sorted rows without their numbers; baselines' cells by their words."""
    db = rig.database(path)
    tables = {}
    for name in TABLES:
        rows = [dict(row) for row in db.execute(f"SELECT * FROM {name}")]
        if name == "baseline_pass":
            words = key_words(db)
            for row in rows:
                row["cell"] = words[row["cell"]]
        tables[name] = sorted(repr([(k, v) for k, v in row.items() if k not in NUMBERS]) for row in rows)
    db.close()
    return tables


def same(got, wanted, name):
    for table in TABLES:
        more, less = [sorted(set(a[table]) - set(b[table])) for a, b in ((got, wanted), (wanted, got))]
        tap.ok(got[table] == wanted[table] and wanted[table], f"{name}: {table}",
               f"{len(got[table])} rows, wanted {len(wanted[table])}; only here {more[:2]}; only there {less[:2]}")


# Two places with an outage each; three ordinary days at the first of them.
OUTAGE = ("sweeps=600", "outage=200-400")
here, elsewhere = journal(1, *OUTAGE), journal(2, *OUTAGE, "lat=53.8")
days = [journal(number, "sweeps=180") for number in (3, 4, 5)]

grown = os.path.join(out, "grown.gpkg")
synced(grown, here, elsewhere)
tap.equal(computed(grown), 2, "the first analysis computes all recordings")
before = results(grown)
tap.equal(computed(grown), 0, "a second one computes nothing")
same(results(grown), before, "what a second one leaves is what was there")

synced(grown, *days)
tap.equal(computed(grown), 4, "then those that are new and the one at their place are computed, not the one elsewhere")
after = results(grown)
tap.ok(Counter(before["finding_sentence"]) - Counter(after["finding_sentence"]),
       "ordinary days change what is said of the outage at their place")
fresh = os.path.join(out, "fresh.gpkg")
synced(fresh, here, elsewhere)
synced(fresh, *days)
tap.equal(computed(fresh), 5, "an analysis of the whole computes all")
same(after, results(fresh), "in steps it comes to what the whole gives")

copy = os.path.join(out, "again.gpkg")
shutil.copy(grown, copy)
tap.equal(computed(copy, "--again"), 5, "--again computes all")
same(results(copy), after, "computed again it is the same")
tap.equal(computed(grown, "--set", "cells-off.lasts_s=45"), 5, "with other figures all is another analysis")
tap.equal(computed(grown), 0, "which leaves nothing to compute of the first one")
tap.done()
