/* data-cut: signed in, with good radio, and no data: the session is refused, or it stands and nothing comes back.
 *
 * Looks for one of three, for 180 s (verdicts.md), while the modem is served and its radio is as on other days or good:
 *   sessions refused with an ESM cause of order or subscription (8 29 30 31 32 33 66), three times
 *   rounds of probing in which three raw IP addresses and everything else give no answer, twice
 *   where nothing is probed, the modem's own counters: ten packets or more go out, and not one in twenty comes in; low, for what
 * was sent is not known A captive portal that answers in place of everything else is told of as this subscription's affair (credit,
 * tariff), low. Not for causes of our own configuration (27 28 50 51), the modem's own refusals and the time of its own back-off
 * (TS 24.301 T3396), nor for causes of load (26 34 38), which are congestion's or a fault's. A connection that is refused or reset
 * is an answer: that is no cut. Cannot tell an order from a fault of the operator's core network, nor with one SIM an order from a
 * closed account (29, 33, and credit that is used up). A session in mode "session" sends nothing, so there only refusals show.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/causes.h"
#include "analysis/grounds.h"
#include "analysis/rule.h"

enum { FIGURE_LASTS_S, FIGURE_TRIES, FIGURE_TARGETS, FIGURE_ROUNDS, FIGURE_PACKETS, FIGURE_SHARE, FIGURE_STANDS_S };
static const RuleFigure figures[] = {
	{"lasts_s", 180, "verdicts.md: 180 s; the longest ordinary stall measured on drive traces is 158 s"},
	{"tries", 3, "verdicts.md: tries of a rejected modem; taken over"},
	{"targets", 3, "verdicts.md: three raw-IP targets"},
	{"rounds", 2, "so that no single round decides"},
	{"packets", 10, "a choice: more than a quiet host sends within lasts_s"},
	{"share", 0.05, "a choice: near 0, where an answer comes to nearly every packet otherwise"},
	{"stands_s", 60, "a try stands for the time until the next one, usually a minute, and for no longer"},
	{NULL, 0, NULL},
};

typedef enum { KIND_NONE, KIND_REFUSED, KIND_SILENT, KIND_PORTAL } Kind;

typedef struct {
	guint ip_silent, ip_other, answered; /* raw IP addresses without an answer, not tried to the end; whatever answered */
	guint well; /* what went well, names and their lookup apart */
	gboolean portal; /* an answer that is not the one expected */
	char portal_host[64]; /* where it sends to; "" not told */
	gboolean resolver; /* the operator's answered */
} RoundSum;

typedef struct {
	RadioGround radio; /* of the last sweep */
	gint64 backoff_until_ms;
	gint64 worked_ms; /* data were carried last; 0: never in this recording */
	gint64 probed_ms; /* 0: never */
	RoundSum round;
	struct {
		gint64 at_ms;
		double rx, tx;
	} answered, window; /* counters when something came in last, and at the begin of the stretch that is looked at */
	gboolean counting;
	gint64 stands_until_ms; /* what the last try or round found */
	gboolean enough;
	Kind kind; /* of the episode under way */
	/* Of the episode: */
	RadioSum sum;
	gint64 worked_before_ms; /* 0: never */
	guint refusals, subscription, cause, silent_rounds, portal_rounds, targets;
	char portal_host[64];
	double carried; /* packets that came in over another session while ours were refused */
	const char *cause_name;
	guint64 round_tx, round_rx;
	double unanswered_tx, unanswered_rx;
	guint sweeps_unanswered;
	gboolean resolver;
} Memory;

static void begin(RuleContext *c)
{
	Memory *mem = c->memory;
	const Memory kept = *mem;
	*mem = (Memory){.radio = kept.radio,
			.backoff_until_ms = kept.backoff_until_ms,
			.worked_ms = kept.worked_ms,
			.probed_ms = kept.probed_ms,
			.round = kept.round,
			.answered = kept.answered,
			.window = kept.window,
			.counting = kept.counting,
			.stands_until_ms = kept.stands_until_ms,
			.enough = kept.enough,
			.worked_before_ms = kept.worked_ms};
}

static void tell_no(RuleContext *c, const When *at)
{
	Memory *mem = c->memory;
	mem->stands_until_ms = 0;
	rule_tell(c, at, HOLDS_NO, FALSE);
}

static void tell_works(RuleContext *c, const When *at)
{
	Memory *mem = c->memory;
	mem->worked_ms = at->boot_ms;
	tell_no(c, at);
}

