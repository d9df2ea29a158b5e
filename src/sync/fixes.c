/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/fixes.h"

#define KEPT_FIXES     128 /* at ten a second, more than a modem's deadline */
#define PACE_BUCKET_MS 10000
#define PACE_BUCKETS   (FIXES_PACE_MS / PACE_BUCKET_MS)

typedef struct {
	gint64 recording;
	gint64 first_ms, last_ms; /* BOOTTIME of its fixes */
	sqlite3_stmt *stmt;       /* NULL: not begun, or at its end */
	gboolean done;
	PlaceFix head;            /* the next one, while stmt is open */
} FixRun;

struct FixCursor {
	Store *store;
	FixSpool *spool; /* NULL: the table is read */
	GArray *runs;
	PlaceFix kept[KEPT_FIXES]; /* a ring; the newest is kept[(n - 1) % KEPT_FIXES] */
	guint64 n;
	gint64 valid_from;         /* `kept` tells what is needed for this time and later ones */
	struct {
		gint64 number; /* of the ten seconds since boot, + 1; 0: none */
		double top_m_s;
	} pace[PACE_BUCKETS];
};

void fix_cursor_free(FixCursor *cursor)
{
	if (!cursor)
		return;
	for (guint i = 0; i < cursor->runs->len; i++)
		sqlite3_finalize(g_array_index(cursor->runs, FixRun, i).stmt);
	g_array_unref(cursor->runs);
	fix_spool_free(cursor->spool);
	g_free(cursor);
}

static const char *const runs_sql =
	"SELECT n.id, (SELECT boottime_ms FROM fix WHERE id > n.id<<32 AND id < (n.id+1)<<32 ORDER BY id LIMIT 1) AS first,"
	" (SELECT boottime_ms FROM fix WHERE id > n.id<<32 AND id < (n.id+1)<<32 ORDER BY id DESC LIMIT 1)"
	" FROM recording n WHERE n.boot=? AND first IS NOT NULL ORDER BY first, n.run_id";

FixCursor *fix_cursor_new(Store *store, gint64 boot, FixSpool *spool_take, GError **error)
{
	g_autoptr(FixCursor) cursor = g_new0(FixCursor, 1);
	cursor->store = store;
	cursor->runs = g_array_new(FALSE, TRUE, sizeof(FixRun));
	cursor->spool = spool_take;
	cursor->valid_from = spool_take ? G_MININT64 : G_MAXINT64;
	g_autoptr(StoreStatement) stmt = store_prepare(store, runs_sql, error);
	if (!stmt)
		return NULL;
	sqlite3_bind_int64(stmt, 1, boot);
	for (;;) {
		gboolean row;
		if (!store_step(store, stmt, &row, error))
			return NULL;
		if (!row)
			return g_steal_pointer(&cursor);
		const FixRun run = {.recording = sqlite3_column_int64(stmt, 0),
				    .first_ms = sqlite3_column_int64(stmt, 1),
				    .last_ms = sqlite3_column_int64(stmt, 2)};
		g_array_append_val(cursor->runs, run);
	}
}

gboolean rows_find_time(Store *store, const char *table, gint64 recording, gint64 boottime_ms, gint64 *ret_id, GError **error)
{
	g_autofree char *sql =
		g_strdup_printf("SELECT id, boottime_ms FROM %s WHERE id >= ? AND id < ? ORDER BY id LIMIT 1", table);
	g_autoptr(StoreStatement) stmt = store_prepare(store, sql, error);
	if (!stmt)
		return FALSE;
	gint64 low = STORE_ID(recording, 0), high = STORE_ID(recording + 1, 0); /* the answer is in [low, high] */
	sqlite3_bind_int64(stmt, 2, high);
	while (low < high) {
		const gint64 middle = low + (high - low) / 2;
		gboolean row;
		sqlite3_bind_int64(stmt, 1, middle);
		if (!store_step(store, stmt, &row, error))
			return FALSE;
		if (row && sqlite3_column_int64(stmt, 1) < boottime_ms - FIXES_ORDER_MARGIN_MS)
			low = sqlite3_column_int64(stmt, 0) + 1;
		else
			high = middle;
		sqlite3_reset(stmt);
	}
	*ret_id = low;
	return TRUE;
}

