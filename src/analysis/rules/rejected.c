/* rejected: the network answers, and refuses to let the modem sign in.
 *
 * Looks for a cause of refusal (3GPP TS 24.301 9.9.3.9, TS 24.501 9.11.3.2) told by the sweep or by an indication while the modem
 * is kept out: of the subscriber, of the area, of overload, or of authentication. Not for causes that only make it sign in anew (9,
 * 10, 40), that send it to another generation, or that are about the session (19). Figures: three tries past the back-off from
 * verdicts.md: T3411 is 10 s and a try may take T3410, 15 s, so 60 s are the least time for three of them. After a cause of the
 * subscriber or the area a modem does not try again by itself (TS 24.301 5.5.1.2.5): there the time alone counts. Two cells and the
 * home network from verdicts.md. Cannot tell a closed account from an order with one SIM alone. A reject outlives its cause: a
 * modem stays out of a forbidden area for 12 to 24 h after the network would let it in, so the end of the finding is not the end of
 * the network's doing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/causes.h"
#include "analysis/grounds.h"
#include "analysis/rule.h"

enum { FIGURE_LASTS_S, FIGURE_TRIES, FIGURE_FRESH_S, FIGURE_CELLS };
static const RuleFigure figures[] = {
	{"lasts_s", 60, "3GPP TS 24.301 10.2: three tries, T3411 10 s apart, each up to T3410 15 s"},
	{"tries", 3, "verdicts.md: 3 tries past the back-off"},
	{"fresh_s", 900, "3GPP TS 24.301 10.2: T3402 12 min until the next tries, and some time for them"},
	{"cells", 2, "verdicts.md: two cells"},
	{NULL, 0, NULL},
};

#define CAUSES_MOST 6

typedef struct {
	gint64 told_ms; /* the last indication that counts; 0: none */
	guint told_cause;
	Rat told_rat;
	gboolean indicates; /* this modem sends indications at all */
	guint tries_before; /* indications since the modem was last served */
	/* Of the episode: */
	Cells cells;
	guint tries;
	guint n, sweeps[CAUSES_MOST], cause[CAUSES_MOST];
	Rat rat[CAUSES_MOST];
	guint foreign; /* sweeps on another network than the home one */
	Tally signal_dbm;
	gint64 served_ms; /* before it began; 0: never */
} Memory;

static void begin(RuleContext *c)
{
	Memory *mem = c->memory;
	const Memory kept = *mem;
	*mem = (Memory){.told_ms = kept.told_ms,
			.told_cause = kept.told_cause,
			.told_rat = kept.told_rat,
			.indicates = kept.indicates,
			.tries_before = kept.tries_before,
			.tries = kept.tries_before};
}

static gboolean counts(RejectClass class)
{
	return class == REJECT_CLASS_SUBSCRIBER || class == REJECT_CLASS_AREA || class == REJECT_CLASS_OVERLOAD ||
	       class == REJECT_CLASS_AUTHENTICATION;
}

/* After these a modem stays away by itself. */
static gboolean is_final(RejectClass class)
{
	return class == REJECT_CLASS_SUBSCRIBER || class == REJECT_CLASS_AREA;
}

/* FALSE: no cause is known that would explain why it is kept out. */
static gboolean find_cause(const RuleContext *c, const Moment *m, Rat *ret_rat, guint *ret_cause)
{
	const Memory *mem = c->memory;
	if (ENTRY_HAS(m->state, reject_cause)) {
		*ret_rat = ENTRY_HAS(m->state, reject_rat) ? (Rat)m->state->fields.reject_rat : RAT_LTE;
		*ret_cause = m->state->fields.reject_cause;
		return counts(causes_of_reject(*ret_rat, *ret_cause));
	}
	*ret_rat = mem->told_rat;
	*ret_cause = mem->told_cause;
	return mem->told_ms > 0 && m->at.boot_ms - mem->told_ms <= (gint64)(c->figure[FIGURE_FRESH_S] * 1000);
}

