/* throttled: data are carried, and held down to a rate.
 *
 * Looks for one of two, in three tests in a row:
 *   selective  a target comes in with at most a quarter of the rate of the control in the same round
 *   bulk       everything comes in at one flat rate: at most 512 kbit/s, or a quarter of what was measured earlier in this recording, with
 *              little variation (15 %) and steady round trips, on LTE or NR with good radio
 * Figures: a quarter and three tests from verdicts.md. 512 kbit/s is a choice above the rates to which operators are known to cut (64 to
 * 256 kbit/s) and far below what LTE in good radio gives. A crowd's rates vary: 15 % is the bound between the two.
 * Not where RSRQ or SNR are degraded: then the radio is slow. GSM and UMTS are slow by themselves: bulk asks for LTE or NR.
 * Cannot tell an order from a tariff: an allowance that is used up is often cut to 64 or 128 kbit/s for all as well.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/grounds.h"
#include "analysis/rule.h"

enum { FIGURE_LASTS_S, FIGURE_TESTS, FIGURE_SHARE, FIGURE_CEILING, FIGURE_VARIATION, FIGURE_RTT_SPREAD, FIGURE_RTT_MS, FIGURE_FINE, FIGURE_SWEEP_S };
static const RuleFigure figures[] = {
	{"lasts_s", 0, "verdicts.md counts tests"},
	{"tests", 3, "verdicts.md: 3 tests"},
	{"share", 0.25, "verdicts.md: at most 25 % of control"},
	{"ceiling_kbps", 512, "a choice: twice the known rates of cuts (64 to 256 kbit/s)"},
	{"variation", 0.15, "a choice: standard deviation over mean of a shaped rate, well below a crowd's"},
	{"rtt_spread", 1.0, "a choice: longest less shortest round trip over their mean, round by round"},
	{"rtt_ms", 200, "twice the round trip of ordinary LTE: below that nothing queues up"},
	{"fine_tests", 2, "so that one test that slips through does not cut an incident in two"},
	{"sweep_s", 30, "a choice: the radio of a test is that of a sweep no older than that"},
	{NULL, 0, NULL},
};

#define TARGETS_MOST 8
#define RECENT       3
#define NAME_SIZE    32

typedef struct {
	char name[NAME_SIZE];
	double now_kbps;    /* of the round under way; 0: none */
	guint slow_in_row;
	guint slow;         /* over the episode */
	Tally kbps, share;  /* of slow tests */
} Target;

/* One round's rates. */
typedef struct {
	guint n;
	double sum, square, most;
	Tally rtt_ms;
} Rates;

typedef enum { KIND_NONE, KIND_SELECTIVE, KIND_BULK } Kind;

typedef struct {
	RadioGround radio;
	gboolean broadband;
	gint64 sweep_ms;
	guint n;
	Target targets[TARGETS_MOST];
	double control_kbps;  /* of the round under way: the best; 0: none */
	Rates round;
	gboolean spoilt;
	double best_kbps;     /* earlier in this recording, by a test that was not slow */
	Rates recent[RECENT]; /* of the last bulk rounds in a row */
	guint bulk_in_row;
	guint fine_in_row;
	gint64 judged_ms;     /* the last round that was */
	gboolean confirmed;
	/* Of the episode: */
	RadioSum sum;
	Tally bulk_kbps, rtt_ms, control;
	guint bulk, selective, unknown_radio;
	double before_kbps, variation;
} Memory;

static void begin(RuleContext *c)
{
	Memory *mem = c->memory;
	for (guint i = 0; i < mem->n; i++) {
		mem->targets[i].slow = 0;
		mem->targets[i].slow_in_row = MIN(mem->targets[i].slow_in_row, 1);
		mem->targets[i].kbps = mem->targets[i].share = (Tally){0};
	}
	mem->sum = (RadioSum){0};
	mem->bulk_kbps = mem->rtt_ms = mem->control = (Tally){0};
	mem->bulk = mem->selective = mem->unknown_radio = 0;
	mem->before_kbps = mem->best_kbps;
	mem->variation = NAN;
	mem->confirmed = FALSE;
}

/* What was slow before says nothing of what is slow after. */
static void break_rows(Memory *mem)
{
	for (guint i = 0; i < mem->n; i++)
		mem->targets[i].slow_in_row = 0;
	mem->bulk_in_row = 0;
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *mem = c->memory;
	mem->radio = radio_ground(m);
	mem->broadband = moment_broadband(m);
	mem->sweep_ms = m->at.boot_ms;
	if (moment_own_fault(m)) {
		break_rows(mem);
		rule_tell(c, &m->at, HOLDS_UNKNOWN, FALSE);
	}
	if (rule_pending(c))
		radio_sum_add(&mem->sum, m);
}

/* --- one round --- */

