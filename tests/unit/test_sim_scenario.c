/* test_sim_scenario.c - reading scenario files: what they may say, and how errors name the line.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario/scenario.h"

#include "error.h"
#include "sim/world/happening.h"

/* Lines are counted in the tests below: keep them. */
static const char base[] = "[world]\n"			     /* 1 */
			   "duration = 1:30\n"		     /* 2 */
			   "start = 2026-03-25T12:00:00Z\n"  /* 3 */
			   "[track]\n"			     /* 4 */
			   "points = 53.9,27.56,36,2; 53.91,27.56\n" /* 5 */
			   "[cell one]\n"		     /* 6 */
			   "plmn = 257-01\n"		     /* 7 */
			   "lat = 53.9\n"		     /* 8 */
			   "lon = 27.57\n"		     /* 9 */
			   "earfcn = 1300\n"		     /* 10 */
			   "pci = 7\n"			     /* 11 */
			   "tac = 12\n"			     /* 12 */
			   "cell_id = 0x1234567\n"	     /* 13 */
			   "[modem a]\n"		     /* 14 */
			   "plmn = 257-01\n"		     /* 15 */
			   "[gps main]\n"		     /* 16 */
			   "rate = 5\n";		     /* 17 */

static SimScenario *load(const char *more)
{
	g_autofree char *text = g_strconcat(base, more, NULL);
	g_autoptr(GError) error = NULL;
	SimScenario *scenario = sim_scenario_load_data("dir/x.scenario", text, &error);
	g_assert_no_error(error);
	return scenario;
}

/* The text must be refused with a message that begins with the place and holds the words. */
static void refuse_text(const char *text, const char *begins, const char *holds)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x.scenario", text, &error);
	g_assert_null(scenario);
	g_assert_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE);
	if (!g_str_has_prefix(error->message, begins) || !strstr(error->message, holds))
		g_error("\"%s\" does not begin with \"%s\" or does not say \"%s\"", error->message, begins, holds);
}

static void refuse_more(const char *more, const char *begins, const char *holds)
{
	g_autofree char *text = g_strconcat(base, more, NULL);
	refuse_text(text, begins, holds);
}

/* The base with one piece replaced. */
static void refuse_changed(const char *from, const char *to, const char *begins, const char *holds)
{
	g_auto(GStrv) parts = g_strsplit(base, from, 2);
	g_assert_nonnull(parts[1]);
	g_autofree char *text = g_strconcat(parts[0], to, parts[1], NULL);
	refuse_text(text, begins, holds);
}

static void test_values(void)
{
	g_autoptr(SimScenario) scenario = load("");
	g_assert_cmpstr(scenario->name, ==, "x.scenario");
	g_assert_cmpfloat(scenario->duration_s, ==, 90);
	g_assert_false(scenario->starts_now);
	g_assert_cmpint(scenario->start_unix_s, ==, 1774440000); /* date -u -d 2026-03-25T12:00:00Z +%s */
	g_assert_cmpuint(scenario->cells->len, ==, 1);
	const SimCell *cell = sim_scenario_cell(scenario, 0);
	g_assert_cmpstr(cell->mcc, ==, "257");
	g_assert_cmpstr(cell->mnc, ==, "01");
	g_assert_cmpuint(cell->cell_id, ==, 0x1234567);
	g_assert_cmpuint(cell->carrier.band, ==, 3);
	g_assert_cmpfloat(cell->carrier.bandwidth_mhz, ==, 10);
	g_assert_cmpuint(sim_scenario_gps(scenario, 0)->rate_hz, ==, 5);
	g_assert_cmpfloat(sim_track_at(scenario->track, 12).speed_mps, ==, 10);
}

/* Luhn's check, written apart from the simulator's: doubles every second digit from the right. */
static gboolean luhn_holds(const char *digits)
{
	static const guint doubled[] = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
	guint sum = 0, place = 0;
	for (const char *p = digits + strlen(digits); p > digits; place++) {
		guint digit = (guint)(*--p - '0');
		sum += place % 2 ? doubled[digit] : digit;
	}
	return sum % 10 == 0;
}

static void test_identities(void)
{
	g_autoptr(SimScenario) one = load("[modem b]\nplmn = 257-02\n"), two = load("");
	const SimModemInfo *a = &sim_scenario_modem(one, 0)->info, *b = &sim_scenario_modem(one, 1)->info;
	g_assert_cmpuint(strlen(a->imei), ==, 15);
	g_assert_true(luhn_holds(a->imei));
	g_assert_true(luhn_holds(a->iccid));
	g_assert_true(g_str_has_prefix(a->imsi, "25701"));
	g_assert_true(g_str_has_prefix(b->imsi, "25702"));
	g_assert_cmpstr(a->imei, !=, b->imei);
	g_assert_cmpstr(a->imei, ==, sim_scenario_modem(two, 0)->info.imei);
}

