/* Rules of the gate "access": barred, rejected, downgrade. SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/causes.h"
#include "rule_data_fixture.h"

extern const Rule rule_barred, rule_rejected, rule_downgrade;

/* --- causes --- */

static void test_causes_have_their_classes(void)
{
	g_assert_cmpint(causes_of_session(CAUSE_3GPP, 33), ==, CAUSE_CLASS_ORDER);
	g_assert_cmpint(causes_of_session(CAUSE_3GPP, 26), ==, CAUSE_CLASS_FAULT);
	g_assert_cmpint(causes_of_session(CAUSE_3GPP, 27), ==, CAUSE_CLASS_CONFIGURATION);
	g_assert_cmpint(causes_of_session(CAUSE_CALL_MANAGER, 1053), ==, CAUSE_CLASS_BARRING);
	g_assert_cmpint(causes_of_session(CAUSE_CALL_MANAGER, 1060), ==, CAUSE_CLASS_OVERLOAD);
	g_assert_cmpint(causes_of_session(CAUSE_CALL_MANAGER, 1056), ==, CAUSE_CLASS_RADIO);
	g_assert_cmpint(causes_of_session(CAUSE_INTERNAL, 219), ==, CAUSE_CLASS_OWN_SIDE);
	g_assert_cmpint(causes_of_session(CAUSE_CALL_MANAGER, 1068), ==, CAUSE_CLASS_DETACH);
	g_assert_cmpint(causes_of_reject(RAT_LTE, 15), ==, REJECT_CLASS_AREA);
	g_assert_cmpint(causes_of_reject(RAT_LTE, 22), ==, REJECT_CLASS_OVERLOAD);
	g_assert_cmpint(causes_of_reject(RAT_LTE, 8), ==, REJECT_CLASS_SUBSCRIBER);
}

/* The same number means another thing by another's count. */
static void test_a_number_counts_by_its_type(void)
{
	g_assert_cmpint(causes_of_session(CAUSE_CALL_END, 33), ==, CAUSE_CLASS_OTHER);
	g_assert_cmpint(causes_of_session(CAUSE_INTERNAL, 33), ==, CAUSE_CLASS_OTHER);
	g_assert_cmpint(causes_of_reject(RAT_NR, 27), ==, REJECT_CLASS_OTHER_RAT);
	g_assert_cmpint(causes_of_reject(RAT_LTE, 27), ==, REJECT_CLASS_OTHER);
}

/* --- barred --- */

static void set_access(Bench *b, CellAccess access, gint64 cell)
{
	const gboolean open = access == ACCESS_NORMAL || access == ACCESS_ALL_CALLS;
	bench_service(b, open ? SERVICE_STATE_SERVED : SERVICE_STATE_LIMITED,
		      open ? REGISTRATION_HOME : REGISTRATION_NOT_REGISTERED);
	BENCH_SET(&b->state, lte_access, (guint8)access);
	bench_cell(b, cell, RAT_LTE);
}

static Bench *bar(guint seconds_first, guint seconds_second)
{
	Bench *b = bench_new(&rule_barred);
	set_access(b, ACCESS_NORMAL, 1);
	bench_sweeps(b, 30);
	set_access(b, ACCESS_EMERGENCY_ONLY, 1);
	bench_sweeps(b, seconds_first);
	set_access(b, ACCESS_EMERGENCY_ONLY, 2);
	bench_sweeps(b, seconds_second);
	return b;
}

static void test_emergency_only_on_two_cells_is_barred(void)
{
	g_autoptr(Bench) b = bar(160, 160);
	const Finding *f = bench_one(b, "emergency-only");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_cmpint(f->onset.boot_ms, ==, 1031000);
	g_assert_cmpint(f->confirmed_ms - f->onset.boot_ms, ==, 300000);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "emergency calls only, on 2 cells"));
	g_assert_false(bench_names(f, VERDICT_CONGESTION));
}

static void test_one_barred_cell_is_low(void)
{
	g_autoptr(Bench) b = bar(160, 0);
	bench_cell(b, 1, RAT_LTE);
	bench_sweeps(b, 160);
	const Finding *f = bench_one(b, "emergency-only");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_says(f, EVIDENCE_LIMIT, "1 cell only"));
}

static void test_under_five_minutes_is_not_barred(void)
{
	g_autoptr(Bench) b = bar(150, 149);
	bench_none(b);
}

/* What real modems tell of an ordinary cell (tests/data/qmi/lte-registered.golden). */
static void test_all_calls_is_an_open_cell(void)
{
	g_autoptr(Bench) b = bench_new(&rule_barred);
	set_access(b, ACCESS_ALL_CALLS, 1);
	bench_sweeps(b, 400);
	bench_none(b);
}

