/* One carrier, the uplink, satellites, fake cells: what one modem can say little of, and must not say more (verdicts.md).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule_fixture.h"

extern const Rule rule_jamming_narrow, rule_jamming_uplink, rule_gnss_jam, rule_fake_cell;

/* --- one carrier --- */

static RuleRig *on_carrier(void)
{
	RuleRig *rig = rig_new(&rule_jamming_narrow);
	rig_set_signal(rig, -90, -9, 12);
	rig_set_rx(rig, -68, 0);
	rig_sweeps(rig, 60);
	return rig;
}

/* Another carrier of the network serves, well. */
static void change_carrier(RuleRig *rig)
{
	rig_set_served(rig);
	rig_set_cell(rig, 9, RAT_LTE, 6300, 7);
	rig_set_signal(rig, -95, -10, 10);
}

static void test_carrier_that_drowned_is_found_from_the_next_one(void)
{
	g_autoptr(RuleRig) rig = on_carrier();
	rig_set_signal(rig, -90, -19, -8);
	rig_sweeps(rig, 12);
	change_carrier(rig);
	rig_sweeps(rig, 90);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->verdict, ==, VERDICT_JAMMING);
	g_assert_cmpstr(f->sub, ==, "narrow");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_cmpint(f->confirmed_ms - f->onset.boot_ms, ==, 60000);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "EARFCN 1300 the signal held (RSRP -90, then -90 dBm)"));
	g_assert_true(rig_says(f, EVIDENCE_FOR, "SNR 12, then -8 dB"));
}

static void test_carrier_that_was_lost_in_loud_silence_is_found(void)
{
	g_autoptr(RuleRig) rig = on_carrier();
	rig_set_silent(rig);
	rig_set_rx(rig, -55, 0);
	rig_sweeps(rig, 10);
	change_carrier(rig);
	rig_sweeps(rig, 90);
	g_assert_true(rig_says(rig_only_finding(rig), EVIDENCE_FOR, "the received power rose, from -68 to"));
}

