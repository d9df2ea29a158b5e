#!/usr/bin/env python3
# A second reader and verifier of journals, written from src/journal/FORMAT.md alone and in another language, with another library's
# Ed25519, X25519 and ChaCha20-Poly1305: where it and jamlog agree, the page is true.
#
#   second_verifier.py PATH... [--checkpoint CODE] [--open SECRETKEYHEX]
#
# prints one JSON object: the segments with what was found in each, what is missing, where the checkpoint was found. A journal's
# observations are decrypted with --open, and then stand there as hex. Bytes are read without trust, and whole files into memory.
# SPDX-License-Identifier: GPL-3.0-or-later
import argparse
import collections
import hashlib
import json
import os
import struct
import sys

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.poly1305 import Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECTOR, BLOCK, FRAMES_AT, HEAD = 512, 4096, 8192, 56
OBSERVATIONS, SEAL, FINAL = 1, 2, 3
SIGNED, SEALED = 1, 1  # bits of the compatible and of the incompatible flags
HEADER = struct.Struct("<8sIIII16s16sII16sQqQ32s32s32s32sII1792s32s32s1932s64sI")
Header = collections.namedtuple("Header", "magic version length compatible incompatible device run number clock boot boottime realtime first "
                                "previous key next_key seal_0 recipients n boxes seal_1 anchor reserved signature crc")
FRAME = struct.Struct("<4sBBHQII32s")
SEAL_BODY = struct.Struct("<IBBHQq32s32s64s")
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
WORDS = ["tampered", "damaged", "missing", "unknown"]  # the worst first


class Refused(Exception):
    """A file that cannot be read as a journal."""


class Nothing(Exception):
    """A file that the power cut while it was created."""


# --- what the page builds on ---

def make_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    return table


TABLE = make_table()


def crc32c(data, before=0):
    """Of `data`, behind bytes whose CRC is `before`."""
    crc, table = before ^ 0xFFFFFFFF, TABLE
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def blake(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def signature_good(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a varint has no end")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            if value >> 64:
                raise ValueError("a varint is past 64 bits")
            return value, at


def split_records(payload):
    records, at = [], 0
    while at < len(payload):
        length, at = varint(payload, at)
        if not 0 < length <= len(payload) - at:
            raise ValueError("a record does not fit into its frame")
        records.append(payload[at:at + length])
        at += length
    return records


# --- sealing: libsodium's sealed box in as much as a message of 32 bytes needs, and the ratchet ---

def salsa20(key, block, add_input):
    constants, k, n = struct.unpack("<4I", b"expand 32-byte k"), struct.unpack("<8I", key), struct.unpack("<4I", block)
    start = [constants[0], *k[:4], constants[1], *n, constants[2], *k[4:], constants[3]]
    x = list(start)
    columns = [(0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11)]
    rows = [(0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)]
    for turn in range(20):
        for a, b, c, d in rows if turn & 1 else columns:
            for to, one, two, bits in (b, a, d, 7), (c, b, a, 9), (d, c, b, 13), (a, d, c, 18):
                t = x[one] + x[two] & 0xFFFFFFFF
                x[to] ^= (t << bits | t >> 32 - bits) & 0xFFFFFFFF
    if add_input:
        return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(x, start)))
    return struct.pack("<8I", *(x[i] for i in (0, 5, 10, 15, 6, 7, 8, 9)))


def box_stream(secret, public, fresh, recipient):
    """64 bytes: the key of Poly1305, then what a message of 32 bytes is XORed with."""
    shared = salsa20(secret.exchange(X25519PublicKey.from_public_bytes(public)), bytes(16), False)
    nonce = hashlib.blake2b(fresh + recipient, digest_size=24).digest()
    return salsa20(salsa20(shared, nonce[:16], False), nonce[16:] + bytes(8), True)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def public_of(secret):
    return secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def open_box(box, secret):
    fresh, tag, cipher = box[:32], box[32:48], box[48:]
    stream = box_stream(secret, fresh, fresh, public_of(secret))
    Poly1305.verify_tag(stream[:32], cipher, tag)
    return xor(cipher, stream[32:])


def ratchet(key, x):
    return hashlib.blake2b(b"", digest_size=32, key=key, salt=x.to_bytes(8, "little") + bytes(8), person=b"jamlogck" + bytes(8)).digest()


# --- the checkpoint's code ---

