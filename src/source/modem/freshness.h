/* freshness.h - tells figures that a modem measured from figures that it repeats.
 *
 * Firmware was seen to give out the same signal for hours (ModemManager #702, #558). A figure that is measured anew hardly ever
 * stays the same to its last digit, least of all several of them together. So each sweep's figures are compared with those of the
 * sweep before, in three groups that come from different questions: the signal of the RATs, the cells, and the power of the
 * chains. From the first repetition on the observation says so (`signal_repeats_ms`); a group that keeps still for
 * HELD_MS while another moves, or for STILL_MS when all do, is taken for a cache and left out until it moves. Whole decibels
 * alone can stand for hours in a quiet place, and so can the noise where no cell is: they are believed.
 *
 * No network state is ever touched, only figures. Pure: the observation brings its own time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

/* Modems in idle mode measure about every 1.3 to 5 s (DRX, TS 36.304 7.1), some average longer. */
#define FRESHNESS_HELD_MS   15000
#define FRESHNESS_STILL_MS  60000
#define FRESHNESS_REPEATS   10 /* at least, however long the interval between sweeps */

typedef enum { FRESHNESS_SIGNAL, FRESHNESS_CELLS, FRESHNESS_POWER, FRESHNESS_GROUPS } FreshnessGroup;

typedef struct {
	struct {
		guint64 digest;       /* of the figures; 0: none yet */
		gint64 since_ns;      /* they were first told */
		gint64 last_ns;       /* and last */
		guint repetitions;    /* since the first */
		gboolean fine;        /* several figures, of which some in tenths */
		gboolean held;
	} group[FRESHNESS_GROUPS];
} Freshness;

typedef enum { FRESHNESS_AS_BEFORE, FRESHNESS_HELD_NOW, FRESHNESS_MOVES_NOW } FreshnessChange;

/* Looks at a radio observation, sets signal_repeats_ms, and takes the figures of held groups out. *ret_duration_ms with
 * HELD_NOW and MOVES_NOW: how long they stood still. */
FreshnessChange freshness_judge(Freshness *freshness, Observation *radio, guint64 *ret_duration_ms);
