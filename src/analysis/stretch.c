/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/stretch.h"

#include "analysis/course.h"
#include "analysis/results.h"

enum {
	COURSE_RECORDING,
	COURSE_SOURCE,
	COURSE_MODEM,
	COURSE_SERVICE,
	COURSE_DATA,
	COURSE_PLMN,
	COURSE_HOME,
	COURSE_START_FID,
	COURSE_END_FID,
	COURSE_START,
	COURSE_END,
	COURSE_START_UTC,
	COURSE_END_UTC,
	COURSE_SOUTH
};

/* What is to be written once it is known that nothing of the same kind follows. */
typedef struct {
	gboolean any;
	gint64 recording, source, incident; /* incident 0: none */
	StretchState state;
	const Judged *cause;
	gboolean data_tested, dated;
	char modem[OBSERVATION_SOURCE_SIZE * 4], operator[8];
	gint64 start_fid, end_fid, start_ms, end_ms, utc_offset_ms;
	double box[4]; /* south, west, north, east */
} Pending;

typedef struct {
	Store *store;
	sqlite3_stmt *courses, *insert, *incident;
	gint64 analysis;
	GHashTable *by_modem; /* of GPtrArray of Judged in order of time, by "recording source" */
	Pending pending;
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

static void bind_time(const Pending *p, sqlite3_stmt *stmt, int column, gint64 boot_ms)
{
	if (p->dated)
		sqlite3_bind_int64(stmt, column, boot_ms + p->utc_offset_ms);
	else
		sqlite3_bind_null(stmt, column);
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

static gboolean flush(Cutter *c, GError **error)
{
	Pending *p = &c->pending;
	sqlite3_stmt *s = c->insert;
	if (!p->any)
		return TRUE;
	p->any = FALSE;
	sqlite3_bind_int64(s, 1, c->analysis);
	sqlite3_bind_int64(s, 2, p->recording);
	sqlite3_bind_text(s, 3, p->modem, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 4, p->operator, - 1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, stretch_words[p->state], -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 6, p->cause ? verdict_words[p->cause->verdict] : NULL, -1, SQLITE_STATIC);
	if (p->incident)
		sqlite3_bind_int64(s, 7, p->incident);
	else
		sqlite3_bind_null(s, 7);
	sqlite3_bind_int(s, 8, p->data_tested);
	sqlite3_bind_int64(s, 9, p->start_fid);
	sqlite3_bind_int64(s, 10, p->end_fid);
	sqlite3_bind_int64(s, 11, p->start_ms);
	sqlite3_bind_int64(s, 12, p->end_ms);
	bind_time(p, s, 13, p->start_ms);
	bind_time(p, s, 14, p->end_ms);
	for (int i = 0; i < 4; i++)
		results_bind_double(s, 15 + i, p->box[i]);
	return store_run(c->store, s, error);
}

/* What the course's row says of a part of it. */
static void read_part(Cutter *c, const Judged *cause, gint64 from, gint64 to, Pending *ret_part)
{
	sqlite3_stmt *course = c->courses;
	const char *data = (const char *)sqlite3_column_text(course, COURSE_DATA);
	const char *plmn = (const char *)sqlite3_column_text(course, COURSE_PLMN);
	*ret_part = (Pending){
		.any = TRUE,
		.recording = sqlite3_column_int64(course, COURSE_RECORDING),
		.source = sqlite3_column_int64(course, COURSE_SOURCE),
		.state = state_with(plain_state((const char *)sqlite3_column_text(course, COURSE_SERVICE)),
				    g_str_equal(data, course_data_words[DATA_FAILS]), cause),
		.cause = cause,
		.data_tested = !g_str_equal(data, course_data_words[DATA_UNTESTED]),
		.dated = sqlite3_column_type(course, COURSE_START_UTC) != SQLITE_NULL,
		.start_fid = sqlite3_column_int64(course, COURSE_START_FID),
		.end_fid = sqlite3_column_int64(course, COURSE_END_FID),
		.start_ms = from,
		.end_ms = to,
		.utc_offset_ms = sqlite3_column_int64(course, COURSE_START_UTC) - sqlite3_column_int64(course, COURSE_START),
	};
	g_strlcpy(ret_part->modem, (const char *)sqlite3_column_text(course, COURSE_MODEM), sizeof ret_part->modem);
	g_strlcpy(ret_part->operator, * plmn ? plmn : (const char *)sqlite3_column_text(course, COURSE_HOME),
		  sizeof ret_part->operator);
	for (int i = 0; i < 4; i++)
		ret_part->box[i] = sqlite3_column_type(course, COURSE_SOUTH + i) == SQLITE_NULL
					   ? NAN
					   : sqlite3_column_double(course, COURSE_SOUTH + i);
}

static gboolean goes_on(const Pending *before, const Pending *part)
{
	return before->any && before->recording == part->recording && before->source == part->source &&
	       before->state == part->state && before->cause == part->cause && before->data_tested == part->data_tested &&
	       before->end_ms == part->start_ms &&
	       (g_str_equal(before->operator, part->operator) || !*before->operator|| !* part->operator);
}

/* A stretch is as long as nothing of it changes, whatever the course distinguishes beyond that. */
static gboolean put(Cutter *c, const Judged *cause, gint64 from, gint64 to, GError **error)
{
	Pending part, *before = &c->pending;
	read_part(c, cause, from, to, &part);
	if (goes_on(before, &part)) {
		before->end_ms = to;
		before->end_fid = part.end_fid;
		if (!*before->operator)
			g_strlcpy(before->operator, part.operator, sizeof before->operator);
		for (int i = 0; i < 4; i++)
			before->box[i] = i < 2 ? fmin(before->box[i], part.box[i]) : fmax(before->box[i], part.box[i]);
		return TRUE;
	}
	if (!flush(c, error) || (cause && !incident_of(c, cause, &part.incident, error)))
		return FALSE;
	c->pending = part;
	return TRUE;
}

static gboolean cut_course(Cutter *c, GError **error)
{
	g_autofree char *key =
		modem_key(sqlite3_column_int64(c->courses, COURSE_RECORDING), sqlite3_column_int64(c->courses, COURSE_SOURCE));
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
	c->courses = store_prepare(
		c->store,
		"SELECT c.recording, c.source, s.name, c.service, c.data, c.plmn, c.home, c.start_fid, c.end_fid,"
		" c.start_boottime_ms, c.end_boottime_ms, c.start_utc_ms, c.end_utc_ms, c.south, c.west, c.north, c.east"
		" FROM course c JOIN source s ON s.id=c.source WHERE c.analysis=? ORDER BY c.recording, c.source, c.id",
		error);
	c->insert =
		c->courses
			? store_prepare(
				  c->store,
				  "INSERT INTO stretch (analysis, recording, modem, operator, state, cause, incident, data_tested,"
				  " start_fid, end_fid, start_boottime_ms, end_boottime_ms, start_time, end_time, south, west, "
				  "north,"
				  " east) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,strftime('%Y-%m-%dT%H:%M:%fZ',?/1000.0,'unixepoch'),"
				  "strftime('%Y-%m-%dT%H:%M:%fZ',?/1000.0,'unixepoch'),?,?,?,?)",
				  error)
			: NULL;
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
			return flush(c, error);
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
