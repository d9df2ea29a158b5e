/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/stretch.h"

#include "analysis/course.h"
#include "analysis/results.h"

enum { COURSE_RECORDING, COURSE_SOURCE, COURSE_MODEM, COURSE_SERVICE, COURSE_DATA, COURSE_PLMN, COURSE_HOME, COURSE_START_FID, COURSE_END_FID,
       COURSE_START, COURSE_END, COURSE_START_UTC, COURSE_END_UTC, COURSE_SOUTH };

typedef struct {
	Store *store;
	sqlite3_stmt *courses, *insert, *incident;
	gint64 analysis;
	GHashTable *by_modem; /* of GPtrArray of Judged in order of time, by "recording source" */
} Cutter;

static char *modem_key(gint64 recording, gint64 source)
{
	return g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, recording, source);
}

/* Those that made an incident, or belong to one. */
static void sort_findings(Cutter *c, GPtrArray *findings)
{
	c->by_modem = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
	for (guint i = 0; i < findings->len; i++) {
		Judged *j = findings->pdata[i];
		if (j->dropped || j->explained_by)
			continue;
		g_autofree char *key = modem_key(j->recording, j->source);
		GPtrArray *list = g_hash_table_lookup(c->by_modem, key);
		if (!list) {
			list = g_ptr_array_new();
			g_hash_table_insert(c->by_modem, g_steal_pointer(&key), list);
		}
		g_ptr_array_add(list, j);
	}
}

/* What a modem has without any finding. */
static StretchState plain_state(const char *service)
{
	if (g_str_equal(service, course_service_words[COURSE_BROADBAND]))
		return STRETCH_WORKING;
	if (g_str_equal(service, course_service_words[COURSE_NARROWBAND]))
		return STRETCH_DEGRADED;
	if (g_str_equal(service, course_service_words[COURSE_LIMITED]) || g_str_equal(service, course_service_words[COURSE_NONE]) ||
	    g_str_equal(service, course_service_words[COURSE_DENIED]))
		return STRETCH_DEAD;
	return STRETCH_NOT_MEASURED;
}

static StretchState state_with(StretchState plain, gboolean data_fails, const Judged *j)
{
	if (plain == STRETCH_NOT_MEASURED || (j && j->verdict == VERDICT_OWN_FAULT))
		return STRETCH_NOT_MEASURED;
	if (plain == STRETCH_DEAD || (j && j->verdict == VERDICT_DATA_CUT))
		return STRETCH_DEAD;
	return data_fails || j ? STRETCH_DEGRADED : plain;
}

/* The finding that covers this moment: of two, the one whose verdict stands earlier in the gates. */
static const Judged *cause_at(const GPtrArray *list, gint64 from, gint64 to)
{
	const Judged *best = NULL;
	for (guint i = 0; list && i < list->len; i++) {
		const Judged *j = list->pdata[i];
		if (j->start_ms <= from && j->end_ms >= to && (!best || j->verdict < best->verdict))
			best = j;
	}
	return best;
}

/* Where the next finding begins or ends within (from, to); else `to`. */
static gint64 next_cut(const GPtrArray *list, gint64 from, gint64 to)
{
	gint64 cut = to;
	for (guint i = 0; list && i < list->len; i++) {
		const Judged *j = list->pdata[i];
		if (j->start_ms > from && j->start_ms < cut)
			cut = j->start_ms;
		if (j->end_ms > from && j->end_ms < cut)
			cut = j->end_ms;
	}
	return cut;
}

static void bind_time(sqlite3_stmt *insert, int column, sqlite3_stmt *course, gint64 boot_ms)
{
	if (sqlite3_column_type(course, COURSE_START_UTC) == SQLITE_NULL) {
		sqlite3_bind_null(insert, column);
		return;
	}
	sqlite3_bind_int64(insert, column, sqlite3_column_int64(course, COURSE_START_UTC) + boot_ms - sqlite3_column_int64(course, COURSE_START));
}

static gboolean incident_of(Cutter *c, const Judged *j, gint64 *ret_incident, GError **error)
{
	gboolean row;
	*ret_incident = 0;
	sqlite3_reset(c->incident);
	sqlite3_bind_int64(c->incident, 1, j->id);
	if (!store_step(c->store, c->incident, &row, error))
		return FALSE;
	*ret_incident = row ? sqlite3_column_int64(c->incident, 0) : 0;
	sqlite3_reset(c->incident);
	return TRUE;
}

