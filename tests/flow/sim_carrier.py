#!/usr/bin/env python3
"""sim_carrier.py - the simulated operator's data path, by programs that know nothing of it: curl, dig, openssl, wg and plain sockets.

Each act has a modem of its own, so that all can be looked at in one run; what it does is compared with a name or a modem that it
leaves alone. Runs itself in namespaces of its own (unshare -Urnm, or -nm for root). Takes the build folder in $BUILD. Prints TAP.
SPDX-License-Identifier: GPL-3.0-or-later
"""
import configparser
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig

INSIDE = "JAMLOG_TEST_INSIDE"
if INSIDE not in os.environ:
    for options in ("-Urnm", "-nm"):
        if subprocess.run(["unshare", options, "true"], capture_output=True, check=False).returncode == 0:
            os.environ[INSIDE] = "1"
            os.execvp("unshare", ["unshare", options, sys.executable, *sys.argv])
    print("1..0 # SKIP namespaces cannot be had here (in a chroot: only where its root is a mount point)")
    sys.exit(0)

tap = rig.Tap()
# wireguard-go has its socket below /run
subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
out = rig.folder()

ACTS = {  # modem: its happenings
    "fine": [],
    "dead": ["what = data-dead"],
    "lies": ["what = dns-lie\nnames = news.example\nanswer = 10.9.9.9", "what = dns-lie\nnames = social.example\nanswer = nxdomain",
             "what = dns-lie\nnames = messenger.example\nanswer = refused", "what = dns-lie\nnames = vpn.example\nanswer = silence",
             "what = dns-lie\nnames = check.example\nanswer = 2001:db8::bad\nresolver = operator"],
    "rst": ["what = tcp-reset\nnames = news.example\naddresses = 192.0.2.1"],
    "sni": ["what = sni-reset\nnames = news.example"],
    "page": ["what = block-page\nnames = news.example", "what = block-page\nnames = social.example\npage = 302\nlocation = http://x.example/y"],
    "portal": ["what = captive-portal"],
    "slow": ["what = throttle\nrate = 2000"],
    "picky": ["what = throttle\nrate = 1500\nnames = news.example"],
    "crowd": ["what = crowd\nlatency = 60ms"],
    "packed": ["what = crowd\nrate = 3000"],
    "lossy": ["what = crowd\nloss = 0.2"],
    "nosix": ["what = ipv6-dead"],
    "novpn": ["what = vpn-block"],
    "noquic": ["what = quic-block"],
    "other": [],
    "nocard": [],
    "later": ["what = data-dead\nat = 15\nfor = 4"],
    "loose": ["what = fault\nfault = unplug\nat = 15\nfor = 3"],
}
MODEMS = list(ACTS)
CELL = "[cell {0}]\nplmn = 257-0{0}\nlat = 53.9012\nlon = 27.5585\nearfcn = {1}\npci = {0}\ntac = 1\ncell_id = {0}\n"
SHORT = ("[world]\nduration = 600\nseed = 7\n[track]\npoints = 53.9,27.56\n" + CELL.format(1, 1300) + CELL.format(2, 1575) +
         "[internet]\nlatency = 20ms\nrate = 20000\nrate_up = 10000\n")


def write_scenario(path):
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(SHORT)
        for name in MODEMS:
            handle.write(f"[modem {name}]\nplmn = {'257-02' if name == 'other' else '257-01'}\n")
            handle.write("card = absent\n" if name == "nocard" else "")
        for name, acts in ACTS.items():
            for number, act in enumerate(acts):
                begin = "" if "\nat = " in act else "\nat = 0"
                handle.write(f"[happening {name}-{number}]\nmodems = {name}\n{act}{begin}\n")
        handle.write("[happening by-cell]\nwhat = data-dead\nplmn = 257-02\nat = 0\n")


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True).stdout


def links():
    return {link["ifname"]: link for link in json.loads(ip("-json", "address")) if link["ifname"] != "lo"}


def start_sim(scenario, run_dir):
    log = open(os.path.join(out, "sim.log"), "w", encoding="utf-8")
    sim = rig.start([rig.SIM, scenario, "--run-dir", run_dir], stdout=log, stderr=subprocess.STDOUT)
    ready = rig.wait_for(lambda: "ready" in open(log.name, encoding="utf-8").read() or sim.poll() is not None, 60, "ready")
    return sim if ready and sim.poll() is None else None


