/* jamlog export: store -> files for maps and tables.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "export.h"

#include "cmd/cmd.h"
#include "config.h"
#include "error.h"

#include <math.h>
#include <stdio.h>

typedef struct {
	char *database, *output, *format, *layer, *since, *until, *bbox, *modem;
	gboolean record_separators, excel, quiet;
} Arguments;

static void arguments_clear(Arguments *a)
{
	g_free(a->database);
	g_free(a->output);
	g_free(a->format);
	g_free(a->layer);
	g_free(a->since);
	g_free(a->until);
	g_free(a->bbox);
	g_free(a->modem);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

static const char *const layer_words[] = {"samples", "track", "probes", "sessions", NULL};

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

static gboolean parse_word(const char *option, const char *text, const char *const *words, int *ret_index, GError **error)
{
	for (int i = 0; words[i]; i++) {
		if (g_str_equal(text, words[i])) {
			*ret_index = i;
			return TRUE;
		}
	}
	g_autofree char *known = g_strjoinv(", ", (char **)words);
	return usage(error, "--%s %s: write one of %s", option, text, known);
}

/* ISO 8601 as people write it; GLib's reader wants seconds. A date alone is its midnight. */
static char *complete_time(const char *text)
{
	const char *time = strpbrk(text, "Tt ");
	if (!time)
		return g_strconcat(text, "T00:00:00", NULL);
	const gsize minutes_end = (gsize)(time - text) + strlen("T00:00");
	if (strlen(text) < minutes_end || time[3] != ':' || text[minutes_end] == ':')
		return g_strdup(text);
	return g_strdup_printf("%.*s:00%s", (int)minutes_end, text, text + minutes_end);
}

/* A time without a zone is UTC. */
static gboolean parse_time(const char *option, const char *text, gint64 *ret_ms, GError **error)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autofree char *full = complete_time(text);
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(full, utc);
	if (!time)
		return usage(error, "--%s %s: write a date (2026-05-01) or a time (2026-05-01T14:30Z)", option, text);
	*ret_ms = g_date_time_to_unix(time) * 1000 + g_date_time_get_microsecond(time) / 1000;
	return TRUE;
}

static gboolean parse_bbox(const char *text, ExportOptions *options, GError **error)
{
	g_auto(GStrv) part = g_strsplit(text, ",", -1);
	double value[4] = {0};
	gboolean good = g_strv_length(part) == 4;
	for (guint i = 0; good && i < 4; i++) {
		char *end = NULL;
		value[i] = g_ascii_strtod(part[i], &end);
		good = end != part[i] && *end == '\0' && isfinite(value[i]) && fabs(value[i]) <= (i % 2 == 0 ? 180 : 90);
	}
	if (!good || value[1] > value[3])
		return usage(error, "--bbox %s: write WEST,SOUTH,EAST,NORTH in degrees, like 27.4,53.8,27.7,54.0", text);
	options->has_bbox = TRUE;
	options->west = value[0];
	options->south = value[1];
	options->east = value[2];
	options->north = value[3];
	return TRUE;
}

static gboolean check_combination(const Arguments *a, const ExportOptions *options, GError **error)
{
	if (options->format == EXPORT_OONI && a->layer && options->layer != EXPORT_PROBES)
		return usage(error, "ooni-jsonl is made of probes: leave --layer out");
	if (options->format == EXPORT_CSV && options->layer == EXPORT_TRACK)
		return usage(error, "a track is made of lines, which CSV has no form for: use --format geojson");
	if (a->excel && options->format != EXPORT_CSV)
		return usage(error, "--excel goes with --format csv only");
	if (a->record_separators && options->format != EXPORT_GEOJSONSEQ)
		return usage(error, "--rs goes with --format geojsonseq only");
	if (options->since_ms > options->until_ms)
		return usage(error, "--since is later than --until");
	return TRUE;
}

static gboolean parse_options(const Arguments *a, ExportOptions *ret_options, GError **error)
{
	static const char *const formats[] = {"geojson", "geojsonseq", "csv", "ooni-jsonl", NULL};
	int format = 0, layer = 0;
	*ret_options = (ExportOptions){.since_ms = G_MININT64, .until_ms = G_MAXINT64, .record_separators = a->record_separators,
				       .excel = a->excel, .modem = a->modem};
	if (!a->database || !*a->database)
		return usage(error, "say with --db from which store");
	if (!a->output || !*a->output)
		return usage(error, "say with -o into which file (-o - is standard output)");
	if (!parse_word("format", a->format ? a->format : formats[0], formats, &format, error) ||
	    !parse_word("layer", a->layer ? a->layer : layer_words[0], layer_words, &layer, error) ||
	    (a->since && !parse_time("since", a->since, &ret_options->since_ms, error)) ||
	    (a->until && !parse_time("until", a->until, &ret_options->until_ms, error)) ||
	    (a->bbox && !parse_bbox(a->bbox, ret_options, error)))
		return FALSE;
	ret_options->format = (ExportFormat)format;
	ret_options->layer = ret_options->format == EXPORT_OONI && !a->layer ? EXPORT_PROBES : (ExportLayer)layer;
	return check_combination(a, ret_options, error);
}

/* What the format consists of. */
static const char *parts(const ExportOptions *options)
{
	if (options->format == EXPORT_OONI)
		return "lines";
	return options->format == EXPORT_CSV ? "rows" : "features";
}

/* What they are made from. */
static const char *things(const ExportOptions *options)
{
	return options->layer == EXPORT_TRACK ? "samples" : layer_words[options->layer];
}

