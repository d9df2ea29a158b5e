/* What libcurl, c-ares and the kernel say, in OONI's words; and what an answer of a resolver tells.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/addresses.h"
#include "probe/failure.h"

#include <ares.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509_vfy.h>

static void assert_ends(const FailureCurl *e, ProbeStep step, const char *failure)
{
	char got[FAILURE_SIZE];
	g_assert_cmpint(failure_from_curl(e, got), ==, step);
	g_assert_cmpstr(got, ==, failure);
}

static void test_the_step_is_the_one_under_way(void)
{
	assert_ends(&(FailureCurl){.code = CURLE_OPERATION_TIMEDOUT, .tls = TRUE}, PROBE_STEP_TCP, "generic_timeout_error");
	assert_ends(&(FailureCurl){.code = CURLE_OPERATION_TIMEDOUT, .tls = TRUE, .connected = TRUE}, PROBE_STEP_TLS,
		    "generic_timeout_error");
	assert_ends(&(FailureCurl){.code = CURLE_OPERATION_TIMEDOUT, .tls = TRUE, .connected = TRUE, .secured = TRUE}, PROBE_STEP_HTTP,
		    "generic_timeout_error");
	assert_ends(&(FailureCurl){.code = CURLE_OPERATION_TIMEDOUT, .connected = TRUE}, PROBE_STEP_HTTP, "generic_timeout_error");
	assert_ends(&(FailureCurl){.code = CURLE_OPERATION_TIMEDOUT, .tls = TRUE, .quic = TRUE}, PROBE_STEP_TLS, "generic_timeout_error");
	assert_ends(&(FailureCurl){.code = CURLE_OK, .connected = TRUE}, PROBE_STEP_HTTP, "");
}

static void test_connecting_fails_as_the_kernel_says(void)
{
	const struct {
		int number;
		const char *word;
	} rows[] = {{ECONNREFUSED, "connection_refused"}, {EHOSTUNREACH, "host_unreachable"}, {ENETUNREACH, "network_unreachable"},
		    {ENETDOWN, "network_down"}, {ENODEV, "network_down"}, {ETIMEDOUT, "generic_timeout_error"}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_ends(&(FailureCurl){.code = CURLE_COULDNT_CONNECT, .os_errno = rows[i].number, .tls = TRUE}, PROBE_STEP_TCP,
			    rows[i].word);
	g_assert_null(failure_from_errno(EDOM));
}

static void test_a_handshake_that_is_cut_is_told_from_one_that_fails(void)
{
	FailureCurl e = {.code = CURLE_SSL_CONNECT_ERROR, .tls = TRUE, .connected = TRUE, .message = "SSL_ERROR_SYSCALL"};
	e.tcp_state = TCP_CLOSE;
	assert_ends(&e, PROBE_STEP_TLS, "connection_reset");
	e.tcp_state = TCP_CLOSE_WAIT;
	assert_ends(&e, PROBE_STEP_TLS, "eof_error");
	e.message = "error:0A000126:SSL routines::unexpected eof while reading";
	e.tcp_state = 0;
	assert_ends(&e, PROBE_STEP_TLS, "eof_error");
	e.message = "error:0A00010B:SSL routines::wrong version number";
	e.tcp_state = TCP_CLOSE_WAIT;
	assert_ends(&e, PROBE_STEP_TLS, "ssl_failed_handshake");
	e.os_errno = ECONNRESET;
	assert_ends(&e, PROBE_STEP_TLS, "connection_reset");
}

static void test_certificates_fail_in_three_ways(void)
{
	FailureCurl e = {.code = CURLE_PEER_FAILED_VERIFICATION, .tls = TRUE, .connected = TRUE};
	assert_ends(&e, PROBE_STEP_TLS, "ssl_invalid_hostname");
	e.verify_result = X509_V_ERR_CERT_HAS_EXPIRED;
	assert_ends(&e, PROBE_STEP_TLS, "ssl_invalid_certificate");
	e.verify_result = X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
	assert_ends(&e, PROBE_STEP_TLS, "ssl_unknown_authority");
}

static void test_an_answer_that_breaks_off_is_no_bad_answer(void)
{
	FailureCurl e = {.code = CURLE_GOT_NOTHING, .connected = TRUE, .tcp_state = TCP_CLOSE_WAIT};
	assert_ends(&e, PROBE_STEP_HTTP, "eof_error");
	e.tcp_state = TCP_CLOSE;
	assert_ends(&e, PROBE_STEP_HTTP, "connection_reset");
	e.code = CURLE_UNSUPPORTED_PROTOCOL;
	assert_ends(&e, PROBE_STEP_HTTP, "http_request_failed");
}

static void test_what_has_no_word_keeps_its_sentence(void)
{
	char got[FAILURE_SIZE];
	failure_from_curl(&(FailureCurl){.code = CURLE_FILESIZE_EXCEEDED, .connected = TRUE}, got);
	g_assert_true(g_str_has_prefix(got, "unknown_failure: "));
}

static void test_words_of_resolvers(void)
{
	g_assert_null(failure_from_ares(ARES_SUCCESS));
	g_assert_cmpstr(failure_from_ares(ARES_ENOTFOUND), ==, "dns_nxdomain_error");
	g_assert_cmpstr(failure_from_ares(ARES_ENODATA), ==, "dns_no_answer");
	g_assert_cmpstr(failure_from_ares(ARES_EREFUSED), ==, "dns_refused_error");
	g_assert_cmpstr(failure_from_ares(ARES_ESERVFAIL), ==, "dns_servfail_error");
	g_assert_cmpstr(failure_from_ares(ARES_EBADRESP), ==, "dns_server_misbehaving");
	g_assert_cmpstr(failure_from_ares(ARES_ETIMEOUT), ==, "generic_timeout_error");
	g_assert_true(g_str_has_prefix(failure_from_ares(ARES_ENOMEM), "unknown_failure: "));
}

static gboolean is_special(const char *text)
{
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(text);
	return address_is_special(address);
}

static void test_addresses_that_no_server_has(void)
{
	const char *const special[] = {"0.0.0.0", "10.10.34.35", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.31.255.1", "192.168.1.1",
				       "198.19.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fd00::1", "fe80::1", "ff02::1"};
	const char *const fine[] = {"1.1.1.1", "100.128.0.1", "172.32.0.1", "203.0.113.7", "2001:db8::1", "2606:4700::1"};
	for (gsize i = 0; i < G_N_ELEMENTS(special); i++)
		g_assert_true(is_special(special[i]));
	for (gsize i = 0; i < G_N_ELEMENTS(fine); i++)
		g_assert_false(is_special(fine[i]));
}

static GPtrArray *list(const char *text)
{
	GPtrArray *addresses = g_ptr_array_new_with_free_func(g_object_unref);
	g_auto(GStrv) parts = g_strsplit(text, " ", -1);
	for (char **part = parts; *part; part++)
		g_ptr_array_add(addresses, g_inet_address_new_from_string(*part));
	return addresses;
}

static gboolean agree(const char *a, const char *b)
{
	g_autoptr(GPtrArray) one = list(a), other = list(b);
	return addresses_agree(one, other);
}

static void test_answers_agree_by_network(void)
{
	g_assert_true(agree("192.0.2.1 198.51.100.1", "198.51.200.9"));
	g_assert_false(agree("192.0.2.1", "192.1.2.1"));
	g_assert_true(agree("2001:db8:1::1", "2001:db8:2::1"));
	g_assert_false(agree("2001:db8::1", "2001:db9::1"));
	g_assert_false(agree("192.0.2.1", "2001:db8::1"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/failure/step", test_the_step_is_the_one_under_way);
	g_test_add_func("/failure/connect", test_connecting_fails_as_the_kernel_says);
	g_test_add_func("/failure/handshake", test_a_handshake_that_is_cut_is_told_from_one_that_fails);
	g_test_add_func("/failure/certificate", test_certificates_fail_in_three_ways);
	g_test_add_func("/failure/answer", test_an_answer_that_breaks_off_is_no_bad_answer);
	g_test_add_func("/failure/unknown", test_what_has_no_word_keeps_its_sentence);
	g_test_add_func("/failure/resolver", test_words_of_resolvers);
	g_test_add_func("/addresses/special", test_addresses_that_no_server_has);
	g_test_add_func("/addresses/agree", test_answers_agree_by_network);
	return g_test_run();
}