static gboolean is_elsewhere(const Moment *m)
{
	return m->cell && *m->cell->plmn && *m->modem->home && !g_str_equal(m->cell->plmn, m->modem->home);
}

static gboolean is_foreign(const Moment *m, guint cause)
{
	if (ENTRY_HAS(m->state, roaming) && m->state->fields.roaming)
		return TRUE;
	/* These are told to those who come from elsewhere. A modem refused at home may wait on another network's cell. */
	return (cause == 11 || cause == 13) && (!*m->modem->home || is_elsewhere(m));
}

static void sum_up(Memory *mem, const Moment *m, Rat rat, guint cause)
{
	guint i = 0;
	while (i < mem->n && (mem->cause[i] != cause || mem->rat[i] != rat))
		i++;
	if (i == CAUSES_MOST)
		return;
	if (i == mem->n) {
		mem->cause[i] = cause;
		mem->rat[i] = rat;
		mem->n++;
	}
	mem->sweeps[i]++;
	const gboolean foreign = is_foreign(m, cause);
	mem->foreign += foreign ? 1 : 0;
	mem->served_ms = m->modem->served_ms == G_MININT64 ? 0 : m->modem->served_ms;
	if (foreign || !is_elsewhere(m))
		cells_add(&mem->cells, m);
	tally_add(&mem->signal_dbm, isnan(m->now.rsrp_dbm) ? m->now.rssi_dbm : m->now.rsrp_dbm);
}

static gboolean has_enough(const RuleContext *c, RejectClass class)
{
	const Memory *mem = c->memory;
	return is_final(class) || !mem->indicates || mem->tries >= c->figure[FIGURE_TRIES];
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *mem = c->memory;
	Rat rat;
	guint cause;
	if (moment_own_fault(m)) {
		rule_tell(c, &m->at, HOLDS_UNKNOWN, FALSE);
		return;
	}
	if (moment_served(m)) {
		mem->told_ms = 0;
		mem->tries_before = 0;
		rule_tell(c, &m->at, HOLDS_NO, FALSE);
		return;
	}
	/* Without any service nobody is there who could refuse; what the modem still shows is from before. */
	const gboolean heard = m->state->service == SERVICE_STATE_DENIED || m->state->service == SERVICE_STATE_LIMITED;
	if (!heard || !find_cause(c, m, &rat, &cause)) {
		rule_tell(c, &m->at, heard ? HOLDS_HALF : HOLDS_UNKNOWN, FALSE);
		return;
	}
	rule_tell(c, &m->at, HOLDS_YES, has_enough(c, causes_of_reject(rat, cause)));
	if (rule_pending(c))
		sum_up(mem, m, rat, cause);
}

static void event(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const Observation *o = s->observation;
	if (o->event.code != EVENT_NETWORK_REJECT || !EVENT_HAS(o, cause))
		return;
	const Rat rat = EVENT_HAS(o, rat) ? (Rat)o->event.rat : RAT_LTE;
	if (!counts(causes_of_reject(rat, o->event.cause)) || (s->modem && s->at.boot_ms < s->modem->fault_until_ms))
		return;
	mem->indicates = TRUE;
	mem->told_ms = s->at.boot_ms;
	mem->told_cause = o->event.cause;
	mem->told_rat = rat;
	mem->tries_before++;
	mem->tries++;
}

static guint main_cause(const Memory *mem, guint *ret_all)
{
	guint most = 0;
	*ret_all = 0;
	for (guint i = 0; i < mem->n; i++) {
		most = mem->sweeps[i] > mem->sweeps[most] ? i : most;
		*ret_all += mem->sweeps[i];
	}
	return most;
}