static void test_line_12(void)
{
	refuse_changed("tac = 12", "tac = 70000", "x.scenario:12: [cell one] tac:", "between 0 and 65535");
}

static void test_unknown(void)
{
	refuse_changed("rate = 5", "speed = 5", "x.scenario:17:", "unknown key \"speed\"");
	refuse_more("[jammer x]\n", "x.scenario:18:", "unknown group");
	refuse_more("[happening x]\nat = 1\nwhat = earthquake\n", "x.scenario:20:", "cells-off");
}

static void test_missing(void)
{
	refuse_changed("pci = 7\n", "", "x.scenario:6: [cell one]", "\"pci\" is missing");
	refuse_changed("duration = 1:30\n", "", "x.scenario:1: [world]", "\"duration\" is missing");
	refuse_more("[happening x]\nwhat = reject\nat = 1\n", "x.scenario:18:", "\"cause\" is missing");
	refuse_text("# nothing\n", "x.scenario:", "[world]");
	refuse_text("[world]\nduration = 5\n", "x.scenario:", "[track]");
	refuse_text("[world]\nduration = 5\n[track]\npoints = 1,1\n[modem a]\nplmn = 257-01\n", "x.scenario:", "[cell NAME]");
}

static void test_ranges(void)
{
	refuse_changed("pci = 7", "pci = 504", "x.scenario:11:", "503");
	refuse_changed("lat = 53.9\n", "lat = 91\n", "x.scenario:8:", "between -89 and 89");
	refuse_changed("lon = 27.57", "lon = 181", "x.scenario:9:", "180");
	refuse_changed("cell_id = 0x1234567", "cell_id = 0x10000000", "x.scenario:13:", "268435455");
	refuse_changed("earfcn = 1300", "earfcn = 30000", "x.scenario:10:", "EARFCN 30000");
	refuse_changed("earfcn = 1300", "earfcn = 1300\nband = 7", "x.scenario:11:", "lies in band 3; band 7 has 2750 to 3449");
	refuse_changed("earfcn = 1300", "earfcn = 1300\nbandwidth_mhz = 7", "x.scenario:11:", "1.4, 3, 5, 10, 15 and 20");
	refuse_changed("[cell one]\nplmn = 257-01", "[cell one]\nplmn = 25701", "x.scenario:7:", "MCC-MNC");
	refuse_changed("start = 2026-03-25T12:00:00Z", "start = yesterday", "x.scenario:3:", "neither \"now\"");
	refuse_changed("53.9,27.56,36,2", "53.9", "x.scenario:5:", "lat,lon");
	refuse_changed("53.9,27.56,36,2", "53.9,27.56,fast", "x.scenario:5:", "out of range");
	refuse_changed("rate = 5", "rate = 3", "x.scenario:17:", "1, 2, 5 or 10");
	refuse_changed("[modem a]", "[modem a/b]", "x.scenario:14:", "letters");
}

