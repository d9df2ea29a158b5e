"""The states that the simulated MBIM modem is put in, and what mbimcli should print for each.

The expected values are worked out from the state by the rules of the protocol (MBIM 1.0, Microsoft's MBIMEx, 3GPP), and not by
asking the simulator's encoder. `v` is the version of MBIMEx. SPDX-License-Identifier: GPL-3.0-or-later
"""
import math
import re

from sim_qmi_meaning import CHAINS, FULL, LTE, PRESETS as QMI_PRESETS, lte, serving, whole

NR = dict(rat="nr", mcc="257", mnc="01", tac=0xABCDEF, cell_id=0x923456789, pci=1007, arfcn=632628, band=78, scs_khz=30,
          bandwidth_mhz=100, rsrp_dbm=-88.4, rsrq_db=-11.6, rssi_dbm=-60, sinr_db=21.3)
BARE = {**NR, "mcc": "999", "mnc": "999"}  # in EN-DC nobody reads whose the NR cell is


def nr(**changes):
    return {**NR, **changes}


PRESETS = {k: p for k, p in QMI_PRESETS.items() if k != "resetting"}
PRESETS.update({
    "standalone": dict(has_nr=1, state=dict(FULL, timing_advance=100), cells=[NR, nr(pci=3, rsrp_dbm=-160, rsrq_db=-50, sinr_db=-30),
                                                                   nr(pci=4, rsrp_dbm=-20, rsrq_db=25, sinr_db=45), LTE], rx=CHAINS),
    "millimetre": dict(has_nr=1, state=FULL, cells=[nr(mcc="310", mnc="410", arfcn=2070833, band=258)], rx=CHAINS),
    "non-standalone": dict(has_nr=1, state=dict(FULL, endc=1, nr_available=1),
                           cells=[LTE, BARE, nr(pci=5, rsrp_dbm=-99.5)], nr=BARE, rx=CHAINS),
    "nr-offered": dict(has_nr=1, state=dict(FULL, nr_available=1), cells=[LTE], rx=CHAINS),
    "nr-denied": dict(has_nr=1, state=dict(FULL, nr_available=1, dcnr_restricted=1), cells=[LTE], rx=CHAINS),
    "refused-by-lte": dict(state=dict(FULL, registration="denied", cs_attached=0, ps_attached=0, service="limited", reject_rat="lte",
                                      true_service="limited", reject_cause=7, reject_is_ps=1, reject_count=1), cells=[LTE]),
    "refused-for-calls": dict(state=dict(FULL, registration="denied", cs_attached=0, ps_attached=0, service="limited", reject_cause=22,
                                         true_service="limited", reject_is_cs=1, reject_count=1), cells=[LTE]),
    "extremes": dict(state=FULL, cells=[lte(rsrp_dbm=-30.2, rsrq_db=-30, rssi_dbm=-20, sinr_db=60)]),
    "faint": dict(state=FULL, cells=[lte(rsrp_dbm=-158.3, rsrq_db=0, rssi_dbm=-130, sinr_db=-40)]),
})

NW_ERROR = {0: "none", 3: "illegal-ms", 7: "gprs-not-allowed", 15: "no-cells-in-location-area", 22: "congestion",
            27: "missing-or-unknown-apn"}  # the words are of 3GPP TS 24.008, also where the cause is one of 5G
OFFERED = {"gsm": ["gprs", "edge"], "umts": ["umts", "hsdpa", "hsupa"], "lte": ["lte"]}
SPEED = {"gsm": (236800, 236800), "umts": (5760000, 21100000), "lte": (50000000, 150000000), "nr": (900000000, 2500000000)}
UNKNOWN = "unknown"

# ---- the state


def get(p, key):
    return p["state"].get(key, 0)


def camped(p):
    if p["state"]["service"] == "none":
        return None
    return serving(p) or serving(PRESETS[p["before"]])


def registered(p):
    return p["state"]["registration"] == "registered"


