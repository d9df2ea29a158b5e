/* How fast a body comes in, up to a cap. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/check.h"

#define MAX_RECEIVE_BUFFER (128 * 1024)

/* A slow answer that the deadline ended was measured all the same: slowness is what is looked for. */
static void on_done(const TransferResult *r, gpointer data)
{
	Check *c = data;
	TransferResult result = *r;
	if (g_str_equal(r->failure, FAILURE_TIMEOUT) && r->rate_kbps > 0)
		*result.failure = '\0';
	check_take_transfer(c, &result);
	if (!*result.failure && r->status != c->target->status)
		OBSERVATION_SET_TEXT(&c->o, probe, PROBE, failure, FAILURE_STATUS);
	if (r->rate_kbps > 0)
		PROBE_SET(&c->o, rate_kbps, r->rate_kbps);
	check_finish(c);
}

static void start(Check *c)
{
	const Target *t = c->target;
	const TransferWish wish = {
		.url = t->url,
		.address = c->address,
		.family = c->family,
		.port = t->port,
		.tls = t->tls,
		.max_body = t->bytes,
		.receive_buffer = (gint)MIN(t->bytes, MAX_RECEIVE_BUFFER),
		.trust = c->trust,
	};
	if (t->tls)
		OBSERVATION_SET_TEXT(&c->o, probe, PROBE, server_name, t->host);
	c->transfer = transfer_start(c->session, &wish, on_done, c);
}

const CheckKind check_rate = {.start = start};
