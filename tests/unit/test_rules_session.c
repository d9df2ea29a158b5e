/* Rules of the gate "session", and congestion. SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule_data_fixture.h"

extern const Rule rule_data_cut, rule_congestion;

#define TIMEOUT "generic_timeout_error"

/* --- data-cut: sessions --- */

static Bench *refuse(guint16 cause, guint times)
{
	Bench *b = bench_new(&rule_data_cut);
	bench_sweeps(b, 30);
	for (guint i = 0; i < times; i++) {
		bench_refusal(b, CAUSE_3GPP, cause, 0);
		bench_sweeps(b, 60);
	}
	return b;
}

static void test_sessions_refused_by_order_are_data_cut(void)
{
	g_autoptr(Bench) b = refuse(8, 5);
	const Finding *f = bench_one(b, "session-refused");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_cmpint(f->onset.boot_ms, ==, 1030000);
	g_assert_cmpint(f->confirmed_ms - f->onset.boot_ms, ==, 180000);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "5 times, at last with cause 8 (operator determined barring)"));
	g_assert_true(bench_says(f, EVIDENCE_FOR, "The radio was good"));
	g_assert_cmpuint(f->witness & WITNESS_OF_DATA, !=, 0);
	g_assert_cmpstr(f->sub_if_refuted, ==, "own-subscription");
}

static void test_under_180_s_is_no_data_cut(void)
{
	g_autoptr(Bench) b = refuse(8, 2);
	bench_refusal(b, CAUSE_3GPP, 8, 0);
	bench_sweeps(b, 55); /* 175 s after the first */
	bench_connected(b);
	bench_sweeps(b, 60);
	bench_none(b);
}

static void test_causes_of_subscription_name_it(void)
{
	g_autoptr(Bench) b = refuse(33, 5);
	const Finding *f = bench_one(b, "session-refused");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_names(f, VERDICT_OWN_FAULT));
}

static void test_own_configuration_and_load_are_no_data_cut(void)
{
	static const guint16 causes[] = {27, 28, 50, 51, 26, 34, 38};
	for (guint i = 0; i < G_N_ELEMENTS(causes); i++) {
		g_autoptr(Bench) b = refuse(causes[i], 6);
		bench_none(b);
	}
}

static void test_refused_with_poor_radio_is_no_data_cut(void)
{
	g_autoptr(Bench) b = bench_new(&rule_data_cut);
	bench_signal(b, -118, -14, -2);
	for (guint i = 0; i < 6; i++) {
		bench_sweeps(b, 60);
		bench_refusal(b, CAUSE_3GPP, 8, 0);
	}
	bench_none(b);
}

static void test_without_radio_figures_a_data_cut_is_low(void)
{
	g_autoptr(Bench) b = bench_new(&rule_data_cut);
	bench_signal(b, NAN, NAN, NAN);
	for (guint i = 0; i < 5; i++) {
		bench_sweeps(b, 60);
		bench_refusal(b, CAUSE_3GPP, 8, 0);
	}
	const Finding *f = bench_one(b, "session-refused");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_says(f, EVIDENCE_LIMIT, "no figures of its radio"));
}

/* As on other days, though weak by itself; 15 dB weaker than on other days, and still good; drowned, though as strong as on other
 * days. */
static void test_radio_is_compared_with_other_days(void)
{
	static const struct {
		double rsrp_dbm, usual_rsrp_dbm, usual_snr_db;
	} days[] = {{-109, -108, 4}, {-90, -75, 4}, {-90, -90, 20}};
	for (guint i = 0; i < G_N_ELEMENTS(days); i++) {
		g_autoptr(Bench) b = bench_new(&rule_data_cut);
		bench_signal(b, days[i].rsrp_dbm, -12, 3);
		b->m.cell_base.passes = 4;
		b->m.cell_base.median.rsrp_dbm = days[i].usual_rsrp_dbm;
		b->m.cell_base.median.snr_db = days[i].usual_snr_db;
		for (guint k = 0; k < 5; k++) {
			bench_sweeps(b, 60);
			bench_refusal(b, CAUSE_3GPP, 8, 0);
		}
		if (i < 2)
			g_assert_true(bench_says(bench_one(b, "session-refused"), EVIDENCE_FOR, "as on other days"));
		else
			bench_none(b);
	}
}

