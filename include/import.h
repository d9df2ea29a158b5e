/* import.h - logs that other programs wrote, into the store: beside our own recordings, and outside the chain of evidence.
 *
 * A log becomes one recording of a device that is named after the log's digest, with a row in `imported`, and its rows become
 * sweeps in `radio`. `sample` shows time_source "import" for them; no segment stands behind them, so that `provenance` lacks them.
 * The room believes the log's own clock and place as far as they are possible at all, makes what is no measurement absent, and
 * invents nothing: a log that names no EARFCN gives none.
 *
 * A file is read twice, in a bounded memory: once for its digest and to see what is in it, once to enter it, in one transaction.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store.h"

typedef enum { IMPORT_GNETTRACK, IMPORT_NETWORK_SURVEY, IMPORT_TOWERCOLLECTOR, IMPORT_MAPPED } ImportFormat;
extern const char *const import_format_words[]; /* "gnettrack", ... NULL-terminated */
#define IMPORT_RECOGNISE (-1)

#define IMPORT_TIME_SOURCE "import"

typedef struct ImportMapping ImportMapping;
/* What the columns of a CSV mean, from a key file. USAGE names file and line. */
ImportMapping *import_mapping_load(const char *path, GError **error);
void import_mapping_free(ImportMapping *mapping);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportMapping, import_mapping_free)

typedef struct {
	int format; /* an ImportFormat, or IMPORT_RECOGNISE */
	const ImportMapping *mapping; /* needed by IMPORT_MAPPED, NULL for all others */
	gint64 utc_offset_s; /* of times without a zone: local time - UTC */
	const char *modem; /* NULL: the format's word */
	const char *mcc, *mnc; /* where the log names no network; NULL: unknown */
	gint64 now_ms; /* UTC: later times are refused */
} ImportOptions;

/* "272-05", "27205" or "272005" taken apart; FALSE where it is neither. */
gboolean import_parse_plmn(const char *text, char ret_mcc[4], char ret_mnc[4]);

typedef struct {
	/* A line (from 1; of a GeoPackage the row) that was left out, and why. May be NULL. */
	void (*refused)(gpointer user_data, const char *path, guint64 line, const char *reason);
	gboolean (*stopped)(gpointer user_data); /* may be NULL */
	gpointer user_data;
} ImportReport;

typedef struct {
	ImportFormat format;
	gboolean known; /* the same content was imported before: nothing was done */
	gboolean zone_assumed; /* times name no zone */
	guint64 rows, sweeps; /* rows read, and the sweeps that they made */
	guint64 refused; /* rows left out */
	guint64 unlocated; /* sweeps without a place */
} ImportSummary;

typedef enum {
	IMPORT_DONE,
	IMPORT_FILE_BAD, /* this file cannot be imported, the store is as it was: go on with others */
	IMPORT_STORE_BAD, /* the store cannot be written: free it without store_finish */
} ImportResult;

/* Imports one file into an open store (store_open_write). `*error` is set unless IMPORT_DONE; FORMAT says what the file is instead.
 */
ImportResult import_file(Store *store, const char *path, const ImportOptions *options, const ImportReport *report,
			 ImportSummary *ret_summary, GError **error);
