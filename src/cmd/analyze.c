/* jamlog analyze: from the store to incidents.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis.h"

#include "cmd/cmd.h"
#include "cmd/json.h"
#include "error.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define BAR_INTERVAL_NS (100 * NS_PER_MS)

typedef struct {
	char *database;
	char **without, **set;
	gboolean again, json, list_rules, quiet;
} Arguments;

static void arguments_clear(Arguments *a)
{
	g_free(a->database);
	g_strfreev(a->without);
	g_strfreev(a->set);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

/* --- the rules --- */

static void print_rules(void)
{
	const AnalysisRule *rule;
	for (guint i = 0; (rule = analysis_rule(i)); i++) {
		printf("%s%s: %s%s%s%s, %s confidence at most\n  %s\n", i ? "\n" : "", rule->name, verdict_words[rule->verdict],
		       rule->sub ? " (" : "", rule->sub ? rule->sub : "", rule->sub ? ")" : "", confidence_words[rule->most],
		       rule->looks_for);
		for (const AnalysisFigure *f = rule->figures; f->name; f++)
			printf("  %-22s %10g  %s\n", f->name, f->value, f->source);
	}
}

static void print_rules_json(void)
{
	const AnalysisRule *rule;
	GVariantBuilder all;
	g_variant_builder_init(&all, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; (rule = analysis_rule(i)); i++) {
		GVariantBuilder one, figures;
		g_variant_builder_init(&one, G_VARIANT_TYPE_VARDICT);
		g_variant_builder_init(&figures, G_VARIANT_TYPE("aa{sv}"));
		g_variant_builder_add(&one, "{sv}", "name", g_variant_new_string(rule->name));
		g_variant_builder_add(&one, "{sv}", "verdict", g_variant_new_string(verdict_words[rule->verdict]));
		if (rule->sub)
			g_variant_builder_add(&one, "{sv}", "sub", g_variant_new_string(rule->sub));
		g_variant_builder_add(&one, "{sv}", "most", g_variant_new_string(confidence_words[rule->most]));
		g_variant_builder_add(&one, "{sv}", "looks_for", g_variant_new_string(rule->looks_for));
		for (const AnalysisFigure *f = rule->figures; f->name; f++) {
			GVariantBuilder figure;
			g_variant_builder_init(&figure, G_VARIANT_TYPE_VARDICT);
			g_variant_builder_add(&figure, "{sv}", "name", g_variant_new_string(f->name));
			g_variant_builder_add(&figure, "{sv}", "value", g_variant_new_double(f->value));
			g_variant_builder_add(&figure, "{sv}", "source", g_variant_new_string(f->source));
			g_variant_builder_add_value(&figures, g_variant_builder_end(&figure));
		}
		g_variant_builder_add(&one, "{sv}", "figures", g_variant_builder_end(&figures));
		g_variant_builder_add_value(&all, g_variant_builder_end(&one));
	}
	g_autoptr(GVariant) list = g_variant_ref_sink(g_variant_builder_end(&all));
	g_autofree char *text = json_from_variant(list);
	puts(text);
}

/* --- what was found --- */

static const char *text_of(GVariantDict *row, const char *key)
{
	const char *text = "";
	g_variant_dict_lookup(row, key, "&s", &text);
	return text;
}

static void print_incident(GVariant *incident)
{
	g_auto(GVariantDict) row;
	gint64 open = 0;
	double duration = 0, lat, lon;
	g_variant_dict_init(&row, incident);
	g_variant_dict_lookup(&row, "duration_s", "d", &duration);
	g_variant_dict_lookup(&row, "open", "x", &open);
	const char *sub = text_of(&row, "sub"), *start = text_of(&row, "start_time");
	g_autofree char *verdict =
		*sub ? g_strdup_printf("%s (%s)", text_of(&row, "verdict"), sub) : g_strdup(text_of(&row, "verdict"));
	g_autofree char *place = g_variant_dict_lookup(&row, "lat", "d", &lat) && g_variant_dict_lookup(&row, "lon", "d", &lon)
					 ? g_strdup_printf("%.5f,%.5f", lat, lon)
					 : g_strdup("no place");
	printf("%-10s %-20.19s %6.0f s%s %-6s %-30s %-20s %-18s %s\n", text_of(&row, "code"), *start ? start : "time not known",
	       duration, open ? "+" : " ", text_of(&row, "confidence"), verdict, text_of(&row, "modems"),
	       text_of(&row, "operators"), place);
}

static void print_incidents(GVariant *incidents)
{
	GVariantIter iter;
	GVariant *incident;
	if (g_variant_n_children(incidents) == 0)
		return;
	printf("%-10s %-20s %9s %-6s %-30s %-20s %-18s %s\n", "incident", "begin (UTC)", "lasted", "sure", "consistent with",
	       "modems", "operators", "place");
	g_variant_iter_init(&iter, incidents);
	while ((incident = g_variant_iter_next_value(&iter))) {
		print_incident(incident);
		g_variant_unref(incident);
	}
}

static void print_json(GVariant *incidents, const AnalysisSummary *s)
{
	GVariantBuilder all;
	g_variant_builder_init(&all, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&all, "{sv}", "rules_version", g_variant_new_string(ANALYSIS_RULES_VERSION));
	g_variant_builder_add(&all, "{sv}", "recordings", g_variant_new_int64((gint64)s->recordings));
	g_variant_builder_add(&all, "{sv}", "recordings_computed", g_variant_new_int64((gint64)s->recordings_done));
	g_variant_builder_add(&all, "{sv}", "stretches", g_variant_new_int64((gint64)s->stretches));
	g_variant_builder_add(&all, "{sv}", "any_baseline", g_variant_new_boolean(s->any_baseline));
	g_variant_builder_add(&all, "{sv}", "incidents", incidents);
	g_autoptr(GVariant) value = g_variant_ref_sink(g_variant_builder_end(&all));
	g_autofree char *text = json_from_variant(value);
	puts(text);
}

