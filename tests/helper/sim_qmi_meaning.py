"""The states that the simulated modem is put in, and what qmicli should print for each.

The expected values are worked out from the state by the rules of the protocol (3GPP, libqmi), and not by asking the
simulator's encoder. SPDX-License-Identifier: GPL-3.0-or-later
"""
import math
import struct

LTE = dict(rat="lte", mcc="257", mnc="01", tac=4660, cell_id=27447297, pci=101, arfcn=1300, band=3, bandwidth_mhz=20,
           rsrp_dbm=-97.36, rsrq_db=-11.24, rssi_dbm=-65.57, sinr_db=12.34)
UMTS = dict(rat="umts", mcc="257", mnc="02", tac=310, cell_id=0x0ABCDEF, pci=441, arfcn=10588, band=1, bandwidth_mhz=5,
            rsrp_dbm=-88.72, rsrq_db=-7.6, rssi_dbm=-81.1, sinr_db=0)
GSM = dict(rat="gsm", mcc="257", mnc="01", tac=65, cell_id=30211, pci=0o53, arfcn=63, band=8, bandwidth_mhz=0.2,
           rsrp_dbm=-83.4, rsrq_db=0, rssi_dbm=-83.4, sinr_db=0)
NR = dict(rat="nr", mcc="257", mnc="01", tac=0x012345, cell_id=0x9ABCDEF01, pci=1007, arfcn=636666, band=78, scs_khz=30,
          bandwidth_mhz=100, rsrp_dbm=-88.46, rsrq_db=-10.86, rssi_dbm=-53.2, sinr_db=31.26)
FULL = dict(operating_mode="online", card="ready", registration="registered", cs_attached=1, ps_attached=1, service="full",
            true_service="full", access="normal", has_serving=1)
NOTHING = dict(operating_mode="online", card="ready", registration="searching", service="none", true_service="none")
COUNTERS = dict(rx_packets=1500, tx_packets=700, rx_bytes=2100345, tx_bytes=96012)
CHAINS = [dict(power_dbm=-65.57, tuned=1), dict(power_dbm=-68.11, tuned=1)]


def lte(**changes):
    return {**LTE, **changes}


def nr(**changes):
    return {**NR, **changes}


NR_FULL = dict(FULL, cs_attached=0)
ENDC = dict(has_nr=1, state=dict(FULL, nr_available=1, endc=1, tx_on=1, tx_power_dbm=11.26), cells=[LTE, nr()], nr=NR, rx=CHAINS,
            nr_rx=[dict(power_dbm=-53.26, tuned=1), dict(power_dbm=-54.32, tuned=1)])


