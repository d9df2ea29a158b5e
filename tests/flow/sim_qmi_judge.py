#!/usr/bin/env python3
"""qmicli judges the simulated modem: what it prints must be what the world meant.

Expected values are in tests/helper/sim_qmi_meaning.py. Everything runs twice: straight on the pty, and with -p through
a real qmi-proxy. With an argument (the name of a preset) it only shows what qmicli prints for that preset.
SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from rig import wait_for  # noqa: E402
from sim_qmi_client import BUILD, Client, Host, NAS, Tap, frame  # noqa: E402
from sim_qmi_meaning import COMMANDS, FIXED, PRESETS, TLV_MISSING, expect_signal_info  # noqa: E402

# ---- running qmicli and reading what it prints


def qmicli(host, how, *options):
    return subprocess.run(["qmicli", "-d", host.path] + how + list(options), capture_output=True, text=True, timeout=30)


def read_output(text):
    """Indented lines "Key: 'value' unit" as {"Outer/Key": "value unit"}."""
    found, path, base = {}, [], None
    for line in text.splitlines():
        line = re.sub(r"^\[/dev/[^]]*\] ", "", line.rstrip())
        if not line or line.startswith("Success") or line.endswith((" retrieved:", "Supported versions:")):
            continue
        depth = len(line) - len(line.lstrip("\t"))
        if base is None:
            base = depth
        key, value = re.fullmatch(r"\s*((?:\[\d+\]|Network '[^']*'|[^:]*?)):?\s*?(?:(?<=:)\s*(.*))?", line).groups()
        key, value = key.replace("'", ""), (value or "").replace("'", "")
        path = path[:max(depth - base, 0)] + [key]
        full = "/".join(path)
        value = re.sub(r"(\d) \(E-UTRA.*\)$", r"\1", re.sub(r"\s+", " ", value)).strip()
        again = full.startswith("Band Information") and full in found  # its rows have no numbers
        found[full] = found[full] + "; " + value if again else value
    headings = {"/".join(k.split("/")[:n]) for k in found for n in range(1, k.count("/") + 1)}
    return {k: v for k, v in found.items() if not (v == "" and k in headings and not k.endswith("Application ID"))}


def name_like_new(found):
    """qmicli 1.32 has no word for the domain "camped" (4) nor for the bandwidths of 2G and 3G."""
    found = {k: "camped" if k.endswith(("/Domain", "status/Capability")) and v == "unknown" else v for k, v in found.items()}
    return {k: v for k, v in found.items() if k != "Bandwidth/Bandwidth" or v not in ("(null)", "gsm-02", "wcdma-5")}


def ask(host, how, command):
    run = qmicli(host, how, command)
    error = re.search(r"QMI protocol error \(\d+\): '(\w+)'", run.stderr)
    if run.returncode != 0 and "Couldn't get the mandatory" in run.stderr:
        return TLV_MISSING
    if run.returncode != 0:
        return error.group(1) if error else "exit %d: %s" % (run.returncode, run.stderr.strip()[-200:])
    return name_like_new(read_output(run.stdout))


def apply(host, name):
    preset = PRESETS[name]
    if "before" in preset:
        host.apply(PRESETS[preset["before"]])
    host.apply(preset)


# ---- the tests

DIRECT, PROXIED = ["--device-open-qmi"], ["--device-open-qmi", "-p"]


def test_values(tap, label, how):
    with Host() as host:
        for name, preset in PRESETS.items():
            apply(host, name)
            for command, expect in COMMANDS.items():
                found, expected = ask(host, how, command), expect(preset)
                if "WCDMA/RSCP" in expected and "WCDMA/RSCP" not in found:
                    del expected["WCDMA/RSCP"]  # qmicli shows it from 1.34 on
                tap.equal("%s %s prints what was meant (%s)" % (name, command, label), found, expected)
        apply(host, "registered-lte")
        for command, expected in FIXED.items():
            tap.equal("%s prints what was meant (%s)" % (command, label), ask(host, how, command), expected)
        stats = host.stats()
        tap.equal("no client id leaks after ordinary use (%s)" % label, stats["clients"], 0)
        tap.equal("qmicli sends nothing that is taken for garbage (%s)" % label, stats["garbage"], 0)


def test_crowd(tap):
    """Clients at the same time, through the proxy: each gets its own answer.

    One comes first and stays: when several make qmi-proxy open the same port at once, it opens it twice for a moment and the
    answers read by the copy that it throws away are lost (libqmi, qmi-proxy.c, device_open_ready); and it closes the port
    when the last client goes (device_close_if_unused).
    """
    with Host() as host:
        apply(host, "registered-lte")
        first = subprocess.Popen(["qmicli", "-d", host.path] + PROXIED + ["--uim-monitor-slot-status"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        wait_for(lambda: host.stats()["clients"] == 1, 30, "the first client's id")
        wanted = [c for c in COMMANDS if c.startswith("--nas")][:6]
        runs = {c: subprocess.Popen(["qmicli", "-d", host.path] + PROXIED + [c], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    text=True) for c in wanted}
        outputs = {}
        for c, run in runs.items():
            stdout, stderr = run.communicate(timeout=60)
            outputs[c] = read_output(stdout) if run.returncode == 0 else stderr
        tap.equal("six clients at once each get their answer", outputs,
                  {c: COMMANDS[c](PRESETS["registered-lte"]) for c in wanted})
        first.terminate()
        first.wait()
        tap.equal("six clients at once leave no client id behind", host.stats()["clients"], 0)


def test_leaks(tap):
    with Host() as host:
        apply(host, "registered-lte")
        for _ in range(10):
            qmicli(host, DIRECT, "--client-no-release-cid", "--nas-noop")
        tap.equal("clients that go without releasing leave their ids allocated", host.stats()["clients"], 10)
        tap.equal("the NAS service runs out of client ids after ten", ask(host, DIRECT, "--nas-get-signal-info"),
                  "ClientIdsExhausted")
        tap.equal("another service still has client ids", ask(host, DIRECT, "--dms-get-model"), FIXED["--dms-get-model"])
        run = qmicli(host, DIRECT, "--device-open-sync", "--nas-get-signal-info")
        tap.equal("a synchronising client frees what was leaked", read_output(run.stdout),
                  expect_signal_info(PRESETS["registered-lte"]))
        tap.equal("nothing stays allocated after the synchronisation", host.stats()["clients"], 0)
        run = qmicli(host, DIRECT, "--client-cid=77", "--client-no-release-cid", "--nas-get-signal-info")
        tap.check("a client id that is not allocated is refused", "InvalidClientId" in run.stderr, run.stderr)


def test_garbage(tap):
    noise = random.Random(2020)
    request = frame(NAS, 1, 1, 0x004F, {0x10: b"\x01\x00"})
    floods = {
        "random bytes": noise.randbytes(20000),
        "a flood of frame markers": b"\x01" * 9000,
        "text": b"AT+CGMI\r" * 100,
        "a frame longer than any buffer": b"\x01\xff\xff\x00\x03\x01" + b"\x00" * 9000,
        "TLVs that run over the end": request[:-5] + b"\x10\xff\xff\x01\x00",
        "lengths that disagree": request[:1] + b"\x00" + request[2:],
        "half a frame from a client that died": request[:-3],
        "a response, as if the host were the modem": b"\x01\x0c\x00\x80\x03\x01\x02\x01\x00\x4f\x00\x00\x00",
    }
    for name, flood in floods.items():
        with Host() as host:
            apply(host, "registered-lte")
            with Client(host.path) as client:
                client.write(flood)
            tap.equal("the modem answers after " + name, ask(host, DIRECT, "--nas-get-signal-info"),
                      expect_signal_info(PRESETS["registered-lte"]))


def test_proxy(tap, why_not):
    proxy = next((p for p in ("/usr/libexec/qmi-proxy", "/usr/lib/qmi-proxy") if os.path.exists(p)), None)
    if why_not or not proxy:
        tap.skip("through qmi-proxy", why_not or "qmi-proxy is not installed")
        return
    process = subprocess.Popen([proxy, "--no-exit"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while "@qmi-proxy" not in open("/proc/net/unix").read() and time.monotonic() < deadline:
            time.sleep(0.02)
        test_values(tap, "proxy", PROXIED)
        test_crowd(tap)
    finally:
        process.terminate()
        process.wait()


def own_network():
    """Abstract sockets belong to a network namespace: in one of our own, the proxy is ours alone. Returns why not, or None."""
    if os.environ.get("SIM_QMI_OWN_NETWORK"):
        return None
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    if not shutil.which("unshare") or subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        return "no network namespace of our own to be had"
    os.environ["SIM_QMI_OWN_NETWORK"] = "1"
    os.execvp("unshare", unshare + [sys.executable] + sys.argv)


def show(name):
    with Host() as host:
        apply(host, name)
        for command in COMMANDS:
            run = qmicli(host, DIRECT, command)
            print("$ qmicli", command)
            print(run.stdout + "".join(line for line in run.stderr.splitlines(True) if line.startswith("error")))
    return 0


def main():
    if len(sys.argv) > 1:
        return show(sys.argv[1])
    if not shutil.which("qmicli") or not os.path.exists(os.path.join(BUILD, "tests/helper/sim_modem_host")):
        print("1..0 # SKIP needs qmicli, and sim_modem_host in " + BUILD)
        return 0
    why_not = own_network()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the proxy and the host go with us
    tap = Tap()
    test_values(tap, "direct", DIRECT)
    test_leaks(tap)
    test_garbage(tap)
    test_proxy(tap, why_not)
    return tap.done()


sys.exit(main())
