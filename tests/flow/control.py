#!/usr/bin/env python3
"""jamlog status and jamlog mark over the real recorder: what they say, who may ask, and that nobody who asks disturbs it.

SPDX-License-Identifier: GPL-3.0-or-later"""
import json
import os
import signal
import socket
import stat
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()
SECRET = "crowd of ~5000, Nezavisimosti 12 \u00e4\u20ac"


def ask(recorder, *words, **more):
    return rig.run([rig.JAMLOG, words[0], "--runtime", recorder.runtime, *words[1:]], env={**os.environ, "TZ": "UTC"}, **more)


def status(recorder):
    answer = ask(recorder, "status", "--json")
    return json.loads(answer.stdout) if answer.stdout else None


def sources(recorder):
    return {source["name"]: source for source in status(recorder)["sources"]}


def sockets(recorder):
    return [os.path.join(recorder.runtime, name) for name in os.listdir(recorder.runtime)]


def started(*options, **more):
    modem = field.Modem("a")
    recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps", *options, **more)
    recorder.says("a: in service")
    return modem, recorder


def test_status():
    modem, recorder = started("-i", "0.5")
    answer, told = ask(recorder, "status"), status(recorder)
    tap.ok(answer.returncode == 0 and "RECORDING since" in answer.stdout and "all is well" in answer.stdout, "all is well: exit code 0",
           answer)
    tap.ok("in service: 4G (LTE), network 257-01, signal good (RSRP -93 dBm)" in answer.stdout, "service in words", answer.stdout)
    tap.ok("\x1b" not in answer.stdout, "no colours into a pipe")
    tap.ok(told["well"] and told["concerns"] == [] and told["pid"] == recorder.pid() and told["version"] and told["clock_state"] and
           told["directory"] == recorder.journal and os.path.exists(os.path.join(recorder.journal, told["segment"])) and
           told["journal_bytes"] > 8192 and told["disk_left_bytes"] > 0 and told["durable_age_ms"] < 3000 and told["lost"] == 0 and
           told["observations"] > told["readings"] >= 1 and not told["disk_failing"], "JSON has the run, the journal and the disk", told)
    modem_a = sources(recorder)["a"]
    tap.ok(modem_a["state"] == "working" and modem_a["protocol"] == "qmi" and modem_a["model"] and modem_a["service"] == "served" and
           modem_a["reading_age_ms"] < 1500 and not modem_a["silent"], "and the source", modem_a)
    modem.hang()
    rig.wait_for(lambda: sources(recorder)["a"]["silent"], 15, "silence is told")
    answer = ask(recorder, "status")
    tap.ok(answer.returncode == 1 and "BUT LOOK:" in answer.stdout and "NOTHING for" in answer.stdout, "a silent modem looks alarming",
           answer)
    tap.ok("before that: in service" in answer.stdout, "what it said before is not shown as if it were now", answer.stdout)
    modem.hang(False)
    modem.unplug()
    recorder.says("a: the modem")
    rig.wait_for(lambda: sources(recorder)["a"]["state"] == "lost", 5, "the loss is told")
    answer = ask(recorder, "status")
    tap.ok(answer.returncode == 1 and "a: LOST for" in answer.stdout and "the modem" in answer.stdout, "a lost modem, with the reason",
           answer)
    recorder.stop()
    tap.equal(os.listdir(recorder.runtime), [], "an orderly end removes the socket")
    answer = ask(recorder, "status")
    tap.ok(answer.returncode == 3 and "no recorder is running" in answer.stderr and "jamlog record" in answer.stderr,
           "without a recorder: exit code 3, and how to start one", answer)


