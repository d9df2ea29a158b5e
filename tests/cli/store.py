#!/usr/bin/env python3
"""What sync and export say to bad input: the exit code, the message, and what stays untouched.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import pty
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from store_common import *  # noqa: E402,F403


def says(done, *words):
    for word in words:
        check(word in done.stderr, f"{word!r} is not in: {done.stderr}")


def write(name, data):
    with open(path(name), "wb") as f:
        f.write(data)
    return path(name)


def setup():
    """a store to begin with"""
    sync(path("s.gpkg"), make("j", sweeps=30))


def usage():
    """wrong options are exit code 2, with a hint"""
    for words in (["sync"], ["sync", path("j")], ["sync", "--db", path("x.gpkg")], ["sync", "--nonsense"],
                  ["export"], ["export", "--db", path("s.gpkg")], ["export", "--db", path("s.gpkg"), "-o", "-", "--format", "kml"],
                  ["export", "--db", path("s.gpkg"), "-o", "-", "--since", "yesterday"],
                  ["export", "--db", path("s.gpkg"), "-o", "-", "--bbox", "1,2,3"],
                  ["export", "--db", path("s.gpkg"), "-o", "-", "--bbox", "1,2,3,200"],
                  ["export", "--db", path("s.gpkg"), "-o", "-", "--bbox", "0,50,1,40"],
                  ["export", "--db", path("s.gpkg"), "-o", "-", "--format", "csv", "--layer", "track"],
                  ["export", "--db", path("s.gpkg"), "-o", "-", "--format", "ooni-jsonl", "--layer", "samples"],
                  ["export", "--db", path("s.gpkg"), "-o", "-", "--format", "ooni-jsonl", "--rs"],
                  ["export", "--db", path("s.gpkg"), "-o", "-", "--layer", "probe"],
                  ["export", "--db", path("s.gpkg"), "-o", "-", "--rs"], ["export", "--db", path("s.gpkg"), "-o", "-", "--excel"],
                  ["export", "--db", path("s.gpkg"), "-o", "-", "--since", "2025-01-02", "--until", "2025-01-01"],
                  ["sync", "--db", "", path("j")], ["export", "--db", "", "-o", "-"], ["export", "--db", path("s.gpkg"), "-o", ""],
                  ["export", "--db", path("s.gpkg"), "-o", "-", "stray"]):
        says(jamlog(*words, expect=2), "--help")
    check(not os.path.exists(path("x.gpkg")), "a store was made")


def help_is_complete():
    """--help names every option and the exit codes"""
    text = jamlog("sync", "--help").stdout
    for word in ("--db", "--json", "--quiet", "Exit codes", "Example"):
        check(word in text, f"sync --help lacks {word}")
    text = jamlog("export", "--help").stdout
    for word in ("--db", "--output", "--format", "--layer", "--since", "--until", "--bbox", "--modem", "--rs", "--excel", "Exit codes"):
        check(word in text, f"export --help lacks {word}")


def nothing_to_read():
    """a folder without journals is exit code 3 and makes no store"""
    os.makedirs(path("empty"))
    says(jamlog("sync", "--db", path("none.gpkg"), path("empty"), expect=3), "no journal to read")
    write("empty/notes.txt", b"x")
    jamlog("sync", "--db", path("none.gpkg"), path("empty"), expect=3)
    check(not os.path.exists(path("none.gpkg")), "a store was made")


def named_stranger():
    """a named file that is no journal is an error, and the others are read"""
    stranger = write("stranger.txt", b"hello\n" * 5000)
    says(jamlog("sync", "--db", path("named.gpkg"), stranger, path("missing.jlj"), path("j"), expect=1), "stranger.txt", "missing.jlj")
    check_equal(one(path("named.gpkg"), "SELECT count(*) FROM radio"), 30, "samples")
    jamlog("sync", "--db", path("only.gpkg"), stranger, expect=1)
    check(not os.path.exists(path("only.gpkg")), "a store was made")


def stranger_in_folder():
    """a foreign file in a folder is passed over with a word, a broken journal is damage"""
    shutil.copytree(path("j"), path("mixed"))
    write("mixed/notes.txt", b"x")
    says(jamlog("sync", "--db", path("mixed.gpkg"), path("mixed")), "1 files", "passed over")
    write("mixed/zz.jlj", b"nonsense" * 2000)
    says(jamlog("sync", "--db", path("mixed.gpkg"), path("mixed"), expect=4), "zz.jlj")
    check_equal(one(path("mixed.gpkg"), "SELECT count(*) FROM radio"), 30, "samples")
    os.mkfifo(path("mixed", "fifo.jlj"))
    jamlog("sync", "--db", path("mixed.gpkg"), path("mixed"), expect=4, timeout=20)


def refuse(database, word):
    before = open(database, "rb").read()
    says(jamlog("sync", "--db", database, path("j"), expect=1), word, "nothing was changed")
    done = jamlog("export", "--db", database, "-o", "-", expect=1)
    says(done, word)
    check("changed" not in done.stderr, f"who only reads speaks of changing: {done.stderr}")
    check(open(database, "rb").read() == before, "it was changed")
    check_equal([f for f in os.listdir(WORK) if f.startswith(os.path.basename(database) + ".")
                 or f.startswith(os.path.basename(database) + "-")], [], "files beside it")


def foreign_databases():
    """a database of another program is refused untouched"""
    subprocess.run(["sqlite3", path("other.db"), "CREATE TABLE t (x); INSERT INTO t VALUES (1);"], check=True)
    refuse(path("other.db"), "another program")
    refuse(write("text.gpkg", b"not a database, but long enough to have a header " * 10), "no database")
    subprocess.run(["sqlite3", path("other.gpkg"), "PRAGMA application_id=0x47504B47; CREATE TABLE gpkg_contents (x);"], check=True)
    refuse(path("other.gpkg"), "another program")
    shutil.copy(path("s.gpkg"), path("newer.gpkg"))
    subprocess.run(["sqlite3", path("newer.gpkg"), "UPDATE meta SET value='99' WHERE key='schema_version'"], check=True)
    refuse(path("newer.gpkg"), "newer jamlog")


def empty_file_is_a_new_store():
    """an empty file is filled"""
    write("zero.gpkg", b"")
    sync(path("zero.gpkg"), path("j"))
    check_equal(one(path("zero.gpkg"), "SELECT count(*) FROM radio"), 30, "samples")


def locked_store():
    """a store that is being built, or locked, is left alone"""
    import fcntl
    with open(path("busy.gpkg.new"), "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        says(jamlog("sync", "--db", path("busy.gpkg"), path("j"), expect=1), "another jamlog")
        check(os.path.exists(path("busy.gpkg.new")), "the other's file is gone")
    sync(path("busy.gpkg"), path("j"))


def stranger_beside_the_store():
    """a file that happens to be named like the building site is kept"""
    for data in (b"a diary", b"S" * 5000, open(path("other.db"), "rb").read()):
        stranger = write("beside.gpkg.new", data)
        says(jamlog("sync", "--db", path("beside.gpkg"), path("j"), expect=1), "beside.gpkg.new", "nothing was changed")
        check(open(stranger, "rb").read() == data, "it was changed")
    os.chmod(write("beside.gpkg.new", open(path("s.gpkg"), "rb").read()), 0o644)
    sync(path("beside.gpkg"), path("j"))
    check_equal(oct(os.stat(path("beside.gpkg")).st_mode & 0o777), "0o600", "mode of the store")
    check_equal(one(path("beside.gpkg"), "SELECT count(*) FROM radio"), 30, "samples")


def names_are_files():
    """the name of a store is the name of a file, and of one in a folder that exists"""
    for name in ("file:uri.gpkg?mode=memory", ":memory:"):
        for turn in range(2):
            subprocess.run([os.path.abspath(JAMLOG), "sync", "-q", "--db", name, path("j")], cwd=WORK, check=True)
            check_equal(one(path(name).replace("?", "%3f"), "SELECT count(*) FROM radio"), 30, f"samples in {name}")
    says(jamlog("sync", "--db", path("nodir", "x.gpkg"), path("j"), expect=1), f"the folder {path('nodir')} does not exist")
    says(jamlog("export", "--db", segment_of(path("j")), "-o", "-", expect=1), "is a journal", "name the file that")


def links_stay_links():
    """a store named by a link is made and updated where the link points"""
    os.makedirs(path("far"))
    os.symlink(os.path.join("far", "target.gpkg"), path("one.gpkg"))
    os.symlink(path("one.gpkg"), path("two.gpkg"))
    for expected in (30, 50):
        sync(path("two.gpkg"), path("j" if expected == 30 else "linked"))
        check(os.path.islink(path("one.gpkg")) and os.path.islink(path("two.gpkg")), "a link was replaced")
        check_equal(one(path("far", "target.gpkg"), "SELECT count(*) FROM radio"), expected, "samples")
        check_equal(os.listdir(path("far")), ["target.gpkg"], "files")
        make("linked", sweeps=20, start=3000)
    open(path("far", "target.gpkg"), "w").close()
    sync(path("one.gpkg"), path("j"))
    check(os.path.islink(path("one.gpkg")), "a link to an empty file was replaced")
    os.symlink("loop.gpkg", path("loop.gpkg"))
    says(jamlog("sync", "--db", path("loop.gpkg"), path("j"), expect=1), "loop.gpkg", "symbolic links")


def read_only_store():
    """a store that may not be written to is said to be so, with what to do"""
    os.makedirs(path("locked"))
    shutil.copy(path("s.gpkg"), path("locked", "s.gpkg"))
    make("news", sweeps=20, start=3000)
    os.chmod(path("locked", "s.gpkg"), 0o444)
    command = [JAMLOG, "sync", "--db", path("locked", "s.gpkg"), path("news")]
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            raise Skip("root may write everywhere, and setpriv is not there")
        os.chmod(WORK, 0o755)
        subprocess.run(["chmod", "-R", "a+rX", path("news")], check=True)
        shutil.copy(JAMLOG, path("jamlog"))
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", path("jamlog")] + command[1:]
    done = subprocess.run(command, capture_output=True, text=True)
    check_equal(done.returncode, 1, "exit code")
    says(done, "s.gpkg", "readonly", "allowed to write")


def unwritable_folder():
    """a folder that may not be written to is said so"""
    os.makedirs(path("ro"), 0o555)
    command = [JAMLOG, "sync", "--db", path("ro", "x.gpkg"), path("j")]
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            raise Skip("root may write everywhere, and setpriv is not there")
        os.chmod(WORK, 0o755)
        subprocess.run(["chmod", "-R", "a+rX", path("j")], check=True)
        shutil.copy(JAMLOG, path("jamlog"))
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", path("jamlog")] + command[1:]
    done = subprocess.run(command, capture_output=True, text=True)
    check_equal(done.returncode, 1, "exit code")
    says(done, "x.gpkg", "Permission denied")


def full_disk():
    """a full disk loses nothing that was there"""
    if os.geteuid() != 0:
        raise Skip("needs root for a small tmpfs")
    os.makedirs(path("small"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", path("small")], capture_output=True).returncode != 0:
        raise Skip("cannot mount a tmpfs here")
    try:
        make("large", sweeps=20000, group=60, start=4000)
        says(jamlog("sync", "--db", path("small", "x.gpkg"), path("large"), expect=1), "full", "make room")
        check_equal(os.listdir(path("small")), [], "what is left of a new store")
        sync(path("small", "y.gpkg"), path("j"))
        before = content(path("small", "y.gpkg"))
        says(jamlog("sync", "--db", path("small", "y.gpkg"), path("large"), expect=1), "full")
        check_equal(content(path("small", "y.gpkg")), before, "content of the store")
        says(jamlog("export", "--db", path("s.gpkg"), "-o", path("small", "z.geojson")), "30 features")
        sync(path("large.gpkg"), path("large"))
        says(jamlog("export", "--db", path("large.gpkg"), "-o", path("small", "z.geojson"), expect=1), "No space left")
        check_equal(sorted(os.listdir(path("small"))), ["y.gpkg", "z.geojson"], "files")
        check(open(path("small", "z.geojson")).read().count('"Feature"') == 30, "the older export is gone")
    finally:
        subprocess.run(["umount", "--lazy", path("small")], check=True)


def export_refusals():
    """export overwrites no store, database or journal, and names what is missing"""
    before = open(path("s.gpkg"), "rb").read()
    os.symlink(path("s.gpkg"), path("link.geojson"))
    for target in (path("s.gpkg"), path("link.geojson")):
        says(jamlog("export", "--db", path("s.gpkg"), "-o", target, expect=2), "is the store itself")
    check(open(path("s.gpkg"), "rb").read() == before, "the store was changed")
    shutil.copy(path("s.gpkg"), path("second.gpkg"))
    shutil.copy(segment_of(path("j")), path("j.geojson"))
    for target, word in ((path("second.gpkg"), "is a database"), (path("j.geojson"), "is a journal")):
        before = open(target, "rb").read()
        says(jamlog("export", "--db", path("s.gpkg"), "-o", target, expect=2), word, "name another file to write to")
        check(open(target, "rb").read() == before, f"{target} was overwritten")
    says(jamlog("export", "--db", path("missing.gpkg"), "-o", "-", expect=1), "missing.gpkg", "No such file")
    says(jamlog("export", "--db", path("s.gpkg"), "-o", path("no", "folder", "x"), expect=1), "No such file")
    says(jamlog("export", "--db", path("s.gpkg"), "-o", "-", "--modem", "nobody", expect=3), "modem-a")


def export_keeps_devices():
    """an export to /dev/null does not replace it"""
    jamlog("export", "--db", path("s.gpkg"), "-o", "/dev/null")
    check(not os.path.isfile("/dev/null"), "/dev/null is a file now")


def broken_pipe():
    """a reader that goes away ends the export"""
    sync(path("wide.gpkg"), make("wide", sweeps=5000, group=60))
    done = subprocess.run(f"{JAMLOG} export -q --db {path('wide.gpkg')} -o - | head -c 100 >/dev/null", shell=True, timeout=20,
                          capture_output=True, text=True)
    check_equal(done.returncode, 0, "exit code of head")


def progress_on_a_terminal_only():
    """progress is drawn on a terminal and nowhere else"""
    done = jamlog("sync", "--db", path("tty.gpkg"), path("wide"))
    check("%" not in done.stderr, f"progress without a terminal: {done.stderr}")
    ours, theirs = pty.openpty()
    subprocess.run([JAMLOG, "sync", "--db", path("tty2.gpkg"), path("wide")], stderr=theirs, stdout=subprocess.DEVNULL, check=True)
    os.close(theirs)
    drawn = ""
    while not drawn.endswith("\r\x1b[K"):  # a terminal hands over what was written in parts
        try:
            drawn += os.read(ours, 4096).decode()
        except OSError:  # all of it was read
            break
    check("%" in drawn and drawn.endswith("\r\x1b[K"), f"drawn: {drawn!r}")


def summaries():
    """the summary counts what was read, as JSON too"""
    import json
    text = jamlog("sync", "--db", path("sum.gpkg"), path("j")).stdout
    check("radio 30" in text and "29.0 s with" in text and "live 30" in text, text)
    summary = json.loads(jamlog("sync", "--json", "--db", path("sum2.gpkg"), path("j")).stdout)
    check_equal((summary["observations"]["radio"], summary["observations"]["fix"], summary["fixes"]["3d"], summary["service_ms"]["served"],
                 summary["positions"]["live"], summary["segments_new"]), (30, 30, 30, 29000, 30, 1), "summary")
    summary = json.loads(jamlog("sync", "--json", "--db", path("sum2.gpkg"), path("j")).stdout)
    check_equal((summary["observations"]["radio"], summary["segments_unchanged"], summary["segments_new"]), (0, 1, 0), "second summary")
    for words in ([], ["--json"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([JAMLOG, "sync", "--db", path("sum2.gpkg"), path("j")] + words, stdout=full, stderr=subprocess.PIPE,
                                  text=True)
        check_equal(done.returncode, 1, f"exit code of a summary {words} that could not be written")
        says(done, "summary", "No space left")


run_tests([setup, usage, help_is_complete, nothing_to_read, named_stranger, stranger_in_folder, foreign_databases,
           empty_file_is_a_new_store, locked_store, stranger_beside_the_store,
           names_are_files, links_stay_links, read_only_store, unwritable_folder, full_disk, export_refusals, export_keeps_devices, broken_pipe,
           progress_on_a_terminal_only, summaries])
