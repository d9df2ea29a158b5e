#!/usr/bin/env python3
"""Data sessions of our own over QMI, QMI inside MBIM and MBIM: each attempt is written down with what came of it, the network's word and
the modem's apart; nothing is left up; a passive recorder asks for none; what others start is only watched. The recorder's
clock goes five times as fast as the simulated world's, with sanitized programs two and a half times.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

tap = rig.Tap()
SPEED = 5 if "release" in rig.BUILD else 2.5  # an answer of the modem that is late by this clock is a session's failure
WORLD_S = 28 * 5 / SPEED
ASAN = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
PROTOCOLS = {"q": "qmi", "i": "mbim-qmi", "m": "mbim"}
# name: (protocol of the simulated modem, its keys, keys of the configuration)
MODEMS = {**{name: (protocol, "", "") for name, protocol in PROTOCOLS.items()},
          "apn-q": ("qmi", "apns = internet", "apn = wrong"), "apn-m": ("mbim", "apns = internet", "apn = wrong"),
          "v4-q": ("qmi", "ip = ipv4", ""), "v4-m": ("mbim", "ip = ipv4", ""),
          "six": ("qmi", "ip = ipv4", "ip = ipv6"),
          "busy": ("qmi", "", ""), "watch": ("qmi", "", "session = observe")}
OF_US = {"qmi": "qmi", "mbim-qmi": "qmi-over-mbim", "mbim": "mbim"}


def world(seconds):
    """A moment of the story, in the simulated world's seconds."""
    return round(seconds * 5 / SPEED, 1)


def scenario():
    text = f"[world]\nduration = {WORLD_S:.0f}\nstart = now\nseed = 1\n[track]\npoints = 53.9000,27.5600,40\n"
    text += ("[cell c]\nplmn = 257-01\nlat = 53.9012\nlon = 27.5585\nearfcn = 1300\nband = 3\nbandwidth_mhz = 20\npci = 101\n"
             "tac = 4011\ncell_id = 0x1A2B301\nload = 0.2\n")
    for name, (protocol, keys, _) in MODEMS.items():
        text += f"[modem {name}]\nplmn = 257-01\nprotocol = {protocol}\nsession_delay = 0.1\n{keys}\n"
    text += "[happening refused]\nwhat = session-reject\nmodems = q, i, m\ncause = 33\n"
    text += f"at = {world(8)}\nuntil = {world(13)}\n"
    text += "[happening backoff]\nwhat = session-reject\nmodems = busy\ncause = 26\nbackoff = 30\n"
    text += f"at = {world(4)}\nuntil = {world(20)}\n"
    for i in range(8):  # one of them meets each session that is held for 0.8 s
        text += f"[happening end{i}]\nwhat = session-end\nmodems = q, i, m\ncause = 36\n"
        text += f"at = {world(18 + i * 0.6)}\nfor = 0.1\n"
    path = os.path.join(rig.folder(), "sessions.scenario")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def configuration(run, mode, hold):
    path = os.path.join(rig.folder(), "jamlog.conf")
    with open(path, "w", encoding="utf-8") as conf:
        conf.write(f"[record]\nmode = {mode}\n[session]\nevery = 10s\nhold = {hold}\n")
        for name, (protocol, _, keys) in MODEMS.items():
            conf.write(f"[modem {name}]\ndevice = {run}/modem-{name}\nprotocol = {OF_US[protocol]}\n{keys}\n")
    return path


def begin():
    """The simulated world, its run folder, and the file in which its lines appear."""
    out = rig.folder()
    run, truth = os.path.join(out, "run"), os.path.join(out, "truth")
    sim = rig.start([rig.SIM, scenario(), "--run-dir", run, "--truth", truth], stdout=subprocess.PIPE, text=True)
    for line in sim.stdout:
        if line.strip() == "ready":
            return sim, run, truth
    raise RuntimeError("jamlog-sim does not start")


def record(run, mode, hold="4s"):
    return field.Recorder("-c", configuration(run, mode, hold), "--no-gps", prefix=["faketime", "-f", f"+0 x{SPEED}"],
                          environment={"ASAN_OPTIONS": ASAN})


def with_calls(truth, names):
    """Which of these modems have a session that a host started, in the last whole second of the world."""
    lines = [line for line in rig.json_lines(truth) if line["kind"] == "modem"][-len(MODEMS):]
    return {line["modem"] for line in lines if line["modem"] in names and (line["call_ipv4"] or line["call_ipv6"])}


