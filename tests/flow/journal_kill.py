#!/usr/bin/env python3
# The writer is killed at random moments, also while it starts (KILLS times; 100, or 10,000 where TORTURE=full), one run after the other
# in the same folder: all that was acknowledged is in the segments, nothing else is, and each next run begins, and soon.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../helper"))
from journal_common import FULL, WRITER, Tap, acknowledged, check, check_runs, run_of, segments, writer_arguments  # noqa: E402

KILLS = int(os.environ.get("KILLS", "10000" if FULL else "100"))
RUNS_IN_A_FOLDER = 10


def run_and_kill(directory, rng):
    """Starts the writer, kills it a random time after none to four of its lines. Returns the run, the last number that it acknowledged,
    and the seconds to the first acknowledgement; None for what did not come."""
    options = ["--per-group", str(rng.choice([1, 3, 40])), "--size", str(rng.randint(0, 150)), "--segment-size", "32768"]
    options += ["--sealed"] if rng.random() < 0.3 else []
    began, first = time.monotonic(), None
    with subprocess.Popen([WRITER, *writer_arguments(directory), *options], stdout=subprocess.PIPE, text=True) as writer:
        try:
            head = ""
            for _ in range(rng.randint(0, 4)):
                head += writer.stdout.readline()
                if first is None and "\nack" in head:
                    first = time.monotonic() - began
            time.sleep(rng.uniform(0, 0.03))  # the random moment itself: nothing to wait for
        finally:
            writer.kill()
        said = head + writer.stdout.read()
    name = said.split("\n")[0]
    return (run_of(name[5:]) if name.endswith(".jlj") else None), acknowledged(said), first


def verdict(directory, promised):
    """What is wrong with a folder of killed runs. Of each, the last segment alone may be unreadable."""
    journal = os.path.join(directory, "journal")
    paths = segments(journal)
    problems = [check_runs(journal, promised, "tampered", "missing", "damaged")]
    for i, (path, row) in enumerate(zip(paths, check(paths) if paths else [])):
        last = i + 1 == len(paths) or run_of(paths[i + 1]) != run_of(path)
        if row["damages"] or row["breaks"] or (row["end"] in ("refused", "error") and not last):
            problems.append(f"{path}: {row}")
    return [p for p in problems if p]


def main():
    tap = Tap(3)
    rng = random.Random(7)
    problems, starts, total = [], [], 0
    # the full form measures the start on a real disk
    base = tempfile.mkdtemp(prefix="jamlog-kill-", dir="/dev/shm" if os.path.isdir("/dev/shm") and not FULL else None)
    try:
        for n in range(0, KILLS, RUNS_IN_A_FOLDER):
            place, promised = os.path.join(base, str(n)), {}
            for _ in range(RUNS_IN_A_FOLDER):
                run, acked, first = run_and_kill(place, rng)
                promised.update({run: acked} if run else {})
                starts += [first] if first is not None else []
                total += acked
            problems += [f"kills from {n} on: {p}" for p in verdict(place, promised)]
            shutil.rmtree(place, ignore_errors=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    tap.ok(not problems, f"{KILLS} kills lose nothing acknowledged and invent nothing", "\n".join(problems[:10]))
    tap.ok(total > 10 * KILLS, "the writer was killed at work, not before", f"only {total} were acknowledged")
    usual = statistics.median(starts)
    tap.ok(len(starts) > KILLS / 3 and usual < 1, "after a kill the next run acknowledges within a second", f"{usual:.3f} s")
    tap.figure("kills", KILLS, "acknowledged", total, "bad", len(problems), "start_median_s", round(usual, 3),
               "start_max_s", round(max(starts), 3))
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
