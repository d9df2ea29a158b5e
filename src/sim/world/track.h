/* track.h - where the vehicle is at a given second: a line of points with speeds and stops.
 *
 * A pure function of time. Speed is constant on each leg; the earth is a plane about the first point
 * (equirectangular projection: at 50 degrees the error is under 1 m over 10 km).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* The plane that the world is computed on: metres east and north of its origin. */
typedef struct {
	double lat_deg, lon_deg;
	double metres_per_lat_deg, metres_per_lon_deg;
} SimPlane;

SimPlane sim_plane_init(double lat_deg, double lon_deg);
void sim_plane_from_geo(const SimPlane *plane, double lat_deg, double lon_deg, double *ret_east_m, double *ret_north_m);
void sim_plane_to_geo(const SimPlane *plane, double east_m, double north_m, double *ret_lat_deg, double *ret_lon_deg);

typedef struct {
	double lat_deg, lon_deg;
	double speed_kmh; /* on the leg that begins here; above 0 */
	double pause_s;   /* standing here before it */
} SimTrackPoint;

typedef enum {
	SIM_TRACK_HOLD, /* stands at the last point */
	SIM_TRACK_LOOP, /* drives on to the first point and starts again */
	SIM_TRACK_BACK, /* drives the same way back, and so on */
} SimTrackEnd;

typedef struct {
	double east_m, north_m;
	double lat_deg, lon_deg;
	double speed_mps;  /* 0 while standing */
	double course_deg; /* 0 north, 90 east; the last one while standing */
} SimPlace;

typedef struct SimTrack SimTrack;

/* At least one point; they are copied. One point alone stands there for ever. */
SimTrack *sim_track_new(const SimTrackPoint *points, guint n_points, SimTrackEnd end);
void sim_track_free(SimTrack *track);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimTrack, sim_track_free)

const SimPlane *sim_track_plane(const SimTrack *track);
SimPlace sim_track_at(const SimTrack *track, double t_s);
/* From the first point to the end of the last leg (one round of it where it repeats). */
double sim_track_seconds(const SimTrack *track);
