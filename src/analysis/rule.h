/* rule.h - the contract of a rule: one file in src/analysis/rules, one line in rules.c.
 *
 * A rule watches one modem (or one satellite receiver) through one recording. It is told what was observed, in order, and answers
 * each time it can with rule_tell(): does what I look for hold now? The engine (episode.c) does the rest: an episode is pending
 * from the first YES, confirmed once it held for the rule's figure "lasts_s" and the rule says that it has seen enough, and it ends
 * when HALF no longer held for twice "lasts_s" (RULE_ASIDE_MS where nothing was told; a verdict clears after twice its entry time
 * at half its deviation). Onset and end are the first and last YES. What was told for another modem, and what it means together, is
 * the judge's business (judge.c), never a rule's.
 *
 * A rule never looks at the store, never changes a moment, and keeps all that it remembers in its `memory`.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis.h"
#include "analysis/finding.h"
#include "analysis/moment.h"

typedef enum {
	HOLDS_NO, /* it does not */
	HOLDS_HALF, /* not any more, or not quite: keeps an episode alive, does not begin one, does not count as lasting */
	HOLDS_YES,
	HOLDS_UNKNOWN, /* nothing can be said now: neither way; an episode that is not confirmed ends after RULE_UNKNOWN_MS of it */
} Holds;
#define RULE_UNKNOWN_MS 60000
#define RULE_ASIDE_MS 300000 /* a confirmed one ends, as of its last YES, when nothing was told for so long */

typedef enum { RULE_OF_MODEM, RULE_OF_RECEIVER } RuleSubject;

/* What the judge asks of other modems at the same time and place before it believes the rule; bits. */
typedef enum {
	/* Another modem of the same operator, with a home SIM, that is fine there refutes it: it is this subscription's or this
	 * modem's affair. The sub-kind becomes the rule's sub_if_refuted; where that is NULL the finding is dropped. "Fine" is: has
	 * service, and for rules of data also a session or probe that went well. */
	WITNESS_SAME_OPERATOR = 1 << 0,
	/* "Other operators as usual": where another operator's modem is there too, its being gone as well refutes it (the finding
	 * becomes VERDICT_UNDETERMINED), and its being fine is evidence for it. Where no other is there that is said as a limit. */
	WITNESS_OTHER_OPERATOR = 1 << 1,
	/* GNSS that was lost over the same time refutes it likewise: a tunnel, a lift, or a jammer of everything. */
	WITNESS_GNSS = 1 << 2,
	/* It is about data: see WITNESS_SAME_OPERATOR. */
	WITNESS_OF_DATA = 1 << 3,
	/* It is about LTE and NR: a modem that is served by less refutes nothing. */
	WITNESS_OF_BROADBAND = 1 << 5,
	/* The same verdict from another operator's modem or on another band is an independent witness: confidence rises by one. A
	 * finding that has nothing to compare with takes it off (describe). */
	WITNESS_RAISES = 1 << 4,
} RuleWitness;

/* A figure of a rule. It can be set by `analyze --set RULE.NAME=VALUE`; every result keeps the values that it was made with. */
typedef struct {
	const char *name; /* "residual_db"; "lasts_s" is the engine's and every rule has it, first */
	double value;
	const char *source; /* where it comes from: a standard, a publication, verdicts.md, a measurement */
} RuleFigure;
#define RULE_MAX_FIGURES 12

typedef struct RuleContext RuleContext;

typedef struct {
	const char *name; /* "jamming-degraded" */
	const char *looks_for; /* a sentence */
	Verdict verdict;
	const char *sub; /* "degraded"; NULL */
	const char *sub_if_refuted; /* see RuleWitness; NULL */
	RuleSubject subject;
	Confidence most; /* that this rule may have at all */
	guint witness;
	const RuleFigure *figures; /* ends with name == NULL; figure[0] is lasts_s */
	gint64 aside_ms; /* in place of RULE_ASIDE_MS, for what is tested seldom; 0: RULE_ASIDE_MS */
	gsize memory; /* zeroed at the begin of each recording, for each modem */
	/* Each may be NULL. */
	void (*sweep)(RuleContext *c, const Moment *m);
	void (*session)(RuleContext *c, const Seen *s);
	void (*probe)(RuleContext *c, const Seen *s); /* each check, and the row of the round (PROBE_ROUND) after its checks */
	void (*event)(RuleContext *c, const Seen *s); /* of the same source, and the recorder's own (modem NULL) */
	void (*sky)(RuleContext *c, const Seen *s);
	void (*fix)(RuleContext *c,
		    const Seen *s); /* the first, and each whose mode is not that of the one before; nothing but its mode */
	/* Called when an episode becomes pending: clear what is summed up for the sentences. May be NULL. */
	void (*begin)(RuleContext *c);
	/* The sentences of a confirmed episode that ended; confidence and sub-kind may be set here too. Required. */
	void (*describe)(RuleContext *c, Finding *f);
} Rule;

struct RuleContext {
	const Rule *rule;
	gpointer memory;
	double figure[RULE_MAX_FIGURES]; /* in the order of rule->figures */
	/* The engine's. */
	struct Episode *episode;
};

/* What holds as of `at`; `enough` FALSE: do not confirm yet, however long it lasts. In one call of a callback at most once. */
void rule_tell(RuleContext *c, const When *at, Holds holds, gboolean enough);
/* An episode is under way (pending or confirmed). */
gboolean rule_pending(const RuleContext *c);
/* How long its YES has held so far; 0 where none is pending. */
gint64 rule_held_ms(const RuleContext *c);

/* All rules, in the order of the gates: own fault, radio, access, session, data plane. Ends with NULL. */
extern const Rule *const rules[];
guint rules_count(void);
