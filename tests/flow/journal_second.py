#!/usr/bin/env python3
# Two verifiers that know nothing of each other, jamlog's and tests/helper/second_verifier.py, are shown the same journals: good, damaged
# and attacked ones, written by jamlog and by tests/helper/second_writer.py. They have to say the same of each segment, and for the
# attacks what FORMAT.md says.
# SPDX-License-Identifier: GPL-3.0-or-later
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../helper"))
import second_verifier as second  # noqa: E402
import second_writer as writer  # noqa: E402
from journal_common import BUILD, Tap  # noqa: E402
from journal_common import segments as segments_of  # noqa: E402

JAMLOG, MAKE = os.path.join(BUILD, "jamlog"), os.path.join(BUILD, "tests/helper/journal_make")
DAMAGES_EACH = 6
ATTACKS = {}


def attack(expected):
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
def journals_as_they_were_written(files, _):
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


@attack("damaged")
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


@attack("damaged")
def destroy_a_seal_and_rewrite_what_it_vouched_for(files, device):
    """Whoever takes the device has the key of the seal behind it, which the one before it names: both have to call the same frames proven."""
    segment = device.segments[4]
    stolen = writer.Segment(segment.head, segment.seal_keys, None, 1)
    stolen.bytes = bytearray(writer.rebuild(parsed(files[4][1]), frames_of(files[4][1])[:5]))
    stolen.chain, stolen.number, stolen.j = parsed(bytes(stolen.bytes)).chain, 5, 1
    at = len(stolen.bytes)
    stolen.seal()
    for i in range(6):
        stolen.observations([b"made up"])
    stolen.seal()
    stolen.finish(True)
    at += stolen.bytes[at:].index(b"JLFR")
    stolen.bytes[at:at + 512] = b"x" * 512
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


@attack("tampered")
def a_frame_behind_the_final_one(files, _):
    return changed(files, 0, files[0][1] + frames_of(files[0][1])[1])


@attack("tampered")
def a_frame_far_behind_the_final_one(files, _):
    return changed(files, 4, files[4][1] + bytes(100 * 512) + b"x" * 512 + frames_of(files[4][1])[1])


@attack("damaged")
def a_frame_number_that_the_file_cannot_hold(files, device):
    segment = writer.Segment(device.segments[4].head, device.segments[4].seal_keys, None, 1)
    segment.bytes += b"x" * 512
    segment.number = 1 << 31
    segment.observations([b"counted strangely"])
    segment.finish(True)
    return changed(files, 4, segment.bytes)


@attack("damaged")
def no_whole_frame_behind_the_final_one(files, _):
    return changed(files, 4, files[4][1] + b"x" + frames_of(files[4][1])[1])


@attack("missing")
def nothing_left_but_the_header(files, _):
    return changed(files, 1, files[1][1][:8192] + bytes(4096))


@attack("missing")
def a_whole_run_left_with_its_headers(files, _):
    return [(name, data[:8192]) if i < 3 else (name, data) for i, (name, data) in enumerate(files)]


def with_unused_segments(files, device):
    """A disk that failed: one segment is given up with a tail that no seal proves, one is taken into use and given up without a frame, two are
    made and stay. What `previous` says is of the last one in use."""
    count = len(device.segments)
    for used in False, True:
        first = device.start_run()
        first.observations([b"before the disk failed"])
        taken = device.segment() if used else first
        device.segment(previous=taken.end)
        device.segment(previous=taken.end)
        last = device.segment(previous=taken.end)
        last.observations([b"after"])
        last.finish(True)
    return files + [(name, bytes(s.bytes)) for name, s in list(zip(device.names, device.segments))[count:]]


@attack("proven")
def segments_that_were_made_and_never_used(files, device):
    return with_unused_segments(files, device)


@attack("missing")
def frames_in_a_segment_that_was_never_used(files, device):
    files = with_unused_segments(files, device)
    device.segments[7].observations([b"made up"])
    return changed(files, 7, device.segments[7].bytes)


@attack("damaged")
def bytes_torn_that_were_acknowledged(files, _):
    return changed(files, 1, files[1][1][:8300])


