/* Our own faults: each is found at once and named, and what the network did is not laid at our door.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule_fixture.h"

extern const Rule rule_own_fault;

static RuleRig *served(void)
{
	RuleRig *rig = rig_new(&rule_own_fault);
	rig_set_signal(rig, -85, -10, 10);
	rig_set_rx(rig, -65, 1);
	rig_sweeps(rig, 60);
	return rig;
}

static const Finding *only_finding_of(RuleRig *rig, const char *sub)
{
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->verdict, ==, VERDICT_OWN_FAULT);
	g_assert_cmpstr(f->sub, ==, sub);
	return f;
}

static void test_airplane_mode_is_found_at_once_and_ends_at_once(void)
{
	g_autoptr(RuleRig) rig = served();
	const gint64 begin = rig->now_ms;
	RIG_SET(&rig->state, operating_mode, OPERATING_LOW_POWER);
	rig_sweeps(rig, 40);
	RIG_SET(&rig->state, operating_mode, OPERATING_ONLINE);
	rig_sweeps(rig, 40);
	const Finding *f = only_finding_of(rig, "airplane-mode");
	g_assert_cmpint(f->onset.boot_ms, ==, begin + 1000);
	g_assert_cmpint(f->confirmed_ms, ==, begin + 1000);
	g_assert_cmpint(f->end.boot_ms, ==, begin + 40000);
	g_assert_false(f->open);
}

static void test_card_that_is_out_is_found(void)
{
	static const struct {
		SimState state;
		const char *word;
	} rows[] = {{SIM_STATE_ABSENT, "absent"},
		    {SIM_STATE_PIN, "pin-locked"},
		    {SIM_STATE_PUK, "puk-locked"},
		    {SIM_STATE_ERROR, "error"}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(RuleRig) rig = served();
		rig_set_silent(rig);
		RIG_SET(&rig->state, sim_state, (guint8)rows[i].state);
		rig_sweeps(rig, 5);
		g_assert_true(rig_says(only_finding_of(rig, "sim"), EVIDENCE_FOR, rows[i].word));
	}
}

static void test_modem_that_is_unplugged_is_away_until_it_answers(void)
{
	g_autoptr(RuleRig) rig = served();
	const gint64 begin = rig->now_ms;
	rig_event(rig, EVENT_SOURCE_LOST);
	rig_event(rig, EVENT_DEVICE_REMOVED);
	for (guint i = 0; i < 60; i++) { /* ten minutes, longer than an episode lives without a word */
		rig->now_ms += 10000;
		rig_event(rig, EVENT_HEARTBEAT);
	}
	rig_event(rig, EVENT_DEVICE_ADDED);
	rig_event(rig, EVENT_SOURCE_BACK);
	rig_sweeps(rig, 60);
	const Finding *f = only_finding_of(rig, "usb");
	g_assert_cmpint(f->onset.boot_ms, ==, begin);
	g_assert_cmpint(rig_length_s(f), ==, 600);
}

static void test_modem_that_does_not_answer_and_is_reset_is_no_reset_of_its_own(void)
{
	g_autoptr(RuleRig) rig = served();
	rig_event(rig, EVENT_SOURCE_LOST);
	rig->now_ms += 20000;
	rig_event(rig, EVENT_MODEM_RESET);
	rig->now_ms += 20000;
	rig_event(rig, EVENT_SOURCE_BACK);
	rig_sweeps(rig, 60);
	g_assert_cmpint(rig_length_s(only_finding_of(rig, "no-answer")), ==, 40);
}

static void test_restart_is_found(void)
{
	g_autoptr(RuleRig) rig = served();
	rig_event(rig, EVENT_MODEM_FORGOT);
	rig_sweeps(rig, 10);
	only_finding_of(rig, "modem-reset");
}

static void test_sweep_that_failed_or_a_clock_that_stepped_is_no_fault(void)
{
	g_autoptr(RuleRig) rig = served();
	rig_event(rig, EVENT_SWEEP_FAILED);
	rig_event(rig, EVENT_CLOCK_STEP);
	rig_event(rig, EVENT_RUN_END);
	rig_sweeps(rig, 10);
	rig_assert_nothing(rig);
}

static void test_own_refusals_are_found(void)
{
	static const struct {
		CauseType type;
		guint16 cause;
		const char *sub;
	} rows[] = {{CAUSE_INTERNAL, 219, "session-refused-by-own-side"},
		    {CAUSE_CALL_MANAGER, 2504, "session-refused-by-own-side"},
		    {CAUSE_INTERNAL, 209, "session-refused-by-own-side"},
		    {CAUSE_INTERNAL, 246, "configuration"},
		    {CAUSE_INTERNAL, 243, "thermal"}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(RuleRig) rig = served();
		rig_session(rig, SESSION_FAILED, rows[i].type, rows[i].cause);
		rig_sweeps(rig, 60);
		g_assert_cmpint(rig_length_s(only_finding_of(rig, rows[i].sub)), <=, 30);
	}
}

static void test_back_off_after_the_network_refused_is_no_fault(void)
{
	g_autoptr(RuleRig) rig = served();
	rig_session(rig, SESSION_FAILED, CAUSE_3GPP, 33);
	rig_sweeps(rig, 10);
	rig_session(rig, SESSION_FAILED, CAUSE_INTERNAL, 209);
	rig_sweeps(rig, 10);
	rig_assert_nothing(rig);
}

static void test_refusals_by_network_and_radio_are_no_fault(void)
{
	g_autoptr(RuleRig) rig = served();
	rig_session(rig, SESSION_FAILED, CAUSE_3GPP, 8);
	rig_session(rig, SESSION_FAILED, CAUSE_CALL_MANAGER, 1056);
	rig_session(rig, SESSION_FAILED, CAUSE_3GPP, 50); /* the other family is asked for next */
	rig_session(rig, SESSION_CONNECTED, CAUSE_3GPP, 0);
	rig_sweeps(rig, 60);
	rig_assert_nothing(rig);
}

