#!/usr/bin/env python3
"""Checks what the design says of rooms, lengths and headers. Exit status 1 and a line for each breach.

SPDX-License-Identifier: GPL-3.0-or-later"""
import re
import subprocess
import sys

TOP_LEVEL = {"src", "include", "tests", "udev", "Makefile", "README.md", "LICENSE", "CHANGELOG.md"}
CORE = {"base32.h", "bytes.h", "clock.h", "config.h", "error.h", "files.h", "keyfile.h", "observation.h", "out.h", "ticker.h"}
SIM_CORE = {"bytes.h", "clock.h", "error.h", "keyfile.h", "ticker.h"}
# Which public headers (include/) the files of a room may use; its own folder is always open to it.
DOORS = {
    "core": CORE,
    "devices": CORE | {"devices.h"},
    "source": CORE | {"devices.h", "source.h", "probe.h"},
    "probe": CORE | {"probe.h", "targets.h"},
    "journal": CORE | {"journal.h", "verify.h"},
    "keys": CORE | {"journal.h", "keys.h"},
    "record": CORE | {"devices.h", "source.h", "journal.h", "keys.h", "record.h", "control.h"},
    "store": CORE | {"store.h"},
    "sync": CORE | {"journal.h", "verify.h", "store.h", "sync.h"},
    "export": CORE | {"store.h", "export.h"},
    "analysis": CORE | {"store.h", "analysis.h"},
    "import": CORE | {"store.h", "import.h"},
    "sim": SIM_CORE,
    "cmd": None,  # sees every room
}
PRINTING_ROOMS = {"cmd", "record", "sim"}
MAX_FUNCTION, MAX_FILE, TAB = 100, 600, 8
MAX_LINE, MAX_SCRIPT_LINE = 140, 165  # columns; a check and its name may share a line in a script

breaches = []


def breach(path, line, text):
    breaches.append(f"{path}:{line}: {text}")


def check_includes(path, lines):
    parts = path.split("/")
    room = parts[1] if len(parts) > 2 else None
    if room is None:
        return
    if room not in DOORS:
        breach(path, 1, f"src/{room} is no room of the design: name it in .ci/rules.py with the doors that it may use")
        return
    for number, line in enumerate(lines, 1):
        match = re.match(r'#include "([^"]+)"', line)
        if not match:
            continue
        header = match.group(1)
        inside = header.startswith(room + "/")
        if "/" in header and not inside and room != "cmd":
            breach(path, number, f"{header} is inside another room: use its door in include/")
        if "/" not in header and DOORS[room] is not None and header not in DOORS[room]:
            breach(path, number, f"src/{room} may not use {header} (design: who may see whom)")


def check_printing(path, lines):
    parts = path.split("/")
    if len(parts) < 3 or parts[1] in PRINTING_ROOMS or parts[-1] == "main.c" or not path.endswith(".c"):
        return
    for number, line in enumerate(lines, 1):
        if re.search(r"\b(printf|g_print|g_printerr|g_message|g_warning|exit)\s*\(", line) or "stderr" in line:
            breach(path, number, "only src/cmd and src/record print, log or exit")


def check_text(path, lines):
    if "SPDX-License-Identifier: GPL-3.0-or-later" not in "\n".join(lines[:120]):
        breach(path, 1, "no SPDX line in the first comment")
    if len(lines) > MAX_FILE:
        breach(path, len(lines), f"{len(lines)} lines; a file over {MAX_FILE} has two subjects")
    limit = MAX_LINE if path.endswith((".c", ".h")) else MAX_SCRIPT_LINE
    for number, line in enumerate(lines, 1):
        if len(line.expandtabs(TAB)) > limit:
            breach(path, number, f"{len(line.expandtabs(TAB))} columns; {limit} at most")
        if line != line.rstrip():
            breach(path, number, "white space at the end of the line")
        if path != ".ci/rules.py" and re.search(r"\b(TODO|FIXME|XXX)\b", line):
            breach(path, number, "unfinished: finish it or say it in an issue")


def check_functions(paths):
    out = subprocess.run(["ctags", "--languages=C", "--kinds-C=f", "--fields=+ne", "-f", "-", *paths],
                         capture_output=True, text=True, check=True).stdout
    for row in out.splitlines():
        start, end = re.search(r"\tline:(\d+)", row), re.search(r"\tend:(\d+)", row)
        if start and end and int(end.group(1)) - int(start.group(1)) + 1 > MAX_FUNCTION:
            name, path = row.split("\t")[:2]
            breach(path, start.group(1), f"{name} has over {MAX_FUNCTION} lines")


def main():
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True,
                           check=True).stdout.split("\n")
    for path in filter(None, files):
        top = path.split("/")[0]
        if top not in TOP_LEVEL and not top.startswith("."):
            breach(path, 1, "the top level is fixed: see the design")
    sources = [f for f in files if re.search(r"\.(c|h|py|sh)$", f) or f in ("Makefile", ".ci/run", ".ci/need", ".ci/lint")]
    for path in sources:
        try:
            with open(path, encoding="utf-8") as handle:
                lines = handle.read().split("\n")
        except FileNotFoundError:
            continue  # deleted, not yet committed
        check_text(path, lines)
        if path.startswith("src/"):
            check_includes(path, lines)
            check_printing(path, lines)
    check_functions([f for f in sources if f.endswith(".c")])
    print("\n".join(breaches))
    return 1 if breaches else 0


sys.exit(main())