PRESETS = {
    "registered-lte": dict(
        state=dict(FULL, timing_advance=12, tx_on=1, tx_power_dbm=-3.44),
        cells=[LTE, lte(pci=102, cell_id=1, rsrp_dbm=-101.02, rsrq_db=-14.91),
               lte(pci=7, arfcn=6300, band=20, rsrp_dbm=-93.08, rsrq_db=-9.18, rssi_dbm=-66.2),
               {**UMTS, "rsrp_dbm": -79.13}, {**GSM, "rssi_dbm": -71.28}], rx=CHAINS),
    "idle-lte": dict(state=dict(FULL, access="all-calls"), cells=[LTE, lte(pci=7, arfcn=6300, band=20)], rx=CHAINS),
    "no-service": dict(state=NOTHING, rx=[dict(power_dbm=-70.16, tuned=1), dict(power_dbm=-71.4, tuned=1)]),
    "lost-lte": dict(before="registered-lte", state=dict(FULL, has_serving=0, true_service="none", registration="searching",
                                                        cs_attached=0, ps_attached=0), rx=CHAINS),
    "just-found": dict(state=dict(FULL, service="none"), cells=[LTE], rx=CHAINS),
    "limited": dict(state=dict(FULL, registration="searching", cs_attached=0, ps_attached=0, service="limited",
                               true_service="limited", access="emergency-only", forbidden=1),
                    cells=[lte(mcc="310", mnc="410", tac=65533, rsrp_dbm=-131.8, rsrq_db=-27, rssi_dbm=-96.8, sinr_db=-21.7)],
                    rx=CHAINS[:1]),
    "denied": dict(state=dict(FULL, registration="denied", cs_attached=0, ps_attached=0, service="limited",
                              true_service="limited", reject_cause=15, reject_is_ps=1, reject_is_cs=1, reject_count=1,
                              access="no-calls"), cells=[LTE], rx=CHAINS),
    "illegal-sim": dict(state=dict(FULL, registration="denied", cs_attached=0, ps_attached=0, service="limited",
                                   true_service="limited", reject_cause=3, reject_is_ps=1, reject_count=1),
                        cells=[LTE], rx=CHAINS),
    "roaming": dict(state=dict(FULL, roaming=1, cs_attached=0, timing_advance=1282),
                    cells=[lte(mcc="310", mnc="001", bandwidth_mhz=1.4, cell_id=0x0FFFFFFF, tac=0xFFFD)], rx=CHAINS),
    "wide-earfcn": dict(state=FULL, cells=[lte(arfcn=66486, band=66), lte(pci=9, arfcn=66486, band=66, rsrp_dbm=-110.22),
                                          lte(pci=10, arfcn=950, band=2, rsrp_dbm=-99.71),
                                          lte(pci=11, arfcn=68586, band=71)], rx=CHAINS * 2),
    "umts": dict(state=FULL, cells=[UMTS, {**UMTS, "pci": 442, "rsrp_dbm": -95.3, "rsrq_db": -13.2},
                                    {**GSM, "rssi_dbm": -80.6},
                                    lte(arfcn=37900, band=38, rsrp_dbm=-105.3, rsrq_db=-12.8)], rx=CHAINS),
    "gsm": dict(state=FULL, cells=[GSM, {**GSM, "arfcn": 70, "cell_id": 30212, "rsrp_dbm": -112.7, "pci": 0o12}], rx=CHAINS),
    "nr-standalone": dict(has_nr=1, state=dict(NR_FULL, tx_on=1, tx_power_dbm=22.97), cells=[NR, LTE, nr(pci=3)], rx=CHAINS),
    "nr-low-band": dict(has_nr=1, state=dict(NR_FULL, roaming=1),
                        cells=[nr(mcc="310", mnc="410", tac=0xFFFFFE, cell_id=(1 << 36) - 1, pci=0, arfcn=123450, band=71,
                                  bandwidth_mhz=20, scs_khz=15, rsrp_dbm=-127.52, rsrq_db=-23.5, sinr_db=-5.06)], rx=CHAINS),
    "nr-clamped": dict(has_nr=1, state=NR_FULL, rx=CHAINS,
                       cells=[nr(rsrp_dbm=-150, rsrq_db=-45, sinr_db=-29.3, rssi_dbm=-130, cell_id=0x100000000)]),
    "nr-rejected": dict(has_nr=1, state=dict(FULL, registration="denied", cs_attached=0, ps_attached=0, service="limited",
                                             true_service="limited", reject_cause=27, reject_rat="nr", reject_is_ps=1,
                                             reject_count=1), cells=[NR], rx=CHAINS),
    "nr-reject-then-lte": dict(has_nr=1, state=dict(FULL, registration="searching", cs_attached=0, ps_attached=0, service="limited",
                                                    true_service="limited", reject_cause=27, reject_rat="nr", reject_is_ps=1,
                                                    reject_count=1), cells=[LTE], rx=CHAINS),
    "lte-of-a-5g-modem": dict(has_nr=1, state=FULL, cells=[LTE], rx=CHAINS),
    "nsa": ENDC,
    "nsa-possible": dict(has_nr=1, state=dict(FULL, nr_available=1), cells=[LTE, NR], rx=CHAINS),
    "nsa-restricted": dict(has_nr=1, state=dict(FULL, nr_available=1, dcnr_restricted=1), cells=[LTE, NR], rx=CHAINS),
    "nsa-lost": dict(has_nr=1, before="nsa", state=dict(NOTHING, service="full"), rx=CHAINS),
    "carriers": dict(state=FULL, cells=[LTE, lte(pci=7, arfcn=6300, band=20), lte(pci=9, arfcn=66486, band=66)], rx=CHAINS,
                     secondary=[lte(pci=7, arfcn=6300, band=20, bandwidth_mhz=10, activated=1),
                                lte(pci=9, arfcn=66486, band=66, bandwidth_mhz=5, activated=0)]),
    "session": dict(state=dict(FULL, session_up=1, **COUNTERS), cells=[LTE], rx=CHAINS),
    "session-dropped": dict(state=dict(FULL, **COUNTERS), cells=[LTE], rx=CHAINS),
    "session-of-long-standing": dict(has_nr=1, state=dict(NR_FULL, session_up=1, rx_packets=0xFFFFFFFE, tx_packets=0x80000000,
                                                          rx_bytes=0x4FFFFFFFFF8, tx_bytes=1 << 40), cells=[NR], rx=CHAINS),
    "session-over": dict(before="session", state=dict(NOTHING, **COUNTERS), rx=CHAINS),
    "airplane": dict(state=dict(NOTHING, operating_mode="low-power", registration="not-registered"),
                     rx=[dict(power_dbm=-120, tuned=0)]),
    "offline": dict(state=dict(NOTHING, operating_mode="offline", registration="not-registered")),
    "card-absent": dict(state=dict(FULL, card="absent", registration="not-registered", cs_attached=0, ps_attached=0,
                                   service="limited", true_service="limited"), cells=[LTE], rx=CHAINS),
    "card-locked": dict(state=dict(NOTHING, card="pin-locked"), rx=CHAINS),
    "card-error": dict(state=dict(NOTHING, card="error"), rx=CHAINS),
}

