/* The failure ladder: which step follows which trouble, and that no modem is restarted without leave or too often.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/ladder.h"

static const LadderMeans all_means = {.can_renew = TRUE, .can_reset = TRUE};
static const LadderMeans no_means = {0};

static LadderStep next(Ladder *ladder, LadderTrouble trouble, const LadderMeans *means)
{
	guint delay_ms;
	return ladder_next(ladder, trouble, means, 0, &delay_ms);
}

static void test_one_silent_sweep_is_asked_again(void)
{
	Ladder ladder = {0};
	for (guint i = 0; i < 10; i++) {
		g_assert_cmpint(next(&ladder, TROUBLE_SILENT, &all_means), ==, LADDER_RETRY);
		ladder_good(&ladder);
	}
}

static void test_silence_climbs_to_the_end(void)
{
	Ladder ladder = {0};
	const LadderStep wanted[] = {LADDER_RETRY, LADDER_REOPEN, LADDER_RETRY, LADDER_REOPEN, LADDER_RETRY, LADDER_REOPEN,
				     LADDER_RETRY, LADDER_RESET,  LADDER_RETRY, LADDER_WAIT,   LADDER_RETRY, LADDER_WAIT};
	for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
		g_assert_cmpint(next(&ladder, TROUBLE_SILENT, &all_means), ==, wanted[i]);
	ladder_good(&ladder);
	g_assert_cmpint(next(&ladder, TROUBLE_SILENT, &all_means), ==, LADDER_RETRY);
	g_assert_cmpint(next(&ladder, TROUBLE_SILENT, &all_means), ==, LADDER_REOPEN);
}

static void test_nothing_is_reset_without_leave(void)
{
	Ladder ladder = {0};
	for (guint i = 0; i < 100; i++)
		g_assert_cmpint(next(&ladder, TROUBLE_NO_OPEN, &no_means), !=, LADDER_RESET);
	g_assert_cmpint(next(&ladder, TROUBLE_NO_OPEN, &no_means), ==, LADDER_WAIT);
}

static void test_resets_are_far_apart(void)
{
	Ladder ladder = {0};
	guint delay_ms, resets = 0;
	gint64 last_ms = -LADDER_RESET_GAP_MS;
	/* A modem that works for one sweep after each restart, every 10 s, for an hour. */
	for (gint64 now_ms = 0; now_ms < 3600 * 1000; now_ms += 10000) {
		if (ladder_next(&ladder, TROUBLE_NO_OPEN, &all_means, now_ms, &delay_ms) == LADDER_RESET) {
			g_assert_cmpint(now_ms - last_ms, >=, LADDER_RESET_GAP_MS);
			last_ms = now_ms;
			resets++;
			ladder_good(&ladder);
		}
	}
	g_assert_cmpuint(resets, ==, 6);
}

static void test_forgotten_clients_are_renewed_once(void)
{
	Ladder ladder = {0};
	g_assert_cmpint(next(&ladder, TROUBLE_FORGOTTEN, &all_means), ==, LADDER_NEW_CLIENT);
	g_assert_cmpint(next(&ladder, TROUBLE_FORGOTTEN, &all_means), ==, LADDER_REOPEN);
	ladder_good(&ladder);
	g_assert_cmpint(next(&ladder, TROUBLE_FORGOTTEN, &all_means), ==, LADDER_NEW_CLIENT);
	ladder_good(&ladder);
	g_assert_cmpint(next(&ladder, TROUBLE_FORGOTTEN, &no_means), ==, LADDER_REOPEN);
}

static void test_openings_are_spaced(void)
{
	Ladder ladder = {0};
	const guint wanted_ms[] = {0, 1000, 2000, 10000, 10000};
	for (guint i = 0; i < G_N_ELEMENTS(wanted_ms); i++) {
		guint delay_ms;
		ladder_next(&ladder, TROUBLE_HUNG_UP, &no_means, 0, &delay_ms);
		g_assert_cmpuint(delay_ms, ==, wanted_ms[i]);
	}
}

/* What was tried on the modem that was pulled out says nothing about the one that is plugged in. */
static void test_a_node_that_went_begins_anew(void)
{
	Ladder ladder = {0};
	guint delay_ms;
	for (guint i = 0; i < 4; i++)
		ladder_next(&ladder, TROUBLE_HUNG_UP, &no_means, 0, &delay_ms);
	g_assert_cmpint(ladder_next(&ladder, TROUBLE_NO_DEVICE, &no_means, 0, &delay_ms), ==, LADDER_WAIT);
	g_assert_cmpuint(delay_ms, <=, 1000); /* it is wanted as soon as it is there */
	g_assert_cmpint(ladder_next(&ladder, TROUBLE_HUNG_UP, &no_means, 0, &delay_ms), ==, LADDER_REOPEN);
	g_assert_cmpuint(delay_ms, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ladder/one_silent_sweep_is_asked_again", test_one_silent_sweep_is_asked_again);
	g_test_add_func("/ladder/silence_climbs_to_the_end", test_silence_climbs_to_the_end);
	g_test_add_func("/ladder/nothing_is_reset_without_leave", test_nothing_is_reset_without_leave);
	g_test_add_func("/ladder/resets_are_far_apart", test_resets_are_far_apart);
	g_test_add_func("/ladder/forgotten_clients_are_renewed_once", test_forgotten_clients_are_renewed_once);
	g_test_add_func("/ladder/openings_are_spaced", test_openings_are_spaced);
	g_test_add_func("/ladder/a_node_that_went_begins_anew", test_a_node_that_went_begins_anew);
	return g_test_run();
}