static void test_no_status_is_not_barred(void)
{
	g_autoptr(Bench) b = bench_new(&rule_barred);
	bench_service(b, SERVICE_STATE_LIMITED, REGISTRATION_NOT_REGISTERED);
	bench_sweeps(b, 400);
	bench_none(b);
}

static void test_another_networks_cell_is_not_barred(void)
{
	g_autoptr(Bench) b = bench_new(&rule_barred);
	bench_sweeps(b, 10);
	set_access(b, ACCESS_EMERGENCY_ONLY, 5);
	g_strlcpy(b->cell.plmn, "257-02", sizeof b->cell.plmn);
	bench_sweeps(b, 400);
	bench_none(b);
}

static void test_own_fault_is_not_barred(void)
{
	g_autoptr(Bench) b = bench_new(&rule_barred);
	set_access(b, ACCESS_EMERGENCY_ONLY, 1);
	BENCH_SET(&b->state, sim_state, SIM_STATE_PIN);
	bench_sweeps(b, 400);
	bench_none(b);
}

static void test_barring_with_overload_is_low_and_names_congestion(void)
{
	g_autoptr(Bench) b = bar(160, 100);
	bench_refusal(b, CAUSE_CALL_MANAGER, 1060, 0);
	bench_sweeps(b, 100);
	const Finding *f = bench_one(b, "emergency-only");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_names(f, VERDICT_CONGESTION));
}

static void test_barring_reasons_alone_are_barred(void)
{
	g_autoptr(Bench) b = bench_new(&rule_barred);
	for (guint i = 0; i < 7; i++) {
		bench_refusal(b, CAUSE_CALL_MANAGER, 1053, 0);
		bench_cell(b, 1 + i % 2, RAT_LTE);
		bench_sweeps(b, 60);
	}
	const Finding *f = bench_one(b, NULL);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "7 data sessions ended with reason 1053"));
}

static void test_a_session_that_stands_ends_barring(void)
{
	g_autoptr(Bench) b = bench_new(&rule_barred);
	for (guint i = 0; i < 7; i++) {
		if (i == 3)
			bench_connected(b);
		bench_refusal(b, CAUSE_CALL_MANAGER, 1053, 0);
		bench_sweeps(b, 60);
		if (i == 3)
			bench_connected(b);
	}
	bench_none(b);
}

static void test_barring_is_over_after_twice_its_entry_time(void)
{
	g_autoptr(Bench) b = bar(160, 160);
	set_access(b, ACCESS_NORMAL, 1);
	bench_sweeps(b, 599);
	g_assert_cmpuint(b->found->len, ==, 0);
	bench_sweeps(b, 2);
	const Finding *f = bench_one(b, "emergency-only");
	g_assert_false(f->open);
	g_assert_cmpint(f->end.boot_ms - f->onset.boot_ms, ==, 319000);
}

/* --- rejected --- */

static Bench *reject(guint8 cause, guint tries, guint apart, guint cells)
{
	Bench *b = bench_new(&rule_rejected);
	bench_sweeps(b, 30);
	bench_service(b, SERVICE_STATE_DENIED, REGISTRATION_DENIED);
	BENCH_SET(&b->state, reject_cause, cause);
	BENCH_SET(&b->state, reject_rat, RAT_LTE);
	for (guint i = 0; i < tries; i++) {
		bench_cell(b, 1 + i % cells, RAT_LTE);
		bench_reject(b, RAT_LTE, cause);
		bench_sweeps(b, apart);
	}
	return b;
}

static void test_area_refused_on_two_cells_is_rejected(void)
{
	g_autoptr(Bench) b = reject(15, 4, 20, 2);
	const Finding *f = bench_one(b, "area");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_cmpint(f->onset.boot_ms, ==, 1031000);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "cause 15 (no suitable cells in tracking area)"));
	g_assert_true(bench_says(f, EVIDENCE_FOR, "refused 4 times"));
	g_assert_cmpstr(f->sub_if_refuted, ==, "subscriber");
}

static void test_one_cell_is_low(void)
{
	g_autoptr(Bench) b = reject(15, 4, 20, 1);
	g_assert_cmpint(bench_one(b, "area")->confidence, ==, CONFIDENCE_LOW);
}

static void test_under_a_minute_is_not_rejected(void)
{
	g_autoptr(Bench) b = reject(15, 3, 20, 2);
	bench_none(b);
}

static void test_two_tries_with_a_passing_cause_are_not_enough(void)
{
	g_autoptr(Bench) b = reject(17, 2, 45, 2);
	bench_none(b);
}

