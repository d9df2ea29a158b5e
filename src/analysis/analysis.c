/* What has to be computed, and in which order: passes of recordings that are new or have changed, the rules over those and over all
 * whose places were given other passes, then the judge over all findings.
 *
 * A recording counts as changed by the last observation that the store has of it, and by the last reading of any journal of its
 * boot (`custody`), since clock pairs and fixes of one recording can date and place those of another. All is one transaction.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis.h"

#include "analysis/judge.h"
#include "analysis/parameters.h"
#include "analysis/stretch.h"
#include "analysis/walk.h"
#include "error.h"

typedef struct {
	Store *store;
	const AnalysisReport *report;
	AnalysisSummary *summary;
	Parameters *parameters;
	guint64 done, total; /* sweeps, for the progress */
	guint64 walked; /* of the recording under way */
} Run;

/* --- which analysis --- */

static gboolean find_analysis(Run *run, GError **error)
{
	gboolean row;
	const char *text = parameters_text(run->parameters);
	g_autoptr(StoreStatement) enter = store_prepare(
		run->store,
		"INSERT INTO analysis (rules_version, parameters, program, made_time) VALUES ('" ANALYSIS_RULES_VERSION
		"', ?, 'jamlog " JAMLOG_VERSION
		"', strftime('%Y-%m-%dT%H:%M:%fZ','now')) ON CONFLICT (rules_version, parameters) DO"
		" UPDATE SET program=excluded.program, made_time=excluded.made_time",
		error);
	g_autoptr(StoreStatement) find =
		enter ? store_prepare(run->store,
				      "SELECT id FROM analysis WHERE rules_version='" ANALYSIS_RULES_VERSION "' AND parameters=?",
				      error)
		      : NULL;
	if (!find)
		return FALSE;
	sqlite3_bind_text(enter, 1, text, -1, SQLITE_STATIC);
	sqlite3_bind_text(find, 1, text, -1, SQLITE_STATIC);
	if (!store_run(run->store, enter, error) || !store_step(run->store, find, &row, error))
		return FALSE;
	run->summary->analysis = sqlite3_column_int64(find, 0);
	return TRUE;
}

/* --- what changed --- */

static char *state_sql(void)
{
	GString *sql = g_string_new(
		"CREATE TEMP TABLE IF NOT EXISTS recording_now (recording INTEGER PRIMARY KEY, last_id INTEGER, stamp INTEGER,"
		" sweeps INTEGER); DELETE FROM recording_now; INSERT INTO recording_now SELECT n.id, max(0");
	for (guint kind = 1; kind <= OBSERVATION_KIND_MAX; kind++)
		g_string_append_printf(sql, ", coalesce((SELECT max(id) FROM %s WHERE id > n.id<<32 AND id < (n.id+1)<<32), 0)",
				       observation_table((ObservationKind)kind)->name);
	g_string_append(
		sql,
		"), coalesce((SELECT max(c.id) FROM custody c JOIN segment s ON s.id=c.segment JOIN recording x ON "
		"x.id=s.recording WHERE"
		" x.boot=n.boot), 0), 0 FROM recording n;"
		"CREATE TEMP TABLE IF NOT EXISTS touched (place INTEGER NOT NULL, cell INTEGER NOT NULL, PRIMARY KEY (place, cell))"
		" WITHOUT ROWID; DELETE FROM touched;");
	return g_string_free(sql, FALSE);
}

/* What stands in results of recordings that are not there any more. */
static const char gone_sql[] =
	"INSERT OR IGNORE INTO touched SELECT place, cell FROM baseline_pass WHERE recording NOT IN (SELECT id FROM recording);"
	"DELETE FROM baseline_pass WHERE recording NOT IN (SELECT id FROM recording);"
	"DELETE FROM baseline_recording WHERE recording NOT IN (SELECT id FROM recording);"
	"DELETE FROM analysis_recording WHERE recording NOT IN (SELECT id FROM recording);"
	"DELETE FROM finding_sentence WHERE finding IN (SELECT id FROM finding WHERE recording NOT IN (SELECT id FROM recording));"
	"DELETE FROM finding WHERE recording NOT IN (SELECT id FROM recording);"
	"DELETE FROM course WHERE recording NOT IN (SELECT id FROM recording);";