/* Within T3396 the modem answers for itself: those tries are no word of the network. */
static void test_refused_within_own_backoff_is_no_try(void)
{
	g_autoptr(Bench) b = bench_new(&rule_data_cut);
	bench_sweeps(b, 30);
	bench_refusal(b, CAUSE_3GPP, 8, 1800000);
	for (guint i = 0; i < 6; i++) {
		bench_sweeps(b, 60);
		bench_refusal(b, CAUSE_3GPP, 8, 0);
	}
	bench_none(b);
}

static void test_a_session_that_stands_ends_a_refusal(void)
{
	g_autoptr(Bench) b = refuse(8, 5);
	for (guint i = 0; i < 8; i++) {
		bench_connected(b);
		bench_sweeps(b, 60);
	}
	const Finding *f = bench_one(b, "session-refused");
	g_assert_false(f->open);
	g_assert_cmpint(f->end.boot_ms - f->onset.boot_ms, ==,
			299000); /* the last refusal stood to within a second of the first success */
}

/* What the last try found stands for a minute, not for as long as nothing else is heard. */
static void test_two_minutes_of_refusals_and_silence_are_no_data_cut(void)
{
	g_autoptr(Bench) b = bench_new(&rule_data_cut);
	bench_sweeps(b, 30);
	for (guint i = 0; i < 4; i++) {
		bench_refusal(b, CAUSE_3GPP, 8, 0);
		bench_sweeps(b, 30);
	}
	bench_sweeps(b, 600);
	bench_none(b);
}

/* Failed attempts are spaced up to 15 min apart. */
static void test_a_cut_lasts_over_long_pauses_between_tries(void)
{
	g_autoptr(Bench) b = refuse(8, 5);
	bench_sweeps(b, 840);
	bench_refusal(b, CAUSE_3GPP, 8, 0);
	const Finding *f = bench_one(b, "session-refused");
	g_assert_cmpint(f->end.boot_ms - f->onset.boot_ms, ==, 1140000);
}

static void test_airplane_mode_is_no_data_cut(void)
{
	g_autoptr(Bench) b = bench_new(&rule_data_cut);
	BENCH_SET(&b->state, operating_mode, OPERATING_LOW_POWER);
	for (guint i = 0; i < 6; i++) {
		bench_sweeps(b, 60);
		bench_refusal(b, CAUSE_3GPP, 8, 0);
	}
	bench_none(b);
}

/* --- data-cut: probes --- */

static void silent_round(Bench *b, guint targets)
{
	static const char *const names[] = {"one", "two", "three"};
	bench_connected(b);
	for (guint i = 0; i < targets; i++)
		bench_checked(b, PROBE_IP, PROBE_TARGET, names[i], PROBE_STEP_TCP, TIMEOUT);
	bench_checked(b, PROBE_DNS, PROBE_TARGET, "news", PROBE_STEP_DNS, TIMEOUT);
	Observation *o = bench_begin(b, OBSERVATION_PROBE);
	PROBE_SET(o, test, PROBE_ROUND);
	PROBE_SET(o, tx_packets, 20);
	PROBE_SET(o, rx_packets, 0);
	bench_seen(b);
	bench_sweeps(b, 60);
}

