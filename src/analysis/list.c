/* What was found, out of the store again.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis.h"
#include "analysis/rule.h"
#include "error.h"

/* So many sweeps, sessions and probes are shown of a finding. */
#define SHOWN "12"

static GVariant *column_value(sqlite3_stmt *stmt, int column)
{
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		return g_variant_new_int64(sqlite3_column_int64(stmt, column));
	case SQLITE_FLOAT:
		return g_variant_new_double(sqlite3_column_double(stmt, column));
	case SQLITE_TEXT: {
		g_autofree char *text = g_utf8_make_valid((const char *)sqlite3_column_text(stmt, column), -1);
		return g_variant_new_string(text);
	}
	default:
		return NULL;
	}
}

/* A row as a dictionary; what is NULL is left out. */
static void open_row(GVariantBuilder *b, sqlite3_stmt *stmt)
{
	g_variant_builder_init(b, G_VARIANT_TYPE_VARDICT);
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		GVariant *value = column_value(stmt, i);
		if (value)
			g_variant_builder_add(b, "{sv}", sqlite3_column_name(stmt, i), value);
	}
}

/* All rows of a query as an array of dictionaries. The numbers are bound in order. */
static GVariant *rows(Store *store, const char *sql, const gint64 *values, guint n_values, GError **error)
{
	g_autoptr(StoreStatement) stmt = store_prepare(store, sql, error);
	g_auto(GVariantBuilder) all = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));
	if (!stmt)
		return NULL;
	for (guint i = 0; i < n_values; i++)
		sqlite3_bind_int64(stmt, (int)i + 1, values[i]);
	for (;;) {
		gboolean row;
		if (!store_step(store, stmt, &row, error))
			return NULL;
		if (!row)
			return g_variant_builder_end(&all);
		GVariantBuilder one;
		open_row(&one, stmt);
		g_variant_builder_add_value(&all, g_variant_builder_end(&one));
	}
}

#define INCIDENT_COLUMNS \
	"id, code, verdict, sub, confidence, start_time, end_time, utc_error_s, duration_s, open, modems, operators," \
	" radius_m, position_error_m, rules_version, summary, geom FROM incident"
enum { INCIDENT_ID, INCIDENT_GEOM = 16 };

static void add_place(GVariantBuilder *b, sqlite3_stmt *stmt)
{
	double xy[2];
	if (sqlite3_column_bytes(stmt, INCIDENT_GEOM) != STORE_GEOM_SIZE)
		return;
	memcpy(xy, (const guint8 *)sqlite3_column_blob(stmt, INCIDENT_GEOM) + STORE_GEOM_SIZE - sizeof xy, sizeof xy);
	g_variant_builder_add(b, "{sv}", "lon", g_variant_new_double(xy[0]));
	g_variant_builder_add(b, "{sv}", "lat", g_variant_new_double(xy[1]));
}

static gboolean add_rows(Store *store, GVariantBuilder *b, const char *key, const char *sql, const gint64 *values, guint n,
			 GError **error)
{
	GVariant *array = rows(store, sql, values, n, error);
	if (!array)
		return FALSE;
	g_variant_builder_add(b, "{sv}", key, array);
	return TRUE;
}

static gboolean open_incident(Store *store, GVariantBuilder *b, sqlite3_stmt *stmt, GError **error)
{
	const gint64 id = sqlite3_column_int64(stmt, INCIDENT_ID);
	open_row(b, stmt);
	add_place(b, stmt);
	if (add_rows(store, b, "evidence",
		     "SELECT kind, modem, rule, verdict, text FROM incident_evidence WHERE incident=? ORDER BY n", &id, 1, error))
		return TRUE;
	g_variant_builder_clear(b);
	return FALSE;
}

GVariant *analysis_incidents(Store *store, gint64 analysis, GError **error)
{
	g_autoptr(StoreStatement) stmt = store_prepare(
		store, "SELECT " INCIDENT_COLUMNS " WHERE analysis=? ORDER BY start_time IS NULL, start_time, id", error);
	g_auto(GVariantBuilder) all = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));
	if (!stmt)
		return NULL;
	sqlite3_bind_int64(stmt, 1, analysis);
	for (;;) {
		gboolean row;
		GVariantBuilder one;
		if (!store_step(store, stmt, &row, error))
			return NULL;
		if (!row)
			return g_variant_ref_sink(g_variant_builder_end(&all));
		if (!open_incident(store, &one, stmt, error))
			return NULL;
		g_variant_builder_add_value(&all, g_variant_builder_end(&one));
	}
}

