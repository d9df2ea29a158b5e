/* Where a sweep was made, and what must never be claimed. Numbers are worked out by hand in the comments.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/place.h"

#include <math.h>

static PlaceFix fix(gint64 time_ms, double lat, double lon, double error_m, double speed_m_s)
{
	return (PlaceFix){time_ms, (gint32)lrint(lat * 1e7), (gint32)lrint(lon * 1e7), error_m, speed_m_s, 0};
}

static void assert_near(double value, double expected, double tolerance)
{
	if (fabs(value - expected) > tolerance)
		g_error("%.9f is not %.9f within %g", value, expected, tolerance);
}

static void test_between_fixes_lies_on_the_line(void)
{
	const PlaceFix a = fix(0, 10, 20, 4, 0), b = fix(2000, 10.0002, 20.0004, 8, 0);
	const Place p = place_at(&a, &b, 500); /* a quarter of the way */
	g_assert_cmpint(p.state, ==, POSITION_LIVE);
	assert_near(p.lat, 10.00005, 1e-9);
	assert_near(p.lon, 20.0001, 1e-9);
	g_assert_cmpfloat(p.error_m, >=, 5); /* the fixes' own errors, 4 and 8, at a quarter */
}

static void test_states_change_at_their_limits(void)
{
	const PlaceFix a = fix(100000, 10, 20, 5, 1);
	const PlaceFix at_60_s = fix(160000, 10.001, 20, 5, 1), at_61_s = fix(161000, 10.001, 20, 5, 1);
	g_assert_cmpint(place_at(&a, &at_60_s, 130000).state, ==, POSITION_INTERPOLATED);
	g_assert_cmpint(place_at(&a, &at_61_s, 130000).state, ==, POSITION_HELD);
	g_assert_cmpint(place_at(&a, &at_60_s, 101500).state, ==, POSITION_LIVE);
	g_assert_cmpint(place_at(&a, &at_60_s, 101501).state, ==, POSITION_INTERPOLATED);
	g_assert_cmpint(place_at(&a, &at_61_s, 160000).state, ==, POSITION_LIVE); /* 1 s before the next fix */
	g_assert_cmpint(place_at(&a, NULL, 220000).state, ==, POSITION_HELD);
	g_assert_cmpint(place_at(&a, NULL, 220001).state, ==, POSITION_NONE);
	g_assert_cmpint(place_at(NULL, NULL, 0).state, ==, POSITION_NONE);
	g_assert_cmpint(place_at(NULL, &a, 98500).state, ==, POSITION_LIVE);
	g_assert_cmpint(place_at(NULL, &a, 98499).state, ==, POSITION_NONE); /* not yet known where one is */
}

static void test_held_place_does_not_move_and_its_error_grows(void)
{
	const PlaceFix fast = fix(0, 10, 20, 5, 12), still = fix(0, 10, 20, 5, 0);
	const Place early = place_at(&fast, NULL, 10000), late = place_at(&fast, NULL, 100000);
	g_assert_cmpfloat(late.lat, ==, early.lat);
	g_assert_cmpfloat(late.lon, ==, 20);
	assert_near(early.error_m, 5 + 120, 1e-6);
	assert_near(late.error_m, 5 + 1200, 1e-6);
	/* Somebody who stood may have begun to walk: 1.5 m/s. */
	assert_near(place_at(&still, NULL, 100000).error_m, 5 + 150, 1e-6);
}

static void test_hold_reckons_with_the_pace_of_the_last_minutes(void)
{
	PlaceFix light = fix(0, 53.9, 27.56, 5, 0); /* standing at a light, after driving at 14 m/s */
	light.pace_m_s = 14;
	assert_near(place_at(&light, NULL, 100000).error_m, 5 + 14 * 100, 0.01);
	const PlaceFix green = fix(1000, 53.9, 27.56, 5, 0);
	g_assert_cmpfloat(place_at(&light, &green, 500).error_m, <, 10); /* among fresh fixes it does not matter */
}

static void test_error_between_fixes_grows_with_the_way_that_was_possible(void)
{
	/* 40 s apart at one and the same place, 10 m/s: up to 400 m of way, so in the middle up to 200 m off. */
	const PlaceFix a = fix(0, 10, 20, 5, 10), b = fix(40000, 10, 20, 5, 10);
	assert_near(place_at(&a, &b, 20000).error_m, 5 + 200, 1e-6);
	/* The same fixes 400.3 m apart (0.0036 degrees of latitude): there was no time for anything but the straight way. */
	const PlaceFix c = fix(40000, 10.0036, 20, 5, 10);
	assert_near(place_at(&a, &c, 20000).error_m, 5, 0.01);
}

static void test_antimeridian_is_crossed_the_short_way(void)
{
	const PlaceFix a = fix(0, 0, 179.999, 5, 0), b = fix(2000, 0, -179.999, 5, 0);
	assert_near(fabs(place_at(&a, &b, 1000).lon), 180, 1e-7);
	assert_near(place_at(&a, &b, 500).lon, 179.9995, 1e-7);
	assert_near(place_at(&a, &b, 1500).lon, -179.9995, 1e-7);
	assert_near(place_distance_m(0, 179.999, 0, -179.999), 222.39, 0.01);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/place/between-fixes-lies-on-the-line", test_between_fixes_lies_on_the_line);
	g_test_add_func("/place/states-change-at-their-limits", test_states_change_at_their_limits);
	g_test_add_func("/place/held-place-does-not-move-and-its-error-grows", test_held_place_does_not_move_and_its_error_grows);
	g_test_add_func("/place/hold-reckons-with-the-pace-of-the-last-minutes", test_hold_reckons_with_the_pace_of_the_last_minutes);
	g_test_add_func("/place/error-grows-with-the-way-that-was-possible",
			test_error_between_fixes_grows_with_the_way_that_was_possible);
	g_test_add_func("/place/antimeridian-is-crossed-the-short-way", test_antimeridian_is_crossed_the_short_way);
	return g_test_run();
}
