/* Rules of the gate "data plane": blocked, throttled. SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule_data_fixture.h"

extern const Rule rule_blocked, rule_throttled;

#define TIMEOUT "generic_timeout_error"

/* --- blocked --- */

static void portal_and_control(Bench *b, gboolean control_well)
{
	bench_checked(b, PROBE_PORTAL, PROBE_TARGET, "firefox", PROBE_STEP_HTTP, NULL);
	const char *failure = control_well ? NULL : TIMEOUT;
	bench_checked(b, PROBE_WEB, PROBE_CONTROL, "example", control_well ? PROBE_STEP_HTTP : PROBE_STEP_TCP, failure);
	bench_checked(b, PROBE_SNI, PROBE_CONTROL, "google", control_well ? PROBE_STEP_TLS : PROBE_STEP_TCP, failure);
}

static void test_reset_on_two_names_is_blocked(void)
{
	g_autoptr(Bench) b = bench_new(&rule_blocked);
	for (guint i = 0; i < 4; i++) {
		bench_sweeps(b, 60);
		portal_and_control(b, TRUE);
		bench_checked(b, PROBE_SNI, PROBE_TARGET, "telegram", PROBE_STEP_TLS, "connection_reset");
		bench_checked(b, PROBE_SNI, PROBE_TARGET, "bbc", PROBE_STEP_TLS, "connection_reset");
		bench_checked(b, PROBE_SNI, PROBE_TARGET, "wikipedia", PROBE_STEP_TLS, "ssl_invalid_hostname");
		bench_round_end(b);
	}
	const Finding *f = bench_one(b, "tls-sni");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_cmpint(f->onset.boot_ms, ==, 1060000);
	g_assert_cmpint(f->confirmed_ms, ==, 1180000);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "telegram (sni) was cut off"));
	g_assert_true(bench_says(f, EVIDENCE_FOR, "4 of 4 rounds (connection_reset)"));
	g_assert_true(bench_says(f, EVIDENCE_FOR, "1 other target worked"));
}

static Bench *one_target(guint rounds, ProbeTest test, ProbeStep step, const char *failure, gboolean control_well)
{
	Bench *b = bench_new(&rule_blocked);
	for (guint i = 0; i < rounds; i++) {
		bench_sweeps(b, 60);
		portal_and_control(b, control_well);
		bench_checked(b, test, PROBE_TARGET, "telegram", step, failure);
		bench_round_end(b);
	}
	return b;
}

static void test_reset_on_one_name_is_low(void)
{
	g_autoptr(Bench) b = one_target(3, PROBE_SNI, PROBE_STEP_TLS, "connection_reset", TRUE);
	g_assert_cmpint(bench_one(b, "tls-sni")->confidence, ==, CONFIDENCE_LOW);
}

static void test_two_rounds_are_not_blocked(void)
{
	g_autoptr(Bench) b = one_target(2, PROBE_SNI, PROBE_STEP_TLS, "connection_reset", TRUE);
	bench_none(b);
}

static void test_a_control_that_fails_too_is_nothing(void)
{
	g_autoptr(Bench) b = one_target(6, PROBE_SNI, PROBE_STEP_TLS, "connection_reset", FALSE);
	bench_none(b);
}

static void test_a_control_of_another_kind_does_not_count(void)
{
	g_autoptr(Bench) b = bench_new(&rule_blocked);
	for (guint i = 0; i < 6; i++) {
		bench_sweeps(b, 60);
		bench_checked(b, PROBE_WEB, PROBE_CONTROL, "example", PROBE_STEP_HTTP, NULL);
		bench_checked(b, PROBE_SNI, PROBE_TARGET, "telegram", PROBE_STEP_TLS, "connection_reset");
		bench_round_end(b);
	}
	bench_none(b);
}

/* Controls are asked once more when a target failed: the network may have gone, or come back, in between. */
static void test_a_control_that_fails_before_or_after_is_nothing(void)
{
	for (guint after = 0; after < 2; after++) {
		g_autoptr(Bench) b = bench_new(&rule_blocked);
		for (guint i = 0; i < 6; i++) {
			bench_sweeps(b, 60);
			bench_checked(b, PROBE_WEB, PROBE_CONTROL, "example", PROBE_STEP_HTTP, NULL);
			bench_checked(b, PROBE_SNI, PROBE_CONTROL, "google", PROBE_STEP_TLS, after ? NULL : "connection_reset");
			bench_checked(b, PROBE_SNI, PROBE_TARGET, "telegram", PROBE_STEP_TLS, "connection_reset");
			bench_checked(b, PROBE_SNI, PROBE_CONTROL, "google", PROBE_STEP_TLS, after ? "connection_reset" : NULL);
			bench_round_end(b);
		}
		bench_none(b);
	}
}

