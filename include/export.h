/* export.h - the store as files for maps and tables: GeoJSON (RFC 7946), GeoJSONSeq, CSV (RFC 4180), and probes as OONI has them.
 *
 * Four layers: samples (a point for each sweep of a modem), track (a line for each stretch in which a modem's service did not
 * change), probes and sessions (a point for each, where it ended). Rows come in the order of their recordings' start and,
 * within one, as they were made (OONI's lines by modem and round); no more than a round of probes is held in memory, so
 * any size can be exported.
 *
 * Properties are flat, named with their units, and the same as the columns of the store's views `sample`, `probe_place` and
 * `session_place`. What is not known is left out, everywhere (in CSV: the field is empty). So start_time and end_time, the
 * interval in which the sweep was made, or from a probe's or session's begin to its end, are on every feature whose time is
 * known at all; only those of a boot whose clock was never set have none. A sweep without a place has "geometry": null.
 *
 * OONI's data format is one JSON object on a line for each probe of a website or of a server name with its lookups and its
 * control (src/export/ooni.h). It tells of the network alone: no place, no name of a modem.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store.h"

typedef enum { EXPORT_GEOJSON, EXPORT_GEOJSONSEQ, EXPORT_CSV, EXPORT_OONI } ExportFormat;
typedef enum { EXPORT_SAMPLES, EXPORT_TRACK, EXPORT_PROBES, EXPORT_SESSIONS } ExportLayer;

/* A map's table of rows ends here in Excel and LibreOffice, the header included. */
#define EXPORT_SHEET_ROWS 1048576

/* Samples further apart than this are not joined to a line. */
#define EXPORT_TRACK_GAP_MS 10000

typedef struct {
	ExportFormat format;
	ExportLayer layer;       /* EXPORT_CSV: not track; EXPORT_OONI: probes */
	gboolean record_separators; /* GeoJSONSeq by RFC 8142 */
	gboolean excel;          /* CSV: a byte order mark first */
	gint64 since_ms, until_ms; /* UTC; rows whose interval touches [since, until); G_MININT64 and G_MAXINT64: all */
	gboolean has_bbox;       /* degrees; west > east crosses the antimeridian */
	double west, south, east, north;
	const char *modem;       /* NULL: all */
} ExportOptions;

typedef struct {
	guint64 features;  /* features or rows written */
	guint64 samples;   /* sweeps in them; else the probes or sessions themselves */
	guint64 unlocated; /* without a place: features with a null geometry, or not in a track at all; 0 for EXPORT_OONI */
	guint64 undated;   /* whose UTC is not known; EXPORT_OONI: which were left out for that */
	guint64 held;      /* probes or sessions that the store has of these modems, whatever else the options say */
} ExportSummary;

/* Writes to a file, or to stdout for "-". A regular file appears under its name only when it is whole. NO_DATA where there is no
 * modem of that name; an empty result is TRUE with summary.features 0 (and a valid empty collection). Refuses (USAGE) to
 * write over the store, a journal or any other SQLite database. */
gboolean export_store(Store *store, const char *output, const ExportOptions *options, ExportSummary *ret_summary, GError **error);
