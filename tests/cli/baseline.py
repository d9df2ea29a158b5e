#!/usr/bin/env python3
"""jamlog baseline: what is given away and what is not, and what is taken from a file.

SPDX-License-Identifier: GPL-3.0-or-later"""
import csv
import math
import os
import shutil
import sqlite3
import statistics
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from store_common import *  # noqa: E402,F403

TITLE = "# jamlog baseline 1, for a test"
HEADER = ("quadkey,cell,passes,served,broadband,narrowband,rsrp_dbm,rsrq_db,snr_db,rssi_dbm,rx_dbm,tx_dbm,"
          "rsrp_spread_db,rsrq_spread_db,snr_spread_db")
ROW = "120300311203101203,257-01 lte 1300 101,5,1,0.8,0.2,-97.5,-10,12.5,-66,-65.5,,2,0.5,3.5"
QUADKEYS = ["120300311203101203", "120300311203101210", "311230133002231311", "000000000000000001", "333333333333333333"]
FIGURES = ["rsrp_cdbm", "rsrq_cdb", "snr_cdb", "rssi_cdbm", "rx_cdbm", "tx_cdbm"]
# Numbers that no file may show: of recordings, of a source, of times.
RECORDING, SOURCE, START, DAY = 770001, 31337, 987654321, 20211


def says(done, *words):
    for word in words:
        check(word in done.stderr, f"{word!r} is not in: {done.stderr}")


def write(name, *lines, end="\n"):
    with open(path(name), "w", newline="") as f:
        f.write("".join(line + end for line in lines))
    return path(name)


def baseline(store, *words, **more):
    return jamlog("baseline", "--db", path(store), *words, **more)


def content(store):
    """all that import can change"""
    tables = [t for t, in query(path(store), "SELECT name FROM sqlite_master WHERE type='table' ORDER BY 1")]
    return [(t, query(path(store), f"SELECT * FROM {t}")) for t in tables if t.startswith("baseline")]


def given(store):
    return query(path(store), "SELECT c.key, g.place, g.passes, g.served, g.broadband, g.narrowband, " +
                 ", ".join("g." + f for f in FIGURES) + ", g.rsrp_spread_cdb, g.rsrq_spread_cdb, g.snr_spread_cdb"
                 " FROM baseline_given g JOIN baseline_cell c ON c.id=g.cell ORDER BY 2, 1")


def place(quadkey):
    return int(quadkey, 4)


def store(name, passes):
    """A synced store with these passes: (quadkey, key, recording, day, [figures], sweeps, served, broadband, narrowband)."""
    shutil.copy(path("s.gpkg"), path(name))
    baseline(name, "--quiet", "--import", write("nothing.csv", TITLE, HEADER))
    connection = sqlite3.connect(path(name))
    for number, (quadkey, key, recording, day, figures, *counts) in enumerate(passes):
        connection.execute("INSERT OR IGNORE INTO baseline_cell (key) VALUES (?)", (key,))
        cell = connection.execute("SELECT id FROM baseline_cell WHERE key=?", (key,)).fetchone()[0]
        connection.execute("INSERT INTO baseline_pass (place, cell, recording, source, start_boottime_ms, end_boottime_ms, sweeps, served,"
                           f" broadband, narrowband, {', '.join(FIGURES)}, utc_offset_ms) VALUES ({','.join('?' * 17)})",
                           (place(quadkey), cell, RECORDING + recording, SOURCE, START + number * 7, START + number * 7 + 9000,
                            *(counts or (40, 40, 40, 0)), *figures, None if day is None else (DAY + day) * 86400000 - START))
    connection.commit()
    connection.close()


def exported(name, *words):
    return list(csv.DictReader(baseline(name, "--quiet", "--export", "-", *words).stdout.splitlines()[1:]))


CELL, NET = "257-01 lte 1300 101", "257-01"
USUAL = [(-9700, -1000, 1240, -6600, -6530, None), (-9400, -1100, 1000, -6400, -6310, None), (-10300, -1500, -300, -6900, -6870, -500)]


