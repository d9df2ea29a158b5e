#!/usr/bin/env python3
# Two verifiers that know nothing of each other, jamlog's and tests/helper/second_verifier.py, are shown the same journals: good, damaged
# and attacked ones, written by jamlog and by tests/helper/second_writer.py. They have to say the same of each segment, and for the
# attacks what FORMAT.md says.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import random
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../helper"))
import second_verifier as second  # noqa: E402
import second_writer as writer  # noqa: E402
from journal_common import Tap  # noqa: E402

ATTACKS = {}


def attack(*expected):
    """Registers a function that changes a list of files (name, bytes); then the set is `expected` at worst."""
    def register(function):
        ATTACKS[function.__name__] = function, expected
        return function
    return register


def make(device):
    """Three runs: one of three segments that ended in order, one that the power ended behind its last seal, one that ended again."""
    for run in range(3):
        segment = device.start_run()
        for part in range(3 if run == 0 else 1):
            for i in range(12):
                segment.observations([bytes([run, part, i, k]) * 25 for k in range(1 + i * 5 % 17)])
                if i % 4 == 3:
                    segment.seal()
            if run == 0 and part < 2:
                following = device.segment()
                segment.finish(False)
                segment = following
        if run == 1:
            segment.observations([b"not sealed any more"])
            segment.bytes += bytes(20000)
        else:
            segment.finish(True)
    return [(name, bytes(s.bytes)) for name, s in zip(device.names, device.segments)]


def parsed(data):
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        return second.Segment(f.name)


def frames_of(data):
    return [f.data for f in parsed(data).frames]


def changed(files, i, data):
    return [*files[:i], (files[i][0], bytes(data)), *files[i + 1:]]


def rebuilt(files, i, change, start=0):
    frames = frames_of(files[i][1])
    change(frames)
    return changed(files, i, writer.rebuild(parsed(files[i][1]), frames, start))


# --- the attacks: with right checksums, without a key that the device has wiped ---

@attack("proven")
def nothing(files, _):
    return files


@attack("tampered")
def edit_and_mend_the_checksum(files, _):
    segment = parsed(files[1][1])
    at, old = segment.frames[2].offset, bytearray(segment.frames[2].data)
    old[-1] ^= 1
    data = bytearray(files[1][1])
    data[at:at + len(old)] = writer.with_crc(segment.digest, bytes(old))
    return changed(files, 1, data)


@attack("tampered")
def edit_and_mend_the_chain(files, _):
    return rebuilt(files, 1, lambda frames: frames.__setitem__(2, frames[2][:-1] + bytes([frames[2][-1] ^ 1])), 2)


@attack("tampered")
def drop_a_frame(files, _):
    return rebuilt(files, 1, lambda frames: frames.pop(2), 99)


@attack("tampered")
def drop_a_frame_and_mend_the_chain(files, _):
    return rebuilt(files, 1, lambda frames: frames.pop(6))


@attack("tampered")
def drop_a_seal_and_mend_the_chain(files, _):
    return rebuilt(files, 1, lambda frames: frames.pop(4))


@attack("tampered")
def reorder(files, _):
    return rebuilt(files, 0, lambda frames: frames.insert(5, frames.pop(7)), 99)


@attack("tampered")
def replay_a_frame(files, _):
    return rebuilt(files, 0, lambda frames: frames.insert(8, frames[1]), 99)


@attack("tampered")
def replay_a_seal(files, _):
    return rebuilt(files, 0, lambda frames: frames.insert(8, frames[4]), 99)


@attack("tampered")
def move_a_later_seal_forward(files, _):
    return rebuilt(files, 0, lambda frames: frames.insert(5, frames[9]), 99)


@attack("tampered")
def splice_from_another_run(files, _):
    other = frames_of(files[3][1])
    return rebuilt(files, 0, lambda frames: frames.__setitem__(slice(5, 8), other[5:8]))


@attack("tampered")
def append_behind_the_end(files, _):
    return rebuilt(files, 4, lambda frames: frames.insert(-1, frames[1]))


