/* Lines as GeoJSON geometries, above all at the antimeridian (RFC 7946, 3.1.9).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/track.h"

static void assert_geometry(const TrackVertex *vertices, guint n, const char *expected)
{
	g_autoptr(Out) out = out_new_memory();
	track_put_geometry(out, vertices, n);
	g_autofree char *text = g_strndup(out->buffer, out->used);
	g_assert_cmpstr(text, ==, expected);
}

static void test_a_plain_line_keeps_its_vertices(void)
{
	const TrackVertex line[] = {{539000000, 275600000}, {539000001, 275600000}};
	assert_geometry(line, 2, "{\"type\":\"LineString\",\"coordinates\":[[27.56,53.9],[27.56,53.9000001]]}");
}

static void test_a_lone_sample_is_still_a_valid_line(void)
{
	const TrackVertex line[] = {{10000000, 20000000}};
	assert_geometry(line, 1, "{\"type\":\"LineString\",\"coordinates\":[[2,1],[2,1]]}");
}

static void test_the_antimeridian_divides_a_line(void)
{
	/* From 179.9 E to 179.9 W, 2 degrees north: cut in the middle, at 1 degree. Then back again. */
	const TrackVertex east[] = {{0, 1799000000}, {20000000, -1799000000}};
	const TrackVertex west[] = {{0, -1799000000}, {20000000, 1799000000}};
	assert_geometry(east, 2, "{\"type\":\"MultiLineString\",\"coordinates\":[[[179.9,0],[180,1]],[[-180,1],[-179.9,2]]]}");
	assert_geometry(west, 2, "{\"type\":\"MultiLineString\",\"coordinates\":[[[-179.9,0],[-180,1]],[[180,1],[179.9,2]]]}");
}

static void test_greenwich_divides_nothing(void)
{
	const TrackVertex line[] = {{0, -1000000}, {0, 1000000}};
	assert_geometry(line, 2, "{\"type\":\"LineString\",\"coordinates\":[[-0.1,0],[0.1,0]]}");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/track/a-plain-line-keeps-its-vertices", test_a_plain_line_keeps_its_vertices);
	g_test_add_func("/track/a-lone-sample-is-still-a-valid-line", test_a_lone_sample_is_still_a_valid_line);
	g_test_add_func("/track/the-antimeridian-divides-a-line", test_the_antimeridian_divides_a_line);
	g_test_add_func("/track/greenwich-divides-nothing", test_greenwich_divides_nothing);
	return g_test_run();
}
