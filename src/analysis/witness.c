/* What other modems, which were there at the same time, say to a finding.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/course.h"
#include "analysis/judge.h"
#include "analysis/rule.h"

/* A course is cut into runs of at most this (course.h), so that none which began earlier can reach here. */
#define LOOK_BACK_MS COURSE_MAX_MS
#define FINE_SHARE 0.8
/* A finding that lost the sky for most of its time. */
#define LOST_SHARE 0.5

/* One other modem during a finding. */
typedef struct {
	gint64 recording, source;
	char *modem;
	char home[8];
	gint64 seen_ms, served_ms, broadband_ms;
	gboolean data_works, data_fails;
} Witness;

static void witness_clear(gpointer data)
{
	g_free(((Witness *)data)->modem);
}

static Witness *witness_of(GArray *witnesses, sqlite3_stmt *s)
{
	const gint64 recording = sqlite3_column_int64(s, 0), source = sqlite3_column_int64(s, 1);
	for (guint i = 0; i < witnesses->len; i++) {
		Witness *w = &g_array_index(witnesses, Witness, i);
		if (w->recording == recording && w->source == source)
			return w;
	}
	Witness new = {.recording = recording, .source = source, .modem = g_strdup((const char *)sqlite3_column_text(s, 2))};
	g_array_append_val(witnesses, new);
	return &g_array_index(witnesses, Witness, witnesses->len - 1);
}

static double degrees(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL ? NAN : sqlite3_column_double(s, column);
}

static void take_run(GArray *witnesses, const Judged *j, sqlite3_stmt *s, gboolean by_utc)
{
	const gint64 start = sqlite3_column_int64(s, 7), end = sqlite3_column_int64(s, 8);
	const gint64 from = by_utc ? j->start_utc_ms : j->start_ms, to = by_utc ? j->end_utc_ms : j->end_ms;
	const gint64 overlap = MIN(end, to) - MAX(start, from);
	const char *service = (const char *)sqlite3_column_text(s, 4), *data = (const char *)sqlite3_column_text(s, 5);
	const gboolean broadband = g_str_equal(service, course_service_words[COURSE_BROADBAND]);
	const gboolean served = broadband || g_str_equal(service, course_service_words[COURSE_NARROWBAND]);
	/* A modem that was switched off, or was not asked, is no witness. */
	if (overlap < 0 || g_str_equal(service, course_service_words[COURSE_OFF]) ||
	    g_str_equal(service, course_service_words[COURSE_GAP]) ||
	    judge_distance_m(j, degrees(s, 9), degrees(s, 10), degrees(s, 11), degrees(s, 12)) > JUDGE_NEAR_M)
		return;
	Witness *w = witness_of(witnesses, s);
	const char *home = (const char *)sqlite3_column_text(s, 6), *plmn = (const char *)sqlite3_column_text(s, 3);
	if (*home || !*w->home)
		g_strlcpy(w->home, *home ? home : plmn, sizeof w->home);
	w->seen_ms += MAX(overlap, 1);
	if (served)
		w->served_ms += MAX(overlap, 1);
	if (broadband)
		w->broadband_ms += MAX(overlap, 1);
	w->data_works |= g_str_equal(data, course_data_words[DATA_WORKS]);
	w->data_fails |= g_str_equal(data, course_data_words[DATA_FAILS]);
}

typedef struct {
	Store *store;
	sqlite3_stmt *same_boot, *by_utc, *sky;
} Question;

#define COLUMNS(time) \
	"SELECT c.recording, c.source, s.name, c.plmn, c.service, c.data, c.home, c.start_" time ", c.end_" time \
	", c.south, c.west, c.north, c.east FROM course c JOIN source s ON s.id=c.source JOIN recording n ON n.id=c.recording"

