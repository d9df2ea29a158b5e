"""Prints what an evaluation measured, and whether that is what was promised.

SPDX-License-Identifier: GPL-3.0-or-later"""
import statistics
from collections import Counter

from judge import GRACE_S, RIGHT, WRONG

MIN_RIGHT = 0.95
NO_JAMMING = range(14, 30)  # numbers of scenarios that must not be called jamming


def number_of(name):
    head = name.split("-")[0]
    return int(head) if head.isdigit() else None


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "-"


def matrix(outcomes):
    """Expected against found, in words."""
    counts = Counter((o.expect.verdict, o.expect.verdict if o.grade != WRONG and o.found in o.expect.also else o.found) for o in outcomes)
    rows = sorted({e for e, _ in counts})
    columns = sorted({f for _, f in counts} | set(rows))
    width = max(len(word) for word in columns + ["expected"]) + 1
    print("Expected (down), found (across); a stated superset counts as what was expected:\n")
    print(" " * width + " ".join(f"{c[:12]:>12}" for c in columns))
    for row in rows:
        print(f"{row:<{width}}" + " ".join(f"{counts[row, c] or '.':>12}" for c in columns))


def kinds(outcomes, false):
    """Precision and recall of each verdict; what was found where nothing was to be found counts against precision."""
    false_by = Counter(f.verdict for f in false)
    print(f"\n{'verdict':<14} {'expected':>8} {'right':>6} {'recall':>8} {'precision':>10}")
    for kind in sorted({o.expect.verdict for o in outcomes} | set(false_by)):
        mine = [o for o in outcomes if o.expect.verdict == kind]
        right = sum(o.grade != WRONG for o in mine)
        wrongly = sum(o.grade == WRONG and o.found == kind for o in outcomes if o.expect.verdict != kind) + false_by[kind]
        print(f"{kind:<14} {len(mine):>8} {right:>6} {percent(right, len(mine)):>8} "
              f"{percent(right, right + wrongly) if kind != 'nothing' else '-':>10}")


def alarms(false, hours):
    print(f"\nFalse alarms in {hours:.1f} modem hours in which nothing was the matter (ordinary days, and what is left of the others):")
    for verdict, n in sorted(Counter(f.verdict for f in false).items()) or [("any", 0)]:
        print(f"  {verdict:<14} {n:>4}, {n / hours:.2f} an hour" if hours else f"  {verdict:<14} {n}")


def delays(outcomes):
    """The worst delay beyond the persistence, or None."""
    late = sorted((o.delay, o.scenario, o.seed) for o in outcomes if o.delay is not None)
    if not late:
        print("\nDelays: nothing was confirmed")
        return None
    print(f"\nDelay to the verdict beyond the persistence of the table: median {statistics.median(d for d, _, _ in late):.1f} s, worst "
          f"{late[-1][0]:.1f} s ({late[-1][1]}, seed {late[-1][2]})")
    for delay, scenario, seed in late:
        if delay > GRACE_S:
            print(f"  late: {scenario}, seed {seed}: {delay:.1f} s")
    return late[-1][0]


def intervals(outcomes):
    """How well onset and length are met."""
    for what, of in (("Onset", lambda o: o.onset), ("Length", lambda o: o.length)):
        off = sorted((abs(of(o)), of(o), o.scenario, o.seed) for o in outcomes if of(o) is not None)
        if off:
            print(f"{what} of right verdicts, found less true: off by {statistics.median(row[0] for row in off):.1f} s in the median, at most "
                  f"{off[-1][1]:+.1f} s ({off[-1][2]}, seed {off[-1][3]})")


def wrongs(outcomes):
    for o in outcomes:
        if o.grade == WRONG:
            print(f"  {o.scenario}, seed {o.seed}, [expect {o.expect.name}]: {o.expect.verdict}"
                  f"{' (' + o.expect.sub + ')' if o.expect.sub else ''} expected; {o.detail}")


def report(title, outcomes, false, hours, promised):
    """All figures of these outcomes; how many promises are missed where they hold."""
    print(f"\n=== {title} ===\n")
    if not outcomes:
        print("no scenario was played")
        return 1 if promised else 0
    matrix(outcomes)
    kinds(outcomes, false)
    alarms(false, hours)
    worst = delays(outcomes)
    intervals(outcomes)
    right, good = sum(o.grade == RIGHT for o in outcomes), sum(o.grade != WRONG for o in outcomes)
    jammed = sorted({(o.scenario, o.seed) for o in outcomes if number_of(o.scenario) in NO_JAMMING and o.jamming})
    if good < len(outcomes):
        print("\nWrong:")
        wrongs(outcomes)
    for o in outcomes:
        if o.weaker:
            print(f"  weaker than expected: {o.scenario}, seed {o.seed}, [expect {o.expect.name}]: {o.detail}")
    promises = [
        (good >= MIN_RIGHT * len(outcomes), f"right, or a stated superset: {percent(good, len(outcomes))} of {len(outcomes)} "
         f"({right} right, {good - right} superset); at least {MIN_RIGHT:.0%} promised"),
        (not jammed, f"scenarios 14 to 29 called jamming: {', '.join(f'{s} seed {n}' for s, n in jammed) or 'none'}"),
        (worst is None or worst <= GRACE_S, f"every verdict within its persistence + {GRACE_S} s"),
    ]
    print()
    for kept, text in promises:
        print(f"{'kept  ' if kept else 'MISSED'} {text}")
    return sum(not kept for kept, _ in promises) if promised else 0