def plmn(c):
    return c["mcc"] + c["mnc"] if c else UNKNOWN


def attached(p):
    return bool(get(p, "ps_attached"))


def nw_error(p):
    return 0 if registered(p) else get(p, "reject_cause")


def packet_error(p):
    return nw_error(p) if get(p, "reject_is_ps") and not attached(p) else 0


def sa(v, new_words):
    """How 5G alone is called: MBIMEx 3.0 has one bit for it, which some of mbimcli's printers call by its old name."""
    return {1: "custom", 2: "5g-sa", 3: "5g" if new_words else "5g-nsa"}[v]


def nsa(v, new_words):
    return {1: [], 2: ["5g-nsa"], 3: ["5g" if new_words else "5g-nsa"]}[v]


def listed(words, none=UNKNOWN):
    order = ["gprs", "edge", "umts", "hsdpa", "hsupa", "lte", "5g", "5g-nsa", "5g-sa", "custom"]
    return ", ".join(sorted(words, key=order.index)) or none


# ---- Basic Connect


def expect_registration(p, v):
    s, c = p["state"], camped(p)
    state = {"not-registered": "deregistered", "searching": "searching", "denied": "denied", "unknown": "unknown",
             "registered": "roaming" if s.get("roaming") else "home"}[s["registration"]]
    classes = []
    if registered(p) and c:
        classes = OFFERED.get(c["rat"]) or [sa(v, False)]
        if s.get("endc") or (s.get("nr_available") and not s.get("dcnr_restricted")):
            classes = classes + nsa(v, False)
    out = {"Network error": NW_ERROR[nw_error(p)], "Register state": state, "Register mode": "automatic",
           "Available data classes": listed(classes), "Current cellular class": "gsm", "Provider ID": plmn(c),
           "Provider name": plmn(c), "Roaming text": "roaming" if state == "roaming" else UNKNOWN,
           "Registration flags": "packet-service-automatic-attach"}
    if v >= 2:
        out["Preferred data classes"] = "gprs, edge, umts, hsdpa, hsupa, lte"
        out["Preferred data classes"] += "" if not p.get("has_nr") else ", 5g-nsa, 5g-sa" if v == 2 else ", 5g-nsa"
    return out


def expect_packet_service(p, v):
    c = camped(p) if attached(p) else None
    endc = get(p, "endc") and attached(p)
    in_use = {"gsm": ["edge"], "umts": ["hsdpa", "hsupa"], "lte": ["lte"], "nr": [sa(v, True)]}
    classes = (in_use[c["rat"]] + (nsa(v, True) if endc else [])) if c else []
    up, down = SPEED["nr" if endc else c["rat"]] if c else (0, 0)
    cell = p["nr"] if endc else c if c and c["rat"] == "nr" else None
    out = {"Network error": NW_ERROR[packet_error(p)], "Packet service state": "attached" if attached(p) else "detached",
           "Available data classes": listed(classes), "Uplink speed": "%d bps" % up, "Downlink speed": "%d bps" % down}
    if v >= 2:
        out["Frequency range"] = UNKNOWN if not cell else "2" if cell["arfcn"] > 2016666 else "1"
    if v >= 3:
        out["Data sub class"] = "none" if not cell else "5g-endc" if endc else "5g-nr"
        out["TAI PLMN MCC"], out["TAI PLMN MNC"] = (c["mcc"], c["mnc"]) if c else ("000", "000")
        out["TAI  TAC"] = str(c["tac"] if c else 0)
    return out


def rsrp_step(dbm):
    """Code 1 is -156 to -155 dBm; mbimcli prints the lower end."""
    return "%d dBm" % (min(max(math.floor(dbm + 157), 0), 126) - 157)


def snr_step(db):
    return "%.1f dB" % (min(max(math.floor(2 * (db + 23.5)), 0), 127) / 2 - 23.5)


