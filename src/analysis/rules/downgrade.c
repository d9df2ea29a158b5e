/* downgrade: LTE and NR are gone where they always were, and GSM or UMTS serve well.
 *
 * Looks for service by GSM or UMTS at a place where on other days (three passes or more) LTE or NR served this network, for five
 * minutes, on two cells. Not where GSM or UMTS served on more than a quarter of those passes. Without passes of other days, LTE
 * earlier in this recording within a kilometre stands for them, with low confidence. Figures: five minutes, two cells and three
 * passes from verdicts.md. A voice call's fallback to UMTS or GSM lasts as long as the call: a time with the circuit-switched
 * domain alone counts low up to half an hour. Ordinary life has spells of GSM and UMTS of up to 37 min where coverage is thin
 * (measured on public drive traces, verdicts.md): hence the baseline. Cannot tell an order to switch LTE off from a fault of all
 * LTE cells, nor from LTE bands that are jammed while those of GSM are not.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline.h"
#include "analysis/causes.h"
#include "analysis/grounds.h"
#include "analysis/rule.h"

enum {
	FIGURE_LASTS_S,
	FIGURE_PASSES,
	FIGURE_NARROW_SHARE,
	FIGURE_CELLS,
	FIGURE_NEAR_M,
	FIGURE_RECENT_S,
	FIGURE_RSSI,
	FIGURE_CALL_S
};
static const RuleFigure figures[] = {
	{"lasts_s", 300, "verdicts.md: 5 min"},
	{"passes", BASELINE_MIN_PASSES, "verdicts.md: at least 3 other passes"},
	{"narrow_share", 0.25, "verdicts.md: not if seen on earlier passes; one in four is let pass"},
	{"cells", 2, "verdicts.md: two cells"},
	{"near_m", 1000, "a choice: the reach of an LTE cell in a town"},
	{"recent_s", 3600, "a choice: LTE so long ago says nothing of now"},
	{"rssi_dbm", -100, "3GPP TS 45.008 6.4: GSM's usual least level for access is about -104 dBm"},
	{"call_s", 1800, "a choice: few calls are longer"},
	{NULL, 0, NULL},
};

typedef struct {
	When broadband; /* last time on LTE or NR in this recording */
	gboolean had_broadband;
	/* Of the episode: */
	Cells cells;
	guint sweeps, circuit_only, compared, gsm;
	guint passes, broadband_passes;
	Tally rssi_dbm, lte_rsrp_dbm;
	guint refusals, refusal;
} Memory;

static void begin(RuleContext *c)
{
	Memory *mem = c->memory;
	*mem = (Memory){.broadband = mem->broadband, .had_broadband = mem->had_broadband};
}

static double distance_m(const When *a, const When *b)
{
	const double metres_for_degree = 111195, north = (a->lat - b->lat) * metres_for_degree;
	const double east = (a->lon - b->lon) * metres_for_degree * cos(a->lat * G_PI / 180);
	return hypot(north, east);
}

/* LTE or NR a while ago, close by. Standing still is assumed where no place is known, for a quarter of the time. */
static gboolean had_near(const RuleContext *c, const When *at)
{
	const Memory *mem = c->memory;
	const gint64 recent_ms = (gint64)(c->figure[FIGURE_RECENT_S] * 1000), ago_ms = at->boot_ms - mem->broadband.boot_ms;
	if (!mem->had_broadband || ago_ms > recent_ms)
		return FALSE;
	const double far_m = distance_m(at, &mem->broadband);
	return isnan(far_m) ? ago_ms <= recent_ms / 4 : far_m <= c->figure[FIGURE_NEAR_M];
}

static gboolean has_baseline(const RuleContext *c, const Moment *m)
{
	return m->place_base.passes >= c->figure[FIGURE_PASSES];
}

static Holds judge(const RuleContext *c, const Moment *m)
{
	const PlaceBaseline *base = &m->place_base;
	if (moment_own_fault(m))
		return HOLDS_UNKNOWN;
	if (!moment_served(m))
		return HOLDS_UNKNOWN;
	if (moment_broadband(m))
		return HOLDS_NO;
	if (!m->cell || !ENTRY_HAS(m->cell, rat) || (m->cell->fields.rat != RAT_GSM && m->cell->fields.rat != RAT_UMTS))
		return HOLDS_UNKNOWN;
	if (m->median.rssi_dbm < c->figure[FIGURE_RSSI])
		return HOLDS_HALF;
	if (has_baseline(c, m))
		return base->broadband >= c->figure[FIGURE_PASSES] &&
				       base->narrowband <= c->figure[FIGURE_NARROW_SHARE] * base->passes
			       ? HOLDS_YES
			       : HOLDS_NO;
	return had_near(c, &m->at) ? HOLDS_YES : HOLDS_UNKNOWN;
}

