/* finding.h - what one rule found in what one modem saw: the judge's raw material, and the sentences of an incident.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis.h"
#include "analysis/moment.h"

typedef struct {
	EvidenceKind kind;
	Verdict other; /* of EVIDENCE_ALTERNATIVE: which is not ruled out */
	char *text;
} Sentence;

typedef struct {
	gint64 id; /* row in the store, once it is written */
	gint64 recording, source;
	const char *rule; /* its name; static */
	Verdict verdict;
	const char *sub; /* static; NULL */
	const char *sub_if_refuted; /* static; NULL */
	Confidence confidence; /* what this modem alone can say; MEDIUM at most */
	guint witness; /* RuleWitness */
	When onset, end; /* first and last moment at which it held */
	gint64 confirmed_ms; /* BOOTTIME at which it had lasted long enough */
	gboolean open; /* the recording ended before it did */
	gboolean roaming; /* the modem was away from its home network */
	char plmn[8]; /* network concerned, "" unknown */
	guint16 band; /* of the serving cell at its onset, 0 unknown */
	double south, west, north, east; /* of the sweeps in it; NAN without a place */
	GPtrArray *sentences; /* of Sentence */
} Finding;

void sentence_free(Sentence *s);
void finding_free(Finding *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Finding, finding_free)
/* One sentence with its figures: full words, units, no abbreviation that is not a standard's; no full stop. Same text twice is said
 * once. */
void finding_say(Finding *f, EvidenceKind kind, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* What else it could be, and why that is not ruled out. */
void finding_alternative(Finding *f, Verdict other, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Lowers the confidence to at most that. */
void finding_cap(Finding *f, Confidence most);

/* A running summary for sentences; zero-initialised. NAN is passed over. */
typedef struct {
	guint n;
	double sum, least, most, first, last;
} Tally;
void tally_add(Tally *t, double value);
/* NAN where nothing was added. */
double tally_mean(const Tally *t);
