/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/survey.h"

#include "error.h"

#include <sqlite3.h>
#include <stdio.h>

/* A scan's records are dated one by one. */
#define SCAN_MS 2000

struct Survey {
	sqlite3 *db;
	sqlite3_stmt *rows;
	char *path;
	guint64 line;
	gint64 scan_group, scan_ms, group; /* of the app; since when; ours */
};

/* In the order of the query's columns. */
typedef enum {
	C_RAT,
	C_TIME,
	C_GROUP,
	C_SERVING,
	C_GEOM,
	C_LON,
	C_LAT,
	C_ACCURACY,
	C_MCC,
	C_MNC,
	C_TAC,
	C_CELL,
	C_ARFCN,
	C_PCI,
	C_RSRP,
	C_RSRQ,
	C_SNR,
	C_RSSI,
	C_BANDWIDTH,
	N_COLUMNS,
} SurveyColumn;

/* The first that the table has is taken; without regard to case, as always in SQL. */
static const char *const common_names[N_COLUMNS][3] = {
	[C_TIME] = {"Time", "deviceTime"},
	[C_GROUP] = {"GroupNumber"},
	[C_SERVING] = {"Serving Cell", "servingCell"},
	[C_GEOM] = {"geom"},
	[C_LON] = {"longitude"},
	[C_LAT] = {"latitude"},
	[C_ACCURACY] = {"accuracy"},
	[C_MCC] = {"MCC"},
	[C_MNC] = {"MNC"},
	[C_TAC] = {"TAC", "LAC"},
};

typedef struct {
	const char *table;
	Rat rat;
	const char *names[N_COLUMNS][3];
} SurveyTable;

static const SurveyTable tables[] = {
	{"LTE_MESSAGE",
	 RAT_LTE,
	 {[C_CELL] = {"ECI"},
	  [C_ARFCN] = {"DL_EARFCN"},
	  [C_PCI] = {"Phys_Cell_ID"},
	  [C_RSRP] = {"RSRP"},
	  [C_RSRQ] = {"RSRQ"},
	  [C_SNR] = {"SNR"},
	  [C_RSSI] = {"RSSI"},
	  [C_BANDWIDTH] = {"DL_Bandwidth"}}},
	{"NR_MESSAGE",
	 RAT_NR,
	 {[C_CELL] = {"NCI"},
	  [C_ARFCN] = {"NARFCN", "NRARFCN"},
	  [C_PCI] = {"pci", "Phys_cell_ID"},
	  [C_RSRP] = {"ssRsrp", "SS_RSRP"},
	  [C_RSRQ] = {"ssRsrq", "SS_RSRQ"},
	  [C_SNR] = {"ssSinr", "SS_SINR"}}},
	{"UMTS_MESSAGE",
	 RAT_UMTS,
	 {[C_CELL] = {"Cell ID"}, [C_ARFCN] = {"UARFCN"}, [C_PCI] = {"PSC"}, [C_RSRP] = {"RSCP"}, [C_RSSI] = {"Signal Strength"}}},
	{"GSM_MESSAGE", RAT_GSM, {[C_CELL] = {"CID"}, [C_ARFCN] = {"ARFCN"}, [C_PCI] = {"BSIC"}, [C_RSSI] = {"Signal Strength"}}},
};

void survey_free(Survey *survey)
{
	if (!survey)
		return;
	sqlite3_finalize(survey->rows);
	sqlite3_close(survey->db);
	g_free(survey->path);
	g_free(survey);
}

static gboolean fail(const Survey *survey, GError **error)
{
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%s cannot be read as a GeoPackage: %s", survey->path,
		    sqlite3_errmsg(survey->db));
	return FALSE;
}

