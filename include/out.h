/* out.h - a buffered writer, and numbers and texts as JSON and CSV want them. No printf: a row costs a few hundred nanoseconds.
 *
 * A failed write is remembered and told by out_finish.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <string.h>
#include <sys/types.h>

#define OUT_BUFFER_SIZE (128 * 1024)

typedef struct {
	int fd;
	char *path;      /* for messages */
	char *temporary; /* written to, until out_finish renames it to `path`; NULL: nameless, or written to directly */
	gboolean nameless; /* what is written has no name before out_finish, and goes with the process */
	mode_t mode;     /* that out_finish gives to a file which it names */
	int errnum;      /* of the first write that failed; 0 */
	gsize used;
	gint64 day;      /* that day_text is of */
	char day_text[16];
	char buffer[OUT_BUFFER_SIZE];
} Out;

/* "-" is stdout; what is no regular file (a pipe, /dev/null) is written to directly. A killed process leaves nothing behind,
 * but where the file system has no nameless files (FAT): there SIGKILL leaves "PATH.XXXXXX", readable by its owner alone. */
Out *out_open(const char *path, GError **error);
/* For tests and for pieces that are made once: an Out without a file, of at most OUT_BUFFER_SIZE bytes. */
Out *out_new_memory(void);
gboolean out_finish(Out *out, GError **error);
/* Without out_finish nothing appears under the path. */
void out_free(Out *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Out, out_free)

void out_flush(Out *out);

static inline void out_put(Out *out, const char *text, gsize length)
{
	if (G_UNLIKELY(OUT_BUFFER_SIZE - out->used < length)) {
		out_flush(out);
		if (OUT_BUFFER_SIZE - out->used < length)
			return; /* a memory Out that is full, or a write that failed */
	}
	memcpy(out->buffer + out->used, text, length);
	out->used += length;
}

#define OUT_LITERAL(out, literal) out_put((out), "" literal, sizeof(literal) - 1)

static inline void out_char(Out *out, char c)
{
	out_put(out, &c, 1);
}

void out_int(Out *out, gint64 value);
/* value / 10^digits, without trailing zeros: (1290, 2) is 12.9, (-5, 2) is -0.05, (0, 2) is 0. digits is at most 9. */
void out_scaled(Out *out, gint64 value, guint digits);
/* Degrees, 7 decimals at most, never -0. */
void out_degrees(Out *out, double degrees);
/* 2024-05-06T13:10:00.123Z, for years 0 to 9999. */
void out_time(Out *out, gint64 utc_ms);
/* In quotes, escaped (RFC 8259). */
void out_json_text(Out *out, const char *text);
/* Quoted where RFC 4180 asks for it; a text that a spreadsheet would take for a formula gets an apostrophe first. */
void out_csv_text(Out *out, const char *text);
