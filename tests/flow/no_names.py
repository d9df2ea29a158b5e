#!/usr/bin/env python3
"""Nothing in a journal tells who carries the device: no path, no user, no host name, no number of the modem or its card.

SPDX-License-Identifier: GPL-3.0-or-later"""
import getpass
import glob
import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

tap = rig.Tap()
out = rig.folder()
scenario = os.path.join(out, "home-of-somebody.scenario")
with open(os.path.join(rig.SCENARIOS, "drive-outage.scenario"), encoding="utf-8") as handle:
    text = handle.read()
with open(scenario, "w", encoding="utf-8") as handle:
    handle.write(text.replace("[modem a]", "[modem a]\nimei = 359872041234567\nimsi = 257011234567890\niccid = 8937501012345678901"))
# The modem's node is gone at first, gpsd is away, and the folder has a telling name: what is said of that stays on the terminal.
code = rig.play(scenario, out, ["a"], speed=20)
absent = rig.run([rig.JAMLOG, "record", "--modem", f"gone={out}/modem-of-{getpass.getuser()}", "--gps", "localhost:1", "-d", f"{out}/journal",
                  "--state", f"{out}/state", "-t", "2"])
tap.ok(code == 0 and out in absent.stderr, "the terminal is told about paths", absent.stderr)
files = glob.glob(f"{out}/journal/*.jlj")
tap.equal(len(files), 2, "there are two journals")
journal = b"".join(open(f, "rb").read() for f in files)
rig.run([rig.JAMLOG, "sync", f"{out}/journal", "--db", f"{out}/store.gpkg"])
store = open(f"{out}/store.gpkg", "rb").read()
for word, what in (("359872041234567", "IMEI"), ("257011234567890", "IMSI"), ("8937501012345678901", "ICCID"), (out, "folder"),
                   (socket.gethostname(), "host name")):
    if len(word) > 3:
        tap.ok(word.encode() not in journal and word.encode() not in store, f"the {what} is neither in the journal nor in the store")
users = re.findall(rb"modem-of-|chown|/dev/", journal + store)
tap.equal(users, [], "no path, no remedy with a user's name")
tap.done()
