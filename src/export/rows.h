/* rows.h - the sweeps that an export is to hold, one after the other, and the dictionaries as ready pieces of text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "export.h"
#include "out.h"

typedef struct {
	gint64 id, source, state, cell;
	gboolean dated, located;
	gint64 utc_ms, utc_error_ms;
	PositionState position;
	gint64 position_error_dm; /* where located */
	double lat, lon;
	gint64 cells_heard;        /* -1: not told */
	guint32 signals;          /* bit i: signal[i] is there */
	gint64 signal[STORE_N_SIGNALS];
	gint64 boottime_ms;
} ExportRow;

/* --- walking --- */

typedef struct {
	gint64 id;
	char time_source[16];
} ExportRecording;

typedef struct ExportRows ExportRows;
ExportRows *export_rows_new(Store *store, const ExportOptions *options, GError **error);
void export_rows_free(ExportRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExportRows, export_rows_free)

/* The next recording, by the time of its first sweep; those without a known time come last. */
gboolean export_rows_next_recording(ExportRows *rows, ExportRecording *ret_recording, gboolean *ret_more, GError **error);
/* Sweeps of a recording in the order in which they were made; source 0: of all modems. */
void export_rows_begin(ExportRows *rows, const ExportRecording *recording, gint64 source);
/* *ret_taken FALSE: the options leave this sweep out (only what they need of it is filled). */
gboolean export_rows_next(ExportRows *rows, ExportRow *ret_row, gboolean *ret_taken, gboolean *ret_more, GError **error);
/* The id of the modem that the options name; 0 where they name none. NO_DATA for a name that no sweep has. */
gboolean export_rows_find_modem(Store *store, const char *modem, gint64 *ret_source, GError **error);

/* Degrees out of the 16 bytes of a point. */
void export_read_point(const guint8 *point, double *ret_lat, double *ret_lon);
/* In the box that the options have. */
gboolean export_within_box(const ExportOptions *options, double lat, double lon);
/* A column that is not NULL, as a JSON value or a CSV field. */
void export_put_column(Out *out, sqlite3_stmt *stmt, int column, gboolean csv);

/* --- pieces --- */

typedef struct {
	gint64 id;       /* 0: nothing here */
	char *text;      /* the fields, each with a comma before it */
	gsize length;
	char service[16]; /* state only */
} ExportPiece;

/* A small cache: the dictionaries may be larger than memory should be. */
typedef struct ExportPieces ExportPieces;
/* STORE_DICT_STATE, CELL or SOURCE. `csv`: values alone, else "name":value, and what is absent left out. */
ExportPieces *export_pieces_new(Store *store, StoreDictKind kind, gboolean csv, GError **error);
void export_pieces_free(ExportPieces *pieces);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExportPieces, export_pieces_free)
/* Valid until the next call; NULL on error. */
const ExportPiece *export_pieces_get(ExportPieces *pieces, gint64 id, GError **error);
/* The names of the fields as a CSV header, each with a comma before it. */
void export_pieces_header(ExportPieces *pieces, Out *out);
