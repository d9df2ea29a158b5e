/* counters.h - packets and bytes of the modem's data session, whatever the protocol.
 *
 * The session is somebody else's (NetworkManager's, say): it is only looked at. Firmware goes on telling the counters of the
 * last session when there is none any more; they are given out beside a session that stands, and never without.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

/* All ones are "not known": in 32 bits of packets (QMI), in 64 of anything (MBIM). What a journal cannot hold is no count. */
static inline gboolean modem_is_packets_u32(guint32 packets)
{
	return packets != G_MAXUINT32;
}

static inline gboolean modem_is_count(guint64 count)
{
	return count <= G_MAXINT64;
}

/* After all answers of a sweep. */
void modem_counters_finish(Observation *o);
