/* test_sim_mbim_values.c - the world's values as MBIM codes them: ends of ranges, steps, and names of 5G.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/values.h"

static void rssi_has_32_codes(void)
{
	g_assert_cmpuint(sim_mbim_rssi(-140), ==, 0);
	g_assert_cmpuint(sim_mbim_rssi(-113), ==, 0);
	g_assert_cmpuint(sim_mbim_rssi(-111), ==, 1);
	g_assert_cmpuint(sim_mbim_rssi(-65.57), ==, 24);
	g_assert_cmpuint(sim_mbim_rssi(-51), ==, 31);
	g_assert_cmpuint(sim_mbim_rssi(-20), ==, 31);
}

/* Microsoft's table: less than -156 is 0, less than -155 is 1, less than -31 is 125, from there on 126; 127 is unknown. */
static void rsrp_steps_begin_where_the_table_says(void)
{
	g_assert_cmpuint(sim_mbim_rsrp(-156.1), ==, 0);
	g_assert_cmpuint(sim_mbim_rsrp(-200), ==, 0);
	g_assert_cmpuint(sim_mbim_rsrp(-156), ==, 1);
	g_assert_cmpuint(sim_mbim_rsrp(-155.1), ==, 1);
	g_assert_cmpuint(sim_mbim_rsrp(-138.5), ==, 18);
	g_assert_cmpuint(sim_mbim_rsrp(-45.5), ==, 111);
	g_assert_cmpuint(sim_mbim_rsrp(-31.5), ==, 125);
	g_assert_cmpuint(sim_mbim_rsrp(-31), ==, 126);
	g_assert_cmpuint(sim_mbim_rsrp(0), ==, 126);
}

/* Less than -23 is 0, less than -22.5 is 1, less than 40 is 126, from there on 127; 128 is unknown. */
static void snr_steps_begin_where_the_table_says(void)
{
	g_assert_cmpuint(sim_mbim_snr(-23.1), ==, 0);
	g_assert_cmpuint(sim_mbim_snr(-60), ==, 0);
	g_assert_cmpuint(sim_mbim_snr(-23), ==, 1);
	g_assert_cmpuint(sim_mbim_snr(-22.4), ==, 2);
	g_assert_cmpuint(sim_mbim_snr(39.9), ==, 126);
	g_assert_cmpuint(sim_mbim_snr(40), ==, 127);
	g_assert_cmpuint(sim_mbim_snr(90), ==, 127);
}

static void levels_of_nr_stay_within_their_ranges(void)
{
	g_assert_cmpuint(sim_mbim_nr_rsrp(-170), ==, 0);
	g_assert_cmpuint(sim_mbim_nr_rsrp(-88.4), ==, 68);
	g_assert_cmpuint(sim_mbim_nr_rsrp(-3), ==, 127);
	g_assert_cmpuint(sim_mbim_nr_rsrq(-50), ==, 0);
	g_assert_cmpuint(sim_mbim_nr_rsrq(-11.6), ==, 63);
	g_assert_cmpuint(sim_mbim_nr_rsrq(30), ==, 127);
	g_assert_cmpuint(sim_mbim_nr_sinr(-30), ==, 0);
	g_assert_cmpuint(sim_mbim_nr_sinr(21.5), ==, 90);
	g_assert_cmpuint(sim_mbim_nr_sinr(50), ==, 127);
}

static void rx_level_counts_whole_decibels(void)
{
	g_assert_cmpuint(sim_mbim_rx_level(-111), ==, 0);
	g_assert_cmpuint(sim_mbim_rx_level(-109.5), ==, 0);
	g_assert_cmpuint(sim_mbim_rx_level(-83.4), ==, 26);
	g_assert_cmpuint(sim_mbim_rx_level(-40), ==, 63);
}

static void negative_numbers_are_complements(void)
{
	g_assert_cmphex(sim_mbim_whole(-97.36, -140, -44), ==, (guint32)-97);
	g_assert_cmphex(sim_mbim_whole(-200, -140, -44), ==, (guint32)-140);
	g_assert_cmphex(sim_mbim_whole(-1, -140, -44), ==, (guint32)-44);
}

static void area_identities_keep_the_digits_of_the_mnc(void)
{
	static const struct {
		SimCellView cell;
		guint8 octets[8];
	} cases[] = {
		{{.mcc = "257", .mnc = "01", .tac = 0xABCDEF}, {0x57, 0x02, 0x01, 0x80, 0xEF, 0xCD, 0xAB, 0}},
		{{.mcc = "310", .mnc = "001", .tac = 1}, {0x10, 0x03, 0x01, 0x00, 1, 0, 0, 0}},
		{{.mcc = "", .mnc = "", .tac = 7}, {0}},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		guint8 data[8];
		ByteWriter w = byte_writer_init(data, sizeof data);
		sim_mbim_put_tai(&w, &cases[i].cell);
		g_assert_cmpuint(w.length, ==, sizeof data);
		g_assert_true(memcmp(data, cases[i].octets, sizeof data) == 0);
	}
}

static void each_version_has_its_name_for_5g(void)
{
	SimCellView cell = {.rat = SIM_RAT_NR};
	g_assert_cmphex(sim_mbim_class_of(&cell, SIM_MBIMEX_1), ==, SIM_MBIM_CLASS_CUSTOM);
	g_assert_cmphex(sim_mbim_class_of(&cell, SIM_MBIMEX_2), ==, SIM_MBIM_CLASS_5G_SA);
	g_assert_cmphex(sim_mbim_class_of(&cell, SIM_MBIMEX_3), ==, 1 << 6);
	g_assert_cmphex(sim_mbim_class_nsa(SIM_MBIMEX_1), ==, 0);
	g_assert_cmphex(sim_mbim_class_nsa(SIM_MBIMEX_2), ==, SIM_MBIM_CLASS_5G_NSA);
	g_assert_cmphex(sim_mbim_class_nsa(SIM_MBIMEX_3), ==, 1 << 6);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/sim-mbim-values/" path, function)
	ADD("rssi-has-32-codes", rssi_has_32_codes);
	ADD("rsrp-steps-begin-where-the-table-says", rsrp_steps_begin_where_the_table_says);
	ADD("snr-steps-begin-where-the-table-says", snr_steps_begin_where_the_table_says);
	ADD("levels-of-nr-stay-within-their-ranges", levels_of_nr_stay_within_their_ranges);
	ADD("rx-level-counts-whole-decibels", rx_level_counts_whole_decibels);
	ADD("negative-numbers-are-complements", negative_numbers_are_complements);
	ADD("area-identities-keep-the-digits-of-the-mnc", area_identities_keep_the_digits_of_the_mnc);
	ADD("each-version-has-its-name-for-5g", each_version_has_its_name_for_5g);
	return g_test_run();
}
