#!/usr/bin/env python3
"""The evaluation on drive traces (make eval): what is added to a trace is what the formulas say, and it is found and counted as it should.

SPDX-License-Identifier: GPL-3.0-or-later"""
import gzip
import os
import re
import sys
from datetime import datetime, timedelta

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", folder) for folder in ("helper", "eval")]
import inject  # noqa: E402
import rig  # noqa: E402

TRACES = os.path.join(rig.ROOT, "tests", "eval", "traces.py")
COLUMNS = "Timestamp,Longitude,Latitude,NetworkMode,RSRP,RSRQ,SNR,RSSI,LACHEX,RAWCELLID"
SECONDS = 900
tap = rig.Tap()
folder = rig.folder()
logs = os.path.join(folder, "logs")
os.mkdir(logs)


def write(day, rsrq=-10, snr=6, begin=0, end=SECONDS):
    """A trace of one place: ordinary, but for these figures from `begin` to `end`."""
    start, name = datetime(2020, 1, day, 8), os.path.join(logs, f"day-{day}.csv.gz")
    with gzip.open(name, "wt", encoding="utf-8") as out:
        out.write(COLUMNS + "\n")
        for second in range(SECONDS):
            here = (rsrq, snr) if begin <= second < end else (-10, 6)
            time = (start + timedelta(seconds=second)).strftime("%Y.%m.%d_%H.%M.%S")
            out.write(f"{time},-8.48,51.89,LTE,-95,{here[0]},{here[1]}.0,-67,9CBA,11016972\n")
    return name


def evaluate(**environment):
    return rig.run([sys.executable, TRACES, "--seeds", "1 2", "--out", os.path.join(folder, "out")], timeout=300,
                   env=dict(os.environ, **environment))


trace = inject.Trace(write(1))


def jammed(jn_db):
    row = inject.jam(trace, trace.rows[0], inject.linear(jn_db))
    return [trace.get(row, name) for name in ("RSRP", "RSRQ", "SNR")]


# SNR 6 dB is 3.98, RSRQ -10 dB is 0.1; J/N 10 dB: SNR' = 3.98 / 11 = -4.4 dB, 1/RSRQ' = 10 + 12 * 10 / 3.98 = 40.2 = 16.0 dB
tap.equal(jammed(10), ["-95", "-16", "-4.0"], "a jammer of J/N 10 dB leaves RSRP, and takes from SNR and RSRQ what the formulas say")
# J/N 20 dB: SNR' = 3.98 / 101 = -14.0 dB, 1/RSRQ' = 10 + 12 * 100 / 3.98 = 311 = 24.9 dB, which the chip tells as 20
tap.equal(jammed(20), ["-95", "-20", "-14.0"], "RSRQ ends where the phone's does")
bursts = inject.choose_bursts(trace, 1)
tap.ok(len(bursts) == 2 and all(30 <= b.length() <= 300 and inject.suits(trace, b) for b in bursts), "bursts are of 30 to 300 s", bursts)
tap.equal(bursts, inject.choose_bursts(trace, 1), "the same seed has the same bursts")
tap.ok(bursts != inject.choose_bursts(trace, 2), "another seed has others")

for number in range(2, 6):
    write(number)
done = evaluate(JAMLOG_TRACES=logs)
tap.equal(done.returncode, 0, "where nothing else happens all promises are kept")
tap.ok(re.search(r"^J/N 20 dB, +baseline .* 100.0 % of [1-9]\d*$", done.stdout, re.M), "a strong jammer is found", done.stdout + done.stderr)
tap.ok("no baseline      " in done.stdout and not re.search(r"no baseline .* of \d", done.stdout),
       "four passes of the others are a baseline everywhere", done.stdout)

write(5, rsrq=-20, snr=-9, begin=300, end=420)
done = evaluate(JAMLOG_TRACES=logs)
tap.equal(done.returncode, 1, "jamming in a trace that ought to have none misses the promise")
tap.ok("MISSED jamming with baseline" in done.stdout, "it says so", done.stdout)

done = evaluate(JAMLOG_TRACES=folder)
tap.ok(done.returncode == 0 and "no drive traces" in done.stdout, "where there are no traces that is said, and is no failure", done.stdout)
tap.done()
