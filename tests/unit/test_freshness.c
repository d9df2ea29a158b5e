/* Figures that are measured, and figures that are repeated.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/freshness.h"

typedef struct {
	Freshness freshness;
	gint64 now_s;
	guint64 duration_ms;
	FreshnessChange change;
} Modem;

/* One sweep a second: LTE with a signal, two cells and two chains, each group moved by its own number. */
static Observation sweep(Modem *m, gint signal, gint cells, gint power)
{
	Observation o;
	observation_init(&o, OBSERVATION_RADIO, "modem");
	o.at.boottime_ns = ++m->now_s * NS_PER_S;
	RADIO_SET(&o, registration, REGISTRATION_HOME);
	RADIO_SET(&o, lte_rsrp_dbm, -97);
	RADIO_SET(&o, lte_snr_cdb, (gint16)(420 + signal * 10));
	RADIO_SET(&o, rx0_cdbm, (gint16)(-6230 + power * 10));
	RADIO_SET(&o, rx1_cdbm, -6450);
	RADIO_SET(&o, cells, (CellList){.n = 2});
	for (guint i = 0; i < 2; i++) {
		Cell *cell = &o.radio.cells.cell[i];
		CELL_SET(cell, rat, RAT_LTE);
		CELL_SET(cell, pci, (guint16)(77 + i));
		CELL_SET(cell, rsrp_cdbm, (gint16)(-9730 - (gint)i * 310 + cells * 10));
	}
	m->change = freshness_judge(&m->freshness, &o, &m->duration_ms);
	return o;
}

static gboolean cells_have_figures(const Observation *o)
{
	return CELL_HAS(&o->radio.cells.cell[0], rsrp_cdbm);
}

static void test_moving_figures_are_left_alone(void)
{
	Modem m = {0};
	for (gint i = 0; i < 1000; i++) {
		Observation o = sweep(&m, i % 7, i % 5, i % 3);
		g_assert_false(RADIO_HAS(&o, signal_repeats_ms));
		g_assert_true(RADIO_HAS(&o, lte_rsrp_dbm) && RADIO_HAS(&o, rx0_cdbm) && cells_have_figures(&o));
		g_assert_cmpint(m.change, ==, FRESHNESS_AS_BEFORE);
	}
}

static void test_first_repetition_is_told(void)
{
	Modem m = {0};
	sweep(&m, 1, 0, 0);
	Observation o = sweep(&m, 1, 1, 1);
	g_assert_true(RADIO_HAS(&o, signal_repeats_ms));
	g_assert_cmpuint(o.radio.signal_repeats_ms, ==, 1000);
	g_assert_true(RADIO_HAS(&o, lte_rsrp_dbm));
	o = sweep(&m, 2, 2, 2);
	g_assert_false(RADIO_HAS(&o, signal_repeats_ms));
}

/* The signal stands while power and cells move: a cache. The rest stays. */
static void test_a_cached_signal_is_left_out_alone(void)
{
	Modem m = {0};
	guint with_signal = 0, held = 0;
	for (gint i = 0; i < 100; i++) {
		Observation o = sweep(&m, 3, i % 5, i % 3);
		with_signal += RADIO_HAS(&o, lte_snr_cdb) ? 1 : 0;
		held += m.change == FRESHNESS_HELD_NOW ? 1 : 0;
		g_assert_true(cells_have_figures(&o) && RADIO_HAS(&o, rx0_cdbm) && RADIO_HAS(&o, registration));
	}
	g_assert_cmpuint(with_signal, ==, FRESHNESS_HELD_MS / 1000);
	g_assert_cmpuint(held, ==, 1);
	Observation o = sweep(&m, 4, 0, 0);
	g_assert_cmpint(m.change, ==, FRESHNESS_MOVES_NOW);
	g_assert_cmpuint(m.duration_ms, ==, 99 * 1000);
	g_assert_true(RADIO_HAS(&o, lte_snr_cdb));
}

