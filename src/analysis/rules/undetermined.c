/* undetermined: something is out of the ordinary, and what it is the record does not tell.
 *
 * Looks for: service that was there in this recording and has been gone for a minute; or a serving cell far worse than on other
 * passes although it is as strong. What other rules decide for the same modem and time goes before: the judge drops this.
 *
 * Figures: verdicts.md has none. A minute is longer than a lift, a handover that failed (T311, at most 30 s, TS 36.331) and a
 * search.
 *
 * Cannot tell: by its nature. It names the candidates that its own figures leave open.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/radio.h"
#include "analysis/rule.h"

enum { LASTS, RSRQ, SNR, RSRP, SPREAD, OVER_FLOOR };
static const RuleFigure figures[] = {
	{"lasts_s", 60, "longer than T311 (at most 30 s, TS 36.331 clause 7.3) and a search after it"},
	{"rsrq_db", 5, "verdicts.md, numbers"},
	{"snr_db", 10, "verdicts.md, numbers"},
	{"rsrp_db", 6, "verdicts.md, numbers"},
	{"spread_times", 2, "as in jamming-degraded"},
	{"over_floor_db", 10, "verdicts.md, decision table: above it is power, below it silence"},
	{NULL, 0, NULL},
};

typedef struct {
	Tally over_floor, rsrq_worse, snr_worse, neighbour, residual;
	gint64 gone_ms; /* of the episode: when service was last there */
	double rsrp_before;
	gboolean gone, silent, limited, denied, worse;
	guint passes;
} Memory;

static void begin(RuleContext *c)
{
	*(Memory *)c->memory = (Memory){0};
}

static gboolean is_gone(const Moment *m)
{
	const ServiceState service = m->state->service;
	return m->modem->served_ms != G_MININT64 &&
	       (service == SERVICE_STATE_NONE || service == SERVICE_STATE_LIMITED || service == SERVICE_STATE_DENIED);
}

static double worse_share(const RuleContext *c, const Moment *m)
{
	if (!moment_broadband(m) || !radio_has_cell_base(m) || !(radio_loss(m).rsrp_db <= c->figure[RSRP]))
		return 0;
	const RadioLoss none = {0, 0, 0};
	return radio_loss_share(m, &none, c->figure[RSRQ], c->figure[SNR], c->figure[SPREAD]);
}

static void sum_up(Memory *memory, const Moment *m)
{
	if (is_gone(m)) {
		memory->gone = TRUE;
		memory->silent |= radio_silent(m);
		memory->limited |= m->state->service == SERVICE_STATE_LIMITED;
		memory->denied |= m->state->service == SERVICE_STATE_DENIED;
		memory->gone_ms = m->modem->served_ms;
		memory->rsrp_before = m->modem->last_signal.rsrp_dbm;
		tally_add(&memory->over_floor, radio_silent(m) ? m->median.rx_dbm - radio_floor_dbm(m) : NAN);
		return;
	}
	memory->worse = TRUE;
	memory->passes = m->cell_base.passes;
	tally_add(&memory->rsrq_worse, radio_loss(m).rsrq_db);
	tally_add(&memory->snr_worse, radio_loss(m).snr_db);
	tally_add(&memory->neighbour, moment_neighbour_db(m));
	tally_add(&memory->residual, moment_residual_db(m));
}

static void sweep(RuleContext *c, const Moment *m)
{
	Holds holds = HOLDS_UNKNOWN;
	if (!moment_own_fault(m) && m->state->service != SERVICE_STATE_UNKNOWN) {
		const double share = worse_share(c, m);
		holds = is_gone(m) || share >= 1 ? HOLDS_YES : share >= 0.5 ? HOLDS_HALF : HOLDS_NO;
	}
	rule_tell(c, &m->at, holds, TRUE);
	if (holds == HOLDS_YES)
		sum_up(c->memory, m);
}

static void say_gone(const RuleContext *c, const Memory *memory, Finding *f)
{
	const double seconds = (double)(f->end.boot_ms - memory->gone_ms) / 1000;
	const double over = tally_mean(&memory->over_floor);
	finding_say(f, EVIDENCE_FOR, "service was gone for %.0f s (%s)", seconds,
		    memory->denied    ? "the network turned the modem away"
		    : memory->limited ? "a cell was heard, but it let nobody in"
				      : "no cell was heard");
	if (!isnan(memory->rsrp_before))
		finding_say(f, EVIDENCE_FOR, "before, the serving cell had a RSRP of %.0f dBm", memory->rsrp_before);
	if (memory->silent && isnan(over))
		finding_say(f, EVIDENCE_LIMIT,
			    "the modem does not tell the received power, which would separate silence from a jammer");
	else if (memory->silent)
		finding_say(f, EVIDENCE_FOR, "while no cell was heard, the received power was %.0f dB above the noise floor", over);
	if (memory->denied || memory->limited) {
		finding_alternative(f, VERDICT_REJECTED, "the network, or the cells left, may be refusing this subscription");
		finding_alternative(f, VERDICT_BARRED, "the cells may be closed to ordinary users");
	}
	/* below that power it is silence: isnan leaves all open */
	if (memory->silent && !(over < c->figure[OVER_FLOOR]))
		finding_alternative(f, VERDICT_JAMMING, "a jammer hides all cells");
	if (memory->silent && !(over >= c->figure[OVER_FLOOR]))
		finding_alternative(f, VERDICT_NO_COVERAGE, "the place may have no coverage");
	if (!memory->denied && !(over >= c->figure[OVER_FLOOR]))
		finding_alternative(f, VERDICT_CELLS_OFF, "the cells may have been switched off");
	if (memory->silent)
		finding_alternative(f, VERDICT_OWN_FAULT, "the antenna may have come off, or the receiver have failed");
}

static void say_worse(const Memory *memory, Finding *f)
{
	finding_say(f, EVIDENCE_FOR,
		    "the serving cell was as strong as on %u other passes here, but its quality was worse: RSRQ by %.0f dB, SNR by "
		    "%.0f dB",
		    memory->passes, tally_mean(&memory->rsrq_worse), tally_mean(&memory->snr_worse));
	if (memory->neighbour.most > 0)
		finding_say(f, EVIDENCE_AGAINST,
			    "another cell on the same channel was up to %.0f dB stronger: the modem may merely"
			    " be on the wrong one",
			    memory->neighbour.most);
	if (memory->residual.n)
		finding_say(f, EVIDENCE_AGAINST,
			    "the power in the channel is largely explained by the cells heard (%.0f dB are not)",
			    tally_mean(&memory->residual));
	finding_alternative(f, VERDICT_JAMMING, "a weak or distant jammer looks so");
	finding_alternative(f, VERDICT_CONGESTION, "so do neighbouring cells in full load");
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *memory = c->memory;
	if (memory->gone)
		say_gone(c, memory, f);
	if (memory->worse)
		say_worse(memory, f);
}

const Rule rule_undetermined = {
	.name = "undetermined",
	.looks_for = "service that is gone, or quality far below the usual, for longer than ordinary life explains",
	.verdict = VERDICT_UNDETERMINED,
	.sub = NULL,
	.most = CONFIDENCE_LOW,
	.witness = 0,
	.figures = figures,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.begin = begin,
	.describe = describe,
};
