#!/usr/bin/env python3
# The order of system calls on which durability hangs, seen by strace: no crash test can find a missing fsync of the
# folder on ext4.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../helper"))
from journal_common import WRITER, Tap  # noqa: E402

TRACED = "trace=openat,open,creat,mkdir,pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename,close"
NAMES = [
    "a missing folder is made durable in its parent before the segment is created",
    "each segment is created, then it is durable, then its folder, then the first frame is written",
    "every acknowledgement follows fdatasync after the last write of its group",
    "a commit is one write and one fdatasync",
    "an ended segment is cut and made durable, and only after its successor is",
    "no segment is opened again or renamed, and none is removed",
    "what was created or renamed is durable, and so is its folder, before the next acknowledgement",
    "the keys of a turn are durable before its header, what is left of them after it before its first frame",
]


def trace(directory):
    """The calls as (name, fd or path, offset or text) in order."""
    log = os.path.join(directory, "trace")
    # LSan cannot work under ptrace; the leaks are found by the other tests.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    command = ["strace", "-f", "-e", TRACED, "-s", "64", "-o", log, WRITER, os.path.join(directory, "a/b"),
               "--keys", os.path.join(directory, "state/keys"), "--groups", "30", "--per-group", "20", "--size", "100",
               "--segment-size", "40960"]
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    except FileNotFoundError:
        return None, "strace is not installed"
    if run.returncode != 0:
        return None, "strace cannot trace here: " + run.stderr.strip()[:200]
    calls = []
    with open(log) as lines:
        for line in lines:
            m = re.match(r"\d+ +(\w+)\((.*)\) += (-?\d+)", line)
            if m and int(m.group(3)) >= 0:
                calls.append((m.group(1), m.group(2), int(m.group(3))))
    return calls, None


def number(calls, base):
    """Gives each call on a file its path: [(name, path, args, result)]."""
    paths, out = {}, []
    for name, args, result in calls:
        if name in ("openat", "open", "creat"):
            path = re.search(r'"([^"]*)"', args).group(1)
            paths[result] = path
            out.append((name, path, args, result))
        elif name in ("mkdir", "unlink", "rename"):
            out.append((name, re.findall(r'"([^"]*)"', args)[-1], args, result))
        else:
            fd = int(args.split(",")[0])
            out.append((name, "stdout" if fd == 1 else paths.get(fd, str(fd)), args, result))
    return [c for c in out if c[1] == "stdout" or c[1].startswith(base)]


def position(calls, start, name, path):
    for i in range(start, len(calls)):
        if calls[i][0] == name and calls[i][1] == path:
            return i
    return None


def offset_of(call):
    return int(call[2].rsplit(",", 1)[1])


def check_folders(calls, base):
    first_segment = next(i for i, c in enumerate(calls) if c[1].endswith(".jlj"))
    for made, parent in ((f"{base}/a", base), (f"{base}/a/b", f"{base}/a"), (f"{base}/state", base)):
        made_at = position(calls, 0, "mkdir", made)
        synced_at = position(calls, made_at, "fsync", parent) if made_at is not None else None
        if synced_at is None or synced_at > first_segment:
            return f"{made}: made at {made_at}, {parent} durable at {synced_at}, first segment at {first_segment}"
    return ""


def check_creation(calls, base, segments):
    for path in segments:
        created = next(i for i, c in enumerate(calls) if c[1] == path and c[0] == "openat")
        frame = next(i for i, c in enumerate(calls) if c[1] == path and c[0] == "pwrite64" and b_is_frame(c))
        file_durable = position(calls, created, "fsync", path)
        folder_durable = position(calls, file_durable or created, "fsync", f"{base}/a/b")
        order = [created, file_durable, folder_durable, frame]
        if "O_EXCL" not in calls[created][2] or "0600" not in calls[created][2]:
            return f"{path}: created with {calls[created][2]}"
        if None in order or order != sorted(order):
            return f"{path}: created, durable, folder durable, first frame at {order}"
    return ""


def b_is_frame(call):
    return '"JLFR' in call[2]


