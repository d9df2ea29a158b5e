#!/usr/bin/env python3
"""Each call to the file system that the writer makes fails in turn, from its start to its end: nothing is acknowledged that is not there,
the next commit after the fault is acknowledged again, the next run begins, and no number of a segment is used twice.

What test_journal_failures.c does inside the writer's process, this does to all that a run opens: its folders, lock, reserve, keys and the
segment before it too. One fault for every other call, in a new folder and in one with an earlier run; where TORTURE=full all of EIO,
ENOSPC and EROFS at each call, single and in rows of 12, and writes that half succeed. And a disk that fails while it is read.

SPDX-License-Identifier: GPL-3.0-or-later"""
import collections
import errno
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../helper"))
from journal_common import CHECK, FULL, JAMLOG, SHIM, Tap, Written, check_runs, preload, segments  # noqa: E402

ERRORS = (errno.EIO, errno.ENOSPC, errno.EROFS)
GROUPS = 8
OPTIONS = ("--groups", str(GROUPS), "--per-group", "3", "--segment-size", "10240")
Fault = collections.namedtuple("Fault", "number count errno how")


def environment(place, fault=None, **more):
    chosen = {"FAIL_FROM": str(fault.number), "FAIL_COUNT": str(fault.count), "FAIL_ERRNO": str(fault.errno),
              "FAIL_HOW": fault.how} if fault else {}
    return preload(SHIM, FAIL_UNDER=place, **chosen, **more)


def calls_of(command, place, log):
    run = command(environment(place, FAIL_LOG=log))
    with open(log) as file:
        calls = [line.split()[0] for line in file]
    os.unlink(log)
    return calls, run


def begin(base, place, used):
    if used:
        shutil.copytree(os.path.join(base, "used"), place)


def calls_of_a_run(base, used, *options):
    place = os.path.join(base, "counted")
    begin(base, place, used)
    calls, run = calls_of(lambda e: Written(place, *OPTIONS, *options, environment=e), place, os.path.join(base, "log"))
    if run.code != 0:
        raise RuntimeError(run.out + run.err)
    shutil.rmtree(place)
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


def one(base, fault, used, options):
    place = os.path.join(base, "-".join(map(str, fault)) + str(used) + "".join(options))
    try:
        begin(base, place, used)
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


def faults(calls, used):
    for number, call in enumerate(calls, 1):
        hows = ("error", "half") if call == "write" else ("error",)
        if FULL:
            yield from (Fault(number, *more) for more in itertools.product((1, 12), ERRORS, hows))
        elif number % 2 == used:
            yield Fault(number, 1, ERRORS[number % 3], hows[number // 2 % len(hows)])


def read_in_vain(base):
    """Each read of a folder fails in turn, for the reader and for the verifier. Yields what is wrong."""
    place = os.path.join(base, "used")
    paths = segments(os.path.join(place, "journal"))
    for command in ([CHECK, *paths], [JAMLOG, "verify", *paths]):
        def read(env, argv=tuple(command)):
            return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, check=False)
        calls, _ = calls_of(read, place, os.path.join(base, "log"))
        for number in range(1, len(calls) + 1, 1 if FULL else 3):
            run = read(environment(place, Fault(number, 1, errno.EIO, "error")))
            told = "end=error" in run.stdout or "end=refused" in run.stdout or "Input/output error" in run.stdout + run.stderr
            if run.returncode < 0 or not told or "tampered" in run.stdout:
                yield f"{command[0]}: failing call {number} of {len(calls)}: {run}"


def main():
    tap = Tap(5)
    base = tempfile.mkdtemp(prefix="jamlog-refused-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        if Written(os.path.join(base, "used"), *OPTIONS).code != 0:
            raise RuntimeError("there is no run without a fault")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            work, met = [], collections.Counter()
            for used, options in itertools.product((0, 1), ((), ("--sealed",)) if FULL else ((),)):
                calls = calls_of_a_run(base, used, *options)
                met += collections.Counter(calls)
                work += [(fault, used, options) for fault in faults(calls, used)]
            results = list(pool.map(lambda item: one(base, *item), work))
        problems = [problem for _, problem in results if problem]
        tap.ok(not problems, f"{len(work)} faults at {sum(met.values())} calls: no false acknowledgement, and it goes on",
               "\n".join(problems[:5]))
        tap.ok(all(met[call] for call in ("read", "write", "fdatasync", "fsync", "open", "rename", "cut", "mkdir", "lock")),
               "every kind of call was met", met)
        said = sum(1 for run, _ in results if "fail" in run.words or run.code == 1)
        tap.ok(said > len(work) / 5, "the faults were felt", f"{said} of {len(work)}")
        shortened, problem = one(base, Fault(1, 1000000, 0, "short"), 0, ())
        tap.ok(not problem and "fail" not in shortened.words, "short writes are gone on with", problem or shortened.out)
        untold = list(read_in_vain(base))
        tap.ok(not untold, "a read that fails is told", "\n".join(untold[:5]))
        tap.figure("calls", sum(met.values()), "faults", len(work), "said", said, "bad", len(problems))
    finally:
        shutil.rmtree(base, ignore_errors=True)
    tap.finish()


if __name__ == "__main__":
    main()