def visits(quadkey, key, days, recordings, figures=None):
    return [(quadkey, key, r, d, (figures or USUAL)[i % len(figures or USUAL)]) for i, (d, r) in enumerate(zip(days, recordings))]


def setup():
    """a store to begin with"""
    sync(path("s.gpkg"), make("j", sweeps=30))


def usage():
    """wrong options are exit code 2, with a hint"""
    s = ["baseline", "--db", path("s.gpkg")]
    for words in (["baseline"], s, ["baseline", "--export", "-"], s + ["--export", "-", "--import", "x"], s + ["--export", "-", "stray"],
                  s + ["--export", ""], s + ["--import", ""], s + ["--export", "-", "--floor", "2"], s + ["--export", "-", "--floor", "-4"],
                  s + ["--export", "-", "--floor", "x"], s + ["--import", "x", "--floor", "4"], s + ["--nonsense"],
                  ["baseline", "--db", "", "--export", "-"]):
        says(jamlog(*words, expect=2), "--help")
    text = jamlog("baseline", "--help").stdout
    for word in ("--db", "--export", "--import", "--floor", "--quiet", "Exit codes", "Example"):
        check(word in text, f"baseline --help lacks {word}")


def missing_store():
    """a store that is not there is an error, and none is made"""
    source = write("one.csv", TITLE, HEADER, ROW)
    says(baseline("none.gpkg", "--import", source, expect=1), "none.gpkg", "jamlog sync")
    says(baseline("none.gpkg", "--export", "-", expect=1), "none.gpkg")
    check(not os.path.exists(path("none.gpkg")), "a store was made")
    write("empty.gpkg")
    says(baseline("empty.gpkg", "--import", source, expect=1), "empty.gpkg", "jamlog sync")
    check_equal(os.path.getsize(path("empty.gpkg")), 0, "size of the empty file")
    check_equal([f for f in os.listdir(WORK) if f.startswith("empty.gpkg.")], [], "files beside it")
    says(baseline("s.gpkg", "--import", path("absent.csv"), expect=1), "absent.csv", "No such file")


def nothing_made_yet():
    """a store that was never analysed has nothing to give: exit code 3, no file, nothing changed"""
    before = open(path("s.gpkg"), "rb").read()
    says(baseline("s.gpkg", "--export", path("no.csv"), expect=3), "jamlog analyze")
    check(not os.path.exists(path("no.csv")), "a file was made")
    check(open(path("s.gpkg"), "rb").read() == before, "the store was changed")


def figures_are_medians_and_spreads():
    """a row has the medians, spreads and shares of its passes, in half decibels and tenths"""
    passes = visits(QUADKEYS[0], CELL, range(4), range(4), USUAL + [(-9550, -900, 500, -6500, -6440, None)])
    passes = [p + counts for p, counts in zip(passes, [(40, 40, 40, 0), (40, 40, 15, 25), (40, 10, 10, 0), (40, 21, 21, 0)])]
    store("figures.gpkg", passes)
    row, = exported("figures.gpkg")
    for i, (column, cdb) in enumerate(zip(HEADER.split(",")[6:11], FIGURES)):
        values = [p[4][i] / 100 for p in passes]
        median = statistics.median(values)
        check(abs(float(row[column]) - median) <= 0.25 + 1e-9, f"{column}: {row[column]}, not {median}")
        check((float(row[column]) * 2).is_integer(), f"{column} is finer than half decibels")
        if i < 3:
            spread = statistics.median(abs(v - median) for v in values)
            name = HEADER.split(",")[12 + i]
            check(abs(float(row[name]) - spread) <= 0.25 + 1e-9, f"{name}: {row[name]}, not {spread}")
    # 3 of 4 mostly served: 0.75 is 0.8; on LTE 2 of 4; 1 of 4 (0.25) on GSM: 0.3
    check_equal([row[c] for c in ("passes", "served", "broadband", "narrowband")], ["3", "0.8", "0.5", "0.3"], "passes and shares")
    check_equal(row["tx_dbm"], "", "a figure that one pass alone has")


