/* Lists of lookups, connections, handshakes and requests (ooni/spec df-001, df-002, df-005, df-006).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/ooni.h"

static void put_times(const OoniLine *line, gint64 from_us, gint64 to_us)
{
	json_seconds(line->json, "t0", from_us - line->base_us);
	json_seconds(line->json, "t", to_us - line->base_us);
}

/* Which operations belong together: those of one row. */
static void put_transaction(const OoniLine *line, const OoniRow *row)
{
	json_int(line->json, "transaction_id", row - line->round->rows + 1);
}

/* --- lookups --- */

gboolean ooni_by_operator(const OoniRow *row)
{
	return !PROBE_HAS(row, resolver) || g_str_equal(row->probe.resolver, "operator");
}

static gboolean is_lookup(const OoniLine *line, const OoniRow *row)
{
	return PROBE_HAS(line->row, round) && PROBE_HAS(row, test) && row->probe.test == PROBE_DNS && PROBE_HAS(row, target) &&
	       PROBE_HAS(line->row, target) && g_str_equal(row->probe.target, line->row->probe.target);
}

gboolean ooni_is_lookup(const OoniLine *line, const OoniRow *row)
{
	return is_lookup(line, row) && ooni_row_family_fits(line->row, row);
}

static gboolean is_address(const char *text, gboolean ipv6)
{
	return *text && g_hostname_is_ip_address(text) && (strchr(text, ':') != NULL) == ipv6;
}

static guint count_addresses(char *const *addresses, gboolean ipv6)
{
	guint n = 0;
	for (; *addresses; addresses++)
		n += is_address(*addresses, ipv6) ? 1 : 0;
	return n;
}

