#!/usr/bin/env python3
"""The real ModemManager beside jamlog, on a system bus of the test's own: it is told to leave a modem, has it back however that
ends, and is not disturbed by a recording that was not told to.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import plugs  # noqa: E402
import rig  # noqa: E402

os.environ["PATH"] += ":/usr/sbin"
tap = rig.Tap()


class Inhibitor:
    """tests/helper/inhibit_node: the module that the modem source uses, alone."""

    def __init__(self, computer, node="/dev/cdc-wdm0"):
        self.process = rig.start([plugs.WRAPPER, os.path.join(rig.BUILD, "tests/helper/inhibit_node"), node], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True, env=computer.environment)
        self.answer = self.process.stdout.readline().strip()

    def end(self):
        self.process.stdin.close()
        self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()


def test_without_manager():
    computer = plugs.Computer()
    plugs.Modem(computer).insert()
    inhibitor = Inhibitor(computer)
    tap.equal(inhibitor.answer, "needless", "without a system bus there is nobody to ask")
    inhibitor.end()
    plugs.SystemBus(computer)
    inhibitor = Inhibitor(computer)
    tap.equal(inhibitor.answer, "needless", "nor without ModemManager, which is not started for that")
    inhibitor.end()


def test_manager():
    if os.geteuid() != 0 or not shutil.which("ModemManager") or rig.run(["unshare", "-n", "true"]).returncode != 0:
        tap.skip("ModemManager", "not root, not installed, or no namespaces to be had")
        return
    computer = plugs.Computer()
    bus = plugs.SystemBus(computer)
    bus.start_polkit()
    # Not a Quectel: on their modems ModemManager 1.20 looks for a port that a simulated one has not, and ends.
    modem = plugs.Modem(computer, vendor="05c6", product="9025").insert(net="wwan0")
    tap.ok(bus.start_manager() and rig.wait_for(lambda: bus.manages(modem), 20, "the modem"), "ModemManager takes the simulated modem")
    table = computer.run("devices", "--json", "--gpsd-port", "1").stdout
    tap.ok("manages it" in table and "ModemManager works with it" in table, "devices says so, and leaves it alone", table)
    recorder = computer.record("--no-gps", "-i", "0.5", prefix=["unshare", "-n"])
    tap.ok(recorder.says("shared with it through a proxy"), "record, as root, shares it", recorder.log())
    recorder.stop()
    rig.wait_for(lambda: bus.manages(modem), 20, "the modem")
    recorder = computer.record("--no-gps", "-i", "0.5", "--inhibit")
    tap.ok(recorder.says("in service") and not bus.manages(modem), "record --inhibit has it alone", recorder.log())
    modem.pull_out(power_off=False)
    recorder.says("unplugged", 5)
    modem.insert("cdc-wdm1", net="wwan0")
    begun = time.monotonic()
    tap.ok(recorder.says("answers again", 10) and not bus.manages(modem), "and has it at once when it is plugged in again, under another node",
           f"{time.monotonic() - begun:.1f} s\n{recorder.log()}")
    recorder.stop()
    tap.ok(rig.wait_for(lambda: bus.manages(modem), 20, "the modem"), "and ModemManager has it back after that")
    modem.pull_out(power_off=False)
    modem.insert("cdc-wdm0", net="wwan0")
    rig.wait_for(lambda: bus.manages(modem), 20, "the modem")
    inhibitor = Inhibitor(computer)
    tap.equal(inhibitor.answer, "held", "it leaves the modem when it is told to")
    tap.ok("already inhibited" in bus.inhibit(modem) and not bus.manages(modem), "and keeps away")
    modem.pull_out(power_off=False)
    modem.insert("cdc-wdm1", net="wwan0")
    tap.ok(not rig.wait_for(lambda: bus.manages(modem), 6, "what must not come"), "also when the modem comes back under another node")
    inhibitor.end()
    tap.ok(rig.wait_for(lambda: bus.manages(modem), 20, "the modem"), "it has the modem back after an end in order")
    inhibitor = Inhibitor(computer, "/dev/cdc-wdm1")
    inhibitor.kill()
    tap.ok(inhibitor.answer == "held" and rig.wait_for(lambda: bus.manages(modem), 20, "the modem"), "and after kill -9")
    inhibitor = Inhibitor(computer, "/dev/cdc-wdm1")
    bus.stop_manager()
    bus.start_manager()
    # It gets to know the modem first, shows it for a moment, and lets go. Asking it to meanwhile would start that anew.
    tap.ok(not rig.wait_for(lambda: bus.manages(modem) and (time.sleep(1.5) or bus.manages(modem)), 9, "what must not come") and
           "already inhibited" in bus.inhibit(modem),
           "a ModemManager that is restarted is told again", bus.inhibit(modem))
    inhibitor.end()
    bus.polkit.kill()
    bus.start_polkit("no")
    inhibitor = Inhibitor(computer, "/dev/cdc-wdm1")
    tap.ok(inhibitor.answer.startswith("refused: ") and len(inhibitor.answer) > 12, "a refusal is told with its reason", inhibitor.answer)


test_without_manager()
test_manager()
tap.done()
