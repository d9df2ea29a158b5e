#!/bin/bash
# bench_analyze.sh - analyze of ROWS sweeps with fixes, from nothing, against a bare scan of the same columns by the sqlite3 shell; then
# memory and time at a tenth of ROWS, ROWS, and with FULL=1 ten times ROWS.
#
# Seconds are those of the wall; user seconds, which other work on the machine disturbs less, stand beside them, and the ratio and
# linearity are of these.
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
. "$(dirname "$0")/common.sh"

SCAN='SELECT count(id), sum(boottime_ms), sum(source), sum(utc_ms), sum(utc_error_ms), sum(position), sum(position_error_dm),
 count(point), sum(state), sum(cell), sum(length(cells)), sum(lte_rssi_dbm), sum(lte_rsrp_dbm), sum(lte_rsrq_db), sum(lte_snr_cdb),
 sum(rx0_cdbm), sum(rx1_cdbm), sum(tx_cdbm) FROM radio; SELECT count(id), sum(boottime_ms), sum(source), count(mode) FROM fix'

make_store() { # ROWS
	make_journal "$WORK/journal" "$1"
	rm -f "$WORK/made.gpkg"
	"$JAMLOG" sync --quiet "$WORK/journal" --db "$WORK/made.gpkg"
	rm -rf "$WORK/journal"
}

# Wall seconds, user seconds and KiB at the most, of a command.
measure() {
	/usr/bin/time -o "$WORK/time" -f '%e %U %M' "$@" >/dev/null 2>"$WORK/stderr" || { cat "$WORK/stderr" >&2; exit 1; }
	cat "$WORK/time"
}

# Sets wall, user, memory: the least of REPEAT runs; and scan, the least user seconds of the peer.
measure_all() {
	local w u m
	wall='' user='' memory='' scan=''
	for _ in $(seq "$REPEAT"); do
		cp "$WORK/made.gpkg" "$WORK/run.gpkg"
		read -r w u m < <(measure "$JAMLOG" analyze --quiet --db "$WORK/run.gpkg")
		wall=$(least "$wall" "$w") user=$(least "$user" "$u") memory=$(least "$memory" "$m")
		read -r w u m < <(measure sqlite3 -readonly "$WORK/made.gpkg" "$SCAN")
		scan=$(least "$scan" "$u")
	done
	rm "$WORK/run.gpkg"
}

report_size() { # ROWS
	printf 'analyze rows=%d wall_s=%s user_s=%s scan_user_s=%s memory_kib=%s\n' "$1" "$wall" "$user" "$scan" "$memory"
}

make_store $((ROWS / 10))
measure_all
report_size $((ROWS / 10))
small_memory=$memory

make_store "$ROWS"
measure_all
report_size "$ROWS"
awk -v w="$wall" -v u="$user" -v s="$scan" -v n="$ROWS" \
	'BEGIN { printf "analyze_seconds per_million=%.2f (target <= 2)\nanalyze_vs_scan ratio=%.2f\n", w * 1e6 / n, u / s }'
awk -v a="$small_memory" -v b="$memory" 'BEGIN { printf "analyze_memory growth=%.2f from a tenth (target <= 1.2)\n", b / a }'

[ "${FULL:-0}" = 1 ] || exit 0
whole_user=$user whole_memory=$memory
make_store $((ROWS * 10))
measure_all
report_size $((ROWS * 10))
awk -v a="$whole_user" -v b="$user" -v m="$whole_memory" -v n="$memory" \
	'BEGIN { printf "analyze_linear time=%.2f memory=%.2f of ten times as many (target <= 11, <= 1.2)\n", b / a, n / m }'
