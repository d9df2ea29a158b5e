#!/usr/bin/env python3
"""Each way in which a modem fails climbs the ladder that it should, is told as the modem's failure and not the network's, and
leaves the others alone. One recorder, a modem for each fault and one that is well, with a clock five times as fast.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()
SPEED = 5
ASAN = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"

# name: (faults from the start, faults later). Those whose cure is a plug that is pulled have "replug" in the end.
MODEMS = {
    "well": ((), ()),
    "hang": ((), ("hang",)),
    "cellhang": ((), ("hang message=0x30043",)),
    "stuck": ((), ("queue-stuck",)),
    "nonsense": ((), ("nonsense",)),
    "corrupt": ((), ("corrupt",)),
    "fragments": ((), ("fragments",)),
    "truncated": ((), ("truncated",)),
    "lost": ((), ("lost-clients",)),
    "exhausted": ((), ("exhausted-clients", "lost-clients")),
    "mismatch": ((), ("policy-mismatch",)),
    "death": ((), ("silent-death",)),
    "resetme": ((), ("needs-reset",)),
    "noreset": ((), ("needs-reset",)),
    "restart": ((), ("reset for=1",)),
    "doubled": ((), ("doubled-indications",)),
    "slow": (("slow-open delay=2.8",), ()),  # 14 s of the recorder's clock
    "replug": ((), ("replug",)),
    "cached": ((), ("stale-values",)),
    "inside": ((), ("hang for=8",)),  # QMI inside MBIM, to be found out
}
# The same over MBIM, which has no client ids: there a session is open or it is not.
OF_SESSIONS = ("well", "hang", "stuck", "nonsense", "corrupt", "fragments", "truncated", "lost", "death", "resetme", "noreset", "restart",
               "doubled", "slow", "replug")
MODEMS.update({"m-" + name: MODEMS[name] for name in OF_SESSIONS})
# One whose signal is alive: it moves with each of the recorder's seconds. `stale-values` keeps what it tells where it was.
ALIVE = field.SERVED.replace("rsrp_dbm=-93", "rsrp_dbm=RSRP").replace("power_dbm=-62.3", "power_dbm=POWER")
REJECT = "state operating_mode=0 card=0 registration=3 reject_cause=11 reject_is_ps=1 reject_count=1\napply"


def configure(modems):
    path = os.path.join(rig.folder(), "jamlog.conf")
    with open(path, "w", encoding="utf-8") as conf:
        conf.write("[record]\ninterval = 1s\n")
        for name, modem in modems.items():
            conf.write(f"[modem {name}]\ndevice = {modem.node}\nprotocol = {'auto' if name == 'inside' else modem.protocol}\n"
                       f"reset = {'yes' if name.endswith('resetme') else 'no'}\n"
                       # what a data session of ours gave back to this one, its fault would keep
                       f"session = {'observe' if name == 'doubled' else 'own'}\n")
    return path


class Alive(threading.Thread):
    """Moves a modem's signal, and passes faults on to it in between."""

    def __init__(self, modem):
        super().__init__(daemon=True)
        self.modem, self.orders, self.over = modem, [], threading.Event()

    def run(self):
        n = 0
        while not self.over.wait(1 / SPEED):
            n += 1
            while self.orders:
                self.modem.tell(self.orders.pop(0))
            self.modem.tell(ALIVE.replace("RSRP", str(-90 - n % 7)).replace("POWER", f"{-62 - n % 5 * 0.7:.1f}"))


def inflict(modem, fault):
    if fault == "replug":
        modem.replug()
    else:
        modem.tell(f"fault {fault}")


def speaks(name):
    return "mbim" if name.startswith("m-") else "mbim-qmi" if name == "inside" else "qmi"


modems = {name: field.Modem(name, protocol=speaks(name)) for name in MODEMS}
for name, (at_first, _) in MODEMS.items():
    for fault in at_first:
        inflict(modems[name], fault)
recorder = field.Recorder("-c", configure(modems), "--no-gps", prefix=["faketime", "-f", f"+0 x{SPEED}"],
                          environment={"ASAN_OPTIONS": ASAN})
