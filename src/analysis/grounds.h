/* grounds.h - what rules of access and of data have in common: on how many cells something was seen, and whether the radio is to
 * blame.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/finding.h"
#include "analysis/moment.h"

/* Different cells; more than CELLS_MOST are not told apart any more. Zero-initialised. */
#define CELLS_MOST 32
typedef struct {
	guint n;
	gint64 key[CELLS_MOST];
} Cells;
/* The cell that is camped on, where the modem tells which one that is. */
void cells_add(Cells *cells, const Moment *m);

typedef enum { RADIO_UNKNOWN, RADIO_POOR, RADIO_GOOD } RadioGround;

/* Whether the radio of this sweep is as on ordinary days here, or without those good by itself, so that it explains no loss of
 * data. Not served is poor. Against a baseline the deviations of verdicts.md count: RSRP 6 dB, RSRQ 5 dB, SNR 10 dB lower. Without
 * one LTE and NR are good at RSRP -105 dBm with RSRQ -15 dB and SNR 0 dB, GSM and UMTS at -95 dBm; RSRP alone does. */
RadioGround radio_ground(const Moment *m);

/* The radio over an episode, for its sentences. Zero-initialised. */
typedef struct {
	Tally rsrp_dbm, rsrq_db, snr_db;
	guint good, poor, compared; /* sweeps; those that had a baseline */
} RadioSum;
void radio_sum_add(RadioSum *sum, const Moment *m);
/* Says for or against, or what is not known, and lowers the confidence for that. */
void radio_sum_say(const RadioSum *sum, Finding *f);

/* Of a word behind a number. */
static inline const char *plural(guint n)
{
	return n == 1 ? "" : "s";
}
