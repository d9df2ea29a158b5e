#!/usr/bin/env python3
"""jamlog import over the real program: what each format becomes, what bad input is told, and that sync and export go on beside it.

SPDX-License-Identifier: GPL-3.0-or-later"""
import gzip
import os
import resource
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from store_common import *  # noqa: E402,F403

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DATA = os.path.join(ROOT, "tests", "data", "import")
TRACES = os.environ.get("JAMLOG_TRACES", os.path.join(ROOT, "..", "shared", "data", "drive-traces"))
HEADER = open(os.path.join(DATA, "gnettrack.csv"), encoding="ascii").readline()


def data(name):
    return os.path.join(DATA, name)


def take(store, *words, expect=0):
    return jamlog("import", "--db", path(store), *words, expect=expect)


def says(done, *words):
    for word in words:
        check(word in done.stderr, f"{word!r} is not in: {done.stderr}")


def write(name, text):
    with open(path(name), "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path(name)


def drive(n, start=0):
    """Lines of G-NetTrack, one a second from 2026-05-01 12:00:00 on."""
    return HEADER + "".join(
        f"2026.05.01_{12 + s // 3600:02}.{s // 60 % 60:02}.{s % 60:02},27.56,53.9{s % 1000:03},0,B,1,LTE,{-90 - s % 20},-11,9.0,9,-65,1,1,D,"
        "-,-,-,-,-,1,404,28,263169,-,-\n" for s in range(start, start + n))


def samples(store, columns, where="1"):
    return query(path(store), f"SELECT {columns} FROM sample WHERE {where} ORDER BY fid")


def gnettrack():
    """G-NetTrack: local times, repeated seconds, 5G beside LTE, sentinels, no service"""
    take("g.gpkg", "--utc-offset", "+02:00", "--plmn", "257-01", data("gnettrack.csv"))
    check_equal(samples("g.gpkg", "start_time, end_time, time_source, modem")[0],
                ("2026-05-01T12:00:00.000Z", "2026-05-01T12:00:01.000Z", "import", "gnettrack"), "the first sweep")
    check_equal(samples("g.gpkg", "service, rat, endc, mcc, mnc, tac, cell_id, lte_rsrp_dbm, lte_rsrq_db, lte_snr_db, lte_rssi_dbm"),
                [("served", "lte", None, "257", "01", 40, 263169, -95, -10, 12.0, -67),
                 ("served", "lte", 1, "257", "01", 40, 263169, -96, -11, 10.5, -68),
                 ("served", "lte", 1, "257", "01", 40, 263169, -96, -11, 10.5, -68),
                 ("served", "lte", None, "257", "01", 40, 263169, None, None, None, -69),
                 ("served", "umts", None, "257", "01", 40, 65541, None, None, None, None),
                 ("none", "none", None, None, None, None, None, None, None, None, None)], "what the rows became")
    check_equal(samples("g.gpkg", "umts_rssi_dbm, umts_ecio_db", "rat='umts'"), [(-71, -5.0)], "UMTS")
    check_equal(samples("g.gpkg", "position_state, position_error_m, geom IS NULL")[4:], [("live", 30.0, 0), ("none", None, 1)], "places")
    check_equal(query(path("g.gpkg"), "SELECT boottime_ms FROM radio ORDER BY id"),
                [(1000,), (2000,), (2001,), (3000,), (4000,), (5000,)], "BOOTTIME")
    check_equal(query(path("g.gpkg"), "SELECT count(*), min(rsrp_cdbm) FROM neighbour WHERE serving=0"), [(3, -12500)], "neighbours")


def marked():
    """an imported recording is told from ours: device, time source, no segment behind it"""
    check_equal(query(path("g.gpkg"), "SELECT format, file_name, rows, refused, length(digest) FROM imported"),
                [("gnettrack", "gnettrack.csv", 6, 0, 64)], "imported")
    check_equal(query(path("g.gpkg"), "SELECT b.time_source, b.device_id='import-'||substr(i.digest,1,16) FROM imported i"
                      " JOIN recording r ON r.id=i.recording JOIN boot b ON b.id=r.boot"), [("import", 1)], "boot")
    check_equal(one(path("g.gpkg"), "SELECT count(*) FROM provenance"), 0, "provenance of imported sweeps")
    check_equal(query(path("g.gpkg"), "SELECT min_x, max_x, min_y, max_y FROM gpkg_contents WHERE table_name='sample'"),
                [(27.561, 27.5613, 53.9021, 53.9022)], "bounds")


def zone():
    """a zone that nothing tells is taken as UTC, and said"""
    says(take("z.gpkg", data("gnettrack.csv")), "no zone", "--utc-offset")
    check_equal(samples("z.gpkg", "start_time, mcc")[0], ("2026-05-01T14:00:00.000Z", None), "UTC, and no network invented")
    check("zone" not in take("z2.gpkg", "--utc-offset", "Z", data("gnettrack.csv")).stderr, "a zone that was told is asked for")
    check("zone" not in take("z3.gpkg", data("towercollector.csv")).stderr, "Tower Collector's times are UTC")


def towercollector():
    """Tower Collector: the cells of a moment are one sweep"""
    take("t.gpkg", "--modem", "phone-1", data("towercollector.csv"))
    check_equal(samples("t.gpkg", "modem, rat, mnc, tac, cell_id, pci, lte_rsrp_dbm, gsm_rssi_dbm, umts_rssi_dbm, position_error_m"),
                [("phone-1", "lte", "01", 40, 263169, 17, -95, None, None, 4.5),
                 ("phone-1", "gsm", "01", 41, 1234, 33, None, -73, None, 8.0),
                 ("phone-1", "umts", "01", 42, 65541, 201, None, None, -73, 8.0)], "sweeps")
    check_equal(query(path("t.gpkg"), "SELECT serving, pci, rsrp_cdbm FROM neighbour ORDER BY radio, n")[:2],
                [(1, 17, -9500), (0, 18, -10500)], "cells")
    check_equal(query(path("t.gpkg"), "SELECT rows FROM imported"), [(4,)], "rows of the file")


def mapped():
    """a mapping file explains any CSV; a line that it cannot explain is left out with its number"""
    done = take("m.gpkg", "--map", data("mapping.conf"), "--utc-offset", "+02:00", data("mapped.csv"), expect=4)
    says(done, "mapped.csv:2:", "rsrq")
    check_equal(samples("m.gpkg", "start_time, mcc, mnc, tac, pci, arfcn, band, lte_rsrp_dbm, lte_rsrq_db, lte_snr_db"),
                [("2026-05-01T12:00:01.000Z", "257", "01", 40, 17, 1300, 3, -96, -11, None),
                 ("2026-05-01T12:00:02.000Z", "257", "01", 40, 17, 1300, 3, -97, -12, None)], "sweeps")
    bad = write("bad.conf", "[time]\ncolumn = When\n[rsrp]\ncolumn = Strength\n")
    says(take("m2.gpkg", "--map", bad, data("mapped.csv"), expect=1), '"Strength"')
    says(take("m2.gpkg", "--map", write("worse.conf", "[time]\ncolumn = When\nzone = here\n"), data("mapped.csv"), expect=2), "worse.conf:3")
    check(not os.path.exists(path("m2.gpkg")), "a store was made of nothing")


def point(lon, lat):
    return b"GP\x00\x01" + struct.pack("<i", 4326) + struct.pack("<BI3d", 1, 1001, lon, lat, 200.0)


def survey(name):
    """What Network Survey writes: a table for each RAT, in its own columns."""
    db = sqlite3.connect(path(name))
    common = '"id" INTEGER PRIMARY KEY, geom BLOB, Time INTEGER, MissionId TEXT, RecordNumber INTEGER, GroupNumber INTEGER, "Serving Cell"' \
        " BOOLEAN, Provider TEXT, accuracy INTEGER, MCC SMALLINT, MNC SMALLINT"
    db.execute(f"CREATE TABLE LTE_MESSAGE ({common}, TAC MEDIUMINT, ECI MEDIUMINT, DL_EARFCN MEDIUMINT, Phys_Cell_ID SMALLINT, RSRP FLOAT,"
               " RSRQ FLOAT, TA SMALLINT, DL_Bandwidth TEXT)")
    db.execute(f'CREATE TABLE GSM_MESSAGE ({common}, LAC MEDIUMINT, CID MEDIUMINT, ARFCN SMALLINT, BSIC SMALLINT, "Signal Strength" FLOAT,'
               " TA SMALLINT)")
    db.execute("CREATE TABLE NR_MESSAGE (id INTEGER PRIMARY KEY, geom BLOB, deviceTime TEXT, groupNumber INTEGER, servingCell BOOLEAN,"
               " latitude DOUBLE, longitude DOUBLE, mcc TEXT, mnc TEXT, nci TEXT, narfcn INTEGER, pci INTEGER, ssRsrp FLOAT, ssRsrq FLOAT, ssSinr FLOAT)")
    noon = 1777636800000  # 2026-05-01 12:00:00 UTC
    lte = "INSERT INTO LTE_MESSAGE VALUES (?,?,?,'m',?,?,?,'B',?,257,1,40,?,1300,?,?,?,2,'10')"
    db.execute(lte, (1, point(27.561, 53.9021), noon + 120, 1, 7, 1, 6, 263169, 17, -95.0, -10.0))
    db.execute(lte, (2, point(27.561, 53.9021), noon + 121, 2, 7, 0, 6, None, 18, -105.0, -15.0))
    db.execute(lte, (3, point(27.562, 53.9031), noon - 4000, 3, 6, 1, 6, 263169, 17, -94.0, -9.0))
    db.execute("INSERT INTO GSM_MESSAGE VALUES (1,?,?,'m',4,8,1,'B',9,257,1,41,1234,60,33,-73.0,1)", (point(27.563, 53.9041), noon + 5000))
    db.execute("INSERT INTO NR_MESSAGE VALUES (1,NULL,'2026-05-01T14:00:10.500+02:00',9,1,53.905,27.564,'257','001','4294967297',640000,500,-88,-11,15)")
    db.commit()
    db.close()
    return path(name)


def network_survey():
    """Network Survey's GeoPackage: the records of a scan are one sweep, in order of time over all its tables"""
    log = survey("survey.gpkg")
    before = open(log, "rb").read()
    take("n.gpkg", log)
    check_equal(samples("n.gpkg", "rat, mnc, tac, cell_id, pci, arfcn, bandwidth_khz, lte_rsrp_dbm, gsm_rssi_dbm, nr_snr_db, cells_heard"),
                [("lte", "01", 40, 263169, 17, 1300, 10000, -94, None, None, 1),
                 ("lte", "01", 40, 263169, 17, 1300, 10000, -95, None, None, 2),
                 ("gsm", "01", 41, 1234, 33, 60, None, None, -73, None, 1),
                 ("nr", "001", None, 4294967297, 500, 640000, None, None, None, 15.0, 1)], "sweeps")
    check_equal(query(path("n.gpkg"), "SELECT utc_ms FROM radio ORDER BY id"),
                [(1777636800000 + ms,) for ms in (-4000, 120, 5000, 10500)], "times")
    check_equal([struct.unpack("<2d", g[-16:]) for (g,) in samples("n.gpkg", "geom")],
                [(27.562, 53.9031), (27.561, 53.9021), (27.563, 53.9041), (27.564, 53.905)], "places")
    check_equal(open(log, "rb").read(), before, "the log itself")


def twice():
    """the same content enters once, packed or not, under whatever name: exit code 3"""
    write("d.csv", drive(100))
    take("w.gpkg", path("d.csv"))
    before = open(path("w.gpkg"), "rb").read()
    with gzip.open(path("other.csv.gz"), "wb") as f:
        f.write(drive(100).encode())
    says(take("w.gpkg", path("d.csv"), path("other.csv.gz"), expect=3), "nothing new")
    check_equal(one(path("w.gpkg"), "SELECT count(*) FROM radio"), 100, "sweeps")
    check(open(path("w.gpkg"), "rb").read() == before, "the store was changed")
    take("w.gpkg", path("d.csv"), write("e.csv", drive(50, 200)))
    check_equal(one(path("w.gpkg"), "SELECT count(*) FROM radio"), 150, "sweeps with a second log")


def bad_lines():
    """lines that cannot be are counted and told by number, and the others enter: exit code 4"""
    good = drive(3, 100).splitlines(keepends=True)[1:]
    bad = [good[0].replace("53.9", "91.0"), good[0].replace("2026.", "1970."), good[0].replace("2026.", "2099."), good[0][:40] + "\n",
           good[0].replace("-90", "loud"), good[0].replace("LTE", "L\0E"), good[0].replace("LTE", "\x1b[2J"), "x" * 70000 + "\n",
           "2026.05.01_11.00.00" + good[0][19:], good[0].replace("LTE", "L\xffE")]
    done = take("b.gpkg", write("b.csv", (HEADER + good[0] + "".join(bad) + "\n" + good[1] + good[2]).encode("latin-1")), expect=4)
    says(done, "b.csv:3: left out: there is no place at latitude 91", "b.csv:4: left out: its time is before 2000",
         "b.csv:5: left out: its time is in the future", "b.csv:6: left out: it has", "b.csv:7: left out: rsrp", "and 5 more lines left out")
    check("\x1b" not in done.stderr, "a log's escape sequence reached the terminal")
    check_equal(query(path("b.gpkg"), "SELECT rows, refused FROM imported"), [(3, 10)], "counts")


def torn():
    """a packed log that was cut off gives what is whole, and the end is told"""
    packed = gzip.compress(drive(3000).encode(), mtime=0)
    done = take("c.gpkg", write("cut.csv.gz", packed[:len(packed) // 2]), expect=4)
    says(done, "cut.csv.gz:", "damaged from here on")
    check(0 < one(path("c.gpkg"), "SELECT count(*) FROM radio") < 3000, "sweeps before the cut")


def refusals():
    """what is no log is told what it is, the others are imported, and nothing is made of nothing: exit code 1"""
    shutil.copy(path("g.gpkg"), path("ours.gpkg"))
    jamlog("export", "--quiet", "--db", path("g.gpkg"), "--format", "csv", "-o", path("ours.csv"))
    jamlog("export", "--quiet", "--db", path("g.gpkg"), "-o", path("ours.geojson"))
    other = sqlite3.connect(path("other.db"))
    other.execute("CREATE TABLE t (x)")
    other.close()
    journal = segment_of(make("j", sweeps=30))
    for file, words in ((path("ours.gpkg"), ["is a store of jamlog"]), (journal, ["a journal of jamlog", "jamlog sync"]),
                        (path("ours.csv"), ["an export of jamlog"]), (path("ours.geojson"), ["JSON"]), (path("other.db"), ["LTE_MESSAGE"]),
                        (write("note.txt", "hello\n"), ["gnettrack", "network-survey", "towercollector", "mapped"]),
                        (write("empty.csv", ""), ["empty"]), (write("head.csv", HEADER), ["no row"]), (path("missing.csv"), ["missing.csv"]),
                        (write("zeros.csv.gz", gzip.compress(bytes(3000000))), ["no log of a known format"]),
                        (write("torn.gpkg", open(path("survey.gpkg"), "rb").read()[:5000]), ["torn.gpkg"]), (path(), ["folder"])):
        says(take("r.gpkg", file, expect=1), *words)
    check(not os.path.exists(path("r.gpkg")) and not os.path.exists(path("r.gpkg.new")), "a store was made")
    says(take("r.gpkg", path("missing.csv"), write("fine.csv", drive(5)), expect=1), "missing.csv")
    check_equal(one(path("r.gpkg"), "SELECT count(*) FROM radio"), 5, "sweeps of the file that was fine")


def usage():
    """wrong options are exit code 2, with a hint"""
    log = data("gnettrack.csv")
    for words in ([], [log], ["--db", path("u.gpkg")], ["--db", "", log], ["--db", path("u.gpkg"), "--format", "kml", log],
                  ["--db", path("u.gpkg"), "--format", "mapped", log], ["--db", path("u.gpkg"), "--utc-offset", "Minsk", log],
                  ["--db", path("u.gpkg"), "--utc-offset", "", log], ["--db", path("u.gpkg"), "--plmn", "B", log],
                  ["--db", path("u.gpkg"), "--modem", "a b", log], ["--db", path("u.gpkg"), "--modem", "", log],
                  ["--db", path("u.gpkg"), "--format", "gnettrack", "--map", data("mapping.conf"), log]):
        says(jamlog("import", *words, expect=2), "--help")
    check(not os.path.exists(path("u.gpkg")), "a store was made")
    text = jamlog("import", "--help").stdout
    for word in ("--db", "--format", "--map", "--utc-offset", "--modem", "--plmn", "--quiet", "Exit codes", "Example"):
        check(word in text, f"import --help lacks {word}")


def sync_beside():
    """sync into a store with imports, and import into one of sync: each adds its own, and provenance names ours alone"""
    make("beside", sweeps=40)
    take("s.gpkg", data("gnettrack.csv"))
    sync(path("s.gpkg"), path("beside"))
    take("s.gpkg", data("towercollector.csv"))
    sync(path("s.gpkg"), path("beside"))
    sync(path("alone.gpkg"), path("beside"))
    check_equal(query(path("s.gpkg"), "SELECT time_source='import', count(*) FROM sample GROUP BY 1 ORDER BY 1"), [(0, 40), (1, 9)], "sweeps")
    check_equal(one(path("s.gpkg"), "SELECT count(*) FROM provenance WHERE kind='radio'"), 40, "sweeps with a journal behind them")
    ours = "SELECT boottime_ms, utc_ms, hex(point) FROM radio r JOIN source s ON s.id=r.source WHERE s.name NOT IN" \
        " ('gnettrack','towercollector') ORDER BY r.id"
    check_equal(query(path("s.gpkg"), ours), query(path("alone.gpkg"), ours), "what sync makes without imports")
    check_equal(query(path("s.gpkg"), "PRAGMA integrity_check"), [("ok",)], "the file")


def export_after():
    """export shows imported sweeps, as such"""
    jamlog("export", "--quiet", "--db", path("s.gpkg"), "--format", "csv", "-o", path("all.csv"))
    lines = open(path("all.csv"), encoding="utf-8").read().splitlines()
    column = lines[0].split(",").index("time_source")
    check_equal(sum(line.split(",")[column] == "import" for line in lines[1:]), 9, "imported rows")
    for layer in ("samples", "track"):
        jamlog("export", "--quiet", "--db", path("s.gpkg"), "--layer", layer, "-o", path("all.geojson"))


def killed():
    """a kill leaves the store as it was, and the next import goes on"""
    big = write("big.csv", drive(40000))
    take("k.gpkg", data("gnettrack.csv"))
    child = subprocess.Popen([JAMLOG, "import", "--quiet", "--db", path("k.gpkg"), big], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while child.poll() is None and not os.path.exists(path("k.gpkg-journal")) and time.monotonic() < deadline:
        time.sleep(0.001)
    child.send_signal(signal.SIGKILL)
    killed_within = child.wait() == -signal.SIGKILL
    rows = one(path("k.gpkg"), "SELECT count(*) FROM radio") if not os.path.exists(path("k.gpkg-journal")) else None
    done = subprocess.run([JAMLOG, "import", "--quiet", "--db", path("k.gpkg"), big], capture_output=True, check=False)
    check(done.returncode == (0 if killed_within and rows != 40006 else 3), f"the next import: {done.returncode} {done.stderr}")
    check_equal(query(path("k.gpkg"), "SELECT count(*), (SELECT count(*) FROM imported) FROM radio"), [(40006, 2)], "sweeps and logs")


def flat_memory():
    """a log of 40000 rows takes no more memory than one of 1000, within 4 MiB"""
    def peak(store, log):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        take(store, "--quiet", log)
        return max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    small = peak("f1.gpkg", write("f1.csv", drive(1000)))
    large = peak("f2.gpkg", write("f2.csv", drive(40000)))
    check(large - small < 4096, f"{small} KiB became {large} KiB")


def traces():
    """the shared drive traces enter whole: a sweep for each line, nothing refused"""
    files = sorted(os.path.join(TRACES, f) for f in os.listdir(TRACES) if f.endswith(".gz")) if os.path.isdir(TRACES) else []
    if not files:
        raise Skip("JAMLOG_TRACES names no folder of them")
    take("drive.gpkg", "--quiet", "--utc-offset", "+00:00", "--plmn", "272-05", *files)
    lines = {}
    for file in files:
        with gzip.open(file) as f:
            lines[os.path.basename(file)] = sum(1 for _ in f) - 1
    check_equal(dict(query(path("drive.gpkg"), "SELECT file_name, rows FROM imported")), lines, "rows of each file")
    check_equal(dict(query(path("drive.gpkg"), "SELECT i.file_name, count(*) FROM imported i JOIN radio r ON r.id>>32=i.recording GROUP BY 1")),
                lines, "sweeps of each file")
    check_equal(one(path("drive.gpkg"), "SELECT sum(refused) FROM imported"), 0, "refused lines")
    check_equal(one(path("drive.gpkg"), "SELECT count(*) FROM sample WHERE lte_rsrp_dbm < -140 OR lte_rsrq_db < -34 OR lte_snr_db < -23"), 0,
                "sentinels")


run_tests([gnettrack, marked, zone, towercollector, mapped, network_survey, twice, bad_lines, torn, refusals, usage, sync_beside, export_after,
           killed, flat_memory, traces])
