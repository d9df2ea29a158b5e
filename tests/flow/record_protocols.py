#!/usr/bin/env python3
"""One world, three modems: what QMI, QMI inside MBIM and MBIM make of it is the same, as far as each protocol goes.

QMI inside MBIM must say what QMI says, to the letter. MBIM may leave out what it has no words for, and is held to its resolution.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402
from sim_qmi_client import Host  # noqa: E402
from sim_qmi_meaning import COUNTERS, PRESETS  # noqa: E402

tap = rig.Tap()
NODES = {"qmi": ("qmi", "qmi"), "inside": ("mbim-qmi", "qmi-over-mbim"), "mbim": ("mbim", "mbim")}
# MBIM has no words for these, or only for some: RSSI beside RSRP, services beside that which serves, whether dual connectivity is off.
NOT_IN_MBIM = {"cs_attach", "domain", "forbidden", "lte_access", "reject_rat", "band", "bandwidth_khz", "rx0_dbm", "rx1_dbm", "rx2_dbm",
               "rx3_dbm", "rx_tuned", "tx_dbm", "ca_configured", "ca_active", "ca_bandwidth_khz", "dcnr_restricted", "nr_available",
               "gsm_true_service", "umts_true_service", "lte_true_service", "nr_true_service", "gsm_service", "umts_service",
               "lte_service", "nr_service", "lte_rssi_dbm", "timing_advance_us", "endc"}
# Where both are right, and why.
EXPLAINED = {
    "just-found": ({"mcc", "mnc", "tac", "lte_service", "roaming"}, "QMI shows a service, and whose it is, only after a while"),
    "limited": ({"lte_snr_db"}, "QMI ends at -20 dB"),
    "denied": ({"reject_domain"}, "MBIM knows of packets alone"),
    "offline": ({"operating_mode"}, "MBIM's radio is on or off"),
    "nr-clamped": ({"nr_rsrp_dbm", "nr_rsrq_db", "nr_snr_db"}, "QMI ends at -140 dBm, -20 dB"),
    "nr-reject-then-lte": ({"reject_cause", "reject_domain"}, "QMI has no word of it once NR is out of sight"),
}
RESOLUTION = {"lte_rsrp_dbm": 1, "nr_rsrp_dbm": 1, "lte_rsrq_db": 1, "nr_rsrq_db": 1, "lte_snr_db": 0.5, "nr_snr_db": 0.5,
              "gsm_rssi_dbm": 2, "umts_rssi_dbm": 2, "umts_rscp_dbm": 1, "umts_ecio_db": 1}
NOT_OF_THE_RADIO = {"fid", "geom", "start_time", "end_time", "time_source", "modem", "position_state", "position_error_m", "cells_heard"}


def configure(hosts):
    path = os.path.join(rig.folder(), "jamlog.conf")
    with open(path, "w", encoding="utf-8") as conf:
        for name, host in hosts.items():
            conf.write(f"[modem {name}]\ndevice = {host.path}\nprotocol = {NODES[name][1]}\n")
    return path


def asked(host):
    return max(host.stats()["requests"].values(), default=0)


def swept(hosts, times):
    """Waits until each modem was swept so often from now on; all but the first of those sweeps began after now."""
    begun = {name: asked(host) for name, host in hosts.items()}
    return rig.wait_for(lambda: all(asked(h) > begun[n] + times for n, h in hosts.items()), 10, "sweeps of each modem")


def boottime_ms():
    with open("/proc/uptime", encoding="ascii") as uptime:
        return float(uptime.read().split()[0]) * 1000


def show(preset, hosts):
    if "before" in preset:
        show(PRESETS[preset["before"]], hosts)
    for host in hosts.values():
        host.apply(preset)
    # The card's state, and channels of more than 16 bits, are asked for at every tenth sweep.
    is_slow = preset["state"]["card"] != "ready" or any(cell["arfcn"] > 0xffff for cell in preset.get("cells", []))
    swept(hosts, 12 if is_slow else 2)


hosts = {name: Host(protocol) for name, (protocol, _) in NODES.items()}
recorder = field.Recorder("-c", configure(hosts), "--no-gps", "-i", "0.2", "--mode", "passive")
until = {}
for name, preset in PRESETS.items():
    show(preset, hosts)
    until[name] = boottime_ms()
code, _ = recorder.stop()
tap.equal((code, {n: h.stats()["clients"] for n, h in hosts.items()}), (0, dict.fromkeys(NODES, 0)), "three modems are recorded in order")
for host in hosts.values():
    host.__exit__()
db = recorder.store()
tap.equal({row["name"]: row["protocol"] for row in db.execute("SELECT s.name, d.protocol FROM device d JOIN source s ON s.id = d.source")},
          {name: protocol for name, (_, protocol) in NODES.items()}, "each is told by its protocol")


def last_sweep(modem, before_ms):
    # The card's state is asked for at every tenth sweep only.
    card = db.execute("SELECT p.sim_state FROM sample p JOIN radio r ON r.id = p.fid WHERE p.modem = ? AND r.boottime_ms <= ?"
                      " AND p.sim_state IS NOT NULL ORDER BY r.boottime_ms DESC LIMIT 1", (modem, before_ms)).fetchone()
    row = db.execute("SELECT p.* FROM sample p JOIN radio r ON r.id = p.fid WHERE p.modem = ? AND r.boottime_ms <= ?"
                     " ORDER BY r.boottime_ms DESC LIMIT 1", (modem, before_ms)).fetchone()
    cells = db.execute("SELECT * FROM neighbour WHERE radio = ? ORDER BY n", (row["fid"],)).fetchall()
    radio = {k: row[k] for k in row.keys() if k not in NOT_OF_THE_RADIO | {"signal_repeats_ms"}}
    radio["sim_state"] = card[0]
    return radio, [{k: c[k] for k in c.keys() if k not in ("radio", "n")} for c in cells]


def differences(qmi, mbim):
    """Values of MBIM's that are not QMI's, and such of QMI's as MBIM should have."""
    found = {}
    for key, wanted in qmi.items():
        got = mbim[key]
        if got is None and (key in NOT_IN_MBIM or wanted is None):
            continue
        if wanted is None and key == "timing_advance_us":
            continue  # of NR, which QMI does not tell
        near = got is not None and wanted is not None and key in RESOLUTION and abs(got - wanted) <= RESOLUTION[key]
        if got != wanted and not near:
            found[key] = (wanted, got)
    return found