static void tell_cut(RuleContext *c, const When *at, Kind kind, gboolean enough)
{
	Memory *mem = c->memory;
	mem->stands_until_ms = at->boot_ms + (gint64)(c->figure[FIGURE_STANDS_S] * 1000);
	mem->enough = enough;
	rule_tell(c, at, HOLDS_YES, enough);
	mem->kind = kind;
}

/* --- the modem's own counters --- */

static void begin_count(Memory *mem, const Moment *m)
{
	mem->counting = TRUE;
	mem->answered.at_ms = m->at.boot_ms;
	mem->answered.rx = m->rx_packets;
	mem->answered.tx = m->tx_packets;
	mem->window = mem->answered;
}

/* A few packets in an hour that nobody answers (a host calling for routers and neighbours) are no sign: they have to go out within
 * the time that it must last. */
static void slide_window(const RuleContext *c, const Moment *m)
{
	Memory *mem = c->memory;
	if (m->at.boot_ms - mem->window.at_ms < (gint64)(c->figure[FIGURE_LASTS_S] * 1000))
		return;
	mem->window.at_ms = m->at.boot_ms;
	mem->window.rx = m->rx_packets;
	mem->window.tx = m->tx_packets;
}

static void count(RuleContext *c, const Moment *m)
{
	Memory *mem = c->memory;
	const gboolean up = ENTRY_HAS(m->state, data_session) && m->state->fields.data_session == DATA_SESSION_UP;
	/* Where probing goes on, rounds say better what came back, and from where. */
	const gboolean probed = mem->probed_ms > 0 && m->at.boot_ms - mem->probed_ms <= c->rule->aside_ms;
	if (!up || probed || isnan(m->rx_packets) || isnan(m->tx_packets)) {
		mem->counting = FALSE;
		return;
	}
	if (!mem->counting || m->rx_packets < mem->window.rx || m->tx_packets < mem->window.tx) { /* a new session */
		begin_count(mem, m);
		return;
	}
	const double rx = m->rx_packets - mem->window.rx, tx = m->tx_packets - mem->window.tx;
	if (rx > 2 && rx > c->figure[FIGURE_SHARE] * tx) {
		begin_count(mem, m);
		if (mem->kind == KIND_REFUSED &&
		    rule_pending(c)) /* another session, which stood already, is no word about new ones */
			mem->carried += rx;
		else
			tell_works(c, &m->at);
	} else if (tx >= c->figure[FIGURE_PACKETS] && mem->radio != RADIO_POOR) {
		rule_tell(c, &m->at, HOLDS_YES, TRUE);
		mem->kind = KIND_SILENT;
		mem->unanswered_tx = m->tx_packets - mem->answered.tx;
		mem->unanswered_rx = m->rx_packets - mem->answered.rx;
		mem->sweeps_unanswered++;
	}
	slide_window(c, m);
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *mem = c->memory;
	mem->radio = radio_ground(m);
	if (moment_own_fault(m)) {
		mem->radio = RADIO_POOR;
		mem->counting = FALSE;
	}
	if (mem->radio == RADIO_POOR)
		rule_tell(c, &m->at, HOLDS_UNKNOWN, FALSE);
	else if (m->at.boot_ms < mem->stands_until_ms && rule_pending(c))
		rule_tell(c, &m->at, HOLDS_YES, mem->enough);
	else
		count(c, m);
	if (rule_pending(c))
		radio_sum_add(&mem->sum, m);
}

/* --- sessions --- */

static void take_refusal(RuleContext *c, const Seen *s, const SessionFields *f)
{
	Memory *mem = c->memory;
	if (mem->radio == RADIO_POOR)
		return;
	tell_cut(c, &s->at, KIND_REFUSED, mem->refusals + 1 >= c->figure[FIGURE_TRIES]);
	mem->refusals++;
	mem->subscription += f->cause == 29 || f->cause == 33 ? 1 : 0;
	mem->cause = f->cause;
	mem->cause_name = causes_session_name((CauseType)f->cause_type, f->cause);
}

static void session(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const Observation *o = s->observation;
	const gboolean by_itself = s->at.boot_ms < mem->backoff_until_ms;
	if (!SESSION_HAS(o, outcome) || (s->modem && s->at.boot_ms < s->modem->fault_until_ms))
		return;
	if (o->session.outcome == SESSION_CONNECTED) {
		mem->backoff_until_ms = 0;
		if (mem->kind == KIND_REFUSED || !rule_pending(c)) /* else that it stands is nothing new */
			tell_no(c, &s->at);
		return;
	}
	if (SESSION_HAS(o, backoff_ms))
		mem->backoff_until_ms = s->at.boot_ms + o->session.backoff_ms;
	if (!SESSION_HAS(o, cause) || !SESSION_HAS(o, cause_type) || by_itself)
		return;
	const CauseClass class = causes_of_session((CauseType)o->session.cause_type, o->session.cause);
	if (class == CAUSE_CLASS_ORDER)
		take_refusal(c, s, &o->session);
	else if (class == CAUSE_CLASS_CONFIGURATION)
		tell_no(c, &s->at);
}

