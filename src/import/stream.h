/* stream.h - the rows of a log of any format, checked and in order of time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "import/row.h"

/* A log may repeat a second, or go back a little; one that goes back farther is refused from there on until it is ahead again. */
#define STREAM_BACK_MS 10000

typedef struct RowStream RowStream;

/* Finds out what the file is. FORMAT says what it is instead, and what is known. */
gboolean stream_recognise(const char *path, const ImportOptions *options, ImportFormat *ret_format, GError **error);

/* `report` may be NULL: refused rows are then only counted. All borrowed. */
RowStream *stream_open(const char *path, ImportFormat format, const ImportOptions *options, const ImportReport *report,
		       GError **error);
void stream_free(RowStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RowStream, stream_free)
/* The next good row; *ret_there FALSE at the end, which is also where the rest cannot be read (that is told as a refused row). An
 * error is that nothing at all can be read, or FAILED: stopped. */
gboolean stream_next(RowStream *stream, Row *ret_row, gboolean *ret_there, GError **error);

guint64 stream_refused(const RowStream *stream);
gboolean stream_zoneless(const RowStream *stream);
/* Of the whole file, once the end was reached; free with g_free. */
char *stream_digest(const RowStream *stream, GError **error);