gboolean analysis_latest(Store *store, gint64 *ret_analysis, GError **error)
{
	gboolean row = FALSE, there;
	if (!store_has_results(store, &there, error))
		return FALSE;
	g_autoptr(StoreStatement) stmt =
		there ? store_prepare(store, "SELECT id FROM analysis ORDER BY made_time DESC, id DESC LIMIT 1", error) : NULL;
	if (there && (!stmt || !store_step(store, stmt, &row, error)))
		return FALSE;
	if (row) {
		*ret_analysis = sqlite3_column_int64(stmt, 0);
		return TRUE;
	}
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_DATA, "%s was not analyzed yet: \"jamlog analyze --db %s\" does it",
		    store_path(store), store_path(store));
	return FALSE;
}

/* --- one incident's story --- */

static const Rule *rule_by_name(const char *name)
{
	for (guint i = 0; rules[i]; i++)
		if (g_str_equal(rules[i]->name, name))
			return rules[i];
	return NULL;
}

/* The value in effect: that of the analysis' parameters (parameters.h) where it was set there. */
static double figure_in(const char *parameters, const Rule *rule, const RuleFigure *figure)
{
	g_auto(GStrv) lines = g_strsplit(parameters, "\n", -1);
	g_autofree char *prefix = g_strdup_printf("%s.%s=", rule->name, figure->name);
	for (guint i = 0; lines[i]; i++)
		if (g_str_has_prefix(lines[i], prefix))
			return g_ascii_strtod(lines[i] + strlen(prefix), NULL);
	return figure->value;
}

static void add_figures(GVariantBuilder *b, const Rule *rule, const char *parameters)
{
	GVariantBuilder figures;
	g_variant_builder_init(&figures, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; rule && rule->figures[i].name; i++) {
		GVariantBuilder one;
		g_variant_builder_init(&one, G_VARIANT_TYPE_VARDICT);
		g_variant_builder_add(&one, "{sv}", "name", g_variant_new_string(rule->figures[i].name));
		g_variant_builder_add(&one, "{sv}", "value", g_variant_new_double(figure_in(parameters, rule, &rule->figures[i])));
		g_variant_builder_add(&one, "{sv}", "source", g_variant_new_string(rule->figures[i].source));
		g_variant_builder_add_value(&figures, g_variant_builder_end(&one));
	}
	g_variant_builder_add(b, "{sv}", "figures", g_variant_builder_end(&figures));
	if (rule)
		g_variant_builder_add(b, "{sv}", "looks_for", g_variant_new_string(rule->looks_for));
}

/* The sweeps of the modem just before and after three moments: where it began, was confirmed, and ended. */
static const char sweeps_sql[] =
	"WITH mine AS (SELECT r.id, r.boottime_ms FROM radio r WHERE r.source=?1 AND r.id BETWEEN ?2-400 AND ?3+400 AND "
	"r.id>>32=?2>>32)"
	" SELECT s.start_time, (r.boottime_ms-?4)/1000.0 AS after_s, s.service, s.rat, s.mcc, s.mnc, s.arfcn, s.pci, s.band,"
	" coalesce(s.lte_rsrp_dbm, s.nr_rsrp_dbm) AS rsrp_dbm, coalesce(s.lte_rsrq_db, s.nr_rsrq_db) AS rsrq_db,"
	" coalesce(s.lte_snr_db, s.nr_snr_db) AS snr_db, s.rx0_dbm, s.rx1_dbm, s.tx_dbm, s.fid"
	" FROM sample s JOIN radio r ON r.id=s.fid WHERE s.fid IN ("
	"SELECT * FROM (SELECT id FROM mine WHERE boottime_ms<?4 ORDER BY id DESC LIMIT 3) UNION "
	"SELECT * FROM (SELECT id FROM mine WHERE boottime_ms>=?4 ORDER BY id LIMIT 3) UNION "
	"SELECT * FROM (SELECT id FROM mine WHERE boottime_ms>=?5 ORDER BY id LIMIT 3) UNION "
	"SELECT * FROM (SELECT id FROM mine WHERE boottime_ms<=?6 ORDER BY id DESC LIMIT 2) UNION "
	"SELECT * FROM (SELECT id FROM mine WHERE boottime_ms>?6 ORDER BY id LIMIT 3)) ORDER BY s.fid";
static const char sessions_sql[] = "SELECT time, (boottime_ms-?4)/1000.0 AS after_s, outcome, attempt, family, ended_by, "
				   "cause_type, cause, cause_text, duration_ms,"
				   " rx_packets, tx_packets, id AS fid FROM session WHERE source=?1 AND id BETWEEN ?2 AND ?3 AND "
				   "?5<=?6 ORDER BY id LIMIT " SHOWN;
static const char probes_sql[] = "SELECT time, (boottime_ms-?4)/1000.0 AS after_s, round, test, target, role, step, failure, "
				 "rate_kbps, rtt_us, id AS fid FROM probe"
				 " WHERE source=?1 AND id BETWEEN ?2 AND ?3 AND ?5<=?6 ORDER BY id LIMIT " SHOWN;

enum {
	FINDING_SOURCE,
	FINDING_START_FID,
	FINDING_END_FID,
	FINDING_START,
	FINDING_CONFIRMED,
	FINDING_END,
	FINDING_RULE,
	FINDING_PARAMETERS = 15
};