/* --- probes --- */

static gboolean is_silence(const char *failure)
{
	return g_str_equal(failure, "generic_timeout_error") || g_str_has_suffix(failure, "unreachable");
}

static gboolean went_well(const Observation *o)
{
	return !PROBE_HAS(o, failure) && (!PROBE_HAS(o, body_matches) || o->probe.body_matches);
}

static void take_check(RoundSum *round, const Observation *o)
{
	const ProbeFields *p = &o->probe;
	round->well += p->test != PROBE_DNS && went_well(o) ? 1 : 0;
	const gboolean silent = PROBE_HAS(o, failure) && is_silence(p->failure);
	if (PROBE_HAS(o, failure) && (g_str_equal(p->failure, "interrupted") || g_str_equal(p->failure, "network_down"))) {
		round->ip_other += p->test == PROBE_IP ? 1 : 0;
	} else if (p->test == PROBE_DNS && PROBE_HAS(o, resolver) && g_str_equal(p->resolver, "operator")) {
		round->resolver = round->resolver || !silent; /* it stands within the operator's network */
	} else if (p->test == PROBE_PORTAL && !silent && !went_well(o)) {
		round->portal = TRUE;
		if (PROBE_HAS(o, redirect_host))
			g_strlcpy(round->portal_host, p->redirect_host, sizeof round->portal_host);
	} else if (p->test == PROBE_IP && silent) {
		round->ip_silent++;
	} else if (!silent && PROBE_HAS(o, step) && p->step != PROBE_STEP_DNS) {
		round->answered++;
	} else if (p->test == PROBE_DNS && !silent) {
		round->answered++;
	}
}

static gboolean is_behind_portal(const Memory *mem, const RoundSum *round)
{
	return round->portal && round->well == 0 && round->ip_other == 0 && mem->radio != RADIO_POOR;
}

static gboolean is_silent(const RuleContext *c, const RoundSum *round)
{
	const Memory *mem = c->memory;
	return round->ip_silent >= c->figure[FIGURE_TARGETS] && round->answered == 0 && round->ip_other == 0 &&
	       mem->radio != RADIO_POOR;
}

/* Before the round is over, which may take a minute more; its end may still say otherwise. */
static void judge_early(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const RoundSum *round = &mem->round;
	if (s->observation->probe.test == PROBE_IP && is_silent(c, round)) {
		tell_cut(c, &s->at, KIND_SILENT, mem->silent_rounds + 1 >= c->figure[FIGURE_ROUNDS]);
		mem->targets = MAX(mem->targets, round->ip_silent);
	} else if (s->observation->probe.test == PROBE_PORTAL && is_behind_portal(mem, round)) {
		tell_cut(c, &s->at, KIND_PORTAL, mem->portal_rounds + 1 >= c->figure[FIGURE_ROUNDS]);
	}
}

static void end_round(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const RoundSum round = mem->round;
	const Observation *o = s->observation;
	mem->round = (RoundSum){0};
	if (is_behind_portal(mem, &round)) {
		tell_cut(c, &s->at, KIND_PORTAL, mem->portal_rounds + 1 >= c->figure[FIGURE_ROUNDS]);
		mem->portal_rounds++;
		g_strlcpy(mem->portal_host, round.portal_host, sizeof mem->portal_host);
		return;
	}
	if (round.answered || round.portal) {
		tell_works(c, &s->at);
		return;
	}
	if (round.ip_silent == 0 || round.ip_other || mem->radio == RADIO_POOR)
		return;
	tell_cut(c, &s->at, KIND_SILENT,
		 MAX(round.ip_silent, mem->targets) >= c->figure[FIGURE_TARGETS] &&
			 mem->silent_rounds + 1 >= c->figure[FIGURE_ROUNDS]);
	mem->silent_rounds++;
	mem->targets = MAX(mem->targets, round.ip_silent);
	mem->resolver = mem->resolver || round.resolver;
	mem->round_tx += PROBE_HAS(o, tx_packets) ? o->probe.tx_packets : 0;
	mem->round_rx += PROBE_HAS(o, rx_packets) ? o->probe.rx_packets : 0;
}

