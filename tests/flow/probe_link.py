#!/usr/bin/env python3
"""What jamlog-probe does to the host: nothing that lasts, nothing that others notice, nothing but named targets on the wire. Killed,
without privilege, without its interface. Judges: ip, tcpdump, curl.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import signal
import socket
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
from probe_common import PROBE, Capture, Prober, World, enter_world, host_state, sh  # noqa: E402
enter_world()
import probe_servers as servers  # noqa: E402
from rig import Tap, folder, run, wait_for  # noqa: E402

tap = Tap()
here = folder()
world = World()
servers.start_all(world, here)
world.run_inet("nft add table inet t; nft add chain inet t in '{ type filter hook input priority 0; }'; nft add set inet t cut "
               "'{ type ipv4_addr; }'; nft add rule inet t in ip daddr @cut drop")
# The host's own way out, which must not see a thing.
sh("ip link add lan0 type veth peer name lan1; ip addr add 192.168.7.2/24 dev lan0; ip link set lan0 up; ip link set lan1 up; "
   "ip route add default via 192.168.7.1 dev lan0; sysctl -qw net.ipv6.conf.lan0.disable_ipv6=1 net.ipv6.conf.lan1.disable_ipv6=1")


def write(name, text):
    path = os.path.join(here, name)
    with open(path, "w", encoding="ascii") as handle:
        handle.write(text)
    return path


HEAD = "[trust]\nauthorities = ca.pem\n"
TARGETS = write("targets.conf", HEAD + f"[resolver known]\naddress = {servers.KNOWN}\n[ip one]\naddress = {servers.GOOD}\nport = 443\n"
                "[ip six]\naddress = 2001:db8:100::10\nport = 443\n[web control]\nurl = https://control.test/\nrole = control\n"
                "[web good]\nurl = https://good.test/\n")
ENDLESS = write("endless.conf", f"[ip one]\naddress = {servers.GOOD}\nport = 443\n[portal endless]\nurl = http://endless.test/\n")
CONTROL = write("control.conf", HEAD + "[web control]\nurl = https://control.test/\nrole = control\n")
before = host_state()


def only_named(named, *words, empty=False):
    """A judge of packets: those with all the words, and those of the host's own way, hold one of the names."""
    def is_good(lines):
        chosen = [line for line in lines if all(word in line for word in words) and " lo " not in line]
        strange = [line for line in chosen + [line for line in lines if " lan0 " in line] if not any(name in line for name in named)]
        return (empty or chosen) and not strange, "\n".join(strange[:10])
    return is_good


def rules_of_ours():
    return sh("ip rule; ip -6 rule").count("proto 106")


def begin_round(prober):
    """A round that is in the middle of an answer that never ends."""
    prober.setup()
    prober.write(prober.round_line())
    seen = []
    while "dns" not in [row.get("test") for row in seen]:
        seen.append(prober.frame()[1])
    wait_for(lambda: sh(f"ss -Htn state established dst {servers.ENDLESS}"), 10, "the connection to it")


# --- set up, one round, down ---
capture = Capture()
prober = Prober([TARGETS])
main_before = sh("ip route; ip -6 route")
tap.equal(prober.setup()["ok"], True, "setup")
tap.equal(sh("ip route; ip -6 route"), main_before, "the main table is the same while it is set up")
listener = socket.create_server(("", 8080))
reached = run(world.inside(["curl", "-s", "-m", "2", "--interface", "10.4.0.1", "http://10.4.1.7:8080/"])).returncode
tap.equal(reached, 28, "no service of this computer answers over the modem")
listener.close()
for where in ("2001:db8:100::10", "ff02::1"):
    got = run(["ip", "route", "get", where, "oif", "wan0"])
    tap.ok(got.returncode != 0, f"no other program gets a route over the interface to {where}", got.stdout + got.stderr)
got = run(["curl", "-s", "-m", "5", "--interface", "wan0", f"http://{servers.GOOD}/"])
tap.equal(got.returncode, 7, "curl over the interface is refused at once")
capture.judge(tap, "nothing is sent between setup and round, and no answer goes the host's own way", only_named((), " Out ", empty=True))

capture = Capture()
rows, done = prober.round()
tap.ok(done["ok"] and all("failure" not in row for row in rows), "all is fine", [row for row in rows if "failure" in row])
tap.equal({(row["target"], row["family"]) for row in rows if row["test"] in ("ip", "web")},
          {("one", "ipv4"), ("six", "ipv6"), ("control", "ipv4"), ("control", "ipv6"), ("good", "ipv4")}, "over each family")
