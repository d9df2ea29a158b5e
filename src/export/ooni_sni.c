/* Test keys of sni_blocking (ooni/spec ts-024): one server, asked for the target's name and for its own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/ooni.h"

const OoniRow *ooni_sni_control(const OoniLine *line)
{
	for (guint i = 0; i < line->round->n; i++) {
		const OoniRow *row = &line->round->rows[i];
		if (PROBE_HAS(line->row, round) && ooni_row_is(row, PROBE_SNI, PROBE_CONTROL) && PROBE_HAS(row, address) &&
		    PROBE_HAS(line->row, address) && g_str_equal(row->probe.address, line->row->probe.address))
			return row;
	}
	return NULL;
}

/* The helper may have no certificate for that name, and still it has greeted us. */
static gboolean got_hello(const char *failure)
{
	return !failure || g_str_equal(failure, "ssl_invalid_hostname");
}

static const char *result(const OoniRow *row, const OoniRow *control)
{
	static const struct {
		const char *failure, *result;
	} known[] = {{"eof_error", "interference.closed"},
		     {"connection_reset", "interference.reset"},
		     {"ssl_invalid_certificate", "interference.invalid_certificate"},
		     {"ssl_unknown_authority", "interference.unknown_authority"}};
	const char *failure = ooni_row_failure(row);
	if (got_hello(failure))
		return "success.got_server_hello";
	if (!ooni_row_reached(row, PROBE_STEP_TLS))
		return "anomaly.test_helper_unreachable";
	if (g_str_equal(failure, "generic_timeout_error"))
		return control && got_hello(ooni_row_failure(control)) ? "anomaly.timeout" : "anomaly.test_helper_unreachable";
	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_str_equal(failure, known[i].failure))
			return known[i].result;
	return "anomaly.unexpected_failure";
}

static void put_subresult(const OoniLine *line, const char *key, const OoniRow *row)
{
	Json *json = line->json;
	const OoniRow *helper = row ? row : line->row; /* one server, whether there was a control or not */
	g_auto(OoniUrl) url = {0};
	ooni_url_read(helper, &url);
	g_autofree char *endpoint = PROBE_HAS(helper, address) ? ooni_endpoint(helper->probe.address, url.port) : g_strdup("");
	json_begin(json, key, '{');
	json_text(json, "failure", row ? ooni_row_failure(row) : OONI_NO_CONTROL);
	json_null(json, "network_events");
	json_null(json, "queries");
	json_null(json, "requests");
	json_text(json, "sni", row && PROBE_HAS(row, server_name) ? row->probe.server_name : "");
	json_text(json, "th_address", endpoint);
	if (row) {
		ooni_put_tcp_connect(line, row, url.port);
		ooni_put_tls_handshakes(line, row, row->probe.server_name, url.port);
	} else {
		json_null(json, "tcp_connect");
		json_null(json, "tls_handshakes");
	}
	json_end(json, '}');
}

void ooni_sni_put_keys(const OoniLine *line)
{
	const OoniRow *control = ooni_sni_control(line);
	put_subresult(line, "control", control);
	json_text(line->json, "result", result(line->row, control));
	put_subresult(line, "target", line->row);
}