tap.ok(all(recorder.says(f" {name}: in service", 20) for name in MODEMS), "every modem is recorded at first, a slow one too")
alive = Alive(modems["cached"])
alive.start()
time.sleep(8 / SPEED)
for name, (_, later) in MODEMS.items():
    for fault in later:
        if name == "cached":
            alive.orders.append(f"fault {fault}")
        else:
            inflict(modems[name], fault)
modems["doubled"].tell(REJECT)
begun = time.monotonic()
SILENT, BROKE, FORGOT = "the modem does not answer any more", "the connection broke", "the modem has restarted by itself, or another"
for name, words in (("hang", SILENT), ("stuck", SILENT), ("death", SILENT), ("resetme", SILENT), ("noreset", SILENT),
                    ("nonsense", BROKE), ("truncated", BROKE), ("corrupt", "the modem answers nonsense"),
                    ("m-hang", SILENT), ("m-stuck", SILENT), ("m-death", SILENT), ("m-resetme", SILENT), ("m-noreset", SILENT),
                    ("m-nonsense", "the modem"), ("m-truncated", "the modem"), ("m-corrupt", "the modem answers nonsense"),
                    ("m-lost", FORGOT), ("m-restart", "the modem"), ("lost", FORGOT), ("mismatch", FORGOT), ("exhausted", FORGOT), ("restart", "the modem")):
    tap.ok(recorder.says(f" {name}: {words}", 30 / SPEED), f"{name}: told within 30 s")
tap.ok(time.monotonic() - begun < 30 / SPEED + 2, "all hangs are found within 30 s", time.monotonic() - begun)
tap.ok(recorder.says(" resetme: answers again", 60), "a modem that may be reset is, and comes back by that")
tap.ok(recorder.says(" replug: answers again", 10 / SPEED + 2), "a modem that was plugged in again is back within 10 s")
tap.ok(recorder.says(" lost: answers again", 5), "a modem that lost our client ids is back at once")
rig.wait_for(lambda: time.monotonic() - begun > 100 / SPEED, 60, "the ladder's upper rungs")
alive.orders.append("fault none")
tap.ok(recorder.says(" cached: the modem's figures move again", 20), "a cache that is cured is believed again", recorder.log())
alive.over.set()
alive.join()
for name, modem in modems.items():
    modem.tell("fault none")
    if name.endswith("death"):
        modem.replug()
BROKEN = ("hang", "stuck", "nonsense", "corrupt", "truncated", "exhausted", "death", "noreset", "m-hang", "m-stuck", "m-nonsense",
          "m-corrupt", "m-truncated", "m-death", "m-noreset")
tap.ok(all(recorder.says(f" {name}: answers again", 60) for name in BROKEN), "every modem that recovers is taken up again", recorder.log())
time.sleep(1)
code, took = recorder.stop(seconds=30)
tap.equal(code, 0, "the run ends in order")
tap.equal({n: m.clients() for n, m in modems.items() if m.clients()}, {}, "no client id is left in any modem")
db = recorder.store()

def steps(name):
    rows = db.execute("SELECT e.code FROM event e JOIN source s ON s.id = e.source WHERE s.name = ? ORDER BY e.id", (name,))
    return [row[0] for row in rows]


def has_in_order(name, *wanted):
    rest = iter(steps(name))
    return tap.ok(all(code in rest for code in wanted), f"{name}: {', '.join(wanted)}", steps(name))


def never(name, *unwanted):
    return tap.ok(not set(unwanted) & set(steps(name)), f"{name}: never {', '.join(unwanted)}", steps(name))


for name in ("hang", "stuck", "death", "m-hang", "m-stuck", "m-death", "m-nonsense", "m-truncated"):
    has_in_order(name, "sweep-failed", "modem-retry", "sweep-failed", "source-lost", "modem-reopen", "modem-reopen", "modem-reopen",
                 "source-back")
for name in ("nonsense", "truncated"):
    has_in_order(name, "source-lost", "modem-reopen", "modem-reopen", "modem-reopen", "modem-wait", "source-back")
