#!/usr/bin/env python3
"""Journals written by the real writer, synced, and judged by sqlite3, GDAL and arithmetic.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import random
import resource
import shutil
import sqlite3
import signal
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from store_common import *  # noqa: E402,F403

random.seed(1)


def states(database):
    return dict(query(database, "SELECT position_state, count(*) FROM sample GROUP BY 1"))


def wrong_utc(database):
    """Rows whose interval does not hold the true UTC."""
    return one(database, "SELECT count(*) FROM radio WHERE utc_ms IS NULL OR abs(utc_ms - boottime_ms - ?) > utc_error_ms", UTC0_MS)


def counts_agree():
    """counts of journal and store agree"""
    folder = make("counts", sweeps=200, modems=2, neighbours=3, outage="50-79")
    sync(path("counts.gpkg"), folder)
    for table, n in {"radio": 400, "fix": 200, "clock": 4, "run": 1, "device": 1}.items():
        check_equal(one(path("counts.gpkg"), f"SELECT count(*) FROM {table}"), n, table)
    check_equal(one(path("counts.gpkg"), "SELECT observations FROM segment"), 606, "observations")
    check_equal(dict(query(path("counts.gpkg"), "SELECT service, count(*) FROM sample GROUP BY 1")), {"served": 340, "none": 60},
                "service")
    check_equal(one(path("counts.gpkg"), "SELECT count(*) FROM neighbour"), 340 * 3, "neighbours")


def values_survive():
    """values do not change between journal and store"""
    row = query(path("counts.gpkg"), "SELECT mcc, mnc, tac, pci, arfcn, band, bandwidth_khz, registration, roaming, rx_tuned,"
                " operating_mode, domain, umts_rscp_dbm FROM sample WHERE service='served' LIMIT 1")[0]
    check_equal(row, ("257", "01", 601, 100, 1300, 3, 20000, "home", 0, 3, "online", "cs-ps", None), "served sample")
    row = query(path("counts.gpkg"), "SELECT mcc, lte_rsrp_dbm, rx0_dbm, cells_heard FROM sample WHERE service='none' LIMIT 1")[0]
    check_equal(row, (None, None, -96.3, None), "sample without service")
    row = query(path("counts.gpkg"), "SELECT rat, serving, arfcn, pci, rsrq_cdb, rssi_cdbm FROM neighbour"
                " WHERE radio=(SELECT min(id) FROM radio) ORDER BY n")
    check_equal(row, [("lte", 1, 1300, 100, -1050, -6512), ("lte", 0, 1300, 101, -1170, None),
                      ("lte", 0, 1300, 102, -1290, -6512)], "neighbours")
    check_equal(one(path("counts.gpkg"), "SELECT model FROM device"), 'EM7455 "test", =1+1', "model")


def probes_have_interval_and_place():
    """probes and sessions carry the interval from begin to end, the place of their end, and their modem's network"""
    sync(path("probes.gpkg"), make("probes", sweeps=130, modems=2, round_every=10, gap="40-125", outage="20-29"))
    for kind, n in (("probe", 110), ("session", 50)):
        check_equal(one(path("probes.gpkg"), f"SELECT count(*) FROM {kind}_place"), n, f"rows of {kind}_place")
    lengths = query(path("probes.gpkg"), "SELECT DISTINCT ifnull(v.total_us,0)/1000 - cast(round((julianday(v.end_time)"
                    "-julianday(v.start_time))*86400e3) AS INT) + 2*p.utc_error_ms FROM probe_place v JOIN probe p ON p.id=v.fid")
    check({-1, 0, 1} >= {x[0] for x in lengths}, f"lengths that are off: {lengths}")
    check_equal(query(path("probes.gpkg"), "SELECT DISTINCT round((julianday(v.end_time)-julianday(v.start_time))*86400 -"
                      " utc_error_ms/500.0,1) FROM session_place v JOIN session s ON s.id=v.fid WHERE v.outcome='ended'"), [(4.0,)],
                "seconds of ended sessions")
    # At 10 m/s eastwards a degree of longitude is 6551 s long at this latitude.
    for boottime_ms, point in query(path("probes.gpkg"), "SELECT boottime_ms, point FROM probe WHERE boottime_ms < 1035000"):
        lon, lat = struct.unpack("<dd", point)
        check(abs((lon - 27.56) * 6551.6 * 1000 - (boottime_ms - 1000300)) < 150, f"at {boottime_ms} ms: {lon}")
    check_equal(dict(query(path("probes.gpkg"), "SELECT DISTINCT round, position_state FROM probe_place WHERE round IN (1,7,10)")),
                {1: "live", 7: "held", 10: "held"}, "states of the position")
    check_equal(query(path("probes.gpkg"), "SELECT DISTINCT round, service, rat, mnc FROM probe_place WHERE round IN (2, 3)"),
                [(2, "served", "lte", "01"), (3, "none", "none", None)], "what the modem's sweep said")


