/* What may be spent in an hour and in a day. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/budget.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define NOW_S 1800000000

static void test_hour_and_day(void)
{
	Budget *budget = budget_new(NULL, 1000, 3000);
	g_assert_cmpuint(budget_left(budget, NOW_S), ==, 1000);
	g_assert_true(budget_spend(budget, NOW_S, 700, NULL));
	g_assert_cmpuint(budget_left(budget, NOW_S), ==, 300);
	/* more than there was: nothing is left, and nothing wraps around */
	g_assert_true(budget_spend(budget, NOW_S + 10, 700, NULL));
	g_assert_cmpuint(budget_left(budget, NOW_S + 10), ==, 0);
	/* an hour (and the grain) later the hour is free; the day has 1,600 left, more than an hour may have */
	g_assert_cmpuint(budget_left(budget, NOW_S + 3600 + 310), ==, 1000);
	g_assert_true(budget_spend(budget, NOW_S + 4000, 1000, NULL));
	g_assert_cmpuint(budget_left(budget, NOW_S + 8000), ==, 600);
	g_assert_cmpuint(budget_left(budget, NOW_S + 86400 + 4400), ==, 1000);
	budget_free(budget);
}

static void test_even_shares(void)
{
	Budget *budget = budget_new(NULL, 6000, 100000);
	g_assert_cmpuint(budget_share(budget, NOW_S, 50), ==, 1000); /* ten minutes' worth to begin with */
	g_assert_true(budget_spend(budget, NOW_S, 900, NULL));
	g_assert_cmpuint(budget_share(budget, NOW_S, 50), ==, 100);
	/* a minute brings a sixtieth of the hour's; what is not spent is kept, but no more than ten minutes' worth */
	g_assert_cmpuint(budget_share(budget, NOW_S + 60, 110), ==, 200);
	g_assert_cmpuint(budget_share(budget, NOW_S + 120, 170), ==, 300);
	g_assert_cmpuint(budget_share(budget, NOW_S + 7200, 7250), ==, 1000);
	/* never more than the hour or the day has left */
	g_assert_true(budget_spend(budget, NOW_S + 7200, 5700, NULL));
	g_assert_cmpuint(budget_share(budget, NOW_S + 7800, 7850), ==, 300);
	budget_free(budget);
}

static void test_survives(void)
{
	g_autofree char *folder = g_dir_make_tmp("jamlog-budget-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "spent-a", NULL);
	Budget *budget = budget_new(path, 1000, 3000);
	g_assert_true(budget_spend(budget, NOW_S, 900, NULL));
	budget_free(budget);
	budget = budget_new(path, 1000, 3000);
	g_assert_cmpuint(budget_left(budget, NOW_S + 60), ==, 100);
	/* yesterday's rows go */
	g_assert_true(budget_spend(budget, NOW_S + 100000, 5, NULL));
	budget_free(budget);
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "1800099900 5\n");
	g_unlink(path);
	g_rmdir(folder);
}

static void test_clock_set_back(void)
{
	Budget *budget = budget_new(NULL, 1000, 3000);
	g_assert_true(budget_spend(budget, NOW_S, 900, NULL));
	g_assert_cmpuint(budget_left(budget, 1000), ==, 100);
	g_assert_true(budget_spend(budget, 1000, 50, NULL));
	g_assert_cmpuint(budget_left(budget, 1000), ==, 50);
	/* and it goes with time, as the clock counts it now */
	g_assert_cmpuint(budget_left(budget, 1000 + 4000), ==, 1000);
	budget_free(budget);
	/* all of it does, however many rows there are, also while nothing more may be spent */
	budget = budget_new(NULL, 1000, 3000);
	for (guint i = 0; i < 5; i++)
		g_assert_true(budget_spend(budget, NOW_S + i * 400, 900, NULL));
	g_assert_cmpuint(budget_share(budget, 1000, 0), ==, 0);
	g_assert_cmpuint(budget_left(budget, 1000 + 4000), ==, 0); /* of the day */
	g_assert_cmpuint(budget_left(budget, 1000 + 87000), ==, 1000);
	budget_free(budget);
}

static void test_nonsense_in_the_file(void)
{
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("jamlog-budget-XXXXXX", &path, NULL);
	close(fd);
	g_assert_true(g_file_set_contents(path, "x 1\n\n1800000000 250\n1800000000\n\xff\xfe 7\n", -1, NULL));
	Budget *budget = budget_new(path, 1000, 3000);
	g_assert_cmpuint(budget_left(budget, NOW_S), ==, 750);
	budget_free(budget);
	g_unlink(path);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/budget/hour-and-day", test_hour_and_day);
	g_test_add_func("/budget/comes-in-evenly", test_even_shares);
	g_test_add_func("/budget/a-new-start-gives-no-new-budget", test_survives);
	g_test_add_func("/budget/clock-set-back", test_clock_set_back);
	g_test_add_func("/budget/nonsense-in-the-file", test_nonsense_in_the_file);
	return g_test_run();
}
