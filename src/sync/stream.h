/* stream.h - the observations in a row of segments, read and decoded ahead by a second thread.
 *
 * Checking checksums and decoding cost about as much as entering rows does, and have nothing to do with each other: the
 * thread fills batches of records, the caller empties them, and a fixed number of batches goes round between the two. The
 * thread touches nothing but journals; warnings, damage and ends of segments travel in the batches too, in their order.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync/segments.h"

#include <stddef.h>

typedef struct RecordStream RecordStream;

typedef struct {
	gboolean (*damage)(gpointer user_data, SyncSegment *segment, const JournalDamage *damage, GError **error);
	/* Behind the last record of a segment; `to` is set. */
	gboolean (*end)(gpointer user_data, SyncSegment *segment, JournalResult ending, GError **error);
	gpointer user_data;
} RecordHooks;

typedef enum {
	STREAM_FIRST,  /* verifies and reports damage; decodes fixes and clock pairs, and of all others what stands before the
			  fields */
	STREAM_SECOND, /* reads again what the first pass found good, up to `to`: all kinds but fixes and clock pairs */
} StreamPass;

/* Begins reading those of the segments (borrowed, of different digests) that are wanted. Hooks are called from
 * record_stream_next. */
RecordStream *record_stream_new(SyncSegment **segments, guint n, StreamPass pass, const RecordHooks *hooks, SyncContext *context);
/* Stops the thread, wherever it is. */
void record_stream_free(RecordStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecordStream, record_stream_free)

/* The members of RadioFields that make up state and cell: those before the signals, rx_tuned, a tail after the cells,
 * and data_session. */
#define RECORD_HEAD_SIZE   offsetof(RadioFields, gsm_rssi_dbm)
#define RECORD_TAIL_OFFSET offsetof(RadioFields, nr_available)
#define RECORD_TAIL_SIZE   (offsetof(RadioFields, signal_repeats_ms) - RECORD_TAIL_OFFSET)
#define RECORD_STATE_FIELDS                                                                      \
	((OBSERVATION_BIT(RADIO_ID_gsm_rssi_dbm) - 1) | OBSERVATION_BIT(RADIO_ID_rx_tuned) |     \
	 OBSERVATION_BIT(RADIO_ID_data_session) |                                                \
	 (OBSERVATION_BIT(RADIO_ID_signal_repeats_ms) - OBSERVATION_BIT(RADIO_ID_nr_available)))

typedef struct {
	SyncSegment *segment;
	ObservationParse parse;
	JournalDamage place;        /* for record_stream_reject */
	/* Of a fix store_kind_values, of a sweep store_signal_values; borrowed from the observation. */
	StoreValue values[MAX(STORE_KIND_MAX_VALUES, STORE_N_SIGNALS)];
	/* In the members of RadioFields up to the signals, in rx_tuned, in the tail and in data_session, what is absent is zero,
	 * so that they can be compared as bytes. */
	Observation observation;
} Record;

/* The next record, valid until the next call; NULL at the end of all segments. */
gboolean record_stream_next(RecordStream *stream, const Record **ret_record, GError **error);
/* A record that cannot be read, or can't be true: counts and reports it. */
gboolean record_stream_reject(RecordStream *stream, const Record *record, GError **error);
