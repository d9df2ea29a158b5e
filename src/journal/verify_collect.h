/* verify_collect.h - which files there are to be verified, with what their headers say.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "verify.h"

typedef struct {
	char *path;
	GBytes *bytes; /* NULL: they are read from the file */
	JournalSegment header;
	gboolean signature_good;
} VerifySource;

/* VerifySource; what cannot be read is noted in the report. */
GPtrArray *verify_collect(char *const *paths, VerifyReport *report);
/* The same from memory, for whoever wants to break it; `label` stands for the path. FALSE where it is no journal. */
gboolean verify_collect_bytes(GPtrArray *sources, GBytes *bytes, const char *label);
GPtrArray *verify_sources_new(void);

JournalReader *verify_source_open(const VerifySource *source, GError **error);