def expect_signal(p, v):
    c = serving(p)
    levels = []
    if c and v >= 2 and c["rat"] in ("lte", "nr"):
        levels = [("lte" if c["rat"] == "lte" else sa(v, False), c)]
        if get(p, "endc"):
            levels.append(("5g-nsa", p["nr"]))
    rssi = min(max(whole((c["rssi_dbm"] + 113) / 2), 0), 31) if c and not levels else 99
    out = {"RSSI [0-31,99]": str(rssi), "Error rate [0-7,99]": "99", "Signal strength interval": "0", "RSSI threshold": "0",
           "Error rate threshold": "unspecified"}
    for name, cell in levels:
        t = "RSRP/SNR %s/" % name
        out.update({t + "RSRP": rsrp_step(cell["rsrp_dbm"]), t + "SNR": snr_step(cell["sinr_db"]), t + "RSRP threshold": "default",
                    t + "SNR threshold": "unspecified"})
    if v >= 2 and not levels:
        out["RSRP/SNR info"] = "n/a"
    return out


def expect_subscriber(p, v):
    card = p["state"]["card"]
    out = {"Ready state": {"ready": "initialized", "absent": "sim-not-inserted", "error": "bad-sim", "pin-locked": "device-locked"}[card],
           "Subscriber ID": "257019000000042" if card == "ready" else UNKNOWN,
           "SIM ICCID": "8937501000000000429" if card in ("ready", "pin-locked") else UNKNOWN,
           "Ready info": "none", "Telephone numbers": "(0) unknown"}
    if v >= 3:
        out["Flags"] = "sim-removability-known, sim-removable"
    return out


def expect_radio(p, _v):
    return {"Hardware radio state": "on", "Software radio state": "on" if p["state"]["operating_mode"] == "online" else "off"}


NO_CARD = {"absent": "SimNotInserted", "error": "BadSim"}


def expect_pin(p, _v):
    card = p["state"]["card"]
    if card == "pin-locked":
        return {"PIN state": "locked", "PIN type": "pin1", "Remaining attempts": "3"}
    return NO_CARD.get(card) or {"PIN state": "unlocked"}


def expect_home(p, _v):
    card = p["state"]["card"]
    if card != "ready":
        return NO_CARD.get(card, "PinRequired")
    at_home = registered(p) and not get(p, "roaming")
    return {"Provider ID": "25701", "Provider name": "25701", "State": "home, registered" if at_home else "home", "Cellular class": "gsm",
            "RSSI": "99", "Error rate": "99"}


def expect_connection(p, v):
    up = get(p, "session_up")
    out = {"Session ID": "0", "Activation state": "activated" if up else "deactivated", "Voice call state": "none",
           "IP type": "ipv4" if up else "default", "Context type": "internet" if up else "none",
           "Network error": NW_ERROR[nw_error(p) if get(p, "reject_is_ps") and not up else 0]}
    return {**out, "Access media type": "3gpp", "Access string": "internet" if up else ""} if v >= 3 else out


def expect_statistics(p, _v):
    """Without a session too: those of the last one."""
    out = {"%s (%s)" % (title, way): str(get(p, key)) for title, way, key in (
        ("Octets", "in", "rx_bytes"), ("Packets", "in", "rx_packets"), ("Octets", "out", "tx_bytes"), ("Packets", "out", "tx_packets"))}
    return {**out, **{"%s (%s)" % (k, way): "0" for k in ("Discards", "Errors") for way in ("in", "out")}}


def expect_address(p, _v):
    """Nobody has given the session one."""
    return "NoDeviceSupport" if get(p, "session_up") else "ContextNotActivated"


def expect_emergency(p, _v):
    return {"Emergency mode": "on" if p["state"]["service"] == "limited" else "off"}


# ---- Microsoft's extensions


def expect_attach(p, v):
    on = attached(p) and camped(p) and camped(p)["rat"] == "lte"
    out = {"Attach state": "attached" if on else "detached", "IP type": "ipv4v6" if on else "default",
           "Access string": "internet" if on else "n/a", "Username": "n/a", "Password": "n/a", "Compression": "none",
           "Auth protocol": "none"}
    if v >= 3:
        out["Network error"] = NW_ERROR[nw_error(p) if get(p, "reject_rat") == "lte" else 0]
    return out


