/* Is a name in the TLS handshake enough to be cut off? The same server is asked under the target's name and under its own.
 *
 * Which certificate it shows does not matter: it cannot have that of the target. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/check.h"

#define RECEIVE_BUFFER (16 * 1024)

static void on_done(const TransferResult *r, gpointer data)
{
	check_take_transfer(data, r);
	check_finish(data);
}

static void start(Check *c)
{
	const Target *helper = c->target->helper ? c->target->helper : c->target;
	g_autofree char *url = g_strdup_printf("https://%s:%u/", c->server_name, helper->port);
	const TransferWish wish = {
		.url = url,
		.address = c->address,
		.family = c->family,
		.port = helper->port,
		.tls = TRUE,
		.handshake_only = TRUE,
		.receive_buffer = RECEIVE_BUFFER,
	};
	OBSERVATION_SET_TEXT(&c->o, probe, PROBE, server_name, c->server_name);
	c->transfer = transfer_start(c->session, &wish, on_done, c);
}

const CheckKind check_sni = {.start = start};
