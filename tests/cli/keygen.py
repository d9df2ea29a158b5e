#!/usr/bin/env python3
"""jamlog keygen as a person uses it: at a terminal, from a program, with the sheet typed back in.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from store_common import *  # noqa: E402,F403

JAMLOG = os.path.abspath(JAMLOG)
SECRET = "violet harbour ninety spoon"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Person:
    """Sits at a terminal of their own and sees all that is shown on it."""

    def __init__(self, *command, stdin=None, stdout=None):
        self.seen = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(WORK)
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)  # who runs the tests may ignore them (nohup)
            for number, other in ((0, stdin), (1, stdout)):
                if other is not None:
                    os.dup2(other, number)
            os.execv(command[0], command)

    def read(self):
        """FALSE when nobody is left who could show anything."""
        if not select.select([self.terminal], [], [], 60)[0]:
            raise AssertionError(f"nothing more is shown after: {self.seen}")
        try:
            self.seen += os.read(self.terminal, 4096).decode()
        except OSError:
            return False
        return True

    def wait_for(self, words, times=1):
        while self.seen.count(words) < times:
            check(self.read(), f"{words!r} was not shown: {self.seen}")

    def type(self, line):
        os.write(self.terminal, line.encode() + b"\n")

    def echo(self):
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def end(self):
        """Its exit code, negative for a signal's."""
        while self.read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def keygen(*words, secret=SECRET, expect=0, sheet=None):
    """From a program: the passphrase over a pipe, and no terminal anywhere."""
    ours, theirs = os.pipe()
    os.write(theirs, secret.encode() + b"\nthe next line is not ours")
    os.close(theirs)
    done = subprocess.run([JAMLOG, "keygen", "--passphrase-fd", str(ours), *words], capture_output=True, text=True, pass_fds=[ours], cwd=WORK,
                          input=sheet or "", start_new_session=True)
    os.close(ours)
    check_equal(done.returncode, expect, f"exit code of keygen {words}: {done.stderr}")
    return done


