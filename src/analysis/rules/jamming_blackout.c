/* jamming-blackout: there is power on the air, more than usual, and no cell can be made out in it.
 *
 * Looks for: a modem that had service at most 120 s ago, hears no cell at all now, and receives wideband power that is far
 * above the noise floor and above what is usual here (on other passes; where there are none, before service went).
 *
 * Figures: verdicts.md, decision table. A cell is lost at an SNR of about -6 to -8 dB (TS 36.133 clauses 7.6 and 8.1.2.2), so
 * a jammer that hides it is four times as strong and raises the power by more than 3 dB. A modem whose receiver stopped
 * decoding (firmware) shows the usual power: that is no YES, unless its SNR had fallen below 0 dB before, when what is called
 * usual is the jammer's already.
 *
 * Cannot tell: modems that do not tell their received power get no verdict here. A jammer from another sender that fell into
 * the band.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline.h"
#include "analysis/radio.h"
#include "analysis/rule.h"

enum { LASTS, SERVED_AGO, OVER_FLOOR, RISE, MEDIUM_S, BANDS };
static const RuleFigure figures[] = {
	{"lasts_s", 30, "verdicts.md, decision table"},
	{"served_ago_s", 120, "verdicts.md, decision table"},
	{"over_floor_db", 10, "verdicts.md, decision table"},
	{"rise_db", 3, "an SNR of -6 dB, at which a cell is lost (TS 36.133 clause 8.1.2.2), quadruples the noise"},
	{"medium_s", 60, "verdicts.md, decision table"},
	{"bands", 2, "verdicts.md, decision table"},
	{NULL, 0, NULL},
};
/* Of two medians of the same power, between which a tenth of a dB is noise. */
#define SAME_DB 2.0
#define MAX_BANDS 8

typedef struct {
	Tally rx, over_floor, over_usual;
	double snr_before;
	gboolean by_place; /* usual: of other passes */
	guint passes;
	guint16 band[MAX_BANDS];
	guint n_bands;
} Memory;

static void begin(RuleContext *c)
{
	*(Memory *)c->memory = (Memory){0};
}

static double usual_dbm(const Moment *m, gboolean *ret_by_place)
{
	const PlaceBaseline *place = &m->place_base;
	*ret_by_place = place->passes >= BASELINE_MIN_PASSES && !isnan(place->rx_dbm);
	return *ret_by_place ? place->rx_dbm : m->modem->last_signal.rx_dbm;
}

static Holds judge(const RuleContext *c, const Moment *m)
{
	gboolean by_place;
	if (moment_own_fault(m))
		return HOLDS_UNKNOWN;
	if (!radio_silent(m))
		return m->state->service == SERVICE_STATE_UNKNOWN ? HOLDS_UNKNOWN : HOLDS_NO;
	/* never served in this recording: G_MININT64, the difference of which has no meaning */
	const Modem *modem = m->modem;
	if (!rule_pending(c) &&
	    (modem->served_ms == G_MININT64 || m->at.boot_ms - modem->served_ms > (gint64)(c->figure[SERVED_AGO] * 1000)))
		return HOLDS_NO;
	const double usual = usual_dbm(m, &by_place), rx = m->median.rx_dbm;
	if (isnan(rx) || isnan(usual))
		return HOLDS_UNKNOWN;
	const double over_floor = rx - radio_floor_dbm(m);
	const double rise = modem->last_signal.snr_db < 0 ? -SAME_DB : c->figure[RISE];
	if (over_floor >= c->figure[OVER_FLOOR] && rx - usual >= rise)
		return HOLDS_YES;
	return over_floor >= c->figure[OVER_FLOOR] / 2 && rx - usual >= -SAME_DB ? HOLDS_HALF : HOLDS_NO;
}

static void note_band(Memory *memory, const Entry *cell)
{
	if (!cell || !ENTRY_HAS(cell, band) || memory->n_bands == MAX_BANDS)
		return;
	for (guint i = 0; i < memory->n_bands; i++)
		if (memory->band[i] == cell->fields.band)
			return;
	memory->band[memory->n_bands++] = cell->fields.band;
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	const Holds holds = judge(c, m);
	rule_tell(c, &m->at, holds, TRUE);
	if (holds != HOLDS_YES)
		return;
	const double usual = usual_dbm(m, &memory->by_place);
	memory->snr_before = m->modem->last_signal.snr_db;
	memory->passes = m->place_base.passes;
	tally_add(&memory->rx, m->median.rx_dbm);
	tally_add(&memory->over_floor, m->median.rx_dbm - radio_floor_dbm(m));
	tally_add(&memory->over_usual, m->median.rx_dbm - usual);
	/* the band that it is tuned to, or was when service went */
	note_band(memory, ENTRY_HAS(m->cell, band) ? m->cell : m->modem->last_cell);
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *memory = c->memory;
	const double seconds = (double)(f->end.boot_ms - f->onset.boot_ms) / 1000;
	finding_say(f, EVIDENCE_FOR,
		    "the received power stayed at %.0f dBm, %.0f dB above the noise floor (never less than %.0f dB), while no cell"
		    " could be decoded"
		    " for %.0f s",
		    tally_mean(&memory->rx), tally_mean(&memory->over_floor), memory->over_floor.least, seconds);
	if (memory->by_place)
		finding_say(f, EVIDENCE_FOR, "that is %.0f dB more than is usual here (%u other passes)",
			    tally_mean(&memory->over_usual), memory->passes);
	else
		finding_say(f, EVIDENCE_FOR, "that is %+.0f dB against the power received just before service went",
			    tally_mean(&memory->over_usual));
	if (memory->snr_before < 0)
		finding_say(f, EVIDENCE_FOR, "before service went, the cell was drowning already: SNR %.0f dB", memory->snr_before);
	if (!memory->by_place) {
		finding_say(f, EVIDENCE_LIMIT, "what is usual here is not known from other passes");
		f->witness &= ~(guint)WITNESS_RAISES; /* low, whoever saw the same */
	}
	if (memory->n_bands < (guint)c->figure[BANDS]) {
		finding_say(f, EVIDENCE_LIMIT, "it was seen on one band only, or the modem does not tell which it searches");
		finding_alternative(f, VERDICT_OWN_FAULT,
				    "a receiver that is overloaded by a sender close by, or that has failed,"
				    " decodes nothing"
				    " either");
	}
	if (memory->n_bands < (guint)c->figure[BANDS] || seconds < c->figure[MEDIUM_S])
		finding_cap(f, CONFIDENCE_LOW);
	else
		finding_say(f, EVIDENCE_FOR, "it was so on %u bands", memory->n_bands);
	finding_alternative(f, VERDICT_UNDETERMINED, "a sender that fell into the band by defect looks the same");
}

const Rule rule_jamming_blackout = {
	.name = "jamming-blackout",
	.looks_for = "power far above the noise floor and above the usual, in which no cell can be decoded, shortly after there was"
		     " service",
	.verdict = VERDICT_JAMMING,
	.sub = "blackout",
	.most = CONFIDENCE_MEDIUM,
	.witness = WITNESS_RAISES,
	.figures = figures,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.begin = begin,
	.describe = describe,
};
