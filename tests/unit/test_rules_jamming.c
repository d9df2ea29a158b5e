/* Jamming of a whole cell: what must be found, and what must not be called so (verdicts.md). Figures are those of its table and
 * formulas.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule_fixture.h"

extern const Rule rule_jamming_degraded, rule_jamming_blackout;

/* --- degraded --- */

/* An ordinary cell with a baseline; RSSI as of its own power alone at half load: -90 + 10 log10(600) - 3 dB. */
static RuleRig *ordinary(void)
{
	RuleRig *rig = rig_new(&rule_jamming_degraded);
	rig_set_baseline(rig, 5, -90, -9, 12);
	rig_set_signal(rig, -90, -9, 12);
	rig->m.now.rssi_dbm = -65;
	rig_sweeps(rig, 60);
	return rig;
}

/* Noise 10 dB above the cell: SNR -10 dB, RSRQ 1/[12(0.5 + 10)] = -21 dB, which the chip tells as -20; RSSI -90 + 27.8 + 10
 * log10(10.5), which is -52. */
static void jam(RuleRig *rig)
{
	rig_set_signal(rig, -90, -20, -10);
	rig->m.now.rssi_dbm = -52;
}

static void test_broadband_jammer_is_found(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	jam(rig);
	const gint64 onset = rig->now_ms;
	rig_sweeps(rig, 40);
	rig_session(rig, SESSION_ENDED, CAUSE_CALL_MANAGER, 1062);
	rig_sweeps(rig, 50);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->verdict, ==, VERDICT_JAMMING);
	g_assert_cmpstr(f->sub, ==, "degraded");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_cmpint(f->onset.boot_ms - onset, <=, 8000); /* medians need half of their 10 s */
	g_assert_cmpint(f->confirmed_ms - onset, <=, 40000);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "RSRP -90 dBm, -0 dB against 5 other passes") ||
		      rig_says(f, EVIDENCE_FOR, "RSRP -90 dBm, +0 dB against 5 other passes"));
	/* 27.8 dB of 600 subcarriers above -90, thermal noise hardly adds: -62.2; -52 is 10 dB more */
	g_assert_true(rig_says(f, EVIDENCE_FOR, "the channel held 10 dB more power"));
	g_assert_true(rig_says(f, EVIDENCE_FOR, "broke off 1 time"));
}

static void test_ramp_is_found_and_its_onset_is_not_late(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	for (guint i = 0; i <= 60; i++) { /* SNR 12 to -9 dB, RSRQ -9 to -20 dB */
		rig_set_signal(rig, -90, -9 - 11 * i / 60.0, 12 - 21 * i / 60.0);
		rig->m.now.rssi_dbm = -65 + 13 * i / 60.0;
		rig_sweep(rig);
	}
	rig_sweeps(rig, 40);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW); /* nothing was seen to be harmed */
	g_assert_true(rig_says(f, EVIDENCE_AGAINST, "no session broke off"));
}

static void test_jammer_of_less_than_its_time_is_none(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	jam(rig);
	rig_sweeps(rig, 28);
	rig_set_signal(rig, -90, -9, 12);
	rig->m.now.rssi_dbm = -65;
	rig_sweeps(rig, 60);
	rig_assert_nothing(rig);
}

static void test_jammer_ends_when_it_does(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	jam(rig);
	rig_sweeps(rig, 60);
	const gint64 end = rig->now_ms;
	rig_set_signal(rig, -90, -9, 12);
	rig->m.now.rssi_dbm = -65;
	rig_sweeps(rig, 80);
	g_assert_cmpuint(rig->found->len, ==, 1);
	const Finding *f = g_ptr_array_index(rig->found, 0);
	g_assert_false(f->open);
	g_assert_cmpint(ABS(f->end.boot_ms - end), <=, 6000);
}