static void test_ordinary_change_of_carrier_is_nothing(void)
{
	g_autoptr(RuleRig) rig = on_carrier();
	change_carrier(rig);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

/* Maintenance: the carrier goes quietly. */
static void test_carrier_that_goes_quietly_is_nothing(void)
{
	g_autoptr(RuleRig) rig = on_carrier();
	rig_set_silent(rig);
	rig_set_rx(rig, -96, 0);
	rig_sweeps(rig, 10);
	change_carrier(rig);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_carrier_left_behind_on_the_way_is_nothing(void)
{
	g_autoptr(RuleRig) rig = on_carrier();
	rig_set_signal(rig, -90, -19, -8);
	rig_sweeps(rig, 12);
	change_carrier(rig);
	for (guint i = 0; i < 120; i++) {
		rig->m.at.lat += 10 / RIG_M_PER_DEGREE;
		rig_sweep(rig);
	}
	rig_assert_nothing(rig);
}

static void test_carrier_that_serves_again_is_not_lost(void)
{
	g_autoptr(RuleRig) rig = on_carrier();
	rig_set_signal(rig, -90, -19, -8);
	rig_sweeps(rig, 12);
	change_carrier(rig);
	rig_sweeps(rig, 50);
	rig_set_served(rig);
	rig_set_signal(rig, -90, -9, 12);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_broadcast_that_cannot_be_read_is_of_the_control_channels(void)
{
	g_autoptr(RuleRig) rig = on_carrier();
	for (guint i = 0; i < 5; i++) {
		rig_session(rig, SESSION_FAILED, CAUSE_CALL_MANAGER, 1059);
		rig_sweeps(rig, 20);
	}
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpstr(f->sub, ==, "control");
	g_assert_true(rig_says(f, EVIDENCE_FOR, "5 times the connection broke"));
	g_autoptr(RuleRig) once = on_carrier();
	rig_session(once, SESSION_FAILED, CAUSE_CALL_MANAGER, 1059);
	rig_sweeps(once, 100);
	rig_assert_nothing(once);
}

/* --- uplink --- */

static RuleRig *heard_well(void)
{
	RuleRig *rig = rig_new(&rule_jamming_uplink);
	rig_set_baseline(rig, 5, -90, -9, 12);
	rig_set_signal(rig, -91, -9, 11);
	rig->m.now.tx_dbm = 23;
	rig_sweeps(rig, 30);
	return rig;
}

static void try_and_fail(RuleRig *rig, guint times, guint16 reason)
{
	for (guint i = 0; i < times; i++) {
		rig_sweeps(rig, 20);
		rig_session(rig, SESSION_FAILED, CAUSE_CALL_MANAGER, reason);
	}
	rig_sweeps(rig, 5);
}

static void test_attempts_that_nobody_hears_are_found(void)
{
	g_autoptr(RuleRig) rig = heard_well();
	try_and_fail(rig, 6, 1056);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpstr(f->sub, ==, "uplink");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "6 attempts"));
	g_assert_cmpint(f->confirmed_ms - f->onset.boot_ms, ==, 80000); /* the fifth attempt */
}

static void test_four_attempts_are_too_few(void)
{
	g_autoptr(RuleRig) rig = heard_well();
	try_and_fail(rig, 4, 1056);
	rig_sweeps(rig, 100);
	rig_assert_nothing(rig);
}

static void test_attempt_that_succeeds_begins_anew(void)
{
	g_autoptr(RuleRig) rig = heard_well();
	try_and_fail(rig, 4, 1056);
	rig_session(rig, SESSION_CONNECTED, CAUSE_3GPP, 0);
	try_and_fail(rig, 4, 1056);
	rig_assert_nothing(rig);
}

static void test_cell_that_rejects_hears_us(void)
{
	g_autoptr(RuleRig) rig = heard_well();
	for (guint i = 0; i < 5; i++) {
		try_and_fail(rig, 3, 1056);
		try_and_fail(rig, 1, 1060);
	}
	rig_assert_nothing(rig);
}

static void test_uplink_needs_power_and_a_good_downlink(void)
{
	g_autoptr(RuleRig) quiet = heard_well(), far = heard_well(), untold = heard_well(), drowned = heard_well();
	quiet->m.now.tx_dbm = 15;
	rig_sweep(quiet);
	rig_session(quiet, SESSION_FAILED, CAUSE_CALL_MANAGER, 1056); /* of before */
	try_and_fail(quiet, 4, 1056);
	rig_assert_nothing(quiet);
	rig_set_signal(far, -112, -12, 3);
	rig_set_baseline(far, 5, -112, -12, 3);
	rig_sweeps(far, 20);
	try_and_fail(far, 8, 1056);
	rig_assert_nothing(far);
	untold->m.now.tx_dbm = NAN;
	try_and_fail(untold, 1, 1056);
	try_and_fail(untold, 4, 1056);
	rig_assert_nothing(untold);
	rig_set_signal(drowned, -91, -18, -5);
	rig_sweeps(drowned, 20);
	try_and_fail(drowned, 8, 1056);
	rig_assert_nothing(drowned);
}

static void test_uplink_without_baseline_is_low(void)
{
	g_autoptr(RuleRig) rig = heard_well();
	rig->m.cell_base.passes = 0;
	try_and_fail(rig, 6, 1056);
	g_assert_cmpint(rig_only_finding(rig)->confidence, ==, CONFIDENCE_LOW);
}

/* --- satellites --- */

static void sky(RuleRig *rig, guint seconds, double top_dbhz, double mean_dbhz, guint8 used)
{
	for (guint i = 0; i < seconds; i++) {
		rig->now_ms += 1000;
		Observation *o = rig_observe(rig, OBSERVATION_SKY);
		SKY_SET(o, satellites_visible, 12);
		SKY_SET(o, satellites_used, used);
		if (top_dbhz > 0) {
			SKY_SET(o, cn0_top4_cdbhz, (guint16)(top_dbhz * 100));
			SKY_SET(o, cn0_mean_cdbhz, (guint16)(mean_dbhz * 100));
		}
		rig_seen(rig);
		o = rig_observe(rig, OBSERVATION_FIX);
		FIX_SET(o, mode, used >= 4 ? FIX_MODE_3D : FIX_MODE_NONE);
		rig_seen(rig);
	}
}

static void test_satellites_that_all_fade_at_once_are_found(void)
{
	g_autoptr(RuleRig) rig = rig_new(&rule_gnss_jam);
	sky(rig, 60, 46, 40, 10);
	const gint64 onset = rig->now_ms;
	sky(rig, 60, 30, 25, 3);
	sky(rig, 60, 46, 40, 10);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_cmpint(f->onset.boot_ms, ==, onset + 1000);
	g_assert_cmpint(f->end.boot_ms, ==, onset + 60000);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "fell from 46 to 30 dB-Hz, and the mean of all from 40 to 25 dB-Hz"));
	g_assert_true(rig_says(f, EVIDENCE_FOR, "the position was lost"));
	g_assert_true(rig_leaves_open(f, VERDICT_NO_COVERAGE));
}

