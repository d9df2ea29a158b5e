/* Findings from the store, and how they compare.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/judge.h"

#define EARTH_M_PER_DEGREE 111195.0

void judged_free(Judged *j)
{
	if (!j)
		return;
	g_free(j->modem);
	g_free(j->rule);
	g_free(j->sub);
	g_free(j->sub_if_refuted);
	g_free(j->plmn);
	g_ptr_array_unref(j->sentences);
	g_free(j);
}

static guint word_index(const char *const *words, const char *text)
{
	guint i = 0;
	while (words[i + 1] && !g_str_equal(words[i], text))
		i++;
	return i;
}

static char *text_at(sqlite3_stmt *stmt, int column)
{
	return g_strdup((const char *)sqlite3_column_text(stmt, column));
}

static double double_at(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt, column) == SQLITE_NULL ? NAN : sqlite3_column_double(stmt, column);
}

static Judged *read_finding(sqlite3_stmt *s)
{
	Judged *j = g_new0(Judged, 1);
	*j = (Judged){
		.id = sqlite3_column_int64(s, 0),
		.recording = sqlite3_column_int64(s, 1),
		.source = sqlite3_column_int64(s, 2),
		.boot = sqlite3_column_int64(s, 3),
		.modem = text_at(s, 4),
		.rule = text_at(s, 5),
		.verdict = (Verdict)word_index(verdict_words, (const char *)sqlite3_column_text(s, 6)),
		.sub = text_at(s, 7),
		.sub_if_refuted = text_at(s, 8),
		.witness = (guint)sqlite3_column_int(s, 9),
		.confidence = (Confidence)word_index(confidence_words, (const char *)sqlite3_column_text(s, 10)),
		.start_fid = sqlite3_column_int64(s, 11),
		.end_fid = sqlite3_column_int64(s, 12),
		.start_ms = sqlite3_column_int64(s, 13),
		.end_ms = sqlite3_column_int64(s, 14),
		.confirmed_ms = sqlite3_column_int64(s, 15),
		.dated = sqlite3_column_type(s, 16) != SQLITE_NULL && sqlite3_column_type(s, 17) != SQLITE_NULL,
		.start_utc_ms = sqlite3_column_int64(s, 16),
		.end_utc_ms = sqlite3_column_int64(s, 17),
		.utc_error_ms = sqlite3_column_int64(s, 18),
		.open = sqlite3_column_int(s, 19) != 0,
		.roaming = sqlite3_column_int(s, 20) != 0,
		.plmn = text_at(s, 21),
		.band = (guint)sqlite3_column_int(s, 22),
		.south = double_at(s, 23),
		.west = double_at(s, 24),
		.north = double_at(s, 25),
		.east = double_at(s, 26),
		.position_error_m = double_at(s, 27),
		.sentences = g_ptr_array_new_with_free_func((GDestroyNotify)sentence_free),
	};
	return j;
}

GPtrArray *judge_load(Store *store, gint64 analysis, GError **error)
{
	g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)judged_free);
	g_autoptr(StoreStatement) stmt = store_prepare(
		store,
		"SELECT f.id, f.recording, f.source, n.boot, s.name, f.rule, f.verdict, f.sub, f.sub_if_refuted, f.witness, "
		"f.confidence,"
		" f.start_fid, f.end_fid, f.start_boottime_ms, f.end_boottime_ms, f.confirmed_boottime_ms, f.start_utc_ms, "
		"f.end_utc_ms,"
		" f.utc_error_ms, f.open, f.roaming, f.plmn, f.band, f.south, f.west, f.north, f.east, f.position_error_m"
		" FROM finding f JOIN source s ON s.id=f.source JOIN recording n ON n.id=f.recording JOIN boot b ON b.id=n.boot"
		" WHERE f.analysis=? ORDER BY f.start_utc_ms IS NULL, f.start_utc_ms, b.device_id, b.boot_id, f.start_boottime_ms, "
		"s.name,"
		" f.rule",
		error);
	if (!stmt)
		return NULL;
	sqlite3_bind_int64(stmt, 1, analysis);
	for (;;) {
		gboolean row;
		if (!store_step(store, stmt, &row, error))
			return NULL;
		if (!row)
			return g_steal_pointer(&findings);
		g_ptr_array_add(findings, read_finding(stmt));
	}
}

gint64 judge_overlap_ms(const Judged *a, const Judged *b)
{
	if (a->boot == b->boot)
		return MIN(a->end_ms, b->end_ms) - MAX(a->start_ms, b->start_ms);
	if (a->dated && b->dated)
		return MIN(a->end_utc_ms, b->end_utc_ms) - MAX(a->start_utc_ms, b->start_utc_ms);
	return G_MININT64;
}

gboolean judge_same_time(const Judged *a, const Judged *b, gint64 slack_ms)
{
	const gint64 overlap = judge_overlap_ms(a, b), error = a->boot == b->boot ? 0 : a->utc_error_ms + b->utc_error_ms;
	return overlap != G_MININT64 && overlap - error >= -slack_ms;
}

double judge_distance_m(const Judged *a, double south, double west, double north, double east)
{
	const double lat = (a->south + a->north) / 2, lon = (a->west + a->east) / 2;
	const double dy = (lat - (south + north) / 2) * EARTH_M_PER_DEGREE;
	const double dx = remainder(lon - (west + east) / 2, 360) * EARTH_M_PER_DEGREE * cos(lat * G_PI / 180);
	const double d = hypot(dx, dy);
	return isnan(d) ? 0 : d;
}

gboolean judge_same_place(const Judged *a, const Judged *b)
{
	if (isnan(a->south) || isnan(b->south))
		return a->boot == b->boot;
	return judge_distance_m(a, b->south, b->west, b->north, b->east) <= JUDGE_NEAR_M;
}

void judge_say(Judged *j, EvidenceKind kind, Verdict other, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	Sentence *s = g_new0(Sentence, 1);
	*s = (Sentence){kind, other, g_strdup_vprintf(format, args)};
	va_end(args);
	g_ptr_array_add(j->sentences, s);
}

/* --- gates --- */

