/* The tables of the analysis (include/analysis.h): made anew at will, never read by sync.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store.h"

#include "error.h"

static const char results_sql[] =
	/* what is compared: a cell by PLMN, RAT, ARFCN and PCI ("257-01 lte 1300 101"), or a whole network ("257-01") */
	"CREATE TABLE baseline_cell (id INTEGER PRIMARY KEY NOT NULL, key TEXT NOT NULL UNIQUE);"
	/* One visit of a tile (place: analysis/tile.h), start to end. served, broadband, narrowband: sweeps. Medians in hundredths.
	 * utc_offset_ms: UTC less BOOTTIME at its start, NULL: not known. */
	"CREATE TABLE baseline_pass (place INTEGER NOT NULL, cell INTEGER NOT NULL, recording INTEGER NOT NULL, source INTEGER NOT "
	"NULL,"
	" start_boottime_ms INTEGER NOT NULL, end_boottime_ms INTEGER NOT NULL, sweeps INTEGER NOT NULL, served INTEGER NOT NULL,"
	" broadband INTEGER NOT NULL, narrowband INTEGER NOT NULL, rsrp_cdbm INTEGER, rsrq_cdb INTEGER, snr_cdb INTEGER,"
	" rssi_cdbm INTEGER, rx_cdbm INTEGER, tx_cdbm INTEGER, utc_offset_ms INTEGER,"
	" PRIMARY KEY (place, cell, recording, source, start_boottime_ms)) WITHOUT ROWID;"
	"CREATE INDEX baseline_pass_recording ON baseline_pass (recording);"
	/* Of other teams. file: its digest and name; served, broadband, narrowband: passes; spreads: half of the passes are within.
	 */
	"CREATE TABLE baseline_given (place INTEGER NOT NULL, cell INTEGER NOT NULL, file TEXT NOT NULL, passes INTEGER NOT NULL,"
	" served INTEGER NOT NULL, broadband INTEGER NOT NULL, narrowband INTEGER NOT NULL, rsrp_cdbm INTEGER, rsrq_cdb INTEGER,"
	" snr_cdb INTEGER, rssi_cdbm INTEGER, rx_cdbm INTEGER, tx_cdbm INTEGER, rsrp_spread_cdb INTEGER, rsrq_spread_cdb INTEGER,"
	" snr_spread_cdb INTEGER, PRIMARY KEY (place, cell, file)) WITHOUT ROWID;"

	"CREATE TABLE analysis (id INTEGER PRIMARY KEY NOT NULL, rules_version TEXT NOT NULL, parameters TEXT NOT NULL,"
	" program TEXT NOT NULL, made_time DATETIME NOT NULL, UNIQUE (rules_version, parameters));"
	/* how far a recording was read: last_id; stamp: of what sync knew of it */
	"CREATE TABLE analysis_recording (analysis INTEGER NOT NULL REFERENCES analysis, recording INTEGER NOT NULL,"
	" last_id INTEGER NOT NULL, stamp INTEGER NOT NULL, PRIMARY KEY (analysis, recording)) WITHOUT ROWID;"
	/* the recordings whose passes stand in baseline_pass, and how far they were read then */
	"CREATE TABLE baseline_recording (recording INTEGER PRIMARY KEY NOT NULL, last_id INTEGER NOT NULL, stamp INTEGER NOT "
	"NULL);"
	"CREATE TABLE finding (id INTEGER PRIMARY KEY NOT NULL, analysis INTEGER NOT NULL REFERENCES analysis, recording INTEGER "
	"NOT NULL,"
	" source INTEGER NOT NULL, rule TEXT NOT NULL, verdict TEXT NOT NULL, sub TEXT, confidence TEXT NOT NULL,"
	" start_fid INTEGER NOT NULL, end_fid INTEGER NOT NULL, start_boottime_ms INTEGER NOT NULL, end_boottime_ms INTEGER NOT "
	"NULL,"
	" confirmed_boottime_ms INTEGER NOT NULL, start_utc_ms INTEGER, end_utc_ms INTEGER, utc_error_ms INTEGER, open BOOLEAN NOT "
	"NULL,"
	" sub_if_refuted TEXT, witness INTEGER NOT NULL, roaming BOOLEAN NOT NULL, plmn TEXT NOT NULL, band INTEGER, south REAL, "
	"west REAL, north REAL, east REAL,"
	" position_error_m REAL);"
	"CREATE INDEX finding_recording ON finding (analysis, recording);"
	"CREATE TABLE finding_sentence (finding INTEGER NOT NULL REFERENCES finding, n INTEGER NOT NULL, kind TEXT NOT NULL, "
	"verdict TEXT,"
	" text TEXT NOT NULL, PRIMARY KEY (finding, n)) WITHOUT ROWID;"
	/* What a modem saw, before anything is judged: runs of the same service and of the same outcome of data. service:
	 * broadband, narrowband, limited, none, denied, off, unknown, or gap (no sweep); data: untested, works, fails */
	"CREATE TABLE course (id INTEGER PRIMARY KEY NOT NULL, analysis INTEGER NOT NULL REFERENCES analysis, recording INTEGER "
	"NOT NULL,"
	" source INTEGER NOT NULL, service TEXT NOT NULL, data TEXT NOT NULL, plmn TEXT NOT NULL, home TEXT NOT NULL,"
	" start_fid INTEGER NOT NULL, end_fid INTEGER NOT NULL, start_boottime_ms INTEGER NOT NULL, end_boottime_ms INTEGER NOT "
	"NULL,"
	" start_utc_ms INTEGER, end_utc_ms INTEGER, south REAL, west REAL, north REAL, east REAL);"
	"CREATE INDEX course_recording ON course (analysis, recording);"
	"CREATE INDEX course_utc ON course (analysis, start_utc_ms);"
	"CREATE TABLE incident (id INTEGER PRIMARY KEY NOT NULL, geom POINT, analysis INTEGER NOT NULL REFERENCES analysis,"
	" code TEXT NOT NULL, verdict TEXT NOT NULL, sub TEXT, confidence TEXT NOT NULL, start_time DATETIME, end_time DATETIME,"
	" utc_error_s REAL, duration_s REAL NOT NULL, open BOOLEAN NOT NULL, modems TEXT NOT NULL, operators TEXT NOT NULL,"
	" radius_m REAL, position_error_m REAL, rules_version TEXT NOT NULL, summary TEXT NOT NULL);"
	"CREATE INDEX incident_code ON incident (analysis, code);"
	"CREATE TABLE incident_finding (incident INTEGER NOT NULL REFERENCES incident, finding INTEGER NOT NULL REFERENCES finding,"
	" PRIMARY KEY (incident, finding)) WITHOUT ROWID;"
	"CREATE INDEX incident_finding_finding ON incident_finding (finding);"
	/* kind: for, against, alternative, mark, limit; rule: whose sentence it is, NULL: the judge's */
	"CREATE TABLE incident_evidence (incident INTEGER NOT NULL REFERENCES incident, n INTEGER NOT NULL, kind TEXT NOT NULL, "
	"modem TEXT,"
	" rule TEXT, verdict TEXT, text TEXT NOT NULL, PRIMARY KEY (incident, n)) WITHOUT ROWID;"
	"CREATE TABLE incident_segment (incident INTEGER NOT NULL REFERENCES incident, segment INTEGER NOT NULL REFERENCES segment,"
	" PRIMARY KEY (incident, segment)) WITHOUT ROWID;"
	/* a state for all of a recording; cause: the verdict of the incident that it belongs to */
	"CREATE TABLE stretch (id INTEGER PRIMARY KEY NOT NULL, analysis INTEGER NOT NULL REFERENCES analysis, recording INTEGER "
	"NOT NULL,"
	" modem TEXT NOT NULL, operator TEXT NOT NULL, state TEXT NOT NULL, cause TEXT, incident INTEGER REFERENCES incident,"
	" data_tested BOOLEAN NOT NULL, start_fid INTEGER, end_fid INTEGER, start_boottime_ms INTEGER NOT NULL,"
	" end_boottime_ms INTEGER NOT NULL, start_time DATETIME, end_time DATETIME, south REAL, west REAL, north REAL, east REAL);"
	"CREATE INDEX stretch_recording ON stretch (analysis, recording);"
	/* logs that other programs wrote (jamlog import): outside the chain of evidence */
	"CREATE TABLE imported (recording INTEGER PRIMARY KEY NOT NULL REFERENCES recording, file_name TEXT NOT NULL, digest TEXT "
	"NOT NULL"
	" UNIQUE, format TEXT NOT NULL, rows INTEGER NOT NULL, refused INTEGER NOT NULL, imported_time DATETIME NOT NULL,"
	" program TEXT NOT NULL);"
	"INSERT INTO meta VALUES ('results_version','" G_STRINGIFY(STORE_RESULTS_VERSION) "');"
	"INSERT INTO gpkg_contents (table_name,data_type,identifier,description,srs_id) VALUES"
	"('incident','features','incident','what was found, with verdict, confidence and interval; place: its middle',4326),"
	"('incident_evidence','attributes','incident_evidence','sentences for and against each incident',NULL),"
	"('stretch','attributes','stretch','a state for every stretch of the recordings',NULL),"
	"('imported','attributes','imported','logs of other programs: outside the chain of evidence',NULL);"
	"INSERT INTO gpkg_geometry_columns VALUES ('incident','geom','POINT',4326,0,0);";

gboolean store_has_results(Store *store, gboolean *ret_there, GError **error)
{
	g_autoptr(StoreStatement) stmt =
		store_prepare(store, "SELECT 1 FROM sqlite_master WHERE type='table' AND name='imported'", error);
	return stmt && store_step(store, stmt, ret_there, error);
}

/* Tables of another version are left alone: imported logs stand among them. */
static gboolean check_version(Store *store, GError **error)
{
	gboolean row;
	g_autoptr(StoreStatement) stmt = store_prepare(store, "SELECT value FROM meta WHERE key='results_version'", error);
	if (!stmt || !store_step(store, stmt, &row, error))
		return FALSE;
	if (row && g_strcmp0((const char *)sqlite3_column_text(stmt, 0), G_STRINGIFY(STORE_RESULTS_VERSION)) == 0)
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
		    "%s holds results of another version of jamlog: nothing was changed; sync the journals into a new file, and import logs"
		    " into that",
		    store_path(store));
	return FALSE;
}

gboolean store_ensure_results(Store *store, GError **error)
{
	gboolean there;
	if (!store_has_results(store, &there, error))
		return FALSE;
	return there ? check_version(store, error) : store_exec(store, results_sql, error);
}
