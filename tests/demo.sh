#!/bin/bash
# make demo: one drive through the whole product, on a simulated modem, receiver and internet.
#
# jamlog-sim plays a drive on which the network disappears and comes back, then data are cut, a site is blocked, all is throttled; a real
# gpsd reads its receiver, jamlog record its modem and, over that modem's data sessions, real servers; then sync, export, and what
# each round of probes found. Needs no root: it runs in a network namespace of its own, in which nothing outside can be
# reached. Everything it leaves is in build/demo.
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail

build=${BUILD:-build/release}
out=build/demo
seconds=${DEMO_SECONDS:-170}
scenario=tests/data/scenarios/data-drive.scenario
export RUNTIME_DIRECTORY=$PWD/$out/run
export XDG_CONFIG_HOME=$PWD/$out/config # the demo is the same whatever jamlog.conf says
pids=()

if [ -z "${JAMLOG_DEMO_INSIDE:-}" ]; then
	user=-r
	[ "$(id -u)" != 0 ] || user=
	# shellcheck disable=SC2086 # one word or none
	exec unshare -n $user env JAMLOG_DEMO_INSIDE=1 bash "$0" "$@" || {
		echo "demo: this system gives ordinary users no namespaces: run it as root (sudo make demo)" >&2
		exit 1
	}
fi

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

PATH=$PATH:/usr/sbin ip link set lo up
echo "demo: a simulated drive of $seconds s; the network disappears on the way and comes back, then data are cut (from 60 s on),"
echo "demo: a site is blocked (90 s), and all is throttled (120 s to 155 s)"
"$build/jamlog-sim" "$scenario" --run-dir "$out" --truth "$out/truth.jsonl" > "$out/sim.log" 2>&1 &
sim=$!
pids+=("$sim")
wait_for 20 "the simulator does not start" grep -qs '^ready' "$out/sim.log"

port=$(free_port)
"$gpsd" -N -n -S "$port" "$(readlink -f "$out/gps-main")" > "$out/gpsd.log" 2>&1 &
pids+=("$!")
wait_for 10 "gpsd does not start" listens "$port"

cat > "$out/jamlog.conf" <<END
[session]
every = 10s

[probe]
targets = $PWD/$out/targets.conf
hour-bytes = 200000000
day-bytes = 200000000

[modem a]
device = $PWD/$out/modem-a
interface = sim-a
END
"$build/jamlog" record --config "$out/jamlog.conf" --mode probe --gps "main=localhost:$port" --directory "$out/journal" \
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

echo
echo "What the journal proves, from the files alone:"
"$build/jamlog" verify "$out/journal" || fail "verify ended with exit code $?"
echo
"$build/jamlog" sync "$out/journal" --db "$out/demo.gpkg" || fail "sync ended with exit code $?"
"$build/jamlog" export --db "$out/demo.gpkg" --format geojson --output "$out/demo.geojson" || fail "export ended with exit code $?"
"$build/jamlog" export --db "$out/demo.gpkg" --format ooni-jsonl --output "$out/demo-ooni.jsonl" || fail "export ended with exit code $?"

# What the store holds of each round: the raw addresses, the pages beside their controls, the rate.
rounds_sql="
	SELECT r.round, (r.boottime_ms - r.total_us / 1000 - (SELECT min(boottime_ms) FROM run)) / 1000 AS began_s,
		CASE WHEN sum(p.test = 'ip' AND p.failure IS NULL) = 0 THEN 'CUT: the session is up, and nothing answers'
		WHEN sum(p.test = 'web' AND p.role = 'target' AND p.failure IS NOT NULL) > 0 THEN 'BLOCKED: ' ||
			group_concat(DISTINCT CASE WHEN p.test = 'web' AND p.role = 'target' THEN p.target || ' (' || p.failure || ' at ' || p.step || ')' END)
		WHEN min(CASE WHEN p.test = 'rate' THEN p.rate_kbps END) < 1000 THEN 'THROTTLED: ' ||
			min(CASE WHEN p.test = 'rate' THEN p.rate_kbps END) || ' kbit/s'
		ELSE 'works, ' || (max(CASE WHEN p.test = 'rate' THEN p.rate_kbps END) / 1000) || ' Mbit/s' END AS found
	FROM probe r JOIN probe p ON p.round = r.round AND p.test <> 'round' WHERE r.test = 'round' AND r.failure IS NULL
	GROUP BY r.round ORDER BY r.round"
echo
echo "What each round of probes found (seconds into the drive):"
sqlite3 -column "$out/demo.gpkg" "$rounds_sql"

echo
echo "What the analysis makes of it (a drive of three minutes without ordinary days to compare with: short stories, said with care):"
"$build/jamlog" analyze --db "$out/demo.gpkg" || fail "analyze ended with exit code $?"
echo "More of each: $build/jamlog explain INCIDENT --db $out/demo.gpkg"

echo
size() { wc -c < "$1" | tr -d ' '; }
echo "SQLite (GeoPackage): $PWD/$out/demo.gpkg ($(size "$out/demo.gpkg") bytes)"
echo "GeoJSON:             $PWD/$out/demo.geojson ($(size "$out/demo.geojson") bytes)"
echo "OONI's format:       $PWD/$out/demo-ooni.jsonl ($(size "$out/demo-ooni.jsonl") bytes)"
echo "Look at it: open either in QGIS, or drop the GeoJSON onto a map of yours; the gap in the drive is the outage."
