/* bearer.h - what the network gave to a data session, for the interface to be set up with.
 *
 * Addresses stay in memory and go to jamlog-probe; the journal gets their scope alone.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

#define MODEM_BEARER_MAX 4 /* addresses, gateways, resolvers: of each */

typedef struct {
	/* Text, NULL-terminated: "10.4.1.7/30", "10.4.1.6". */
	char *addresses[MODEM_BEARER_MAX + 1], *gateways[MODEM_BEARER_MAX + 1], *resolvers[MODEM_BEARER_MAX + 1];
	guint mtu; /* 0: not told */
} ModemBearer;

void modem_bearer_clear(ModemBearer *bearer);

/* `bytes` in network order: 4 of IPv4, 16 of IPv6. A prefix longer than the address, the unspecified address, and what finds
 * no room are left out. */
void modem_bearer_add_address(ModemBearer *bearer, const guint8 *bytes, gsize n, guint prefix);
void modem_bearer_add_gateway(ModemBearer *bearer, const guint8 *bytes, gsize n);
void modem_bearer_add_resolver(ModemBearer *bearer, const guint8 *bytes, gsize n);

/* Family, scopes, mtu and number of resolvers, as fields of a session observation. */
void modem_bearer_describe(const ModemBearer *bearer, Observation *session);
