/* golden.h - captures of modems against the text that they decode to: NAME.capture in, NAME.golden out. With REGEN=1 the golden files
 * are written anew, for review. With --serve CAPTURE the program is only the modem: its first line of output is the pty's
 * path, and it ends with its standard input.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
	const char *directory;
	const char *test; /* "/qmi/decode" */
	char *(*record)(const char *capture);         /* the text that it decodes to */
	const char *(*serve)(const char *capture);    /* starts the modem and returns its path, borrowed */
} Golden;

static const Golden *golden;

static inline void golden_compare(const char *capture, const char *found, const char *path)
{
	g_autofree char *expected = NULL;
	if (getenv("REGEN"))
		g_assert_true(g_file_set_contents(path, found, -1, NULL));
	g_assert_true(g_file_get_contents(path, &expected, NULL, NULL));
	if (strcmp(found, expected) == 0)
		return;
	g_auto(GStrv) a = g_strsplit(found, "\n", -1), b = g_strsplit(expected, "\n", -1);
	for (guint i = 0; a[i]; i++)
		if (!g_strv_contains((const char *const *)b, a[i]))
			g_test_message("only in what was decoded: %s", a[i]);
	for (guint i = 0; b[i]; i++)
		if (!g_strv_contains((const char *const *)a, b[i]))
			g_test_message("only in %s: %s", path, b[i]);
	g_test_fail_printf("%s decodes to something else", capture);
}

static inline void golden_test(gconstpointer name)
{
	g_autofree char *capture = g_strdup_printf("%s/%s.capture", golden->directory, (const char *)name);
	g_autofree char *path = g_strdup_printf("%s/%s.golden", golden->directory, (const char *)name);
	g_autofree char *found = golden->record(capture);
	golden_compare(capture, found, path);
}

static inline gboolean golden_on_input(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
	char byte;
	if (read(fd, &byte, 1) == 0)
		g_main_loop_quit(data);
	return G_SOURCE_CONTINUE;
}

static inline int golden_serve(const char *capture)
{
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	printf("%s\n", golden->serve(capture));
	fflush(stdout);
	g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, golden_on_input, loop);
	g_main_loop_run(loop);
	return 0;
}

static inline gint golden_compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline int golden_main(const Golden *what, int argc, char **argv)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	golden = what;
	if (argc == 3 && strcmp(argv[1], "--serve") == 0)
		return golden_serve(argv[2]);
	g_autoptr(GDir) directory = g_dir_open(golden->directory, 0, NULL);
	g_test_init(&argc, &argv, NULL);
	if (!directory)
		g_error("there is no %s: run this from the root of the sources", golden->directory);
	for (const char *file; (file = g_dir_read_name(directory));)
		if (g_str_has_suffix(file, ".capture"))
			g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(".capture")));
	g_ptr_array_sort(names, golden_compare_names);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_strdup_printf("%s/%s", golden->test, (char *)g_ptr_array_index(names, i));
		g_test_add_data_func(path, g_ptr_array_index(names, i), golden_test);
	}
	return g_test_run();
}
