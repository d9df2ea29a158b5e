/* analysis.h - from a store to incidents that a careful engineer would sign.
 *
 * Analysis reads observations and never changes one. What it makes stands in tables of its own:
 *   baseline_pass, baseline_cell, baseline_given   what each place was like on each pass, and what other teams gave
 *   analysis    one row for each set of rules (their version) and parameters; results of an earlier one stay beside
 *   finding     what one rule found in what one modem saw
 *   incident    findings judged together across modems and operators: verdict, confidence, interval, place; with
 *               incident_evidence, incident_finding, incident_segment
 *   stretch     a state for every stretch of a recording of every modem, gaps included
 * The steps: baseline.c (passes) -> walk.c (rules over each recording) -> judge.c (together) -> stretch.c (states).
 *
 * A modem proves no intent. Verdicts are what the record is consistent with, with evidence for and against, and the alternatives
 * not excluded; one modem alone gives medium confidence at most.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store.h"

/* Of the rules and of what follows from them; to be raised with every change that can change a result. */
#define ANALYSIS_RULES_VERSION "1"

/* In the order of the gates. */
typedef enum {
	VERDICT_OWN_FAULT,
	VERDICT_JAMMING,
	VERDICT_CELLS_OFF,
	VERDICT_NO_COVERAGE,
	VERDICT_GNSS_JAM,
	VERDICT_FAKE_CELL,
	VERDICT_BARRED,
	VERDICT_REJECTED,
	VERDICT_DOWNGRADE,
	VERDICT_DATA_CUT,
	VERDICT_BLOCKED,
	VERDICT_THROTTLED,
	VERDICT_CONGESTION,
	VERDICT_UNDETERMINED,
} Verdict;
#define VERDICTS 14
extern const char *const verdict_words[]; /* "own-fault", "jamming", ... NULL-terminated */

typedef enum { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH } Confidence;
extern const char *const confidence_words[]; /* "low", "medium", "high", NULL */

typedef enum { EVIDENCE_FOR, EVIDENCE_AGAINST, EVIDENCE_ALTERNATIVE, EVIDENCE_MARK, EVIDENCE_LIMIT } EvidenceKind;
extern const char *const evidence_words[]; /* "for", "against", "alternative", "mark", "limit", NULL */

/* Of a stretch. */
typedef enum { STRETCH_WORKING, STRETCH_DEGRADED, STRETCH_DEAD, STRETCH_NOT_MEASURED } StretchState;
extern const char *const stretch_words[]; /* "working", "degraded", "dead", "not-measured", NULL */

typedef struct {
	char **without; /* names of rules that are switched off, NULL-terminated; may be NULL */
	char **set; /* "RULE.FIGURE=VALUE", NULL-terminated; may be NULL */
	gboolean again; /* compute everything anew */
} AnalysisOptions;

typedef struct {
	gint64 analysis; /* row of `analysis` */
	guint64 recordings, recordings_done; /* of the store; computed this time */
	guint64 sweeps; /* read this time */
	guint64 findings, incidents, stretches; /* of this analysis, all told */
	guint64 incidents_by_verdict[VERDICTS];
	guint64 unlocated, undated; /* sweeps without a place, without a time */
	gboolean any_baseline; /* three passes or more of any place */
} AnalysisSummary;

typedef struct {
	void (*progress)(gpointer user_data, guint64 done, guint64 total); /* sweeps; may be NULL */
	gboolean (*stopped)(gpointer user_data); /* may be NULL */
	gpointer user_data;
} AnalysisReport;

/* Brings the results for these rules and parameters up to date, in transactions: a kill leaves what was there. USAGE for a rule or
 * figure that does not exist; NO_DATA for a store without sweeps. */
gboolean analysis_run(Store *store, const AnalysisOptions *options, const AnalysisReport *report, AnalysisSummary *ret_summary,
		      GError **error);

/* --- what was found --- */

/* The incidents of an analysis in order of time: an array of dictionaries (aa{sv}) with the columns of the table `incident` that
 * are known, lat and lon of its middle, and `evidence`: an array of dictionaries with kind, text and, where they apply, modem,
 * rule, verdict. Owned by the caller; NULL on error. */
GVariant *analysis_incidents(Store *store, gint64 analysis, GError **error);
/* The latest analysis that the store holds; NO_DATA where there is none. */
gboolean analysis_latest(Store *store, gint64 *ret_analysis, GError **error);
/* One incident by its code (with or without its hyphen, in any case) in the latest analysis, as above and with: `findings`, each
 * with rule, looks_for, modem, times and figures in effect, its `sweeps` (those around its begin, its confirmation and its end),
 * `sessions` and `probes`; `devices`; `segments` with file, digest and verification; `imported`; `analysis`. NO_DATA where there is
 * no such incident. Owned by the caller. */
GVariant *analysis_explain(Store *store, const char *code, GError **error);

/* --- the rules, for `analyze --rules` --- */

typedef struct {
	const char *name;
	double value;
	const char *source;
} AnalysisFigure;

typedef struct {
	const char *name, *looks_for, *sub; /* sub may be NULL */
	Verdict verdict;
	Confidence most;
	const AnalysisFigure *figures; /* ends with name == NULL */
} AnalysisRule;
/* NULL behind the last one. Valid until the next call. */
const AnalysisRule *analysis_rule(guint i);

/* --- exchange of baselines: tiles and radio statistics, no times and no tracks --- */

/* Tiles with fewer passes, or by fewer recordings, are left out of what is given away. */
#define BASELINE_MIN_SHARED 3

typedef struct {
	guint64 places, left_out; /* (cell, tile) rows written or read; below the floor, or known already */
} BaselineSummary;

/* CSV to a file or, for "-", to stdout. `floor` (BASELINE_MIN_SHARED or more): how many passes on different days a place needs.
 * NO_DATA where nothing has that many. */
gboolean analysis_baseline_export(Store *store, const char *output, guint floor, BaselineSummary *ret_summary, GError **error);
/* FORMAT names file and line. The same file twice is like once; one by the same name with other content replaces it. */
gboolean analysis_baseline_import(Store *store, const char *path, BaselineSummary *ret_summary, GError **error);