down = prober.down()
tap.ok(down["ok"] and down["rx_bytes"] == done["rx_bytes"] and down["tx_bytes"] >= done["tx_bytes"] > 500, "counters of the whole", down)
tap.equal(host_state(), before, "after down: rules, routes, addresses, settings as before")
NAMED = (servers.OPERATOR, servers.KNOWN, servers.GOOD, servers.CONTROL, servers.GOOD6, servers.CONTROL6)
capture.judge(tap, "only named targets on the wire, nothing on the host's own way, nothing after down", only_named(NAMED, " wan0 "))

# --- nonsense, and its order ---
for line, reason in (("nonsense", "bad-request"), ("{'do': <'dance'>}", "bad-request"), ("{'do': <7>}", "bad-request"),
                     (prober.round_line(), "not-set-up"), ("{'do': <'setup'>}", "bad-request"), ("x" * 100000, "bad-request"),
                     ("{'do': <'setup'>, 'interface': <'../../etc'>, 'own': <true>}", "bad-request")):
    answer = prober.ask(line, 10)[1]
    tap.equal((answer.get("ok"), answer.get("reason")), (False, reason), f"refused: {line[:40]}")
tap.equal(prober.setup(interface="wan9").get("reason"), "no-interface", "an interface that does not exist")
tap.equal(prober.setup(addresses=("10.4.1.300/30",)).get("reason"), "bad-request", "an address that is none")
tap.equal(prober.end(), 0, "end of input")
tap.equal(run([PROBE, "--targets", write("bad.conf", "[ip x]\naddress = no\nport = 1\n")]).returncode, 2, "a file with errors: 2")

# --- every way out ---
for name, signal_number in (("SIGTERM", signal.SIGTERM), ("SIGHUP", signal.SIGHUP)):
    prober = Prober([ENDLESS])
    begin_round(prober)
    prober.process.send_signal(signal_number)
    tap.equal(prober.process.wait(timeout=20), 0, f"{name} in the middle of a round is a clean end")
    tap.equal(host_state(), before, "and leaves nothing")
prober = Prober([ENDLESS])
begin_round(prober)
tap.equal((prober.end(), host_state() == before), (0, True), "end of input in the middle of a round leaves nothing")
prober = Prober([ENDLESS])
begin_round(prober)
prober.write("{'do': <'down'>}")
rows, done = prober.collect(10)
tap.equal((done["ok"], done["reason"], rows[-2].get("failure"), rows[-1].get("failure")), (False, "interrupted",) + ("interrupted",) * 2,
          "down ends a round early")
tap.equal((prober.collect(10)[1]["ok"], host_state() == before), (True, True), "and is done after it")
prober.end()

for moment in ("after setup", "in the middle of a round"):
    prober = Prober([ENDLESS])
    if moment == "after setup":
        prober.setup()
    else:
        begin_round(prober)
    prober.process.kill()
    prober.process.wait()
    tap.equal(rules_of_ours(), 6, f"kill -9 {moment} leaves the rules that keep others out")
    prober = Prober([TARGETS])
    tap.equal(prober.setup()["ok"], True, "the next setup cleans up")
    tap.equal(rules_of_ours(), 6, "and has its own")
    prober.down()
    tap.equal(host_state(), before, "after which all is as before the killed one")
    prober.end()

# --- the interface goes ---
prober = Prober([ENDLESS])
begin_round(prober)
sh("ip link del wan0; ip link add wan0 type veth peer name wan1")  # and another takes its name before anybody looks
rows, done = prober.collect(5)
tap.equal((done["ok"], done["reason"], rows[-2].get("failure"), rows[-1].get("failure")), (False, "interface-gone", "network_down", "network_down"),
          "an interface that vanishes ends the round")
tap.equal(prober.down()["ok"], True, "it can be taken down all the same")
tap.equal(rules_of_ours(), 0, "no rule of it stays")
prober.end()
sh("ip link del wan0")
world.plug()
prober = Prober([ENDLESS])
prober.setup()
prober.process.kill()
prober.process.wait()
sh("ip link del wan0; ip link add arp0 type veth peer name arp1")
world.run_inet("true")
sh(f"ip link set arp1 netns {world.inet.pid}")
world.run_inet("sysctl -qw net.ipv6.conf.arp1.disable_ipv6=1; ip addr add 10.5.0.1/24 dev arp1; ip link set arp1 up")

