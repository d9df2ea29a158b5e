/* What each capture of tests/data/qmi decodes to, through the real libqmi: NAME.capture in, NAME.golden out. With REGEN=1 the
 * golden files are written anew, for review. With --serve CAPTURE it is only the modem: its first line of output is the pty's path, and
 * it ends with its standard input.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "scripted_modem.h"
#include "source_fixture.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIRECTORY "tests/data/qmi"

/* The modem as a whole: identity, one sweep, then its indications. */
static char *record(const char *path)
{
	g_autoptr(Fixture) f = fixture_new(3600 * 1000);
	g_autoptr(ScriptedModem) modem = scripted_modem_new(path);
	Source *source = fixture_source(f, "modem", scripted_modem_device(modem));
	source->class->start(source);
	fixture_wait(&f->n[OBSERVATION_RADIO], 1, 10, "sweep");
	guint sent = scripted_modem_indicate(modem);
	guint events = f->n[OBSERVATION_EVENT];
	/* A sweep follows an indication, and would tell the same once more. */
	fixture_wait(&f->n[OBSERVATION_EVENT], events + sent, 10, "event for an indication");
	fixture_stop(f, source, 5);
	return g_strdup(f->text->str);
}

static void test_capture(gconstpointer data)
{
	const char *name = data;
	g_autofree char *capture = g_strdup_printf(DIRECTORY "/%s.capture", name);
	g_autofree char *golden = g_strdup_printf(DIRECTORY "/%s.golden", name);
	g_autofree char *expected = NULL;
	g_autofree char *found = record(capture);
	if (getenv("REGEN"))
		g_assert_true(g_file_set_contents(golden, found, -1, NULL));
	g_assert_true(g_file_get_contents(golden, &expected, NULL, NULL));
	if (strcmp(found, expected) == 0)
		return;
	g_auto(GStrv) a = g_strsplit(found, "\n", -1), b = g_strsplit(expected, "\n", -1);
	for (guint i = 0; a[i]; i++)
		if (!g_strv_contains((const char *const *)b, a[i]))
			g_test_message("only in what was decoded: %s", a[i]);
	for (guint i = 0; b[i]; i++)
		if (!g_strv_contains((const char *const *)a, b[i]))
			g_test_message("only in %s: %s", golden, b[i]);
	g_test_fail_printf("%s decodes to something else", capture);
}

static gboolean on_input(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
	char byte;
	if (read(fd, &byte, 1) == 0)
		g_main_loop_quit(data);
	return G_SOURCE_CONTINUE;
}

static int serve(const char *path)
{
	g_autoptr(ScriptedModem) modem = scripted_modem_new(path);
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	printf("%s\n", scripted_modem_device(modem));
	fflush(stdout);
	g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, loop);
	g_main_loop_run(loop);
	return 0;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) directory = g_dir_open(DIRECTORY, 0, NULL);
	if (argc == 3 && strcmp(argv[1], "--serve") == 0)
		return serve(argv[2]);
	g_test_init(&argc, &argv, NULL);
	if (!directory)
		g_error("there is no " DIRECTORY ": run this from the root of the sources");
	for (const char *file; (file = g_dir_read_name(directory));)
		if (g_str_has_suffix(file, ".capture"))
			g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(".capture")));
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_strdup_printf("/qmi/decode/%s", (char *)g_ptr_array_index(names, i));
		g_test_add_data_func(path, g_ptr_array_index(names, i), test_capture);
	}
	return g_test_run();
}