static void test_everything_stands_still(void)
{
	Modem m = {0};
	guint measured = 0;
	for (gint i = 0; i < 300; i++) {
		Observation o = sweep(&m, 0, 0, 0);
		measured += RADIO_HAS(&o, lte_rsrp_dbm) || RADIO_HAS(&o, rx0_cdbm) || cells_have_figures(&o) ? 1 : 0;
		g_assert_true(RADIO_HAS(&o, registration));
		g_assert_true(i == 0 || !RADIO_HAS(&o, lte_rsrp_dbm) || RADIO_HAS(&o, signal_repeats_ms));
	}
	g_assert_cmpuint(measured, ==, FRESHNESS_STILL_MS / 1000);
}

/* A sweep each ten minutes: the same figures twice prove nothing. */
static void test_two_equal_sweeps_are_no_cache(void)
{
	Modem m = {0};
	for (guint i = 0; i < FRESHNESS_REPEATS; i++) {
		Observation o = sweep(&m, 0, 0, 0);
		m.now_s += 600;
		g_assert_true(RADIO_HAS(&o, lte_rsrp_dbm));
	}
	Observation o = sweep(&m, 0, 0, 0);
	g_assert_false(RADIO_HAS(&o, lte_rsrp_dbm));
}

/* Without service nothing is measured but power, and nothing is held. When a network comes back it is no repetition. */
static void test_silence_is_no_repetition(void)
{
	Modem m = {0};
	for (gint i = 0; i < 200; i++) {
		Observation o;
		observation_init(&o, OBSERVATION_RADIO, "modem");
		o.at.boottime_ns = ++m.now_s * NS_PER_S;
		RADIO_SET(&o, registration, REGISTRATION_SEARCHING);
		g_assert_cmpint(freshness_judge(&m.freshness, &o, &m.duration_ms), ==, FRESHNESS_AS_BEFORE);
		g_assert_false(RADIO_HAS(&o, signal_repeats_ms));
	}
	Observation o = sweep(&m, 0, 0, 0);
	g_assert_false(RADIO_HAS(&o, signal_repeats_ms));
}

/* 2G in a quiet place: one figure in whole decibels that stands for an hour, while the chains' power moves. */
static void test_whole_decibels_are_believed(void)
{
	Modem m = {0};
	for (gint i = 0; i < 3600; i++) {
		Observation o;
		observation_init(&o, OBSERVATION_RADIO, "modem");
		o.at.boottime_ns = ++m.now_s * NS_PER_S;
		RADIO_SET(&o, gsm_rssi_dbm, -71);
		RADIO_SET(&o, rx0_cdbm, (gint16)(-6230 + (i % 3) * 10));
		freshness_judge(&m.freshness, &o, &m.duration_ms);
		g_assert_true(RADIO_HAS(&o, gsm_rssi_dbm));
	}
}

/* No cell far and wide: the chains hear their own noise, which is what tells silence from a jammer. */
static void test_steady_noise_is_believed(void)
{
	Modem m = {0};
	for (gint i = 0; i < 600; i++) {
		Observation o;
		observation_init(&o, OBSERVATION_RADIO, "modem");
		o.at.boottime_ns = ++m.now_s * NS_PER_S;
		RADIO_SET(&o, rx0_cdbm, -9710);
		RADIO_SET(&o, rx1_cdbm, -9730);
		g_assert_cmpint(freshness_judge(&m.freshness, &o, &m.duration_ms), ==, FRESHNESS_AS_BEFORE);
		g_assert_true(RADIO_HAS(&o, rx0_cdbm));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/freshness/moving_figures_are_left_alone", test_moving_figures_are_left_alone);
	g_test_add_func("/freshness/first_repetition_is_told", test_first_repetition_is_told);
	g_test_add_func("/freshness/a_cached_signal_is_left_out_alone", test_a_cached_signal_is_left_out_alone);
	g_test_add_func("/freshness/everything_stands_still", test_everything_stands_still);
	g_test_add_func("/freshness/two_equal_sweeps_are_no_cache", test_two_equal_sweeps_are_no_cache);
	g_test_add_func("/freshness/silence_is_no_repetition", test_silence_is_no_repetition);
	g_test_add_func("/freshness/whole_decibels_are_believed", test_whole_decibels_are_believed);
	g_test_add_func("/freshness/steady_noise_is_believed", test_steady_noise_is_believed);
	return g_test_run();
}
