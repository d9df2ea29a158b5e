/* gnss-jam: all satellites fade at once, as if something nearby were louder than the sky.
 *
 * Looks for: carrier to noise density (C/N0) of the strongest satellites and of all of them falling within seconds by 8 dB or
 * more against the last minute, or no satellite at all, from one second to the next, where there had been a good fix.
 *
 * Figures: C/N0 under open sky lies between 35 and 50 dB-Hz and fades by 2 to 3 dB; trackers lose lock near 25 dB-Hz. Eight dB
 * is more than a hand or a car roof takes, ten dB is what a jammer with as much power as the noise times nine does (10 log10(1
 * + J/N)).
 *
 * Cannot tell: receivers do not tell us of their gain or their interference state, so a roof over the head (tunnel, garage,
 * lift) is never ruled out: low at most. A fading slower than half of the drop in 5 s is taken for an obstacle.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/rule.h"

enum { LASTS, DROP, WITHIN, LEARN };
static const RuleFigure figures[] = {
	{"lasts_s", 20, "verdicts.md, decision table"},
	{"drop_db", 8, "three times the usual fading of 2 to 3 dB under open sky"},
	{"within_s", 5, "half of the drop at least; an obstacle at walking pace closes more slowly"},
	{"learn_s", 30, "a level is known after so long"},
	{NULL, 0, NULL},
};
/* The level follows the last minute. */
#define LEVEL_S 60.0
#define GOOD_SATELLITES 5
/* A receiver that was not heard of for so long begins anew. */
#define SEEN_MS 10000
#define RECENT 16

typedef struct {
	gint64 at_ms;
	double top, mean;
} Level;

typedef struct {
	Level recent[RECENT]; /* a ring */
	guint n_recent;
	double top, mean; /* slow averages, dB-Hz */
	gint64 first_ms, last_ms; /* of the level */
	gboolean fixed; /* the last fix was one */
	/* of the episode */
	double top_before, mean_before;
	Tally now_top, now_mean;
	gboolean none, fix_lost;
	guint used_before, used_least;
	guint used;
} Memory;

static void begin(RuleContext *c)
{
	Memory *memory = c->memory;
	memory->top_before = memory->top;
	memory->mean_before = memory->mean;
	memory->now_top = memory->now_mean = (Tally){0};
	memory->none = memory->fix_lost = FALSE;
	memory->used_before = memory->used_least = memory->used;
}

static void learn(Memory *memory, gint64 now_ms, double top, double mean, guint used)
{
	if (memory->first_ms == 0 || now_ms - memory->last_ms > SEEN_MS)
		memory->first_ms = now_ms, memory->top = top, memory->mean = mean;
	const double step = fmin(fmax((double)(now_ms - memory->last_ms) / 1000 / LEVEL_S, 1 / LEVEL_S), 1);
	memory->top += (top - memory->top) * step;
	memory->mean += (mean - memory->mean) * step;
	memory->used = used;
	memory->last_ms = now_ms;
}

/* By how much both are below that, of what the figure asks: 1 is all of it. */
static double fallen(const RuleContext *c, const Level *from, const Level *now)
{
	return fmin(from->top - now->top, from->mean - now->mean) / c->figure[DROP];
}

static gboolean fell_at_once(const RuleContext *c, const Memory *memory, const Level *now)
{
	for (guint i = 0; i < MIN(memory->n_recent, RECENT); i++) {
		const Level *then = &memory->recent[i];
		if (now->at_ms - then->at_ms <= (gint64)(c->figure[WITHIN] * 1000) && fallen(c, then, now) >= 0.5)
			return TRUE;
	}
	return FALSE;
}

/* No satellite heard counts as 0 dB-Hz. FALSE where the receiver does not tell. */
static gboolean read_level(const Seen *s, Level *ret_level, gboolean *ret_none)
{
	const Observation *o = s->observation;
	*ret_level = (Level){.at_ms = s->at.boot_ms};
	*ret_none = SKY_HAS(o, satellites_visible) && !SKY_HAS(o, cn0_top4_cdbhz);
	if (*ret_none)
		return TRUE;
	if (!SKY_HAS(o, cn0_top4_cdbhz))
		return FALSE;
	ret_level->top = o->sky.cn0_top4_cdbhz / 100.0;
	ret_level->mean = SKY_HAS(o, cn0_mean_cdbhz) ? o->sky.cn0_mean_cdbhz / 100.0 : ret_level->top;
	return TRUE;
}

