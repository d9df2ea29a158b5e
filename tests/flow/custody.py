#!/usr/bin/env python3
"""What sync writes down of where the rows come from: each segment's digest, what it proved, when and by whom it was read.

The digest is worked out here from the file, as FORMAT.md says.

SPDX-License-Identifier: GPL-3.0-or-later"""
import datetime
import glob
import hashlib
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from store_common import *  # noqa: E402,F403

VERSION = "jamlog " + jamlog("--version").stdout.split()[1]


def files_in(folder):
    return sorted(glob.glob(os.path.join(folder, "*.jlj")))


def read(file_path):
    with open(file_path, "rb") as file:
        return file.read()


def digest(file_path):
    return hashlib.blake2b(read(file_path)[:4096], digest_size=32).hexdigest()


def custody(database, columns):
    return query(database, f"SELECT {columns} FROM custody c JOIN segment s ON s.id=c.segment ORDER BY c.id")


def rows_for_each_segment():
    """each segment has a row: digest, what it proved, when and by which version it was read"""
    begun = datetime.datetime.now(datetime.timezone.utc)
    sync(path("good.gpkg"), make("good", sweeps=600, segment=131072))
    rows = custody(path("good.gpkg"), "s.digest, c.program, c.verification, c.bytes, c.frames = c.frames_proven, c.sealed")
    check_equal(sorted(rows), sorted((digest(f), VERSION, "proven", os.path.getsize(f), 1, 0) for f in files_in(path("good"))), "rows")
    check(len(rows) > 2, "several segments")
    for (text,) in custody(path("good.gpkg"), "c.read_time"):
        at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        check(begun - datetime.timedelta(seconds=1) <= at <= datetime.datetime.now(datetime.timezone.utc), f"read at {text}")


def chain_is_that_of_the_file():
    """the chain value noted is the one at which a later reading goes on"""
    check_equal(one(path("good.gpkg"), "SELECT count(*) FROM custody c JOIN segment s ON s.id=c.segment WHERE c.chain=s.chain"),
                len(files_in(path("good"))), "rows with the chain of their segment")


def observations_lead_back():
    """a sample, a fix, an event leads to the file that it was read from"""
    firsts = {one(path("good.gpkg"), "SELECT first_sequence FROM segment WHERE digest=?", digest(f)): f for f in files_in(path("good"))}
    total = one(path("good.gpkg"), "SELECT count(*) FROM sample")
    rows = query(path("good.gpkg"), "SELECT p.sequence, p.digest, p.file_name, p.verification, p.program FROM sample s"
                 " JOIN provenance p ON p.fid=s.fid AND p.kind='radio'")
    check_equal(len(rows), total, "samples with an origin")
    for sequence, found, name, verification, program in rows:
        origin = firsts[max(first for first in firsts if first <= sequence)]
        check_equal((found, name, verification, program), (digest(origin), os.path.basename(origin), "proven", VERSION), f"origin of {sequence}")
    for kind in ("fix", "clock", "run"):
        check_equal(one(path("good.gpkg"), f"SELECT count(*) FROM provenance WHERE kind='{kind}'"),
                    one(path("good.gpkg"), f"SELECT count(*) FROM {kind}"), kind)


def journals_stay_as_they_are():
    """the journals are not touched: neither their bytes nor their times"""
    folder = make("untouched", sweeps=300, segment=65536)
    before = [(f, read(f), os.stat(f).st_mtime_ns, os.stat(f).st_mode) for f in files_in(folder)]
    sync(path("untouched.gpkg"), folder)
    check_equal([(f, read(f), os.stat(f).st_mtime_ns, os.stat(f).st_mode) for f in files_in(folder)], before, "files")


def again_adds_nothing():
    """what is read again and proves the same gets no other row"""
    before = custody(path("good.gpkg"), "c.*")
    sync(path("good.gpkg"), path("good"))
    check_equal(custody(path("good.gpkg"), "c.*"), before, "rows")


def growth_is_history():
    """a segment that has grown gets another row, and the old one stays"""
    whole = segment_of(make("grown", sweeps=400))
    data = read(whole)
    os.makedirs(path("growing"))
    part = os.path.join(path("growing"), "x.jlj")
    with open(part, "wb") as file:
        file.write(data[:len(data) // 2 // 4096 * 4096])
    sync(path("growing.gpkg"), path("growing"))
    with open(part, "wb") as file:
        file.write(data)
    sync(path("growing.gpkg"), path("growing"))
    rows = custody(path("growing.gpkg"), "c.bytes, c.verification, c.frames_proven")
    check_equal([row[1] for row in rows], ["proven", "proven"], "verifications")
    check(rows[0][0] < rows[1][0] and rows[0][2] < rows[1][2], f"rows {rows}")


def tampering_is_told():
    """a tampered journal is read, and said to be one"""
    shutil.copytree(path("good"), path("bad"))
    first, second = files_in(path("bad"))[:2]
    data = bytearray(read(second))
    data[8192:8704], data[8704:9216] = data[8704:9216], data[8192:8704]  # the first two frames
    with open(second, "wb") as file:
        file.write(data)
    done = jamlog("sync", "--db", path("bad.gpkg"), path("bad"), expect=4)
    check("1 segments show TAMPERING" in done.stderr, done.stderr)
    rows = dict(custody(path("bad.gpkg"), "s.digest, c.verification"))
    check_equal((rows[digest(first)], rows[digest(second)]), ("proven", "tampered"), "verifications")
    origin = query(path("bad.gpkg"), "SELECT DISTINCT verification FROM provenance WHERE digest=?", digest(second))
    check_equal(origin, [("tampered",)], "what its samples say")


run_tests([rows_for_each_segment, chain_is_that_of_the_file, observations_lead_back, journals_stay_as_they_are, again_adds_nothing,
           growth_is_history, tampering_is_told])
