/* test_sim_radio.c - the simulator's radio against closed forms worked out by hand.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/radio.h"

#include "sim/world/carrier.h"
#include "sim/world/rng.h"
#include "sim/world/world.h"

#include <math.h>

#define NEAR(a, b, by) g_assert_cmpfloat_with_epsilon((a), (b), (by))

/* A cell of 50 blocks at -80 dBm; `others` further cells of the same power and load. */
static SimMeasure measure(double load, guint ports, guint others, double noise_dbm)
{
	double share = sim_radio_share(SIM_RAT_LTE, load, ports);
	SimMeasureInput input = {.rat = SIM_RAT_LTE,
				 .resource_blocks = 50,
				 .own_mw = 1e-8,
				 .own_share = share,
				 .others_mw = others * share * 1e-8,
				 .noise_mw = pow(10, noise_dbm / 10)};
	return sim_radio_measure(&input);
}

static void test_empty_cell(void)
{
	NEAR(measure(0, 1, 0, -300).rsrq_db, -3.01, 0.01);
	NEAR(measure(0, 2, 0, -300).rsrq_db, -6.02, 0.01);
}

static void test_full_cells(void)
{
	NEAR(measure(1, 2, 0, -300).rsrq_db, -10.79, 0.01);
	NEAR(measure(1, 2, 1, -300).rsrq_db, -13.80, 0.01);
	NEAR(measure(1, 2, 2, -300).rsrq_db, -15.56, 0.01);
	NEAR(measure(1, 2, 3, -300).rsrq_db, -16.81, 0.01);
	NEAR(measure(1, 2, 1, -300).sinr_db, 0, 0.01);
}

static void test_rssi(void)
{
	/* 600 elements of -80 dBm are -52.2 dBm. */
	SimMeasure full = measure(1, 2, 0, -300);
	NEAR(full.rssi_dbm, -80 + 10 * log10(600), 0.001);
	NEAR(full.rsrp_dbm, -80, 1e-9);
}

static void test_identity(void)
{
	for (guint i = 0; i < 200; i++) {
		double load = sim_uniform(1, SIM_STREAM_TRAFFIC, 1, i);
		double noise_dbm = -130 + 70 * sim_uniform(1, SIM_STREAM_TRAFFIC, 2, i);
		SimMeasure m = measure(load, 2, i % 4, noise_dbm);
		double r = (4 + 8 * load) / 12, sinr = pow(10, m.sinr_db / 10);
		NEAR(m.rsrq_db, 10 * log10(1 / (12 * (r + 1 / sinr))), 1e-6);
	}
}

static void test_noise_floor(void)
{
	SimRadioSetup setup = {.noise_figure_db = 7.5};
	NEAR(sim_dbm_from_mw(sim_radio_noise_mw(&setup, 9e6)), -97, 0.1);
	NEAR(sim_dbm_from_mw(sim_radio_noise_mw(&setup, 18e6)), -94, 0.1);
	NEAR(sim_dbm_from_mw(sim_radio_noise_mw(&setup, 15e3)), -124.7, 0.1);
}

static void test_silent_cell(void)
{
	SimMeasureInput input = {.rat = SIM_RAT_LTE, .resource_blocks = 50, .own_share = 1, .noise_mw = 1e-12};
	SimMeasure m = sim_radio_measure(&input);
	g_assert_cmpfloat(m.rsrp_dbm, ==, SIM_MIN_RSRP_DBM);
	g_assert_cmpfloat(m.rsrq_db, ==, SIM_MIN_RSRQ_DB);
	g_assert_cmpfloat(m.sinr_db, ==, SIM_MIN_SINR_DB);
}

