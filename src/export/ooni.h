/* ooni.h - probes in the data format of the Open Observatory of Network Interference, so that its readers take them.
 *
 * Sources: ooni/spec, data-formats df-000 (base), df-001 (http), df-002 (dns), df-005 (tcp), df-006 (tls), df-007 (failures);
 * nettests ts-017 (web_connectivity, for rows of test `web`) and ts-024 (sni_blocking, for `sni`). One line for each row of role
 * target; what belongs to it is found among the rows of the same recording, modem and round:
 *   lookups       rows of test `dns` with the same target; the operator's are the "classic" ones
 *   control       rows of role control of the same test; for `sni` those of the same helper
 *
 * jamlog asks no test helper what the target looks like from elsewhere. What stands for that, and how far it goes:
 *   control_failure          null where a control site answered in that round: the network carried data
 *   control.dns              what the other resolvers said, over the same network
 *   control.tcp_connect, control.tls_handshake   the control sites' own servers, never the target's
 *   control.http_request     null
 *   the page                 judged by what the file of targets expects of it (body_matches)
 * So `blocking` says what failed for the target while the control worked, and not that the target is up elsewhere; without a
 * control it is null. Ratios and matches with a helper's page are null. Bodies, headers and certificates are not kept in the field.
 *
 * A journal has no address of its device; probe_ip, probe_asn and probe_cc are the values of who does not tell. The mobile
 * network (mcc, mnc, rat) is in the annotations. Neither the place nor the modem's name is in a line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "export/json.h"
#include "export/places.h"

/* Of the tests as jamlog runs them, for both. */
#define OONI_TEST_VERSION "0.1.0"
/* df-000: the address of who does not tell it. */
#define OONI_UNTOLD_ADDRESS "127.0.0.1"
/* Where nothing stands for a control: df-007's form for what has no string of its own. */
#define OONI_NO_CONTROL     "unknown_failure: no control was probed in this round"

/* A probe as it was before it was stored; PROBE_HAS works on it. */
typedef struct {
	guint64 present;
	ProbeFields probe;
	gboolean taken, dated;
	gint64 end_us;    /* BOOTTIME, to the ms */
	gint64 utc_ms;    /* of end_us, where dated */
	char rat[8], mcc[4], mnc[4]; /* "": not known */
} OoniRow;

/* Rows of one round of one modem in one recording, in their order. */
typedef struct {
	const OoniRow *rows;
	guint n;
	const char *version; /* of the jamlog that recorded them */
} OoniRound;

/* What the parts of one line have in common. */
typedef struct {
	Json *json;
	const OoniRound *round;
	const OoniRow *row;  /* that the line is of */
	gint64 base_us;      /* BOOTTIME from which the times in the line count */
} OoniLine;

/* --- ooni_row.c --- */

void ooni_row_read(const PlaceRow *row, OoniRow *ret_row);
gboolean ooni_row_is(const OoniRow *row, ProbeTest test, ProbeRole role);
gint64 ooni_row_start_us(const OoniRow *row);
/* When a step began and ended (PROBE_STEP_DNS to PROBE_STEP_HTTP), within the whole probe. */
void ooni_row_times(const OoniRow *row, ProbeStep step, gint64 *ret_from_us, gint64 *ret_to_us);
/* TRUE where the probe came as far as trying this step. */
gboolean ooni_row_reached(const OoniRow *row, ProbeStep step);
/* The failure of that step, or of any; NULL: none there. */
const char *ooni_row_step_failure(const OoniRow *row, ProbeStep step);
const char *ooni_row_failure(const OoniRow *row);
gboolean ooni_row_family_fits(const OoniRow *a, const OoniRow *b);

/* Taken apart; `host` is NULL where the row has no URL, or none that can be read. */
typedef struct {
	char *host;
	gboolean https;
	guint port;
} OoniUrl;
void ooni_url_read(const OoniRow *row, OoniUrl *ret_url);
void ooni_url_clear(OoniUrl *url);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OoniUrl, ooni_url_clear)
/* "192.0.2.1:443", "[2001:db8::1]:443"; free with g_free. */
char *ooni_endpoint(const char *address, guint port);

/* --- ooni_steps.c: the data formats that the tests share, each the list under its key --- */

void ooni_put_queries(const OoniLine *line, const char *host);
void ooni_put_tcp_connect(const OoniLine *line, const OoniRow *row, guint port);
void ooni_put_tls_handshakes(const OoniLine *line, const OoniRow *row, const char *server_name, guint port);
void ooni_put_requests(const OoniLine *line, const OoniRow *row, const OoniUrl *url);
/* A lookup of the target that the line is of, for an address of the kind that was used. */
gboolean ooni_is_lookup(const OoniLine *line, const OoniRow *row);
/* By the operator's resolver, which is what OONI's "classic" algorithm asks. */
gboolean ooni_by_operator(const OoniRow *row);

/* --- ooni_web.c, ooni_sni.c --- */

/* The address of the operator's resolver, as far as it was written down; NULL. */
const char *ooni_web_resolver(const OoniLine *line);
void ooni_web_put_keys(const OoniLine *line);
void ooni_sni_put_keys(const OoniLine *line);
/* The probe of the same helper under its own name; NULL. */
const OoniRow *ooni_sni_control(const OoniLine *line);
