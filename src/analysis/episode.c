/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/episode.h"

/* A pending episode outlives so long a time of NO, at most a third of what it must last: one odd sweep undoes nothing. */
#define PENDING_GRACE_MS 5000

typedef enum { EPISODE_NONE, EPISODE_PENDING, EPISODE_CONFIRMED } Stage;

typedef struct Episode {
	Stage stage;
	When onset, last_yes;
	gint64 told_ms, confirmed_ms;
	gint64 held_ms; /* sum of the times between two YES that follow each other */
	gint64 against_ms; /* told NO without a break for so long */
	gint64 unknown_ms; /* nothing could be said for so long */
	gboolean yes_before;
	double south, west, north, east;
	gboolean roaming;
	char plmn[8];
	guint16 band;
} Episode;

struct RuleRun {
	RuleContext context;
	Episode episode;
	const Modem *modem;
	const Moment *sweep; /* during rule_run_sweep */
	gint64 recording, source;
	RuleFound found;
	gpointer user_data;
};

RuleRun *rule_run_new(const Rule *rule, const Modem *modem, gint64 recording, gint64 source, RuleFound found, gpointer user_data)
{
	RuleRun *run = g_new0(RuleRun, 1);
	run->context.rule = rule;
	run->context.memory = g_malloc0(MAX(rule->memory, 1));
	run->context.episode = &run->episode;
	for (guint i = 0; rule->figures[i].name; i++)
		run->context.figure[i] = rule->figures[i].value;
	run->modem = modem;
	run->recording = recording;
	run->source = source;
	run->found = found;
	run->user_data = user_data;
	return run;
}

void rule_run_free(RuleRun *run)
{
	if (!run)
		return;
	g_free(run->context.memory);
	g_free(run);
}

void rule_run_set_figure(RuleRun *run, guint figure, double value)
{
	run->context.figure[figure] = value;
}

static RuleRun *run_of(RuleContext *c)
{
	return (RuleRun *)((char *)c - G_STRUCT_OFFSET(RuleRun, context));
}

static gint64 lasts_ms(const RuleRun *run)
{
	return (gint64)(run->context.figure[0] * 1000);
}

static gint64 aside_ms(const RuleRun *run)
{
	return run->context.rule->aside_ms ? run->context.rule->aside_ms : RULE_ASIDE_MS;
}

/* --- its end --- */

static void tell_finding(RuleRun *run, gboolean open)
{
	const Episode *e = &run->episode;
	const Rule *rule = run->context.rule;
	Finding *f = g_new0(Finding, 1);
	f->recording = run->recording;
	f->source = run->source;
	f->rule = rule->name;
	f->verdict = rule->verdict;
	f->sub = rule->sub;
	f->sub_if_refuted = rule->sub_if_refuted;
	f->confidence = rule->most;
	f->witness = rule->witness;
	f->onset = e->onset;
	f->end = e->last_yes;
	f->confirmed_ms = e->confirmed_ms;
	f->open = open;
	f->roaming = e->roaming;
	g_strlcpy(f->plmn, e->plmn, sizeof f->plmn);
	f->band = e->band;
	f->south = e->south;
	f->west = e->west;
	f->north = e->north;
	f->east = e->east;
	f->sentences = g_ptr_array_new_with_free_func((GDestroyNotify)sentence_free);
	rule->describe(&run->context, f);
	run->found(run->user_data, f);
}

static void end_episode(RuleRun *run, gboolean open)
{
	if (run->episode.stage == EPISODE_CONFIRMED)
		tell_finding(run, open);
	run->episode = (Episode){.stage = EPISODE_NONE};
}

void rule_run_end(RuleRun *run)
{
	end_episode(run, TRUE);
}

/* --- its course --- */

static void stretch_box(Episode *e, const When *at)
{
	if (isnan(at->lat))
		return;
	e->south = fmin(e->south, at->lat);
	e->north = fmax(e->north, at->lat);
	e->west = fmin(e->west, at->lon);
	e->east = fmax(e->east, at->lon);
}

/* Whose network it is about: that of the cell that serves, else of the last one that did. A cell that is only camped on, for
 * emergency calls, may be anybody's. */
