"""Journals taken apart, put together again and signed, from src/journal/FORMAT.md alone: what somebody does who has the files, the
format, and whatever keys the device has left.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from second_verifier import blake, checkpoint_code as checkpoint, crc32c  # noqa: F401

SECTOR, BLOCK, FIRST = 512, 4096, 8192
OBSERVATIONS, SEAL, FINAL = 1, 2, 3
# field: offset, format
HEADER = {"compatible": (16, "<I"), "incompatible": (20, "<I"), "device": (24, "16s"), "run": (40, "16s"), "number": (56, "<I"),
          "clock": (60, "<I"), "boot": (64, "16s"), "boottime": (80, "<Q"), "realtime": (88, "<q"), "first": (96, "<Q"),
          "previous": (104, "32s"), "key": (136, "32s"), "next_key": (168, "32s"), "seal_key_0": (200, "32s"), "recipients": (232, "<I"),
          "n": (236, "<I"), "seal_key_1": (2032, "32s"), "anchor": (2064, "32s")}
SIGNED = 4028


def sector_ceil(offset):
    return (offset + SECTOR - 1) // SECTOR * SECTOR


class Key:
    def __init__(self, seed=None):
        self.secret = Ed25519PrivateKey.from_private_bytes(seed) if seed else Ed25519PrivateKey.generate()
        self.public = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message):
        return self.secret.sign(message)


class Frame:
    def __init__(self, kind, first, payload, number=0, chain=bytes(32), flags=0, offset=None):
        self.kind, self.flags, self.first, self.number, self.chain = kind, flags, first, number, chain
        self.payload, self.offset = payload, offset

    def code(self, digest):
        head = struct.pack("<4sBBHQI", b"JLFR", self.kind, self.flags, len(self.payload), self.first, self.number)
        rest = self.chain + self.payload
        return head + struct.pack("<I", crc32c(digest + head + bytes(4) + rest)) + rest

    def copy(self):
        return Frame(self.kind, self.first, self.payload, self.number, self.chain, self.flags, self.offset)


class Segment:
    """head (4096 bytes) and frames; a frame with an offset keeps its place when written."""

    def __init__(self, head, frames, size=0):
        self.head, self.frames, self.size = bytearray(head), frames, size

    @staticmethod
    def read(path):
        with open(path, "rb") as f:
            data = f.read()
        frames, at = [], FIRST
        while at + 56 <= len(data):
            magic, kind, flags, length, first, number, _, chain = struct.unpack_from("<4sBBHQII32s", data, at)
            if magic != b"JLFR":
                following = at // BLOCK * BLOCK + BLOCK
                if data[following:following + 4] != b"JLFR":
                    break
                at = following
                continue
            frames.append(Frame(kind, first, data[at + 56:at + 56 + length], number, chain, flags, at))
            at = sector_ceil(at + 56 + length)
        return Segment(data[:4096], frames, len(data))

    @property
    def digest(self):
        return blake(self.head)

    def get(self, field):
        offset, form = HEADER[field]
        return struct.unpack_from(form, self.head, offset)[0]

    def set(self, sign=None, **fields):
        """The checksum is always made to fit; a signature only with a key."""
        for field, value in fields.items():
            offset, form = HEADER[field]
            struct.pack_into(form, self.head, offset, value)
        if sign:
            self.head[SIGNED:SIGNED + 64] = sign.sign(bytes(self.head[:SIGNED]))
        struct.pack_into("<I", self.head, 4092, crc32c(self.head[:4092]))
        return self

    def rechain(self, start=0, stop=None, number=True):
        """Right numbers and chain values for the frames from start on."""
        chain, digest = self.digest if start == 0 else self.chain_before(start), self.digest
        for i, frame in enumerate(self.frames[:stop]):
            if i < start:
                continue
            frame.chain = chain
            if number:
                frame.number = i
            chain = blake(chain, frame.code(digest))
        return self

    def chain_before(self, index):
        """By the frames that there are, not by what they say."""
        chain, digest = self.digest, self.digest
        for frame in self.frames[:index]:
            chain = blake(chain, frame.code(digest))
        return chain

    def reseal(self, index, key, **changes):
        """Frame `index` is a seal: signs it as it stands in its frame. changes: number, meaning, boottime, next_keys."""
        frame = self.frames[index]
        number, meaning, state, zero, boottime, realtime = struct.unpack_from("<IBBHQq", frame.payload)
        next_keys = changes.get("next_keys", (frame.payload[24:56], frame.payload[56:88]))
        body = struct.pack("<IBBHQq", changes.get("number", number), changes.get("meaning", meaning), state, zero,
                           changes.get("boottime", boottime), realtime) + b"".join(next_keys)
        frame.payload = body + bytes(64)
        coded = bytearray(frame.code(self.digest)[:56 + 88])
        coded[20:24] = bytes(4)
        frame.payload = body + key.sign(b"jamlog seal 1" + self.digest + bytes(coded))
        return self

    def pack(self):
        """Frames one behind the other, as a writer places them."""
        for frame in self.frames:
            frame.offset = None
        return self

    def data(self):
        out, at, digest = bytearray(self.head + self.head), FIRST, self.digest
        for frame in self.frames:
            coded = frame.code(digest)
            if frame.offset is not None:
                at = frame.offset
            elif at // BLOCK != (at + len(coded) - 1) // BLOCK:
                at = at // BLOCK * BLOCK + BLOCK
            out.extend(bytes(max(at + len(coded) - len(out), 0)))
            out[at:at + len(coded)] = coded
            at = sector_ceil(at + len(coded))
        closed = self.frames and self.frames[-1].kind == FINAL
        out.extend(bytes(max((at if closed else max(self.size, at)) - len(out), 0)))
        return bytes(out)

    def write(self, path):
        with open(path, "wb") as f:
            f.write(self.data())
        return path

    def indexes(self, kind):
        return [i for i, frame in enumerate(self.frames) if frame.kind == kind]


class Device:
    """A recorder whose keys are all known: for attacks with keys that a real one has wiped, and for rare honest turns."""

    def __init__(self):
        self.keys, self.n, self.time = [Key(), Key()], 0, 10**12
        self.id = blake(self.keys[0].public)[:16]

    def segment(self, run, number, previous=None, anchor=None, first=1, again=False):
        """`again`: under the number of the one before, as after a power cut before the key was wiped."""
        if not again:
            self.n += 1
            self.keys.append(Key())
        s = Segment(bytes(4096), [])
        s.head[:16] = struct.pack("<8sII", b"JAMLOGJ1", 1, 4096)
        s.seal_keys = [Key() for _ in range(40)]
        self.time += 10**9
        s.set(compatible=1, device=self.id, run=run, number=number, clock=1, boot=b"boot" * 4, boottime=self.time,
              realtime=self.time + 17 * 10**17, first=first, previous=previous or bytes(32), anchor=anchor or bytes(32),
              key=self.keys[self.n - 1].public, next_key=self.keys[self.n].public, seal_key_0=s.seal_keys[0].public,
              seal_key_1=s.seal_keys[1].public, n=self.n)
        s.size = 65536
        return s.set(sign=self.keys[self.n - 1])

    def _append(self, s, kind, payload):
        first = s.frames[-1].first + (s.frames[-1].kind == OBSERVATIONS) if s.frames else s.get("first")
        s.frames.append(Frame(kind, first, payload, len(s.frames), s.chain_before(len(s.frames))))

    def frames(self, s, count):
        for i in range(count):
            self._append(s, OBSERVATIONS, bytes([100]) + os.urandom(100))

    def seal(self, s, number, meaning=0, next_keys=None):
        self.time += 10**9
        self._append(s, SEAL, struct.pack("<IBBHQq", number, meaning, 1, 0, self.time, self.time + 17 * 10**17) + bytes(128))
        keys = next_keys or [k.public for k in s.seal_keys[number + 1:number + 3]]
        s.reseal(len(s.frames) - 1, s.seal_keys[number], next_keys=[bytes(32)] * 2 if meaning else keys)

    def end(self, s, number, run_ended):
        self.seal(s, number, meaning=1 if run_ended else 2)
        self._append(s, FINAL, bytes([run_ended]))