static void test_nothing_comes_back_is_data_cut(void)
{
	g_autoptr(Bench) b = bench_new(&rule_data_cut);
	bench_sweeps(b, 30);
	bench_checked(b, PROBE_IP, PROBE_TARGET, "one", PROBE_STEP_TCP, NULL);
	bench_round_end(b);
	bench_sweeps(b, 30);
	for (guint i = 0; i < 4; i++)
		silent_round(b, 3);
	bench_checked(b, PROBE_IP, PROBE_TARGET, "one", PROBE_STEP_TCP, NULL);
	bench_round_end(b);
	const Finding *f = bench_one(b, "nothing-comes-back");
	g_assert_true(bench_says(f, EVIDENCE_FOR, "until 30 s before"));
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "In 4 rounds of probing 3 raw IP addresses gave no answer"));
	g_assert_true(bench_says(f, EVIDENCE_FOR, "80 packets went out and 0 came in"));
}

static void test_two_addresses_are_too_few(void)
{
	g_autoptr(Bench) b = bench_new(&rule_data_cut);
	bench_sweeps(b, 30);
	for (guint i = 0; i < 6; i++)
		silent_round(b, 2);
	bench_none(b);
}

static void test_two_silent_rounds_a_minute_apart_are_too_short(void)
{
	g_autoptr(Bench) b = bench_new(&rule_data_cut);
	bench_sweeps(b, 30);
	for (guint i = 0; i < 2; i++)
		silent_round(b, 3);
	bench_sweeps(b, 600); /* the second stands for a minute */
	bench_none(b);
}

/* `control`: what becomes of a page behind it. */
static Bench *portal(const char *control)
{
	Bench *b = bench_new(&rule_data_cut);
	bench_sweeps(b, 30);
	for (guint i = 0; i < 6; i++) {
		for (guint k = 0; k < 3; k++)
			bench_checked(b, PROBE_IP, PROBE_TARGET, "one", PROBE_STEP_TCP, TIMEOUT);
		Observation *o =
			bench_check(b, PROBE_PORTAL, PROBE_CONTROL, "firefox", PROBE_STEP_HTTP, "http_unexpected_status_code");
		OBSERVATION_SET_TEXT(o, probe, PROBE, redirect_host, "portal.example");
		bench_seen(b);
		bench_checked(b, PROBE_WEB, PROBE_CONTROL, "example", PROBE_STEP_TCP, control);
		bench_round_end(b);
		bench_sweeps(b, 60);
	}
	return b;
}

static void test_a_captive_portal_is_ones_own_subscription(void)
{
	g_autoptr(Bench) b = portal("connection_refused");
	const Finding *f = bench_one(b, "own-subscription");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "portal.example"));
}

static void test_a_portal_check_alone_is_nothing(void)
{
	g_autoptr(Bench) b = portal(NULL);
	bench_none(b);
}

static void test_one_address_that_answers_is_no_data_cut(void)
{
	g_autoptr(Bench) b = bench_new(&rule_data_cut);
	bench_sweeps(b, 30);
	for (guint i = 0; i < 6; i++) {
		bench_checked(b, PROBE_IP, PROBE_TARGET, "one", PROBE_STEP_TCP, NULL);
		silent_round(b, 3);
	}
	bench_none(b);
}

/* The prober's interface went away, or its bytes were used up. */
static void test_a_round_that_was_cut_short_says_nothing(void)
{
	g_autoptr(Bench) b = bench_new(&rule_data_cut);
	bench_sweeps(b, 30);
	for (guint i = 0; i < 6; i++) {
		bench_checked(b, PROBE_IP, PROBE_TARGET, "four", PROBE_STEP_TCP, "network_down");
		silent_round(b, 3);
	}
	bench_none(b);
}

/* --- data-cut: counters --- */

static void carry(Bench *b, guint seconds, double rx, double tx)
{
	for (guint i = 0; i < seconds; i++) {
		b->m.rx_packets += rx;
		b->m.tx_packets += tx;
		bench_sweeps(b, 1);
	}
}

static Bench *session_up(void)
{
	Bench *b = bench_new(&rule_data_cut);
	BENCH_SET(&b->state, data_session, DATA_SESSION_UP);
	b->m.rx_packets = b->m.tx_packets = 0;
	carry(b, 30, 5, 5);
	return b;
}

