/* See meter.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/meter.h"

#include <ifaddrs.h>
#include <linux/if_link.h>

/* Not from /sys: that shows the interfaces of the network namespace in which it was mounted. */
static gboolean look(const char *interface, guint32 *ret_rx, guint32 *ret_tx)
{
	struct ifaddrs *all = NULL;
	gboolean found = FALSE;
	if (getifaddrs(&all) < 0)
		return FALSE;
	for (const struct ifaddrs *one = all; one && !found; one = one->ifa_next) {
		if (!one->ifa_data || !g_str_equal(one->ifa_name, interface))
			continue; /* addresses have no data; a modem's interface often has no address of its own, AF_PACKET or other */
		const struct rtnl_link_stats *stats = one->ifa_data;
		*ret_rx = stats->rx_bytes;
		*ret_tx = stats->tx_bytes;
		found = TRUE;
	}
	freeifaddrs(all);
	return found;
}

/* Of an interface that was made anew and counts from zero: nothing, rather than four gigabytes. */
static guint32 since(guint32 later, guint32 earlier)
{
	const guint32 passed = later - earlier;
	return passed <= G_MAXINT32 ? passed : 0;
}

void meter_begin(Meter *meter, const char *interface)
{
	*meter = (Meter){0};
	g_strlcpy(meter->interface, interface, sizeof meter->interface);
	meter->known = look(interface, &meter->rx, &meter->tx);
}

guint64 meter_read(Meter *meter)
{
	guint32 rx, tx;
	if (!look(meter->interface, &rx, &tx))
		return meter->bytes;
	if (meter->known)
		meter->bytes += (guint64)since(rx, meter->rx) + since(tx, meter->tx);
	meter->known = TRUE;
	meter->rx = rx;
	meter->tx = tx;
	return meter->bytes;
}