@attack("unsigned")
def first_journals_without_keys(_, device):
    segments = []
    for number in 1, 2, 4:
        segments.append(writer.first_journal(device.boot, device.run, number, segments[-1] if segments else None))
        segments[-1].observations([b"plain"])
        segments[-1].put(second.FINAL, bytes([number == 4]))
    return [(f"{i}.jlj", bytes(s.bytes)) for i, s in enumerate(segments)]


@attack("missing")
def first_journals_with_an_emptied_one(files, device):
    files = first_journals_without_keys(files, device)
    return changed(files, 1, files[1][1][:8192])


@attack("tampered")
def a_journal_without_keys_among_those_with(files, device):
    segment = writer.first_journal(device.id, os.urandom(16), 1)
    segment.observations([b"made up"])
    return [*files, ("first.jlj", bytes(segment.bytes))]


@attack("missing")
def first_journals_with_a_hole(files, device):
    files = first_journals_without_keys(files, device)
    return files[:1] + files[2:]


@attack("proven")
def files_that_the_power_cut_when_they_were_made(files, _):
    return [*files, ("a.jlj", b""), ("b.jlj", bytes(9000)), ("c.jlj", files[0][1][:700])]


@attack("damaged")
def both_headers_lost(files, _):
    return changed(files, 4, bytes(8192) + files[4][1][8192:])


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
    data[dice.choice([dice.randrange(8192), dice.randrange(8192, 14000), dice.randrange(14000, len(data.rstrip(b"\0")))])] ^= 1 << dice.randrange(8)
    return changed(files, i, data)


def truncation(files, dice):
    i = dice.randrange(len(files))
    return changed(files, i, files[i][1][:dice.randrange(8192, len(files[i][1].rstrip(b"\0")))])


def lost_sectors(files, dice):
    i = dice.randrange(len(files))
    data, size = bytearray(files[i][1]), dice.choice([512, 2048])
    at = dice.randrange(8192, len(data.rstrip(b"\0"))) // size * size
    data[at:at + size] = dice.choice([bytes, dice.randbytes])(len(data[at:at + size]))
    return changed(files, i, data)


