/* A page with a known answer: web targets over TCP and QUIC, and what finds captive portals.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/check.h"

#define MAX_BODY       (16 * 1024)
#define RECEIVE_BUFFER (16 * 1024)

/* A wrong status is a failure with a name of its own; a wrong text is none of OONI's: body_matches tells. */
static void on_done(const TransferResult *r, gpointer data)
{
	Check *c = data;
	const Target *t = c->target;
	check_take_transfer(c, r);
	if (!*r->failure && r->status != t->status)
		OBSERVATION_SET_TEXT(&c->o, probe, PROBE, failure, FAILURE_STATUS);
	if (r->status > 0 && (!*r->failure || r->found))
		PROBE_SET(&c->o, body_matches, r->status == t->status && (!t->body || r->found));
	check_finish(c);
}

static void start_over(Check *c, gboolean quic)
{
	const Target *t = c->target;
	const TransferWish wish = {
		.url = t->url,
		.address = c->address,
		.family = c->family,
		.port = t->port,
		.tls = t->tls,
		.quic = quic,
		.max_body = MAX_BODY,
		.receive_buffer = RECEIVE_BUFFER,
		.until = t->body,
		.trust = c->trust,
	};
	if (t->tls)
		OBSERVATION_SET_TEXT(&c->o, probe, PROBE, server_name, t->host);
	c->transfer = transfer_start(c->session, &wish, on_done, c);
}

static void start(Check *c)
{
	start_over(c, FALSE);
}

static void start_quic(Check *c)
{
	start_over(c, TRUE);
}

const CheckKind check_web = {.start = start};
const CheckKind check_portal = {.start = start};
const CheckKind check_quic = {.start = start_quic};