def nowhere(*words, expect):
    """Where there is neither a terminal nor a descriptor."""
    done = subprocess.run([JAMLOG, "keygen", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, start_new_session=True, cwd=WORK)
    check_equal(done.returncode, expect, f"exit code of keygen {words}: {done.stderr}")
    return done


def read(name):
    with open(path(name)) as f:
        return f.read()


def mode(name):
    return oct(os.stat(path(name)).st_mode & 0o777)


def files():
    return sorted(os.listdir(WORK))


def public_key(name):
    """The symbols of the key alone: what follows is the check, which depends on the name."""
    return read(name).splitlines()[2].replace("-", "")[:len("key ") + 51]


def says(text, *words):
    for word in words:
        check(word in text, f"{word!r} is not in: {text}")


def places_of(pid, needle):
    """Flags of the mappings of a process in which these bytes are."""
    found, begin = [], None
    with open(f"/proc/{pid}/smaps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            span = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r?)", line)
            if span:
                begin, end, readable = int(span.group(1), 16), int(span.group(2), 16), span.group(3)
            elif line.startswith("VmFlags:") and readable and end - begin < 1 << 30 and "io" not in line.split():  # not a sanitizer's
                try:
                    memory.seek(begin)
                    if needle in memory.read(end - begin):
                        found.append(line.split()[1:])
                except (OSError, ValueError):  # [vvar]
                    pass
    return found


def check_hidden(pid, needle):
    """In memory that no core dump holds, and nowhere else."""
    places = places_of(pid, needle)
    check(places and all("dd" in flags for flags in places), f"a secret lies in mappings with the flags {places}")
    return places


def usage():
    """wrong options are exit code 2, with a hint, and nothing is made"""
    before = files()
    for words in ([], ["a", "b"], ["--nonsense", "a"], ["a", "--passphrase-fd", "-7"], ["a", "--passphrase-fd", "x"],
                  ["--restore", "-", "--passphrase-fd", "0"]):
        says(nowhere(*words, expect=2).stderr, "--help")
    for name in ("../up", "a b", ".hidden"):
        says(keygen(name, expect=2).stderr, "no name for a recipient")
    says(keygen("a", "--directory", "/no/such/folder", expect=1).stderr, "/no/such/folder", "No such file")
    check_equal(files(), before, "files")


def help_is_complete():
    """--help names every option and the exit codes"""
    says(jamlog("keygen", "--help").stdout, "--directory", "--sheet", "--restore", "--passphrase-fd", "Exit codes", "Examples")
    says(jamlog("--help").stdout, "keygen")


def at_a_terminal():
    """a person is asked twice, sees no passphrase, and is told what to do with each file"""
    os.umask(0)
    person = Person(JAMLOG, "keygen", "reporter")
    person.wait_for("New passphrase for reporter")
    check(not person.echo(), "the terminal echoes")
    person.type(SECRET)
    person.wait_for("The same again: ")
    check(not person.echo(), "the terminal echoes the second time")
    for name in ("cmdline", "environ") if os.geteuid() == 0 else ("cmdline",):  # only root may read the other
        with open(f"/proc/{person.pid}/{name}", "rb") as f:
            check(SECRET.encode() not in f.read(), f"the passphrase is in {name}")
    with open(f"/proc/{person.pid}/limits") as f:
        check(re.search(r"Max core file size +1 +1 ", f.read()), "it may leave a core dump")
    if os.geteuid() == 0:
        check_hidden(person.pid, SECRET.encode())
    person.type(SECRET)
    check_equal(person.end(), 0, f"exit code after {person.seen}")
    check(SECRET not in person.seen, "the passphrase was shown")
    says(person.seen, "reporter.pub", "device", "reporter.key", "stays here", "NO RECOVERY SHEET", "lost")
    check(re.search(r"fingerprint (\w{4}-){3}\w{4}\b", person.seen), "no fingerprint is shown")
    check_equal((mode("reporter.key"), mode("reporter.pub")), ("0o600", "0o644"), "modes of the files")
    check_equal(files(), ["reporter.key", "reporter.pub"], "files")


def no_debugger():
    """nobody of the same user can look into the process"""
    command = [JAMLOG, "keygen", "nobody"]
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            raise Skip("root may look into everything, and setpriv is not there")
        os.makedirs(path("open"))
        os.chmod(WORK, 0o711)
        os.chmod(path("open"), 0o777)
        shutil.copy(JAMLOG, path("open", "jamlog"))
        command = [shutil.which("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups", path("open", "jamlog"), "keygen", "nobody",
                   "--directory", path("open")]
    person = Person(*command)
    person.wait_for("New passphrase")
    check_equal(os.stat(f"/proc/{person.pid}/mem").st_uid, 0, "owner of its memory's file (its own user's: it can be dumped)")
    os.kill(person.pid, signal.SIGTERM)
    check_equal(person.end(), -signal.SIGTERM, "exit code")
    shutil.rmtree(path("open"), True)


def second_thoughts():
    """a short passphrase and two that differ are asked for anew, three times at most"""
    person = Person(JAMLOG, "keygen", "thoughts")
    person.wait_for("New passphrase")
    person.type("short12")
    person.wait_for("New passphrase", 2)
    says(person.seen, "too short", "five or six words")
    person.type(SECRET)
    person.wait_for("The same again")
    person.type(SECRET + "s")
    person.wait_for("New passphrase", 3)
    says(person.seen, "not the same")
    person.type("")
    check_equal(person.end(), 2, "exit code")
    says(person.seen, "empty")
    person = Person(JAMLOG, "keygen", "thoughts")
    person.wait_for("New passphrase")
    person.type("x" * 2000)
    check_equal(person.end(), 2, "exit code of a passphrase that is too long")
    check("thoughts.key" not in files() and "thoughts.pub" not in files(), "a key was made")


def broken_off():
    """Ctrl-C leaves a terminal that echoes, and no files"""
    for number, key in ((signal.SIGINT, b"\x03"), (signal.SIGQUIT, b"\x1c"), (signal.SIGHUP, None)):
        person = Person(JAMLOG, "keygen", "broken")
        person.wait_for("New passphrase")
        if key:
            os.write(person.terminal, key)
        else:
            os.kill(person.pid, number)
        check_equal(os.waitstatus_to_exitcode(os.waitpid(person.pid, 0)[1]), -number, "exit code")
        check(person.echo(), "the terminal does not echo any more")
    person = Person(JAMLOG, "keygen", "broken")
    person.wait_for("New passphrase")
    os.write(person.terminal, b"\x04")
    check_equal(person.end(), 2, "exit code after Ctrl-D")
    check("broken.key" not in files() and "broken.pub" not in files(), "a key was made")


def stopped_and_continued():
    """Ctrl-Z gives the terminal back as it was, and fg asks again without echo"""
    shell = Person(shutil.which("bash"), "--norc", "-c", f"set -m; {JAMLOG} keygen paused; stty -a; echo back; fg >/dev/null; echo code $?")
    shell.wait_for("New passphrase")
    os.write(shell.terminal, b"\x1a")
    shell.wait_for("back")
    check(re.search(r"\s(?<!-)echo\s", shell.seen), f"the terminal does not echo while it is stopped: {shell.seen}")
    shell.wait_for("New passphrase", 2)
    check(not shell.echo(), "the terminal echoes")
    shell.type(SECRET)
    shell.wait_for("The same again")
    shell.type(SECRET)
    shell.end()
    says(shell.seen, "code 0")
    check(SECRET not in shell.seen, "the passphrase was shown")


def without_a_terminal():
    """without terminal and descriptor it says which one to give"""
    for words in (["x"], ["x", "--sheet", "x.txt"]):
        says(nowhere(*words, expect=2).stderr, "--passphrase-fd")
    says(keygen("x", "--passphrase-fd", "77", expect=1).stderr, "descriptor 77")
    for secret, words in (("seven77", "too short"), ("", "empty"), ("a\0bcdefghijk", "no line of text"), ("x" * 1024, "too long")):
        says(keygen("x", secret=secret, expect=2).stderr, words)
    check([name for name in files() if name.startswith("x")] == [], f"something was made: {files()}")


def nothing_overwritten():
    """files that are there are refused before anybody is asked, and stay"""
    before = {name: read(name) for name in files()}
    says(nowhere("reporter", expect=2).stderr, "reporter.key", "overwritten")
    says(keygen("other", "--sheet", "reporter.pub", expect=1).stderr, "reporter.pub", "exists")
    says(keygen("other", "--sheet", "other.key", expect=2).stderr, "other.key")  # a sheet whose key could not be written goes again
    check_equal({name: read(name) for name in files()}, before, "files")


def sheets():
    """a sheet goes into a private file, or alone to standard output"""
    done = keygen("newsroom", "--sheet", "sheet.txt")
    check("NO RECOVERY" not in done.stdout, done.stdout)
    says(done.stdout, "sheet.txt", "Print it", "delete")
    check_equal(mode("sheet.txt"), "0o600", "mode of the sheet")
    os.makedirs(path("desk"))
    done = keygen("printed", "--directory", "desk", "--sheet", "-")
    check(done.stdout.startswith("# RECOVERY SHEET"), f"on standard output: {done.stdout}")
    says(done.stderr, "fingerprint", "desk/printed.pub")
    check_equal(sorted(os.listdir(path("desk"))), ["printed.key", "printed.pub"], "files")
    keygen("--restore", "-", "reprinted", sheet=done.stdout)
    check_equal(read("reprinted.pub").replace("reprinted", "printed").splitlines()[:2], read("desk/printed.pub").splitlines()[:2], "heads")
    check_equal(public_key("reprinted.pub"), public_key("desk/printed.pub"), "public key")
    with open("/dev/full", "w") as full:
        ours, theirs = os.pipe()
        os.write(theirs, SECRET.encode() + b"\n")
        done = subprocess.run([JAMLOG, "keygen", "lost", "--sheet", "-", "--passphrase-fd", str(ours)], stdout=full, stderr=subprocess.PIPE,
                              text=True, pass_fds=[ours], cwd=WORK)
    check_equal(done.returncode, 1, "exit code of a sheet that could not be printed")
    says(done.stderr, "could not be printed", "begin anew")


def key_of(sheet):
    """The secret key in a sheet, worked out without jamlog."""
    key = b""
    for line in re.findall(r"^\d: (.*)$", sheet, re.M):
        bits = "".join(f"{ALPHABET.index(c):05b}" for c in line if c != " ")
        key += int(bits, 2).to_bytes(10, "big")[:8]
    return key


def typed_back():
    """the sheet is typed at the terminal, in small letters and without its words, and brings the same key back"""
    sheet = read("sheet.txt")
    typed = [line.lower() for line in sheet.splitlines() if line and not line.startswith("#")]
    os.rename(path("newsroom.pub"), path("first.pub"))
    os.rename(path("newsroom.key"), path("first.key"))
    person = Person(JAMLOG, "keygen", "--restore", "-")
    person.wait_for("Ctrl-D")
    for line in typed:
        person.type(line)
    os.write(person.terminal, b"\x04")
    person.wait_for("New passphrase for newsroom")
    says(person.seen, "clear it")
    if os.geteuid() == 0:
        check_hidden(person.pid, key_of(sheet))
        check_equal(places_of(person.pid, typed[3].encode()), [], "places of a line that was typed")
    person.type(SECRET)
    person.wait_for("The same again")
    person.type(SECRET)
    check_equal(person.end(), 0, f"exit code after {person.seen}")
    check_equal(read("newsroom.pub"), read("first.pub"), "public key file")
    check(read("newsroom.key") != read("first.key"), "the key file was not wrapped anew")


def mistyped():
    """a mistake in the sheet is told by its line, before anybody is asked"""
    lines = read("sheet.txt").splitlines()
    number = next(i for i, line in enumerate(lines) if line.startswith("3:"))
    wrong = lines[number][:5] + ALPHABET[(ALPHABET.index(lines[number][5]) + 1) % 32] + lines[number][6:]
    write = "\n".join(lines[:number] + [wrong] + lines[number + 1:])
    with open(path("wrong.txt"), "w") as f:
        f.write(write)
    for words in (["--restore", "wrong.txt"], ["--restore", "-"]):
        done = keygen(*words, "again", sheet=write, expect=1)
        says(done.stderr, f"line {number + 1} ", '"3:"')
    says(keygen("--restore", "first.key", "again", expect=1).stderr, "line 1 ")
    says(keygen("--restore", "missing.txt", "again", expect=1).stderr, "missing.txt", "No such file")
    check("again.key" not in files(), "a key was made")


def sync_asks():
    """sync asks whoever holds the key, by its name and without echo, and hides what was typed; a wrong file is told before"""
    keygen("desk")
    os.makedirs(path("nothing"), exist_ok=True)
    person = Person(JAMLOG, "sync", "nothing", "--db", "x.gpkg", "--identity", "desk.key")
    person.wait_for("Passphrase of desk: ")
    check(not person.echo(), "the terminal echoes")
    person.type(SECRET)
    check_equal(person.end(), 3, f"exit code, there being no journal: {person.seen}")
    check(SECRET not in person.seen, "the passphrase was shown")
    person = Person(JAMLOG, "sync", "nothing", "--db", "x.gpkg", "--identity", "desk.pub")
    check_equal(person.end(), 1, "exit code")
    says(person.seen, "desk.pub")
    check("Passphrase" not in person.seen, "it asks for the passphrase of a public key")


run_tests([usage, help_is_complete, at_a_terminal, no_debugger, second_thoughts, broken_off, stopped_and_continued, without_a_terminal,
           nothing_overwritten, sheets, typed_back, mistyped, sync_asks])