static void test_path_loss(void)
{
	SimRadioSetup macro = {.path_loss = SIM_PATH_LOSS_URBAN_MACRO};
	NEAR(sim_radio_path_loss_db(&macro, 2000, 1000), 128.1, 0.1); /* TR 36.942 table */
	NEAR(sim_radio_path_loss_db(&macro, 2000, 100), 90.5, 0.1);
	SimRadioSetup log_distance = {.path_loss = SIM_PATH_LOSS_LOG_DISTANCE, .exponent = 4};
	double at_100 = sim_radio_path_loss_db(&log_distance, 900, 100);
	double at_1000 = sim_radio_path_loss_db(&log_distance, 900, 1000);
	NEAR(at_1000 - at_100, 40, 1e-6);
	/* Never better than free space: 32.4 + 20 log10(km) + 20 log10(MHz). */
	NEAR(sim_radio_path_loss_db(&macro, 2000, 2), 32.45 + 20 * log10(0.002) + 20 * log10(2000), 0.05);
}

static void test_antenna(void)
{
	NEAR(sim_radio_antenna_loss_db(0), 0, 1e-9);
	NEAR(sim_radio_antenna_loss_db(32.5), 3, 1e-9);
	NEAR(sim_radio_antenna_loss_db(-327.5), 3, 1e-9);
	NEAR(sim_radio_antenna_loss_db(180), 20, 1e-9);
}

static void test_shadowing(void)
{
	SimRadioSetup setup = {.shadowing_db = 8, .shadowing_distance_m = 50};
	double sum = 0, squares = 0, step_squares = 0, product = 0, other_squares = 0;
	const guint n = 20000;
	for (guint i = 0; i < n; i++) {
		/* Places far apart: independent draws. */
		double x = 400.0 * (i % 200) + 13, y = 400.0 * (i / 200) + 7;
		double here = sim_radio_shadowing_db(&setup, 9, 1, x, y), other = sim_radio_shadowing_db(&setup, 9, 2, x, y);
		double near = sim_radio_shadowing_db(&setup, 9, 1, x + 2, y);
		sum += here;
		squares += here * here;
		other_squares += other * other;
		product += here * other;
		step_squares += (near - here) * (near - here);
		g_assert_cmpfloat(here, ==, sim_radio_shadowing_db(&setup, 9, 1, x, y));
	}
	NEAR(sum / n, 0, 0.25);
	NEAR(sqrt(squares / n), 8, 0.3);
	NEAR(product / sqrt(squares * other_squares), 0.5, 0.05); /* between sites */
	g_assert_cmpfloat(sqrt(step_squares / n), <, 1.5);	  /* two metres change little */
}

static void test_tx_power(void)
{
	g_assert_cmpfloat(sim_radio_tx_power_dbm(28, -125), ==, 23);
	g_assert_cmpfloat(sim_radio_tx_power_dbm(28, -80), <, 10);
	/* alpha is 0.8: 10 dB more loss are 8 dB more power. */
	NEAR(sim_radio_tx_power_dbm(28, -95) - sim_radio_tx_power_dbm(28, -85), 8, 1e-9);
}

static void test_carriers(void)
{
	guint32 band = 0;
	double mhz = 0;
	g_assert_true(sim_carrier_locate(SIM_RAT_LTE, 1300, &band, &mhz));
	g_assert_cmpuint(band, ==, 3);
	NEAR(mhz, 1815, 1e-6);
	g_assert_true(sim_carrier_locate(SIM_RAT_LTE, 66786, &band, &mhz));
	g_assert_cmpuint(band, ==, 66);
	NEAR(mhz, 2145, 1e-6);
	g_assert_true(sim_carrier_locate(SIM_RAT_LTE, 68661, &band, &mhz));
	g_assert_cmpuint(band, ==, 71);
	NEAR(mhz, 624.5, 1e-6);
	g_assert_true(sim_carrier_locate(SIM_RAT_UMTS, 10663, &band, &mhz)); /* 10663 / 5 MHz */
	NEAR(mhz, 2132.6, 1e-6);
	g_assert_true(sim_carrier_locate(SIM_RAT_GSM, 55, &band, &mhz));
	NEAR(mhz, 946, 1e-6);
	g_assert_false(sim_carrier_locate(SIM_RAT_LTE, 9000000, &band, &mhz));
	g_assert_cmpuint(sim_lte_resource_blocks(20), ==, 100);
	g_assert_cmpuint(sim_lte_resource_blocks(1.4), ==, 6);
	g_assert_cmpuint(sim_lte_resource_blocks(7), ==, 0);
}

