# A second writer of journals, from src/journal/FORMAT.md alone: it gives the verifiers segments that jamlog's writer did not make, and the
# attacker's tools: frames put together anew with right checksums, as anybody can who has the page.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import struct
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.poly1305 import Poly1305

import second_verifier as v


def with_crc(digest, frame):
    return frame[:20] + struct.pack("<I", v.crc32c(digest + frame[:20] + bytes(4) + frame[24:])) + frame[24:]


def seal_header(fields, key):
    """The 4096 bytes of a header, signed with `key` (None: not signed) and with their CRC."""
    head = v.HEADER.pack(*fields)
    if key:
        head = head[:4028] + key.sign(head[:4028]) + head[4092:]
    return head[:4092] + struct.pack("<I", v.crc32c(head[:4092]))


def make_box(message, recipient):
    secret = X25519PrivateKey.generate()
    fresh = v.public_of(secret)
    stream = v.box_stream(secret, recipient, fresh, recipient)
    cipher = v.xor(message, stream[32:])
    return fresh + Poly1305.generate_tag(stream[:32], cipher) + cipher


class Segment:
    """Frames as they are written; `bytes` is the file."""

    def __init__(self, head, seal_keys, chain_key, first):
        self.head, self.seal_keys, self.chain_key = head, seal_keys, chain_key
        self.digest = self.chain = v.blake(head)
        self.bytes, self.number, self.sequence, self.j = bytearray(head * 2), 0, first, 0
        self.end = self.digest  # the chain value before the final frame

    def put(self, kind, payload, flags=0, frame_of=None):
        length = len(payload) + (16 if self.chain_key and kind == v.OBSERVATIONS else 0)
        head = v.FRAME.pack(b"JLFR", kind, flags, length, self.sequence, self.number, 0, self.chain)
        if self.chain_key:
            if kind == v.OBSERVATIONS:
                payload = ChaCha20Poly1305(v.ratchet(self.chain_key, 1)).encrypt(bytes(12), payload, self.digest + head)
            self.chain_key = v.ratchet(self.chain_key, 2)
        frame = with_crc(self.digest, frame_of(head) if frame_of else head + payload)
        room = -len(self.bytes) % v.BLOCK or v.BLOCK
        if len(frame) > room:
            self.bytes += bytes(room)
        self.bytes += frame + bytes(-len(frame) % v.SECTOR)
        self.number, self.chain = self.number + 1, v.blake(self.chain, frame)
        if kind != v.FINAL:
            self.end = self.chain

    def observations(self, records):
        """One frame of records shorter than 128 bytes."""
        self.put(v.OBSERVATIONS, b"".join(bytes([len(r)]) + r for r in records))
        self.sequence += len(records)

    def seal(self, ends=0, key=None):
        def signed(head):
            coming = [bytes(32), bytes(32)] if ends else [v.public_of(k) for k in self.seal_keys[self.j + 1:self.j + 3]]
            body = v.SEAL_BODY.pack(self.j, ends, 1, 0, time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns(), *coming, bytes(64))[:88]
            return head + body + (key or self.seal_keys[self.j]).sign(b"jamlog seal 1" + self.digest + head + body)
        self.put(v.SEAL, bytes(v.SEAL_BODY.size), frame_of=signed)
        self.j += 1

    def finish(self, run_ended):
        self.seal(1 if run_ended else 2)
        self.put(v.FINAL, bytes([run_ended]))


class Device:
    """Its segments by n, each with the keys that signed it: what a device would have wiped is here for the attacks to be tried with."""

    def __init__(self, recipients=()):
        self.recipients, self.keys, self.segments, self.names = recipients, [Ed25519PrivateKey.generate()], [], []
        self.id = v.blake(v.public_of(self.keys[0]))[:16]
        self.boot = os.urandom(16)

    def start_run(self):
        self.run, self.in_run = os.urandom(16), 0
        return self.segment()

    def segment(self, again=False, **changes):
        """The next segment of the run. `again`: of a new run and with the n of the last one, as after a power cut between the header and the
        wiping of its key; it is not kept."""
        n = len(self.segments) + (0 if again else 1)
        before = self.segments[n - 2] if n > 1 else None
        self.in_run += 1
        if again:
            self.run, self.in_run = os.urandom(16), 1
        if len(self.keys) == n:
            self.keys.append(Ed25519PrivateKey.generate())
        seal_keys, chain_key = [Ed25519PrivateKey.generate() for _ in range(12)], os.urandom(32) if self.recipients else None
        boxes = b"".join(v.blake(r) + make_box(chain_key, r) for r in self.recipients)
        first = before.sequence if before and self.in_run > 1 else 1
        fields = v.Header(
            b"JAMLOGJ1", 1, v.BLOCK, v.SIGNED, v.SEALED if self.recipients else 0, self.id, self.run, self.in_run, 1, self.boot,
            time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns(), first, before.end if before and self.in_run > 1 else bytes(32),
            v.public_of(self.keys[n - 1]), v.public_of(self.keys[n]), v.public_of(seal_keys[0]), len(self.recipients), n, boxes,
            v.public_of(seal_keys[1]), before.end if before else bytes(32), b"", bytes(64), 0)
        new = Segment(seal_header(fields._replace(**changes), self.keys[n - 1]), seal_keys, chain_key, first)
        if not again:
            self.segments.append(new)
            self.names.append(f"{self.id[:4].hex()}-{self.run[:4].hex()}-{self.in_run:05}.jlj")
        return new


def first_journal(device, run, number, before=None):
    """A segment as of the first journals: all flags 0, no keys, no seals."""
    fields = v.Header(b"JAMLOGJ1", 1, v.BLOCK, 0, 0, device, run, number, 0, bytes(16), 1, 1, before.sequence if before else 1,
                      before.end if before else bytes(32), b"", b"", b"", 0, 0, b"", b"", b"", b"", b"", 0)
    return Segment(seal_header(fields, None), [], None, fields.first)


def rebuild(segment, frames, start=0):
    """The bytes of a v.Segment with other frames (their bytes, one after the other): number, chain value and CRC of those from `start` on
    are made to fit. What an attacker can do without any key."""
    data, chain = bytearray(segment.head * 2), segment.digest
    for i, frame in enumerate(frames):
        if i >= start:
            frame = frame[:16] + struct.pack("<I", i) + bytes(4) + chain + frame[v.HEAD:]
            frame = with_crc(segment.digest, frame)
        room = -len(data) % v.BLOCK or v.BLOCK
        data += bytes(room) if len(frame) > room else b""
        data += frame + bytes(-len(frame) % v.SECTOR)
        chain = v.blake(chain, frame)
    return bytes(data)
