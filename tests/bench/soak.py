#!/usr/bin/env python3
"""Days of recording, played fast: does anything grow?

A drive in laps with outages, faults of the modem and losses of GPS in every hour, through simulator, gpsd and recorder. Prints the recorder's
private and resident memory after the warm-up and at the end, descriptors, CPU time and wake-ups for each sweep. Exit status 1 where the
resident memory drifts by more than 1 % or a descriptor is left over.

SOAK_HOURS (48) of the world's time, SPEED (60) times as fast as the wall, PROTOCOL (qmi). BUILD=build/asan looks for leaks instead, which its
runtime tells at the end.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

HOURS = float(os.environ.get("SOAK_HOURS", "48"))
SPEED = int(os.environ.get("SPEED", "60"))
PROTOCOL = os.environ.get("PROTOCOL", "qmi")
WARM_UP = 0.1  # of the run
SANITIZED = "asan" in rig.BUILD

# Minutes of each hour: what happens, and its keys.
EVENTS = [
    (4, "cells-off", "for = 4m\nplmn = 257-01"), (10, "attenuation", "for = 45s\ndb = 60\ngps_db = 60"),
    (14, "fault", "fault = reset"), (18, "fault", "fault = re-enumerate"), (22, "fault", "fault = hang\nfor = 40s"),
    (28, "gps-loss", "for = 3m"), (33, "fault", "fault = lost-clients"), (37, "opmode", "for = 2m\nmode = low-power"),
    (42, "fault", "fault = fragments\nfor = 30s"), (46, "reject", "for = 4m\ncause = 15\ncells = all"),
    (52, "fault", "fault = nonsense\nfor = 30s"),
]


def scenario(path):
    with open(os.path.join(rig.SCENARIOS, "hour-drive.scenario"), encoding="utf-8") as base:
        world = base.read().split("[happening tunnel]")[0].replace("duration = 1h", f"duration = {HOURS}h")
    with open(path, "w", encoding="utf-8") as out:
        out.write(world)
        for hour in range(int(HOURS + 0.999)):
            for minute, what, keys in EVENTS:
                at = hour * 3600 + minute * 60
                if at < HOURS * 3600:
                    out.write(f"\n[happening h{hour}m{minute}]\nwhat = {what}\nat = {at}\n{keys}\n")


def recorder_pid(journal):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
                words = cmdline.read().split(b"\0")
        except OSError:
            continue
        if journal.encode() in words and os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "jamlog":
            return int(pid)
    return None


def number(path, pattern):
    with open(path, encoding="ascii") as text:
        return int(re.search(pattern, text.read(), re.M).group(1))


def look(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as schedstat:
        cpu_ns = int(schedstat.read().split()[0])
    wakes = number(f"/proc/{pid}/status", r"^voluntary_ctxt_switches:\s+(\d+)")
    memory = number(f"/proc/{pid}/smaps_rollup", r"^Pss_Anon:\s+(\d+)")
    resident = number(f"/proc/{pid}/smaps_rollup", r"^Rss:\s+(\d+)")
    return {"cpu_ns": cpu_ns, "wakes": wakes, "memory": memory, "resident": resident, "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
            "at": time.monotonic()}


def record():
    out = rig.folder()
    scenario(os.path.join(out, "soak.scenario"))
    os.environ["XDG_CONFIG_HOME"] = os.path.join(out, "config")
    environment = dict(os.environ)
    if SANITIZED:
        environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "detect_leaks=1") + ":verify_asan_link_order=0"
    process = rig.start(["faketime", "-f", f"+0 x{SPEED}", "bash", "-c", rig.FIELD, "field", rig.SIM, rig.JAMLOG,
                         os.path.join(out, "soak.scenario"), out, str(rig.free_port()), "--modem", f"a={out}/modem-a", "--quiet"],
                        env={**environment, "SIM_OPTIONS": f"--modem-protocol {PROTOCOL}"})
    begun, length, looks = time.monotonic(), HOURS * 3600 / SPEED, []
    while process.poll() is None:
        pid = recorder_pid(f"{out}/journal")
        now = time.monotonic() - begun
        # A quiet minute of the hour (between 58 and 2), so that the same is going on whenever we look.
        if pid and now >= WARM_UP * length and (now * SPEED % 3600 > 58 * 60 or now * SPEED % 3600 < 120):
            try:
                looks.append(look(pid))
            except (OSError, AttributeError):
                pass
        time.sleep(1)
    return process.returncode, looks, out


code, looks, out = record()
sync = rig.run([rig.JAMLOG, "sync", "--quiet", f"{out}/journal", "--db", f"{out}/s.gpkg"], timeout=900)
db = rig.database(f"{out}/s.gpkg")
sweeps = db.execute("SELECT count(*) FROM radio").fetchone()[0]
span = db.execute("SELECT max(boottime_ms) - min(boottime_ms) FROM radio").fetchone()[0] / 1000
first, last = looks[0], looks[-1]
drift = 100 * (last["resident"] - first["resident"]) / first["resident"]
part = sweeps * (last["at"] - first["at"]) * SPEED / span
print(f"soak protocol={PROTOCOL} hours={span / 3600:.1f} sweeps={sweeps} exit={code} sync={sync.returncode}")
print(f"soak resident_kib={first['resident']}->{last['resident']} drift_percent={drift:.2f} private_kib={first['memory']}->{last['memory']} "
      f"descriptors={first['descriptors']}->{last['descriptors']}")
print(f"soak cpu_ms_per_sweep={(last['cpu_ns'] - first['cpu_ns']) / 1e6 / part:.3f} "
      f"wakeups_per_sweep={(last['wakes'] - first['wakes']) / part:.1f}")
for row in db.execute("SELECT code, count(*) FROM event GROUP BY code ORDER BY code"):
    print(f"soak event {row[0]}={row[1]}")
sys.exit(0 if code == 0 and (SANITIZED or drift <= 1) and last["descriptors"] <= first["descriptors"] else 1)
