#!/usr/bin/env python3
"""Two programs on one modem: jamlog through the proxy, and qmicli (or mbimcli) in a loop beside it. Neither takes the other's answers, and no
client id is lost. SHARED_S seconds (default 8) of each, or of those named as arguments.

SPDX-License-Identifier: GPL-3.0-or-later"""
import ctypes
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

SHARED_S = float(os.environ.get("SHARED_S", "8"))
CLONE_NEWNET = 0x40000000
tap = rig.Tap()


def loop(command, wanted, until):
    """How often the command was run, and what it printed where that was not as it should be."""
    n, wrong = 0, []
    while time.monotonic() < until:
        run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        n += 1
        if run.returncode != 0 or wanted not in run.stdout:
            wrong.append(run.stdout[-200:] + run.stderr[-200:])
    return n, wrong


def share(protocol, command, wanted):
    modem = field.Modem("a", protocol=protocol)
    config = os.path.join(rig.folder(), "jamlog.conf")
    with open(config, "w", encoding="utf-8") as conf:
        conf.write(f"[modem a]\ndevice = {modem.node}\nprotocol = {protocol}\nproxy = yes\n")
    recorder = field.Recorder("-c", config, "--no-gps")
    tap.ok(recorder.says("in service", 20), f"{protocol}: jamlog records through the proxy", recorder.log())
    descriptors = recorder.descriptors()
    begun = time.monotonic()
    n, wrong = loop([arg.replace("NODE", os.path.realpath(modem.node)) for arg in command], wanted, begun + SHARED_S)
    took = time.monotonic() - begun
    tap.ok(n > took / 5 and not wrong, f"{protocol}: {command[0]} beside it is answered rightly, each time", (n, wrong[:3]))
    tap.ok("answers again" not in recorder.log() and "broke" not in recorder.log(), f"{protocol}: jamlog never loses the modem", recorder.log())
    tap.ok(recorder.descriptors() <= descriptors, f"{protocol}: no descriptor is left behind")
    code, _ = recorder.stop()
    left = modem.clients()
    # mbim-proxy keeps the modem open for whoever comes next.
    tap.ok(code == 0 and left <= (1 if protocol == "mbim" else 0), f"{protocol}: nothing is left in the modem", (code, left))
    db = recorder.store()
    times = field.radio_times(db, "a")
    tap.ok(len(times) >= took - 2 and max(field.gaps(times)) < 2, f"{protocol}: a sweep a second all the while",
           (len(times), took, sorted(field.gaps(times))[-3:]))
    values = {tuple(r) for r in db.execute("SELECT service, mnc, lte_rsrp_dbm IN (-92, -93) FROM sample WHERE lte_rsrp_dbm IS NOT NULL")}
    tap.equal(values, {("served", "01", 1)}, f"{protocol}: and what it records is the modem's state")
    print(f"# {protocol}: {took:.0f} s, {n} times {command[0]}, {len(times)} sweeps, longest gap {max(field.gaps(times)):.2f} s")


if os.geteuid() != 0:
    tap.skip("sharing", "the proxies take no client but root")
    tap.done()
# The proxies' sockets belong to a network namespace: one of our own leaves those of others alone.
outside = os.readlink("/proc/self/ns/net")
ctypes.CDLL(None).unshare(CLONE_NEWNET)
if os.readlink("/proc/self/ns/net") == outside:
    tap.skip("sharing", "no network namespace to be had")
    tap.done()
COMMANDS = {"qmi": (["qmicli", "-p", "-d", "NODE", "--device-open-qmi", "--nas-get-signal-info"], "RSRP: '-93 dBm'"),
            "mbim": (["mbimcli", "-p", "-d", "NODE", "--query-registration-state"], "Register state: 'home'")}
for one in sys.argv[1:] or COMMANDS:
    share(one, *COMMANDS[one])
tap.done()
