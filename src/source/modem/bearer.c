/* See bearer.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/bearer.h"

#include <gio/gio.h>

static void clear_list(char **list)
{
	for (guint i = 0; i < MODEM_BEARER_MAX; i++)
		g_clear_pointer(&list[i], g_free);
}

void modem_bearer_clear(ModemBearer *bearer)
{
	clear_list(bearer->addresses);
	clear_list(bearer->gateways);
	clear_list(bearer->resolvers);
	bearer->mtu = 0;
}

/* Owned by the caller; NULL for the unspecified address, which stands for "none". */
static char *to_text(const guint8 *bytes, gsize n)
{
	g_return_val_if_fail(n == 4 || n == 16, NULL);
	g_autoptr(GInetAddress) address = g_inet_address_new_from_bytes(bytes, n == 4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
	return g_inet_address_get_is_any(address) ? NULL : g_inet_address_to_string(address);
}

static void add_take(char **list, char *text)
{
	guint n = g_strv_length(list);
	if (n == MODEM_BEARER_MAX || !text || g_strv_contains((const char *const *)list, text))
		g_free(text);
	else
		list[n] = text;
}

void modem_bearer_add_address(ModemBearer *bearer, const guint8 *bytes, gsize n, guint prefix)
{
	g_autofree char *text = to_text(bytes, n);
	if (text && prefix <= 8 * n)
		add_take(bearer->addresses, g_strdup_printf("%s/%u", text, prefix));
}

void modem_bearer_add_gateway(ModemBearer *bearer, const guint8 *bytes, gsize n)
{
	add_take(bearer->gateways, to_text(bytes, n));
}

void modem_bearer_add_resolver(ModemBearer *bearer, const guint8 *bytes, gsize n)
{
	add_take(bearer->resolvers, to_text(bytes, n));
}

static gboolean is_in(GInetAddress *address, const char *network)
{
	g_autoptr(GInetAddressMask) mask = g_inet_address_mask_new_from_string(network, NULL);
	return g_inet_address_mask_matches(mask, address);
}

static AddressScope scope_of(GInetAddress *address)
{
	if (is_in(address, "10.0.0.0/8") || is_in(address, "172.16.0.0/12") || is_in(address, "192.168.0.0/16") ||
	    is_in(address, "fc00::/7"))
		return SCOPE_PRIVATE;
	if (is_in(address, "100.64.0.0/10"))
		return SCOPE_SHARED;
	if (g_inet_address_get_is_link_local(address) || g_inet_address_get_is_loopback(address) ||
	    g_inet_address_get_is_multicast(address))
		return SCOPE_OTHER;
	return SCOPE_PUBLIC;
}

void modem_bearer_describe(const ModemBearer *bearer, Observation *session)
{
	gboolean ipv4 = FALSE, ipv6 = FALSE;
	for (guint i = 0; bearer->addresses[i]; i++) {
		g_auto(GStrv) parts = g_strsplit(bearer->addresses[i], "/", 2);
		g_autoptr(GInetAddress) address = g_inet_address_new_from_string(parts[0]);
		if (g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV4) {
			SESSION_SET(session, ipv4_scope, (guint8)scope_of(address));
			ipv4 = TRUE;
		} else {
			SESSION_SET(session, ipv6_scope, (guint8)scope_of(address));
			ipv6 = TRUE;
		}
	}
	if (ipv4 || ipv6)
		SESSION_SET(session, family, ipv4 && ipv6 ? SESSION_DUAL : ipv4 ? SESSION_IPV4 : SESSION_IPV6);
	if (bearer->mtu >= 68 && bearer->mtu <= G_MAXUINT16) /* RFC 791: what IPv4 needs at least */
		SESSION_SET(session, mtu, (guint16)bearer->mtu);
	SESSION_SET(session, resolvers, (guint8)g_strv_length((char **)bearer->resolvers));
}
