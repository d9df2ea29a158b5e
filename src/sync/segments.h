/* segments.h - which journals there are, in which order they are read, and the records in them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync.h"

typedef struct {
	char *path;
	guint64 size;
	JournalSegment header;
	gint64 id, recording;      /* in the store; set by the first pass */
	JournalPosition from, to;  /* what this sync reads of it */
	gboolean has_news;         /* there is something between from and to */
	gboolean careful;          /* damage was seen: the second pass must verify again, lest it take what the first refused */
	guint64 observations, unreadable;
} SyncSegment;

void sync_segment_free(SyncSegment *segment);

typedef struct {
	SyncSummary *summary;
	const SyncReport *report;
	guint64 bytes_done, bytes_total;
} SyncContext;

void sync_warn(const SyncContext *context, const char *format, ...) G_GNUC_PRINTF(2, 3);
void sync_progress(SyncContext *context, guint64 more_bytes);

/* All journals that the paths name, folders searched to their depths, sorted by device, boot and time of creation: SyncSegment.
 * Never fails: what is no journal is counted and warned about. */
GPtrArray *sync_segments_collect(char *const *paths, SyncContext *context);

gboolean sync_segment_same_boot(const SyncSegment *a, const SyncSegment *b);

/* --- the records of one boot's segments, one after the other --- */

typedef struct RecordStream RecordStream;

typedef struct {
	/* Before a segment's first record: sets id, recording and from; *ret_read FALSE to pass it over. */
	gboolean (*begin)(gpointer user_data, SyncSegment *segment, gboolean *ret_read, GError **error);
	gboolean (*damage)(gpointer user_data, SyncSegment *segment, const JournalDamage *damage, GError **error);
	/* Behind its last one; `to` is set. */
	gboolean (*end)(gpointer user_data, SyncSegment *segment, JournalResult ending, GError **error);
	gpointer user_data;
} RecordHooks;

/* `segments` are borrowed: SyncSegments of one boot. The first pass verifies and reports damage; the second reads again what the first
 * found good, and no further. */
RecordStream *record_stream_new(SyncSegment **segments, guint n, gboolean second_pass, const RecordHooks *hooks,
				SyncContext *context);
void record_stream_free(RecordStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecordStream, record_stream_free)

typedef struct {
	const guint8 *data; /* borrowed until the next call; NULL at the end of all segments */
	gsize length;
	SyncSegment *segment;
	guint64 frame_offset;
} Record;

gboolean record_stream_next(RecordStream *stream, Record *ret_record, GError **error);
/* A record that cannot be decoded: counts and reports it. */
gboolean record_stream_reject(RecordStream *stream, const Record *record, GError **error);