# ---- what qmicli should print

UNAVAILABLE = "InformationUnavailable"
TLV_MISSING = "mandatory TLV missing"
STATUS = {"none": "none", "limited": "limited", "full": "available"}
CAUSE = {15: "no-suitable-cells-in-location-area", 3: "illegal-ue"}  # 3GPP TS 24.301, as libqmi words them
LTE_BAND = {3: "eutran-3", 20: "eutran-20", 66: "eutran-66"}
NR_BAND = {78: "nr5g-78", 71: "nr5g-71"}
BAND = {"nr": NR_BAND, "umts": {1: "wcdma-2100"}, "gsm": {8: "gsm-900-primary"}, "lte": LTE_BAND}


def whole(value, low=-math.inf, high=math.inf):
    """Clamped, then rounded to the nearest integer, halves away from zero."""
    value = min(max(value, low), high)
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def tenth(value, low=-math.inf, high=math.inf):
    return "%.1f" % (whole(10 * min(max(value, low), high)) / 10)


def rsrp(c):
    return whole(c["rsrp_dbm"], -140, -44)


def printed(rat):
    return "5gnr" if rat == "nr" else rat


def nr_cell(p):
    """The NR cell in use: the serving one, or the secondary one of EN-DC."""
    c = serving(p)
    return p["nr"] if p["state"].get("endc") else c if c and c["rat"] == "nr" else None


def serving(p):
    return p["cells"][0] if p["state"].get("has_serving") and p.get("cells") else None


def camped(p):
    """Whose identity is shown while service is claimed: the serving cell's, or the last one's."""
    if p["state"]["service"] == "none":
        return None
    return serving(p) or serving(PRESETS[p["before"]])


def technology(p):
    return (camped(p) or serving(p) or {"rat": "lte"})["rat"]


def domains(p):
    s = p["state"]
    if s["registration"] != "registered":
        return "camped"
    return {(1, 1): "cs-ps", (0, 1): "ps", (1, 0): "cs"}[(s["cs_attached"], s["ps_attached"])]


def expect_signal_info(p):
    c = serving(p)
    if not c:
        return {}
    rssi = "%d dBm" % whole(c["rssi_dbm"])
    beside = nr_cell(p)
    five = {}
    if beside:  # 3GPP TS 38.133, 10.1: SS-RSRQ -43 to 20 dB, SS-SINR -23 to 40 dB
        five = {"5G/RSRP": "%d dBm" % rsrp(beside), "5G/SNR": tenth(beside["sinr_db"], -23, 40) + " dB",
                "5G/RSRQ": "%d dB" % whole(beside["rsrq_db"], -43, 20)}
    elif p["state"].get("nr_available"):
        five = {"5G/RSRP": "n/a", "5G/SNR": "n/a", "5G/RSRQ": "n/a"}
    if c["rat"] == "nr":
        return five
    if c["rat"] == "gsm":
        return {"GSM/RSSI": rssi}
    if c["rat"] == "umts":
        return {"WCDMA/RSSI": rssi, "WCDMA/ECIO": "%.1f dBm" % (whole(2 * c["rsrq_db"]) / 2),
                "WCDMA/RSCP": "%d dBm" % whole(c["rsrp_dbm"])}
    return {"LTE/RSSI": rssi, "LTE/RSRQ": "%d dB" % whole(c["rsrq_db"], -20, -3), "LTE/RSRP": "%d dBm" % rsrp(c),
            "LTE/SNR": tenth(c["sinr_db"], -20, 30) + " dB", **five}