static void print_summary(const AnalysisSummary *s)
{
	fprintf(stderr,
		"jamlog analyze: %" G_GUINT64_FORMAT " incidents and %" G_GUINT64_FORMAT " stretches in %" G_GUINT64_FORMAT
		" recordings (%" G_GUINT64_FORMAT " of them computed now, %" G_GUINT64_FORMAT " sweeps)\n",
		s->incidents, s->stretches, s->recordings, s->recordings_done, s->sweeps);
	if (!s->any_baseline)
		fprintf(stderr, "jamlog analyze: no place was passed on three occasions: without ordinary days to compare with, "
				"verdicts on the radio"
				" are of low confidence at most (see \"jamlog baseline\")\n");
	if (s->unlocated > 0)
		fprintf(stderr, "jamlog analyze: %" G_GUINT64_FORMAT " sweeps have no place: they are compared with nothing\n",
			s->unlocated);
	if (s->undated > 0)
		fprintf(stderr,
			"jamlog analyze: %" G_GUINT64_FORMAT
			" sweeps have no time of day: they are not compared with other devices'\n",
			s->undated);
}

/* --- work --- */

static volatile sig_atomic_t stop_wanted;

static void want_stop(int signal_number)
{
	(void)signal_number;
	stop_wanted = 1;
}

static gboolean stopped(gpointer user_data)
{
	(void)user_data;
	return stop_wanted != 0;
}

static void draw_progress(gpointer user_data, guint64 done, guint64 total)
{
	gint64 *last_ns = user_data;
	const gint64 now = clock_boottime_ns();
	if (total == 0 || now - *last_ns < BAR_INTERVAL_NS)
		return;
	*last_ns = now;
	fprintf(stderr, "\r%3.0f %%", 100 * MIN((double)done / (double)total, 1.0));
	fflush(stderr);
}

static int run(const Arguments *a, GError **error)
{
	AnalysisSummary summary;
	gint64 last_drawn_ns = 0;
	const gboolean bar = isatty(STDERR_FILENO) && !a->quiet;
	const AnalysisReport report = {bar ? draw_progress : NULL, stopped, &last_drawn_ns};
	const AnalysisOptions options = {a->without, a->set, a->again};
	g_autoptr(Store) store = store_open_existing(a->database, error);
	const gboolean done = store && analysis_run(store, &options, &report, &summary, error);
	if (bar && last_drawn_ns)
		fprintf(stderr, "\r\033[K");
	if (!done)
		return error_exit_code(*error);
	g_autoptr(GVariant) incidents = analysis_incidents(store, summary.analysis, error);
	if (!incidents)
		return error_exit_code(*error);
	if (a->json)
		print_json(incidents, &summary);
	else
		print_incidents(incidents);
	if (!a->quiet)
		print_summary(&summary);
	return EXIT_CODE_OK;
}

static const char description[] =
	"Each verdict is what the record is consistent with, not what somebody meant. \"+\" behind a duration: it lasted when the\n"
	"recording ended. \"jamlog explain ID --db FILE\" tells an incident's story. Results stand in the tables incident, "
	"incident_evidence,\n"
	"finding and stretch of the store; those of other rules or figures stay beside.\n\n"
	"Examples:\n"
	"  jamlog analyze --db field.gpkg\n"
	"  jamlog analyze --db field.gpkg --without fake-cell --set jamming-blackout.lasts_s=60\n"
	"  jamlog analyze --rules\n\n"
	"Exit codes: 0 done, 1 failure, 2 usage, 3 no sweep in the store.\n";

int cmd_analyze(int argc, char **argv)
{
	g_auto(Arguments) a = {0};
	const GOptionEntry entries[] = {
		{"db", 'd', 0, G_OPTION_ARG_FILENAME, &a.database, "The store that \"jamlog sync\" made", "FILE"},
		{"rules", 0, 0, G_OPTION_ARG_NONE, &a.list_rules, "List the rules with their figures and where those come from",
		 NULL},
		{"without", 0, 0, G_OPTION_ARG_STRING_ARRAY, &a.without, "Switch this rule off; may be given again", "RULE"},
		{"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &a.set, "Use another figure; may be given again", "RULE.FIGURE=VALUE"},
		{"again", 0, 0, G_OPTION_ARG_NONE, &a.again, "Compute all anew, not only what changed", NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &a.json, "One JSON object, with the evidence", NULL},
		{"quiet", 'q', 0, G_OPTION_ARG_NONE, &a.quiet, "No progress and no summary", NULL},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- incidents with their evidence, and a state for every stretch");
	g_autoptr(GError) error = NULL;
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_description(context, description);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1 ||
	    (!a.list_rules && (!a.database || !*a.database))) {
		fprintf(stderr, "jamlog analyze: %s (jamlog analyze --help)\n",
			error	   ? error->message
			: argc > 1 ? "there is a word too many"
				   : "say with --db which store");
		return EXIT_CODE_USAGE;
	}
	if (a.list_rules) {
		if (a.json)
			print_rules_json();
		else
			print_rules();
		return EXIT_CODE_OK;
	}
	const struct sigaction ours = {.sa_handler = want_stop, .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
	sigaction(SIGINT, &ours, NULL);
	sigaction(SIGTERM, &ours, NULL);
	const int code = run(&a, &error);
	if (error)
		fprintf(stderr, "jamlog analyze: %s\n", error->message);
	return code;
}