/* Recordings with a pass where a baseline is another one now are to be looked at again, whatever the parameters. */
static const char touched_sql[] =
	"DELETE FROM analysis_recording WHERE recording IN (SELECT DISTINCT p.recording FROM touched t JOIN baseline_pass p ON"
	" p.place=t.place AND p.cell=t.cell);"
	"DELETE FROM touched;";

typedef struct {
	gint64 recording, last_id, stamp;
} Due;

static GArray *list_due(Run *run, const char *sql, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Due));
	g_autoptr(StoreStatement) stmt = store_prepare(run->store, sql, error);
	if (!stmt)
		return NULL;
	sqlite3_bind_int64(stmt, 1, run->summary->analysis);
	for (;;) {
		gboolean row;
		if (!store_step(run->store, stmt, &row, error))
			return NULL;
		if (!row)
			return g_steal_pointer(&list);
		const Due due = {sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2)};
		g_array_append_val(list, due);
	}
}

static gboolean count_rows(Run *run, const char *sql, guint64 *ret_n, GError **error)
{
	gboolean row;
	g_autoptr(StoreStatement) stmt = store_prepare(run->store, sql, error);
	if (!stmt)
		return FALSE;
	sqlite3_bind_int64(stmt, 1, run->summary->analysis);
	if (!store_step(run->store, stmt, &row, error))
		return FALSE;
	*ret_n = row ? (guint64)sqlite3_column_int64(stmt, 0) : 0;
	return TRUE;
}

/* --- steps --- */

static gboolean stopped(gpointer user_data, guint64 sweeps)
{
	Run *run = user_data;
	run->walked += sweeps;
	if (run->report && run->report->progress)
		run->report->progress(run->report->user_data, run->done + run->walked, run->total);
	return run->report && run->report->stopped && run->report->stopped(run->report->user_data);
}

static gboolean note_baseline(Run *run, const Due *due, GError **error)
{
	g_autofree char *sql = g_strdup_printf("INSERT OR REPLACE INTO baseline_recording VALUES (%" G_GINT64_FORMAT
					       ",%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ")",
					       due->recording, due->last_id, due->stamp);
	return store_exec(run->store, sql, error);
}

static gboolean make_passes(Run *run, Baseline *baseline, GError **error)
{
	const WalkReport report = {stopped, run};
	g_autoptr(GArray) due =
		list_due(run,
			 "SELECT n.recording, n.last_id, n.stamp FROM recording_now n LEFT JOIN baseline_recording b ON"
			 " b.recording=n.recording AND b.last_id=n.last_id AND b.stamp=n.stamp WHERE b.recording IS NULL"
			 " ORDER BY n.recording",
			 error);
	for (guint i = 0; due && i < due->len; i++) {
		const Due *d = &g_array_index(due, Due, i);
		WalkCount count = {0};
		run->walked = 0;
		if (!walk_passes(run->store, baseline, d->recording, &report, &count, error) || !note_baseline(run, d, error))
			return FALSE;
		run->done += count.sweeps;
	}
	return due && store_exec(run->store, touched_sql, error);
}

