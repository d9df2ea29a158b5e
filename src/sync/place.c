/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/place.h"

#include <math.h>

#define METRES_PER_DEGREE 111195.0 /* of a sphere of 6371 km */

static double wrap_degrees(double lon)
{
	if (lon > 180)
		return lon - 360;
	return lon < -180 ? lon + 360 : lon;
}

double place_distance_m(double lat1, double lon1, double lat2, double lon2)
{
	const double x = wrap_degrees(lon2 - lon1) * cos((lat1 + lat2) / 2 * G_PI / 180);
	const double y = lat2 - lat1;
	return sqrt(x * x + y * y) * METRES_PER_DEGREE;
}

static double lat_of(const PlaceFix *fix)
{
	return (double)fix->lat_e7 / 1e7;
}

static double lon_of(const PlaceFix *fix)
{
	return (double)fix->lon_e7 / 1e7;
}

static Place stay(const PlaceFix *fix, PositionState state, gint64 away_ms)
{
	const double speed = MAX(MAX(fix->speed_m_s, fix->pace_m_s), PLACE_WALKING_M_S);
	return (Place){state, lat_of(fix), lon_of(fix), fix->error_m + speed * (double)away_ms / 1000};
}

/* A way of length `way` between two ends `chord` apart strays at most half the minor axis of that ellipse from the line; near the
 * ends less. */
static double stray_m(const PlaceFix *before, const PlaceFix *after, double gap_s, double share)
{
	const double chord = place_distance_m(lat_of(before), lon_of(before), lat_of(after), lon_of(after));
	const double pace = gap_s * 1000 > PLACE_LIVE_GAP_MS ? MAX(before->pace_m_s, after->pace_m_s) : 0;
	const double speed = MAX(MAX(MAX(before->speed_m_s, after->speed_m_s), pace), PLACE_WALKING_M_S);
	const double way = MAX(chord, speed * gap_s);
	return sqrt(way * way - chord * chord) * MIN(share, 1 - share);
}

static Place between(const PlaceFix *before, const PlaceFix *after, gint64 time_ms, PositionState state)
{
	const double gap = (double)(after->time_ms - before->time_ms);
	const double share = (double)(time_ms - before->time_ms) / gap;
	const double step = wrap_degrees(lon_of(after) - lon_of(before));
	return (Place){
		.state = state,
		.lat = lat_of(before) + (lat_of(after) - lat_of(before)) * share,
		.lon = wrap_degrees(lon_of(before) + step * share),
		.error_m = before->error_m * (1 - share) + after->error_m * share + stray_m(before, after, gap / 1000, share),
	};
}

Place place_at(const PlaceFix *before, const PlaceFix *after, gint64 time_ms)
{
	const gint64 since = before ? time_ms - before->time_ms : G_MAXINT64;
	const gint64 until = after ? after->time_ms - time_ms : G_MAXINT64;
	const gboolean near = MIN(since, until) <= PLACE_NEAR_MS;
	if (before && after && after->time_ms - before->time_ms <= PLACE_GAP_MS) {
		const gboolean live = near || after->time_ms - before->time_ms <= PLACE_LIVE_GAP_MS;
		return between(before, after, time_ms, live ? POSITION_LIVE : POSITION_INTERPOLATED);
	}
	if (near)
		return stay(since <= until ? before : after, POSITION_LIVE, MIN(since, until));
	if (since <= PLACE_HOLD_MS)
		return stay(before, POSITION_HELD, since);
	return (Place){.state = POSITION_NONE};
}
