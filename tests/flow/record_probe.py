#!/usr/bin/env python3
"""jamlog record --mode probe on simulated modems, one for each thing that an operator can do to data: the step and the failure (OONI's
strings) that the store then has for it, controls beside. All modems probe at the same moments. What leaves goes to named targets alone, in
mode passive nothing does; the computer's own routes stay as they are, kill -9 included. Runs itself in namespaces of its own.

SPDX-License-Identifier: GPL-3.0-or-later"""
import configparser
import ipaddress
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import field  # noqa: E402
import rig  # noqa: E402

INSIDE = "JAMLOG_TEST_INSIDE"
if INSIDE not in os.environ:
    for options in ("-n", "-Urn"):
        if subprocess.run(["unshare", options, "true"], capture_output=True, check=False).returncode == 0:
            os.environ[INSIDE] = options
            os.execvp("unshare", ["unshare", options, sys.executable, *sys.argv])
    print("1..0 # SKIP namespaces cannot be had here")
    sys.exit(0)

tap = rig.Tap()
# modem: its happenings. Names are those of the simulated internet.
LIE = "what = dns-lie\nnames = news.example\nanswer = "
ACTS = {
    "fine": [], "dead": ["what = data-dead"],
    "nx": [LIE + "nxdomain"], "refused": [LIE + "refused"], "silence": [LIE + "silence"],
    "bogon": [LIE + "127.0.0.9\nresolver = operator"], "lie": [LIE + "203.0.113.20\nresolver = operator"],
    "reset": ["what = tcp-reset\nnames = news.example"], "sni": ["what = sni-reset\nnames = news.example"],
    "page": ["what = block-page\nnames = news.example"], "portal": ["what = captive-portal"],
    "picky": ["what = throttle\nrate = 300\nnames = social.example"], "slow": ["what = throttle\nrate = 300"],
    "crowd": ["what = crowd\nlatency = 150ms\nloss = 0.05\nrate = 3000"],
    "nosix": ["what = ipv6-dead"], "novpn": ["what = vpn-block"],
}
WORLD = ("[world]\nduration = {}\nstart = now\nseed = 3\n[track]\npoints = 53.9,27.56\n[cell c]\nplmn = 257-01\nlat = 53.9012\nlon = 27.5585\n"
         "earfcn = 1300\npci = 1\ntac = 1\ncell_id = 1\n[internet]\nlatency = 20ms\nrate = 20000\nrate_up = 10000\n")
MBIM = {"sni", "dead"}  # these modems speak MBIM


