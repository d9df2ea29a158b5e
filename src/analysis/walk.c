/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/walk.h"

#include "analysis/watch.h"
#include "error.h"

#define STOP_EVERY 4096

typedef struct {
	Store *store;
	Baseline *baseline;
	Results *results;
	const WalkRules *with;
	const WalkReport *report;
	gint64 recording;
	GHashTable *watches; /* of Watch by source */
	Watch *last; /* that was looked up */
	gint64 jamlog; /* source of the recorder itself */
	WalkCount count;
	GError *error; /* of what a rule found and could not be written */
} Walk;

static gboolean give_up(Walk *w, GError **error)
{
	if (!w->report || !w->report->stopped || w->count.sweeps % STOP_EVERY != 0 ||
	    !w->report->stopped(w->report->user_data, STOP_EVERY))
		return FALSE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED, "stopped: what was there before is unchanged");
	return TRUE;
}

static void count_sweep(Walk *w, const Moment *m)
{
	w->count.sweeps++;
	w->count.unlocated += m->tile == TILE_NONE;
	w->count.undated += !m->at.dated;
}

static char *source_name(Store *store, gint64 source, GError **error)
{
	gboolean row;
	g_autoptr(StoreStatement) stmt = store_prepare(store, "SELECT name FROM source WHERE id=?", error);
	if (!stmt)
		return NULL;
	sqlite3_bind_int64(stmt, 1, source);
	if (!store_step(store, stmt, &row, error))
		return NULL;
	return g_strdup(row ? (const char *)sqlite3_column_text(stmt, 0) : "");
}

/* --- the rules at work --- */

static void take_finding(gpointer user_data, Finding *taken)
{
	Walk *w = user_data;
	g_autoptr(Finding) f = taken;
	if (!w->error)
		results_put_finding(w->results, f, &w->error);
}

static void start_rules(Walk *w, Watch *watch, RuleSubject subject)
{
	for (guint i = 0; w->with && rules[i]; i++) {
		if (w->with->without[i] || rules[i]->subject != subject)
			continue;
		RuleRun *run = rule_run_new(rules[i], subject == RULE_OF_MODEM ? &watch->modem : NULL, w->recording,
					    watch->modem.source, take_finding, w);
		for (guint j = 0; rules[i]->figures[j].name; j++)
			rule_run_set_figure(run, j, w->with->figures[i][j]);
		g_ptr_array_add(watch->runs, run);
	}
}

static Watch *find_watch(Walk *w, gint64 source, GError **error)
{
	if (w->last && w->last->modem.source == source)
		return w->last;
	Watch *watch = g_hash_table_lookup(w->watches, &source);
	if (!watch) {
		char *name = source_name(w->store, source, error);
		if (!name)
			return NULL;
		watch = watch_new(source, name);
		g_hash_table_insert(w->watches, &watch->modem.source, watch);
	}
	return w->last = watch;
}

/* What a source is shows only by what it observes: a modem with satellites inside is both. */
static void find_out(Walk *w, Watch *watch, ObservationKind kind)
{
	const gboolean modem = kind == OBSERVATION_RADIO || kind == OBSERVATION_SESSION || kind == OBSERVATION_PROBE;
	if (modem && !watch->is_modem) {
		watch->is_modem = TRUE;
		start_rules(w, watch, RULE_OF_MODEM);
	} else if ((kind == OBSERVATION_SKY || kind == OBSERVATION_FIX) && !watch->is_receiver) {
		watch->is_receiver = TRUE;
		start_rules(w, watch, RULE_OF_RECEIVER);
	}
}

static void free_watch(gpointer data)
{
	Watch *watch = data;
	char *name = (char *)watch->modem.name;
	watch_free(watch);
	g_free(name);
}

static gboolean put_courses(Walk *w, const Watch *watch, const CourseRun *runs, guint n, GError **error)
{
	for (guint i = 0; i < n; i++)
		if (!results_put_course(w->results, w->recording, watch->modem.source, &runs[i], error))
			return FALSE;
	return TRUE;
}

static gboolean walk_sweep(Walk *w, const ReaderItem *item, GError **error)
{
	Moment m = item->moment;
	CourseRun ended[2];
	Watch *watch = find_watch(w, item->source, error);
	if (!watch)
		return FALSE;
	find_out(w, watch, OBSERVATION_RADIO);
	window_add(&watch->window, &m);
	watch_sweep(watch, &m);
	count_sweep(w, &m);
	if (!baseline_ask(w->baseline, w->recording, &m, error) ||
	    !put_courses(w, watch, ended, course_sweep(&watch->course, &m, ended), error))
		return FALSE;
	for (guint i = 0; i < watch->runs->len; i++)
		rule_run_sweep(watch->runs->pdata[i], &m);
	return TRUE;
}

