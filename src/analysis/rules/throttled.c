/* throttled: data are carried, and held down to a rate.
 *
 * Looks for one of two, in three tests in a row; for bulk in six, for three rates are within 15 % of each other by chance:
 *   selective  a target comes in with at most a quarter of the rate of the control in the same round
 *   bulk       everything comes in at one flat rate: at most 512 kbit/s, or a quarter of what came in earlier in this recording,
 * with little variation (10 %) and steady round trips, on LTE or NR with good radio Figures: a quarter and three tests from
 * verdicts.md. 512 kbit/s is a choice above the rates to which operators are known to cut (64 to 256 kbit/s) and far below what LTE
 * in good radio gives. A crowd's rates vary: 10 % is the bound between the two. Not where RSRQ or SNR are degraded: then the radio
 * is slow. Bulk neither on GSM and UMTS, which are slow by themselves, nor while the network refuses connections for want of
 * capacity (1060, 1015). Cannot tell an order from a tariff: an allowance that is used up is often cut to 64 or 128 kbit/s for all
 * as well.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/causes.h"
#include "analysis/grounds.h"
#include "analysis/rule.h"

enum {
	FIGURE_LASTS_S,
	FIGURE_TESTS,
	FIGURE_SHARE,
	FIGURE_CEILING,
	FIGURE_VARIATION,
	FIGURE_RTT_SPREAD,
	FIGURE_RTT_MS,
	FIGURE_FINE,
	FIGURE_SWEEP_S,
	FIGURE_OVERLOAD_S,
	FIGURE_BULK_TESTS
};
static const RuleFigure figures[] = {
	{"lasts_s", 0, "verdicts.md counts tests"},
	{"tests", 3, "verdicts.md: 3 tests"},
	{"share", 0.25, "verdicts.md: at most 25 % of control"},
	{"ceiling_kbps", 512, "a choice: twice the known rates of cuts (64 to 256 kbit/s)"},
	{"variation", 0.1,
	 "a choice: standard deviation over mean; shaped rates had 6 % in simulation, those of a crowd 20 % and more"},
	{"rtt_spread", 1.0, "a choice: longest less shortest round trip over their mean"},
	{"rtt_ms", 200, "twice the round trip of ordinary LTE: below that nothing queues up"},
	{"fine_rounds", 2, "so that one round that slips through does not cut an incident in two"},
	{"sweep_s", 30, "a choice: the radio of a test is that of a sweep no older than that"},
	{"overload_s", 180, "a network that refused for want of capacity so shortly before is crowded"},
	{"bulk_tests", 6, "twice verdicts.md's 3 tests: three rates are close together by chance too often"},
	{NULL, 0, NULL},
};

#define TARGETS_MOST 8
#define RECENT 6
#define NAME_SIZE 32

typedef struct {
	char name[NAME_SIZE];
	double now_kbps; /* of the round under way; 0: none */
	guint slow_in_row;
	guint slow; /* over the episode */
	Tally kbps, share; /* of slow tests */
} Target;

/* One test's. */
typedef struct {
	double kbps, rtt_ms; /* rtt_ms: NAN not told */
	gboolean control;
} Rate;

