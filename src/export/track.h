/* track.h - lines out of samples: pure, the sink of vertices apart from the store.
 *
 * A line holds the samples of one modem in one recording as long as the state of service stays the same. The first sample of the
 * next state is the last vertex of the line before it too, so that the drawn track has no hole where the service changes. A
 * sample without a place, one more than EXPORT_TRACK_GAP_MS after the last, or the first real place after held ones ends the
 * line. A very long line is divided, at a vertex that both parts have, so that memory stays bounded.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "out.h"

#define TRACK_MAX_VERTICES 4096

typedef struct {
	gint32 lat_e7, lon_e7;
} TrackVertex;

/* Coordinates of a line as a GeoJSON geometry object: a LineString, or a MultiLineString that is cut at the antimeridian (RFC
 * 7946, 3.1.9). A single vertex stands twice, since a line needs two positions. */
void track_put_geometry(Out *out, const TrackVertex *vertices, guint n);
