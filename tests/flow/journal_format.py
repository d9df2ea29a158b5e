#!/usr/bin/env python3
# A second reader, written from src/journal/FORMAT.md and the comments of observation.h alone: what the writer wrote is
# what they say.
# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../helper"))
from journal_common import WRITER, Tap, segments  # noqa: E402

GROUPS, PER_GROUP, SIZE = 60, 7, 120
NAMES = [
    "segments are named as written down, and numbered from 1",
    "both copies of the header have their fields, their checksum and zeros where reserved",
    "every frame has its place, checksum and chain value",
    "unused bytes are zeros, and each segment ends behind its final frame",
    "each segment names the chain value and the sequence that the one before ended with",
    "every observation is coded as written down, and numbered without gaps",
]


def make_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    return table


TABLE = make_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def blake(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def unzigzag(value):
    return value >> 1 ^ -(value & 1)


def parse_observation(data):
    kind, state = data[0], data[1]
    sequence, at = varint(data, 2)
    boottime, at = varint(data, at)
    realtime, at = varint(data, at)
    length, at = varint(data, at)
    source, at = data[at:at + length], at + length
    fields = {}
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 3 == 1:
            value = unzigzag(value)
        elif tag & 3 == 2:
            value, at = data[at:at + value], at + value
        fields[tag >> 2] = value
    return {"kind": kind, "state": state, "sequence": sequence, "boottime": boottime, "realtime": unzigzag(realtime),
            "source": source, "fields": fields}


class Segment:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.name = os.path.basename(path)
        head = self.data[:4096]
        (self.magic, self.version, self.length, self.compatible, self.incompatible, self.device, self.run, self.number,
         self.clock, self.boot, self.boottime, self.realtime, self.first,
         self.previous) = struct.unpack_from("<8sIIII16s16sII16sQqQ32s", head)
        self.chain = blake(head)
        self.frames, self.records, self.gaps, self.problems = [], [], [], []
        self.read_frames()

    def read_frames(self):
        digest, at = self.chain, 8192
        while at < len(self.data):
            magic, kind, flags, length, first, number, crc = struct.unpack_from("<4sBBHQII", self.data, at)
            if magic != b"JLFR":
                following = at // 4096 * 4096 + 4096
                self.gaps.append((at, following))
                at = following
                continue
            end = at + 56 + length
            frame = self.data[at:end]
            if crc32c(digest + frame[:20] + bytes(4) + frame[24:]) != crc or frame[24:56] != self.chain or \
                    number != len(self.frames) or flags != 0 or at % 512 or at // 4096 != (end - 1) // 4096:
                self.problems.append(f"frame {number} at {at}")
            if kind == 1:
                self.read_records(first, frame[56:])
                self.chain = blake(self.chain, frame)
            self.frames.append((kind, first, frame[56:]))
            at = (end + 511) // 512 * 512
            self.gaps.append((end, at))
        self.end = at

    def read_records(self, first, payload):
        at = 0
        while at < len(payload):
            length, at = varint(payload, at)
            self.records.append(parse_observation(payload[at:at + length]))
            if self.records[-1]["sequence"] != first:
                self.problems.append(f"sequence {self.records[-1]['sequence']} where {first} should be")
            first += 1
            at += length


def check_names(all_segments):
    for i, s in enumerate(all_segments):
        expected = f"{s.device[:4].hex()}-{s.run[:4].hex()}-{i + 1:05}.jlj"
        if s.name != expected or s.number != i + 1:
            return f"{s.name} with number {s.number}, expected {expected}"
    return ""


def check_headers(all_segments):
    with open("/proc/sys/kernel/random/boot_id") as f:
        boot = bytes.fromhex(f.read().strip().replace("-", ""))
    now = time.time_ns()
    for s in all_segments:
        head = s.data[:4096]
        facts = [s.magic == b"JAMLOGJ1", s.version == 1, s.length == 4096, s.compatible == 0, s.incompatible == 0,
                 s.device == bytes.fromhex("d0d1d2d30405060708090a0b0c0d0e0f"), s.run == all_segments[0].run, s.clock <= 2,
                 s.boot == boot, 0 < s.boottime <= time.clock_gettime_ns(time.CLOCK_BOOTTIME), abs(now - s.realtime) < 600e9,
                 head[136:4092] == bytes(4092 - 136), struct.unpack("<I", head[4092:])[0] == crc32c(head[:4092]),
                 s.data[4096:8192] == head]
        if not all(facts):
            return f"{s.name}: {facts}"
    return ""


def check_ends(all_segments):
    for i, s in enumerate(all_segments):
        last = i + 1 == len(all_segments)
        if s.end != len(s.data) or any(s.data[a:b].strip(b"\0") for a, b in s.gaps):
            return f"{s.name}: ends at {s.end} of {len(s.data)}, or has bytes in unused places"
        if s.frames[-1][0] != 3 or s.frames[-1][2] != bytes([last]) or any(f[0] != 1 for f in s.frames[:-1]):
            return f"{s.name}: types {[f[0] for f in s.frames]}, final {s.frames[-1][2]}"
    return ""


def check_links(all_segments):
    previous, first = bytes(32), 1
    for s in all_segments:
        if s.previous != previous or s.first != first:
            return f"{s.name}: first sequence {s.first}, expected {first}"
        previous, first = s.chain, first + len(s.records)
    return ""


def check_records(all_segments):
    records = [r for s in all_segments for r in s.records]
    if len(records) != GROUPS * PER_GROUP:
        return f"{len(records)} records"
    for i, r in enumerate(records):
        n = i + 1
        text = bytes(ord("a") + (n * 7 + k * 3) % 26 for k in range(SIZE))
        # An event: 1 its code (heartbeat), 2 its text, 8 its count.
        if (r["kind"], r["sequence"], r["source"], r["fields"]) != (6, n, b"test", {1: 0, 2: text, 8: n * 1000003}):
            return f"record {n}: {r}"
        backwards = i > 0 and r["boottime"] < records[i - 1]["boottime"]
        if r["state"] > 2 or backwards or abs(time.time_ns() - r["realtime"]) > 600e9:
            return f"record {n} is dated {r}"
    return ""


def main():
    tap = Tap(len(NAMES))
    directory = tempfile.mkdtemp(prefix="jamlog-format-")
    try:
        subprocess.run([WRITER, directory, "--groups", str(GROUPS), "--per-group", str(PER_GROUP), "--size", str(SIZE),
                        "--segment-size", "30000"], check=True, stdout=subprocess.DEVNULL)
        found = [Segment(path) for path in segments(directory)]
        enough = "" if len(found) >= 3 else f"only {len(found)} segments"
        frames = "; ".join(f"{s.name}: {p}" for s in found for p in s.problems)
        problems = [check_names(found), check_headers(found), frames, check_ends(found), check_links(found), check_records(found)]
        for name, problem in zip(NAMES, problems):
            tap.ok(not (problem or enough), name, problem or enough)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
