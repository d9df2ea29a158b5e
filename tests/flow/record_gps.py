#!/usr/bin/env python3
"""jamlog record over a gpsd that is away, restarts, repeats itself, lies or floods, and a receiver that falls silent behind it.

SPDX-License-Identifier: GPL-3.0-or-later"""
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()
VERSION = '{"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14}\n'


def tpv(when=None, **more):
    stamp = datetime.fromtimestamp(when or time.time(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    report = {"class": "TPV", "device": "/dev/pts/9", "mode": 3, "time": stamp, "lat": 53.9, "lon": 27.56, "altMSL": 220.0, "eph": 4.0,
              "speed": 1.0, **more}
    return json.dumps(report, separators=(",", ":")) + "\n"  # libgps knows it by its exact beginning


class FakeGpsd(threading.Thread):
    """Takes one client after another and gives each to `serve(connection)`."""

    def __init__(self, serve, port=0):
        super().__init__(daemon=True)
        self.serve, self.clients = serve, 0
        self.socket = socket.create_server(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.clients += 1
            try:
                connection.sendall(VERSION.encode())
                self.serve(connection)
            except OSError:
                pass
            connection.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def fixes(db):
    return [dict(row) for row in db.execute("SELECT * FROM fix ORDER BY id")]


def test_restart_of_gpsd():
    out, port = rig.folder(), rig.free_port()
    recorder = field.Recorder("--gps", f"localhost:{port}")
    tap.ok(recorder.says(f"gps: no gpsd at localhost:{port}"), "a gpsd that is not there is told, with its remedy")
    with open(f"{out}/sim.log", "w", encoding="utf-8") as log:
        sim = rig.start([rig.SIM, os.path.join(rig.SCENARIOS, "drive-outage.scenario"), "--run-dir", out], stdout=log)
    rig.wait_for(lambda: "ready" in open(f"{out}/sim.log", encoding="utf-8").read(), 10, "the simulator")

    def gpsd():
        return rig.start(["gpsd", "-N", "-n", "-S", str(port), os.path.realpath(f"{out}/gps-main")])
    daemon = gpsd()
    tap.ok(recorder.says("position found", 15), "a gpsd that comes later is taken up")
    daemon.kill()
    daemon.wait()
    tap.ok(recorder.says("went away", 3), "a gpsd that dies is told at once")
    daemon = gpsd()
    rig.wait_for(lambda: rig.listens(port), 10, "gpsd")
    tap.ok(recorder.says("answers again", 15, times=2), "a gpsd that is back is taken up")
    recorder.says("position found", 10, times=2)
    sim.send_signal(signal.SIGSTOP)
    tap.ok(recorder.says("NO POSITION", 8), "a receiver that falls silent is no green light")
    tap.ok(recorder.says("nothing new from the receiver", 10), "its silence behind a living gpsd is told")
    time.sleep(2)
    sim.send_signal(signal.SIGCONT)
    tap.ok(recorder.says("answers again", 15, times=3), "a receiver that speaks again is heard")
    time.sleep(3)
    code, took = recorder.stop()
    tap.ok(code == 0 and took < 3, "the run ends in order", (code, took))
    db = recorder.store()
    rows = fixes(db)
    tap.equal(len({row["time_ms"] for row in rows}), len(rows), "no fix stands twice")
    tap.ok(db.execute("SELECT count(*) FROM clock WHERE reason = 'first'").fetchone()[0] >= 1,
           "GPS time is paired with the clock of the boot")
    tap.ok(db.execute("SELECT count(*) FROM sky WHERE cn0_max_cdbhz IS NOT NULL").fetchone()[0] > 3, "the sky is in the journal")
    tap.ok(all(row["age_ms"] is not None for row in rows if row["mode"] != "none"), "each fix has its age")
    sim.kill()
    daemon.kill()


def test_reconnection():
    server = FakeGpsd(lambda connection: connection.sendall(tpv().encode()))
    recorder = field.Recorder("--gps", f"localhost:{server.port}")
    recorder.says("went away")
    server.close()
    waits = []
    for _ in range(3):
        time.sleep(1.3)
        begun = time.monotonic()
        server = FakeGpsd(lambda connection: connection.sendall(tpv().encode()), server.port)
        rig.wait_for(lambda: server.clients, 10, "a connection")
        waits.append(time.monotonic() - begun)
        server.close()
    tap.ok(max(waits) < 5, "it connects anew within five seconds", waits)
    recorder.stop()


def test_repeated_fix():
    def serve(connection):
        same = tpv()
        while True:
            connection.sendall(same.encode())
            time.sleep(0.25)
    server = FakeGpsd(serve)
    recorder = field.Recorder("--gps", f"localhost:{server.port}")
    tap.ok(recorder.says("position found"), "a first fix is a position")
    tap.ok(recorder.says("NO POSITION", 8), "a fix that is only repeated is none after some seconds")
    tap.ok(recorder.says("nothing new", 8) and "answers again" not in recorder.log(), "and the receiver counts as silent")
    code, _ = recorder.stop()
    tap.equal((code, len(fixes(recorder.store()))), (0, 1), "it stands in the journal once")
    server.close()


def test_late_fixes():
    def serve(connection):
        begun = time.time()
        while True:
            late = 30 if 3 < time.time() - begun < 5 else 0
            connection.sendall(tpv(time.time() - late).encode())
            time.sleep(0.5)
    server = FakeGpsd(serve)
    recorder = field.Recorder("--gps", f"localhost:{server.port}", "-t", "7")
    code = recorder.process.wait(timeout=20)
    rows = fixes(recorder.store())
    old = [row["age_ms"] for row in rows if row["age_ms"] > 3000]
    tap.ok(code == 0 and 2 <= len(old) <= 5 and all(29000 < age < 31000 for age in old), "a fix that was held back keeps its age",
           [row["age_ms"] for row in rows])
    server.close()


def test_rubbish():
    rubbish = ["{", "}\n", "\n\n\n", '{"class":"TPV","mode":"three"}\n', '{"class":"TPV","mode":3,"lat":1e999,"lon":-1e999,"time":17}\n',
               '{"class":"NOSUCH"}\n', '{"class":"SKY","satellites":[' + '{"PRN":1,"ss":99,"used":true},' * 500 + "]}\n",
               '{"class":"SKY","uSat":-1,"nSat":100000,"satellites":[]}\n', "\0\1\2\377" * 200 + "\n", "GPGGA,no json at all\r\n",
               tpv(mode=3, lat=91.0), tpv(0.0), '{"class":"TPV","device":"' + "x" * 5000 + '"}\n', "[" * 3000 + "\n"]

    def serve(connection):
        for text in rubbish:
            connection.sendall(text.encode("latin-1"))
            time.sleep(0.05)
        for _ in range(20):
            connection.sendall(tpv().encode())
            time.sleep(0.1)
        connection.sendall(b"y" * 1000000)  # a line that never ends
        time.sleep(0.3)
    server = FakeGpsd(serve)
    modem = field.Modem("a")
    recorder = field.Recorder("--gps", f"localhost:{server.port}", "--modem", f"a={modem.node}", "-i", "0.5")
    tap.ok(rig.wait_for(lambda: server.clients >= 2, 30, "a second connection"), "after rubbish it connects anew")
    time.sleep(2)
    code, took = recorder.stop()
    tap.ok(code == 0 and took < 4, "a gpsd that talks rubbish does not hold the run up", (code, took, recorder.log()))
    db = recorder.store()
    good = [row for row in fixes(db) if row["mode"] != "none"]
    tap.ok(good and all(row["lat_e7"] == 539000000 for row in good), "good fixes among the rubbish are taken, nothing else is", good[:3])
    tap.ok(max(field.gaps(field.radio_times(db, "a"))) < 1.5, "the modem's sweeps never pause", field.gaps(field.radio_times(db, "a")))
    tap.equal(modem.clients(), 0, "no client id is left behind")
    server.close()


def test_flood():
    flood = "".join(tpv(time.time() + i * 1e-3) for i in range(5000)).encode()  # made before: it is sent faster than it is read

    def serve(connection):
        while True:
            connection.sendall(flood)
    server = FakeGpsd(serve)
    modem = field.Modem("a")
    recorder = field.Recorder("--gps", f"localhost:{server.port}", "--modem", f"a={modem.node}", "-i", "0.5")
    recorder.says("in service")
    time.sleep(4)
    code, took = recorder.stop()
    tap.ok(code == 0 and took < 4, "a gpsd that floods does not hold the end up", (code, took))
    db = recorder.store()
    tap.ok(max(field.gaps(field.radio_times(db, "a"))) < 1.5, "a gpsd that floods does not hold the modem's sweeps up",
           field.gaps(field.radio_times(db, "a")))
    tap.ok(100 < len(fixes(db)) < 1000, "nor fills the disk", len(fixes(db)))
    server.close()


def test_deaf_gpsd():
    """It takes the connection and says nothing more."""
    server = FakeGpsd(lambda connection: select.select([], [], [], 60))
    recorder = field.Recorder("--gps", f"localhost:{server.port}")
    tap.ok(recorder.says("nothing new from the receiver", 30), "a gpsd that says nothing is told")
    code, took = recorder.stop()
    tap.ok(code == 3 and took < 3, "a run without any reading ends with exit code 3", (code, took))
    server.close()


test_restart_of_gpsd()
test_reconnection()
test_repeated_fix()
test_late_fixes()
test_rubbish()
test_flood()
test_deaf_gpsd()
tap.done()