static void sum_up(RuleContext *c, const Moment *m)
{
	Memory *mem = c->memory;
	mem->sweeps++;
	mem->gsm += m->cell->fields.rat == RAT_GSM ? 1 : 0;
	mem->circuit_only += ENTRY_HAS(m->state, domain) && m->state->fields.domain == DOMAIN_CS ? 1 : 0;
	if (has_baseline(c, m)) {
		mem->compared++;
		mem->passes = m->place_base.passes;
		mem->broadband_passes = m->place_base.broadband;
	}
	cells_add(&mem->cells, m);
	tally_add(&mem->rssi_dbm, m->median.rssi_dbm);
	for (guint i = 0; i < m->n_heard; i++)
		if (m->heard[i].rat == RAT_LTE || m->heard[i].rat == RAT_NR)
			tally_add(&mem->lte_rsrp_dbm, m->heard[i].rsrp_dbm);
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *mem = c->memory;
	const Holds holds = judge(c, m);
	rule_tell(c, &m->at, holds, TRUE);
	if (moment_broadband(m)) {
		mem->broadband = m->at;
		mem->had_broadband = TRUE;
	}
	if (rule_pending(c) && holds == HOLDS_YES)
		sum_up(c, m);
}

static void event(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const Observation *o = s->observation;
	if (o->event.code != EVENT_NETWORK_REJECT || !EVENT_HAS(o, cause) || !EVENT_HAS(o, rat))
		return;
	if (o->event.rat == RAT_LTE || o->event.rat == RAT_NR) {
		mem->refusals++;
		mem->refusal = o->event.cause;
	}
}

static void say_before(const Memory *mem, Finding *f)
{
	if (mem->compared * 2 > mem->sweeps) {
		finding_say(f, EVIDENCE_FOR, "On %u of %u passes of other times LTE or NR served here", mem->broadband_passes,
			    mem->passes);
		return;
	}
	finding_say(f, EVIDENCE_FOR, "LTE or NR served nearby in this recording, until %.0f s before",
		    (double)(f->onset.boot_ms - mem->broadband.boot_ms) / 1000);
	finding_say(f, EVIDENCE_LIMIT, "There are not enough passes of other days to know what is usual at this place");
	finding_cap(f, CONFIDENCE_LOW);
}

static void say_lte(const Memory *mem, Finding *f)
{
	if (mem->refusals) {
		const char *name = causes_reject_name(RAT_LTE, mem->refusal);
		finding_say(f, EVIDENCE_FOR, "The network refused the modem on LTE or NR %u time%s, at last with cause %u (%s)",
			    mem->refusals, plural(mem->refusals), mem->refusal, name ? name : "not named");
		finding_alternative(f, VERDICT_REJECTED, "LTE was refused to this modem; whether to all is not known from one");
	}
	if (mem->lte_rsrp_dbm.n)
		finding_say(f, EVIDENCE_FOR, "LTE or NR cells could still be heard, the strongest with RSRP %.0f dBm",
			    mem->lte_rsrp_dbm.most);
	else
		finding_alternative(f, VERDICT_CELLS_OFF,
				    "No LTE cell was heard: whether all were switched off, failed or were drowned "
				    "out on their bands is not in the record");
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *mem = c->memory;
	const double lasted_s = (double)(f->end.boot_ms - f->onset.boot_ms) / 1000;
	finding_say(f, EVIDENCE_FOR, "Only %s served for %.0f s, on %u cell%s",
		    mem->gsm == mem->sweeps ? "GSM"
		    : mem->gsm		    ? "GSM and UMTS"
					    : "UMTS",
		    lasted_s, mem->cells.n, plural(mem->cells.n));
	say_before(mem, f);
	if (mem->rssi_dbm.n)
		finding_say(f, EVIDENCE_FOR, "It was received well, at %.0f dBm on average", tally_mean(&mem->rssi_dbm));
	say_lte(mem, f);
	if (mem->circuit_only * 2 > mem->sweeps) {
		if (lasted_s < c->figure[FIGURE_CALL_S]) {
			finding_say(f, EVIDENCE_AGAINST,
				    "Only the domain of voice calls was in use, as in a call that fell back from LTE");
			finding_cap(f, CONFIDENCE_LOW);
		} else {
			finding_say(f, EVIDENCE_FOR,
				    "Only voice calls and short messages were served, no data, for longer than "
				    "calls last");
		}
	}
	if (mem->cells.n < c->figure[FIGURE_CELLS]) {
		finding_say(f, EVIDENCE_LIMIT, "It was seen on %u cell%s only: a fault of one site is not ruled out", mem->cells.n,
			    plural(mem->cells.n));
		finding_cap(f, CONFIDENCE_LOW);
	}
}

const Rule rule_downgrade = {
	.name = "downgrade",
	.looks_for = "LTE and NR gone where they served on other days, while GSM or UMTS serve well",
	.verdict = VERDICT_DOWNGRADE,
	.sub_if_refuted = "own-subscription",
	.most = CONFIDENCE_MEDIUM,
	.witness = WITNESS_SAME_OPERATOR | WITNESS_OF_BROADBAND | WITNESS_RAISES,
	.figures = figures,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.event = event,
	.begin = begin,
	.describe = describe,
};