def play(mode, seconds=WORLD_S - 3):
    """Store, log and the simulated world's own lines."""
    sim, run, truth = begin()
    recorder = record(run, mode)
    time.sleep(seconds)
    code, _ = recorder.stop()
    time.sleep(1.2)  # the world writes a line a second
    sim.terminate()
    sim.wait()
    tap.equal(code, 0, f"{mode}: the run ends in order")
    return recorder.store(), recorder.log(), rig.json_lines(truth)


def sessions(db, name):
    return [dict(row) for row in db.execute("SELECT t.* FROM session t JOIN source s ON s.id = t.source WHERE s.name = ? ORDER BY t.id",
                                            (name,))]


def told(rows, outcome):
    return [row for row in rows if row["outcome"] == outcome]


def check_protocol(db, name, protocol):
    rows = sessions(db, name)
    connected, failed, ended = (told(rows, outcome) for outcome in ("connected", "failed", "ended"))
    tap.ok(len(connected) >= 2 and all((r["origin"], r["family"], r["asked_family"]) == ("own", "dual", "dual") for r in connected),
           f"{protocol}: sessions come up with both families", rows)
    tap.equal({(r["ipv4_scope"], r["ipv6_scope"], r["resolvers"], r["mtu"]) for r in connected}, {("private", "public", 2, 1430)},
              f"{protocol}: scopes of the addresses, resolvers and MTU are those that the network gave")
    tap.equal({(r["ended_by"], r["cause_type"], r["cause"]) for r in failed}, {("network", "3gpp", 33)},
              f"{protocol}: a refusal has the network's ESM cause")
    by_us = [r for r in ended if r["ended_by"] == "us"]
    by_network = [r for r in ended if r["ended_by"] == "network"]
    tap.ok(by_network and {(r["cause_type"], r["cause"]) for r in by_network} == {("3gpp", 36)},
           f"{protocol}: a session that the network ends has its cause", ended)
    tap.ok(by_us and all(4000 <= r["duration_ms"] < 7500 and r["cause"] is None for r in by_us[:-1]),
           f"{protocol}: one that we end was held as long as configured", by_us)
    numbers = [r["attempt"] for r in rows if r["outcome"] != "ended"]
    tap.equal(numbers, list(range(1, len(numbers) + 1)), f"{protocol}: attempts are counted without gaps")
    tap.equal([r["attempt"] for r in ended], [r["attempt"] for r in connected], f"{protocol}: each session that came up has its end")


def check_refusals(db):
    for name, families in (("v4-q", "QMI"), ("v4-m", "MBIM")):
        rows = told(sessions(db, name), "connected")
        tap.ok(rows and {(r["asked_family"], r["family"], r["ipv6_scope"]) for r in rows} == {("dual", "ipv4", None)},
               f"{families}: a subscription with IPv4 alone gives IPv4", rows)
    tap.equal({r["cause"] for r in told(sessions(db, "v4-q"), "connected")}, {50}, "QMI: and the cause for which IPv6 was refused is kept")
    for name, cause in (("apn-q", 27), ("apn-m", 27), ("six", 50)):
        rows = sessions(db, name)
        tap.ok(len(rows) >= 3 and {(r["outcome"], r["cause_type"], r["cause"]) for r in rows} == {("failed", "3gpp", cause)},
               f"{name}: refused with ESM cause {cause}", rows)
        times = [r["boottime_ms"] for r in rows]
        waits = [b - a for a, b in zip(times, times[1:])]
        tap.ok(len(waits) >= 2 and waits[-1] > 19000, f"{name}: attempts are spaced further apart as they fail", waits)


def check_backoff(db):
    rows = sessions(db, "busy")
    failed = told(rows, "failed")
    by_modem = [r for r in failed if r["ended_by"] == "modem"]
    tap.ok(failed and failed[0]["cause"] == 26 and failed[0]["ended_by"] == "network" and 25000 < failed[0]["backoff_ms"] <= 30000,
           "back-off: the network's refusal, and how long the modem will refuse by itself", failed)
    waits = [(b["boottime_ms"] - a["boottime_ms"], a["backoff_ms"] or 0) for a, b in zip(failed, failed[1:])]
    tap.ok(all(wait >= backoff for wait, backoff in waits), "back-off: no attempt within the time that the modem told", waits)
    tap.ok(all(r["cause_type"] == "internal" for r in by_modem), "back-off: what the modem says by itself is not the network's word",
           by_modem)


