/* meter.h - the bytes that a network interface has carried since a moment, as far as they can be known.
 *
 * jamlog-probe counts by itself, but what it had counted is lost when it is killed, or let go of in the middle of a round.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <net/if.h>

typedef struct {
	char interface[IF_NAMESIZE];
	gboolean known;      /* rx and tx are of the last look */
	guint32 rx, tx;      /* the kernel's counters of bytes; they wrap around */
	guint64 bytes;       /* both ways, up to the last look */
} Meter;

void meter_begin(Meter *meter, const char *interface);
/* Looks, and gives the bytes since meter_begin. Of an interface that is gone: up to the last look. */
guint64 meter_read(Meter *meter);
