#!/usr/bin/env python3
# What a durable group costs the card, once a second, in five seconds (saver mode) and in a minute: device bytes of the
# journal against SQLite (WAL, synchronous=FULL) with records of the same size, each on an ext4 of its own (4 KiB blocks) on
# a loop device, read from the device's own counter of sectors written. Two records a second are a modem's sweep and a fix; one a
# second, of 100 bytes, is a modem alone.
#
#   BENCH_GROUPS=300 SPEED=5 tests/bench/bench_journal.py        (root; BUILD=build/release)
#
# Time: ext4 commits its own journal every 5 s, which at one group a second is once in five groups, and what these commits
# cost is part of the figure. To be done sooner, SPEED=5 runs five groups a second on file systems mounted with commit=1:
# again one in five. SPEED=1 is the real thing with commit=5. Both programs run at the same time. Rarer groups, a fifth as
# many, come every 1.25 s, each with a commit of its own; the journal's clock goes faster, so that its seals fall due.
#
# Fairness. The journal writes each sector twice, first as zeros when it is preallocated; a step of 1 MiB lasts for 2048
# small groups, so creation is left out of the count and the zeros under the sectors used are added instead. Where it is
# "grown", SQLite's database and WAL are brought to their full size before counting, so that it overwrites, too; else it begins
# empty, as in the field, where its WAL grows for the first five hours at one group a minute. The count begins and ends
# with a checkpoint, for what is in the WAL has to go into the database once. Its table is the leanest: an integer key and
# a blob. The larger a group, the more the zeros are of what we write, and the less SQLite has to write twice.
# SPDX-License-Identifier: GPL-3.0-or-later
import collections
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(os.environ.get("BUILD", "build/release"))
WRITER = os.path.join(BUILD, "tests/helper/journal_writer_loop")
GROUPS = int(os.environ.get("BENCH_GROUPS", "300"))
SPEED = int(os.environ.get("SPEED", "5"))
OVERHEAD = 30  # of a coded record beside its text
FILE_HEADERS = 8192
# period: seconds from group to group; rate: records a second
Case = collections.namedtuple("Case", "period rate size grown target")
CASES = (Case(1, 2, 130, True, 0.3), Case(5, 2, 130, True, None), Case(60, 1, 100, False, 0.4), Case(60, 2, 130, True, None))


class Disk:
    """An ext4 on a loop device of its own, in memory where possible."""

    def __init__(self, base, name):
        self.path = os.path.join(base, name)
        self.loop = None
        image = self.path + ".img"
        with open(image, "wb") as f:
            f.truncate(256 << 20)
        run("mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
        os.mkdir(self.path)
        self.loop = run("losetup", "-f", "--show", image).strip()
        run("mount", "-o", f"commit={5 if SPEED == 1 else 1}", self.loop, self.path)

    def written(self):
        """Bytes so far, with all that is still due."""
        run("sync", "-f", self.path)
        with open(f"/sys/block/{os.path.basename(self.loop)}/stat") as f:
            return int(f.read().split()[6]) * 512

    def remove(self):
        if self.loop:
            subprocess.run(["umount", self.path])
            subprocess.run(["losetup", "-d", self.loop])


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def pace(period):
    """Groups to write, and seconds from one to the next."""
    return (GROUPS, 1 / SPEED) if period == 1 else (GROUPS // 5, 1.25)


def peer(path, case):
    """The other process: waits for a line after warming up, and again when it is done."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE observation(id INTEGER PRIMARY KEY, data BLOB)")

    def group():
        db.execute("BEGIN")
        for _ in range(case.rate * case.period):
            db.execute("INSERT INTO observation(data) VALUES (?)", (b"x" * case.size,))
        db.execute("COMMIT")

    for _ in range(max(1500 // case.period, 100) if case.grown else 1):
        group()
    if case.grown:
        db.execute("PRAGMA wal_checkpoint")
    print("ready", flush=True)
    sys.stdin.readline()
    groups, pause = pace(case.period)
    for _ in range(groups):
        group()
        time.sleep(pause)
    db.execute("PRAGMA wal_checkpoint")
    print("done", flush=True)
    sys.stdin.readline()


def start(*command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


def measure(case, ours_disk, peer_disk, processes):
    groups, pause = pace(case.period)
    faster = ("faketime", "-f", f"+0 x{case.period / pause:g}") if case.period > 1 else ()
    interval_ms = case.period * 1000 if case.period > 1 else 1000 // SPEED
    ours = start(*faster, WRITER, os.path.join(ours_disk.path, "journal"), "--groups", str(groups), "--per-group",
                 str(case.rate * case.period), "--size", str(case.size - OVERHEAD), "--interval-ms", str(interval_ms), "--no-close", "--wait")
    processes.append(ours)
    other = start(sys.executable, __file__, "peer", os.path.join(peer_disk.path, "x.db"), str(CASES.index(case)))
    processes.append(other)
    assert ours.stdout.readline().startswith("path ") and other.stdout.readline() == "ready\n"
    before = ours_disk.written(), peer_disk.written()
    for process in (ours, other):
        process.stdin.write("go\n")
    lines = ours.stdout.read().splitlines()
    assert len(lines) == groups + 1 and all(line.startswith("ack ") for line in lines[:-1]), lines[-2:]
    zeros = int(lines[-1].split()[1]) - FILE_HEADERS
    assert other.stdout.readline() == "done\n"
    return ours_disk.written() - before[0] + zeros, peer_disk.written() - before[1], zeros


def compare(case):
    base = tempfile.mkdtemp(prefix="jamlog-bench-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    disks, processes = [], []
    try:
        for name in ("ours", "peer"):
            disks.append(Disk(base, name))
        ours, other, zeros = measure(case, *disks, processes)
        groups = pace(case.period)[0]
        print(f"journal_device_bytes_every_{case.period}_s records_a_second={case.rate} bytes={case.size} ratio={ours / other:.2f} "
              f"ours={ours / groups:.0f} peer={other / groups:.0f} peer_grown={'yes' if case.grown else 'no'} unit=bytes/group "
              f"groups={groups} of_ours_zeros={zeros / groups:.0f}" + (f" (target <= {case.target})" if case.target else ""), flush=True)
    finally:
        for process in processes:
            process.kill()
            process.wait()
        for disk in disks:
            disk.remove()
        shutil.rmtree(base, ignore_errors=True)


def main():
    if sys.argv[1:2] == ["peer"]:
        return peer(sys.argv[2], CASES[int(sys.argv[3])])
    if os.geteuid() != 0:
        print("journal_device_bytes skipped: loop devices need root")
        return None
    if sys.argv[1:2] != ["private"]:
        # In a mount namespace of its own: whoever copies the mounts of this machine meanwhile would hold ours for ever.
        os.execvp("unshare", ["unshare", "-m", sys.executable, __file__, "private"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    for case in CASES:
        compare(case)
    return None


if __name__ == "__main__":
    main()