static void probe(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	if (!PROBE_HAS(s->observation, test))
		return;
	mem->probed_ms = s->at.boot_ms;
	if (s->modem && s->at.boot_ms < s->modem->fault_until_ms)
		mem->round.ip_other++;
	if (s->observation->probe.test == PROBE_ROUND) {
		end_round(c, s);
	} else {
		take_check(&mem->round, s->observation);
		judge_early(c, s);
	}
}

/* --- its sentences --- */

static void say_silence(const Memory *mem, Finding *f)
{
	if (mem->silent_rounds) {
		finding_say(f, EVIDENCE_FOR, "In %u round%s of probing %u raw IP address%s gave no answer, and nothing else did",
			    mem->silent_rounds, plural(mem->silent_rounds), mem->targets, mem->targets == 1 ? "" : "es");
		if (mem->round_tx)
			finding_say(f, EVIDENCE_FOR,
				    "In those rounds %" G_GUINT64_FORMAT " packets went out and %" G_GUINT64_FORMAT " came in",
				    mem->round_tx, mem->round_rx);
	}
	if (mem->sweeps_unanswered)
		finding_say(f, EVIDENCE_FOR, "By the modem's own counters %.0f packets went out over the session and %.0f came in",
			    mem->unanswered_tx, mem->unanswered_rx);
	if (mem->sweeps_unanswered && !mem->silent_rounds) {
		finding_say(f, EVIDENCE_LIMIT,
			    "Nothing was probed meanwhile: whether what went out asked for an answer is not known");
		finding_cap(f, CONFIDENCE_LOW);
	}
	if (mem->resolver)
		finding_say(f, EVIDENCE_AGAINST, "The operator's own resolver still answered: the way into its network was open");
}

static void say_portal(const Memory *mem, Finding *f)
{
	if (!mem->portal_rounds)
		return;
	finding_say(f, EVIDENCE_FOR, "In %u round%s nothing went well, and pages with a known answer were answered by a portal%s%s",
		    mem->portal_rounds, plural(mem->portal_rounds), *mem->portal_host ? ": " : "", mem->portal_host);
	finding_alternative(f, VERDICT_OWN_FAULT, "A portal stands where credit is used up or a tariff is to be confirmed");
	finding_cap(f, CONFIDENCE_LOW);
}

static void say_refusals(const Memory *mem, Finding *f)
{
	if (!mem->refusals)
		return;
	finding_say(f, EVIDENCE_FOR, "The network refused the data session %u time%s, at last with cause %u (%s)", mem->refusals,
		    plural(mem->refusals), mem->cause, mem->cause_name);
	if (mem->carried > 0) {
		finding_say(f, EVIDENCE_AGAINST,
			    "Meanwhile %.0f packets came in over another session of the modem, which stood already", mem->carried);
		finding_cap(f, CONFIDENCE_LOW);
	}
	if (mem->subscription) {
		finding_alternative(f, VERDICT_OWN_FAULT,
				    "The cause is also that of an account without data or without credit: with "
				    "one SIM alone that is not ruled out");
		finding_cap(f, CONFIDENCE_LOW);
	}
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *mem = c->memory;
	const guint silent = mem->silent_rounds + (mem->sweeps_unanswered ? 1 : 0);
	f->sub = silent > mem->refusals ? "nothing-comes-back" : "session-refused";
	if (mem->portal_rounds > MAX(silent, mem->refusals))
		f->sub = "own-subscription";
	say_portal(mem, f);
	say_refusals(mem, f);
	say_silence(mem, f);
	radio_sum_say(&mem->sum, f);
	if (mem->worked_before_ms)
		finding_say(f, EVIDENCE_FOR, "Data were carried over this SIM until %.0f s before",
			    (double)(f->onset.boot_ms - mem->worked_before_ms) / 1000);
	else
		finding_say(f, EVIDENCE_LIMIT,
			    "No data were carried earlier in this recording, so that a fault of the settings is not "
			    "ruled out");
	if (!mem->portal_rounds)
		finding_say(f, EVIDENCE_LIMIT, "A fault of the operator's core network looks the same as an order");
}

const Rule rule_data_cut = {
	.name = "data-cut",
	.looks_for = "no data although signed in with good radio: sessions refused, or nothing comes back",
	.verdict = VERDICT_DATA_CUT,
	.sub_if_refuted = "own-subscription",
	.most = CONFIDENCE_MEDIUM,
	.witness = WITNESS_SAME_OPERATOR | WITNESS_OF_DATA | WITNESS_RAISES,
	.figures = figures,
	.aside_ms = 1200000,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.session = session,
	.probe = probe,
	.begin = begin,
	.describe = describe,
};