static void test_one_server_that_is_down_is_its_own_affair(void)
{
	static const char *const failures[] = {"connection_refused", TIMEOUT, "host_unreachable"};
	for (guint i = 0; i < G_N_ELEMENTS(failures); i++) {
		g_autoptr(Bench) b = one_target(6, PROBE_WEB, PROBE_STEP_TCP, failures[i], TRUE);
		bench_none(b);
	}
	g_autoptr(Bench) http = one_target(6, PROBE_WEB, PROBE_STEP_HTTP, "http_unexpected_status_code", TRUE);
	bench_none(http);
}

/* One server under two names, and one site under two tests. */
static void test_two_targets_on_one_server_are_one(void)
{
	g_autoptr(Bench) b = bench_new(&rule_blocked);
	for (guint i = 0; i < 6; i++) {
		bench_sweeps(b, 60);
		portal_and_control(b, TRUE);
		for (guint k = 0; k < 3; k++) {
			static const char *const names[] = {"news", "news-http", "sister"}, *const urls[] = {
												    "https://news.example/",
												    "http://news.example/",
												    "https://sister.example/"};
			Observation *o = bench_check(b, PROBE_WEB, PROBE_TARGET, names[k], PROBE_STEP_TCP, TIMEOUT);
			OBSERVATION_SET_TEXT(o, probe, PROBE, url, urls[k]);
			OBSERVATION_SET_TEXT(o, probe, PROBE, address, k == 1 ? "192.0.2.8" : "192.0.2.7");
			bench_seen(b);
		}
		bench_round_end(b);
	}
	bench_none(b);
}

static void test_two_addresses_that_do_not_connect_are_blocked(void)
{
	g_autoptr(Bench) b = bench_new(&rule_blocked);
	for (guint i = 0; i < 3; i++) {
		bench_sweeps(b, 60);
		portal_and_control(b, TRUE);
		bench_checked(b, PROBE_WEB, PROBE_TARGET, "telegram", PROBE_STEP_TCP, TIMEOUT);
		bench_checked(b, PROBE_WEB, PROBE_TARGET, "bbc", PROBE_STEP_TCP, TIMEOUT);
		bench_round_end(b);
	}
	const Finding *f = bench_one(b, "tcp");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_cmpuint(f->witness & WITNESS_RAISES, ==, 0); /* a server that is down is down for all */
}

static void lookup(Bench *b, ProbeRole role, const char *target, const char *resolver, const char *failure)
{
	Observation *o = bench_check(b, PROBE_DNS, role, target, PROBE_STEP_DNS, failure);
	OBSERVATION_SET_TEXT(o, probe, PROBE, resolver, resolver);
	bench_seen(b);
}

/* `control_failure`: what the operator's resolver says of the control. */
static Bench *lie(const char *control_failure, const char *other_failure)
{
	Bench *b = bench_new(&rule_blocked);
	for (guint i = 0; i < 3; i++) {
		bench_sweeps(b, 60);
		lookup(b, PROBE_CONTROL, "example", "operator", control_failure);
		lookup(b, PROBE_TARGET, "telegram", "operator", "dns_nxdomain_error");
		lookup(b, PROBE_TARGET, "telegram", "quad9", other_failure);
		portal_and_control(b, TRUE);
		Observation *o = bench_check(b, PROBE_WEB, PROBE_TARGET, "telegram", PROBE_STEP_HTTP, NULL);
		OBSERVATION_SET_TEXT(o, probe, PROBE, resolver, "quad9");
		bench_seen(b);
		bench_round_end(b);
	}
	return b;
}

static void test_a_name_that_the_operator_denies_is_blocked(void)
{
	g_autoptr(Bench) b = lie(NULL, NULL);
	const Finding *f = bench_one(b, "dns");
	g_assert_true(bench_says(f, EVIDENCE_FOR, "dns_nxdomain_error"));
}

static void test_a_name_that_nobody_knows_is_not_blocked(void)
{
	g_autoptr(Bench) b = lie(NULL, "dns_nxdomain_error");
	bench_none(b);
}

static void test_a_resolver_that_is_down_blocks_nothing(void)
{
	g_autoptr(Bench) b = lie(TIMEOUT, NULL);
	bench_none(b);
}