static void put_answers(Json *json, char *const *addresses, gboolean ipv6)
{
	if (count_addresses(addresses, ipv6) == 0) {
		json_null(json, "answers");
		return;
	}
	json_begin(json, "answers", '[');
	for (; *addresses; addresses++) {
		if (!is_address(*addresses, ipv6))
			continue;
		json_begin(json, NULL, '{');
		json_text(json, "answer_type", ipv6 ? "AAAA" : "A");
		json_text(json, ipv6 ? "ipv6" : "ipv4", *addresses);
		json_null(json, "ttl");
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void put_query_tags(const OoniLine *line, const OoniRow *row)
{
	json_begin(line->json, "tags", '[');
	if (ooni_by_operator(row))
		json_text(line->json, NULL, "classic");
	json_text(line->json, NULL, "depth=0");
	if (PROBE_HAS(row, resolver)) {
		g_autofree char *tag = g_strconcat("resolver=", row->probe.resolver, NULL);
		json_text(line->json, NULL, tag);
	}
	json_end(line->json, ']');
}

static void put_query(const OoniLine *line, const OoniRow *row, char *const *addresses, const char *host, gboolean ipv6)
{
	Json *json = line->json;
	const gint64 length = PROBE_HAS(row, dns_us) ? row->probe.dns_us : row->end_us - ooni_row_start_us(row);
	const char *failure = ooni_row_failure(row);
	g_autofree char *resolver = PROBE_HAS(row, address) ? ooni_endpoint(row->probe.address, 53) : g_strdup("");
	json_begin(json, NULL, '{');
	put_answers(json, addresses, ipv6);
	json_text(json, "engine", "udp");
	json_text(json, "failure", !failure && count_addresses(addresses, ipv6) == 0 ? "dns_no_answer" : failure);
	json_text(json, "hostname", host);
	json_text(json, "query_type", ipv6 ? "AAAA" : "A");
	json_text(json, "resolver_address", resolver);
	json_null(json, "resolver_hostname");
	json_null(json, "resolver_port");
	put_times(line, row->end_us - length, row->end_us);
	put_query_tags(line, row);
	put_transaction(line, row);
	json_end(json, '}');
}

/* One entry for each family that was asked for; where that is not told, for each that was answered. */
static void put_lookup(const OoniLine *line, const OoniRow *row, const char *host)
{
	g_auto(GStrv) addresses = g_strsplit(PROBE_HAS(row, answers) ? row->probe.answers : "", " ", -1);
	const gboolean told = PROBE_HAS(row, family), dual = told && row->probe.family == SESSION_DUAL;
	const gboolean asked_v6 = told && row->probe.family != SESSION_IPV4;
	const gboolean v6 = asked_v6 || count_addresses(addresses, TRUE) > 0;
	const gboolean v4 = dual || !v6 || count_addresses(addresses, FALSE) > 0;
	if (v4)
		put_query(line, row, addresses, host, FALSE);
	if (v6)
		put_query(line, row, addresses, host, TRUE);
}

void ooni_put_queries(const OoniLine *line, const char *host)
{
	json_begin(line->json, "queries", '[');
	for (guint i = 0; i < line->round->n; i++)
		if (is_lookup(line, &line->round->rows[i]))
			put_lookup(line, &line->round->rows[i], host);
	json_end(line->json, ']');
}

/* --- connections --- */

static void put_step_tags(const OoniLine *line, const OoniRow *row, gboolean connecting)
{
	const gboolean web = row->probe.test == PROBE_WEB; /* whose words these are */
	json_begin(line->json, "tags", '[');
	if (web && ooni_by_operator(row))
		json_text(line->json, NULL, "classic");
	if (web && connecting)
		json_text(line->json, NULL, "tcptls_experiment");
	if (web) {
		json_text(line->json, NULL, "depth=0");
		json_text(line->json, NULL, "fetch_body=true");
	}
	json_end(line->json, ']');
}

static void put_step_end(const OoniLine *line, const OoniRow *row, ProbeStep step)
{
	gint64 from, to;
	ooni_row_times(row, step, &from, &to);
	put_times(line, from, to);
	put_step_tags(line, row, step != PROBE_STEP_HTTP);
	put_transaction(line, row);
	json_end(line->json, '}');
}

void ooni_put_tcp_connect(const OoniLine *line, const OoniRow *row, guint port)
{
	Json *json = line->json;
	const char *failure = ooni_row_step_failure(row, PROBE_STEP_TCP);
	json_begin(json, "tcp_connect", '[');
	if (ooni_row_reached(row, PROBE_STEP_TCP) && PROBE_HAS(row, address)) {
		json_begin(json, NULL, '{');
		json_text(json, "ip", row->probe.address);
		json_int(json, "port", port);
		json_begin(json, "status", '{');
		json_text(json, "failure", failure);
		json_bool(json, "success", !failure);
		json_end(json, '}');
		put_step_end(line, row, PROBE_STEP_TCP);
	}
	json_end(json, ']');
}

void ooni_put_tls_handshakes(const OoniLine *line, const OoniRow *row, const char *server_name, guint port)
{
	Json *json = line->json;
	json_begin(json, "tls_handshakes", '[');
	if (ooni_row_reached(row, PROBE_STEP_TLS) && PROBE_HAS(row, address)) {
		g_autofree char *endpoint = ooni_endpoint(row->probe.address, port);
		json_begin(json, NULL, '{');
		json_text(json, "network", "tcp");
		json_text(json, "address", endpoint);
		json_text(json, "cipher_suite", "");
		json_text(json, "failure", ooni_row_step_failure(row, PROBE_STEP_TLS));
		json_text(json, "negotiated_protocol", "");
		json_bool(json, "no_tls_verify", FALSE);
		json_null(json, "peer_certificates");
		json_text(json, "server_name", server_name);
		json_text(json, "tls_version", "");
		put_step_end(line, row, PROBE_STEP_TLS);
	}
	json_end(json, ']');
}

/* --- requests --- */

static void put_no_headers(Json *json)
{
	json_begin(json, "headers", '{');
	json_end(json, '}');
	json_begin(json, "headers_list", '[');
	json_end(json, ']');
}

static void put_request(Json *json, const OoniRow *row)
{
	json_begin(json, "request", '{');
	json_text(json, "body", "");
	json_bool(json, "body_is_truncated", FALSE);
	put_no_headers(json);
	json_text(json, "method", "GET");
	json_begin(json, "tor", '{');
	json_null(json, "exit_ip");
	json_null(json, "exit_name");
	json_bool(json, "is_tor", FALSE);
	json_end(json, '}');
	json_text(json, "url", row->probe.url);
	json_text(json, "x_transport", "tcp");
	json_end(json, '}');
}

static void put_response(Json *json, const OoniRow *row)
{
	json_begin(json, "response", '{');
	json_text(json, "body", "");
	json_bool(json, "body_is_truncated", PROBE_HAS(row, body_bytes) && row->probe.body_bytes > 0);
	json_int(json, "code", PROBE_HAS(row, http_status) ? row->probe.http_status : 0);
	put_no_headers(json);
	json_end(json, '}');
}

void ooni_put_requests(const OoniLine *line, const OoniRow *row, const OoniUrl *url)
{
	Json *json = line->json;
	json_begin(json, "requests", '[');
	json_begin(json, NULL, '{');
	json_text(json, "network", "tcp");
	if (PROBE_HAS(row, address)) {
		g_autofree char *endpoint = ooni_endpoint(row->probe.address, url->port);
		json_text(json, "address", endpoint);
	}
	json_text(json, "failure", ooni_row_failure(row));
	put_request(json, row);
	put_response(json, row);
	if (PROBE_HAS(row, body_bytes))
		json_int(json, "response_length", (gint64)row->probe.body_bytes);
	put_step_end(line, row, PROBE_STEP_HTTP);
	json_end(json, ']');
}
