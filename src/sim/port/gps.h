/* gps.h - a GNSS receiver's serial line: NMEA sentences on a pseudo-terminal.
 *
 * Like a real receiver it talks whether or not anybody listens. What nobody read is thrown away, so that a
 * program that opens the line late does not get seconds of the past. What is written to it is ignored.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/port/nmea.h"

typedef struct SimGps SimGps;

/* Served from the default main context. */
SimGps *sim_gps_new(GError **error);
void sim_gps_free(SimGps *gps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimGps, sim_gps_free)
/* The slave's path, borrowed. */
const char *sim_gps_path(const SimGps *gps);
/* Sends the sentences of one epoch. Never blocks. */
void sim_gps_emit(SimGps *gps, const SimEpoch *epoch);