def expect_signal_strength(p):
    c = serving(p)
    if not c:
        return {"Current/Network none": "-125 dBm"}
    net = "Network " + printed(c["rat"])
    out = {"Current/" + net: "%d dBm" % whole(c["rssi_dbm"], -120), "RSSI/" + net: "%d dBm" % whole(c["rssi_dbm"], -120)}
    if c["rat"] == "umts":
        out["ECIO/" + net] = "%.1f dBm" % (whole(2 * c["rsrq_db"]) / 2)
    if c["rat"] == "lte":
        info = expect_signal_info(p)
        out.update({"RSRQ/" + net: info["LTE/RSRQ"], "SNR/" + net: info["LTE/SNR"], "RSRP/" + net: info["LTE/RSRP"]})
    return out


def expect_system_info(p):
    s, c, here, out = p["state"], camped(p), technology(p), {}
    titles = {"gsm": "GSM service/", "umts": "WCDMA service/", "lte": "LTE service/"}
    if p.get("has_nr"):
        titles["nr"] = "5G SA service/"
    for name, title in titles.items():
        out[title + "Status"] = STATUS[s["service"]] if name == here else "none"
        out[title + "True Status"] = STATUS[s["true_service"]] if name == here else "none"
        out[title + "Preferred data path"] = "no"
    registered = s["registration"] == "registered"
    if c:
        values = {"Domain": domains(p), "Service capability": "ps" if here == "nr" else "cs-ps",
                  "Forbidden": "yes" if s.get("forbidden") else "no",
                  "Location Area Code": "65534" if here in ("lte", "nr") else str(c["tac"]),
                  "Cell ID": str(c["cell_id"] % (1 << 32)), "MCC": c["mcc"], "MNC": c["mnc"]}
        if registered:
            values["Roaming status"] = "on" if s.get("roaming") else "off"
        if s.get("reject_cause") and s.get("reject_rat") == "nr":
            if here == "nr":  # a cause of 5GMM, which libqmi has no words for
                values["Registration reject"] = "ps (%d)" % s["reject_cause"]
        elif s.get("reject_cause"):
            domain = "cs-ps" if s.get("reject_is_cs") else "ps"
            values["Registration reject"] = "%s (%s)" % (domain, CAUSE[s["reject_cause"]])
        if here == "nr":
            values["Tracking Area Code"] = str(c["tac"] % 65536)
            out["5GNR Tracking Area Code"] = str(c["tac"])
        elif here == "lte":
            values["Tracking Area Code"] = str(c["tac"])
            values["Voice support"] = "yes"
            if p.get("has_nr"):
                values["5G NSA Available"] = "yes" if s.get("nr_available") else "no"
                values["DCNR Restriction"] = "yes" if s.get("dcnr_restricted") else "no"
            values["Registration domain"] = {"cs-ps": "cs-ps", "ps": "ps-only", "camped": "limited-service"}[domains(p)]
        else:
            values.update({"Call barring status (CS)": "normal-only", "Call barring status (PS)": "normal-only"})
        if here == "umts":
            values.update({"HS call status": "hsdpa-hsupa-unsupported", "HS service": "hsdpa-hsupa-supported",
                           "Primary scrambling code": str(c["pci"])})
        if here == "gsm":
            values.update({"E-GPRS supported": "yes", "Dual Transfer Mode supported": "no"})
        out.update({titles[here] + k: v for k, v in values.items()})
    if serving(p) and here == "lte":  # of the cell that is received, whatever service is shown
        out["LTE service/Cell access"] = s["access"] if s["access"] != "normal" else "normal-only"
    shut = "cs-ps-invalid" if s.get("reject_cause") == 3 else "available"
    out["SIM reject info"] = shut if s["card"] == "ready" else "unavailable"
    return out


