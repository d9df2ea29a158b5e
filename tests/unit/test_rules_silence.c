/* Silence: cells that are gone, coverage that never was, and what nobody can tell (verdicts.md).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule_fixture.h"

extern const Rule rule_cells_off, rule_no_coverage, rule_undetermined, rule_jamming_blackout, rule_jamming_degraded;

/* Served until now; the noise floor in 10 MHz is -97 dBm. */
static RuleRig *served(const Rule *rule, double rsrp_dbm, double rx_dbm)
{
	RuleRig *rig = rig_new(rule);
	rig_set_signal(rig, rsrp_dbm, -10, 10);
	rig_set_rx(rig, rx_dbm, 0);
	rig_sweeps(rig, 30);
	return rig;
}

static void fall_silent(RuleRig *rig)
{
	rig_set_silent(rig);
	rig_set_rx(rig, -96, 0);
}

/* --- cells-off --- */

static void test_cells_that_were_always_there_are_off(void)
{
	g_autoptr(RuleRig) rig = served(&rule_cells_off, -85, -65);
	rig_set_place(rig, 6, 6, -65, -85);
	fall_silent(rig);
	const gint64 onset = rig->now_ms;
	rig_sweeps(rig, 240);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->verdict, ==, VERDICT_CELLS_OFF);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_cmpint(f->confirmed_ms - onset, <=, 190000);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "6 of 6 other passes had service (usual RSRP -85 dBm)"));
	g_assert_true(rig_says(f, EVIDENCE_FOR, "down at the noise (-96 dBm, 1 dB above the floor)"));
	g_assert_true(rig_leaves_open(f, VERDICT_OWN_FAULT));
}

static void test_less_than_three_minutes_are_not_off(void)
{
	g_autoptr(RuleRig) rig = served(&rule_cells_off, -85, -65);
	rig_set_place(rig, 6, 6, -65, -85);
	fall_silent(rig);
	rig_sweeps(rig, 175);
	rig_assert_nothing(rig);
}

static void test_power_on_the_air_is_not_off(void)
{
	g_autoptr(RuleRig) rig = served(&rule_cells_off, -85, -65);
	rig_set_place(rig, 6, 6, -65, -85);
	rig_set_silent(rig);
	rig_set_rx(rig, -80, 0);
	rig_sweeps(rig, 300);
	rig_assert_nothing(rig);
}

static void test_place_that_had_no_service_is_not_off(void)
{
	g_autoptr(RuleRig) rig = served(&rule_cells_off, -85, -65);
	rig_set_place(rig, 6, 2, -65, -85);
	fall_silent(rig);
	rig_sweeps(rig, 300);
	rig_assert_nothing(rig);
}

static void test_tunnel_is_not_off(void)
{
	g_autoptr(RuleRig) rig = served(&rule_cells_off, -85, -65);
	rig_set_place(rig, 6, 6, -65, -85); /* of the place that is held on to */
	fall_silent(rig);
	rig->m.at.position = POSITION_HELD;
	rig_sweeps(rig, 300);
	rig_assert_nothing(rig);
}

static void test_silence_without_power_figures_is_not_off(void)
{
	g_autoptr(RuleRig) rig = served(&rule_cells_off, -85, NAN);
	rig_set_place(rig, 6, 6, NAN, -85);
	rig_set_silent(rig);
	rig_sweeps(rig, 300);
	rig_assert_nothing(rig);
}

static void test_cell_of_another_network_shows_that_the_antenna_works(void)
{
	g_autoptr(RuleRig) rig = served(&rule_cells_off, -85, -65);
	rig_set_place(rig, 6, 6, -65, -85);
	rig->state.service = SERVICE_STATE_LIMITED;
	g_strlcpy(rig->cell.plmn, "257-02", sizeof rig->cell.plmn);
	rig_sweeps(rig, 240);
	const Finding *f = rig_only_finding(rig);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "a cell of another network (257-02)"));
	g_assert_false(rig_leaves_open(f, VERDICT_OWN_FAULT));
	g_assert_true(rig_leaves_open(f, VERDICT_JAMMING)); /* of the network's own channels nothing is known */
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
}

static void test_standing_still_is_weak_evidence(void)
{
	g_autoptr(RuleRig) rig = served(&rule_cells_off, -85, -65);
	fall_silent(rig);
	rig->m.at.lat += 20 / RIG_M_PER_DEGREE;
	rig_sweeps(rig, 240);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(rig_leaves_open(f, VERDICT_NO_COVERAGE));
}

static void test_walking_away_without_baseline_is_nothing(void)
{
	g_autoptr(RuleRig) rig = served(&rule_cells_off, -85, -65);
	fall_silent(rig);
	for (guint i = 0; i < 300; i++) {
		rig->m.at.lat += 1.4 / RIG_M_PER_DEGREE;
		rig_sweep(rig);
	}
	rig_assert_nothing(rig);
}

