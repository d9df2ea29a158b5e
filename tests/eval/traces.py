#!/usr/bin/env python3
"""make eval's part on real life: false alarms in the shared drive traces, and jamming that is added to them (inject.py).

  traces.py [--seeds "1 2 3"] [--jobs N] [--out build/eval] [--set RULE.FIGURE=VALUE]... [--bursts FILE.csv] [--half tuning|reported]

The traces lie where JAMLOG_TRACES says, else in ../shared/data/drive-traces beside the project; where there are none, this part is
skipped with a word. With several seeds the bursts differ. Of the files in order of name, the rules are tuned on bursts in the first, third, ...;
what is promised is measured in the second, fourth, ... The baseline comes from all other files, untouched. No promise is measured
where the traces give no baseline, or on bursts so short that the rule's persistence and the 10 s of a verdict do not fit: they are counted
apart. A burst counts as found where an incident of jamming overlaps at least half of it.

SPDX-License-Identifier: GPL-3.0-or-later"""
import argparse
import csv
import glob
import math
import os
import shutil
import statistics
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import cases  # noqa: E402
import inject  # noqa: E402
import judge  # noqa: E402
import rig  # noqa: E402
from report import percent  # noqa: E402
from scenario import LEVELS  # noqa: E402

JN_DB = (6, 10, 15, 20)
PROMISED_JN_DB, PROMISED_RECALL, PROMISED_ONSET_S = 10, 0.90, 15
MOST_WITH_BASELINE, MOST_ALONE = 0.02, 0.1  # jamming incidents an hour
CONFIRMABLE_S = 40                          # persistence of the rule and 10 s for the verdict
PLMN = "272-05"                             # a network of that country; the traces name none
HALVES = ("tuning", "reported")
TILE_ZOOM, PASSES, APART_MS, FIRST_MS = 18, 3, 1800000, 1000  # as the baseline has them (src/analysis/baseline.h); of an import's first row


def folder():
    return os.environ.get("JAMLOG_TRACES") or os.path.join(rig.ROOT, "..", "shared", "data", "drive-traces")


def half_of(index):
    return HALVES[index % 2]


# --- stores ---

def imported(store, files):
    """Adds logs to a store; lines that are left out are no failure."""
    cases.jamlog("import", "--quiet", "--db", store, "--plmn", PLMN, "--utc-offset", "+00:00", *files, codes=(0, 4))


def analyzed(store, figures):
    cases.jamlog("analyze", "--quiet", "--db", store, *(f"--set={figure}" for figure in figures))
    return rig.database(store)


# --- false alarms ---

def alarms_together(out, traces, figures):
    store = os.path.join(out, "all.gpkg")
    imported(store, [trace.path for trace in traces])
    with_baseline = analyzed(store, figures)
    found = judge.incidents(with_baseline)
    with_baseline.close()
    return found


def alarms_alone(out, traces, figures, jobs):
    def one(item):
        index, trace = item
        store = os.path.join(out, f"alone-{index}.gpkg")
        imported(store, [trace.path])
        db = analyzed(store, figures)
        found = judge.incidents(db)
        db.close()
        os.unlink(store)
        return found
    with ThreadPoolExecutor(jobs) as pool:
        return [found for all_found in pool.map(one, enumerate(traces)) for found in all_found]


def print_alarms(hours, together, alone):
    """How many promises are missed."""
    print(f"\n=== Drive traces: {hours:.1f} hours with samples, no jamming in them ===\n")
    words = sorted({f"{f.verdict} {LEVELS[f.confidence]}" for f in together + alone} | {"jamming low", "jamming medium", "jamming high"})
    print(f"{'incidents an hour (their number)':<34} {'with baseline':>18} {'each file alone':>18}")
    for word in words:
        columns = [sum(f"{f.verdict} {LEVELS[f.confidence]}" == word for f in found) for found in (together, alone)]
        print(f"{word:<34} " + " ".join(f"{n / hours:>12.3f} ({n:>3})" for n in columns))
    jamming = [[f for f in found if f.verdict == "jamming"] for found in (together, alone)]
    return promises([
        (len(jamming[0]) / hours <= MOST_WITH_BASELINE, f"jamming with baseline: at most {MOST_WITH_BASELINE} an hour"),
        (len(jamming[1]) / hours <= MOST_ALONE, f"jamming without any baseline: at most {MOST_ALONE} an hour"),
        (all(f.confidence == 0 for f in jamming[1]), "jamming without any baseline: never above low"),
    ])


