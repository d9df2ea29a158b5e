/* segments.h - which journals there are, in which order they are read, and the records in them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync.h"

typedef struct {
	char *path;
	guint64 size;
	guint copy;                /* 0; 1 for the second file with the same header, and so on */
	JournalSegment header;
	gint64 id, recording;      /* in the store; set by register.c, like `from` and `wanted` */
	JournalPosition from, to;  /* what this sync reads of it */
	gboolean wanted;           /* there may be something behind `from` */
	gboolean careful;          /* damage was seen: the second pass must verify again, lest it take what the first refused */
	guint64 observations, unreadable;
} SyncSegment;

void sync_segment_free(SyncSegment *segment);

typedef struct {
	SyncSummary *summary;
	const SyncReport *report;
	guint64 bytes_done, bytes_total;
	const JournalIdentity *identity; /* NULL: none; sealed journals are then refused */
	gboolean kept; /* boots that were read are in the store, whatever becomes of the rest */
} SyncContext;

void sync_warn(const SyncContext *context, const char *format, ...) G_GNUC_PRINTF(2, 3);
void sync_progress(SyncContext *context, guint64 more_bytes);
/* TRUE, and an error that says what is kept, where the person wants it to end. */
gboolean sync_stopped(const SyncContext *context, GError **error);

/* All journals that the paths name, folders searched to their depths: SyncSegment, sorted by device, boot, copy, and time of
 * creation. Never fails: what is no journal is counted and warned about. */
GPtrArray *sync_segments_collect(char *const *paths, SyncContext *context);

/* TRUE where two are read together. A copy of a segment is read after all that it may be a copy of. */
gboolean sync_segment_same_group(const SyncSegment *a, const SyncSegment *b);