def expect_location(p, _v):
    c = camped(p)
    area = {"gsm": "Location area code", "umts": "Location area code"}.get(c and c["rat"], "Tracking area code")
    out = {"Location area code": None, "Tracking area code": None, "Cell ID": None}
    if c:
        out[area] = c["tac"]
        out["Cell ID"] = c["cell_id"] if c["rat"] != "nr" else None  # 36 bits do not fit
    return {k: 0xFFFFFFFF if value is None else value for k, value in out.items()}


def level_2g(c):
    return "%d dBm" % (min(max(math.floor(c["rsrp_dbm"] + 110), 0), 63) - 110)


def words(known, **values):
    return {k.replace("_", " "): str(x) if known else UNKNOWN for k, x in values.items()}


def cell_gsm(p, c, own):
    known = p["cells"][0]["rat"] == "gsm"
    out = {"Provider id": plmn(c) if known else UNKNOWN, **words(known, LAC=c["tac"], Cell_ID=c["cell_id"]), "ARFCN": str(c["arfcn"]),
           "Base station ID": str(c["pci"]), "Rx level": level_2g(c)}
    return {**out, "Timing advance": UNKNOWN} if own else out


def cell_umts(_p, c, own):
    out = {"Provider id": plmn(c) if own else UNKNOWN, **words(own, LAC=c["tac"], Cell_id=c["cell_id"]), "UARFCN": str(c["arfcn"]),
           "Primary Scrambling Code": str(c["pci"]), "RSCP": "%d dBm" % whole(c["rsrp_dbm"], -120, -25),
           "ECNO": "%d dBm" % whole(c["rsrq_db"], -50, 0), "Path loss": str(whole(33 - c["rsrp_dbm"], 46, 173))}
    return {**out, **{"Frequency info " + k: UNKNOWN for k in ("uplink", "downlink", "TDD")}} if own else out


def cell_lte(p, c, own):
    out = {"Provider id": plmn(c) if own else UNKNOWN, **words(own, Cell_id=c["cell_id"], TAC=c["tac"]), "EARFCN": str(c["arfcn"]),
           "Physical cell id": str(c["pci"]), "RSRP": "%d dBm" % whole(c["rsrp_dbm"], -140, -44),
           "RSRQ": "%d dBm" % whole(c["rsrq_db"], -20, -3)}
    advance = str(min(get(p, "timing_advance"), 255)) if registered(p) else UNKNOWN
    return {**out, "Timing advance": advance} if own else out


def half_step(db, lowest):
    """Code 0 is below `lowest`, 1 the half decibel from there up, 127 is at the top (TS 38.133 10.1.11 and 10.1.16)."""
    return min(max(math.floor(2 * (db - lowest)) + 1, 0), 127)


def nr_levels(c):
    """Microsoft maps 0..127 to -43..20 dB and to -23..40 dB, half a decibel a step; mbimcli shows them as if a step were a whole one."""
    return {"RSRP": "%d dBm" % (min(max(math.floor(c["rsrp_dbm"] + 157), 0), 127) - 156),
            "RSRQ": "%d dB" % (half_step(c["rsrq_db"], -43) - 43), "SINR": "%d dB" % (half_step(c["sinr_db"], -23) - 23)}


def cell_nr_serving(p, c):
    known = not get(p, "endc")
    # A unit of timing advance is 16 / 30.72 MHz = 0.5208 microseconds.
    advance = "%d us" % whole(get(p, "timing_advance") * 0.520833) if known and registered(p) else UNKNOWN
    return {"Provider id": plmn(c) if known else UNKNOWN, **words(known, NCI=c["cell_id"], TAC=c["tac"]), "Physical cell id": str(c["pci"]),
            "NRARFCN": str(c["arfcn"]), **nr_levels(c), "Timing advance": advance}


