/* test_sim_registration.c - how long a simulated modem takes to lose and to find a network.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/registration.h"
#include "sim/world/world.h"

#include <math.h>

/* Two cells of the home network, one of another; a modem that stands still, no shadowing, no fading. */
static const char base[] = "[world]\nduration = 1200\nshadowing_db = 0\nfading_db = 0\n"
			   "[track]\npoints = 53.9,27.56\n"
			   "[cell near]\nplmn = 257-01\nlat = 53.902\nlon = 27.56\nearfcn = 1300\npci = 1\ntac = 1\ncell_id = 1\n"
			   "[cell far]\nplmn = 257-01\nlat = 53.91\nlon = 27.56\nearfcn = 3100\npci = 2\ntac = 2\ncell_id = 2\n"
			   "[cell other]\nplmn = 257-02\nlat = 53.903\nlon = 27.56\nearfcn = 6300\npci = 3\ntac = 3\n"
			   "cell_id = 3\n";
static const char modem[] = "[modem a]\nplmn = 257-01\n";

typedef struct {
	SimScenario *scenario;
	SimWorld *world;
} Play;

static Play play_new(const char *a_modem, const char *happenings)
{
	g_autofree char *text = g_strconcat(base, a_modem, happenings, NULL);
	g_autoptr(GError) error = NULL;
	Play play = {.scenario = sim_scenario_load_data("x", text, &error)};
	g_assert_no_error(error);
	play.world = sim_world_new(play.scenario, 1, 1774440000);
	return play;
}

static void play_end(Play *play)
{
	sim_world_free(play->world);
	sim_scenario_free(play->scenario);
}

static void run_to(Play *play, double t_s)
{
	while (sim_world_seconds(play->world) < t_s - 1e-6)
		sim_world_step(play->world);
}

static SimPhase phase_of(const Play *play)
{
	return sim_world_registration(play->world, 0)->phase;
}

/* The time at which a phase begins, looking on from now; fails after `limit_s`. */
static double when(Play *play, SimPhase phase, double limit_s)
{
	while (phase_of(play) != phase && sim_world_seconds(play->world) < limit_s)
		sim_world_step(play->world);
	g_assert_cmpstr(sim_phase_name(phase_of(play)), ==, sim_phase_name(phase));
	return sim_world_seconds(play->world);
}

static const char *serving_name(const Play *play)
{
	return sim_world_modem(play->world, 0)->has_serving ? sim_world_cell(play->world, 0, 0)->name : "none";
}

#define BETWEEN(value, low, high)                                      \
	do {                                                           \
		g_assert_cmpfloat((value), >=, (low) - 1e-6);          \
		g_assert_cmpfloat((value), <=, (high) + 1e-6);         \
	} while (0)

static void test_power_up(void)
{
	Play play = play_new(modem, "");
	/* 1 s to start, 1 s of search, 0.3 s of system information, 0.7 to 1.5 s to attach. */
	BETWEEN(when(&play, SIM_PHASE_REGISTERED, 30), 3.0, 3.9);
	const SimModemState *state = sim_world_modem(play.world, 0);
	g_assert_cmpint(state->registration, ==, SIM_REG_REGISTERED);
	g_assert_true(state->ps_attached);
	g_assert_cmpstr(serving_name(&play), ==, "near");
	/* 224 m and 78.07 m a step. */
	g_assert_cmpuint(state->timing_advance, ==, 3);
	play_end(&play);
}

static void test_loss_and_return(void)
{
	Play play = play_new(modem, "[happening off]\nwhat = cells-off\nat = 50\nuntil = 80\n");
	run_to(&play, 49);
	/* N310 and T310: 1.2 s until the link has failed. */
	BETWEEN(when(&play, SIM_PHASE_REESTABLISHING, 60), 51.2, 51.3);
	const SimModemState *state = sim_world_modem(play.world, 0);
	g_assert_cmpint(state->registration, ==, SIM_REG_REGISTERED);
	g_assert_cmpint(state->true_service, ==, SIM_SERVICE_NONE);
	g_assert_cmpint(state->service, ==, SIM_SERVICE_FULL); /* the bars are still shown */
	/* T311: 3 s more. */
	BETWEEN(when(&play, SIM_PHASE_SEARCHING, 60), 54.2, 54.3);
	g_assert_cmpint(state->registration, ==, SIM_REG_SEARCHING);
	g_assert_false(state->has_serving);
	g_assert_cmpuint(state->n_cells, ==, 0);
	run_to(&play, 55);
	g_assert_cmpint(state->service, ==, SIM_SERVICE_NONE);
	run_to(&play, 79.9);
	g_assert_cmpint(state->registration, ==, SIM_REG_SEARCHING);
	/* A round of search and pause is 6 s at most, then system information and an update. */
	BETWEEN(when(&play, SIM_PHASE_REGISTERED, 100), 80.6, 86.9);
	play_end(&play);
}

