/* probe_rounds.h - what a prober would write down of networks that behave and misbehave, for journal_make.
 *
 * The round's number chooses the network, in the order of `networks`, then again from the first. A round is a session that
 * comes up, the rows of its probes 20 ms apart, and the session's end; where the network refuses the session there is that row
 * alone. Addresses are those of RFC 5737 and RFC 3849.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal.h"

typedef enum { SAID_NOTHING, SAID_NO, SAID_YES } Said;

typedef struct {
	ProbeTest test;
	ProbeRole role;
	SessionFamily family;
	ProbeStep step;
	const char *target, *category, *failure, *url, *resolver, *address, *answers, *server_name, *redirect_host;
	Said consistent, body_matches;
	guint dns_ms, tcp_ms, tls_ms, first_byte_ms, total_ms, http_status, body_bytes, rate_kbps; /* 0: absent */
} MadeProbe;

#define NEWS      "https://news.example/front?q=\"1\""
#define NEWS_V4   "192.0.2.80"
#define NEWS_V6   "2001:db8::80"
#define PAPER     .target = "=news", .category = "news \"daily\", local", .url = NEWS
#define LOOKED_UP PAPER, .test = PROBE_DNS, .step = PROBE_STEP_DNS, .dns_ms = 31, .total_ms = 31
#define OPERATOR  LOOKED_UP, .resolver = "operator", .address = "198.51.100.53"
#define QUAD      LOOKED_UP, .resolver = "quad", .address = "203.0.113.9", .answers = NEWS_V4 " " NEWS_V6
#define FETCHED   .test = PROBE_WEB, .resolver = "operator", .dns_ms = 31, .tcp_ms = 42
#define NOT_FOUND .test = PROBE_WEB, .step = PROBE_STEP_DNS
#define CONTROL   .target = "control", .role = PROBE_CONTROL, .url = "https://control.example/"
#define PLAIN     FETCHED, .target = "plain", .url = "http://plain.example/", .address = "192.0.2.81"
#define ANSWERED  .step = PROBE_STEP_HTTP, .first_byte_ms = 64
#define PAGE      ANSWERED, .tls_ms = 53, .http_status = 200, .body_bytes = 5120, .body_matches = SAID_YES
#define SENT_AWAY ANSWERED, .http_status = 302, .body_bytes = 64, .body_matches = SAID_NO, .total_ms = 150
#define CONTROLLED FETCHED, CONTROL, .address = "192.0.2.7", PAGE, .total_ms = 200
#define TO_HELPER .test = PROBE_SNI, .address = "192.0.2.44"
#define HELPER    TO_HELPER, .target = "helper", .role = PROBE_CONTROL, .server_name = "control.example"
#define NAMED     TO_HELPER, .target = "chat", .category = "messenger", .server_name = "chat.example"
#define GREETED   .step = PROBE_STEP_TLS, .tcp_ms = 40, .tls_ms = 55, .total_ms = 95
#define TIMED_OUT .failure = "generic_timeout_error", .total_ms = 10000
#define RATE      .test = PROBE_RATE, .target = "rate", .url = "https://rate.example/", .step = PROBE_STEP_HTTP

