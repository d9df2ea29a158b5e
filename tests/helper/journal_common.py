# What the scripts about the journal share: TAP, the helper programs, and their output as values.
# SPDX-License-Identifier: GPL-3.0-or-later
import glob
import json
import os
import re
import subprocess
import sys

BUILD = os.path.abspath(os.environ.get("BUILD", "build/release"))
WRITER = os.path.join(BUILD, "tests/helper/journal_writer_loop")
JAMLOG = os.path.join(BUILD, "jamlog")
CHECK = os.path.join(BUILD, "tests/helper/journal_check")
SHIM = os.path.join(BUILD, "tests/helper/fail_calls.so")
FULL = os.environ.get("TORTURE") == "full"  # make torture; make check does little of the same


class Tap:
    def __init__(self, count):
        self.done = 0
        self.failed = 0
        print(f"1..{count}", flush=True)

    def ok(self, good, name, why=""):
        self.done += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.done} - {name}", flush=True)
        if not good and why:
            print("# " + str(why).replace("\n", "\n# "), flush=True)

    def skip(self, name, why):
        self.done += 1
        print(f"ok {self.done} - {name} # SKIP {why}", flush=True)

    @staticmethod
    def figure(*pairs):
        print("# " + " ".join(f"{name}={value}" for name, value in zip(pairs[::2], pairs[1::2])), flush=True)

    def finish(self):
        sys.exit(1 if self.failed else 0)


def segments(directory):
    return sorted(glob.glob(os.path.join(directory, "*.jlj")))


def check(paths):
    """One dict for each segment: end, observations, damages, breaks, invented, seen (a set)."""
    out = subprocess.run([CHECK, *paths], stdout=subprocess.PIPE, check=True, text=True).stdout
    result = []
    for line in out.splitlines():
        row = dict(re.findall(r" (\w+)=(\S*)", line))
        seen = set()
        for part in filter(None, row["seen"].split(",")):
            first, last = part.split("-")
            seen.update(range(int(first), int(last) + 1))
        row = {k: int(v) if v.isdigit() else v for k, v in row.items()}
        row["seen"] = seen
        result.append(row)
    return result


def acknowledged(text):
    """The last sequence number that complete lines of the writer's output acknowledge."""
    return max([0] + [int(n) for n in re.findall(r"^ack (\d+)\n", text, re.M)])


def has_frames(path):
    with open(path, "rb") as file:
        file.seek(8192)
        data = file.read()
    return any(data.startswith(b"JLFR", at) for at in range(0, len(data), 512))


def numbers_used_twice(paths):
    """Headers of one device with one n, of which more than one has frames: that is what a forger leaves, and no crash."""
    by_number = {}
    for path in paths:
        with open(path, "rb") as file:
            header = file.read(4096)
        if header[:8] == b"JAMLOGJ1" and header[16] & 1:
            by_number.setdefault((header[24:40], header[236:240]), []).append(path)
    return [same for same in by_number.values() if len(same) > 1 and sum(map(has_frames, same)) > 1]


def run_of(path):
    """A run is named by the beginning of its files' names."""
    return os.path.basename(path).rsplit("-", 1)[0]


def accusations(directory, *classes):
    """What the verifier says against a folder of segments, of these classes."""
    out = subprocess.run([JAMLOG, "verify", "--json", directory], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if not out.stdout:  # there is no journal at all, or it broke
        return [] if b"hold nothing" in out.stderr else [f"verify ends with {out.returncode}: {out.stderr}"]
    return [f"{f['class']}: {f['text']}" for run in json.loads(out.stdout)["runs"] for f in run["findings"] if f["class"] in classes]


def check_runs(directory, promised, *accused):
    """What is wrong with the segments of a folder of which {run: last acknowledged sequence} was promised; "" where nothing is. Findings
    of the verifier that are wrong: of the classes `accused`."""
    paths = segments(directory)
    seen, invented = {}, 0
    for path, row in zip(paths, check(paths) if paths else []):
        seen.setdefault(run_of(path), set()).update(row["seen"])
        invented += row["invented"]
    lost = {run: sorted(set(range(1, last + 1)) - seen.get(run, set())) for run, last in promised.items()}
    problems = [f"lost of {run}: {numbers[:5]}" for run, numbers in lost.items() if numbers]
    problems += [f"{invented} were invented"] if invented else []
    problems += [f"one number, two segments with frames: {same}" for same in numbers_used_twice(paths)]
    problems += accusations(directory, *accused) if paths and not problems else []
    return "; ".join(problems)


def writer_arguments(directory):
    """Of journal_writer_loop, for a journal and a device's state in this folder."""
    return [os.path.join(directory, "journal"), "--keys", os.path.join(directory, "state/keys")]


class Written:
    """What a run of journal_writer_loop came to."""

    def __init__(self, directory, *options, environment=None):
        done = subprocess.run([WRITER, *writer_arguments(directory), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=environment, check=False)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        path = re.match(r"path (.*)\n", self.out)
        self.run = run_of(path.group(1)) if path else None
        self.acknowledged = acknowledged(self.out)
        self.words = [line.split()[0] for line in self.out.splitlines() if line.startswith(("ack ", "fail "))]


def preload(shim, **settings):
    """An environment in which a program finds its calls replaced."""
    asan = os.environ.get("ASAN_OPTIONS", "")
    return {**os.environ, "LD_PRELOAD": shim, "ASAN_OPTIONS": asan + ":verify_asan_link_order=0", **settings}