static void test_a_block_page_is_blocked_over_http_only(void)
{
	for (guint tls = 0; tls < 2; tls++) {
		g_autoptr(Bench) b = bench_new(&rule_blocked);
		for (guint i = 0; i < 3; i++) {
			bench_sweeps(b, 60);
			portal_and_control(b, TRUE);
			Observation *o = bench_check(b, PROBE_WEB, PROBE_TARGET, "news", PROBE_STEP_HTTP, NULL);
			OBSERVATION_SET_TEXT(o, probe, PROBE, url, tls ? "https://news.example/" : "http://news.example/");
			PROBE_SET(o, body_matches, FALSE);
			bench_seen(b);
			bench_round_end(b);
		}
		if (tls)
			bench_none(b);
		else
			bench_one(b, "http");
	}
}

static void test_behind_a_captive_portal_nothing_is_blocked(void)
{
	g_autoptr(Bench) b = bench_new(&rule_blocked);
	for (guint i = 0; i < 6; i++) {
		bench_sweeps(b, 60);
		portal_and_control(b, TRUE);
		bench_checked(b, PROBE_PORTAL, PROBE_TARGET, "android", PROBE_STEP_HTTP, "http_unexpected_status_code");
		bench_checked(b, PROBE_SNI, PROBE_TARGET, "telegram", PROBE_STEP_TLS, "connection_reset");
		bench_round_end(b);
	}
	bench_none(b);
}

static void test_a_vpn_that_worked_before_is_blocked(void)
{
	g_autoptr(Bench) b = bench_new(&rule_blocked), down = one_target(6, PROBE_WIREGUARD, PROBE_STEP_UDP, TIMEOUT, TRUE);
	for (guint i = 0; i < 5; i++) {
		bench_sweeps(b, 60);
		portal_and_control(b, TRUE);
		bench_checked(b, PROBE_WIREGUARD, PROBE_TARGET, "own", PROBE_STEP_UDP, i < 2 ? NULL : TIMEOUT);
		bench_round_end(b);
	}
	const Finding *f = bench_one(b, "vpn");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_LOW);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "own (wireguard) did not answer"));
	bench_none(down);
}

static void test_two_fine_rounds_end_a_block(void)
{
	g_autoptr(Bench) b = one_target(4, PROBE_SNI, PROBE_STEP_TLS, "connection_reset", TRUE);
	for (guint i = 0; i < 2; i++) {
		g_assert_cmpuint(b->found->len, ==, 0);
		bench_sweeps(b, 60);
		portal_and_control(b, TRUE);
		bench_checked(b, PROBE_SNI, PROBE_TARGET, "telegram", PROBE_STEP_TLS, NULL);
		bench_round_end(b);
	}
	const Finding *f = bench_one(b, "tls-sni");
	g_assert_false(f->open);
	g_assert_cmpint(f->end.boot_ms - f->onset.boot_ms, ==, 180000);
}

/* After a pause of hours the three rounds are counted anew, and what is found has its sentences. */
static void test_a_block_is_found_again_after_a_long_pause(void)
{
	g_autoptr(Bench) b = one_target(4, PROBE_SNI, PROBE_STEP_TLS, "connection_reset", TRUE);
	bench_sweeps(b, 3600);
	for (guint i = 0; i < 3; i++) {
		bench_sweeps(b, 60);
		portal_and_control(b, TRUE);
		bench_checked(b, PROBE_SNI, PROBE_TARGET, "telegram", PROBE_STEP_TLS, "connection_reset");
		bench_round_end(b);
	}
	rule_run_end(b->run);
	g_assert_cmpuint(b->found->len, ==, 2);
	const Finding *second = g_ptr_array_index(b->found, 1);
	g_assert_true(bench_says(second, EVIDENCE_FOR, "3 of 3 rounds"));
	g_assert_cmpint(second->confirmed_ms - second->onset.boot_ms, ==, 120000);
}

/* --- throttled --- */

static void rate(Bench *b, ProbeRole role, const char *target, guint kbps, guint rtt_ms)
{
	Observation *o = bench_check(b, PROBE_RATE, role, target, PROBE_STEP_HTTP, NULL);
	PROBE_SET(o, rate_kbps, kbps);
	PROBE_SET(o, rtt_us, rtt_ms * 1000);
	bench_seen(b);
}

