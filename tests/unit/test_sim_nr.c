/* test_sim_nr.c - NR in the simulated world: its numbers, its levels, standalone, beside LTE; and carrier aggregation.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/truth.h"
#include "sim/world/carrier.h"
#include "sim/world/reject.h"
#include "sim/world/world.h"

#include <math.h>

#define NEAR(a, b, by) g_assert_cmpfloat_with_epsilon((a), (b), (by))

#define BETWEEN(value, low, high)                              \
	do {                                                   \
		g_assert_cmpfloat((value), >=, (low) - 1e-6);  \
		g_assert_cmpfloat((value), <=, (high) + 1e-6); \
	} while (0)

/* ---- Numbers */

/* Worked out by hand from TS 38.104 table 5.4.2.1-1: 5 kHz steps from 0, 15 kHz from 3 GHz, 60 kHz from 24250.08 MHz. */
static void test_raster(void)
{
	static const struct {
		guint32 arfcn;
		double mhz;
	} rows[] = {
		{0, 0},		    {123400, 617},	{151600, 758},	    {376000, 1880},	{434000, 2170},	    {537999, 2689.995},
		{599999, 2999.995}, {600000, 3000},	{620000, 3300},	    {636666, 3549.99},	{653333, 3799.995}, {693334, 4400.01},
		{733333, 4999.995}, {2016666, 24249.99}, {2016667, 24250.08}, {2054166, 26500.02}, {3279165, 99999.96},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		double mhz = -1;
		guint32 arfcn = 0;
		g_assert_true(sim_nr_frequency_mhz(rows[i].arfcn, &mhz));
		NEAR(mhz, rows[i].mhz, 1e-6);
		g_assert_true(sim_nr_arfcn(rows[i].mhz, &arfcn));
		g_assert_cmpuint(arfcn, ==, rows[i].arfcn);
	}
	double mhz = -1;
	guint32 arfcn = 0;
	g_assert_false(sim_nr_frequency_mhz(3279166, &mhz));
	g_assert_false(sim_nr_arfcn(100001, &arfcn));
	g_assert_true(sim_nr_arfcn(3549.996, &arfcn)); /* 0.006 off: the nearer of 636666 and 636667 */
	g_assert_cmpuint(arfcn, ==, 636666);
}

/* The ends of the downlinks in TS 38.104 table 5.4.2.3-1 (where n41's channels go in threes and so end one number earlier). */
static void test_bands(void)
{
	static const struct {
		guint32 band, first, last, scs_khz;
	} rows[] = {
		{1, 422000, 434000, 15},  {3, 361000, 376000, 15},  {5, 173800, 178800, 15},  {7, 524000, 538000, 15},
		{8, 185000, 192000, 15},  {20, 158200, 164200, 15}, {28, 151600, 160600, 15}, {38, 514000, 524000, 30},
		{40, 460000, 480000, 30}, {41, 499200, 538000, 30}, {66, 422000, 440000, 15}, {71, 123400, 130400, 15},
		{77, 620000, 680000, 30}, {78, 620000, 653333, 30}, {79, 693334, 733333, 30},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_assert_true(sim_nr_band_holds(rows[i].band, rows[i].first));
		g_assert_true(sim_nr_band_holds(rows[i].band, rows[i].last));
		g_assert_false(sim_nr_band_holds(rows[i].band, rows[i].first - 1));
		g_assert_false(sim_nr_band_holds(rows[i].band, rows[i].last + 1));
		guint32 first = 0, last = 0;
		g_assert_true(sim_nr_band_range(rows[i].band, &first, &last));
		g_assert_cmpuint(first, ==, rows[i].first);
		g_assert_cmpuint(last, ==, rows[i].last);
		g_assert_cmpuint(sim_nr_usual_scs_khz(rows[i].band), ==, rows[i].scs_khz);
	}
	static const guint32 usual[][2] = {{636666, 78}, {660000, 77}, {425000, 1},  {436000, 66}, {520000, 38},
					   {530000, 7},	 {505000, 41}, {159000, 20}, {152000, 28}};
	for (gsize i = 0; i < G_N_ELEMENTS(usual); i++) {
		guint32 band = 0;
		double mhz = 0;
		g_assert_true(sim_carrier_locate(SIM_RAT_NR, usual[i][0], &band, &mhz));
		g_assert_cmpuint(band, ==, usual[i][1]);
	}
	guint32 band = 0;
	double mhz = 0;
	g_assert_false(sim_carrier_locate(SIM_RAT_NR, 700, &band, &mhz));
}

