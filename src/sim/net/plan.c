/* plan.c - see plan.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/plan.h"

#include "sim/net/recognise.h"

#include <string.h>

const SimHost sim_hosts[] = {
	{SIM_CONTROL_NAME, "203.0.113.10", "2001:db8:113::10", NULL},
	{SIM_HELPER_NAME, "203.0.113.20", "2001:db8:113::20", NULL},
	{SIM_CHECK_NAME, "198.51.100.50", "2001:db8:100::50", NULL},
	{SIM_PORTAL_NAME, "10.64.255.80", "2001:db8:64:ff::80", NULL},
	{"messenger.example", "198.51.100.10", "2001:db8:100::10", "messenger"},
	{"news.example", "198.51.100.20", "2001:db8:100::20", "news"},
	{"social.example", "198.51.100.30", "2001:db8:100::30", "social"},
	{"vpn.example", "198.51.100.40", "2001:db8:100::40", "vpn"},
	{NULL, NULL, NULL, NULL},
};

static const guint8 modem_ipv4[] = {10, 64, 0, 2};
static const guint8 modem_ipv6[] = {0x20, 0x01, 0x0d, 0xb8, 0, 0x64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
#define INDEX_AT_IPV4 2
#define INDEX_AT_IPV6 7

SimAddress sim_plan_modem_address(guint modem, gboolean ipv6)
{
	SimAddress address = {.ipv6 = ipv6};
	memcpy(address.bytes, ipv6 ? modem_ipv6 : modem_ipv4, ipv6 ? sizeof modem_ipv6 : sizeof modem_ipv4);
	address.bytes[ipv6 ? INDEX_AT_IPV6 : INDEX_AT_IPV4] = (guint8)modem;
	return address;
}

gboolean sim_plan_modem_of(const SimAddress *address, guint *ret_modem)
{
	guint modem = address->bytes[address->ipv6 ? INDEX_AT_IPV6 : INDEX_AT_IPV4];
	SimAddress expected = sim_plan_modem_address(modem, address->ipv6);
	if (modem >= SIM_PLAN_MAX_MODEMS || !sim_address_equal(address, &expected))
		return FALSE;
	*ret_modem = modem;
	return TRUE;
}

static gboolean is_at(const SimAddress *address, const char *text)
{
	SimAddress other;
	return sim_address_parse(text, &other) && sim_address_equal(address, &other);
}

gboolean sim_plan_is_operator_resolver(const SimAddress *address)
{
	static const char *const resolvers[] = {SIM_OPERATOR_RESOLVER};
	return is_at(address, resolvers[address->ipv6 ? 1 : 0]);
}

gboolean sim_plan_has_name(const SimAddress *address, const char *const *names)
{
	for (const SimHost *host = sim_hosts; host->name; host++)
		if (is_at(address, address->ipv6 ? host->ipv6 : host->ipv4))
			return sim_name_matches(names, host->name);
	return FALSE;
}
