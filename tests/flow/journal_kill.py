#!/usr/bin/env python3
# The writer is killed at random moments (KILLS times, 50 if not said): all that it acknowledged is in the segments,
# nothing else is.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../helper"))
from journal_common import WRITER, Tap, acknowledged, check, segments  # noqa: E402

KILLS = int(os.environ.get("KILLS", "50"))


def run_and_kill(directory, rng):
    """Starts the writer, kills it a random time after its first commits, returns the last acknowledged number."""
    args = ["--per-group", str(rng.choice([1, 3, 40])), "--size", str(rng.randint(0, 150)), "--segment-size", "32768"]
    with subprocess.Popen([WRITER, directory, *args], stdout=subprocess.PIPE, text=True) as writer:
        try:
            head = "".join(writer.stdout.readline() for _ in range(rng.randint(1, 4)))
            time.sleep(rng.uniform(0, 0.03))  # the random moment itself: nothing to wait for
        finally:
            writer.kill()
        return acknowledged(head + writer.stdout.read())


def verdict(directory, acked):
    rows = check(segments(directory))
    seen = set().union(*(r["seen"] for r in rows))
    problems = []
    if not set(range(1, acked + 1)) <= seen:
        problems.append(f"acknowledged up to {acked}, lost {sorted(set(range(1, acked + 1)) - seen)[:5]}")
    if sum(r["invented"] + r["damages"] + r["breaks"] for r in rows):
        problems.append(f"invented, damaged or broken: {rows}")
    if any(r["end"] in ("refused", "error") for r in rows[:-1]):
        problems.append("a segment before the last one cannot be read")
    return problems


def main():
    tap = Tap(2)
    rng = random.Random(7)
    problems = []
    total = 0
    directory = tempfile.mkdtemp(prefix="jamlog-kill-")
    try:
        for n in range(KILLS):
            place = os.path.join(directory, str(n))
            acked = run_and_kill(place, rng)
            total += acked
            problems += [f"kill {n}: {p}" for p in verdict(place, acked)] if os.path.isdir(place) else []
            shutil.rmtree(place, ignore_errors=True)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    tap.ok(not problems, f"{KILLS} kills lose nothing acknowledged and invent nothing", "\n".join(problems))
    tap.ok(total > 10 * KILLS, "the writer was killed at work, not before", f"only {total} were acknowledged")
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
