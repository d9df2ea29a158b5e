/* judge.h - what the findings of all modems mean together: which of them explains which, what others who were there saw, how sure
 * that makes us. Incidents are made anew from all findings each time; there are few.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/finding.h"

/* Other modems are witnesses of a place that is no further away, where both places are known. */
#define JUDGE_NEAR_M 2000
/* Findings of the same kind whose times are no further apart are one incident. */
#define JUDGE_GAP_MS 30000
/* What the person noted so long before and after belongs to it. */
#define JUDGE_MARK_MS 600000

/* A finding as it stands in the store. */
typedef struct {
	gint64 id, recording, source, boot;
	char *modem; /* its name */
	char *rule;
	Verdict verdict;
	char *sub, *sub_if_refuted; /* may be NULL */
	guint witness;
	Confidence confidence;
	gint64 start_fid, end_fid;
	gint64 start_ms, end_ms, confirmed_ms; /* BOOTTIME */
	gboolean dated;
	gint64 start_utc_ms, end_utc_ms, utc_error_ms;
	gboolean open, roaming;
	char *plmn;
	guint band;
	double south, west, north, east, position_error_m;
	GPtrArray *sentences; /* of Sentence: the judge's own */
	guint explained_by; /* index + 1 of the finding that explains this one; 0: none */
	guint group; /* index of the first finding of its incident */
	gboolean dropped; /* refuted: no incident */
} Judged;

void judged_free(Judged *j);

/* In order of time. Free with g_ptr_array_unref. */
GPtrArray *judge_load(Store *store, gint64 analysis, GError **error);
/* Decides among them: explained_by, dropped, verdict, sub, confidence, sentences. */
gboolean judge_witnesses(Store *store, gint64 analysis, GPtrArray *findings, GError **error);
void judge_gates(GPtrArray *findings);
void judge_groups(GPtrArray *findings);
/* The incidents of the analysis, in place of those that were there. */
gboolean judge_write(Store *store, gint64 analysis, GPtrArray *findings, GError **error);

/* The two happened at the same time, give or take `slack_ms`. By BOOTTIME within a boot, else by UTC, and for certain: its errors
 * are taken off; never where it is unknown. */
gboolean judge_same_time(const Judged *a, const Judged *b, gint64 slack_ms);
/* By how much they overlap, in ms; negative: the gap between them. G_MININT64 where they cannot be compared. */
gint64 judge_overlap_ms(const Judged *a, const Judged *b);
/* Metres between the middles of two boxes; 0 where one is not known. */
double judge_distance_m(const Judged *a, double south, double west, double north, double east);
/* No further apart than JUDGE_NEAR_M; where one place is not known, by what the same device recorded. */
gboolean judge_same_place(const Judged *a, const Judged *b);
void judge_say(Judged *j, EvidenceKind kind, Verdict other, const char *format, ...) G_GNUC_PRINTF(4, 5);
