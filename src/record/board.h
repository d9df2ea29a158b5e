/* board.h - what was last heard from each source, and when: what "jamlog status" shows of them.
 *
 * It only listens to the observations and sentences that pass through the recorder, and asks no source anything. Ages are
 * of BOOTTIME: a clock that is moved makes nothing look fresh.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

typedef struct Board Board;

/* `interval_ms` between two sweeps: when silence becomes alarming. */
Board *board_new(guint interval_ms);
void board_free(Board *board);

/* A source that should be there, from now on; one of which something is heard is put up by itself. `type` as in its class. */
void board_expect(Board *board, const char *name, const char *type);
void board_observe(Board *board, const Observation *o);
/* The sentence says why, when the source is lost or still opening. */
void board_tell(Board *board, const char *source, const char *sentence);

/* aa{sv}, floating: for each source name, type, state (opening, working, lost) and what is known of
 *   protocol, model, firmware, opening_ms, lost_ms, told (the last sentence, unless it works), silent (alarmingly long without a
 *   reading), values_held, reading_age_ms, service, service_words (of the last sweep, however old), position (found, lost, none),
 *   position_words, position_error_m, fix_age_ms; of data sessions session (connected, failed, ended), session_words, session_age_ms,
 *   probes_words, rates_words, probes_age_ms, probing_paused (why nothing is tried).
 * A sentence is appended to `concerns` (of char *) for each source that does not do its work. */
GVariant *board_describe(const Board *board, gint64 now_ns, GPtrArray *concerns);
