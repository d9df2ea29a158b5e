#!/usr/bin/env python3
"""What somebody may do to journals: `jamlog verify` tells each for what it is. The originals are the real writer's.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from store_common import check, check_equal, path, run_tests  # noqa: E402
from verify_common import *  # noqa: E402,F403

ATTACKS = []


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
    f.write("C1", unsign(f.read("C1")).rechain())


@attack("unsigned", "the whole journal is made an unsigned one")
def _(f):
    previous = bytes(32)
    for key in ("A1", "A2", "A3", "B1", "C1"):
        s = f.read(key)
        unsign(s).set(previous=previous if s.get("number") > 1 else bytes(32)).rechain()
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
    with open(path("keys-1"), "rb") as state:
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


def destroyed_seal():
    """with the keys in the memory a seal is destroyed, and what it vouched for written anew and sealed: damaged, and none of it is proven"""
    for lost in 0, 1:
        device, first, _second = known_run()
        first.frames = first.frames[:4 * lost]
        device.seal(first, lost)
        device.frames(first, 6)  # the forged ones
        device.seal(first, lost + 1)
        device.frames(first, 2)
        end = first.chain_before(len(first.frames))
        device.end(first, lost + 2, False)
        second = device.segment(b"run1" * 4, 2, end, end, first.frames[-1].first, again=True)
        device.frames(second, 3)
        device.end(second, 0, True)
        folder = write_known(first, second)
        with open(path("known", "0.jlj"), "r+b") as file:
            file.seek(Segment.read(file.name).frames[4 * lost].offset)
            file.write(os.urandom(SECTOR))
        segment = expect(folder, "damaged")["runs"][0]["segments"][0]
        check_equal((segment["frames"], segment["frames_proven"], segment["seals_good"]), (4 * lost + 10, 4 * lost + 4, lost + 2),
                    f"seal {lost}: frames, proven, good seals")


def tail_written_anew():
    """a device is altered while it is off, and its recorder starts again over that: what was put behind an old seal is proven by nothing"""
    folder = path("anew")
    shutil.rmtree(folder, ignore_errors=True)
    make("anew", sweeps=200, close=0)
    name = glob.glob(os.path.join(folder, "*.jlj"))[0]
    s = Segment.read(name)
    seal = s.indexes(SEAL)[1]
    forged = [frame.copy() for frame in s.frames[:40] if frame.kind == OBSERVATIONS]
    s.frames = s.frames[:seal + 1] + forged
    s.pack()
    s.rechain(seal + 1)
    s.size = 1 << 20
    s.write(name)
    make("anew", sweeps=20, start=2000)
    report = expect(folder, "proven")
    segment = report["runs"][0]["segments"][0]
    check_equal((segment["frames"], segment["frames_proven"]), (seal + 1 + len(forged), seal + 1), "frames, proven")
    check_equal([x["class"] for x in report["runs"][0]["findings"] if "segment" in x], ["unknown"], "findings in it")


def long_tail():
    """hundreds of frames at the end, and nobody sealed them: no recorder writes so"""
    device, first, _second = known_run()
    first.frames = first.frames[:8]
    device.frames(first, 655)
    expect(write_known(first), "proven")
    device.frames(first, 10)
    expect(write_known(first), "tampered")


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


if __name__ == "__main__":
    run_tests([originals] + ATTACKS + [destroyed_seal, tail_written_anew, long_tail, cut_tail, checkpoint_everywhere, claimed_checkpoint])
