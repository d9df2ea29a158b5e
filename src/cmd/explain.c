/* jamlog explain: the story of one incident.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis.h"

#include "cmd/cmd.h"
#include "cmd/json.h"
#include "error.h"

#include <stdio.h>

#define TEXT_SIZE 32

static const char *text_of(GVariantDict *row, const char *key)
{
	const char *text = "";
	g_variant_dict_lookup(row, key, "&s", &text);
	return text;
}

/* A number or text of a row, "" where it is not there. */
static const char *cell(GVariantDict *row, const char *key, char ret_text[TEXT_SIZE])
{
	double real;
	gint64 integer;
	const char *text;
	*ret_text = 0;
	if (g_variant_dict_lookup(row, key, "d", &real))
		g_snprintf(ret_text, TEXT_SIZE, "%.1f", real);
	else if (g_variant_dict_lookup(row, key, "x", &integer))
		g_snprintf(ret_text, TEXT_SIZE, "%" G_GINT64_FORMAT, integer);
	else if (g_variant_dict_lookup(row, key, "&s", &text))
		g_strlcpy(ret_text, text, TEXT_SIZE);
	return ret_text;
}

/* Calls `print` for each row of the array of that name; how many there were. */
static guint each(GVariantDict *of, const char *key, void (*print)(GVariantDict *row, const void *data), const void *data)
{
	GVariantIter iter;
	GVariant *row;
	guint n = 0;
	g_autoptr(GVariant) array = g_variant_dict_lookup_value(of, key, G_VARIANT_TYPE("aa{sv}"));
	if (!array)
		return 0;
	g_variant_iter_init(&iter, array);
	for (; (row = g_variant_iter_next_value(&iter)); n++) {
		g_auto(GVariantDict) dict;
		g_variant_dict_init(&dict, row);
		if (print)
			print(&dict, data);
		g_variant_unref(row);
	}
	return n;
}

/* --- its parts --- */

static void print_head(GVariantDict *i)
{
	char t[TEXT_SIZE];
	double lat, lon;
	const char *sub = text_of(i, "sub");
	printf("%s  %s\n\n", text_of(i, "code"), text_of(i, "summary"));
	printf("  verdict     %s%s%s%s, %s confidence\n", text_of(i, "verdict"), *sub ? " (" : "", sub, *sub ? ")" : "",
	       text_of(i, "confidence"));
	if (*text_of(i, "start_time"))
		printf("  UTC         %s to %s, within %s s\n", text_of(i, "start_time"), text_of(i, "end_time"),
		       cell(i, "utc_error_s", t));
	else
		printf("  UTC         not known: the clock of the device was never set\n");
	printf("  lasted      %s s by the clock that never steps\n", cell(i, "duration_s", t));
	if (g_variant_dict_lookup(i, "lat", "d", &lat) && g_variant_dict_lookup(i, "lon", "d", &lon)) {
		printf("  place       %.6f, %.6f", lat, lon);
		printf(", within %s m of it", cell(i, "radius_m", t));
		printf("; each position within %s m\n", cell(i, "position_error_m", t));
	} else {
		printf("  place       not known\n");
	}
	printf("  modems      %s\n  operators   %s\n  rules       version %s\n", text_of(i, "modems"), text_of(i, "operators"),
	       text_of(i, "rules_version"));
}

static void print_sentence(GVariantDict *row, const void *data)
{
	if (!g_str_equal(text_of(row, "kind"), data))
		return;
	const char *modem = text_of(row, "modem"), *verdict = text_of(row, "verdict");
	printf("  - %s%s%s", *modem ? modem : "", *modem ? ": " : "", text_of(row, "text"));
	printf(*verdict ? " [%s]\n" : "%s\n", verdict);
}

static void count_kind(GVariantDict *row, const void *data)
{
	const struct {
		const char *kind;
		guint *n;
	} *of = data;
	*of->n += g_str_equal(text_of(row, "kind"), of->kind) ? 1 : 0;
}

static void print_evidence(GVariantDict *i)
{
	static const char *const titles[] = {"For it:", "Against it:", "Not ruled out:", "Noted by the person:", "Limits:"};
	for (guint kind = 0; evidence_words[kind]; kind++) {
		guint n = 0;
		const struct {
			const char *kind;
			guint *n;
		} of = {evidence_words[kind], &n};
		each(i, "evidence", count_kind, &of);
		if (n == 0)
			continue;
		printf("\n%s\n", titles[kind]);
		each(i, "evidence", print_sentence, evidence_words[kind]);
	}
}

static void print_figure(GVariantDict *row, const void *data)
{
	char t[TEXT_SIZE];
	(void)data;
	printf("    %-22s %10s  %s\n", text_of(row, "name"), cell(row, "value", t), text_of(row, "source"));
}

static void print_columns(GVariantDict *row, const void *data)
{
	const char *const *columns = data;
	for (; columns[0]; columns += 2) {
		char t[TEXT_SIZE];
		printf(" %*s", (int)strlen(columns[1]), cell(row, columns[0], t));
	}
	printf("\n");
}

