#!/usr/bin/env python3
"""A sealed recording, as a reporter makes it: two keys at the desk, a device that cannot read what it wrote, and a sync that can.

The recorder writes onto a disk of its own (an ext4 image): that is searched for what was recorded, and so is the recorder's memory for
the keys of what it recorded before.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import re
import resource
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import journal_common  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()
desk = rig.folder()
PHRASES = {"reporter": "seven plain words of a reporter", "newsroom": "what the newsroom says to itself"}
CANARY = "canary-Wasserwerfer-7f3a"


def with_phrase(words, command):
    read, write = os.pipe()
    os.write(write, words.encode() + b"\n")
    os.close(write)
    done = rig.run([*command, "--passphrase-fd", str(read)], pass_fds=[read])
    os.close(read)
    return done


def key(name, kind):
    return os.path.join(desk, f"{name}.{kind}")


def sync(journal, name, *options, phrase=None):
    path = os.path.join(desk, name)
    command = [rig.JAMLOG, "sync", journal, "--db", path, *options]
    return (with_phrase(phrase, command) if phrase else rig.run(command)), path


def memory(pid):
    """All that the process could write to: what a core dump would hold."""
    parts = []
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            start, end, flags = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
            if not flags.startswith("rw"):
                continue
            mem.seek(int(start, 16))
            parts.append(mem.read(int(end, 16) - int(start, 16)))
    return b"".join(parts)


class Disk:
    """An ext4 of its own where that can be had; else a folder."""

    def __init__(self):
        self.image, self.path = os.path.join(desk, "disk.img"), os.path.join(desk, "disk")
        os.mkdir(self.path)
        with open(self.image, "wb") as file:
            file.truncate(32 << 20)
        made = rig.run(["mke2fs", "-q", "-t", "ext4", self.image])
        self.mounted = made.returncode == 0 and rig.run(["mount", "-o", "loop", self.image, self.path]).returncode == 0

    def bytes(self):
        if self.mounted:
            subprocess.run(["umount", self.path], check=True)
            with open(self.image, "rb") as file:
                return file.read()
        found = []
        for folder, _, names in os.walk(self.path):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    found.append(file.read())
        return b"".join(found)

    def gone(self):
        if self.mounted:
            subprocess.run(["umount", "-q", self.path], check=False)


def test_keys():
    for name, phrase in PHRASES.items():
        done = with_phrase(phrase, [rig.JAMLOG, "keygen", name, "--directory", desk])
        tap.equal(done.returncode, 0, f"keygen makes {name}")


def test_one_recipient_is_refused():
    alone = rig.run([rig.JAMLOG, "record", "--no-modem", "-d", f"{desk}/no", "--state", f"{desk}/nostate", "--recipient", key("reporter", "pub")])
    twice = rig.run([rig.JAMLOG, "record", "--no-modem", "-d", f"{desk}/no", "--state", f"{desk}/nostate",
                     "--recipient", key("reporter", "pub"), "--recipient", key("reporter", "pub")])
    tap.ok(alone.returncode == 2 and "name two or more" in alone.stderr, "a single recipient is refused", alone)
    tap.ok(twice.returncode == 2 and "name each once" in twice.stderr, "and so is one who is named twice", twice)


def mark(recorder, text):
    return rig.run([rig.JAMLOG, "mark", "--runtime", recorder.runtime, text])


def hunt(segment, dump, frames):
    path = os.path.join(desk, "dump")
    with open(path, "wb") as file:
        file.write(dump)
    out = rig.run([os.path.join(rig.BUILD, "tests/helper/key_hunt"), segment, path, *map(str, frames)])
    return dict(re.findall(r"^(\d+) (found|not found)$", out.stdout, re.M)) or out


def frames_of(segment):
    """(number, type) of each."""
    with open(segment, "rb") as file:
        data = file.read()
    return [(int.from_bytes(data[at + 16:at + 20], "little"), data[at + 4]) for at in range(8192, len(data), 512)
            if data[at:at + 4] == b"JLFR"]


def observation_frames(segment):
    return [number for number, kind in frames_of(segment) if kind == 1]


def test_memory(recorder):
    segment = journal_common.segments(recorder.journal)[0]
    rig.wait_for(lambda: len(observation_frames(segment)) > 4, 20, "five frames")
    if "asan" in rig.BUILD:
        print("# the address sanitizer's own memory is too large to be searched")
        return mark(recorder, "one more")
    before = observation_frames(segment)
    dump = memory(recorder.pid())
    mark(recorder, "one more")
    rig.wait_for(lambda: len(observation_frames(segment)) > len(before) + 2, 20, "frames after the dump")
    past = [before[0], before[1], before[-2], before[-1]]
    tap.equal(hunt(segment, dump, past), {str(n): "not found" for n in past}, "the recorder's memory opens no frame from before")
    # Between the dump and the listing, or while memory was read, a frame may have been written.
    following = [n for n in observation_frames(segment) if n > before[-1]][:2]
    return tap.ok("found" in hunt(segment, dump, following).values(), "and the search finds keys: that of the next frame is there", following)


def test_recording(disk):
    journal = os.path.join(disk.path, "journal")
    modem = field.Modem("a")
    state = os.path.join(disk.path, "state")
    recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps", "-i", "0.5", "--recipient", key("reporter", "pub"),
                              "--recipient", key("newsroom", "pub"), "--state", state, journal=journal)
    tap.ok(recorder.says("what is recorded can be read by reporter", 15) and recorder.says("newsroom"), "the start names who can read it",
           recorder.log())
    tap.equal(mark(recorder, CANARY).returncode, 0, "a mark is taken")
    with open(f"/proc/{recorder.pid()}/limits", encoding="ascii") as limits:
        tap.ok(re.search(r"^Max core file size\s+1\s", limits.read(), re.M), "the recorder leaves no core dump, piped or not (core(5))")
    asked = rig.run([rig.JAMLOG, "status", "--runtime", recorder.runtime])
    tap.ok(re.search(r"checkpoint [0-9A-HJKMNP-TV-Z]{12}\b", asked.stdout) and "not readable on this device" in asked.stdout,
           "status gives the checkpoint and says that it is sealed", asked.stdout)
    second = field.Recorder("--no-modem", "--gps", "localhost:1", journal=journal)
    tap.ok(second.process.wait(timeout=15) == 1 and "another jamlog records into" in second.log(), "a second recorder is refused",
           second.log())
    test_memory(recorder)
    code, _ = recorder.stop()
    tap.ok(code == 0 and re.search(r"checkpoint [0-9A-HJKMNP-TV-Z]{12}:", recorder.log()), "the end gives the last checkpoint", recorder.log())
    modem.unplug()
    code = re.search(r"checkpoint ([0-9A-Z]{12}):", recorder.log()).group(1)
    verified = rig.run([rig.JAMLOG, "verify", journal, "--checkpoint", code])
    tap.ok(verified.returncode == 0 and "proven" in verified.stdout, "which verify finds, without any key", verified)
    return journal


def test_disk(disk, journal):
    """Returns where the journal is copied to, as it is carried home."""
    copy = os.path.join(desk, "carried home")
    shutil.copytree(journal, copy)
    data = disk.bytes()
    tap.equal([data.count(CANARY.encode()), data.count(CANARY.encode("utf-16-le"))], [0, 0],
              f"nothing that was recorded stands on the {'disk' if disk.mounted else 'folder'}: {len(data) >> 20} MiB")
    tap.ok(data.count(b"JAMLOGJ1") >= 2, "which was searched where the journal is")
    return copy


def test_plain():
    """The same without recipients is there to be found."""
    recorder = field.Recorder("--no-modem", "--gps", "localhost:1")
    tap.ok(recorder.says("NOT SEALED: what is recorded can be read by whoever holds this device"), "a plain recording says so at its start",
           recorder.log())
    mark(recorder, CANARY)
    recorder.stop()
    with open(journal_common.segments(recorder.journal)[0], "rb") as file:
        tap.equal(file.read().count(CANARY.encode()), 1, "and the search of the disk would have found it")


def test_sync(journal):
    done, path = sync(journal, "none.gpkg")
    tap.ok(done.returncode == 1 and "is sealed: give a recipient's secret key with --identity" in done.stderr and not os.path.exists(path),
           "without a key nothing is read, and it is said why", done)
    done, _ = sync(journal, "none.gpkg", "--identity", key("reporter", "key"), phrase="not the phrase at all")
    tap.ok(done.returncode == 1 and "passphrase" in done.stderr, "nor with a wrong passphrase", done)
    texts = []
    for name, phrase in PHRASES.items():
        done, path = sync(journal, f"{name}.gpkg", "--identity", key(name, "key"), phrase=phrase)
        tap.equal(done.returncode, 0, f"{name} reads it")
        db = rig.database(path)
        tap.equal([row[0] for row in db.execute("SELECT text FROM mark ORDER BY id")], [CANARY, "one more"], f"{name} finds the marks")
        texts.append(db.execute("SELECT count(*), min(id), max(id) FROM radio").fetchone()[:])
    tap.ok(texts[0] == texts[1] and texts[0][0] > 3, "both the same sweeps", texts)
    with_phrase("a stranger's own phrase", [rig.JAMLOG, "keygen", "stranger", "--directory", desk])
    done, path = sync(journal, "none.gpkg", "--identity", key("stranger", "key"), phrase="a stranger's own phrase")
    tap.ok(done.returncode == 1 and "sealed to other keys" in done.stderr and not os.path.exists(path), "a stranger reads nothing", done)


def main():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))  # who starts the recorder wants dumps
    disk = Disk()
    try:
        test_keys()
        test_one_recipient_is_refused()
        journal = test_disk(disk, test_recording(disk))
        test_plain()
        test_sync(journal)
    finally:
        disk.gone()
    if not shutil.which("mke2fs"):
        print("# no mke2fs: the folder was searched, not a disk")
    tap.done()


main()
