# common.sh - what the benches share. Sourced. SPDX-License-Identifier: GPL-3.0-or-later
#
# ROWS (default 1000000) sweeps with as many fixes; REPEAT (default 3) runs of each, of which the quickest counts, ours and the
# peer's in turn, so that both see the same machine.

BUILD=${BUILD:-build/release}
ROWS=${ROWS:-1000000}
REPEAT=${REPEAT:-3}
JAMLOG=$BUILD/jamlog
WORK=$(mktemp -d "${TMPDIR:-/tmp}/jamlog-bench.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM

# The 31 columns that a peer gets: those of the layer that an LTE modem fills.
COLUMNS31="id INTEGER PRIMARY KEY, start_time TEXT, end_time TEXT, modem TEXT, service TEXT, latitude REAL, longitude REAL,
 position_state TEXT, position_error_m REAL, rat TEXT, mcc TEXT, mnc TEXT, tac INTEGER, cell_id INTEGER, pci INTEGER,
 arfcn INTEGER, band INTEGER, bandwidth_khz INTEGER, lte_rssi_dbm INTEGER, lte_rsrp_dbm INTEGER, lte_rsrq_db INTEGER,
 lte_snr_db REAL, rx0_dbm REAL, rx1_dbm REAL, tx_dbm REAL, timing_advance_us INTEGER, operating_mode TEXT, registration TEXT,
 ps_attach TEXT, domain TEXT, lte_access TEXT"
NAMES31=$(printf '%s' "$COLUMNS31" | tr -d '\n' | sed -E 's/ (INTEGER PRIMARY KEY|INTEGER|TEXT|REAL)//g')

make_journal() { # DIR ROWS
	"$BUILD/tests/helper/journal_make" "$1" "sweeps=$2" group=60
}

# Seconds of wall-clock time that a command takes.
seconds() {
	local TIMEFORMAT=%R
	{ time "$@" >/dev/null 2>"$WORK/stderr"; } 2>&1 || { cat "$WORK/stderr" >&2; exit 1; }
}

least() { # A B: the smaller number; A may be empty
	awk -v a="$1" -v b="$2" 'BEGIN { print a == "" || b < a ? b : a }'
}

report() { # NAME OURS PEER TARGET UNIT: PEER / OURS
	awk -v n="$1" -v o="$2" -v p="$3" -v t="$4" -v u="$5" \
		'BEGIN { printf "%s ratio=%.2f ours_%s=%s peer_%s=%s (target >= %s)\n", n, p / o, u, o, u, p, t }'
}