static void test_nr_cells(void)
{
	static const char cell[] = "[cell nr]\nrat = nr\nplmn = 257-01\nlat = 53.9\nlon = 27.57\npci = 1007\ntac = 0xFFFFFF\n"
				   "cell_id = 0xFFFFFFFFF\n"; /* lines 18 to 25 */
	static const struct {
		const char *keys;
		guint32 band, scs_khz;
		double bandwidth_mhz, power_dbm;
	} rows[] = {
		{"earfcn = 636666\n", 78, 30, 40, 38},
		{"earfcn = 636666\nband = 77\nbandwidth_mhz = 100\n", 77, 30, 100, 38},
		{"earfcn = 152000\n", 28, 15, 20, 28},
		{"earfcn = 530000\nband = 41\nscs_khz = 15\n", 41, 15, 20, 28},
		{"earfcn = 530000\nscs_khz = 30\nbandwidth_mhz = 15\npower_dbm = 33\n", 7, 30, 15, 33},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat(cell, rows[i].keys, NULL);
		g_autoptr(SimScenario) scenario = load(text);
		const SimCell *read = sim_scenario_cell(scenario, 1);
		g_assert_cmpuint(read->cell_id, ==, G_GUINT64_CONSTANT(0xFFFFFFFFF));
		g_assert_true(read->standalone);
		g_assert_cmpuint(read->carrier.band, ==, rows[i].band);
		g_assert_cmpuint(read->carrier.scs_khz, ==, rows[i].scs_khz);
		g_assert_cmpfloat(read->carrier.bandwidth_mhz, ==, rows[i].bandwidth_mhz);
		g_assert_cmpfloat(read->power_dbm, ==, rows[i].power_dbm);
	}
	static const char *const refused[][3] = {
		{"earfcn = 636666\nband = 79\n", "x.scenario:27:", "n79, which has 693334 to 733333"},
		{"earfcn = 636666\nbandwidth_mhz = 5\n", "x.scenario:27:", "10 to 100"},
		{"earfcn = 636666\nscs_khz = 60\n", "x.scenario:27:", "15"},
		{"earfcn = 700\n", "x.scenario:26:", "NR-ARFCN 700"},
		{"earfcn = 636666\nendc = yes\n", "x.scenario:27:", "only a cell of LTE"},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autofree char *text = g_strconcat(cell, refused[i][0], NULL);
		refuse_more(text, refused[i][1], refused[i][2]);
	}
	refuse_changed("earfcn = 1300", "earfcn = 1300\nscs_khz = 15", "x.scenario:11:", "only a cell of NR");
	refuse_changed("earfcn = 1300", "earfcn = 1300\nbandwidth_mhz = 100", "x.scenario:11:", "1.4, 3, 5, 10, 15 and 20");
	refuse_changed("[gps main]", "rats = lte\nnr_mode = sa\n[gps main]", "x.scenario:17:", "no nr among its rats");
	refuse_changed("[gps main]", "rats = 5g\n[gps main]", "x.scenario:16:", "nr, lte, umts, gsm");
	refuse_changed("[gps main]", "carriers = 6\n[gps main]", "x.scenario:16:", "between 1 and 5");
}

static void test_happening_errors(void)
{
	refuse_more("[happening x]\nwhat = cells-off\nat = 1\ncells = one, two\n", "x.scenario:21:", "no \"two\"");
	refuse_more("[happening x]\nwhat = cells-off\nat = 1\nplmn = 257-09\n", "x.scenario:18:", "no cell");
	refuse_more("[happening x]\nwhat = cells-off\nat = 1\ndb = 3\n", "x.scenario:21:", "does not take this key");
	refuse_more("[happening x]\nwhat = cells-off\nat = 20\nuntil = 10\n", "x.scenario:21:", "before it begins");
	refuse_more("[happening x]\nwhat = cells-off\nat = 20\nuntil = 30\nfor = 5\n", "x.scenario:22:", "not both");
	refuse_more("[happening x]\nwhat = access\nat = 20\nstatus = shut\n", "x.scenario:21:", "emergency-only");
}

static void test_choice_of_cells(void)
{
	g_autoptr(SimScenario) scenario =
		load("[cell two]\nplmn = 257-02\nlat = 53.9\nlon = 27.57\nearfcn = 3100\npci = 8\ntac = 13\ncell_id = 2\n"
		     "[cell three]\nplmn = 257-01\nlat = 53.9\nlon = 27.57\nearfcn = 3100\npci = 9\ntac = 13\ncell_id = 3\n"
		     "[happening all]\nwhat = cells-off\nat = 1\n"
		     "[happening network]\nwhat = cells-off\nat = 1\nplmn = 257-01\n"
		     "[happening both]\nwhat = cells-off\nat = 1\nplmn = 257-01\nband = 7\n"
		     "[happening list]\nwhat = cells-off\nat = 1\ncells = one, two\n"
		     "[happening area]\nwhat = cells-off\nat = 1\ntac = 13\n");
	static const gboolean expected[5][3] = {
		{TRUE, TRUE, TRUE}, {TRUE, FALSE, TRUE}, {FALSE, FALSE, TRUE}, {TRUE, TRUE, FALSE}, {FALSE, TRUE, TRUE}};
	for (guint h = 0; h < 5; h++)
		for (guint c = 0; c < 3; c++)
			g_assert_cmpint(sim_scenario_happening(scenario, h)->cells[c], ==, expected[h][c]);
}

