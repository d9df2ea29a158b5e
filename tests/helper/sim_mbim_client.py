"""An MBIM host of the tests' own: messages as bytes, written from the specification.

It shares no code with the simulator, so that a wrong offset or field width on one side shows, and does what no tool does:
fragments, wrong lengths, and reading all of a list (libmbim before 1.30 reads the first cell of one again and again).
SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import select
import struct
import time
import uuid

from node import Node

OPEN, CLOSE, COMMAND, HOST_ERROR = 1, 2, 3, 4
OPEN_DONE, CLOSE_DONE, COMMAND_DONE, FUNCTION_ERROR, INDICATE = 0x80000001, 0x80000002, 0x80000003, 0x80000004, 0x80000007
BASIC = uuid.UUID("a289cc33-bcbb-8b4f-b6b0-133ec2aae6df").bytes
EXTENSIONS = uuid.UUID("3d01dcc5-fef5-4d05-0d3a-bef7058e9aaf").bytes
QMI = uuid.UUID("d1a30bc2-f97a-6e43-bf65-c7e24fb0f0d3").bytes


def message(kind, transaction, body=b""):
    return struct.pack("<III", kind, 12 + len(body), transaction) + body


def command_body(service, cid, is_set=0, info=b""):
    return service + struct.pack("<III", cid, is_set, len(info)) + info


def fragments(transaction, body, size):
    """The command in pieces of `size` bytes of its body."""
    pieces = [body[i:i + size] for i in range(0, len(body), size)]
    return [message(COMMAND, transaction, struct.pack("<II", len(pieces), i) + piece) for i, piece in enumerate(pieces)]


class Info:
    """An information buffer, or a structure inside one: numbers by offset, and what pairs point to."""

    def __init__(self, data, base=0):
        self.data, self.base = data, base

    def u32(self, at):
        return struct.unpack_from("<I", self.data, self.base + at)[0]

    def i32(self, at):
        return struct.unpack_from("<i", self.data, self.base + at)[0]

    def u64(self, at):
        return struct.unpack_from("<Q", self.data, self.base + at)[0]

    def text(self, at):
        offset, size = self.u32(at), self.u32(at + 4)
        assert self.base + offset + size <= len(self.data), "a text beyond the end of its buffer"
        return self.data[self.base + offset:self.base + offset + size].decode("utf-16-le")

    def array(self, at, fixed_size, text_at):
        """The structures of a list that a pair points to: each has a fixed part and then its one text, padded."""
        start = self.base + self.u32(at)
        if start == self.base:
            return []
        found, here = [], start + 4
        for _ in range(struct.unpack_from("<I", self.data, start)[0]):
            found.append(Info(self.data, here))
            here += fixed_size + (found[-1].u32(text_at + 4) + 3) // 4 * 4
        assert here == start + self.u32(at + 4), "a list that is not as long as it says"
        return found


class Host(Node):
    def __init__(self, path):
        super().__init__(path)
        self.buffer, self.transaction, self.notifications, self.sizes = b"", 0, [], []

    def read(self, seconds=5.0):
        """(type, transaction, rest) of the next message, or None after that time."""
        deadline = time.monotonic() + seconds
        while len(self.buffer) < 12 or len(self.buffer) < struct.unpack_from("<I", self.buffer, 4)[0]:
            if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                return None
            self.buffer += os.read(self.fd, 65536)
        kind, size, transaction = struct.unpack_from("<III", self.buffer)
        rest, self.buffer = self.buffer[12:size], self.buffer[size:]
        self.sizes.append(size)
        return kind, transaction, rest

    def number(self, kind, body=b"", transaction=None):
        """Sends an OPEN, CLOSE or anything else; (type, transaction, number) of what comes back."""
        self.transaction += 1
        self.write(message(kind, self.transaction if transaction is None else transaction, body))
        return self.read_number()

    def read_number(self):
        found = self.read()
        return found and (found[0], found[1], struct.unpack("<I", found[2])[0])

    def open(self, max_transfer=4096):
        found = self.number(OPEN, struct.pack("<I", max_transfer))
        assert found and found[0] == OPEN_DONE and found[2] == 0, "OPEN: %r" % (found,)

    def whole(self, found):
        """The body of a message that may have come in fragments, of which `found` is the first."""
        kind, transaction, rest = found
        total, body = struct.unpack_from("<I", rest)[0], b""
        for i in range(total):
            assert struct.unpack_from("<II", rest) == (total, i) and found[:2] == (kind, transaction), "a wrong fragment"
            body += rest[8:]
            if i + 1 < total:
                found = self.read()
                assert found, "a fragment is missing"
                rest = found[2]
        return body

    def answer(self):
        """(status, information buffer) of the next COMMAND_DONE; notifications before it are kept."""
        while True:
            found = self.read()
            assert found, "no answer"
            if found[0] == FUNCTION_ERROR:
                return "error", struct.unpack("<I", found[2])[0]
            body = self.whole(found)
            if found[0] == INDICATE:
                self.notifications.append((body[:16], struct.unpack_from("<I", body, 16)[0], body[24:]))
                continue
            status, size = struct.unpack_from("<II", body, 20)
            assert found[1] == self.transaction and len(body) == 28 + size, "an answer that does not fit"
            return status, body[28:]

    def command(self, service, cid, is_set=0, info=b""):
        self.transaction += 1
        self.write(message(COMMAND, self.transaction, struct.pack("<II", 1, 0) + command_body(service, cid, is_set, info)))
        return self.answer()

    def settle(self):
        """All notifications until now: the modem works in order, so an answer ends them."""
        self.command(BASIC, 3)
        found, self.notifications = self.notifications, []
        return found