def test_mark():
    modem, recorder = started("--verbose")
    before = recorder.durable()
    answer = ask(recorder, "mark", *SECRET.split(), "--and", "-5")
    numbers = recorder.durable()
    tap.ok(answer.returncode == 0 and answer.stdout.startswith("noted at ") and "durable" in answer.stdout and not answer.stderr,
           "a mark is noted", answer)
    tap.ok(numbers > before, "and is on the disk when that is said", (before, numbers))
    long = ask(recorder, "mark", "\u00e4" * 300)
    tap.ok(long.returncode == 0 and "CUT after 510 bytes" in long.stderr, "one that is too long is cut, which is told", long)
    odd = ask(recorder, "mark", b"a\x1b[31mb\xff")
    tap.ok(odd.returncode == 0 and "were replaced" in odd.stderr and "\x1b" not in odd.stderr + odd.stdout,
           "control characters and wrong bytes are replaced, which is told", odd)
    tap.equal([ask(recorder, "mark").returncode, ask(recorder, "mark", " ", "\n").returncode], [2, 2], "an empty one is refused")
    codes = [ask(recorder, "mark", f"flood {n}").returncode for n in range(20)]
    tap.ok(sorted(set(codes)) == [0, 1] and codes[0] == 0, "a flood of marks is held back", codes)
    os.kill(recorder.pid(), signal.SIGKILL)
    recorder.process.wait()
    lost = ask(recorder, "mark", "too late")
    tap.ok(lost.returncode == 3 and "NOT RECORDED" in lost.stderr and "KILLED" in lost.stderr, "after kill -9: exit code 3, and that the "
           "text is not recorded", lost)
    tap.ok("mark noted" in recorder.log() and "crowd" not in recorder.log() and "flood" not in recorder.log(),
           "the recorder's log never shows a mark's text", recorder.log())
    sync = rig.run([rig.JAMLOG, "sync", recorder.journal, "--db", f"{recorder.out}/counted.gpkg"])
    rows = recorder.store().execute("SELECT m.*, s.name AS name FROM mark m JOIN source s ON s.id = m.source ORDER BY m.id").fetchall()
    texts = [row["text"] for row in rows]
    tap.equal(texts[:3], [SECRET + " --and -5", "\u00e4" * 255, "a [31mb\ufffd"], "every mark that was called durable survives kill -9")
    tap.equal(len(texts), 3 + codes.count(0), "and no other is there")
    tap.ok(f"mark {len(texts)}" in sync.stdout, "sync counts them", sync.stdout)
    now = time.time()
    tap.ok(all(row["name"] == "person" and abs(row["utc_ms"] / 1000 - now) < 60 and row["time"].endswith("Z") for row in rows),
           "they have their UTC", [tuple(row) for row in rows])
    layer = rig.run(["ogrinfo", "-q", "-ro", f"{recorder.out}/store.gpkg", "mark"])
    tap.ok("crowd of ~5000" in layer.stdout, "and are a layer of the GeoPackage", layer.stdout + layer.stderr)
    return modem, recorder


def as_user(uid, recorder):
    """What a process of another user gets for its question."""
    path, (reader, writer) = sockets(recorder)[0], os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(uid)
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(path)
            except OSError as error:
                os.write(writer, str(error).encode())
                os._exit(0)
            try:
                client.sendall(b"status\n")
                os.write(writer, b"answered" if client.recv(99) else b"refused")
            except OSError:
                os.write(writer, b"refused")
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as end:
        return end.read()


def test_restart(modem, killed):
    """After kill -9 its socket is still there."""
    old = sockets(killed)
    tap.ok(len(old) == 1, "a killed recorder leaves its socket")
    again = field.Recorder("--modem", f"a={modem.node}", "--no-gps", "--runtime", killed.runtime)
    again.runtime = killed.runtime
    again.says("a: in service", 20)
    tap.ok(len(sockets(again)) == 1 and sockets(again) != old and status(again)["pid"] == again.pid(), "the next one replaces it",
           sockets(again))
    modes = [stat.S_IMODE(os.stat(path).st_mode) for path in (again.runtime, *sockets(again))]
    tap.equal(modes, [0o700, 0o600], "folder and socket are the owner's alone")
    if os.geteuid() == 0:
        os.chmod(again.out, 0o755)
        os.chmod(killed.out, 0o755)
        os.chmod(killed.runtime, 0o755)
        os.chmod(sockets(again)[0], 0o666)
        tap.equal((as_user(0, again), as_user(65534, again)), ("answered", "refused"),
                  "another user gets no answer, even where the modes would let him")
        os.chmod(killed.runtime, 0o700)
    else:
        tap.skip("another user gets no answer", "needs root")
    again.process.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    answer = ask(again, "mark", "never")
    took = time.monotonic() - begun
    tap.ok(answer.returncode == 1 and "DOES NOT ANSWER" in answer.stderr and took < 8, "a recorder that hangs is told from none", answer)
    again.process.send_signal(signal.SIGCONT)
    again.stop()
    tap.equal(again.store().execute("SELECT count(*) FROM mark").fetchone()[0], 0, "and does not record what was given up")


