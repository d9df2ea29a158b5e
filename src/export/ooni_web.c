/* Test keys of web_connectivity (ooni/spec ts-017); ooni.h says what stands for the test helper.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/ooni.h"

/* --- control --- */

static gboolean is_control(const OoniLine *line, const OoniRow *row)
{
	return PROBE_HAS(line->row, round) && ooni_row_is(row, PROBE_WEB, PROBE_CONTROL) && ooni_row_family_fits(line->row, row);
}

/* NULL as soon as one control site answered. */
static const char *control_failure(const OoniLine *line)
{
	const char *first = NULL;
	for (guint i = 0; i < line->round->n; i++) {
		const OoniRow *row = &line->round->rows[i];
		if (!is_control(line, row))
			continue;
		if (!ooni_row_failure(row))
			return NULL;
		if (!first)
			first = ooni_row_failure(row);
	}
	return first ? first : OONI_NO_CONTROL;
}

static void put_control_step(const OoniLine *line, const char *key, ProbeStep step)
{
	Json *json = line->json;
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	json_begin(json, key, '{');
	for (guint i = 0; i < line->round->n; i++) {
		const OoniRow *row = &line->round->rows[i];
		g_auto(OoniUrl) url = {0};
		if (!is_control(line, row) || !ooni_row_reached(row, step) || !PROBE_HAS(row, address))
			continue;
		ooni_url_read(row, &url);
		char *endpoint = ooni_endpoint(row->probe.address, url.port);
		if ((step == PROBE_STEP_TLS && !url.https) || !g_hash_table_add(seen, endpoint))
			continue;
		json_begin(json, endpoint, '{');
		if (step == PROBE_STEP_TLS)
			json_text(json, "server_name", url.host);
		json_bool(json, "status", !ooni_row_step_failure(row, step));
		json_text(json, "failure", ooni_row_step_failure(row, step));
		json_end(json, '}');
	}
	json_end(json, '}');
}

static void put_empty(Json *json, const char *key)
{
	json_begin(json, key, '{');
	json_end(json, '}');
}

/* --- lookups --- */

typedef struct {
	guint asked, answered;
	const char *failure;    /* of the first that failed */
	gboolean agree, differ; /* by `consistent` */
} Lookups;

static Lookups sum_lookups(const OoniLine *line, gboolean by_operator)
{
	Lookups sum = {0};
	for (guint i = 0; i < line->round->n; i++) {
		const OoniRow *row = &line->round->rows[i];
		if (!ooni_is_lookup(line, row) || ooni_by_operator(row) != by_operator)
			continue;
		sum.asked++;
		sum.answered += ooni_row_failure(row) ? 0 : 1;
		if (!sum.failure)
			sum.failure = ooni_row_failure(row);
		sum.agree = sum.agree || (PROBE_HAS(row, consistent) && row->probe.consistent);
		sum.differ = sum.differ || (PROBE_HAS(row, consistent) && !row->probe.consistent);
	}
	return sum;
}

/* "consistent", "inconsistent" or NULL. Where the operator gave no address there is nothing to compare but failures. */
static const char *dns_consistency(const Lookups *own, const Lookups *others)
{
	if (own->answered > 0)
		return own->differ ? "inconsistent" : own->agree ? "consistent" : NULL;
	if (own->asked == 0 || others->asked == 0)
		return NULL;
	if (others->answered > 0)
		return "inconsistent";
	return g_strcmp0(own->failure, others->failure) == 0 ? "consistent" : NULL;
}

static const char *dns_failure(const OoniLine *line, const Lookups *own)
{
	if (own->asked == 0)
		return ooni_row_step_failure(line->row, PROBE_STEP_DNS);
	return own->answered > 0 ? NULL : own->failure;
}

const char *ooni_web_resolver(const OoniLine *line)
{
	for (guint i = 0; i < line->round->n; i++) {
		const OoniRow *row = &line->round->rows[i];
		if (ooni_is_lookup(line, row) && ooni_by_operator(row) && PROBE_HAS(row, address))
			return row->probe.address;
	}
	return NULL;
}

static void put_control_dns(const OoniLine *line, const Lookups *others)
{
	Json *json = line->json;
	if (others->asked == 0) {
		json_null(json, "dns");
		return;
	}
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	json_begin(json, "dns", '{');
	json_text(json, "failure", others->answered > 0 ? NULL : others->failure);
	json_begin(json, "addrs", '[');
	for (guint i = 0; i < line->round->n; i++) {
		const OoniRow *row = &line->round->rows[i];
		if (!ooni_is_lookup(line, row) || ooni_by_operator(row) || !PROBE_HAS(row, answers))
			continue;
		g_auto(GStrv) addresses = g_strsplit(row->probe.answers, " ", -1);
		for (guint k = 0; addresses[k]; k++)
			if (g_hostname_is_ip_address(addresses[k]) && g_hash_table_add(seen, g_strdup(addresses[k])))
				json_text(json, NULL, addresses[k]);
	}
	json_end(json, ']');
	json_end(json, '}');
}