static Target *find_target(Memory *mem, const char *name)
{
	for (guint i = 0; i < mem->n; i++)
		if (g_str_equal(mem->targets[i].name, name))
			return &mem->targets[i];
	if (mem->n == TARGETS_MOST)
		return NULL;
	Target *t = &mem->targets[mem->n++];
	g_strlcpy(t->name, name, sizeof t->name);
	return t;
}

static void take_rate(Memory *mem, const Observation *o)
{
	const double kbps = o->probe.rate_kbps;
	mem->round.n++;
	mem->round.sum += kbps;
	mem->round.square += kbps * kbps;
	mem->round.most = MAX(mem->round.most, kbps);
	if (PROBE_HAS(o, rtt_us))
		tally_add(&mem->round.rtt_ms, o->probe.rtt_us / 1000.0);
	if (PROBE_HAS(o, role) && o->probe.role == PROBE_CONTROL) {
		mem->control_kbps = MAX(mem->control_kbps, kbps);
		return;
	}
	Target *t = find_target(mem, o->probe.target);
	if (t)
		t->now_kbps = kbps;
}

static gboolean is_slow(const RuleContext *c, const Target *t)
{
	const Memory *mem = c->memory;
	return t->now_kbps > 0 && t->now_kbps <= c->figure[FIGURE_SHARE] * mem->control_kbps;
}

/* The longest row of slow tests that one target has, this round included. */
static guint count_slow(RuleContext *c)
{
	Memory *mem = c->memory;
	guint longest = 0;
	for (guint i = 0; mem->control_kbps > 0 && i < mem->n; i++) {
		Target *t = &mem->targets[i];
		if (t->now_kbps > 0)
			t->slow_in_row = is_slow(c, t) ? t->slow_in_row + 1 : 0;
		if (is_slow(c, t))
			longest = MAX(longest, t->slow_in_row);
	}
	return longest;
}

static gboolean is_low(const RuleContext *c)
{
	const Memory *mem = c->memory;
	return mem->round.most <= c->figure[FIGURE_CEILING] || mem->round.most <= c->figure[FIGURE_SHARE] * mem->best_kbps;
}

/* Over the last bulk rounds: how flat the rates are. */
static double find_variation(const Memory *mem)
{
	double n = 0, sum = 0, square = 0;
	for (guint i = 0; i < MIN(mem->bulk_in_row, RECENT); i++) {
		n += mem->recent[i].n;
		sum += mem->recent[i].sum;
		square += mem->recent[i].square;
	}
	const double mean = sum / n;
	return sqrt(MAX(square / n - mean * mean, 0)) / mean;
}

static gboolean is_steady(const RuleContext *c)
{
	const Memory *mem = c->memory;
	Tally rtt = {0};
	for (guint i = 0; i < MIN(mem->bulk_in_row, RECENT); i++) {
		if (mem->recent[i].rtt_ms.n)
			tally_add(&rtt, tally_mean(&mem->recent[i].rtt_ms));
	}
	return rtt.n == 0 || rtt.most <= c->figure[FIGURE_RTT_MS] || rtt.most - rtt.least <= c->figure[FIGURE_RTT_SPREAD] * tally_mean(&rtt);
}

/* What the rows say of all that came in: its length in rounds, and whether it is flat. */
static gboolean take_bulk(RuleContext *c)
{
	Memory *mem = c->memory;
	const gboolean bulk = mem->round.n > 0 && mem->broadband && is_low(c);
	if (!bulk) {
		mem->bulk_in_row = 0;
		return FALSE;
	}
	mem->recent[mem->bulk_in_row++ % RECENT] = mem->round;
	return find_variation(mem) <= c->figure[FIGURE_VARIATION] && is_steady(c);
}

static void sum_up(RuleContext *c, Kind kind)
{
	Memory *mem = c->memory;
	mem->unknown_radio += mem->radio == RADIO_UNKNOWN ? 1 : 0;
	if (kind == KIND_BULK) {
		mem->bulk++;
		mem->variation = find_variation(mem);
		tally_add(&mem->bulk_kbps, mem->round.sum / mem->round.n);
		if (mem->round.rtt_ms.n)
			tally_add(&mem->rtt_ms, tally_mean(&mem->round.rtt_ms));
		return;
	}
	mem->selective++;
	tally_add(&mem->control, mem->control_kbps);
	for (guint i = 0; i < mem->n; i++) {
		Target *t = &mem->targets[i];
		if (!is_slow(c, t))
			continue;
		t->slow++;
		tally_add(&t->kbps, t->now_kbps);
		tally_add(&t->share, t->now_kbps / mem->control_kbps);
	}
}

static void forget_round(Memory *mem)
{
	for (guint i = 0; i < mem->n; i++)
		mem->targets[i].now_kbps = 0;
	mem->control_kbps = 0;
	mem->round = (Rates){0};
	mem->spoilt = FALSE;
}

