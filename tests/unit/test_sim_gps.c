/* test_sim_gps.c - NMEA sentences and the receiver behind them. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/nmea.h"
#include "sim/world/track.h"
#include "sim/world/world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NEAR(a, b, by) g_assert_cmpfloat_with_epsilon((a), (b), (by))

/* 2026-03-25T12:34:56.200Z */
static const SimEpoch example = {
	.utc_ms = G_GINT64_CONSTANT(1774442096200),
	.has_fix = TRUE,
	.lat_deg = 53.9,
	.lon_deg = -7.5625,
	.altitude_m = 220.04,
	.speed_mps = 10,
	.course_deg = 84.4,
	.pdop = 1.5,
	.hdop = 0.9,
	.vdop = 1.2,
	.n_satellites = 5,
	.satellites = {{SIM_GNSS_GPS, 2, 12.4, 315.2, 34.3, TRUE},
		       {SIM_GNSS_GPS, 5, 85, 359.7, 47, TRUE},
		       {SIM_GNSS_GPS, 7, 30, 100, 0, FALSE},
		       {SIM_GNSS_GPS, 9, 30, 100, 24, FALSE},
		       {SIM_GNSS_GPS, 30, 40, 20, 41, TRUE}},
};

static char **sentences_of(const SimEpoch *epoch)
{
	GString *text = g_string_new(NULL);
	sim_nmea_format(epoch, text);
	g_assert_true(g_str_has_suffix(text->str, "\r\n"));
	g_string_truncate(text, text->len - 2);
	char **sentences = g_strsplit(text->str, "\r\n", -1);
	g_string_free(text, TRUE);
	return sentences;
}

/* The fields of the first sentence of a type, without "$" and checksum. */
static char **fields_of(char **sentences, const char *type)
{
	for (guint i = 0; sentences[i]; i++) {
		if (!g_str_has_prefix(sentences[i] + 1, type))
			continue;
		g_autofree char *body = g_strndup(sentences[i] + 1, strcspn(sentences[i] + 1, "*"));
		return g_strsplit(body, ",", -1);
	}
	g_error("there is no %s", type);
}

/* Exclusive or by bit counting, so that the simulator's own loop is not repeated. */
static guint checksum_by_bits(const char *body, gsize length)
{
	guint sum = 0;
	for (guint bit = 0; bit < 8; bit++) {
		guint ones = 0;
		for (gsize i = 0; i < length; i++)
			ones += ((guint)(guint8)body[i] >> bit) & 1;
		sum |= (ones % 2) << bit;
	}
	return sum;
}

static void test_checksums(void)
{
	SimEpoch lost = example;
	lost.has_fix = FALSE;
	const SimEpoch *epochs[] = {&example, &lost};
	for (guint e = 0; e < 2; e++) {
		g_auto(GStrv) sentences = sentences_of(epochs[e]);
		for (guint i = 0; sentences[i]; i++) {
			const char *star = strchr(sentences[i], '*');
			g_assert_true(sentences[i][0] == '$' && star && strlen(star) == 3);
			g_assert_cmpuint(strtoul(star + 1, NULL, 16), ==,
					 checksum_by_bits(sentences[i] + 1, (gsize)(star - sentences[i] - 1)));
			g_assert_cmpuint(strlen(sentences[i]), <=, 80); /* 82 with CR LF */
		}
	}
	g_assert_cmpuint(checksum_by_bits("GPGLL,5300.97914,N,00259.98174,E,125926,A", 41), ==, 0x28); /* a published example */
}

static void test_rmc(void)
{
	g_auto(GStrv) sentences = sentences_of(&example);
	g_auto(GStrv) f = fields_of(sentences, "GNRMC");
	g_assert_cmpuint(g_strv_length(f), ==, 13);
	g_assert_cmpstr(f[1], ==, "123456.20");
	g_assert_cmpstr(f[2], ==, "A");
	g_assert_cmpstr(f[3], ==, "5354.00000");
	g_assert_cmpstr(f[4], ==, "N");
	g_assert_cmpstr(f[5], ==, "00733.75000");
	g_assert_cmpstr(f[6], ==, "W");
	NEAR(g_ascii_strtod(f[7], NULL), 19.438, 0.001); /* 10 m/s in knots */
	g_assert_cmpstr(f[8], ==, "84.40");
	g_assert_cmpstr(f[9], ==, "250326");
}

static void test_gga(void)
{
	g_auto(GStrv) sentences = sentences_of(&example);
	g_auto(GStrv) f = fields_of(sentences, "GNGGA");
	g_assert_cmpuint(g_strv_length(f), ==, 15);
	g_assert_cmpstr(f[6], ==, "1");
	g_assert_cmpstr(f[7], ==, "03");
	g_assert_cmpstr(f[8], ==, "0.90");
	g_assert_cmpstr(f[9], ==, "220.0");
	g_assert_cmpstr(f[10], ==, "M");
}

static void test_gsa_gsv(void)
{
	g_auto(GStrv) sentences = sentences_of(&example);
	g_auto(GStrv) gsa = fields_of(sentences, "GNGSA");
	g_assert_cmpuint(g_strv_length(gsa), ==, 19);
	g_assert_cmpstr(gsa[2], ==, "3");
	g_assert_cmpstr(gsa[3], ==, "02");
	g_assert_cmpstr(gsa[5], ==, "30");
	g_assert_cmpstr(gsa[6], ==, "");
	g_auto(GStrv) first = fields_of(sentences, "GPGSV,2,1");
	g_auto(GStrv) second = fields_of(sentences, "GPGSV,2,2");
	g_auto(GStrv) none = fields_of(sentences, "GLGSV");
	g_assert_cmpstr(first[3], ==, "05");
	g_assert_cmpstr(first[7], ==, "34");
	g_assert_cmpstr(first[10], ==, "000"); /* 359.7 degrees round to north */
	g_assert_cmpstr(first[15], ==, "");    /* in view, not tracked */
	g_assert_cmpuint(g_strv_length(first), ==, 20);
	g_assert_cmpuint(g_strv_length(second), ==, 8);
	g_assert_cmpstr(none[3], ==, "00");
}