def promises(kept):
    print()
    for good, text in kept:
        print(f"{'kept  ' if good else 'MISSED'} {text}")
    return sum(not good for good, _ in kept)


# --- bursts ---

class Outcome:
    """One burst at one J/N, and what was found of it."""

    def __init__(self, half, trace, seed, burst, before, jn_db, based, found):
        self.half, self.trace, self.seed, self.burst, self.jn_db, self.based = half, trace, seed, burst, jn_db, based
        near = [(burst.overlap(f.begin, f.end), f) for f in found]
        over, best = max(near, key=lambda pair: pair[0], default=(0, None))
        self.found = over >= burst.length() / 2
        self.joined = self.found and best.begin < before  # one incident goes through from the burst before
        self.onset = best.begin - burst.begin if self.found and not self.joined else None
        self.confidence = best.confidence if self.found else None
        self.snr_db = statistics.median(inject.number(trace.get(row, "SNR")) for row in trace.between(burst.begin, burst.end) if trace.usable(row))

    def confirmable(self):
        return self.burst.length() >= CONFIRMABLE_S


def tile_of(lat, lon):
    """As src/analysis/tile.c numbers them: bits of column and row in turn."""
    side = 1 << TILE_ZOOM
    column = int((lon + 180) / 360 * side)
    row = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side)
    return sum((column >> bit & 1) << 2 * bit | (row >> bit & 1) << 2 * bit + 1 for bit in range(TILE_ZOOM))


def based_share(db, trace, burst, own):
    """The share of a burst's rows with PASSES other passes of the serving cell at that place."""
    counts, rows = {}, 0
    for time, row in zip(trace.times, trace.rows):
        if not burst.begin <= time < burst.end:
            continue
        rows += 1
        place = tile_of(float(trace.get(row, "Latitude")), float(trace.get(row, "Longitude")))
        now_ms = FIRST_MS + (time - trace.times[0]) * 1000
        key = (place, f"{PLMN} lte cell {trace.get(row, 'RAWCELLID')}", now_ms)
        counts[key] = counts.get(key, 0) + 1
    based = 0
    for (place, cell, now_ms), n in counts.items():
        passes, = db.execute("SELECT count(*) FROM baseline_pass p JOIN baseline_cell c ON c.id = p.cell WHERE p.place = ? AND c.key = ? AND"
                             " (p.recording <> ? OR p.end_boottime_ms <= ? OR p.start_boottime_ms >= ?)",
                             (place, cell, own, now_ms - APART_MS, now_ms + APART_MS)).fetchone()
        based += n if passes >= PASSES else 0
    return based / rows


