#!/usr/bin/env python3
"""A computer whose clock is years off: the journal goes on, and sync dates every sample by GPS, those before the first fix too.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import sys
import time
from datetime import datetime

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

tap = rig.Tap()
out = rig.folder()
port = rig.free_port()
sim = rig.start([rig.SIM, os.path.join(rig.SCENARIOS, "drive-outage.scenario"), "--run-dir", out, "--duration", "30"],
                stdout=open(f"{out}/sim.log", "w", encoding="utf-8"))
rig.wait_for(lambda: "ready" in open(f"{out}/sim.log", encoding="utf-8").read(), 10, "the simulator starts")
rig.start(["gpsd", "-N", "-n", "-S", str(port), os.path.realpath(f"{out}/gps-main")], stderr=open(f"{out}/gpsd.log", "w", encoding="utf-8"))
rig.wait_for(lambda: rig.listens(port), 10, "gpsd starts")
environment = dict(os.environ, XDG_CONFIG_HOME=out)
environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
began = time.time()
recorder = rig.start(["faketime", "2015-01-01 00:00:00", rig.JAMLOG, "record", "--modem", f"a={out}/modem-a", "--gps", f"localhost:{port}",
                      "-d", f"{out}/journal", "--state", f"{out}/state", "--duration", "8"],
                     env=environment, stderr=open(f"{out}/record.log", "w", encoding="utf-8"))
code = recorder.wait(timeout=60)
ended = time.time()
tap.equal(code, 0, "the recorder does not mind the clock")
sync = rig.run([rig.JAMLOG, "sync", f"{out}/journal", "--db", f"{out}/store.gpkg"])
tap.equal(sync.returncode, 0, "sync reads the journal")
db = rig.database(f"{out}/store.gpkg")
tap.equal([tuple(r) for r in db.execute("SELECT DISTINCT clock_state FROM segment")], [("unset",)], "the journal says that the clock was not set")
rows = db.execute("SELECT fid, start_time, end_time, time_source FROM sample ORDER BY fid").fetchall()
utc = [tuple(datetime.fromisoformat(row[k].replace("Z", "+00:00")).timestamp() for k in (1, 2)) for row in rows]
tap.ok(len(rows) >= 6, "there are samples", len(rows))
tap.ok(all(row["time_source"] == "gps" for row in rows), "all are dated by GPS")
tap.ok(utc and all(a <= b for a, b in utc) and utc[0][0] - 1 <= began + 2 and abs(utc[0][0] - began) < 4 and utc[-1][1] <= ended + 2,
       "their UTC is that of the run, from its first second on", f"began {began}, ended {ended}, {utc[:1]} ... {utc[-1:]}")
tap.ok(utc and all(b - a < 5 for a, b in utc), "the interval is a few seconds at most", utc[:2])
tap.done()