def geopackage_is_valid():
    """GDAL finds no fault with the GeoPackage"""
    for layer, lines in (("sample", ("Feature Count: 400", "lte_snr_db: Real")), ("probe_place", ("Feature Count: 110", "total_us: Integer64")),
                         ("session_place", ("Feature Count: 50", "cause_text: String"))):
        store = path("counts.gpkg" if layer == "sample" else "probes.gpkg")
        done = subprocess.run(["ogrinfo", "-al", "-so", store, layer], capture_output=True, text=True)
        check(done.returncode == 0 and not done.stderr and "Warning" not in done.stdout, done.stderr + done.stdout)
        for line in ("Geometry: Point", "start_time: DateTime", "end_time: DateTime", "FID Column = fid", "mnc: String") + lines:
            check(line in done.stdout, f"ogrinfo does not say {line} of {layer}")
    done = subprocess.run(["/usr/bin/python3", "-m", "osgeo_utils.samples.validate_gpkg", path("counts.gpkg")],
                          capture_output=True, text=True)
    if "No module named" in done.stderr:
        raise Skip("python3-gdal is not installed")
    check(done.returncode == 0, done.stderr)


def store_is_one_file():
    """the store is one file, not in WAL mode"""
    check_equal([f for f in os.listdir(WORK) if f.startswith("counts.gpkg")], ["counts.gpkg"], "files")
    with open(path("counts.gpkg"), "rb") as f:
        head = f.read(100)
    check_equal((head[18], head[19]), (1, 1), "journal mode (1: not WAL)")
    check_equal((head[60:64], head[68:72]), ((10300).to_bytes(4, "big"), b"GPKG"), "user_version and application_id")


def twice_is_once():
    """a second sync changes no byte"""
    shutil.copy(path("counts.gpkg"), path("twice.gpkg"))
    sync(path("twice.gpkg"), path("counts"))
    check(same_bytes(path("counts.gpkg"), path("twice.gpkg")), "the file changed")


def renamed_is_the_same():
    """a renamed journal does not enter twice"""
    os.makedirs(path("elsewhere", "deep"))
    shutil.copy(segment_of(path("counts")), path("elsewhere", "deep", "other.jlj"))
    sync(path("twice.gpkg"), path("elsewhere"))
    check_equal(content(path("twice.gpkg")), content(path("counts.gpkg")), "content")


def growing_is_like_at_once():
    """a sync in parts gives what one at once gives"""
    folder = make("grow", sweeps=400, neighbours=2, clock=1970, first_pair=150, gap=["30-45", "200-330"], outage="60-80", round_every=9)
    sync(path("whole.gpkg"), folder)
    whole = content(path("whole.gpkg"))
    with open(segment_of(folder), "rb") as f:
        data = f.read()
    for trial in range(6):
        database = path(f"grow{trial}.gpkg")
        os.makedirs(path("part"), exist_ok=True)
        for size in sorted(random.sample(range(8192, len(data)), 3)) + [len(data)]:
            with open(path("part", "x.jlj"), "wb") as f:
                f.write(data[:size])
            sync(database, path("part"))
        check_equal(content(database), whole, f"content, trial {trial}")
    shutil.rmtree(path("part"))


