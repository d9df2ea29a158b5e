/* See addresses.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/addresses.h"

#include <string.h>

static const char *const special[] = {
	"0.0.0.0/8",   "10.0.0.0/8",    "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16",
	"198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",   "::/127",      "100::/64",       "fc00::/7",      "fe80::/10",    "ff00::/8",
};

gboolean address_is_special(GInetAddress *address)
{
	for (gsize i = 0; i < G_N_ELEMENTS(special); i++) {
		g_autoptr(GInetAddressMask) mask = g_inet_address_mask_new_from_string(special[i], NULL);
		if (mask && g_inet_address_mask_matches(mask, address))
			return TRUE;
	}
	return FALSE;
}

gboolean addresses_are_special(const GPtrArray *addresses)
{
	for (guint i = 0; i < addresses->len; i++)
		if (address_is_special(g_ptr_array_index(addresses, i)))
			return TRUE;
	return FALSE;
}

static gboolean share_network(GInetAddress *a, GInetAddress *b)
{
	const GSocketFamily family = g_inet_address_get_family(a);
	return family == g_inet_address_get_family(b) &&
	       memcmp(g_inet_address_to_bytes(a), g_inet_address_to_bytes(b), family == G_SOCKET_FAMILY_IPV4 ? 2 : 4) == 0;
}

gboolean addresses_agree(const GPtrArray *a, const GPtrArray *b)
{
	for (guint i = 0; i < a->len; i++)
		for (guint j = 0; j < b->len; j++)
			if (share_network(g_ptr_array_index(a, i), g_ptr_array_index(b, j)))
				return TRUE;
	return FALSE;
}
