"""A block device that notes what was written to it and when it was told to flush, and the states that a power cut may leave it in.

The device is a loop device on a file that this process serves through /dev/fuse. A state keeps all that was written before
the last flush, and of the sectors written since then any subset: that is all that a disk promises.

SPDX-License-Identifier: GPL-3.0-or-later"""
import ctypes
import errno
import fcntl
import os
import shutil
import struct
import subprocess
import sys
import threading

SECTOR = 512
SUPERBLOCK = 1024
WRITE, FLUSH, MARK = range(3)
MAX_WRITE = 128 << 10
BLKFLSBUF = 0x1261
MS_NOSUID, MS_NODEV, MNT_DETACH = 2, 4, 2
MKFS = ("mkfs.ext4", "-q", "-F", "-b", "4096", "-J", "size=4", "-E", "lazy_itable_init=0,lazy_journal_init=0")
FUSE_GETATTR, FUSE_SETATTR, FUSE_OPEN, FUSE_READ, FUSE_WRITE, FUSE_RELEASE, FUSE_FSYNC, FUSE_FLUSH, FUSE_INIT = 3, 4, 14, 15, 16, 18, 20, 25, 26
FUSE_SILENT = (2, 36, 42)  # forget, interrupt, batch-forget: no answer is waited for
FOPEN_DIRECT_IO = 1

os.environ["PATH"] += ":/usr/sbin:/sbin"
libc = ctypes.CDLL(None, use_errno=True)


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def mount(source, target, kind, data="", flags=MS_NOSUID | MS_NODEV):
    if libc.mount(source.encode(), target.encode(), kind.encode(), flags, data.encode()) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot mount {source} on {target}: {os.strerror(number)}")


def unmount(target, flags=0):
    if libc.umount2(target.encode(), flags) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot unmount {target}: {os.strerror(number)}")


