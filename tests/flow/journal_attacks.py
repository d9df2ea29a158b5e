#!/usr/bin/env python3
"""What somebody may do to journals, and what an honest device may leave behind: `jamlog verify` tells each for what it is. The
originals are the real writer's.

SPDX-License-Identifier: GPL-3.0-or-later"""
import glob
import json
import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from journal_forge import *  # noqa: E402,F403
from store_common import JAMLOG, check, check_equal, make, path, run_tests  # noqa: E402

random.seed(1)
CODES = {"proven": 0, "unsigned": 4, "missing": 4, "damaged": 4, "tampered": 1}


class Folder:
    """Journals of one device in a folder of their own, by run and number: A (two segments and a bit, ended), B (cut off by a power
    cut), C (ended); D is another device's."""

    def __init__(self, name):
        self.path = path(name)
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.copytree(path("original"), self.path)
        self.files = {key: os.path.join(self.path, os.path.basename(p)) for key, p in ORIGINAL.items()}

    def read(self, key):
        return Segment.read(self.files[key])

    def write(self, key, segment):
        segment.write(self.files[key])

    def bytes(self, key):
        with open(self.files[key], "rb") as f:
            return bytearray(f.read())

    def put(self, key, data):
        with open(self.files[key], "wb") as f:
            f.write(data)


ORIGINAL = {}
ATTACKS = []


