#!/usr/bin/env python3
"""make eval: plays scenarios through the whole path with several seeds, and measures what the analysis makes of them.

  evaluate.py [--seeds "1 2 3"] [--speed 40] [--jobs N] [--out build/eval] [--traces] [FILE or FOLDER ...]

Each scenario tells in its [expect NAME] groups what should be found. Ordinary days at its place (as many as a baseline needs) are
recorded before, and counted for false alarms. Rules are tuned on odd seeds; what is promised is measured on even ones, or on all
where there is no even one. Exit status 0: the promises are kept; 1: they are missed, or something did not work.

SPDX-License-Identifier: GPL-3.0-or-later"""
import argparse
import glob
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import cases  # noqa: E402
import judge  # noqa: E402
import play  # noqa: E402
import report  # noqa: E402
import rig  # noqa: E402
import traces  # noqa: E402
from scenario import Scenario  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description="Measures jamlog analyze on simulated scenarios.")
    parser.add_argument("--seeds", default="1 2 3 4 5", help="numbers, separated by blanks")
    parser.add_argument("--speed", type=float, default=40, help="how much faster than the wall clock; data go at a fifth of it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time")
    parser.add_argument("--out", default=os.path.join("build", "eval"), help="where recordings and stores are kept")
    parser.add_argument("--traces", action="store_true", help="the drive traces too (traces.py)")
    parser.add_argument("--record-only", action="store_true", help="stop before the analysis")
    parser.add_argument("scenarios", nargs="*", default=[os.path.join(rig.SCENARIOS, "eval")], help="scenario files, or folders of them")
    return parser.parse_args()


def scenario_files(names):
    for name in names:
        found = sorted(glob.glob(os.path.join(name, "*.scenario"))) if os.path.isdir(name) else [name]
        if not found:
            sys.exit(f"eval: there is no scenario in {name}")
        yield from found


def run_all(jobs, tasks, say):
    """Calls each task; what went wrong, in words."""
    def one(task):
        words, call = task
        try:
            call()
        except cases.Failed as error:
            return str(error)
        finally:
            say(words)
        return None
    pool = ThreadPoolExecutor(jobs)
    try:
        return [failure for failure in pool.map(one, tasks) if failure]
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        play.stop_all()
        raise
    finally:
        pool.shutdown()


class Evaluation:
    """Collects outcomes and false alarms by seed."""

    def __init__(self, paths, scenarios, seeds):
        self.paths, self.scenarios, self.seeds = paths, scenarios, seeds
        self.outcomes, self.false, self.hours = {s: [] for s in seeds}, {s: [] for s in seeds}, {s: 0 for s in seeds}

    def places(self):
        """One scenario for each place."""
        return {scenario.key(): scenario for scenario in self.scenarios}.values()

    def record(self, jobs):
        tasks = [(f"ordinary day {day} of place {s.key()}, seed {seed}", lambda s=s, seed=seed, day=day:
                  cases.record_ordinary(self.paths, s, seed, day)) for seed in self.seeds for s in self.places() for day in cases.ORDINARY_DAYS]
        tasks += [(f"{s.name}, seed {seed}", lambda s=s, seed=seed: cases.record_case(self.paths, s, seed))
                  for seed in self.seeds for s in self.scenarios]
        began, done = time.monotonic(), []

        def say(words):
            done.append(words)
            print(f"eval: {time.monotonic() - began:5.0f} s, {len(done)} of {len(tasks)}: {words}", flush=True)
        return run_all(jobs, tasks, say)

    def analyze_place(self, scenario, seed):
        db = cases.analyze_place(self.paths, scenario, seed)
        ordinary = judge.ordinary_verdicts(s for s in self.scenarios if s.key() == scenario.key())
        self.false[seed] += [f for f in judge.incidents(db) if f.verdict not in ordinary]
        self.hours[seed] += len(cases.ORDINARY_DAYS) * scenario.duration * len(scenario.modems) / 3600
        db.close()

    def analyze_case(self, scenario, seed):
        db, recording = cases.analyze_case(self.paths, scenario, seed)
        share = cases.sweeps_share(db, recording, scenario)
        if share < cases.MIN_SWEEPS:
            print(f"eval: {scenario.name}, seed {seed}: only {share:.0%} of the sweeps: the machine was too busy for this speed", flush=True)
        found, began = judge.incidents(db, {recording}), judge.utc_seconds(cases.began(self.paths.case(scenario, seed)))
        self.outcomes[seed] += [judge.judge(db, scenario, seed, expect, found, began) for expect in scenario.expects]
        alone, seconds = judge.unexpected(scenario, found, began)
        self.false[seed] += alone
        self.hours[seed] += seconds / 3600
        db.close()

    def analyze(self, jobs):
        tasks = [("", lambda s=s, seed=seed: self.analyze_place(s, seed)) for seed in self.seeds for s in self.places()]
        failures = run_all(jobs, tasks, lambda _: None)
        tasks = [("", lambda s=s, seed=seed: self.analyze_case(s, seed)) for seed in self.seeds for s in self.scenarios]
        return failures or run_all(jobs, tasks, lambda _: None)

    def print(self, title, seeds, promised):
        outcomes = sorted((o for s in seeds for o in self.outcomes[s]), key=lambda o: (o.scenario, o.seed))
        return report.report(title, outcomes, [f for s in seeds for f in self.false[s]], sum(self.hours[s] for s in seeds), promised)


def main():
    args = arguments()
    if not play.namespace():
        sys.exit("eval: this system gives ordinary users no namespaces: run it as root")
    seeds = [int(seed) for seed in args.seeds.split()]
    evaluation = Evaluation(cases.Paths(os.path.abspath(args.out), args.speed), [Scenario(f) for f in scenario_files(args.scenarios)], seeds)
    failures = evaluation.record(args.jobs)
    if not failures and not args.record_only:
        failures = evaluation.analyze(args.jobs)
    for failure in failures:
        print(f"eval: {failure}")
    if failures or args.record_only:
        return 1 if failures else 0
    even, odd = [s for s in seeds if s % 2 == 0], [s for s in seeds if s % 2]
    if odd and even:
        evaluation.print(f"odd seeds {odd}: the rules were tuned on these", odd, False)
    missed = evaluation.print(f"even seeds {even}: reported" if even else f"seeds {odd}", even or odd, True)
    missed += traces.evaluate(seeds, args.jobs, os.path.abspath(args.out)) if args.traces else 0
    print(f"\nTo look at one: jamlog analyze --db {os.path.relpath(args.out)}/cases/NAME-SEED/store.gpkg; its logs and journal lie beside, its "
          "ground truth comes from\n  jamlog-sim .../played.scenario --truth-only --seed SEED --day 20 --start (of begin.json) --run-dir /tmp/x")
    print(f"\neval: {'THE PROMISED NUMBERS ARE MISSED' if missed else 'the promised numbers are kept'}")
    return 1 if missed else 0


sys.exit(main())
