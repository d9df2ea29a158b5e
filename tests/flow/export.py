#!/usr/bin/env python3
"""Exports judged by Python's own JSON and CSV readers, a small RFC 7946 checker, ogr2ogr and arithmetic.

SPDX-License-Identifier: GPL-3.0-or-later"""
import csv
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from store_common import *  # noqa: E402,F403
from geojson_common import *  # noqa: E402,F403


def make_stores():
    """the journals for these tests are written and synced"""
    sync(path("s.gpkg"), make("s", sweeps=300, modems=2, neighbours=2, gap=["50-70", "100-250"], outage="120-160", clock="1970"))


def samples_are_rfc7946():
    """GeoJSON of samples keeps to RFC 7946, with a tight bbox"""
    collection = parse(export(path("s.gpkg")))
    check_equal(len(collection["features"]), 600, "features")
    check_equal(sum(f["geometry"] is None for f in collection["features"]), 60, "features without a place")
    places = located(collection)
    check_equal(collection["bbox"], [min(p[0] for p in places), min(p[1] for p in places), max(p[0] for p in places),
                                     max(p[1] for p in places)], "bbox")
    check_equal(len({f["id"] for f in collection["features"]}), 600, "ids")
    names = {r[1] for r in query(path("s.gpkg"), "PRAGMA table_info(sample)")}
    for f in collection["features"]:
        check(set(f["properties"]) <= names, f"properties that are no columns: {set(f['properties']) - names}")


def samples_equal_the_view():
    """properties equal the columns of the layer"""
    import sqlite3
    connection = sqlite3.connect(path("s.gpkg"))
    connection.row_factory = sqlite3.Row
    rows = {row["fid"]: row for row in connection.execute("SELECT * FROM sample")}
    for f in parse(export(path("s.gpkg")))["features"]:
        row = rows.pop(f["id"])
        expected = {k: row[k] for k in row.keys() if k not in ("fid", "geom") and row[k] is not None}
        check_equal(f["properties"], expected, "properties")
    check_equal(len(rows), 0, "rows that were not exported")


def gdal_reads_it():
    """ogrinfo reads every format without a warning, times as times"""
    for name, words in (("a.geojson", []), ("a.geojsonl", ["--format", "geojsonseq"]), ("t.geojson", ["--layer", "track"])):
        jamlog("export", "--db", path("s.gpkg"), "-o", path(name), *words)
        done = subprocess.run(["ogrinfo", "-al", "-so", path(name)], capture_output=True, text=True)
        check(done.returncode == 0 and not done.stderr and "Warning" not in done.stdout, done.stderr + done.stdout)
        check("start_time: DateTime" in done.stdout, f"{name}: start_time is no DateTime")
        if name != "t.geojson":
            check("Feature Count: 600" in done.stdout, f"{name}: {done.stdout}")
            check("mnc: String" in done.stdout, f"{name}: mnc is no text")


def sequence_is_the_same():
    """GeoJSONSeq holds the same features, one on a line, with --rs each behind a separator"""
    features = parse(export(path("s.gpkg")))["features"]
    lines = export(path("s.gpkg"), "--format", "geojsonseq").split("\n")
    check_equal(lines.pop(), "", "what stands behind the last line feed")
    check_equal([json.loads(line) for line in lines], features, "features")
    records = export(path("s.gpkg"), "--format", "geojsonseq", "--rs").split("\x1e")
    check_equal(records.pop(0), "", "what stands before the first separator")
    check(all(r.endswith("\n") for r in records), "a record without a line feed")
    check_equal([json.loads(r) for r in records], features, "features with --rs")


def csv_is_the_same():
    """CSV holds the same values, absent ones empty"""
    text = export(path("s.gpkg"), "--format", "csv")
    rows = list(csv.DictReader(text.splitlines()))
    for row, feature in zip(rows, parse(export(path("s.gpkg")))["features"], strict=True):
        expected = dict(feature["properties"], id=feature["id"])
        if feature["geometry"]:
            expected["longitude"], expected["latitude"] = feature["geometry"]["coordinates"]
        for key, value in row.items():
            wanted = expected.get(key, "")
            if isinstance(wanted, bool):
                wanted = str(wanted).lower()
            same = value == wanted if isinstance(wanted, str) else float(value) == wanted
            check(same, f"{key} is {value!r}, not {wanted!r}")
        check(not set(expected) - set(row), f"columns that are missing: {set(expected) - set(row)}")
    check(subprocess.run([JAMLOG, "export", "-q", "--db", path("s.gpkg"), "-f", "csv", "--excel", "-o", "-"], capture_output=True)
          .stdout.startswith(b"\xef\xbb\xbfid,"), "no byte order mark with --excel")


