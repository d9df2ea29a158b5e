#!/usr/bin/env python3
"""Before something is sent over a QMI session, the kernel takes the modem's packets for what they are: raw IP. In umockdev's /sys; in
mode session nothing of the computer is touched.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import plugs  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()
computer = plugs.Computer()
modem = plugs.Modem(computer).insert(net="wwan0")
switch = os.path.join(computer.root, "sys", modem.path.lstrip("/"), f"{modem.socket}:1.{modem.interface}", "net", "wwan0", "qmi", "raw_ip")
os.makedirs(os.path.dirname(switch))
os.symlink("../..", os.path.join(os.path.dirname(switch), "..", "..", "..", "usbmisc", "cdc-wdm0", "device"))  # as the kernel has it


def raw_ip():
    with open(switch, encoding="ascii") as handle:
        return handle.read().strip()


def check(mode, wanted):
    with open(switch, "w", encoding="ascii") as handle:
        handle.write("N\n")
    conf = os.path.join(rig.folder(), "jamlog.conf")
    with open(conf, "w", encoding="utf-8") as handle:
        handle.write(f"[record]\nmode = {mode}\n[session]\nevery = 10s\n[probe]\ntargets = {rig.ROOT}/src/probe/targets.conf\n"
                     "[modem a]\ndevice = /dev/cdc-wdm0\ninterface = no-such-one\n")
    recorder = computer.record("-c", conf, "--no-gps")
    tap.ok(recorder.says("a: data session: up", 30), f"mode {mode}: a session comes up", recorder.log())
    tap.equal(raw_ip(), wanted, f"mode {mode}: raw_ip is {wanted}")
    recorder.stop()
    return recorder


check("session", "N")
check("probe", "Y")
tap.done()