# --- an interface with ARP and a gateway; what was left of one that is gone is cleaned by the way ---
capture = Capture()
prober = Prober([CONTROL])
tap.equal(prober.setup(interface="arp0", addresses=("10.5.0.2/24",), gateways=("10.5.0.1",))["ok"], True, "setup with a gateway")
tap.equal(rules_of_ours(), 5, "rules that name an interface that is gone are taken away")
rows, done = prober.round()
tap.equal([(row["test"], row.get("failure")) for row in rows], [("dns", None), ("web", None), ("round", None)], "through the gateway")
prober.down()
prober.end()
tap.equal(rules_of_ours(), 0, "and down")
capture.judge(tap, "ARP for the gateway, and named targets",
              only_named((servers.OPERATOR, servers.CONTROL, "ARP, Request who-has 10.5.0.1", "ARP, Reply"), " arp0 ", " Out "))
world.plug()

# --- somebody else's interface ---
sh("ip addr add 10.4.1.9/32 dev wan0; ip link set wan0 up; ip -6 addr flush dev wan0; ip route add 203.0.113.0/24 dev wan0; "
   "ip route add 198.51.100.0/24 dev wan0")
state = host_state()
prober = Prober([CONTROL])
tap.equal(prober.setup().get("reason"), "interface-in-use", "an interface with somebody's address is not taken")
tap.equal(host_state(), state, "and not touched")
tap.equal(prober.setup(own=False, addresses=())["ok"], True, "it can be used as it is")


def ask_curl():
    got = run(["curl", "-s", "-o", "/dev/null", "--interface", "wan0", "--cacert", os.path.join(here, "ca.pem"), "--resolve",
               f"control.test:443:{servers.CONTROL}", "https://control.test/", "-w",
               "%{time_connect} %{time_appconnect} %{time_pretransfer} %{time_starttransfer} %{time_total}"]).stdout
    connect, secured, asked, begun, total = (float(word) * 1e6 for word in got.split())
    return {"tcp_us": connect, "tls_us": secured - connect, "first_byte_us": begun - asked, "total_us": total}


FIELDS = ("tcp_us", "tls_us", "first_byte_us", "total_us")


def compare():
    """Medians of ours and of curl's, taken in turn."""
    ours, theirs = [], []
    for _ in range(7):
        ours.append([row for row in prober.round()[0] if row["test"] == "web"][0])
        theirs.append(ask_curl())
    return {field: (statistics.median(row[field] for row in ours), statistics.median(row[field] for row in theirs)) for field in FIELDS}


def agree(medians):
    return all(abs(mine - judge) <= 0.1 * judge for mine, judge in medians.values())


medians = compare()
for _ in range(2):  # a computer that is busy with something else disturbs both, not at the same moments
    medians = medians if agree(medians) else compare()
tap.ok(agree(medians), "the time of each step is what curl measures, within a tenth", medians)
tap.ok(prober.down()["ok"] and prober.end() == 0 and host_state() == state, "it is left as it was")
sh("ip addr flush dev wan0; ip link set wan0 down")

# --- what is cut: IPv6 alone, everything ---
state = host_state()
prober = Prober([TARGETS])
prober.setup()
world.run_inet("nft add rule inet t in ip6 daddr 2001:db8:100::/48 drop")
rows, done = prober.round()
tap.ok({(row["family"], row.get("failure")) for row in rows if row["test"] in ("ip", "web")} ==
       {("ipv4", None), ("ipv6", "generic_timeout_error")}, "IPv6 alone is broken", "\n".join(map(str, rows)))
world.run_inet("nft add rule inet t in iifname net0 drop")
rows, done = prober.round()
tap.equal({row["test"] for row in rows}, {"ip", "dns", "round"}, "where nothing answers the round ends after DNS")
tap.equal({row.get("failure") for row in rows if row["test"] != "round"}, {"generic_timeout_error"}, "and all of it is silence")
prober.end()
tap.equal(host_state(), state, "nothing is left")

# --- no privilege ---
prober = Prober([CONTROL], ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"])
answer = prober.setup()
tap.equal((answer["ok"], answer["reason"], "CAP_NET_ADMIN" in answer["sentence"]), (False, "no-privilege", True), "the missing capability is named")
tap.equal((host_state(), prober.end()), (state, 0), "and nothing was changed")
tap.done()
