/* scripted_pty.h - the pty of a modem that plays in the test's own process, and the bytes of its captures.
 *
 * It is served from the default main context; the source under test opens its other end with the real library.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Takes one whole message off the front of pty->input, and answers it. FALSE: there is none yet. */
typedef gboolean (*ScriptedTake)(gpointer modem);

typedef struct {
	int master, slave;
	char device[64]; /* the path of the other end */
	GByteArray *input;
	guint watch_id;
	ScriptedTake take;
	gpointer modem;
} ScriptedPty;

void scripted_pty_init(ScriptedPty *pty, ScriptedTake take, gpointer modem);
void scripted_pty_clear(ScriptedPty *pty); /* hangs up */
void scripted_pty_write(ScriptedPty *pty, const void *bytes, gsize length);

/* Appends "01 02:03" as bytes; fails the test, naming `where`, on anything else. */
void scripted_append_hex(GByteArray *bytes, const char *text, const char *where);
/* The lines of a capture without their comments ("# ..." to the end) and outer blanks. */
char **scripted_read_lines(const char *path);
