/* jamlog baseline: what places are like on ordinary days, given to other teams and taken from them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis.h"

#include "cmd/cmd.h"
#include "error.h"

#include <stdio.h>

typedef struct {
	char *database, *export_to, *import_from;
	gint floor;
	gboolean quiet;
} Arguments;

static void arguments_clear(Arguments *a)
{
	g_free(a->database);
	g_free(a->export_to);
	g_free(a->import_from);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

static gboolean usage(GError **error, const char *message)
{
	g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, message);
	return FALSE;
}

static gboolean check_arguments(const Arguments *a, int argc, GError **error)
{
	if (argc > 1)
		return usage(error, "there is a word too many");
	if (!a->database || !*a->database)
		return usage(error, "say with --db in which store");
	if (!a->export_to == !a->import_from)
		return usage(error, "say either --export or --import");
	if (!*(a->export_to ? a->export_to : a->import_from))
		return usage(error, "the file has no name");
	if (a->import_from && a->floor != 0)
		return usage(error, "--floor goes with --export only");
	if (a->floor != 0 && a->floor < BASELINE_MIN_SHARED)
		return usage(error,
			     "--floor is " G_STRINGIFY(BASELINE_MIN_SHARED) " at least: fewer visits would give people away");
	return TRUE;
}

static int run_export(const Arguments *a, GError **error)
{
	BaselineSummary summary;
	const guint floor = a->floor ? (guint)a->floor : BASELINE_MIN_SHARED;
	g_autoptr(Store) store = store_open_read(a->database, error);
	if (!store || !analysis_baseline_export(store, a->export_to, floor, &summary, error))
		return error_exit_code(*error);
	if (!a->quiet)
		fprintf(stderr,
			"jamlog baseline: %" G_GUINT64_FORMAT " cells in their places to %s; %" G_GUINT64_FORMAT
			" were left out: heard on fewer than %u days, or in fewer recordings\n",
			summary.places, a->export_to, summary.left_out, floor);
	return EXIT_CODE_OK;
}

static int run_import(const Arguments *a, GError **error)
{
	BaselineSummary summary;
	g_autoptr(Store) store = store_open_existing(a->database, error);
	if (!store || !analysis_baseline_import(store, a->import_from, &summary, error))
		return error_exit_code(*error);
	if (a->quiet)
		return EXIT_CODE_OK;
	if (summary.left_out > 0)
		fprintf(stderr, "jamlog baseline: %s was read before: its %" G_GUINT64_FORMAT " cells stay as they are\n",
			a->import_from, summary.left_out);
	else
		fprintf(stderr, "jamlog baseline: %" G_GUINT64_FORMAT " cells in their places from %s\n", summary.places,
			a->import_from);
	return EXIT_CODE_OK;
}

int cmd_baseline(int argc, char **argv)
{
	g_auto(Arguments) a = {0};
	g_autoptr(GError) error = NULL;
	const GOptionEntry entries[] = {
		{"db", 'd', 0, G_OPTION_ARG_FILENAME, &a.database, "The store that \"jamlog sync\" made", "FILE.gpkg"},
		{"export", 0, 0, G_OPTION_ARG_FILENAME, &a.export_to, "Write the baselines to a CSV file; \"-\" is standard output",
		 "FILE"},
		{"import", 0, 0, G_OPTION_ARG_FILENAME, &a.import_from, "Take those of such a file", "FILE"},
		{"floor", 0, 0, G_OPTION_ARG_INT, &a.floor,
		 "How many days and recordings a place needs to be given away; 3 (the default) or more", "N"},
		{"quiet", 'q', 0, G_OPTION_ARG_NONE, &a.quiet, "No summary on standard error", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- exchange what places are like on ordinary days");
	g_option_context_set_summary(
		context,
		"Writes what \"jamlog analyze\" knows of each cell in each place (tiles of about 100 m): medians, spreads, and "
		"how\n"
		"often there was service. The file has no times, no tracks and nothing of a device; a place that was visited on\n"
		"fewer than N days, or in fewer than N recordings, is not in it. Places that you visit often are: look at the "
		"file\n"
		"before you give it away. What another team gave is compared with like visits of your own, and is not passed on.");
	g_option_context_set_description(context, "Exit codes: 0 done; 1 a failure, or the file is wrong (nothing was changed); 2 "
						  "usage; 3 no place was visited often\n"
						  "enough.\n\n"
						  "Examples:\n"
						  "  jamlog baseline --db field.gpkg --export ordinary.csv\n"
						  "  jamlog baseline --db field.gpkg --import theirs.csv\n");
	g_option_context_add_main_entries(context, entries, NULL);
	int code = EXIT_CODE_USAGE;
	if (g_option_context_parse(context, &argc, &argv, &error) && check_arguments(&a, argc, &error))
		code = a.export_to ? run_export(&a, &error) : run_import(&a, &error);
	if (error)
		fprintf(stderr, "jamlog baseline: %s\n%s", error->message,
			code == EXIT_CODE_USAGE ? "Try \"jamlog baseline --help\".\n" : "");
	return code;
}
