#!/bin/bash
# bench_export.sh - export of ROWS samples as GeoJSON against ogr2ogr and sqlite3's json_object from the same store. The peers
# get the columns that our features have, no more.
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
. "$(dirname "$0")/common.sh"

make_journal "$WORK/journal" "$ROWS"
"$JAMLOG" sync --quiet "$WORK/journal" --db "$WORK/store.gpkg"
rm -r "$WORK/journal"

export_ours() { rm -f "$WORK/ours.geojson"; "$JAMLOG" export --quiet --db "$WORK/store.gpkg" -o "$WORK/ours.geojson"; }
properties=$("$JAMLOG" export --quiet --db "$WORK/store.gpkg" --format geojsonseq -o - 2>/dev/null | head -1 |
	jq -r '.properties | keys_unsorted | join(",")' || true)
export_ogr2ogr() {
	rm -f "$WORK/peer.geojson"
	ogr2ogr -f GeoJSON -lco RFC7946=YES -select "$properties" "$WORK/peer.geojson" "$WORK/store.gpkg" sample
}
pairs=$(printf '%s' "$properties" | tr , '\n' | sed "s/.*/'&',&/" | paste -sd,)
export_json_object() { sqlite3 "$WORK/store.gpkg" "SELECT json_object('type','Feature','id',fid,'properties',json_object($pairs)) FROM sample"; }

ours='' ogr='' json=''
for _ in $(seq "$REPEAT"); do
	ours=$(least "$ours" "$(seconds export_ours)")
	ogr=$(least "$ogr" "$(seconds export_ogr2ogr)")
	json=$(least "$json" "$(seconds export_json_object)")
done
[ "$(grep -c '"type":"Feature",' "$WORK/ours.geojson")" = "$ROWS" ]
echo "properties=$(printf '%s' "$properties" | tr , '\n' | wc -l) bytes=$(stat -c %s "$WORK/ours.geojson")"
report export_vs_ogr2ogr "$ours" "$ogr" 8 s
report export_vs_json_object "$ours" "$json" 2 s
