/* A round of probes in a sentence. SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/tally.h"

static gboolean add(Tally *tally, ProbeTest test, const char *target, SessionFamily family, ProbeStep step, const char *failure)
{
	Observation o;
	observation_init(&o, OBSERVATION_PROBE, "a");
	PROBE_SET(&o, test, (guint8)test);
	OBSERVATION_SET_TEXT(&o, probe, PROBE, target, target);
	PROBE_SET(&o, family, (guint8)family);
	PROBE_SET(&o, step, (guint8)step);
	if (failure)
		OBSERVATION_SET_TEXT(&o, probe, PROBE, failure, failure);
	return tally_take(tally, &o);
}

static gboolean end(Tally *tally)
{
	Observation o;
	observation_init(&o, OBSERVATION_PROBE, "a");
	PROBE_SET(&o, test, PROBE_ROUND);
	return tally_take(tally, &o);
}

static void add_rate(Tally *tally, ProbeRole role, guint32 kbps)
{
	Observation o;
	observation_init(&o, OBSERVATION_PROBE, "a");
	PROBE_SET(&o, test, PROBE_RATE);
	PROBE_SET(&o, role, (guint8)role);
	PROBE_SET(&o, rate_kbps, kbps);
	tally_take(tally, &o);
}

static void test_words(void)
{
	Tally *tally = tally_new();
	g_assert_cmpstr(tally_words(tally), ==, "");
	g_assert_false(add(tally, PROBE_IP, "one", SESSION_IPV4, PROBE_STEP_TCP, NULL));
	g_assert_false(add(tally, PROBE_WEB, "news", SESSION_IPV4, PROBE_STEP_HTTP, NULL));
	add_rate(tally, PROBE_TARGET, 140);
	add_rate(tally, PROBE_CONTROL, 18900);
	g_assert_true(end(tally));
	g_assert_cmpstr(tally_words(tally), ==, "probes: all 4 work");
	g_assert_cmpstr(tally_rates(tally), ==, "target 0.1, control 18.9 Mbit/s");
	g_assert_cmpuint(tally_lowest_kbps(tally), ==, 140);

	add(tally, PROBE_IP, "one", SESSION_IPV4, PROBE_STEP_TCP, NULL);
	add(tally, PROBE_WEB, "messenger", SESSION_IPV4, PROBE_STEP_TLS, "connection_reset");
	add(tally, PROBE_WEB, "news", SESSION_IPV6, PROBE_STEP_TCP, "generic_timeout_error");
	g_assert_cmpstr(tally_words(tally), ==, "probes: all 4 work"); /* until the round is over */
	g_assert_true(end(tally));
	g_assert_cmpstr(tally_words(tally), ==,
			"probes: 2 of 3 FAIL: messenger: connection_reset at tls; news over IPv6: generic_timeout_error at tcp");
	g_assert_cmpstr(tally_rates(tally), ==, ""); /* of an earlier round */
	g_assert_cmpuint(tally_lowest_kbps(tally), ==, 0);

	add(tally, PROBE_IP, "one", SESSION_IPV4, PROBE_STEP_TCP, "generic_timeout_error");
	end(tally);
	g_assert_true(g_str_has_prefix(tally_words(tally), "NOTHING COMES BACK"));
	end(tally);
	g_assert_cmpstr(tally_words(tally), ==, "nothing could be probed");
	tally_free(tally);
}

static void test_another_page(void)
{
	Tally *tally = tally_new();
	Observation o;
	observation_init(&o, OBSERVATION_PROBE, "a");
	PROBE_SET(&o, test, PROBE_WEB);
	PROBE_SET(&o, step, PROBE_STEP_HTTP);
	PROBE_SET(&o, body_matches, 0);
	OBSERVATION_SET_TEXT(&o, probe, PROBE, target, "news");
	add(tally, PROBE_IP, "one", SESSION_IPV4, PROBE_STEP_TCP, NULL);
	tally_take(tally, &o);
	end(tally);
	g_assert_cmpstr(tally_words(tally), ==, "probes: 1 of 2 FAIL: news: another page than it should be");
	tally_free(tally);
}

static void test_many_failures(void)
{
	Tally *tally = tally_new();
	add(tally, PROBE_IP, "one", SESSION_IPV4, PROBE_STEP_TCP, NULL);
	for (guint i = 0; i < 9; i++)
		add(tally, PROBE_WEB, "x", SESSION_IPV4, PROBE_STEP_DNS, "dns_nxdomain_error");
	end(tally);
	g_assert_true(g_str_has_prefix(tally_words(tally), "probes: 9 of 10 FAIL: x: dns_nxdomain_error at dns; "));
	g_assert_true(g_str_has_suffix(tally_words(tally), "; ..."));
	tally_free(tally);
}

static void add_of_round(Tally *tally, guint32 round, const char *failure)
{
	Observation o;
	observation_init(&o, OBSERVATION_PROBE, "a");
	PROBE_SET(&o, test, PROBE_IP);
	PROBE_SET(&o, round, round);
	OBSERVATION_SET_TEXT(&o, probe, PROBE, target, "one");
	if (failure)
		OBSERVATION_SET_TEXT(&o, probe, PROBE, failure, failure);
	tally_take(tally, &o);
}

static void test_a_round_without_an_end(void)
{
	Tally *tally = tally_new();
	add_of_round(tally, 7, "connection_reset");
	add_of_round(tally, 9, NULL);
	end(tally);
	g_assert_cmpstr(tally_words(tally), ==, "probes: all 1 work");
	tally_free(tally);
}

static void test_silence_and_refusals(void)
{
	Tally *tally = tally_new();
	add(tally, PROBE_IP, "one", SESSION_IPV4, PROBE_STEP_TCP, "connection_refused");
	end(tally);
	g_assert_cmpstr(tally_words(tally), ==, "probes: 1 of 1 FAIL: one: connection_refused at tcp");
	add(tally, PROBE_IP, "one", SESSION_IPV4, PROBE_STEP_TCP, "interrupted");
	end(tally);
	g_assert_cmpstr(tally_words(tally), ==, "nothing could be probed");
	add(tally, PROBE_IP, "one", SESSION_IPV4, PROBE_STEP_TCP, "network_down");
	Observation o;
	observation_init(&o, OBSERVATION_PROBE, "a");
	PROBE_SET(&o, test, PROBE_ROUND);
	OBSERVATION_SET_TEXT(&o, probe, PROBE, failure, "network_down");
	g_assert_true(tally_take(tally, &o));
	g_assert_cmpstr(tally_words(tally), ==, "probing broke off: the modem's network interface vanished");
	tally_free(tally);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/tally/a-round-in-words", test_words);
	g_test_add_func("/tally/a-page-with-another-text", test_another_page);
	g_test_add_func("/tally/not-every-failure-is-named", test_many_failures);
	g_test_add_func("/tally/a-round-without-an-end", test_a_round_without_an_end);
	g_test_add_func("/tally/silence-and-refusals", test_silence_and_refusals);
	return g_test_run();
}
