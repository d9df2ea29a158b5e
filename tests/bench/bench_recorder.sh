#!/bin/bash
# bench_recorder.sh - CPU and memory of the recorder at one sweep a second, against a shell loop of qmicli and gpspipe that asks the
# same modem and the same gpsd for the same: one sample is all questions of a sweep and a second of reports.
# SECONDS_OURS (default 40), SAMPLES_PEER (default 15). Counted is the CPU time of the recorder (of all its threads, once it is under way)
# and of the loop with all that it starts; modem, gpsd and receiver are processes of their own.
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
. "$(dirname "$0")/common.sh"
SECONDS_OURS=${SECONDS_OURS:-40}
SAMPLES_PEER=${SAMPLES_PEER:-15}
PATH=$PATH:/usr/sbin
export XDG_CONFIG_HOME=$WORK RUNTIME_DIRECTORY=$WORK/run

pids=
finish() {
	[ -z "$pids" ] || kill $pids 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$WORK"
}
trap finish EXIT

wait_until() { # a condition, for at most 15 s
	for _ in $(seq 300); do
		eval "$1" && return 0
		sleep 0.05
	done
	echo "bench_recorder: waited in vain: $1" >&2
	exit 1
}

# --- the modem, the receiver, gpsd ---
mkfifo "$WORK/state"
"$BUILD/tests/helper/sim_modem_host" <"$WORK/state" >"$WORK/modem.json" &
pids="$pids $!"
exec 3>"$WORK/state"
cat >&3 <<-END
	clear
	state operating_mode=0 card=0 registration=1 cs_attached=1 ps_attached=1 service=2 true_service=2 has_serving=1
	state timing_advance=12 tx_on=1 tx_power_dbm=-3.4
	cell rat=3 mcc=257 mnc=01 tac=4660 cell_id=27447297 pci=101 arfcn=1300 band=3 bandwidth_mhz=20 rsrp_dbm=-97 rsrq_db=-11 rssi_dbm=-65
	cell rat=3 mcc=257 mnc=01 tac=4660 cell_id=1 pci=102 arfcn=1300 band=3 bandwidth_mhz=20 rsrp_dbm=-101 rsrq_db=-14 rssi_dbm=-65
	cell rat=3 mcc=257 mnc=01 tac=4660 cell_id=2 pci=7 arfcn=6300 band=20 bandwidth_mhz=10 rsrp_dbm=-93 rsrq_db=-9 rssi_dbm=-66
	rx power_dbm=-65.6 tuned=1
	rx power_dbm=-68.1 tuned=1
	apply
END
wait_until '[ "$(wc -l <"$WORK/modem.json")" -ge 5 ]'
modem=$(sed -n '1s/.*"path": "\([^"]*\)".*/\1/p' "$WORK/modem.json")
"$BUILD/jamlog-sim" "$(dirname "$0")/../data/scenarios/drive-outage.scenario" --run-dir "$WORK" --duration 300 >"$WORK/sim.log" &
pids="$pids $!"
wait_until 'grep -q ready "$WORK/sim.log"'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
gpsd -N -n -S "$port" "$(readlink -f "$WORK/gps-main")" 2>/dev/null &
pids="$pids $!"
wait_until '(exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null'

# --- ours ---
cpu_ns() { cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'; }
"$JAMLOG" record --modem "a=$modem" --gps "localhost:$port" -d "$WORK/journal" --state "$WORK/s" 2>"$WORK/record.log" &
recorder=$!
pids="$pids $recorder"
wait_until 'grep -q "position found" "$WORK/record.log"'
sleep 2.5
before=$(cpu_ns $recorder)
sleep "$SECONDS_OURS"
after=$(cpu_ns $recorder)
rss=$(awk '/^VmHWM/ { print $2 }' /proc/$recorder/status)
kill $recorder
wait $recorder
"$JAMLOG" sync --quiet "$WORK/journal" --db "$WORK/ours.gpkg"
sweeps=$(sqlite3 "$WORK/ours.gpkg" 'SELECT count(*) FROM radio WHERE lte_rsrp_dbm IS NOT NULL')
places=$(sqlite3 "$WORK/ours.gpkg" "SELECT count(*) FROM fix WHERE mode <> 'none'")
[ "$sweeps" -ge "$SECONDS_OURS" ] && [ "$places" -ge "$SECONDS_OURS" ] || { echo "only $sweeps sweeps, $places fixes" >&2; exit 1; }

# --- the peer: the questions that a sweep asks. It runs as fast as it can, gpspipe waits for the next second by itself. ---
cat >"$WORK/peer.sh" <<-'END'
	for _ in $(seq "$1"); do
		for question in --nas-get-signal-info --nas-get-system-info --nas-get-serving-system --nas-get-cell-location-info \
			--nas-get-rf-band-info --nas-get-tx-rx-info=lte --dms-get-operating-mode --uim-get-card-status; do
			qmicli -d "$2" --device-open-qmi "$question" >>"$4/peer.out" || exit 1
		done
		gpspipe -w -n 5 "localhost:$3" >>"$4/peer.out" || exit 1
	done
END
peer_ms=$(
	TIMEFORMAT='%3U %3S'
	{ time bash "$WORK/peer.sh" "$SAMPLES_PEER" "$modem" "$port" "$WORK" >/dev/null 2>&1; } 2>&1 |
		awk -v n="$SAMPLES_PEER" '{ printf "%.3f", ($1 + $2) * 1000 / n }'
)
[ "$(grep -c "RSRP: '-97 dBm'" "$WORK/peer.out")" -ge "$SAMPLES_PEER" ] && grep -q '"class":"TPV"' "$WORK/peer.out"

awk -v ns=$((after - before)) -v s="$SECONDS_OURS" -v p="$peer_ms" -v rss="$rss" 'BEGIN {
	ours = ns / 1e6 / s
	printf "recorder_cpu ratio=%.4f ours_ms=%.3f peer_ms=%.3f (target <= 0.02)\n", ours / p, ours, p
	printf "recorder_rss kib=%d (target <= 12288)\n", rss
}'