static void test_cells_that_come_back_are_not_off_any_more(void)
{
	g_autoptr(RuleRig) rig = served(&rule_cells_off, -85, -65);
	rig_set_place(rig, 6, 6, -65, -85);
	fall_silent(rig);
	rig_sweeps(rig, 240);
	const gint64 end = rig->now_ms;
	rig_set_served(rig);
	rig_set_signal(rig, -85, -10, 10);
	rig_set_rx(rig, -65, 0);
	rig_sweeps(rig, 370);
	const Finding *f = rig_only_finding(rig);
	g_assert_false(f->open);
	g_assert_cmpint(f->end.boot_ms, ==, end);
}

/* --- no-coverage --- */

static void test_cell_edge_is_no_coverage(void)
{
	g_autoptr(RuleRig) rig = served(&rule_no_coverage, -105, -85);
	rig_set_signal(rig, -118, -15, -5);
	rig_set_rx(rig, -90, 0);
	rig_sweeps(rig, 60);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->verdict, ==, VERDICT_NO_COVERAGE);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "RSRP -118 to -118 dBm"));
}

static void tunnel(const Rule *rule, RuleRig **ret_rig)
{
	RuleRig *rig = *ret_rig = served(rule, -85, -62);
	rig_set_signal(rig, -100, -12, 5);
	rig_set_rx(rig, -80, 0);
	rig_sweeps(rig, 2);
	fall_silent(rig);
	rig->m.at.position = POSITION_HELD;
	rig_sweeps(rig, 90);
}

static void test_tunnel_is_no_coverage_and_no_jamming(void)
{
	g_autoptr(RuleRig) rig = NULL, blackout = NULL, degraded = NULL;
	tunnel(&rule_no_coverage, &rig);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "satellites were lost at the same time"));
	tunnel(&rule_jamming_blackout, &blackout);
	rig_assert_nothing(blackout);
	tunnel(&rule_jamming_degraded, &degraded);
	rig_assert_nothing(degraded);
}

static void test_place_without_service_on_other_passes_is_no_coverage(void)
{
	g_autoptr(RuleRig) rig = served(&rule_no_coverage, -85, -65);
	rig_set_place(rig, 5, 1, -95, NAN);
	fall_silent(rig);
	rig_sweeps(rig, 60);
	g_assert_true(rig_says(rig_only_finding(rig), EVIDENCE_FOR, "no service here either (1 of 5 had some)"));
}

static void test_silence_without_power_figures_is_low(void)
{
	g_autoptr(RuleRig) rig = served(&rule_no_coverage, -112, NAN);
	rig_set_silent(rig);
	rig_sweeps(rig, 60);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(rig_leaves_open(f, VERDICT_JAMMING));
}

static void test_power_on_the_air_is_not_want_of_coverage(void)
{
	g_autoptr(RuleRig) rig = served(&rule_no_coverage, -112, -85);
	rig_set_silent(rig);
	rig_set_rx(rig, -70, 0);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

/* Under open sky, from a strong signal, where nothing is known of the place: not for this rule to say. */
static void test_sudden_silence_is_not_want_of_coverage(void)
{
	g_autoptr(RuleRig) rig = served(&rule_no_coverage, -85, -65);
	fall_silent(rig);
	rig_sweeps(rig, 120);
	rig_assert_nothing(rig);
}

static void test_underpass_is_nothing(void)
{
	g_autoptr(RuleRig) rig = served(&rule_no_coverage, -85, -65);
	fall_silent(rig);
	rig->m.at.position = POSITION_HELD;
	rig_sweeps(rig, 18);
	rig_set_served(rig);
	rig_set_signal(rig, -85, -10, 10);
	rig_set_rx(rig, -65, 0);
	rig->m.at.position = POSITION_LIVE;
	rig_sweeps(rig, 60);
	rig_assert_nothing(rig);
}

/* --- undetermined --- */

static void test_lost_service_is_told_with_its_candidates(void)
{
	g_autoptr(RuleRig) rig = served(&rule_undetermined, -85, NAN);
	rig_set_silent(rig);
	rig_sweeps(rig, 90);
	const Finding *f = rig_only_finding(rig);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "service was gone for 90 s (no cell was heard)"));
	g_assert_true(rig_leaves_open(f, VERDICT_JAMMING));
	g_assert_true(rig_leaves_open(f, VERDICT_CELLS_OFF));
	g_assert_true(rig_leaves_open(f, VERDICT_NO_COVERAGE));
}

