/* segment_writer.h - one segment being written: its header, frames, seals and end.
 *
 * A write takes a group of records, puts a seal behind it where one is due, and waits for the disk; only then does `at` move on. After
 * FALSE nothing is known of the file, and keys are used up: the segment is to be given up (segment_writer_abandon).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal/format.h"
#include "journal/seal.h"
#include "journal/segment_file.h"

typedef struct {
	guint64 offset;       /* of the next frame */
	guint32 frame_number;
	guint8 chain[JOURNAL_CHAIN_SIZE];
	guint64 sequence;     /* of the next frame's first observation */
	guint unsealed;       /* frames since the last seal */
	gint64 sealed_ns;     /* BOOTTIME of the last seal, or of the header */
} SegmentState;

typedef struct {
	JournalSegment header; /* its number is 0 before the run's first */
	SegmentFile file;      /* fd -1: given up, or not yet created */
	guint32 seed;
	SegmentState at;       /* what is acknowledged */
	/* In locked memory; NULL once the segment is given up. */
	SealKeys *seal_keys;
	guint8 *chain_key;     /* of the next frame; NULL where nothing is sealed */
} SegmentWriter;

/* What all segments of a run share. */
typedef struct {
	char *directory, *keys;
	guint8 (*recipients)[JOURNAL_KEY_SIZE];
	guint n_recipients;
	guint8 *buffer; /* from segment_file_buffer_new: what writes are put together in */
} SegmentPlace;

/* Makes the successor of *before, which is untouched: durable, and nothing in it yet. */
gboolean segment_writer_create(SegmentWriter *ret_segment, const SegmentPlace *place, const SegmentWriter *before, GError **error);

/* Where the file would end after a write of these records and all that may come with it. */
guint64 segment_writer_end(const SegmentWriter *segment, const guint8 *records, gsize length);
gboolean segment_writer_seal_due(const SegmentWriter *segment);
gboolean segment_writer_write(SegmentWriter *segment, const SegmentPlace *place, const guint8 *records, gsize length, GError **error);
/* Final seal and final frame; the file is then to be cut at `at` (segment_file_finish). */
gboolean segment_writer_write_end(SegmentWriter *segment, const SegmentPlace *place, JournalFinal meaning, GError **error);
/* Closes the file as it is and wipes the keys. */
void segment_writer_abandon(SegmentWriter *segment);
