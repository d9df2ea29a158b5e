/* The ticker: no drift, no bunching, silence after it was freed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "ticker.h"

typedef struct {
	Ticker *ticker;
	guint n;
	gint64 at_us[64];
	guint busy_ms;   /* how long each tick takes */
	guint free_after; /* ticks, 0: never */
} Ticks;

static void on_tick(gpointer data)
{
	Ticks *ticks = data;
	g_assert_cmpuint(ticks->n, <, G_N_ELEMENTS(ticks->at_us));
	ticks->at_us[ticks->n++] = g_get_monotonic_time();
	g_usleep(ticks->busy_ms * 1000);
	if (ticks->n == ticks->free_after)
		g_clear_pointer(&ticks->ticker, ticker_free);
}

static void run_until(const Ticks *ticks, guint n)
{
	while (ticks->n < n)
		g_main_context_iteration(NULL, TRUE);
}

static void test_ticks_do_not_drift(void)
{
	Ticks ticks = {.busy_ms = 3};
	gint64 start_us = g_get_monotonic_time();
	ticks.ticker = ticker_new(20, on_tick, &ticks);
	while (ticks.n < 60) { /* each tick is some milliseconds late */
		g_main_context_iteration(NULL, FALSE);
		g_usleep(9000);
	}
	/* Each is due at a multiple of the interval, however late the one before it was: 5 ms of drift a tick would be 300. */
	for (guint i = 0; i < 60; i++)
		g_assert_cmpint(ticks.at_us[i] - start_us, >=, (i + 1) * 20000);
	g_assert_cmpint(ticks.at_us[59] - start_us, <, 60 * 20000 + 150000);
	ticker_free(ticks.ticker);
}

static void test_missed_ticks_are_skipped(void)
{
	Ticks ticks = {0};
	ticks.ticker = ticker_new(20, on_tick, &ticks);
	run_until(&ticks, 1);
	g_usleep(210 * 1000); /* ten intervals and a half */
	gint64 woken_us = g_get_monotonic_time();
	run_until(&ticks, 4);
	g_assert_cmpint(ticks.at_us[1], >=, woken_us);
	g_assert_cmpint(ticks.at_us[3] - ticks.at_us[1], >=, 20000); /* one late, then at the interval again */
	ticker_free(ticks.ticker);
}

static void test_nothing_after_free(void)
{
	Ticks ticks = {.free_after = 2};
	gint64 end_us = g_get_monotonic_time() + 200000;
	ticks.ticker = ticker_new(10, on_tick, &ticks);
	while (g_get_monotonic_time() < end_us) {
		g_main_context_iteration(NULL, FALSE);
		g_usleep(1000);
	}
	g_assert_cmpuint(ticks.n, ==, 2);
	ticker_free(NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ticker/ticks_do_not_drift", test_ticks_do_not_drift);
	g_test_add_func("/ticker/missed_ticks_are_skipped", test_missed_ticks_are_skipped);
	g_test_add_func("/ticker/nothing_after_free", test_nothing_after_free);
	return g_test_run();
}
