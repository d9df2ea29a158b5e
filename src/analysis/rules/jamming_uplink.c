/* jamming-uplink: the network is heard as well as ever, but does not hear us.
 *
 * Looks for: sessions that fail again and again because the connection's timer expired (reason 1056), with the transmitter at
 * its maximum, while the serving cell is as good as on other passes here.
 *
 * Figures: verdicts.md, decision table. The largest power of a handset is 23 dBm (class 3, TS 36.101 table 6.2.2-1); 22 leaves
 * the modem's tolerance. An attempt without a success in five minutes stands for itself: that is the longest pause between
 * attempts of the recorder.
 *
 * Cannot tell: a jammer at the base station from its receiver being defective, or from a modem whose amplifier is. Modems that
 * do not tell their transmit power get no verdict.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/radio.h"
#include "analysis/rule.h"

enum { LASTS, ATTEMPTS, TX, RSRP, BELOW, GAP };
static const RuleFigure figures[] = {
	{"lasts_s", 30, "that five attempts take at least: each waits for a timer (T300, 1 s or more) and a pause"},
	{"attempts", 5, "verdicts.md, decision table"},
	{"tx_dbm", 22, "verdicts.md, decision table"},
	{"rsrp_dbm", -110, "verdicts.md, decision table"},
	{"below_db", 6, "verdicts.md: RSRP not more than 6 dB lower"},
	{"gap_s", 300, "the longest pause between attempts"},
	{NULL, 0, NULL},
};
/* Without other passes to compare with: half full, and decodable with ease. */
#define ALONE_SNR_DB 0.0
#define ALONE_RSRQ_DB (-15.0)
#define TIMER_EXPIRED 1056

typedef struct {
	guint attempts; /* since the last success */
	gint64 last_ms;
	double tx_dbm; /* most since the last attempt */
	gboolean fine; /* the downlink, at the last sweep */
	gboolean compared; /* with a baseline */
	Signal now;
	/* of the episode */
	Tally rsrp, snr;
	gboolean always_compared;
} Memory;

static void begin(RuleContext *c)
{
	Memory *memory = c->memory;
	memory->rsrp = memory->snr = (Tally){0};
	memory->always_compared = TRUE;
}

static gboolean downlink_fine(const RuleContext *c, const Moment *m)
{
	if (!(m->median.rsrp_dbm >= c->figure[RSRP]))
		return FALSE;
	if (!radio_has_cell_base(m))
		return m->median.snr_db >= ALONE_SNR_DB && m->median.rsrq_db >= ALONE_RSRQ_DB;
	const RadioLoss loss = radio_loss(m);
	return loss.rsrp_db <= c->figure[BELOW] && loss.snr_db <= c->figure[BELOW];
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	if (moment_own_fault(m)) {
		memory->attempts = 0;
		rule_tell(c, &m->at, HOLDS_UNKNOWN, FALSE);
		return;
	}
	memory->fine = downlink_fine(c, m);
	memory->compared = radio_has_cell_base(m);
	memory->now = m->median;
	memory->tx_dbm = fmax(memory->tx_dbm, m->now.tx_dbm);
	if (memory->attempts > 0 && m->at.boot_ms - memory->last_ms > (gint64)(c->figure[GAP] * 1000))
		memory->attempts = 0;
	const Holds holds = memory->attempts == 0 ? HOLDS_NO : memory->fine ? HOLDS_YES : HOLDS_HALF;
	rule_tell(c, &m->at, holds, memory->attempts >= (guint)c->figure[ATTEMPTS]);
}

static void session(RuleContext *c, const Seen *s)
{
	Memory *memory = c->memory;
	const Observation *o = s->observation;
	if (!SESSION_HAS(o, outcome) || o->session.outcome == SESSION_ENDED)
		return;
	if (o->session.outcome == SESSION_CONNECTED || radio_is_overload(s)) {
		memory->attempts = 0;
		return;
	}
	const gboolean counts =
		radio_end_cause(s, CAUSE_CALL_MANAGER) == TIMER_EXPIRED && memory->fine && memory->tx_dbm >= c->figure[TX];
	memory->tx_dbm = NAN;
	if (!counts)
		return;
	memory->attempts++;
	memory->last_ms = s->at.boot_ms;
	rule_tell(c, &s->at, HOLDS_YES, memory->attempts >= (guint)c->figure[ATTEMPTS]);
	tally_add(&memory->rsrp, memory->now.rsrp_dbm);
	tally_add(&memory->snr, memory->now.snr_db);
	memory->always_compared &= memory->compared;
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *memory = c->memory;
	finding_say(f, EVIDENCE_FOR, "%u attempts to reach the network failed because no answer came in time (reason %d)",
		    memory->rsrp.n, TIMER_EXPIRED);
	finding_say(f, EVIDENCE_FOR, "the modem sent with all its power (%.0f dBm or more)", c->figure[TX]);
	finding_say(f, EVIDENCE_FOR, "the serving cell was heard well meanwhile: RSRP %.0f dBm, SNR %.0f dB%s",
		    tally_mean(&memory->rsrp), tally_mean(&memory->snr),
		    memory->always_compared ? ", as on other passes here" : "");
	if (!memory->always_compared) {
		finding_say(f, EVIDENCE_LIMIT, "how well this cell is usually heard here is not known from other passes");
		finding_cap(f, CONFIDENCE_LOW);
	}
	finding_alternative(f, VERDICT_CONGESTION,
			    "a cell whose access channel is flooded does not answer either, though it would"
			    " reject some");
	finding_alternative(f, VERDICT_OWN_FAULT, "a modem whose transmitter is defective is not heard either");
}

const Rule rule_jamming_uplink = {
	.name = "jamming-uplink",
	.looks_for = "attempts that time out again and again at full transmit power while the cell is heard as well as ever",
	.verdict = VERDICT_JAMMING,
	.sub = "uplink",
	.most = CONFIDENCE_MEDIUM,
	.witness = 0,
	.figures = figures,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.session = session,
	.begin = begin,
	.describe = describe,
};
