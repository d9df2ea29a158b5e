/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/knots.h"

/* Candidates of a recording, between its first id (?1) and the next one's (?2), in the order in which they were made, which is that
 * of BOOTTIME. Nothing is sorted, so that memory does not grow with their number. The errors are as the journal's writer knew
 * them; 1 ms is for rounding. */
typedef struct {
	const char *time_source;
	const char *candidates;
	gboolean last_only; /* the latest one of the boot stands for all */
} KnotSource;

#define OF_WALL(error, state) \
	"SELECT boottime_ms, boottime_ms+offset_ms, " G_STRINGIFY(error) " FROM wall" \
	" WHERE id > ?1 AND id < ?2 AND clock_state='" state "' ORDER BY id"

static const KnotSource knot_sources[] = {
	{"gps", "SELECT boottime_ms, gps_time_ms, coalesce(error_ms, 1000)+1 FROM clock"
		" WHERE id > ?1 AND id < ?2 AND gps_time_ms IS NOT NULL ORDER BY id", FALSE},
	{"ntp", OF_WALL(KNOTS_NTP_ERROR_MS, "ntp"), FALSE},
	{"manual", OF_WALL(KNOTS_MANUAL_ERROR_MS, "manual"), TRUE},
};

typedef struct {
	Store *store;
	gint64 boot;
	const KnotSource *source;
	sqlite3_stmt *recordings, *candidates, *insert;
	TimeGroups groups;
	int taking;     /* the group whose members go into the table `fresh`; -1: none do */
	gboolean any;
	TimeKnot last;  /* by BOOTTIME, of those with a possible time */
} Choice;

static TimeKnot read_knot(sqlite3_stmt *stmt)
{
	return (TimeKnot){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2)};
}

static gboolean take_knot(Choice *choice, const TimeKnot *knot, GError **error)
{
	sqlite3_bind_int64(choice->insert, 1, knot->boottime_ms);
	sqlite3_bind_int64(choice->insert, 2, knot->utc_ms);
	sqlite3_bind_int64(choice->insert, 3, knot->error_ms);
	return store_run(choice->store, choice->insert, error);
}

static gboolean weigh(Choice *choice, const TimeKnot *knot, GError **error)
{
	if (choice->source->last_only) {
		const gboolean possible = knot->utc_ms >= TIMEBASE_FLOOR_MS && knot->utc_ms < TIMEBASE_CEILING_MS;
		if (possible && (!choice->any || knot->boottime_ms >= choice->last.boottime_ms))
			choice->last = *knot;
		choice->any = choice->any || possible;
		return TRUE;
	}
	const int group = timebase_group(&choice->groups, knot);
	return choice->taking < 0 || group != choice->taking || take_knot(choice, knot, error);
}

static gboolean walk_recording(Choice *choice, gint64 recording, GError **error)
{
	gboolean row;
	sqlite3_bind_int64(choice->candidates, 1, STORE_ID(recording, 0));
	sqlite3_bind_int64(choice->candidates, 2, STORE_ID(recording + 1, 0));
	for (;;) {
		if (!store_step(choice->store, choice->candidates, &row, error))
			return FALSE;
		if (!row)
			break;
		const TimeKnot knot = read_knot(choice->candidates);
		if (!weigh(choice, &knot, error))
			return FALSE;
	}
	sqlite3_reset(choice->candidates);
	return TRUE;
}

static gboolean walk_boot(Choice *choice, int taking, GError **error)
{
	gboolean row;
	choice->taking = taking;
	choice->groups = (TimeGroups){0};
	sqlite3_bind_int64(choice->recordings, 1, choice->boot);
	for (;;) {
		if (!store_step(choice->store, choice->recordings, &row, error))
			return FALSE;
		if (!row)
			break;
		if (!walk_recording(choice, sqlite3_column_int64(choice->recordings, 0), error))
			return FALSE;
	}
	sqlite3_reset(choice->recordings);
	return TRUE;
}

/* Two walks: the first counts, the second takes. */
static gboolean choose(Store *store, gint64 boot, const KnotSource *source, gboolean *ret_any, GError **error)
{
	Choice choice = {.store = store, .boot = boot, .source = source};
	g_autoptr(StoreStatement) recordings =
		store_prepare(store, "SELECT n.id, (SELECT boottime_ms FROM wall WHERE id > n.id<<32 AND id < (n.id+1)<<32 ORDER BY id"
			      " LIMIT 1) AS start FROM recording n WHERE n.boot=? ORDER BY start, n.run_id", error);
	g_autoptr(StoreStatement) candidates = recordings ? store_prepare(store, source->candidates, error) : NULL;
	g_autoptr(StoreStatement) insert =
		candidates ? store_prepare(store, "INSERT OR IGNORE INTO temp.fresh VALUES (?,?,?)", error) : NULL;
	if (!insert)
		return FALSE;
	choice.recordings = recordings;
	choice.candidates = candidates;
	choice.insert = insert;
	if (!walk_boot(&choice, -1, error))
		return FALSE;
	if (source->last_only) {
		*ret_any = choice.any;
		return !choice.any || take_knot(&choice, &choice.last, error);
	}
	const int best = timebase_best_group(&choice.groups);
	*ret_any = best >= 0;
	return !*ret_any || walk_boot(&choice, best, error);
}