static void test_short_fade(void)
{
	Play play = play_new(modem, "[happening fade]\nwhat = attenuation\ndb = 90\nat = 50\nfor = 1.0\n");
	run_to(&play, 49);
	while (sim_world_seconds(play.world) < 60) {
		sim_world_step(play.world);
		g_assert_cmpint(phase_of(&play), ==, SIM_PHASE_REGISTERED);
	}
	play_end(&play);
}

static void test_reestablishment(void)
{
	Play play = play_new(modem, "[happening fade]\nwhat = attenuation\ndb = 90\nat = 50\nfor = 2.5\n");
	run_to(&play, 49);
	when(&play, SIM_PHASE_REESTABLISHING, 60);
	BETWEEN(when(&play, SIM_PHASE_REGISTERED, 60), 52.7, 53.0);
	g_assert_cmpint(sim_world_modem(play.world, 0)->service, ==, SIM_SERVICE_FULL);
	play_end(&play);
}

static void test_handover(void)
{
	Play play = play_new(modem, "[happening weak]\nwhat = cells-power\ncells = near\ndb = -35\nat = 50\n");
	run_to(&play, 49);
	guint64 changes = sim_world_modem(play.world, 0)->change_count;
	while (!g_str_equal(serving_name(&play), "far") && sim_world_seconds(play.world) < 60) {
		sim_world_step(play.world);
		g_assert_cmpint(sim_world_modem(play.world, 0)->registration, ==, SIM_REG_REGISTERED);
	}
	BETWEEN(sim_world_seconds(play.world), 50.4, 50.6); /* time to trigger 480 ms */
	g_assert_cmpuint(sim_world_modem(play.world, 0)->change_count, ==, changes + 1);
	play_end(&play);
}

static void test_other_network(void)
{
	Play play = play_new(modem, "[happening off]\nwhat = cells-off\nplmn = 257-01\nat = 50\n");
	run_to(&play, 70);
	const SimModemState *state = sim_world_modem(play.world, 0);
	g_assert_cmpint(phase_of(&play), ==, SIM_PHASE_LIMITED);
	g_assert_cmpstr(serving_name(&play), ==, "other");
	g_assert_cmpint(state->service, ==, SIM_SERVICE_LIMITED);
	g_assert_cmpint(state->registration, ==, SIM_REG_SEARCHING);
	g_assert_true(state->forbidden);
	play_end(&play);
	Play roamer = play_new("[modem a]\nplmn = 257-01\nroaming = 257-02\n",
			       "[happening off]\nwhat = cells-off\nplmn = 257-01\nat = 50\n");
	run_to(&roamer, 70);
	g_assert_cmpint(phase_of(&roamer), ==, SIM_PHASE_REGISTERED);
	g_assert_true(sim_world_modem(roamer.world, 0)->roaming);
	play_end(&roamer);
}

static void test_access(void)
{
	Play play = play_new(modem, "[happening e]\nwhat = access\nstatus = emergency-only\n"
				    "plmn = 257-01\nat = 50\nuntil = 100\n");
	run_to(&play, 49.9);
	/* Noticed within a modification period of the system information. */
	BETWEEN(when(&play, SIM_PHASE_LIMITED, 60), 50, 50 + SIM_MODIFICATION_S + 0.1);
	const SimModemState *state = sim_world_modem(play.world, 0);
	g_assert_cmpint(state->access, ==, SIM_ACCESS_EMERGENCY_ONLY);
	g_assert_cmpint(state->service, ==, SIM_SERVICE_LIMITED);
	run_to(&play, 99.9);
	g_assert_cmpint(phase_of(&play), ==, SIM_PHASE_LIMITED);
	BETWEEN(when(&play, SIM_PHASE_REGISTERED, 120), 100, 100 + SIM_MODIFICATION_S + 0.8);
	g_assert_cmpint(state->access, ==, SIM_ACCESS_NORMAL);
	play_end(&play);
}