/* --- one run --- */

/* Columns of the statement. What is wrong is looked for here: SQL takes twice as long for it. */
enum { COLUMN_BOOTTIME_MS, COLUMN_MODE, COLUMN_LAT, COLUMN_LON, COLUMN_AGE_MS, COLUMN_EPH_CM, COLUMN_SPEED_CM_S };
#define FIX_COLUMNS "boottime_ms, mode, lat_e7, lon_e7, age_ms, eph_cm, speed_cm_s"

/* FALSE for a row that is no position of this boot. A fix that is told again later is as old as its first report, and older than
 * the boot where the receiver's time leapt (gps_decode.h) or the journal is no honest one: nothing after counts on such times. */
static gboolean read_fix(sqlite3_stmt *stmt, PlaceFix *ret_fix)
{
	const char *mode = (const char *)sqlite3_column_text(stmt, COLUMN_MODE);
	const gint64 lat = sqlite3_column_int64(stmt, COLUMN_LAT), lon = sqlite3_column_int64(stmt, COLUMN_LON);
	if (!mode || (*mode != '2' && *mode != '3') || sqlite3_column_type(stmt, COLUMN_LAT) == SQLITE_NULL ||
	    sqlite3_column_type(stmt, COLUMN_LON) == SQLITE_NULL || ABS(lat) > 900000000 || ABS(lon) > 1800000000)
		return FALSE;
	const gboolean told = sqlite3_column_type(stmt, COLUMN_EPH_CM) != SQLITE_NULL;
	*ret_fix = (PlaceFix){
		.time_ms = sqlite3_column_int64(stmt, COLUMN_BOOTTIME_MS) - sqlite3_column_int64(stmt, COLUMN_AGE_MS),
		.lat_e7 = (gint32)lat,
		.lon_e7 = (gint32)lon,
		.error_m = told ? (double)sqlite3_column_int64(stmt, COLUMN_EPH_CM) / 100 : PLACE_UNTOLD_ERROR_M,
		.speed_m_s = (double)sqlite3_column_int64(stmt, COLUMN_SPEED_CM_S) / 100,
	};
	return ret_fix->time_ms >= 0;
}

static gboolean advance_run(FixCursor *cursor, FixRun *run, GError **error)
{
	gboolean row;
	do {
		if (!store_step(cursor->store, run->stmt, &row, error))
			return FALSE;
	} while (row && !read_fix(run->stmt, &run->head));
	if (!row) {
		g_clear_pointer(&run->stmt, sqlite3_finalize);
		run->done = TRUE;
	}
	return TRUE;
}

static gboolean begin_run(FixCursor *cursor, FixRun *run, gint64 from_ms, GError **error)
{
	gint64 id;
	if (!rows_find_time(cursor->store, "fix", run->recording, from_ms, &id, error))
		return FALSE;
	run->stmt = store_prepare(cursor->store, "SELECT " FIX_COLUMNS " FROM fix WHERE id >= ? AND id < ? ORDER BY id", error);
	if (!run->stmt)
		return FALSE;
	sqlite3_bind_int64(run->stmt, 1, id);
	sqlite3_bind_int64(run->stmt, 2, STORE_ID(run->recording + 1, 0));
	return advance_run(cursor, run, error);
}

/* --- all runs --- */

static gint64 needed_from(gint64 time_ms)
{
	return time_ms - PLACE_HOLD_MS - FIXES_PACE_MS - PACE_BUCKET_MS;
}

static void rewind_cursor(FixCursor *cursor, gint64 time_ms)
{
	for (guint i = 0; i < cursor->runs->len; i++) {
		FixRun *run = &g_array_index(cursor->runs, FixRun, i);
		g_clear_pointer(&run->stmt, sqlite3_finalize);
		run->done = run->last_ms < needed_from(time_ms) - FIXES_ORDER_MARGIN_MS;
	}
	g_clear_pointer(&cursor->spool, fix_spool_free); /* it goes forward only */
	cursor->n = 0;
	cursor->valid_from = time_ms;
	memset(cursor->pace, 0, sizeof cursor->pace);
}