def test_two():
    modem = field.Modem("b")
    first = field.Recorder("--modem", "x=/nonexistent/x", "--no-gps", "-v")
    first.says("recording to")
    second = field.Recorder("--modem", f"b={modem.node}", "--no-gps", "-v", environment={"RUNTIME_DIRECTORY": first.runtime})
    second.says("b: in service")
    time.sleep(0.2)  # the one that was started last is told by milliseconds
    newest, named = ask(first, "status"), ask(first, "status", "--directory", first.journal)
    tap.ok(second.journal in newest.stdout and "1 more recorder is running" in newest.stdout, "of two, the last one is asked, and that is said",
           newest)
    tap.ok(first.journal in named.stdout and "more recorder" not in named.stdout, "or the one that is named", named)
    answer = ask(first, "mark", "into", "which")
    tap.ok(answer.returncode == 0 and second.journal in answer.stdout, "a mark says into which it went", answer)
    other = ask(first, "mark", "-d", "/nonexistent/journal", "x")
    tap.ok(other.returncode == 3 and "NOT RECORDED" in other.stderr, "one that is named and is not there is no recorder", other)
    first.stop()
    tap.equal(ask(first, "status").returncode, 0, "the end of one leaves the other")
    second.stop()
    tap.equal([r.store().execute("SELECT count(*) FROM mark").fetchone()[0] for r in (first, second)], [0, 1],
              "the mark is in that one alone")


def connect(recorder):
    client = socket.socket(socket.AF_UNIX)
    client.connect(sockets(recorder)[0])
    return client


def attack(recorder):
    """One round of bad manners; the clients that stay open."""
    staying = [connect(recorder) for _ in range(20)]
    for client in staying[:10]:
        try:
            client.sendall(b"stat")  # and never more
        except OSError:
            pass  # it was pushed out
    for garbage in (b"\x00" * 100, os.urandom(4000) + b"\n", b"\n" * 1000, b"x" * 1000000, b"mark " + b"\xff" * 100 + b"\n"):
        with connect(recorder) as client:
            client.settimeout(1)
            try:
                client.sendall(garbage)
            except OSError:
                pass
    deaf = connect(recorder)
    deaf.sendall(b"status\n" * 500)
    return [*staying, deaf]


def test_hostile_clients():
    _, recorder = started()
    descriptors = len(os.listdir(f"/proc/{recorder.pid()}/fd"))
    open_ones, rounds, slowest, end = [], 0, 0, time.monotonic() + 5
    while time.monotonic() < end:
        open_ones += attack(recorder)
        rounds += 1
        begun = time.monotonic()
        if ask(recorder, "status").returncode != 0:
            break
        slowest = max(slowest, time.monotonic() - begun)
        for client in open_ones[:-100]:
            client.close()
        del open_ones[:-100]
    tap.ok(rounds > 3 and slowest < 2, f"in {rounds} rounds of garbage each real question is answered", slowest)
    extra = len(os.listdir(f"/proc/{recorder.pid()}/fd")) - descriptors
    tap.ok(extra <= 8 + 2, "however many come, few are kept", extra)
    rig.wait_for(lambda: len(os.listdir(f"/proc/{recorder.pid()}/fd")) <= descriptors, 8, "the silent ones are dropped")
    tap.equal(len(os.listdir(f"/proc/{recorder.pid()}/fd")), descriptors, "and in the end none")
    code, _ = recorder.stop()
    gaps = field.gaps(field.radio_times(recorder.store(), "a"))
    tap.ok(code == 0 and len(gaps) > 5 and max(gaps) < 2, "the sweeps go on", gaps)
    for client in open_ones:
        client.close()


def test_no_place():
    out = rig.folder()
    with open(os.path.join(out, "file"), "w", encoding="ascii"):
        pass
    _, recorder = started("-t", "3", "--runtime", os.path.join(out, "file", "run"))
    code = recorder.process.wait(timeout=15)
    tap.ok(code == 0 and "cannot reach this recorder" in recorder.log(), "without a place for its socket it records all the same, and says so",
           recorder.log())


test_status()
test_restart(*test_mark())
test_two()
test_hostile_clients()
test_no_place()
tap.done()
