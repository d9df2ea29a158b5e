/* jamlog record.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cmd.h"
#include "config.h"
#include "keyfile.h"
#include "keys.h"
#include "record.h"
#include "targets.h"

#include <math.h>
#include <stdio.h>

typedef struct {
	char **modems, **gpsds, **recipients;
	char *config_path, *directory, *state, *runtime, *interval, *duration, *durable, *mode;
	gboolean no_modem, no_gps, proxy, inhibit, reset, gnss, quiet, verbose;
} Options;

static void options_clear(Options *o)
{
	g_strfreev(o->modems);
	g_strfreev(o->gpsds);
	g_strfreev(o->recipients);
	g_free(o->config_path);
	g_free(o->directory);
	g_free(o->state);
	g_free(o->runtime);
	g_free(o->interval);
	g_free(o->duration);
	g_free(o->durable);
	g_free(o->mode);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean parse(Options *o, int *argc, char ***argv, GError **error)
{
	const GOptionEntry entries[] = {
		{"modem", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &o->modems,
		 "A modem's control node, such as /dev/cdc-wdm0; once for each modem (default: all that are plugged in)",
		 "[NAME=]DEVICE"},
		{"mode", 0, 0, G_OPTION_ARG_STRING, &o->mode,
		 "session: try data sessions, send nothing over them (default); passive: send nothing at all; probe: ask the targets, too",
		 "MODE"},
		{"no-modem", 0, 0, G_OPTION_ARG_NONE, &o->no_modem, "Record positions alone", NULL},
		{"inhibit", 0, 0, G_OPTION_ARG_NONE, &o->inhibit, "Make ModemManager leave the modems to us meanwhile (as root)", NULL},
		{"proxy", 0, 0, G_OPTION_ARG_NONE, &o->proxy,
		 "Share the modems with ModemManager through qmi-proxy or mbim-proxy (as root)", NULL},
		{"reset", 0, 0, G_OPTION_ARG_NONE, &o->reset, "A modem that does not answer any more may be told to restart", NULL},
		{"modem-gnss", 0, 0, G_OPTION_ARG_NONE, &o->gnss, "Positions from the modems' own receivers (QMI LOC), too", NULL},
		{"gps", 'g', 0, G_OPTION_ARG_STRING_ARRAY, &o->gpsds, "A gpsd on this machine (default localhost:2947)",
		 "[NAME=]HOST:PORT"},
		{"no-gps", 0, 0, G_OPTION_ARG_NONE, &o->no_gps, "Record without positions", NULL},
		{"directory", 'd', 0, G_OPTION_ARG_FILENAME, &o->directory, "Folder for the journals", "DIR"},
		{"state", 0, 0, G_OPTION_ARG_FILENAME, &o->state, "Folder for this installation's random identity and signing keys",
		 "DIR"},
		{"runtime", 0, 0, G_OPTION_ARG_FILENAME, &o->runtime, "Folder in which \"jamlog status\" and \"mark\" find this recorder",
		 "DIR"},
		{"recipient", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->recipients,
		 "Seal the recording to this public key (see \"jamlog keygen\"); give two or more", "FILE.pub"},
		{"durable", 0, 0, G_OPTION_ARG_STRING, &o->durable,
		 "How old unsaved observations may get (default 1s; 5s and more spare card and battery)", "TIME"},
		{"interval", 'i', 0, G_OPTION_ARG_STRING, &o->interval, "Time between two sweeps of a modem (default 1s)", "TIME"},
		{"duration", 't', 0, G_OPTION_ARG_STRING, &o->duration, "Stop after this long (90, 90s, 1.5m, 2h, 1:30)", "TIME"},
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &o->config_path, "Read this file instead of the two standard ones", "FILE"},
		{"quiet", 'q', 0, G_OPTION_ARG_NONE, &o->quiet, "Say nothing about changes of state", NULL},
		{"verbose", 'v', 0, G_OPTION_ARG_NONE, &o->verbose, "Say after each durable write up to which observation", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- write down what modems and GPS see, until stopped");
	g_option_context_set_description(
		context, "Ends in order on Ctrl-C or SIGTERM. What the network and others see of it in each mode stands in the README\n"
			 "(\"What others see\").\n\n"
			 "Configuration: /etc/jamlog.conf, ~/.config/jamlog.conf, then these options; see jamlog(1).\n\n"
			 "Exit codes: 0 ok, 1 could not record, 2 usage, 3 neither a modem nor a GPS ever told anything.\n");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (*argc > 1) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "record takes no argument \"%s\": a modem is given with --modem",
			    (*argv)[1]);
		return FALSE;
	}
	return TRUE;
}

/* "NAME=ADDRESS", or ADDRESS alone, which gets the name BASE, then BASE2, BASE3... */
static gboolean add_source(Config *config, const char *text, const char *base, guint nth, const char *type, GError **error)
{
	const char *equals = *text == '/' ? NULL : strchr(text, '=');
	guint before = config->sources->len;
	g_autofree char *name = equals ? g_strndup(text, (gsize)(equals - text))
				: nth  ? g_strdup_printf("%s%u", base, nth + 1)
				       : g_strdup(base);
	if (!config_set_source(config, name, type, equals ? equals + 1 : text, error))
		return FALSE;
	if (config->sources->len > before)
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "two sources are named \"%s\": write NAME=%s with another name", name,
		    equals ? equals + 1 : text);
	return FALSE;
}

