#!/bin/bash
# make demo: one drive through the whole product, on a simulated modem and receiver.
#
# jamlog-sim plays a drive in which the network disappears and comes back; a real gpsd reads its receiver, jamlog record
# its modem; then sync and export, and a short table. Needs no root. Everything it leaves is in build/demo.
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail

build=${BUILD:-build/release}
out=build/demo
seconds=${DEMO_SECONDS:-90}
scenario=tests/data/scenarios/drive-outage.scenario
export RUNTIME_DIRECTORY=$PWD/$out/run
export XDG_CONFIG_HOME=$PWD/$out/config # the demo is the same whatever jamlog.conf says
pids=()

cleanup() {
	trap - EXIT INT TERM
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
}
trap cleanup EXIT
trap 'echo; echo "demo: interrupted"; exit 130' INT
trap 'exit 143' TERM

fail() {
	echo "demo: $1" >&2
	for log in "$out"/*.log; do
		[ -s "$log" ] && { echo "--- $log" >&2; tail -n 15 "$log" >&2; }
	done
	exit 1
}

# A condition that should soon be true: tried ten times a second.
wait_for() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@"; do
		[ $SECONDS -lt $deadline ] || fail "$what"
		read -rt 0.1 <> <(:) || true
	done
}

listens() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
	local port
	for port in $(seq 29470 29530); do
		listens "$port" || { echo "$port"; return; }
	done
	fail "no free port between 29470 and 29530 for gpsd"
}

[ -x "$build/jamlog" ] || fail "$build/jamlog is missing: run make"
rm -rf "$out"
mkdir -p "$out"
gpsd=$(PATH=$PATH:/usr/sbin command -v gpsd) || fail "gpsd is not installed"

echo "demo: a simulated drive of $seconds s; the network disappears on the way and comes back"
"$build/jamlog-sim" "$scenario" --run-dir "$out" --truth "$out/truth.jsonl" > "$out/sim.log" 2>&1 &
sim=$!
pids+=("$sim")
wait_for 10 "the simulator does not start" grep -qs '^ready' "$out/sim.log"

port=$(free_port)
"$gpsd" -N -n -S "$port" "$(readlink -f "$out/gps-main")" > "$out/gpsd.log" 2>&1 &
pids+=("$!")
wait_for 10 "gpsd does not start" listens "$port"

"$build/jamlog" record --modem "a=$PWD/$out/modem-a" --gps "main=localhost:$port" --directory "$out/journal" \
	--state "$out/state" --duration "$((seconds + 60))" &
recorder=$!
pids+=("$recorder")

# It is stopped as a person or a service manager would, with SIGTERM.
end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
	kill -0 "$recorder" 2>/dev/null || fail "the recorder ended too early"
	read -rt 1 <> <(:) || true
done
kill -TERM "$recorder"
wait "$recorder" || fail "the recorder ended with exit code $?"
kill "$sim" 2>/dev/null || true

"$build/jamlog" sync "$out/journal" --db "$out/demo.gpkg" || fail "sync ended with exit code $?"
"$build/jamlog" export --db "$out/demo.gpkg" --format geojson --output "$out/demo.geojson" || fail "export ended with exit code $?"

echo
size() { wc -c < "$1" | tr -d ' '; }
echo "SQLite (GeoPackage): $PWD/$out/demo.gpkg ($(size "$out/demo.gpkg") bytes)"
echo "GeoJSON:             $PWD/$out/demo.geojson ($(size "$out/demo.geojson") bytes)"
echo "Look at it: open either in QGIS, or drop the GeoJSON onto a map of yours; the gap in the drive is the outage."
