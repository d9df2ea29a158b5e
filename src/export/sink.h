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

/* samples.c, track.c: all features of the layer. */
gboolean export_samples(Sink *sink, GError **error);
gboolean export_samples_csv(Sink *sink, GError **error);
gboolean export_track(Sink *sink, GError **error);