static void test_wrong_access_point_name_is_configuration(void)
{
	g_autoptr(RuleRig) rig = served();
	rig_session(rig, SESSION_FAILED, CAUSE_3GPP, 27);
	rig_sweeps(rig, 20);
	rig_session(rig, SESSION_FAILED, CAUSE_3GPP, 27);
	rig_sweeps(rig, 5);
	only_finding_of(rig, "configuration");
}

static void test_antenna_of_one_chain_that_comes_off_is_found(void)
{
	g_autoptr(RuleRig) rig = served();
	const gint64 begin = rig->now_ms;
	rig_set_rx(rig, -65, 20); /* 1 dB apart before */
	rig_sweeps(rig, 100);
	const Finding *f = only_finding_of(rig, "antenna");
	g_assert_cmpint(f->onset.boot_ms - begin, <=, 10000);
	g_assert_cmpint(f->confirmed_ms - f->onset.boot_ms, ==, 60000);
	g_assert_true(
		rig_says(f, EVIDENCE_FOR, "receive chain 1 fell to 20 dB behind the strongest one; before, it was 1 dB behind"));
}

static void test_antenna_that_was_never_there_is_no_event(void)
{
	g_autoptr(RuleRig) rig = rig_new(&rule_own_fault);
	rig_set_signal(rig, -85, -10, 10);
	rig_set_rx(rig, -65, 25);
	rig_sweeps(rig, 300);
	rig_assert_nothing(rig);
}

static void test_chain_that_fades_for_half_a_minute_is_no_fault(void)
{
	g_autoptr(RuleRig) rig = served();
	rig_set_rx(rig, -65, 20);
	rig_sweeps(rig, 40);
	rig_set_rx(rig, -65, 1);
	rig_sweeps(rig, 60);
	rig_assert_nothing(rig);
}

static void all_chains_fall(RuleRig *rig)
{
	rig_set_signal(rig, -108, -12, 5);
	rig_set_rx(rig, -86, 1);
}

static void test_antenna_of_all_chains_that_comes_off_is_found(void)
{
	g_autoptr(RuleRig) rig = served();
	all_chains_fall(rig);
	rig_sweeps(rig, 100);
	const Finding *f = only_finding_of(rig, "antenna");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "all receive chains lost 21 dB at once"));
	g_assert_true(rig_leaves_open(f, VERDICT_NO_COVERAGE));
}

static void test_tunnel_is_no_antenna(void)
{
	g_autoptr(RuleRig) rig = served();
	all_chains_fall(rig);
	rig->m.at.position = POSITION_HELD;
	rig_sweeps(rig, 100);
	rig_assert_nothing(rig);
}

static void test_signal_that_fades_slowly_is_no_antenna(void)
{
	g_autoptr(RuleRig) rig = served();
	for (guint i = 0; i < 40; i++) {
		rig_set_signal(rig, -85 - i * 0.6, -11, 8);
		rig_set_rx(rig, -65 - i * 0.6, 1);
		rig_sweep(rig);
	}
	rig_sweeps(rig, 100);
	rig_assert_nothing(rig);
}

static void test_drive_round_a_corner_is_no_antenna(void)
{
	g_autoptr(RuleRig) rig = served();
	all_chains_fall(rig);
	for (guint i = 0; i < 100; i++) {
		rig->m.at.lat += 8 / RIG_M_PER_DEGREE;
		rig_sweep(rig);
	}
	rig_assert_nothing(rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rules/own-fault/airplane-mode", test_airplane_mode_is_found_at_once_and_ends_at_once);
	g_test_add_func("/rules/own-fault/card", test_card_that_is_out_is_found);
	g_test_add_func("/rules/own-fault/unplugged", test_modem_that_is_unplugged_is_away_until_it_answers);
	g_test_add_func("/rules/own-fault/no-answer", test_modem_that_does_not_answer_and_is_reset_is_no_reset_of_its_own);
	g_test_add_func("/rules/own-fault/restart", test_restart_is_found);
	g_test_add_func("/rules/own-fault/failed-sweep-and-clock-step", test_sweep_that_failed_or_a_clock_that_stepped_is_no_fault);
	g_test_add_func("/rules/own-fault/own-refusals", test_own_refusals_are_found);
	g_test_add_func("/rules/own-fault/back-off-of-the-network", test_back_off_after_the_network_refused_is_no_fault);
	g_test_add_func("/rules/own-fault/refusals-of-others", test_refusals_by_network_and_radio_are_no_fault);
	g_test_add_func("/rules/own-fault/wrong-access-point-name", test_wrong_access_point_name_is_configuration);
	g_test_add_func("/rules/own-fault/one-antenna", test_antenna_of_one_chain_that_comes_off_is_found);
	g_test_add_func("/rules/own-fault/antenna-never-there", test_antenna_that_was_never_there_is_no_event);
	g_test_add_func("/rules/own-fault/chain-fades", test_chain_that_fades_for_half_a_minute_is_no_fault);
	g_test_add_func("/rules/own-fault/all-antennas", test_antenna_of_all_chains_that_comes_off_is_found);
	g_test_add_func("/rules/own-fault/tunnel-is-no-antenna", test_tunnel_is_no_antenna);
	g_test_add_func("/rules/own-fault/slow-fading-is-no-antenna", test_signal_that_fades_slowly_is_no_antenna);
	g_test_add_func("/rules/own-fault/corner-is-no-antenna", test_drive_round_a_corner_is_no_antenna);
	return g_test_run();
}