static void test_widths(void)
{
	g_assert_cmpuint(sim_nr_resource_blocks(15, 5), ==, 25);
	g_assert_cmpuint(sim_nr_resource_blocks(15, 50), ==, 270);
	g_assert_cmpuint(sim_nr_resource_blocks(15, 60), ==, 0);
	g_assert_cmpuint(sim_nr_resource_blocks(30, 5), ==, 0); /* 11 blocks: less than an SSB */
	g_assert_cmpuint(sim_nr_resource_blocks(30, 10), ==, 24);
	g_assert_cmpuint(sim_nr_resource_blocks(30, 100), ==, 273);
	g_assert_cmpuint(sim_nr_resource_blocks(60, 100), ==, 0);
	SimCarrier carrier = {.rat = SIM_RAT_NR, .scs_khz = 30, .bandwidth_mhz = 100};
	NEAR(sim_carrier_occupied_hz(&carrier), 98.28e6, 1);
}

/* ---- Levels */

static SimMeasure measure(double load, guint others, double noise_dbm)
{
	double share = sim_radio_share(SIM_RAT_NR, load, 2);
	SimMeasureInput input = {.rat = SIM_RAT_NR,
				 .resource_blocks = 273,
				 .own_mw = 1e-9,
				 .own_share = share,
				 .others_mw = others * share * 1e-9,
				 .noise_mw = pow(10, noise_dbm / 10)};
	return sim_radio_measure(&input);
}

static void test_levels(void)
{
	/* 1 / 12 where all elements carry power, 1 / (12 x 8/14) where the synchronisation blocks alone do. */
	NEAR(measure(1, 0, -300).rsrq_db, -10.79, 0.01);
	NEAR(measure(0, 0, -300).rsrq_db, -8.36, 0.01);
	NEAR(measure(1, 1, -300).rsrq_db, -13.80, 0.01);
	NEAR(measure(1, 1, -300).sinr_db, 0, 0.01);
	NEAR(measure(1, 0, -90).sinr_db, 0, 1e-6);
	NEAR(measure(0, 0, -300).rsrp_dbm, -90, 1e-6);
	/* Over time and over the channel, an empty cell is nearly silent: LTE is not. */
	g_assert_cmpfloat(sim_radio_mean_share(SIM_RAT_NR, 0, 2), <, 0.05);
	NEAR(sim_radio_mean_share(SIM_RAT_NR, 1, 2), 1, 1e-9);
	NEAR(sim_radio_mean_share(SIM_RAT_LTE, 0.4, 2), sim_radio_share(SIM_RAT_LTE, 0.4, 2), 1e-12);
}

/* A site 300 m away with LTE and NR, and one farther off; a modem that stands still, no shadowing, no fading. */
static const char world[] = "[world]\nduration = 300\nshadowing_db = 0\nfading_db = 0\n"
			    "[track]\npoints = 53.9,27.56\n";
static const char lte[] = "[cell lte]\nplmn = 257-01\nlat = 53.9027\nlon = 27.56\nearfcn = 1300\nbandwidth_mhz = 20\npci = 1\ntac = 1\n"
			  "cell_id = 1\nload = 1\nendc = yes\n";
static const char nr[] = "[cell nr]\nrat = nr\nplmn = 257-01\nlat = 53.9027\nlon = 27.56\nearfcn = 636666\nbandwidth_mhz = 100\n"
			 "pci = 1007\ntac = 0xABCDEF\ncell_id = 0xFEDCBA987\nload = 1\n";

typedef struct {
	SimScenario *scenario;
	SimWorld *world;
} Play;