static void judge(RuleContext *c, const When *at)
{
	Memory *mem = c->memory;
	if (at->boot_ms - mem->judged_ms > c->rule->aside_ms)
		break_rows(mem);
	mem->judged_ms = at->boot_ms;
	const guint tests = (guint)c->figure[FIGURE_TESTS], slow = count_slow(c);
	const gboolean bulk = take_bulk(c);
	if (slow == 0 && !bulk) {
		if (mem->bulk_in_row == 0)
			mem->best_kbps = MAX(mem->best_kbps, mem->round.most);
		if (++mem->fine_in_row >= c->figure[FIGURE_FINE] || !mem->confirmed)
			rule_tell(c, at, HOLDS_NO, FALSE);
		return;
	}
	const gboolean enough = slow >= tests || (bulk && mem->bulk_in_row >= tests);
	mem->fine_in_row = 0;
	rule_tell(c, at, HOLDS_YES, enough);
	mem->confirmed = mem->confirmed || enough;
	sum_up(c, slow > 0 ? KIND_SELECTIVE : KIND_BULK);
}

static void probe(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const Observation *o = s->observation;
	if (!PROBE_HAS(o, test))
		return;
	mem->spoilt = mem->spoilt || (s->modem && s->at.boot_ms < s->modem->fault_until_ms);
	if (o->probe.test == PROBE_RATE && PROBE_HAS(o, rate_kbps) && o->probe.rate_kbps > 0 && !PROBE_HAS(o, failure))
		take_rate(mem, o);
	if (o->probe.test != PROBE_ROUND)
		return;
	if (s->at.boot_ms - mem->sweep_ms > (gint64)(c->figure[FIGURE_SWEEP_S] * 1000) || mem->sweep_ms == 0) {
		mem->radio = RADIO_UNKNOWN;
		mem->broadband = FALSE;
	}
	if (mem->round.n > 0 && !mem->spoilt && mem->radio != RADIO_POOR)
		judge(c, &s->at);
	forget_round(mem);
}

/* --- its sentences --- */

static void say_selective(const RuleContext *c, Finding *f)
{
	const Memory *mem = c->memory;
	for (guint i = 0; i < mem->n; i++) {
		const Target *t = &mem->targets[i];
		if (t->slow >= c->figure[FIGURE_TESTS])
			finding_say(f, EVIDENCE_FOR, "%s came in at %.0f kbit/s on average in %u tests, %.0f %% of the control's rate "
				    "(%.0f kbit/s) in the same rounds", t->name, tally_mean(&t->kbps), t->slow,
				    100 * tally_mean(&t->share), tally_mean(&mem->control));
	}
	finding_say(f, EVIDENCE_LIMIT, "A slow server, or a slow way to it beyond this operator, is not ruled out");
}

static void say_bulk(const Memory *mem, Finding *f)
{
	finding_say(f, EVIDENCE_FOR, "Everything came in at %.0f kbit/s on average in %u rounds, between %.0f and %.0f, varying by %.0f %%",
		    tally_mean(&mem->bulk_kbps), mem->bulk, mem->bulk_kbps.least, mem->bulk_kbps.most, 100 * mem->variation);
	if (mem->rtt_ms.n)
		finding_say(f, EVIDENCE_FOR, "Round trips were steady, %.0f to %.0f ms", mem->rtt_ms.least, mem->rtt_ms.most);
	if (mem->before_kbps > 0)
		finding_say(f, EVIDENCE_FOR, "Earlier in this recording up to %.0f kbit/s came in", mem->before_kbps);
	else
		finding_say(f, EVIDENCE_LIMIT, "No faster test is in this recording to compare with");
	finding_alternative(f, VERDICT_OWN_FAULT, "A tariff whose allowance is used up is cut down in the same way");
	radio_sum_say(&mem->sum, f);
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *mem = c->memory;
	if (mem->selective >= mem->bulk) {
		f->sub = "selective";
		say_selective(c, f);
	} else {
		f->sub = "bulk";
		say_bulk(mem, f);
	}
	if (mem->unknown_radio) {
		finding_say(f, EVIDENCE_LIMIT, "The radio was not known in %u of the tests", mem->unknown_radio);
		finding_cap(f, CONFIDENCE_LOW);
	}
}

const Rule rule_throttled = {
	.name = "throttled",
	.looks_for = "rates held down: of one target against the control, or of everything at one flat rate",
	.verdict = VERDICT_THROTTLED,
	.most = CONFIDENCE_MEDIUM,
	.witness = WITNESS_RAISES,
	.figures = figures,
	.aside_ms = 1800000,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.probe = probe,
	.begin = begin,
	.describe = describe,
};
