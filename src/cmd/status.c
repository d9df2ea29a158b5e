/* jamlog status: how the running recorder is, in words or as JSON.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock.h"
#include "cmd/cmd.h"
#include "cmd/json.h"
#include "control.h"
#include "error.h"

#include <stdio.h>
#include <unistd.h>

#define HOUR_MS (3600 * 1000)

static gboolean colours; /* only on a terminal, and only for what matters */

static const char *good(void)
{
	return colours ? "\033[1;32m" : "";
}

static const char *bad(void)
{
	return colours ? "\033[1;31m" : "";
}

static const char *plain(void)
{
	return colours ? "\033[0m" : "";
}

/* --- values of the answer --- */

/* "" where there is none; borrowed. */
static const char *text_of(GVariant *dict, const char *key)
{
	const char *text = "";
	g_variant_lookup(dict, key, "&s", &text);
	return text;
}

static gint64 number_of(GVariant *dict, const char *key)
{
	guint64 number = 0;
	gint64 ms = 0;
	return g_variant_lookup(dict, key, "x", &ms) ? ms : g_variant_lookup(dict, key, "t", &number) ? (gint64)number : 0;
}

static gboolean is_true(GVariant *dict, const char *key)
{
	gboolean value = FALSE;
	g_variant_lookup(dict, key, "b", &value);
	return value;
}

static gboolean has(GVariant *dict, const char *key)
{
	g_autoptr(GVariant) value = g_variant_lookup_value(dict, key, NULL);
	return value != NULL;
}

/* --- figures in words; owned by the caller --- */

static char *span(gint64 ms)
{
	const gint64 s = ms / 1000;
	if (s < 10)
		return g_strdup_printf("%.1f s", (double)ms / 1000);
	if (s < 60)
		return g_strdup_printf("%d s", (int)s);
	if (s < 3600)
		return g_strdup_printf("%d min %d s", (int)(s / 60), (int)(s % 60));
	if (s < 24 * 3600)
		return g_strdup_printf("%d h %d min", (int)(s / 3600), (int)(s / 60 % 60));
	return g_strdup_printf("%d d %d h", (int)(s / 86400), (int)(s / 3600 % 24));
}

static char *size(double bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	guint unit = 0;
	for (; bytes >= 1024 && unit + 1 < G_N_ELEMENTS(units); unit++)
		bytes /= 1024;
	return g_strdup_printf("%.*f %s", unit > 0 ? 1 : 0, bytes, units[unit]);
}

static char *time_left(double hours)
{
	if (hours > 366 * 24)
		return g_strdup("enough for more than a year");
	if (hours > 72)
		return g_strdup_printf("enough for about %.0f days", hours / 24);
	if (hours > 2)
		return g_strdup_printf("enough for about %.0f h", hours);
	return g_strdup_printf("ENOUGH FOR ABOUT %.0f MINUTES ONLY", hours * 60);
}

static char *local_time(const char *iso, gint64 ago_ms)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_iso8601(iso, NULL);
	g_autoptr(GDateTime) local = utc ? g_date_time_to_local(utc) : NULL;
	return local ? g_date_time_format(local, ago_ms > 18 * HOUR_MS ? "%Y-%m-%d %H:%M" : "%H:%M:%S") : g_strdup("?");
}

/* --- the parts --- */

static void print_head(GVariant *status)
{
	g_autofree const char **concerns = NULL;
	const gint64 running_ms = number_of(status, "running_ms");
	g_autofree char *since = local_time(text_of(status, "since"), running_ms);
	g_autofree char *running = span(running_ms);
	const gboolean well = is_true(status, "well"), failing = is_true(status, "disk_failing");
	printf("%s%s since %s (%s), %s%s\n", well ? good() : bad(), failing ? "NOT RECORDING, though running" : "RECORDING", since, running,
	       well ? "all is well" : "BUT LOOK:", plain());
	g_variant_lookup(status, "concerns", "^a&s", &concerns);
	for (guint i = 0; concerns && concerns[i]; i++)
		printf("%s  ! %s%s\n", bad(), concerns[i], plain());
}

/* "qmi, EM12-AW". */
static char *describe_device(GVariant *source)
{
	const char *protocol = text_of(source, "protocol"), *model = text_of(source, "model");
	const char *what = *protocol ? protocol : text_of(source, "type");
	return g_strdup_printf("%s%s%s", what, *model ? ", " : "", model);
}

