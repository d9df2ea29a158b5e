/* jamlog import: logs of other programs -> store.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "import.h"

#include "cmd/cmd.h"
#include "error.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

/* Of each file so many refused lines are told one by one. */
#define REFUSED_SHOWN 5

typedef struct {
	char *database, *format, *map, *utc_offset, *modem, *plmn;
	gboolean quiet;
} Arguments;

static void arguments_clear(Arguments *a)
{
	g_free(a->database);
	g_free(a->format);
	g_free(a->map);
	g_free(a->utc_offset);
	g_free(a->modem);
	g_free(a->plmn);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

/* What the options say, and what they own. */
typedef struct {
	ImportOptions options;
	ImportMapping *mapping;
	char mcc[4], mnc[4];
} Parsed;

static void parsed_clear(Parsed *p)
{
	import_mapping_free(p->mapping);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parsed, parsed_clear)

typedef struct {
	guint64 imported, known, failed, sweeps, refused;
	guint64 refused_here; /* of the file at hand */
	gboolean zone_assumed;
} Tally;

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

/* The first signal asks for a clean end; a second one does what it always does. */
static void watch_signals(void)
{
	const struct sigaction ours = {.sa_handler = want_stop, .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
	sigaction(SIGINT, &ours, NULL);
	sigaction(SIGTERM, &ours, NULL);
}

static void tell_refused(gpointer user_data, const char *path, guint64 line, const char *reason)
{
	Tally *tally = user_data;
	if (tally->refused_here++ < REFUSED_SHOWN)
		fprintf(stderr, "jamlog import: %s:%" G_GUINT64_FORMAT ": left out: %s\n", path, line, reason);
}

/* --- options --- */

static int usage_error(const char *message)
{
	fprintf(stderr, "jamlog import: %s\nTry \"jamlog import --help\".\n", message);
	return EXIT_CODE_USAGE;
}

static gboolean usage(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean usage(GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *message = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, message);
	return FALSE;
}

static gboolean parse_offset(const char *text, gint64 *ret_s, GError **error)
{
	g_autoptr(GTimeZone) zone = g_str_equal(text, "Z") || strchr("+-", *text) ? g_time_zone_new_identifier(text) : NULL;
	if (!zone || !*text)
		return usage(error, "--utc-offset %s: write local time less UTC, like +01:00 or -05:30", text);
	*ret_s = g_time_zone_get_offset(zone, 0);
	return TRUE;
}

static gboolean parse_format(const Arguments *a, ImportOptions *options, GError **error)
{
	options->format = IMPORT_RECOGNISE;
	for (int i = 0; a->format && import_format_words[i]; i++)
		if (g_str_equal(a->format, import_format_words[i]))
			options->format = i;
	if (a->format && options->format == IMPORT_RECOGNISE) {
		g_autofree char *known = g_strjoinv(", ", (char **)import_format_words);
		return usage(error, "--format %s: write one of %s", a->format, known);
	}
	if (options->format == IMPORT_MAPPED && !a->map)
		return usage(error, "--format mapped needs --map: the file that says what the columns mean");
	if (a->map && a->format && options->format != IMPORT_MAPPED)
		return usage(error, "--map is for --format mapped alone");
	return TRUE;
}

static gboolean is_name(const char *text)
{
	const gsize n = strlen(text);
	return n > 0 && n < OBSERVATION_SOURCE_SIZE &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n;
}

static gboolean parse(const Arguments *a, Parsed *ret, GError **error)
{
	if (!a->database || !*a->database)
		return usage(error, "say with --db into which store");
	if (!parse_format(a, &ret->options, error) ||
	    (a->utc_offset && !parse_offset(a->utc_offset, &ret->options.utc_offset_s, error)))
		return FALSE;
	if (a->modem && !is_name(a->modem))
		return usage(error, "--modem %s: a name has up to %d letters, digits, - _ or .", a->modem,
			     OBSERVATION_SOURCE_SIZE - 1);
	if (a->plmn && !import_parse_plmn(a->plmn, ret->mcc, ret->mnc))
		return usage(error, "--plmn %s: write the country's and the network's code, like 272-05", a->plmn);
	ret->options.modem = a->modem;
	ret->options.now_ms = g_get_real_time() / 1000;
	if (a->plmn) {
		ret->options.mcc = ret->mcc;
		ret->options.mnc = ret->mnc;
	}
	if (a->map)
		ret->options.mapping = ret->mapping = import_mapping_load(a->map, error);
	return !a->map || ret->mapping;
}

/* --- files --- */

static void tell_done(const Arguments *a, const char *path, const ImportSummary *s)
{
	if (a->quiet)
		return;
	if (s->known) {
		printf("%s: known already\n", path);
		return;
	}
	printf("%s: %s, %" G_GUINT64_FORMAT " rows, %" G_GUINT64_FORMAT " sweeps", path, import_format_words[s->format], s->rows,
	       s->sweeps);
	if (s->unlocated > 0)
		printf(", %" G_GUINT64_FORMAT " without a place", s->unlocated);
	if (s->refused > 0)
		printf(", %" G_GUINT64_FORMAT " lines left out", s->refused);
	putchar('\n');
}

static void count(Tally *tally, const char *path, const ImportSummary *s)
{
	if (tally->refused_here > REFUSED_SHOWN)
		fprintf(stderr, "jamlog import: %s: and %" G_GUINT64_FORMAT " more lines left out\n", path,
			tally->refused_here - REFUSED_SHOWN);
	tally->refused += s->refused;
	tally->zone_assumed = tally->zone_assumed || (s->zone_assumed && !s->known);
	tally->sweeps += s->sweeps;
}

/* FALSE where the store is lost. */
static gboolean import_all(Store *store, char **paths, const Arguments *a, const ImportOptions *options, Tally *tally,
			   GError **error)
{
	const ImportReport report = {tell_refused, stopped, tally};
	for (; *paths; paths++) {
		ImportSummary summary;
		g_autoptr(GError) bad = NULL;
		tally->refused_here = 0;
		const ImportResult result = import_file(store, *paths, options, &report, &summary, &bad);
		count(tally, *paths, &summary);
		if (stop_wanted || result == IMPORT_STORE_BAD) {
			g_propagate_error(error,
					  bad ? g_steal_pointer(&bad) : g_error_new(JAMLOG_ERROR, JAMLOG_ERROR_FAILED, "stopped"));
			return FALSE;
		}
		if (result == IMPORT_FILE_BAD) {
			tally->failed++;
			fprintf(stderr, "jamlog import: %s\n", bad->message);
			continue;
		}
		*(summary.known ? &tally->known : &tally->imported) += 1;
		tell_done(a, *paths, &summary);
	}
	return TRUE;
}

static int exit_code(const Tally *tally)
{
	if (tally->failed > 0)
		return EXIT_CODE_FAILURE;
	if (tally->imported == 0)
		return EXIT_CODE_NO_DATA;
	return tally->refused > 0 ? EXIT_CODE_DAMAGED : EXIT_CODE_OK;
}

static int run(const Arguments *a, char **paths, const ImportOptions *options, GError **error)
{
	Tally tally = {0};
	g_autoptr(Store) store = store_open_write(a->database, error);
	watch_signals();
	if (!store || !import_all(store, paths, a, options, &tally, error) || (tally.imported > 0 && !store_finish(store, error)))
		return error_exit_code(*error);
	if (tally.zone_assumed && !a->utc_offset)
		fprintf(stderr,
			"jamlog import: the times name no zone and were taken as UTC: if they were local, import into a new store"
			" with --utc-offset\n");
	if (tally.imported == 0 && tally.failed == 0)
		fprintf(stderr, "jamlog import: nothing new: %s knows these logs\n", a->database);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "jamlog import: the logs are imported, but the summary cannot be written: %s\n", g_strerror(errno));
		return EXIT_CODE_FAILURE;
	}
	return exit_code(&tally);
}

