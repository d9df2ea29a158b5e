#!/usr/bin/env python3
"""The power goes while a journal is written on a real ext4: whatever the disk kept of what it was not yet told to flush, all that was
acknowledged is there, nothing is invented, and the next run begins. And a control: with fdatasync and fsync that do nothing this is
found out.

STATES states of the disk (40, or 10,000 where TORTURE=full), each mounted; SEED. Needs root, loop devices and /dev/fuse.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../helper"))
import recording_disk  # noqa: E402
from journal_common import FULL, SHIM, WRITER, Tap, Written, check_runs, preload, run_of, writer_arguments  # noqa: E402

STATES = int(os.environ.get("STATES", "10000" if FULL else "40"))
SEED = int(os.environ.get("SEED", "5"))
DISK_SIZE = 16 << 20
# Each is recorded on a disk of its own; runs of one follow each other in the same folder.
WORKLOADS = [
    [["--groups", "150", "--per-group", "3", "--segment-size", "24576", "--interval-ms", "2"]],
    [["--groups", "60", "--per-group", "40", "--size", "150", "--interval-ms", "2", "--no-close"],
     ["--groups", "60", "--per-group", "1", "--segment-size", "40960", "--interval-ms", "2", "--sealed"]],
    [["--groups", "20", "--segment-size", "12288", "--interval-ms", "5"]] * 5,
]
CONTROL = [[["--groups", "150", "--per-group", "3", "--interval-ms", "2"]]]
NEXT_RUN_EVERY = 10  # states


def record(folder, runs, environment):
    """Marks hold (run, last acknowledged sequence)."""
    disk = recording_disk.RecordingDisk(folder, DISK_SIZE)
    try:
        for options in runs:
            command = [WRITER, *writer_arguments(disk.mounted), *options]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as writer:
                run = None
                for line in writer.stdout:
                    word, *rest = line.split()
                    if word == "path":
                        run = run_of(rest[0])
                    elif word == "ack":
                        disk.mark((run, int(rest[0])))
                    elif word == "fail":
                        raise RuntimeError(line)
            if writer.returncode != 0:
                raise RuntimeError(f"the writer ended with {writer.returncode}")
    finally:
        disk.close()
    return disk


def promised(log):
    """Of each point of the log: what is acknowledged {run: sequence}, and whether some of it was acknowledged after the last flush."""
    known, fresh, points = {}, False, []
    for entry in log:
        points.append((known, fresh))
        if entry[0] == recording_disk.MARK:
            fresh = fresh or entry[1][1] > known.get(entry[1][0], 0)
            known = {**known, entry[1][0]: entry[1][1]}
        elif entry[0] == recording_disk.FLUSH:
            fresh = False
    return points


def start_again(mounted):
    """The next run on that disk: "" where it records."""
    run = Written(mounted, "--groups", "2")
    return "" if run.code == 0 and run.words == ["ack"] * 3 else f"the next run fails: {run.out}{run.err}"


def judge(folder, disk, count, rng, next_run_every):
    """Yields for each of `count` states: whether it held fresh promises, and what is wrong with it."""
    points = promised(disk.log)
    first = next(i for i, entry in enumerate(disk.log) if entry[0] == recording_disk.MARK)
    states = recording_disk.CrashStates(folder, disk)
    try:
        for n, point in enumerate(sorted(rng.randrange(first // 2, len(disk.log)) for _ in range(count))):
            known, fresh = points[point]
            states.at(rng, point)
            try:
                problem = check_runs(os.path.join(states.mounted, "journal"), known, "tampered")
                if not problem and next_run_every and n % next_run_every == 0:
                    problem = start_again(states.mounted) or check_runs(os.path.join(states.mounted, "journal"), known, "tampered")
            finally:
                states.leave()
            yield fresh, problem and f"state before entry {point} of {len(disk.log)}, acknowledged {known}: {problem}"
    finally:
        states.close()


def all_states(base, workloads, states, environment, next_run_every):
    rng = random.Random(SEED)
    for i, runs in enumerate(workloads):
        folder = os.path.join(base, str(i))
        os.mkdir(folder)
        disk = record(folder, runs, environment)
        yield from judge(folder, disk, -(-states // len(workloads)), rng, next_run_every)
        shutil.rmtree(folder)


def main():
    why = recording_disk.alone()
    if why:
        print(f"1..0 # SKIP {why}")
        return
    tap = Tap(3)
    began = time.monotonic()
    base = tempfile.mkdtemp(prefix="jamlog-crash-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        results = list(all_states(base, WORKLOADS, STATES, None, NEXT_RUN_EVERY))
        problems = [problem for _, problem in results if problem]
        tap.ok(not problems, f"{len(results)} crash states lose nothing acknowledged, and the next run begins", "\n".join(problems[:10]))
        tap.figure("states", len(results), "bad", len(problems), "seconds", round(time.monotonic() - began))
        lie = preload(SHIM, FAIL_UNDER=base, FAIL_CALLS="fdatasync", FAIL_FROM="1", FAIL_COUNT="1000000000", FAIL_HOW="lie")
        control = [problem for fresh, problem in all_states(base, CONTROL, max(STATES // 10, 30), lie, 0) if fresh]
        caught = sum(1 for problem in control if problem and "lost" in problem)
        tap.ok(len(control) >= 20, "without fdatasync there are states with unflushed acknowledged data", len(control))
        tap.ok(caught >= 0.95 * len(control), "at least 95 % of them are found out", f"{caught} of {len(control)}")
        tap.figure("control_states", len(control), "caught", caught)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    tap.finish()


if __name__ == "__main__":
    main()