/* What changed, and from the last knot before it to the first one behind it. */
static const char *const changed_sql =
	"WITH k AS (SELECT boottime_ms, utc_ms, error_ms FROM knot WHERE boot=?1),"
	" d AS (SELECT boottime_ms FROM temp.fresh f WHERE NOT EXISTS (SELECT 1 FROM knot o WHERE o.boot=?1 AND"
	" o.boottime_ms=f.boottime_ms AND o.utc_ms=f.utc_ms AND o.error_ms=f.error_ms)"
	" UNION ALL SELECT boottime_ms FROM k WHERE NOT EXISTS (SELECT 1 FROM temp.fresh o WHERE"
	" o.boottime_ms=k.boottime_ms AND o.utc_ms=k.utc_ms AND o.error_ms=k.error_ms)),"
	" e AS (SELECT min(boottime_ms) AS first, max(boottime_ms) AS last FROM d)"
	" SELECT coalesce((SELECT max(boottime_ms) FROM temp.fresh WHERE boottime_ms < e.first), -1),"
	" coalesce((SELECT min(boottime_ms) FROM temp.fresh WHERE boottime_ms > e.last), ?2)"
	" FROM e WHERE e.first IS NOT NULL";

static gboolean compare(Store *store, gint64 boot, gint64 *ret_from_ms, gint64 *ret_to_ms, GError **error)
{
	gboolean row;
	g_autoptr(StoreStatement) changed = store_prepare(store, changed_sql, error);
	if (!changed)
		return FALSE;
	sqlite3_bind_int64(changed, 1, boot);
	sqlite3_bind_int64(changed, 2, G_MAXINT64);
	if (!store_step(store, changed, &row, error))
		return FALSE;
	*ret_from_ms = row ? sqlite3_column_int64(changed, 0) : G_MAXINT64;
	*ret_to_ms = row ? sqlite3_column_int64(changed, 1) : -1;
	return TRUE;
}

static gboolean replace(Store *store, gint64 boot, const char *time_source, GError **error)
{
	g_autofree char *sql = g_strdup_printf("DELETE FROM knot WHERE boot=%" G_GINT64_FORMAT ";"
					       "INSERT INTO knot SELECT %" G_GINT64_FORMAT
					       ", boottime_ms, utc_ms, error_ms FROM temp.fresh ORDER BY boottime_ms;"
					       "UPDATE boot SET time_source='%s' WHERE id=%" G_GINT64_FORMAT,
					       boot, boot, time_source, boot);
	return store_exec(store, sql, error);
}

gboolean knots_rebuild(Store *store, gint64 boot, gint64 *ret_from_ms, gint64 *ret_to_ms, GError **error)
{
	gboolean any = FALSE;
	const char *time_source = "none";
	if (!store_exec(store, "CREATE TEMP TABLE IF NOT EXISTS fresh (boottime_ms INTEGER PRIMARY KEY, utc_ms, error_ms);"
			"DELETE FROM temp.fresh", error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(knot_sources) && !any; i++) {
		if (!choose(store, boot, &knot_sources[i], &any, error))
			return FALSE;
		if (any)
			time_source = knot_sources[i].time_source;
	}
	if (!compare(store, boot, ret_from_ms, ret_to_ms, error))
		return FALSE;
	return *ret_from_ms > *ret_to_ms || replace(store, boot, time_source, error);
}

/* --- UTC --- */

struct UtcMap {
	Store *store;
	sqlite3_stmt *before_stmt, *after_stmt;
	TimeKnot before, after;
	gboolean has_before, has_after;
	gboolean looked; /* before and after are valid from valid_from to valid_to (exclusive) */
	gint64 valid_from, valid_to;
};

void utc_map_free(UtcMap *map)
{
	if (!map)
		return;
	sqlite3_finalize(map->before_stmt);
	sqlite3_finalize(map->after_stmt);
	g_free(map);
}

UtcMap *utc_map_new(Store *store, gint64 boot, GError **error)
{
	g_autoptr(UtcMap) map = g_new0(UtcMap, 1);
	map->store = store;
	map->before_stmt = store_prepare(store, "SELECT boottime_ms, utc_ms, error_ms FROM knot WHERE boot=? AND boottime_ms<=?"
					 " ORDER BY boottime_ms DESC LIMIT 1", error);
	if (map->before_stmt)
		map->after_stmt = store_prepare(store,
						"SELECT boottime_ms, utc_ms, error_ms FROM knot WHERE boot=? AND boottime_ms>?"
						" ORDER BY boottime_ms LIMIT 1",
						error);
	if (!map->after_stmt)
		return NULL;
	sqlite3_bind_int64(map->before_stmt, 1, boot);
	sqlite3_bind_int64(map->after_stmt, 1, boot);
	return g_steal_pointer(&map);
}

static gboolean find_knot(UtcMap *map, sqlite3_stmt *stmt, gint64 boottime_ms, TimeKnot *ret_knot, gboolean *ret_found,
			  GError **error)
{
	sqlite3_bind_int64(stmt, 2, boottime_ms);
	const gboolean ok = store_step(map->store, stmt, ret_found, error);
	if (ok && *ret_found)
		*ret_knot = read_knot(stmt);
	sqlite3_reset(stmt);
	return ok;
}

gboolean utc_map_at(UtcMap *map, gint64 boottime_ms, gboolean *ret_known, gint64 *ret_utc_ms, gint64 *ret_error_ms,
		    GError **error)
{
	if (!map->looked || boottime_ms < map->valid_from || boottime_ms >= map->valid_to) {
		if (!find_knot(map, map->before_stmt, boottime_ms, &map->before, &map->has_before, error) ||
		    !find_knot(map, map->after_stmt, boottime_ms, &map->after, &map->has_after, error))
			return FALSE;
		map->valid_from = map->has_before ? map->before.boottime_ms : G_MININT64;
		map->valid_to = map->has_after ? map->after.boottime_ms : G_MAXINT64;
		map->looked = TRUE;
	}
	*ret_known = map->has_before || map->has_after;
	if (*ret_known)
		timebase_at(map->has_before ? &map->before : NULL, map->has_after ? &map->after : NULL, boottime_ms, ret_utc_ms,
			    ret_error_ms);
	return TRUE;
}
