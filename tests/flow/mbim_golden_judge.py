#!/usr/bin/env python3
"""mbimcli is the judge of the decoder: for each captured modem it prints the values that stand in the golden text.

The captures are served to it by test_mbim_decode --serve. Fields that mbimcli has no line for (those put together from several answers)
are left to the golden files. Where it shows another figure for the same code this is said below.

SPDX-License-Identifier: GPL-3.0-or-later"""
import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

QUESTIONS = ["--query-device-caps", "--query-radio-state", "--query-subscriber-ready-status", "--query-registration-state",
             "--query-packet-service-state", "--query-signal-state", "--ms-query-lte-attach-info", "--ms-query-base-stations-info",
             "--query-connection-state", "--query-packet-statistics"]
CAPS, RADIO, CARD, REGISTER, PACKET, SIGNAL, ATTACH, CELLS, SESSION, STATISTICS = QUESTIONS
SERVING = {"lte": "LTE Serving cell:", "nr": "Serving NR cells:", "umts": "UMTS Serving cell:", "gsm": "GSM serving cell:"}
NEIGHBOURS = {"lte": "Neighboring LTE cells:", "nr": "Neighboring NR cells:", "umts": "Neighboring UMTS cells:",
              "gsm": "Neighboring GSM cells:"}
CHANNEL = {"lte": "EARFCN", "nr": "NRARFCN", "umts": "UARFCN", "gsm": "ARFCN"}
IDENTITY = {"lte": "Physical cell id", "nr": "Physical cell id", "umts": "Primary Scrambling Code", "gsm": "Base station ID"}
CARD_WORDS = {"ready": "initialized", "absent": "sim-not-inserted", "pin-locked": "device-locked", "not-ready": "not-initialized"}
REGISTER_WORDS = {"home": "home", "roaming": "roaming|partner", "searching": "searching", "denied": "denied",
                  "not-registered": "deregistered"}
SESSION_WORDS = {"down": "deactivated", "up": "activated", "connecting": "activating", "disconnecting": "deactivating"}
COUNTERS = {"rx_bytes": r"Octets \(in\)", "rx_packets": r"Packets \(in\)", "tx_bytes": r"Octets \(out\)", "tx_packets": r"Packets \(out\)"}
CAUSES = {"11": "plmn-not-allowed", "15": "no-cells-in-location-area", "33": "requested-service-option-not-subscribed"}


def section(text, title):
    """The lines from a title to the next line that is indented no deeper."""
    match = re.search(rf"^{re.escape(title)}.*\n((?:\t.*\n)*)", text, re.MULTILINE)
    return match[1] if match else ""


def signal_rows(answers, rat):
    """MBIMEx 2's list: mbimcli shows the lower end of each step (1 dBm, half a dB), the decoder the upper."""
    word = "lte" if rat == "lte" else "5g-(?:nsa|sa)"
    return "\n".join(re.findall(rf"RSRP/SNR info: '{word}'\n((?:\s.*\n)*)", answers[SIGNAL]))


def nr_code(cdb, least):
    """mbimcli takes the half dB steps of NR's RSRQ and SINR for whole ones."""
    return (int(cdb) - least * 100) // 50 + least


def wanted_signal(field, value, answers):
    rat, kind = field.split("_")[:2]
    rows, serving = signal_rows(answers, rat), section(answers[CELLS], SERVING[rat])
    if kind == "rssi":
        return answers[SIGNAL], rf"RSSI \[0-31,99\]: '{(int(value) + 113) // 2}'"
    if kind == "rsrp" and "RSRP: '" in rows:
        return rows, rf"RSRP: '{int(value) - 1} dBm'"
    if kind == "snr" and "SNR: '" in rows:
        return rows, rf"SNR: '{int(value) / 100 - 0.5:.1f} dB'"
    if kind == "rsrq":
        return (serving, rf"RSRQ: {value} dBm") if rat == "lte" else None  # NR's is rounded: the cell's line has it
    if kind == "ecio":
        return serving, rf"ECNO: {int(value) // 100} dBm"
    return serving, rf"{kind.upper()}: {value} dBm"