/* Own fault, radio, access, session, content, load, nothing known: what comes earlier explains what comes later. */
static guint gate_of(Verdict verdict)
{
	switch (verdict) {
	case VERDICT_OWN_FAULT:
		return 0;
	case VERDICT_JAMMING:
	case VERDICT_CELLS_OFF:
	case VERDICT_NO_COVERAGE:
	case VERDICT_GNSS_JAM:
		return 1;
	case VERDICT_FAKE_CELL:
	case VERDICT_BARRED:
	case VERDICT_REJECTED:
	case VERDICT_DOWNGRADE:
		return 2;
	case VERDICT_DATA_CUT:
		return 3;
	case VERDICT_BLOCKED:
	case VERDICT_THROTTLED:
		return 4;
	case VERDICT_CONGESTION:
		return 5;
	case VERDICT_UNDETERMINED:
		break;
	}
	return 6;
}

/* Whether a explains b where they hold at the same time: own faults silence the rest, what is not decided gives way, then the
 * surer one (jamming must never be said lightly), then the earlier gate. */
static gboolean explains(const Judged *a, const Judged *b)
{
	const guint gate_a = gate_of(a->verdict), gate_b = gate_of(b->verdict);
	if ((a->verdict == VERDICT_OWN_FAULT) != (b->verdict == VERDICT_OWN_FAULT))
		return a->verdict == VERDICT_OWN_FAULT;
	if ((a->verdict == VERDICT_UNDETERMINED) != (b->verdict == VERDICT_UNDETERMINED))
		return b->verdict == VERDICT_UNDETERMINED;
	if (a->confidence != b->confidence)
		return a->confidence > b->confidence;
	if (gate_a != gate_b)
		return gate_a < gate_b;
	return a->end_ms - a->start_ms > b->end_ms - b->start_ms;
}

/* The same modem, and most of b lies within a (with what a needed to be over, and to begin). */
static gboolean covers(const Judged *a, const Judged *b)
{
	if (a->recording != b->recording || a->source != b->source || a->verdict == b->verdict)
		return FALSE;
	/* What is one's own fault is so for as long as the modem then takes to find its network. */
	const gint64 after = a->verdict == VERDICT_OWN_FAULT ? 120000 : JUDGE_GAP_MS;
	const gint64 overlap = MIN(a->end_ms + after, b->end_ms) - MAX(a->start_ms - JUDGE_GAP_MS, b->start_ms);
	return overlap * 2 >= b->end_ms - b->start_ms && overlap >= 0;
}

void judge_gates(GPtrArray *findings)
{
	for (guint i = 0; i < findings->len; i++) {
		Judged *b = findings->pdata[i];
		for (guint k = 0; k < findings->len && !b->dropped; k++) {
			const Judged *a = findings->pdata[k];
			if (k == i || a->dropped || !covers(a, b) || !explains(a, b))
				continue;
			const Judged *before = b->explained_by ? findings->pdata[b->explained_by - 1] : NULL;
			if (!before || explains(a, before))
				b->explained_by = k + 1;
		}
	}
}

/* --- groups --- */

/* One incident: the same verdict at the same time and place, whatever the modem; of the data plane only where the sub-kind is the
 * same. */
static gboolean belong_together(const Judged *a, const Judged *b)
{
	if (a->verdict != b->verdict || !judge_same_time(a, b, JUDGE_GAP_MS) || !judge_same_place(a, b))
		return FALSE;
	return a->verdict == VERDICT_JAMMING || g_strcmp0(a->sub, b->sub) == 0;
}

static guint root_of(GPtrArray *findings, guint i)
{
	for (;;) {
		const guint up = ((const Judged *)findings->pdata[i])->group;
		if (up == i)
			return i;
		i = up;
	}
}

void judge_groups(GPtrArray *findings)
{
	for (guint i = 0; i < findings->len; i++)
		((Judged *)findings->pdata[i])->group = i;
	for (guint i = 0; i < findings->len; i++) {
		Judged *b = findings->pdata[i];
		if (b->dropped || b->explained_by)
			continue;
		for (guint k = 0; k < i; k++) {
			const Judged *a = findings->pdata[k];
			if (a->dropped || a->explained_by || !belong_together(a, b))
				continue;
			const guint one = root_of(findings, k), other = root_of(findings, i);
			((Judged *)findings->pdata[MAX(one, other)])->group = MIN(one, other);
		}
	}
	for (guint i = 0; i < findings->len; i++)
		((Judged *)findings->pdata[i])->group = root_of(findings, i);
}
