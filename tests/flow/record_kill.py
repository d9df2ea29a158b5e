#!/usr/bin/env python3
"""kill -9 of the recorder at random moments: what it called durable is in the store, and nothing else appears there.

KILLS=200 for the long form.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

KILLS = int(os.environ.get("KILLS", "12"))
STATE = """clear
state operating_mode=0 card=0 registration=1 cs_attached=1 ps_attached=1 service=2 true_service=2 has_serving=1
cell rat=3 mcc=257 mnc=01 tac=12001 cell_id=123456789 pci=77 arfcn=1300 band=3 bandwidth_mhz=20 rsrp_dbm=-93 rsrq_db=-9 rssi_dbm=-65
rx power_dbm=-62.3 tuned=1
apply
"""
tap = rig.Tap()
out = rig.folder()
random.seed(5)
modem = rig.start([os.path.join(rig.BUILD, "tests/helper/sim_modem_host")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
path = re.search(r"/dev/pts/\d+", modem.stdout.readline()).group(0)
modem.stdin.write(STATE)
modem.stdin.flush()

acknowledged, slowest_start = [], 0.0
for n in range(KILLS):
    begun = time.monotonic()
    recorder = rig.start([rig.JAMLOG, "record", "--modem", f"a={path}", "--no-gps", "-i", "0.2", "-q", "-v",
                          "-d", f"{out}/journal", "--state", f"{out}/state"], stderr=subprocess.PIPE, text=True,
                         env=dict(os.environ, XDG_CONFIG_HOME=out))
    last = 0
    line = recorder.stderr.readline()
    slowest_start = max(slowest_start, time.monotonic() - begun)
    os.set_blocking(recorder.stderr.fileno(), False)
    deadline = begun + random.uniform(0.05, 2.2)
    while line or time.monotonic() < deadline:
        match = re.match(r"durable (\d+)", line or "")
        last = int(match.group(1)) if match else last
        if time.monotonic() >= deadline:
            break
        line = recorder.stderr.readline()
        if not line:
            time.sleep(0.005)
    os.kill(recorder.pid, signal.SIGKILL)
    recorder.wait()
    for line in recorder.stderr:
        match = re.match(r"durable (\d+)", line)
        last = int(match.group(1)) if match else last
    acknowledged.append(last)

tap.ok(sum(acknowledged) > 2 * KILLS, "the kills hit recorders at work", acknowledged)
sync = rig.run([rig.JAMLOG, "sync", f"{out}/journal", "--db", f"{out}/store.gpkg", "--json"])
tap.ok(sync.returncode == 0, "a torn tail is no damage", sync.stderr)
db = rig.database(f"{out}/store.gpkg")
runs = [row[0] for row in db.execute("SELECT n.id FROM recording n JOIN segment s ON s.recording = n.id GROUP BY n.id ORDER BY min(s.created_boottime_ms)")]
tap.equal(len(runs), KILLS, "every run is in the store")
kinds = ("run", "device", "radio", "fix", "sky", "event", "clock", "session", "probe")
everything = " UNION ALL ".join(f"SELECT id >> 32 AS recording, id & 4294967295 AS sequence FROM {kind}" for kind in kinds)
missing, gaps, surplus = [], [], []
for run, acked in zip(runs, acknowledged):
    sequences = [row[0] for row in db.execute(f"SELECT sequence FROM ({everything}) WHERE recording = ? ORDER BY sequence", (run,))]
    if len(sequences) < acked:
        missing.append((run, acked, len(sequences)))
    if sequences != list(range(1, len(sequences) + 1)):
        gaps.append((run, sequences))
    if len(sequences) > acked + 30:  # one more group may have become durable before its acknowledgement was printed
        surplus.append((run, acked, len(sequences)))
tap.ok(not missing, "nothing that was acknowledged is lost", missing)
tap.ok(not gaps, "no observation is missing in between, none stands twice", gaps)
tap.ok(not surplus, "no more than the group that was under way is there beyond that", surplus)
strange = db.execute("SELECT count(*) FROM sample WHERE lte_rsrp_dbm <> -93 OR cell_id <> 123456789 OR service <> 'served'"
                     " OR rx0_dbm <> -62.3").fetchone()[0]
tap.equal(strange, 0, "no value appears that the modem did not say")
tap.ok(slowest_start < 3, "the next start is up again at once", slowest_start)
print(f"# {KILLS} kills, {sum(acknowledged)} observations acknowledged, slowest start {slowest_start:.2f} s")
tap.done()