static void test_overload_names_congestion(void)
{
	g_autoptr(Bench) b = reject(22, 4, 30, 2);
	const Finding *f = bench_one(b, "overload");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_names(f, VERDICT_CONGESTION));
}

static void test_subscriber_cause_with_one_sim_is_low(void)
{
	g_autoptr(Bench) b = reject(7, 4, 20, 2);
	const Finding *f = bench_one(b, "subscriber");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_says(f, EVIDENCE_LIMIT, "closed account"));
}

static void test_foreign_sim_is_roaming(void)
{
	g_autoptr(Bench) b = bench_new(&rule_rejected);
	bench_service(b, SERVICE_STATE_DENIED, REGISTRATION_DENIED);
	BENCH_SET(&b->state, reject_cause, 11);
	bench_sweeps(b, 100);
	const Finding *f = bench_one(b, "roaming");
	g_assert_true(f->roaming);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
}

/* Kept out at home, the modem waits on another operator's cell, for emergency calls. */
static void test_waiting_on_another_networks_cell_is_no_roaming(void)
{
	g_autoptr(Bench) b = reject(15, 1, 10, 1);
	bench_service(b, SERVICE_STATE_LIMITED, REGISTRATION_NOT_REGISTERED);
	bench_cell(b, 9, RAT_LTE);
	g_strlcpy(b->cell.plmn, "257-02", sizeof b->cell.plmn);
	bench_sweeps(b, 90);
	const Finding *f = bench_one(b, "area");
	g_assert_false(f->roaming);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "on 1 cell"));
}

static void test_session_and_resync_causes_are_no_refusal(void)
{
	g_autoptr(Bench) b = reject(10, 5, 30, 2), s = reject(19, 5, 30, 2);
	bench_none(b);
	bench_none(s);
}

static void test_a_cause_without_any_cell_is_from_before(void)
{
	g_autoptr(Bench) b = reject(15, 1, 10, 1);
	bench_service(b, SERVICE_STATE_NONE, REGISTRATION_SEARCHING);
	bench_sweeps(b, 200);
	bench_none(b);
}

static void test_a_restarted_modem_is_not_rejected(void)
{
	g_autoptr(Bench) b = bench_new(&rule_rejected);
	bench_event(b, EVENT_MODEM_RESET);
	bench_service(b, SERVICE_STATE_DENIED, REGISTRATION_DENIED);
	BENCH_SET(&b->state, reject_cause, 15);
	bench_sweeps(b, 110);
	bench_none(b);
}

static void test_a_refusal_is_over_when_served(void)
{
	g_autoptr(Bench) b = reject(15, 4, 20, 2);
	bench_service(b, SERVICE_STATE_SERVED, REGISTRATION_HOME);
	bench_sweeps(b, 130);
	const Finding *f = bench_one(b, "area");
	g_assert_false(f->open);
	g_assert_cmpint(f->end.boot_ms, ==, 1110000);
}

/* --- downgrade --- */

static void set_place(Bench *b, guint passes, guint broadband, guint narrowband)
{
	b->m.place_base.passes = b->m.place_base.served = passes;
	b->m.place_base.broadband = broadband;
	b->m.place_base.narrowband = narrowband;
}

/* `first` seconds on one GSM cell, `second` on another. */
static Bench *downgrade(guint passes, guint broadband, guint narrowband, guint first, guint second)
{
	Bench *b = bench_new(&rule_downgrade);
	set_place(b, passes, broadband, narrowband);
	bench_sweeps(b, 30);
	bench_cell(b, 11, RAT_GSM);
	bench_rssi(b, -75);
	bench_sweeps(b, first);
	bench_cell(b, 12, RAT_GSM);
	bench_sweeps(b, second);
	return b;
}

static void test_lte_lost_against_other_days_is_downgrade(void)
{
	g_autoptr(Bench) b = downgrade(5, 5, 0, 200, 150);
	const Finding *f = bench_one(b, NULL);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_cmpint(f->confirmed_ms - f->onset.boot_ms, ==, 300000);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "Only GSM served"));
	g_assert_true(bench_says(f, EVIDENCE_FOR, "On 5 of 5 passes"));
	g_assert_cmpstr(f->sub_if_refuted, ==, "own-subscription");
}

static void test_a_call_of_four_minutes_is_nothing(void)
{
	g_autoptr(Bench) b = downgrade(5, 5, 0, 140, 100);
	bench_cell(b, 1, RAT_LTE);
	bench_sweeps(b, 30);
	bench_none(b);
}

