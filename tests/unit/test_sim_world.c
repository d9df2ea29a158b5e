/* test_sim_world.c - a run depends on scenario and seed alone. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/truth.h"
#include "sim/world/world.h"

static const char scenario_text[] =
	"[world]\nduration = 120\n"
	"[track]\npoints = 53.9,27.56,50; 53.905,27.57,40,3; 53.9,27.56\nend = back\n"
	"[cell a0]\nplmn = 257-01\nlat = 53.908\nlon = 27.562\nearfcn = 3100\npci = 4\ntac = 1\ncell_id = 4\n"
	"[cell a1]\nplmn = 257-01\nlat = 53.902\nlon = 27.56\nearfcn = 1300\npci = 1\ntac = 1\ncell_id = 1\n"
	"[cell a2]\nplmn = 257-01\nlat = 53.904\nlon = 27.572\nearfcn = 1300\npci = 2\ntac = 1\ncell_id = 2\n"
	"[cell b1]\nplmn = 257-02\nlat = 53.903\nlon = 27.565\nearfcn = 66786\npci = 3\ntac = 3\ncell_id = 3\n"
	"[modem a]\nplmn = 257-01\n[modem b]\nplmn = 257-02\n[gps main]\n"
	"[happening off]\nwhat = cells-off\nplmn = 257-01\nat = 40\nfor = 20\n";

static char *truth_of(guint64 seed, double until_s)
{
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x", scenario_text, NULL);
	g_autoptr(SimWorld) world = sim_world_new(scenario, seed, 1774440000);
	GString *text = g_string_new(NULL);
	sim_truth_format_run(world, until_s, text);
	sim_truth_format_second(world, text);
	while (sim_world_seconds(world) < until_s) {
		sim_world_step(world);
		if (sim_world_tick(world) % SIM_TICKS_PER_S == 0)
			sim_truth_format_second(world, text);
	}
	return g_string_free(text, FALSE);
}

static void test_same_seed(void)
{
	g_autofree char *one = truth_of(7, 120), *two = truth_of(7, 120);
	g_assert_cmpstr(one, ==, two);
}

static void test_other_seed(void)
{
	g_autofree char *one = truth_of(7, 20), *two = truth_of(8, 20);
	g_assert_cmpstr(strchr(one, '\n'), !=, strchr(two, '\n'));
}

static void test_asking_changes_nothing(void)
{
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x", scenario_text, NULL);
	g_autoptr(SimWorld) watched = sim_world_new(scenario, 7, 1774440000), alone = sim_world_new(scenario, 7, 1774440000);
	g_autoptr(GString) ignored = g_string_new(NULL), one = g_string_new(NULL), two = g_string_new(NULL);
	for (guint i = 0; i < 900; i++) {
		sim_world_step(watched);
		sim_world_step(alone);
		sim_truth_format_second(watched, ignored);
	}
	sim_truth_format_second(watched, one);
	sim_truth_format_second(alone, two);
	g_assert_cmpstr(one->str, ==, two->str);
}

static void test_second_pass(void)
{
	/* The same place gives the same shadowing on the way back: fading apart, levels agree. */
	g_autofree char *text = g_strconcat("[world]\nduration = 300\nfading_db = 0\n",
					    strstr(scenario_text, "[track]"), NULL);
	*strstr(text, "[happening") = '\0';
	g_autoptr(GError) error = NULL;
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x", text, &error);
	g_assert_no_error(error);
	double round_s = sim_track_seconds(scenario->track);
	g_autoptr(SimWorld) world = sim_world_new(scenario, 3, 0);
	g_autoptr(SimWorld) later = sim_world_new(scenario, 3, 0);
	guint64 ahead = (guint64)(round_s * SIM_TICKS_PER_S + 0.5);
	for (guint64 i = 0; i < ahead; i++)
		sim_world_step(later);
	guint compared = 0;
	for (guint i = 0; i < 400; i++) {
		const SimModemState *now = sim_world_modem(world, 1), *then = sim_world_modem(later, 1);
		if (now->has_serving && then->has_serving) {
			g_assert_cmpfloat_with_epsilon(now->cells[0].rsrp_dbm, then->cells[0].rsrp_dbm, 0.5);
			compared++;
		}
		sim_world_step(world);
		sim_world_step(later);
	}
	g_assert_cmpuint(compared, >, 300);
}

static void test_neighbour_order(void)
{
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x", scenario_text, NULL);
	g_autoptr(SimWorld) world = sim_world_new(scenario, 7, 1774440000);
	guint with_neighbours = 0;
	for (guint i = 0; i < 1200; i++) {
		sim_world_step(world);
		for (guint m = 0; m < 2; m++) {
			const SimModemState *state = sim_world_modem(world, m);
			with_neighbours += state->n_cells > 2;
			g_assert_true(state->has_serving || state->n_cells == 0);
			for (guint c = 2; c < state->n_cells; c++)
				g_assert_cmpfloat(state->cells[c - 1].rsrp_dbm, >=, state->cells[c].rsrp_dbm);
			for (guint c = 0; c < state->n_cells; c++)
				g_assert_cmpuint(state->cells[c].pci, ==, sim_world_cell(world, m, c)->pci);
		}
	}
	g_assert_cmpuint(with_neighbours, >, 100);
}

static void test_traffic(void)
{
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x", scenario_text, NULL);
	g_autoptr(SimWorld) world = sim_world_new(scenario, 7, 1774440000);
	const SimModemState *state = sim_world_modem(world, 0);
	while (sim_world_seconds(world) < 40)
		sim_world_step(world);
	/* 16 kbit/s for about 36 s are 72 packets of 1000 bytes, give or take the bursts. */
	g_assert_cmpuint(state->rx_packets, >, 40);
	g_assert_cmpuint(state->rx_packets, <, 110);
	g_assert_cmpuint(state->rx_bytes, ==, state->rx_packets * 1000);
	while (sim_world_seconds(world) < 45)
		sim_world_step(world);
	guint64 at_45 = state->rx_packets;
	while (sim_world_seconds(world) < 59)
		sim_world_step(world);
	g_assert_cmpuint(state->rx_packets, ==, at_45);
}

/* The scenario's outage of the first modem is over after 60 s. */
static void test_session(void)
{
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x", scenario_text, NULL);
	g_autoptr(SimWorld) world = sim_world_new(scenario, 7, 1774440000);
	const SimModemState *state = sim_world_modem(world, 0);
	guint begun = 0;
	gboolean was_up = FALSE;
	while (sim_world_seconds(world) < 100) {
		guint64 before = state->rx_packets;
		was_up = state->session_up;
		sim_world_step(world);
		g_assert_cmpint(state->session_up, ==, state->true_service == SIM_SERVICE_FULL && state->ps_attached);
		if (state->session_up && !was_up)
			begun++;
		if (was_up || !state->session_up)
			g_assert_cmpuint(state->rx_packets, >=, before);
		else
			g_assert_cmpuint(state->rx_packets, <=, 1); /* of the last session there were more */
	}
	g_assert_cmpuint(begun, ==, 2);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/world/same-seed-same-bytes", test_same_seed);
	g_test_add_func("/sim/world/other-seed-other-run", test_other_seed);
	g_test_add_func("/sim/world/asking-changes-nothing", test_asking_changes_nothing);
	g_test_add_func("/sim/world/same-place-same-shadowing", test_second_pass);
	g_test_add_func("/sim/world/neighbours-strongest-first", test_neighbour_order);
	g_test_add_func("/sim/world/data-flows-only-with-service", test_traffic);
	g_test_add_func("/sim/world/each-session-counts-from-zero", test_session);
	return g_test_run();
}