def expect_serving_system(p):
    s, c = p["state"], camped(p)
    registered = s["registration"] == "registered"
    attached = {1: "attached", 0: "detached"}
    words = {"searching": "not-registered-searching", "denied": "registration-denied"}
    out = {"Registration state": words.get(s["registration"], s["registration"]), "CS": attached[s.get("cs_attached", 0)],
           "PS": attached[s.get("ps_attached", 0)], "Selected network": "3gpp" if s["operating_mode"] == "online" else "unknown",
           "Radio interfaces": "1", "Radio interfaces/[0]": printed(c["rat"]) if c else "none",
           "Detailed status/Status": STATUS[s["service"]], "Detailed status/Capability": domains(p) if c else "none",
           "Detailed status/HDR Status": "none", "Detailed status/HDR Hybrid": "no",
           "Detailed status/Forbidden": "yes" if s.get("forbidden") else "no"}
    capabilities = {"nr": [], "lte": ["lte"], "umts": ["hsdpa", "hsupa", "wcdma"], "gsm": ["gprs", "edge"]}[technology(p)]
    capabilities = capabilities if registered else []
    out["Data service capabilities"] = str(len(capabilities))
    out.update({"Data service capabilities/[%d]" % i: name for i, name in enumerate(capabilities)})
    if registered:
        roaming = "on" if s.get("roaming") else "off"
        out.update({"Roaming status": roaming, "Roaming indicators": "1",
                    "Roaming indicators/[0]": "%s (%s)" % (roaming, printed(technology(p)))})
    if c:
        out.update({"Current PLMN/MCC": c["mcc"], "Current PLMN/MNC": str(int(c["mnc"])),
                    "Current PLMN/Description": c["mcc"] + c["mnc"], "Full operator code info/MCC": c["mcc"],
                    "Full operator code info/MNC": str(int(c["mnc"])),
                    "Full operator code info/MNC with PCS digit": "yes" if len(c["mnc"]) == 3 else "no",
                    "3GPP location area code": "65534" if c["rat"] in ("lte", "nr") else str(c["tac"]),
                    "3GPP cell ID": str(c["cell_id"] % (1 << 32))})
        if c["rat"] == "lte":
            out["LTE tracking area code"] = str(c["tac"])
        if c["rat"] == "umts":
            out["UMTS primary scrambling code"] = str(c["pci"])
    return out


def bcd_as_printed(c):
    """qmicli prints the octets' digits in their order on the air, which puts a third MNC digit before the others."""
    return c["mcc"] + (c["mnc"][2] + c["mnc"][:2] if len(c["mnc"]) == 3 else c["mnc"])


def lte_levels(title, c, idle):
    out = {title + "Physical Cell ID": str(c["pci"]), title + "RSRQ": tenth(c["rsrq_db"], -20, -3) + " dB",
           title + "RSRP": tenth(c["rsrp_dbm"], -140, -44) + " dBm", title + "RSSI": tenth(c["rssi_dbm"]) + " dBm"}
    if idle is not None:
        out[title + "Cell Selection RX Level"] = str(whole(c["rsrp_dbm"] + 124) if idle else 0)
    return out


def expect_lte_cells(p, c):
    s, idle = p["state"], not p["state"].get("tx_on")
    yes = "yes" if idle else "no"
    others = [o for o in p["cells"][1:] if o["rat"] == "lte" and o["arfcn"] != c["arfcn"]]
    same = [o for o in p["cells"] if o["rat"] == "lte" and o["arfcn"] == c["arfcn"]]
    top = "Intrafrequency LTE Info/"
    out = {top + "UE In Idle": yes, top + "PLMN": bcd_as_printed(c), top + "Tracking Area Code": str(c["tac"]),
           top + "Global Cell ID": str(c["cell_id"]), top + "EUTRA Absolute RF Channel Number": str(c["arfcn"] % 65536),
           top + "Serving Cell ID": str(c["pci"])}
    if idle:
        out.update({top + k: v for k, v in {"Cell Reselection Priority": "5", "S Non Intra Search Threshold": "8",
                                            "Serving Cell Low Threshold": "6", "S Intra Search Threshold": "46"}.items()})
    for i, o in enumerate(same):
        out.update(lte_levels(top + "Cell [%d]/" % i, o, True if idle else None))
    top = "Interfrequency LTE Info/"
    out[top + "UE In Idle"] = yes
    for i, o in enumerate(others):
        f = top + "Frequency [%d]/" % i
        out.update({f + "EUTRA Absolute RF Channel Number": str(o["arfcn"] % 65536),
                    f + "Selection RX Level Low Threshold": "0",
                    f + "Cell Selection RX Level High Threshold": "12" if idle else "0"})
        if idle:
            out[f + "Cell Reselection Priority"] = "5"
        out.update(lte_levels(f + "Cell [0]/", o, idle))
    out["LTE Info Neighboring GSM/UE In Idle"] = out["LTE Info Neighboring WCDMA/UE In Idle"] = yes
    for o in (o for o in p["cells"] if o["rat"] == "gsm"):  # the presets have one each, in connected mode
        f = "LTE Info Neighboring GSM/Frequency [0]/Cell [0]/"
        out.update({f + "GERAN Absolute RF Channel Number": str(o["arfcn"]), f + "Band Is 1900": "no",
                    f + "Base Station Identity Code": str(o["pci"]), f + "RSSI": tenth(o["rssi_dbm"]) + " dB",
                    f + "Cell Selection RX Level": "0"})
    for o in (o for o in p["cells"] if o["rat"] == "umts"):
        f = "LTE Info Neighboring WCDMA/Frequency [0]/"
        out.update({f + "UTRA Absolute RF Channel Number": str(o["arfcn"]), f + "Cell [0]/Primary Scrambling Code": str(o["pci"]),
                    f + "Cell [0]/CPICH RSCP": tenth(o["rsrp_dbm"]) + " dBm",
                    f + "Cell [0]/CPICH EcNo": tenth(whole(2 * o["rsrq_db"]) / 2) + " dB"})
    # A unit of timing advance is 16 / 30.72 MHz = 0.5208 microseconds.
    out["LTE Timing Advance"] = "%d us" % whole(s.get("timing_advance", 0) * 0.520833) if s["registration"] == "registered" \
        else "unavailable"
    return out


