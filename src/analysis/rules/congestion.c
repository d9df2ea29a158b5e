/* congestion: too many people for the cells, which are all right otherwise. A crowd must not be taken for jamming or throttling.
 *
 * Looks for RSRP as on other days (or -105 dBm and better) with RSRQ between -9 and -15 dB, together with a sign of load not long
 * ago: 1060 (connection request rejected), 1015, cause 22 or 26, or round trips of 200 ms and more; and for some success all the
 * same. Figures: verdicts.md. RSRQ = 1 / [12 (load + 1/SINR)]: a loaded cell with loaded neighbours has -10.8 to -15.6 dB. A cell's
 * own full load alone never goes below -10.8 dB, and RSRQ in that range is quite ordinary: hence the sign of load. Ordinary LTE
 * round trips are below 100 ms. Cannot tell a crowd from capacity that was taken away (fewer carriers, less backhaul): both are too
 * little for those who are there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline.h"
#include "analysis/causes.h"
#include "analysis/grounds.h"
#include "analysis/rule.h"

enum {
	FIGURE_LASTS_S,
	FIGURE_RSRQ_HIGH,
	FIGURE_RSRQ_LOW,
	FIGURE_RSRP,
	FIGURE_RSRP_LOWER,
	FIGURE_RTT_MS,
	FIGURE_SIGN_S,
	FIGURE_SUCCESS_S
};
static const RuleFigure figures[] = {
	{"lasts_s", 60, "verdicts.md"},
	{"rsrq_high_db", -9, "verdicts.md: RSRQ -9 to -15"},
	{"rsrq_low_db", -15, "verdicts.md: RSRQ -9 to -15"},
	{"rsrp_dbm", -105, "verdicts.md: noise explains nothing there"},
	{"rsrp_lower_db", 6, "verdicts.md: the baseline rule"},
	{"rtt_ms", 200, "twice the round trip of ordinary LTE"},
	{"sign_s", 180, "sessions are tried about once a minute: two may be missing"},
	{"success_s", 600, "a choice: something went well not long ago"},
	{NULL, 0, NULL},
};

typedef struct {
	gint64 refused_ms, slow_ms, success_ms; /* last time; 0: never */
	double rx_packets;
	/* Of the episode: */
	Tally rsrp_dbm, rsrq_db, rtt_ms, rate_kbps;
	guint compared;
	guint refusals, refusal, successes, failures;
	const char *refusal_name;
} Memory;

static void begin(RuleContext *c)
{
	Memory *mem = c->memory;
	const Memory kept = *mem;
	*mem = (Memory){.refused_ms = kept.refused_ms,
			.slow_ms = kept.slow_ms,
			.success_ms = kept.success_ms,
			.rx_packets = kept.rx_packets};
}

static gboolean within(const RuleContext *c, guint figure, gint64 then_ms, gint64 now_ms)
{
	return then_ms > 0 && now_ms - then_ms <= (gint64)(c->figure[figure] * 1000);
}

static gboolean is_strong(const RuleContext *c, const Moment *m)
{
	if (m->cell_base.passes >= BASELINE_MIN_PASSES && !isnan(m->cell_base.median.rsrp_dbm))
		return m->median.rsrp_dbm >= m->cell_base.median.rsrp_dbm - c->figure[FIGURE_RSRP_LOWER];
	return m->median.rsrp_dbm >= c->figure[FIGURE_RSRP];
}

static Holds judge(const RuleContext *c, const Moment *m)
{
	const Memory *mem = c->memory;
	const double rsrq = m->median.rsrq_db;
	const gint64 now_ms = m->at.boot_ms;
	if (moment_own_fault(m) || isnan(m->median.rsrp_dbm) || isnan(rsrq))
		return HOLDS_UNKNOWN;
	if (!moment_broadband(m) || !is_strong(c, m) || rsrq > c->figure[FIGURE_RSRQ_HIGH] || rsrq < c->figure[FIGURE_RSRQ_LOW])
		return HOLDS_NO;
	if (!within(c, FIGURE_SUCCESS_S, mem->success_ms, now_ms))
		return HOLDS_HALF;
	return within(c, FIGURE_SIGN_S, mem->refused_ms, now_ms) || within(c, FIGURE_SIGN_S, mem->slow_ms, now_ms) ? HOLDS_YES
														   : HOLDS_HALF;
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *mem = c->memory;
	if (m->rx_packets > mem->rx_packets)
		mem->success_ms = m->at.boot_ms;
	mem->rx_packets = m->rx_packets;
	const Holds holds = judge(c, m);
	rule_tell(c, &m->at, holds, TRUE);
	if (!rule_pending(c) || holds != HOLDS_YES)
		return;
	tally_add(&mem->rsrp_dbm, m->median.rsrp_dbm);
	tally_add(&mem->rsrq_db, m->median.rsrq_db);
	mem->compared += m->cell_base.passes >= BASELINE_MIN_PASSES ? 1 : 0;
}

