/* fixes.h - the fixes of one boot in the order of BOOTTIME, whichever runs recorded them.
 *
 * Walks the table `fix` with one open statement for each run that is under way at that time; a few fixes are kept, so that sweeps
 * that come a little out of order (two modems) cost no new search.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync/spool.h"

/* The speed that a place reckons with is the highest of this long before it. */
#define FIXES_PACE_MS 300000

typedef struct FixCursor FixCursor;
/* `spool_take` is read as far as it serves; NULL: the table alone. */
FixCursor *fix_cursor_new(Store *store, gint64 boot, FixSpool *spool_take, GError **error);
void fix_cursor_free(FixCursor *cursor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FixCursor, fix_cursor_free)

/* The place at a BOOTTIME; quickest for ascending times. */
gboolean fix_cursor_place(FixCursor *cursor, gint64 time_ms, Place *ret_place, GError **error);

/* The first id of a recording's rows in a table that may be dated boottime_ms or later. Rows lie in the order of sequence, that
 * is of BOOTTIME but for a few seconds, for which there is a margin. */
#define FIXES_ORDER_MARGIN_MS 10000
gboolean rows_find_time(Store *store, const char *table, gint64 recording, gint64 boottime_ms, gint64 *ret_id, GError **error);
