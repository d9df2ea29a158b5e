/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/results.h"

struct Results {
	Store *store;
	gint64 analysis;
	sqlite3_stmt *finding, *sentence, *course, *recording;
};

Results *results_new(Store *store, gint64 analysis, GError **error)
{
	g_autoptr(Results) r = g_new0(Results, 1);
	r->store = store;
	r->analysis = analysis;
	r->finding = store_prepare(
		store,
		"INSERT INTO finding (analysis, recording, source, rule, verdict, sub, sub_if_refuted, witness, confidence,"
		" start_fid, end_fid, start_boottime_ms, end_boottime_ms, confirmed_boottime_ms, start_utc_ms, end_utc_ms,"
		" utc_error_ms, open, roaming, plmn, band, south, west, north, east, position_error_m)"
		" VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		error);
	r->sentence = r->finding ? store_prepare(store, "INSERT INTO finding_sentence VALUES (?,?,?,?,?)", error) : NULL;
	r->course =
		r->sentence
			? store_prepare(
				  store,
				  "INSERT INTO course (analysis, recording, source, service, data, plmn, home, start_fid, end_fid,"
				  " start_boottime_ms, end_boottime_ms, start_utc_ms, end_utc_ms, south, west, north, east)"
				  " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
				  error)
			: NULL;
	r->recording = r->course ? store_prepare(store, "INSERT OR REPLACE INTO analysis_recording VALUES (?,?,?,?)", error) : NULL;
	return r->recording ? g_steal_pointer(&r) : NULL;
}

void results_free(Results *r)
{
	if (!r)
		return;
	sqlite3_finalize(r->finding);
	sqlite3_finalize(r->sentence);
	sqlite3_finalize(r->course);
	sqlite3_finalize(r->recording);
	g_free(r);
}

gboolean results_forget(Results *r, gint64 recording, GError **error)
{
	g_autofree char *sql = g_strdup_printf(
		"DELETE FROM finding_sentence WHERE finding IN (SELECT id FROM finding WHERE analysis=%" G_GINT64_FORMAT
		" AND recording=%" G_GINT64_FORMAT ");"
		"DELETE FROM finding WHERE analysis=%" G_GINT64_FORMAT " AND recording=%" G_GINT64_FORMAT ";"
		"DELETE FROM course WHERE analysis=%" G_GINT64_FORMAT " AND recording=%" G_GINT64_FORMAT ";",
		r->analysis, recording, r->analysis, recording, r->analysis, recording);
	return store_exec(r->store, sql, error);
}

void results_bind_double(sqlite3_stmt *stmt, int column, double value)
{
	if (isnan(value))
		sqlite3_bind_null(stmt, column);
	else
		sqlite3_bind_double(stmt, column, value);
}

void results_bind_utc(sqlite3_stmt *stmt, int column, const When *at)
{
	if (at->dated)
		sqlite3_bind_int64(stmt, column, at->utc_ms);
	else
		sqlite3_bind_null(stmt, column);
}

static void bind_box(sqlite3_stmt *stmt, int column, double south, double west, double north, double east)
{
	results_bind_double(stmt, column, south);
	results_bind_double(stmt, column + 1, west);
	results_bind_double(stmt, column + 2, north);
	results_bind_double(stmt, column + 3, east);
}

static gboolean put_sentences(Results *r, const Finding *f, gint64 id, GError **error)
{
	for (guint i = 0; i < f->sentences->len; i++) {
		const Sentence *s = g_ptr_array_index(f->sentences, i);
		sqlite3_bind_int64(r->sentence, 1, id);
		sqlite3_bind_int64(r->sentence, 2, i + 1);
		sqlite3_bind_text(r->sentence, 3, evidence_words[s->kind], -1, SQLITE_STATIC);
		sqlite3_bind_text(r->sentence, 4, s->kind == EVIDENCE_ALTERNATIVE ? verdict_words[s->other] : NULL, -1,
				  SQLITE_STATIC);
		sqlite3_bind_text(r->sentence, 5, s->text, -1, SQLITE_STATIC);
		if (!store_run(r->store, r->sentence, error))
			return FALSE;
	}
	return TRUE;
}

gboolean results_put_finding(Results *r, const Finding *f, GError **error)
{
	sqlite3_stmt *s = r->finding;
	sqlite3_bind_int64(s, 1, r->analysis);
	sqlite3_bind_int64(s, 2, f->recording);
	sqlite3_bind_int64(s, 3, f->source);
	sqlite3_bind_text(s, 4, f->rule, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, verdict_words[f->verdict], -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 6, f->sub, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 7, f->sub_if_refuted, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 8, f->witness);
	sqlite3_bind_text(s, 9, confidence_words[f->confidence], -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 10, f->onset.id);
	sqlite3_bind_int64(s, 11, f->end.id);
	sqlite3_bind_int64(s, 12, f->onset.boot_ms);
	sqlite3_bind_int64(s, 13, f->end.boot_ms);
	sqlite3_bind_int64(s, 14, f->confirmed_ms);
	results_bind_utc(s, 15, &f->onset);
	results_bind_utc(s, 16, &f->end);
	sqlite3_bind_int64(s, 17, MAX(f->onset.utc_error_ms, f->end.utc_error_ms));
	sqlite3_bind_int(s, 18, f->open);
	sqlite3_bind_int(s, 19, f->roaming);
	sqlite3_bind_text(s, 20, f->plmn, -1, SQLITE_STATIC);
	sqlite3_bind_int(s, 21, f->band);
	bind_box(s, 22, f->south, f->west, f->north, f->east);
	results_bind_double(s, 26, fmax(f->onset.position_error_m, f->end.position_error_m));
	return store_run(r->store, s, error) && put_sentences(r, f, sqlite3_last_insert_rowid(store_db(r->store)), error);
}

gboolean results_put_course(Results *r, gint64 recording, gint64 source, const CourseRun *run, GError **error)
{
	sqlite3_stmt *s = r->course;
	sqlite3_bind_int64(s, 1, r->analysis);
	sqlite3_bind_int64(s, 2, recording);
	sqlite3_bind_int64(s, 3, source);
	sqlite3_bind_text(s, 4, course_service_words[run->service], -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, course_data_words[run->data], -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 6, run->plmn, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 7, run->home, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 8, run->start.id);
	sqlite3_bind_int64(s, 9, run->end.id);
	sqlite3_bind_int64(s, 10, run->start.boot_ms);
	sqlite3_bind_int64(s, 11, run->end.boot_ms);
	results_bind_utc(s, 12, &run->start);
	results_bind_utc(s, 13, &run->end);
	bind_box(s, 14, run->south, run->west, run->north, run->east);
	return store_run(r->store, s, error);
}

gboolean results_note_recording(Results *r, gint64 recording, gint64 last_id, gint64 stamp, GError **error)
{
	sqlite3_bind_int64(r->recording, 1, r->analysis);
	sqlite3_bind_int64(r->recording, 2, recording);
	sqlite3_bind_int64(r->recording, 3, last_id);
	sqlite3_bind_int64(r->recording, 4, stamp);
	return store_run(r->store, r->recording, error);
}