typedef struct {
	RadioGround radio;
	gboolean broadband;
	gint64 sweep_ms;
	guint n;
	Target targets[TARGETS_MOST];
	double control_kbps; /* of the round under way: the best; 0: none */
	guint rates; /* in the round under way */
	double sum_kbps; /* of them */
	gboolean spoilt;
	Tally usual_kbps; /* earlier in this recording, of rounds that were not slow */
	Rate recent[RECENT]; /* the last low ones */
	guint bulk_in_row; /* low ones in a row */
	gint64 overload_ms; /* when the network last refused a connection for want of capacity; 0: never */
	guint fine_in_row;
	gint64 judged_ms; /* the last round that was */
	gboolean confirmed;
	/* Of the episode: */
	RadioSum sum;
	Tally bulk_kbps, rtt_ms, control;
	double bulk_square; /* sum of the squares of bulk_kbps */
	guint bulk, selective, unknown_radio;
	double before_kbps; /* NAN: not known */
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
	mem->bulk_square = 0;
	mem->bulk = mem->selective = mem->unknown_radio = 0;
	if (mem->bulk_in_row > 1) { /* those before are of an earlier time */
		mem->recent[0] = mem->recent[(mem->bulk_in_row - 1) % RECENT];
		mem->bulk_in_row = 1;
	}
	mem->before_kbps = tally_mean(&mem->usual_kbps);
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

/* How flat the last low rates are: their standard deviation over their mean. */
static double find_variation(const Memory *mem)
{
	const guint n = MIN(mem->bulk_in_row, RECENT);
	double sum = 0, square = 0;
	for (guint i = 0; i < n; i++) {
		sum += mem->recent[i].kbps;
		square += mem->recent[i].kbps * mem->recent[i].kbps;
	}
	const double mean = sum / n;
	return sqrt(MAX(square / n - mean * mean, 0)) / mean;
}

static gboolean is_steady(const RuleContext *c)
{
	const Memory *mem = c->memory;
	Tally rtt = {0};
	for (guint i = 0; i < MIN(mem->bulk_in_row, RECENT); i++)
		tally_add(&rtt, mem->recent[i].rtt_ms);
	return rtt.n == 0 || rtt.most <= c->figure[FIGURE_RTT_MS] ||
	       rtt.most - rtt.least <= c->figure[FIGURE_RTT_SPREAD] * tally_mean(&rtt);
}

/* A few targets in a row that are slow are selective: a control has to be among them. */
static gboolean has_control(const Memory *mem)
{
	for (guint i = 0; i < MIN(mem->bulk_in_row, RECENT); i++)
		if (mem->recent[i].control)
			return TRUE;
	return FALSE;
}

static gboolean is_bulk(const RuleContext *c)
{
	const Memory *mem = c->memory;
	return mem->bulk_in_row > 0 && has_control(mem) && find_variation(mem) <= c->figure[FIGURE_VARIATION] && is_steady(c);
}

static gboolean is_low(const RuleContext *c, const When *at, double kbps)
{
	const Memory *mem = c->memory;
	const gboolean crowd =
		mem->overload_ms > 0 && at->boot_ms - mem->overload_ms <= (gint64)(c->figure[FIGURE_OVERLOAD_S] * 1000);
	return mem->broadband && mem->radio != RADIO_POOR && !crowd &&
	       (kbps <= c->figure[FIGURE_CEILING] || kbps <= c->figure[FIGURE_SHARE] * tally_mean(&mem->usual_kbps));
}

static void sum_up_bulk(Memory *mem, const Rate *rate)
{
	mem->bulk++;
	mem->unknown_radio += mem->radio == RADIO_UNKNOWN ? 1 : 0;
	mem->bulk_square += rate->kbps * rate->kbps;
	tally_add(&mem->bulk_kbps, rate->kbps);
	tally_add(&mem->rtt_ms, rate->rtt_ms);
}

/* Each test by itself: at such rates a round may take minutes. */
static void take_bulk(RuleContext *c, const When *at, const Rate *rate)
{
	Memory *mem = c->memory;
	if (!is_low(c, at, rate->kbps)) {
		mem->bulk_in_row = 0;
		return;
	}
	mem->recent[mem->bulk_in_row++ % RECENT] = *rate;
	/* Once it was over, one slow test does not carry it on. */
	if (!is_bulk(c) || (rule_pending(c) && mem->confirmed && mem->bulk_in_row < c->figure[FIGURE_TESTS]))
		return;
	const gboolean enough = mem->bulk_in_row >= c->figure[FIGURE_BULK_TESTS];
	mem->fine_in_row = 0;
	rule_tell(c, at, HOLDS_YES, enough);
	mem->confirmed = mem->confirmed || enough;
	sum_up_bulk(mem, rate);
}

static void take_rate(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const Observation *o = s->observation;
	const Rate rate = {.kbps = o->probe.rate_kbps,
			   .rtt_ms = PROBE_HAS(o, rtt_us) ? o->probe.rtt_us / 1000.0 : NAN,
			   .control = PROBE_HAS(o, role) && o->probe.role == PROBE_CONTROL};
	mem->rates++;
	mem->sum_kbps += rate.kbps;
	if (!mem->spoilt)
		take_bulk(c, &s->at, &rate);
	if (rate.control) {
		mem->control_kbps = MAX(mem->control_kbps, rate.kbps);
		return;
	}
	Target *t = find_target(mem, o->probe.target);
	if (t)
		t->now_kbps = rate.kbps;
}

static void sum_up_selective(RuleContext *c)
{
	Memory *mem = c->memory;
	mem->unknown_radio += mem->radio == RADIO_UNKNOWN ? 1 : 0;
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
	mem->control_kbps = mem->sum_kbps = 0;
	mem->rates = 0;
	mem->spoilt = FALSE;
}

static void judge(RuleContext *c, const When *at)
{
	Memory *mem = c->memory;
	const guint slow = count_slow(c);
	mem->judged_ms = at->boot_ms;
	if (slow > 0) {
		const gboolean enough = slow >= c->figure[FIGURE_TESTS];
		mem->fine_in_row = 0;
		rule_tell(c, at, HOLDS_YES, enough);
		mem->confirmed = mem->confirmed || enough;
		sum_up_selective(c);
	} else if (!is_bulk(c)) {
		if (mem->bulk_in_row == 0)
			tally_add(&mem->usual_kbps, mem->sum_kbps / mem->rates);
		if (++mem->fine_in_row >= c->figure[FIGURE_FINE] || !mem->confirmed)
			rule_tell(c, at, HOLDS_NO, FALSE);
	}
}

/* The radio of a test is that of the last sweep. */
static void note_age(const RuleContext *c, const When *at)
{
	Memory *mem = c->memory;
	if (mem->sweep_ms == 0 || at->boot_ms - mem->sweep_ms > (gint64)(c->figure[FIGURE_SWEEP_S] * 1000)) {
		mem->radio = RADIO_UNKNOWN;
		mem->broadband = FALSE;
	}
}

static void probe(RuleContext *c, const Seen *s)
{
	Memory *mem = c->memory;
	const Observation *o = s->observation;
	if (!PROBE_HAS(o, test))
		return;
	note_age(c, &s->at);
	mem->spoilt = mem->spoilt || (s->modem && s->at.boot_ms < s->modem->fault_until_ms);
	if (mem->judged_ms > 0 && s->at.boot_ms - mem->judged_ms > c->rule->aside_ms)
		break_rows(mem);
	if (o->probe.test == PROBE_RATE && PROBE_HAS(o, rate_kbps) && o->probe.rate_kbps > 0 && !PROBE_HAS(o, failure))
		take_rate(c, s);
	if (o->probe.test != PROBE_ROUND)
		return;
	if (mem->rates > 0 && !mem->spoilt && mem->radio != RADIO_POOR)
		judge(c, &s->at);
	forget_round(mem);
}

static void session(RuleContext *c, const Seen *s)
{
	const Observation *o = s->observation;
	if (SESSION_HAS(o, cause) && SESSION_HAS(o, cause_type) &&
	    causes_of_session((CauseType)o->session.cause_type, o->session.cause) == CAUSE_CLASS_OVERLOAD)
		((Memory *)c->memory)->overload_ms = s->at.boot_ms;
}

/* --- its sentences --- */

static void say_selective(const RuleContext *c, Finding *f)
{
	const Memory *mem = c->memory;
	for (guint i = 0; i < mem->n; i++) {
		const Target *t = &mem->targets[i];
		if (t->slow >= c->figure[FIGURE_TESTS])
			finding_say(f, EVIDENCE_FOR,
				    "%s came in at %.0f kbit/s on average in %u tests, %.0f %% of the control's rate "
				    "(%.0f kbit/s) in the same rounds",
				    t->name, tally_mean(&t->kbps), t->slow, 100 * tally_mean(&t->share), tally_mean(&mem->control));
	}
	finding_say(f, EVIDENCE_LIMIT, "A slow server, or a slow way to it beyond this operator, is not ruled out");
}

static void say_bulk(const Memory *mem, Finding *f)
{
	const double mean = tally_mean(&mem->bulk_kbps),
		     variation = sqrt(MAX(mem->bulk_square / mem->bulk_kbps.n - mean * mean, 0)) / mean;
	finding_say(f, EVIDENCE_FOR,
		    "Everything came in at %.0f kbit/s on average in %u tests, between %.0f and %.0f, varying by %.0f %%", mean,
		    mem->bulk, mem->bulk_kbps.least, mem->bulk_kbps.most, 100 * variation);
	if (mem->rtt_ms.n)
		finding_say(f, EVIDENCE_FOR, "Round trips were steady, %.0f to %.0f ms", mem->rtt_ms.least, mem->rtt_ms.most);
	if (!isnan(mem->before_kbps))
		finding_say(f, EVIDENCE_FOR, "Earlier in this recording %.0f kbit/s came in on average", mem->before_kbps);
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
	.session = session,
	.probe = probe,
	.begin = begin,
	.describe = describe,
};