def checkpoint_code(digest, chain):
    bits = int.from_bytes(blake(b"jamlog checkpoint 1", digest, chain)[:7], "big") >> 1
    values = [bits >> 5 * (10 - i) & 31 for i in range(11)]
    return "".join(BASE32[v] for v in values) + BASE32[sum(v * (2 * i + 1) for i, v in enumerate(values)) % 32]


def parse_code(text):
    code = text.upper().translate(str.maketrans("OIL", "011", "- "))
    if len(code) != 12 or any(c not in BASE32 for c in code):
        raise ValueError("that is no checkpoint code")
    values = [BASE32.index(c) for c in code]
    if sum(v * (2 * i + 1) for i, v in enumerate(values[:11])) % 32 != values[11]:
        raise ValueError("the checkpoint code is misspelt: its last character does not fit")
    return code


# --- one segment ---

class Frame:
    def __init__(self, offset, data):
        self.offset, self.data, self.payload = offset, data, data[HEAD:]
        _, self.kind, self.flags, _, self.first, self.number, _, self.chain = FRAME.unpack_from(data)
        self.after = blake(self.chain, data)
        self.in_place = self.joined = self.proven = False  # joined: its chain value was worked out from the frame before
        self.records = None

    def known(self, *kinds):
        return self.flags == 0 and self.kind in kinds

    def without_crc(self, length):
        return self.data[:20] + bytes(4) + self.data[24:length]


