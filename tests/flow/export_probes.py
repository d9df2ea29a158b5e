#!/usr/bin/env python3
"""Probes and sessions exported as layers and in OONI's data format, judged by sqlite3, GDAL, jq and what ooni/spec says.

SPDX-License-Identifier: GPL-3.0-or-later"""
import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from store_common import *  # noqa: E402,F403
from geojson_common import *  # noqa: E402,F403

ROWS = {"probes": ("probe_place", 110), "sessions": ("session_place", 50)}
NEWS = 'https://news.example/front?q="1"'
# tests/helper/probe_rounds.h in its order; each round once.
EXPECTED = [
    (1, NEWS, False, True, "consistent"), (1, "chat.example", "success.got_server_hello"),
    (2, NEWS, "dns", False, "inconsistent"), (3, NEWS, "dns", False, "inconsistent"),
    (4, NEWS, "http-failure", False, "consistent"), (4, "chat.example", "interference.reset"),
    (5, NEWS, "tcp_ip", False, "consistent"), (6, "http://plain.example/", "http-diff", False, None),
    (7, "http://plain.example/", None, None, None), (8, NEWS, False, True, None),
    (9, NEWS, None, None, None), (9, "chat.example", "anomaly.test_helper_unreachable"),
    (10, NEWS, False, True, "consistent"), (10, NEWS, None, None, "consistent"),
]


