#!/usr/bin/env python3
"""`jamlog verify` as a person or a script uses it: words, JSON, exit codes, checkpoints. What it finds is tests/flow/journal_attacks.py.

SPDX-License-Identifier: GPL-3.0-or-later"""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from journal_forge import Segment, checkpoint  # noqa: E402
from store_common import JAMLOG, check, check_equal, jamlog, make, path, run_tests, segment_of  # noqa: E402

WRONG = "000000000000"


def says(text, *words):
    for word in words:
        check(word in text, f"{word!r} is not in: {text}")


def journal():
    folder = path("seg")
    os.makedirs(folder, exist_ok=True)
    return folder


def setup():
    """a journal to begin with"""
    make("made", sweeps=130)
    for name in os.listdir(path("made")):
        if name.endswith(".jlj"):
            shutil.copy(os.path.join(path("made"), name), journal())


def usage():
    """wrong options and misspelt codes are exit code 2, before anything is read"""
    for words in (["verify"], ["verify", "--nonsense", journal()], ["verify", "--checkpoint"],
                  ["verify", "--checkpoint", "7QK2-M9TX-04R", "/nowhere"], ["verify", "--checkpoint", "000000000001", "/nowhere"],
                  ["verify", "--checkpoint", "", "/nowhere"]):
        done = jamlog(*words, expect=2)
        check_equal(done.stdout, "", "output")
    says(jamlog("verify", "-c", "000000000001", "/nowhere", expect=2).stderr, "misspelt")


def help_is_complete():
    """--help names options, words, exit codes and the names in JSON"""
    text = jamlog("verify", "--help").stdout
    report = json.loads(jamlog("verify", "--json", "-c", code_of(-1), journal()).stdout)
    words = ["--checkpoint", "--json", "--quiet", "Exit codes", "Examples", "proven", "tampered", "damaged", "missing", "unknown", "unsigned"]
    says(text, *words, *report, *report["runs"][0])


def code_of(last, folder="seg"):
    s = Segment.read(segment_of(path(folder)))
    return checkpoint(s.digest, s.chain_before(len(s.frames) + last))


def words_for_a_person():
    """the report says device, recording, times with the state of the clock, what is proven, and a verdict"""
    s = Segment.read(segment_of(journal()))
    out = jamlog("verify", journal()).stdout
    says(out, s.get("device").hex(), s.get("run").hex(), "2024-05-06T13:10:00Z", "2024-05-06T13:12:09Z", "set by hand", "0 h 02 min 09 s",
         "observations 1 to 265, in 133 frames, 1 segment", "133 of them, by 3 good seals", "verdict     proven", "1 recording: proven\n")


def clocks():
    """a clock that was never set is no date, and one kept by NTP is said to be"""
    make("unset", sweeps=5, clock=1970)
    says(jamlog("verify", path("unset")).stdout, "1970-01-01T00:16:40Z", "not a true date", "0 h 00 min 04 s")
    make("ntp", sweeps=5, clock="ntp")
    says(jamlog("verify", path("ntp")).stdout, "set by NTP")


def checkpoints():
    """a code that is found says what it holds; one that is not is exit code 1, with what that may mean"""
    s = Segment.read(segment_of(journal()))
    out = jamlog("verify", "--checkpoint", code_of(-20), journal()).stdout
    says(out, f"holds every observation before {s.frames[-20].first}\n", "taken at", "the checkpoint is found")
    spoken = code_of(0).lower().replace("0", "o").replace("1", "l")
    says(jamlog("verify", "-c", f"{spoken[:4]} {spoken[4:8]}-{spoken[8:]}", journal()).stdout, "holds every observation before 266\n")
    done = jamlog("verify", "-c", WRONG, journal(), expect=1)
    says(done.stdout, "not found", "cut off", "another device", "not as far as the checkpoint")


