/* jamlog: a table of commands; nothing else.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cmd.h"
#include "error.h"

#include <locale.h>
#include <sodium.h>
#include <stdio.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"devices", cmd_devices, "list modems and receivers that are plugged in"},
	{"record", cmd_record, "write down what modems and GPS see, until stopped"},
	{"status", cmd_status, "how the running recorder is: its sources, its disk"},
	{"mark", cmd_mark, "write a note into the running recording"},
	{"targets", cmd_targets, "what mode \"probe\" would contact, and how much it takes"},
	{"keygen", cmd_keygen, "make a recipient of sealed recordings, at the desk"},
	{"sync", cmd_sync, "read journals into one SQLite file (a GeoPackage)"},
	{"import", cmd_import, "read logs of other programs into that file"},
	{"verify", cmd_verify, "what journals prove, and what is damaged, missing or tampered with"},
	{"baseline", cmd_baseline, "give to other teams, and take, what places are like on ordinary days"},
	{"analyze", cmd_analyze, "what happened: incidents with their evidence, and a state for every stretch"},
	{"explain", cmd_explain, "the story of one incident, rule by rule, with the observations behind it"},
	{"export", cmd_export, "write GeoJSON, CSV or OONI's format from that file"},
};

static void print_help(FILE *out)
{
	fprintf(out, "Usage: jamlog COMMAND [OPTIONS]\n\nA field logger for mobile networks.\n\nCommands:\n");
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\n\"jamlog COMMAND --help\" shows the options of a command; \"man jamlog\" tells more.\n"
		     "Exit codes: 0 ok, 1 failure, 2 usage, 3 nothing to do or no data, 4 done but damaged input was skipped.\n");
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C"); /* numbers in files and options look the same everywhere */
	if (sodium_init() < 0) {
		fprintf(stderr, "jamlog: libsodium does not start on this machine\n");
		return EXIT_CODE_FAILURE;
	}
	if (argc < 2) {
		print_help(stderr);
		return EXIT_CODE_USAGE;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (!g_str_equal(argv[1], commands[i].name))
			continue;
		g_autofree char *name = g_strconcat("jamlog ", argv[1], NULL);
		g_set_prgname(name); /* what GOption shows as the usage */
		return commands[i].run(argc - 1, argv + 1);
	}
	if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "help") || g_str_equal(argv[1], "-h")) {
		print_help(stdout);
		return EXIT_CODE_OK;
	}
	if (g_str_equal(argv[1], "--version")) {
		printf("jamlog %s\n", JAMLOG_VERSION);
		return EXIT_CODE_OK;
	}
	fprintf(stderr, "jamlog: there is no command \"%s\"; \"jamlog --help\" lists them\n", argv[1]);
	return EXIT_CODE_USAGE;
}