static gboolean prepare(Question *q, Store *store, GError **error)
{
	q->store = store;
	q->same_boot = store_prepare(
		store,
		COLUMNS("boottime_ms") " WHERE c.analysis=?1 AND c.recording IN (SELECT id FROM recording WHERE"
				       " boot=?2) AND NOT (c.source=?3 AND c.recording=?6) AND c.start_boottime_ms<=?5 AND"
				       " c.end_boottime_ms>=?4",
		error);
	q->by_utc = q->same_boot ? store_prepare(store,
						 COLUMNS("utc_ms") " WHERE c.analysis=?1 AND n.boot<>?2 AND c.start_utc_ms BETWEEN"
								   " ?4-" G_STRINGIFY(COURSE_MAX_MS) " AND ?5 AND c.end_utc_ms>=?4",
						 error)
				 : NULL;
	q->sky = q->by_utc
			 ? store_prepare(store,
					 "SELECT count(*), sum(position=1), (SELECT sum(position=1) FROM radio WHERE"
					 " id BETWEEN ?4 AND ?1 AND source=?3) FROM radio WHERE id BETWEEN ?1 AND ?2 AND source=?3",
					 error)
			 : NULL;
	return q->sky != NULL;
}

static gboolean ask(Question *q, sqlite3_stmt *stmt, const Judged *j, gint64 analysis, gint64 from, gint64 to, GArray *witnesses,
		    GError **error)
{
	sqlite3_reset(stmt);
	sqlite3_bind_int64(stmt, 1, analysis);
	sqlite3_bind_int64(stmt, 2, j->boot);
	sqlite3_bind_int64(stmt, 3, j->source);
	sqlite3_bind_int64(stmt, 4, from);
	sqlite3_bind_int64(stmt, 5, to);
	if (stmt == q->same_boot)
		sqlite3_bind_int64(stmt, 6, j->recording);
	for (;;) {
		gboolean row;
		if (!store_step(q->store, stmt, &row, error))
			return FALSE;
		if (!row)
			return TRUE;
		take_run(witnesses, j, stmt, stmt == q->by_utc);
	}
}

/* GNSS was there shortly before and is gone for most of the finding. */
static gboolean lost_sky(Question *q, const Judged *j, gboolean *ret_lost, gboolean *ret_known, GError **error)
{
	gboolean row;
	sqlite3_reset(q->sky);
	sqlite3_bind_int64(q->sky, 1, j->start_fid);
	sqlite3_bind_int64(q->sky, 2, j->end_fid);
	sqlite3_bind_int64(q->sky, 3, j->source);
	sqlite3_bind_int64(q->sky, 4, MAX(j->start_fid - 300, STORE_ID(j->recording, 0)));
	if (!store_step(q->store, q->sky, &row, error))
		return FALSE;
	const gint64 all = sqlite3_column_int64(q->sky, 0), live = sqlite3_column_int64(q->sky, 1),
		     before = sqlite3_column_int64(q->sky, 2);
	*ret_known = before > 0 || live > 0;
	*ret_lost = before > 0 && (double)live < (1 - LOST_SHARE) * (double)all;
	sqlite3_reset(q->sky);
	return TRUE;
}

static gboolean is_fine(const Witness *w, const Judged *j)
{
	const gint64 served_ms = j->witness & WITNESS_OF_BROADBAND ? w->broadband_ms : w->served_ms;
	const gboolean served = (double)served_ms >= FINE_SHARE * (double)w->seen_ms;
	return served && (!(j->witness & WITNESS_OF_DATA) || (w->data_works && !w->data_fails));
}

/* --- what follows from it --- */

static void refute(Judged *j, const Witness *w)
{
	judge_say(j, EVIDENCE_AGAINST, j->verdict,
		  "modem %s with a card of the same operator (%s) had service%s at the same time and place", w->modem, w->home,
		  j->witness & WITNESS_OF_DATA ? " and data" : "");
	if (!j->sub_if_refuted) {
		j->dropped = TRUE;
		return;
	}
	g_free(j->sub);
	j->sub = g_strdup(j->sub_if_refuted);
}

