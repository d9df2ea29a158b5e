/* test_sim_track.c - where the simulated vehicle is. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/track.h"

#include <math.h>

#define NEAR(a, b, by) g_assert_cmpfloat_with_epsilon((a), (b), (by))

/* One degree of latitude is 111.195 km on the mean sphere; 0.01 degrees at 40 m/s (144 km/h) take 27.8 s. */
static const SimTrackPoint north_then_east[] = {{50.00, 20.00, 144, 5}, {50.01, 20.00, 72, 10}, {50.01, 20.01, 72, 0}};

static void test_speed_and_stops(void)
{
	g_autoptr(SimTrack) track = sim_track_new(north_then_east, 3, SIM_TRACK_HOLD);
	SimPlace standing = sim_track_at(track, 4.9);
	g_assert_cmpfloat(standing.speed_mps, ==, 0);
	NEAR(standing.lat_deg, 50.00, 1e-12);
	SimPlace driving = sim_track_at(track, 15); /* ten seconds at 40 m/s */
	NEAR(driving.north_m, 400, 1e-6);
	NEAR(driving.lat_deg, 50.00 + 400 / 111194.93, 1e-8);
	NEAR(driving.speed_mps, 40, 1e-9);
	NEAR(driving.course_deg, 0, 1e-9);
	double first_leg_s = 0.01 * 111194.93 / 40;
	SimPlace stopped = sim_track_at(track, 5 + first_leg_s + 9);
	NEAR(stopped.lat_deg, 50.01, 1e-9);
	g_assert_cmpfloat(stopped.speed_mps, ==, 0);
	SimPlace east = sim_track_at(track, 5 + first_leg_s + 10 + 5);
	NEAR(east.course_deg, 90, 1e-6);
	NEAR(east.east_m, 100, 0.01);
}

static void test_hold(void)
{
	g_autoptr(SimTrack) track = sim_track_new(north_then_east, 3, SIM_TRACK_HOLD);
	SimPlace end = sim_track_at(track, 1e6);
	NEAR(end.lat_deg, 50.01, 1e-9);
	NEAR(end.lon_deg, 20.01, 1e-9);
	g_assert_cmpfloat(end.speed_mps, ==, 0);
}

static void test_loop(void)
{
	g_autoptr(SimTrack) track = sim_track_new(north_then_east, 3, SIM_TRACK_LOOP);
	double round_s = sim_track_seconds(track);
	for (double t = 1; t < round_s; t += 7) {
		SimPlace once = sim_track_at(track, t), again = sim_track_at(track, t + 3 * round_s);
		NEAR(once.east_m, again.east_m, 1e-3);
		NEAR(once.north_m, again.north_m, 1e-3);
	}
	SimPlace closing = sim_track_at(track, round_s - 0.001);
	NEAR(hypot(closing.east_m, closing.north_m), 0.02, 0.001); /* 1 ms at 20 m/s before the first point */
}

static void test_back(void)
{
	g_autoptr(SimTrack) track = sim_track_new(north_then_east, 3, SIM_TRACK_BACK);
	double round_s = sim_track_seconds(track);
	/* The stop at the corner is made on the way back too. */
	double east_leg_s = 0.01 * 111194.93 * cos(50 * G_PI / 180) / 20, north_leg_s = 0.01 * 111194.93 / 40;
	NEAR(round_s, 5 + 2 * (north_leg_s + 10 + east_leg_s), 0.1);
	SimPlace home = sim_track_at(track, round_s - 0.001);
	NEAR(home.lat_deg, 50.00, 1e-6);
	NEAR(home.course_deg, 180, 1e-6);
}

static void test_single_point(void)
{
	g_autoptr(SimTrack) track = sim_track_new(north_then_east, 1, SIM_TRACK_LOOP);
	SimPlace place = sim_track_at(track, 1234);
	NEAR(place.lat_deg, 50.00, 1e-12);
	g_assert_cmpfloat(place.speed_mps, ==, 0);
}

static void test_antimeridian(void)
{
	const SimTrackPoint points[] = {{-17, 179.999, 36, 0}, {-17, -179.999, 36, 0}};
	g_autoptr(SimTrack) track = sim_track_new(points, 2, SIM_TRACK_HOLD);
	double metres = 0.002 * 111194.93 * cos(17 * G_PI / 180);
	NEAR(sim_track_seconds(track), metres / 10, 0.01);
	NEAR(sim_track_at(track, metres / 10 * 0.75).lon_deg, -179.9995, 1e-6);
	NEAR(sim_track_at(track, 1).course_deg, 90, 1e-6);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/track/speeds-and-stops-are-kept", test_speed_and_stops);
	g_test_add_func("/sim/track/hold-stands-at-the-last-point", test_hold);
	g_test_add_func("/sim/track/loop-repeats-exactly", test_loop);
	g_test_add_func("/sim/track/back-returns-the-same-way", test_back);
	g_test_add_func("/sim/track/one-point-stands-for-ever", test_single_point);
	g_test_add_func("/sim/track/date-line-is-no-wall", test_antimeridian);
	return g_test_run();
}