def configure(name):
    number, device = MODEMS.index(name), f"sim-{name}"
    ip("addr", "add", f"10.64.{number}.2/30", "dev", device)
    ip("addr", "add", f"2001:db8:64:{number:x}::2/64", "dev", device, "nodad")
    ip("link", "set", device, "up")
    ip("route", "add", "default", "dev", device, "metric", str(100 + number))
    ip("-6", "route", "add", "default", "dev", device, "metric", str(100 + number))


def descendants(pid):
    """All processes below, as /proc has them."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as handle:
                parents[int(entry)] = int(handle.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found - {pid}
        found |= more


def program_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as handle:
            return os.path.basename(handle.read().split(b"\0")[0].decode())
    except OSError:
        return ""


FORMAT = "\n%{http_code} %{time_connect} %{time_starttransfer} %{time_total} %{size_download} %{redirect_url}"


def address_of(host, family):
    number = {"control.example": (113, 10), "helper.example": (113, 20), "check.example": (100, 50), "messenger.example": (100, 10),
              "news.example": (100, 20), "social.example": (100, 30), "vpn.example": (100, 40)}[host]
    block = {113: "203.0.113", 100: "198.51.100"}[number[0]]
    return f"{block}.{number[1]}" if family == 4 else f"[2001:db8:{number[0]}::{number[1]}]"


class Curl:
    """One transfer over a modem's interface; `ok` when it ended well."""

    def __init__(self, modem, url, *more, family=4, address=None, timeout=4):
        host = url.split("/")[2]
        where = [] if host.startswith(("1", "2", "[")) else [x for port in ("80", "443") for x in
                                                              ("--resolve", f"{host}:{port}:{address or address_of(host, family)}")]
        self.result = rig.run(["curl", f"-{family}", "-sS", "--interface", f"if!sim-{modem}", "--cacert", f"{run_dir}/carrier/ca.pem",
                               "--max-time", str(timeout), "-w", FORMAT, *where, *more, url])
        self.body, _, last = self.result.stdout.rpartition("\n")
        words = last.split(" ")
        self.status, self.redirect = words[0], words[5]
        self.connect, self.first, self.total = (float(word) for word in words[1:4])
        self.size = int(words[4])
        self.ok = self.result.returncode == 0

    def kbps(self):
        return self.size * 8 / 1000 / max(self.total - self.first, 1e-3)

    def failed(self, *words):
        """By what curl says, in any of these words."""
        return not self.ok and any(word in self.result.stderr for word in words)

    def __str__(self):
        return f"{self.result.returncode} {self.result.stdout[-300:]} {self.result.stderr}"


def dig(modem, server, name, kind="A", timeout=1):
    """(status, addresses, milliseconds); status None: no answer."""
    source = f"2001:db8:64:{MODEMS.index(modem):x}::2" if ":" in server else f"10.64.{MODEMS.index(modem)}.2"
    # dig binds to the address alone, so the resolver's route goes there for the moment
    ip("route", "replace", server, "dev", f"sim-{modem}")
    result = rig.run(["dig", "-b", source, f"@{server}", name, kind, "+tries=1", f"+time={timeout}"]).stdout
    status = result.split("status: ")[1].split(",")[0] if "status: " in result else None
    answers = [line.split()[-1] for line in result.splitlines() if line.startswith(name) and f"\t{kind}\t" in line]
    took = int(result.split("Query time: ")[1].split()[0]) if "Query time: " in result else None
    return status, answers, took


def bound(modem, kind, family=socket.AF_INET):
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, f"sim-{modem}".encode())
    s.settimeout(2)
    return s


def exchange(modem, address, payload, kind=socket.SOCK_DGRAM):
    """The answer to a datagram or to a first message; the error's name; "silence"."""
    with bound(modem, kind, socket.AF_INET6 if ":" in address[0] else socket.AF_INET) as s:
        try:
            s.connect(address)
            s.send(payload)
            return s.recv(2000)
        except socket.timeout:
            return "silence"
        except OSError as error:
            return type(error).__name__


def near(value, wanted, name, unit):
    tap.ok(abs(value - wanted) <= 0.15 * wanted, name, f"{value:.1f} {unit}, wanted {wanted}")


