"""Scenario files as the evaluation reads them: what is played, and what an analysis should find in it.

SPDX-License-Identifier: GPL-3.0-or-later"""
import configparser
import hashlib
import os
import re

UNITS = {"": 1, "s": 1, "ms": 0.001, "m": 60, "h": 3600}
LEVELS = ["low", "medium", "high"]
PLACE = ("world", "track", "cell", "modem", "gps")  # groups that make a place; the rest is what happens there


def seconds(text):
    """A length of time as scenario files have it."""
    if ":" in text:
        total = 0
        for part in text.split(":"):
            total = 60 * total + float(part)
        return total
    number, unit = re.fullmatch(r"\s*([0-9.]+)\s*([a-z]*)\s*", text).groups()
    return float(number) * UNITS[unit]


def words(text):
    return [word.strip() for word in (text or "").split(",") if word.strip()]


class Expect:
    """What should be found, by whom and when; in seconds of the run."""

    def __init__(self, name, group, scenario):
        self.name = name
        self.verdict = group["verdict"]
        self.sub = group.get("sub")
        self.also = words(group.get("also"))
        self.never = words(group.get("never"))
        modems = words(group.get("modems", "all"))
        self.modems = list(scenario.modems) if modems == ["all"] else modems
        self.begin = seconds(group.get("from", "0"))
        self.end = seconds(group["until"]) if "until" in group else scenario.duration
        self.lasts = seconds(group.get("lasts", "0"))
        number, unit = group.get("after", "0 attempts").split()
        self.after = (int(number), unit)
        self.least = LEVELS.index(group.get("confidence_least", "low"))
        self.most = LEVELS.index(group.get("confidence_most", "high"))


class Scenario:
    """One file."""

    def __init__(self, path, text=None):
        self.path = path
        self.name = os.path.basename(path).removesuffix(".scenario")
        if text is None:
            with open(path, encoding="utf-8") as handle:
                text = handle.read()
        self.text = text
        file = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
        file.optionxform = str
        file.read_string(text)
        self.groups = {name: dict(file[name]) for name in file.sections()}
        self.modems = self.named("modem")
        self.interfaces = {name: group.get("interface", "sim-" + name)[:15] for name, group in self.modems.items()}
        self.receiver = next(iter(self.named("gps")), "")  # the first one is recorded
        self.internet = "internet" in self.groups
        self.mode = "probe" if self.internet else "session"
        self.duration = seconds(self.groups["world"]["duration"])
        self.expects = [Expect(name, group, self) for name, group in self.named("expect").items()]
        self.happenings = self.named("happening")

    def named(self, kind):
        """The groups [KIND NAME] by their names, in the file's order."""
        return {name.split(None, 1)[1]: group for name, group in self.groups.items() if name.split()[0] == kind and " " in name}

    def begin(self):
        """When the first thing happens."""
        return min((seconds(h["at"]) for h in self.happenings.values()), default=0)

    def end(self):
        """When nothing more is expected and a little later: no need to play on."""
        ends = [e.end for e in self.expects] + [seconds(h["until"]) if "until" in h else seconds(h["at"]) + seconds(h.get("for", "0"))
                                                for h in self.happenings.values()]
        return min(self.duration, max(ends, default=self.duration) + 45)

    def text_of(self, wanted):
        """Of the groups whose kind is wanted, without comments and empty lines."""
        lines, keep = [], True
        for line in self.text.splitlines():
            if line.startswith("["):
                keep = wanted(line.strip("[] \t").split()[0])
            if keep and line.strip() and not line.startswith("#"):
                lines.append(line.strip())
        return "\n".join(lines) + "\n"

    def place(self):
        """The same place on an ordinary day: nothing happens, and no data are probed."""
        return Scenario("ordinary.scenario", self.text_of(lambda kind: kind in PLACE))

    def played(self):
        """What makes the run, whatever is expected of it."""
        return self.text_of(lambda kind: kind != "expect")

    def key(self):
        """Names the place: files with the same text of it share their ordinary days."""
        return hashlib.sha256(self.place().text.encode()).hexdigest()[:12]