class Jammed:
    """All injections: their outcomes, and what was found outside of bursts, by half."""

    def __init__(self, out, traces, figures):
        self.out, self.traces, self.figures = out, traces, figures
        self.outcomes = []
        self.false, self.hours = Counter(), Counter()
        self.called, self.rightly = Counter(), Counter()  # seconds called jamming, and of these the jammed ones

    def base(self, index):
        """A store of all other files."""
        store = os.path.join(self.out, f"others-{index}.gpkg")
        imported(store, [trace.path for other, trace in enumerate(self.traces) if other != index])
        return store

    def run(self, index, seed, jn_db, base, bursts):
        """One file with its bursts, beside the others as they are."""
        trace = self.traces[index]
        name = os.path.join(self.out, f"jammed-{index}-{seed}-{jn_db}")
        log, store = name + ".csv", name + ".gpkg"
        inject.write(trace, bursts, jn_db, log)
        shutil.copy(base, store)
        imported(store, [log])
        db = analyzed(store, self.figures)
        own, = db.execute("SELECT max(id) FROM recording").fetchone()
        found = [f for f in judge.incidents(db, {own}) if f.verdict == "jamming"]
        half = half_of(index)
        ends = [-math.inf] + [b.end for b in bursts]
        self.outcomes += [Outcome(half, trace, seed, b, before, jn_db, based_share(db, trace, b, own) >= 0.5, found)
                          for b, before in zip(bursts, ends)]
        self.false[half] += sum(all(b.overlap(f.begin, f.end) <= 0 for b in bursts) for f in found)
        self.called[half] += sum(f.end - f.begin for f in found)
        self.rightly[half] += sum(max(b.overlap(f.begin, f.end), 0) for b in bursts for f in found)
        self.hours[half] += trace.hours() - sum(b.length() for b in bursts) / 3600
        db.close()
        os.unlink(log)
        os.unlink(store)

    def file(self, index, seeds):
        base = self.base(index)
        for seed in seeds:
            bursts = inject.choose_bursts(self.traces[index], seed)
            for jn_db in JN_DB if bursts else ():
                self.run(index, seed, jn_db, base, bursts)
        os.unlink(base)

    def run_all(self, seeds, jobs, halves):
        indices = [i for i in range(len(self.traces)) if half_of(i) in halves]
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda index: self.file(index, seeds), indices))


def recall(outcomes):
    return percent(sum(o.found for o in outcomes), len(outcomes)) + f" of {len(outcomes)}" if outcomes else "-"


def print_recall(outcomes):
    """By length across, by J/N and place down."""
    def name(low, high):
        return f"{low}-{high} s"
    print(f"{'recall':<26}" + " ".join(f"{name(*lengths):>16}" for lengths in inject.LENGTHS_S) + f" {f'from {CONFIRMABLE_S} s':>16}")
    for based in (True, False):
        for jn_db in JN_DB:
            mine = [o for o in outcomes if o.based == based and o.jn_db == jn_db]
            cells = [[o for o in mine if low <= o.burst.length() < high or o.burst.length() == high == inject.LENGTHS_S[-1][1]]
                     for low, high in inject.LENGTHS_S] + [[o for o in mine if o.confirmable()]]
            print(f"{f'J/N {jn_db} dB,':<12}{'baseline' if based else 'no baseline':<14}" + " ".join(f"{recall(cell):>16}" for cell in cells))


def print_by_snr(outcomes):
    """The same by the SNR that there was: where it is high, a J/N that adds to what little noise there is leaves a good signal."""
    names = ("under 0 dB", "0 to 5 dB", "5 to 10 dB", "from 10 dB")
    print(f"\n{'by the SNR without jamming':<26}" + " ".join(f"{name:>16}" for name in names))
    for jn_db in JN_DB:
        mine = [o for o in outcomes if o.based and o.confirmable() and o.jn_db == jn_db]
        cells = [[o for o in mine if sum(o.snr_db >= edge for edge in (0, 5, 10)) == i] for i in range(len(names))]
        print(f"{f'J/N {jn_db} dB,':<12}{f'from {CONFIRMABLE_S} s':<14}" + " ".join(f"{recall(cell):>16}" for cell in cells))