def verify(folder, *options):
    done = subprocess.run([JAMLOG, "verify", "--json", *options, folder], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else None


def expect(folder, word, *options, code=None):
    returned, report = verify(folder, *options)
    found = [(f["class"], f["text"]) for run in report["runs"] for f in run["findings"]]
    check_equal(report["verdict"], word, f"verdict ({found})")
    check_equal(returned, CODES[word] if code is None else code, f"exit code ({found})")
    return report


def originals():
    """what the recorder wrote is proven, all of it"""
    folder = make("original", sweeps=230, segment=56000)
    make("original", sweeps=100, start=2000, close=0, group=5)
    make("original", sweeps=150, start=3000, clock="ntp")
    other = make("other", device=2, sweeps=100)
    for name in glob.glob(os.path.join(folder, "*.jlj")):
        s = Segment.read(name)
        ORIGINAL["AAABC"[s.get("n") - 1] + str(s.get("number"))] = name
    check_equal(sorted(ORIGINAL), ["A1", "A2", "A3", "B1", "C1"], "segments")
    for name in glob.glob(os.path.join(other, "*.jlj")):
        shutil.copy(name, path("D1.jlj"))
    report = expect(folder, "proven")
    check_equal([len(r["findings"]) for r in report["runs"]], [0, 0, 0], "findings")
    check_equal([r["frames"] for r in report["runs"]], [r["frames_proven"] for r in report["runs"]], "proven frames")


def attack(word, name):
    def register(function):
        def test():
            folder = Folder("attack")
            given = function(folder)
            expect(given or folder.path, word)
        test.__doc__ = f"{name}: {word}"
        ATTACKS.append(test)
        return function
    return register


def swap_byte(frame, at=70):
    frame.payload = frame.payload[:at] + bytes([frame.payload[at] ^ 4]) + frame.payload[at + 1:]


# --- frames ---

@attack("damaged", "a byte is edited")
def _(f):
    data = f.bytes("A1")
    data[f.read("A1").frames[10].offset + 90] ^= 4
    f.put("A1", data)


@attack("tampered", "a byte is edited, and the frame's checksum made to fit")
def _(f):
    s = f.read("A1")
    swap_byte(s.frames[10])
    f.write("A1", s)


@attack("tampered", "a byte is edited, and checksums and chain made to fit up to the next seal")
def _(f):
    s = f.read("A1")
    swap_byte(s.frames[10])
    f.write("A1", s.rechain(11, s.indexes(SEAL)[0] + 1))


@attack("tampered", "a byte is edited, and checksums and chain made to fit to the end")
def _(f):
    s = f.read("A1")
    swap_byte(s.frames[10])
    f.write("A1", s.rechain())


@attack("tampered", "a frame is dropped, and the rest moved up")
def _(f):
    s = f.read("A1")
    del s.frames[10]
    f.write("A1", s.pack())


@attack("tampered", "a frame is dropped, and all made to fit")
def _(f):
    s = f.read("A1")
    del s.frames[10]
    f.write("A1", s.pack().rechain())


@attack("damaged", "a frame is overwritten with zeros")
def _(f):
    s = f.read("A1")
    del s.frames[10]
    f.write("A1", s)


@attack("damaged", "a sector is overwritten with another one")
def _(f):
    s, data = f.read("A2"), f.bytes("A2")
    at = s.frames[20].offset
    data[at:at + SECTOR] = os.urandom(SECTOR)
    f.put("A2", data)


@attack("tampered", "a seal is dropped, and all made to fit")
def _(f):
    s = f.read("A1")
    del s.frames[s.indexes(SEAL)[0]]
    f.write("A1", s.pack().rechain())


@attack("tampered", "all seals are dropped, and all made to fit")
def _(f):
    s = f.read("C1")
    s.frames = [x for x in s.frames if x.kind != SEAL]
    f.write("C1", s.pack().rechain())


@attack("tampered", "two frames change places")
def _(f):
    s = f.read("A1")
    a, b = s.frames[10:12]
    a.offset, b.offset = b.offset, a.offset
    f.write("A1", s)


@attack("tampered", "two frames change places, and all is made to fit")
def _(f):
    s = f.read("A1")
    s.frames[10], s.frames[11] = s.frames[11], s.frames[10]
    f.write("A1", s.pack().rechain())


@attack("tampered", "a frame is replayed in the same segment")
def _(f):
    s = f.read("B1")
    again = s.frames[10].copy()
    again.offset = None
    s.frames.append(again)
    f.write("B1", s)


@attack("tampered", "a frame of another segment is replayed, with its checksum made to fit")
def _(f):
    s, other = f.read("C1"), f.read("A2").frames[10]
    other.offset, other.number, other.chain = s.frames[10].offset, 10, s.frames[10].chain
    s.frames[10] = other
    f.write("C1", s)


@attack("tampered", "frames of an earlier run take the place of a later one's, and all is made to fit")
def _(f):
    s = f.read("C1")
    s.frames[5:30] = [x.copy() for x in f.read("A2").frames[5:30]]
    f.write("C1", s.pack().rechain())


@attack("tampered", "a frame is said to be of a kind that nobody knows yet, and all is made to fit")
def _(f):
    s = f.read("A1")
    s.frames[10].kind = 9
    f.write("A1", s.rechain())


@attack("tampered", "the time of a seal is altered, and all made to fit")
def _(f):
    s = f.read("A1")
    i = s.indexes(SEAL)[0]
    swap_byte(s.frames[i], 17)
    f.write("A1", s.rechain(i))


@attack("tampered", "a seal is signed anew with a key of one's own, and all made to fit")
def _(f):
    s = f.read("A1")
    swap_byte(s.frames[10])
    s.rechain(11)
    for i in s.indexes(SEAL):
        s.rechain(i)
        s.reseal(i, Key())
    f.write("A1", s.rechain())


# --- ends ---

@attack("missing", "the end of an earlier run is cut off")
def _(f):
    s = f.read("B1")
    s.frames = s.frames[:-5]
    f.write("B1", s)


@attack("missing", "the end of an earlier run that ended in order is cut off")
def _(f):
    s = f.read("A3")
    s.frames, s.size = s.frames[:-5], 1 << 20
    f.write("A3", s)


@attack("missing", "the end of an earlier segment is cut off")
def _(f):
    s = f.read("A1")
    s.frames, s.size = s.frames[:-5], 1 << 20
    f.write("A1", s)


@attack("tampered", "the end is cut off, and a final frame put there")
def _(f):
    s = f.read("C1")
    s.frames[-20:] = [Frame(FINAL, s.frames[-20].first, b"\1")]
    f.write("C1", s.pack().rechain())


@attack("missing", "the final frame is removed")
def _(f):
    s = f.read("C1")
    s.frames, s.size = s.frames[:-1], 1 << 20
    f.write("C1", s)


@attack("tampered", "the final frame of a segment in the middle is made the run's")
def _(f):
    s = f.read("A1")
    s.frames[-1].payload = b"\1"
    f.write("A1", s)


@attack("tampered", "a frame is added behind the final one")
def _(f):
    s = f.read("C1")
    s.frames.append(s.frames[10].copy())
    f.write("C1", s.pack().rechain(len(s.frames) - 1))


@attack("damaged", "bytes are added behind the final frame")
def _(f):
    f.put("C1", f.bytes("C1") + b"more" * 200)


@attack("tampered", "a frame is added to an earlier run's open end, and all made to fit")
def _(f):
    s = f.read("B1")
    s.frames.append(Frame(OBSERVATIONS, s.frames[-1].first + 2, s.frames[10].payload))
    f.write("B1", s.pack().rechain())


# --- headers ---

@attack("tampered", "the time of creation is altered")
def _(f):
    s = f.read("C1")
    f.write("C1", s.set(realtime=s.get("realtime") - 86400 * 10**9).rechain())


@attack("tampered", "the segment's number in its run is altered")
def _(f):
    f.write("C1", f.read("C1").set(number=2).rechain())


@attack("tampered", "the segment's number on its device is altered")
def _(f):
    f.write("C1", f.read("C1").set(n=6).rechain())


@attack("tampered", "a recipient is added")
def _(f):
    f.write("C1", f.read("C1").set(recipients=1, incompatible=1).rechain())


@attack("tampered", "the header of one segment is put before the frames of another, and all made to fit")
def _(f):
    s, other = f.read("A2"), f.read("C1")
    s.head = other.head
    f.write("C1", s.rechain())


@attack("damaged", "two headers change places")
def _(f):
    a, b = f.bytes("A1"), f.bytes("A2")
    a[:FIRST], b[:FIRST] = b[:FIRST], a[:FIRST]
    f.put("A1", a)
    f.put("A2", b)


@attack("tampered", "one segment is made an unsigned one")
def _(f):
    s = f.read("C1")
    s.head[136:4092] = bytes(4092 - 136)
    s.frames = [x for x in s.frames if x.kind != SEAL]
    f.write("C1", s.set(compatible=0).pack().rechain())


@attack("unsigned", "the whole journal is made an unsigned one")
def _(f):
    previous = bytes(32)
    for key in ("A1", "A2", "A3", "B1", "C1"):
        s = f.read(key)
        s.head[136:4092] = bytes(4092 - 136)
        s.frames = [x for x in s.frames if x.kind != SEAL]
        s.set(compatible=0, previous=previous if s.get("number") > 1 else bytes(32)).pack().rechain()
        previous = s.chain_before(len(s.frames) - 1)
        f.write(key, s)


@attack("tampered", "another device's segment is given this device's id")
def _(f):
    s = Segment.read(path("D1.jlj"))
    s.set(device=f.read("A1").get("device")).rechain().write(os.path.join(f.path, "D1.jlj"))


@attack("tampered", "another device's recording takes the place of this one's, its header signed with the other's key")
def _(f):
    s, ours, key = Segment.read(path("D1.jlj")), f.read("C1"), Key()
    s.set(sign=key, device=ours.get("device"), n=ours.get("n"), key=key.public, anchor=ours.get("anchor"))
    f.write("C1", s.rechain())


@attack("tampered", "with the key that the device has left its last segment is made anew")
def _(f):
    with open(os.path.join(f.path, ".keys-1"), "rb") as state:
        data = state.read()
    key, s = Key(data[32:64]), f.read("C1")
    check_equal(key.public, s.get("next_key"), "the key that is left")
    seals = [Key() for _ in range(40)]
    s.set(sign=key, key=key.public, next_key=Key().public, seal_key_0=seals[0].public, seal_key_1=seals[1].public)
    for n, i in enumerate(s.indexes(SEAL)):
        s.rechain(0, i + 1)
        last = i == s.indexes(SEAL)[-1]
        s.reseal(i, seals[n], next_keys=[bytes(32)] * 2 if last else [seals[n + 1].public, seals[n + 2].public])
    f.write("C1", s.rechain())


@attack("damaged", "one copy of a header is overwritten")
def _(f):
    data = f.bytes("C1")
    data[:4096] = bytes(4096)
    f.put("C1", data)


@attack("damaged", "both copies of a header are overwritten")
def _(f):
    data = f.bytes("B1")
    data[:FIRST] = bytes(FIRST)
    f.put("B1", data)


# --- files ---

@attack("missing", "a segment in the middle of a run is taken away")
def _(f):
    os.remove(f.files["A2"])


@attack("missing", "the last segment of an earlier run is taken away")
def _(f):
    os.remove(f.files["A3"])


@attack("missing", "the first segment is taken away")
def _(f):
    os.remove(f.files["A1"])


@attack("missing", "a whole run between two others is taken away")
def _(f):
    os.remove(f.files["B1"])


@attack("tampered", "beside a segment there is another one with its header and other frames")
def _(f):
    s = f.read("A1")
    swap_byte(s.frames[10])
    s.rechain().write(os.path.join(f.path, "copy.jlj"))


@attack("tampered", "beside a segment there is another one of its number, signed with a key of one's own")
def _(f):
    s, key = f.read("A2"), Key()
    s.set(sign=key, key=key.public).rechain().write(os.path.join(f.path, "again.jlj"))


# --- with keys that the device has wiped, or still has in memory ---

def known_run(device=None, name="known", ended=True):
    """Two segments: seals 0, 1 and 2 behind three frames each, then the end; then one of a single seal."""
    device = device or Device()
    shutil.rmtree(path(name), ignore_errors=True)
    os.makedirs(path(name))
    first = device.segment(b"run1" * 4, 1)
    for number in range(3):
        device.frames(first, 3)
        device.seal(first, number)
    device.frames(first, 2)
    previous = first.chain_before(len(first.frames))
    first_sequence = first.frames[-1].first + 1
    device.end(first, 3, False)
    second = device.segment(b"run1" * 4, 2, previous, previous, first_sequence)
    device.frames(second, 3)
    if ended:
        device.end(second, 0, True)
    return device, first, second


def write_known(*segments, name="known"):
    for i, s in enumerate(segments):
        s.write(path(name, f"{i}.jlj"))
    return path(name)


def known_is_proven():
    """a recorder that was written from the format alone is believed"""
    _, first, second = known_run()
    report = expect(write_known(first, second), "proven")
    check_equal([s["seals_good"] for s in report["runs"][0]["segments"]], [4, 1], "seals")
    check_equal(report["runs"][0]["findings"], [], "findings")


@attack("tampered", "with the keys in the memory the past is sealed anew, and the last seal left out")
def _(_f):
    device, first, _second = known_run()
    first.frames = first.frames[:4]  # up to seal 0, which names the keys of seals 1 and 2
    device.frames(first, 6)
    device.seal(first, 2)
    return write_known(first)


@attack("tampered", "a seal names another key than the one before it for the same seal")
def _(_f):
    device, first, second = known_run()
    first.frames = first.frames[:7]
    device.seal(first, 1, next_keys=[Key().public, Key().public])
    return write_known(first)


@attack("tampered", "a seal comes a second time with its own key")
def _(_f):
    device, first, second = known_run()
    first.frames = first.frames[:8]
    device.frames(first, 2)
    device.seal(first, 0)
    return write_known(first)


@attack("tampered", "a seal is older than the one before it")
def _(_f):
    device, first, second = known_run()
    first.frames = first.frames[:4]
    device.frames(first, 2)
    device.time -= 10**11
    device.seal(first, 1)
    return write_known(first)


@attack("tampered", "there are two segments with one number, both signed with the device's key")
def _(_f):
    device, first, second = known_run()
    again = device.segment(b"run2" * 4, 1, anchor=second.get("anchor"), again=True)
    device.frames(again, 4)
    device.end(again, 0, True)
    return write_known(first, second, again)


@attack("tampered", "the end of a run is cut off and replaced by a frame without a seal and a final one")
def _(_f):
    device, first, second = known_run()
    second.frames = second.frames[:2] + [Frame(FINAL, second.frames[2].first, b"\1")]
    return write_known(first, second.rechain())


# --- what only a checkpoint tells ---

def cut_tail():
    """the end of the last run cut off: not known without a checkpoint, found with it"""
    f = Folder("attack")
    s = f.read("C1")
    code = checkpoint(s.digest, s.chain_before(len(s.frames)))
    middle = checkpoint(s.digest, s.chain_before(20))
    report = expect(f.path, "proven", "--checkpoint", code)
    check_equal(report["runs"][2]["checkpoint_sequence"], s.frames[-1].first, "what it holds")
    s.frames, s.size = s.frames[:-20], 1 << 20
    f.write("C1", s)
    report = expect(f.path, "proven")
    check_equal([x["class"] for x in report["runs"][2]["findings"]], ["unknown"], "findings")
    report = expect(f.path, "proven", "--checkpoint", code, code=1)
    check(not report["checkpoint_found"], "a checkpoint was found that was cut off")
    report = expect(f.path, "proven", "--checkpoint", middle.lower())
    check_equal(report["runs"][2]["checkpoint_sequence"], s.frames[20].first, "what it holds")


def checkpoint_everywhere():
    """each frame of each segment has its checkpoint, and no other journal has it"""
    f = Folder("attack")
    for key in ("A1", "B1"):
        s = f.read(key)
        for i in (0, 1, len(s.frames) // 2, len(s.frames) - 1, len(s.frames)):
            code = checkpoint(s.digest, s.chain_before(i))
            report = expect(f.path, "proven", "--checkpoint", code)
            holding = [r["segments"][r["checkpoint_segment"]]["digest"] for r in report["runs"] if "checkpoint_segment" in r]
            check_equal(holding, [s.digest.hex()], f"segments with the checkpoint of {key} {i}")


def claimed_checkpoint():
    """a checkpoint that a frame behind garbage claims is none"""
    f = Folder("attack")
    s = f.read("C1")
    code = checkpoint(s.digest, s.frames[30].chain)
    data = f.bytes("C1")
    data[s.frames[29].offset:s.frames[29].offset + SECTOR] = os.urandom(SECTOR)
    f.put("C1", data)
    expect(f.path, "damaged", "--checkpoint", code, code=1)


# --- what an honest device may leave behind ---

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
    """a copy of a file that grows is no finding, wherever it was taken"""
    f = Folder("attack")
    data = f.bytes("C1")
    for size in [FIRST, FIRST + 1, FIRST + SECTOR - 1] + random.sample(range(FIRST, len(data) - 2 * SECTOR), 12):
        f.put("C1", data[:size])
        report = expect(f.path, "proven")
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


def lost_seal():
    """one damaged seal costs the frames before it, and those behind it are proven again"""
    f = Folder("attack")
    s, data = f.read("C1"), f.bytes("C1")
    seals = s.indexes(SEAL)
    data[s.frames[seals[0]].offset + 80] ^= 1
    f.put("C1", data)
    report = expect(f.path, "damaged")
    segment = report["runs"][2]["segments"][0]
    check_equal(segment["frames"] - segment["frames_proven"], seals[0], "frames that are not proven")
    check_equal(segment["seals_good"], len(seals) - 1, "good seals")


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
    s.head[136:4092] = bytes(4092 - 136)
    s.frames = [x for x in s.frames if x.kind != SEAL]
    s.set(compatible=0, device=b"old device id 00").pack().rechain().write(path("old.jlj"))
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
    run_tests([originals, known_is_proven] + ATTACKS + [cut_tail, checkpoint_everywhere, claimed_checkpoint, power_cut, growing, signed_twice,
                                                        given_up, left_over, lost_seal, copies_and_strangers, one_run_alone, first_journals,
                                                        many_findings])