static void test_barred(void)
{
	Play play = play_new(modem, "[happening b]\nwhat = cell-barred\ncells = near\nat = 50\nfor = 10\n");
	run_to(&play, 70);
	g_assert_cmpstr(serving_name(&play), ==, "far");
	run_to(&play, 340);
	g_assert_cmpstr(serving_name(&play), ==, "far");
	while (g_str_equal(serving_name(&play), "far") && sim_world_seconds(play.world) < 400)
		sim_world_step(play.world);
	/* 300 s after it was noticed, and the time to trigger of the handover. */
	BETWEEN(sim_world_seconds(play.world), 350, 356.2);
	play_end(&play);
}

static void test_area_reject(void)
{
	/* Cause 15 closes the area of one cell: the other one, in another area, lets it in. */
	Play play = play_new(modem, "[happening r]\nwhat = reject\ncause = 15\ncells = near\nat = 50\nuntil = 70\n");
	run_to(&play, 100);
	const SimModemState *state = sim_world_modem(play.world, 0);
	g_assert_cmpuint(state->reject_count, ==, 1);
	g_assert_cmpint(phase_of(&play), ==, SIM_PHASE_REGISTERED);
	g_assert_cmpstr(serving_name(&play), ==, "far");
	run_to(&play, 1000);
	g_assert_cmpstr(serving_name(&play), ==, "far"); /* the reject outlives its cause */
	play_end(&play);
}

static void test_network_reject(void)
{
	Play play = play_new(modem, "[happening r]\nwhat = reject\ncause = 11\nplmn = 257-01\nat = 50\nuntil = 70\n"
				    "[happening airplane]\nwhat = opmode\nmode = low-power\nat = 200\nfor = 5\n"
				    "[happening no card]\nwhat = card\ncard = absent\nat = 300\nfor = 5\n");
	run_to(&play, 49.9);
	const SimModemState *state = sim_world_modem(play.world, 0);
	while (state->reject_count == 0 && sim_world_seconds(play.world) < 80)
		sim_world_step(play.world);
	BETWEEN(sim_world_seconds(play.world), 50, 65); /* at the next service request */
	g_assert_cmpuint(state->reject_cause, ==, 11);
	g_assert_true(state->reject_is_ps);
	run_to(&play, 199);
	g_assert_cmpint(state->registration, ==, SIM_REG_DENIED);
	g_assert_cmpint(state->service, ==, SIM_SERVICE_LIMITED);
	run_to(&play, 290);
	g_assert_true(state->forbidden); /* the list stands on the card: airplane mode does not clear it */
	g_assert_cmpint(phase_of(&play), ==, SIM_PHASE_LIMITED);
	run_to(&play, 330);
	g_assert_cmpint(phase_of(&play), ==, SIM_PHASE_REGISTERED); /* another card does */
	play_end(&play);
}

static void test_failure_retries(void)
{
	Play play = play_new(modem, "[happening r]\nwhat = reject\ncause = 17\nplmn = 257-01\nat = 50\nuntil = 1000\n");
	const SimModemState *state = sim_world_modem(play.world, 0);
	double times[7] = {0};
	guint64 seen = 0;
	while (seen < 6 && sim_world_seconds(play.world) < 1100) {
		sim_world_step(play.world);
		if (state->reject_count > seen)
			times[seen++] = sim_world_seconds(play.world);
	}
	g_assert_cmpuint(seen, ==, 6);
	for (guint i = 1; i < 5; i++) /* T3411, then an attach of 0.7 to 1.5 s */
		BETWEEN(times[i] - times[i - 1], 10.7, 11.7);
	BETWEEN(times[5] - times[4], 720.7, 721.7); /* T3402 */
	play_end(&play);
}

static void test_airplane(void)
{
	Play play = play_new(modem, "[happening airplane]\nwhat = opmode\nmode = low-power\nat = 50\nuntil = 60\n");
	run_to(&play, 50);
	const SimModemState *state = sim_world_modem(play.world, 0);
	g_assert_cmpint(state->operating_mode, ==, SIM_OPMODE_LOW_POWER);
	g_assert_cmpint(state->registration, ==, SIM_REG_NOT_REGISTERED);
	g_assert_cmpint(state->service, ==, SIM_SERVICE_NONE);
	g_assert_false(state->rx[0].tuned);
	g_assert_false(state->tx_on);
	BETWEEN(when(&play, SIM_PHASE_REGISTERED, 80), 63.0, 63.9);
	play_end(&play);
}

