/* sink.h - what the layers share: the file's frame, the bounds, the pieces.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "export/rows.h"

typedef struct {
	const ExportOptions *options;
	Store *store;
	ExportSummary *summary;
	Out *out;
	ExportRows *rows;
	ExportPieces *states, *cells, *sources;
	/* What is written: bounds for "bbox", with longitudes once as they are and once from 0 to 360. */
	double south, north, west, east, west_360, east_360;
} Sink;

/* Around each GeoJSON feature: separators of the format. */
void sink_begin_feature(Sink *sink);
void sink_end_feature(Sink *sink);
void sink_note_place(Sink *sink, double lat, double lon);
/* The geometry of a feature of one position, null where it is not located, up to the brace that opens its properties. */
void sink_put_point(Sink *sink, gboolean located, double lat, double lon);

/* samples.c, track.c: all features or rows of the layer. */
gboolean export_samples(Sink *sink, GError **error);
gboolean export_samples_csv(Sink *sink, GError **error);
gboolean export_track(Sink *sink, GError **error);
/* places.c: OBSERVATION_SESSION or OBSERVATION_PROBE. */
gboolean export_places(Sink *sink, ObservationKind kind, GError **error);
/* ooni.c: all lines. */
gboolean export_ooni(Sink *sink, GError **error);
