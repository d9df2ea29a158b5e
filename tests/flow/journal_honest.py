#!/usr/bin/env python3
"""What an honest device may leave behind, be it cut off, full, failing or copied: `jamlog verify` holds nothing against it.

SPDX-License-Identifier: GPL-3.0-or-later"""
import glob
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from store_common import check, check_equal, make, path, run_tests  # noqa: E402
from verify_common import *  # noqa: E402,F403

random.seed(1)


def known_is_proven():
    """a recorder that was written from the format alone is believed"""
    _, first, second = known_run()
    report = expect(write_known(first, second), "proven")
    check_equal([s["seals_good"] for s in report["runs"][0]["segments"]], [4, 1], "seals")
    check_equal(report["runs"][0]["findings"], [], "findings")


def power_cut():
    """whatever sectors of the last write a power cut keeps, it is no tampering, and all sealed frames stay proven"""
    make("cut", sweeps=95, group=1, close=0)
    name = glob.glob(path("cut", "*.jlj"))[0]
    s = Segment.read(name)
    with open(name, "rb") as file:
        data = file.read()
    start, end = s.frames[-6].offset, s.frames[-1].offset + SECTOR  # as one group
    sealed = max(i for i in s.indexes(SEAL) if i < len(s.frames) - 6)
    for kept in range(64):
        torn = bytearray(data)
        for i, at in enumerate(range(start, end, SECTOR)):
            if not kept >> i & 1:
                torn[at:at + SECTOR] = bytes(SECTOR)
            elif i == kept % 7:
                torn[at + 100:at + SECTOR] = bytes(SECTOR - 100)
        with open(name, "wb") as file:
            file.write(torn)
        code, report = verify(path("cut"))
        check(report["verdict"] in ("proven", "damaged"), f"{kept:06b}: {report['verdict']} {report['runs'][0]['findings']}")
        check(report["runs"][0]["frames_proven"] >= sealed + 1, f"{kept:06b}: {report['runs'][0]['frames_proven']} proven")


def growing():
    """a copy of a file that grows is no finding, wherever it was taken; before its first seal it is unproven"""
    f = Folder("attack")
    data, frames = f.bytes("C1"), f.read("C1").frames
    first, seal = frames[0], next(frame for frame in frames if frame.kind == SEAL)
    begun, sealed = first.offset + 56 + len(first.payload), seal.offset + 56 + len(seal.payload)
    for size in [FIRST, FIRST + 1, FIRST + SECTOR - 1] + random.sample(range(FIRST, len(data) - 2 * SECTOR), 12):
        f.put("C1", data[:size])
        report = expect(f.path, "unproven" if begun <= size < sealed else "proven")
        check({x["class"] for r in report["runs"] for x in r["findings"]} <= {"unknown"}, f"{size}: {report['runs'][2]['findings']}")


def signed_twice():
    """the power went before a key was wiped: two headers of one number, the first without frames"""
    device, first, second = known_run()
    empty = device.segment(b"run2" * 4, 1, anchor=second.chain_before(len(second.frames) - 1))
    third = device.segment(b"run3" * 4, 1, anchor=second.chain_before(len(second.frames) - 1), again=True)
    device.frames(third, 3)
    device.end(third, 0, True)
    fourth = device.segment(b"run4" * 4, 1, anchor=third.chain_before(len(third.frames) - 1))
    expect(write_known(first, second, empty, third, fourth), "proven")


def given_up():
    """a segment given up after a failed write: its last frames come again in the next one"""
    device, first, second = known_run(ended=False)
    previous = second.chain_before(2)
    third = device.segment(b"run1" * 4, 3, previous, previous, second.frames[2].first)
    device.frames(third, 5)
    device.end(third, 0, True)
    report = expect(write_known(first, second, third), "proven")
    check_equal([(x["class"], x["segment"]) for x in report["runs"][0]["findings"]], [("unknown", 1)], "findings")


