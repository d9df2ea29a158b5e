/* Incidents as rows: what a group of findings says together.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/judge.h"
#include "analysis/results.h"
#include "analysis/rule.h"
#include "base32.h"

#include <sodium.h>

/* "7K2M-0QXA" */
#define CODE_BYTES 5
#define CODE_SIZE 10
#define TWO_BANDS_MS 60000

typedef struct {
	Store *store;
	gint64 analysis;
	sqlite3_stmt *incident, *evidence, *link, *segments, *marks, *sentences, *run;
	gint64 id;
	guint n; /* sentences of the incident so far */
} Writer;

/* The findings of one incident, in order of time. */
typedef struct {
	GPtrArray *findings; /* of Judged, borrowed */
	const Judged *first, *last;
	Confidence confidence;
	GPtrArray *modems, *operators; /* names, borrowed, each once */
	double south, west, north, east, position_error_m;
	gint64 duration_ms, utc_error_ms;
	gboolean raises; /* a witness from elsewhere makes it surer */
	guint bands; /* that serving cells of those findings were on, as far as they are told: two at most */
	const Judged *sky; /* satellites that were drowned at the same time; NULL: none known */
} Group;

static void add_once(GPtrArray *names, const char *name)
{
	if (!*name)
		return;
	for (guint i = 0; i < names->len; i++)
		if (g_str_equal(names->pdata[i], name))
			return;
	g_ptr_array_add(names, (gpointer)name);
}

/* Satellites are received in another band by another receiver: who drowns both is no fault of one. */
static void find_sky(Group *g, GPtrArray *all)
{
	for (guint i = 0; i < all->len && g->raises && g->first->verdict == VERDICT_JAMMING; i++) {
		const Judged *j = all->pdata[i];
		if (j->verdict == VERDICT_GNSS_JAM && !j->dropped && !j->explained_by && judge_same_time(g->first, j, 0) &&
		    judge_same_place(g->first, j))
			g->sky = j;
	}
}

/* Another modem; of the air also another operator, band, or the satellites. What is refused to one card may be that card's affair
 * on whatever band, and has nothing to do with satellites. */
static gboolean has_witnesses(const Group *g)
{
	if (g->modems->len > 1)
		return TRUE;
	return g->first->verdict == VERDICT_JAMMING && (g->sky || g->operators->len > 1 || g->bands > 1);
}

static void count_band(Group *g, const Judged *j, guint *io_first)
{
	if (!j->band || j->band == *io_first)
		return;
	*io_first = *io_first ? *io_first : j->band;
	g->bands++;
}

/* Each modem is on one band only, and so low by itself; together they saw it on two for long enough (verdicts.md: medium at 60 s on
 * two bands). */
static gboolean on_two_bands(const Group *g)
{
	return g->raises && g->first->verdict == VERDICT_JAMMING && g->bands > 1 && g->duration_ms >= TWO_BANDS_MS;
}

/* Once more than one alone could say; from low only as far as medium. */
static void weigh_witnesses(Group *g)
{
	if (g->confidence == CONFIDENCE_LOW && on_two_bands(g))
		g->confidence = CONFIDENCE_MEDIUM;
	if (!g->raises || !has_witnesses(g))
		return;
	if (g->confidence == CONFIDENCE_MEDIUM)
		g->confidence = CONFIDENCE_HIGH;
	else if (g->operators->len > 1)
		g->confidence = CONFIDENCE_MEDIUM;
}

static void sum_up(Group *g)
{
	g->first = g->last = g->findings->pdata[0];
	g->confidence = CONFIDENCE_LOW;
	g->south = g->west = g->north = g->east = g->position_error_m = NAN;
	guint band = 0; /* the first one */
	for (guint i = 0; i < g->findings->len; i++) {
		const Judged *j = g->findings->pdata[i];
		add_once(g->modems, j->modem);
		add_once(g->operators, j->plmn);
		g->confidence = MAX(g->confidence, j->confidence);
		if (j->witness & WITNESS_RAISES) {
			g->raises = TRUE;
			count_band(g, j, &band);
		}
		if (j->dated ? j->end_utc_ms > g->last->end_utc_ms : j->end_ms > g->last->end_ms)
			g->last = j;
		g->south = fmin(g->south, j->south);
		g->west = fmin(g->west, j->west);
		g->north = fmax(g->north, j->north);
		g->east = fmax(g->east, j->east);
		g->position_error_m = fmax(g->position_error_m, j->position_error_m);
		g->utc_error_ms = MAX(g->utc_error_ms, j->utc_error_ms);
		g->duration_ms = MAX(g->duration_ms, j->end_ms - j->start_ms);
	}
	if (g->first->boot == g->last->boot)
		g->duration_ms = MAX(g->duration_ms, g->last->end_ms - g->first->start_ms);
	else if (g->first->dated && g->last->dated)
		g->duration_ms = MAX(g->duration_ms, g->last->end_utc_ms - g->first->start_utc_ms);
}

