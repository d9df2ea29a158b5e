/* status.h - what the recorder answers to "how are you".
 *
 * The answer (a{sv}) has: version, pid, since (ISO 8601, by this computer's clock), running_ms, clock_state; directory, segment,
 * journal_bytes (of this run), device_id (whose keys sign it), checkpoint (of all that is durable), sealed, disk_left_bytes and,
 * once a rate is known, disk_left_hours; observations, readings, lost, durable_age_ms, disk_failing, disk_low; sources (board.h);
 * concerns, a sentence for each thing that somebody should look after; and well: there is none. No service and no position are
 * data, not concerns.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal.h"
#include "record/board.h"

typedef struct {
	const JournalWriter *writer;
	const char *directory;  /* absolute */
	gint64 started_ns;      /* BOOTTIME */
	guint64 started_bytes;  /* of the journal then */
	gint64 durable_ns;      /* BOOTTIME of the last durable write */
	guint64 observations, readings, lost;
	gboolean disk_failing, disk_low;
} RunFacts;

/* Floating. */
GVariant *status_describe(const RunFacts *facts, const Board *board);
