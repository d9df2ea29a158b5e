/* phrase.h - the words in which the person is told of service and position: the same in the recorder's log and in
 * "jamlog status".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

/* "in service: 4G (LTE), network 257-01, signal good (RSRP -89 dBm)"; of one sweep. Owned by the caller. */
char *phrase_service(const Observation *radio);

/* The fix says where we are now: gpsd did not hold it back so long that it says where we were. */
gboolean phrase_is_position(const Observation *fix);
/* "position found (within 4 m)", of such a fix. Owned by the caller. */
char *phrase_position(const Observation *fix);
/* A `session` observation: "data session: up after 0.3 s (IPv4)", "NO DATA SESSION: the network refuses, ...". */
char *phrase_session(const Observation *o);
