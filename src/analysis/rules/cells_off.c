/* cells-off: where the network has always been there is silence, and the received power is down to the noise.
 *
 * Looks for: no cell of the home network at a place where other passes (three or more) had service, and received power at the noise
 * floor; or a cell of another network heard there, which lets nobody in. Without other passes: somebody who stands still and was
 * served there just before, low.
 *
 * Figures: verdicts.md, decision table. Whether other operators are as usual, and whether satellites went too, is the judge's to
 * ask.
 *
 * Cannot tell: an order from a power cut or a fault. An antenna that fell off leaves the same silence: low where nobody else is
 * heard. The place must be known now: a position that is merely held on to, as in a tunnel, says nothing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline.h"
#include "analysis/radio.h"
#include "analysis/rule.h"

enum { LASTS, AT_FLOOR, STILL, FADED };
static const RuleFigure figures[] = {
	{"lasts_s", 180, "verdicts.md, decision table"},
	{"at_floor_db", 6, "verdicts.md: a jammer is 10 dB over the floor; half of it and the spread of receivers"},
	{"still_m", 30, "the error of ordinary fixes, several times over"},
	{"faded_dbm", -108, "a signal so weak may be lost by a step to the side: no-coverage"},
	{NULL, 0, NULL},
};
#define SERVED_AGO_MS 120000

typedef struct {
	double served_lat, served_lon; /* where there was service last */
	gint64 served_ms;
	gboolean served_located;
	Tally rx, over_floor;
	gboolean by_place, other_heard;
	guint passes, served;
	double rsrp_usual, rsrp_before;
	char other[8];
} Memory;

static void begin(RuleContext *c)
{
	const Memory old = *(const Memory *)c->memory;
	*(Memory *)c->memory = (Memory){.served_lat = old.served_lat,
					.served_lon = old.served_lon,
					.served_ms = old.served_ms,
					.served_located = old.served_located};
}

/* Camped on a cell of another network that gives emergency calls at most. */
static gboolean other_heard(const Moment *m)
{
	return m->state->service == SERVICE_STATE_LIMITED && *m->cell->plmn && *m->modem->home &&
	       !g_str_equal(m->cell->plmn, m->modem->home);
}

static gboolean stands_still(const RuleContext *c, const Moment *m)
{
	const Memory *memory = c->memory;
	if (!memory->served_located || (!rule_pending(c) && m->at.boot_ms - memory->served_ms > SERVED_AGO_MS))
		return FALSE;
	return m->modem->last_signal.rsrp_dbm > c->figure[FADED] &&
	       radio_apart_m(memory->served_lat, memory->served_lon, m->at.lat, m->at.lon) <= c->figure[STILL];
}

static Holds by_power(const RuleContext *c, const Moment *m)
{
	const double over_floor = m->median.rx_dbm - radio_floor_dbm(m);
	if (isnan(over_floor))
		return HOLDS_UNKNOWN;
	return over_floor <= c->figure[AT_FLOOR] ? HOLDS_YES : over_floor <= 1.5 * c->figure[AT_FLOOR] ? HOLDS_HALF : HOLDS_NO;
}

static Holds judge(const RuleContext *c, const Moment *m)
{
	if (moment_own_fault(m))
		return HOLDS_UNKNOWN;
	if (!radio_silent(m) && !other_heard(m))
		return m->state->service == SERVICE_STATE_UNKNOWN ? HOLDS_UNKNOWN : HOLDS_NO;
	if (!radio_located(&m->at))
		return HOLDS_UNKNOWN;
	const PlaceBaseline *place = &m->place_base;
	if (place->passes >= BASELINE_MIN_PASSES) {
		if (place->served < BASELINE_MIN_PASSES || 2 * place->served <= place->passes)
			return HOLDS_NO;
	} else if (!stands_still(c, m)) {
		return HOLDS_UNKNOWN;
	}
	return other_heard(m) ? HOLDS_YES : by_power(c, m);
}

static void sum_up(Memory *memory, const Moment *m)
{
	tally_add(&memory->rx, other_heard(m) ? NAN : m->median.rx_dbm);
	tally_add(&memory->over_floor, other_heard(m) ? NAN : m->median.rx_dbm - radio_floor_dbm(m));
	memory->rsrp_before = m->modem->last_signal.rsrp_dbm;
	if (m->place_base.passes >= BASELINE_MIN_PASSES) {
		memory->by_place = TRUE;
		memory->passes = m->place_base.passes;
		memory->served = m->place_base.served;
		memory->rsrp_usual = m->place_base.rsrp_dbm;
	}
	if (other_heard(m)) {
		memory->other_heard = TRUE;
		g_strlcpy(memory->other, m->cell->plmn, sizeof memory->other);
	}
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	const Holds holds = judge(c, m);
	rule_tell(c, &m->at, holds, TRUE);
	if (holds == HOLDS_YES)
		sum_up(memory, m);
	if (moment_served(m)) {
		memory->served_located = radio_located(&m->at);
		memory->served_lat = m->at.lat;
		memory->served_lon = m->at.lon;
		memory->served_ms = m->at.boot_ms;
	}
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *memory = c->memory;
	const double seconds = (double)(f->end.boot_ms - f->onset.boot_ms) / 1000;
	if (memory->by_place)
		finding_say(f, EVIDENCE_FOR,
			    "no cell of the network was heard for %.0f s where %u of %u other passes had service"
			    " (usual RSRP %.0f dBm)",
			    seconds, memory->served, memory->passes, memory->rsrp_usual);
	else
		finding_say(f, EVIDENCE_FOR,
			    "no cell of the network was heard for %.0f s although the modem stood where it had been served just"
			    " before (RSRP %.0f dBm)",
			    seconds, memory->rsrp_before);
	if (memory->rx.n)
		finding_say(f, EVIDENCE_FOR,
			    "the received power was down at the noise (%.0f dBm, %.0f dB above the floor): no jammer"
			    " was heard",
			    tally_mean(&memory->rx), tally_mean(&memory->over_floor));
	if (memory->other_heard)
		finding_say(f, EVIDENCE_FOR, "the modem and its antenna worked: it heard a cell of another network (%s)",
			    memory->other);
	else
		finding_alternative(f, VERDICT_OWN_FAULT, "an antenna that came off leaves the same silence");
	if (memory->rx.n == 0)
		finding_alternative(f, VERDICT_JAMMING, "the received power on the network's own channels is not known");
	if (!memory->by_place) {
		finding_say(f, EVIDENCE_LIMIT, "what is usual here is not known from other passes");
		finding_alternative(f, VERDICT_NO_COVERAGE, "without other passes the place may have no reliable coverage");
	}
	if (!memory->by_place || memory->rx.n == 0)
		finding_cap(f, CONFIDENCE_LOW);
	finding_alternative(f, VERDICT_UNDETERMINED, "a power cut or a fault of the network looks like an order to switch it off");
}

const Rule rule_cells_off = {
	.name = "cells-off",
	.looks_for = "silence at the noise floor where the network has been on other passes",
	.verdict = VERDICT_CELLS_OFF,
	.sub = NULL,
	.most = CONFIDENCE_MEDIUM,
	.witness = WITNESS_OTHER_OPERATOR | WITNESS_GNSS,
	.figures = figures,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.begin = begin,
	.describe = describe,
};