def print_half(half, jammed, seeds, promised):
    outcomes = [o for o in jammed.outcomes if o.half == half]
    files = len({o.trace.path for o in outcomes})
    print(f"\n=== Jamming added to drive traces, {half} half: {files} files, seeds {seeds}, {len(outcomes)} bursts ===\n")
    print_recall(outcomes)
    print_by_snr(outcomes)
    onsets = sorted(o.onset for o in outcomes if o.onset is not None)
    counted = [o for o in outcomes if o.based and o.confirmable() and o.jn_db >= PROMISED_JN_DB]
    share = sum(o.found for o in counted) / len(counted) if counted else 0
    median = statistics.median(onsets) if onsets else math.nan
    if onsets:
        late = sorted(abs(onset) for onset in onsets)[math.ceil(0.9 * len(onsets)) - 1]
        print(f"\nOnset found later than it was: median {median:.0f} s, from {onsets[0]:.0f} to {onsets[-1]:.0f} s; 90 % within {late:.0f} s")
    print(f"Bursts found by an incident that goes through from the burst before (no onset): {sum(o.joined for o in outcomes)}")
    print(f"Of the time called jamming {percent(jammed.rightly[half], jammed.called[half])} was jammed")
    levels = Counter(LEVELS[o.confidence] for o in outcomes if o.found)
    print("Confidence of what was found: " + (", ".join(f"{level} {n}" for level, n in sorted(levels.items())) or "-"))
    print(f"Jamming found outside of the bursts: {jammed.false[half]} in {jammed.hours[half]:.1f} hours, "
          f"{jammed.false[half] / max(jammed.hours[half], 1e-9):.3f} an hour")
    if not promised:
        return 0
    return promises([
        (share >= PROMISED_RECALL, f"recall from {PROMISED_JN_DB} dB on, from {CONFIRMABLE_S} s on, with a baseline: {percent(share, 1)}; at least "
         f"{PROMISED_RECALL:.0%} promised"),
        (abs(median) <= PROMISED_ONSET_S, f"onset within {PROMISED_ONSET_S} s, median: {median:.0f} s"),
    ])


def write_bursts(path, outcomes):
    with open(path, "w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(("half", "file", "seed", "begin", "length_s", "jn_db", "baseline", "found", "onset_s"))
        for o in sorted(outcomes, key=lambda o: (o.trace.path, o.seed, o.burst.begin, o.jn_db)):
            out.writerow((o.half, os.path.basename(o.trace.path), o.seed, o.burst.begin, o.burst.length(), o.jn_db, int(o.based), int(o.found),
                          "" if o.onset is None else o.onset))


def evaluate(seeds, jobs, out, figures=(), bursts=None, halves=HALVES):
    """Measures and prints; how many promises are missed."""
    files = sorted(glob.glob(os.path.join(folder(), "*.csv.gz")))
    if not files:
        print(f"\neval: no drive traces in {os.path.relpath(folder())}: that part is skipped (JAMLOG_TRACES says where they are)")
        return 0
    out = os.path.join(out, "traces")
    shutil.rmtree(out, ignore_errors=True)  # a run that was broken off leaves journals of SQLite's
    os.makedirs(out)
    traces = [inject.Trace(path) for path in files]
    missed = print_alarms(sum(trace.hours() for trace in traces), alarms_together(out, traces, figures),
                          alarms_alone(out, traces, figures, jobs))
    jammed = Jammed(out, traces, figures)
    jammed.run_all(seeds, jobs, halves)
    if bursts:
        write_bursts(bursts, jammed.outcomes)
    for half in halves:
        missed += print_half(half, jammed, seeds, half == "reported")
    return missed


def main():
    parser = argparse.ArgumentParser(description="Measures jamlog analyze on drive traces.")
    parser.add_argument("--seeds", default="1 2 3 4 5", help="numbers, separated by blanks")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time")
    parser.add_argument("--out", default=os.path.join("build", "eval"), help="where stores are kept meanwhile")
    parser.add_argument("--set", action="append", default=[], help="RULE.FIGURE=VALUE, for the analysis")
    parser.add_argument("--bursts", help="a file for what became of each burst")
    parser.add_argument("--half", choices=HALVES, help="of the files; else both")
    args = parser.parse_args()
    try:
        return 1 if evaluate([int(seed) for seed in args.seeds.split()], args.jobs, os.path.abspath(args.out), args.set, args.bursts,
                             (args.half,) if args.half else HALVES) else 0
    except cases.Failed as error:
        print(f"eval: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
