/* test_sim_qmi_values.c - how NAS codes single values: rounding, clamping, PLMNs, bands, bandwidths.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/nas.h"

/* g_assert_cmpmem() of GLib 2.74 does not compile under -Wconversion. */
static void assert_bytes(const void *found, gsize found_size, const void *expected, gsize expected_size)
{
	g_assert_cmpuint(found_size, ==, expected_size);
	g_assert_true(memcmp(found, expected, expected_size) == 0);
}

static void levels_are_rounded_to_the_nearest_and_clamped(void)
{
	static const struct {
		double dbm;
		gint32 whole, tenths;
	} rows[] = {
		{-97.44, -97, -974}, {-97.46, -97, -975}, {-97.5, -98, -975}, {-139.96, -140, -1400},
		{-150, -140, -1400}, {-44.04, -44, -440}, {-30, -44, -440},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		SimCellView cell = {.rat = SIM_RAT_LTE, .rsrp_dbm = rows[i].dbm};
		g_assert_cmpint(nas_rsrp(&cell, 1), ==, rows[i].whole);
		g_assert_cmpint(nas_rsrp(&cell, 10), ==, rows[i].tenths);
	}
	SimCellView loud = {.rsrq_db = 2, .rssi_dbm = 3, .sinr_db = 44};
	SimCellView faint = {.rsrq_db = -31, .rssi_dbm = -133, .sinr_db = -27};
	g_assert_cmpint(nas_rsrq(&loud, 10), ==, -30);
	g_assert_cmpint(nas_rsrq(&faint, 10), ==, -200);
	g_assert_cmpint(nas_rssi(&loud, 1), ==, 0);
	g_assert_cmpint(nas_rssi(&faint, 1), ==, -120);
	g_assert_cmpint(nas_snr_cdb(&loud), ==, 300);
	g_assert_cmpint(nas_snr_cdb(&faint), ==, -200);
}

/* SS-RSRQ -43 to 20 dB, SS-SINR -23 to 40 dB: 3GPP TS 38.133, 10.1. */
static void levels_of_nr_have_their_own_limits(void)
{
	SimCellView loud = {.rat = SIM_RAT_NR, .rsrp_dbm = -30, .rsrq_db = 21, .sinr_db = 44};
	SimCellView faint = {.rat = SIM_RAT_NR, .rsrp_dbm = -150, .rsrq_db = -44, .sinr_db = -27};
	g_assert_cmpint(nas_rsrp(&loud, 1), ==, -44);
	g_assert_cmpint(nas_rsrp(&faint, 1), ==, -140);
	g_assert_cmpint(nas_rsrq(&loud, 10), ==, 200);
	g_assert_cmpint(nas_rsrq(&faint, 10), ==, -430);
	g_assert_cmpint(nas_snr_cdb(&loud), ==, 400);
	g_assert_cmpint(nas_snr_cdb(&faint), ==, -230);
}

static void ecio_is_positive_half_decibels(void)
{
	SimCellView cell = {.rat = SIM_RAT_UMTS, .rsrq_db = -7.6};
	g_assert_cmpint(nas_ecio_half_db(&cell), ==, 15);
	cell.rsrq_db = 0.2;
	g_assert_cmpint(nas_ecio_half_db(&cell), ==, 0);
}

/* Octets of 3GPP TS 24.008, figure 10.5.3: digits 2 1, then MNC digit 3 and MCC digit 3, then MNC digits 2 1. */
static void a_leading_zero_of_an_mnc_is_kept(void)
{
	static const struct {
		const char *mcc, *mnc;
		guint8 bcd[3], text[6];
		gboolean three;
	} rows[] = {
		{"257", "01", {0x52, 0xf7, 0x10}, {'2', '5', '7', '0', '1', 0xff}, FALSE},
		{"310", "001", {0x13, 0x10, 0x00}, {'3', '1', '0', '0', '0', '1'}, TRUE},
		{"310", "410", {0x13, 0x00, 0x14}, {'3', '1', '0', '4', '1', '0'}, TRUE},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		SimCellView cell = {0};
		g_strlcpy(cell.mcc, rows[i].mcc, sizeof cell.mcc);
		g_strlcpy(cell.mnc, rows[i].mnc, sizeof cell.mnc);
		guint8 bytes[16];
		ByteWriter w = byte_writer_init(bytes, sizeof bytes);
		nas_put_plmn_bcd(&w, &cell);
		nas_put_plmn_text(&w, cell.mcc, cell.mnc);
		assert_bytes(bytes, 3, rows[i].bcd, 3);
		assert_bytes(bytes + 3, 6, rows[i].text, 6);
		g_assert_cmpint(nas_mnc_has_three(cell.mnc), ==, rows[i].three);
	}
}