def alone():
    """Goes on in a mount namespace of its own, so that nobody else holds what is mounted here. A reason where it cannot be done."""
    if os.geteuid() != 0:
        return "block devices need root"
    for tool in ("unshare", "losetup", "mkfs.ext4"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    for node in ("/dev/fuse", "/dev/loop-control"):
        if not os.path.exists(node):
            return f"there is no {node} here"
    if "private" not in sys.argv[1:]:
        if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            return "no mount namespaces here"
        os.execvp("unshare", ["unshare", "-m", sys.executable, *sys.argv, "private"])
    if subprocess.run(["losetup", "-f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return "no loop device is to be had here"
    return None


class Loop:
    """A loop device on a file; given back when this process ends, however it does."""

    def __init__(self, path):
        self.name = run("losetup", "-f", "--show", path)
        self.fd = os.open(self.name, os.O_RDONLY | os.O_CLOEXEC)
        run("losetup", "-d", self.name)  # takes effect at the last close

    def forget(self):
        """Nothing of the device is kept in memory."""
        fcntl.ioctl(self.fd, BLKFLSBUF)

    def close(self):
        os.close(self.fd)


class RecordingDisk:
    """`log` holds (WRITE, offset, bytes), (FLUSH,) and, as its user put them there, (MARK, anything), in order."""

    def __init__(self, folder, size):
        self.image = bytearray(size)
        self.log = []
        self.opened = self.pulled = 0  # devices on the file so far; how many of them are gone
        self.path = os.path.join(folder, "disk")
        self.mounted = os.path.join(folder, "recorded")
        open(self.path, "wb").close()
        os.mkdir(self.mounted)
        self.fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        mount("disk", self.path, "fuse", f"fd={self.fd},rootmode=100000,user_id=0,group_id=0")
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        self.loop = Loop(self.path)
        run(*MKFS, self.loop.name)
        mount(self.loop.name, self.mounted, "ext4")
        run("sync", "-f", self.mounted)
        self.base = bytes(self.image)
        self.log = []

    def mark(self, what):
        self.log.append((MARK, what))

    def pull(self):
        """Every access fails from now on."""
        self.pulled = self.opened

    def plug(self):
        """It is back, as another device, and mounted in the same place."""
        unmount(self.mounted, MNT_DETACH)
        self.loop.close()
        self.loop = Loop(self.path)
        mount(self.loop.name, self.mounted, "ext4")

    def close(self):
        unmount(self.mounted, MNT_DETACH)
        self.loop.close()
        unmount(self.path, MNT_DETACH)

    # --- the FUSE file ---

    def _serve(self):
        while True:
            try:
                request = os.read(self.fd, MAX_WRITE + 4096)
                opcode, unique = struct.unpack_from("<IQ", request, 4)
                if opcode not in FUSE_SILENT:
                    failed, answer = self._answer(opcode, request[40:])
                    os.write(self.fd, struct.pack("<IiQ", 16 + len(answer), -failed, unique) + answer)
            except OSError as error:
                if error.errno != errno.ENOENT:  # that request was withdrawn; anything else: unmounted
                    return

    def _answer(self, opcode, body):
        if opcode == FUSE_INIT:
            major, minor, readahead = struct.unpack_from("<III", body)
            return 0, struct.pack("<IIIIHHIIHH8I", major, min(minor, 31), readahead, 0, 0, 0, MAX_WRITE, 1, 0, 0, *[0] * 8)
        if opcode in (FUSE_GETATTR, FUSE_SETATTR):
            size = len(self.image)
            return 0, struct.pack("<QII", 3600, 0, 0) + struct.pack("<6Q10I", 1, size, size // 512, 0, 0, 0, 0, 0, 0, 0o100600, 1, 0, 0, 0, 4096, 0)
        if opcode == FUSE_OPEN:
            self.opened += 1
            return 0, struct.pack("<QII", self.opened, FOPEN_DIRECT_IO, 0)
        if opcode in (FUSE_FLUSH, FUSE_RELEASE):
            return 0, b""
        if opcode not in (FUSE_READ, FUSE_WRITE, FUSE_FSYNC):
            return errno.ENOSYS, b""
        device, = struct.unpack_from("<Q", body)
        return (errno.EIO, b"") if device <= self.pulled else self._access(opcode, body)

    def _access(self, opcode, body):
        if opcode == FUSE_FSYNC:
            self.log.append((FLUSH,))
            return 0, b""
        _, offset, size = struct.unpack_from("<QQI", body)
        if opcode == FUSE_READ:
            return 0, bytes(self.image[offset:offset + size])
        data = body[40:40 + size]
        self.image[offset:offset + size] = data
        self.log.append((WRITE, offset, data))
        return 0, struct.pack("<II", size, 0)


class CrashStates:
    """States of a recording, each mounted in turn."""

    def __init__(self, folder, disk):
        self.base, self.log = disk.base, disk.log
        self.path = os.path.join(folder, "state")
        self.mounted = os.path.join(folder, "crashed")
        os.mkdir(self.mounted)
        with open(self.path, "wb") as file:
            file.write(self.base)
        self.loop = Loop(self.path)
        self.durable, self.position, self.flush = bytearray(self.base), 0, -1

    def at(self, rng, point):
        """Leaves the state of a power cut before log[point] mounted. Points must not go back."""
        for i in range(self.position, point):
            if self.log[i][0] == FLUSH:
                for entry in self.log[self.flush + 1:i]:
                    if entry[0] == WRITE:
                        self.durable[entry[1]:entry[1] + len(entry[2])] = entry[2]
                self.flush = i
        self.position = point
        state = bytearray(self.durable)
        keep = rng.choice((0, 0.25, 0.5, 0.75))
        for entry in self.log[self.flush + 1:point]:
            if entry[0] == WRITE:
                self._keep_some(rng, state, keep, *entry[1:])
        with open(self.path, "r+b") as file:
            file.write(state)
        self.loop.forget()
        mount(self.loop.name, self.mounted, "ext4")

    @staticmethod
    def _keep_some(rng, state, keep, offset, data):
        kept = False
        for at in range(0, len(data), SECTOR):
            # ext4 does not survive a torn superblock, whoever writes its files: its two sectors come together.
            kept = kept if offset + at == SUPERBLOCK + SECTOR else rng.random() < keep
            if kept:
                state[offset + at:offset + at + SECTOR] = data[at:at + SECTOR]

    def leave(self):
        unmount(self.mounted)

    def close(self):
        self.loop.close()