def track_has_every_place_once():
    """lines hold every located sample once, and meet where the service changes"""
    samples = parse(export(path("s.gpkg"), "--modem", "modem-a"))["features"]
    lines = parse(export(path("s.gpkg"), "--modem", "modem-a", "--layer", "track"))["features"]
    check_equal(sum(f["properties"]["samples"] for f in lines), sum(f["geometry"] is not None for f in samples), "samples in lines")
    # Service changes at 120 and at 161; at 220 the place is given up, and comes back at 250.
    check_equal([(f["properties"]["service"], f["properties"]["samples"]) for f in lines],
                [("served", 120), ("none", 41), ("served", 59), ("served", 50)], "lines")
    for a, b in ((0, 1), (1, 2)):
        check_equal(lines[a]["geometry"]["coordinates"][-1], lines[b]["geometry"]["coordinates"][0], "the vertex where it changes")
    sync(path("moving.gpkg"), make("moving", sweeps=60, outage="20-39"))
    moving = parse(export(path("moving.gpkg"), "--layer", "track"))["features"]
    check_equal([f["properties"]["samples"] for f in moving], [20, 20, 20], "samples of the lines on the move")
    ends = [f["geometry"]["coordinates"] for f in moving]
    check_equal([len(c) for c in ends], [21, 21, 20], "vertices")
    check_equal((ends[0][-1], ends[1][-1]), (ends[1][0], ends[2][0]), "vertices where the service changes on the move")
    # 10 m/s for the 99.3 s up to the last fix.
    check(abs(lines[0]["properties"]["length_m"] - 993) < 5, f"length {lines[0]['properties']['length_m']}")


def antimeridian():
    """the antimeridian divides tracks and turns the bbox round"""
    sync(path("m.gpkg"), make("m", sweeps=60, lat=10, lon=179.99, speed=50))
    samples = parse(export(path("m.gpkg")))
    check(samples["bbox"][0] > 179 and samples["bbox"][2] < -179, f"bbox {samples['bbox']}")
    lons = [p[0] for p in located(samples)]
    steps = [abs((b - a + 180) % 360 - 180) for a, b in zip(lons, lons[1:])]
    check(max(steps) < 0.001, f"a sample is thrown {max(steps)} degrees off")
    track = parse(export(path("m.gpkg"), "--layer", "track"))["features"]
    check_equal([f["geometry"]["type"] for f in track], ["MultiLineString"], "geometry")
    parts = track[0]["geometry"]["coordinates"]
    check_equal((parts[0][-1][0], parts[1][0][0]), (180, -180), "ends at the antimeridian")
    check_equal(parts[0][-1][1], parts[1][0][1], "latitudes of the cut")
    east = parse(export(path("m.gpkg"), "--bbox", "179,0,-179,20"))["features"]
    check_equal(len(east), 60, "features in a box across the antimeridian")


def filters_select_what_they_say():
    """--since, --until, --bbox and --modem select what they say"""
    features = parse(export(path("s.gpkg")))["features"]
    since, until = "2024-05-06T13:11:00Z", "2024-05-06T15:12:00+02:00"
    expected = [f["id"] for f in features if f["properties"]["end_time"] >= "2024-05-06T13:11:00.000Z"
                and f["properties"]["start_time"] < "2024-05-06T13:12:00.000Z"]
    check(0 < len(expected) < 600, "the test's own filter")
    check_equal([f["id"] for f in parse(export(path("s.gpkg"), "--since", since, "--until", until))["features"]], expected, "in time")
    for since, until in (("2024-05-06T13:11", "2024-05-06T13:12Z"), ("2024-05-06 13:11", "2024-05-06T15:12+02:00")):
        short = parse(export(path("s.gpkg"), "--since", since, "--until", until))["features"]
        check_equal([f["id"] for f in short], expected, f"from {since} until {until}")
    check_equal(len(parse(export(path("s.gpkg"), "--since", "2024-05-06", "--until", "2024-05-07"))["features"]), 600, "on one day")
    expected = [f["id"] for f in features if f["geometry"] and 27.561 <= f["geometry"]["coordinates"][0] <= 27.564]
    check(0 < len(expected) < 600, "the test's own filter")
    check_equal([f["id"] for f in parse(export(path("s.gpkg"), "--bbox", "27.561,53,27.564,54"))["features"]], expected, "in the box")
    check_equal(len(parse(export(path("s.gpkg"), "--modem", "modem-b"))["features"]), 300, "of one modem")


def empty_is_valid():
    """an empty result is a valid file and exit code 3"""
    for words in (["--since", "2030-01-01"], ["--bbox", "0,0,1,1"], ["--layer", "track", "--until", "2020-01-01"]):
        check_equal(parse(export(path("s.gpkg"), *words, expect=3))["features"], [], "features")
    check_equal(export(path("s.gpkg"), "--format", "geojsonseq", "--since", "2030-01-01", expect=3), "", "sequence")
    check_equal(len(export(path("s.gpkg"), "--format", "csv", "--since", "2030-01-01", expect=3).splitlines()), 1, "CSV rows")