def quadkey_at(lat, lon):
    s = math.sin(math.radians(lat))
    x, y = int((lon + 180) / 360 * 2 ** 18), int((0.5 - math.log((1 + s) / (1 - s)) / (4 * math.pi)) * 2 ** 18)
    return "".join(str((x >> i & 1) + 2 * (y >> i & 1)) for i in range(17, -1, -1))


def from_recordings():
    """what three days of recordings say of each tile they passed is in the file, and nothing of the fourth way"""
    folders = [make(f"day{d}", sweeps=120, boot=d + 1, utc=1715000000 + d * 86400) for d in range(3)]
    sync(path("days.gpkg"), *folders, make("once", sweeps=60, boot=9, utc=1715400000, lat=53.95))
    jamlog("analyze", "--quiet", "--db", path("days.gpkg"))
    rsrp = {}
    for fid, point, value in query(path("days.gpkg"), "SELECT id, point, lte_rsrp_dbm FROM radio WHERE point IS NOT NULL"):
        lon, lat = struct.unpack("<dd", point)
        rsrp.setdefault(quadkey_at(lat, lon), {}).setdefault(fid >> 32, []).append(value)
    expected = {}
    for quadkey, recordings in rsrp.items():
        passes = [statistics.median(v) for v in recordings.values() if len(v) >= 2]
        if len(passes) == 3:
            expected[quadkey] = statistics.median(passes)
    check(len(expected) > 10, f"only {len(expected)} tiles")
    for key in ("257-01", "257-01 lte 1300 100"):
        got = {r["quadkey"]: float(r["rsrp_dbm"]) for r in exported("days.gpkg") if r["cell"] == key}
        check_equal(set(got), set(expected), f"tiles of {key}")
        for quadkey, value in expected.items():
            check(abs(got[quadkey] - value) <= 0.25, f"{key} in {quadkey}: {got[quadkey]}, not {value}")


def floor():
    """a place needs three days and three recordings; a network too; one without dates has none"""
    store("floor.gpkg", visits(QUADKEYS[0], CELL, range(3), range(3)) + visits(QUADKEYS[0], NET, range(3), range(3)) +
          visits(QUADKEYS[1], CELL, range(3), [1, 1, 2]) + visits(QUADKEYS[2], CELL, [1, 1, 2], range(3)) +
          visits(QUADKEYS[3], CELL, [None] * 3, range(3)) + visits(QUADKEYS[4], NET, [0, 0, 1, 1, 1, 1], range(6)))
    check_equal([(r["quadkey"], r["cell"]) for r in exported("floor.gpkg")], [(QUADKEYS[0], NET), (QUADKEYS[0], CELL)], "rows")
    says(baseline("floor.gpkg", "--export", path("floor.csv")), "2 cells", "3 were left out")
    says(baseline("floor.gpkg", "--export", path("high.csv"), "--floor", "4", expect=3), "4 days")
    check(not os.path.exists(path("high.csv")), "a file was made")


def higher_floor():
    """--floor asks for more days and recordings"""
    store("more.gpkg", visits(QUADKEYS[0], CELL, range(3), range(3)) + visits(QUADKEYS[1], CELL, range(6), range(6)))
    check_equal([r["quadkey"] for r in exported("more.gpkg", "--floor", "4")], [QUADKEYS[1]], "rows")
    check_equal(len(exported("more.gpkg", "--floor", "3")), 2, "rows")


def counts_are_coarse():
    """the number of visits is rounded down to a step"""
    for n, step in ((3, 3), (4, 3), (5, 5), (19, 10), (20, 20), (60, 50)):
        store("coarse.gpkg", visits(QUADKEYS[0], CELL, range(n), range(n)))
        check_equal([r["passes"] for r in exported("coarse.gpkg")], [str(step)], f"passes of {n}")


