#!/usr/bin/env python3
"""What the simulated modem says of 5G and qmicli does not show: indications, and EARFCNs in 32 bits; byte by byte.

The bytes that are expected are packed here by hand from the public description of each message, like those of
sim_qmi_indications.py. SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from sim_qmi_client import BUILD, DMS, NAS, Client, Host, Tap  # noqa: E402
from sim_qmi_meaning import ENDC, LTE, NR, PRESETS, UMTS, lte, nr  # noqa: E402

SA = PRESETS["nr-standalone"]


def calls(preset, message, service=NAS):
    with Host() as host, Client(host.path) as client:
        host.apply(preset)
        return client.call(service, client.allocate(service), message).tlvs


def test_wide_channels(tap):
    wide = calls(PRESETS["wide-earfcn"], 0x0043)
    tap.equal("a serving cell's EARFCN that was cut off comes again in 32 bits", wide.get(0x27), struct.pack("<I", 66486))
    tap.equal("so does one for each other carrier, in the order of the list of cells", wide.get(0x28), struct.pack("<BII", 2, 950, 68586))
    umts = calls(dict(PRESETS["umts"], cells=[UMTS, lte(arfcn=66486, band=66), lte(arfcn=1300)]), 0x0043)
    tap.equal("so does one for each LTE cell beside a UMTS cell", umts.get(0x29), struct.pack("<BII", 2, 66486, 1300))
    narrow = calls(PRESETS["registered-lte"], 0x0043)
    tap.equal("where nothing was cut off, nothing is said twice", sorted(set(narrow) & {0x27, 0x28, 0x29}), [])


def test_old_modem(tap):
    """State and modem are two things: a modem without NR has none of its fields, whatever the world is like."""
    old = dict(ENDC, has_nr=0)
    tap.equal("a modem without NR says nothing of it in System Info", sorted(set(calls(old, 0x004D)) & set(range(0x45, 0x60))), [])
    tap.equal("a modem without NR says nothing of it in Signal Info", sorted(calls(old, 0x004F)), [0x02, 0x14])
    tap.equal("a modem without NR lists no NR cell", sorted(set(calls(old, 0x0043)) & {0x2E, 0x2F}), [])
    tap.equal("a modem without NR lists no NR band", calls(old, 0x0031)[0x11], struct.pack("<BbHI", 1, 8, 122, 1300))
    tap.equal("a modem without NR cannot be set to it", calls(old, 0x0034)[0x11], struct.pack("<H", 0x1C))
    tap.equal("a 5G modem can be set to NR", calls(ENDC, 0x0034)[0x11], struct.pack("<H", 0x5C))
    tap.equal("a modem without NR does not have it among its radios", calls(old, 0x0020, DMS)[0x01][10:], bytes([3, 4, 5, 8]))
    tap.equal("a 5G modem has NR among its radios", calls(ENDC, 0x0020, DMS)[0x01][10:], bytes([4, 4, 5, 8, 10]))


def test_system_info(tap):
    with Host() as host, Client(host.path) as client:
        host.apply(PRESETS["nsa-possible"])
        cid = client.allocate(NAS)
        client.call(NAS, cid, 0x0003, {0x18: b"\1", 0x13: b"\0"})
        host.apply(PRESETS["nsa-restricted"])
        got = client.settle()
        tap.equal("a restriction of dual connectivity is indicated", [(i.message, i.tlvs.get(0x50), i.tlvs.get(0x51)) for i in got],
                  [(0x004E, b"\1", b"\1")])
        host.apply(SA)
        got = client.settle()[0].tlvs
        system = struct.pack("<BBBBBBBBBHBIBBBB3s3sBH", 1, 2, 1, 2, 1, 0, 1, 0, 1, 0xFFFE, 1, 0xABCDEF01, 0, 0, 0, 1, b"257",
                             b"01\xff", 1, 0x2345)
        tap.equal("standalone NR is indicated in the indication's own fields",
                  {k: v for k, v in got.items() if k in (0x14, 0x19, 0x4C, 0x4D, 0x50, 0x51, 0x52)},
                  {0x14: bytes(3), 0x4C: bytes([2, 2, 0]), 0x4D: system, 0x52: bytes([0x01, 0x23, 0x45])})


def test_signal_info(tap):
    with Host() as host, Client(host.path) as client:
        host.apply(PRESETS["nsa-possible"])
        cid = client.allocate(NAS)
        client.call(NAS, cid, 0x0003, {0x19: b"\1", 0x13: b"\0"})
        host.apply(PRESETS["nsa-possible"])
        tap.equal("where EN-DC is possible and not in use NR has the value that means none", client.settle()[0].tlvs[0x17],
                  struct.pack("<hh", -32768, -32768))
        host.apply(ENDC)
        got = client.settle()
        tap.equal("an NR cell that is added is indicated beside LTE",
                  [(i.message, 0x14 in i.tlvs, i.tlvs.get(0x17), i.tlvs.get(0x18)) for i in got],
                  [(0x0051, True, struct.pack("<hh", -88, 313), struct.pack("<h", -11))])
        host.apply(dict(ENDC, nr=nr(rsrp_dbm=-92.0)))
        tap.equal("3.5 dB less of NR are not worth an indication", len(client.settle()), 0)
        host.apply(dict(ENDC, nr=nr(rsrp_dbm=-93.6)))
        tap.equal("5.1 dB less of NR are indicated", [i.tlvs.get(0x17) for i in client.settle()], [struct.pack("<hh", -94, 313)])
        answer = client.call(NAS, cid, 0x006C, {0x36: struct.pack("<H", 10)})
        host.apply(dict(ENDC, nr=nr(rsrp_dbm=-94.7)))
        tap.equal("a delta of 1 dB for NR is kept to", (answer.error, len(client.settle())), (0, 1))
        host.apply(PRESETS["nsa-possible"])
        tap.equal("an NR cell that goes is indicated", [i.tlvs.get(0x17) for i in client.settle()],
                  [struct.pack("<hh", -32768, -32768)])


def test_reject(tap):
    with Host() as host, Client(host.path) as client:
        host.apply(PRESETS["lte-of-a-5g-modem"])
        client.call(NAS, client.allocate(NAS), 0x0003, {0x21: b"\1\0", 0x13: b"\0"})
        host.apply(dict(PRESETS["nr-rejected"], cells=[LTE, NR]))
        tap.equal("a cause of 5GMM is told as NR's, on whatever cell the modem is by then",
                  [(i.message, i.tlvs[0x01], i.tlvs[0x02], i.tlvs[0x03]) for i in client.settle()], [(0x0068, b"\x0c", b"\2", b"\x1b")])


def main():
    if not os.path.exists(os.path.join(BUILD, "tests/helper/sim_modem_host")):
        print("1..0 # SKIP needs sim_modem_host in " + BUILD)
        return 0
    tap = Tap()
    test_wide_channels(tap)
    test_old_modem(tap)
    test_system_info(tap)
    test_signal_info(tap)
    test_reject(tap)
    return tap.done()


sys.exit(main())