def jq(data, program):
    done = subprocess.run(["jq", "-c", program], input=data, capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def ooni(database, *words, expect=0):
    return export(database, "--format", "ooni-jsonl", *words, expect=expect)


def changed(name, sql):
    """A copy of the store in which somebody has changed something."""
    shutil.copy(path("s.gpkg"), path(name))
    subprocess.run(["sqlite3", path(name), sql], check=True)
    return path(name)


def make_stores():
    """the journals for these tests are written and synced"""
    sync(path("s.gpkg"), make("s", sweeps=130, modems=2, round_every=10, gap="20-129"))
    sync(path("one.gpkg"), make("one", sweeps=100, round_every=10))


def layers_equal_the_views():
    """features keep to RFC 7946 and hold what the view holds, absent values left out"""
    connection = sqlite3.connect(path("s.gpkg"))
    connection.row_factory = sqlite3.Row
    for layer, (view, n) in ROWS.items():
        collection = parse(export(path("s.gpkg"), "--layer", layer))
        rows = {row["fid"]: row for row in connection.execute(f"SELECT * FROM {view}")}
        check_equal((len(collection["features"]), len(rows)), (n, n), layer)
        for f in collection["features"]:
            row = rows[f["id"]]
            check_equal(f["properties"], {k: row[k] for k in row.keys() if k not in ("fid", "geom") and row[k] is not None}, layer)
            check_equal(f["geometry"] is None, row["position_state"] == "none", "a place without a state, or the other way")
        places = located(collection)
        check_equal(collection["bbox"], [min(p[0] for p in places), min(p[1] for p in places), max(p[0] for p in places),
                                         max(p[1] for p in places)], f"bbox of {layer}")
    check(one(path("s.gpkg"), "SELECT count(DISTINCT position_state) FROM probe_place") == 2, "the test's own states")


def sequence_and_csv_are_the_same():
    """GeoJSONSeq and CSV hold the same values; a formula is no formula in CSV"""
    for layer in ROWS:
        features = parse(export(path("s.gpkg"), "--layer", layer))["features"]
        lines = export(path("s.gpkg"), "--layer", layer, "--format", "geojsonseq").splitlines()
        check_equal([json.loads(line) for line in lines], features, f"{layer} in a sequence")
        rows = list(csv.DictReader(export(path("s.gpkg"), "--layer", layer, "--format", "csv").splitlines()))
        for row, feature in zip(rows, features, strict=True):
            expected = dict(feature["properties"], id=feature["id"])
            if feature["geometry"]:
                expected["longitude"], expected["latitude"] = feature["geometry"]["coordinates"]
            if expected.get("target") == "=news":
                expected["target"] = "'=news"
            for key, value in row.items():
                wanted = expected.pop(key, "")
                wanted = str(wanted).lower() if isinstance(wanted, bool) else wanted
                check(value == wanted if isinstance(wanted, str) else float(value) == wanted, f"{key} is {value!r}, not {wanted!r}")
            check_equal(expected, {}, "columns that are missing")


def gdal_reads_them():
    """ogr2ogr takes the layers, times as times, and finds in the file what it finds in the store"""
    for layer, (view, n) in ROWS.items():
        jamlog("export", "-q", "--db", path("s.gpkg"), "--layer", layer, "-o", path(f"{layer}.geojson"))
        counts = []
        for source, name in ((path(f"{layer}.geojson"), layer), (path("s.gpkg"), view)):
            target = path("ogr.csv")
            subprocess.run(["rm", "-f", target], check=True)
            done = subprocess.run(["ogr2ogr", "-f", "CSV", target, source, name, "-lco", "GEOMETRY=AS_XY", "-select",
                                   "start_time,mnc", "-where", "modem='modem-b'"], capture_output=True, text=True)
            check(done.returncode == 0 and not done.stderr, done.stderr)
            with open(target, encoding="utf-8") as handle:
                counts.append([(float(x["X"] or 0), float(x["Y"] or 0), x["start_time"], x["mnc"]) for x in csv.DictReader(handle)])
        check_equal(len(counts[0]), n // 2, f"{layer} of a modem")
        for ours, theirs in zip(*counts, strict=True):
            check(abs(ours[0] - theirs[0]) < 1e-7 and abs(ours[1] - theirs[1]) < 1e-7 and ours[2:] == theirs[2:], f"{ours} {theirs}")
        said = subprocess.run(["ogrinfo", "-al", "-so", path(f"{layer}.geojson")], capture_output=True, text=True).stdout
        check("start_time: DateTime" in said and "mnc: String" in said, said)


def filters_select_what_they_say():
    """--since, --until, --bbox and --modem select what they say, in every format"""
    features = parse(export(path("s.gpkg"), "--layer", "probes"))["features"]
    lines = jq(ooni(path("s.gpkg")), "[.annotations.round, .input]")
    times = ("2024-05-06T13:10:20.400Z", "2024-05-06T13:10:50.380Z")
    for words, wanted in (
            (["--since", times[0], "--until", times[1]],
             lambda f: f["properties"]["end_time"] >= times[0] and f["properties"]["start_time"] < times[1]),
            (["--bbox", "27.5605,53,27.562,54"], lambda f: f["geometry"] and 27.5605 <= f["geometry"]["coordinates"][0] <= 27.562),
            (["--modem", "modem-b"], lambda f: f["properties"]["modem"] == "modem-b")):
        expected = [f for f in features if wanted(f)]
        check(0 < len(expected) < len(features), f"the test's own filter {words}")
        check_equal(parse(export(path("s.gpkg"), "--layer", "probes", *words))["features"], expected, f"features with {words}")
        made = sum(f["properties"]["role"] == "target" and f["properties"]["test"] in ("web", "sni") for f in expected)
        check_equal(len(ooni(path("s.gpkg"), *words).splitlines()), made, f"lines with {words}")
        check(0 < made < len(lines), f"the test's own filter {words}")
    whole, part = (jq(ooni(path("s.gpkg"), *w), "select(.annotations.round == \"3\").test_keys.queries | length")
                   for w in ([], ["--since", times[0], "--until", times[1]]))
    check_equal(part, whole, "lookups of a line, which count whether or not they are in the time by themselves")


def verdicts_are_the_specs():
    """each network is judged as OONI's specification judges it"""
    got = jq(ooni(path("one.gpkg")), '[(.annotations.round|tonumber), .input] + if .test_name == "sni_blocking" then [.test_keys.result]'
             " else .test_keys | [.blocking, .accessible, .dns_consistency] end")
    check_equal([tuple(x) for x in got], EXPECTED, "verdicts")
    failures = jq(ooni(path("one.gpkg")), 'select(.test_name == "web_connectivity") | [(.annotations.round|tonumber),'
                  " .test_keys.dns_experiment_failure, .test_keys.http_experiment_failure, .test_keys.control_failure]")
    for row in ([2, None, "ssl_invalid_hostname", None], [3, "dns_nxdomain_error", "dns_nxdomain_error", None],
                [4, None, "connection_reset", None], [7, None, None, "ssl_unknown_authority"],
                [9, "generic_timeout_error"] + ["generic_timeout_error"] * 2, [10, None] + ["generic_timeout_error"] * 2):
        check(row in failures, f"{row} is not among {failures}")


def the_step_that_failed_is_the_last():
    """connections, handshakes and requests are those that were tried, with the failure of the step that failed"""
    steps = jq(ooni(path("one.gpkg")), 'select(.test_name == "web_connectivity") | [(.annotations.round|tonumber), .annotations.family,'
               " (.test_keys | [.tcp_connect[].status.failure], [.tls_handshakes[].failure], .requests[0].response.code)]")
    for row in ([1, "ipv4", [None], [None], 200], [2, "ipv4", [None], ["ssl_invalid_hostname"], 0], [3, "ipv4", [], [], 0],
                [5, "ipv4", ["connection_refused"], [], 0], [6, "ipv4", [None], [], 302],
                [10, "ipv6", ["generic_timeout_error"], [], 0]):
        check(row in steps, f"{row} is not among {steps}")
    first = jq(ooni(path("one.gpkg")), ".test_keys")[0]
    check_equal([[a.get("ipv4", a.get("ipv6")) for a in q["answers"]] for q in first["queries"]], [["192.0.2.80"], ["2001:db8::80"]] * 2,
                "answers")
    check_equal([q["tags"] for q in first["queries"]][::2], [["classic", "depth=0", "resolver=operator"], ["depth=0", "resolver=quad"]],
                "whose answers")
    check_equal((first["tcp_connect"][0]["t0"], first["tls_handshakes"][0]["t"], first["requests"][0]["t"]), (0.031, 0.126, 0.2), "times")
    check_equal(first["control"]["dns"], {"failure": None, "addrs": ["192.0.2.80", "2001:db8::80"]}, "what other resolvers say")
    check_equal(list(first["control"]["tcp_connect"]), ["192.0.2.7:443"], "control's connections")
    ipv6 = jq(ooni(path("one.gpkg")), 'select(.annotations.family == "ipv6").test_keys.requests[0].address')
    check_equal(ipv6, ["[2001:db8::80]:443"], "an endpoint of IPv6")


ENVELOPE = {"annotations", "data_format_version", "extensions", "input", "measurement_start_time", "probe_asn", "probe_cc", "probe_ip",
            "probe_network_name", "report_id", "resolver_asn", "resolver_ip", "resolver_network_name", "software_name", "software_version",
            "test_helpers", "test_keys", "test_name", "test_runtime", "test_start_time", "test_version"}
WEB = {"agent", "client_resolver", "retries", "socksproxy", "network_events", "queries", "tcp_connect", "tls_handshakes", "requests",
       "control", "control_failure", "dns_experiment_failure", "dns_consistency", "http_experiment_failure", "body_proportion",
       "body_length_match", "headers_match", "status_code_match", "title_match", "blocking", "accessible"}
TIMED = {"t0", "t", "tags", "transaction_id"}
PARTS = {
    "queries": TIMED | {"answers", "engine", "failure", "hostname", "query_type", "resolver_address", "resolver_hostname", "resolver_port"},
    "tcp_connect": TIMED | {"ip", "port", "status"},
    "tls_handshakes": TIMED | {"network", "address", "cipher_suite", "failure", "negotiated_protocol", "no_tls_verify", "peer_certificates",
                               "server_name", "tls_version"},
    "requests": TIMED | {"network", "address", "failure", "request", "response", "response_length"},
}
SUBRESULT = {"failure", "network_events", "queries", "requests", "sni", "tcp_connect", "th_address", "tls_handshakes"}


def check_parts(line, keys):
    for part, wanted in PARTS.items():
        for entry in keys[part] or []:
            optional = {"address", "response_length"} if part == "requests" else set()
            check(wanted - optional <= set(entry) <= wanted, f"{part}: {sorted(set(entry) ^ wanted)}")
            check(0 <= entry["t0"] <= entry["t"] <= line["test_runtime"], f"{part}: {entry['t0']} {entry['t']} of {line['test_runtime']}")


def keys_are_the_specs():
    """every key is one of OONI's data format, and times lie within the measurement"""
    for line in map(json.loads, ooni(path("s.gpkg")).splitlines()):
        check_equal(set(line), ENVELOPE, "keys of a line")
        check(all(isinstance(v, str) for v in line["annotations"].values()), f"annotations {line['annotations']}")
        check(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", line["measurement_start_time"]), line["measurement_start_time"])
        check(line["test_start_time"] <= line["measurement_start_time"], "the test began after the measurement")
        keys = line["test_keys"]
        if line["test_name"] == "web_connectivity":
            check_equal(set(keys), WEB, "test keys")
            check_equal(set(keys["control"]), {"tcp_connect", "tls_handshake", "quic_handshake", "http_request", "http3_request", "dns", "ip_info"},
                        "keys of control")
            check_parts(line, keys)
        else:
            check_equal((line["test_name"], set(keys)), ("sni_blocking", {"control", "result", "target"}), "test keys")
            for sub in ("control", "target"):
                check_equal(set(keys[sub]), SUBRESULT, sub)
                check_parts(line, keys[sub])


def network_facts_only():
    """no line tells of the place or the modem"""
    text = ooni(path("s.gpkg"))
    for word in ("modem", "27.5", "53.9", "latitude", "position"):
        check(word not in text, f"{word} is in a line")
    check_equal(jq(text, "[.probe_ip, .probe_asn, .probe_cc]")[0], ["127.0.0.1", "AS0", "ZZ"], "who measured")
    check_equal(jq(text, ".annotations | [.mcc, .mnc, .rat]")[0], ["257", "01", "lte"], "the network")


def strange_stores_give_valid_files():
    """texts that no prober writes, and rows that lack what belongs to them, give valid files"""
    hostile = changed("hostile.gpkg", "UPDATE probe SET url='ht tp://[' || char(1) || char(10) || '\"\\', answers='x 192.0.2.1 ' || char(9),"
                      " target='\" , [' || char(13), failure='-1+1' WHERE round=1; UPDATE probe SET round=NULL WHERE round=2;"
                      "UPDATE probe SET step=NULL, address=NULL, total_us=NULL, family='newer' WHERE round=4;"
                      "UPDATE probe SET total_us=4294967295 WHERE round=5; UPDATE session SET duration_ms=9223372036854775807;")
    lines = ooni(hostile)
    check_equal(len(jq(lines, ".input")), 34, "lines")
    check_equal(jq(lines, 'select(.annotations.round == null and .test_name == "web_connectivity").test_keys | [.queries, .control_failure,'
                   " .blocking]")[0], [[], "unknown_failure: no control was probed in this round", None], "a row without a round")
    check_equal(jq(lines, 'select(.annotations.round == "4" and .test_name == "web_connectivity").test_keys | .blocking'), [None, None],
                "a failure of which no step is told")
    parse(export(hostile, "--layer", "probes"))
    check_equal(len(parse(export(hostile, "--layer", "sessions"), dated=False)["features"]), 50, "sessions")
    rows = list(csv.DictReader(io.StringIO(export(hostile, "--layer", "probes", "--format", "csv"))))
    check("'-1+1" in {row["failure"] for row in rows}, "a formula in CSV")


def other_resolvers_way_round():
    """a page that came by another resolver's address does not hide what the operator's resolver did"""
    around = changed("around.gpkg", "UPDATE probe SET resolver='quad', failure=NULL, step='http', http_status=200 WHERE test='web' AND role='target'"
                     " AND round IN (1, 3)")
    got = jq(ooni(around, "--modem", "modem-a"), 'select(.test_name == "web_connectivity" and (.annotations.round == "1" or .annotations.round'
             ' == "3")) | [.annotations.round, .test_keys.blocking, .test_keys.accessible, (.test_keys.requests[0].tags | index("classic"))]')
    check_equal(got, [["1", None, None, None], ["3", "dns", False, None], ["12", False, True, 0]][:2], "verdicts")


def nothing_says_so():
    """a store without probes is exit code 3, with a sentence and a valid file"""
    sync(path("none.gpkg"), make("none", sweeps=5))
    for layer, mode in (("probes", "probe"), ("sessions", "session")):
        done = jamlog("export", "--db", path("none.gpkg"), "--layer", layer, "-o", "-", expect=3)
        check_equal(parse(done.stdout)["features"], [], "features")
        check(f"holds no {layer}" in done.stderr and f"mode = {mode}" in done.stderr, done.stderr)
    done = jamlog("export", "--db", path("none.gpkg"), "--format", "ooni-jsonl", "-o", "-", expect=3)
    check(done.stdout == "" and "holds no probes" in done.stderr, done.stderr)
    done = jamlog("export", "--db", path("s.gpkg"), "--layer", "probes", "--since", "2030-01-01", "-o", "-", expect=3)
    check("nothing matched" in done.stderr, done.stderr)
    check("no modem \"green\"" in jamlog("export", "--db", path("s.gpkg"), "--layer", "probes", "--modem", "green", "-o", "-", expect=3).stderr,
          "an unknown modem")


def undated_probes_are_counted():
    """without a clock probes stay in the layer, and make no line of OONI's, which needs a date"""
    sync(path("u.gpkg"), make("u", sweeps=20, pair_every=0, clock="1970", round_every=10))
    done = jamlog("export", "--db", path("u.gpkg"), "--layer", "probes", "-o", "-")
    features = parse(done.stdout, dated=False)["features"]
    check_equal((len(features), any("start_time" in f["properties"] for f in features)), (11, False), "features and dates")
    check("11 probes have no time" in done.stderr, done.stderr)
    done = jamlog("export", "--db", path("u.gpkg"), "--format", "ooni-jsonl", "-o", "-", expect=3)
    check(done.stdout == "" and "3 probes have no time and were left out" in done.stderr, done.stderr)


run_tests([make_stores, layers_equal_the_views, sequence_and_csv_are_the_same, gdal_reads_them, filters_select_what_they_say,
           verdicts_are_the_specs, the_step_that_failed_is_the_last, keys_are_the_specs, network_facts_only,
           strange_stores_give_valid_files, other_resolvers_way_round, nothing_says_so, undated_probes_are_counted])