def check_acknowledgements(calls):
    dirty = False
    for name, path, args, _ in calls:
        if name == "pwrite64" and b_is_frame((name, path, args)):
            dirty = True
        elif name in ("fdatasync", "fsync") and path.endswith(".jlj"):
            dirty = False
        elif path == "stdout" and '"ack' in args and dirty:
            return f"acknowledged before it was durable: {args}"
    return ""


def check_commits(calls):
    since = []
    for name, path, args, _ in calls:
        if path == "stdout":
            if '"ack' in args and len(since) != 2 and "a new segment" not in since:
                return f"between two acknowledgements: {since}"
            since = []
        elif name in ("openat", "ftruncate"):
            since.append("a new segment")
        elif name in ("pwrite64", "fdatasync", "fsync"):
            since.append(name)
    return ""


def check_ends(calls, segments):
    for i, path in enumerate(segments):
        cut = position(calls, 0, "ftruncate", path)
        durable = position(calls, cut or 0, "fsync", path)
        if cut is None or durable is None:
            return f"{path}: cut at {cut}, durable at {durable}"
        if i + 1 < len(segments):
            successor = position(calls, 0, "fsync", segments[i + 1])
            if successor is None or successor > cut:
                return f"{path}: cut at {cut}, successor durable at {successor}"
    return ""


def check_names(calls, segments):
    opened = [c[1] for c in calls if c[0] == "openat" and c[1].endswith(".jlj")]
    removed = [c[1] for c in calls if c[0] == "unlink"]
    renamed = [c[2] for c in calls if c[0] == "rename" and ".jlj" in c[2]]
    return "" if opened == segments and not removed + renamed else f"opened {opened}, removed {removed}, renamed {renamed}"


def check_durable(calls):
    """Locks hold nothing, and need not last."""
    contents, names, known = set(), set(), set()
    for name, path, args, _ in calls:
        if name == "mkdir" or (name == "openat" and "O_CREAT" in args and path not in known and not path.endswith(".lock")):
            known.add(path)
            names.add(path)
        if name == "openat" and "O_TRUNC" in args:
            names.add(path)
        if name in ("write", "pwrite64", "ftruncate") and path != "stdout":
            contents.add(path)
        elif name in ("fsync", "fdatasync"):
            contents.discard(path)
            names = {n for n in names if os.path.dirname(n) != path} if name == "fsync" else names
        elif name == "rename":
            source = re.findall(r'"([^"]*)"', args)[0]
            if source in contents:
                return f"{source} was not durable when it was renamed"
            names = names - {source} | {path}
        elif path == "stdout" and '"ack' in args and names | contents:
            return f"acknowledged while {sorted(names | contents)} may be lost: {args}"
    return ""


def check_turns(calls, base, segments):
    keys, state, folder = f"{base}/state/keys", f"{base}/state", f"{base}/a/b"
    for path in segments:
        header = position(calls, 0, "openat", path)
        frame = next(i for i, c in enumerate(calls) if c[1] == path and c[0] == "pwrite64" and b_is_frame(c))
        turn = max(i for i, c in enumerate(calls[:header]) if c[:2] == ("rename", keys))
        ready = position(calls, turn, "fsync", f"{keys}.next")
        durable = position(calls, header, "fsync", folder)
        wiped = position(calls, header, "rename", keys)
        order = [turn, position(calls, turn, "fsync", state), ready, header, durable, wiped, position(calls, wiped or 0, "fsync", state), frame]
        if None in order or order != sorted(order):
            return f"{path}: both keys, durable, the next state ready, header, durable, one key, durable, frame at {order}"
    return ""


def main():
    tap = Tap(len(NAMES))
    directory = tempfile.mkdtemp(prefix="jamlog-calls-")
    try:
        raw, why = trace(directory)
        if raw is None:
            for name in NAMES:
                tap.skip(name, why)
            return
        calls = number(raw, directory)
        segments = list(dict.fromkeys(c[1] for c in calls if c[1].endswith(".jlj")))
        enough = "" if len(segments) >= 3 else f"only {len(segments)} segments were written"
        problems = [check_folders(calls, directory), check_creation(calls, directory, segments), check_acknowledgements(calls),
                    check_commits(calls), check_ends(calls, segments), check_names(calls, segments), check_durable(calls),
                    check_turns(calls, directory, segments)]
        for name, problem in zip(NAMES, problems):
            tap.ok(not problem and not enough, name, problem or enough)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