static void test_packets_without_answer_are_a_low_data_cut(void)
{
	g_autoptr(Bench) b = session_up();
	carry(b, 200, 0, 2);
	const Finding *f = bench_one(b, "nothing-comes-back");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "400 packets went out over the session and 0 came in"));
	g_assert_true(bench_says(f, EVIDENCE_LIMIT, "Nothing was probed"));
}

/* The session that stood already goes on; no new one is let in. */
static void test_refused_sessions_beside_one_that_carries_are_low(void)
{
	g_autoptr(Bench) b = session_up();
	for (guint i = 0; i < 5; i++) {
		bench_refusal(b, CAUSE_3GPP, 8, 0);
		carry(b, 60, 5, 5);
	}
	const Finding *f = bench_one(b, "session-refused");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_says(f, EVIDENCE_AGAINST, "another session"));
}

static void test_a_stall_of_158_s_is_ordinary(void)
{
	g_autoptr(Bench) b = session_up();
	carry(b, 158, 0, 2);
	carry(b, 60, 5, 5);
	bench_none(b);
}

static void test_a_quiet_host_is_no_data_cut(void)
{
	g_autoptr(Bench) b = session_up();
	for (guint i = 0; i < 30; i++)
		carry(b, 60, 0, 1.0 / 20); /* three packets a minute */
	bench_none(b);
}

/* --- congestion --- */

static void rate(Bench *b, ProbeRole role, const char *target, guint kbps, guint rtt_ms)
{
	Observation *o = bench_check(b, PROBE_RATE, role, target, PROBE_STEP_HTTP, NULL);
	PROBE_SET(o, rate_kbps, kbps);
	PROBE_SET(o, rtt_us, rtt_ms * 1000);
	bench_seen(b);
}

static void connect_and_crowd(Bench *b, guint times)
{
	for (guint i = 0; i < times; i++) {
		bench_connected(b);
		bench_refusal(b, CAUSE_CALL_MANAGER, 1060, 0);
		bench_sweeps(b, 30);
	}
}

static void test_a_crowd_is_congestion(void)
{
	g_autoptr(Bench) b = bench_new(&rule_congestion);
	bench_signal(b, -85, -14, 3);
	connect_and_crowd(b, 1);
	Observation *o = bench_check(b, PROBE_WEB, PROBE_CONTROL, "example", PROBE_STEP_HTTP, NULL);
	PROBE_SET(o, rtt_us, 700000);
	bench_seen(b);
	rate(b, PROBE_CONTROL, "cloudflare", 1500, 400);
	rate(b, PROBE_CONTROL, "cloudflare", 600, 900);
	connect_and_crowd(b, 2);
	const Finding *f = bench_one(b, NULL);
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_cmpint(f->confirmed_ms - f->onset.boot_ms, ==, 60000);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "1060"));
	g_assert_true(bench_says(f, EVIDENCE_FOR, "between 600 and 1500 kbit/s"));
	g_assert_true(bench_says(f, EVIDENCE_FOR, "RSRQ -14.0 dB"));
}

static void test_half_a_minute_is_no_congestion(void)
{
	g_autoptr(Bench) b = bench_new(&rule_congestion);
	bench_signal(b, -85, -14, 3);
	connect_and_crowd(b, 2);
	bench_signal(b, -85, -7, 15);
	bench_sweeps(b, 30);
	bench_none(b);
}

/* A cell under its own full load has -10.8 dB on any ordinary day. */
static void test_rsrq_of_load_alone_is_no_congestion(void)
{
	g_autoptr(Bench) b = bench_new(&rule_congestion);
	bench_signal(b, -85, -11, 8);
	bench_connected(b);
	bench_sweeps(b, 300);
	bench_none(b);
}