def as_float(text):
    return struct.unpack("f", struct.pack("f", float(text)))[0]


def expect_umts_cells(p, c):
    top = "UMTS Info/"
    out = {top + "Cell ID": str(c["cell_id"] % 65536), top + "PLMN": bcd_as_printed(c), top + "Location Area Code": str(c["tac"])}
    umts = [o for o in p["cells"] if o["rat"] == "umts"]
    for i, o in enumerate(umts):
        t = top if i == 0 else top + "Cell [%d]/" % (i - 1)
        out.update({t + "UTRA Absolute RF Channel Number": str(o["arfcn"]), t + "Primary Scrambling Code": str(o["pci"]),
                    t + "RSCP": "%d dBm" % rsrp(o), t + "ECIO": "%d dBm" % whole(o["rsrq_db"])})
    gsm = [o for o in p["cells"] if o["rat"] == "gsm"]
    for i, o in enumerate(gsm):
        t = top + "Neighboring GERAN Cell [%d]/" % i
        out.update({t + "GERAN Absolute RF Channel Number": str(o["arfcn"]), t + "Network Color Code": str(o["pci"] // 8),
                    t + "Base Station Color Code": str(o["pci"] % 8),
                    t + "RSSI": str(whole(o["rssi_dbm"]) % 65536)})  # qmicli prints this signed number as unsigned
    out["UMTS Cell ID"] = str(c["cell_id"])
    out["UMTS Info Neighboring LTE/RRC State"] = "disconnected"
    for i, o in enumerate(o for o in p["cells"] if o["rat"] == "lte"):
        t = "UMTS Info Neighboring LTE/Frequency [%d]/" % i
        out.update({t + "EUTRA Absolute RF Channel Number": str(o["arfcn"]), t + "Physical Cell ID": str(o["pci"]),
                    t + "RSRP": "%.6f dBm" % as_float(tenth(o["rsrp_dbm"])),
                    t + "RSRQ": "%.6f dB" % as_float(tenth(o["rsrq_db"])),
                    t + "Cell Selection RX Level": str(whole(o["rsrp_dbm"] + 124)),
                    t + "Is TDD?": "yes" if o["band"] == 38 else "no"})
    return out


def rx_level(c):
    level = min(max(math.floor(c["rsrp_dbm"] + 111), 0), 63)  # 3GPP TS 45.008: 1 is -110 to -109 dBm
    return "-110 dBm > level (0)" if level == 0 else "%d dBm > level > %d dBm (%d)" % (level - 111, level - 110, level)


def expect_gsm_cells(p, c):
    out = {"GERAN Info/Timing Advance": "unavailable"}
    for i, o in enumerate(p["cells"]):
        t = "GERAN Info/" if i == 0 else "GERAN Info/Cell [%d]/" % (i - 1)
        out.update({t + "Cell ID": str(o["cell_id"]), t + "PLMN": bcd_as_printed(o), t + "Location Area Code": str(o["tac"]),
                    t + "GERAN Absolute RF Channel Number": str(o["arfcn"]), t + "Base Station Identity Code": str(o["pci"]),
                    t + "RX Level": rx_level(o)})
    return out


def expect_nr_cell(p):
    """In EN-DC the cell has no identity: a modem does not read its SIB1."""
    c, out, title = nr_cell(p), {}, "5GNR cell information/"
    if c:
        named = not p["state"].get("endc")
        out = {"5GNR ARFCN": str(c["arfcn"]), title + "PLMN": bcd_as_printed(c) if named else "",
               title + "Tracking Area Code": str(c["tac"]) if named else "0",
               title + "Global Cell ID": str(c["cell_id"]) if named else "0", title + "Physical Cell ID": str(c["pci"]),
               title + "RSRQ": tenth(c["rsrq_db"], -43, 20) + " dB", title + "RSRP": tenth(c["rsrp_dbm"], -140, -44) + " dBm",
               title + "SNR": tenth(c["sinr_db"], -23, 40) + " dB"}
    return out


def expect_cells(p):
    c = serving(p)
    if not c:
        return UNAVAILABLE
    old = {"lte": expect_lte_cells, "umts": expect_umts_cells, "gsm": expect_gsm_cells}
    return {**(old[c["rat"]](p, c) if c["rat"] in old else {}), **expect_nr_cell(p)}


def expect_rf_band(p):
    c = serving(p)
    if not c:
        return TLV_MISSING  # the modem's error never gets through: libqmi insists on the list even then
    out = {"Bandwidth/Radio Interface": c["rat"]} if c["rat"] != "nr" else {}
    if c["rat"] == "lte":
        out["Bandwidth/Bandwidth"] = ("%g" % c["bandwidth_mhz"]).replace(".", "-")
    for row in [c, nr_cell(p)] if p["state"].get("endc") else [c]:
        for title, channel in (("Band Information/", row["arfcn"] % 65536), ("Band Information (Extended)/", row["arfcn"])):
            values = {"Radio Interface": printed(row["rat"]), "Active Band Class": BAND[row["rat"]][row["band"]],
                      "Active Channel": str(channel)}
            for key, value in values.items():  # qmicli gives the rows no numbers
                out.setdefault(title + key, []).append(value)
    return {k: v if isinstance(v, str) else "; ".join(v) for k, v in out.items()}


def expect_tx_rx(p, rat):
    """A receiver that searches is tuned and tells its power; what needs a cell is 0 then."""
    if p["state"]["operating_mode"] != "online":
        return UNAVAILABLE
    beside = rat == "nr" and p["state"].get("endc")
    c, chains, out = (p["nr"], p["nr_rx"], {}) if beside else (serving(p), p["rx"], {})
    listens = beside or technology(p) == rat
    best = max(chain["power_dbm"] for chain in chains)
    for i, chain in enumerate(chains):
        t = "RX Chain %d/" % i
        level = tenth(c["rsrp_dbm"] + chain["power_dbm"] - best, -140, -44) if c and listens else "0.0"
        out.update({t + "Radio tuned": "yes" if listens else "no",
                    t + "Power": (tenth(chain["power_dbm"]) if listens else "0.0") + " dBm",
                    t + "ECIO": (tenth(c["rsrq_db"], -31.5, 0) if c and listens else "0.0") + " dB",
                    t + "RSRP": level + " dBm", t + "Phase": "unknown"})
    on = p["state"].get("tx_on") and technology(p) == rat  # the power is that of the LTE side in EN-DC
    out["TX/In traffic"] = "yes" if on else "no"
    if on:
        out["TX/Power"] = tenth(p["state"]["tx_power_dbm"]) + " dBm"
    return out


def expect_carriers(p):
    c = serving(p)
    if not c or c["rat"] != "lte":
        return UNAVAILABLE
    def carrier(title, cell):
        return {title + "Physical Cell ID": str(cell["pci"]), title + "RX Channel": str(cell["arfcn"] % 65536),
                title + "DL Bandwidth": ("%g" % cell["bandwidth_mhz"]).replace(".", "-"), title + "LTE Band": LTE_BAND[cell["band"]]}

    out = carrier("Primary Cell Info/", c)
    out["DL Bandwidth"] = out["Primary Cell Info/DL Bandwidth"]
    for i, other in enumerate(p.get("secondary", [])):
        title = "Secondary Cell %d Info/" % (i + 1)
        out.update(carrier(title, other))
        out.update({title + "State": "activated" if other["activated"] else "deactivated", title + "Cell index": str(i + 1)})
    return out if "secondary" in p else {**out, "No Secondary Cells": ""}


def expect_operating_mode(p):
    return {"Mode": p["state"]["operating_mode"], "HW restricted": "no"}


def expect_card(p):
    card = p["state"]["card"]
    usable = card in ("ready", "pin-locked")
    none = "session doesn't exist"
    out = {"Provisioning applications/Primary GW": "slot 1, application 1" if usable else none.replace("'", "")}
    out.update({"Provisioning applications/" + k: none.replace("'", "") for k in ("Primary 1X", "Secondary GW", "Secondary 1X")})
    out["Slot [1]/Card state"] = {"ready": "present", "pin-locked": "present", "absent": "absent",
                                  "error": "error: no-atr-received (3)"}[card]
    out.update({"Slot [1]/UPIN state": "not-initialized", "Slot [1]/UPIN state/UPIN retries": "0",
                "Slot [1]/UPIN state/UPUK retries": "0"})
    if usable:
        t = "Slot [1]/Application [1]/"
        locked = card == "pin-locked"
        out.update({t + "Application type": "usim (2)",
                    t + "Application state": "pin1-or-upin-pin-required" if locked else "ready",
                    t + "Application ID": "", t + "Application ID/A0": "00:00:00:87:10:02:FF:FF:FF:FF:89:06:19:00:00",
                    t + "Personalization state": "unknown" if locked else "ready", t + "UPIN replaces PIN1": "no",
                    t + "PIN1 state": "enabled-not-verified" if locked else "disabled", t + "PIN2 state": "enabled-not-verified"})
        for pin in "12":
            out.update({t + "PIN%s state/PIN%s retries" % (pin, pin): "3", t + "PIN%s state/PUK%s retries" % (pin, pin): "10"})
    return out


def expect_home(p):
    if p["state"]["card"] != "ready":
        return "NotProvisioned"
    return {"Home network/MCC": "257", "Home network/MNC": "1", "Home network/Description": "25701"}


def expect_session(p):
    return {"Connection status": "connected" if p["state"].get("session_up") else "disconnected"}


def expect_statistics(p):
    s = p["state"]
    if not s.get("session_up"):
        return "OutOfCall"
    counted = {"%s %s OK" % (way.upper(), what): s["%s_%s" % (way, what)] for way in ("tx", "rx") for what in ("packets", "bytes")}
    lost = {"%s %s" % (way, what): 0 for way in ("TX", "RX") for what in ("packets error", "overflows", "packets dropped")}
    return {"Connection statistics/" + k: str(v) for k, v in {**counted, **lost}.items()}


def expect_settings(p):
    """Nobody has given the session an address."""
    return UNAVAILABLE if p["state"].get("session_up") else "OutOfCall"


COMMANDS = {
    "--nas-get-signal-info": expect_signal_info,
    "--nas-get-signal-strength": expect_signal_strength,
    "--nas-get-system-info": expect_system_info,
    "--nas-get-serving-system": expect_serving_system,
    "--nas-get-cell-location-info": expect_cells,
    "--nas-get-rf-band-info": expect_rf_band,
    "--nas-get-tx-rx-info=lte": lambda p: expect_tx_rx(p, "lte"),
    "--nas-get-tx-rx-info=5gnr": lambda p: expect_tx_rx(p, "nr"),
    "--nas-get-lte-cphy-ca-info": expect_carriers,
    "--nas-get-home-network": expect_home,
    "--dms-get-operating-mode": expect_operating_mode,
    "--uim-get-card-status": expect_card,
    "--wds-get-packet-service-status": expect_session,
    "--wds-get-packet-statistics": expect_statistics,
    "--wds-get-current-settings": expect_settings,
}

# The same whatever the state is: asked once for each way of access.
FIXED = {
    "--dms-get-ids": {"ESN": "0", "IMEI": "350000000000017", "MEID": "unknown"},
    "--dms-get-model": {"Model": "JAMLOG-SIM LTE"},
    "--dms-get-manufacturer": {"Manufacturer": "jamlog"},
    "--dms-get-revision": {"Revision": "SIM01A02"},
    "--dms-get-software-version": {"Software version": "SIM01A02"},
    "--dms-get-capabilities": {"Max TX channel rate": "50000000", "Max RX channel rate": "150000000",
                               "Data Service": "simultaneous-cs-ps", "SIM": "supported", "Networks": "gsm, umts, lte"},
    "--dms-uim-get-iccid": {"ICCID": "8937501000000000429"},
    "--dms-uim-get-imsi": {"IMSI": "257019000000042"},
    "--nas-network-scan": "InvalidQmiCommand",
    "--get-service-version-info": {"ctl (1.5)": "", "wds (1.60)": "", "dms (1.0)": "", "nas (1.25)": "", "uim (1.30)": "", "wda (1.16)": ""},
}
