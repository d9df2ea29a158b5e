/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/knots.h"

/* Candidates of a boot (?1) in the order of BOOTTIME. Each journal's own error is as its writer knew it; 1 ms is for rounding. */
typedef struct {
	const char *time_source;
	const char *candidates;
} KnotSource;

#define OF_BOOT(table) " FROM recording n JOIN " table " c ON c.id > n.id<<32 AND c.id < (n.id+1)<<32 WHERE n.boot=?1"

static const KnotSource knot_sources[] = {
	{"gps", "SELECT c.boottime_ms, c.gps_time_ms AS utc, coalesce(c.error_ms, 1000)+1 AS error" OF_BOOT("clock")
		" AND c.gps_time_ms IS NOT NULL ORDER BY c.boottime_ms, utc, error"},
	{"ntp", "SELECT c.boottime_ms, c.boottime_ms+c.offset_ms AS utc, " G_STRINGIFY(KNOTS_NTP_ERROR_MS) OF_BOOT("wall")
		" AND c.clock_state='ntp' ORDER BY c.boottime_ms, utc"},
	{"manual", "SELECT c.boottime_ms, c.boottime_ms+c.offset_ms AS utc, " G_STRINGIFY(KNOTS_MANUAL_ERROR_MS) OF_BOOT("wall")
		   " AND c.clock_state='manual' ORDER BY c.boottime_ms DESC, utc DESC LIMIT 1"},
};

static TimeKnot read_knot(sqlite3_stmt *stmt)
{
	return (TimeKnot){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2)};
}

/* Walks the candidates; the members of `group` go into the table `fresh` (-1: none do). */
static gboolean walk_candidates(Store *store, sqlite3_stmt *candidates, int group, sqlite3_stmt *insert, TimeGroups *ret_groups,
				GError **error)
{
	gboolean row;
	*ret_groups = (TimeGroups){0};
	for (;;) {
		if (!store_step(store, candidates, &row, error))
			return FALSE;
		if (!row)
			break;
		const TimeKnot knot = read_knot(candidates);
		const int member = timebase_group(ret_groups, &knot);
		if (group < 0 || member != group)
			continue;
		sqlite3_bind_int64(insert, 1, knot.boottime_ms);
		sqlite3_bind_int64(insert, 2, knot.utc_ms);
		sqlite3_bind_int64(insert, 3, knot.error_ms);
		if (!store_run(store, insert, error))
			return FALSE;
	}
	sqlite3_reset(candidates);
	return TRUE;
}

/* Two walks, so that memory does not grow with the number of pairs: the first counts, the second takes. */
static gboolean choose(Store *store, gint64 boot, const KnotSource *source, gboolean *ret_any, GError **error)
{
	TimeGroups groups;
	g_autoptr(StoreStatement) candidates = store_prepare(store, source->candidates, error);
	g_autoptr(StoreStatement) insert =
		candidates ? store_prepare(store, "INSERT OR IGNORE INTO temp.fresh VALUES (?,?,?)", error) : NULL;
	if (!insert)
		return FALSE;
	sqlite3_bind_int64(candidates, 1, boot);
	if (!walk_candidates(store, candidates, -1, insert, &groups, error))
		return FALSE;
	const int best = timebase_best_group(&groups);
	*ret_any = best >= 0;
	return !*ret_any || walk_candidates(store, candidates, best, insert, &groups, error);
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
