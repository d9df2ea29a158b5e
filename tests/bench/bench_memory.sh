#!/bin/bash
# bench_memory.sh - peak resident memory of sync and export at ROWS samples, and with LARGE=1 at ten times as many too.
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
. "$(dirname "$0")/common.sh"

# KiB; a small shell is the parent, since a child's figure begins with its parent's size.
peak() { sh -c '"$@" >/dev/null 2>&1 & p=$!; m=0
	while v=$(sed -n "s/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p" /proc/$p/status 2>/dev/null) && [ -n "$v" ]; do m=$v; sleep 0.02; done
	wait $p && echo $m' sh "$@"; }

measure() { # ROWS
	make_journal "$WORK/journal" "$1"
	for name in sync export track csv; do
		case $name in
		sync) kib=$(peak "$JAMLOG" sync --quiet "$WORK/journal" --db "$WORK/store.gpkg") ;;
		export) kib=$(peak "$JAMLOG" export --quiet --db "$WORK/store.gpkg" -o /dev/null) ;;
		track) kib=$(peak "$JAMLOG" export --quiet --db "$WORK/store.gpkg" --layer track -o /dev/null) ;;
		csv) kib=$(peak "$JAMLOG" export --quiet --db "$WORK/store.gpkg" --format csv -o /dev/null) ;;
		esac
		echo "memory_$name rows=$1 peak_kib=$kib (target <= 16384)"
	done
	rm -rf "$WORK/journal" "$WORK/store.gpkg"
}

measure "$ROWS"
[ "${LARGE:-}" != 1 ] || measure $((ROWS * 10))