def wanted(field, value, rat, answers):
    """(text, pattern) for a golden value; None where mbimcli prints no such thing."""
    if re.match(r"(gsm|umts|lte|nr)_(rssi|rsrp|rsrq|snr|rscp|ecio)", field):
        return wanted_signal(field, value, answers)
    serving = section(answers[CELLS], SERVING.get(rat, "none"))
    table = {
        "model": (answers[CAPS], f"Hardware info: '{re.escape(value)}'"),
        "firmware": (answers[CAPS], f"Firmware info: '{re.escape(value)}'"),
        "sim_state": (answers[CARD], f"Ready state: '{CARD_WORDS.get(value)}'"),
        "registration": (answers[REGISTER], f"Register state: '(?:{REGISTER_WORDS.get(value)})'"),
        "ps_attach": (answers[PACKET], f"Packet service state: '{value}'"),
        "reject_cause": (answers[REGISTER] + answers[PACKET] + answers[ATTACH], rf"Network error: '?{CAUSES.get(value)}\b"),
        "mcc": (answers[REGISTER] + serving, rf"(?i:provider id): '?{value}"),
        "mnc": (answers[REGISTER] + serving, rf"(?i:provider id): '?\d\d\d{value}'?\n"),
        "tac": (serving, rf"(?:TAC|LAC): {value}\n"),
        "cell_id": (serving, rf"(?i:cell id|nci): {value}\n"),
        "pci": (serving, rf"{IDENTITY.get(rat)}: {value}\n"),
        "arfcn": (serving, rf"{CHANNEL.get(rat)}: {value}\n"),
        "data_session": (answers[SESSION], f"Activation state: '{SESSION_WORDS.get(value)}'"),
        "timing_advance_us": (serving, rf"Timing advance: {value} us"),
    }
    if field in COUNTERS:
        return answers[STATISTICS], rf"{COUNTERS[field]}: '{value}'"
    if field == "operating_mode":
        return answers[RADIO], "(?s)Hardware.*'on'.*Software.*'on'" if value == "online" else "'off'"
    return table.get(field)


def cell_pattern(cell):
    """What Base Stations Info shows of one cell, in its order."""
    rat = cell["rat"]
    channel = [rf"{CHANNEL[rat]}: {cell['arfcn']}\n"] if "arfcn" in cell else []
    identity = [rf"{IDENTITY[rat]}: {cell['pci']}\n"]
    lines = identity + channel if rat == "nr" else channel + identity
    level = int(cell["rsrp_cdbm"]) // 100
    quality = int(cell["rsrq_cdb"]) // 100 if "rsrq_cdb" in cell else None
    if rat == "lte":
        lines += [rf"RSRP: {level} dBm\n", rf"RSRQ: {'unknown' if quality is None else f'{quality} dBm'}\n"]
    elif rat == "nr":
        lines += [rf"RSRP: {level} dBm\n", rf"RSRQ: {nr_code(cell['rsrq_cdb'], -43)} dB\n"]
    elif rat == "umts":
        lines += [rf"RSCP: {level} dBm\n", rf"ECNO: {quality} dBm\n"]
    else:
        lines += [rf"Rx level: {level + 1} dBm\n"]  # RXLEV's step begins 1 dB lower, TS 45.008 8.1.4
    return "(?s)" + ".*".join(lines)


def judge_cells(golden, answers):
    """Serving cells, and of each list the first: before libmbim 1.28.4 mbimcli repeats that one."""
    missing, agreed, seen = [], 0, set()
    for line in golden:
        if not line.startswith("cell "):
            continue
        cell = dict(pair.split("=") for pair in line.split()[1:])
        title = (SERVING if "serving" in cell else NEIGHBOURS)[cell["rat"]]
        if title in seen or "rsrp_cdbm" not in cell:
            continue
        seen.add(title)
        if re.search(cell_pattern(cell), section(answers[CELLS], title)):
            agreed += 1
        else:
            missing.append(f"{line}: not under {title}")
    return missing, agreed


def judge(golden, answers):
    """Lines of the golden text that mbimcli does not print, and how many it does."""
    values = dict(re.match(r"\w+ (\w+) = (.*)", line).groups() for line in golden if " = " in line)
    missing, agreed = judge_cells(golden, answers)
    for field, value in values.items():
        found = wanted(field, value, values.get("rat"), answers)
        if found and re.search(found[1], found[0]):
            agreed += 1
        elif found:
            missing.append(f"{field} = {value}: no {found[1]!r}")
    return missing, agreed


def ask(device, version):
    how = ["mbimcli", "-d", device] + ([f"--device-open-ms-mbimex-v{version}"] if version > 1 else [])
    return {question: rig.run(how + [question], timeout=30).stdout for question in QUESTIONS}


tap = rig.Tap()
if not shutil.which("mbimcli"):
    print("1..0 # SKIP no mbimcli")
    sys.exit(0)
for path in sorted(glob.glob(os.path.join(rig.ROOT, "tests/data/mbim/*.capture"))):
    name = os.path.basename(path)[:-len(".capture")]
    with open(path, encoding="utf-8") as handle:
        capture = handle.read()
    with open(path[:-len("capture")] + "golden", encoding="utf-8") as handle:
        text = handle.read().splitlines()
    if re.search(r"^\w+ \d+ silent", capture, re.MULTILINE) or name == "firmware-garbage":
        continue  # mbimcli would wait for half a minute, or complain
    mbimex = re.search(r"^mbimex (\d)", capture, re.MULTILINE)
    modem = rig.start([os.path.join(rig.BUILD, "tests/unit/test_mbim_decode"), "--serve", path], stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE, text=True)
    lacking, n_agreed = judge(text, ask(modem.stdout.readline().strip(), int(mbimex[1]) if mbimex else 1))
    modem.stdin.close()
    modem.wait()
    tap.ok(not lacking and n_agreed > 0, f"mbimcli reads {name} as we do ({n_agreed} values)", "\n".join(lacking))
tap.done()
