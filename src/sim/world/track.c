/* track.c - see track.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/track.h"

#include <math.h>

#define EARTH_RADIUS_M 6371008.8 /* mean radius, IUGG */

typedef struct {
	double east_m, north_m;   /* where it begins */
	double d_east, d_north;   /* unit vector along it */
	double begin_s;           /* the pause begins */
	double depart_s, end_s;
	double speed_mps, course_deg;
} Leg;

struct SimTrack {
	SimPlane plane;
	GArray *legs; /* of Leg; empty for a single point */
	gboolean repeats;
	double seconds;
};

SimPlane sim_plane_init(double lat_deg, double lon_deg)
{
	double per_deg = EARTH_RADIUS_M * G_PI / 180;
	return (SimPlane){.lat_deg = lat_deg,
			  .lon_deg = lon_deg,
			  .metres_per_lat_deg = per_deg,
			  .metres_per_lon_deg = per_deg * cos(lat_deg * G_PI / 180)};
}

static double wrap_lon(double lon_deg)
{
	return lon_deg >= 180 ? lon_deg - 360 : lon_deg < -180 ? lon_deg + 360 : lon_deg;
}

void sim_plane_from_geo(const SimPlane *plane, double lat_deg, double lon_deg, double *ret_east_m, double *ret_north_m)
{
	*ret_east_m = wrap_lon(lon_deg - plane->lon_deg) * plane->metres_per_lon_deg;
	*ret_north_m = (lat_deg - plane->lat_deg) * plane->metres_per_lat_deg;
}

void sim_plane_to_geo(const SimPlane *plane, double east_m, double north_m, double *ret_lat_deg, double *ret_lon_deg)
{
	*ret_lat_deg = plane->lat_deg + north_m / plane->metres_per_lat_deg;
	*ret_lon_deg = wrap_lon(plane->lon_deg + east_m / plane->metres_per_lon_deg);
}

/* Appends the leg from one point to the next; of two points at one place only the pause is left. */
static void add_leg(SimTrack *track, const SimTrackPoint *from, const SimTrackPoint *to, double speed_kmh, double pause_s)
{
	double to_east, to_north;
	Leg leg = {.begin_s = track->seconds, .speed_mps = speed_kmh / 3.6};
	sim_plane_from_geo(&track->plane, from->lat_deg, from->lon_deg, &leg.east_m, &leg.north_m);
	sim_plane_from_geo(&track->plane, to->lat_deg, to->lon_deg, &to_east, &to_north);
	double east = to_east - leg.east_m, north = to_north - leg.north_m;
	double length = hypot(east, north);
	if (length > 0) {
		leg.d_east = east / length;
		leg.d_north = north / length;
		leg.course_deg = atan2(east, north) * 180 / G_PI;
		if (leg.course_deg < 0)
			leg.course_deg += 360;
	} else if (track->legs->len > 0) {
		leg.course_deg = g_array_index(track->legs, Leg, track->legs->len - 1).course_deg;
	}
	leg.depart_s = leg.begin_s + pause_s;
	leg.end_s = leg.depart_s + length / leg.speed_mps;
	track->seconds = leg.end_s;
	g_array_append_val(track->legs, leg);
}

SimTrack *sim_track_new(const SimTrackPoint *points, guint n_points, SimTrackEnd end)
{
	SimTrack *track = g_new0(SimTrack, 1);
	track->plane = sim_plane_init(points[0].lat_deg, points[0].lon_deg);
	track->legs = g_array_new(FALSE, FALSE, sizeof(Leg));
	for (guint i = 0; i + 1 < n_points; i++)
		add_leg(track, &points[i], &points[i + 1], points[i].speed_kmh, points[i].pause_s);
	const SimTrackPoint *last = &points[n_points - 1];
	if (end == SIM_TRACK_LOOP && n_points > 1)
		add_leg(track, last, &points[0], last->speed_kmh, last->pause_s);
	for (guint i = n_points - 1; end == SIM_TRACK_BACK && i > 0; i--)
		add_leg(track, &points[i], &points[i - 1], points[i - 1].speed_kmh, points[i].pause_s);
	track->repeats = end != SIM_TRACK_HOLD && track->seconds > 0;
	return track;
}

void sim_track_free(SimTrack *track)
{
	if (!track)
		return;
	g_array_unref(track->legs);
	g_free(track);
}

const SimPlane *sim_track_plane(const SimTrack *track)
{
	return &track->plane;
}

double sim_track_seconds(const SimTrack *track)
{
	return track->seconds;
}

static const Leg *find_leg(const SimTrack *track, double t_s)
{
	for (guint i = 0; i < track->legs->len; i++) {
		const Leg *leg = &g_array_index(track->legs, Leg, i);
		if (t_s < leg->end_s)
			return leg;
	}
	return track->legs->len ? &g_array_index(track->legs, Leg, track->legs->len - 1) : NULL;
}

SimPlace sim_track_at(const SimTrack *track, double t_s)
{
	SimPlace place = {.lat_deg = track->plane.lat_deg, .lon_deg = track->plane.lon_deg};
	if (track->repeats)
		t_s = fmod(t_s, track->seconds);
	const Leg *leg = find_leg(track, t_s);
	if (!leg)
		return place;
	double driven_s = CLAMP(t_s, leg->depart_s, leg->end_s) - leg->depart_s;
	place.east_m = leg->east_m + leg->d_east * leg->speed_mps * driven_s;
	place.north_m = leg->north_m + leg->d_north * leg->speed_mps * driven_s;
	place.course_deg = leg->course_deg;
	if (t_s >= leg->depart_s && t_s < leg->end_s)
		place.speed_mps = leg->speed_mps;
	sim_plane_to_geo(&track->plane, place.east_m, place.north_m, &place.lat_deg, &place.lon_deg);
	return place;
}