/* The same for the same beginning, whatever else the store holds. */
static gboolean make_code(Writer *w, const Group *g, char **ret_code, GError **error)
{
	guint8 hash[crypto_generichash_BYTES];
	gboolean row;
	sqlite3_reset(w->run);
	sqlite3_bind_int64(w->run, 1, g->first->recording);
	if (!store_step(w->store, w->run, &row, error))
		return FALSE;
	g_autofree char *text =
		g_strdup_printf("%s %s %" G_GINT64_FORMAT " %s", row ? (const char *)sqlite3_column_text(w->run, 0) : "",
				g->first->modem, g->first->start_fid & G_MAXUINT32, verdict_words[g->first->verdict]);
	sqlite3_reset(w->run);
	crypto_generichash(hash, sizeof hash, (const guint8 *)text, strlen(text), NULL, 0);
	char symbols[CODE_SIZE];
	ByteWriter code = byte_writer_init((guint8 *)symbols, sizeof symbols);
	base32_put(&code, hash, CODE_BYTES, '-');
	*ret_code = g_strndup(symbols, code.length);
	return TRUE;
}

static char *join(const GPtrArray *names)
{
	GString *list = g_string_new(NULL);
	for (guint i = 0; i < names->len; i++)
		g_string_append_printf(list, "%s%s", i ? ", " : "", (const char *)names->pdata[i]);
	return g_string_free(list, FALSE);
}

static char *summary_of(const Group *g, const char *modems, const char *operators)
{
	const Judged *j = g->first;
	const char *verdict = verdict_words[j->verdict];
	const gboolean known = j->verdict != VERDICT_UNDETERMINED;
	GString *text = g_string_new(known ? "consistent with " : "out of the ordinary, ");
	g_string_append(text, verdict);
	if (j->sub)
		g_string_append_printf(text, " (%s)", j->sub);
	g_string_append_printf(text, ": %s%s%s, %.0f s", modems, *operators ? " on " : "", operators,
			       (double)g->duration_ms / 1000);
	return g_string_free(text, FALSE);
}

static void bind_time(sqlite3_stmt *stmt, int column, gboolean dated, gint64 utc_ms)
{
	if (!dated) {
		sqlite3_bind_null(stmt, column);
		return;
	}
	g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc(utc_ms / 1000);
	g_autofree char *text = seconds ? g_date_time_format(seconds, "%Y-%m-%dT%H:%M:%S") : NULL;
	g_autofree char *whole = text ? g_strdup_printf("%s.%03dZ", text, (int)(utc_ms % 1000)) : NULL;
	sqlite3_bind_text(stmt, column, whole, -1, SQLITE_TRANSIENT);
}

/* GeoPackage's header and a WKB point, as the layer `sample` has them. */
static void bind_middle(sqlite3_stmt *stmt, int column, const Group *g)
{
	static const guint8 head[13] = {'G', 'P', 0, 1, 0xe6, 0x10, 0, 0, 1, 1, 0, 0, 0};
	guint8 blob[STORE_GEOM_SIZE];
	const double xy[2] = {(g->west + g->east) / 2, (g->south + g->north) / 2};
	if (isnan(xy[0])) {
		sqlite3_bind_null(stmt, column);
		return;
	}
	memcpy(blob, head, sizeof head);
	memcpy(blob + sizeof head, xy, sizeof xy);
	sqlite3_bind_blob(stmt, column, blob, sizeof blob, SQLITE_TRANSIENT);
}

static double radius_of(const Group *g)
{
	const Judged corner = {.south = g->south, .north = g->south, .west = g->west, .east = g->west};
	return isnan(g->south) ? NAN : judge_distance_m(&corner, g->south, g->west, g->north, g->east);
}

static gboolean put_incident(Writer *w, const Group *g, GError **error)
{
	sqlite3_stmt *s = w->incident;
	const Judged *j = g->first;
	g_autofree char *code = NULL, *modems = join(g->modems), *operators = join(g->operators),
			*summary = summary_of(g, modems, operators);
	if (!make_code(w, g, &code, error))
		return FALSE;
	bind_middle(s, 1, g);
	sqlite3_bind_int64(s, 2, w->analysis);
	sqlite3_bind_text(s, 3, code, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 4, verdict_words[j->verdict], -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, j->sub, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 6, confidence_words[g->confidence], -1, SQLITE_STATIC);
	bind_time(s, 7, j->dated, j->start_utc_ms);
	bind_time(s, 8, g->last->dated, g->last->end_utc_ms);
	sqlite3_bind_double(s, 9, (double)g->utc_error_ms / 1000);
	sqlite3_bind_double(s, 10, (double)g->duration_ms / 1000);
	sqlite3_bind_int(s, 11, g->last->open);
	sqlite3_bind_text(s, 12, modems, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 13, operators, -1, SQLITE_STATIC);
	results_bind_double(s, 14, radius_of(g));
	results_bind_double(s, 15, g->position_error_m);
	sqlite3_bind_text(s, 16, summary, -1, SQLITE_STATIC);
	if (!store_run(w->store, s, error))
		return FALSE;
	w->id = sqlite3_last_insert_rowid(store_db(w->store));
	w->n = 0;
	return TRUE;
}