/* "1" where the query has a row. */
static gboolean asks(sqlite3 *db, const char *sql, const char *value, gboolean *ret_there)
{
	sqlite3_stmt *stmt = NULL;
	const gboolean ok = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK;
	if (ok && value)
		sqlite3_bind_text(stmt, 1, value, -1, SQLITE_STATIC);
	const int code = ok ? sqlite3_step(stmt) : SQLITE_ERROR;
	sqlite3_finalize(stmt);
	*ret_there = code == SQLITE_ROW;
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* The column's name as an SQL expression; NULL where the table has none of these names. */
static const char *column_of(sqlite3 *db, const char *table, const char *const names[3])
{
	for (guint i = 0; i < 3 && names[i]; i++) {
		const char *type = NULL;
		if (sqlite3_table_column_metadata(db, NULL, table, names[i], &type, NULL, NULL, NULL, NULL) == SQLITE_OK)
			return names[i];
	}
	return NULL;
}

static void add_column(Survey *survey, const SurveyTable *table, guint c, GString *sql)
{
	const char *const *names = common_names[c][0] ? common_names[c] : table->names[c];
	const char *name = column_of(survey->db, table->table, names);
	if (!name)
		g_string_append_printf(sql, ",NULL AS c%u", c);
	else if (c == C_TIME) /* julianday reads RFC 3339 with its zone */
		g_string_append_printf(sql,
				       ",CASE WHEN typeof(\"%s\")='text' THEN CAST(round((julianday(\"%s\")-2440587.5)*86400000) AS"
				       " INTEGER) ELSE \"%s\" END AS c%u",
				       name, name, name, c);
	else
		g_string_append_printf(sql, ",\"%s\" AS c%u", name, c);
}

static gboolean add_table(Survey *survey, const SurveyTable *table, GString *sql, GError **error)
{
	gboolean there;
	if (!asks(survey->db, "SELECT 1 FROM sqlite_master WHERE name=? AND type='table'", table->table, &there))
		return fail(survey, error);
	if (!there || !column_of(survey->db, table->table, common_names[C_TIME]))
		return TRUE;
	g_string_append_printf(sql, "%sSELECT %d AS c%d", sql->len > 0 ? " UNION ALL " : "", (int)table->rat, (int)C_RAT);
	for (guint c = C_TIME; c < N_COLUMNS; c++)
		add_column(survey, table, c, sql);
	g_string_append_printf(sql, " FROM %s", table->table);
	return TRUE;
}

static gboolean find_tables(Survey *survey, GError **error)
{
	gboolean ours = FALSE;
	g_autoptr(GString) sql = g_string_new(NULL);
	if (asks(survey->db, "SELECT 1 FROM meta WHERE key='program' AND value='jamlog'", NULL, &ours) && ours) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
			    "%s is a store of jamlog, and no log of another program: to put"
			    " recordings together, \"jamlog sync\" their journals into one store",
			    survey->path);
		return FALSE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
		if (!add_table(survey, &tables[i], sql, error))
			return FALSE;
	if (sql->len == 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
			    "%s is a database, but none that Network Survey writes: it has no"
			    " table LTE_MESSAGE, NR_MESSAGE, UMTS_MESSAGE or GSM_MESSAGE",
			    survey->path);
		return FALSE;
	}
	g_string_append_printf(sql, " ORDER BY c%d, c%d, c%d DESC", (int)C_TIME, (int)C_GROUP, (int)C_SERVING);
	return sqlite3_prepare_v2(survey->db, sql->str, -1, &survey->rows, NULL) == SQLITE_OK || fail(survey, error);
}

