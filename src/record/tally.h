/* tally.h - a round of probes in one sentence: what works, what fails, and where.
 *
 * Facts alone; what they may mean is the analysis' affair.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

typedef struct Tally Tally;

Tally *tally_new(void);
void tally_free(Tally *tally);

/* Takes a `probe` observation. TRUE: the round is over, and tally_words tells of it. */
gboolean tally_take(Tally *tally, const Observation *probe);

/* Of the last round that is over; "" before. Borrowed until the next tally_take. */
const char *tally_words(const Tally *tally);
/* The rates that it measured, which differ from round to round: "target 0.1, control 18.9 Mbit/s", or "". */
const char *tally_rates(const Tally *tally);
/* The lowest of them in kbit/s; 0: none was measured. */
guint32 tally_lowest_kbps(const Tally *tally);
