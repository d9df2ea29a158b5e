/* export.h - the store as files for maps and tables: GeoJSON (RFC 7946), GeoJSONSeq, CSV (RFC 4180).
 *
 * Two layers: samples (a point for each sweep of a modem) and track (a line for each stretch in which a modem's service did not
 * change). Rows come in the order of their recordings' start and, within one, as they were made; nothing is held in memory,
 * so any size can be exported.
 *
 * Properties are flat, named with their units, and the same as the columns of the store's view `sample`. What is not known is
 * left out, everywhere (in CSV: the field is empty). So start_time and end_time, the interval in which the sweep was made, are on
 * every feature whose time is known at all; only sweeps of a boot whose clock was never set have none. A sweep without a place
 * has "geometry": null.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store.h"

typedef enum { EXPORT_GEOJSON, EXPORT_GEOJSONSEQ, EXPORT_CSV } ExportFormat;
typedef enum { EXPORT_SAMPLES, EXPORT_TRACK } ExportLayer;

/* A map's table of rows ends here in Excel and LibreOffice, the header included. */
#define EXPORT_SHEET_ROWS 1048576

/* Samples further apart than this are not joined to a line. */
#define EXPORT_TRACK_GAP_MS 10000

typedef struct {
	ExportFormat format;
	ExportLayer layer;       /* EXPORT_CSV: samples only */
	gboolean record_separators; /* GeoJSONSeq by RFC 8142 */
	gboolean excel;          /* CSV: a byte order mark first */
	gint64 since_ms, until_ms; /* UTC; samples whose interval touches [since, until); G_MININT64 and G_MAXINT64: all */
	gboolean has_bbox;       /* degrees; west > east crosses the antimeridian */
	double west, south, east, north;
	const char *modem;       /* NULL: all */
} ExportOptions;

typedef struct {
	guint64 features;  /* features or rows written */
	guint64 samples;   /* sweeps in them */
	guint64 unlocated; /* sweeps without a place: features with a null geometry, or not in a track at all */
	guint64 undated;   /* sweeps whose UTC is not known */
} ExportSummary;

/* Writes to a file, or to stdout for "-". A regular file appears under its name only when it is whole. NO_DATA where there is no
 * modem of that name; an empty result is TRUE with summary.features 0 (and a valid empty collection). Refuses (USAGE) to
 * write over the store, a journal or any other SQLite database. */
gboolean export_store(Store *store, const char *output, const ExportOptions *options, ExportSummary *ret_summary, GError **error);