static const MadeProbe fine[] = {
	{OPERATOR, .answers = NEWS_V4 " " NEWS_V6, .consistent = SAID_YES},
	{QUAD, .consistent = SAID_YES},
	{FETCHED, PAPER, .address = NEWS_V4, PAGE, .total_ms = 200},
	{CONTROLLED},
	{HELPER, GREETED},
	{NAMED, GREETED},
	{RATE, .body_bytes = 262144, .rate_kbps = 18500, .total_ms = 120},
};
/* The operator's resolver names a server of its own, which has no certificate for that name. */
static const MadeProbe dns_lie[] = {
	{OPERATOR, .answers = "198.51.100.1", .consistent = SAID_NO},
	{QUAD, .consistent = SAID_NO},
	{FETCHED, PAPER, .address = "198.51.100.1", .step = PROBE_STEP_TLS, .failure = "ssl_invalid_hostname", .total_ms = 140},
	{CONTROLLED},
};
static const MadeProbe dns_denial[] = {
	{OPERATOR, .failure = "dns_nxdomain_error"},
	{QUAD},
	{NOT_FOUND, PAPER, .failure = "dns_nxdomain_error", .total_ms = 31},
	{CONTROLLED},
};
static const MadeProbe sni_reset[] = {
	{OPERATOR, .answers = NEWS_V4, .consistent = SAID_YES},
	{QUAD, .consistent = SAID_YES},
	{FETCHED, PAPER, .address = NEWS_V4, .step = PROBE_STEP_TLS, .failure = "connection_reset", .total_ms = 80},
	{CONTROLLED},
	{HELPER, GREETED},
	{NAMED, GREETED, .failure = "connection_reset"},
};
static const MadeProbe tcp_refused[] = {
	{OPERATOR, .answers = NEWS_V4, .consistent = SAID_YES},
	{QUAD, .consistent = SAID_YES},
	{FETCHED, PAPER, .address = NEWS_V4, .step = PROBE_STEP_TCP, .failure = "connection_refused", .total_ms = 70},
	{CONTROLLED},
};
static const MadeProbe block_page[] = {
	{PLAIN, SENT_AWAY, .redirect_host = "blocked.example"},
	{CONTROLLED},
};
static const MadeProbe portal[] = {
	{.test = PROBE_PORTAL, .target = "portal", .url = "http://portal.example/204", SENT_AWAY, .redirect_host = "login.example"},
	{PLAIN, SENT_AWAY, .redirect_host = "login.example"},
	{FETCHED, CONTROL, .address = "192.0.2.7", .step = PROBE_STEP_TLS, .failure = "ssl_unknown_authority", .total_ms = 120},
};
static const MadeProbe throttled[] = {
	{CONTROLLED},
	{FETCHED, PAPER, .address = NEWS_V4, PAGE, .total_ms = 9000},
	{RATE, .body_bytes = 65536, .rate_kbps = 64, .total_ms = 8200},
};
static const MadeProbe dead[] = {
	{OPERATOR, .failure = "generic_timeout_error"},
	{NOT_FOUND, PAPER, TIMED_OUT},
	{NOT_FOUND, CONTROL, TIMED_OUT},
	{HELPER, .step = PROBE_STEP_TCP, TIMED_OUT},
	{NAMED, .step = PROBE_STEP_TCP, TIMED_OUT},
	{.test = PROBE_IP, .target = "one", .address = "192.0.2.1", .step = PROBE_STEP_TCP, TIMED_OUT},
};
static const MadeProbe ipv6_broken[] = {
	{OPERATOR, .answers = NEWS_V4 " " NEWS_V6, .consistent = SAID_YES, .family = SESSION_DUAL},
	{FETCHED, PAPER, .address = NEWS_V4, PAGE, .total_ms = 200},
	{CONTROLLED},
	{FETCHED, PAPER, .family = SESSION_IPV6, .address = NEWS_V6, .step = PROBE_STEP_TCP, TIMED_OUT},
	{FETCHED, CONTROL, .family = SESSION_IPV6, .address = "2001:db8::7", .step = PROBE_STEP_TCP, TIMED_OUT},
};

#define NETWORK(name, of_session) {name, G_N_ELEMENTS(name), of_session}
static const struct {
	const MadeProbe *probes;
	guint n;
	SessionOutcome outcome;
} networks[] = {
	NETWORK(fine, SESSION_CONNECTED), NETWORK(dns_lie, SESSION_CONNECTED), NETWORK(dns_denial, SESSION_CONNECTED),
	NETWORK(sni_reset, SESSION_CONNECTED), NETWORK(tcp_refused, SESSION_CONNECTED), NETWORK(block_page, SESSION_CONNECTED),
	NETWORK(portal, SESSION_CONNECTED), NETWORK(throttled, SESSION_CONNECTED), NETWORK(dead, SESSION_CONNECTED),
	NETWORK(ipv6_broken, SESSION_CONNECTED), {NULL, 0, SESSION_FAILED},
};