@attack("tampered")
def cut_and_write_a_final_frame(files, _):
    def change(frames):
        del frames[10:-1]
    return rebuilt(files, 4, change)


@attack("tampered")
def say_that_the_run_ended(files, _):
    return rebuilt(files, 0, lambda frames: frames.__setitem__(-1, frames[-1][:-1] + b"\1"))


@attack("tampered")
def a_whole_frame_in_a_hole(files, _):
    """A doubled frame with bytes between that are none: its number is too small, whatever stands before it."""
    segment = parsed(files[0][1])
    data = bytearray(files[0][1])
    at = segment.frames[6].offset
    data[at:at + 512] = b"x" * 512
    data[at + 512:at + 512 + len(segment.frames[0].data)] = segment.frames[0].data
    return changed(files, 0, data)


@attack("tampered")
def edit_the_header(files, _):
    data = files[2][1]
    head = data[:88] + bytes(8) + data[96:4092]
    head += struct.pack("<I", second.crc32c(head))
    return changed(files, 2, head * 2 + data[8192:])


@attack("damaged", "missing")
def swap_headers(files, _):
    return changed(changed(files, 0, files[3][1][:8192] + files[0][1][8192:]), 3, files[0][1][:8192] + files[3][1][8192:])


@attack("tampered")
def swap_headers_and_mend(files, _):
    return changed(files, 0, writer.rebuild(parsed(files[1][1]), frames_of(files[0][1])))


@attack("missing")
def drop_a_segment(files, _):
    return files[:1] + files[2:]


@attack("missing")
def drop_the_beginning_of_a_run(files, _):
    return files[1:]


@attack("proven")
def drop_the_last_segment(files, _):
    return files[:-1]


@attack("proven")
def one_run_alone(files, _):
    return files[3:4]


@attack("missing")
def cut_within_a_run(files, _):
    return changed(files, 0, files[0][1][:parsed(files[0][1]).frames[9].offset])


@attack("missing")
def cut_an_earlier_run(files, _):
    return changed(files, 2, files[2][1][:parsed(files[2][1]).frames[9].offset])


@attack("proven")
def cut_the_last_tail(files, _):
    return changed(files, 4, files[4][1][:parsed(files[4][1]).frames[9].offset])


@attack("tampered")
def seal_with_a_later_key(files, device):
    """Whoever takes the device has S_j+1: it signs no seal j."""
    segment = device.segments[4]
    frames = frames_of(files[4][1])
    stolen = writer.Segment(segment.head, segment.seal_keys, None, 1)
    stolen.bytes = bytearray(writer.rebuild(parsed(files[4][1]), frames[:9]))
    stolen.chain, stolen.number, stolen.j = parsed(bytes(stolen.bytes)).chain, 9, 2
    stolen.seal(key=segment.seal_keys[3])
    return changed(files, 4, stolen.bytes)


@attack("tampered")
def seal_with_a_number_ahead(files, device):
    segment = device.segments[4]
    stolen = writer.Segment(segment.head, segment.seal_keys, None, 1)
    stolen.j = 7
    stolen.seal()
    return changed(files, 4, stolen.bytes)


@attack("tampered")
def a_successor_that_nobody_named(files, device):
    forger = writer.Device()
    forger.id, forger.boot = device.id, device.boot
    forger.segments = list(device.segments[:4])
    forger.keys = [writer.Ed25519PrivateKey.generate() for _ in range(6)]
    segment = forger.start_run()
    segment.observations([b"made up"])
    segment.finish(True)
    return changed(files, 4, segment.bytes)


@attack("tampered")
def a_first_segment_of_another_device(files, device):
    forger = writer.Device()
    forger.id = device.id
    segment = forger.start_run()
    segment.observations([b"made up"])
    segment.finish(True)
    return [(files[0][0], bytes(segment.bytes))]