static Holds judge(const RuleContext *c, const Level *now)
{
	const Memory *memory = c->memory;
	const Level level = {0, memory->top, memory->mean};
	if (memory->first_ms == 0 || (!rule_pending(c) && memory->last_ms - memory->first_ms < (gint64)(c->figure[LEARN] * 1000)))
		return HOLDS_NO;
	if (!rule_pending(c) && (memory->used < GOOD_SATELLITES || !fell_at_once(c, memory, now)))
		return HOLDS_NO;
	const double share = fallen(c, &level, now);
	return share >= 1 ? HOLDS_YES : share >= 0.5 ? HOLDS_HALF : HOLDS_NO;
}

static void sky(RuleContext *c, const Seen *s)
{
	Memory *memory = c->memory;
	Level now;
	gboolean none;
	if (!read_level(s, &now, &none))
		return;
	const guint used = SKY_HAS(s->observation, satellites_used) ? s->observation->sky.satellites_used : 0;
	const Holds holds = judge(c, &now);
	rule_tell(c, &s->at, holds, TRUE);
	if (holds == HOLDS_YES) {
		tally_add(&memory->now_top, none ? NAN : now.top);
		tally_add(&memory->now_mean, none ? NAN : now.mean);
		memory->none |= none;
		memory->fix_lost |= !memory->fixed;
		memory->used_least = MIN(memory->used_least, used);
	}
	/* what fades at once is no level */
	if (!none && (rule_pending(c) ? holds == HOLDS_NO : !fell_at_once(c, memory, &now)))
		learn(memory, now.at_ms, now.top, now.mean, used);
	memory->recent[memory->n_recent++ % RECENT] = now;
}

static void fix(RuleContext *c, const Seen *s)
{
	Memory *memory = c->memory;
	const Observation *o = s->observation;
	memory->fixed = FIX_HAS(o, mode) && o->fix.mode != FIX_MODE_NONE;
	if (rule_pending(c))
		memory->fix_lost |= !memory->fixed;
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *memory = c->memory;
	if (memory->now_top.n)
		finding_say(
			f, EVIDENCE_FOR,
			"within %.0f s the four strongest satellites fell from %.0f to %.0f dB-Hz, and the mean of all from %.0f"
			" to %.0f dB-Hz",
			c->figure[WITHIN], memory->top_before, memory->now_top.least, memory->mean_before, memory->now_mean.least);
	if (memory->none)
		finding_say(f, EVIDENCE_FOR,
			    "no satellite was heard any more, after a level of %.0f dB-Hz just"
			    " before",
			    memory->top_before);
	finding_say(f, EVIDENCE_FOR,
		    "satellites used for the position: %u before, %u at the"
		    " least",
		    memory->used_before, memory->used_least);
	if (memory->fix_lost)
		finding_say(f, EVIDENCE_FOR, "the position was lost");
	else
		finding_say(f, EVIDENCE_AGAINST, "the position was kept all the while");
	finding_say(f, EVIDENCE_LIMIT, "the receiver does not tell whether it hears interference or merely less of the sky");
	finding_alternative(f, VERDICT_NO_COVERAGE, "a tunnel, a garage, a lift or a building takes all satellites, too");
	finding_alternative(f, VERDICT_OWN_FAULT, "an antenna that was covered or came off does the same");
}

const Rule rule_gnss_jam = {
	.name = "gnss-jam",
	.looks_for = "all satellites that fade at once, within seconds, where they had been received well",
	.verdict = VERDICT_GNSS_JAM,
	.sub = NULL,
	.subject = RULE_OF_RECEIVER,
	.most = CONFIDENCE_LOW,
	.witness = 0,
	.figures = figures,
	.memory = sizeof(Memory),
	.sky = sky,
	.fix = fix,
	.begin = begin,
	.describe = describe,
};