def cell_nr(p, c, _own):
    return {"System subtype": "5g-nr" if p["cells"][0]["rat"] == "nr" else "5g-endc", "Provider id": UNKNOWN, "Cell id": UNKNOWN,
            "Physical cell id": str(c["pci"]), "TAC": UNKNOWN, **nr_levels(c)}


def put_list(out, title, item, cells):
    out[title] = str(len(cells)) if cells else "n/a"
    for i, cell in enumerate(cells):
        out.update({"%s/%s [%d]/%s" % (title, item, i + 1, k): x for k, x in cell.items()})


def expect_cells(p, v):
    c, out = serving(p), {}
    classes = [{"gsm": "gprs", "umts": "umts", "lte": "lte"}.get(c["rat"]) or sa(v, True)] if c else []
    out["System type"] = listed(classes + (nsa(v, True) if c and get(p, "endc") else []), "(null)")
    if v >= 3:
        out["System subtype"] = "5g-endc" if c and get(p, "endc") else "5g-nr" if c and c["rat"] == "nr" else "none"
    out.update({"TDSCDMA serving cell": "n/a", "Neighboring TDSCDMA cells": "n/a", "CDMA cells": "n/a"})
    near = p["cells"][1:] if c else []
    for rat, name, serving_name, cell in (("gsm", "GSM", "serving", cell_gsm), ("umts", "UMTS", "Serving", cell_umts),
                                          ("lte", "LTE", "Serving", cell_lte)):
        if c and c["rat"] == rat:
            out.update({"%s %s cell/%s" % (name, serving_name, k): x for k, x in cell(p, c, True).items()})
        else:
            out["%s serving cell" % name] = "n/a"
        put_list(out, "Neighboring %s cells" % name, "Neighboring cell", [cell(p, o, False) for o in near if o["rat"] == rat][:15])
    own = p["nr"] if c and get(p, "endc") else c if c and c["rat"] == "nr" else None
    others = [o for o in near if o["rat"] == "nr" and not (get(p, "endc") and (o["pci"], o["arfcn"]) == (own["pci"], own["arfcn"]))]
    put_list(out, "Serving NR cells", "Serving cell", [cell_nr_serving(p, own)] if own and v >= 3 else [])
    put_list(out, "Neighboring NR cells", "Neighboring cell", [cell_nr(p, o, False) for o in others] if v >= 3 else [])
    return out


def first_again_and_again(expected):
    """What libmbim before 1.30 makes of a list of cells: it never gets past the first."""
    return {k: expected[re.sub(r"Neighboring cell \[\d+\]", "Neighboring cell [1]", k)] for k in expected}


# How libmbim 1.32 says that there is nothing, where 1.28 says one of the words in NOTHING_BEFORE.
NOTHING = {"Available data classes": "none", "SMS caps": "none", "System type": "none", "Access string": "", "Username": "",
           "Password": ""}
NOTHING_BEFORE = (UNKNOWN, "n/a", "(null)")


def in_words_of(found, expected):
    """What is expected, and nothing in the words of the mbimcli that is here."""
    return {k: found[k] if x in NOTHING_BEFORE and found.get(k) == NOTHING.get(k.split("/")[-1], x) else x for k, x in expected.items()}


# Which of the versions of MBIMEx make a difference.
COMMANDS = {
    "--query-registration-state": (expect_registration, (1, 2, 3)),
    "--query-packet-service-state": (expect_packet_service, (1, 2, 3)),
    "--query-signal-state": (expect_signal, (1, 2, 3)),
    "--query-subscriber-ready-status": (expect_subscriber, (1, 3)),
    "--query-radio-state": (expect_radio, (1,)),
    "--query-pin-state": (expect_pin, (1,)),
    "--query-home-provider": (expect_home, (1,)),
    "--query-connection-state": (expect_connection, (1, 3)),
    "--query-packet-statistics": (expect_statistics, (1,)),
    "--query-ip-configuration": (expect_address, (1,)),
    "--query-emergency-mode": (expect_emergency, (1,)),
    "--ms-query-lte-attach-info": (expect_attach, (1, 3)),
    "--ms-query-location-info-status": (expect_location, (1,)),
    "--ms-query-base-stations-info": (expect_cells, (1, 2, 3)),
}

