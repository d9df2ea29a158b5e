/* stretch.h - a state for every stretch of a recording: what was measured working, degraded or dead, and what was not measured at
 * all.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/judge.h"

/* Cuts the courses of all modems at the findings of incidents, in place of the stretches that were there. `findings` after
 * judge_groups and judge_write. */
gboolean stretch_write(Store *store, gint64 analysis, GPtrArray *findings, GError **error);
