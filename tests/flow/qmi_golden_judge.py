#!/usr/bin/env python3
"""qmicli is the judge of the decoder: for each captured modem it prints the values that stand in the golden text.

The captures are served to it by test_qmi_decode --serve. Fields that qmicli has no line for (those put together from several answers)
are left to the golden files.

SPDX-License-Identifier: GPL-3.0-or-later"""
import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

QUESTIONS = ["--nas-get-signal-info", "--nas-get-system-info", "--nas-get-serving-system", "--nas-get-cell-location-info",
             "--nas-get-rf-band-info", "--nas-get-tx-rx-info=lte", "--dms-get-operating-mode", "--uim-get-card-status",
             "--wds-get-packet-service-status", "--wds-get-packet-statistics"]
SIGNAL, SYSTEM, SERVING, CELLS, BAND, POWER, MODE, CARD, SESSION, STATISTICS = QUESTIONS
RAT_SECTION = {"lte": "LTE service:", "nr": "5G SA service:", "gsm": "GSM service:", "umts": "WCDMA service:"}
SERVICE = {"full": "available"}
BAND_CLASS = {"lte": "eutran-{}", "nr": "nr5g-{}", "umts": "wcdma-2100", "gsm": "gsm-900-extended"}
SESSION_WORDS = {"down": "disconnected", "up": "connected", "connecting": "authenticating"}
YES_NO = {"0": "no", "1": "yes"}
ON_OFF = {"0": "off", "1": "on"}


def hundredths(value, digits=1):
    return f"{int(value) / 100:.{digits}f}"


def section(text, title):
    """The lines under a title, up to one that is indented no deeper."""
    lines = text.splitlines()
    for n, line in enumerate(lines):
        if line.strip() == title:
            depth = len(line) - len(line.lstrip("\t"))
            body = []
            for follower in lines[n + 1:]:
                if len(follower) - len(follower.lstrip("\t")) <= depth:
                    break
                body.append(follower)
            return "\n".join(body)
    return ""


def expected_line(field, value, rat):
    """(question, title of the section, line) for a golden value; None where qmicli prints no such thing."""
    chain = re.fullmatch(r"rx(\d)_cdbm", field)
    service = re.fullmatch(r"(gsm|umts|lte|nr)_(true_)?service", field)
    if chain:
        return POWER, f"RX Chain {chain[1]}:", f"Power: '{hundredths(value)} dBm'"
    if service:
        return SYSTEM, RAT_SECTION[service[1]], f"{'True ' if service[2] else ''}Status: '{SERVICE.get(value, value)}'"
    table = {
        "operating_mode": (MODE, None, f"Mode: '{value}'"),
        "data_session": (SESSION, None, f"Connection status: '{SESSION_WORDS.get(value, value)}'"),
        "cs_attach": (SERVING, None, f"CS: '{value}'"),
        "ps_attach": (SERVING, None, f"PS: '{value}'"),
        "domain": (SYSTEM, RAT_SECTION.get(rat), f"Domain: '{value}'"),
        "roaming": (SYSTEM, RAT_SECTION.get(rat), f"Roaming status: '{ON_OFF.get(value)}'"),
        "forbidden": (SYSTEM, RAT_SECTION.get(rat), f"Forbidden: '{YES_NO.get(value)}'"),
        "mcc": (SYSTEM, RAT_SECTION.get(rat), f"MCC: '{value}'"),
        "mnc": (SYSTEM, RAT_SECTION.get(rat), f"MNC: '{value}'"),
        "lte_access": (SYSTEM, None, f"Cell access: '{value}'"),
        "tac": (SYSTEM, None, f"Code: '{value}'"),
        "cell_id": (CELLS if rat == "nr" else SYSTEM, None if rat == "nr" else RAT_SECTION.get(rat), f"Cell ID: '{value}'"),
        "band": (BAND, None, f"'{BAND_CLASS[rat].format(value)}'") if rat in BAND_CLASS else None,
        "arfcn": (BAND, None, f"Active Channel:    '{value}'"),
        "bandwidth_khz": (BAND, "Bandwidth:", f"Bandwidth:         '{int(value) // 1000 if value.isdigit() else 0}'"),
        "gsm_rssi_dbm": (SIGNAL, "GSM:", f"RSSI: '{value} dBm'"),
        "umts_rssi_dbm": (SIGNAL, "WCDMA:", f"RSSI: '{value} dBm'"),
        "lte_rssi_dbm": (SIGNAL, "LTE:", f"RSSI: '{value} dBm'"),
        "lte_rsrp_dbm": (SIGNAL, "LTE:", f"RSRP: '{value} dBm'"),
        "lte_rsrq_db": (SIGNAL, "LTE:", f"RSRQ: '{value} dB'"),
        "nr_rsrp_dbm": (SIGNAL, "5G:", f"RSRP: '{value} dBm'"),
        "nr_rsrq_db": (SIGNAL, "5G:", f"RSRQ: '{value} dB'"),
    }
    counter = re.fullmatch(r"(rx|tx)_(packets|bytes)", field)
    if counter:
        return STATISTICS, None, f"{counter[1].upper()} {counter[2]} OK: {value}\n"
    if field in ("lte_snr_cdb", "nr_snr_cdb"):
        return SIGNAL, "LTE:" if field.startswith("lte") else "5G:", f"SNR: '{hundredths(value)} dB'"
    if field == "umts_ecio_cdb":
        return SIGNAL, "WCDMA:", f"ECIO: '{hundredths(value)} dBm'"
    if field == "tx_cdbm":
        return POWER, "TX:", f"Power: '{hundredths(value)} dBm'"
    return table.get(field)


