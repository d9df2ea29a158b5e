#!/usr/bin/env python3
# What the writer wrote is what src/journal/FORMAT.md and the comments of observation.h say: read by the second reader, which was written
# from that page alone.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../helper"))
from journal_common import WRITER, Tap, segments  # noqa: E402
from second_verifier import FINAL, OBSERVATIONS, SEAL, SEAL_BODY, varint, verify  # noqa: E402

GROUPS, PER_GROUP, SIZE = 60, 7, 120
NAMES = [
    "segments are named as written down, and numbered from 1, in the run and on the device",
    "the header has its fields, and zeros where reserved",
    "every header, frame and seal is proven, by the keys and chain values that stand before it",
    "unused bytes are zeros, and each segment ends behind a final seal and a final frame that say the same",
    "each segment names the chain value and the sequence that the one before ended with",
    "every observation is coded as written down, and numbered without gaps",
]


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


def check_names(all_segments):
    for i, s in enumerate(all_segments):
        h, name = s.header, os.path.basename(s.path)
        expected = f"{h.device[:4].hex()}-{h.run[:4].hex()}-{i + 1:05}.jlj"
        if name != expected or h.number != i + 1 or h.n != i + 1:
            return f"{name} with number {h.number}, expected {expected}"
    return ""


def check_headers(all_segments):
    with open("/proc/sys/kernel/random/boot_id") as f:
        boot = bytes.fromhex(f.read().strip().replace("-", ""))
    now = time.time_ns()
    for s in all_segments:
        h = s.header
        facts = [h.compatible == 1, h.incompatible == 0, h.device == all_segments[0].header.device, h.run == all_segments[0].header.run,
                 h.clock <= 2, h.boot == boot, 0 < h.boottime <= time.clock_gettime_ns(time.CLOCK_BOOTTIME), abs(now - h.realtime) < 600e9,
                 h.recipients == 0, not any(h.boxes), not any(h.reserved)]
        if not all(facts):
            return f"{s.path}: {facts}"
    return ""


def check_proofs(all_segments):
    for s in all_segments:
        if s.header_word != "good" or s.findings or not all(f.proven for f in s.frames if f.kind != FINAL):
            return f"{s.path}: header {s.header_word}, {s.findings}, unproven {[f.number for f in s.frames if not f.proven]}"
    return ""


def check_ends(all_segments):
    for i, s in enumerate(all_segments):
        last = i + 1 == len(all_segments)
        kinds = [f.kind for f in s.frames]
        if s.end != len(s.data) or not all(s.zeros(a, b) for a, b in s.gaps):
            return f"{s.path}: ends at {s.end} of {len(s.data)}, or has bytes in unused places"
        if kinds[-2:] != [SEAL, FINAL] or s.frames[-1].payload != bytes([last]) or kinds.count(FINAL) != 1:
            return f"{s.path}: types {kinds}, final {s.frames[-1].payload}"
        seals = [SEAL_BODY.unpack(f.payload) for f in s.frames if f.kind == SEAL]
        if [b[:2] for b in seals] != [(j, 0) for j in range(len(seals) - 1)] + [(len(seals) - 1, 1 if last else 2)] or seals[-1][6:8] != (bytes(32),) * 2:
            return f"{s.path}: seals {seals}"
    return ""


def check_links(all_segments):
    previous, first = bytes(32), 1
    for s in all_segments:
        if (s.header.previous, s.header.anchor, s.header.first) != (previous, previous, first):
            return f"{s.path}: first sequence {s.header.first}, expected {first}"
        for frame in s.frames:
            if frame.first != first:
                return f"{s.path}: frame {frame.number} has the first sequence {frame.first}, expected {first}"
            first += len(frame.records or [])
        previous = [f.after for f in s.frames if f.kind == OBSERVATIONS][-1]
    return ""


def check_records(all_segments):
    records = [parse_observation(r) for s in all_segments for f in s.frames for r in f.records or []]
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
        found, _ = verify([directory])
        enough = "" if 3 <= len(found) == len(segments(directory)) else f"{len(found)} segments"
        problems = [check_names(found), check_headers(found), check_proofs(found), check_ends(found), check_links(found), check_records(found)]
        for name, problem in zip(NAMES, problems):
            tap.ok(not (problem or enough), name, problem or enough)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