@attack("tampered")
def two_segments_with_one_number(files, device):
    twin = device.segment(again=True)
    twin.observations([b"made up"])
    return [*files, ("twin.jlj", bytes(twin.bytes))]


@attack("proven")
def two_segments_with_one_number_after_a_power_cut(files, device):
    return [*files, ("twin.jlj", bytes(device.segment(again=True).bytes))]


@attack("proven")
def a_frame_of_a_newer_program(files, device):
    segment = writer.Segment(device.segments[4].head, device.segments[4].seal_keys, None, 1)
    segment.put(9, b"?")
    segment.put(second.OBSERVATIONS, b"\1a", flags=1)
    segment.observations([b"known"])
    segment.finish(True)
    return changed(files, 4, segment.bytes)


@attack("proven")
def copies_of_files(files, _):
    return [*files, ("copy.jlj", files[0][1]), ("half.jlj", files[1][1][:9000])]


# --- damage ---

@attack("damaged")
def two_damaged_seals(files, _):
    """The seal after them has a key that no good seal names: not proven, and nobody's fault."""
    data = bytearray(files[0][1])
    for i in (4, 9):
        data[parsed(files[0][1]).frames[i].offset + 60] ^= 4
    return changed(files, 0, data)


@attack("damaged")
def a_damaged_final_seal(files, _):
    data = bytearray(files[4][1])
    data[parsed(files[4][1]).frames[-2].offset + 60] ^= 4
    return changed(files, 4, data)


@attack("damaged")
def bits_between_frames(files, _):
    """In the rest of a block that no frame fitted into, and behind a frame."""
    segment = parsed(files[0][1])
    data = bytearray(files[0][1])
    for start, end in segment.gaps:
        if end > start:
            data[(start + end) // 2] ^= 16
    return changed(files, 0, data)


def bit_flip(files, dice):
    i = dice.randrange(len(files))
    data = bytearray(files[i][1])
    data[dice.choice([dice.randrange(len(data)), dice.randrange(8192, 14000)])] ^= 1 << dice.randrange(8)
    return changed(files, i, data)


def truncation(files, dice):
    i = dice.randrange(len(files))
    return changed(files, i, files[i][1][:dice.randrange(4096, len(files[i][1]))])


def lost_sectors(files, dice):
    i = dice.randrange(len(files))
    data, size = bytearray(files[i][1]), dice.choice([512, 4096, 8192])
    at = dice.randrange(8192, len(data)) // size * size
    data[at:at + size] = dice.choice([bytes, dice.randbytes])(len(data[at:at + size]))
    return changed(files, i, data)


def swapped_sectors(files, dice):
    i = dice.randrange(len(files))
    data = bytearray(files[i][1])
    a, b = (dice.randrange(16, len(data) // 512) * 512 for _ in "ab")
    data[a:a + 512], data[b:b + 512] = data[b:b + 512], data[a:a + 512]
    return changed(files, i, data)


DAMAGES = [bit_flip, truncation, lost_sectors, swapped_sectors]


def write(directory, files):
    shutil.rmtree(directory, ignore_errors=True)
    os.mkdir(directory)
    for name, data in files:
        with open(os.path.join(directory, name), "wb") as f:
            f.write(data)


def word_of(result):
    """The worst that was found, "proven" where nothing was found that speaks against the journal."""
    return "proven" if result["class"] == "unknown" else result["class"]


def main():
    directory = os.path.join(tempfile.mkdtemp(prefix="jamlog-second-"), "journal")
    for recipients in [], [os.urandom(32)]:
        for name, (function, expected) in ATTACKS.items():
            device = writer.Device(recipients)
            files = make(device)
            write(directory, function(files, device))
            _, result = second.verify([directory])
            if word_of(result) not in expected:
                print(name, word_of(result), expected)
                for s in result["segments"]:
                    print(s["number"], s["n"], s["word"], s["header"], s["frames"], s["frames_proven"], s["seals_good"], s["ending"], s["findings"])
                print(result["missing"], result["refused"])


if __name__ == "__main__":
    sys.exit(main())