def undated_samples_are_kept():
    """samples of a clock that was never set are exported without a date, and counted"""
    sync(path("u.gpkg"), make("u", sweeps=20, pair_every=0, clock="1970"))
    done = jamlog("export", "--db", path("u.gpkg"), "-o", "-")
    features = parse(done.stdout, dated=False)["features"]
    check_equal(len(features), 20, "features")
    check(all("start_time" not in f["properties"] for f in features), "invented dates")
    check("20 samples have no time" in done.stderr, done.stderr)


def runs_come_in_the_order_of_time():
    """runs come in the order of time, whatever the order of syncs"""
    for name, start in (("r3", 9000), ("r1", 1000), ("r2", 5000)):
        sync(path("r.gpkg"), make(name, sweeps=30, start=start, boot=start))
    times = [f["properties"]["start_time"] for f in parse(export(path("r.gpkg")))["features"]]
    check_equal(times, sorted(times), "order")
    check_equal(len(times), 90, "features")


def killed_export(folder, signal_number, under):
    """Starts an export of 40000 sweeps, kills it while it writes; the modes of what it had under a name in the folder."""
    for trial in range(60):
        # (nice, so that its killer comes to its turn on a machine that has other things to do)
        process = subprocess.Popen(under + ["nice", "-n", "19", JAMLOG, "export", "-q", "--db", path("large.gpkg"), "-o", os.path.join(folder, "x.geojson")],
                                   start_new_session=True, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 20
            written = False
            while process.poll() is None and not written:
                check(time.monotonic() < deadline, "the export does not begin to write")
                for fd in jamlog_files(process.pid):
                    written = written or fd.startswith(folder + "/")
            modes = [os.stat(os.path.join(folder, name)).st_mode & 0o777 for name in os.listdir(folder)]
            os.killpg(process.pid, signal_number)
        except ProcessLookupError:
            pass
        finally:
            process.wait()
        if not os.path.exists(os.path.join(folder, "x.geojson")):
            return modes
        os.unlink(os.path.join(folder, "x.geojson"))  # it was faster than we
    raise AssertionError("the export is always faster than its killer")


def jamlog_files(parent):
    """What a process and its children have open, as far as it can be seen."""
    try:
        with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as children:
            for pid in [str(parent), *children.read().split()]:
                yield from [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        pass


def has_nameless_files(folder):
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600))
        return True
    except OSError:
        return False


def killed_leaves_nothing():
    """an export that is killed leaves no half of a route"""
    sync(path("large.gpkg"), make("large", sweeps=40000, group=60))
    os.makedirs(path("out"))
    if has_nameless_files(path("out")):
        check_equal(killed_export(path("out"), signal.SIGKILL, []), [], "modes of named files")
        check_equal(os.listdir(path("out")), [], "files after SIGKILL")
    # Where nameless files are not to be had: the file is the owner's alone, and a signal that can be caught removes it.
    without = ["strace", "-f", "-qq", "-o", os.devnull, "-P", path("out"), "-e", "inject=openat:error=EOPNOTSUPP"]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        check_equal(killed_export(path("out"), number, without), [0o600], "modes of named files without O_TMPFILE")
        deadline = time.monotonic() + 10  # strace may end before the one that it watched
        while os.listdir(path("out")):
            check(time.monotonic() < deadline, f"files after signal {number}: {os.listdir(path('out'))}")


def modes_are_the_persons():
    """an export gets the mode of the file that it replaces, else what the umask leaves"""
    target = path("mode.csv")
    for umask, expected in ((0o022, 0o644), (0o077, 0o600)):
        jamlog("export", "-q", "--db", path("s.gpkg"), "-f", "csv", "-o", target, umask=umask)
        check_equal(oct(os.stat(target).st_mode & 0o777), oct(expected), "mode of a new file")
        os.unlink(target)
    open(target, "w").close()
    os.chmod(target, 0o640)
    jamlog("export", "-q", "--db", path("s.gpkg"), "-f", "csv", "-o", target)
    check_equal(oct(os.stat(target).st_mode & 0o777), "0o640", "mode of a replaced file")


def memory_is_bounded():
    """an export stays within 16 MiB"""
    if "asan" in BUILD:
        raise Skip("the sanitizer's own memory is in the figure")
    sync(path("b.gpkg"), make("b", sweeps=30000, group=60))
    code = ("import resource,subprocess,sys; subprocess.run(sys.argv[1:], check=True);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    for words in ([], ["--layer", "track"], ["--format", "csv"]):
        done = subprocess.run([sys.executable, "-c", code, JAMLOG, "export", "-q", "--db", path("b.gpkg"), "-o", path("b.out"), *words],
                              capture_output=True, text=True, check=True)
        check(int(done.stdout) <= 16 * 1024, f"{words}: {int(done.stdout)} KiB")


run_tests([make_stores, samples_are_rfc7946, samples_equal_the_view, gdal_reads_it, sequence_is_the_same, csv_is_the_same,
           track_has_every_place_once, antimeridian, filters_select_what_they_say, empty_is_valid, undated_samples_are_kept,
           runs_come_in_the_order_of_time, killed_leaves_nothing, modes_are_the_persons,
           memory_is_bounded])
