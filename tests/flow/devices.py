#!/usr/bin/env python3
"""jamlog devices over sockets with modems and receivers in them: what it tells, and whom it leaves alone.

SPDX-License-Identifier: GPL-3.0-or-later"""
import json
import os
import pty
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import plugs  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()


def listed(computer, *options, **more):
    run = computer.run("devices", "--json", "--gpsd-port", "1", *options, **more)
    return json.loads(run.stdout), run


def test_nothing():
    run = plugs.Computer().run("devices", "--gpsd-port", "1")
    tap.ok(run.returncode == 3 and "plugged in" in run.stderr, "nothing plugged in: exit code 3 and a hint", run)


def test_survey():
    computer = plugs.Computer()
    qmi = plugs.Modem(computer, "1-2").insert("cdc-wdm0", twin="wwan0qmi0")
    mbim = plugs.Modem(computer, "1-3", vendor="1199", product="9071", name="EM7455\t", driver="cdc_mbim", interface=12).insert("cdc-wdm1")
    plugs.Modem(computer, "1-4", driver="huawei_cdc_ncm").insert("cdc-wdm2")
    computer.load(plugs.usb_device("1-5", "1546", "01a7", "u-blox 7") +
                  plugs.device(f"{plugs.PCI}/usb1/1-5/1-5:1.0/tty/ttyACM0", SUBSYSTEM="tty", DEVNAME="/dev/ttyACM0"))
    computer.load(plugs.usb_device("1-6", "0403", "6001", "Serial adapter") +
                  plugs.device(f"{plugs.PCI}/usb1/1-6/1-6:1.0/tty/ttyUSB0", SUBSYSTEM="tty", DEVNAME="/dev/ttyUSB0"))
    found, run = listed(computer)
    modems = {m["node"]: m for m in found["modems"]}
    tap.equal((run.returncode, sorted(modems)), (0, ["/dev/cdc-wdm0", "/dev/cdc-wdm1", "/dev/wwan0qmi0"]), "every control node is listed, no other")
    tap.equal([(m["driver"], m["protocol"], m["spare"]) for m in (modems["/dev/cdc-wdm0"], modems["/dev/wwan0qmi0"], modems["/dev/cdc-wdm1"])],
              [("qmi_wwan", "qmi", False), ("qmi_wwan", "qmi", True), ("cdc_mbim", "mbim", False)], "driver, protocol, and the twin as such")
    m = modems["/dev/cdc-wdm0"]
    tap.equal((m["model"], m["firmware"], m["sim_state"], m["answered"]), ("JAMLOG-SIM LTE", "SIM01A02", "ready", True),
              "model, firmware and SIM come from the modem itself")
    tap.equal([qmi.clients(), mbim.clients()], [0, 0], "and asking leaves no client id behind")
    m = modems["/dev/cdc-wdm1"]
    tap.equal((m["physical_device"], m["interface"], m["vendor_id"], m["product_id"], m["product"]),
              (f"/sys{mbim.path}", 12, "1199", "9071", "EM7455"), "the physical device, and what it calls itself")
    tap.equal([(r["node"], r["product"], r["in_gpsd"]) for r in found["receivers"]], [("/dev/ttyACM0", "u-blox 7", False)],
              "a receiver is told from a serial adapter")
    table = computer.run("devices", "--gpsd-port", "1").stdout
    tap.ok("JAMLOG-SIM LTE" in table and "ttyACM0" in table and "gpsdctl add" in table, "the table shows them", table)
    found, _ = listed(computer, "--no-ask")
    tap.equal({(m["answered"], m.get("model")) for m in found["modems"]}, {(False, None)}, "--no-ask leaves modems alone")


def test_gpsd():
    master, slave = pty.openpty()
    port = rig.free_port()
    rig.start(["gpsd", "-N", "-n", "-S", str(port), os.ttyname(slave)], stderr=subprocess.DEVNULL)
    rig.wait_for(lambda: rig.listens(port), 5, "gpsd")
    computer, found = plugs.Computer(), []

    def ask():  # a gpsd that tries a receiver's speeds keeps its clients waiting
        found[:] = json.loads(computer.run("devices", "--json", "--gpsd-port", str(port)).stdout)["receivers"]
        return found
    rig.wait_for(ask, 15, "gpsd's receiver")
    tap.equal([(r["node"], r["in_gpsd"]) for r in found], [(os.ttyname(slave), True)], "what gpsd has is listed")
    os.close(master)


def test_held():
    computer = plugs.Computer()
    modem = plugs.Modem(computer).insert()
    recorder = computer.record("--modem", "a=/dev/cdc-wdm0", "--no-gps")
    recorder.says("in service")
    clients = modem.clients()
    m = listed(computer)[0]["modems"][0]
    tap.equal((m["held_by"], m["locked_by_jamlog"], m["answered"]), ([{"name": "jamlog", "pid": recorder.pid()}], True, False),
              "who has a modem is told, by name and process, and it is not asked")
    tap.ok("jamlog (process" in m["not_asked"] and modem.clients() == clients, "why it is not asked is told", m)
    recorder.stop()
    holder = rig.start([*plugs.unprivileged(), "sleep", "60"], stdin=os.open(modem.pty, os.O_RDWR | os.O_NOCTTY))
    rig.wait_for(lambda: open(f"/proc/{holder.pid}/comm", encoding="ascii").read() == "sleep\n", 5, "sleep")
    m = listed(computer)[0]["modems"][0]
    tap.equal((m["held_by"], m["locked_by_jamlog"]), ([{"name": "sleep", "pid": holder.pid}], False), "a program that knows of no lock is found too")


def test_no_modem():
    """A node whose driver promises QMI, and which says nothing."""
    computer = plugs.Computer()
    modem = plugs.Modem(computer).insert()
    modem.hang()
    begun = time.monotonic()
    m = listed(computer)[0]["modems"][0]
    took = time.monotonic() - begun
    modem.hang(False)
    tap.ok(not m["answered"] and m["no_answer"] and took < 13, "a node that does not answer is given up, and told", (m, took))


def test_permission():
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        tap.skip("permission denied", "not root")
        return
    computer = plugs.Computer()
    for path in (computer.root, computer.node("")):
        os.chmod(path, 0o755)
    modem = plugs.Modem(computer)
    modem.switch_on()
    os.chmod(modem.pty, 0o660)
    modem.insert()

    def cure(group):
        os.chown(modem.pty, 0, group)
        run = rig.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", plugs.WRAPPER, rig.JAMLOG, "devices", "--json",
                       "--gpsd-port", "1"], env={**computer.environment, "HOME": "/nonexistent"})
        return json.loads(run.stdout)["modems"][0] if run.stdout else {}
    found = cure(0)
    if not found:
        tap.skip("permission denied", "the build folder is not open to others")
        return
    tap.equal((found["may_open"], found["cure"], found["answered"]), (False, "sudo chown nobody /dev/cdc-wdm0", False),
              "a node of root's group: the command that gives it to us")
    tap.equal(cure(20)["cure"], "sudo usermod -aG dialout nobody && newgrp dialout", "a node of another group: the command that lets us in")
    tap.ok(found["holders_complete"] is False, "what others have open may not be shown to us, which is told")


test_nothing()
test_survey()
test_gpsd()
test_held()
test_no_modem()
test_permission()
tap.done()
