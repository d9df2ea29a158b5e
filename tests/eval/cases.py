"""Brings one scenario and seed through the whole path: ordinary days at its place, the day itself, one store, its analysis.

Under build/eval: places/KEY-SEED/ has the ordinary days of a place (day-N/journal) and their store, cases/NAME-SEED/ the day itself
(journal, log files, played.scenario) and the store of both. What was recorded with the same text and the same programs is used again.

SPDX-License-Identifier: GPL-3.0-or-later"""
import glob
import hashlib
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import play  # noqa: E402
import rig  # noqa: E402

ORDINARY_DAYS = (1, 2, 3, 4)  # each has three others to be compared with
THE_DAY = 20
CLOCK_STEPS = {"28-clock-step": (240, -1800)}  # of the recorder: seconds after its begin, and by how much
MIN_SWEEPS = 0.8  # of one a second
DATA_SLOWER = 5  # packets go over the kernel's real clocks, so that data go at a fifth of the speed


class Failed(Exception):
    """A step of the path that did not work, with what it said."""


def recording_sources():
    """Names the programs that record: others record anew, while another analysis takes the same recordings."""
    digest = hashlib.sha256()
    for room in ("sim", "core", "source", "probe", "record", "journal"):
        for path in sorted(glob.glob(os.path.join(rig.ROOT, "src", room, "**", "*.[ch]"), recursive=True)):
            with open(path, "rb") as handle:
                digest.update(handle.read())
    return digest.hexdigest()[:12]


def once(folder, stamp, record):
    """Calls record(folder) unless it was done for the same stamp."""
    note = os.path.join(folder, "recorded")
    if os.path.exists(note):
        with open(note, encoding="utf-8") as handle:
            if handle.read() == stamp:
                return
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    record(folder)
    with open(note, "w", encoding="utf-8") as handle:
        handle.write(stamp)


def recorded(scenario, seed, day, seconds, speed, out, step=None):
    """Twice, where a busy machine was too slow."""
    for _ in range(2):
        failure = play.play(scenario, out, seed, day, seconds, speed, step)
        if not failure:
            return
    raise Failed(f"{scenario.name}, seed {seed}: {failure}")


def jamlog(*arguments, codes=(0,)):
    done = rig.run([rig.JAMLOG, *arguments], timeout=600)
    if done.returncode not in codes:
        raise Failed(f"jamlog {' '.join(arguments)}: {done.returncode} {done.stderr.strip()}")
    return done.stdout


class Paths:
    """Where everything of an evaluation lies."""

    def __init__(self, root, speed):
        self.root, self.speed, self.programs = root, speed, recording_sources()

    def place(self, scenario, seed):
        return os.path.join(self.root, "places", f"{scenario.key()}-{seed}")

    def case(self, scenario, seed):
        return os.path.join(self.root, "cases", f"{scenario.name}-{seed}")


def record_ordinary(paths, scenario, seed, day):
    """One of the ordinary days at the scenario's place."""
    once(os.path.join(paths.place(scenario, seed), f"day-{day}"), f"{paths.programs} {paths.speed}",
         lambda folder: recorded(scenario.place(), seed, day, scenario.duration, paths.speed, folder))


def record_case(paths, scenario, seed):
    """The day itself."""
    speed = paths.speed / DATA_SLOWER if scenario.internet else paths.speed
    stamp = f"{paths.programs} {speed} {scenario.end()} {hashlib.sha256(scenario.played().encode()).hexdigest()}"
    once(paths.case(scenario, seed), stamp,
         lambda folder: recorded(scenario, seed, THE_DAY, scenario.end(), speed, folder, CLOCK_STEPS.get(scenario.name)))


def synced(journals, store, base=None):
    """A fresh store of these journals, on top of another store."""
    if os.path.exists(store):
        os.unlink(store)
    if base:
        shutil.copy(base, store)
    jamlog("sync", "--quiet", *journals, "--db", store)
    return store


def analyze_place(paths, scenario, seed):
    """The store of the ordinary days, not analyzed, for others to begin with; and a database of the same, analyzed."""
    folder = paths.place(scenario, seed)
    base = synced([os.path.join(folder, f"day-{day}", "journal") for day in ORDINARY_DAYS], os.path.join(folder, "ordinary.gpkg"))
    store = shutil.copy(base, os.path.join(folder, "analyzed.gpkg"))
    jamlog("analyze", "--quiet", "--db", store)
    return rig.database(store)


def analyze_case(paths, scenario, seed):
    """A database of the day behind its ordinary days, analyzed; and the number of its recording."""
    folder = paths.case(scenario, seed)
    store = synced([os.path.join(folder, "journal")], os.path.join(folder, "store.gpkg"),
                   os.path.join(paths.place(scenario, seed), "ordinary.gpkg"))
    jamlog("analyze", "--quiet", "--db", store)
    db = rig.database(store)
    return db, db.execute("SELECT max(id) FROM recording").fetchone()[0]


def sweeps_share(db, recording, scenario):
    """Sweeps that there are, of those that there should be: below MIN_SWEEPS the record tells of the machine rather than of the world."""
    sweeps = db.execute("SELECT count(*) FROM radio WHERE id >> 32 = ?", (recording,)).fetchone()[0]
    return sweeps / (scenario.end() * len(scenario.modems))


def began(folder):
    """UTC second at which the world began."""
    with open(os.path.join(folder, "begin.json"), encoding="utf-8") as handle:
        return json.load(handle)["start"]