CAPS = {"Device type": "embedded", "Cellular class": "gsm", "Voice class": "no-voice", "SIM class": "removable", "SMS caps": "unknown",
        "Ctrl caps": "none", "Max sessions": "1", "Device ID": "350000000000017", "Firmware info": "SIM01A02",
        "Hardware info": "JAMLOG-SIM LTE"}
CLASSES = "gprs, edge, umts, hsdpa, hsupa, lte"
BANDS = {"WCDMA band class": "1, 8", "LTE band class": "1, 3, 7, 8, 20, 28, 38"}
CAPS_LTE = {**CAPS, "Data class": CLASSES, "Custom data class": UNKNOWN}
CAPS_LTE_3 = {**CAPS, **BANDS, "Data class": CLASSES, "Custom data class": "", "Data subclass": "none", "NR band class": ""}
CAPS_1 = {**CAPS, "Data class": CLASSES + ", custom", "Custom data class": "5G"}
CAPS_2 = {**CAPS, "Data class": CLASSES + ", 5g-nsa, 5g-sa", "Custom data class": UNKNOWN}
CAPS_3 = {**CAPS, **BANDS, "Data class": CLASSES + ", 5g", "Custom data class": "", "Data subclass": "5g-endc, 5g-nr",
          "NR band class": "1, 3, 28, 78"}
EXECUTOR = {"Executor Index": "0"}
ATTACH = {"IP type": "ipv4v6", "Source": "operator", "Access string": "internet", "Username": "n/a", "Password": "n/a",
          "Compression": "none", "Auth protocol": "none"}

# Of what kind of modem it is, not of its state: (command, version, what a 5G modem prints).
FIXED_5G = [
    ("--query-device-caps", 1, CAPS_1),
    ("--query-device-caps", 2, CAPS_2),
    ("--ms-query-device-caps", 1, {**CAPS_1, **EXECUTOR}),
    ("--ms-query-device-caps", 2, {**CAPS_2, **EXECUTOR}),
    ("--ms-query-device-caps", 3, {**CAPS_3, **EXECUTOR}),
]

# What an LTE modem prints.
FIXED = [
    ("--query-device-caps", 1, CAPS_LTE),
    ("--query-device-caps", 2, CAPS_LTE),
    ("--ms-query-device-caps", 1, {**CAPS_LTE, **EXECUTOR}),
    ("--ms-query-device-caps", 3, {**CAPS_LTE_3, **EXECUTOR}),
    ("--ms-query-version=1.0,1.0", 1, {"MBIM version": "1.00", "MBIM extended version": "1.00"}),
    ("--ms-query-version=1.0,3.0", 1, {"MBIM version": "1.00", "MBIM extended version": "3.00"}),
    ("--ms-query-version=1.0,4.0", 1, {"MBIM version": "1.00", "MBIM extended version": "3.00"}),
    ("--query-provisioned-contexts", 1, "NoDeviceSupport"),
    ("--query-visible-providers", 1, "NoDeviceSupport"),
    ("--set-signal-state=signal-strength-interval=5,rssi-threshold=3,error-rate-threshold=0", 1,
     {"RSSI [0-31,99]": "24", "Error rate [0-7,99]": "99", "Signal strength interval": "5", "RSSI threshold": "3",
      "Error rate threshold": "0"}),
    ("--ms-query-lte-attach-configuration", 1,
     {"Configuration %d/%s" % (i, k): x for i, kind in enumerate(("home", "partner", "non-partner"))
      for k, x in {**ATTACH, "Roaming": kind}.items()}),
]
