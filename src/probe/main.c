/* jamlog-probe: see probe.h. Whatever ends it, but for kill -9, it leaves the interface as it was.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "probe/prober.h"
#include "targets.h"

#include <ares.h>
#include <curl/curl.h>
#include <glib-unix.h>
#include <locale.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

static gboolean on_signal(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_CONTINUE;
}

/* nohup(1) means that, for the recorder and for us. */
static gboolean is_ignored(int number)
{
	struct sigaction action;
	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void on_end(gpointer loop)
{
	g_main_loop_quit(loop);
}

/* All files of certificates as one text; NULL where there are none. */
static char *read_trust(const Targets *targets, GError **error)
{
	GString *all = g_string_new(NULL);
	for (guint i = 0; i < targets->authorities->len; i++) {
		g_autofree char *text = NULL;
		if (!g_file_get_contents(g_ptr_array_index(targets->authorities, i), &text, NULL, error)) {
			g_string_free(all, TRUE);
			return NULL;
		}
		g_string_append_printf(all, "%s\n", text);
	}
	return g_string_free(all, all->len == 0);
}

static int work(const Targets *targets)
{
	const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	g_autoptr(GError) error = NULL;
	g_autofree char *trust = read_trust(targets, &error);
	if (error) {
		fprintf(stderr, "jamlog-probe: %s\n", error->message);
		return EXIT_CODE_USAGE;
	}
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
		if (!is_ignored(signals[i]))
			g_unix_signal_add(signals[i], on_signal, loop);
	signal(SIGPIPE, SIG_IGN); /* a reader that is gone shows when we write */
	Prober *prober = prober_new(STDIN_FILENO, STDOUT_FILENO, targets, trust, on_end, loop);
	g_main_loop_run(loop);
	prober_free(prober);
	return EXIT_CODE_OK;
}

static int start(char **files)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Targets) targets = targets_load((const char *const *)files, &error);
	if (!targets) {
		fprintf(stderr, "jamlog-probe: %s\n", error->message);
		return (int)error_exit_code(error);
	}
	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		fprintf(stderr, "jamlog-probe: one of its libraries (libsodium, libcurl, c-ares) does not start on this machine\n");
		return EXIT_CODE_FAILURE;
	}
	const int code = work(targets);
	ares_library_cleanup();
	curl_global_cleanup();
	return code;
}

int main(int argc, char **argv)
{
	g_auto(GStrv) named = NULL;
	gboolean version = FALSE;
	g_autoptr(GError) error = NULL;
	const GOptionEntry entries[] = {
		{"targets", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &named, "What may be contacted; may stand several times", "FILE"},
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, "Say the version", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	g_autoptr(GOptionContext) context = g_option_context_new("[FILE...] - part of jamlog: uses a modem's data session");
	g_option_context_set_description(context,
		"\"jamlog record\" starts one of these for each modem in mode \"probe\", and speaks to it over its standard input and\n"
		"output. It is of no use to a person. \"jamlog targets\" shows what would be contacted.\n");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "jamlog-probe: %s\n", error->message);
		return EXIT_CODE_USAGE;
	}
	if (version) {
		printf("jamlog-probe %s\n", JAMLOG_VERSION);
		return EXIT_CODE_OK;
	}
	g_autoptr(GPtrArray) files = g_ptr_array_new(); /* --targets A B C: those that follow are files too */
	for (char **file = named; file && *file; file++)
		g_ptr_array_add(files, *file);
	for (int i = 1; i < argc; i++)
		g_ptr_array_add(files, argv[i]);
	g_ptr_array_add(files, NULL);
	return start(files->len > 1 ? (char **)files->pdata : NULL);
}