/* --- its sentences --- */

static gboolean say(Writer *w, const char *kind, const char *modem, const char *rule, const char *verdict, const char *text,
		    GError **error)
{
	sqlite3_stmt *s = w->evidence;
	sqlite3_bind_int64(s, 1, w->id);
	sqlite3_bind_int(s, 2, (int)++w->n);
	sqlite3_bind_text(s, 3, kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 4, modem, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, rule, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 6, verdict, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 7, text, -1, SQLITE_STATIC);
	return store_run(w->store, s, error);
}

/* What the rule said of one modem, then what the judge adds. */
static gboolean say_finding(Writer *w, const Judged *j, GError **error)
{
	sqlite3_reset(w->sentences);
	sqlite3_bind_int64(w->sentences, 1, j->id);
	for (;;) {
		gboolean row;
		if (!store_step(w->store, w->sentences, &row, error))
			return FALSE;
		if (!row)
			break;
		if (!say(w, (const char *)sqlite3_column_text(w->sentences, 0), j->modem, j->rule,
			 (const char *)sqlite3_column_text(w->sentences, 1), (const char *)sqlite3_column_text(w->sentences, 2),
			 error))
			return FALSE;
	}
	for (guint i = 0; i < j->sentences->len; i++) {
		const Sentence *s = j->sentences->pdata[i];
		if (!say(w, evidence_words[s->kind], j->modem, NULL,
			 s->kind == EVIDENCE_ALTERNATIVE ? verdict_words[s->other] : NULL, s->text, error))
			return FALSE;
	}
	sqlite3_bind_int64(w->link, 1, w->id);
	sqlite3_bind_int64(w->link, 2, j->id);
	return store_run(w->store, w->link, error);
}