static void test_ramp_and_overlap(void)
{
	g_autoptr(SimScenario) scenario = load("[happening a]\nwhat = attenuation\nat = 10\nuntil = 50\ndb = 20\n"
					       "gps_db = 10\nramp = 10\n"
					       "[happening b]\nwhat = attenuation\nat = 20\nfor = 5\ndb = 7\n");
	g_autoptr(SimEffects) effects = sim_effects_new(scenario, 1);
	static const struct {
		double t_s, db, gps_db;
	} steps[] = {{9.9, 0, 0}, {10, 0, 0}, {15, 10, 5}, {22, 27, 10}, {30, 20, 10}, {45, 10, 5}, {50, 0, 0}};
	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
		sim_effects_update(effects, scenario, steps[i].t_s);
		g_assert_cmpfloat_with_epsilon(effects->attenuation_db, steps[i].db, 1e-9);
		g_assert_cmpfloat_with_epsilon(effects->gps[0].attenuation_db, steps[i].gps_db, 1e-9);
	}
}

static void test_track_parts(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x.scenario",
								 "[world]\nduration = 5\n"
								 "[track out]\npoints = 50,20,36; 50.001,20\n"
								 "[track on]\npoints = 50.002,20\nend = back\n",
								 &error);
	g_assert_no_error(error);
	/* 222.4 m at 10 m/s, there and back. */
	g_assert_cmpfloat_with_epsilon(sim_track_seconds(scenario->track), 2 * 22.239, 0.01);
}

static void test_data_acts(void)
{
	static const char *const refused[][2] = {
		{"what = dns-lie\nnames = a.example\n", "\"answer\" is missing"},
		{"what = dns-lie\nnames = a.example\nanswer = maybe\n", "an IP address, nxdomain, refused, silence"},
		{"what = tcp-reset\n", "\"names\", \"addresses\" or both"},
		{"what = tcp-reset\naddresses = 198.51.100.300\n", "not an IP address"},
		{"what = sni-reset\nnames = a.example\nrate = 5\n", "does not take this key"},
		{"what = block-page\nnames = a.example\nlocation = http://b.example/\n", "only a page of 302"},
		{"what = throttle\nrate = 0\n", "rate"},
		{"what = crowd\nloss = 1.5\n", "loss"},
		{"what = quic-block\nplmn = 999-99\n", "no cell"},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autofree char *text = g_strconcat("[internet]\n[happening x]\nat = 1\n", refused[i][0], NULL);
		refuse_more(text, "x.scenario:", refused[i][1]);
	}
	refuse_more("[happening x]\nat = 1\nwhat = data-dead\n", "x.scenario:20:", "[internet] is missing");
	refuse_more("[internet]\n[modem b]\nplmn = 257-01\ninterface = sim-a\n", "x.scenario:18:",
		    "two modems would have the interface sim-a");
	refuse_changed("[gps main]", "interface = a/b\n[gps main]", "x.scenario:16:", "no name of a network interface");
	g_autoptr(SimScenario) scenario = load("[internet]\nlatency = 35ms\nipv6 = no\n[happening x]\nwhat = tcp-reset\nat = 1\n"
					       "names = a.example\naddresses = 192.0.2.1, 2001:db8::1\n");
	g_assert_cmpfloat(scenario->internet.latency_s, ==, 0.035);
	g_assert_false(scenario->internet.ipv6);
	g_assert_cmpstr(sim_scenario_modem(scenario, 0)->interface, ==, "sim-a");
	const SimAct *act = &sim_scenario_happening(scenario, 0)->act;
	g_assert_cmpint(act->kind, ==, SIM_ACT_TCP_RESET);
	g_assert_cmpstr(act->names[0], ==, "a.example");
	g_assert_cmpuint(act->addresses->len, ==, 2);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/scenario/values-and-defaults", test_values);
	g_test_add_func("/sim/scenario/identities-are-valid-and-stay", test_identities);
	g_test_add_func("/sim/scenario/error-in-line-12-says-line-12", test_line_12);
	g_test_add_func("/sim/scenario/unknown-words-name-their-line", test_unknown);
	g_test_add_func("/sim/scenario/missing-keys-are-named", test_missing);
	g_test_add_func("/sim/scenario/impossible-values-are-refused", test_ranges);
	g_test_add_func("/sim/scenario/acts-on-data", test_data_acts);
	g_test_add_func("/sim/scenario/nr-cells-and-5g-modems", test_nr_cells);
	g_test_add_func("/sim/scenario/happenings-that-cannot-be", test_happening_errors);
	g_test_add_func("/sim/scenario/happening-chooses-its-cells", test_choice_of_cells);
	g_test_add_func("/sim/scenario/ramps-and-overlapping-happenings", test_ramp_and_overlap);
	g_test_add_func("/sim/scenario/track-parts-follow-one-another", test_track_parts);
	return g_test_run();
}
