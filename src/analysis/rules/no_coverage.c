/* no-coverage: the signal fades away, and the received power with it: a tunnel, a lift, the edge of the network.
 *
 * Looks for: RSRP at the edge of what can be used and received power near the noise floor; or no cell at all, received power
 * at the floor, and a reason why it is the place and not the network: the signal was fading before, satellites went at the
 * same time, or on other passes there was no service here either.
 *
 * Figures: a cell may be camped on down to about -124 dBm (Qrxlevmin as usually set, TS 36.304 clause 5.2.3.2) and noise is
 * about -124 dBm per resource element with a noise figure of 7 dB: at -115 dBm an SNR of 9 dB is the most there can be, and
 * any neighbour halves it.
 *
 * Cannot tell: a network that never was there from one that was switched off before the first pass.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline.h"
#include "analysis/radio.h"
#include "analysis/rule.h"

enum { LASTS, EDGE, FADING, AT_FLOOR };
static const RuleFigure figures[] = {
	{"lasts_s", 20, "between a bridge that is driven under and a lift (verdicts.md, scenario 15: 40 s)"},
	{"edge_dbm", -115, "TS 36.304 clause 5.2.3.2 and thermal noise, with a margin of 9 dB"},
	{"fading_dbm", -108, "measured: 98.6 % of the sweeps of the drive traces are stronger"},
	{"at_floor_db", 6, "verdicts.md: a jammer is 10 dB over the floor; half of it and the spread of receivers"},
	{NULL, 0, NULL},
};
/* A cell at the edge still adds its power to the floor: -115 dBm are -87 dBm in 10 MHz. */
#define EDGE_OVER_FLOOR_DB 13.0
/* Satellites count as gone with the signal where the place was known so shortly before. */
#define SKY_GONE_MS 180000

typedef struct {
	gint64 located_ms;
	gboolean located_before;
	Tally rsrp, rx, over_floor;
	double rsrp_before;
	gboolean silent, sky_gone, known_hole;
	guint passes, served;
} Memory;

static void begin(RuleContext *c)
{
	const Memory old = *(const Memory *)c->memory;
	*(Memory *)c->memory = (Memory){.located_ms = old.located_ms, .located_before = old.located_before};
}

static gboolean sky_gone(const Memory *memory, const Moment *m)
{
	return memory->located_before && !radio_located(&m->at) && m->at.boot_ms - memory->located_ms <= SKY_GONE_MS;
}

static gboolean known_hole(const Moment *m)
{
	return m->place_base.passes >= BASELINE_MIN_PASSES && 2 * m->place_base.served < m->place_base.passes;
}

static gboolean has_reason(const RuleContext *c, const Moment *m)
{
	return m->modem->last_signal.rsrp_dbm <= c->figure[FADING] || sky_gone(c->memory, m) || known_hole(m);
}

static Holds judge(const RuleContext *c, const Moment *m)
{
	const Memory *memory = c->memory;
	const double over_floor = m->median.rx_dbm - radio_floor_dbm(m);
	if (moment_own_fault(m))
		return HOLDS_UNKNOWN;
	if (radio_silent(m)) {
		if (over_floor > c->figure[AT_FLOOR])
			return HOLDS_NO;
		return has_reason(c, m) || (rule_pending(c) && memory->silent) ? HOLDS_YES : HOLDS_NO;
	}
	const Rat rat = ENTRY_HAS(m->cell, rat) ? (Rat)m->cell->fields.rat : RAT_NONE;
	if (rat != RAT_LTE && rat != RAT_NR)
		return moment_served(m) ? HOLDS_NO : HOLDS_UNKNOWN;
	if (isnan(m->median.rsrp_dbm))
		return HOLDS_UNKNOWN;
	if (over_floor > EDGE_OVER_FLOOR_DB)
		return HOLDS_NO;
	return m->median.rsrp_dbm <= c->figure[EDGE] ? HOLDS_YES : m->median.rsrp_dbm <= c->figure[FADING] ? HOLDS_HALF : HOLDS_NO;
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	const Holds holds = judge(c, m);
	rule_tell(c, &m->at, holds, TRUE);
	if (holds == HOLDS_YES) {
		tally_add(&memory->rsrp, m->median.rsrp_dbm);
		tally_add(&memory->rx, m->median.rx_dbm);
		tally_add(&memory->over_floor, m->median.rx_dbm - radio_floor_dbm(m));
		memory->rsrp_before = m->modem->last_signal.rsrp_dbm;
		memory->silent |= radio_silent(m);
		memory->sky_gone |= sky_gone(memory, m);
		memory->known_hole |= known_hole(m);
		memory->passes = m->place_base.passes;
		memory->served = m->place_base.served;
	}
	if (radio_located(&m->at)) {
		memory->located_before = TRUE;
		memory->located_ms = m->at.boot_ms;
	}
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *memory = c->memory;
	if (memory->rsrp.n)
		finding_say(f, EVIDENCE_FOR,
			    "the signal was at the edge of what a modem can use: RSRP %.0f to %.0f"
			    " dBm",
			    memory->rsrp.least, memory->rsrp.most);
	if (memory->silent)
		finding_say(f, EVIDENCE_FOR, "no cell was heard; the last one had a RSRP of %.0f dBm", memory->rsrp_before);
	if (memory->rx.n)
		finding_say(f, EVIDENCE_FOR,
			    "the received power fell with it, to %.0f dBm (%.0f dB above the noise floor): nothing drowned out the "
			    "cells",
			    memory->rx.least, memory->over_floor.least);
	else
		finding_say(f, EVIDENCE_LIMIT,
			    "the modem does not tell the received power, which would separate silence from a jammer");
	if (memory->sky_gone)
		finding_say(f, EVIDENCE_FOR, "satellites were lost at the same time, as in a tunnel, a lift or a building");
	if (memory->known_hole)
		finding_say(f, EVIDENCE_FOR, "on other passes there was no service here either (%u of %u had some)", memory->served,
			    memory->passes);
	if (!memory->rx.n && !memory->known_hole) {
		finding_cap(f, CONFIDENCE_LOW);
		finding_alternative(f, VERDICT_JAMMING, "without the received power a jammer is not ruled out");
	}
	if (memory->silent && !memory->known_hole)
		finding_alternative(f, VERDICT_CELLS_OFF, "cells that were switched off leave the same silence");
}

const Rule rule_no_coverage = {
	.name = "no-coverage",
	.looks_for = "a signal that fades away together with the received power, or a place without service on other passes too",
	.verdict = VERDICT_NO_COVERAGE,
	.sub = NULL,
	.most = CONFIDENCE_MEDIUM,
	.witness = 0,
	.figures = figures,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.begin = begin,
	.describe = describe,
};