static gboolean open_finding(Store *store, GVariantBuilder *b, sqlite3_stmt *stmt, GError **error)
{
	gint64 values[6];
	for (int i = 0; i < 6; i++)
		values[i] = sqlite3_column_int64(stmt, i);
	open_row(b, stmt);
	add_figures(b, rule_by_name((const char *)sqlite3_column_text(stmt, FINDING_RULE)),
		    (const char *)sqlite3_column_text(stmt, FINDING_PARAMETERS));
	if (add_rows(store, b, "sweeps", sweeps_sql, values, 6, error) &&
	    add_rows(store, b, "sessions", sessions_sql, values, 6, error) &&
	    add_rows(store, b, "probes", probes_sql, values, 6, error))
		return TRUE;
	g_variant_builder_clear(b);
	return FALSE;
}

static gboolean add_findings(Store *store, GVariantBuilder *b, gint64 incident, GError **error)
{
	g_autoptr(StoreStatement) stmt = store_prepare(
		store,
		"SELECT f.source, f.start_fid, f.end_fid, f.start_boottime_ms, f.confirmed_boottime_ms, f.end_boottime_ms, f.rule,"
		" s.name AS modem, f.verdict, f.sub, f.confidence, f.plmn, f.band, f.open, f.id, a.parameters FROM "
		"incident_finding i JOIN finding f"
		" ON f.id=i.finding JOIN source s ON s.id=f.source JOIN analysis a ON a.id=f.analysis WHERE i.incident=? ORDER BY "
		"f.start_fid, f.id",
		error);
	g_auto(GVariantBuilder) all = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));
	if (!stmt)
		return FALSE;
	sqlite3_bind_int64(stmt, 1, incident);
	for (;;) {
		gboolean row;
		GVariantBuilder one;
		if (!store_step(store, stmt, &row, error))
			return FALSE;
		if (!row)
			break;
		if (!open_finding(store, &one, stmt, error))
			return FALSE;
		g_variant_builder_add_value(&all, g_variant_builder_end(&one));
	}
	g_variant_builder_add(b, "{sv}", "findings", g_variant_builder_end(&all));
	return TRUE;
}

static const char segments_sql[] =
	"SELECT s.file_name, s.digest, c.verification, c.read_time FROM incident_segment i JOIN segment s ON s.id=i.segment LEFT "
	"JOIN custody c"
	" ON c.id=(SELECT max(id) FROM custody WHERE segment=s.id) WHERE i.incident=? ORDER BY s.recording, s.number";
static const char devices_sql[] =
	"SELECT DISTINCT s.name AS modem, d.model, d.firmware, d.protocol, d.device_digest FROM incident_finding i JOIN finding f "
	"ON"
	" f.id=i.finding JOIN source s ON s.id=f.source JOIN device d ON d.id=(SELECT max(id) FROM device WHERE source=f.source AND"
	" id > f.recording<<32 AND id <= f.end_fid) WHERE i.incident=?";
static const char imported_sql[] = "SELECT DISTINCT m.file_name, m.format, m.digest FROM incident_finding i JOIN finding f ON "
				   "f.id=i.finding JOIN imported m ON"
				   " m.recording=f.recording WHERE i.incident=?";

GVariant *analysis_explain(Store *store, const char *code, GError **error)
{
	gint64 analysis;
	gboolean row;
	if (!analysis_latest(store, &analysis, error))
		return NULL;
	g_autoptr(StoreStatement) stmt = store_prepare(store,
						       "SELECT " INCIDENT_COLUMNS " WHERE analysis=?1 AND replace(code,'-','')="
						       "replace(upper(?2),'-','') ORDER BY id LIMIT 1",
						       error);
	if (!stmt)
		return NULL;
	sqlite3_bind_int64(stmt, 1, analysis);
	sqlite3_bind_text(stmt, 2, code, -1, SQLITE_STATIC);
	if (!store_step(store, stmt, &row, error))
		return NULL;
	if (!row) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_DATA, "%s has no incident \"%s\": \"jamlog analyze\" lists them",
			    store_path(store), code);
		return NULL;
	}
	GVariantBuilder b;
	const gint64 id = sqlite3_column_int64(stmt, INCIDENT_ID);
	if (!open_incident(store, &b, stmt, error))
		return NULL;
	if (add_findings(store, &b, id, error) && add_rows(store, &b, "segments", segments_sql, &id, 1, error) &&
	    add_rows(store, &b, "devices", devices_sql, &id, 1, error) &&
	    add_rows(store, &b, "imported", imported_sql, &id, 1, error) &&
	    add_rows(store, &b, "analysis", "SELECT rules_version, parameters, program, made_time FROM analysis WHERE id=?",
		     &analysis, 1, error))
		return g_variant_ref_sink(g_variant_builder_end(&b));
	g_variant_builder_clear(&b);
	return NULL;
}