class Segment:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.path, self.findings, self.frames, self.gaps = path, [], [], []
        self.read_header()
        self.digest = blake(self.head)
        self.digest_crc = crc32c(self.digest)
        self.signed, self.sealed = bool(self.header.compatible & SIGNED), bool(self.header.incompatible & SEALED)
        self.signature_good = self.signed and signature_good(self.header.key, self.header.signature, self.head[:4028])
        self.ending, self.run_ended, self.seals_good, self.copies = None, False, 0, 0
        self.last_seal = -1  # the good ones: index into frames
        self.announced = 0  # what a good seal at the end says of the final frame that is not there
        self.header_word = "" if self.signed else "unsigned"
        self.read_frames()

    def find(self, word, text, offset=0, length=0):
        self.findings.append({"class": word, "offset": offset, "length": length, "text": text})

    def read_header(self):
        blocks = [self.data[:BLOCK], self.data[BLOCK:2 * BLOCK]]
        whole = [b for b in blocks if len(b) == BLOCK and b[:8] == b"JAMLOGJ1" and crc32c(b[:4092]) == int.from_bytes(b[4092:], "little")]
        if not whole:
            raise Refused("no copy of the header is whole") if self.data[FRAMES_AT:].strip(b"\0") else Nothing()
        self.head, self.header = whole[0], Header._make(HEADER.unpack(whole[0]))
        if self.header.version != 1 or self.header.length != BLOCK or self.header.incompatible & ~SEALED:
            raise Refused("of a newer format")
        if self.header.incompatible & SEALED and not 1 <= self.header.recipients <= 16:
            raise Refused("sealed for nobody")
        if blocks[0] != blocks[1] and len(self.data) >= FRAMES_AT:
            self.find("damaged", "the copies of the header differ", BLOCK if whole[0] is blocks[0] else 0, BLOCK)

    def frame_at(self, at):
        """The frame that begins there, if it is whole."""
        data = self.data
        if data[at:at + 4] != b"JLFR" or at + HEAD > len(data):
            return None
        end = at + HEAD + int.from_bytes(data[at + 6:at + 8], "little")
        if end > len(data) or end > at - at % BLOCK + BLOCK:
            return None
        crc = crc32c(data[at + 24:end], crc32c(data[at:at + 20] + bytes(4), self.digest_crc))
        return Frame(at, data[at:end]) if crc == int.from_bytes(data[at + 20:at + 24], "little") else None

    def zeros(self, start, end):
        return not self.data[start:end].strip(b"\0")

    def read_frames(self):
        at, number, chain = FRAMES_AT, 0, self.digest
        while True:
            frame = next(filter(None, map(self.frame_at, range(at, len(self.data), SECTOR))), None)
            if frame is None:
                self.ending = "open" if len(self.data) >= FRAMES_AT and self.zeros(at, len(self.data)) else "torn"
                break
            frame.joined = (frame.number, frame.chain) == (number, chain)
            passed = frame.offset > at
            if passed and not (frame.joined and frame.offset == at - at % BLOCK + BLOCK and self.zeros(at, frame.offset)):
                self.find("damaged", "bytes that are no frame", at, frame.offset - at)
            elif passed:
                self.gaps.append((at, frame.offset))
            frame.in_place = frame.joined or passed and frame.number > number
            if not frame.in_place:
                self.find("tampered", "a whole frame that was not written here", frame.offset, len(frame.data))
            self.frames.append(frame)
            end = frame.offset + len(frame.data)
            at, number, chain = -(-end // SECTOR) * SECTOR, frame.number + 1, frame.after
            self.gaps.append((end, at))
            if not self.zeros(end, at):
                self.find("damaged", "bytes behind a frame that are not zero", end, at - end)
            if not frame.known(OBSERVATIONS, SEAL, FINAL):
                self.find("unknown", "a frame of a newer program", frame.offset, len(frame.data))
            if frame.known(FINAL) and frame.in_place:
                self.ending, self.run_ended = "final", frame.payload == b"\x01"
                if not self.zeros(at, len(self.data)):
                    late = any(map(self.frame_at, range(at, len(self.data), SECTOR)))
                    self.find("tampered" if late else "damaged", "bytes behind the end", at, len(self.data) - at)
                break
        self.end, self.chain = at, chain
        if self.ending == "torn":
            self.find("unknown", "a torn end", at, len(self.data) - at)

    def read_records(self, secret):
        """Takes the frames of observations apart, opened with the recipient's secret where they are sealed."""
        step = None  # of the ratchet: a frame's number and its key
        if self.sealed:
            mine = blake(public_of(secret)) if secret else None
            boxes = [self.header.boxes[i:i + 112] for i in range(0, 112 * self.header.recipients, 112)]
            box = next((b[32:] for b in boxes if b[:32] == mine), None)
            if box is None:
                return
            try:
                step = 0, open_box(box, secret)
            except (InvalidSignature, ValueError):
                self.find("damaged", "the recipient's box does not open", 240, 16 * 112)
                return
        for frame in sorted(self.frames, key=lambda f: f.number):
            if not frame.known(OBSERVATIONS):
                continue
            try:
                payload = frame.payload
                if self.sealed:
                    step, payload = self.open_frame(frame, *step)
                frame.records = split_records(payload)
            except InvalidTag:
                self.find("damaged", "observations that the key does not open", frame.offset, len(frame.data))
            except ValueError as error:
                self.find("tampered", f"observations that were never written so: {error}", frame.offset, len(frame.data))

    def open_frame(self, frame, i, key):
        if frame.number > (frame.offset - FRAMES_AT) // SECTOR:
            raise InvalidTag  # no frame can have such a number here
        while i < frame.number:
            i, key = i + 1, ratchet(key, 2)
        return (i, key), ChaCha20Poly1305(ratchet(key, 1)).decrypt(bytes(12), frame.payload, self.digest + frame.without_crc(HEAD))

    # --- what is proven; the header was judged before ---

    def prove_until(self, last):
        for frame in reversed(self.frames[:last + 1]):
            if frame.proven:
                break
            frame.proven = True
            if not frame.joined:
                break

    def vouch(self, chain, complete):
        """`previous` and `anchor`: False where the segment does not reach as far. `complete`: by then the segment's run had ended."""
        i = -1 if chain == self.digest else next((i for i, f in enumerate(self.frames) if f.after == chain), None)
        if i is None:
            return False
        if complete or self.announced == 2:
            self.announced = 0
        late = self.frames[max(i, self.last_seal) + 1:]
        if complete and any(not f.known(FINAL) for f in late):
            self.find("tampered", "frames that were not there when the next run began", late[0].offset)
        return True

    def check_seals(self):
        keys, last, whole = {0: self.header.seal_0, 1: self.header.seal_1}, -1, True
        ends = None  # of the frame before: what it says of the end, if it is a seal
        for i, frame in enumerate(self.frames):
            whole = whole and frame.joined
            if ends and frame.joined and not frame.known(FINAL):
                self.find("tampered", "a frame behind the final seal", frame.offset, len(frame.data))
            if frame.known(FINAL) and frame.joined and ends != (1 if self.run_ended else 2):
                self.find("tampered", "a final frame without a final seal that says the same", frame.offset, len(frame.data))
            ends = None
            if frame.known(SEAL) and frame.in_place:
                word, j, ends = self.check_seal(frame, keys, last, whole)
                if word == "good":
                    if j == last + 1:
                        self.prove_until(i)
                    frame.proven = True  # and no more, if the seal before it is missing
                    last, whole = j, True
                    self.seals_good += 1
                    self.last_seal = i
                else:
                    self.find(word, "a seal that is not the device's, or whose key nothing good names", frame.offset, len(frame.data))
        self.announced = ends if ends and self.ending != "final" and self.last_seal == len(self.frames) - 1 else 0

    def check_seal(self, frame, keys, last, whole):
        """`whole`: every frame since the last good seal is there, so that its number has to be the next one."""
        if len(frame.payload) != SEAL_BODY.size:
            return "tampered", None, None
        j, ends, _, _, _, _, next_key, key_after, signature = SEAL_BODY.unpack(frame.payload)
        if ends > 2 or j <= last or whole and j != last + 1:
            return "tampered", None, None
        if j not in keys:  # the two seals before it are damaged
            return "unknown", None, ends
        if not signature_good(keys[j], signature, b"jamlog seal 1" + self.digest + frame.without_crc(HEAD + 88)):
            return "tampered", None, None
        if not ends:
            keys.setdefault(j + 1, next_key)
            keys.setdefault(j + 2, key_after)
        return "good", j, ends


# --- all of them ---

def worst(findings):
    return min((WORDS.index(f["class"]) for f in findings), default=len(WORDS))


def read_all(paths):
    files, segments, refused, empty = [], [], [], 0
    for path in paths:
        if os.path.isdir(path):
            files += sorted(os.path.join(d, name) for d, _, names in os.walk(path) for name in names if name.endswith(".jlj"))
        else:
            files.append(path)
    for path in files:
        try:
            segments.append(Segment(path))
        except Refused as why:
            refused.append({"path": path, "why": str(why)})
        except Nothing:
            empty += 1
    return sorted(segments, key=lambda s: (s.header.device, s.header.n, s.header.run, s.header.number)), refused, empty


def choose_copies(segments):
    """Of several files with the same header the one that proves most; but tampering with any of them is told."""
    best = {}
    for s in sorted(segments, key=lambda s: (worst(s.findings) == 0, -sum(f.proven for f in s.frames), -len(s.frames))):
        chosen = best.setdefault(s.digest, s)
        if chosen is not s:
            chosen.copies += 1
            for finding in s.findings if worst(s.findings) == 0 else ():
                chosen.find("tampered", f"in the copy {s.path}: {finding['text']}")
    return [s for s in segments if best[s.digest] is s]


def judge_headers(segments):
    """In the order of n: whom segment n-1 names as the next key has to be judged before."""
    for s in segments:
        h = s.header
        if not s.signed:
            if any(b.signed and b.header.device == h.device for b in segments):
                s.find("tampered", "it is not signed, and the device signs")
            continue
        before = [b for b in segments if b.signed and b.header.device == h.device and b.header.n == h.n - 1]
        before = [b for b in before if b.header_word == "good"] or [b for b in before if b.signature_good]
        if not s.signature_good:
            s.header_word = "its signature is wrong"
        elif 0 in (h.n, h.number):
            s.header_word = "it has a number that no device gives"
        elif h.n == 1 and blake(h.key)[:16] != h.device:
            s.header_word = "its key does not make the device id"
        elif before and h.key not in [b.header.next_key for b in before]:
            s.header_word = "its key is not the one that the segment before names"
        else:
            s.header_word = "good"
        if s.header_word != "good":
            s.find("tampered", "the header: " + s.header_word)
    good = [s for s in segments if s.header_word == "good" and s.frames]
    for s in good:
        if any(t.digest != s.digest and (t.header.device, t.header.n) == (s.header.device, s.header.n) for t in good):
            s.find("tampered", "two segments of this device have one number and both have frames")


def where_to_look(before, earlier, run):
    """The segments before, and as long as they hold nothing those of the run that stand before them."""
    yield from before
    looked = before
    while not any(b.frames for b in looked):
        place = place_of(looked[0])
        in_run = [b for b in earlier if b.header.run == run and place_of(b) < place]
        looked = [b for b in in_run if place_of(b) == max(map(place_of, in_run))]
        if not looked or looked[0].signed and place_of(looked[0]) != place - 1:
            break
        yield from looked


def place_of(segment):
    return segment.header.n if segment.signed else segment.header.number


def vouched(segment, link, before):
    if segment.header_word == "unsigned":
        return link in [before.digest] + [f.after for f in before.frames]
    return before.vouch(link, before.header.run != segment.header.run)


def check_links(segments):
    """What stands before each segment, by n where it is signed, else by the number in the run."""
    missing = []
    for s in segments:
        h = s.header
        if s.signed:
            before = [b for b in segments if b.signed and b.header.device == h.device and b.header.n == h.n - 1]
            earlier = [b for b in segments if b.signed and b.header.device == h.device and b.header.n < h.n]
        else:
            earlier = [b for b in segments if not b.signed and b.header.run == h.run and b.header.number < h.number]
            before = [b for b in earlier if b.header.number == max(e.header.number for e in earlier)]
        begins = not any(b.header.run == h.run and b.header.number < h.number for b in segments)
        if begins and h.number > 1 or earlier and not before:
            missing.append({"device": h.device.hex(), "run": h.run.hex(), "before": s.path})
        if s.run_ended is False and s.ending == "final" and not any(b.header.run == h.run and b.header.number > h.number for b in segments):
            missing.append({"device": h.device.hex(), "run": h.run.hex(), "behind": s.path})
        links = {link for link in (h.previous, h.anchor) if any(link)} if s.header_word in ("good", "unsigned") else set()
        for link in links if before else ():
            if not any(vouched(s, link, b) for b in (where_to_look(before, earlier, h.run) if link == h.previous else before)):
                for b in earlier:
                    if link == h.previous and b.header.run == h.run:
                        vouched(s, link, b)  # it is there; but not where it should be
                b = next((b for b in reversed(before) if b.frames), before[-1])
                b.find("missing", "it does not reach as far as the header of its successor says")
                if b.ending == "torn":
                    b.find("damaged", "what is torn was acknowledged", b.end, len(b.data) - b.end)
    for s in segments:
        late = s.frames[s.last_seal + 1:]
        if s.header_word == "good" and s.ending != "final" and len(late) > 663 and all(f.joined for f in late):
            s.find("tampered", "too many frames without a seal", late[0].offset)
        if s.announced:
            s.find("missing", "the final frame that its last seal announces")
    return missing


def verify(paths, checkpoint=None, secret=None):
    segments, refused, empty = read_all(paths)
    judge_headers(segments)
    for s in segments:
        if s.header_word == "good":
            s.check_seals()
    segments = choose_copies(segments)
    for s in segments:
        s.read_records(secret)
    missing = check_links(segments)
    found = [{"segment": s.digest.hex(), "frames": f.number + 1 if f else 0} for s in segments
             for f in [None, *(f for f in s.frames if f.joined)] if checkpoint == checkpoint_code(s.digest, f.after if f else s.digest)] if checkpoint else []
    word = WORDS[min([worst(s.findings) for s in segments] + [1 if refused else 2 if missing else 3])]
    if word == "unknown":
        runs = {s.header.run: [o for o in segments if o.header.run == s.header.run] for s in segments if s.signed}
        unproven = any(any(counted(s) for s in run) and not any(f.proven for s in run for f in counted(s)) for run in runs.values())
        word = "unsigned" if any(not s.signed for s in segments) or not segments else "unproven" if unproven else "proven"
    return segments, {"segments": [describe(s, secret) for s in segments], "missing": missing, "refused": refused, "empty": empty,
                      "checkpoint": found, "word": word}


def counted(s):
    return [f for f in s.frames if f.known(OBSERVATIONS, SEAL) or f.known(FINAL) and not f.in_place]


def describe(s, secret):
    h, frames = s.header, counted(s)
    if s.signed and not all(f.proven for f in frames):
        s.find("unknown", "frames that nothing proves")
    word = WORDS[worst(s.findings)] if worst(s.findings) < 3 else None
    if not word:
        word = "unsigned" if not s.signed else "unproven" if frames and not any(f.proven for f in frames) else "proven"
    records = [r for f in s.frames for r in f.records or []]
    result = {"path": s.path, "digest": s.digest.hex(), "device": h.device.hex(), "run": h.run.hex(), "number": h.number, "n": h.n,
              "copies": s.copies, "header": s.header_word, "sealed": s.sealed, "word": word, "ending": s.ending, "run_ended": s.run_ended,
              "frames": len(frames), "frames_proven": sum(f.proven for f in frames), "seals_good": s.seals_good,
              "chain": s.chain.hex(), "findings": s.findings}
    if not s.sealed or any(f.records is not None for f in s.frames):
        result["observations"] = len(records)
    if secret:
        result["records"] = [r.hex() for r in records]
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--checkpoint", type=parse_code, metavar="CODE")
    parser.add_argument("--open", type=lambda text: X25519PrivateKey.from_private_bytes(bytes.fromhex(text)), metavar="SECRETKEYHEX")
    args = parser.parse_args()
    json.dump(verify(args.paths, args.checkpoint, args.open)[1], sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
