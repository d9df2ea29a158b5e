/* window.h - the last seconds of a modem, for medians (moment.h).
 *
 * Of each figure the values of the window are kept in order, so that a sweep costs one insertion and one removal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/moment.h"

#define WINDOW_SWEEPS 32
#define WINDOW_FIGURES 10 /* those of Signal, then the four receive chains */

/* Zero-initialised at the begin of a recording. */
typedef struct {
	guint begin, n; /* a ring */
	gint64 at_ms[WINDOW_SWEEPS];
	gint64 cell; /* that serves: the figures of an earlier one do not count */
	float figure[WINDOW_SWEEPS][WINDOW_FIGURES];
	float sorted[WINDOW_FIGURES][WINDOW_SWEEPS];
	guint n_sorted[WINDOW_FIGURES];
} Window;

/* Adds the sweep and sets its median, chain_median_dbm and n_valid. */
void window_add(Window *window, Moment *m);