static void test_cards(void)
{
	static const char *const cards[] = {"absent", "pin-locked", "error"};
	for (guint i = 0; i < G_N_ELEMENTS(cards); i++) {
		g_autofree char *setup = g_strdup_printf("[modem a]\nplmn = 257-01\ncard = %s\n", cards[i]);
		Play play = play_new(setup, "");
		run_to(&play, 30);
		const SimModemState *state = sim_world_modem(play.world, 0);
		g_assert_cmpint(phase_of(&play), ==, SIM_PHASE_LIMITED);
		g_assert_cmpint(state->registration, ==, SIM_REG_NOT_REGISTERED);
		g_assert_cmpint(state->service, ==, SIM_SERVICE_LIMITED);
		g_assert_true(state->has_serving);
		play_end(&play);
	}
}

static void test_fallback(void)
{
	static const char umts[] = "[cell old]\nplmn = 257-01\nrat = umts\nlat = 53.902\nlon = 27.56\nearfcn = 10663\npci = 9\n"
				   "tac = 5\ncell_id = 9\n[happening off]\nwhat = cells-off\nrat = lte\nat = 50\nuntil = 100\n";
	g_autofree char *setup = g_strconcat(modem, umts, NULL);
	Play play = play_new(setup, "");
	run_to(&play, 70);
	g_assert_cmpint(phase_of(&play), ==, SIM_PHASE_REGISTERED);
	g_assert_cmpstr(serving_name(&play), ==, "old");
	g_assert_cmpint(sim_world_modem(play.world, 0)->cells[0].rat, ==, SIM_RAT_UMTS);
	while (g_str_equal(serving_name(&play), "old") && sim_world_seconds(play.world) < 200)
		sim_world_step(play.world);
	BETWEEN(sim_world_seconds(play.world), 100, 161); /* LTE is looked for every 60 s */
	play_end(&play);
	Play lte_only = play_new("[modem a]\nplmn = 257-01\nrats = lte\n", umts);
	run_to(&lte_only, 90);
	g_assert_cmpint(phase_of(&lte_only), ==, SIM_PHASE_SEARCHING);
	play_end(&lte_only);
}

static void test_two_modems(void)
{
	Play play = play_new("[modem a]\nplmn = 257-01\n[modem b]\nplmn = 257-02\n",
			     "[happening off]\nwhat = cells-off\nplmn = 257-01\nat = 50\n");
	run_to(&play, 49);
	g_assert_cmpstr(sim_world_modem(play.world, 0)->cells[0].mnc, ==, "01");
	g_assert_cmpstr(sim_world_modem(play.world, 1)->cells[0].mnc, ==, "02");
	run_to(&play, 80);
	g_assert_cmpint(sim_world_modem(play.world, 0)->registration, !=, SIM_REG_REGISTERED);
	g_assert_cmpint(sim_world_modem(play.world, 1)->registration, ==, SIM_REG_REGISTERED);
	play_end(&play);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/registration/power-up-takes-its-time", test_power_up);
	g_test_add_func("/sim/registration/loss-search-and-return", test_loss_and_return);
	g_test_add_func("/sim/registration/fade-shorter-than-T310-is-survived", test_short_fade);
	g_test_add_func("/sim/registration/re-establishment-within-T311", test_reestablishment);
	g_test_add_func("/sim/registration/handover-after-time-to-trigger", test_handover);
	g_test_add_func("/sim/registration/foreign-network-is-for-emergencies-or-roaming", test_other_network);
	g_test_add_func("/sim/registration/access-barring-ends-service-and-lifts", test_access);
	g_test_add_func("/sim/registration/barred-cell-is-left-alone-for-300-s", test_barred);
	g_test_add_func("/sim/registration/area-reject-outlives-its-cause", test_area_reject);
	g_test_add_func("/sim/registration/network-reject-stands-on-the-card", test_network_reject);
	g_test_add_func("/sim/registration/T3411-and-T3402-are-kept", test_failure_retries);
	g_test_add_func("/sim/registration/airplane-mode-and-back", test_airplane);
	g_test_add_func("/sim/registration/no-usable-card-is-limited-service", test_cards);
	g_test_add_func("/sim/registration/falls-back-to-umts-and-returns", test_fallback);
	g_test_add_func("/sim/registration/each-modem-has-its-own-network", test_two_modems);
	return g_test_run();
}