def client_hello(name):
    into, outof = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(into, outof, server_hostname=name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outof.read()


def hello_in_pieces(modem, name):
    hello = client_hello(name)
    with bound(modem, socket.SOCK_STREAM) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.connect(("203.0.113.20", 443))
        try:
            for i in range(0, len(hello), 50):
                s.send(hello[i:i + 50])
            return s.recv(10)[:1]
        except OSError as error:
            return type(error).__name__


def is_reset(transfer):
    return transfer.failed("reset by peer", "errno 104", "Connection reset", "unexpected eof")


PART = ("-r", "0-499999", "-o", os.devnull)
RESET_V2 = b"\x38" + b"jamlog!!" + b"\0" * 5  # OpenVPN's P_CONTROL_HARD_RESET_CLIENT_V2
OPENVPN = ("203.0.113.30", 1194)


def check_fine():
    for name in ("control", "messenger", "news", "social", "vpn", "helper"):
        for family in (4, 6):
            page = Curl("fine", f"https://{name}.example/", family=family)
            tap.ok(page.ok and page.body.strip() == f"welcome to {name}.example", f"{name}.example: a valid certificate, IPv{family}", page)
    tap.equal(Curl("fine", "http://check.example/generate_204").status, "204", "the portal check gets its 204")
    for address in ("198.51.100.1", "203.0.113.1", "192.0.2.1"):
        with bound("fine", socket.SOCK_STREAM) as s:
            tap.equal(s.connect_ex((address, 443)), 0, f"raw reachability of {address}")
    for server in ("10.64.255.53", "2001:db8:64:ff::53", "198.51.100.53", "203.0.113.53"):
        tap.equal(dig("fine", server, "news.example", "AAAA")[:2], ("NOERROR", ["2001:db8:100::20"]), f"{server} tells the truth")
    tap.equal(dig("fine", "198.51.100.53", "nobody.example")[0], "NXDOMAIN", "a name that nobody has")
    near(1000 * min(Curl("fine", "http://control.example/").connect for _ in range(3)), 40, "latency, there and back", "ms")
    tap.ok(isinstance(exchange("fine", OPENVPN, RESET_V2), bytes), "OpenVPN answers")
    tap.ok(isinstance(exchange("fine", OPENVPN, b"\0\x0e" + RESET_V2, socket.SOCK_STREAM), bytes), "OpenVPN answers over TCP")


def check_targets():
    targets = configparser.ConfigParser(delimiters=("=",))
    targets.read(os.path.join(run_dir, "targets.conf"))
    kinds = sorted({section.split()[0] for section in targets.sections()})
    tap.equal(kinds, ["helper", "ip", "portal", "rate", "resolver", "sni", "trust", "vpn", "web"], "targets.conf has all kinds")
    tap.ok(os.path.isfile(targets["trust"]["authorities"]) and os.path.isabs(targets["trust"]["authorities"]), "and the authority's file")


def check_dead():
    tap.ok(Curl("dead", "https://control.example/", timeout=1).failed("timed out", "Timeout"), "data-dead: nothing comes back")
    tap.equal(dig("dead", "10.64.255.53", "control.example")[0], None, "data-dead: not even DNS")
    tap.equal(dig("other", "10.64.255.53", "control.example")[0], None, "an act on cells holds for the modem that camps there")
    tap.equal(dig("nocard", "10.64.255.53", "control.example")[0], None, "without service nothing passes")


def check_lies():
    tap.equal(dig("lies", "10.64.255.53", "news.example")[1], ["10.9.9.9"], "dns-lie: an address")
    status, answers, took = dig("lies", "198.51.100.53", "news.example")
    tap.ok(answers == ["10.9.9.9"] and took < 35, "dns-lie: in another resolver's name too, and faster than the truth", (answers, took))
    tap.equal(dig("lies", "198.51.100.53", "news.example", "AAAA")[:2], ("NOERROR", []), "dns-lie: no address of the other family")
    tap.equal(dig("lies", "10.64.255.53", "social.example")[0], "NXDOMAIN", "dns-lie: no such name")
    tap.equal(dig("lies", "203.0.113.53", "messenger.example")[0], "REFUSED", "dns-lie: refused")
    tap.equal(dig("lies", "198.51.100.53", "vpn.example")[0], None, "dns-lie: silence")
    tap.equal(dig("lies", "10.64.255.53", "check.example", "AAAA")[1], ["2001:db8::bad"], "dns-lie of the operator's resolver")
    tap.equal(dig("lies", "198.51.100.53", "check.example", "AAAA")[1], ["2001:db8:100::50"], "... while others tell the truth")
    tap.equal(dig("lies", "10.64.255.53", "control.example")[1], ["203.0.113.10"], "dns-lie: other names are left alone")


def check_resets():
    for family in (4, 6):
        news = Curl("sni", "https://news.example/", family=family)
        tap.ok(is_reset(news), f"sni-reset, IPv{family}", news)
    # as early as that curl has no word for it
    for address in ("198.51.100.20", "2001:db8:100::20"):
        tap.equal(exchange("rst", (address, 443), client_hello("news.example"), socket.SOCK_STREAM), "ConnectionResetError",
                  f"tcp-reset by name, at {address}")
    tap.ok(not Curl("rst", "https://news.example/").ok, "tcp-reset: curl does not get through")
    tap.equal(exchange("rst", ("192.0.2.1", 443), client_hello("x.example"), socket.SOCK_STREAM), "ConnectionResetError",
              "tcp-reset by address")
    tap.ok(Curl("rst", "https://control.example/").ok, "tcp-reset leaves the control alone")
    tap.ok(is_reset(Curl("sni", "https://news.example/", address="203.0.113.20")), "sni-reset at an address of another name")
    tap.ok(Curl("sni", "https://helper.example/").ok, "sni-reset leaves another name at the same address alone")
    tap.ok(Curl("sni", "http://news.example/").ok, "sni-reset leaves HTTP alone")
    tap.equal(hello_in_pieces("sni", "www.news.example"), "ConnectionResetError", "sni-reset of a ClientHello in pieces, of a name below")
    tap.equal(hello_in_pieces("sni", "oldnews.example"), b"\x16", "... and not of one that only ends alike")
    seen = rig.run(["openssl", "s_client", "-connect", "203.0.113.20:443", "-bind", f"10.64.{MODEMS.index('fine')}.2", "-servername",
                    "news.example"], input="")
    tap.ok("CN" in seen.stdout or "helper" in seen.stdout or "jamlog-sim" in seen.stdout, "a modem without the act reaches it", seen.stdout[-300:])


def check_pages():
    page = Curl("page", "http://news.example/")
    tap.ok(page.ok and page.status == "403" and "not available" in page.body, "block-page: 403", page)
    page = Curl("page", "http://social.example/", family=6)
    tap.equal((page.status, page.redirect), ("302", "http://x.example/y"), "block-page: 302 leads away, IPv6")
    tap.ok(is_reset(Curl("page", "https://news.example/")), "block-page: TLS is reset")
    tap.ok("welcome" in Curl("page", "http://control.example/").body, "block-page leaves the control alone")
    portal = Curl("portal", "http://check.example/generate_204")
    tap.equal((portal.status, portal.redirect), ("302", "http://portal.operator.example/login"), "captive-portal: HTTP is sent away")
    login = Curl("portal", "http://portal.operator.example/login", address="10.64.255.80")
    tap.equal(login.body.strip(), "sign in at portal.operator.example", "captive-portal: the portal itself is reached")
    tap.ok(Curl("portal", "https://control.example/").failed("refused", "Couldn't connect", "Failed to connect"), "captive-portal: TLS is reset")
    tap.equal(dig("portal", "198.51.100.53", "news.example")[0], "NOERROR", "captive-portal: DNS passes")
    tap.equal(exchange("portal", OPENVPN, RESET_V2), "silence", "captive-portal: the rest is dropped")


def check_speed():
    near(Curl("slow", "http://control.example/sample", *PART, timeout=9).kbps(), 2000, "throttle: the rate", "kbit/s")
    near(Curl("slow", "http://news.example/sample", *PART, timeout=9, family=6).kbps(), 2000, "throttle: of all names, IPv6", "kbit/s")
    near(Curl("picky", "https://news.example/sample", *PART, timeout=9).kbps(), 1500, "throttle of a name",
         "kbit/s")
    tap.ok(Curl("picky", "https://control.example/sample", *PART).kbps() > 6000, "throttle of a name leaves the control alone")
    near(1000 * Curl("crowd", "http://control.example/").connect, 160, "crowd: latency", "ms")
    near(Curl("packed", "http://control.example/sample", *PART).kbps(), 3000, "crowd: rate", "kbit/s")
    query = bytes.fromhex("123401000001000000000000") + b"\7control\7example\0\0\1\0\1"
    with bound("lossy", socket.SOCK_DGRAM) as s:
        s.connect(("198.51.100.53", 53))
        s.settimeout(0.5)
        for _ in range(300):
            s.send(query)
        got = 0
        try:
            while s.recv(500):
                got += 1
        except socket.timeout:
            pass
    tap.ok(0.54 < got / 300 < 0.74, "crowd: loss each way", f"{got} of 300 came back, 192 were to be expected")


def check_protocols():
    tap.ok(Curl("nosix", "https://control.example/", family=6, timeout=1).failed("timed out", "Timeout"), "ipv6-dead: IPv6 is dropped")
    tap.ok(Curl("nosix", "https://control.example/").ok, "ipv6-dead leaves IPv4 alone")
    tap.equal(exchange("novpn", OPENVPN, RESET_V2), "silence", "vpn-block: OpenVPN over UDP")
    tap.equal(exchange("novpn", OPENVPN, b"\0\x0e" + RESET_V2, socket.SOCK_STREAM), "silence", "vpn-block: OpenVPN over TCP")
    tap.ok(Curl("novpn", "https://vpn.example/").ok, "vpn-block leaves the web alone")
    tap.equal(exchange("fine", ("203.0.113.10", 443), b"\xc0" * 1200), "ConnectionRefusedError", "UDP port 443 is reached")
    tap.equal(exchange("noquic", ("203.0.113.10", 443), b"\xc0" * 1200), "silence", "quic-block: and now it is not")
    tap.ok(Curl("noquic", "https://control.example/").ok, "quic-block leaves TCP alone")


def wireguard_shakes_hands(modem, seconds):
    targets = configparser.ConfigParser(delimiters=("=",))
    targets.read(os.path.join(run_dir, "targets.conf"))
    server, device = targets["vpn wireguard"], f"wg-{modem}"
    key = os.path.join(out, "peer.key")
    with open(key, "w", encoding="utf-8") as handle:
        handle.write(server["private-key"])
    ip("route", "replace", server["address"], "dev", f"sim-{modem}")
    subprocess.run(["wireguard-go", device], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(["wg", "set", device, "private-key", key, "peer", server["public-key"], "endpoint", f"{server['address']}:{server['port']}",
                    "persistent-keepalive", "1", "allowed-ips", "10.65.0.1/32"], check=True)
    ip("link", "set", device, "up")
    done = rig.wait_for(lambda: not rig.run(["wg", "show", device, "latest-handshakes"]).stdout.strip().endswith("\t0"), seconds, "handshake")
    ip("link", "del", device)
    return done


def check_wireguard():
    if not shutil.which("wireguard-go") or not shutil.which("wg"):
        tap.skip("WireGuard", "wireguard-go or wg is not installed")
        return
    tap.ok(wireguard_shakes_hands("fine", 10), "WireGuard shakes hands")
    tap.ok(not wireguard_shakes_hands("novpn", 3), "vpn-block: and now it does not")


def check_life():
    # the answer would come back over the other modem, whose address it is
    other = f"10.64.{MODEMS.index('noquic')}.2"
    ip("route", "replace", "198.51.100.53", "dev", "sim-fine")
    said = rig.run(["dig", "-b", other, "@198.51.100.53", "control.example", "+tries=1", "+time=1"]).stdout
    tap.ok("status:" not in said, "a source that is not the session's is dropped", said)
    before = links()["sim-fine"]["ifindex"]
    ip("link", "del", "sim-fine")
    again = rig.wait_for(lambda: links().get("sim-fine", {}).get("ifindex", before) != before, 5, "the interface")
    tap.ok(again and "UP" not in links()["sim-fine"]["flags"], "an interface that was deleted is made again, and is down")
    configure("fine")
    tap.ok(Curl("fine", "https://control.example/").ok, "... and carries data")


def check_timeline():
    """What begins at 15 s, and what ends."""
    gone = rig.wait_for(lambda: "sim-loose" not in links(), 60, "the modem is unplugged")
    tap.ok(gone, "a modem that is unplugged takes its interface with it")
    dead = rig.wait_for(lambda: dig("later", "10.64.255.53", "control.example")[0] is None, 10, "dead")
    tap.ok(dead, "an act begins")
    tap.ok(rig.wait_for(lambda: "sim-loose" in links(), 10, "back"), "plugged in again it has one again")
    tap.ok(rig.wait_for(lambda: dig("later", "10.64.255.53", "control.example")[0], 20, "alive"), "an act ends")


def check_end(end, name):
    before = descendants(sim.pid)
    programs = {program_of(pid) for pid in before}
    tap.ok({"nginx", "dnsmasq"} <= programs, f"{name}: there are servers", programs)
    sim.send_signal(end)
    code = sim.wait(timeout=20)
    tap.equal(code, 0 if end == signal.SIGTERM else -end, f"{name}: how it ended")
    gone = rig.wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in before) and not links(), 1 if end == signal.SIGTERM else 5,
                        "everything gone")
    tap.ok(gone, f"{name}: no process and no interface is left", (descendants(os.getpid()), list(links())))


