/* barred: the cells tell phones to keep out (access class barring, 3GPP TS 36.331 6.3.1 and TS 22.011 4).
 *
 * Looks for LTE's cell access status "emergency calls only" or "no calls", as the modem reads it from the cell's system
 * information, or for data sessions that end with a barring reason again and again (115, 121, 126, 1017, 1053), for five minutes
 * and on two cells. The status "all calls" is an open cell. Cells of other networks do not count: everyone is kept to emergency
 * calls there. Figures: five minutes and two cells from verdicts.md; 300 s, for which a modem leaves a barred cell alone, from
 * TS 36.304 5.3.1. Cannot tell why: an order, a fault and protection against overload look the same. Where the network also says
 * that it is overloaded, that is the likelier reason. One cell alone may be one site's maintenance.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/causes.h"
#include "analysis/grounds.h"
#include "analysis/rule.h"

enum { FIGURE_LASTS_S, FIGURE_REASON_S, FIGURE_TRIES, FIGURE_CELLS };
static const RuleFigure figures[] = {
	{"lasts_s", 300, "verdicts.md: 5 min"},
	{"reason_s", 300, "3GPP TS 36.304 5.3.1: a barred cell is left alone for up to 300 s"},
	{"tries", 3, "verdicts.md: tries of a rejected modem; taken over"},
	{"cells", 2, "verdicts.md: two cells"},
	{NULL, 0, NULL},
};

typedef struct {
	gint64 barring_ms, overload_ms; /* when a reason was last told; 0: never */
	/* Of the episode: */
	Cells cells;
	guint closed, open, no_calls; /* sweeps by access status; no_calls is part of closed */
	guint barrings, overloads;
	guint reason;
	const char *reason_name;
	Tally rsrp_dbm;
} Memory;

static void begin(RuleContext *c)
{
	Memory *mem = c->memory;
	*mem = (Memory){.barring_ms = mem->barring_ms, .overload_ms = mem->overload_ms};
}

static gboolean is_recent(const RuleContext *c, gint64 then_ms, gint64 now_ms)
{
	return then_ms > 0 && now_ms - then_ms <= (gint64)(c->figure[FIGURE_REASON_S] * 1000);
}

static gboolean is_foreign(const Moment *m)
{
	return m->cell && *m->cell->plmn && *m->modem->home && !g_str_equal(m->cell->plmn, m->modem->home);
}

static gboolean is_closed(const Moment *m)
{
	return ENTRY_HAS(m->state, lte_access) &&
	       (m->state->fields.lte_access == ACCESS_EMERGENCY_ONLY || m->state->fields.lte_access == ACCESS_NO_CALLS);
}

static void sum_up(Memory *mem, const Moment *m)
{
	const gboolean closed = is_closed(m);
	mem->closed += closed ? 1 : 0;
	mem->no_calls += closed && m->state->fields.lte_access == ACCESS_NO_CALLS ? 1 : 0;
	mem->open += !closed && ENTRY_HAS(m->state, lte_access) ? 1 : 0;
	if (closed) {
		cells_add(&mem->cells, m);
		tally_add(&mem->rsrp_dbm, m->now.rsrp_dbm);
	}
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *mem = c->memory;
	if (moment_own_fault(m))
		rule_tell(c, &m->at, HOLDS_UNKNOWN, FALSE);
	else if (is_closed(m) && !is_foreign(m))
		rule_tell(c, &m->at, HOLDS_YES, TRUE);
	else if (is_recent(c, mem->barring_ms, m->at.boot_ms))
		cells_add(&mem->cells, m); /* what the next session says counts: the status is of voice calls too */
	else if (is_foreign(m) || ENTRY_HAS(m->state, lte_access) || moment_broadband(m))
		rule_tell(c, &m->at, HOLDS_NO, FALSE);
	else
		rule_tell(c, &m->at, moment_served(m) ? HOLDS_HALF : HOLDS_UNKNOWN, FALSE);
	if (rule_pending(c))
		sum_up(mem, m);
}

static gboolean means_overload(const SessionFields *s)
{
	return causes_of_session((CauseType)s->cause_type, s->cause) == CAUSE_CLASS_OVERLOAD ||
	       (s->cause_type == CAUSE_3GPP && s->cause == 26);
}

