# What the scripts about the journal share: TAP, the helper programs, and their output as values.
# SPDX-License-Identifier: GPL-3.0-or-later
import glob
import os
import re
import subprocess
import sys

BUILD = os.path.abspath(os.environ.get("BUILD", "build/release"))
WRITER = os.path.join(BUILD, "tests/helper/journal_writer_loop")
CHECK = os.path.join(BUILD, "tests/helper/journal_check")


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