def check_errors(path):
    refused = rig.run([rig.SIM, path])
    tap.ok(refused.returncode == 2 and "--run-dir" in refused.stderr, "without --run-dir it says so", refused.stderr)
    refused = rig.run(["unshare", "-U", rig.SIM, path, "--run-dir", os.path.join(out, "none")])
    tap.ok(refused.returncode == 1 and "CAP_NET_ADMIN" in refused.stderr and "unshare -Urn" in refused.stderr,
           "without the privilege it says which, and what to do", refused.stderr)


def watch_shipped():
    """Plays the shipped scenario in a namespace of its own; a line for each look: when it began and ended, and what it found."""
    sim = start_sim(os.path.join(rig.SCENARIOS, "data-plane.scenario"), run_dir)
    began = time.monotonic()
    configure("a")
    while sim.poll() is None:
        look = time.monotonic() - began
        control, news = Curl("a", "https://control.example/", timeout=1), Curl("a", "https://news.example/", timeout=1)
        state = "fine" if control.ok and news.ok else "blocked" if control.ok else "cut" if not news.ok else "odd"
        if state == "fine" and Curl("a", "http://control.example/sample", "-r", "0-39999", "-o", os.devnull).kbps() < 400:
            state = "throttled"
        print(json.dumps([look, time.monotonic() - began, state]), flush=True)
    sys.exit(sim.wait())