static void tell_seen(Watch *watch, const Seen *seen)
{
	Seen own = *seen;
	own.modem = watch->is_modem ? &watch->modem : NULL;
	for (guint i = 0; i < watch->runs->len; i++)
		rule_run_seen(watch->runs->pdata[i], &own);
}

/* What the recorder itself says is told to all. */
static void tell_all(Walk *w, const Seen *seen)
{
	GHashTableIter iter;
	gpointer watch;
	g_hash_table_iter_init(&iter, w->watches);
	while (g_hash_table_iter_next(&iter, NULL, &watch))
		tell_seen(watch, seen);
}

static gboolean walk_seen(Walk *w, const ReaderItem *item, GError **error)
{
	const Seen *seen = &item->seen;
	const ObservationKind kind = seen->observation->kind;
	if (item->source == w->jamlog) {
		tell_all(w, seen);
		return TRUE;
	}
	Watch *watch = find_watch(w, item->source, error);
	if (!watch)
		return FALSE;
	find_out(w, watch, kind);
	if (kind == OBSERVATION_EVENT)
		watch_event(watch, seen);
	course_seen(&watch->course, seen);
	tell_seen(watch, seen);
	return TRUE;
}

static gboolean end_watches(Walk *w, GError **error)
{
	GHashTableIter iter;
	gpointer value;
	g_hash_table_iter_init(&iter, w->watches);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Watch *watch = value;
		CourseRun ended[2];
		if (!put_courses(w, watch, ended, course_end(&watch->course, ended), error))
			return FALSE;
		for (guint i = 0; i < watch->runs->len; i++)
			rule_run_end(watch->runs->pdata[i]);
	}
	return TRUE;
}

static gboolean find_recorder(Walk *w, GError **error)
{
	gboolean row;
	g_autoptr(StoreStatement) stmt = store_prepare(w->store, "SELECT id FROM source WHERE name='jamlog'", error);
	if (!stmt || !store_step(w->store, stmt, &row, error))
		return FALSE;
	w->jamlog = row ? sqlite3_column_int64(stmt, 0) : -1;
	return TRUE;
}

static gboolean pass_rules(Walk *w, Reader *reader, GError **error)
{
	const ReaderItem *item;
	while (reader_next(reader, &item, error)) {
		if (!item)
			return end_watches(w, error);
		w->count.last_id = item->is_sweep ? item->moment.at.id : item->seen.at.id;
		if (item->is_sweep ? !walk_sweep(w, item, error) || give_up(w, error) : !walk_seen(w, item, error))
			return FALSE;
		if (w->error) {
			g_propagate_error(error, g_steal_pointer(&w->error));
			return FALSE;
		}
	}
	return FALSE;
}

gboolean walk_rules(Store *store, Baseline *baseline, Results *results, const WalkRules *with, gint64 recording,
		    const WalkReport *report, WalkCount *ret_count, GError **error)
{
	Walk w = {.store = store, .baseline = baseline, .results = results, .with = with, .report = report, .recording = recording};
	g_autoptr(Reader) reader = reader_new(store, baseline, FALSE, error);
	if (!reader || !find_recorder(&w, error) || !reader_begin(reader, recording, FALSE, error))
		return FALSE;
	w.watches = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_watch);
	gboolean done = results_forget(results, recording, error) && pass_rules(&w, reader, error);
	g_hash_table_unref(w.watches);
	if (done && w.error) {
		g_propagate_error(error, g_steal_pointer(&w.error));
		done = FALSE;
	}
	g_clear_error(&w.error);
	*ret_count = w.count;
	return done;
}

/* --- passes --- */

static gboolean pass_baseline(Walk *w, Reader *reader, GError **error)
{
	const ReaderItem *item;
	while (reader_next(reader, &item, error)) {
		if (!item)
			return TRUE;
		Moment m = item->moment;
		Watch *watch = find_watch(w, item->source, error);
		if (!watch)
			return FALSE;
		watch_sweep(watch, &m);
		count_sweep(w, &m);
		w->count.last_id = m.at.id;
		if (!baseline_add(w->baseline, &m, error) || give_up(w, error))
			return FALSE;
	}
	return FALSE;
}

gboolean walk_passes(Store *store, Baseline *baseline, gint64 recording, const WalkReport *report, WalkCount *ret_count,
		     GError **error)
{
	Walk w = {.store = store, .baseline = baseline, .report = report, .recording = recording};
	g_autoptr(Reader) reader = reader_new(store, baseline, TRUE, error);
	if (!reader || !reader_begin(reader, recording, TRUE, error) || !baseline_begin(baseline, recording, error))
		return FALSE;
	w.watches = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_watch);
	const gboolean done = pass_baseline(&w, reader, error) && baseline_end(baseline, error);
	g_hash_table_unref(w.watches);
	*ret_count = w.count;
	return done;
}
