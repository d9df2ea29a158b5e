#!/usr/bin/env python3
"""Indications of the simulated modem, byte by byte, read by a QMUX client of the test's own.

qmicli asks and goes, so it cannot judge these; the bytes that are expected are packed here by hand from the public
description of each message. SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from sim_qmi_client import BUILD, CELL, CTL, DMS, NAS, SERVED, UIM, WDS, Client, Host, Tap  # noqa: E402

LOST = dict(operating_mode="online", card="ready", registration="searching", service="none", true_service="none")


def served(cell=None, **state):
    return dict(state={**SERVED, **state}, cells=[{**CELL, **(cell or {})}])


def lost(**state):
    return dict(state={**LOST, **state})


def of(indications, message):
    return [i for i in indications if i.message == message]


def lte_signal(rssi, rsrq, rsrp, snr):
    return {0x14: struct.pack("<bbhh", rssi, rsrq, rsrp, snr)}


def test_serving_system(tap):
    with Host() as host, Client(host.path) as client:
        host.apply(served())
        cid = client.allocate(NAS)
        tap.equal("a new client gets no indication before anything changed", len(client.settle()), 0)
        host.apply(lost())
        got = client.settle()
        tap.equal("a new client gets Serving System by default and nothing else", [i.message for i in got], [0x0024])
        tap.equal("an indication has transaction 0 and goes to its client", (got[0].transaction, got[0].client, got[0].kind),
                  (0, cid, "indication"))
        # 01: searching, detached, detached, 3GPP, one interface: none. 22: no status, no capability, no HDR, not forbidden.
        tap.equal("Serving System of a lost network says so", got[0].tlvs,
                  {0x01: bytes([2, 2, 2, 2, 1, 0]), 0x11: b"\0", 0x22: bytes(5)})
        host.apply(lost())
        tap.equal("the same state again is no news", len(client.settle()), 0)
        host.apply(served())
        plmn = struct.pack("<HHB", 257, 1, 5) + b"25701"
        tap.equal("Serving System of a served modem has the indication's own TLV numbers", client.settle()[0].tlvs,
                  {0x01: bytes([1, 1, 1, 2, 1, 8]), 0x10: b"\1", 0x11: b"\1\x0b", 0x12: plmn, 0x15: bytes([1, 8, 1]),
                   0x1D: struct.pack("<H", 0xFFFE), 0x1E: struct.pack("<I", 0x1A2CF01), 0x22: bytes([2, 3, 0, 0, 0]),
                   0x25: struct.pack("<H", 0x1234), 0x29: struct.pack("<HHB", 257, 1, 0)})


def test_system_info(tap):
    with Host() as host, Client(host.path) as client:
        host.apply(lost())
        cid = client.allocate(NAS)
        client.call(NAS, cid, 0x0003, {0x18: b"\1", 0x13: b"\0"})
        host.apply(served(access="emergency-only"))
        got = client.settle()
        tap.equal("System Info comes when registered for, and Serving System stops when turned off",
                  [i.message for i in got], [0x004E])
        system = struct.pack("<BBBBBBBBBHBIBBBB3s3sBH", 1, 3, 1, 3, 1, 0, 1, 0, 1, 0xFFFE, 1, 0x1A2CF01, 0, 0, 0, 1, b"257",
                             b"01\xff", 1, 0x1234)
        tap.equal("System Info of a served modem", got[0].tlvs,
                  {0x12: bytes(3), 0x13: bytes(3), 0x14: bytes([2, 2, 0]), 0x19: system, 0x1E: b"\xff\xff", 0x21: b"\1",
                   0x28: struct.pack("<I", 1)})
        answer = client.call(NAS, cid, 0x004D)
        tap.equal("the LTE cell access status is in the answer", answer.tlvs[0x44], struct.pack("<I", 1))
        host.apply(served(access="no-calls"))
        tap.equal("the LTE cell access status is not in the indication, so its change is not told", len(client.settle()), 0)
        host.apply(served(registration="denied", cs_attached=0, ps_attached=0, service="limited", true_service="limited",
                          reject_cause=15, reject_is_ps=1, reject_count=1))
        got = client.settle()[0].tlvs[0x19]
        tap.equal("System Info tells of a reject with its domain and cause", got[16:19], bytes([1, 2, 15]))
        client.call(NAS, cid, 0x0003, {0x18: b"\0"})
        host.apply(lost())
        tap.equal("System Info stops when turned off", len(client.settle()), 0)


def test_reject(tap):
    rejected = dict(registration="denied", cs_attached=0, ps_attached=0, service="limited", true_service="limited",
                    reject_cause=15, reject_is_ps=1)
    with Host() as host, Client(host.path) as client:
        host.apply(served())
        cid = client.allocate(NAS)
        client.call(NAS, cid, 0x0003, {0x21: b"\1\0", 0x13: b"\0"})
        host.apply(served(**rejected, reject_count=1))
        got = client.settle()
        tap.equal("a reject is indicated with radio, domain, cause and PLMN", [(i.message, i.tlvs) for i in got],
                  [(0x0068, {0x01: b"\x08", 0x02: b"\x02", 0x03: b"\x0f", 0x10: struct.pack("<HHB", 257, 1, 0)})])
        host.apply(served(dict(rsrp_dbm=-99), **rejected, reject_count=1))
        tap.equal("a reject is indicated once", len(client.settle()), 0)
        host.apply(served(dict(mnc="001"), **rejected, reject_count=2, reject_is_cs=1))
        tlvs = client.settle()[0].tlvs
        tap.equal("the next reject of the same cause is indicated again", (tlvs[0x02], tlvs[0x10]),
                  (b"\x03", struct.pack("<HHB", 257, 1, 1)))


def test_session(tap):
    mask = struct.pack("<I", 1 << 1 | 1 << 6)  # received packets, sent bytes
    with Host() as host, Client(host.path) as client:
        host.apply(served())
        cid = client.allocate(WDS)
        tap.equal("without a session there is nothing to count", client.call(WDS, cid, 0x0024, {1: mask}).error, 15)
        host.apply(served(session_up=1, rx_packets=7, tx_bytes=1 << 33))
        # 01: connected, no reconfiguration; 12: IPv4.
        tap.equal("a session that begins is told to every client", [(i.message, i.client, i.tlvs) for i in client.settle()],
                  [(0x0022, cid, {0x01: b"\2\0", 0x12: b"\4"})])
        tlvs = client.call(WDS, cid, 0x0024, {1: mask}).tlvs
        tap.equal("only those counters are told that were asked for", {k: v for k, v in tlvs.items() if k != 2},
                  {0x11: struct.pack("<I", 7), 0x19: struct.pack("<Q", 1 << 33)})
        tap.equal("counters are not told unasked", client.call(WDS, cid, 0x0024).error, 17)
        host.apply(served(session_up=1, rx_packets=8, tx_bytes=1 << 34))
        tap.equal("what it carries is not told", client.settle(), [])
        host.apply(served())
        tap.equal("its end is told", [i.tlvs[1] for i in client.settle()], [b"\1\0"])


def test_signal(tap):
    def at(**cell):
        host.apply(served(cell))
        return [i.tlvs for i in of(client.settle(), 0x0051)]

    with Host() as host, Client(host.path) as client:
        host.apply(served())
        cid = client.allocate(NAS)
        client.call(NAS, cid, 0x0003, {0x19: b"\1", 0x13: b"\0"})
        tap.equal("Signal Info comes first for a technology not told of before", at(rsrp_dbm=-97.0),
                  [lte_signal(-65, -11, -97, 123)])
        tap.equal("a small move is below the default step", at(rsrp_dbm=-101.9), [])
        tap.equal("a move of the default step is told", at(rsrp_dbm=-102.0), [lte_signal(-65, -11, -102, 123)])
        answer = client.call(NAS, cid, 0x006C, {0x29: struct.pack("<H", 20)})
        tap.equal("Config Signal Info v2 takes a delta", answer.error, 0)
        tap.equal("a move of 1.9 dB is below a delta of 2 dB", at(rsrp_dbm=-100.1), [])
        tap.equal("a move of 2 dB since the last report is told", len(at(rsrp_dbm=-100.0)), 1)
        client.call(NAS, cid, 0x006C, {0x28: struct.pack("<Bhh", 2, -1050, -900)})
        tap.equal("without crossing a threshold nothing is told", at(rsrp_dbm=-91.0), [])
        tap.equal("crossing a threshold upwards is told", len(at(rsrp_dbm=-90.0)), 1)
        tap.equal("staying above it is not", at(rsrp_dbm=-60.0), [])
        tap.equal("crossing several thresholds downwards is told once", len(at(rsrp_dbm=-110.0)), 1)
        client.call(NAS, cid, 0x0050, {0x16: struct.pack("<Bh", 1, -80)})
        tap.equal("a threshold in whole dB (Config Signal Info) replaces them", len(at(rsrp_dbm=-89.0)), 0)
        tap.equal("and is crossed where it stands", len(at(rsrp_dbm=-79.9)), 1)
        host.apply(lost())
        tap.equal("nothing heard, no Signal Info", of(client.settle(), 0x0051), [])
        tap.equal("no threshold at all is refused", client.call(NAS, cid, 0x006C).error, 8)
        tap.equal("a delta of 0 is refused", client.call(NAS, cid, 0x006C, {0x29: b"\0\0"}).error, 48)
        tap.equal("a list shorter than it says is refused", client.call(NAS, cid, 0x006C, {0x28: b"\x05\0\0"}).error, 48)
        host.apply(dict(state=SERVED, cells=[dict(rat="umts", mcc="257", mnc="01", rsrp_dbm=-88.4, rsrq_db=-7.2, rssi_dbm=-81)]))
        tap.equal("another technology is told of at once", [i.tlvs for i in of(client.settle(), 0x0051)],
                  [{0x13: struct.pack("<bh", -81, 14), 0x19: struct.pack("<h", 88)}])


def test_clients(tap):
    with Host() as host, Client(host.path) as client:
        host.apply(served())
        first, second = client.allocate(NAS), client.allocate(NAS)
        client.call(NAS, first, 0x0003, {0x18: b"\1", 0x13: b"\0"})
        host.apply(lost())
        tap.equal("each client gets what it asked for itself", sorted((i.client, i.message) for i in client.settle()),
                  sorted([(first, 0x004E), (second, 0x0024)]))
        client.call(CTL, 0, 0x0023, {1: bytes([NAS, first])})
        host.apply(served())
        tap.equal("a released client gets no more", {i.client for i in client.settle()}, {second})
        tap.equal("a released client id is not soon given out again", client.allocate(NAS) in (first, second), False)
        tap.equal("a released client id is refused", client.call(NAS, first, 0x004F).error, 7)
        tap.equal("releasing it twice is refused", client.call(CTL, 0, 0x0023, {1: bytes([NAS, first])}).error, 7)
        tap.equal("a service that the modem lacks is refused", client.call(CTL, 0, 0x0022, {1: b"\x10"}).error, 31)
        tap.equal("a request without its argument is refused", client.call(CTL, 0, 0x0022).error, 17)
        tap.equal("a message that the modem lacks is refused", client.call(NAS, second, 0x7777).error, 71)


def test_device(tap):
    with Host() as host, Client(host.path) as client:
        host.apply(served())
        dms, uim = client.allocate(DMS), client.allocate(UIM)
        client.call(DMS, dms, 0x0001, {0x14: b"\1"})
        client.call(UIM, uim, 0x002E, {0x01: struct.pack("<I", 1)})
        host.apply(lost(operating_mode="low-power"))
        tap.equal("airplane mode is told to who asked for events", [(i.client, i.message, i.tlvs) for i in client.settle()],
                  [(dms, 0x0001, {0x14: b"\1"})])
        host.apply(lost(operating_mode="low-power", card="absent"))
        got = client.settle()
        tap.equal("the card's removal is told", [(i.client, i.message) for i in got], [(uim, 0x0032)])
        tap.equal("and is an empty slot", got[0].tlvs[0x10], b"\xff" * 8 + bytes([1, 0, 0, 0, 0, 0, 0]))


def test_reset(tap):
    with Host() as host, Client(host.path) as client:
        host.apply(served())
        cid = client.allocate(NAS)
        stats = host.apply(lost(operating_mode="resetting"))
        tap.equal("a reset forgets all client ids", stats["clients"], 0)
        client.write(bytes.fromhex("010c0000") + bytes([NAS, cid]) + bytes.fromhex("0001004f000000"))
        tap.equal("a modem that resets is deaf", client.read(0.2), None)
        host.apply(lost())
        after = client.read()
        tap.equal("the first thing that a modem says after a reset is CTL Sync",
                  (after.service, after.kind, after.message, after.client), (CTL, "indication", 0x0027, 0))
        tap.equal("the old client id is refused after the reset", client.call(NAS, cid, 0x004F).error, 7)


def test_stalled(tap):
    """A client that registers and does not read must not stop the modem, nor get half a frame."""
    with Host() as host, Client(host.path) as client:
        cid = client.allocate(NAS)
        client.call(NAS, cid, 0x0003, {0x18: b"\1", 0x19: b"\1"})
        for i in range(400):
            host.apply(served(dict(cell_id=i, rsrp_dbm=-60 - i % 2 * 20)))
        stats = host.stats()
        tap.check("what nobody reads is dropped", stats["dropped"] > 0, stats)
        got, last = 0, None
        while True:
            message = client.read(0.3)
            if not message:
                break
            got, last = got + 1, message if message.message == 0x004E else last
        tap.check("what is read after a stall are whole frames", got > 100, got)
        tap.equal("and the newest is among them", struct.unpack_from("<I", last.tlvs[0x19], 12)[0], 399)
        tap.equal("the modem answers as before", client.call(NAS, cid, 0x004F).error, 0)


def main():
    if not os.path.exists(os.path.join(BUILD, "tests/helper/sim_modem_host")):
        print("1..0 # SKIP needs sim_modem_host in " + BUILD)
        return 0
    tap = Tap()
    for test in (test_serving_system, test_system_info, test_reject, test_session, test_signal, test_clients, test_device,
                 test_reset, test_stalled):
        test(tap)
    return tap.done()


sys.exit(main())