def play(acts, duration):
    """A world with a modem for each; its folder, once it runs."""
    out = rig.folder()
    scenario = os.path.join(out, "acts.scenario")
    with open(scenario, "w", encoding="utf-8") as text:
        text.write(WORLD.format(duration))
        for name, happenings in acts.items():
            own = "" if name == "watch" else "traffic_kbps = 0\n"  # else the modem has a session of its own
            text.write(f"[modem {name}]\nplmn = 257-01\n{own}protocol = {'mbim' if name in MBIM else 'qmi'}\n")
            for i, happening in enumerate(happenings):
                text.write(f"[happening {name}-{i}]\n{happening}\nmodems = {name}\nat = 0\n")
    sim = rig.start([rig.SIM, scenario, "--run-dir", os.path.join(out, "run")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    while not lines or lines[-1].strip() != "ready":
        lines.append(sim.stdout.readline())
        if not lines[-1]:
            raise RuntimeError("".join(lines))
    return sim, os.path.join(out, "run")


def configure(run, acts, mode, more="", keys=""):
    path = os.path.join(rig.folder(), "jamlog.conf")
    with open(path, "w", encoding="utf-8") as conf:
        conf.write(f"[record]\nmode = {mode}\n[session]\nevery = 10s\n[probe]\ntargets = {run}/targets.conf\n{more}\n")
        for name in acts:
            conf.write(f"[modem {name}]\ndevice = {run}/modem-{name}\nprotocol = {'mbim' if name in MBIM else 'qmi'}\n"
                       f"interface = sim-{name}\n{keys}\n")
    return path


def routing():
    """All that the computer's own traffic depends on, without the modems' interfaces themselves."""
    return [rig.run(["ip", *words]).stdout for words in (["rule"], ["-6", "rule"], ["route", "show", "table", "all"],
                                                          ["-6", "route", "show", "table", "all"], ["addr", "show", "dev", "lo"])]


def main_tables():
    return [rig.run(["ip", family, "route"]).stdout for family in ("-4", "-6")]


def rounds_done(recorder, names):
    return all(re.search(rf" {name}: (probes|NOTHING)", recorder.log()) for name in names)


def probes(db, name):
    """The rows of a modem's first round."""
    rows = [dict(row) for row in db.execute("SELECT p.* FROM probe p JOIN source s ON s.id = p.source WHERE s.name = ? ORDER BY p.id",
                                            (name,))]
    return [row for row in rows if row["round"] == rows[0]["round"]] if rows else []


def outcome(rows, test, target, **more):
    """The set of (step, failure) of these rows."""
    return {(row["step"], row["failure"]) for row in rows if row["test"] == test and row["target"] == target
            and all(row[key] == value for key, value in more.items())}


def failures(rows):
    return [(row["test"], row["target"], row["family"], row["resolver"], row["step"], row["failure"]) for row in rows if row["failure"]]


def check_moments(db):
    """A modem that was not served yet at one of the moments takes part in the next."""
    rows = db.execute("SELECT source, boottime_ms - setup_ms AS began FROM session WHERE outcome IN ('connected', 'failed') ORDER BY began")
    moments, modems = [], set()
    for source, began in rows.fetchall():
        modems.add(source)
        if not moments or began - moments[-1][-1] > 1000:
            moments.append([])
        moments[-1].append(began)
    tap.ok(len(modems) == len(ACTS) and all(moment[-1] - moment[0] < 3000 for moment in moments),
           "all modems try their sessions at the same moments", moments)


def check_names(by):
    fine = by["fine"]
    tap.ok(len(fine) > 25 and failures(fine) == [], "fine: every probe works", failures(fine))
    tap.equal({row["test"] for row in fine} - {"quic", "wireguard", "openvpn"}, {"ip", "dns", "portal", "web", "sni", "rate", "round"},
              "fine: each kind of probe was made")
    dead = by["dead"]
    tap.equal({(row["test"], row["step"], row["failure"]) for row in dead if row["test"] != "round"},
              {("ip", "tcp", "generic_timeout_error"), ("dns", "dns", "generic_timeout_error")},
              "data-dead: neither an address nor a resolver answers, and no more is asked")
    for name, failure in (("nx", "dns_nxdomain_error"), ("refused", "dns_refused_error"), ("silence", "generic_timeout_error")):
        rows = by[name]
        tap.equal((outcome(rows, "dns", "news"), outcome(rows, "web", "news")), ({("dns", failure)}, {("dns", failure)}),
                  f"dns-lie {name}: {failure} at dns, of every resolver")
        tap.equal(outcome(rows, "web", "control"), {("http", None)}, f"dns-lie {name}: the control works")
    rows = by["bogon"]
    tap.equal((outcome(rows, "dns", "news", resolver="operator"), outcome(rows, "dns", "news", resolver="known-1")),
              ({("dns", "dns_bogon_error")}, {("dns", None)}), "dns-lie to an address of this computer: dns_bogon_error, of the operator's alone")
    tap.equal({(r["resolver"] != "operator", r["failure"]) for r in rows if r["test"] == "web" and r["target"] == "news"}, {(True, None)},
              "and the page is reached through another resolver's address")
    rows = by["lie"]
    tap.equal({r["consistent"] for r in rows if r["test"] == "dns" and r["target"] == "news" and r["resolver"] == "operator"}, {0},
              "dns-lie to another's address: the operator's answer agrees with nobody's")
    tap.equal(outcome(rows, "web", "news", resolver="operator"), {("tls", "ssl_invalid_hostname")},
              "and the server there has no certificate of that name: ssl_invalid_hostname at tls")
    tap.ok({(r["step"], r["failure"]) for r in rows if r["test"] == "web" and r["target"] == "news" and r["resolver"] != "operator"} ==
           {("http", None)}, "and through another resolver's address the page is there", failures(rows))


def check_connections(by):
    tap.equal(outcome(by["reset"], "web", "news"), {("tcp", "connection_reset")}, "tcp-reset: connection_reset at tcp")
    tap.equal((outcome(by["sni"], "web", "news"), outcome(by["sni"], "sni", "news")),
              ({("tls", "connection_reset")}, {("tls", "connection_reset")}), "sni-reset: connection_reset at tls, at its own server and at the helper")
    tap.equal((outcome(by["sni"], "sni", "helper"), outcome(by["sni"], "web", "control"), outcome(by["sni"], "web", "news-http")),
              ({("tls", None)}, {("http", None)}, {("http", None)}), "sni-reset: the controls work, and so does the same site without TLS")
    page = [r for r in by["page"] if r["test"] == "web" and r["target"] == "news-http"]
    tap.ok(page and all(r["step"] == "http" and r["body_matches"] == 0 for r in page), "block-page: an answer that is not the site's", page)
    tap.equal({r["failure"] for r in page}, {"http_unexpected_status_code"}, "block-page: http_unexpected_status_code")
    portal = [r for r in by["portal"] if r["test"] == "portal"]
    tap.equal({(r["failure"], r["http_status"], r["redirect_host"]) for r in portal},
              {("http_unexpected_status_code", 302, "portal.operator.example")}, "captive-portal: the known page sends us to the operator's")
    tap.ok(not {None} & {f for _, f in outcome(by["portal"], "web", "control")}, "captive-portal: and TLS does not get through")
    tap.equal({f for _, f in outcome(by["nosix"], "web", "control", family="ipv6")}, {"generic_timeout_error"},
              "ipv6-dead: generic_timeout_error over IPv6")
    tap.equal(outcome(by["nosix"], "web", "control", family="ipv4"), {("http", None)}, "ipv6-dead: IPv4 works")
    vpn = {(r["test"], r["target"], r["failure"]) for r in by["novpn"] if r["test"] in ("openvpn", "wireguard")}
    tap.ok(vpn and {f for _, _, f in vpn} == {"generic_timeout_error"}, "vpn-block: handshakes are not answered", vpn)
    tap.equal(outcome(by["novpn"], "web", "control"), {("http", None)}, "vpn-block: the web works")


def check_rates(by):
    def kbps(name, role):
        return [r["rate_kbps"] for r in by[name] if r["test"] == "rate" and r["role"] == role]
    tap.ok(all(200 <= rate <= 345 for rate in kbps("picky", "target")) and min(kbps("picky", "control")) > 4000,
           "throttle of one name: 300 kbit/s, the control above 4 Mbit/s", (kbps("picky", "target"), kbps("picky", "control")))
    slow = kbps("slow", "target") + kbps("slow", "control")
    tap.ok(slow and all(200 <= rate <= 345 for rate in slow), "throttle: all at 300 kbit/s", slow)
    crowd, fine = ([r for r in by[name] if r["test"] == "web" and r["target"] == "control" and not r["failure"]] for name in ("crowd", "fine"))
    tap.ok(crowd and min(r["rtt_us"] for r in crowd) > 300000 > 100000 > max(r["rtt_us"] for r in fine),
           "crowd: round-trip times", [[r["rtt_us"] for r in rows] for rows in (crowd, fine)])
    tap.ok(sum(r["retransmits"] or 0 for r in by["crowd"]) > sum(r["retransmits"] or 0 for r in by["fine"]),
           "crowd: TCP has to send again")


def allowed(run, db):
    """Addresses of the file of targets, those that the known resolvers have for its names, and the operator's resolvers."""
    text = configparser.ConfigParser(strict=False, interpolation=None)
    text.read(os.path.join(run, "targets.conf"))
    named = {value for group in text.sections() for key, value in text[group].items() if key == "address"}
    for row in db.execute("SELECT answers FROM probe WHERE test = 'dns' AND resolver <> 'operator' AND answers IS NOT NULL"):
        named |= set(row[0].split())
    return {ipaddress.ip_address(a) for a in named} | {ipaddress.ip_address(a) for a in ("10.64.255.53", "2001:db8:64:ff::53")}


def capture():
    """Of all interfaces: tcpdump takes none that is not up yet. Root of a user namespace cannot become the user that it wants to be."""
    if os.environ[INSIDE] != "-n":
        return None, None
    path = os.path.join(rig.folder(), "packets")
    process = rig.start(["tcpdump", "-i", "any", "-n", "-U", "-Z", "root", "-w", path], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "listening" in line:
            return process, path
    raise RuntimeError("tcpdump does not start")


def captured(process, path, interface, ours, until=float("inf")):
    """Remote addresses of the packets of an interface, and their bytes both ways up to that second."""
    time.sleep(0.2)  # what was sent last is handed over by the kernel in blocks
    process.send_signal(signal.SIGINT)
    process.wait()
    remote, total = set(), 0
    text = rig.run(["tcpdump", "-n", "-tt", "-v", "-r", path]).stdout
    for line in re.sub(r"\n\s+", " ", text).splitlines():
        at, line = line.split(" ", 1)
        found = re.match(rf"{interface} +(?:In|Out) +(IP6?) \((.*?)\) ([0-9a-f.:]+) > ([0-9a-f.:]+): ", line)
        if not found:
            if line.startswith(interface + " "):
                remote.add(line)
            continue
        family, head, *ends = found.groups()
        length = re.search(r"payload length: (\d+)" if family == "IP6" else r"length (\d+)$", head)
        if float(at) <= until:
            total += int(length.group(1)) + (40 if family == "IP6" else 0)
        for end in ends:
            address = ipaddress.ip_address(end.rsplit(".", 1)[0] if end.count(".") in (1, 4) else end)
            if str(address) not in ours:
                remote.add(address)
    return remote, total


def check_all_acts():
    sim, run = play(ACTS, 300)
    rig.run(["ip", "link", "add", "home0", "type", "veth", "peer", "name", "home1"])  # the computer's own connection
    for name in ("home0", "home1"):  # its addresses would come seconds later
        with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w", encoding="ascii") as switch:
            switch.write("1")
    for words in (["addr", "add", "192.168.7.2/24", "dev", "home0"], ["link", "set", "home0", "up"], ["link", "set", "home1", "up"],
                  ["route", "add", "default", "via", "192.168.7.1"]):
        rig.run(["ip", *words])
    before, mains = routing(), main_tables()
    tcpdump, packets = capture()
    recorder = field.Recorder("-c", configure(run, ACTS, "probe", "hour-bytes = 100000000\nday-bytes = 100000000"), "--no-gps")
    during = rig.wait_for(lambda: "lookup" in rig.run(["ip", "rule"]).stdout.replace(before[0], ""), 40, "a rule of the prober's")
    tap.ok(during and main_tables() == mains, "while it probes, the main routing tables are as before")
    tap.ok(rig.wait_for(lambda: rounds_done(recorder, ACTS), 150, "a round of each modem") or print(recorder.log()), "each modem ends a round")
    code, _ = recorder.stop()
    tap.equal(code, 0, "the run ends in order")
    tap.ok(rig.wait_for(lambda: routing() == before, 5, "rules and routes as before"), "after it, rules, routes and addresses are as before",
           (before, routing()))
    db = recorder.store()
    by = {name: probes(db, name) for name in ACTS}
    check_moments(db)
    check_names(by)
    check_connections(by)
    check_rates(by)
    if tcpdump:
        # What is under way when a round is broken off still comes after it was counted: up to the last whole one.
        until = db.execute(f"SELECT max(utc_ms) {OF_FINE} AND failure IS NULL").fetchone()[0]
        said = db.execute(f"SELECT sum(rx_bytes + tx_bytes) {OF_FINE} AND utc_ms <= ?", (until,)).fetchone()[0]
        check_packets(db, run, said, *captured(tcpdump, packets, "sim-fine", {"10.64.0.2", "2001:db8:64::2"}, until / 1000))
    sim.terminate()
    sim.wait()


OF_FINE = "FROM probe p JOIN source s ON s.id = p.source WHERE s.name = 'fine' AND test = 'round'"


def check_packets(db, run, said, remote, total):
    tap.ok(remote and remote <= allowed(run, db), "what left went to named targets and resolvers alone",
           remote - allowed(run, db))
    if "asan" in rig.BUILD:
        return tap.skip("the bytes that are told are those of the packets", "so slow, it counts while much is still on its way")
    return tap.ok(abs(said - total) <= total * 0.02, "the bytes that are told are those of the packets", (said, total))


def check_quiet_modes():
    sim, run = play({"fine": []}, 100)
    for mode in ("passive", "session"):
        tcpdump, packets = capture()
        recorder = field.Recorder("-c", configure(run, ["fine"], mode), "--no-gps")
        recorder.says("data session: works" if mode == "session" else "in service", 40)
        time.sleep(6)
        recorder.stop()
        if tcpdump:
            tap.equal(captured(tcpdump, packets, "sim-fine", ()), (set(), 0), f"in mode {mode} nothing leaves")
    sim.terminate()
    sim.wait()


def spent_by(recorder):
    with open(os.path.join(recorder.out, "state", "spent-fine"), encoding="ascii") as spent:
        return sum(int(line.split()[1]) for line in spent)


def carried(interface):
    """Bytes both ways."""
    stats = json.loads(rig.run(["ip", "-j", "-s", "link", "show", interface]).stdout)[0]["stats64"]
    return stats["rx"]["bytes"] + stats["tx"]["bytes"]


def check_budget_and_kill():
    sim, run = play({"fine": []}, 200)
    before = routing()
    conf = configure(run, ["fine"], "probe", "hour-bytes = 600000\nday-bytes = 600000")
    tcpdump, packets = capture()
    recorder = field.Recorder("-c", conf, "--no-gps")
    recorder.says("fine: probes", 60)
    time.sleep(22)
    recorder.stop()
    written, carried_before = spent_by(recorder), carried("sim-fine")
    total = captured(tcpdump, packets, "sim-fine", ())[1] if tcpdump else written
    tap.ok(20000 < total <= 110000, "rounds keep within their share of the budget: a sixth of the hour's to begin with", total)
    tap.ok(abs(written - total) < total * 0.1, "what was spent is written down", (written, total))
    recorder = field.Recorder("-c", configure(run, ["fine"], "probe", "hour-bytes = 100000000\nday-bytes = 100000000"), "--no-gps")
    rig.wait_for(lambda: routing() != before, 40, "an interface that is set up")
    rig.wait_for(lambda: carried("sim-fine") > carried_before, 10, "packets")
    os.kill(int(rig.run(["pgrep", "-P", str(recorder.pid())]).stdout.split()[0]), signal.SIGKILL)
    recorder.says("the prober ended by itself", 10)
    written = spent_by(recorder)
    tap.ok(0 < written <= carried("sim-fine") - carried_before, "what a prober spent that was killed in its round is written down", written)
    recorder.says("fine: probes", 40)
    rig.wait_for(lambda: routing() == before, 10, "the end of the next round")
    rig.wait_for(lambda: routing() != before, 40, "an interface that is set up")
    children = rig.run(["pgrep", "-P", str(recorder.pid())]).stdout.split()
    for pid in (*children, str(recorder.pid())):
        os.kill(int(pid), signal.SIGKILL)
    recorder.process.wait()
    tap.ok(routing() != before and children, "recorder and prober killed in the middle of a round leave the interface behind")
    recorder = field.Recorder("-c", configure(run, ["fine"], "probe", "hour-bytes = 100000000\nday-bytes = 100000000"), "--no-gps")
    tap.ok(recorder.says("fine: probes: all", 60), "the next start cleans up, and probes again")
    recorder.stop()
    tap.ok(rig.wait_for(lambda: routing() == before, 5, "as before"), "and leaves all as it was", (before, routing()))
    sim.terminate()
    sim.wait()


def check_observed():
    """A session that somebody else brought up is used, and left as it was."""
    sim, run = play({"watch": []}, 100)
    for words in (["addr", "add", "10.64.0.2/30", "dev", "sim-watch"], ["link", "set", "sim-watch", "up"],
                  ["route", "add", "default", "dev", "sim-watch", "metric", "700"]):
        rig.run(["ip", *words])
    before, address = routing(), rig.run(["ip", "addr", "show", "dev", "sim-watch"]).stdout
    recorder = field.Recorder("-c", configure(run, ["watch"], "probe", "hour-bytes = 100000000\nday-bytes = 100000000\n",
                                              "session = observe"), "--no-gps")
    tap.ok(recorder.says("watch: probes: all", 60), "a session of somebody else's is probed", recorder.log())
    tap.ok(routing() == before, "nothing is changed for that")
    recorder.stop()
    tap.equal((routing(), rig.run(["ip", "addr", "show", "dev", "sim-watch"]).stdout), (before, address), "nor afterwards")
    db = recorder.store()
    tap.equal([tuple(row) for row in db.execute("SELECT DISTINCT origin, outcome FROM session")], [("observed", "connected")],
              "it is told as somebody else's")
    tap.equal({row[0] for row in db.execute("SELECT resolver FROM probe WHERE test = 'dns'")}, {"known-1", "known-2"},
              "the known resolvers are asked; the operator's are not known")
    sim.terminate()
    sim.wait()


def received(interface):
    links = json.loads(rig.run(["ip", "-j", "-s", "link", "show", interface]).stdout or "[]")
    return sum(link["stats64"]["rx"]["packets"] for link in links)


def check_without():
    """Without the right to set an interface up, and with an interface that vanishes: recording goes on."""
    sim, run = play({"fine": []}, 150)
    much = "hour-bytes = 100000000\nday-bytes = 100000000"
    recorder = field.Recorder("-c", configure(run, ["fine"], "probe", much), "--no-gps", prefix=["setpriv", "--bounding-set=-net_admin"])
    tap.ok(recorder.says("needs CAP_NET_ADMIN", 40), "a missing right is told with its name", recorder.log())
    tap.ok(rig.wait_for(lambda: "no-privilege" in rig.run([rig.JAMLOG, "status", "--runtime", recorder.runtime]).stdout, 10, "status"),
           "and in the status")
    time.sleep(24)  # two slots of ten seconds, wherever chance puts them
    code, _ = recorder.stop()
    db = recorder.store()
    paused = [row["text"] for row in field.events(db, "probe-paused", "fine") if row["text"] != "no service"]
    tap.equal((code, paused), (0, ["no-privilege"]), "written down once")
    tap.ok(db.execute("SELECT count(*) FROM session WHERE outcome = 'connected'").fetchone()[0] >= 2 and
           db.execute("SELECT count(*) FROM radio").fetchone()[0] > 15, "sessions are tried, and the modem is recorded all the same")
    recorder = field.Recorder("-c", configure(run, ["fine"], "probe", much), "--no-gps")
    rig.wait_for(lambda: "lookup 1" in rig.run(["ip", "rule"]).stdout, 40, "an interface that is set up")
    rig.wait_for(lambda: received("sim-fine") > 3, 20, "answers over it")
    rig.run(["ip", "link", "del", "sim-fine"])
    tap.ok(recorder.says("fine: probes: all", 60), "after an interface that vanished in a round the next round works", recorder.log())
    recorder.stop()
    db = recorder.store()
    tap.equal([row["text"] for row in field.events(db, "probe-paused", "fine")], ["interface-gone"], "and that is written down")
    sim.terminate()
    sim.wait()


check_all_acts()
check_without()
check_observed()
check_quiet_modes()
check_budget_and_kill()
tap.done()
