/* places.h - the rows of the views session_place and probe_place, one after the other.
 *
 * They are few, beside sweeps, so that each is read as it stands in the view.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "export/sink.h"

typedef struct {
	sqlite3_stmt *columns; /* as in StorePlaceColumn, then the fields of the kind; borrowed */
	const ExportRecording *recording;
	gboolean dated, located;
	double lat, lon;      /* where located */
	gboolean taken;       /* the options do not leave it out */
	gint64 boottime_ms;
	gint64 utc_ms;        /* where dated */
} PlaceRow;

typedef enum {
	PLACES_AS_MADE,  /* in the order in which they were made */
	PLACES_BY_ROUND, /* probe alone: by modem, then by round */
} PlaceOrder;

typedef gboolean (*PlaceRowFunc)(gpointer user_data, const PlaceRow *row, GError **error);

/* Calls `func` for each row, taken or not, of the modem that the options name, recording by recording. */
gboolean places_walk(Sink *sink, ObservationKind kind, PlaceOrder order, PlaceRowFunc func, gpointer user_data, GError **error);