def cell_lines(line):
    """What 0x43 prints of one cell, as a pattern over its lines."""
    cell = dict(pair.split("=") for pair in line.split()[1:])
    if cell["rat"] == "lte":
        return (rf"Physical Cell ID: '{cell['pci']}'\s+RSRQ: '{hundredths(cell['rsrq_cdb'])}' dB"
                rf"\s+RSRP: '{hundredths(cell['rsrp_cdbm'])}' dBm\s+RSSI: '{hundredths(cell['rssi_cdbm'])}' dBm")
    if cell["rat"] == "nr":
        return (rf"Physical Cell ID: '{cell['pci']}'\s+RSRQ: '{hundredths(cell['rsrq_cdb'])} dB'"
                rf"\s+RSRP: '{hundredths(cell['rsrp_cdbm'])} dBm'")
    if cell["rat"] == "umts":
        return (rf"Channel Number: '{cell['arfcn']}'\s+Primary Scrambling Code: '{cell['pci']}'"
                rf"\s+RSCP: '{int(cell['rsrp_cdbm']) // 100}' dBm\s+ECIO: '{int(cell['rsrq_cdb']) // 100}' dBm")
    return (rf"Channel Number: '{cell['arfcn']}'\s+Base Station Identity Code: '{cell['pci']}'[^[]*?RX Level: "
            rf"{int(cell['rsrp_cdbm']) // 100} dBm > level")


def ask(device):
    answers = {}
    for question in QUESTIONS:
        answers[question] = rig.run(["qmicli", "-d", device, "--device-open-qmi", question], timeout=30).stdout
    return answers


def judge(golden, answers):
    """Lines of the golden text that qmicli does not print, and how many it does."""
    values = dict(line.split(" ", 1)[1].split(" = ") for line in golden if line.startswith("radio "))
    missing, agreed = [], 0
    for field, value in values.items():
        wanted = expected_line(field, value, values.get("rat"))
        if not wanted:
            continue
        question, title, line = wanted
        text = section(answers[question], title) if title else answers[question]
        if line in text:
            agreed += 1
        else:
            missing.append(f"{field} = {value}: no {line!r} under {title} of {question}")
    for line in golden:
        if line.startswith("cell ") and re.search(cell_lines(line), answers[CELLS]):
            agreed += 1
        elif line.startswith("cell "):
            missing.append(line)
    return missing, agreed


tap = rig.Tap()
if not shutil.which("qmicli"):
    print("1..0 # SKIP no qmicli")
    sys.exit(0)
for path in sorted(glob.glob(os.path.join(rig.ROOT, "tests/data/qmi/*.capture"))):
    name = os.path.basename(path)[:-len(".capture")]
    with open(path[:-len("capture")] + "golden", encoding="utf-8") as handle:
        text = handle.read().splitlines()
    modem = rig.start([os.path.join(rig.BUILD, "tests/unit/test_qmi_decode"), "--serve", path], stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE, text=True)
    lacking, n_agreed = judge(text, ask(modem.stdout.readline().strip()))
    modem.stdin.close()
    modem.wait()
    tap.ok(not lacking and n_agreed > 0, f"qmicli reads {name} as we do ({n_agreed} values)", "\n".join(lacking))
tap.done()