static Play play_new(const char *cells, const char *modem, const char *happenings)
{
	g_autofree char *text = g_strconcat(world, cells, "[modem a]\nplmn = 257-01\nrx_chains = 1\n", modem, happenings, NULL);
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

static const SimModemState *run_to(Play *play, double t_s)
{
	while (sim_world_seconds(play->world) < t_s - 1e-6)
		sim_world_step(play->world);
	return sim_world_modem(play->world, 0);
}

/* The time at which a member becomes so, looking on from now; fails after `limit_s`. */
static double when(Play *play, const gboolean *member, gboolean wanted, double limit_s)
{
	while (*member != wanted && sim_world_seconds(play->world) < limit_s)
		sim_world_step(play->world);
	g_assert_cmpint(*member, ==, wanted);
	return sim_world_seconds(play->world);
}

static const char *serving_name(const Play *play)
{
	return sim_world_modem(play->world, 0)->has_serving ? sim_world_cell(play->world, 0, 0)->name : "none";
}

/* The time at which a cell begins to serve. */
static double when_serving(Play *play, const char *name, double limit_s)
{
	while (!g_str_equal(serving_name(play), name) && sim_world_seconds(play->world) < limit_s)
		sim_world_step(play->world);
	g_assert_cmpstr(serving_name(play), ==, name);
	return sim_world_seconds(play->world);
}

static void test_world_level(void)
{
	Play play = play_new(nr, "", "");
	const SimModemState *state = run_to(&play, 10);
	g_assert_cmpint(state->service, ==, SIM_SERVICE_FULL);
	const SimCellView *cell = &state->cells[0];
	/* 38 dBm less 58.8 + 21 log10(3549.99) + 37.6 log10(0.30126 km) less 12 of penetration. */
	NEAR(cell->rsrp_dbm, 38 - (58.8 + 74.555 + 37.6 * log10(0.30126)) - 12, 0.05);
	NEAR(cell->sinr_db, cell->rsrp_dbm - (-174 + 7.5 + 10 * log10(30e3)), 1e-6);
	NEAR(cell->rsrq_db, -10.79, 0.02);
	NEAR(cell->rssi_dbm, cell->rsrp_dbm + 10 * log10(12 * 273), 0.02);
	NEAR(state->rx[0].power_dbm, cell->rssi_dbm, 3.5); /* all but its chain's gain */
	g_assert_cmpuint(cell->tac, ==, 0xABCDEF);
	g_assert_cmpuint(cell->cell_id, ==, G_GUINT64_CONSTANT(0xFEDCBA987));
	g_assert_cmpuint(cell->scs_khz, ==, 30);
	play_end(&play);
}

static void test_other_spacing(void)
{
	/* A cell of 15 kHz on the same channel, as strong for each element: in 30 kHz there are two of its elements. */
	static const char other[] = "[cell other]\nrat = nr\nplmn = 257-02\nlat = 53.9027\nlon = 27.56\nearfcn = 636666\nscs_khz = 15\n"
				    "bandwidth_mhz = 50\npower_dbm = 38\npci = 5\ntac = 1\ncell_id = 5\nload = 1\n";
	g_autofree char *cells = g_strconcat(nr, other, NULL);
	Play play = play_new(cells, "", "");
	const SimModemState *state = run_to(&play, 10);
	g_assert_cmpint(state->cells[0].rat, ==, SIM_RAT_NR);
	NEAR(state->cells[0].sinr_db, 10 * log10(1 / (2 * 50.0 / 100)), 0.01);
	play_end(&play);
}

static void test_empty_cell(void)
{
	g_auto(GStrv) parts = g_strsplit(nr, "load = 1", 2);
	g_autofree char *cells = g_strconcat(parts[0], "load = 0", parts[1], NULL);
	Play full = play_new(nr, "", ""), empty = play_new(cells, "", "");
	/* A fiftieth of the power, and noise that is 38 dB below the full cell. */
	NEAR(run_to(&full, 10)->rx[0].power_dbm - run_to(&empty, 10)->rx[0].power_dbm, 10 * log10(50), 0.2);
	play_end(&full);
	play_end(&empty);
}

static void test_jammer(void)
{
	static const char jammer[] = "[happening j]\nwhat = jammer\nat = 20\nlat = 53.9\nlon = 27.5615\npower_dbm = 68\nearfcn = 636666\n";
	g_autofree char *cells = g_strconcat(lte, nr, NULL);
	Play play = play_new(cells, "", jammer);
	double before_dbm = run_to(&play, 19)->rx[0].power_dbm;
	g_assert_cmpstr(serving_name(&play), ==, "nr");
	const SimModemState *state = run_to(&play, 20.5);
	g_assert_cmpfloat(state->cells[0].sinr_db, <, -10);
	g_assert_cmpfloat(state->cells[0].rsrq_db, <, -20);
	g_assert_cmpfloat(state->rx[0].power_dbm, >, before_dbm + 5);
	run_to(&play, 30);
	g_assert_cmpstr(serving_name(&play), ==, "lte"); /* which the jammer leaves alone */
	g_assert_cmpint(state->service, ==, SIM_SERVICE_FULL);
	play_end(&play);
}

/* ---- Standalone */

static void test_standalone(void)
{
	g_autofree char *cells = g_strconcat(lte, nr, NULL);
	Play play = play_new(cells, "", "[happening off]\nwhat = cells-off\nrat = nr\nat = 50\nuntil = 90\n");
	const SimModemState *state = run_to(&play, 10);
	g_assert_cmpstr(serving_name(&play), ==, "nr"); /* the newest technology first */
	g_assert_cmpint(state->registration, ==, SIM_REG_REGISTERED);
	g_assert_true(state->ps_attached);
	g_assert_false(state->cs_attached);
	g_assert_false(state->nr_available || state->endc);
	/* The link fails (1.2 s), T311 (3 s), a search (1 s): then LTE. */
	BETWEEN(when_serving(&play, "lte", 70), 55.2, 55.5);
	run_to(&play, 80);
	g_assert_true(state->cs_attached);
	/* Handover as soon as NR has been good for the time to trigger. */
	guint64 changes = state->change_count;
	BETWEEN(when_serving(&play, "nr", 120), 90.4, 90.6);
	g_assert_cmpint(state->registration, ==, SIM_REG_REGISTERED);
	g_assert_cmpuint(state->change_count, ==, changes + 1);
	play_end(&play);
}

static void test_weak_nr(void)
{
	/* -110 dBm are wanted to go to NR, -118 to leave it: 25 dB off -87 lie between. */
	g_autofree char *cells = g_strconcat(lte, nr, NULL);
	Play play = play_new(cells, "",
			     "[happening weak]\nwhat = cells-power\ndb = -25\nrat = nr\nat = 50\nuntil = 80\n"
			     "[happening weaker]\nwhat = cells-power\ndb = -33\nrat = nr\nat = 80\nuntil = 100\n"
			     "[happening weak again]\nwhat = cells-power\ndb = -25\nrat = nr\nat = 100\nuntil = 140\n");
	const SimModemState *state = run_to(&play, 79);
	BETWEEN(state->cells[0].rsrp_dbm, -118, -110);
	g_assert_cmpstr(serving_name(&play), ==, "nr");
	BETWEEN(when_serving(&play, "lte", 90), 80.4, 80.6);
	g_assert_cmpint(state->registration, ==, SIM_REG_REGISTERED);
	run_to(&play, 139);
	g_assert_cmpstr(serving_name(&play), ==, "lte");
	BETWEEN(when_serving(&play, "nr", 150), 140.4, 140.6);
	play_end(&play);
}

static void test_who_has_standalone(void)
{
	g_autofree char *cells = g_strconcat(lte, nr, NULL), *nsa_cells = g_strconcat(lte, nr, "standalone = no\n", NULL);
	Play nsa = play_new(cells, "nr_mode = nsa\n", ""), old = play_new(cells, "rats = lte, umts\n", "");
	Play beside = play_new(nsa_cells, "nr_mode = sa\n", "");
	run_to(&nsa, 20);
	run_to(&old, 20);
	run_to(&beside, 20);
	g_assert_cmpstr(serving_name(&nsa), ==, "lte");
	g_assert_true(sim_world_modem(nsa.world, 0)->endc);
	g_assert_cmpstr(serving_name(&old), ==, "lte");
	g_assert_false(sim_world_modem(old.world, 0)->endc);
	g_assert_false(sim_world_modem(old.world, 0)->nr_available); /* it does not read that */
	g_assert_cmpuint(sim_world_modem(old.world, 0)->n_cells, ==, 1);
	g_assert_cmpstr(serving_name(&beside), ==, "lte");
	g_assert_false(sim_world_modem(beside.world, 0)->endc);
	g_assert_true(sim_world_modem(beside.world, 0)->nr_available);
	play_end(&nsa);
	play_end(&old);
	play_end(&beside);
}

static void test_n1_not_allowed(void)
{
	g_autofree char *cells = g_strconcat(lte, nr, NULL);
	Play play = play_new(cells, "nr_mode = sa\n",
			     "[happening r]\nwhat = reject\ncause = 27\nrat = nr\nat = 50\nfor = 20\n"
			     "[happening airplane]\nwhat = opmode\nmode = low-power\nat = 200\nfor = 5\n");
	const SimModemState *state = run_to(&play, 50);
	while (state->reject_count == 0 && sim_world_seconds(play.world) < 70)
		sim_world_step(play.world);
	g_assert_cmpuint(state->reject_cause, ==, 27);
	g_assert_cmpint(state->reject_rat, ==, SIM_RAT_NR);
	g_assert_true(state->reject_is_ps);
	g_assert_false(state->reject_is_cs);
	run_to(&play, 90);
	g_assert_cmpstr(serving_name(&play), ==, "lte");
	g_assert_cmpint(state->service, ==, SIM_SERVICE_FULL);
	g_assert_cmpint(state->reject_rat, ==, SIM_RAT_NONE);
	run_to(&play, 199);
	g_assert_cmpstr(serving_name(&play), ==, "lte"); /* the cause is gone, its effect is not */
	run_to(&play, 220);
	g_assert_cmpstr(serving_name(&play), ==, "nr"); /* until the modem was switched off */
	play_end(&play);
}

static void test_reject_table(void)
{
	static const struct {
		guint cause;
		SimReject on_nr, on_lte;
	} rows[] = {
		{3, SIM_REJECT_CARD, SIM_REJECT_CARD},	     {7, SIM_REJECT_CARD, SIM_REJECT_CARD},
		{11, SIM_REJECT_NETWORK, SIM_REJECT_NETWORK}, {15, SIM_REJECT_AREA, SIM_REJECT_AREA},
		{17, SIM_REJECT_LATER, SIM_REJECT_LATER},     {22, SIM_REJECT_LATER, SIM_REJECT_LATER},
		{27, SIM_REJECT_NR, SIM_REJECT_LATER},	     {28, SIM_REJECT_AREA, SIM_REJECT_LATER},
		{31, SIM_REJECT_NR, SIM_REJECT_LATER},	     {73, SIM_REJECT_NETWORK, SIM_REJECT_LATER},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_assert_cmpint(sim_reject_consequence(SIM_RAT_NR, rows[i].cause), ==, rows[i].on_nr);
		g_assert_cmpint(sim_reject_consequence(SIM_RAT_LTE, rows[i].cause), ==, rows[i].on_lte);
	}
}

/* ---- Beside LTE */

static Play play_nsa(const char *happenings)
{
	g_autofree char *cells = g_strconcat(lte, nr, "standalone = no\n", NULL);
	return play_new(cells, "", happenings);
}

static void test_endc(void)
{
	Play play = play_nsa("");
	const SimModemState *state = run_to(&play, 2.9);
	g_assert_true(state->nr_available); /* read with the system information, before registration */
	g_assert_false(state->endc);
	while (sim_world_registration(play.world, 0)->phase != SIM_PHASE_REGISTERED)
		sim_world_step(play.world);
	double registered_s = sim_world_seconds(play.world);
	BETWEEN(when(&play, &state->endc, TRUE, 20) - registered_s, 0.8, 1.0);
	g_assert_cmpint(state->cells[0].rat, ==, SIM_RAT_LTE);
	g_assert_cmpuint(state->nr_cell.pci, ==, 1007);
	g_assert_cmpuint(state->nr_cell.arfcn, ==, 636666);
	g_assert_cmpstr(sim_world_nr_cell(play.world, 0)->name, ==, "nr");
	g_assert_true(state->nr_rx[0].tuned);
	NEAR(state->nr_rx[0].power_dbm, state->nr_cell.rssi_dbm, 3.5);
	g_assert_true(state->cs_attached); /* the core is LTE's */
	play_end(&play);
}

static void test_restriction(void)
{
	Play play = play_nsa("[happening r]\nwhat = dcnr-restricted\nplmn = 257-01\nat = 50\nuntil = 100\n");
	const SimModemState *state = run_to(&play, 49.9);
	g_assert_true(state->endc);
	guint64 changes = state->change_count;
	BETWEEN(when(&play, &state->dcnr_restricted, TRUE, 80), 50, 65); /* with the next answer of the network */
	g_assert_false(state->endc);
	g_assert_cmpuint(state->change_count, ==, changes + 1);
	g_assert_true(state->nr_available); /* the cell goes on to say so */
	g_assert_cmpint(state->service, ==, SIM_SERVICE_FULL);
	run_to(&play, 99.9);
	g_assert_false(state->endc);
	double lifted_s = when(&play, &state->dcnr_restricted, FALSE, 130);
	BETWEEN(lifted_s, 100, 115);
	BETWEEN(when(&play, &state->endc, TRUE, 130) - lifted_s, 0.8, 1.0);
	play_end(&play);
}

static void test_nr_lost(void)
{
	Play play = play_nsa("[happening off]\nwhat = cells-off\nrat = nr\nat = 50\nuntil = 70\n"
			     "[happening jammer]\nwhat = jammer\nat = 100\nlat = 53.9\nlon = 27.5615\npower_dbm = 68\nearfcn = 636666\n");
	const SimModemState *state = run_to(&play, 49.9);
	BETWEEN(when(&play, &state->endc, FALSE, 60), 51.2, 51.3); /* N310 and T310 */
	g_assert_cmpint(state->registration, ==, SIM_REG_REGISTERED);
	g_assert_cmpint(state->true_service, ==, SIM_SERVICE_FULL);
	g_assert_false(state->nr_rx[0].tuned);
	BETWEEN(when(&play, &state->endc, TRUE, 80), 70.8, 71);
	run_to(&play, 99.9);
	g_assert_true(state->endc);
	BETWEEN(when(&play, &state->endc, FALSE, 110), 101.2, 101.3);
	g_assert_cmpint(state->true_service, ==, SIM_SERVICE_FULL);
	play_end(&play);
}

static void test_anchor_lost(void)
{
	Play play = play_nsa("[happening off]\nwhat = cells-off\nrat = lte\nat = 50\n");
	const SimModemState *state = run_to(&play, 49.9);
	g_assert_true(state->endc);
	BETWEEN(when(&play, &state->endc, FALSE, 60), 51.2, 51.3); /* with the LTE link, good as NR is */
	run_to(&play, 60);
	g_assert_false(state->has_serving);
	g_assert_false(state->nr_available);
	play_end(&play);
}

static void test_plain_lte(void)
{
	g_autofree char *text = g_strconcat(lte, nr, "standalone = no\n", NULL);
	g_auto(GStrv) parts = g_strsplit(text, "endc = yes\n", 2);
	g_autofree char *cells = g_strconcat(parts[0], parts[1], NULL);
	Play play = play_new(cells, "", "");
	const SimModemState *state = run_to(&play, 20);
	g_assert_cmpstr(serving_name(&play), ==, "lte");
	g_assert_false(state->nr_available || state->endc);
	play_end(&play);
}

static void test_foreign_nr(void)
{
	g_auto(GStrv) parts = g_strsplit(nr, "257-01", 2);
	g_autofree char *cells = g_strconcat(lte, parts[0], "257-02", parts[1], NULL);
	Play play = play_new(cells, "roaming = 257-02\nnr_mode = nsa\n", "");
	g_assert_false(run_to(&play, 20)->endc);
	play_end(&play);
}

static void test_nr_change(void)
{
	static const char second[] = "[cell second]\nrat = nr\nplmn = 257-01\nlat = 53.9030\nlon = 27.56\nearfcn = 636666\n"
				     "bandwidth_mhz = 100\npci = 7\ntac = 1\ncell_id = 7\nload = 0\nstandalone = no\n";
	g_autofree char *cells = g_strconcat(lte, nr, "standalone = no\n", second, NULL);
	/* The second is 1.7 dB weaker for its distance: 2.3 dB more are too few, 6.3 dB are enough. */
	Play play = play_new(cells, "", "[happening weak]\nwhat = cells-power\ndb = -4\ncells = nr\nat = 30\n"
					"[happening weaker]\nwhat = cells-power\ndb = -4\ncells = nr\nat = 50\n");
	const SimModemState *state = run_to(&play, 49.9);
	g_assert_cmpuint(state->nr_cell.pci, ==, 1007);
	while (state->nr_cell.pci == 1007 && sim_world_seconds(play.world) < 60) {
		sim_world_step(play.world);
		g_assert_true(state->endc);
	}
	BETWEEN(sim_world_seconds(play.world), 50.4, 50.6);
	play_end(&play);
}

/* ---- Carrier aggregation */

static const char carriers[] =
	"[cell low]\nplmn = 257-01\nlat = 53.9027\nlon = 27.56\nearfcn = 6300\npci = 2\ntac = 1\ncell_id = 2\npower_dbm = 16\nload = 0\n"
	"[cell high]\nplmn = 257-01\nlat = 53.9027\nlon = 27.56\nearfcn = 3100\npci = 3\ntac = 1\ncell_id = 3\npower_dbm = 20\nload = 0\n"
	"[cell same channel]\nplmn = 257-01\nlat = 53.9027\nlon = 27.56\nearfcn = 1300\npci = 4\ntac = 1\ncell_id = 4\npower_dbm = 5\n"
	"[cell elsewhere]\nplmn = 257-01\nlat = 53.9030\nlon = 27.56\nearfcn = 500\npci = 5\ntac = 1\ncell_id = 5\n"
	"power_dbm = 20\nload = 0\n";

static void test_carriers(void)
{
	g_autofree char *cells = g_strconcat(lte, carriers, NULL);
	Play one = play_new(cells, "", ""), two = play_new(cells, "carriers = 2\n", ""), five = play_new(cells, "carriers = 5\n", "");
	g_assert_cmpuint(run_to(&one, 20)->n_secondary, ==, 0);
	const SimModemState *state = run_to(&two, 20);
	g_assert_cmpstr(serving_name(&two), ==, "lte");
	g_assert_cmpuint(state->n_secondary, ==, 1);
	g_assert_cmpstr(sim_world_secondary_cell(two.world, 0, 0)->name, ==, "low"); /* weaker sent, stronger heard: 800 MHz */
	g_assert_cmpuint(state->secondary[0].cell.arfcn, ==, 6300);
	state = run_to(&five, 20);
	g_assert_cmpuint(state->n_secondary, ==, 2); /* no more stand at the site on other channels */
	g_assert_cmpstr(sim_world_secondary_cell(five.world, 0, 1)->name, ==, "high");
	play_end(&one);
	play_end(&two);
	play_end(&five);
}

static void test_activation(void)
{
	g_autofree char *cells = g_strconcat(lte, carriers, NULL);
	Play idle = play_new(cells, "carriers = 2\ntraffic_kbps = 0\n", "");
	Play busy = play_new(cells, "carriers = 2\n", "[happening off]\nwhat = cells-off\ncells = low\nat = 100\n");
	guint active = 0;
	const SimModemState *quiet = sim_world_modem(idle.world, 0), *state = sim_world_modem(busy.world, 0);
	for (guint i = 200; i < 990; i++) {
		run_to(&idle, i / 10.0);
		g_assert_false(quiet->secondary[0].activated);
		guint64 packets = state->rx_packets;
		run_to(&busy, i / 10.0);
		if (state->rx_packets > packets)
			g_assert_true(state->secondary[0].activated);
		active += state->secondary[0].activated ? 1 : 0;
	}
	g_assert_cmpuint(active, >, 300); /* about every other second has data, and it stays on for a while */
	g_assert_cmpuint(active, <, 700);
	g_assert_cmpstr(sim_world_secondary_cell(busy.world, 0, 0)->name, ==, "low");
	run_to(&busy, 102);
	g_assert_cmpstr(sim_world_secondary_cell(busy.world, 0, 0)->name, ==, "high");
	g_assert_cmpint(state->true_service, ==, SIM_SERVICE_FULL);
	play_end(&idle);
	play_end(&busy);
}

/* ---- Truth */

static void test_truth(void)
{
	g_autofree char *cells = g_strconcat(lte, nr, "standalone = no\n", carriers, NULL);
	Play play = play_new(cells, "carriers = 2\n", "");
	g_autoptr(GString) text = g_string_new(NULL);
	run_to(&play, 20);
	sim_truth_format_second(play.world, text);
	static const char *const wanted[] = {
		"\"nr_available\":true,\"dcnr_restricted\":false,\"endc\":true,\"nr_cell\":{\"name\":\"nr\",\"rat\":\"nr\"",
		"\"tac\":11259375,\"cell_id\":68414056839,\"pci\":1007,\"arfcn\":636666,\"band\":78,\"scs_khz\":30,",
		"\"nr_rx\":[{\"tuned\":true,", "\"secondary\":[{\"name\":\"low\"", "\"reject_rat\":\"none\""};
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
		if (!strstr(text->str, wanted[i]))
			g_error("%s is not in %s", wanted[i], text->str);
	play_end(&play);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/nr/raster-of-TS-38.104-both-ways", test_raster);
	g_test_add_func("/sim/nr/bands-of-TS-38.104-and-the-usual-one-of-two", test_bands);
	g_test_add_func("/sim/nr/resource-blocks-of-TS-38.104", test_widths);
	g_test_add_func("/sim/nr/levels-of-TS-38.215", test_levels);
	g_test_add_func("/sim/nr/world-has-the-levels-of-the-formulas", test_world_level);
	g_test_add_func("/sim/nr/cell-of-half-the-spacing-disturbs-with-two-elements", test_other_spacing);
	g_test_add_func("/sim/nr/empty-cell-is-nearly-silent", test_empty_cell);
	g_test_add_func("/sim/nr/jammer-on-nr-drives-the-modem-to-lte", test_jammer);
	g_test_add_func("/sim/nr/standalone-loss-fallback-and-return", test_standalone);
	g_test_add_func("/sim/nr/handover-between-nr-and-lte-has-hysteresis", test_weak_nr);
	g_test_add_func("/sim/nr/modem-and-cell-must-both-be-able-to", test_who_has_standalone);
	g_test_add_func("/sim/nr/n1-mode-not-allowed-leads-to-lte-for-good", test_n1_not_allowed);
	g_test_add_func("/sim/nr/causes-of-5gmm-and-emm-are-not-mixed-up", test_reject_table);
	g_test_add_func("/sim/nr/endc-comes-after-its-time-to-trigger", test_endc);
	g_test_add_func("/sim/nr/endc-ends-when-the-network-restricts-it", test_restriction);
	g_test_add_func("/sim/nr/nr-is-lost-and-lte-stays", test_nr_lost);
	g_test_add_func("/sim/nr/lte-is-lost-and-nr-goes-with-it", test_anchor_lost);
	g_test_add_func("/sim/nr/no-endc-beside-a-cell-that-does-not-offer-it", test_plain_lte);
	g_test_add_func("/sim/nr/no-endc-with-another-network", test_foreign_nr);
	g_test_add_func("/sim/nr/better-nr-cell-takes-over", test_nr_change);
	g_test_add_func("/sim/nr/secondary-carriers-are-of-the-site-and-strongest-first", test_carriers);
	g_test_add_func("/sim/nr/secondary-carriers-are-active-while-data-flow", test_activation);
	g_test_add_func("/sim/nr/truth-tells-of-nr-and-carriers", test_truth);
	return g_test_run();
}