def leaks():
    """nothing of a time, a recording, a device or a single pass is in the file, nor an order that tells a way"""
    keys = ["257-01 lte 1300 9", "257-01 lte 1300 101", "257-01 gsm 70 5", "257-01"]  # met in this order
    passes = []
    for quadkey in (QUADKEYS[2], QUADKEYS[4], QUADKEYS[0]):
        for key in keys:
            # 41 steps of 1.37 dB, so that a single pass would be told by its hundredths
            passes += visits(quadkey, key, range(7), range(7), [tuple(-4000 - 137 * ((d * 5) % 7) - f * 11 for f in range(6)) for d in range(7)])
    store("leaks.gpkg", passes)
    text = baseline("leaks.gpkg", "--quiet", "--export", "-").stdout
    lines = text.splitlines()
    check_equal(lines[1], HEADER, "the header")
    check_equal(len(lines), 2 + 12, "lines")
    check_equal(lines[2:], sorted(lines[2:], key=lambda line: line.split(",")[:2]), "the order of the rows")
    forbidden = {str(v) for r in range(7) for v in (RECORDING + r, DAY + r)} | {str(SOURCE), "modem", "boot", "2025", path("leaks.gpkg")}
    forbidden |= {str(START + n * 7) for n in range(len(passes))} | {str(START // 1000)}
    for word in forbidden:
        check(word not in text, f"{word} is in the file")
    seen = {f"{f / 100:g}" for p in passes for f in p[4]}
    told = {field for line in lines[2:] for field in line.split(",")[6:12]}
    check_equal(told & {v for v in seen if not (float(v) * 2).is_integer()}, set(), "figures of single passes")


def round_trip():
    """what was exported is imported with the same figures, and once, however often and by whatever name"""
    store("mine.gpkg", visits(QUADKEYS[0], CELL, range(5), range(5)) + visits(QUADKEYS[1], NET, range(3), range(3)))
    baseline("mine.gpkg", "--quiet", "--export", path("mine.csv"))
    shutil.copy(path("s.gpkg"), path("theirs.gpkg"))
    says(baseline("theirs.gpkg", "--import", path("mine.csv")), "2 cells")
    rows = list(csv.DictReader(open(path("mine.csv")).read().splitlines()[1:]))
    expected = []
    for row in sorted(rows, key=lambda r: (r["quadkey"], r["cell"])):
        n = int(row["passes"])
        expected.append((row["cell"], place(row["quadkey"]), n, *(int(float(row[c]) * n + 0.5) for c in ("served", "broadband", "narrowband")),
                         *(int(float(row[c]) * 100) if row[c] else None for c in HEADER.split(",")[6:])))
    check_equal(given("theirs.gpkg"), expected, "what was given")
    before = content("theirs.gpkg")
    says(baseline("theirs.gpkg", "--import", path("mine.csv")), "read before")
    shutil.copy(path("mine.csv"), path("copy.csv"))
    baseline("theirs.gpkg", "--import", path("copy.csv"))
    check_equal(content("theirs.gpkg"), before, "the store after reading it again")


def other_content_replaces():
    """a file by the same name with other content takes the place of the older one, and of that alone"""
    shutil.copy(path("s.gpkg"), path("again.gpkg"))
    os.makedirs(path("later"), exist_ok=True)
    baseline("again.gpkg", "--import", write("team.csv", TITLE, HEADER, ROW))
    baseline("again.gpkg", "--import", write("other.csv", TITLE, HEADER, ROW.replace("-97.5", "-90")))
    baseline("again.gpkg", "--import", write("later/team.csv", TITLE, HEADER, ROW.replace("-97.5", "-99"), ROW.replace("101,5", "102,5")))
    check_equal(sorted(r[6] for r in given("again.gpkg")), [-9900, -9750, -9000], "RSRP")


def analysed_again():
    """recordings that were where a file tells something new are analysed again, others not"""
    store("due.gpkg", visits(QUADKEYS[0], CELL, [0], [1]) + visits(QUADKEYS[1], CELL, [0], [2]) + visits(QUADKEYS[0], NET, [0], [3]))

    def due_after(source):
        connection = sqlite3.connect(path("due.gpkg"))
        connection.executemany("INSERT OR REPLACE INTO analysis_recording VALUES (1, ?, 9, 9)", [(RECORDING + n,) for n in (1, 2, 3)])
        connection.commit()
        connection.close()
        baseline("due.gpkg", "--import", source)
        return {1, 2, 3} - {r - RECORDING for r, in query(path("due.gpkg"), "SELECT recording FROM analysis_recording")}
    check_equal(due_after(write("due.csv", TITLE, HEADER, ROW)), {1}, "after a file")
    check_equal(due_after(path("due.csv")), set(), "after the same file")
    check_equal(due_after(write("due.csv", TITLE, HEADER, ROW.replace("1203,257", "1210,257"))), {1, 2}, "after one in its place")


def imports_are_not_passed_on():
    """what another team gave is not given on"""
    shutil.copy(path("s.gpkg"), path("on.gpkg"))
    baseline("on.gpkg", "--import", write("one.csv", TITLE, HEADER, ROW))
    baseline("on.gpkg", "--export", "-", expect=3)


def bad_lines():
    """a wrong file is refused with its name and line, and the store stays as it was"""
    shutil.copy(path("s.gpkg"), path("bad.gpkg"))
    baseline("bad.gpkg", "--import", write("good.csv", TITLE, HEADER, ROW))
    before = content("bad.gpkg")
    good = ROW.replace("1203,257", "1210,257")
    fields = good.split(",")

    def with_field(i, value):
        return ",".join(fields[:i] + [value] + fields[i + 1:])
    cases = [(1, "hello", HEADER), (1, '"' + TITLE + '"', HEADER), (1, HEADER, ROW), (2, TITLE, ROW), (2, TITLE, HEADER.replace("rx", "tx")),
             (3, TITLE, HEADER, ""), (3, TITLE, HEADER, "x" * 5000), (3, TITLE, HEADER, with_field(0, "1.2e+17")), (4, TITLE, HEADER, good, good),
             (3, TITLE, HEADER, good + ","), (3, TITLE, HEADER, good.rsplit(",", 1)[0]), (4, TITLE, HEADER, good, "# a remark"),
             (3, TITLE, HEADER, good.replace("lte", "l\0e"))]
    cases += [(3, TITLE, HEADER, with_field(i, v)) for i, v in (
        (0, "12030031120310120"), (0, "120300311203101204"), (0, ""), (1, ""), (1, "lte"), (1, "257-01 lte 1300"), (1, "257-01 lte 1300 101 7"),
        (1, "257-01 LTE 1300 101"), (1, "25-01"), (1, "257-1"), (1, "257-01 lte 01300 101"), (1, "257-01 lte 1300 9999999999999"),
        (1, "=257-01"), (1, "257-01 none 1 1"), (2, "2"), (2, "1001"), (2, "3.5"), (2, "-3"), (2, ""), (2, "99999999999999999999"), (3, "1.1"),
        (3, "-0.1"), (3, ""), (4, "x"), (5, "0,5"), (6, "-97.555"), (6, "nan"), (6, "-201"), (6, "1e2"), (6, "--97"), (6, "+1"), (6, "-"),
        (6, ".5"), (6, "5."), (11, "101"), (12, ""), (12, "-1"), (7, ""), (14, "101"))]
    for number, *lines in cases:
        says(baseline("bad.gpkg", "--import", write("bad.csv", *lines), expect=1), f"bad.csv:{number}: ")
        check_equal(content("bad.gpkg"), before, f"the store after {lines[-1][:90]!r}")
    with open(path("bad.csv"), "w") as f:
        f.write(TITLE + "\n" + HEADER + "\n" + ROW[:-2])
    says(baseline("bad.gpkg", "--import", path("bad.csv"), expect=1), "bad.csv:3: ", "cut short")
    for text in ("", TITLE + "\n"):
        with open(path("bad.csv"), "w") as f:
            f.write(text)
        says(baseline("bad.gpkg", "--import", path("bad.csv"), expect=1), "bad.csv:", "cut short")
    check_equal(content("bad.gpkg"), before, "the store")
    baseline("bad.gpkg", "--import", path("s.gpkg"), expect=1)
    says(baseline("bad.gpkg", "--import", WORK, expect=1), "directory")


def other_versions():
    """a file of a version that is not known is refused by that name"""
    for version in ("2", "10", "1.5", ""):
        done = baseline("s.gpkg", "--import", write("v.csv", f"# jamlog baseline {version}, x", HEADER, ROW), expect=1)
        says(done, "v.csv:1: ", f'"{version}"', "knows 1")
    shutil.copy(path("s.gpkg"), path("version.gpkg"))
    baseline("version.gpkg", "--import", write("v.csv", "# jamlog baseline 1", HEADER, ROW))
    check_equal(len(given("version.gpkg")), 1, "rows")


def other_ends():
    """a byte order mark and the line ends of Windows are read"""
    shutil.copy(path("s.gpkg"), path("ends.gpkg"))
    baseline("ends.gpkg", "--import", write("ends.csv", "\ufeff" + TITLE, HEADER, ROW, end="\r\n"))
    check_equal(given("ends.gpkg"), [(CELL, place(QUADKEYS[0]), 5, 5, 4, 1, -9750, -1000, 1250, -6600, -6550, None, 200, 50, 350)], "rows")


def too_large():
    """a file beyond bounds is refused"""
    with open(path("large.csv"), "w") as f:
        f.truncate((128 << 20) + 1)
    says(baseline("s.gpkg", "--import", path("large.csv"), expect=1), "large.csv", "128 MiB")


def refusals():
    """export overwrites no store, database or journal, and an older file only when it is whole"""
    store("keep.gpkg", visits(QUADKEYS[0], CELL, range(3), range(3)))
    before = open(path("keep.gpkg"), "rb").read()
    says(baseline("keep.gpkg", "--export", path("keep.gpkg"), expect=2), "the store itself", "name another file")
    check(open(path("keep.gpkg"), "rb").read() == before, "the store was changed")
    shutil.copy(path("s.gpkg"), path("second.gpkg"))
    shutil.copy(segment_of(path("j")), path("journal.csv"))
    for target, word in (("second.gpkg", "a database"), ("journal.csv", "a journal")):
        before = open(path(target), "rb").read()
        says(baseline("keep.gpkg", "--export", path(target), expect=2), word)
        check(open(path(target), "rb").read() == before, f"{target} was overwritten")
    write("older.csv", "older")
    baseline("keep.gpkg", "--export", path("older.csv"), "--floor", "4", expect=3)
    check_equal(open(path("older.csv")).read(), "older\n", "the older file")
    baseline("keep.gpkg", "--export", path("older.csv"))
    check(open(path("older.csv")).read().startswith("# jamlog baseline 1,"), "it was not replaced")
    says(baseline("keep.gpkg", "--export", path("no", "folder", "x"), expect=1), "No such file")


def same_rows_same_bytes():
    """the order in which passes and cells were written does not show"""
    passes = visits(QUADKEYS[0], CELL, range(4), range(4)) + visits(QUADKEYS[0], NET, range(4), range(4)) + \
        visits(QUADKEYS[1], CELL, range(3), range(3))
    store("forth.gpkg", passes)
    store("back.gpkg", passes[::-1])
    check_equal(baseline("forth.gpkg", "--export", "-").stdout, baseline("back.gpkg", "--export", "-").stdout, "the file")


def quiet():
    """--quiet says nothing where all went well"""
    store("quiet.gpkg", visits(QUADKEYS[0], CELL, range(3), range(3)))
    check_equal(baseline("quiet.gpkg", "-q", "--export", path("q.csv")).stderr, "", "what export says")
    check_equal(baseline("quiet.gpkg", "-q", "--import", path("q.csv")).stderr, "", "what import says")


run_tests([setup, usage, missing_store, nothing_made_yet, figures_are_medians_and_spreads, from_recordings, floor, higher_floor,
           counts_are_coarse, leaks, round_trip, other_content_replaces, analysed_again, imports_are_not_passed_on, bad_lines,
           other_versions, other_ends, too_large, refusals, same_rows_same_bytes, quiet])
