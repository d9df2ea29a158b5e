#!/usr/bin/env python3
"""sim_gps.py - a real gpsd on the simulated receiver: what it reports is where the truth says the vehicle was.

Takes the build folder in $BUILD (default build/release). Prints TAP.
SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import math
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("BUILD", "build/release")
SCENARIO = """
[world]
duration = 120
[track]
points = 53.9000,27.5600,40; 53.9100,27.5700
[cell one]
plmn = 257-01
lat = 53.902
lon = 27.56
earfcn = 1300
pci = 1
tac = 1
cell_id = 1
[gps main]
first_fix = 1
[happening gone]
what = gps-loss
at = 14
for = 6
"""
results = []
processes = []


def check(ok, name, detail=""):
    results.append(ok)
    print(f"{'ok' if ok else 'not ok'} {len(results)} - {name}" + ("" if ok else f" # {detail}"), flush=True)


def start(args, **kwargs):
    process = subprocess.Popen(args, **kwargs)
    processes.append(process)
    return process


def stop_all():
    for process in reversed(processes):
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise RuntimeError(f"waited {seconds} s in vain for {what}")


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Lines:
    """Lines of a pipe, each with a deadline."""

    def __init__(self, pipe):
        self.fd, self.rest = pipe.fileno(), b""

    def next(self, deadline):
        while b"\n" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                return None
            data = os.read(self.fd, 65536)
            if not data:
                return None
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()


def collect(port, until, seconds):
    """Reports of gpsd until `until(reports)` holds."""
    pipe = start(["gpspipe", "-w", f"127.0.0.1:{port}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    lines, reports, deadline = Lines(pipe.stdout), [], time.monotonic() + seconds
    while not until(reports):
        line = lines.next(deadline)
        if line is None:
            break
        reports.append(json.loads(line))
    pipe.terminate()
    pipe.wait()
    return reports


def truth_at(path):
    with open(path) as f:
        rows = [json.loads(line) for line in f]
    return {row["time"]: row for row in rows if row["kind"] == "gps"}


def metres(a_lat, a_lon, b_lat, b_lon):
    return math.hypot((a_lat - b_lat) * 111195, (a_lon - b_lon) * 111195 * math.cos(math.radians(a_lat)))


def tpvs(reports, mode):
    return [r for r in reports if r["class"] == "TPV" and r.get("mode", 0) in mode and "time" in r]


def compare_fixes(reports, truth):
    rows = [(r, truth.get(r["time"])) for r in tpvs(reports, (2, 3)) if "lat" in r]
    paired = [(r, t) for r, t in rows if t and t["fix"]]
    off = [metres(r["lat"], r["lon"], t["lat_deg"], t["lon_deg"]) for r, t in paired]
    check(len(paired) >= 5, "gpsd's fixes bear times at which the truth has a fix", f"{len(paired)} of {len(rows)}")
    check(bool(off) and max(off) < 8, "fixes lie within 8 m of the truth", f"worst {max(off or [0]):.1f} m")
    reported = [metres(r["lat"], r["lon"], t["reported_lat_deg"], t["reported_lon_deg"]) for r, t in paired]
    check(bool(reported) and max(reported) < 0.1, "gpsd understands the very position that was sent", f"{reported}")
    speeds = [abs(r["speed"] - t["speed_mps"]) for r, t in paired if "speed" in r]
    check(bool(speeds) and max(speeds) < 0.1, "speeds agree", f"{speeds}")
    climbs = [abs(r["altMSL"] - t["reported_altitude_m"]) for r, t in paired if "altMSL" in r]
    check(bool(climbs) and max(climbs) < 0.1, "heights agree", f"{climbs}")


def compare_skies(reports, truth):
    skies = [r for r in reports if r["class"] == "SKY" and len(r.get("satellites", [])) == 12]
    check(bool(skies), "gpsd shows all twelve satellites of both systems")
    seen = {s["PRN"]: s for s in skies[-1]["satellites"]} if skies else {}
    rows = [t for t in truth.values() if t["fix"]]
    sent = {s["prn"]: s for s in rows[-1]["satellites"]} if rows else {}
    close = all(p in sent and abs(s["ss"] - sent[p]["cn0_dbhz"]) < 3 for p, s in seen.items())
    check(bool(seen) and close, "satellites have the strength of the truth", f"{seen} {sent}")
    check(all(s["used"] for s in seen.values()) and bool(seen), "satellites in use are marked so")


def run(folder):
    scenario, truth_path, port = f"{folder}/g.scenario", f"{folder}/truth.jsonl", free_port()
    with open(scenario, "w") as f:
        f.write(SCENARIO)
    sim = start([f"{BUILD}/jamlog-sim", scenario, "--run-dir", f"{folder}/run", "--truth", truth_path], stdout=subprocess.PIPE)
    said, deadline = Lines(sim.stdout), time.monotonic() + 10
    lines = []
    while not lines or lines[-1] not in (None, "ready"):
        lines.append(said.next(deadline))
    check(any(line and line.startswith("gps main nmea /dev/pts/") for line in lines), "the device is named before ready", lines)
    start(["gpsd", "-N", "-n", "-S", str(port), f"{folder}/run/gps-main"], stderr=subprocess.DEVNULL)
    wait_for(lambda: can_connect(port), 20, "gpsd's port")
    fixed = collect(port, lambda r: len({x["time"] for x in tpvs(r, (2, 3))}) >= 7, 20)
    lost = collect(port, lambda r: bool(tpvs(r, (1,)) or [x for x in r if x["class"] == "TPV" and x["mode"] == 1]), 30)
    back = collect(port, lambda r: bool(tpvs(r, (3,))) and tpvs(r, (3,))[-1]["time"] > fixed[-1].get("time", ""), 30)
    sim.send_signal(signal.SIGTERM)
    check(sim.wait(10) == 0, "SIGTERM ends the simulator with 0", sim.returncode)
    check(os.listdir(f"{folder}/run") == [], "symlinks are gone afterwards", os.listdir(f"{folder}/run"))
    truth = truth_at(truth_path)
    compare_fixes(fixed, truth)
    compare_skies(fixed, truth)
    gone = [t for t in truth.values() if "gone" in t["happenings"]]
    check(any(x["class"] == "TPV" and x["mode"] == 1 for x in lost) and any(not t["fix"] for t in gone),
          "gpsd loses the fix where the truth has the loss")
    check(bool(tpvs(back, (3,))), "gpsd has its fix back after the loss")


def main():
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)  # gpsd gives root up before it opens the device
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        run(folder)
    except RuntimeError as error:
        check(False, "the flow ran to its end", error)
    finally:
        stop_all()
        shutil.rmtree(folder)
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