/* The run with the earliest next fix; NULL where there is none. Runs are begun as the walk reaches them. */
static gboolean earliest_run(FixCursor *cursor, gint64 time_ms, FixRun **ret_run, GError **error)
{
	FixRun *best = NULL;
	for (guint i = 0; i < cursor->runs->len; i++) {
		FixRun *run = &g_array_index(cursor->runs, FixRun, i);
		if (run->done)
			continue;
		if (!run->stmt && best && best->head.time_ms < run->first_ms - FIXES_ORDER_MARGIN_MS)
			break; /* runs are sorted by their first fix */
		if (!run->stmt && !begin_run(cursor, run, needed_from(time_ms), error))
			return FALSE;
		if (run->stmt && (!best || run->head.time_ms < best->head.time_ms))
			best = run;
	}
	*ret_run = best;
	return TRUE;
}

static const PlaceFix *kept_fix(const FixCursor *cursor, guint64 back)
{
	return &cursor->kept[(cursor->n - 1 - back) % KEPT_FIXES];
}

/* The top speed of the last minutes, this fix included. Whoever stands at a red light as the position is lost may be a mile away
 * when the hold ends: how far somebody strays is judged by how they have moved, not by the last fix alone. */
static double recent_pace(FixCursor *cursor, const PlaceFix *fix)
{
	const gint64 number = fix->time_ms / PACE_BUCKET_MS + 1;
	const gint64 slot = number % PACE_BUCKETS;
	double top = 0;
	if (cursor->pace[slot].number != number)
		cursor->pace[slot].top_m_s = 0;
	cursor->pace[slot].number = number;
	cursor->pace[slot].top_m_s = MAX(cursor->pace[slot].top_m_s, fix->speed_m_s);
	for (guint i = 0; i < PACE_BUCKETS; i++)
		if (cursor->pace[i].number > number - PACE_BUCKETS)
			top = MAX(top, cursor->pace[i].top_m_s);
	return top;
}

static void keep_fix(FixCursor *cursor, const PlaceFix *fix)
{
	if (cursor->n > 0 && fix->time_ms <= kept_fix(cursor, 0)->time_ms)
		return;
	PlaceFix *kept = &cursor->kept[cursor->n++ % KEPT_FIXES];
	*kept = *fix;
	kept->pace_m_s = recent_pace(cursor, fix);
	if (cursor->n > KEPT_FIXES)
		cursor->valid_from = MAX(cursor->valid_from, kept_fix(cursor, KEPT_FIXES - 1)->time_ms);
}

static gboolean next_fix(FixCursor *cursor, gint64 time_ms, PlaceFix *ret_fix, gboolean *ret_more, GError **error)
{
	FixRun *run;
	if (cursor->spool) {
		*ret_more = fix_spool_next(cursor->spool, ret_fix);
		return TRUE;
	}
	if (!earliest_run(cursor, time_ms, &run, error))
		return FALSE;
	*ret_more = run != NULL;
	if (!run)
		return TRUE;
	*ret_fix = run->head;
	return advance_run(cursor, run, error);
}

gboolean fix_cursor_place(FixCursor *cursor, gint64 time_ms, Place *ret_place, GError **error)
{
	if (time_ms < cursor->valid_from)
		rewind_cursor(cursor, time_ms);
	while (cursor->n == 0 || kept_fix(cursor, 0)->time_ms <= time_ms) {
		PlaceFix fix;
		gboolean more;
		if (!next_fix(cursor, time_ms, &fix, &more, error))
			return FALSE;
		if (!more)
			break;
		keep_fix(cursor, &fix);
	}
	const PlaceFix *before = NULL, *after = NULL;
	for (guint64 back = 0; back < MIN(cursor->n, KEPT_FIXES) && !before; back++) {
		const PlaceFix *fix = kept_fix(cursor, back);
		if (fix->time_ms <= time_ms)
			before = fix;
		else
			after = fix;
	}
	*ret_place = place_at(before, after, time_ms);
	return TRUE;
}