static void an_unknown_plmn_is_all_ones(void)
{
	static const guint8 ones[] = {0xff, 0xff, 0xff};
	SimCellView cell = {0};
	guint8 bytes[3];
	ByteWriter w = byte_writer_init(bytes, sizeof bytes);
	nas_put_plmn_bcd(&w, &cell);
	assert_bytes(bytes, 3, ones, 3);
}

static void a_tracking_area_of_nr_has_its_first_octet_first(void)
{
	static const guint8 expected[] = {0x01, 0x23, 0x45};
	guint8 bytes[3];
	ByteWriter w = byte_writer_init(bytes, sizeof bytes);
	nas_put_nr_tac(&w, 0x012345);
	assert_bytes(bytes, w.length, expected, sizeof expected);
}

static void bands_and_bandwidths_have_their_codes(void)
{
	static const struct {
		SimRat rat;
		guint band;
		double mhz;
		guint code, width;
	} rows[] = {
		{SIM_RAT_LTE, 1, 1.4, 120, 0},  {SIM_RAT_LTE, 17, 3, 134, 1},    {SIM_RAT_LTE, 20, 10, 145, 3},
		{SIM_RAT_LTE, 71, 20, 168, 5},  {SIM_RAT_LTE, 66, 15, 161, 4},   {SIM_RAT_LTE, 38, 5, 140, 2},
		{SIM_RAT_LTE, 99, 7, 0, 0xff},  {SIM_RAT_UMTS, 8, 5, 87, 22},    {SIM_RAT_GSM, 8, 0.2, 45, 20},
		{SIM_RAT_GSM, 3, 0.2, 47, 20},  {SIM_RAT_NR, 78, 100, 269, 0xff},
		{SIM_RAT_NR, 1, 20, 250, 0xff}, {SIM_RAT_NR, 71, 5, 264, 0xff},  {SIM_RAT_NR, 40, 20, 285, 0xff},
		{SIM_RAT_NR, 99, 20, 0, 0xff},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		SimCellView cell = {.rat = rows[i].rat, .band = rows[i].band, .bandwidth_mhz = rows[i].mhz};
		g_assert_cmpuint(nas_active_band(&cell), ==, rows[i].code);
		g_assert_cmpuint(nas_bandwidth(&cell), ==, rows[i].width);
	}
}

static void a_reject_is_told_of_until_registration(void)
{
	SimModemState state = {.registration = SIM_REG_DENIED, .reject_cause = 11, .reject_is_ps = TRUE};
	g_assert_true(nas_has_reject(&state));
	g_assert_cmpint(nas_reject_domain(&state), ==, NAS_DOMAIN_PS);
	g_assert_cmpint(nas_domain(&state), ==, NAS_DOMAIN_CAMPED);
	g_assert_true(nas_has_reject_of(&state, SIM_RAT_LTE));
	g_assert_false(nas_has_reject_of(&state, SIM_RAT_NR)); /* 5GMM has other causes */
	state.reject_rat = SIM_RAT_NR;
	g_assert_false(nas_has_reject_of(&state, SIM_RAT_LTE));
	g_assert_true(nas_has_reject_of(&state, SIM_RAT_NR));
	state.registration = SIM_REG_REGISTERED;
	state.ps_attached = TRUE;
	g_assert_false(nas_has_reject(&state));
	g_assert_cmpint(nas_domain(&state), ==, NAS_DOMAIN_PS);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/sim-qmi-values/" path, function)
	ADD("levels-are-rounded-to-the-nearest-and-clamped", levels_are_rounded_to_the_nearest_and_clamped);
	ADD("levels-of-nr-have-their-own-limits", levels_of_nr_have_their_own_limits);
	ADD("a-tracking-area-of-nr-has-its-first-octet-first", a_tracking_area_of_nr_has_its_first_octet_first);
	ADD("ecio-is-positive-half-decibels", ecio_is_positive_half_decibels);
	ADD("a-leading-zero-of-an-mnc-is-kept", a_leading_zero_of_an_mnc_is_kept);
	ADD("an-unknown-plmn-is-all-ones", an_unknown_plmn_is_all_ones);
	ADD("bands-and-bandwidths-have-their-codes", bands_and_bandwidths_have_their_codes);
	ADD("a-reject-is-told-of-until-registration", a_reject_is_told_of_until_registration);
	return g_test_run();
}
