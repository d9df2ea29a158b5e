/* main.c - jamlog-sim: plays a scenario on simulated modems and receivers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "sim/port/engine.h"
#include "sim/runtime.h"
#include "sim/scenario/scenario.h"

#include <locale.h>
#include <stdio.h>

typedef struct {
	char *run_dir, *truth, *seed, *day, *start, *protocol;
	double duration_s;
	gboolean truth_only, ordinary, version;
	char **rest;
} Arguments;

static gboolean usage_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean usage_error(GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *message = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE, message);
	return FALSE;
}

static gboolean parse_arguments(int argc, char **argv, Arguments *args, GError **error)
{
	const GOptionEntry entries[] = {
		{"run-dir", 'r', 0, G_OPTION_ARG_FILENAME, &args->run_dir, "Make symlinks modem-NAME and gps-NAME there", "DIR"},
		{"truth", 't', 0, G_OPTION_ARG_FILENAME, &args->truth, "Write the ground truth as JSON lines there", "FILE"},
		{"truth-only", 0, 0, G_OPTION_ARG_NONE, &args->truth_only, "No devices, no waiting: only the truth", NULL},
		{"seed", 's', 0, G_OPTION_ARG_STRING, &args->seed, "Instead of the scenario's seed", "N"},
		{"day", 0, 0, G_OPTION_ARG_STRING, &args->day, "Instead of the scenario's day", "N"},
		{"ordinary", 0, 0, G_OPTION_ARG_NONE, &args->ordinary, "Leave the happenings out", NULL},
		{"start", 0, 0, G_OPTION_ARG_STRING, &args->start, "Instead of the scenario's start (UTC, or now)", "TIME"},
		{"duration", 'd', 0, G_OPTION_ARG_DOUBLE, &args->duration_s, "Instead of the scenario's, in seconds", "S"},
		{"modem-protocol", 0, 0, G_OPTION_ARG_STRING, &args->protocol, "Instead of what the scenario has its modems speak", "NAME"},
		{"version", 0, 0, G_OPTION_ARG_NONE, &args->version, "Print the version", NULL},
		{G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &args->rest, NULL, "SCENARIO"},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_option_context_set_summary(context, "Plays a scenario: a drive through simulated mobile networks, on simulated\n"
					      "modems (QMI, MBIM) and GPS receivers (NMEA), each on a pseudo-terminal of its own.");
	g_option_context_set_description(context, "Examples:\n"
						  "  jamlog-sim tests/data/scenarios/drive-outage.scenario --run-dir /tmp/sim\n"
						  "  jamlog-sim drive-outage.scenario --truth-only --truth - | jq .\n\n"
						  "The scenario's format is written down in src/sim/scenario/scenario.h.\n");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, error))
		return FALSE;
	if (args->version)
		return TRUE;
	if (!args->rest || args->rest[1])
		return usage_error(error, "give one scenario file (jamlog-sim --help)");
	g_autofree char *protocols = sim_engine_protocols();
	if (args->protocol && !sim_engine_class(args->protocol))
		return usage_error(error, "--modem-protocol: \"%s\" is not simulated; there are: %s", args->protocol, protocols);
	return TRUE;
}

/* What the command line makes of the scenario itself. */
static gboolean change_scenario(const Arguments *args, SimScenario *scenario, GError **error)
{
	if (args->day && !g_ascii_string_to_unsigned(args->day, 10, 0, G_MAXINT64, &scenario->day, NULL))
		return usage_error(error, "--day: \"%s\" is not a whole number", args->day);
	if (args->ordinary)
		sim_scenario_make_ordinary(scenario);
	return TRUE;
}

/* The scenario's own words, and what the command line says instead. */
static gboolean fill_options(const Arguments *args, const SimScenario *scenario, SimRunOptions *options, GError **error)
{
	*options = (SimRunOptions){.seed = scenario->seed,
				   .duration_s = scenario->duration_s,
				   .starts_now = scenario->starts_now,
				   .start_unix_s = scenario->start_unix_s,
				   .run_dir = args->run_dir,
				   .protocol = args->protocol,
				   .truth_path = args->truth};
	if (args->truth_only && !args->truth)
		options->truth_path = "-";
	if (args->truth && !args->truth_only && g_str_equal(args->truth, "-"))
		return usage_error(error, "--truth - is for --truth-only: stdout names the devices otherwise");
	if (args->seed && !g_ascii_string_to_unsigned(args->seed, 10, 0, G_MAXINT64, &options->seed, NULL))
		return usage_error(error, "--seed: \"%s\" is not a whole number", args->seed);
	if (args->duration_s < 0)
		return usage_error(error, "--duration: a run takes a positive time");
	if (args->duration_s > 0)
		options->duration_s = args->duration_s;
	if (!args->start)
		return TRUE;
	options->starts_now = g_str_equal(args->start, "now");
	if (options->starts_now || sim_scenario_parse_utc(args->start, &options->start_unix_s))
		return TRUE;
	return usage_error(error, "--start: \"%s\" is neither \"now\" nor UTC like 2026-03-25T12:00:00Z", args->start);
}

static gboolean run(const Arguments *args, GError **error)
{
	SimRunOptions options;
	g_autoptr(SimScenario) scenario = sim_scenario_load(args->rest[0], error);
	if (!scenario || !change_scenario(args, scenario, error) || !fill_options(args, scenario, &options, error))
		return FALSE;
	return (args->truth_only ? sim_runtime_write_truth : sim_runtime_play)(scenario, &options, error);
}

int main(int argc, char **argv)
{
	Arguments args = {0};
	g_autoptr(GError) error = NULL;
	setlocale(LC_ALL, "");
	if (parse_arguments(argc, argv, &args, &error)) {
		if (args.version)
			printf("jamlog-sim %s\n", JAMLOG_VERSION);
		else
			run(&args, &error);
	}
	if (error)
		fprintf(stderr, "jamlog-sim: %s\n", error->message);
	g_free(args.run_dir);
	g_free(args.truth);
	g_free(args.seed);
	g_free(args.day);
	g_free(args.start);
	g_free(args.protocol);
	g_strfreev(args.rest);
	return (int)error_exit_code(error);
}