static void say_same_operator(Judged *j, const GArray *witnesses)
{
	for (guint i = 0; i < witnesses->len; i++) {
		const Witness *w = &g_array_index(witnesses, Witness, i);
		if (!g_str_equal(w->home, j->plmn) || !is_fine(w, j))
			continue;
		if (j->witness & WITNESS_SAME_OPERATOR) {
			refute(j, w);
			return;
		}
		if (j->verdict == VERDICT_JAMMING) {
			judge_say(j, EVIDENCE_AGAINST, j->verdict,
				  "modem %s of the same operator (%s) kept its service at the same time and place", w->modem,
				  w->home);
			j->confidence = CONFIDENCE_LOW;
			j->witness &= ~(guint)WITNESS_RAISES;
		}
	}
}

static void become_undetermined(Judged *j)
{
	judge_say(j, EVIDENCE_ALTERNATIVE, j->verdict, "%s is one candidate", verdict_words[j->verdict]);
	judge_say(j, EVIDENCE_ALTERNATIVE, VERDICT_NO_COVERAGE, "so is a place that no signal reaches, such as a tunnel or a lift");
	j->verdict = VERDICT_UNDETERMINED;
	j->confidence = CONFIDENCE_LOW;
}

static void say_other_operators(Judged *j, const GArray *witnesses)
{
	guint others = 0, fine = 0;
	for (guint i = 0; i < witnesses->len; i++) {
		const Witness *w = &g_array_index(witnesses, Witness, i);
		if (!*w->home || g_str_equal(w->home, j->plmn))
			continue;
		others++;
		if (!is_fine(w, j))
			continue;
		fine++;
		judge_say(j, EVIDENCE_FOR, j->verdict, "modem %s of another operator (%s) had service at the same time and place",
			  w->modem, w->home);
	}
	if (others == 0) {
		judge_say(j, EVIDENCE_LIMIT, j->verdict, "no modem of another operator was there to compare with");
	} else if (fine == 0) {
		judge_say(j, EVIDENCE_AGAINST, j->verdict, "the other operators (%u modems) were without service too", others);
		become_undetermined(j);
	}
}

static gboolean say_sky(Question *q, Judged *j, GError **error)
{
	gboolean lost, known;
	if (!lost_sky(q, j, &lost, &known, error))
		return FALSE;
	if (lost) {
		judge_say(j, EVIDENCE_AGAINST, j->verdict,
			  "the satellites were lost over the same time: something shielded the device, or all radio was disturbed");
		become_undetermined(j);
	} else if (known) {
		judge_say(j, EVIDENCE_FOR, j->verdict, "the satellites were received all the while: nothing shielded the device");
	} else {
		judge_say(j, EVIDENCE_LIMIT, j->verdict, "there were no satellites to tell a shielded place by");
	}
	return TRUE;
}

static gboolean judge_one(Question *q, gint64 analysis, Judged *j, GError **error)
{
	g_autoptr(GArray) witnesses = g_array_new(FALSE, FALSE, sizeof(Witness));
	g_array_set_clear_func(witnesses, witness_clear);
	if (!ask(q, q->same_boot, j, analysis, j->start_ms, j->end_ms, witnesses, error) ||
	    (j->dated && !ask(q, q->by_utc, j, analysis, j->start_utc_ms, j->end_utc_ms, witnesses, error)))
		return FALSE;
	say_same_operator(j, witnesses);
	if (!j->dropped && (j->witness & WITNESS_OTHER_OPERATOR))
		say_other_operators(j, witnesses);
	return j->dropped || j->verdict == VERDICT_UNDETERMINED || !(j->witness & WITNESS_GNSS) || say_sky(q, j, error);
}

gboolean judge_witnesses(Store *store, gint64 analysis, GPtrArray *findings, GError **error)
{
	Question q = {0};
	gboolean done = prepare(&q, store, error);
	for (guint i = 0; done && i < findings->len; i++)
		done = judge_one(&q, analysis, findings->pdata[i], error);
	sqlite3_finalize(q.same_boot);
	sqlite3_finalize(q.by_utc);
	sqlite3_finalize(q.sky);
	return done;
}