static void test_satellites_that_all_vanish_are_found(void)
{
	g_autoptr(RuleRig) rig = rig_new(&rule_gnss_jam);
	sky(rig, 60, 46, 40, 10);
	sky(rig, 40, 0, 0, 0);
	g_assert_true(rig_says(rig_only_finding(rig), EVIDENCE_FOR, "no satellite was heard any more"));
}

static void test_sky_that_closes_slowly_is_an_obstacle(void)
{
	g_autoptr(RuleRig) rig = rig_new(&rule_gnss_jam);
	sky(rig, 60, 46, 40, 10);
	for (guint i = 0; i < 60; i++)
		sky(rig, 1, 46 - i / 4.0, 40 - i / 4.0, 8);
	sky(rig, 60, 31, 25, 4);
	rig_assert_nothing(rig);
}

static void test_half_of_the_sky_is_an_obstacle(void)
{
	g_autoptr(RuleRig) rig = rig_new(&rule_gnss_jam);
	sky(rig, 60, 46, 40, 10);
	sky(rig, 60, 44, 31, 5); /* the strongest are as they were */
	rig_assert_nothing(rig);
}

static void test_fading_of_ten_seconds_is_nothing(void)
{
	g_autoptr(RuleRig) rig = rig_new(&rule_gnss_jam);
	sky(rig, 60, 46, 40, 10);
	sky(rig, 15, 30, 25, 3);
	sky(rig, 60, 46, 40, 10);
	rig_assert_nothing(rig);
}

static void test_receiver_that_never_had_satellites_lost_none(void)
{
	g_autoptr(RuleRig) rig = rig_new(&rule_gnss_jam);
	sky(rig, 200, 0, 0, 0);
	rig_assert_nothing(rig);
}

/* --- fake cells --- */

static RuleRig *at_a_known_place(void)
{
	RuleRig *rig = rig_new(&rule_fake_cell);
	rig_set_place(rig, 6, 6, -65, -90);
	rig_set_baseline(rig, 6, -90, -9, 12);
	rig_set_signal(rig, -90, -9, 12);
	rig_sweeps(rig, 30);
	return rig;
}

static void strong_cell(RuleRig *rig, guint passes)
{
	rig_set_cell(rig, 66, RAT_LTE, 1300, 500);
	rig->m.cell_base.passes = passes;
	rig_set_signal(rig, -60, -8, 20);
	rig_sweeps(rig, 5);
}

static void denied(RuleRig *rig, guint8 cause)
{
	rig->state.service = SERVICE_STATE_DENIED;
	RIG_SET(&rig->state, reject_cause, cause);
	rig_sweeps(rig, 3);
}

static void on_gsm(RuleRig *rig)
{
	rig_set_served(rig);
	rig_set_cell(rig, 67, RAT_GSM, 50, 5);
	rig_set_signal(rig, NAN, NAN, NAN);
	rig->m.now.rssi_dbm = -70;
	rig_sweeps(rig, 30);
}

