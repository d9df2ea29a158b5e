/* plan.h - who has which address in the simulated operator's network and in the internet behind it.
 *
 * All are of the blocks for documentation (RFC 5737, RFC 3849) or private (RFC 1918); names end in .example (RFC 6761).
 *
 *   modem number i      10.64.i.2, gateway 10.64.i.1; 2001:db8:64:i::2/64 (i in hexadecimal)
 *   operator            resolver 10.64.255.53, 2001:db8:64:ff::53; portal.operator.example 10.64.255.80, 2001:db8:64:ff::80
 *   known resolvers     198.51.100.53, 203.0.113.53; 2001:db8:100::53, 2001:db8:113::53
 *   raw reachability    198.51.100.1, 203.0.113.1, 192.0.2.1: TCP port 443
 *   web                 sim_hosts below
 *   VPN                 OpenVPN 203.0.113.30 port 1194 (UDP and TCP), WireGuard 203.0.113.31 port 51820
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/net/packet.h"

#define SIM_PLAN_MAX_MODEMS 255
#define SIM_OPERATOR_RESOLVER "10.64.255.53", "2001:db8:64:ff::53"
#define SIM_KNOWN_RESOLVERS "198.51.100.53", "203.0.113.53", "2001:db8:100::53", "2001:db8:113::53"
#define SIM_RAW_HOSTS "198.51.100.1", "203.0.113.1", "192.0.2.1"
#define SIM_OPENVPN_ADDRESS "203.0.113.30"
#define SIM_OPENVPN_PORT 1194
#define SIM_WIREGUARD_ADDRESS "203.0.113.31"
#define SIM_WIREGUARD_PORT 51820
#define SIM_CONTROL_NAME "control.example"
#define SIM_HELPER_NAME "helper.example"
#define SIM_CHECK_NAME "check.example"
#define SIM_PORTAL_NAME "portal.operator.example"
#define SIM_PORTAL_URL "http://" SIM_PORTAL_NAME "/login"

typedef struct {
	const char *name, *ipv4, *ipv6;
	const char *category; /* of a web site that may be blocked; NULL for the others */
} SimHost;

/* Ends with a name of NULL. */
extern const SimHost sim_hosts[];

SimAddress sim_plan_modem_address(guint modem, gboolean ipv6);
/* Whether that is a modem's address, and whose. */
gboolean sim_plan_modem_of(const SimAddress *address, guint *ret_modem);
gboolean sim_plan_is_operator_resolver(const SimAddress *address);
/* Whether one of the names (or a name above) is of the host at that address. */
gboolean sim_plan_has_name(const SimAddress *address, const char *const *names);