def check_session_mode():
    db, log, truth = play("session")
    for name, protocol in PROTOCOLS.items():
        check_protocol(db, name, protocol)
    check_refusals(db)
    check_backoff(db)
    rows = sessions(db, "watch")
    tap.ok(rows and {r["origin"] for r in rows} == {"observed"} and rows[0]["outcome"] == "connected",
           "a modem that is only watched: the session that is there, and none of ours", rows)
    tap.ok("q: data session: works" in log and "q: NO DATA SESSION: the network refuses, 3gpp cause 33" in log and
           "q: data session: ENDED by the network, 3gpp cause 36" in log, "the person is told, in words", log)
    tap.equal(log.count("apn-q: NO DATA SESSION"), 1, "a failure that stays the same is told once")
    tap.equal(db.execute("SELECT count(*) FROM probe").fetchone()[0], 0, "no target is probed")
    calls = [line["modem"] for line in truth if line["kind"] == "modem" and (line["call_ipv4"] or line["call_ipv6"])]
    last = [line for line in truth if line["kind"] == "modem"][-len(MODEMS):]
    up = [line["modem"] for line in last if line["call_ipv4"] or line["call_ipv6"]]
    tap.ok({"q", "i", "m"} <= set(calls) and not up, "the world saw the sessions, and none is left up at the end", (calls, up))


def check_passive_mode():
    db, log, truth = play("passive", 8)
    tap.ok({r[0] for r in db.execute("SELECT DISTINCT origin FROM session")} <= {"observed"} and "attempt" not in log,
           "passive: no attempt is written down")
    calls = [line["call_ipv4"] or line["call_ipv6"] for line in truth if line["kind"] == "modem"]
    tap.ok(len(calls) > 50 and not any(calls), "passive: no modem was ever asked for a session", calls)


def check_killed():
    """A recorder that is killed leaves its sessions up in the modem; the next one that takes the port ends them, whatever its mode."""
    sim, run, truth = begin()
    recorder = record(run, "session", "10m")
    up = rig.wait_for(lambda: with_calls(truth, "qim") == set("qim"), 15, "sessions over each protocol")
    os.kill(recorder.pid(), signal.SIGKILL)
    recorder.process.wait()
    time.sleep(1.1)
    tap.ok(up and with_calls(truth, "qim") == set("qim"), "killed: the sessions stay up in the modems", with_calls(truth, "qim"))
    recorder = record(run, "passive")
    tap.ok(rig.wait_for(lambda: not with_calls(truth, "qim"), 10, "no session"), "killed: the next start ends what was left",
           with_calls(truth, "qim"))
    recorder.stop()
    sim.terminate()
    sim.wait()


def check_low_signal():
    """Below the configured signal nothing is tried, and that is written down; above it, it is."""
    modem = field.Modem("a")  # RSRP -93 dBm
    conf = os.path.join(rig.folder(), "jamlog.conf")
    with open(conf, "w", encoding="utf-8") as handle:
        handle.write(f"[session]\nevery = 10s\nhold = 1s\nmin-rsrp = -90\n[modem a]\ndevice = {modem.node}\n")
    recorder = field.Recorder("-c", conf, "--no-gps", prefix=["faketime", "-f", f"+0 x{SPEED}"], environment={"ASAN_OPTIONS": ASAN})
    recorder.says("in service")
    time.sleep(5)
    modem.tell(field.SERVED.replace("rsrp_dbm=-93", "rsrp_dbm=-85"))
    tap.ok(recorder.says("a: data session", 10), "with the signal back a session is tried", recorder.log())
    recorder.stop()
    db = recorder.store()
    paused, resumed = (field.events(db, code, "a") for code in ("probe-paused", "probe-resumed"))
    first = db.execute("SELECT min(boottime_ms) FROM session").fetchone()[0]
    tap.ok("low signal" in [row["text"] for row in paused] and resumed and first > resumed[-1]["boottime_ms"],
           "below the limit none was, and that is written down", [dict(row) for row in (*paused, *resumed)])


check_session_mode()
check_passive_mode()
check_killed()
check_low_signal()
tap.done()