static void tell(const ExportOptions *options, const ExportSummary *s, const char *output)
{
	fprintf(stderr, "jamlog export: %" G_GUINT64_FORMAT " %s (%" G_GUINT64_FORMAT " %s) to %s\n", s->features, parts(options),
		s->samples, things(options), output);
	if (s->unlocated > 0)
		fprintf(stderr, "jamlog export: %" G_GUINT64_FORMAT " %s have no place%s\n", s->unlocated, things(options),
			options->layer == EXPORT_TRACK	? " and are in no line"
			: options->format == EXPORT_CSV ? ""
							: ": their geometry is null");
	if (s->undated > 0)
		fprintf(stderr,
			"jamlog export: %" G_GUINT64_FORMAT " %s have no time%s: the clock was never set, and no GPS told it\n",
			s->undated, things(options), options->format == EXPORT_OONI ? " and were left out" : "");
}

static void tell_nothing(const Arguments *a, const ExportOptions *options, const ExportSummary *s)
{
	const gboolean probing = options->layer == EXPORT_PROBES || options->layer == EXPORT_SESSIONS;
	if (probing && s->held == 0)
		fprintf(stderr, "jamlog export: %s holds no %s%s%s: a recorder makes them whose configuration says \"mode = %s\"\n",
			a->database, things(options), a->modem ? " of " : "", a->modem ? a->modem : "",
			options->layer == EXPORT_PROBES ? config_mode_words[MODE_PROBE] : config_mode_words[MODE_SESSION]);
	else
		fprintf(stderr, "jamlog export: nothing matched: %s holds no %s\n", a->output, parts(options));
}

static int run(const Arguments *a, GError **error)
{
	ExportOptions options;
	ExportSummary summary;
	if (!parse_options(a, &options, error))
		return EXIT_CODE_USAGE;
	g_autoptr(Store) store = store_open_read(a->database, error);
	if (!store || !export_store(store, a->output, &options, &summary, error))
		return error_exit_code(*error);
	if (!a->quiet)
		tell(&options, &summary, a->output);
	if (options.format == EXPORT_CSV && summary.features >= EXPORT_SHEET_ROWS)
		fprintf(stderr,
			"jamlog export: warning: Excel and LibreOffice show the first %d rows only:"
			" divide the export with --since and --until\n",
			EXPORT_SHEET_ROWS);
	if (summary.features > 0)
		return EXIT_CODE_OK;
	tell_nothing(a, &options, &summary);
	return EXIT_CODE_NO_DATA;
}

int cmd_export(int argc, char **argv)
{
	g_auto(Arguments) a = {0};
	g_autoptr(GError) error = NULL;
	const GOptionEntry entries[] = {
		{"db", 'd', 0, G_OPTION_ARG_FILENAME, &a.database, "The store that \"jamlog sync\" made", "FILE.gpkg"},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &a.output, "Where to; \"-\" is standard output", "FILE"},
		{"format", 'f', 0, G_OPTION_ARG_STRING, &a.format, "geojson (the default), geojsonseq, csv or ooni-jsonl",
		 "FORMAT"},
		{"layer", 'l', 0, G_OPTION_ARG_STRING, &a.layer,
		 "samples (the default: a point for each sweep), track (lines), probes or sessions", "LAYER"},
		{"since", 0, 0, G_OPTION_ARG_STRING, &a.since, "From this time on (ISO 8601, UTC unless it names a zone)",
		 "TIME"},
		{"until", 0, 0, G_OPTION_ARG_STRING, &a.until, "Before this time", "TIME"},
		{"bbox", 0, 0, G_OPTION_ARG_STRING, &a.bbox, "Within this box, in degrees; W > E crosses the antimeridian",
		 "W,S,E,N"},
		{"modem", 0, 0, G_OPTION_ARG_STRING, &a.modem, "Of this modem only", "NAME"},
		{"rs", 0, 0, G_OPTION_ARG_NONE, &a.record_separators,
		 "geojsonseq: record separators before each feature (RFC 8142)", NULL},
		{"excel", 0, 0, G_OPTION_ARG_NONE, &a.excel, "csv: a byte order mark, so that Excel sees UTF-8", NULL},
		{"quiet", 'q', 0, G_OPTION_ARG_NONE, &a.quiet, "No summary on standard error", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- write the store as a map or a table");
	g_option_context_set_summary(
		context,
		"Writes the samples (one point for each sweep of a modem), the track (lines, divided where service changes), the\n"
		"probes or the data sessions as GeoJSON (RFC 7946), newline-delimited GeoJSON, or CSV. What is not known is left\n"
		"out; what has no place has a null geometry. ooni-jsonl is the data format of OONI, a line for each website and\n"
		"server name that was probed, without places. A file appears under its name when it is whole.");
	g_option_context_set_description(context,
		"Exit codes: 0 written; 1 a failure; 2 usage; 3 nothing matched (an empty, valid file is written).\n\n"
		"Examples:\n"
		"  jamlog export --db protest.gpkg -o protest.geojson\n"
		"  jamlog export --db protest.gpkg --layer track --since 2026-05-01T14:00:00Z -o track.geojson\n"
		"  jamlog export --db protest.gpkg --format csv --excel -o protest.csv\n"
		"  jamlog export --db protest.gpkg --layer probes -o probes.geojson\n"
		"  jamlog export --db protest.gpkg --format ooni-jsonl -o probes.jsonl\n");
	g_option_context_add_main_entries(context, entries, NULL);
	int code = EXIT_CODE_USAGE;
	if (g_option_context_parse(context, &argc, &argv, &error)) {
		if (argc > 1)
			usage(&error, "\"%s\" is one word too many", argv[1]);
		else
			code = run(&a, &error);
	}
	if (error)
		fprintf(stderr, "jamlog export: %s\n%s", error->message,
			code == EXIT_CODE_USAGE ? "Try \"jamlog export --help\".\n" : "");
	return code;
}