static void session(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const Observation *o = s->observation;
	if (s->modem && s->at.boot_ms < s->modem->fault_until_ms)
		return;
	if (SESSION_HAS(o, outcome) && o->session.outcome == SESSION_CONNECTED) {
		mem->barring_ms = 0;
		rule_tell(c, &s->at, HOLDS_NO, FALSE);
		return;
	}
	if (!SESSION_HAS(o, cause) || !SESSION_HAS(o, cause_type))
		return;
	if (means_overload(&o->session)) {
		mem->overload_ms = s->at.boot_ms;
		mem->overloads++;
	} else if (causes_of_session((CauseType)o->session.cause_type, o->session.cause) == CAUSE_CLASS_BARRING) {
		mem->barring_ms = s->at.boot_ms;
		rule_tell(c, &s->at, HOLDS_YES, mem->barrings + 1 >= c->figure[FIGURE_TRIES]);
		mem->barrings++;
		mem->reason = o->session.cause;
		mem->reason_name = causes_session_name((CauseType)o->session.cause_type, o->session.cause);
	}
}

static void event(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const Observation *o = s->observation;
	if (o->event.code != EVENT_NETWORK_REJECT || !EVENT_HAS(o, cause))
		return;
	if (causes_of_reject(EVENT_HAS(o, rat) ? (Rat)o->event.rat : RAT_LTE, o->event.cause) == REJECT_CLASS_OVERLOAD) {
		mem->overload_ms = s->at.boot_ms;
		mem->overloads++;
	}
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *mem = c->memory;
	if (mem->closed) {
		f->sub = mem->no_calls * 2 > mem->closed ? "no-calls" : "emergency-only";
		finding_say(f, EVIDENCE_FOR, "In %u sweeps the system information of the LTE cell allowed %s, on %u cell%s",
			    mem->closed, mem->no_calls * 2 > mem->closed ? "no calls" : "emergency calls only", mem->cells.n,
			    plural(mem->cells.n));
	}
	if (mem->barrings)
		finding_say(f, EVIDENCE_FOR, "%u data session%s ended with reason %u (%s)", mem->barrings, plural(mem->barrings),
			    mem->reason, mem->reason_name);
	if (mem->rsrp_dbm.n)
		finding_say(f, tally_mean(&mem->rsrp_dbm) >= -110 ? EVIDENCE_FOR : EVIDENCE_AGAINST,
			    "The cells were heard with RSRP %.0f dBm on average, so that %s", tally_mean(&mem->rsrp_dbm),
			    tally_mean(&mem->rsrp_dbm) >= -110 ? "it was not for want of signal"
							       : "the edge of coverage may play a part");
	if (mem->open)
		finding_say(f, EVIDENCE_AGAINST, "In %u sweeps of that time the cell was open", mem->open);
	if (mem->cells.n < c->figure[FIGURE_CELLS]) {
		finding_say(f, EVIDENCE_LIMIT, "It was seen on %u cell%s only: maintenance or a fault of one site is not ruled out",
			    mem->cells.n, plural(mem->cells.n));
		finding_cap(f, CONFIDENCE_LOW);
	}
	if (mem->overloads || is_recent(c, mem->overload_ms, f->onset.boot_ms)) {
		finding_alternative(f, VERDICT_CONGESTION,
				    "The network also said that it was overloaded (%u time%s): barring is a "
				    "network's own protection against that",
				    MAX(mem->overloads, 1), plural(MAX(mem->overloads, 1)));
		finding_cap(f, CONFIDENCE_LOW);
	}
	finding_say(f, EVIDENCE_LIMIT,
		    "Why the cells were closed is not in the record: an order, a fault and protection against overload "
		    "look the same to a modem");
}

const Rule rule_barred = {
	.name = "barred",
	.looks_for = "LTE cells that tell phones to keep out, or sessions that end because of it",
	.verdict = VERDICT_BARRED,
	.most = CONFIDENCE_MEDIUM,
	.witness = WITNESS_SAME_OPERATOR | WITNESS_RAISES,
	.figures = figures,
	.aside_ms = 900000,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.session = session,
	.event = event,
	.begin = begin,
	.describe = describe,
};