/* What the same modem's other rules found, and this explains. */
static gboolean say_explained(Writer *w, GPtrArray *all, const Judged *j, GError **error)
{
	for (guint i = 0; i < all->len; i++) {
		const Judged *other = all->pdata[i];
		if (!other->explained_by || all->pdata[other->explained_by - 1] != j || other->verdict == VERDICT_UNDETERMINED)
			continue;
		g_autofree char *text = g_strdup_printf(
			"the rule %s (%s) held too, for %.0f s of it; %s comes first", other->rule, verdict_words[other->verdict],
			(double)(other->end_ms - other->start_ms) / 1000, verdict_words[j->verdict]);
		if (!say(w, evidence_words[j->verdict == VERDICT_OWN_FAULT ? EVIDENCE_FOR : EVIDENCE_ALTERNATIVE], j->modem, NULL,
			 verdict_words[other->verdict], text, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean run_for(Writer *w, sqlite3_stmt *stmt, const Judged *j, gint64 from, gint64 to, GError **error)
{
	sqlite3_bind_int64(stmt, 1, w->id);
	sqlite3_bind_int64(stmt, 2, j->recording);
	sqlite3_bind_int64(stmt, 3, from);
	sqlite3_bind_int64(stmt, 4, to);
	return store_run(w->store, stmt, error);
}

static gboolean add_marks(Writer *w, const Judged *j, GError **error)
{
	sqlite3_stmt *s = w->marks;
	sqlite3_reset(s);
	sqlite3_bind_int64(s, 1, j->boot);
	sqlite3_bind_int64(s, 2, j->start_ms - JUDGE_MARK_MS);
	sqlite3_bind_int64(s, 3, j->end_ms + JUDGE_MARK_MS);
	for (;;) {
		gboolean row;
		if (!store_step(w->store, s, &row, error))
			return FALSE;
		if (!row)
			return TRUE;
		const double after_s = (double)(sqlite3_column_int64(s, 0) - j->start_ms) / 1000;
		g_autofree char *text = g_strdup_printf("%.0f s %s its begin the person noted: %s", fabs(after_s),
							after_s < 0 ? "before" : "after", (const char *)sqlite3_column_text(s, 1));
		if (!say(w, evidence_words[EVIDENCE_MARK], NULL, NULL, NULL, text, error))
			return FALSE;
	}
}

static gboolean say_limits(Writer *w, const Group *g, GError **error)
{
	const char *kind = evidence_words[EVIDENCE_LIMIT];
	if (!g->first->dated && !say(w, kind, NULL, NULL, NULL,
				     "the clock of the device was never set: no time of day is known, lengths of time are", error))
		return FALSE;
	if (isnan(g->south) && !say(w, kind, NULL, NULL, NULL, "no place is known", error))
		return FALSE;
	return g->modems->len > 1 || g->sky || say(w, kind, NULL, NULL, NULL, "a single modem saw it", error);
}

static gboolean write_group(Writer *w, GPtrArray *all, Group *g, GError **error)
{
	sum_up(g);
	find_sky(g, all);
	weigh_witnesses(g);
	if (!put_incident(w, g, error))
		return FALSE;
	if (g->sky &&
	    !say(w, evidence_words[EVIDENCE_FOR], g->sky->modem, NULL, NULL, "the satellites were drowned at the same time", error))
		return FALSE;
	for (guint i = 0; i < g->findings->len; i++) {
		const Judged *j = g->findings->pdata[i];
		if (!say_finding(w, j, error) || !say_explained(w, all, j, error) ||
		    !run_for(w, w->segments, j, j->start_fid & G_MAXUINT32, j->end_fid & G_MAXUINT32, error))
			return FALSE;
	}
	return add_marks(w, g->first, error) && say_limits(w, g, error);
}

static gboolean forget(Writer *w, GError **error)
{
	static const char *const tables[] = {"incident_finding", "incident_evidence", "incident_segment"};
	g_autoptr(GString) sql = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
		g_string_append_printf(
			sql, "DELETE FROM %s WHERE incident IN (SELECT id FROM incident WHERE analysis=%" G_GINT64_FORMAT ");",
			tables[i], w->analysis);
	g_string_append_printf(sql, "DELETE FROM incident WHERE analysis=%" G_GINT64_FORMAT ";", w->analysis);
	return store_exec(w->store, sql->str, error);
}

static gboolean prepare(Writer *w, GError **error)
{
	const struct {
		sqlite3_stmt **stmt;
		const char *sql;
	} all[] = {
		{&w->incident,
		 "INSERT INTO incident (geom, analysis, code, verdict, sub, confidence, start_time, end_time, utc_error_s,"
		 " duration_s, open, modems, operators, radius_m, position_error_m, summary, rules_version)"
		 " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,'" ANALYSIS_RULES_VERSION "')"},
		{&w->evidence,
		 "INSERT INTO incident_evidence (incident, n, kind, modem, rule, verdict, text) VALUES (?,?,?,?,?,?,?)"},
		{&w->link, "INSERT INTO incident_finding VALUES (?,?)"},
		/* those whose sequence numbers reach into the finding */
		{&w->segments,
		 "INSERT OR IGNORE INTO incident_segment SELECT ?1, s.id FROM segment s WHERE s.recording=?2 AND"
		 " s.first_sequence<=?4 AND coalesce((SELECT min(first_sequence) FROM segment x WHERE x.recording=?2 AND"
		 " x.first_sequence>s.first_sequence), 1<<32)>?3"},
		{&w->marks, "SELECT m.boottime_ms, m.text FROM mark m JOIN recording n ON n.id=m.id>>32 WHERE n.boot=?1 AND"
			    " m.boottime_ms BETWEEN ?2 AND ?3 ORDER BY m.boottime_ms"},
		{&w->sentences, "SELECT kind, verdict, text FROM finding_sentence WHERE finding=? ORDER BY n"},
		{&w->run, "SELECT run_id FROM recording WHERE id=?"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		if (!(*all[i].stmt = store_prepare(w->store, all[i].sql, error)))
			return FALSE;
	return TRUE;
}

static gboolean write_all(Writer *w, GPtrArray *findings, GError **error)
{
	for (guint i = 0; i < findings->len; i++) {
		const Judged *j = findings->pdata[i];
		if (j->group != i || j->dropped || j->explained_by)
			continue;
		g_autoptr(GPtrArray) members = g_ptr_array_new(), modems = g_ptr_array_new(), operators = g_ptr_array_new();
		for (guint k = i; k < findings->len; k++)
			if (((const Judged *)findings->pdata[k])->group == i)
				g_ptr_array_add(members, findings->pdata[k]);
		Group group = {.findings = members, .modems = modems, .operators = operators};
		if (!write_group(w, findings, &group, error))
			return FALSE;
	}
	return TRUE;
}

gboolean judge_write(Store *store, gint64 analysis, GPtrArray *findings, GError **error)
{
	Writer w = {.store = store, .analysis = analysis};
	const gboolean done = prepare(&w, error) && forget(&w, error) && write_all(&w, findings, error);
	sqlite3_stmt *all[] = {w.incident, w.evidence, w.link, w.segments, w.marks, w.sentences, w.run};
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		sqlite3_finalize(all[i]);
	return done;
}