static const char *sub_of(RejectClass class, gboolean roaming)
{
	if (roaming && class != REJECT_CLASS_OVERLOAD)
		return "roaming";
	if (class == REJECT_CLASS_SUBSCRIBER)
		return "subscriber";
	if (class == REJECT_CLASS_AUTHENTICATION)
		return "authentication";
	return class == REJECT_CLASS_OVERLOAD ? "overload" : "area";
}

static void say_class(RejectClass class, gboolean roaming, Finding *f)
{
	if (roaming) {
		finding_say(f, EVIDENCE_AGAINST, "It was not the home network of this SIM: to refuse foreign ones is ordinary");
		finding_cap(f, CONFIDENCE_LOW);
	} else if (class == REJECT_CLASS_SUBSCRIBER) {
		finding_say(f, EVIDENCE_LIMIT,
			    "The cause is one of this subscription, card or modem: with one SIM alone a closed account "
			    "is as likely as an act against many");
		finding_cap(f, CONFIDENCE_LOW);
	} else if (class == REJECT_CLASS_AUTHENTICATION) {
		finding_alternative(f, VERDICT_FAKE_CELL,
				    "Network and SIM did not believe each other: a cell that is not the operator's "
				    "brings that about too");
		finding_cap(f, CONFIDENCE_LOW);
	} else if (class == REJECT_CLASS_OVERLOAD) {
		finding_alternative(f, VERDICT_CONGESTION,
				    "The cause speaks of overload or a fault of the network, not of a prohibition");
		finding_cap(f, CONFIDENCE_LOW);
	}
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *mem = c->memory;
	guint all;
	const guint i = main_cause(mem, &all);
	const RejectClass class = causes_of_reject(mem->rat[i], mem->cause[i]);
	const char *name = causes_reject_name(mem->rat[i], mem->cause[i]);
	const gboolean roaming = mem->foreign * 2 > all;
	f->sub = sub_of(class, roaming);
	if (roaming)
		f->roaming = TRUE;
	finding_say(f, EVIDENCE_FOR,
		    "The network refused to let the modem sign in with cause %u (%s), seen in %u sweeps on %u cell%s",
		    mem->cause[i], name, mem->sweeps[i], mem->cells.n, plural(mem->cells.n));
	if (mem->tries)
		finding_say(f, EVIDENCE_FOR, "It was refused %u time%s", mem->tries, plural(mem->tries));
	if (mem->served_ms)
		finding_say(f, EVIDENCE_FOR, "The same SIM had service until %.0f s before",
			    (double)(f->onset.boot_ms - mem->served_ms) / 1000);
	if (mem->signal_dbm.n)
		finding_say(f, EVIDENCE_FOR, "Cells were heard meanwhile, at %.0f dBm on average", tally_mean(&mem->signal_dbm));
	if (is_final(class) && mem->tries < c->figure[FIGURE_TRIES])
		finding_say(f, EVIDENCE_LIMIT,
			    "After this cause a modem does not try again by itself: how long the network would have "
			    "refused it is not known");
	if (mem->sweeps[i] * 3 < all * 2) {
		finding_say(f, EVIDENCE_AGAINST, "Other causes were told as well, in %u of %u sweeps", all - mem->sweeps[i], all);
		finding_cap(f, CONFIDENCE_LOW);
	}
	if (mem->cells.n < c->figure[FIGURE_CELLS]) {
		finding_say(f, EVIDENCE_LIMIT, "It was seen on %u cell%s only: a fault of one site is not ruled out", mem->cells.n,
			    plural(mem->cells.n));
		finding_cap(f, CONFIDENCE_LOW);
	}
	say_class(class, roaming, f);
}

const Rule rule_rejected = {
	.name = "rejected",
	.looks_for = "a network that answers and refuses to let the modem sign in",
	.verdict = VERDICT_REJECTED,
	.sub_if_refuted = "subscriber",
	.most = CONFIDENCE_MEDIUM,
	.witness = WITNESS_SAME_OPERATOR | WITNESS_RAISES,
	.figures = figures,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.event = event,
	.begin = begin,
	.describe = describe,
};
