/* reader.h - one recording out of the store, in the order in which it was made: sweeps, and what else was observed between them.
 *
 * Of fixes, one a second, only those are told whose mode is not that of the source's last one, and nothing but the mode: no rule
 * asks more. Memory does not grow with the store: entries of dictionaries are kept in small caches.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/baseline.h"
#include "analysis/moment.h"

typedef struct {
	gint64 source;
	gboolean is_sweep;
	/* A sweep: what it has itself (at, state, cell, now, chain_dbm, repeats, counters, tile, heard); the walk adds the rest. */
	Moment moment;
	/* Anything else; `modem` is left NULL. */
	Seen seen;
} ReaderItem;

typedef struct Reader Reader;
/* `baseline` gives cells their keys; enters them where `enter`. Borrowed. */
Reader *reader_new(Store *store, Baseline *baseline, gboolean enter, GError **error);
void reader_free(Reader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reader, reader_free)

/* sweeps_only: nothing else is told, and of a sweep only what passes need (baseline_add). */
gboolean reader_begin(Reader *reader, gint64 recording, gboolean sweeps_only, GError **error);
/* *ret_item and what it points to are valid until the next call; NULL behind the last one. */
gboolean reader_next(Reader *reader, const ReaderItem **ret_item, GError **error);
