"""What the tests of store, sync and export share: TAP, journals made by tests/helper/journal_make, and what a store says.

SPDX-License-Identifier: GPL-3.0-or-later"""
import atexit
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", "build/release")
JAMLOG = os.path.join(BUILD, "jamlog")
MAKE = os.path.join(BUILD, "tests/helper/journal_make")
UTC0_MS = 1715000000000  # journal_make's true UTC at BOOTTIME 0

WORK = tempfile.mkdtemp(prefix="jamlog-test-")
atexit.register(shutil.rmtree, WORK, True)
# What a shell starts in the background ignores SIGINT, and what nohup starts SIGHUP; our children are to get both.
for _number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(_number, lambda *_: sys.exit(1))

_results = []


class Skip(Exception):
    pass


def path(*parts):
    return os.path.join(WORK, *parts)


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def check_equal(value, expected, what):
    check(value == expected, f"{what}: {value!r} is not {expected!r}")


def run_tests(tests):
    """Runs functions as TAP tests; a test's name is its docstring. Exits."""
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__doc__
        try:
            test()
            print(f"ok {number} - {name}")
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}")
        except Exception as error:  # a test that breaks down is a test that fails
            failed += 1
            print(f"not ok {number} - {name}\n# {type(error).__name__}: {error}")
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


def make(name, **options):
    """Writes a journal with journal_make; returns its folder. Lists repeat an option."""
    words = []
    for key, value in options.items():
        words += [f"{key}={v}" for v in (value if isinstance(value, list) else [value])]
    keys = path(f"keys-{options.get('device', 1)}")  # one device, wherever its journals are
    subprocess.run([MAKE, path(name), f"keys={keys}"] + words, check=True)
    return path(name)


def segment_of(folder):
    files = sorted(f for f in os.listdir(folder) if f.endswith(".jlj"))
    check_equal(len(files), 1, f"files in {folder}")
    return os.path.join(folder, files[0])


def jamlog(*words, expect=0, **kwargs):
    done = subprocess.run([JAMLOG] + list(words), capture_output=True, text=True, **kwargs)
    check(done.returncode == expect, f"jamlog {' '.join(words)}: exit code {done.returncode}, not {expect}: {done.stderr}")
    return done


def sync(database, *sources, expect=0):
    return jamlog("sync", "--quiet", "--db", database, *sources, expect=expect)


def query(database, sql, *values):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def one(database, sql, *values):
    return query(database, sql, *values)[0][0]


KEY = "(SELECT run_id FROM recording WHERE id=x.id>>32) AS run, x.id & 4294967295 AS sequence"
CONTENT = [
    f"SELECT {KEY}, x.boottime_ms, hex(x.point), s.* FROM radio x JOIN sample s ON s.fid=x.id ORDER BY 1, 2",
    f"SELECT {KEY}, n, rat, serving, arfcn, pci, cell_id, rsrp_cdbm, rsrq_cdb, rssi_cdbm"
    " FROM (SELECT radio AS id, * FROM neighbour) x ORDER BY 1, 2, 3",
    "SELECT device_id, boot_id, time_source FROM boot ORDER BY 1, 2",
    "SELECT b.device_id, b.boot_id, r.run_id FROM recording r JOIN boot b ON b.id=r.boot ORDER BY 3",
    "SELECT b.device_id, b.boot_id, k.boottime_ms, k.utc_ms, k.error_ms FROM knot k JOIN boot b ON b.id=k.boot ORDER BY 1, 2, 3",
    "SELECT digest, number, created_boottime_ms, created_realtime_ms, clock_state, first_sequence, previous, read_offset,"
    " next_frame, chain, ending, observations, unreadable FROM segment ORDER BY 1",
    "SELECT s.digest, d.file_offset, d.length, d.reason FROM damage d JOIN segment s ON s.id=d.segment ORDER BY 1, 2, 3",
    f"SELECT {KEY}, x.boottime_ms, x.offset_ms, x.clock_state FROM wall x ORDER BY 1, 2",
    "SELECT table_name, min_x, min_y, max_x, max_y FROM gpkg_contents ORDER BY 1",
] + [
    f"SELECT {KEY}, (SELECT name FROM source WHERE id=x.source), x.* FROM {kind} x ORDER BY 1, 2"
    for kind in ("run", "device", "fix", "sky", "event", "clock", "mark", "session", "probe")
] + [
    f"SELECT {KEY}, v.* FROM {kind} x JOIN {kind}_place v ON v.fid=x.id ORDER BY 1, 2" for kind in ("session", "probe")
]
# Numbers of rows that depend on the order of syncs and mean nothing by themselves.
NUMBERS = {"id", "fid", "source"}


def content(database):
    """A digest of all that a store says, free of row numbers."""
    digest = hashlib.sha256()
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.text_factory = bytes
    for sql in CONTENT:
        cursor = connection.execute(sql)
        wanted = [i for i, column in enumerate(cursor.description) if column[0] not in NUMBERS]
        for row in cursor:
            digest.update(repr([row[i] for i in wanted]).encode())
    connection.close()
    return digest.hexdigest()


def same_bytes(a, b):
    with open(a, "rb") as one_file, open(b, "rb") as other:
        return one_file.read() == other.read()
