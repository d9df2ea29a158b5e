"""A small RFC 7946 checker for exports, and how an export is asked for.

SPDX-License-Identifier: GPL-3.0-or-later"""
import json
import re

from store_common import check, jamlog


def export(database, *words, expect=0):
    return jamlog("export", "--quiet", "--db", database, "-o", "-", *words, expect=expect).stdout


def refuse_constant(name):
    raise AssertionError(f"{name} is no JSON")


def positions(geometry):
    kind, c = geometry["type"], geometry["coordinates"]
    return [c] if kind == "Point" else c if kind == "LineString" else [p for part in c for p in part]


def check_position(p):
    check(len(p) == 2 and -180 <= p[0] <= 180 and -90 <= p[1] <= 90, f"position {p}")


def check_feature(feature, dated=True):
    """RFC 7946, section 3.2, and the conventions of our own."""
    check(feature["type"] == "Feature" and "geometry" in feature and isinstance(feature["properties"], dict), f"{feature}")
    check(not set(feature) - {"type", "id", "geometry", "properties"}, f"members {list(feature)}")
    geometry = feature["geometry"]
    if geometry is not None:
        for p in positions(geometry):
            check_position(p)
        if geometry["type"] == "LineString":
            check(len(geometry["coordinates"]) >= 2, "a line of one position")
        if geometry["type"] == "MultiLineString":
            for part in geometry["coordinates"]:
                check(len(part) >= 2, "a part of one position")
                for a, b in zip(part, part[1:]):
                    check(abs(a[0] - b[0]) <= 180, f"a part crosses the antimeridian: {a} {b}")
    for key, value in feature["properties"].items():
        check(re.fullmatch("[a-z0-9_]+", key), f"property {key}")
        check(isinstance(value, (str, int, float, bool)), f"{key} is {value!r}: absent values are left out")
    if dated:
        for key in ("start_time", "end_time"):
            check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", feature["properties"][key]), f"{key} of {feature}")
        check(feature["properties"]["start_time"] <= feature["properties"]["end_time"], "start after end")


def parse(text, dated=True):
    check(not re.search(r"\d\.\d{8}", text), "more than 7 decimals")
    check(not re.search(r"-0[^.\d]", re.sub(r'"[^"]*"', "", text)), "minus zero")
    collection = json.loads(text, parse_constant=refuse_constant)
    check(collection["type"] == "FeatureCollection" and "crs" not in collection, "no plain FeatureCollection")
    for feature in collection["features"]:
        check_feature(feature, dated)
    return collection


def located(collection):
    return [p for f in collection["features"] if f["geometry"] for p in positions(f["geometry"])]