def a_late_fix_places_what_waited():
    """sweeps that were held are interpolated when the next fix comes with a later part"""
    folder = make("late-fix", sweeps=200, gap="100-150", pair_every=0, round_every=7)
    sync(path("late-fix.gpkg"), folder)
    check_equal(states(path("late-fix.gpkg")).get("interpolated"), 49, "interpolated")
    with open(segment_of(folder), "rb") as f:
        data = f.read()
    os.makedirs(path("cut"))
    for percent in range(50, 80, 3):  # from sweep 100 to 160
        with open(path("cut", "x.jlj"), "wb") as f:
            f.write(data[:8192 + (len(data) - 8192) * percent // 100])
        database = path(f"cut{percent}.gpkg")
        sync(database, path("cut"))
        sync(database, folder)
        check_equal(content(database), content(path("late-fix.gpkg")), f"content, cut at {percent} %")


def overlapping_runs_share_fixes():
    """two runs at the same time place their sweeps by the fixes of both, in whatever order they come"""
    first = make("overlap-1", sweeps=120, gap="40-100")
    second = make("overlap-2", sweeps=120, start=1030, gap="0-5", lat=53.9)
    sync(path("overlap.gpkg"), first, second)
    # Sweeps 41 to 99 of the first run have no fixes of their own, but those of the second all around them.
    check_equal(states(path("overlap.gpkg")), {"live": 240}, "states")
    for name, order in (("overlap-12", (first, second)), ("overlap-21", (second, first))):
        for folder in order:
            sync(path(f"{name}.gpkg"), folder)
        check_equal(content(path(f"{name}.gpkg")), content(path("overlap.gpkg")), f"content, {name}")


def order_does_not_matter():
    """the order in which segments arrive makes no difference"""
    folder = make("many", sweeps=900, segment=65536, gap=["100-140", "300-420"], pair_every=200)
    files = [os.path.join(folder, f) for f in sorted(os.listdir(folder)) if f.endswith(".jlj")]
    check(len(files) >= 4, f"{len(files)} segments")
    sync(path("many.gpkg"), folder)
    whole = content(path("many.gpkg"))
    for trial in range(3):
        random.shuffle(files)
        database = path(f"many{trial}.gpkg")
        for name in files:
            sync(database, name)
        check_equal(content(database), whole, f"content, order {[os.path.basename(f) for f in files]}")


def wrong_clock_is_repaired():
    """samples before the first clock pair get the true date"""
    check_equal(wrong_utc(path("whole.gpkg")), 0, "samples with a wrong interval")
    check_equal(one(path("whole.gpkg"), "SELECT time_source FROM boot"), "gps", "source")
    check(one(path("whole.gpkg"), "SELECT max(utc_error_ms) FROM radio") < 100, "error is too wide")
    first = query(path("whole.gpkg"), "SELECT start_time, end_time FROM sample ORDER BY fid LIMIT 1")[0]
    check("2024-05-06T13:09:59" in first[0] and "2024-05-06T13:10:00" in first[1], first)
    check_equal(query(path("whole.gpkg"), "SELECT boottime_ms, offset_ms, clock_state FROM wall"), [(1000000, 0, "unset")],
                "what the device's clock said")


def lying_pairs_are_not_believed():
    """one wrong clock pair does not drag the others"""
    for pair in (1, 3, 5):
        sync(path(f"liar{pair}.gpkg"), make(f"liar{pair}", sweeps=300, wrong_pair=pair))
        check_equal(wrong_utc(path(f"liar{pair}.gpkg")), 0, "samples with a wrong interval")
        check_equal(one(path(f"liar{pair}.gpkg"), "SELECT count(*) FROM clock"), 5, "pairs are all kept")
        check_equal(one(path(f"liar{pair}.gpkg"), "SELECT count(*) FROM knot"), 4, "pairs believed")


def runs_of_a_boot_share_pairs():
    """a run without GPS uses its boot's clock pairs, and no other boot's"""
    make("shared", sweeps=120)
    make("shared", sweeps=60, start=5000, pair_every=0, fixes=0, clock=1970)
    make("shared", sweeps=60, start=100, pair_every=0, fixes=0, clock=1970)
    make("shared", sweeps=60, start=100, boot=2, pair_every=0, fixes=0, clock=1970)
    sync(path("shared.gpkg"), path("shared"))
    check_equal(query(path("shared.gpkg"), "SELECT time_source, count(*) FROM sample GROUP BY 1 ORDER BY 1"), [("gps", 240), ("none", 60)],
                "time sources")
    check_equal(one(path("shared.gpkg"), "SELECT count(*) FROM sample WHERE time_source='none' AND start_time IS NOT NULL"), 0,
                "invented dates")
    check_equal(one(path("shared.gpkg"), "SELECT count(*) FROM radio r JOIN sample s ON s.fid=r.id WHERE s.time_source='gps' AND"
                    " abs(utc_ms - boottime_ms - ?) > utc_error_ms", UTC0_MS), 0, "wrong intervals")


def later_pairs_repair_earlier_runs():
    """pairs that come with a later journal repair what is in the store"""
    make("late-a", sweeps=100, pair_every=0, clock=1970)
    make("late-b", sweeps=100, start=1200)
    sync(path("late.gpkg"), path("late-a"))
    check_equal(one(path("late.gpkg"), "SELECT count(utc_ms) FROM radio"), 0, "dated samples before")
    sync(path("late.gpkg"), path("late-b"))
    check_equal(wrong_utc(path("late.gpkg")), 0, "samples with a wrong interval")
    check_equal(one(path("late.gpkg"), "SELECT utc_ms - boottime_ms FROM run ORDER BY id LIMIT 1"), UTC0_MS, "run's UTC")
    sync(path("late-once.gpkg"), path("late-a"), path("late-b"))
    check_equal(content(path("late.gpkg")), content(path("late-once.gpkg")), "content")


def clock_without_gps_has_an_honest_error():
    """REALTIME is believed no more than its state allows"""
    for clock, source, error in (("ntp", "ntp", 1000), ("ok", "manual", 3600000)):
        sync(path(f"clock-{clock}.gpkg"), make(f"clock-{clock}", sweeps=30, pair_every=0, clock=clock))
        check_equal(wrong_utc(path(f"clock-{clock}.gpkg")), 0, "samples with a wrong interval")
        check_equal(query(path(f"clock-{clock}.gpkg"), "SELECT DISTINCT time_source FROM sample"), [(source,)], "source")
        check(one(path(f"clock-{clock}.gpkg"), "SELECT min(utc_error_ms) FROM radio") >= error, "error is too small")


def places_are_as_reasoned():
    """no sweep gets a place that no fix vouches for"""
    # A fix 0.3 s after each sweep. Without fixes 50 to 70 the gap is 49.3 to 71.3: 22 s, so 51 to 69 lie between (50, 70 and 71 are
    # within 1.5 s of a fix). Without 100 to 250 it is 99.3 to 251.3, too long: held from 101 to 219 (120 s), none to 249.
    sync(path("places.gpkg"), make("places", sweeps=300, gap=["50-70", "100-250"]))
    check_equal(states(path("places.gpkg")), {"interpolated": 19, "held": 119, "none": 30, "live": 132}, "states")
    check_equal(one(path("places.gpkg"), "SELECT count(*) FROM sample WHERE (geom IS NULL) <> (position_state='none')"), 0,
                "geometries that do not fit their state")
    # 10 m/s eastwards on the parallel of 53.9 degrees (cosine 0.58919): 100 m of way between the sweeps at 55 s and 65 s.
    rows = query(path("places.gpkg"), "SELECT point FROM radio WHERE boottime_ms IN (1055000, 1065000) ORDER BY id")
    lon = [struct.unpack("<d", point[:8])[0] for point, in rows]
    check(abs((lon[1] - lon[0]) * 111195 * 0.58919 - 100) < 0.5, f"10 s are not 100 m: {lon}")


def damage_is_passed_over():
    """damage is counted, listed and passed over"""
    folder = make("damage", sweeps=300)
    sync(path("good.gpkg"), folder)
    os.makedirs(path("damaged"))
    shutil.copy(segment_of(folder), path("damaged", "x.jlj"))
    with open(path("damaged", "x.jlj"), "r+b") as f:
        f.seek(80 * 1024 + 100)
        byte = f.read(1)[0]
        f.seek(80 * 1024 + 100)
        f.write(bytes([byte ^ 0x40]))
    done = sync(path("damaged.gpkg"), path("damaged"), expect=4)
    check("damaged parts" in done.stderr, done.stderr)
    check_equal(one(path("damaged.gpkg"), "SELECT count(*) FROM damage"), 1, "damaged parts")
    offset, length = query(path("damaged.gpkg"), "SELECT file_offset, length FROM damage")[0]
    check(offset <= 80 * 1024 + 100 < offset + length, f"damage at {offset}, {length}")
    lost = 300 - one(path("damaged.gpkg"), "SELECT count(*) FROM radio")
    check(1 <= lost <= 8, f"{lost} samples lost to one flipped bit")
    before = content(path("damaged.gpkg"))
    sync(path("damaged.gpkg"), path("damaged"), expect=4)
    check_equal(content(path("damaged.gpkg")), before, "content after a second sync")


def better_copy_heals():
    """a better copy of a damaged journal fills the hole"""
    sync(path("damaged.gpkg"), path("damage"))
    check_equal(one(path("damaged.gpkg"), "SELECT count(*) FROM damage"), 0, "damaged parts")
    check_equal(content(path("damaged.gpkg")), content(path("good.gpkg")), "content")
    sync(path("damaged.gpkg"), path("damaged"))
    check_equal(content(path("damaged.gpkg")), content(path("good.gpkg")), "content after the bad copy came again")


def copies_at_once():
    """a good and a bad copy in one sync are made one"""
    sync(path("copies.gpkg"), path("damaged"), path("damage"))
    check_equal(content(path("copies.gpkg")), content(path("good.gpkg")), "content")


def torn_tail_is_no_damage():
    """a torn tail is not called damage"""
    with open(segment_of(path("damage")), "rb") as f:
        data = f.read()
    os.makedirs(path("torn"))
    with open(path("torn", "x.jlj"), "wb") as f:
        f.write(data[:len(data) // 2 + 333])
    done = jamlog("sync", "--json", "--db", path("torn.gpkg"), path("torn"))
    check_equal(one(path("torn.gpkg"), "SELECT count(*) FROM damage"), 0, "damaged parts")
    check(one(path("torn.gpkg"), "SELECT ending FROM segment") in ("torn", "open"), "ending")
    check('"damages":0' in done.stdout, done.stdout)


def kill_once(database, folders, seconds):
    process = subprocess.Popen([JAMLOG, "sync", "--quiet", "--db", database] + folders)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    process.wait()


def kill_new():
    """kill -9 while a store is built leaves nothing or a whole one"""
    folder = make("kill", sweeps=40000, group=60)
    for trial in range(8):
        kill_once(path("kill.gpkg"), [folder], random.uniform(0, 0.3))
        if os.path.exists(path("kill.gpkg")):
            check_equal(one(path("kill.gpkg"), "SELECT count(*) FROM radio"), 40000, "samples of a store that was finished")
            os.unlink(path("kill.gpkg"))
    sync(path("kill.gpkg"), folder)
    sync(path("kill-whole.gpkg"), folder)
    check_equal(content(path("kill.gpkg")), content(path("kill-whole.gpkg")), "content")
    check(not os.path.exists(path("kill.gpkg.new")), "the building site is still there")


def kill_existing():
    """kill -9 while a store grows spoils nothing"""
    first, more = make("kill-first", sweeps=2000, clock=1970, pair_every=0), make("kill-more", sweeps=20000, start=4000, group=60)
    sync(path("killed.gpkg"), first)
    before = content(path("killed.gpkg"))
    sync(path("killed-whole.gpkg"), first, more)
    after = content(path("killed-whole.gpkg"))
    for trial in range(8):
        kill_once(path("killed.gpkg"), [first, more], random.uniform(0, 0.5))
        # Whoever comes next undoes what was half done: the person who killed it may want a map.
        jamlog("export", "--quiet", "--db", path("killed.gpkg"), "--format", "csv", "-o", os.devnull)
        now = content(path("killed.gpkg"))
        check(now in (before, after), f"neither before nor after, trial {trial}")
        check_equal(one(path("killed.gpkg"), "PRAGMA integrity_check"), "ok", "integrity")
    sync(path("killed.gpkg"), first, more)
    check_equal(content(path("killed.gpkg")), after, "content")


def stopped_between_boots():
    """a sync that ends between two boots, and is begun again, tells the layer's bounds in full"""
    folders = [make("bounds-a", sweeps=10, boot=3), make("bounds-b", sweeps=10, boot=4, lat=60),
               make("bounds-c", sweeps=20000, boot=5, group=60)]
    sync(path("bounds.gpkg"), folders[0])
    limit = os.path.getsize(path("bounds.gpkg")) + 256 * 1024  # room for the second boot, not for the third
    done = subprocess.run([JAMLOG, "sync", "--quiet", "--db", path("bounds.gpkg")] + folders, capture_output=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    check(done.returncode != 0, "the sync was not stopped")
    with sqlite3.connect(path("bounds.gpkg")) as connection:  # one that may write: it undoes what was half done
        check_equal(connection.execute("SELECT count(*) FROM boot").fetchone()[0], 2, "boots that were taken")
    connection.close()
    sync(path("bounds.gpkg"), *folders)
    sync(path("bounds-whole.gpkg"), *folders)
    check_equal(content(path("bounds.gpkg")), content(path("bounds-whole.gpkg")), "content")


def interrupt(database, folder, number, busy):
    """Sends a signal once the file `busy` is there and has something in it."""
    for trial in range(60):
        # (nice, so that the signal comes to its turn on a machine that has other things to do)
        process = subprocess.Popen(["nice", "-n", "19", JAMLOG, "sync", "--quiet", "--db", database, folder], stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not (os.path.exists(busy) and os.path.getsize(busy) > 100000):
            pass
        process.send_signal(number)
        error = process.communicate(timeout=20)[1]
        if process.returncode != 0:
            check_equal(process.returncode, 1, "exit code")
            check("interrupted: nothing of this sync was kept" in error, error)
            check(not os.path.exists(busy), f"{busy} is still there")
            return
        shutil.copy(path("before.gpkg"), database) if "journal" in busy else os.unlink(database)  # it was faster
    raise AssertionError("the sync is always faster than the signal")


def interrupted_is_undone():
    """Ctrl-C leaves the store as it was, in one file"""
    more = make("interrupted", sweeps=40000, group=60, start=4000)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        interrupt(path("stop.gpkg"), more, number, path("stop.gpkg.new"))
        check(not os.path.exists(path("stop.gpkg")), "half a store appeared")
    # A journal of SQLite's that is large: pages that are there already have to change, as they do where placing is done anew.
    sync(path("before.gpkg"), make("undated", sweeps=30000, group=60, clock=1970, pair_every=0, fixes=0))
    make("undated", sweeps=20000, group=60, start=31000)
    shutil.copy(path("before.gpkg"), path("grown.gpkg"))
    interrupt(path("grown.gpkg"), path("undated"), signal.SIGINT, path("grown.gpkg-journal"))
    check_equal(content(path("grown.gpkg")), content(path("before.gpkg")), "content")
    sync(path("grown.gpkg"), path("undated"))
    sync(path("grown-once.gpkg"), path("undated"))
    check_equal(content(path("grown.gpkg")), content(path("grown-once.gpkg")), "content after going on")


def memory_is_bounded():
    """a sync stays within 16 MiB"""
    if "asan" in BUILD:
        raise Skip("the sanitizer's own memory is in the figure")
    code = ("import resource,subprocess,sys; subprocess.run(sys.argv[1:], check=True);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run([sys.executable, "-c", code, JAMLOG, "sync", "--quiet", "--db", path("memory.gpkg"), path("kill")],
                          capture_output=True, text=True, check=True)
    check(int(done.stdout) <= 16 * 1024, f"{int(done.stdout)} KiB")


run_tests([counts_agree, values_survive, probes_have_interval_and_place, geopackage_is_valid, store_is_one_file, twice_is_once,
           renamed_is_the_same, growing_is_like_at_once, a_late_fix_places_what_waited,
           overlapping_runs_share_fixes, order_does_not_matter, wrong_clock_is_repaired, lying_pairs_are_not_believed,
           runs_of_a_boot_share_pairs, later_pairs_repair_earlier_runs, clock_without_gps_has_an_honest_error,
           places_are_as_reasoned, damage_is_passed_over, better_copy_heals, copies_at_once, torn_tail_is_no_damage, kill_new,
           kill_existing, stopped_between_boots, interrupted_is_undone, memory_is_bounded])