def check_shipped(watcher):
    said, _ = watcher.communicate(timeout=120)
    tap.equal(watcher.returncode, 0, "data-plane.scenario plays to its end")
    looks = [json.loads(line) for line in said.splitlines()]
    for begin, end, state in ((6, 12, "fine"), (12, 24, "cut"), (24, 36, "blocked"), (36, 48, "throttled"), (48, 60, "fine")):
        # the scenario's second 0 is up to a second after it was ready
        seen = [look[2] for look in looks if look[0] > begin + 1.2 and look[1] < end - 0.2]
        tap.ok(seen and set(seen) == {state}, f"data-plane.scenario: {state} from {begin} s to {end} s", seen)


if len(sys.argv) > 1:
    run_dir, MODEMS = os.path.join(out, "shipped"), ["a"]
    watch_shipped()
scenario, run_dir = os.path.join(out, "acts.scenario"), os.path.join(out, "run")
write_scenario(scenario)
os.chmod(out, 0o777)
check_errors(scenario)
shipped = rig.start(["unshare", "-n", sys.executable, sys.argv[0], "shipped"], stdout=subprocess.PIPE, text=True)
sim = start_sim(scenario, run_dir)
if not tap.ok(sim, "it starts", open(os.path.join(out, "sim.log"), encoding="utf-8").read()):
    tap.done()