static void note_network(RuleRun *run)
{
	Episode *e = &run->episode;
	const Moment *m = run->sweep;
	const Entry *cell = m && moment_served(m) ? m->cell : run->modem ? run->modem->last_cell : NULL;
	const char *plmn = cell && *cell->plmn ? cell->plmn : run->modem ? run->modem->home : "";
	g_strlcpy(e->plmn, plmn, sizeof e->plmn);
	e->band = cell && ENTRY_HAS(cell, band) ? cell->fields.band : 0;
	e->roaming = (run->modem && *run->modem->home && *plmn && !g_str_equal(plmn, run->modem->home)) ||
		     (m && m->state && ENTRY_HAS(m->state, roaming) && m->state->fields.roaming);
}

static void begin_episode(RuleRun *run, const When *at)
{
	run->episode = (Episode){.stage = EPISODE_PENDING,
				 .onset = *at,
				 .last_yes = *at,
				 .told_ms = at->boot_ms,
				 .south = NAN,
				 .west = NAN,
				 .north = NAN,
				 .east = NAN,
				 .yes_before = TRUE};
	stretch_box(&run->episode, at);
	note_network(run);
	if (run->context.rule->begin)
		run->context.rule->begin(&run->context);
}

/* What the time since the last word counts for. */
static void pass_time(Episode *e, gint64 ms, Holds holds)
{
	e->unknown_ms = holds == HOLDS_UNKNOWN ? e->unknown_ms + ms : 0;
	if (holds == HOLDS_NO)
		e->against_ms += ms;
	else if (holds != HOLDS_UNKNOWN)
		e->against_ms = 0;
	if (holds == HOLDS_YES && e->yes_before)
		e->held_ms += ms;
	e->yes_before = holds == HOLDS_YES;
}

static gboolean is_over(const RuleRun *run)
{
	const Episode *e = &run->episode;
	const gint64 lasts = lasts_ms(run);
	if (e->stage == EPISODE_PENDING)
		return e->unknown_ms > RULE_UNKNOWN_MS || e->against_ms > MIN(lasts / 3, PENDING_GRACE_MS) ||
		       (lasts == 0 && !e->yes_before);
	return e->unknown_ms > RULE_ASIDE_MS || (!e->yes_before && e->against_ms >= 2 * lasts);
}

void rule_tell(RuleContext *c, const When *at, Holds holds, gboolean enough)
{
	RuleRun *run = run_of(c);
	Episode *e = &run->episode;
	if (e->stage != EPISODE_NONE && at->boot_ms - e->told_ms > aside_ms(run))
		end_episode(run, FALSE);
	if (e->stage == EPISODE_NONE) {
		if (holds != HOLDS_YES)
			return;
		begin_episode(run, at);
	} else {
		pass_time(e, at->boot_ms - e->told_ms, holds);
		e->told_ms = at->boot_ms;
		if (holds != HOLDS_YES && is_over(run)) {
			end_episode(run, FALSE);
			return;
		}
	}
	if (holds != HOLDS_YES)
		return;
	e->last_yes = *at;
	stretch_box(e, at);
	if (e->stage == EPISODE_PENDING && enough && e->held_ms >= lasts_ms(run)) {
		e->stage = EPISODE_CONFIRMED;
		e->confirmed_ms = at->boot_ms;
	}
}

gboolean rule_pending(const RuleContext *c)
{
	return c->episode->stage != EPISODE_NONE;
}

gint64 rule_held_ms(const RuleContext *c)
{
	return c->episode->stage == EPISODE_NONE ? 0 : c->episode->held_ms;
}

/* --- being told --- */

void rule_run_sweep(RuleRun *run, const Moment *m)
{
	if (!run->context.rule->sweep)
		return;
	run->sweep = m;
	run->context.rule->sweep(&run->context, m);
	run->sweep = NULL;
}

void rule_run_seen(RuleRun *run, const Seen *seen)
{
	const Rule *rule = run->context.rule;
	void (*take)(RuleContext * c, const Seen *s) = NULL;
	if (seen->observation->kind == OBSERVATION_SESSION)
		take = rule->session;
	else if (seen->observation->kind == OBSERVATION_PROBE)
		take = rule->probe;
	else if (seen->observation->kind == OBSERVATION_EVENT)
		take = rule->event;
	else if (seen->observation->kind == OBSERVATION_SKY)
		take = rule->sky;
	else if (seen->observation->kind == OBSERVATION_FIX)
		take = rule->fix;
	if (take)
		take(&run->context, seen);
}
