/* What a modem had, sweep by sweep; and distances.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/course.h"
#include "analysis/radio.h"

static guint sweep(Course *course, gint64 second, double rx_packets, CourseRun ret_runs[2])
{
	static const Entry state = {.service = SERVICE_STATE_SERVED}, cell = {.plmn = "257-01"};
	static const Modem modem = {.name = "a"};
	const Moment m = {.at = {.boot_ms = second * 1000, .lat = NAN, .lon = NAN},
			  .modem = &modem,
			  .state = &state,
			  .cell = &cell,
			  .since_ms = second ? 1000 : 0,
			  .rx_packets = rx_packets};
	return course_sweep(course, &m, ret_runs);
}

/* A modem that has been on for long: its counter says nothing of now until it counts. */
static void test_packets_of_before(void)
{
	Course course = {0};
	CourseRun runs[2];
	for (gint64 second = 0; second < 60; second++)
		g_assert_cmpuint(sweep(&course, second, 5000, runs), ==, 0);
	g_assert_cmpint(course.run.data, ==, DATA_UNTESTED);
	g_assert_cmpuint(sweep(&course, 60, 5001, runs), ==, 1);
	g_assert_cmpint(runs[0].data, ==, DATA_UNTESTED);
	g_assert_cmpint(course.run.data, ==, DATA_WORKS);
}

/* Both sides of the 180th meridian. */
static void test_date_line(void)
{
	g_assert_cmpfloat_with_epsilon(radio_apart_m(0, 179.9999, 0, -179.9999), 22.2, 0.1);
	g_assert_cmpfloat_with_epsilon(radio_apart_m(0, 10, 0, 11), 111195, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/course/packets of before the recording are no data", test_packets_of_before);
	g_test_add_func("/course/a step over the date line is a step", test_date_line);
	return g_test_run();
}