def swapped_sectors(files, dice):
    i = dice.randrange(len(files))
    data = bytearray(files[i][1])
    a, b = (dice.randrange(16, len(data.rstrip(b"\0")) // 512) * 512 for _ in "ab")
    data[a:a + 512], data[b:b + 512] = data[b:b + 512], data[a:a + 512]
    return changed(files, i, data)


DAMAGES = [bit_flip, truncation, lost_sectors, swapped_sectors]


def write(directory, files):
    shutil.rmtree(directory, ignore_errors=True)
    os.mkdir(directory)
    for name, data in files:
        with open(os.path.join(directory, name), "wb") as f:
            f.write(data)


def product(directory, code=None):
    """jamlog's verdict: the word for all, the segments by digest, where the checkpoint was found."""
    run = subprocess.run([JAMLOG, "verify", "--json", *(["--checkpoint", code] if code else []), directory], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    result = json.loads(run.stdout)
    segments = {s["digest"]: [s["verdict"], s["ending"], s["run_ended"], s["frames"], s["frames_proven"], s["seals_good"], s["copies"]]
                for r in result["runs"] for s in r["segments"]}
    found = sorted(r["segments"][r["checkpoint_segment"]]["digest"] for r in result["runs"] if "checkpoint_segment" in r)
    return result["verdict"], segments, found


def other(directory):
    _, result = second.verify([directory])
    names = "word", "ending", "run_ended", "frames", "frames_proven", "seals_good", "copies"
    return result["word"], {s["digest"]: [s[n] for n in names] for s in result["segments"]}


def differences(directory, expected=None):
    his, mine = product(directory), other(directory)
    lines = [f"jamlog: {his[0]}, second: {mine[0]}"] if his[0] != mine[0] or expected and mine[0] != expected else []
    return lines + [f"{d[:8]}: jamlog {his[1].get(d)}, second {mine[1].get(d)}" for d in sorted({*his[1], *mine[1]})
                    if his[1].get(d) != mine[1].get(d)]


def try_attack(directory, function, expected):
    """With a journal that anybody can read, and a sealed one: neither verifier needs a key."""
    problems = []
    for recipients in [], [os.urandom(32)]:
        device = writer.Device(recipients)
        write(directory, function(make(device), device))
        problems += differences(directory, expected)
    return problems


def try_damages(directory, files, damage):
    problems = []
    for seed in range(DAMAGES_EACH):
        write(directory, damage(files, random.Random(seed)))
        problems += [f"seed {seed}: {line}" for line in differences(directory)]
    return problems


def try_checkpoints(directory, files):
    """A journal with a hole in it: the code of a frame is found at its segment, however it was typed."""
    write(directory, changed(files, 1, files[1][1][:9000] + b"x" * 2000 + files[1][1][11000:]))
    segments, _ = second.verify([directory])
    places = [(second.checkpoint_code(s.digest, f.after), s.digest.hex()) for s in segments for f in [*s.frames[1::9], s.frames[-1]] if f.joined]
    typed = [(code.lower().replace("1", "l").replace("0", "o"), digest) for code, digest in places[:3]]
    return [f"{code}: found in {found}, not in {digest}" for code, digest in places + typed
            for found in [product(directory, code)[2]] if found != [digest]]


def make_real(directory, secret=None):
    """What jamlog's writer makes: a run in several segments, one that ended as by a power cut, and one more."""
    shutil.rmtree(directory, ignore_errors=True)
    sealed = [f"recipient={second.public_of(k).hex()}" for k in (X25519PrivateKey.generate(), secret)] if secret else []
    for options in ["sweeps=80", "segment=20000"], ["sweeps=80", "start=2000", "close=0"], ["sweeps=20", "start=3000"]:
        subprocess.run([MAKE, directory, "group=2", *options, *sealed], check=True)
    files = []
    for path in segments_of(directory):
        with open(path, "rb") as f:
            files.append((os.path.basename(path), f.read()))
    return sorted(files, key=lambda file: parsed(file[1]).header.n)  # run ids are random


def records_of(directory, secret=None):
    segments, _ = second.verify([directory], secret=secret)
    runs = {}
    for s in segments:
        runs.setdefault(s.header.run, []).extend(r for f in s.frames for r in f.records or [])
    return list(runs.values())


def try_sealed(directory, sealed, secret):
    """jamlog's writer makes the same observations each time: what the second reader opens is what stands in the plain journal."""
    make_real(directory)
    plain = records_of(directory)
    write(directory, sealed)
    if not all(plain) or len(plain) != 3 or records_of(directory, secret) != plain:
        return ["the sealed journal holds something else than the plain one"]
    return ["it is opened without its key"] if any(records_of(directory)) or any(records_of(directory, X25519PrivateKey.generate())) else []


def main():
    parent = tempfile.mkdtemp(prefix="jamlog-second-")
    directory, device, secret = os.path.join(parent, "journal"), writer.Device(), X25519PrivateKey.generate()
    tap = Tap(len(ATTACKS) + 2 * len(DAMAGES) + 4)

    def judge(name, problems):
        tap.ok(not problems, name, "\n".join(problems))

    try:
        for name, (function, expected) in ATTACKS.items():
            judge(f"{name.replace('_', ' ')}: {expected}, say both", try_attack(directory, function, expected))
        real = make_real(directory, secret)
        judge("both prove what jamlog wrote", differences(directory, "proven") + ([] if len(real) >= 4 else [f"{len(real)} segments"]))
        for damage in DAMAGES:
            name = damage.__name__.replace("_", " ")
            judge(f"{name} of the second writer's journals: both say the same", try_damages(directory, make(device), damage))
            judge(f"{name} of jamlog's journals: both say the same", try_damages(directory, real, damage))
        judge("jamlog finds the checkpoints of the second writer's journals", try_checkpoints(directory, make(device)))
        judge("jamlog finds the checkpoints that the second reader makes of its journals", try_checkpoints(directory, real))
        judge("the second reader opens what jamlog sealed", try_sealed(directory, real, secret))
    finally:
        shutil.rmtree(parent, ignore_errors=True)
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
