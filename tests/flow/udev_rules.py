#!/usr/bin/env python3
"""The rules and the unit of udev/, judged by udevadm and systemd-analyze: which devices they match, and what those get.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import plugs  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()
UDEV = os.path.join(rig.ROOT, "udev")
# udevadm test makes the links that the rules name.
SANDBOX = """mount -t tmpfs none /run
mkdir -p /run/udev/rules.d /run/dev
cp "$@" /run/udev/rules.d
touch /run/dev/null
mount --bind /dev/null /run/dev/null
mount --rbind /run/dev /dev"""


def judge(computer, path, *rules):
    """The properties that a device gets from rules, which udevadm reads from a /run of its own, with a /dev of its own to fill."""
    files = [os.path.join(UDEV, name) for name in rules]
    run = rig.run(["unshare", "-m", "sh", "-ec", f"path=$1; shift\n{SANDBOX}\nexec umockdev-wrapper udevadm test -a add /sys$path", "sh",
                   path, *files], env=computer.environment)
    return dict(line.split("=", 1) for line in run.stdout.splitlines() if re.match(r"[.A-Z_0-9]+=", line)), run.stderr


def test_rules():
    if os.geteuid() != 0 or rig.run(["unshare", "-m", "sh", "-c", "mount -t tmpfs none /run"]).returncode != 0:
        tap.skip("the rules", "not root, or no namespace of mounts to be had")
        return
    computer = plugs.Computer()
    modem = plugs.Modem(computer).insert(twin="wwan0qmi0", net="wwan0")
    node, net, twin = [path for path, *_ in modem.nodes]
    got, log = judge(computer, node, "60-jamlog.rules")
    tap.ok("60-jamlog.rules" in log and "nvalid" not in log, "udev reads the rules without complaint",
           "\n".join(line for line in log.splitlines() if "jamlog" in line))
    tap.equal(got.get("DEVLINKS", "").split(), ["/dev/jamlog/modem-pci-0000:00:14.0-usb-0:2:1.4"],
              "a control node gets a name that its socket gives it")
    tap.equal((got.get("TAGS"), got.get("SYSTEMD_WANTS")), (":systemd:", "jamlog-record.service"), "plugging it in starts the recording")
    tap.ok("ID_MM_DEVICE_IGNORE" not in got, "ModemManager keeps it, unless the other rules are made active")
    mbim = plugs.Modem(computer, socket="1-3", driver="cdc_mbim").insert("cdc-wdm1")
    got, _ = judge(computer, mbim.nodes[0][0], "60-jamlog.rules")
    tap.ok("usb-0:3:1.4" in got.get("DEVLINKS", ""), "an MBIM modem too", got)
    got, _ = judge(computer, twin, "60-jamlog.rules")
    tap.equal((got.get("DEVLINKS"), got.get("SYSTEMD_WANTS")), (None, "jamlog-record.service"), "its twin gets no second name")
    got, _ = judge(computer, net, "60-jamlog.rules")
    tap.ok("SYSTEMD_WANTS" not in got, "a network interface is none of ours", got)
    other = plugs.Modem(computer, socket="1-4", driver="huawei_cdc_ncm").insert("cdc-wdm2")
    got, _ = judge(computer, other.nodes[0][0], "60-jamlog.rules")
    tap.ok("SYSTEMD_WANTS" not in got, "nor is a cdc-wdm node that speaks AT", got)
    marks = [judge(computer, path, "61-jamlog-own.rules")[0].get("ID_MM_DEVICE_IGNORE") for path in (node, net, twin)]
    tap.equal(marks, ["1", "1", "1"], "the rules for owning take every port of a modem away from ModemManager")


def installed(out):
    return sorted(os.path.relpath(os.path.join(folder, name), out) for folder, _, names in os.walk(out) for name in names)


def test_unit_and_installation():
    out = rig.folder()
    variant = os.path.basename(rig.BUILD)
    make = ["make", "-C", rig.ROOT, f"VARIANT={variant}", f"DESTDIR={out}", "PREFIX=/usr/local", "-o", "all"]
    run = rig.run([*make, "install"])
    wanted = ["lib/udev/rules.d/60-jamlog.rules", "lib/systemd/system/jamlog-record.service", "lib/sysusers.d/jamlog.conf",
              "share/jamlog/61-jamlog-own.rules"]
    missing = [path for path in wanted if not os.path.exists(f"{out}/usr/local/{path}")]
    tap.ok(run.returncode == 0 and not missing, "make install puts rules, unit and user where udevd and systemd look", (missing, run.stderr))
    unit = f"{out}/usr/local/lib/systemd/system/jamlog-record.service"
    if shutil.which("systemd-analyze"):
        with open(unit, encoding="utf-8") as handle:
            text = handle.read()
        tap.ok("/usr/local/bin/jamlog record" in text, "the unit starts the program that was installed")
        copy = os.path.join(rig.folder(), "jamlog-record.service")
        with open(copy, "w", encoding="utf-8") as handle:
            handle.write(text.replace("/usr/local/bin", f"{out}/usr/local/bin"))
        check = rig.run(["systemd-analyze", "verify", "--man=no", copy])
        tap.equal((check.returncode, check.stderr), (0, ""), "systemd has nothing to say against the unit")
    rig.run([*make, "uninstall"])
    tap.equal(installed(out), [], "make uninstall leaves nothing behind")


test_rules()
test_unit_and_installation()
tap.done()