static void test_without_any_success_it_is_no_congestion(void)
{
	g_autoptr(Bench) b = bench_new(&rule_congestion);
	bench_signal(b, -85, -14, 3);
	for (guint i = 0; i < 6; i++) {
		bench_refusal(b, CAUSE_CALL_MANAGER, 1060, 0);
		bench_sweeps(b, 30);
	}
	bench_none(b);
}

static void test_weak_or_drowned_signal_is_no_congestion(void)
{
	static const double rsrp[] = {-112, -85, -85}, rsrq[] = {-14, -19, NAN};
	for (guint i = 0; i < G_N_ELEMENTS(rsrp); i++) {
		g_autoptr(Bench) b = bench_new(&rule_congestion);
		bench_signal(b, rsrp[i], rsrq[i], 3);
		connect_and_crowd(b, 6);
		bench_none(b);
	}
}

static void test_against_a_baseline_rsrp_counts_by_it(void)
{
	g_autoptr(Bench) b = bench_new(&rule_congestion), far = bench_new(&rule_congestion);
	bench_signal(b, -108, -14, 3);
	b->m.cell_base.passes = far->m.cell_base.passes = 3;
	b->m.cell_base.median.rsrp_dbm = -106;
	connect_and_crowd(b, 4);
	bench_one(b, NULL);
	bench_signal(far, -100, -14, 3);
	far->m.cell_base.median.rsrp_dbm = -85;
	connect_and_crowd(far, 4);
	bench_none(far);
}

static void test_slow_answers_alone_are_low(void)
{
	g_autoptr(Bench) b = bench_new(&rule_congestion);
	bench_signal(b, -85, -13, 3);
	for (guint i = 0; i < 3; i++) {
		Observation *o = bench_check(b, PROBE_WEB, PROBE_CONTROL, "example", PROBE_STEP_HTTP, NULL);
		PROBE_SET(o, rtt_us, 700000);
		bench_seen(b);
		bench_sweeps(b, 60);
	}
	g_assert_cmpint(bench_one(b, NULL)->confidence, ==, CONFIDENCE_LOW);
}

#define ADD(name) g_test_add_func("/rules-session/" #name, test_##name)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD(sessions_refused_by_order_are_data_cut);
	ADD(under_180_s_is_no_data_cut);
	ADD(causes_of_subscription_name_it);
	ADD(own_configuration_and_load_are_no_data_cut);
	ADD(refused_with_poor_radio_is_no_data_cut);
	ADD(without_radio_figures_a_data_cut_is_low);
	ADD(radio_is_compared_with_other_days);
	ADD(refused_within_own_backoff_is_no_try);
	ADD(a_session_that_stands_ends_a_refusal);
	ADD(two_minutes_of_refusals_and_silence_are_no_data_cut);
	ADD(a_cut_lasts_over_long_pauses_between_tries);
	ADD(airplane_mode_is_no_data_cut);
	ADD(nothing_comes_back_is_data_cut);
	ADD(two_addresses_are_too_few);
	ADD(two_silent_rounds_a_minute_apart_are_too_short);
	ADD(a_captive_portal_is_ones_own_subscription);
	ADD(a_portal_check_alone_is_nothing);
	ADD(refused_sessions_beside_one_that_carries_are_low);
	ADD(one_address_that_answers_is_no_data_cut);
	ADD(a_round_that_was_cut_short_says_nothing);
	ADD(packets_without_answer_are_a_low_data_cut);
	ADD(a_stall_of_158_s_is_ordinary);
	ADD(a_quiet_host_is_no_data_cut);
	ADD(a_crowd_is_congestion);
	ADD(half_a_minute_is_no_congestion);
	ADD(rsrq_of_load_alone_is_no_congestion);
	ADD(without_any_success_it_is_no_congestion);
	ADD(weak_or_drowned_signal_is_no_congestion);
	ADD(against_a_baseline_rsrp_counts_by_it);
	ADD(slow_answers_alone_are_low);
	return g_test_run();
}
