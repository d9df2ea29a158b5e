"""What the tests of the recorder share: modems whose state is dictated, recorders, and what their journals hold.

SPDX-License-Identifier: GPL-3.0-or-later"""
import json
import os
import re
import signal
import subprocess
import time

import rig

SERVED = """clear
state operating_mode=0 card=0 registration=1 cs_attached=1 ps_attached=1 service=2 true_service=2 has_serving=1
cell rat=3 mcc=257 mnc=01 tac=12001 cell_id=123456789 pci=77 arfcn=1300 band=3 bandwidth_mhz=20 rsrp_dbm=-93 rsrq_db=-9 rssi_dbm=-65
rx power_dbm=-62.3 tuned=1
apply
"""


class Modem:
    """tests/helper/sim_modem_host behind a name that stays, as udev's links do."""

    def __init__(self, name, link=True, prefix=(), protocol="qmi"):
        self.name, self.prefix, self.process, self.protocol = name, list(prefix), None, protocol
        self.node = os.path.join(rig.folder(), name)
        if link:
            self.plug_in()

    def plug_in(self, state=SERVED):
        self.process = rig.start(self.prefix + [os.path.join(rig.BUILD, "tests/helper/sim_modem_host"), self.protocol],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        path = json.loads(self.process.stdout.readline())["path"]
        self.tell(state)
        os.symlink(path, self.node)

    def tell(self, lines):
        """Commands of sim_modem_host; the answer to the last."""
        answer = None
        for line in lines.strip().splitlines():
            self.process.stdin.write(line + "\n")
            answer = json.loads(self.process.stdout.readline())
        return answer

    def clients(self):
        return self.tell("stats")["clients"]

    def replug(self):
        """The modem restarts on the bus: another node, and the link follows it."""
        path = self.tell("replug")["path"]
        os.symlink(path, self.node + ".new")
        os.replace(self.node + ".new", self.node)

    def hang(self, on=True):
        self.process.send_signal(signal.SIGSTOP if on else signal.SIGCONT)

    def unplug(self):
        os.unlink(self.node)
        self.process.kill()
        self.process.wait()


class Recorder:
    """jamlog record with a folder of its own."""

    def __init__(self, *options, prefix=(), journal=None, environment=None, **more):
        self.out = rig.folder()
        self.journal = journal or os.path.join(self.out, "journal")
        self.log_path = os.path.join(self.out, "log")
        self.runtime = os.path.join(self.out, "run")
        self.begun = time.monotonic()
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = rig.start([*prefix, rig.JAMLOG, "record", "-d", self.journal, "--state", os.path.join(self.out, "state"),
                                      *options], stderr=log, stdin=subprocess.DEVNULL,
                                     env={**os.environ, "XDG_CONFIG_HOME": self.out, "RUNTIME_DIRECTORY": self.runtime, "TZ": "UTC",
                                          **(environment or {})}, **more)

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def says(self, words, seconds=10, times=1):
        """Waits until the words stand in the log so many times."""
        return rig.wait_for(lambda: self.log().count(words) >= times or self.process.poll() is not None, seconds,
                            f"\"{words}\" in:\n{self.log()}") and self.log().count(words) >= times

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid()}/fd"))

    def resident_kib(self):
        with open(f"/proc/{self.pid()}/smaps_rollup", encoding="ascii") as rollup:
            return int(re.search(r"^Pss_Anon:\s+(\d+)", rollup.read(), re.M).group(1))

    def pid(self):
        """Of jamlog itself: faketime stays in front of what it starts, and passes no signal on."""
        if os.path.basename(os.readlink(f"/proc/{self.process.pid}/exe")) == "jamlog":
            return self.process.pid
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as children:
            return int(children.read().split()[0])

    def durable(self):
        numbers = re.findall(r"^durable (\d+)", self.log(), re.M)
        return int(numbers[-1]) if numbers else 0

    def stop(self, number=signal.SIGTERM, seconds=15):
        """The exit code, and how long the end took."""
        begun = time.monotonic()
        if self.process.poll() is None:
            os.kill(self.pid(), number)
        code = self.process.wait(timeout=seconds)
        return code, time.monotonic() - begun

    def store(self):
        path = os.path.join(self.out, "store.gpkg")
        sync = rig.run([rig.JAMLOG, "sync", "--quiet", self.journal, "--db", path])
        if sync.returncode not in (0, 4):
            raise RuntimeError(f"sync: {sync.returncode} {sync.stderr}")
        return rig.database(path)


def events(db, code, source=None):
    """Rows of events in order, each with its source's name."""
    rows = db.execute("SELECT e.*, s.name AS name FROM event e JOIN source s ON s.id = e.source WHERE e.code = ? ORDER BY e.id", (code,))
    return [row for row in rows.fetchall() if source in (None, row["name"])]


def radio_times(db, source):
    """Seconds of BOOTTIME of each sweep of a modem."""
    rows = db.execute("SELECT r.boottime_ms FROM radio r JOIN source s ON s.id = r.source WHERE s.name = ? ORDER BY r.id", (source,))
    return [row[0] / 1000 for row in rows.fetchall()]


def gaps(times):
    return [b - a for a, b in zip(times, times[1:])]