static char *describe_reading(GVariant *source)
{
	g_autofree char *age = span(number_of(source, "reading_age_ms"));
	return has(source, "reading_age_ms") ? g_strdup_printf("last reading %s ago", age) : g_strdup("nothing heard yet");
}

/* Owned by the caller. A source that should work and is silent does not look as if it did. */
static char *describe_state(GVariant *source)
{
	g_autofree char *lost_for = span(number_of(source, "lost_ms"));
	g_autofree char *silent_for = span(number_of(source, has(source, "reading_age_ms") ? "reading_age_ms" : "opening_ms"));
	if (has(source, "lost_ms"))
		return g_strdup_printf("%sLOST for %s%s", bad(), lost_for, plain());
	if (is_true(source, "silent"))
		return g_strdup_printf("%sNOTHING for %s%s", bad(), silent_for, plain());
	return g_strdup(text_of(source, "state"));
}

static void print_row(int width, const char *name, const char *text)
{
	printf("  %-*s  %s\n", width, name, text);
}

static void print_position(GVariant *source, int width)
{
	const gboolean found = g_str_equal(text_of(source, "position"), "found");
	g_autofree char *age = span(number_of(source, "fix_age_ms"));
	g_autofree char *text = found ? g_strdup_printf("%s, %s ago", text_of(source, "position_words"), age)
				: has(source, "fix_age_ms")
					? g_strdup_printf("%s, the last one %s ago", text_of(source, "position_words"), age)
					: g_strdup_printf("%s so far", text_of(source, "position_words"));
	print_row(width, "", text);
}

static void print_data(GVariant *source, int width)
{
	const char *rates = text_of(source, "rates_words"), *paused = text_of(source, "probing_paused");
	g_autofree char *session_age = span(number_of(source, "session_age_ms"));
	g_autofree char *probes_age = span(number_of(source, "probes_age_ms"));
	g_autofree char *session = g_strdup_printf("%s, %s ago", text_of(source, "session_words"), session_age);
	g_autofree char *probes = g_strdup_printf("%s%s%s, %s ago", text_of(source, "probes_words"), *rates ? "; " : "", rates, probes_age);
	g_autofree char *why = g_strdup_printf("data sessions and probes wait: %s", paused);
	if (has(source, "session_words"))
		print_row(width, "", session);
	if (has(source, "probes_words"))
		print_row(width, "", probes);
	if (*paused)
		print_row(width, "", why);
}

static void print_source(GVariant *source, int width)
{
	const gboolean lost = has(source, "lost_ms"), old = lost || is_true(source, "silent");
	g_autofree char *device = describe_device(source);
	g_autofree char *reading = describe_reading(source);
	g_autofree char *state = describe_state(source);
	g_autofree char *head = g_strdup_printf("%s (%s); %s", state, device, reading);
	print_row(width, text_of(source, "name"), head);
	if (!lost && *text_of(source, "told")) /* why it is lost stands among the concerns */
		print_row(width, "", text_of(source, "told"));
	if (has(source, "service_words")) {
		g_autofree char *service = g_strconcat(old ? "before that: " : "", text_of(source, "service_words"), NULL);
		print_row(width, "", service);
	}
	if (is_true(source, "values_held"))
		print_row(width, "", "the modem repeats the same figures: they are left out until they move");
	print_data(source, width);
	if (has(source, "position"))
		print_position(source, width);
}

