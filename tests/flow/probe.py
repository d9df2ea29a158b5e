#!/usr/bin/env python3
"""The ladder of jamlog-probe against an internet that does what censors and broken networks do: each act gives the step and the
failure that OONI's spec has for it. nginx, dnsmasq, OpenVPN and wireguard-go are the honest servers.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
from probe_common import Capture, Prober, World, enter_world, sh  # noqa: E402
enter_world()
import probe_servers as servers  # noqa: E402
from rig import Tap, folder, run, wait_for  # noqa: E402

tap = Tap()
here = folder()
sh("mount -t tmpfs none /run")  # where WireGuard's tools meet
world = World()
servers.start_all(world, here)
world.run_inet(f"nft add table ip t; nft add chain ip t in '{{ type filter hook input priority 0; }}'; "
               f"nft add rule ip t in ip daddr {servers.DROPPED} drop; "
               "nft add chain ip t out '{ type filter hook output priority 0; }'; "
               "nft add rule ip t out udp sport 51820 numgen inc mod 1000000 0 drop")  # WireGuard's first answer gets lost


def keys():
    private = sh("wg genkey").strip()
    return private, subprocess.run(["wg", "pubkey"], input=private, capture_output=True, text=True, timeout=10, check=True).stdout.strip()


def start_vpns():
    """OpenVPN over UDP and TCP, and WireGuard with one peer; the keys of its server and of that peer."""
    (server_private, server_public), (peer_private, peer_public) = keys(), keys()
    common = ["--dev-type", "tun", "--local", servers.VPN, "--ca", "ca.pem", "--cert", "good.crt", "--key", "server.key", "--dh", "none",
              "--port", "1194", "--cd", here, "--verb", "1"]
    for number, protocol in enumerate(("udp", "tcp-server")):
        world.start_inet(["openvpn", "--proto", protocol, "--dev", f"vpn{number}", "--server", f"10.77.{number}.0", "255.255.255.0", *common],
                         stdout=subprocess.DEVNULL)
    # some versions answer from the route's own address, whichever was asked
    world.run_inet("ip route change 10.4.1.0/24 dev net0 src 203.0.113.40")
    world.start_inet(["wireguard-go", "--foreground", "wg0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(os.path.join(here, "wg.key"), "w", encoding="ascii") as handle:
        handle.write(server_private)
    wait_for(lambda: os.path.exists("/run/wireguard/wg0.sock"), 10, "wireguard-go")
    wait_for(lambda: run(world.inside(["ss", "-Hltun", "sport = :1194"])).stdout.count("\n") == 2, 10, "OpenVPN")
    world.run_inet(f"wg set wg0 listen-port 51820 private-key {here}/wg.key peer {peer_public} allowed-ips 10.66.0.2/32; ip link set wg0 up")
    return server_public, peer_private


TARGETS = f"""[trust]
authorities = ca.pem
[resolver known]
address = {servers.KNOWN}
[ip one]
address = {servers.GOOD}
port = 443
[ip closed]
address = {servers.CLOSED}
port = 443
[ip dropped]
address = {servers.DROPPED}
port = 443
[portal good]
url = http://portal.test/success
status = 200
body = success
[portal bad]
url = http://redirect.test/moved
status = 204
[web control]
url = https://control.test/
role = control
body = Hello from the internet
[helper h]
address = {servers.HELPER}
server-name = helper.test
[sni blocked]
helper = h
server-name = www.blocked.test
[sni free]
helper = h
server-name = www.free.test
[rate control]
url = https://control.test/big
role = control
bytes = 200000
[rate slow]
url = http://slow.test/slow
bytes = 40000
[vpn openvpn]
protocol = openvpn
address = {servers.VPN}
port = 1194
[vpn openvpn-tcp]
protocol = openvpn-tcp
address = {servers.VPN}
port = 1194
[vpn nobody]
protocol = openvpn
address = {servers.CLOSED}
port = 1194
"""
HTTPS = ("good", "nx", "refuses", "silent", "lie", "malformed", "servfail", "wronghost", "expired", "unknown", "reset", "eof", "garbagetls",
         "closed", "dropped", "body")
HTTP = ("garbagehttp", "endless", "huge", "other")


def write_targets():
    server_public, peer_private = start_vpns()
    path = os.path.join(here, "targets.conf")
    text = TARGETS
    for scheme, names in (("https", HTTPS), ("http", HTTP)):
        for name in names:
            body = "something else" if name == "body" else "Hello from the internet"
            text += f"[web {name}]\nurl = {scheme}://{name}.test/\ncategory = test\nbody = {body}\n"
    text += f"[web redirect]\nurl = http://redirect.test/moved\n[vpn wireguard]\nprotocol = wireguard\naddress = {servers.VPN}\n" \
            f"public-key = {server_public}\nprivate-key = {peer_private}\n" \
            f"[vpn stranger]\nprotocol = wireguard\naddress = {servers.VPN}\npublic-key = {keys()[1]}\nprivate-key = {peer_private}\n"
    with open(path, "w", encoding="ascii") as handle:
        handle.write(text)
    return path


capture = Capture()
prober = Prober([write_targets()])
tap.equal(prober.setup()["ok"], True, "setup")
rows, done = prober.round(number=7, attempt=3)
tap.equal(done.get("ok"), True, "a round ends well")


def find(test, **wanted):
    return [r for r in rows if r["test"] == test and all(r.get(k) == v for k, v in wanted.items())]


def one(test, **wanted):
    found = find(test, **wanted)
    tap.ok(found, f"there is an observation {test} {wanted}", [r for r in rows if r["test"] == test])
    return found[0] if found else {}


def ends(test, step, failure, name=None, **wanted):
    row = one(test, **wanted)
    tap.equal((row.get("step"), row.get("failure")), (step, failure), name or f"{test} {wanted.get('target')}: {step} {failure}")
    return row


tap.ok(all(r.get("round") == 7 and r.get("attempt") == 3 for r in rows), "every observation has the numbers of round and session")

# --- raw IP ---
row = ends("ip", "tcp", None, target="one")
tap.ok(30000 <= row.get("tcp_us", 0) < 60000 and 25000 <= row.get("rtt_us", 0) < 60000, "the connection takes one round trip", row)
ends("ip", "tcp", "connection_refused", target="closed")
row = ends("ip", "tcp", "generic_timeout_error", target="dropped")
tap.ok(9500000 <= row.get("total_us", 0) < 12000000, "what is dropped ends after ten seconds", row)

# --- DNS ---
for host, failure in (("good", None), ("nx", "dns_nxdomain_error"), ("refuses", "dns_refused_error"), ("servfail", "dns_servfail_error"),
                      ("silent", "generic_timeout_error"), ("malformed", "dns_server_misbehaving"), ("lie", "dns_bogon_error")):
    ends("dns", "dns", failure, target=host, resolver="operator")
    if host != "good":
        row = ends("dns", "dns", None, target=host, resolver="known")
tap.equal(one("dns", url="https://good.test/", resolver="operator").get("answers"), f"{servers.GOOD} {servers.GOOD6}", "both families are told")
tap.equal(one("dns", url="https://good.test/", resolver="operator").get("consistent"), 1, "two resolvers that agree are consistent")
tap.equal(one("dns", target="lie", resolver="operator").get("consistent"), 0, "a lie is not")
dig = run(world.inside(["dig", "+short", "+tries=1", "@" + servers.KNOWN, "lie.test"])).stdout.strip()
tap.equal(one("dns", target="lie", resolver="known").get("answers"), dig, "the answer is what dig gets")

# --- the web ---
row = ends("web", "http", None, target="good")
tap.equal((row.get("http_status"), row.get("body_matches"), row.get("resolver"), row.get("server_name"), row.get("family")),
          (200, 1, "operator", "good.test", "ipv4"), "a page that is as it should be")
for host in ("nx", "refuses", "silent", "malformed", "servfail", "lie"):
    row = ends("web", "http", None, f"web {host}: goes on at the known resolver's address", target=host)
    tap.equal((row.get("resolver"), row.get("address")), ("known", servers.GOOD), f"web {host}: and says whose it is")
ends("web", "tcp", "connection_refused", target="closed")
ends("web", "tcp", "generic_timeout_error", target="dropped")
ends("web", "tls", "connection_reset", target="reset")
ends("web", "tls", "eof_error", target="eof")
ends("web", "tls", "ssl_failed_handshake", target="garbagetls")
ends("web", "tls", "ssl_invalid_hostname", target="wronghost")
ends("web", "tls", "ssl_invalid_certificate", target="expired")
ends("web", "tls", "ssl_unknown_authority", target="unknown")
ends("web", "http", "http_request_failed", target="garbagehttp")
row = ends("web", "http", "generic_timeout_error", target="endless")
tap.ok(19500000 <= row.get("total_us", 0) < 22000000, "an answer that never ends is left after twenty seconds", row)
row = ends("web", "http", None, target="huge")
tap.ok(row.get("rx_bytes", 1e9) < 48 * 1024 and row.get("body_bytes") == 16384, "of ten gigabytes 16 KiB are read and little more is sent", row)
row = ends("web", "http", None, target="body")
tap.equal(row.get("body_matches"), 0, "another text is no failure, but shows")
row = ends("web", "http", "http_unexpected_status_code", target="redirect")
tap.equal((row.get("http_status"), row.get("redirect_host")), (302, "block.operator.test"), "a redirect is not followed, its host is kept")
first, second = (find("web", target="other") + [{}, {}])[:2]
tap.equal((first.get("resolver"), first.get("body_matches"), first.get("address")), ("operator", 0, servers.BLOCK_PAGE),
          "an address that only the operator's resolver knows is tried")
tap.equal((second.get("resolver"), second.get("body_matches"), second.get("address")), ("known", 1, servers.GOOD),
          "and, when that fails, the known resolver's")
tap.equal([(r.get("family"), r.get("failure")) for r in find("web", role="control")], [("ipv4", None), ("ipv6", None)] * 2,
          "the control over each family, before and after")

# --- portal, SNI, VPN, rate ---
tap.equal(one("portal", target="good").get("body_matches"), 1, "no portal")
tap.equal(one("portal", target="bad").get("redirect_host"), "block.operator.test", "a portal")
ends("sni", "tls", "connection_reset", target="blocked")
ends("sni", "tls", None, target="free")
tap.equal([r.get("failure") for r in find("sni", role="control", server_name="helper.test")], [None, None], "the helper's own name, twice")
ends("openvpn", "udp", None, target="openvpn")
ends("openvpn", "tcp", None, target="openvpn-tcp")
ends("openvpn", "udp", "connection_refused", target="nobody")
row = ends("wireguard", "udp", None, "wireguard: the answer is lost, and the server takes no initiation twice: a new one is answered",
           target="wireguard")
tap.ok(row.get("first_byte_us", 0) > 2000000, "with the time since the first", row)
ends("wireguard", "udp", "generic_timeout_error", "wireguard: a server that lacks the key gives no answer", target="stranger")
fast, slow = one("rate", target="control").get("rate_kbps", 0), one("rate", target="slow").get("rate_kbps", 0)
tap.ok(50 <= slow <= 90, "8 KiB/s are 65 kbit/s", slow)
tap.ok(fast > 10 * slow, "the control is faster", (fast, slow))

# --- the sum, and the wire ---
total = one("round")
spent = [done[way] - total[way] for way in ("rx_bytes", "tx_bytes")]  # the end of a connection may come between the two readings
tap.ok(all(0 <= more <= 0.02 * done[way] for more, way in zip(spent, ("rx_bytes", "tx_bytes"))), "the sum is the interface's, within 2 %", spent)
prober.down()
tap.equal(prober.end(), 0, "end of input is a clean end")
named = {servers.OPERATOR, servers.KNOWN, servers.CLOSED, servers.VPN, servers.BLOCK_PAGE, servers.GOOD6, servers.CONTROL6, servers.HELPER,
         *(v4 for v4, _ in servers.TRUTH.values())}


def only_named(lines):
    wan = [line for line in lines if " wan0 " in line]
    strange = [line for line in wan if not any(f"{a}." in line or f"{a}:" in line or f"{a} " in line for a in named)]
    return len(wan) > 100 and not strange, "\n".join(strange[:10])


capture.judge(tap, "nothing but named targets is on the wire", only_named)

# --- budget ---
small = os.path.join(here, "small.conf")
with open(small, "w", encoding="ascii") as handle:
    handle.write(f"[trust]\nauthorities = ca.pem\n[ip one]\naddress = {servers.GOOD}\nport = 443\n[web control]\n"
                 "url = https://control.test/\nrole = control\n[web good]\nurl = https://good.test/\n[web huge]\nurl = http://huge.test/\n"
                 "[rate control]\nurl = https://control.test/big\nrole = control\nbytes = 200000\n")
prober = Prober([small])
prober.setup()
for budget in (3000, 150000, 400000):
    before = prober.ask("{'do': <'nonsense'>}")[1]
    rows, done = prober.round(budget=budget)
    used = done["rx_bytes"] + done["tx_bytes"] - before["rx_bytes"] - before["tx_bytes"]
    tap.ok(used <= budget, f"a budget of {budget} bytes is kept, by the interface's counters", used)
    tap.equal(rows[-1].get("failure"), "interrupted", "and the round says that not everything was tried")
prober.end()

# --- a round that is cut after its lookups ---
with open(small, "w", encoding="ascii") as handle:
    handle.write(f"[resolver known]\naddress = {servers.KNOWN}\n[ip one]\naddress = {servers.GOOD}\nport = 443\n[web control]\n"
                 "url = http://endless.test/\nrole = control\n")
prober = Prober([small])
prober.setup()
prober.write(prober.round_line())
rows = [prober.frame(20)[1] for _ in range(3)]
wait_for(lambda: sh("ss -Hnt state established"), 10, "a connection")
prober.write("{'do': <'down'>}")
rows += prober.collect(20)[0]
tap.equal([r["test"] for r in rows], ["ip", "dns", "dns", "web", "round"], "what was told of the lookups is not told again")
tap.equal([r.get("failure") for r in rows[-2:]], ["interrupted", "interrupted"], "what was under way is interrupted")
prober.end()
tap.done()