has_in_order("corrupt", "sweep-failed", "modem-retry", "source-lost", "modem-reopen", "source-back")
has_in_order("death", "modem-reopen", "modem-wait", "source-back")
has_in_order("m-corrupt", "sweep-failed", "modem-retry", "source-lost", "modem-reopen", "source-back")
has_in_order("m-lost", "modem-forgot", "source-lost", "modem-reopen", "source-back")
has_in_order("m-resetme", "sweep-failed", "modem-reopen", "modem-reset", "source-back")
has_in_order("m-noreset", "sweep-failed", "modem-reopen", "modem-wait", "source-back")
never("m-noreset", "modem-reset")
for name in ("m-restart", "m-replug"):
    has_in_order(name, "source-lost", "source-back")
has_in_order("lost", "modem-forgot", "source-lost", "modem-new-client", "source-back")
has_in_order("mismatch", "modem-forgot", "source-lost", "modem-new-client", "source-back")
has_in_order("exhausted", "modem-forgot", "modem-new-client", "modem-reopen", "modem-wait", "source-back")
has_in_order("resetme", "sweep-failed", "modem-reopen", "modem-reset", "source-back")
has_in_order("noreset", "sweep-failed", "modem-reopen", "modem-wait", "source-back")
never("noreset", "modem-reset")
has_in_order("restart", "source-lost", "source-back")
has_in_order("replug", "source-lost", "source-back")
told = [row[0] for row in db.execute("SELECT d.protocol FROM device d JOIN source s ON s.id = d.source WHERE s.name = 'inside' ORDER BY d.id")]
tap.ok(told[0] == told[-1] == "qmi-over-mbim" and len(told) > 1, "QMI inside MBIM is found out, and not given up for a hang", told)
for name in ("well", "fragments", "cellhang", "doubled", "m-well", "m-fragments", "m-doubled"):
    never(name, "source-lost", "modem-reopen")
never("lost", "modem-reopen")
tap.equal(steps("doubled").count("network-reject"), 1, "a reject that the modem tells twice is one reject")
for name in BROKEN + ("lost", "mismatch", "m-lost"):
    lost = field.events(db, "source-lost", name)[0]["boottime_ms"] / 1000
    back = field.events(db, "source-back", name)[-1]["boottime_ms"] / 1000
    inside = [t for t in field.radio_times(db, name) if lost < t < back - 1]
    tap.equal(inside, [], f"{name}: nothing of the time in which it failed passes for measured")
has_in_order("cached", "values-held", "values-move")
figures = db.execute("SELECT fid, lte_rsrp_dbm, rx0_dbm, signal_repeats_ms FROM sample WHERE modem = 'cached' ORDER BY fid").fetchall()
unmarked = [tuple(b) for a, b in zip(figures, figures[1:]) if b[1] is not None and a[1:3] == b[1:3] and not b[3]]
tap.equal(unmarked, [], "no figure that the modem repeats passes for a new one")
held, moved = (field.events(db, code, "cached")[0]["id"] for code in ("values-held", "values-move"))
tap.equal([tuple(f) for f in figures if held <= f[0] < moved and (f[1] is not None or f[2] is not None)], [],
          "and once it is known for a cache, none is recorded")
tap.ok(sum(1 for f in figures if held <= f[0] < moved) > 15, "while sweeps go on", (held, moved))
GARBLING = ("corrupt", "nonsense", "truncated", "fragments", "m-corrupt", "m-nonsense", "m-truncated", "m-fragments")
wrong = [tuple(row) for row in db.execute("SELECT DISTINCT modem, service, rat, mnc, lte_rsrp_dbm FROM sample") if row["modem"] in GARBLING
         and tuple(row)[1:4] != ("served", "lte", "01")]
tap.equal(wrong, [], "no garbled answer passes for a state of the network")
# (five of its seconds are one of the machine's, which has other things to do; a call that waits for a modem takes five at least)
tap.ok(max(field.gaps(field.radio_times(db, "well"))) < 5, "a modem that is well never pauses",
       sorted(field.gaps(field.radio_times(db, "well")))[-3:])
tap.ok(all(max(field.gaps(field.radio_times(db, name))) < 6.5 for name in ("fragments", "doubled")),
       "fragments and doubled indications cost nothing", [sorted(field.gaps(field.radio_times(db, n)))[-3:] for n in ("fragments", "doubled")])
tap.done()