def comparable(cells, rat):
    """Those that both protocols tell of: of the RAT in use."""
    return [c for c in cells if c["rat"] == rat and c["arfcn"] is not None]


def alike(a, b):
    return all(a[k] == b[k] for k in ("rat", "serving", "pci", "arfcn")) and \
        (a["rsrp_cdbm"] is None or b["rsrp_cdbm"] is None or abs(a["rsrp_cdbm"] - b["rsrp_cdbm"]) <= 100)


def lonely(cells, others):
    return [c for c in cells if not any(alike(c, other) for other in others)]


def session(row):
    return {key: row[key] for key in ("data_session", *COUNTERS)}


# Only the session changes between the two: the state that the store kept of the sweep before must not pass for this one's.
for name, protocol in (("qmi", "QMI"), ("mbim", "MBIM")):
    tap.equal(session(last_sweep(name, until["session"])[0]), {"data_session": "up", **COUNTERS}, f"{protocol}: a session and what it counted")
    tap.equal(session(last_sweep(name, until["session-dropped"])[0]), {"data_session": "down", **dict.fromkeys(COUNTERS)},
              f"{protocol}: without a session its counters are not told")
for name in PRESETS:
    qmi, qmi_cells = last_sweep("qmi", until[name])
    inside, inside_cells = last_sweep("inside", until[name])
    mbim, mbim_cells = last_sweep("mbim", until[name])
    tap.equal((inside, inside_cells), (qmi, qmi_cells), f"{name}: QMI inside MBIM is QMI")
    explained, why = EXPLAINED.get(name, (set(), ""))
    found = {key: values for key, values in differences(qmi, mbim).items() if key not in explained}
    tap.equal(found, {}, f"{name}: MBIM tells the same" + (f" ({why})" if why else ""))
    if "nr_rsrp_dbm" not in explained:
        ours, theirs = comparable(mbim_cells, qmi["rat"]), comparable(qmi_cells, qmi["rat"])
        tap.equal((lonely(ours, theirs), lonely(theirs, ours)), ([], []), f"{name}: and hears the same cells")
tap.done()
