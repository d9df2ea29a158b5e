/* walk.h - one recording from its begin to its end: into passes for the baselines, and past the rules.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/reader.h"
#include "analysis/results.h"
#include "analysis/rule.h"

typedef struct {
	const gboolean *without; /* by rule: switched off */
	double (*figures)[RULE_MAX_FIGURES]; /* by rule: the values in effect */
} WalkRules;

typedef struct {
	guint64 sweeps, unlocated, undated;
	gint64 last_id; /* of the recording, as far as it was read; 0: nothing */
} WalkCount;

typedef struct {
	/* TRUE: give up. Asked now and then, with what was read since. May be NULL. */
	gboolean (*stopped)(gpointer user_data, guint64 sweeps);
	gpointer user_data;
} WalkReport;

/* The passes of the recording take the place of those that the baselines have of it. */
gboolean walk_passes(Store *store, Baseline *baseline, gint64 recording, const WalkReport *report, WalkCount *ret_count,
		     GError **error);
/* Findings and courses into the results. */
gboolean walk_rules(Store *store, Baseline *baseline, Results *results, const WalkRules *with, gint64 recording,
		    const WalkReport *report, WalkCount *ret_count, GError **error);