static void drop_type(Config *config, const char *type)
{
	for (guint i = config->sources->len; i-- > 0;) {
		const ConfigSource *source = g_ptr_array_index(config->sources, i);
		if (g_str_equal(source->type, type))
			g_ptr_array_remove_index(config->sources, i);
	}
}

/* These options are for the modems of the files too. */
static gboolean set_flags(const Options *o, const Config *config, GError **error)
{
	for (guint i = 0; i < config->sources->len; i++) {
		ConfigSource *source = g_ptr_array_index(config->sources, i);
		if (!g_str_equal(source->type, "modem"))
			continue;
		source->proxy = source->proxy || o->proxy;
		source->inhibit = source->inhibit || o->inhibit;
		source->reset = source->reset || o->reset;
		source->gnss = source->gnss || o->gnss;
		if (!source->proxy || !source->inhibit)
			continue;
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
			    "modem %s: either share it with ModemManager (proxy) or make ModemManager leave it (inhibit), not both",
			    source->name);
		return FALSE;
	}
	return TRUE;
}

static void drop_those_without_address(Config *config)
{
	for (guint i = config->sources->len; i-- > 0;) {
		const ConfigSource *source = g_ptr_array_index(config->sources, i);
		if (g_str_equal(source->address, CONFIG_NO_ADDRESS))
			g_ptr_array_remove_index(config->sources, i);
	}
}

