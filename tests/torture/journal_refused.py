#!/usr/bin/env python3
"""Each call to the file system that the writer makes fails in turn, from its start to its end: nothing is acknowledged that is not there,
the next commit after the fault is acknowledged again, the next run begins, and no number of a segment is used twice.

What test_journal_failures.c does inside the writer's process, this does to all that a run opens: its folders, lock, reserve and keys
too. One fault for each call, or where TORTURE=full all of EIO, ENOSPC and EROFS, single and in rows of 12, and writes that half succeed.

SPDX-License-Identifier: GPL-3.0-or-later"""
import collections
import errno
import itertools
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../helper"))
from journal_common import FULL, SHIM, Tap, Written, check_runs, preload  # noqa: E402

ERRORS = (errno.EIO, errno.ENOSPC, errno.EROFS)
GROUPS = 8
OPTIONS = ("--groups", str(GROUPS), "--per-group", "3", "--segment-size", "10240")
Fault = collections.namedtuple("Fault", "number count errno how")


def environment(place, fault=None, **more):
    chosen = {"FAIL_FROM": str(fault.number), "FAIL_COUNT": str(fault.count), "FAIL_ERRNO": str(fault.errno),
              "FAIL_HOW": fault.how} if fault else {}
    return preload(SHIM, FAIL_UNDER=place, **chosen, **more)


def calls_of_a_run(base, *options):
    place, log = os.path.join(base, "counted"), os.path.join(base, "log")
    run = Written(place, *OPTIONS, *options, environment=environment(place, FAIL_LOG=log))
    if run.code != 0:
        raise RuntimeError(run.out + run.err)
    with open(log) as file:
        calls = [line.split()[0] for line in file]
    shutil.rmtree(place)
    os.unlink(log)
    return calls


def judge(run, fault):
    """What is wrong with the words of a run that met this fault."""
    if run.code not in (0, 1):
        return f"ended with {run.code}"
    if not run.words:
        return "" if run.code == 1 and run.err else "neither began nor said why"
    commits = run.words[:GROUPS]
    if fault.count == 1 and any(a == b == "fail" for a, b in zip(commits, commits[1:])):
        return "did not go on at the next commit"
    return "" if len(commits) == GROUPS else "ended early"


def one(base, fault, options):
    place = os.path.join(base, "-".join(map(str, fault)) + "".join(options))
    try:
        run = Written(place, *OPTIONS, *options, environment=environment(place, fault))
        problem = judge(run, fault)
        promised = {run.run: run.acknowledged} if run.run else {}
        problem = problem or check_runs(os.path.join(place, "journal"), promised, "tampered")
        after = Written(place, "--groups", "2", *options)
        if not problem and (after.code != 0 or after.words != ["ack"] * 3):
            problem = "the next run fails: " + after.out + after.err
        problem = problem or check_runs(os.path.join(place, "journal"), {**promised, after.run: after.acknowledged}, "tampered")
        return run, problem and f"{fault}: {problem}\n{run.out}{run.err}"
    finally:
        shutil.rmtree(place, ignore_errors=True)


def faults(calls):
    for number, call in enumerate(calls, 1):
        if not FULL:
            yield Fault(number, 1, ERRORS[number % 3], "half" if call == "write" and number % 2 else "error")
            continue
        for count, errnum, how in itertools.product((1, 12), ERRORS, ("error", "half") if call == "write" else ("error",)):
            yield Fault(number, count, errnum, how)


def main():
    tap = Tap(4)
    base = tempfile.mkdtemp(prefix="jamlog-refused-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            calls = calls_of_a_run(base)
            work = [(fault, ()) for fault in faults(calls)]
            if FULL:
                work += [(fault, ("--sealed",)) for fault in faults(calls_of_a_run(base, "--sealed"))]
            results = list(pool.map(lambda item: one(base, *item), work))
        problems = [problem for _, problem in results if problem]
        tap.ok(not problems, f"{len(work)} faults at each of {len(calls)} calls: no false acknowledgement, and it goes on",
               "\n".join(problems[:5]))
        met = collections.Counter(calls)
        tap.ok(all(met[call] for call in ("write", "fdatasync", "fsync", "open", "rename", "cut", "mkdir", "lock")),
               "every kind of call was met", met)
        said = sum(1 for run, _ in results if "fail" in run.words or run.code == 1)
        tap.ok(said > len(calls) / 4, "the faults were felt", f"{said} of {len(work)}")
        shortened, problem = one(base, Fault(1, 1000000, 0, "short"), ())
        tap.ok(not problem and "fail" not in shortened.words, "short writes are gone on with", problem or shortened.out)
        tap.figure("calls", len(calls), "faults", len(work), "said", said, "bad", len(problems))
    finally:
        shutil.rmtree(base, ignore_errors=True)
    tap.finish()


if __name__ == "__main__":
    main()
