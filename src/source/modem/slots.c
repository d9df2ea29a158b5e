/* See slots.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/slots.h"

#include <sodium.h>

static gint64 every_ns(const SourceHost *host)
{
	return (gint64)host->config->session_every_ms * NS_PER_MS;
}

gint64 slot_time_ns(const SourceHost *host, guint64 number)
{
	guint8 digest[16];
	guint64 chance;
	crypto_generichash(digest, sizeof digest, (const guint8 *)&number, sizeof number, host->slot_seed, sizeof host->slot_seed);
	memcpy(&chance, digest, sizeof chance);
	return host->slot_zero_ns + (gint64)number * every_ns(host) + (gint64)(chance % (guint64)every_ns(host));
}

guint64 slot_next(const SourceHost *host, gint64 now_ns)
{
	guint64 number = (guint64)(MAX(now_ns - host->slot_zero_ns, 0) / every_ns(host));
	while (slot_time_ns(host, number) <= now_ns)
		number++;
	return number;
}