/* Two programs on one control node take each other's answers, and so would two sources. */
static gboolean check_addresses(const Config *config, GError **error)
{
	for (guint i = 0; i < config->sources->len; i++) {
		const ConfigSource *a = g_ptr_array_index(config->sources, i);
		for (guint j = 0; j < i; j++) {
			const ConfigSource *b = g_ptr_array_index(config->sources, j);
			if (!g_str_equal(a->address, b->address))
				continue;
			g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "\"%s\" and \"%s\" are both %s: name each device once",
				    b->name, a->name, a->address);
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean apply_sources(const Options *o, Config *config, GError **error)
{
	if (o->modems || o->no_modem)
		drop_type(config, "modem");
	for (guint i = 0; o->modems && o->modems[i]; i++)
		if (!add_source(config, o->modems[i], "modem", i, "modem", error))
			return FALSE;
	if (!o->no_modem && !config_find_type(config, "modem") &&
	    !config_set_source(config, "modem", "modem", CONFIG_ANY_ADDRESS, error))
		return FALSE;
	if (!set_flags(o, config, error))
		return FALSE;
	if (o->gpsds || o->no_gps)
		drop_type(config, "gpsd");
	for (guint i = 0; o->gpsds && o->gpsds[i]; i++)
		if (!add_source(config, o->gpsds[i], "gps", i, "gpsd", error))
			return FALSE;
	if (!o->no_gps && !config_find_type(config, "gpsd") && !config_set_source(config, "gps", "gpsd", "localhost:2947", error))
		return FALSE;
	drop_those_without_address(config);
	return check_addresses(config, error);
}

static gboolean parse_time(const char *option, const char *text, double min, double max, double *io_seconds, GError **error)
{
	double value = text ? keyfile_parse_seconds(text) : *io_seconds;
	if (isfinite(value) && (!text || (value >= min && value <= max))) {
		*io_seconds = value;
		return TRUE;
	}
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
		    "%s: \"%s\" is not a time from %g to %.0f seconds: write 90, 90s, 1.5m, 2h or 1:30", option, text, min, max);
	return FALSE;
}

static gboolean set_mode(const char *text, Config *config, GError **error)
{
	for (guint i = 0; config_mode_words[i]; i++) {
		if (!text || g_str_equal(text, config_mode_words[i])) {
			config->mode = text ? (ConfigMode)i : config->mode;
			return TRUE;
		}
	}
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, "--mode: \"%s\" is none of: session, passive, probe", text);
	return FALSE;
}

static gboolean apply(const Options *o, Config *config, RecorderOptions *recorder, GError **error)
{
	double interval_s = config->interval_ms / 1000.0, durable_s = config->durable_s;
	if (!apply_sources(o, config, error) || !set_mode(o->mode, config, error) ||
	    !parse_time("--interval", o->interval, 0.2, 3600, &interval_s, error) ||
	    !parse_time("--durable", o->durable, 1, 60, &durable_s, error) ||
	    !parse_time("--duration", o->duration, 1, 366 * 86400, &recorder->duration_s, error))
		return FALSE;
	config->interval_ms = (guint)(interval_s * 1000);
	config->durable_s = (guint)durable_s;
	if (o->recipients)
		config_set_recipients(config, o->recipients);
	if (o->state) {
		g_free(config->state_directory);
		config->state_directory = g_strdup(o->state);
	}
	if (o->directory)
		config_set_directory(config, o->directory);
	recorder->runtime = o->runtime;
	recorder->quiet = o->quiet;
	recorder->verbose = o->verbose;
	return TRUE;
}

/* A mistake in them is told before anything is recorded. */
static gboolean check_targets(const Config *config, GError **error)
{
	if (config->mode != MODE_PROBE)
		return TRUE;
	g_autoptr(Targets) targets = targets_load((const char *const *)config->targets, error);
	return targets != NULL;
}

static gboolean prepare(Options *o, Config *config, RecorderOptions *recorder, int *argc, char ***argv, GError **error)
{
	return parse(o, argc, argv, error) && config_load(config, o->config_path, error) && apply(o, config, recorder, error) &&
	       check_targets(config, error);
}

int cmd_record(int argc, char **argv)
{
	g_auto(Options) options = {0};
	g_autoptr(Config) config = config_new();
	g_autoptr(GError) error = NULL;
	RecorderOptions recorder = {0};
	keys_no_core_dumps(); /* with the signing keys, and what was just seen */
	if (!prepare(&options, config, &recorder, &argc, &argv, &error)) {
		fprintf(stderr, "jamlog record: %s\n", error->message);
		return EXIT_CODE_USAGE;
	}
	if (config->sources->len == 0) {
		fprintf(stderr, "jamlog record: nothing to record: leave --no-modem or --no-gps out\n");
		return EXIT_CODE_USAGE;
	}
	ExitCode code = recorder_run(config, &recorder, &error);
	if (error)
		fprintf(stderr, "jamlog record: %s\n", error->message);
	else if (code == EXIT_CODE_NO_DATA)
		fprintf(stderr, "jamlog record: neither a modem nor a GPS ever told anything\n");
	return (int)code;
}
