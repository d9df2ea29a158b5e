/* BOOTTIME to UTC: the line between pairs, its honest error, and who is believed when pairs disagree.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/timebase.h"

#define T0 G_GINT64_CONSTANT(1715000000000)

static void assert_at(const TimeKnot *before, const TimeKnot *after, gint64 boottime_ms, gint64 utc_ms, gint64 error_ms)
{
	gint64 utc, error;
	timebase_at(before, after, boottime_ms, &utc, &error);
	g_assert_cmpint(utc, ==, utc_ms);
	g_assert_cmpint(error, ==, error_ms);
}

static void test_between_pairs_time_follows_the_line(void)
{
	/* 10 ms slow in 100 s; the error in the middle is that of the pairs and 2 x 100 ppm x 50 s x 50 s / 100 s = 5 ms of bend.
	 */
	const TimeKnot a = {1000, T0, 20}, b = {101000, T0 + 100010, 40};
	assert_at(&a, &b, 51000, T0 + 50005, 30 + 5 + 1);
	assert_at(&a, &b, 1000, T0, 20 + 1);
}

static void test_outside_pairs_the_error_grows_with_drift(void)
{
	/* 100 ppm: 1 ms in 10 s. */
	const TimeKnot a = {100000, T0, 20};
	assert_at(&a, NULL, 200000, T0 + 100000, 30);
	assert_at(NULL, &a, 0, T0 - 100000, 30);
	assert_at(&a, NULL, 100001, T0 + 1, 21); /* rounded up */
}

static int group_of(TimeGroups *groups, gint64 boottime_ms, gint64 utc_ms)
{
	const TimeKnot knot = {boottime_ms, utc_ms, 50};
	return timebase_group(groups, &knot);
}

static void test_a_pair_that_contradicts_the_others_does_not_drag_them(void)
{
	const gint64 weeks = G_GINT64_CONSTANT(200) * 7 * 86400 * 1000;
	TimeGroups groups = {0};
	g_assert_cmpint(group_of(&groups, 0, T0 - weeks), ==, 0); /* the first one of all is the liar */
	for (gint64 t = 60000; t <= 240000; t += 60000)
		g_assert_cmpint(group_of(&groups, t, T0 + t), ==, 1);
	g_assert_cmpint(group_of(&groups, 300000, T0 + 300000 - weeks), ==, 0);
	g_assert_cmpint(timebase_best_group(&groups), ==, 1);
}

static void test_drift_within_bounds_is_no_contradiction(void)
{
	TimeGroups groups = {0};
	for (gint64 t = 0; t <= 36000000; t += 60000) /* ten hours, 80 ppm fast: 2.9 s in the end */
		g_assert_cmpint(group_of(&groups, t, T0 + t + t * 80 / 1000000), ==, 0);
}

static void test_impossible_times_are_no_pairs(void)
{
	TimeGroups groups = {0};
	g_assert_cmpint(group_of(&groups, 0, 0), ==, -1);
	g_assert_cmpint(group_of(&groups, 0, TIMEBASE_FLOOR_MS - 1), ==, -1);
	g_assert_cmpint(group_of(&groups, 0, TIMEBASE_CEILING_MS), ==, -1);
	g_assert_cmpint(timebase_best_group(&groups), ==, -1);
}

static void test_many_contradictions_do_not_overflow(void)
{
	TimeGroups groups = {0};
	for (int i = 0; i < TIMEBASE_GROUPS; i++)
		g_assert_cmpint(group_of(&groups, i, T0 + i * G_GINT64_CONSTANT(1000000)), ==, i);
	g_assert_cmpint(group_of(&groups, 100, T0 + 99000000), ==, -1);
	g_assert_cmpint(timebase_best_group(&groups), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/timebase/between-pairs-time-follows-the-line", test_between_pairs_time_follows_the_line);
	g_test_add_func("/timebase/outside-pairs-the-error-grows-with-drift", test_outside_pairs_the_error_grows_with_drift);
	g_test_add_func("/timebase/a-contradicting-pair-does-not-drag-the-others",
			test_a_pair_that_contradicts_the_others_does_not_drag_them);
	g_test_add_func("/timebase/drift-within-bounds-is-no-contradiction", test_drift_within_bounds_is_no_contradiction);
	g_test_add_func("/timebase/impossible-times-are-no-pairs", test_impossible_times_are_no_pairs);
	g_test_add_func("/timebase/many-contradictions-do-not-overflow", test_many_contradictions_do_not_overflow);
	return g_test_run();
}