static void test_a_long_call_is_low(void)
{
	g_autoptr(Bench) b = downgrade(5, 5, 0, 0, 0);
	BENCH_SET(&b->state, domain, DOMAIN_CS);
	bench_sweeps(b, 200);
	bench_cell(b, 11, RAT_GSM);
	bench_sweeps(b, 200);
	const Finding *f = bench_one(b, NULL);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_says(f, EVIDENCE_AGAINST, "voice calls"));
}

static void test_gsm_on_earlier_passes_is_no_downgrade(void)
{
	g_autoptr(Bench) b = downgrade(8, 5, 3, 200, 200), never = downgrade(5, 0, 5, 200, 200);
	bench_none(b);
	bench_none(never);
}

static void test_without_other_days_lte_nearby_counts_low(void)
{
	g_autoptr(Bench) b = downgrade(0, 0, 0, 200, 200);
	const Finding *f = bench_one(b, NULL);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_says(f, EVIDENCE_LIMIT, "not enough passes"));
}

static void test_lte_a_way_off_says_nothing(void)
{
	g_autoptr(Bench) b = downgrade(0, 0, 0, 0, 0);
	b->m.at.lat += 0.05; /* five kilometres */
	bench_sweeps(b, 400);
	bench_none(b);
}

static void test_weak_gsm_is_no_downgrade(void)
{
	g_autoptr(Bench) b = downgrade(5, 5, 0, 0, 0);
	bench_rssi(b, -106);
	bench_sweeps(b, 400);
	bench_none(b);
}

static void test_one_gsm_cell_is_low(void)
{
	g_autoptr(Bench) b = downgrade(5, 5, 0, 400, 0);
	g_assert_cmpint(bench_one(b, NULL)->confidence, ==, CONFIDENCE_LOW);
}

static void test_lte_that_is_heard_and_refuses_is_told(void)
{
	g_autoptr(Bench) b = downgrade(5, 5, 0, 200, 0);
	b->heard = (HeardCell){.rat = RAT_LTE, .arfcn = 1300, .pci = 101, .rsrp_dbm = -95, .rsrq_db = NAN, .rssi_dbm = NAN};
	b->m.n_heard = 1;
	bench_reject(b, RAT_LTE, 15);
	bench_sweeps(b, 200);
	const Finding *f = bench_one(b, NULL);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "RSRP -95 dBm"));
	g_assert_true(bench_names(f, VERDICT_REJECTED));
	g_assert_false(bench_names(f, VERDICT_CELLS_OFF));
}

static void test_airplane_mode_is_no_downgrade(void)
{
	g_autoptr(Bench) b = downgrade(5, 5, 0, 0, 0);
	BENCH_SET(&b->state, operating_mode, OPERATING_LOW_POWER);
	bench_sweeps(b, 400);
	bench_none(b);
}

#define ADD(name) g_test_add_func("/rules-access/" #name, test_##name)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD(causes_have_their_classes);
	ADD(a_number_counts_by_its_type);
	ADD(emergency_only_on_two_cells_is_barred);
	ADD(one_barred_cell_is_low);
	ADD(under_five_minutes_is_not_barred);
	ADD(all_calls_is_an_open_cell);
	ADD(no_status_is_not_barred);
	ADD(another_networks_cell_is_not_barred);
	ADD(own_fault_is_not_barred);
	ADD(barring_with_overload_is_low_and_names_congestion);
	ADD(barring_reasons_alone_are_barred);
	ADD(a_session_that_stands_ends_barring);
	ADD(barring_is_over_after_twice_its_entry_time);
	ADD(area_refused_on_two_cells_is_rejected);
	ADD(one_cell_is_low);
	ADD(under_a_minute_is_not_rejected);
	ADD(two_tries_with_a_passing_cause_are_not_enough);
	ADD(overload_names_congestion);
	ADD(subscriber_cause_with_one_sim_is_low);
	ADD(foreign_sim_is_roaming);
	ADD(waiting_on_another_networks_cell_is_no_roaming);
	ADD(session_and_resync_causes_are_no_refusal);
	ADD(a_cause_without_any_cell_is_from_before);
	ADD(a_restarted_modem_is_not_rejected);
	ADD(a_refusal_is_over_when_served);
	ADD(lte_lost_against_other_days_is_downgrade);
	ADD(a_call_of_four_minutes_is_nothing);
	ADD(a_long_call_is_low);
	ADD(gsm_on_earlier_passes_is_no_downgrade);
	ADD(without_other_days_lte_nearby_counts_low);
	ADD(lte_a_way_off_says_nothing);
	ADD(weak_gsm_is_no_downgrade);
	ADD(one_gsm_cell_is_low);
	ADD(lte_that_is_heard_and_refuses_is_told);
	ADD(airplane_mode_is_no_downgrade);
	return g_test_run();
}