static void print_table(GVariantDict *of, const char *key, const char *title, const char *const *columns)
{
	if (each(of, key, NULL, NULL) == 0)
		return;
	printf("    %s\n   ", title);
	for (guint i = 0; columns[i]; i += 2)
		printf(" %s", columns[i + 1]);
	printf("\n");
	each(of, key, print_columns, columns);
}

/* Name of the column, and its title, as wide as its values. */
static const char *const sweep_columns[] = {"after_s", "   after s", "service", " service", "rat",	" RAT",
					    "arfcn",   "  ARFCN",    "pci",	" PCI",	    "rsrp_dbm", "RSRP dBm",
					    "rsrq_db", "RSRQ dB",    "snr_db",	"SNR dB",   "rx0_dbm",	"Rx0 dBm",
					    "rx1_dbm", "Rx1 dBm",    "tx_dbm",	"Tx dBm",   NULL};
static const char *const session_columns[] = {
	"after_s",  "   after s", "outcome",	"  outcome", "attempt", "attempt",    "ended_by",
	"ended by", "cause_type", "cause type", "cause",     "cause",	"cause_text", "                  cause",
	NULL};
static const char *const probe_columns[] = {
	"after_s",	    "   after s", "round",   "round", "test", "     test", "target",
	"          target", "role",	  "   role", "step",  "step", "failure",   "                 failure",
	"rate_kbps",	    "kbit/s",	  NULL};

static void print_finding(GVariantDict *f, const void *data)
{
	char t[TEXT_SIZE];
	gint64 start = 0, confirmed = 0, end = 0;
	const char *sub = text_of(f, "sub");
	(void)data;
	g_variant_dict_lookup(f, "start_boottime_ms", "x", &start);
	g_variant_dict_lookup(f, "confirmed_boottime_ms", "x", &confirmed);
	g_variant_dict_lookup(f, "end_boottime_ms", "x", &end);
	printf("\n  %s on %s: %s%s%s%s, %s confidence alone\n", text_of(f, "rule"), text_of(f, "modem"), text_of(f, "verdict"),
	       *sub ? " (" : "", sub, *sub ? ")" : "", text_of(f, "confidence"));
	printf("    looks for: %s\n", text_of(f, "looks_for"));
	printf("    held for %.0f s, confirmed %.0f s after its begin; rows %s to ", (double)(end - start) / 1000,
	       (double)(confirmed - start) / 1000, cell(f, "start_fid", t));
	printf("%s\n", cell(f, "end_fid", t));
	each(f, "figures", print_figure, NULL);
	print_table(f, "sweeps", "sweeps at its begin, its confirmation and its end:", sweep_columns);
	print_table(f, "sessions", "data sessions in it:", session_columns);
	print_table(f, "probes", "probes in it:", probe_columns);
}

static void print_segment(GVariantDict *row, const void *data)
{
	(void)data;
	const char *word = text_of(row, "verification");
	printf("  %s  %s  %s\n", text_of(row, "file_name"), *word ? word : "not verified", text_of(row, "digest"));
}

static void print_device(GVariantDict *row, const void *data)
{
	(void)data;
	printf("  device      %s: %s, firmware %s, over %s\n", text_of(row, "modem"), text_of(row, "model"),
	       text_of(row, "firmware"), text_of(row, "protocol"));
}

static void print_imported(GVariantDict *row, const void *data)
{
	(void)data;
	printf("  %s (%s)  imported: outside the chain of evidence  %s\n", text_of(row, "file_name"), text_of(row, "format"),
	       text_of(row, "digest"));
}

static void print_story(GVariant *incident)
{
	g_auto(GVariantDict) i;
	g_variant_dict_init(&i, incident);
	print_head(&i);
	each(&i, "devices", print_device, NULL);
	print_evidence(&i);
	printf("\nRules:\n");
	each(&i, "findings", print_finding, NULL);
	printf("\nRests on:\n");
	each(&i, "segments", print_segment, NULL);
	each(&i, "imported", print_imported, NULL);
}

int cmd_explain(int argc, char **argv)
{
	g_autofree char *database = NULL;
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
		{"db", 'd', 0, G_OPTION_ARG_FILENAME, &database, "The store that \"jamlog analyze\" worked on", "FILE"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "The same as one JSON object", NULL},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("ID - the story of one incident");
	g_autoptr(GError) error = NULL;
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_description(context, "Examples:\n  jamlog explain 7K2M-0QXA --db field.gpkg\n\n"
						  "Exit codes: 0 told, 1 failure, 2 usage, 3 no such incident.\n");
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc != 2 || !database || !*database) {
		fprintf(stderr, "jamlog explain: %s (jamlog explain --help)\n",
			error	    ? error->message
			: argc != 2 ? "name one incident"
				    : "say with --db which store");
		return EXIT_CODE_USAGE;
	}
	g_autoptr(Store) store = store_open_read(database, &error);
	g_autoptr(GVariant) incident = store ? analysis_explain(store, argv[1], &error) : NULL;
	if (!incident) {
		fprintf(stderr, "jamlog explain: %s\n", error->message);
		return error_exit_code(error);
	}
	g_autofree char *text = json ? json_from_variant(incident) : NULL;
	if (json)
		puts(text);
	else
		print_story(incident);
	return EXIT_CODE_OK;
}
