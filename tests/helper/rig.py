"""What the script tests share: TAP output, a temporary folder, processes that are ended on every way out.

SPDX-License-Identifier: GPL-3.0-or-later"""
import atexit
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(os.environ.get("BUILD", "build/release"))
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
JAMLOG = os.path.join(BUILD, "jamlog")
SIM = os.path.join(BUILD, "jamlog-sim")
SCENARIOS = os.path.join(ROOT, "tests", "data", "scenarios")
os.environ["PATH"] += ":/usr/sbin:/sbin"


class Tap:
    """Prints one line for each check; done() prints the plan and gives the exit status."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, condition, name, detail=""):
        self.count += 1
        print(f"{'ok' if condition else 'not ok'} {self.count} - {name}", flush=True)
        if not condition:
            self.failed += 1
            for line in str(detail).splitlines():
                print(f"# {line}", flush=True)
        return bool(condition)

    def equal(self, got, wanted, name):
        return self.ok(got == wanted, name, f"got    {got!r}\nwanted {wanted!r}")

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def done(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


_folders, _processes = [], []


def _clean():
    for process in _processes:
        if process.poll() is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
    for folder in _folders:
        shutil.rmtree(folder, ignore_errors=True)


atexit.register(_clean)
for _number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_number, lambda *_: sys.exit(1))


def folder():
    path = tempfile.mkdtemp(prefix="jamlog-test-")
    _folders.append(path)
    return path


os.environ["RUNTIME_DIRECTORY"] = os.path.join(folder(), "run")  # recorders of tests are not those of the machine


def start(command, **more):
    """A process in its own group, ended with the test."""
    process = subprocess.Popen(command, start_new_session=True, **more)
    _processes.append(process)
    return process


def run(command, timeout=120, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, **more)


def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            print(f"# waited {seconds} s in vain: {what}", flush=True)
            return False
        time.sleep(0.02)
    return True


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def database(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def json_lines(path):
    with open(path, encoding="utf-8") as handle:
        return [json.loads(line) for line in handle if line.strip()]


# The whole field part in one process group, so that all of it runs on the same (perhaps sped up) clock.
FIELD = r"""
set -u
sim=$1 jamlog=$2 scenario=$3 out=$4 port=$5; shift 5
"$sim" "$scenario" ${SIM_OPTIONS:-} --run-dir "$out" --truth "$out/truth.jsonl" > "$out/sim.log" 2>&1 &
sim_pid=$!
until grep -q '^ready' "$out/sim.log"; do kill -0 $sim_pid || exit 9; done
gpsd -N -n -S "$port" "$(readlink -f "$out/gps-main")" > "$out/gpsd.log" 2>&1 &
gpsd_pid=$!
until (exec 3<> "/dev/tcp/127.0.0.1/$port") 2>/dev/null; do kill -0 $gpsd_pid || exit 8; done
"$jamlog" record --gps "main=localhost:$port" -d "$out/journal" --state "$out/state" "$@" 2> "$out/record.log" &
record_pid=$!
wait $sim_pid
kill -TERM $record_pid
wait $record_pid
code=$?
kill $gpsd_pid
exit $code
"""


def play(scenario, out, modems, speed=1, prefix=()):
    """Plays a scenario through simulator, gpsd and recorder; `speed` times faster than the wall. The recorder's exit code."""
    os.environ["XDG_CONFIG_HOME"] = os.path.join(out, "config")
    faketime = ["faketime", "-f", f"+0 x{speed}"] if speed != 1 else []
    options = [arg for name in modems for arg in ("--modem", f"{name}={out}/modem-{name}")]
    environment = dict(os.environ)
    if "asan" in BUILD:
        # libfaketime has to be preloaded, which the sanitizer's runtime wants to be first
        environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    process = start([*faketime, "bash", "-c", FIELD, "field", *prefix, SIM, JAMLOG, os.path.join(SCENARIOS, scenario), out,
                     str(free_port()), *options], env=environment)
    return process.wait(timeout=600)
