/* decode.h - what libgps's reports mean, as fields of fix and sky observations.
 *
 * Pure. A gpsd is untrusted input: everything is checked for range (report.h), what fails is absent. Sources: gps.h of gpsd
 * 3.22 to 3.25 (API 11 to 14), NMEA 0183 as gpsd reads it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

#include <gps.h>

/* A TPV report; see gps_report_fix(). */
gboolean gps_decode_fix(const struct gps_data_t *report, Observation *o, gint64 *ret_fix_ns);
/* A SKY report. */
void gps_decode_sky(const struct gps_data_t *report, Observation *o);