static GOptionContext *new_context(const GOptionEntry *entries)
{
	GOptionContext *context = g_option_context_new("LOG... - read logs of other programs into the store");
	g_option_context_set_summary(
		context,
		"Reads what phones logged into the store that \"jamlog sync\" makes, for baselines and rules: G-NetTrack Pro's "
		"CSV\n"
		"(also .gz), the GeoPackage of Network Survey for Android, Tower Collector's CSV, and any CSV by a mapping file.\n"
		"Imported sweeps show time_source \"import\", and are outside the chain of evidence. The same log enters once.");
	g_option_context_set_description(
		context,
		"Exit codes: 0 all read; 1 a failure, or a file cannot be imported (the others were); 2 usage; 3 nothing new;\n"
		"4 imported, but lines were left out.\n\n"
		"Example:\n  jamlog import --db field.gpkg --utc-offset +02:00 --plmn 272-05 drive.csv.gz\n");
	g_option_context_add_main_entries(context, entries, NULL);
	return context;
}

int cmd_import(int argc, char **argv)
{
	g_auto(Arguments) a = {0};
	g_auto(Parsed) parsed = {0};
	g_autoptr(GError) error = NULL;
	const GOptionEntry entries[] = {
		{"db", 'd', 0, G_OPTION_ARG_FILENAME, &a.database,
		 "The store: made where it is missing, added to where it is there", "FILE.gpkg"},
		{"format", 'f', 0, G_OPTION_ARG_STRING, &a.format,
		 "gnettrack, network-survey, towercollector or mapped; else it is recognised", "FORMAT"},
		{"map", 'm', 0, G_OPTION_ARG_FILENAME, &a.map, "What the columns of a CSV mean (man jamlog, MAPPING FILES)",
		 "MAPPING"},
		{"utc-offset", 0, 0, G_OPTION_ARG_STRING, &a.utc_offset, "Local time less UTC, where the log's times name no zone",
		 "+HH:MM"},
		{"modem", 0, 0, G_OPTION_ARG_STRING, &a.modem, "What to call it; else the format's name", "NAME"},
		{"plmn", 0, 0, G_OPTION_ARG_STRING, &a.plmn, "The network, where the log does not name it", "MCC-MNC"},
		{"quiet", 'q', 0, G_OPTION_ARG_NONE, &a.quiet, "Print no summary, only what went wrong", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = new_context(entries);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		return usage_error(error->message);
	if (argc < 2)
		return usage_error("name a log");
	if (!parse(&a, &parsed, &error)) {
		if (error_exit_code(error) == EXIT_CODE_USAGE)
			return usage_error(error->message);
		fprintf(stderr, "jamlog import: %s\n", error->message);
		return error_exit_code(error);
	}
	const int code = run(&a, argv + 1, &parsed.options, &error);
	if (error)
		fprintf(stderr, "jamlog import: %s\n", error->message);
	return code;
}