static inline void probe_round_session(Observation *o, const char *source, guint round, SessionOutcome outcome)
{
	observation_init(o, OBSERVATION_SESSION, source);
	SESSION_SET(o, origin, SESSION_OWN);
	SESSION_SET(o, outcome, outcome);
	SESSION_SET(o, attempt, round);
	SESSION_SET(o, asked_family, SESSION_DUAL);
	if (outcome == SESSION_ENDED) {
		SESSION_SET(o, duration_ms, 4000);
		SESSION_SET(o, ended_by, SESSION_BY_US);
		SESSION_SET(o, rx_bytes, 81234);
		return;
	}
	SESSION_SET(o, setup_ms, 480);
	if (outcome == SESSION_CONNECTED) {
		SESSION_SET(o, family, SESSION_DUAL);
		SESSION_SET(o, ipv4_scope, SCOPE_SHARED);
		SESSION_SET(o, mtu, 1430);
		return;
	}
	SESSION_SET(o, ended_by, SESSION_BY_NETWORK);
	SESSION_SET(o, cause_type, CAUSE_3GPP);
	SESSION_SET(o, cause, 33);
	OBSERVATION_SET_TEXT(o, session, SESSION, cause_text, "requested-service-option-not-subscribed");
}

#define PROBE_TEXT_IF(o, name, value) \
	if ((value) != NULL)          \
	OBSERVATION_SET_TEXT(o, probe, PROBE, name, value)
#define PROBE_SET_IF(o, name, value) \
	if ((value) != 0)            \
	PROBE_SET(o, name, value)

static inline void probe_round_times(Observation *o, const MadeProbe *made)
{
	PROBE_SET_IF(o, dns_us, made->dns_ms * 1000);
	PROBE_SET_IF(o, tcp_us, made->tcp_ms * 1000);
	PROBE_SET_IF(o, tls_us, made->tls_ms * 1000);
	PROBE_SET_IF(o, first_byte_us, made->first_byte_ms * 1000);
	PROBE_SET_IF(o, total_us, made->total_ms * 1000);
}

static inline void probe_round_probe(Observation *o, const char *source, guint round, const MadeProbe *made)
{
	observation_init(o, OBSERVATION_PROBE, source);
	PROBE_SET(o, round, round);
	PROBE_SET(o, attempt, round);
	PROBE_SET(o, test, made->test);
	PROBE_SET(o, role, made->role);
	PROBE_SET(o, step, made->step);
	PROBE_SET(o, family, made->family);
	PROBE_TEXT_IF(o, target, made->target);
	PROBE_TEXT_IF(o, category, made->category);
	PROBE_TEXT_IF(o, failure, made->failure);
	PROBE_TEXT_IF(o, url, made->url);
	PROBE_TEXT_IF(o, resolver, made->resolver);
	PROBE_TEXT_IF(o, address, made->address);
	PROBE_TEXT_IF(o, answers, made->answers);
	PROBE_TEXT_IF(o, server_name, made->server_name);
	PROBE_TEXT_IF(o, redirect_host, made->redirect_host);
	PROBE_SET_IF(o, http_status, (guint16)made->http_status);
	PROBE_SET_IF(o, body_bytes, made->body_bytes);
	PROBE_SET_IF(o, rate_kbps, made->rate_kbps);
	if (made->consistent)
		PROBE_SET(o, consistent, made->consistent == SAID_YES);
	if (made->body_matches)
		PROBE_SET(o, body_matches, made->body_matches == SAID_YES);
	probe_round_times(o, made);
}