bare = [name for name, link in links().items() if "UP" in link["flags"] or "MULTICAST" in link["flags"] or link["addr_info"]]
tap.equal((len(links()), bare), (len(MODEMS), []), "each modem has an interface: down, without multicast or address")
for modem in MODEMS:
    configure(modem)
tap.ok(rig.wait_for(lambda: dig("fine", "10.64.255.53", "control.example")[0] == "NOERROR", 30, "registration"), "a modem that is served has data")
check_timeline()
configure("loose")
check_fine()
check_targets()
check_dead()
check_lies()
check_resets()
check_pages()
check_speed()
check_protocols()
check_wireguard()
check_life()
check_end(signal.SIGTERM, "SIGTERM")

check_shipped(shipped)
sim = start_sim(scenario, run_dir)
if tap.ok(sim, "it starts again in the same folder"):
    check_end(signal.SIGKILL, "kill -9")
sim = start_sim(scenario, run_dir)
if tap.ok(sim, "and again"):
    os.kill(next(pid for pid in descendants(sim.pid) if program_of(pid) == "nginx"), signal.SIGKILL)
    tap.equal(sim.wait(timeout=10), 1, "a server that dies ends the run")
    tap.ok("nginx" in open(os.path.join(out, "sim.log"), encoding="utf-8").read(), "and is named")
tap.done()