static void test_signal_that_falls_with_its_quality_is_no_jammer(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	rig_set_signal(rig, -115, -19, -5);
	rig->m.now.rssi_dbm = -80;
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_late_handover_is_no_jammer(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	jam(rig);
	rig->m.now.rssi_dbm = NAN; /* so that the neighbour is all that speaks against it */
	rig_add_heard(rig, TRUE, 1300, 101, -90, -20);
	rig_add_heard(rig, FALSE, 1300, 102, -82, -11); /* 8 dB stronger */
	rig_sweeps(rig, 60);
	rig_assert_nothing(rig);
}

static void test_power_that_cells_explain_is_no_jammer(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	/* as bad as jammed, but the channel holds no more than own cell and three neighbours do: 27.8 dB above -84 */
	jam(rig);
	rig->m.now.rssi_dbm = -56;
	rig_add_heard(rig, TRUE, 1300, 101, -90, -20);
	for (gint i = 0; i < 3; i++)
		rig_add_heard(rig, FALSE, 1300, 102 + i, -90, -20);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_single_rows_of_nonsense_are_nothing(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	for (guint i = 0; i < 60; i++) {
		jam(rig);
		rig_sweep(rig);
		rig_set_signal(rig, -90, -9, 12);
		rig->m.now.rssi_dbm = -65;
		rig_sweeps(rig, 2);
	}
	rig_assert_nothing(rig);
}

static void test_missing_figures_are_nothing(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	jam(rig);
	rig->m.now.snr_db = NAN;
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_held_figures_are_no_observation(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	jam(rig);
	rig_sweeps(rig, 12);
	rig->m.repeats = TRUE;
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_place_of_great_spread_needs_more(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	rig->m.cell_base.snr_spread_db = 12; /* half of the passes are within 12 dB: 22 dB worse is not twice that */
	jam(rig);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_without_rssi_it_is_low_and_says_why(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	jam(rig);
	rig->m.now.rssi_dbm = NAN;
	rig_sweeps(rig, 12);
	rig_session(rig, SESSION_FAILED, CAUSE_CALL_MANAGER, 1056);
	rig_sweeps(rig, 50);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(rig_says(f, EVIDENCE_LIMIT, "without RSSI"));
}

static void test_data_that_stop_are_harm(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	rig->m.rx_packets = rig->m.tx_packets = 100;
	jam(rig);
	for (guint i = 0; i < 60; i++) {
		rig->m.tx_packets += 2;
		rig_sweep(rig);
	}
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "nothing came back"));
}

static void test_without_baseline_it_is_low(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	rig->m.cell_base.passes = 2;
	jam(rig);
	rig_sweeps(rig, 60);
	rig_session(rig, SESSION_ENDED, CAUSE_CALL_MANAGER, 1062);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(rig_says(f, EVIDENCE_LIMIT, "there are not 3 other passes"));
}

static void test_without_baseline_any_neighbour_is_reason_enough(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	rig->m.cell_base.passes = 0;
	jam(rig);
	rig_add_heard(rig, FALSE, 0, -1, -89, -12);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_own_fault_silences_it(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	rig_event(rig, EVENT_MODEM_RESET);
	jam(rig);
	rig_sweeps(rig, 119);
	rig_assert_nothing(rig);
}

/* RSRQ -14 dB, SNR 2 dB, and turned away because the cell is full: a crowd. */
static void test_crowd_is_no_jammer(void)
{
	g_autoptr(RuleRig) rig = ordinary();
	rig_session(rig, SESSION_FAILED, CAUSE_CALL_MANAGER, 1060);
	rig_set_signal(rig, -90, -14, 2);
	rig->m.now.rssi_dbm = NAN;
	rig_sweeps(rig, 100);
	rig_assert_nothing(rig);
}

/* 5 dB better than the others until now: 10.4 dB of noise (J/N 10 dB) leave 5 dB less than they had. */
static void test_pass_that_was_better_is_measured_against_itself(void)
{
	g_autoptr(RuleRig) rig = rig_new(&rule_jamming_degraded), other = rig_new(&rule_jamming_degraded);
	rig_set_baseline(rig, 5, -90, -10, 7);
	rig_set_signal(rig, -90, -9, 12);
	rig_sweeps(rig, 200);
	rig_set_signal(rig, -90, -13.5, 1.6);
	rig_sweeps(rig, 60);
	g_assert_cmpint(rig_only_finding(rig)->confidence, ==, CONFIDENCE_LOW);
	rig_set_baseline(other, 5, -90, -10, 7); /* the same signal where the pass was as ever */
	rig_set_signal(other, -90, -10, 7);
	rig_sweeps(other, 200);
	rig_set_signal(other, -90, -13.5, 1.6);
	rig_sweeps(other, 60);
	rig_assert_nothing(other);
}

/* What counts is how far noise and interference rose, RSRP / SNR, above other passes': 10.4 dB of them (J/N 10 dB) show as less SNR
 * where the cell is stronger than usual, and SNR that falls together with RSRP is none of them. */
static void test_noise_is_measured_and_not_what_the_cell_became(void)
{
	g_autoptr(RuleRig) stronger = rig_new(&rule_jamming_degraded), weaker = rig_new(&rule_jamming_degraded);
	rig_set_baseline(stronger, 5, -90, -10, 4);
	rig_set_signal(stronger, -85, -15, -1.4); /* 1/RSRQ = 10 + 12 * 10 / 9 dB: -13.7 dB, and a fuller cell */
	rig_sweeps(stronger, 60);
	g_assert_cmpint(rig_only_finding(stronger)->confidence, ==, CONFIDENCE_LOW);
	rig_set_baseline(weaker, 5, -90, -10, 10);
	rig_set_signal(weaker, -95, -15, 1); /* RSRP -5 dB, SNR -9 dB: 4 dB more of noise and interference */
	rig_sweeps(weaker, 60);
	rig_assert_nothing(weaker);
}

/* --- blackout --- */

/* Served until now, with so much received power. The floor in 10 MHz is -97 dBm. */
static RuleRig *served(double rx_dbm, double snr_db)
{
	RuleRig *rig = rig_new(&rule_jamming_blackout);
	rig_set_signal(rig, -95, -10, snr_db);
	rig_set_rx(rig, rx_dbm, 0);
	rig_sweeps(rig, 30);
	return rig;
}

static void test_power_without_cells_is_a_blackout(void)
{
	g_autoptr(RuleRig) rig = served(-80, 10);
	rig_set_silent(rig);
	rig_set_rx(rig, -70, 0);
	const gint64 onset = rig->now_ms;
	rig_sweeps(rig, 45);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpstr(f->sub, ==, "blackout");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW); /* one band, less than a minute */
	g_assert_cmpint(f->confirmed_ms - onset, <=, 40000);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "the received power stayed at -70 dBm, 27 dB above the noise floor"));
	g_assert_true(rig_says(f, EVIDENCE_FOR, "+10 dB against the power received just before"));
	g_assert_cmpstr(f->plmn, ==, RIG_HOME); /* that of the last cell */
}

static void test_blackout_on_two_bands_for_a_minute_is_medium(void)
{
	g_autoptr(RuleRig) rig = served(-80, 10);
	rig_set_place(rig, 5, 5, -78, -90);
	rig_set_silent(rig);
	rig_set_rx(rig, -70, 0);
	RIG_SET(&rig->cell, band, 3);
	rig_sweeps(rig, 40);
	RIG_SET(&rig->cell, band, 20);
	rig_sweeps(rig, 40);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "8 dB more than is usual here (5 other passes)"));
}

