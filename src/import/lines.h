/* lines.h - the lines of a text file, plain or gzip'd, in a bounded memory, with the digest of all of it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define LINES_MAX 65536 /* longer lines are told, and not given out */
#define LINES_GIVE_UP (16 * 1024 * 1024) /* so long a line is of no text */
#define LINES_DIGEST_SIZE 32

typedef struct Lines Lines;

/* FALSE errors: NOT_FOUND, ACCESS, FORMAT where it is no regular file (it is read twice). */
Lines *lines_open(const char *path, GError **error);
void lines_free(Lines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lines, lines_free)

typedef enum { LINES_LINE, LINES_TOO_LONG, LINES_WITH_NUL, LINES_END, LINES_ERROR } LinesResult;
/* Whether the file itself, packed or not, begins with this text; to be asked before the first lines_next. */
gboolean lines_file_begins(const Lines *lines, const char *text);
/* The next line without its end, NUL-terminated, to be written in until the next call; of one that is too long its beginning.
 * LINES_ERROR sets *error: the rest cannot be read. */
LinesResult lines_next(Lines *lines, char **ret_line, GError **error);
guint64 lines_number(const Lines *lines); /* of the last line, from 1 */
/* BLAKE2b of what was unpacked until now, hexadecimal; free with g_free. */
char *lines_digest(const Lines *lines);
/* The same of a whole file that is no text; NULL on error. */
char *lines_digest_file(const char *path, GError **error);
