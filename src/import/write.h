/* write.h - the rows of a log into the store's tables, as sweeps of one recording.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "import/stream.h"

typedef struct {
	const char *digest, *file_name;
	ImportFormat format;
	guint64 rows, refused; /* as the first reading counted them */
} WriteFile;

/* Within a transaction of the caller's. Takes no more rows than `file` has: a log may grow meanwhile. */
gboolean write_log(Store *store, RowStream *rows, const WriteFile *file, const ImportOptions *options, ImportSummary *io_summary,
		   GError **error);
