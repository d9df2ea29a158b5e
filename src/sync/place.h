/* place.h - where a sweep was made, from the fixes before and after it. Pure.
 *
 * A reading is never given a place that nobody vouches for:
 *   live          a fix within PLACE_NEAR_MS of it, or fixes at most PLACE_LIVE_GAP_MS apart on both sides
 *   interpolated  fixes on both sides, at most PLACE_GAP_MS apart
 *   held          the last fix is at most PLACE_HOLD_MS old and none follows soon enough: that place, and an error that grows
 *   none          no place
 * Between two fixes the place lies on the straight line, passed at even speed. The error is that of the fixes and, added to it,
 * how far somebody could have strayed from the line at the speed that the fixes tell: between fresh fixes their own, over longer
 * gaps the pace of the last minutes (walking pace at least).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store.h"

#define PLACE_NEAR_MS      1500
#define PLACE_LIVE_GAP_MS  3000
#define PLACE_GAP_MS       60000
#define PLACE_HOLD_MS      120000
#define PLACE_WALKING_M_S  1.5
#define PLACE_UNTOLD_ERROR_M 30.0 /* of a fix whose receiver gave no error estimate: several times the usual one */

typedef struct {
	gint64 time_ms; /* BOOTTIME */
	gint32 lat_e7, lon_e7;
	double error_m; /* 95 % */
	double speed_m_s; /* 0 where not told */
	double pace_m_s;  /* how fast they have gone lately; 0 where not known */
} PlaceFix;

typedef struct {
	PositionState state;
	double lat, lon; /* undefined for POSITION_NONE */
	double error_m;
} Place;

/* `before` is the last fix at or before time_ms, `after` the first one later; each may be NULL. */
Place place_at(const PlaceFix *before, const PlaceFix *after, gint64 time_ms);

/* Metres along the sphere; for short ways. */
double place_distance_m(double lat1, double lon1, double lat2, double lon2);
