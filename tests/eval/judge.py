"""Compares what an analysis found with what a scenario expects, and finds what nobody expected.

SPDX-License-Identifier: GPL-3.0-or-later"""
import dataclasses
from datetime import datetime

from scenario import LEVELS

GRACE_S = 10          # promised: a verdict stands within the table's persistence and so much more
TAIL_S = 60           # after a happening the network needs a while, and so does a verdict to end
RIGHT, SUPERSET, WRONG = "right", "superset", "wrong"
COUNTED = {"attempts": "SELECT t.utc_ms FROM session t JOIN source s ON s.id = t.source WHERE t.outcome = 'failed'",
           "rounds": "SELECT t.utc_ms FROM probe t JOIN source s ON s.id = t.source WHERE t.test = 'round'"}


@dataclasses.dataclass
class Found:
    """One incident as one modem saw it; times in seconds of UTC."""
    verdict: str
    sub: str
    confidence: int
    modem: str
    begin: float
    end: float
    confirmed: float

    def overlap(self, begin, end):
        return min(self.end, end) - max(self.begin, begin)

    def words(self):
        return self.verdict + (f" ({self.sub})" if self.sub else "")


def utc_seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def incidents(db, recordings=None):
    """What the newest analysis found, one entry for each incident and modem; in these recordings or in all."""
    rows = db.execute(
        "SELECT i.verdict, i.sub, i.confidence, s.name AS modem, f.recording, min(f.start_utc_ms) AS begin, max(f.end_utc_ms) AS end,"
        " min(f.start_utc_ms + f.confirmed_boottime_ms - f.start_boottime_ms) AS confirmed"
        " FROM incident i JOIN incident_finding j ON j.incident = i.id JOIN finding f ON f.id = j.finding"
        " JOIN source s ON s.id = f.source WHERE i.analysis = (SELECT max(id) FROM analysis) GROUP BY i.id, s.name, f.recording")
    return [Found(r["verdict"], r["sub"], LEVELS.index(r["confidence"]), r["modem"], r["begin"] / 1000, r["end"] / 1000, r["confirmed"] / 1000)
            for r in rows if r["begin"] is not None and (recordings is None or r["recording"] in recordings)]


@dataclasses.dataclass
class Outcome:
    """What came of one expectation."""
    scenario: str
    seed: int
    expect: object
    grade: str = WRONG
    found: str = "nothing"     # the verdict that counts
    detail: str = ""
    delay: float = None        # from begin to confirmation, less the persistence
    onset: float = None        # found begin less the true one
    length: float = None       # found length less the true one
    jamming: bool = False      # called jamming anywhere in the run
    weaker: bool = False       # right, with less confidence than expected


def suits(expect, found):
    return found.verdict == expect.verdict and expect.sub in (None, found.sub) and found.confidence <= expect.most


def earliest(db, expect, modem, begin):
    """When a verdict could be said of a modem at the earliest: the persistence is over, and so much was seen."""
    number, unit = expect.after
    times = db.execute(f"{COUNTED[unit]} AND s.name = ? AND t.utc_ms > ? ORDER BY t.id LIMIT ?", (modem, begin * 1000, number)).fetchall()
    return max(begin + expect.lasts, times[-1][0] / 1000 if number and len(times) == number else 0)


def judge(db, scenario, seed, expect, found, world_began):
    """One expectation against everything that was found on that day."""
    outcome = Outcome(scenario.name, seed, expect)
    begin, end = world_began + expect.begin, world_began + expect.end
    near = [f for f in found if f.modem in expect.modems and f.overlap(begin, end + GRACE_S) >= 0]
    near.sort(key=lambda f: -f.overlap(begin, end))
    outcome.jamming = any(f.verdict == "jamming" for f in found)
    outcome.detail = "; ".join(f"{f.modem}: {f.words()} {LEVELS[f.confidence]} {f.begin - world_began:.0f}-{f.end - world_began:.0f} s"
                               for f in near) or "nothing found"
    good = [f for f in near if suits(expect, f)]
    allowed = [f for f in near if f.verdict in expect.also]
    forbidden = [f for f in found if f.verdict in expect.never]
    need = (len(expect.modems) + 1) // 2  # of the modems concerned
    if expect.verdict == "nothing":
        outcome.grade = RIGHT if not near else SUPERSET if len(allowed) == len(near) else WRONG
        outcome.found = near[0].verdict if near else "nothing"
    elif len({f.modem for f in good}) >= need:
        outcome.grade, outcome.found = RIGHT, expect.verdict
        outcome.delay = min(f.confirmed - earliest(db, expect, f.modem, begin) for f in good)
        outcome.onset = min(f.begin for f in good) - begin
        outcome.length = max(f.end for f in good) - min(f.begin for f in good) - (end - begin)
        outcome.weaker = max(f.confidence for f in good) < expect.least
    elif len({f.modem for f in good + allowed}) >= need:
        outcome.grade, outcome.found = SUPERSET, allowed[0].verdict
    elif "nothing" in expect.also and not near:
        outcome.grade = SUPERSET
    elif near:
        outcome.found = next((f.verdict for f in near if f.verdict != expect.verdict), near[0].verdict)
    if forbidden:
        outcome.grade, outcome.found = WRONG, forbidden[0].verdict
        outcome.detail += f"; never {forbidden[0].words()}"
    return outcome


def ordinary_verdicts(scenarios):
    """What is expected where nothing happens at all holds on the ordinary days of that place, too: at a cell's edge there is no coverage."""
    return {verdict for s in scenarios if not s.happenings for e in s.expects for verdict in [e.verdict, *e.also]}


def unexpected(scenario, found, world_began):
    """Incidents of a day that lie outside of every expectation of their modem, and how many seconds that part of the day has."""
    spans = {modem: [(e.begin, e.end + TAIL_S + e.lasts) for e in scenario.expects if modem in e.modems] for modem in scenario.modems}
    alone = [f for f in found if f.modem in spans and not any(f.overlap(world_began + a, world_began + b) >= 0 for a, b in spans[f.modem])]
    seconds = sum(scenario.end() - covered(spans[modem], scenario.end()) for modem in spans)
    return alone, seconds


def covered(spans, limit):
    """Seconds up to the limit that lie in any of the spans."""
    total, reached = 0, 0
    for begin, end in sorted(spans):
        begin, end = max(begin, reached), min(end, limit)
        total += max(end - begin, 0)
        reached = max(reached, end)
    return total
