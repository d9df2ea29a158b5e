/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scripted_pty.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static gboolean on_readable(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
	ScriptedPty *pty = data;
	guint8 buffer[4096];
	ssize_t n = read(fd, buffer, sizeof buffer);
	if (n > 0)
		g_byte_array_append(pty->input, buffer, (guint)n);
	while (pty->take(pty->modem))
		;
	return G_SOURCE_CONTINUE;
}

void scripted_pty_init(ScriptedPty *pty, ScriptedTake take, gpointer modem)
{
	struct termios tio;
	pty->take = take;
	pty->modem = modem;
	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	g_assert_true(pty->master >= 0 && grantpt(pty->master) == 0 && unlockpt(pty->master) == 0);
	g_assert_cmpint(ptsname_r(pty->master, pty->device, sizeof pty->device), ==, 0);
	g_assert_cmpint(fcntl(pty->master, F_SETFL, O_RDWR | O_NONBLOCK), ==, 0);
	/* Held open, so that a client that goes does not hang the master up; and raw, for the bytes to come as they are. */
	pty->slave = open(pty->device, O_RDWR | O_NOCTTY | O_CLOEXEC);
	g_assert_true(pty->slave >= 0 && tcgetattr(pty->slave, &tio) == 0);
	cfmakeraw(&tio);
	g_assert_cmpint(tcsetattr(pty->slave, TCSANOW, &tio), ==, 0);
	pty->input = g_byte_array_new();
	pty->watch_id = g_unix_fd_add(pty->master, G_IO_IN, on_readable, pty);
}

void scripted_pty_clear(ScriptedPty *pty)
{
	g_source_remove(pty->watch_id);
	close(pty->slave);
	close(pty->master);
	g_byte_array_unref(pty->input);
}

void scripted_pty_write(ScriptedPty *pty, const void *bytes, gsize length)
{
	const guint8 *at = bytes;
	while (length > 0) {
		ssize_t n = write(pty->master, at, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nobody reads, and the pty is full */
		at += n;
		length -= (gsize)n;
	}
}

void scripted_append_hex(GByteArray *bytes, const char *text, const char *where)
{
	while (*text) {
		if (g_ascii_isspace(*text) || *text == ':') {
			text++;
			continue;
		}
		if (!g_ascii_isxdigit(text[0]) || !g_ascii_isxdigit(text[1]))
			g_error("%s: not a byte: %s", where, text);
		guint8 byte = (guint8)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
		g_byte_array_append(bytes, &byte, 1);
		text += 2;
	}
}

char **scripted_read_lines(const char *path)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	if (!g_file_get_contents(path, &text, NULL, &error))
		g_error("%s", error->message);
	char **lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++) {
		char *comment = strchr(lines[i], '#');
		if (comment)
			*comment = '\0';
		g_strstrip(lines[i]);
	}
	return lines;
}