static gboolean put(Cutter *c, const Judged *j, gint64 from, gint64 to, GError **error)
{
	sqlite3_stmt *s = c->insert, *course = c->courses;
	const char *data = (const char *)sqlite3_column_text(course, COURSE_DATA);
	const char *plmn = (const char *)sqlite3_column_text(course, COURSE_PLMN);
	const StretchState state = state_with(plain_state((const char *)sqlite3_column_text(course, COURSE_SERVICE)),
					      g_str_equal(data, course_data_words[DATA_FAILS]), j);
	gint64 incident = 0;
	if (j && !incident_of(c, j, &incident, error))
		return FALSE;
	sqlite3_bind_int64(s, 1, c->analysis);
	sqlite3_bind_int64(s, 2, sqlite3_column_int64(course, COURSE_RECORDING));
	sqlite3_bind_text(s, 3, (const char *)sqlite3_column_text(course, COURSE_MODEM), -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(s, 4, *plmn ? plmn : (const char *)sqlite3_column_text(course, COURSE_HOME), -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(s, 5, stretch_words[state], -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 6, j ? verdict_words[j->verdict] : NULL, -1, SQLITE_STATIC);
	if (incident)
		sqlite3_bind_int64(s, 7, incident);
	else
		sqlite3_bind_null(s, 7);
	sqlite3_bind_int(s, 8, !g_str_equal(data, course_data_words[DATA_UNTESTED]));
	sqlite3_bind_int64(s, 9, sqlite3_column_int64(course, COURSE_START_FID));
	sqlite3_bind_int64(s, 10, sqlite3_column_int64(course, COURSE_END_FID));
	sqlite3_bind_int64(s, 11, from);
	sqlite3_bind_int64(s, 12, to);
	bind_time(s, 13, course, from);
	bind_time(s, 14, course, to);
	for (int i = 0; i < 4; i++)
		sqlite3_bind_value(s, 15 + i, sqlite3_column_value(course, COURSE_SOUTH + i));
	return store_run(c->store, s, error);
}

static gboolean cut_course(Cutter *c, GError **error)
{
	g_autofree char *key = modem_key(sqlite3_column_int64(c->courses, COURSE_RECORDING), sqlite3_column_int64(c->courses, COURSE_SOURCE));
	const GPtrArray *list = g_hash_table_lookup(c->by_modem, key);
	const gint64 end = sqlite3_column_int64(c->courses, COURSE_END);
	gint64 from = sqlite3_column_int64(c->courses, COURSE_START);
	do {
		const gint64 to = next_cut(list, from, end);
		if (!put(c, cause_at(list, from, to), from, to, error))
			return FALSE;
		from = to;
	} while (from < end);
	return TRUE;
}

static gboolean prepare(Cutter *c, GError **error)
{
	g_autofree char *forget = g_strdup_printf("DELETE FROM stretch WHERE analysis=%" G_GINT64_FORMAT, c->analysis);
	c->courses = store_prepare(c->store,
				   "SELECT c.recording, c.source, s.name, c.service, c.data, c.plmn, c.home, c.start_fid, c.end_fid,"
				   " c.start_boottime_ms, c.end_boottime_ms, c.start_utc_ms, c.end_utc_ms, c.south, c.west, c.north, c.east"
				   " FROM course c JOIN source s ON s.id=c.source WHERE c.analysis=? ORDER BY c.recording, c.source, c.id",
				   error);
	c->insert = c->courses ? store_prepare(c->store,
					       "INSERT INTO stretch (analysis, recording, modem, operator, state, cause, incident, data_tested,"
					       " start_fid, end_fid, start_boottime_ms, end_boottime_ms, start_time, end_time, south, west, north,"
					       " east) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,strftime('%Y-%m-%dT%H:%M:%fZ',?/1000.0,'unixepoch'),"
					       "strftime('%Y-%m-%dT%H:%M:%fZ',?/1000.0,'unixepoch'),?,?,?,?)",
					       error) : NULL;
	c->incident = c->insert ? store_prepare(c->store, "SELECT incident FROM incident_finding WHERE finding=?", error) : NULL;
	return c->incident && store_exec(c->store, forget, error);
}

static gboolean cut_all(Cutter *c, GError **error)
{
	sqlite3_bind_int64(c->courses, 1, c->analysis);
	for (;;) {
		gboolean row;
		if (!store_step(c->store, c->courses, &row, error))
			return FALSE;
		if (!row)
			return TRUE;
		if (!cut_course(c, error))
			return FALSE;
	}
}

gboolean stretch_write(Store *store, gint64 analysis, GPtrArray *findings, GError **error)
{
	Cutter c = {.store = store, .analysis = analysis};
	sort_findings(&c, findings);
	const gboolean done = prepare(&c, error) && cut_all(&c, error);
	sqlite3_finalize(c.courses);
	sqlite3_finalize(c.insert);
	sqlite3_finalize(c.incident);
	g_hash_table_unref(c.by_modem);
	return done;
}
