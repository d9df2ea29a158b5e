/* results.h - what the walk over a recording leaves in the store: findings and courses.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/course.h"
#include "analysis/finding.h"

typedef struct Results Results;
Results *results_new(Store *store, gint64 analysis, GError **error);
void results_free(Results *results);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Results, results_free)

/* Forgets what this analysis has of the recording. */
gboolean results_forget(Results *results, gint64 recording, GError **error);
gboolean results_put_finding(Results *results, const Finding *f, GError **error);
gboolean results_put_course(Results *results, gint64 recording, gint64 source, const CourseRun *run, GError **error);
/* The recording was read as far as `last_id`; `stamp`: see analysis.c. */
gboolean results_note_recording(Results *results, gint64 recording, gint64 last_id, gint64 stamp, GError **error);

/* Values of a row, for those that write results: NAN and absent become NULL. */
void results_bind_double(sqlite3_stmt *stmt, int column, double value);
void results_bind_utc(sqlite3_stmt *stmt, int column, const When *at);