static void test_minutes_carry(void)
{
	SimEpoch epoch = example;
	epoch.lat_deg = -(9 + 59.9999999 / 60);
	epoch.lon_deg = 179 + 59.9999999 / 60;
	g_auto(GStrv) sentences = sentences_of(&epoch);
	g_auto(GStrv) f = fields_of(sentences, "GNRMC");
	g_assert_cmpstr(f[3], ==, "1000.00000");
	g_assert_cmpstr(f[4], ==, "S");
	g_assert_cmpstr(f[5], ==, "18000.00000");
	g_assert_cmpstr(f[6], ==, "E");
}

static void test_no_fix(void)
{
	SimEpoch epoch = example;
	epoch.has_fix = FALSE;
	g_auto(GStrv) sentences = sentences_of(&epoch);
	g_auto(GStrv) rmc = fields_of(sentences, "GNRMC");
	g_auto(GStrv) gga = fields_of(sentences, "GNGGA");
	g_auto(GStrv) gsa = fields_of(sentences, "GNGSA");
	g_assert_cmpuint(g_strv_length(rmc), ==, 13);
	g_assert_cmpstr(rmc[2], ==, "V");
	g_assert_cmpstr(rmc[3], ==, "");
	g_assert_cmpuint(g_strv_length(gga), ==, 15);
	g_assert_cmpstr(gga[6], ==, "0");
	g_assert_cmpstr(gsa[2], ==, "1");
	g_assert_cmpstr(gsa[3], ==, "");
}

static const char scenario_text[] = "[world]\nduration = 300\n[track]\npoints = 53.9,27.56,36; 53.92,27.56\n[gps main]\n"
				    "noise_m = 2\nfirst_fix = 3\n[happening gone]\nwhat = gps-loss\nat = 60\nuntil = 90\n";

static void test_loss_of_fix(void)
{
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x", scenario_text, NULL);
	g_autoptr(SimWorld) world = sim_world_new(scenario, 1, 1774440000);
	double lost_s = 0, back_s = 0, first_s = 0, cn0_before = 0, cn0_on_loss = 0;
	while (sim_world_seconds(world) < 120) {
		gboolean before = sim_world_epoch(world, 0)->has_fix;
		if (sim_world_tick(world) == 600)
			cn0_before = sim_world_epoch(world, 0)->satellites[0].cn0_dbhz;
		if (sim_world_tick(world) == 610)
			cn0_on_loss = sim_world_epoch(world, 0)->satellites[0].cn0_dbhz;
		sim_world_step(world);
		gboolean now = sim_world_epoch(world, 0)->has_fix;
		double t_s = sim_world_seconds(world);
		if (now && !before)
			*(first_s > 0 ? &back_s : &first_s) = t_s;
		if (before && !now)
			lost_s = t_s;
	}
	NEAR(first_s, 3, 0.05);
	g_assert_cmpfloat(lost_s, >, 60);
	g_assert_cmpfloat(lost_s, <, 64);
	g_assert_cmpfloat(back_s, >, 91);
	g_assert_cmpfloat(back_s, <, 98);
	NEAR(cn0_before - cn0_on_loss, 15, 1.5); /* C/N0 falls by 15 dB in a second: it does not vanish at once */
}

static void test_position_noise(void)
{
	g_autoptr(SimScenario) scenario = sim_scenario_load_data("x", scenario_text, NULL);
	g_autoptr(SimWorld) world = sim_world_new(scenario, 1, 1774440000);
	double squares = 0, jump_m = 0, last_east = 0;
	guint n = 0;
	while (sim_world_seconds(world) < 300) {
		double east, north;
		const SimPlace *place = sim_world_place(world);
		const SimEpoch *epoch = sim_world_epoch(world, 0);
		sim_plane_from_geo(sim_track_plane(scenario->track), epoch->lat_deg, epoch->lon_deg, &east, &north);
		squares += pow(east - place->east_m, 2) + pow(north - place->north_m, 2);
		if (n++ > 0)
			jump_m = MAX(jump_m, fabs(east - place->east_m - last_east));
		last_east = east - place->east_m;
		sim_world_step(world);
	}
	double rms_m = sqrt(squares / n);
	g_assert_cmpfloat(rms_m, >, 1); /* 2.8 on average over seeds */
	g_assert_cmpfloat(rms_m, <, 6);
	g_assert_cmpfloat(jump_m, <, 0.2); /* it wanders, and does not jump */
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/gps/checksums-and-lengths", test_checksums);
	g_test_add_func("/sim/gps/rmc-fields", test_rmc);
	g_test_add_func("/sim/gps/gga-fields", test_gga);
	g_test_add_func("/sim/gps/gsa-and-gsv-fields", test_gsa_gsv);
	g_test_add_func("/sim/gps/sixty-minutes-carry-into-degrees", test_minutes_carry);
	g_test_add_func("/sim/gps/no-fix-says-so-everywhere", test_no_fix);
	g_test_add_func("/sim/gps/fix-is-lost-and-comes-back", test_loss_of_fix);
	g_test_add_func("/sim/gps/position-error-wanders", test_position_noise);
	return g_test_run();
}