static void test_received_power_narrows_the_candidates(void)
{
	g_autoptr(RuleRig) rig = served(&rule_undetermined, -85, -65), loud = served(&rule_undetermined, -85, -65);
	fall_silent(rig);
	rig_sweeps(rig, 90);
	g_assert_false(rig_leaves_open(rig_only_finding(rig), VERDICT_JAMMING));
	g_assert_true(rig_leaves_open(g_ptr_array_index(rig->found, 0), VERDICT_CELLS_OFF));
	rig_set_silent(loud);
	rig_sweeps(loud, 90);
	g_assert_true(rig_leaves_open(rig_only_finding(loud), VERDICT_JAMMING));
	g_assert_false(rig_leaves_open(g_ptr_array_index(loud->found, 0), VERDICT_CELLS_OFF));
}

static void test_short_loss_is_nothing(void)
{
	g_autoptr(RuleRig) rig = served(&rule_undetermined, -85, -65);
	fall_silent(rig);
	rig_sweeps(rig, 55);
	rig_assert_nothing(rig);
}

static void test_recording_that_begins_without_service_has_lost_none(void)
{
	g_autoptr(RuleRig) rig = rig_new(&rule_undetermined);
	rig_set_silent(rig);
	rig_sweeps(rig, 300);
	rig_assert_nothing(rig);
}

static void test_quality_that_a_neighbour_explains_is_undetermined(void)
{
	g_autoptr(RuleRig) rig = served(&rule_undetermined, -90, -65);
	rig_set_baseline(rig, 5, -90, -9, 12);
	rig_set_signal(rig, -90, -19, -7);
	rig_add_heard(rig, FALSE, 1300, 102, -83, -11);
	rig_sweeps(rig, 90);
	const Finding *f = rig_only_finding(rig);
	g_assert_true(rig_says(f, EVIDENCE_FOR, "RSRQ by 10 dB, SNR by 19 dB"));
	g_assert_true(rig_says(f, EVIDENCE_AGAINST, "up to 7 dB stronger"));
}

static void test_own_fault_is_not_undetermined(void)
{
	g_autoptr(RuleRig) rig = served(&rule_undetermined, -85, -65);
	fall_silent(rig);
	RIG_SET(&rig->state, sim_state, SIM_STATE_ABSENT);
	rig_sweeps(rig, 300);
	rig_assert_nothing(rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rules/cells-off/always-there-and-off", test_cells_that_were_always_there_are_off);
	g_test_add_func("/rules/cells-off/less-than-three-minutes", test_less_than_three_minutes_are_not_off);
	g_test_add_func("/rules/cells-off/power-on-the-air", test_power_on_the_air_is_not_off);
	g_test_add_func("/rules/cells-off/place-without-service", test_place_that_had_no_service_is_not_off);
	g_test_add_func("/rules/cells-off/tunnel", test_tunnel_is_not_off);
	g_test_add_func("/rules/cells-off/no-power-figures", test_silence_without_power_figures_is_not_off);
	g_test_add_func("/rules/cells-off/cell-of-another-network", test_cell_of_another_network_shows_that_the_antenna_works);
	g_test_add_func("/rules/cells-off/standing-still-is-weak", test_standing_still_is_weak_evidence);
	g_test_add_func("/rules/cells-off/walking-away-is-nothing", test_walking_away_without_baseline_is_nothing);
	g_test_add_func("/rules/cells-off/come-back", test_cells_that_come_back_are_not_off_any_more);
	g_test_add_func("/rules/no-coverage/cell-edge", test_cell_edge_is_no_coverage);
	g_test_add_func("/rules/no-coverage/tunnel", test_tunnel_is_no_coverage_and_no_jamming);
	g_test_add_func("/rules/no-coverage/place-without-service", test_place_without_service_on_other_passes_is_no_coverage);
	g_test_add_func("/rules/no-coverage/no-power-figures-are-low", test_silence_without_power_figures_is_low);
	g_test_add_func("/rules/no-coverage/power-on-the-air", test_power_on_the_air_is_not_want_of_coverage);
	g_test_add_func("/rules/no-coverage/sudden-silence", test_sudden_silence_is_not_want_of_coverage);
	g_test_add_func("/rules/no-coverage/underpass", test_underpass_is_nothing);
	g_test_add_func("/rules/undetermined/lost-service", test_lost_service_is_told_with_its_candidates);
	g_test_add_func("/rules/undetermined/received-power-narrows", test_received_power_narrows_the_candidates);
	g_test_add_func("/rules/undetermined/short-loss", test_short_loss_is_nothing);
	g_test_add_func("/rules/undetermined/never-served", test_recording_that_begins_without_service_has_lost_none);
	g_test_add_func("/rules/undetermined/neighbour-explains", test_quality_that_a_neighbour_explains_is_undetermined);
	g_test_add_func("/rules/undetermined/own-fault", test_own_fault_is_not_undetermined);
	return g_test_run();
}
