/* fake-cell: a strong cell that nobody knows turns the modem away and leaves it on 2G.
 *
 * Looks for: a serving cell that no other pass knew here, stronger than what is usual at this place, with hardly a neighbour;
 * within a minute a reject of the kind that such cells use (EMM 3, 6, 7, 8, 11 to 15, 20), and then GSM.
 *
 * Figures: verdicts.md, decision table. A cell in somebody's bag has to be stronger than the network's to be chosen at all.
 *
 * Cannot tell: a new cell of the operator, or one put up for an event, that is not yet configured. Low at most, always. A
 * place without other passes says nothing of what is known there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline.h"
#include "analysis/radio.h"
#include "analysis/rule.h"

enum { LASTS, STRONGER, NEIGHBOURS, REJECT_S, LEFT_S };
static const RuleFigure figures[] = {
	{"lasts_s", 5, "two sweeps on GSM at least"},
	{"stronger_db", 6, "twice the spread of a place (verdicts.md: RSRP 3.6 dB, median)"},
	{"neighbours", 1, "verdicts.md, decision table: few"},
	{"reject_s", 60, "a tracking area update and its timers (T3430, 15 s) are over by then"},
	{"left_s", 120, "a search of all bands takes so long"},
	{NULL, 0, NULL},
};

typedef struct {
	/* the last suspicious cell */
	gint64 odd_ms, reject_ms;
	gboolean odd, rejected;
	gint cause;
	guint32 arfcn;
	double rsrp_dbm, usual_dbm;
	guint passes, neighbours;
	/* of the episode: what it was then */
	gboolean gsm;
} Memory;

static void begin(RuleContext *c)
{
	((Memory *)c->memory)->gsm = FALSE;
}

static gboolean is_used_by_such_cells(gint cause)
{
	return cause == 3 || cause == 6 || cause == 7 || cause == 8 || (cause >= 11 && cause <= 15) || cause == 20;
}

static guint count_neighbours(const Moment *m)
{
	guint n = 0;
	for (guint i = 0; i < m->n_heard; i++)
		n += m->heard[i].serving ? 0 : 1;
	return n;
}

static gboolean is_odd(const RuleContext *c, const Moment *m)
{
	const Rat rat = ENTRY_HAS(m->cell, rat) ? (Rat)m->cell->fields.rat : RAT_NONE;
	return (rat == RAT_LTE || rat == RAT_NR) && m->place_base.passes >= BASELINE_MIN_PASSES && m->cell_base.passes == 0 &&
	       m->median.rsrp_dbm - m->place_base.rsrp_dbm >= c->figure[STRONGER] &&
	       count_neighbours(m) <= (guint)c->figure[NEIGHBOURS];
}

static void take_reject(RuleContext *c, const When *at, gint cause)
{
	Memory *memory = c->memory;
	if (!memory->odd || at->boot_ms - memory->odd_ms > (gint64)(c->figure[REJECT_S] * 1000) || !is_used_by_such_cells(cause))
		return;
	memory->rejected = TRUE;
	memory->reject_ms = at->boot_ms;
	memory->cause = cause;
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	if (moment_own_fault(m)) {
		memory->odd = memory->rejected = FALSE;
		rule_tell(c, &m->at, HOLDS_UNKNOWN, FALSE);
		return;
	}
	if (is_odd(c, m)) {
		memory->odd = TRUE;
		memory->odd_ms = m->at.boot_ms;
		memory->arfcn = ENTRY_HAS(m->cell, arfcn) ? m->cell->fields.arfcn : 0;
		memory->rsrp_dbm = m->median.rsrp_dbm;
		memory->usual_dbm = m->place_base.rsrp_dbm;
		memory->passes = m->place_base.passes;
		memory->neighbours = count_neighbours(m);
	}
	if (ENTRY_HAS(m->state, reject_cause) && m->state->service == SERVICE_STATE_DENIED)
		take_reject(c, &m->at, m->state->fields.reject_cause);
	const gboolean gsm = ENTRY_HAS(m->cell, rat) && m->cell->fields.rat == RAT_GSM;
	const gboolean soon = m->at.boot_ms - memory->reject_ms <= (gint64)(c->figure[LEFT_S] * 1000);
	const gboolean in_time = memory->rejected && (soon || memory->gsm);
	const Holds holds = in_time && gsm ? HOLDS_YES : in_time && !moment_broadband(m) ? HOLDS_HALF : HOLDS_NO;
	rule_tell(c, &m->at, holds, TRUE);
	if (holds == HOLDS_YES)
		memory->gsm = TRUE;
	if (moment_broadband(m) && !is_odd(c, m))
		memory->rejected = memory->gsm = memory->odd = FALSE;
}

static void event(RuleContext *c, const Seen *s)
{
	const Observation *o = s->observation;
	if (o->event.code == EVENT_NETWORK_REJECT && EVENT_HAS(o, cause))
		take_reject(c, &s->at, o->event.cause);
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *memory = c->memory;
	finding_say(f, EVIDENCE_FOR,
		    "a cell that none of %u other passes knew here (EARFCN %u) was %.0f dB stronger than what is"
		    " usual (RSRP %.0f dBm)",
		    memory->passes, memory->arfcn, memory->rsrp_dbm - memory->usual_dbm, memory->rsrp_dbm);
	finding_say(f, EVIDENCE_FOR, "it had %u neighbour%s that could be heard", memory->neighbours,
		    memory->neighbours == 1 ? "" : "s");
	finding_say(f, EVIDENCE_FOR,
		    "the modem was turned away with cause %d, and then it was on GSM, where anybody can"
		    " listen",
		    memory->cause);
	finding_say(f, EVIDENCE_LIMIT, "a modem cannot see who runs a cell");
	finding_alternative(f, VERDICT_REJECTED,
			    "a new cell of the operator, or one put up for an event, may be configured wrongly");
	(void)c;
}

const Rule rule_fake_cell = {
	.name = "fake-cell",
	.looks_for = "an unknown strong cell with few neighbours, a reject as such cells send it, and then GSM",
	.verdict = VERDICT_FAKE_CELL,
	.sub = NULL,
	.most = CONFIDENCE_LOW,
	.witness = 0,
	.figures = figures,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.event = event,
	.begin = begin,
	.describe = describe,
};
