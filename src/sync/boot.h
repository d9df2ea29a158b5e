/* boot.h - the journals of one boot of one device: the unit in which UTC and places are worked out, and a transaction.
 *
 * Two passes over the segments. The first verifies and takes what dates and places the rest: clock pairs, what the device's own
 * clock said, fixes. Then the knots are chosen. The second pass takes all other observations, which so enter the store dated and
 * placed; rows that were there before are looked at once more where that can have changed them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync/fixes.h"
#include "sync/knots.h"
#include "sync/stream.h"

/* What is used for every boot of a sync. */
typedef struct {
	Store *store;
	SyncContext *context;
	StoreDict *states, *cells, *heard, *sources;
	sqlite3_stmt *insert_kind[OBSERVATION_KIND_MAX + 1];
	sqlite3_stmt *find_segment, *insert_segment, *update_segment, *insert_damage, *find_wall, *insert_wall, *insert_more;
} SyncTools;

SyncTools *sync_tools_new(Store *store, SyncContext *context, GError **error);
void sync_tools_free(SyncTools *tools);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SyncTools, sync_tools_free)

/* A recording whose rows were partly there before this sync. */
typedef struct {
	gint64 recording, last_id;
} KnownRecording;

typedef struct {
	SyncTools *tools;
	gint64 id;
	GArray *known;                   /* KnownRecording; empty for a boot that is new */
	gint64 fixes_from_ms, fixes_to_ms; /* BOOTTIME of the fixes read; from > to: none */
	gint64 dated_from_ms, dated_to_ms; /* where knots changed */
	/* first pass */
	FixSpool *spool; /* NULL where it is of no use */
	gboolean any_read;
	gint32 south_e7, west_e7, north_e7, east_e7; /* of the fixes read; south > north: none */
	gboolean wall_known;
	gint64 wall_offset_ms;
	ClockState wall_state;
	/* second pass */
	UtcMap *utc;
	FixCursor *fixes;
} Boot;

/* One transaction. */
gboolean boot_sync(SyncTools *tools, SyncSegment **segments, guint n, GError **error);

/* ingest.c: both passes. */
gboolean boot_take_fixes(Boot *boot, SyncSegment **segments, guint n, GError **error);
gboolean boot_take_rest(Boot *boot, SyncSegment **segments, guint n, GError **error);
/* settle.c: dates and places anew what was there before and may have changed. */
gboolean boot_settle(Boot *boot, GError **error);

/* Fills position, position_error_dm and point of a row; `point` is what the value borrows. */
void boot_place_values(const Place *place, guint8 point[16], StoreValue ret_values[3]);

static inline gint64 boot_ms(gint64 ns)
{
	return ns / NS_PER_MS;
}
