/* inhibit_node.c - keeps ModemManager from a modem for as long as its standard input is open, for tests.
 *
 * Usage: inhibit_node NODE. Prints "held", "needless" or "refused: WHY"; ends with its standard input, after giving the modem
 * back and printing "ended".
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/inhibit.h"

#include <glib-unix.h>
#include <stdio.h>
#include <unistd.h>

#define FLUSH_MS 200 /* for what nobody waits for in the program itself */

static void on_done(ModemInhibitResult result, const GError *error, gpointer data)
{
	static const char *const words[] = {"held", "needless", "refused: "};
	(void)data;
	printf("%s%s\n", words[result], error ? error->message : "");
	fflush(stdout);
}

static gboolean on_input(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer loop)
{
	char buffer[64];
	if (read(fd, buffer, sizeof buffer) > 0)
		return G_SOURCE_CONTINUE;
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

static gboolean on_flushed(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);
	ModemInhibit *inhibit = modem_inhibit_start(argv[1], on_done, NULL);
	g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, loop);
	g_main_loop_run(loop);
	modem_inhibit_end(inhibit);
	printf("ended\n");
	fflush(stdout);
	g_timeout_add(FLUSH_MS, on_flushed, loop);
	g_main_loop_run(loop);
	g_main_loop_unref(loop);
	return 0;
}