static void put_control(const OoniLine *line, const Lookups *others)
{
	Json *json = line->json;
	json_begin(json, "control", '{');
	put_control_step(line, "tcp_connect", PROBE_STEP_TCP);
	put_control_step(line, "tls_handshake", PROBE_STEP_TLS);
	put_empty(json, "quic_handshake");
	json_null(json, "http_request");
	json_null(json, "http3_request");
	put_control_dns(line, others);
	put_empty(json, "ip_info");
	json_end(json, '}');
}

/* --- the judgement --- */

typedef struct {
	const char *reason; /* NULL: none */
	gboolean known;     /* FALSE: blocking and accessible are null */
	gboolean accessible;
} Verdict;

static Verdict blocked(const char *reason)
{
	return (Verdict){.reason = reason, .known = TRUE};
}

static Verdict judge_failure(const OoniRow *row, const char *consistency)
{
	const gboolean differs = g_strcmp0(consistency, "inconsistent") == 0;
	if (!PROBE_HAS(row, step) || row->probe.step > PROBE_STEP_HTTP)
		return (Verdict){0};
	if (row->probe.step == PROBE_STEP_DNS && g_strcmp0(consistency, "consistent") == 0)
		return blocked(NULL); /* nobody knows the name: expected */
	if (row->probe.step == PROBE_STEP_DNS || differs)
		return blocked("dns");
	return blocked(row->probe.step == PROBE_STEP_TCP ? "tcp_ip" : "http-failure");
}

/* The table of ts-017, section "blocking". Without a control only what went well can be judged. */
static Verdict judge(const OoniRow *row, gboolean https, const char *control, const char *lookup_failure, const char *consistency)
{
	const Verdict unknown = {0}, works = {.known = TRUE, .accessible = TRUE};
	const gboolean lied_to = lookup_failure || g_strcmp0(consistency, "inconsistent") == 0;
	if (!ooni_by_operator(row)) /* the way round the operator's resolver: not what the verdict is about */
		return lied_to && !control ? blocked("dns") : unknown;
	if (ooni_row_failure(row))
		return control ? unknown : judge_failure(row, consistency);
	if (https || (PROBE_HAS(row, body_matches) && row->probe.body_matches))
		return works;
	return control || !PROBE_HAS(row, body_matches) ? unknown : blocked("http-diff");
}

static void put_verdict(Json *json, const Verdict *verdict)
{
	static const char *const unmeasured[] = {"body_proportion", "body_length_match", "headers_match", "status_code_match",
						 "title_match"};
	for (guint i = 0; i < G_N_ELEMENTS(unmeasured); i++)
		json_null(json, unmeasured[i]);
	if (verdict->known && !verdict->reason)
		json_bool(json, "blocking", FALSE);
	else
		json_text(json, "blocking", verdict->reason);
	if (verdict->known)
		json_bool(json, "accessible", verdict->accessible);
	else
		json_null(json, "accessible");
}

/* --- all keys --- */

static void put_observations(const OoniLine *line, const OoniUrl *url)
{
	Json *json = line->json;
	json_begin(json, "network_events", '[');
	json_end(json, ']');
	ooni_put_queries(line, url->host);
	ooni_put_tcp_connect(line, line->row, url->port);
	if (url->https) {
		const OoniRow *row = line->row;
		ooni_put_tls_handshakes(line, row, PROBE_HAS(row, server_name) ? row->probe.server_name : url->host, url->port);
	} else {
		json_begin(json, "tls_handshakes", '[');
		json_end(json, ']');
	}
	ooni_put_requests(line, line->row, url);
}

void ooni_web_put_keys(const OoniLine *line)
{
	Json *json = line->json;
	g_auto(OoniUrl) url = {0};
	const Lookups own = sum_lookups(line, TRUE), others = sum_lookups(line, FALSE);
	const char *resolver = ooni_web_resolver(line), *control = control_failure(line);
	const char *lookup_failure = dns_failure(line, &own), *consistency = dns_consistency(&own, &others);
	ooni_url_read(line->row, &url);
	const Verdict verdict = judge(line->row, url.https, control, lookup_failure, consistency);
	json_text(json, "agent", "agent");
	json_text(json, "client_resolver", resolver ? resolver : OONI_UNTOLD_ADDRESS);
	json_null(json, "retries");
	json_null(json, "socksproxy");
	put_observations(line, &url);
	put_control(line, &others);
	json_text(json, "control_failure", control);
	json_text(json, "dns_experiment_failure", lookup_failure);
	json_text(json, "dns_consistency", consistency);
	json_text(json, "http_experiment_failure", ooni_row_failure(line->row));
	put_verdict(json, &verdict);
}
