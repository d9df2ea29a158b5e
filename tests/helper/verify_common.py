"""What the tests of `jamlog verify` share: originals by the real writer, journals of a device whose keys are all known, and what is said of
them.

SPDX-License-Identifier: GPL-3.0-or-later"""
import glob
import json
import os
import shutil
import subprocess

from journal_forge import *  # noqa: F403
from store_common import JAMLOG, check_equal, make, path

CODES = {"proven": 0, "unproven": 4, "unsigned": 4, "missing": 4, "damaged": 4, "tampered": 1}
ORIGINAL = {}


class Folder:
    """Journals of one device in a folder of their own, by run and number: A (two segments and a bit, ended), B (sealed to
    a recipient, cut off by a power cut), C (ended); D is another device's."""

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
    """what the recorder wrote is proven, all of it; of a run without an orderly end, up to its last seal"""
    folder = make("original", sweeps=230, segment=56000)
    make("original", sweeps=100, start=2000, close=0, group=5, recipient="ab" * 32)
    make("original", sweeps=150, start=3000, clock="ntp")
    other = make("other", device=2, sweeps=100)
    for name in glob.glob(os.path.join(folder, "*.jlj")):
        s = Segment.read(name)
        ORIGINAL["AAABC"[s.get("n") - 1] + str(s.get("number"))] = name
    check_equal(sorted(ORIGINAL), ["A1", "A2", "A3", "B1", "C1"], "segments")
    for name in glob.glob(os.path.join(other, "*.jlj")):
        shutil.copy(name, path("D1.jlj"))
    report = expect(folder, "proven")
    check_equal([[x["class"] for x in r["findings"]] for r in report["runs"]], [[], ["unknown"], []], "findings")
    sealed = sum(Segment.read(ORIGINAL[key]).indexes(SEAL)[-1] + 1 for key in ("B1",))
    check_equal([r["frames_proven"] for r in report["runs"]], [report["runs"][0]["frames"], sealed, report["runs"][2]["frames"]],
                "proven frames")


def swap_byte(frame, at=70):
    frame.payload = frame.payload[:at] + bytes([frame.payload[at] ^ 4]) + frame.payload[at + 1:]


def unsign(s):
    """As the first jamlog would have written it."""
    s.head[136:232] = bytes(96)
    s.head[236:240] = bytes(4)
    s.head[2032:4092] = bytes(4092 - 2032)
    s.frames = [x for x in s.frames if x.kind != SEAL]
    return s.set(compatible=0).pack()


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
