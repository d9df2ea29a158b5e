#!/bin/bash
# bench_sync.sh - sync of ROWS sweeps with fixes against the sqlite3 shell's typed .import of the same samples, and the sizes.
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
. "$(dirname "$0")/common.sh"

sync_ours() { rm -f "$WORK/ours.gpkg"; "$JAMLOG" sync --quiet "$WORK/journal" --db "$WORK/ours.gpkg"; }
import_peer() {
	rm -f "$WORK/peer.db"
	sqlite3 "$WORK/peer.db" "CREATE TABLE sample ($COLUMNS31)" ".mode csv" ".import $WORK/sample.csv sample"
}

make_journal "$WORK/journal" "$ROWS"
sync_ours
# The columns by name, so that the peer gets what the layer holds and nothing else; latitude and longitude from the export.
"$JAMLOG" export --quiet --db "$WORK/ours.gpkg" --format csv -o "$WORK/all.csv"
python3 - "$WORK/all.csv" "$WORK/sample.csv" "$NAMES31" <<'PY'
import csv, sys
with open(sys.argv[1], newline="") as source, open(sys.argv[2], "w", newline="") as target:
    reader = csv.reader(source)
    header = next(reader)
    pick = [header.index(name) for name in sys.argv[3].replace(" ", "").split(",")]
    assert len(pick) == 31
    writer = csv.writer(target)
    for row in reader:
        writer.writerow([row[i] for i in pick])
PY
rm "$WORK/all.csv"

ours='' peer=''
for _ in $(seq "$REPEAT"); do
	ours=$(least "$ours" "$(seconds sync_ours)")
	peer=$(least "$peer" "$(seconds import_peer)")
done
[ "$(sqlite3 "$WORK/peer.db" 'SELECT count(*) FROM sample')" = "$(sqlite3 "$WORK/ours.gpkg" 'SELECT count(*) FROM sample')" ]
report sync_vs_import "$ours" "$peer" 2.5 s
awk -v o="$(stat -c %s "$WORK/ours.gpkg")" -v p="$(stat -c %s "$WORK/peer.db")" \
	'BEGIN { printf "store_size share=%.2f ours_bytes=%d peer_bytes=%d (target <= 0.6)\n", o / p, o, p }'