def left_over():
    """a segment that was made and could not be used stays between two others"""
    device, first, second = known_run(ended=False)
    end = second.chain_before(3)
    empty = device.segment(b"run1" * 4, 3, end, end, 20)
    for name, previous, anchor in (("by its own place", empty.digest, empty.digest), ("by the one before", end, end)):
        fourth = device.segment(b"run1" * 4, 4, previous, anchor, 20)
        device.frames(fourth, 5)
        device.end(fourth, 0, True)
        report = expect(write_known(first, second, empty, fourth), "proven")
        device.n -= 1
        device.keys.pop()
        check({x["class"] for x in report["runs"][0]["findings"]} <= {"unknown"}, f"{name}: {report['runs'][0]['findings']}")


def left_over_at_the_end():
    """a segment that was made and could not be used stays behind the one in which the run ended"""
    device, first, second = known_run(ended=False)
    end = second.chain_before(3)
    empty = device.segment(b"run1" * 4, 3, end, end, 20)
    device.frames(second, 2)
    device.end(second, 0, True)
    report = expect(write_known(first, second, empty), "proven")
    check_equal(report["runs"][0]["findings"], [], "findings")


def lost_seal():
    """one damaged seal costs what stands between the two beside it; what follows is proven again"""
    for key, run in ("A1", 0), ("C1", 2):
        f = Folder("attack")
        s, data = f.read(key), f.bytes(key)
        seals = s.indexes(SEAL)
        data[s.frames[seals[0]].offset + 80] ^= 1
        f.put(key, data)
        segment = expect(f.path, "damaged")["runs"][run]["segments"][0]
        check_equal(segment["frames"] - segment["frames_proven"], seals[1] - 1, f"{key}: frames that are not proven")
        check_equal(segment["seals_good"], len(seals) - 1, f"{key}: good seals")


def copies_and_strangers():
    """copies, new names, and files made in the moment of a power cut are no finding"""
    f = Folder("attack")
    shutil.copytree(f.path, os.path.join(f.path, "backup"))
    os.rename(f.files["A1"], os.path.join(f.path, "renamed.jlj"))
    for name, data in (("empty.jlj", b""), ("zeros.jlj", bytes(1 << 20)), ("torn.jlj", f.bytes("A2")[:1024] + bytes(1 << 20))):
        with open(os.path.join(f.path, name), "wb") as file:
            file.write(data)
    report = expect(f.path, "proven")
    check_equal(report["empty"], 3, "files without anything in them")
    check_equal({s["copies"] for r in report["runs"] for s in r["segments"]}, {1}, "copies")


def one_run_alone():
    """a later run alone says that earlier ones are not here"""
    f = Folder("attack")
    report = expect(f.files["C1"], "proven")
    check_equal([x["class"] for x in report["runs"][0]["findings"]], ["unknown"], "findings")


def first_journals():
    """journals of the first jamlog: their chain is checked, and they prove nothing"""
    f = Folder("attack")
    s = f.read("C1")
    unsign(s).set(device=b"old device id 00").rechain().write(path("old.jlj"))
    report = expect(path("old.jlj"), "unsigned")
    check_equal(report["runs"][0]["frames_proven"], 0, "proven frames")
    swap_byte(s.frames[10])
    s.write(path("old.jlj"))
    expect(path("old.jlj"), "tampered")


def many_findings():
    """a journal that is damaged all over makes a short report"""
    f = Folder("attack")
    s, data = f.read("A1"), f.bytes("A1")
    for frame in s.frames[::2]:
        data[frame.offset + 60] ^= 1
    f.put("A1", data)
    report = expect(f.path, "damaged")
    check(len(report["runs"][0]["findings"]) < 20, f"{len(report['runs'][0]['findings'])} findings")


if __name__ == "__main__":
    run_tests([originals, known_is_proven, power_cut, growing, signed_twice, given_up, left_over, left_over_at_the_end, lost_seal,
               copies_and_strangers, one_run_alone, first_journals, many_findings])