static void rates(Bench *b, guint rounds, guint control_kbps, guint target_kbps)
{
	for (guint i = 0; i < rounds; i++) {
		bench_sweeps(b, 60);
		rate(b, PROBE_CONTROL, "cloudflare", control_kbps, 60);
		rate(b, PROBE_TARGET, "youtube", target_kbps, 60);
		bench_round_end(b);
	}
}

static void test_one_name_at_140_kbps_is_selective(void)
{
	g_autoptr(Bench) b = bench_new(&rule_throttled);
	rates(b, 2, 9000, 8000);
	rates(b, 3, 9000, 140);
	const Finding *f = bench_one(b, "selective");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_cmpint(f->onset.boot_ms, ==, 1180000);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "youtube came in at 140 kbit/s on average in 3 tests"));
}

static void test_two_slow_tests_or_a_third_of_the_rate_are_not_throttled(void)
{
	g_autoptr(Bench) two = bench_new(&rule_throttled), third = bench_new(&rule_throttled);
	rates(two, 2, 9000, 140);
	rates(two, 1, 9000, 9000);
	rates(two, 2, 9000, 140);
	bench_none(two);
	rates(third, 6, 9000, 3000);
	bench_none(third);
}

static void test_all_at_128_kbps_is_bulk(void)
{
	g_autoptr(Bench) b = bench_new(&rule_throttled);
	rates(b, 2, 9000, 8000);
	rates(b, 3, 128, 126);
	const Finding *f = bench_one(b, "bulk");
	g_assert_cmpint(f->confidence, ==, CONFIDENCE_MEDIUM);
	g_assert_cmpint(f->onset.boot_ms, ==, 1180000);
	g_assert_true(bench_says(f, EVIDENCE_FOR, "Everything came in at 127 kbit/s"));
	g_assert_true(bench_says(f, EVIDENCE_FOR, "8500 kbit/s came in on average"));
	g_assert_true(bench_names(f, VERDICT_OWN_FAULT));
}

/* 20 s each: a round may take minutes then. */
static Bench *flat_tests(guint n)
{
	Bench *b = bench_new(&rule_throttled);
	rates(b, 1, 9000, 8000);
	for (guint i = 0; i < n; i++) {
		bench_sweeps(b, 20);
		rate(b, i % 3 == 2 ? PROBE_TARGET : PROBE_CONTROL, "any", 128 + i, 60);
	}
	return b;
}

static void test_six_flat_tests_are_bulk(void)
{
	g_autoptr(Bench) b = flat_tests(6), five = flat_tests(5);
	const Finding *f = bench_one(b, "bulk");
	g_assert_cmpint(f->confirmed_ms - f->onset.boot_ms, ==, 100000);
	bench_none(five);
}

/* Slow targets follow each other within a round; the control before and after is fast. */
static void test_three_slow_targets_are_selective_not_bulk(void)
{
	static const char *const names[] = {"youtube", "x", "instagram"};
	g_autoptr(Bench) b = bench_new(&rule_throttled);
	for (guint i = 0; i < 3; i++) {
		bench_sweeps(b, 60);
		rate(b, PROBE_CONTROL, "cloudflare", 9000, 60);
		for (guint k = 0; k < 3; k++)
			rate(b, PROBE_TARGET, names[k], 140, 60);
		bench_round_end(b);
	}
	const Finding *f = bench_one(b, "selective");
	g_assert_true(bench_says(f, EVIDENCE_FOR, "instagram came in at 140 kbit/s"));
}

static void test_flat_rates_of_a_crowded_network_are_not_bulk(void)
{
	g_autoptr(Bench) b = bench_new(&rule_throttled);
	rates(b, 1, 9000, 8000);
	for (guint i = 0; i < 6; i++) {
		bench_refusal(b, CAUSE_CALL_MANAGER, 1060, 0);
		rates(b, 1, 128, 128);
	}
	bench_none(b);
}

static void test_a_cap_far_below_earlier_tests_is_bulk(void)
{
	g_autoptr(Bench) b = bench_new(&rule_throttled), none = bench_new(&rule_throttled);
	rates(b, 2, 9000, 8000);
	rates(b, 3, 2000, 2000);
	bench_one(b, "bulk");
	rates(none, 6, 2000, 2000); /* an ordinary rate, as far as is known */
	bench_none(none);
}

static void test_a_crowds_varying_rate_is_not_bulk(void)
{
	static const guint kbps[] = {480, 150, 300, 90, 510, 220, 400};
	g_autoptr(Bench) b = bench_new(&rule_throttled);
	for (guint i = 0; i < G_N_ELEMENTS(kbps); i++)
		rates(b, 1, kbps[i], kbps[(i + 3) % G_N_ELEMENTS(kbps)] + 100);
	bench_none(b);
}