def json_is_one_object():
    """--json prints one object and nothing else, with the segment's own numbers"""
    s = Segment.read(segment_of(journal()))
    report = json.loads(jamlog("verify", "--json", journal()).stdout)
    segment = report["runs"][0]["segments"][0]
    check_equal((segment["digest"], segment["device_number"], segment["bytes"], segment["ending"], segment["run_ended"]),
                (s.digest.hex(), 1, s.size, "final", True), "segment")
    check_equal((segment["frames"], segment["frames_proven"], segment["seals_good"]), (len(s.frames) - 1, len(s.frames) - 1, 3), "frames")
    check("checkpoint_found" not in report, "a checkpoint that nobody asked for")
    check_equal(json.loads(jamlog("verify", "--json", "-c", WRONG, journal(), expect=1).stdout)["checkpoint_found"], False, "checkpoint")


def quiet():
    """--quiet prints nothing, and the exit code tells"""
    done = jamlog("verify", "--quiet", journal())
    check_equal(done.stdout + done.stderr, "", "output")
    check_equal(jamlog("verify", "--quiet", "-c", WRONG, journal(), expect=1).stdout, "", "output")


def damaged():
    """damage is exit code 4, with the file, the bytes and what remains proven"""
    name = segment_of(shutil.copytree(journal(), path("damaged")))
    s = Segment.read(name)
    with open(name, "r+b") as f:
        f.seek(s.frames[5].offset + 60)
        f.write(b"?")
    out = jamlog("verify", path("damaged"), expect=4).stdout
    says(out, "damaged", os.path.basename(name), f"512 bytes at {s.frames[5].offset}: a frame with a wrong checksum", "1 recording: damaged\n")
    check("verdict     damaged" in out, out)


def tampered():
    """tampering is exit code 1"""
    name = segment_of(shutil.copytree(journal(), path("tampered")))
    s = Segment.read(name)
    s.frames[5].payload = s.frames[5].payload[:-1] + b"?"
    s.rechain().write(name)
    says(jamlog("verify", path("tampered"), expect=1).stdout, "signature is wrong", "verdict     tampered", "1 recording: tampered\n")


def strangers():
    """a named file that is no journal is exit code 1, and the others are verified; in a folder it is passed over with a word"""
    os.makedirs(path("strange"))
    for name, data in (("notes.txt", b"hello\n" * 2000), ("broken.jlj", b"hello\n" * 2000)):
        with open(path("strange", name), "wb") as f:
            f.write(data)
    done = jamlog("verify", path("strange", "notes.txt"), path("missing.jlj"), journal(), expect=1)
    says(done.stderr, "notes.txt is not a jamlog journal", "missing.jlj")
    says(done.stdout, "1 recording: proven")
    done = jamlog("verify", path("strange"), journal(), expect=4)
    says(done.stderr, "broken.jlj", "1 files in the folders do not end in .jlj")


def nothing():
    """no journal is exit code 3"""
    os.makedirs(path("empty"))
    says(jamlog("verify", path("empty"), expect=3).stderr, "no journal to verify")


def full_output():
    """a report that cannot be written is a failure"""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([JAMLOG, "verify", journal()], stdout=full, stderr=subprocess.PIPE, text=True)
    check_equal(done.returncode, 1, "exit code")
    says(done.stderr, "cannot be written")


def originals_stay():
    """a journal that nobody may write is verified, and no byte and no time of it changes"""
    name = segment_of(journal())
    with open(name, "rb") as f:
        data = f.read()
    before = os.stat(name)
    os.chmod(name, 0o400)
    jamlog("verify", journal())
    after = os.stat(name)
    with open(name, "rb") as f:
        check(f.read() == data, "the file changed")
    check_equal((after.st_mtime_ns, os.listdir(journal())), (before.st_mtime_ns, [os.path.basename(name)]), "time, files")


run_tests([setup, usage, help_is_complete, words_for_a_person, clocks, checkpoints, json_is_one_object, quiet, damaged, tampered, strangers,
           nothing, full_output, originals_stay])
