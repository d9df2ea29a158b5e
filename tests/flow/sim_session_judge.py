#!/usr/bin/env python3
"""qmicli and mbimcli judge the data sessions that hosts start on simulated modems: what they print must be what the scenario meant.

What no tool does (watching a session end, giving a start up, asking for the back-off timer) our own clients of tests/helper do.
SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import re
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
import sim_mbim_client as mbim  # noqa: E402
from rig import SIM, Tap, folder, json_lines, run, start, wait_for  # noqa: E402
from sim_qmi_client import CELL, SERVED, WDS, Client, Host, frame  # noqa: E402

# All of them stand still and differ in what they are granted. The network of "stranger" is not here.
SCENARIO = """
[world]
duration = 300
shadowing_db = 0
[track]
points = 53.9020,27.5630
[cell near]
plmn = 257-01
lat = 53.9012
lon = 27.5585
earfcn = 1300
pci = 101
tac = 4011
cell_id = 0x1A2B301
[modem first]
plmn = 257-01
[modem qmi]
plmn = 257-01
apns = internet, mms
[modem qmi4]
plmn = 257-01
ip = ipv4
[modem slow]
plmn = 257-01
session_delay = 60
[modem refused]
plmn = 257-01
[modem stranger]
plmn = 257-02
[modem ended]
plmn = 257-01
[modem inside]
plmn = 257-01
protocol = mbim-qmi
[modem mbim]
plmn = 257-01
protocol = mbim
apns = internet, mms
[modem mbim4]
plmn = 257-01
protocol = mbim
ip = ipv4
[modem mbim-slow]
plmn = 257-01
protocol = mbim
session_delay = 60
[modem mbim-refused]
plmn = 257-01
protocol = mbim
[modem mbim-stranger]
plmn = 257-02
protocol = mbim
[modem mbim-ended]
plmn = 257-01
protocol = mbim
[happening refused]
what = session-reject
cause = 33
backoff = 5m
modems = refused, mbim-refused
at = 0
[happening ended]
what = session-end
cause = 36
modems = ended, mbim-ended
at = 20
"""
DIR = folder()
tap = Tap()


def device(name):
    return os.path.realpath(os.path.join(DIR, "run", "modem-" + name))


def truth(name):
    return [line for line in json_lines(os.path.join(DIR, "truth")) if line.get("modem") == name][-1]


def qmicli(name, *options, over="qmi"):
    result = run(["qmicli", "-d", device(name), "--device-open-" + over, *options])
    return "\n".join(line for line in (result.stdout + result.stderr).splitlines() if "Warning" not in line)


class Wds:
    """One WDS client of qmicli, kept from command to command."""

    def __init__(self, name, over="qmi"):
        self.name, self.over, self.cid = name, over, None

    def __call__(self, *options, keep=True):
        mine = ["--client-cid=" + self.cid] if self.cid else []
        text = qmicli(self.name, *mine, *(["--client-no-release-cid"] if keep else []), *options, over=self.over)
        found = re.search(r"CID: '(\d+)'", text)
        self.cid = found.group(1) if found and keep else None
        return text

    def start(self, how):
        text = self("--wds-start-network=" + how)
        found = re.search(r"Packet data handle: '(\d+)'", text)
        return found.group(1) if found else text

    def release(self):
        return self("--wds-noop", keep=False)


def says(text, *lines):
    got = [re.sub(r"\s+", " ", line.strip()) for line in text.splitlines()]
    got = [re.sub(r"^\[/dev/[^]]*\] ", "", line) for line in got]
    return [line for line in lines if line not in got]


def check(name, text, *lines):
    tap.equal(says(text, *lines), [], name + (":\n#   " + text.replace("\n", "\n#   ") if says(text, *lines) else ""))


IPV4 = ("IP Family: IPv4", "IPv4 address: {}", "IPv4 subnet mask: 255.255.255.252", "IPv4 gateway address: {}",
        "IPv4 primary DNS: 10.64.255.53", "MTU: 1430")
IPV6 = ("IP Family: IPv6", "IPv6 address: 2001:db8:64:1::2/64", "IPv6 gateway address: 2001:db8:64:1::1/64",
        "IPv6 primary DNS: 2001:db8:64:ff::53", "MTU: 1430")


def qmi_ipv4(name, over, place):
    label = "%s over %s" % (name, over)
    addresses = [IPV4[0], IPV4[1].format("10.64.%d.2" % place), IPV4[2], IPV4[3].format("10.64.%d.1" % place), *IPV4[4:]]
    wds = Wds(name, over)
    handle = wds.start("apn=internet,ip-type=4")
    tap.ok(handle.isdigit(), label + ": qmicli starts IPv4", handle)
    check(label + ": its addresses", wds("--wds-get-current-settings"), *addresses)
    tap.ok("IPv6" not in wds("--wds-get-current-settings"), label + ": no IPv6 beside it")
    check(label + ": it is connected", wds("--wds-get-packet-service-status"), "Connection status: 'connected'")
    check(label + ": nothing has been carried", wds("--wds-get-packet-statistics"), "TX packets OK: 0", "RX bytes OK: 0")
    check(label + ": a second start has no effect", wds("--wds-start-network=apn=internet,ip-type=4"),
          "error: couldn't start network: QMI protocol error (26): 'NoEffect'")
    check(label + ": a wrong handle is refused", wds("--wds-stop-network=%d" % (int(handle) + 7)),
          "error: couldn't stop network: QMI protocol error (9): 'InvalidHandle'")
    check(label + ": another client sees the modem's own session", qmicli(name, "--wds-get-packet-service-status", over=over),
          "Connection status: 'connected'")
    tap.ok("InformationUnavailable" in qmicli(name, "--wds-get-current-settings", over=over),
           label + ": which has no address to tell")
    check(label + ": it stops", wds("--wds-stop-network=" + handle), "Network stopped")
    check(label + ": then it is not connected", wds("--wds-get-packet-service-status"), "Connection status: 'disconnected'")
    tap.ok("OutOfCall" in wds("--wds-get-current-settings"), label + ": and has no addresses")
    again = wds.start("apn=internet,ip-type=4")
    tap.ok(again.isdigit() and again != handle, label + ": and starts again", again)
    tap.ok(wait_for(lambda: truth(name)["call_ipv4"], 5, "truth"), label + ": the truth tells of it")
    wds.release()
    tap.ok(wait_for(lambda: not truth(name)["call_ipv4"], 5, "truth"), label + ": it ends with its client")


def failed(name, text, number, word, verbose):
    check(name, text, "error: couldn't start network: QMI protocol error (14): 'CallFailed'", "call end reason (%d): %s" % (number, word),
          "verbose call end reason " + verbose)


def test_qmi():
    qmi_ipv4("qmi", "qmi", 1)
    qmi_ipv4("inside", "mbim", 7)
    one, two = Wds("qmi"), Wds("qmi")
    tap.ok(one.start("apn=mms,ip-type=4").isdigit() and two.start("apn=mms,ip-type=6").isdigit(), "two clients: IPv4 and IPv6")
    check("two clients: IPv6 has its addresses", two("--wds-get-current-settings"), *IPV6)
    tap.ok(wait_for(lambda: truth("qmi")["call_ipv4"] and truth("qmi")["call_ipv6"], 5, "truth"), "two clients: the truth tells of both")
    failed("two clients: a third gets no other APN", qmicli("qmi", "--wds-start-network=apn=internet,ip-type=4"), 1, "generic-unspecified",
           "(2,237): [internal] interface-in-use")
    one.release()
    two("--wds-set-ip-family=6")
    two.release()
    failed("an unknown APN", qmicli("qmi", "--wds-start-network=apn=intranet,ip-type=4"), 1013, "gsm-wcdma-unknown-apn",
           "(6,27): [3gpp] unknown-apn")
    failed("IPv6 of an IPv4 subscription", qmicli("qmi4", "--wds-start-network=apn=internet,ip-type=6"), 1, "generic-unspecified",
           "(6,50): [3gpp] ipv4-only-allowed")
    failed("a network that is not there", qmicli("stranger", "--wds-start-network=apn=internet,ip-type=4"), 3, "generic-no-service",
           "(3,2001): [cm] no-service")
    failed("a refusal", qmicli("refused", "--wds-start-network=apn=internet,ip-type=4"), 1018, "gsm-wcdma-option-unsubscribed",
           "(6,33): [3gpp] option-unsubscribed")
    failed("the modem backs off", qmicli("refused", "--wds-start-network=apn=internet,ip-type=4"), 1, "generic-unspecified",
           "(2,209): [internal] pdn-ipv4-call-throttled")
    check("the line carries IP", qmicli("qmi", "--wda-get-data-format="), "Link layer protocol: 'raw-ip'",
          "Uplink data aggregation protocol: 'disabled'")
    check("and goes on to do so", qmicli("qmi", "--wda-set-data-format=link-layer-protocol=802-3"), "Link layer protocol: 'raw-ip'")


def test_throttle():
    with Client(device("refused")) as client:
        cid = client.allocate(WDS)
        info = client.call(WDS, cid, 0x006C, {1: b"\0"}).tlvs[0x10]
        count, ipv4, ipv6, left4, left6, size = struct.unpack_from("<BBBIIB", info)
        tap.equal((count, ipv4, ipv6, size, info[12:]), (1, 1, 1, 8, b"internet"), "PDN Throttle Info names the APN")
        tap.ok(250000 < left4 <= 300000 and left6 == left4, "and how long the timer will run", str((left4, left6)))
        tap.equal(client.call(WDS, cid, 0x006C).error, 17, "it wants to know the network's kind")
    with Client(device("qmi")) as client:
        tap.equal(client.call(WDS, client.allocate(WDS), 0x006C, {1: b"\0"}).tlvs[0x10], b"\0", "where nothing is throttled it says so")


def open_start(client, cid):
    """Start Network without waiting for the answer; its transaction."""
    client.transaction += 1
    client.write(frame(WDS, cid, client.transaction, 0x0020, {0x14: b"internet", 0x19: b"\4"}))
    return client.transaction


def test_pending():
    with Client(device("slow")) as client:
        cid = client.allocate(WDS)
        transaction = open_start(client, cid)
        tap.equal(client.call(WDS, cid, 0x0022).tlvs[1], b"\1", "a start that takes long does not keep the modem from answering")
        tap.equal(client.call(WDS, cid, 0x0002, {1: struct.pack("<H", transaction + 1)}).error, 22, "Abort wants the right transaction")
        tap.equal(client.call(WDS, cid, 0x0002, {1: struct.pack("<H", transaction)}).error, 0, "Abort is answered")
        late = client.read()
        tap.equal((late.message, late.transaction, late.error), (0x0020, transaction, 4), "and the start says that it was aborted")
        transaction = open_start(client, cid)
        client.transaction += 1
        client.write(frame(WDS, cid, client.transaction, 0x0021, {1: b"\xff\xff\xff\xff"}))
        late, stopped = client.read(), client.read()
        tap.equal((late.transaction, late.error, late.tlvs[0x10], late.tlvs[0x11]), (transaction, 14, b"\2\0", struct.pack("<HH", 3, 2000)),
                  "Stop Network ends a start: client end")
        tap.equal((stopped.message, stopped.error), (0x0021, 0), "and is answered too")
        tap.equal(client.settle(), [], "nothing is indicated of what never was up")
        tap.equal(client.call(WDS, cid, 0x0021, {1: b"\1\0\0\0"}).error, 9, "there is nothing left to stop")
        tap.equal(client.call(WDS, cid, 0x0020, {0x19: b"\5"}).error, 64, "an IP family that is none is refused")
        tap.equal(client.call(WDS, cid, 0x0020, {0x14: b"x" * 101}).error, 48, "an APN that is too long is refused")


def test_ends():
    """The scenario ends what runs at 20 s."""
    with Client(device("ended")) as client, mbim.Host(device("mbim-ended")) as host:
        cid = client.allocate(WDS)
        answer = client.call(WDS, cid, 0x0020, {0x14: b"internet", 0x19: b"\4"})
        tap.equal(answer.error, 0, "a session that the network will end starts")
        host.open()
        tap.equal(host.command(mbim.BASIC, 12, 1, connect_info("internet", 1))[0], 0, "and so does one over MBIM")
        up = client.read()
        tap.equal((up.message, up.tlvs), (0x0022, {1: b"\2\0", 0x12: b"\4"}), "it is indicated as up")
        down = client.read(30)
        tap.equal((down.message, down.tlvs), (0x0022, {1: b"\1\0", 0x10: struct.pack("<H", 1008), 0x11: struct.pack("<HH", 6, 36), 0x12: b"\4"}),
                  "its end is indicated with the reason")
        tap.equal(client.call(WDS, cid, 0x0022).tlvs[1], b"\1", "and its client sees it down")
        notes = []
        wait_for(lambda: notes.extend(host.settle()) or len([n for n in notes if n[1] == 12]) == 2, 10, "notifications")
        found = [(mbim.Info(info).u32(4), mbim.Info(info).u32(32)) for _, number, info in notes if number == 12]
        tap.equal(found, [(1, 0), (3, 36)], "Connect notifies that it is up, and its end with the network's cause")
        wds = Wds("ended")
        tap.ok(wds.start("apn=internet,ip-type=4").isdigit(), "after that the network grants one again")


# ---- MBIM


def connect_info(apn, ip_type, command=1):
    text = apn.encode("utf-16-le")
    head = struct.pack("<II", 0, command) + struct.pack("<IIIIII", 60, len(text), 0, 0, 0, 0) + struct.pack("<III", 0, 0, ip_type) + b"\0" * 16
    return head + text + b"\0" * (-len(text) % 4)


class Mbim:
    """mbimcli, which leaves the modem open from command to command."""

    def __init__(self, name, version=1):
        self.name, self.last, self.version = name, None, version

    def __call__(self, *options):
        opening = ["--no-open=%d" % self.last] if self.last else ["--device-open-ms-mbimex-v%d" % self.version] if self.version > 1 else []
        result = run(["mbimcli", "-d", device(self.name), "--no-close", *opening, *options])
        text = result.stdout + result.stderr
        self.last = int(re.search(r"TRID: '(\d+)'", text).group(1)) + 10
        return text

    def close(self):
        run(["mbimcli", "-d", device(self.name), "--no-open=%d" % self.last, "--query-device-caps"])


def state_of(activation, ip="default", error="none"):
    return ("Activation state: '%s'" % activation, "IP type: '%s'" % ip, "Network error: '%s'" % error)


MBIM_IPV4 = ("IPv4 configuration available: 'address, gateway, dns, mtu'", "IP [0]: '10.64.8.2/30'", "Gateway: '10.64.8.1'",
             "DNS [0]: '10.64.255.53'", "MTU: '1430'")
MBIM_IPV6 = ("IPv6 configuration available: 'address, gateway, dns, mtu'", "IP [0]: '2001:db8:64:8::2/64'", "Gateway: '2001:db8:64:8::1'",
             "DNS [0]: '2001:db8:64:ff::53'", "MTU: '1430'")


def test_mbim():
    cli = Mbim("mbim")
    check("MBIM: the modem's own session before any of a host's", cli("--query-connection-state"), *state_of("activated", "ipv4"))
    check("MBIM: it connects", cli("--connect=apn=internet,ip-type=ipv4v6"), "Successfully connected", *state_of("activated", "ipv4v6"),
          *MBIM_IPV4, *MBIM_IPV6)
    check("MBIM: it is connected", cli("--query-connection-state"), *state_of("activated", "ipv4v6"))
    check("MBIM: its addresses", cli("--query-ip-configuration"), *MBIM_IPV4, *MBIM_IPV6)
    check("MBIM: nothing has been carried", cli("--query-packet-statistics"), "Octets (in): '0'", "Packets (out): '0'")
    check("MBIM: it is there once", cli("--connect=apn=internet,ip-type=ipv4"), "error: operation failed: MaxActivatedContexts")
    tap.ok(wait_for(lambda: truth("mbim")["call_ipv4"] and truth("mbim")["call_ipv6"], 5, "truth"), "MBIM: the truth tells of it")
    check("MBIM: it disconnects", cli("--disconnect"), "Successfully disconnected", *state_of("deactivated"))
    check("MBIM: then it is not connected", cli("--query-connection-state"), *state_of("deactivated"))
    check("MBIM: and has no addresses", cli("--query-ip-configuration"),
          "error: couldn't get IP configuration response message: ContextNotActivated")
    check("MBIM: nor can it disconnect again", cli("--disconnect"), "error: operation failed: ContextNotActivated")
    check("MBIM: an unknown APN", cli("--connect=apn=intranet,ip-type=ipv4"), "error: operation failed: Failure")
    check("MBIM: whose cause is kept", cli("--query-connection-state"), *state_of("deactivated", error="missing-or-unknown-apn"))
    check("MBIM: it connects by IPv4 alone", cli("--connect=apn=mms,ip-type=ipv4"), *state_of("activated", "ipv4"),
          "IPv6 configuration available: 'none'", *MBIM_IPV4)
    tap.ok(wait_for(lambda: truth("mbim")["call_ipv4"], 5, "truth"), "MBIM: the truth tells of that")
    cli.close()
    tap.ok(wait_for(lambda: not truth("mbim")["call_ipv4"], 5, "truth"), "MBIM: closing the modem ends it")
    for version in (2, 3):
        cli = Mbim("mbim", version)
        check("MBIMEx %d: it connects" % version, cli("--connect=apn=internet,ip-type=ipv6"), *state_of("activated", "ipv6"), *MBIM_IPV6)
        cli.close()
    tap.ok("Access string: 'internet'" in Mbim("mbim", 3)("--connect=apn=internet"), "MBIMEx 3: it tells the access string")


def test_mbim_failures():
    cli = Mbim("mbim4")
    check("MBIM: both families of an IPv4 subscription are one", cli("--connect=apn=internet,ip-type=ipv4v6"), *state_of("activated", "ipv4"),
          "IPv6 configuration available: 'none'")
    cli.close()
    cli = Mbim("mbim4")
    check("MBIM: IPv6 of it is none", cli("--connect=apn=internet,ip-type=ipv6"), "error: operation failed: Failure")
    check("MBIM: the network says why", cli("--query-connection-state"), *state_of("deactivated", error="pdp-type-ipv4-only-allowed"))
    cli.close()
    check("MBIM: a network that is not there", Mbim("mbim-stranger")("--connect=apn=internet"), "error: operation failed: NotRegistered")
    with mbim.Host(device("mbim-refused")) as host:
        host.open()
        status, info = host.command(mbim.BASIC, 12, 1, connect_info("internet", 1))
        tap.equal((status, len(info), mbim.Info(info).u32(4), mbim.Info(info).u32(32)), (2, 36, 3, 33), "MBIM: a refusal has its NwError")
        status, info = host.command(mbim.BASIC, 12, 1, connect_info("internet", 1))
        tap.equal((status, mbim.Info(info).u32(32)), (2, 0), "MBIM: the modem that backs off has none")
        for name, info in {"half a request": connect_info("internet", 1)[:30], "a text beyond its end": connect_info("internet", 1)[:64],
                           "an IP type that is none": connect_info("internet", 5), "a command that is none": connect_info("internet", 1, 2)}.items():
            tap.equal(host.command(mbim.BASIC, 12, 1, info)[0], 21, "MBIM: %s is refused" % name)
    with mbim.Host(device("mbim-slow")) as host:
        host.open()
        host.transaction += 1
        body = mbim.command_body(mbim.BASIC, 12, 1, connect_info("internet", 1))
        host.write(mbim.message(mbim.COMMAND, host.transaction, struct.pack("<II", 1, 0) + body))
        waits = host.transaction
        status, info = host.command(mbim.BASIC, 12, 0, b"\0" * 36)
        tap.equal((status, mbim.Info(info).u32(4)), (0, 2), "MBIM: while it starts other questions are answered, and it is activating")
        tap.equal(host.command(mbim.BASIC, 12, 1, connect_info("internet", 1))[0], 1, "MBIM: it cannot be started twice")
        status, info = host.command(mbim.BASIC, 12, 1, connect_info("", 0, 0))
        tap.equal((status, mbim.Info(info).u32(4)), (0, 3), "MBIM: one that is being started can be given up")
        kind, transaction, rest = host.read()
        tap.equal((kind, transaction, struct.unpack_from("<I", host.whole((kind, transaction, rest)), 20)[0]), (mbim.COMMAND_DONE, waits, 2),
                  "MBIM: and its own command fails")


# ---- counters, which a data path would move


def test_counters():
    state = dict(SERVED, **{"session_up": 1, "rx_packets": 7, "call.rx_packets": 70, "call.tx_packets": 50, "call.rx_bytes": 7000, "call.tx_bytes": 5000})
    with Host() as host:
        host.apply(dict(state=state, cells=[CELL]))
        command = ["qmicli", "-d", host.path, "--device-open-qmi"]
        cid = re.search(r"CID: '(\d+)'", run([*command, "--client-no-release-cid", "--wds-start-network=apn=internet,ip-type=4"]).stdout).group(1)
        check("a client is told the packets of its own call", run([*command, "--client-cid=" + cid, "--wds-get-packet-statistics"]).stdout,
              "TX packets OK: 50", "RX packets OK: 70", "TX bytes OK: 5000", "RX bytes OK: 7000")
        check("another those of the modem's session", run([*command, "--wds-get-packet-statistics"]).stdout, "RX packets OK: 7")
    with Host("mbim") as host:
        host.apply(dict(state=state, cells=[CELL]))
        first = run(["mbimcli", "-d", host.path, "--no-close", "--connect=apn=internet"])
        trid = int(re.search(r"TRID: '(\d+)'", first.stdout).group(1)) + 10
        check("MBIM: the packets are those of the host's session",
              run(["mbimcli", "-d", host.path, "--no-open=%d" % trid, "--query-packet-statistics"]).stdout, "Octets (in): '7000'",
              "Packets (in): '70'", "Octets (out): '5000'", "Packets (out): '50'")


def main():
    path = os.path.join(DIR, "x.scenario")
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(SCENARIO)
    with open(os.path.join(DIR, "log"), "w", encoding="utf-8") as log:
        start([SIM, path, "--run-dir", os.path.join(DIR, "run"), "--truth", os.path.join(DIR, "truth")], stdout=log)
    began = time.monotonic()

    def all_in():
        lines = json_lines(os.path.join(DIR, "truth")) if os.path.exists(os.path.join(DIR, "truth")) else []
        last = {line["modem"]: line["registration"] for line in lines if "modem" in line}
        return sum(word == "registered" for word in last.values()) == 12
    if not tap.ok(wait_for(all_in, 30, "registration"), "the modems are registered"):
        tap.done()
    tap.ok(time.monotonic() - began < 19, "in time for the happening at 20 s")
    for test in (test_ends, test_qmi, test_throttle, test_pending, test_mbim, test_mbim_failures, test_counters):
        test()
    tap.done()


main()