static void take_refusal(Memory *mem, const When *at, guint cause, const char *name)
{
	mem->refused_ms = at->boot_ms;
	mem->refusals++;
	mem->refusal = cause;
	mem->refusal_name = name;
}

static void session(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const Observation *o = s->observation;
	if (SESSION_HAS(o, outcome) && o->session.outcome == SESSION_CONNECTED) {
		mem->success_ms = s->at.boot_ms;
		mem->successes++;
	}
	if (!SESSION_HAS(o, cause) || !SESSION_HAS(o, cause_type))
		return;
	const CauseType type = (CauseType)o->session.cause_type;
	if (causes_of_session(type, o->session.cause) == CAUSE_CLASS_OVERLOAD || (type == CAUSE_3GPP && o->session.cause == 26)) {
		take_refusal(mem, &s->at, o->session.cause, causes_session_name(type, o->session.cause));
		mem->failures++;
	}
}

static void event(RuleContext *c, const Seen *s)
{
	const Observation *o = s->observation;
	if (o->event.code != EVENT_NETWORK_REJECT || !EVENT_HAS(o, cause))
		return;
	const Rat rat = EVENT_HAS(o, rat) ? (Rat)o->event.rat : RAT_LTE;
	if (o->event.cause == 22)
		take_refusal(c->memory, &s->at, o->event.cause, causes_reject_name(rat, o->event.cause));
}

static void probe(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const Observation *o = s->observation;
	if (!PROBE_HAS(o, test) || o->probe.test == PROBE_ROUND)
		return;
	if (!PROBE_HAS(o, failure)) {
		mem->success_ms = s->at.boot_ms;
		mem->successes++;
	} else {
		mem->failures++;
	}
	if (PROBE_HAS(o, rate_kbps))
		tally_add(&mem->rate_kbps, o->probe.rate_kbps);
	if (!PROBE_HAS(o, rtt_us))
		return;
	const double rtt_ms = o->probe.rtt_us / 1000.0;
	tally_add(&mem->rtt_ms, rtt_ms);
	/* The rate's own test fills the queues, a throttle's as well: it is no witness of a crowd. */
	if (rtt_ms >= c->figure[FIGURE_RTT_MS] && o->probe.test != PROBE_RATE)
		mem->slow_ms = s->at.boot_ms;
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *mem = c->memory;
	finding_say(f, EVIDENCE_FOR,
		    "The signal was %s (RSRP %.0f dBm on average) and its quality that of loaded cells (RSRQ %.1f dB, "
		    "between %.0f and %.0f)",
		    mem->compared ? "as on other days here" : "strong", tally_mean(&mem->rsrp_dbm), tally_mean(&mem->rsrq_db),
		    mem->rsrq_db.least, mem->rsrq_db.most);
	if (mem->refusals)
		finding_say(f, EVIDENCE_FOR, "The network refused connections for want of capacity %u time%s, at last with %u (%s)",
			    mem->refusals, plural(mem->refusals), mem->refusal, mem->refusal_name);
	if (mem->rtt_ms.n)
		finding_say(f, mem->rtt_ms.most >= c->figure[FIGURE_RTT_MS] ? EVIDENCE_FOR : EVIDENCE_AGAINST,
			    "Round trips took %.0f ms on average, %.0f to %.0f", tally_mean(&mem->rtt_ms), mem->rtt_ms.least,
			    mem->rtt_ms.most);
	if (mem->rate_kbps.n > 1)
		finding_say(f, EVIDENCE_FOR, "The rate varied between %.0f and %.0f kbit/s", mem->rate_kbps.least,
			    mem->rate_kbps.most);
	finding_say(f, EVIDENCE_FOR, "Some connections went well meanwhile or shortly before (%u of %u)", mem->successes,
		    mem->successes + mem->failures);
	if (!mem->refusals) {
		finding_say(f, EVIDENCE_LIMIT,
			    "The network itself did not say that it was overloaded: slow answers may come from "
			    "elsewhere");
		finding_cap(f, CONFIDENCE_LOW);
	}
	finding_say(f, EVIDENCE_LIMIT, "A crowd and capacity that was taken away look the same to a modem");
}

const Rule rule_congestion = {
	.name = "congestion",
	.looks_for = "good signal with the quality of loaded cells, refusals for load or slow answers, and some success",
	.verdict = VERDICT_CONGESTION,
	.most = CONFIDENCE_MEDIUM,
	.figures = figures,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.session = session,
	.probe = probe,
	.event = event,
	.begin = begin,
	.describe = describe,
};
