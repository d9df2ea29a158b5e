"""Adds jamming to a drive trace of G-NetTrack, by the formulas of LTE's figures, and writes it as such a trace again.

A jammer adds the power J to each resource element. J is given against what the receiver had to bear at that very moment: noise and
interference N + I = RSRP / SNR, both as logged. (Against thermal noise alone, about -124 dBm, a J/N of 10 dB would be lost in the
interference that these places have on any day: the median of N + I is -98 dBm.) So, linear:

  RSRP' = RSRP                         reference signals are averaged: noise does not add to them
  SNR'  = SNR / (1 + J/N)
  RSRQ' = N RSRP / (RSSI + 12 N J)     hence 1/RSRQ' = 1/RSRQ + 12 (J/N) / SNR, for any number N of resource blocks

RSSI is the one that RSRQ tells. The log's column RSSI is none (it moves in the steps of +CSQ, and is below the RSRP half of the time): it is left
as it is, and so are CQI and bitrates, which the import does not read. Figures are rounded to whole decibels as the log's are, and end where
the phone's do: of 38,780 rows 18 have an RSRQ under -20 dB (225 have that), and none a valid SNR under -15 dB.

Not modelled: the phone would lose the cell under a strong jammer and search for another one. Here it stays, as a still connected one does.

SPDX-License-Identifier: GPL-3.0-or-later"""
import csv
import dataclasses
import gzip
import io
import math
import random
from datetime import datetime, timezone

LEAST_RSRQ_DB, LEAST_SNR_DB = -20, -15
LENGTHS_S = ((30, 40), (40, 60), (60, 120), (120, 300))
APART_S = 180        # between two bursts: an incident needs a minute to end
SPACING_S = 420      # a burst for each so many seconds of a trace
MAX_GAP_S = 10       # without a row: no place for a burst, and no time that counts as measured
MIN_USABLE = 0.95    # of the rows of a burst: served by LTE, with all figures
LTE_MODES = ("LTE", "5G")  # 5G: NR beside LTE; the figures are the LTE cell's


def number(text):
    try:
        return float(text)
    except ValueError:
        return math.nan


def linear(db):
    return 10 ** (db / 10)


def decibels(ratio):
    return 10 * math.log10(ratio)


class Trace:
    """One log; times in seconds of UTC, which Irish winter time is."""

    def __init__(self, path):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
            self.columns, *self.rows = csv.reader(handle)
        self.at = {name: i for i, name in enumerate(self.columns)}
        self.times = [datetime.strptime(row[0], "%Y.%m.%d_%H.%M.%S").replace(tzinfo=timezone.utc).timestamp() for row in self.rows]
        self.path = path

    def get(self, row, name):
        return row[self.at[name]]

    def usable(self, row):
        """Has what the formulas need, and is no nonsense."""
        figures = [number(self.get(row, name)) for name in ("RSRP", "RSRQ", "SNR")]
        return self.get(row, "NetworkMode") in LTE_MODES and figures[0] > -156 and figures[1] >= -30 and figures[2] > -23

    def hours(self):
        """With samples."""
        return sum(later - sooner for sooner, later in zip(self.times, self.times[1:]) if later - sooner <= MAX_GAP_S) / 3600

    def between(self, begin, end):
        return [row for time, row in zip(self.times, self.rows) if begin <= time < end]


@dataclasses.dataclass
class Burst:
    begin: float
    end: float

    def length(self):
        return self.end - self.begin

    def overlap(self, begin, end):
        return min(self.end, end) - max(self.begin, begin)


def suits(trace, burst):
    inside = [(time, trace.usable(row)) for time, row in zip(trace.times, trace.rows) if burst.begin <= time < burst.end]
    stops = [burst.begin] + [time for time, _ in inside] + [burst.end]
    return max(b - a for a, b in zip(stops, stops[1:])) <= MAX_GAP_S and sum(usable for _, usable in inside) >= MIN_USABLE * len(inside)


def choose_bursts(trace, seed):
    """Where a seed has its bursts: of all classes of length in turn, at places where the cell is LTE's. The same for every J/N."""
    draw = random.Random(f"{seed} {len(trace.rows)} {trace.rows[0][0]}")
    bursts, first = [], draw.randrange(len(LENGTHS_S))
    wanted = max(1, round((trace.times[-1] - trace.times[0]) / SPACING_S))
    for _ in range(40 * wanted):
        if len(bursts) == wanted:
            break
        length = draw.uniform(*LENGTHS_S[(first + len(bursts)) % len(LENGTHS_S)])
        begin = draw.choice(trace.times)
        burst = Burst(begin, begin + round(length))
        if burst.end < trace.times[-1] and suits(trace, burst) and all(burst.overlap(b.begin - APART_S, b.end + APART_S) < 0 for b in bursts):
            bursts.append(burst)
    return sorted(bursts, key=lambda b: b.begin)


def jam(trace, row, jn):
    """A copy of the row with a jammer so much stronger, linear, than noise and interference."""
    row = list(row)
    snr, rsrq = linear(number(trace.get(row, "SNR"))), linear(number(trace.get(row, "RSRQ")))
    row[trace.at["SNR"]] = f"{max(LEAST_SNR_DB, round(decibels(snr / (1 + jn)))):.1f}"
    row[trace.at["RSRQ"]] = str(max(LEAST_RSRQ_DB, round(decibels(1 / (1 / rsrq + 12 * jn / snr)))))
    return row


def write(trace, bursts, jn_db, path):
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(trace.columns)
    for time, row in zip(trace.times, trace.rows):
        jammed = any(b.begin <= time < b.end for b in bursts) and trace.usable(row)
        out.writerow(jam(trace, row, linear(jn_db)) if jammed else row)
    with open(path, "w", encoding="utf-8", newline="") as handle:
        handle.write(text.getvalue())