/* One cell and a modem that stands 300 m away, no shadowing, no fading; then what each test adds. */
static const char quiet_world[] =
	"[world]\nduration = 60\nshadowing_db = 0\nfading_db = 0\n"
	"[track]\npoints = 53.9,27.56\n"
	"[cell one]\nplmn = 257-01\nlat = 53.9027\nlon = 27.56\nearfcn = 1300\nbandwidth_mhz = 10\npci = 1\ntac = 1\n"
	"cell_id = 1\nload = 1\n"
	"[modem a]\nplmn = 257-01\nrx_chains = 1\n";

typedef struct {
	SimScenario *scenario;
	SimWorld *world;
} Play;

static Play play_to(const char *more, double until_s)
{
	g_autofree char *text = g_strconcat(quiet_world, more, NULL);
	g_autoptr(GError) error = NULL;
	Play play = {.scenario = sim_scenario_load_data("quiet", text, &error)};
	g_assert_no_error(error);
	play.world = sim_world_new(play.scenario, 1, 1774440000);
	while (sim_world_seconds(play.world) < until_s - 1e-6)
		sim_world_step(play.world);
	return play;
}

static void play_end(Play *play)
{
	sim_world_free(play->world);
	sim_scenario_free(play->scenario);
}

static void test_world_level(void)
{
	Play play = play_to("", 10);
	const SimModemState *state = sim_world_modem(play.world, 0);
	g_assert_true(state->has_serving);
	/* 28 dBm less 58.8 + 21 log10(1815) + 37.6 log10(0.30126 km: 300.2 m and 25 m high) less 12 of penetration. */
	NEAR(state->cells[0].rsrp_dbm, 28 - (58.8 + 68.43 + 37.6 * log10(0.30126)) - 12, 0.05);
	NEAR(state->cells[0].rsrq_db, -10.79, 0.02);
	/* Alone on the band, the receiver gets what RSSI says, but for the gain of its chain. */
	NEAR(state->rx[0].power_dbm, state->cells[0].rssi_dbm, 3.5);
	play_end(&play);
}

static void test_cells_off_floor(void)
{
	Play on = play_to("", 20), off = play_to("[happening off]\nwhat = cells-off\nat = 10\n", 20);
	const SimModemState *with = sim_world_modem(on.world, 0), *without = sim_world_modem(off.world, 0);
	double chain_db = with->rx[0].power_dbm - with->cells[0].rssi_dbm;
	g_assert_false(without->has_serving);
	g_assert_cmpuint(without->n_cells, ==, 0);
	NEAR(without->rx[0].power_dbm - chain_db, -174 + 7.5 + 10 * log10(9e6), 0.01);
	play_end(&on);
	play_end(&off);
}

static void test_jammer(void)
{
	static const char jammer[] = "[happening j]\nwhat = jammer\nat = 10\nlat = 53.9\nlon = 27.5615\npower_dbm = 60\n"
				     "earfcn = 1300\n";
	Play clean = play_to("", 10.5);
	Play jammed = play_to(jammer, 10.5);
	const SimModemState *before = sim_world_modem(clean.world, 0), *after = sim_world_modem(jammed.world, 0);
	g_assert_true(after->has_serving);
	NEAR(after->cells[0].rsrp_dbm, before->cells[0].rsrp_dbm, 1e-9);
	g_assert_cmpfloat(after->cells[0].sinr_db, <, -10);
	g_assert_cmpfloat(after->cells[0].rsrq_db, <, -18);
	g_assert_cmpfloat(after->rx[0].power_dbm, >, before->rx[0].power_dbm + 10);
	play_end(&clean);
	play_end(&jammed);
	Play silent = play_to(jammer, 20);
	const SimModemState *lost = sim_world_modem(silent.world, 0);
	g_assert_false(lost->has_serving);
	g_assert_cmpint(lost->true_service, ==, SIM_SERVICE_NONE);
	g_assert_cmpfloat(lost->rx[0].power_dbm, >, -60);
	play_end(&silent);
}