static void print_journal(GVariant *status, int width)
{
	double hours = 0;
	const gint64 lost = number_of(status, "lost");
	g_autofree char *path = g_build_filename(text_of(status, "directory"), text_of(status, "segment"), NULL);
	g_autofree char *written = size((double)number_of(status, "journal_bytes"));
	g_autofree char *left = size((double)number_of(status, "disk_left_bytes"));
	g_autofree char *durable = span(number_of(status, "durable_age_ms"));
	print_row(width, "journal", path);
	printf("  %*s  %s and %" G_GINT64_FORMAT " observations in this run; last written durably %s ago\n", width, "", written,
	       number_of(status, "observations"), durable);
	print_row(width, "", is_true(status, "sealed") ? "sealed: not readable on this device"
						       : "not sealed: readable by whoever holds this device");
	printf("  %*s  checkpoint %s (all that is written durably), device %s\n", width, "", text_of(status, "checkpoint"),
	       text_of(status, "device_id"));
	if (lost > 0)
		printf("  %*s  %s%" G_GINT64_FORMAT " OBSERVATIONS ARE LOST%s since the disk fails\n", width, "", bad(), lost, plain());
	if (!has(status, "disk_left_bytes"))
		return;
	g_autofree char *enough = g_variant_lookup(status, "disk_left_hours", "d", &hours) ? time_left(hours) : NULL;
	printf("  %*s  %s left on the disk%s%s\n", width, "", left, enough ? ", " : "", enough ? enough : "");
}

static void print_words(GVariant *status, guint others)
{
	g_autoptr(GVariant) sources = g_variant_lookup_value(status, "sources", G_VARIANT_TYPE("aa{sv}"));
	const gsize n = sources ? g_variant_n_children(sources) : 0;
	int width = (int)strlen("journal");
	print_head(status);
	for (gsize i = 0; i < n; i++) {
		g_autoptr(GVariant) source = g_variant_get_child_value(sources, i);
		width = MAX(width, (int)strlen(text_of(source, "name")));
	}
	for (gsize i = 0; i < n; i++) {
		g_autoptr(GVariant) source = g_variant_get_child_value(sources, i);
		print_source(source, width);
	}
	print_journal(status, width);
	if (g_str_equal(text_of(status, "clock_state"), clock_state_name(CLOCK_STATE_UNSET)))
		print_row(width, "clock", "this computer's is not set; sync finds the time from GPS");
	printf("  %-*s  %s, process %" G_GINT64_FORMAT "\n", width, "jamlog", text_of(status, "version"), number_of(status, "pid"));
	if (others > 0)
		printf("%u more recorder%s running; this one was started last, --directory chooses another\n", others,
		       others == 1 ? " is" : "s are");
}

/* --- the command --- */

static int run(const ControlTarget *target, gboolean json)
{
	guint others;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) status = control_ask(target, "status", NULL, &others, &error);
	if (!status) {
		fprintf(stderr, "jamlog status: %s\n", error->message);
		return (int)error_exit_code(error);
	}
	if (json) {
		g_autofree char *text = json_from_variant(status);
		puts(text);
	} else {
		print_words(status, target->directory ? 0 : others);
	}
	if (fflush(stdout) != 0) {
		fprintf(stderr, "jamlog status: cannot write the answer\n");
		return EXIT_CODE_FAILURE;
	}
	return is_true(status, "well") ? EXIT_CODE_OK : EXIT_CODE_FAILURE;
}

static gboolean wants_colours(void)
{
	const char *no = g_getenv("NO_COLOR"), *terminal = g_getenv("TERM");
	return isatty(STDOUT_FILENO) && !(no && *no) && terminal && !g_str_equal(terminal, "dumb");
}

int cmd_status(int argc, char **argv)
{
	g_autofree char *runtime = NULL, *directory = NULL;
	gboolean json = FALSE;
	g_autoptr(GError) error = NULL;
	const GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print it as JSON", NULL},
		{"directory", 'd', 0, G_OPTION_ARG_FILENAME, &directory, "Of the recorder that writes to this folder", "DIR"},
		{"runtime", 0, 0, G_OPTION_ARG_FILENAME, &runtime, "The folder that was given to \"jamlog record --runtime\"", "DIR"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- how the running recorder is");
	g_option_context_set_description(context,
		"Of several recorders it asks the one that was started last. No service and no position are nothing to worry about: they\n"
		"are recorded as what they are.\n\n"
		"Exit codes: 0 a recorder is running and all is well, 1 it runs but something needs a look, or it does not answer,\n"
		"2 usage, 3 no recorder is running.\n");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "jamlog status: %s\n", error->message);
		return EXIT_CODE_USAGE;
	}
	if (argc > 1) {
		fprintf(stderr, "jamlog status: takes no argument \"%s\"\n", argv[1]);
		return EXIT_CODE_USAGE;
	}
	colours = !json && wants_colours();
	return run(&(ControlTarget){.folder = runtime, .directory = directory}, json);
}