static void test_blackout_on_one_band_stays_low(void)
{
	g_autoptr(RuleRig) rig = served(-80, 10);
	rig_set_silent(rig);
	rig_set_rx(rig, -70, 0);
	rig_sweeps(rig, 100);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(rig_says(f, EVIDENCE_LIMIT, "one band only"));
	g_assert_true(rig_leaves_open(f, VERDICT_OWN_FAULT));
}

/* More than is usual, but not by far above the noise: 7 dB. */
static void test_power_close_to_the_floor_is_no_jammer(void)
{
	g_autoptr(RuleRig) rig = served(-95, 10);
	rig_set_silent(rig);
	rig_set_rx(rig, -90, 0);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_silence_at_the_floor_is_no_jammer(void)
{
	g_autoptr(RuleRig) rig = served(-80, 10);
	rig_set_silent(rig);
	rig_set_rx(rig, -97, 0);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_power_below_the_usual_is_no_jammer(void)
{
	g_autoptr(RuleRig) rig = served(-60, 10);
	rig_set_silent(rig);
	rig_set_rx(rig, -75, 0);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

/* The power of the cells is there as before: the receiver does not decode. */
static void test_deaf_modem_is_no_jammer(void)
{
	g_autoptr(RuleRig) rig = served(-70, 10);
	rig_set_silent(rig);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

/* Loud already before service went: that the power rose no more says nothing. */
static void test_blackout_after_drowning_is_found(void)
{
	g_autoptr(RuleRig) rig = served(-62, -7);
	rig_set_silent(rig);
	rig_set_rx(rig, -62.5, 0);
	rig_sweeps(rig, 60);
	g_assert_true(rig_says(rig_only_finding(rig), EVIDENCE_FOR, "drowning already: SNR -7 dB"));
}

static void test_blackout_needs_service_shortly_before(void)
{
	g_autoptr(RuleRig) rig = served(-80, 10);
	rig_set_silent(rig);
	rig_sweeps(rig, 121); /* the usual power */
	rig_set_rx(rig, -60, 0);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
	g_autoptr(RuleRig) never = rig_new(&rule_jamming_blackout);
	rig_set_place(never, 5, 5, -80, -90);
	rig_set_silent(never);
	rig_set_rx(never, -60, 0);
	rig_sweeps(never, 120);
	rig_assert_nothing(never);
}

static void test_modem_without_power_figures_gets_no_blackout(void)
{
	g_autoptr(RuleRig) rig = served(NAN, 10);
	rig_set_silent(rig);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_short_blackout_is_nothing(void)
{
	g_autoptr(RuleRig) rig = served(-80, 10);
	rig_set_silent(rig);
	rig_set_rx(rig, -65, 0);
	rig_sweeps(rig, 28);
	rig_set_served(rig);
	rig_set_signal(rig, -95, -10, 10);
	rig_sweeps(rig, 70);
	rig_assert_nothing(rig);
}

static void test_cell_that_lets_nobody_in_is_no_blackout(void)
{
	g_autoptr(RuleRig) rig = served(-80, 10);
	rig->state.service = SERVICE_STATE_LIMITED;
	rig_set_rx(rig, -60, 0);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rules/degraded/broadband-jammer-is-found", test_broadband_jammer_is_found);
	g_test_add_func("/rules/degraded/ramp-is-found", test_ramp_is_found_and_its_onset_is_not_late);
	g_test_add_func("/rules/degraded/less-than-its-time-is-none", test_jammer_of_less_than_its_time_is_none);
	g_test_add_func("/rules/degraded/ends-when-it-does", test_jammer_ends_when_it_does);
	g_test_add_func("/rules/degraded/falling-signal-is-no-jammer", test_signal_that_falls_with_its_quality_is_no_jammer);
	g_test_add_func("/rules/degraded/late-handover-is-no-jammer", test_late_handover_is_no_jammer);
	g_test_add_func("/rules/degraded/power-that-cells-explain-is-no-jammer", test_power_that_cells_explain_is_no_jammer);
	g_test_add_func("/rules/degraded/single-rows-of-nonsense-are-nothing", test_single_rows_of_nonsense_are_nothing);
	g_test_add_func("/rules/degraded/missing-figures-are-nothing", test_missing_figures_are_nothing);
	g_test_add_func("/rules/degraded/held-figures-are-no-observation", test_held_figures_are_no_observation);
	g_test_add_func("/rules/degraded/place-of-great-spread-needs-more", test_place_of_great_spread_needs_more);
	g_test_add_func("/rules/degraded/without-rssi-it-is-low", test_without_rssi_it_is_low_and_says_why);
	g_test_add_func("/rules/degraded/data-that-stop-are-harm", test_data_that_stop_are_harm);
	g_test_add_func("/rules/degraded/without-baseline-it-is-low", test_without_baseline_it_is_low);
	g_test_add_func("/rules/degraded/neighbour-of-unknown-carrier", test_without_baseline_any_neighbour_is_reason_enough);
	g_test_add_func("/rules/degraded/own-fault-silences-it", test_own_fault_silences_it);
	g_test_add_func("/rules/degraded/crowd-is-no-jammer", test_crowd_is_no_jammer);
	g_test_add_func("/rules/degraded/better-pass-against-itself", test_pass_that_was_better_is_measured_against_itself);
	g_test_add_func("/rules/degraded/noise-is-measured", test_noise_is_measured_and_not_what_the_cell_became);
	g_test_add_func("/rules/blackout/power-without-cells", test_power_without_cells_is_a_blackout);
	g_test_add_func("/rules/blackout/two-bands-for-a-minute-are-medium", test_blackout_on_two_bands_for_a_minute_is_medium);
	g_test_add_func("/rules/blackout/one-band-stays-low", test_blackout_on_one_band_stays_low);
	g_test_add_func("/rules/blackout/power-close-to-the-floor", test_power_close_to_the_floor_is_no_jammer);
	g_test_add_func("/rules/blackout/silence-at-the-floor-is-no-jammer", test_silence_at_the_floor_is_no_jammer);
	g_test_add_func("/rules/blackout/power-below-the-usual-is-no-jammer", test_power_below_the_usual_is_no_jammer);
	g_test_add_func("/rules/blackout/deaf-modem-is-no-jammer", test_deaf_modem_is_no_jammer);
	g_test_add_func("/rules/blackout/after-drowning-is-found", test_blackout_after_drowning_is_found);
	g_test_add_func("/rules/blackout/needs-service-shortly-before", test_blackout_needs_service_shortly_before);
	g_test_add_func("/rules/blackout/no-power-figures-no-verdict", test_modem_without_power_figures_gets_no_blackout);
	g_test_add_func("/rules/blackout/short-is-nothing", test_short_blackout_is_nothing);
	g_test_add_func("/rules/blackout/cell-that-lets-nobody-in", test_cell_that_lets_nobody_in_is_no_blackout);
	return g_test_run();
}
