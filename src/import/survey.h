/* survey.h - the GeoPackage that the Network Survey app for Android writes: a table for each RAT, a row for each cell of a scan,
 * with the serving one among them. Times are UTC in ms (or RFC 3339 in the NR table), signals dBm and dB, bandwidth MHz as text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "import/row.h"

typedef struct Survey Survey;

/* FORMAT where the database has none of its tables, or is one of ours. Opened for reading alone. */
Survey *survey_open(const char *path, GError **error);
void survey_free(Survey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Survey, survey_free)
/* The next row in order of time, not checked yet. *ret_row FALSE at the end. */
gboolean survey_next(Survey *survey, Row *ret_row, gboolean *ret_there, GError **error);

/* The point of a GeoPackage's geometry (OGC 12-128r18 2.1.3) with a WKB point in it, with or without height; FALSE for anything
 * else. */
gboolean survey_parse_point(const guint8 *blob, gsize length, double *ret_lon, double *ret_lat);
