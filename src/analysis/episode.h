/* episode.h - a rule at work on one modem through one recording: how long something must last before it counts, and when it is over
 * (rule.h has the rules for that).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/rule.h"

typedef struct RuleRun RuleRun;
/* Takes the finding. */
typedef void (*RuleFound)(gpointer user_data, Finding *finding);

/* `rule` and `modem` (NULL for a receiver) must outlive it. Figures are the rule's own until they are set. */
RuleRun *rule_run_new(const Rule *rule, const Modem *modem, gint64 recording, gint64 source, RuleFound found, gpointer user_data);
/* Without rule_run_end(): what was under way is forgotten. */
void rule_run_free(RuleRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RuleRun, rule_run_free)
void rule_run_set_figure(RuleRun *run, guint figure, double value);

/* In the order of the recording. */
void rule_run_sweep(RuleRun *run, const Moment *m);
/* SESSION, PROBE, EVENT, SKY or FIX. */
void rule_run_seen(RuleRun *run, const Seen *seen);
/* The recording is over: a confirmed episode is told of as still open. */
void rule_run_end(RuleRun *run);
