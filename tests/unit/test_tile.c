/* Tiles against figures worked out apart, from the other form of the same projection: y = 1/2 - ln((1 + sin lat) / (1 - sin lat)) /
 * 4 pi, x = (lon + 180) / 360, both times 2^18, and digit i of the quadkey is bit i of x plus twice that of y.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/tile.h"

#include <math.h>

static void assert_tile(double lat, double lon, const char *quadkey)
{
	char text[TILE_ZOOM + 1];
	const Tile tile = tile_of(lat, lon);
	g_assert_cmpint(tile, !=, TILE_NONE);
	tile_quadkey(tile, text);
	g_assert_cmpstr(text, ==, quadkey);
	g_assert_cmpint(tile_parse(quadkey), ==, tile);
}

static void test_places_have_their_quadkeys(void)
{
	assert_tile(53.9, 27.5667, "120300311203101203");
	assert_tile(-33.8568, 151.2153, "311230133002231311");
	assert_tile(47.6062, -122.3321, "021230030220023222");
}

static void test_tiles_meet_at_equator_and_meridian(void)
{
	assert_tile(0, 0, "300000000000000000");
	assert_tile(0.0001, 0.0001, "122222222222222222");
	assert_tile(-0.0001, -0.0001, "211111111111111111");
}

static void test_edges_of_the_square_are_in_it_and_poles_are_not(void)
{
	assert_tile(85.05, 179.999, "111111111111113113");
	assert_tile(-85.05, -179.999, "222222222222220220");
	assert_tile(85.0511, -180, "000000000000000000");
	g_assert_cmpint(tile_of(1, 180), ==, tile_of(1, -180)); /* one meridian */
	const double outside[][2] = {{85.06, 0}, {-85.06, 0}, {90, 0},	{-90, 0},      {91, 0},	      {0, 180.001},
				     {0, -181},	 {NAN, 0},    {0, NAN}, {INFINITY, 0}, {0, -INFINITY}};
	for (guint i = 0; i < G_N_ELEMENTS(outside); i++)
		g_assert_cmpint(tile_of(outside[i][0], outside[i][1]), ==, TILE_NONE);
}

static void test_centre_lies_within_and_is_the_middle(void)
{
	double lat, lon;
	/* x = 151145, y = 84293: the longitude of the middle is 151145.5 / 2^18 * 360 - 180 */
	tile_centre(tile_of(53.9, 27.5667), &lat, &lon);
	g_assert_cmpfloat(fabs(lon - 27.566757202148438), <, 1e-9);
	/* the other way round: sin lat = tanh(pi (1 - 2 y / 2^18)) for y = 84293.5 */
	g_assert_cmpfloat(fabs(sin(lat * G_PI / 180) - tanh(G_PI * (1 - 2 * 84293.5 / 262144))), <, 1e-12);
	for (double at = -84; at <= 84; at += 7) {
		const Tile tile = tile_of(at, at * 2 + 0.3);
		tile_centre(tile, &lat, &lon);
		g_assert_cmpint(tile_of(lat, lon), ==, tile);
	}
}

static void test_what_is_no_quadkey_of_zoom_18_is_refused(void)
{
	const char *const bad[] = {"",
				   "213",
				   "12030031120310120",
				   "1203003112031012030",
				   "12030031120310120x",
				   "120300311203101204",
				   "-20300311203101203",
				   " 120300311203101203",
				   "120300311203101203 "};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_cmpint(tile_parse(bad[i]), ==, TILE_NONE);
}

/* Steps of all lengths, from a thousandth of a metre to half of the world, and along the very edges of tiles. */
static void test_next_is_the_tile_wherever_the_last_was(void)
{
	g_autoptr(GRand) dice = g_rand_new_with_seed(1);
	TileBox box = {0};
	double lat = 0, lon = 0;
	for (guint i = 0; i < 200000; i++) {
		const double step = pow(10, g_rand_double_range(dice, -8, 2));
		lat = CLAMP(lat + g_rand_double_range(dice, -step, step), -86, 86);
		lon = CLAMP(lon + g_rand_double_range(dice, -step, step), -180, 180);
		if (i % 3 == 0) {
			const double edge = 360.0 / (1 << TILE_ZOOM);
			lon = round(lon / edge) * edge; /* meridians between tiles */
		}
		g_assert_cmpint(tile_next(&box, lat, lon), ==, tile_of(lat, lon));
	}
	g_assert_cmpint(tile_next(&box, NAN, lon), ==, TILE_NONE);
	g_assert_cmpint(tile_next(&box, lat, NAN), ==, TILE_NONE);
	g_assert_cmpint(tile_next(&box, 53.9, 27.5667), ==, tile_of(53.9, 27.5667));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/tile/places_have_their_quadkeys", test_places_have_their_quadkeys);
	g_test_add_func("/tile/tiles_meet_at_equator_and_meridian", test_tiles_meet_at_equator_and_meridian);
	g_test_add_func("/tile/edges_of_the_square_are_in_it_and_poles_are_not",
			test_edges_of_the_square_are_in_it_and_poles_are_not);
	g_test_add_func("/tile/centre_lies_within_and_is_the_middle", test_centre_lies_within_and_is_the_middle);
	g_test_add_func("/tile/what_is_no_quadkey_of_zoom_18_is_refused", test_what_is_no_quadkey_of_zoom_18_is_refused);
	g_test_add_func("/tile/next_is_the_tile_wherever_the_last_was", test_next_is_the_tile_wherever_the_last_was);
	return g_test_run();
}