static gboolean apply_rules(Run *run, Baseline *baseline, GError **error)
{
	const WalkReport report = {stopped, run};
	const WalkRules *with = parameters_rules(run->parameters);
	g_autoptr(Results) results = results_new(run->store, run->summary->analysis, error);
	g_autoptr(GArray) due =
		results ? list_due(run,
				   "SELECT n.recording, n.last_id, n.stamp FROM recording_now n LEFT JOIN analysis_recording a"
				   " ON a.analysis=?1 AND a.recording=n.recording AND a.last_id=n.last_id AND a.stamp=n.stamp"
				   " WHERE a.recording IS NULL ORDER BY n.recording",
				   error)
			: NULL;
	for (guint i = 0; due && i < due->len; i++) {
		const Due *d = &g_array_index(due, Due, i);
		WalkCount count = {0};
		run->walked = 0;
		if (!walk_rules(run->store, baseline, results, with, d->recording, &report, &count, error) ||
		    !results_note_recording(results, d->recording, d->last_id, d->stamp, error))
			return FALSE;
		run->done += count.sweeps;
		run->summary->sweeps += count.sweeps;
		run->summary->unlocated += count.unlocated;
		run->summary->undated += count.undated;
		run->summary->recordings_done++;
	}
	return due != NULL;
}

static gboolean judge(Run *run, GError **error)
{
	const gint64 analysis = run->summary->analysis;
	g_autoptr(GPtrArray) findings = judge_load(run->store, analysis, error);
	if (!findings || !judge_witnesses(run->store, analysis, findings, error))
		return FALSE;
	judge_gates(findings);
	judge_groups(findings);
	return judge_write(run->store, analysis, findings, error) && stretch_write(run->store, analysis, findings, error);
}

static gboolean sum_up(Run *run, Baseline *baseline, GError **error)
{
	AnalysisSummary *s = run->summary;
	for (guint i = 0; i < VERDICTS; i++) {
		g_autofree char *sql =
			g_strdup_printf("SELECT count(*) FROM incident WHERE analysis=? AND verdict='%s'", verdict_words[i]);
		if (!count_rows(run, sql, &s->incidents_by_verdict[i], error))
			return FALSE;
		s->incidents += s->incidents_by_verdict[i];
	}
	return count_rows(run, "SELECT count(*) FROM finding WHERE analysis=?", &s->findings, error) &&
	       count_rows(run, "SELECT count(*) FROM stretch WHERE analysis=?", &s->stretches, error) &&
	       count_rows(run, "SELECT count(*) FROM recording WHERE ?1 IS NOT NULL", &s->recordings, error) &&
	       baseline_any(baseline, &s->any_baseline, error);
}

static gboolean check_sweeps(Run *run, GError **error)
{
	guint64 any;
	if (!count_rows(run, "SELECT EXISTS (SELECT 1 FROM radio) WHERE ?1 IS NOT NULL", &any, error))
		return FALSE;
	if (any)
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_DATA, "%s has no sweep of any modem: nothing to analyze",
		    store_path(run->store));
	return FALSE;
}

static gboolean run_all(Run *run, const AnalysisOptions *options, GError **error)
{
	g_autofree char *now = state_sql();
	if (!find_analysis(run, error) || !store_exec(run->store, now, error) || !store_exec(run->store, gone_sql, error))
		return FALSE;
	if (options->again && !store_exec(run->store, "DELETE FROM baseline_recording; DELETE FROM analysis_recording", error))
		return FALSE;
	/* each sweep is read twice at most */
	if (!count_rows(run, "SELECT 2*count(*) FROM radio WHERE ?1 IS NOT NULL", &run->total, error))
		return FALSE;
	g_autoptr(Baseline) baseline = baseline_new(run->store, error);
	return baseline && make_passes(run, baseline, error) && apply_rules(run, baseline, error) && judge(run, error) &&
	       sum_up(run, baseline, error);
}

gboolean analysis_run(Store *store, const AnalysisOptions *options, const AnalysisReport *report, AnalysisSummary *ret_summary,
		      GError **error)
{
	*ret_summary = (AnalysisSummary){0};
	g_autoptr(Parameters) parameters = parameters_new(options->without, options->set, error);
	Run run = {.store = store, .report = report, .summary = ret_summary, .parameters = parameters};
	if (!parameters || !check_sweeps(&run, error) || !store_begin(store, error))
		return FALSE;
	if (store_ensure_results(store, error) && run_all(&run, options, error))
		return store_commit(store, error);
	store_exec(store, "ROLLBACK", NULL);
	return FALSE;
}
