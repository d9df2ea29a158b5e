#!/usr/bin/env python3
"""A modem that re-enumerates again and again, and a proxy that is killed again and again: the recording resumes each time, and
nothing grows. CYCLES (default 20) of each.

SPDX-License-Identifier: GPL-3.0-or-later"""
import ctypes
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()
CYCLES = int(os.environ.get("CYCLES", "20"))
# The first cycles fill GLib's and the libraries' own caches.
WARM = min(CYCLES // 2, 50)


def cycles(recorder, modem, disturb, limit, what, kept=0):
    """Seconds to each resumption; descriptors and memory after the warm-up and at the end."""
    took, before = [], None
    for n in range(CYCLES):
        if n == WARM:
            before = (recorder.descriptors(), recorder.resident_kib())
        begun = time.monotonic()
        disturb()
        if not recorder.says(" a: answers again", limit + 5, times=n + 1):
            break
        took.append(time.monotonic() - begun)
    after = (recorder.descriptors(), recorder.resident_kib())
    tap.ok(len(took) == CYCLES and max(took) <= limit, f"{what}, {CYCLES} times: resumes within {limit} s each time",
           f"{len(took)} of {CYCLES}, slowest {max(took, default=0):.1f} s")
    tap.ok(before and after[0] <= before[0], f"{what}: no descriptor is left behind", f"{before} {after}")
    grown = after[1] - before[1] if before else 0
    # (the sanitizer keeps what was freed for a while, and finds leaks by itself)
    tap.ok(grown <= 256 or "asan" in rig.BUILD, f"{what}: memory does not grow", f"{before} {after} KiB")
    print(f"# {what}: slowest {max(took, default=0):.2f} s, median {sorted(took)[len(took) // 2]:.2f} s; descriptors {before[0]} -> {after[0]}; "
          f"private memory {before[1]} -> {after[1]} KiB")
    code, _ = recorder.stop()
    clients = modem.clients()
    tap.ok(code == 0 and clients <= kept, f"{what}: the end is in order, and nothing of ours is left in the modem", (code, clients))


def test_replug():
    modem = field.Modem("a")
    recorder = field.Recorder("--modem", f"a={modem.node}", "--no-gps", "-i", "0.3")
    recorder.says("in service")
    cycles(recorder, modem, modem.replug, 10, "re-enumeration")
    db = recorder.store()
    tap.equal(db.execute("SELECT count(DISTINCT device_digest) FROM device").fetchone()[0], 1,
              "under whatever node, it is the same modem by its salted digest")
    tap.equal(len(field.events(db, "source-back", "a")), CYCLES, "each return is in the journal")


def proxy_of(program):
    """The process in our network namespace, or None."""
    ours = os.readlink(f"/proc/{os.getpid()}/ns/net")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii") as comm:
                if comm.read().strip() == program and os.readlink(f"/proc/{pid}/ns/net") == ours:
                    return int(pid)
        except OSError:
            continue
    return None


def kill(program):
    pid = proxy_of(program)
    if pid:
        os.kill(pid, signal.SIGKILL)


def configure(modem):
    path = os.path.join(rig.folder(), "jamlog.conf")
    with open(path, "w", encoding="utf-8") as conf:
        conf.write(f"[modem a]\ndevice = {modem.node}\nprotocol = {modem.protocol}\n")
    return path


def test_proxy(protocol, program):
    modem = field.Modem("a", protocol=protocol)
    recorder = field.Recorder("-c", configure(modem), "--no-gps", "-i", "0.3", "--proxy")
    recorder.says("in service")
    tap.ok(proxy_of(program), f"--proxy goes through {program}", recorder.log())
    # mbim-proxy keeps the modem open for whoever comes next.
    cycles(recorder, modem, lambda: kill(program), 5, f"{program} killed", kept=1 if program == "mbim-proxy" else 0)
    kill(program)


test_replug()
# The proxies' sockets belong to a network namespace: one of our own leaves those of others alone.
CLONE_NEWNET = 0x40000000
outside = os.readlink("/proc/self/ns/net")
ctypes.CDLL(None).unshare(CLONE_NEWNET)
alone = os.geteuid() == 0 and os.readlink("/proc/self/ns/net") != outside
if alone:
    test_proxy("qmi", "qmi-proxy")
    test_proxy("mbim", "mbim-proxy")
else:
    tap.skip("proxies", "a network namespace of our own takes root")
tap.done()