static void test_jammer_elsewhere(void)
{
	Play play = play_to("[happening j]\nwhat = jammer\nat = 10\nlat = 53.9\nlon = 27.5615\npower_dbm = 60\nband = 7\n", 20);
	const SimModemState *state = sim_world_modem(play.world, 0);
	g_assert_cmpint(state->true_service, ==, SIM_SERVICE_FULL);
	NEAR(state->cells[0].rsrq_db, -10.79, 0.02);
	play_end(&play);
}

static void test_noise(void)
{
	Play play = play_to("[happening n]\nwhat = noise\nat = 10\ndb = 30\n", 20);
	const SimModemState *state = sim_world_modem(play.world, 0);
	double noise_dbm = -174 + 7.5 + 10 * log10(15e3) + 30;
	NEAR(state->cells[0].sinr_db, state->cells[0].rsrp_dbm - noise_dbm, 1e-6);
	play_end(&play);
}

static void test_attenuation(void)
{
	Play clean = play_to("", 20), tunnel = play_to("[happening t]\nwhat = attenuation\nat = 10\ndb = 17\n", 20);
	NEAR(sim_world_modem(clean.world, 0)->cells[0].rsrp_dbm - sim_world_modem(tunnel.world, 0)->cells[0].rsrp_dbm, 17, 1e-6);
	play_end(&clean);
	play_end(&tunnel);
}

static void test_second_network_in_band(void)
{
	/* Another network's carrier in the same band, outside of the channel, leaks through 33 dB down. */
	Play play = play_to("[cell other]\nplmn = 257-02\nlat = 53.9027\nlon = 27.56\nearfcn = 1500\nbandwidth_mhz = 10\n"
			    "pci = 2\ntac = 2\ncell_id = 2\nload = 1\n"
			    "[happening off]\nwhat = cells-off\nplmn = 257-01\nat = 10\n",
			    13);
	Play alone = play_to("", 13);
	const SimModemState *state = sim_world_modem(play.world, 0), *reference = sim_world_modem(alone.world, 0);
	double chain_db = reference->rx[0].power_dbm - reference->cells[0].rssi_dbm;
	double floor_mw = 9e6 * pow(10, (-174 + 7.5) / 10);
	double leak_mw = pow(10, (reference->cells[0].rssi_dbm - 33) / 10);
	NEAR(state->rx[0].power_dbm - chain_db, 10 * log10(floor_mw + leak_mw), 0.15);
	play_end(&play);
	play_end(&alone);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/radio/rsrq-of-an-empty-cell", test_empty_cell);
	g_test_add_func("/sim/radio/rsrq-of-loaded-equal-cells", test_full_cells);
	g_test_add_func("/sim/radio/rssi-sums-all-elements", test_rssi);
	g_test_add_func("/sim/radio/rsrq-and-sinr-agree", test_identity);
	g_test_add_func("/sim/radio/noise-floor-of-10-and-20-MHz", test_noise_floor);
	g_test_add_func("/sim/radio/silent-cell-has-lowest-numbers", test_silent_cell);
	g_test_add_func("/sim/radio/path-loss-of-TR-36.942", test_path_loss);
	g_test_add_func("/sim/radio/antenna-pattern", test_antenna);
	g_test_add_func("/sim/radio/shadowing-spread-and-correlation", test_shadowing);
	g_test_add_func("/sim/radio/tx-power-follows-path-loss", test_tx_power);
	g_test_add_func("/sim/radio/channel-numbers-of-TS-36.101", test_carriers);
	g_test_add_func("/sim/radio/world-has-the-levels-of-the-formulas", test_world_level);
	g_test_add_func("/sim/radio/rx-power-falls-to-the-floor-when-cells-are-off", test_cells_off_floor);
	g_test_add_func("/sim/radio/jammer-takes-sinr-and-leaves-rsrp", test_jammer);
	g_test_add_func("/sim/radio/jammer-on-another-band-does-nothing", test_jammer_elsewhere);
	g_test_add_func("/sim/radio/noise-rise-sets-sinr", test_noise);
	g_test_add_func("/sim/radio/attenuation-takes-rsrp", test_attenuation);
	g_test_add_func("/sim/radio/neighbouring-carrier-leaks-33-dB-down", test_second_network_in_band);
	return g_test_run();
}
