/* report.h - a receiver's position or sky in plain numbers, checked and written into an observation.
 *
 * The decoders of gpsd's reports and of a modem's own receiver fill these in; what is out of range is absent, whoever said it. A
 * fix without a position is data: it has the mode "none". Pure.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

#define GPS_MAX_SATELLITES 184 /* at least as many as any gpsd has room for (MAXCHANNELS) */

/* What is not known is NAN, or 0 for times and counts. */
typedef struct {
	gboolean has_place, is_3d;
	gint64 time_ns; /* UTC since 1970 by the receiver */
	double lat_deg, lon_deg, altitude_m;
	double eph_m, epv_m; /* errors, 95 % */
	double speed_m_s, track_deg;
	guint satellites_used;
} GpsFixReport;

typedef struct {
	guint visible, used, n_heard;
	double cn0_dbhz[GPS_MAX_SATELLITES]; /* of those that are heard; changed by gps_report_sky */
	double hdop, pdop;
} GpsSkyReport;

/* TRUE when it has a position and the receiver's time of it, *ret_fix_ns (perhaps absurd: `time_ns` is
 * set only where it can be). A position without any time cannot be told from an old one, and is no position. */
gboolean gps_report_fix(const GpsFixReport *report, Observation *o, gint64 *ret_fix_ns);
/* Adds a satellite's strength where it can be one: 0 and below is not heard. */
void gps_report_add_heard(GpsSkyReport *report, double cn0_dbhz);
void gps_report_sky(GpsSkyReport *report, Observation *o);