static void test_fake_cell_is_found_and_low(void)
{
	g_autoptr(RuleRig) rig = at_a_known_place();
	strong_cell(rig, 0);
	denied(rig, 7);
	on_gsm(rig);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->verdict, ==, VERDICT_FAKE_CELL);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "30 dB stronger than what is usual (RSRP -60 dBm)"));
	g_assert_true(rig_says(f, EVIDENCE_FOR, "cause 7"));
	g_assert_true(rig_leaves_open(f, VERDICT_REJECTED));
}

static void test_cell_that_lacks_one_of_the_signs_is_no_fake(void)
{
	g_autoptr(RuleRig) known = at_a_known_place(), busy = at_a_known_place(), polite = at_a_known_place(),
			   full = at_a_known_place();
	strong_cell(known, 4); /* known here */
	denied(known, 7);
	on_gsm(known);
	rig_assert_nothing(known);
	for (gint i = 0; i < 3; i++) /* neighbours */
		rig_add_heard(busy, FALSE, 1300, i, -80, -12);
	strong_cell(busy, 0);
	denied(busy, 7);
	on_gsm(busy);
	rig_assert_nothing(busy);
	strong_cell(polite, 0); /* no reject */
	on_gsm(polite);
	rig_assert_nothing(polite);
	strong_cell(full, 0); /* overload */
	denied(full, 22);
	on_gsm(full);
	rig_assert_nothing(full);
}

static void test_reject_without_gsm_is_no_fake_cell(void)
{
	g_autoptr(RuleRig) rig = at_a_known_place();
	strong_cell(rig, 0);
	denied(rig, 7);
	rig_sweeps(rig, 200);
	rig_assert_nothing(rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rules/narrow/carrier-that-drowned", test_carrier_that_drowned_is_found_from_the_next_one);
	g_test_add_func("/rules/narrow/lost-in-loud-silence", test_carrier_that_was_lost_in_loud_silence_is_found);
	g_test_add_func("/rules/narrow/ordinary-change-of-carrier", test_ordinary_change_of_carrier_is_nothing);
	g_test_add_func("/rules/narrow/goes-quietly", test_carrier_that_goes_quietly_is_nothing);
	g_test_add_func("/rules/narrow/left-behind", test_carrier_left_behind_on_the_way_is_nothing);
	g_test_add_func("/rules/narrow/serves-again", test_carrier_that_serves_again_is_not_lost);
	g_test_add_func("/rules/narrow/control-channels", test_broadcast_that_cannot_be_read_is_of_the_control_channels);
	g_test_add_func("/rules/uplink/nobody-hears", test_attempts_that_nobody_hears_are_found);
	g_test_add_func("/rules/uplink/four-are-too-few", test_four_attempts_are_too_few);
	g_test_add_func("/rules/uplink/success-begins-anew", test_attempt_that_succeeds_begins_anew);
	g_test_add_func("/rules/uplink/cell-that-rejects-hears-us", test_cell_that_rejects_hears_us);
	g_test_add_func("/rules/uplink/needs-power-and-downlink", test_uplink_needs_power_and_a_good_downlink);
	g_test_add_func("/rules/uplink/without-baseline-is-low", test_uplink_without_baseline_is_low);
	g_test_add_func("/rules/gnss/all-fade-at-once", test_satellites_that_all_fade_at_once_are_found);
	g_test_add_func("/rules/gnss/all-vanish", test_satellites_that_all_vanish_are_found);
	g_test_add_func("/rules/gnss/closes-slowly", test_sky_that_closes_slowly_is_an_obstacle);
	g_test_add_func("/rules/gnss/half-of-the-sky", test_half_of_the_sky_is_an_obstacle);
	g_test_add_func("/rules/gnss/fading-of-ten-seconds", test_fading_of_ten_seconds_is_nothing);
	g_test_add_func("/rules/gnss/never-had-any", test_receiver_that_never_had_satellites_lost_none);
	g_test_add_func("/rules/fake-cell/found-and-low", test_fake_cell_is_found_and_low);
	g_test_add_func("/rules/fake-cell/lacks-a-sign", test_cell_that_lacks_one_of_the_signs_is_no_fake);
	g_test_add_func("/rules/fake-cell/reject-without-gsm", test_reject_without_gsm_is_no_fake_cell);
	return g_test_run();
}