Survey *survey_open(const char *path, GError **error)
{
	g_autoptr(Survey) survey = g_new0(Survey, 1);
	survey->path = g_strdup(path);
	survey->scan_ms = G_MININT64 / 2;
	/* SQLite takes "file:..." for more than a name. */
	g_autofree char *name = g_path_is_absolute(path) ? g_strdup(path) : g_strconcat("./", path, NULL);
	if (sqlite3_open_v2(name, &survey->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		fail(survey, error);
		return NULL;
	}
	/* It is a stranger's: nothing in its schema is to be run. */
	sqlite3_db_config(survey->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(survey->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return find_tables(survey, error) ? g_steal_pointer(&survey) : NULL;
}

/* --- rows --- */

gboolean survey_parse_point(const guint8 *blob, gsize length, double *ret_lon, double *ret_lat)
{
	static const guint8 envelopes[8] = {0, 32, 48, 48, 64, 255, 255, 255};
	if (!blob || length < 8 || blob[0] != 'G' || blob[1] != 'P')
		return FALSE;
	const guint8 envelope = envelopes[blob[3] >> 1 & 7];
	const gsize at = 8u + envelope;
	const gboolean empty = blob[3] & 0x10;
	if (envelope == 255 || empty || length < at + 21)
		return FALSE;
	const gboolean little = blob[at] == 1;
	guint32 type;
	guint64 xy[2];
	double value[2];
	memcpy(&type, blob + at + 1, sizeof type);
	memcpy(xy, blob + at + 5, sizeof xy);
	type = little ? GUINT32_FROM_LE(type) : GUINT32_FROM_BE(type);
	for (guint i = 0; i < 2; i++) {
		xy[i] = little ? GUINT64_FROM_LE(xy[i]) : GUINT64_FROM_BE(xy[i]);
		memcpy(&value[i], &xy[i], sizeof value[i]);
	}
	/* ISO writes 1001 for a point with height, others set a bit. */
	if ((type & 0x1fffffff) % 1000 != 1 || !isfinite(value[0]) || !isfinite(value[1]))
		return FALSE;
	*ret_lon = value[0];
	*ret_lat = value[1];
	return TRUE;
}

static double number(sqlite3_stmt *rows, int c)
{
	const int type = sqlite3_column_type(rows, c);
	return type == SQLITE_INTEGER || type == SQLITE_FLOAT ? sqlite3_column_double(rows, c) : NAN;
}

/* -1 where it is absent; some versions of the app have texts. */
static gint64 whole(sqlite3_stmt *rows, int c)
{
	gint64 value = -1;
	if (sqlite3_column_type(rows, c) == SQLITE_INTEGER)
		value = sqlite3_column_int64(rows, c);
	else if (sqlite3_column_type(rows, c) == SQLITE_TEXT)
		g_ascii_string_to_signed((const char *)sqlite3_column_text(rows, c), 10, 0, G_MAXINT64, &value, NULL);
	return value;
}

static void take_place(sqlite3_stmt *rows, Row *row)
{
	/* sqlite3_column_bytes after the blob. */
	const guint8 *geom = sqlite3_column_blob(rows, C_GEOM);
	if (!survey_parse_point(geom, (gsize)sqlite3_column_bytes(rows, C_GEOM), &row->lon, &row->lat)) {
		row->lon = number(rows, C_LON);
		row->lat = number(rows, C_LAT);
	}
	row->accuracy_m = number(rows, C_ACCURACY);
}

static gint64 bandwidth_khz(sqlite3_stmt *rows)
{
	const char *text = (const char *)sqlite3_column_text(rows, C_BANDWIDTH);
	const double mhz = text ? g_ascii_strtod(text, NULL) : 0;
	return mhz > 0 && mhz <= 100 ? (gint64)lround(mhz * 1000) : -1;
}

static gint64 group_of(Survey *survey, const Row *row)
{
	const gint64 scan = whole(survey->rows, C_GROUP);
	if (scan != survey->scan_group || scan < 0 || row->utc_ms - survey->scan_ms > SCAN_MS) {
		if (scan != -1 || row->utc_ms != survey->scan_ms || scan != survey->scan_group)
			survey->group++;
		survey->scan_group = scan;
		survey->scan_ms = row->utc_ms;
	}
	return survey->group;
}

static void take_row(Survey *survey, Row *row)
{
	sqlite3_stmt *rows = survey->rows;
	row_clear(row);
	row->line = ++survey->line;
	row->rat = (Rat)sqlite3_column_int(rows, C_RAT);
	row->utc_ms = whole(rows, C_TIME);
	row->group = group_of(survey, row);
	row->neighbouring = sqlite3_column_int(rows, C_SERVING) == 0;
	take_place(rows, row);
	row_set_network(row, (const char *)sqlite3_column_text(rows, C_MCC), (const char *)sqlite3_column_text(rows, C_MNC));
	row->tac = whole(rows, C_TAC);
	row->cell_id = whole(rows, C_CELL);
	row->arfcn = whole(rows, C_ARFCN);
	row->pci = whole(rows, C_PCI);
	row->bandwidth_khz = bandwidth_khz(rows);
	row->own = (RowSignal){number(rows, C_RSRP), number(rows, C_RSRQ), number(rows, C_SNR), number(rows, C_RSSI)};
}

gboolean survey_next(Survey *survey, Row *ret_row, gboolean *ret_there, GError **error)
{
	const int code = sqlite3_step(survey->rows);
	*ret_there = code == SQLITE_ROW;
	if (*ret_there)
		take_row(survey, ret_row);
	return code == SQLITE_ROW || code == SQLITE_DONE || fail(survey, error);
}