static void test_slow_with_degraded_radio_is_not_throttled(void)
{
	g_autoptr(Bench) b = bench_new(&rule_throttled);
	bench_signal(b, -95, -17, -4);
	rates(b, 6, 128, 128);
	bench_none(b);
}

static void test_edge_is_slow_by_itself(void)
{
	g_autoptr(Bench) b = bench_new(&rule_throttled);
	bench_cell(b, 11, RAT_GSM);
	bench_rssi(b, -70);
	rates(b, 6, 128, 128);
	bench_none(b);
}

static void test_wild_round_trips_are_not_bulk(void)
{
	g_autoptr(Bench) b = bench_new(&rule_throttled);
	for (guint i = 0; i < 6; i++) {
		bench_sweeps(b, 60);
		rate(b, PROBE_CONTROL, "cloudflare", 128, i % 2 ? 60 : 1500);
		bench_round_end(b);
	}
	bench_none(b);
}

static void test_without_radio_figures_bulk_is_low(void)
{
	g_autoptr(Bench) b = bench_new(&rule_throttled);
	bench_signal(b, NAN, NAN, NAN);
	rates(b, 3, 128, 128);
	g_assert_cmpint(bench_one(b, "bulk")->confidence, ==, CONFIDENCE_LOW);
}

/* What is slow by chance afterwards is not of it. */
static void test_one_slow_test_afterwards_does_not_carry_it_on(void)
{
	g_autoptr(Bench) b = flat_tests(6);
	bench_round_end(b);
	rates(b, 1, 3000, 4000);
	rate(b, PROBE_CONTROL, "cloudflare", 480, 60);
	const Finding *f = bench_one(b, "bulk");
	g_assert_true(bench_says(f, EVIDENCE_FOR, "in 6 tests, between 128 and 133"));
}

static void test_two_fine_tests_end_a_throttle(void)
{
	g_autoptr(Bench) b = bench_new(&rule_throttled);
	rates(b, 4, 9000, 140);
	rates(b, 1, 9000, 8000);
	g_assert_cmpuint(b->found->len, ==, 0);
	rates(b, 1, 9000, 8000);
	g_assert_cmpint(b->found->len, ==, 1);
	g_assert_false(bench_one(b, "selective")->open);
}

#define ADD(name) g_test_add_func("/rules-data/" #name, test_##name)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD(reset_on_two_names_is_blocked);
	ADD(reset_on_one_name_is_low);
	ADD(two_rounds_are_not_blocked);
	ADD(a_control_that_fails_too_is_nothing);
	ADD(a_control_of_another_kind_does_not_count);
	ADD(a_control_that_fails_before_or_after_is_nothing);
	ADD(one_server_that_is_down_is_its_own_affair);
	ADD(two_targets_on_one_server_are_one);
	ADD(two_addresses_that_do_not_connect_are_blocked);
	ADD(a_name_that_the_operator_denies_is_blocked);
	ADD(a_name_that_nobody_knows_is_not_blocked);
	ADD(a_resolver_that_is_down_blocks_nothing);
	ADD(a_block_page_is_blocked_over_http_only);
	ADD(behind_a_captive_portal_nothing_is_blocked);
	ADD(a_vpn_that_worked_before_is_blocked);
	ADD(two_fine_rounds_end_a_block);
	ADD(a_block_is_found_again_after_a_long_pause);
	ADD(one_name_at_140_kbps_is_selective);
	ADD(two_slow_tests_or_a_third_of_the_rate_are_not_throttled);
	ADD(all_at_128_kbps_is_bulk);
	ADD(six_flat_tests_are_bulk);
	ADD(three_slow_targets_are_selective_not_bulk);
	ADD(flat_rates_of_a_crowded_network_are_not_bulk);
	ADD(a_cap_far_below_earlier_tests_is_bulk);
	ADD(a_crowds_varying_rate_is_not_bulk);
	ADD(slow_with_degraded_radio_is_not_throttled);
	ADD(edge_is_slow_by_itself);
	ADD(wild_round_trips_are_not_bulk);
	ADD(without_radio_figures_bulk_is_low);
	ADD(one_slow_test_afterwards_does_not_carry_it_on);
	ADD(two_fine_tests_end_a_throttle);
	return g_test_run();
}
