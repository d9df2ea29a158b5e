/* nmea.h - one epoch of a GNSS receiver as NMEA 0183 sentences.
 *
 * Pure. Sentences RMC, GGA, GSA and GSV of NMEA 0183 version 4.10 (as IEC 61162-1 and the receivers' manuals give them),
 * in that order, each with its checksum and CR LF. Talker GN for the solution, GP and GL for what belongs to
 * GPS and GLONASS.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define SIM_MAX_SATELLITES 24

typedef enum { SIM_GNSS_GPS, SIM_GNSS_GLONASS } SimGnss;

typedef struct {
	SimGnss system;
	guint prn; /* NMEA numbers: GPS 1..32, GLONASS 65..96 */
	double elevation_deg, azimuth_deg;
	double cn0_dbhz; /* 0: in view, not tracked */
	gboolean used;
} SimSatellite;

typedef struct {
	gint64 utc_ms; /* since 1970 */
	gboolean has_fix;
	double lat_deg, lon_deg, altitude_m; /* as the receiver believes; valid with a fix */
	double speed_mps, course_deg;
	double pdop, hdop, vdop;
	double error_m; /* radius about the reported place in which the true one is in 68 % of cases; not told by NMEA */
	guint n_satellites;
	SimSatellite satellites[SIM_MAX_SATELLITES];
} SimEpoch;

/* Appends the sentences of the epoch. Without a fix they say so: RMC status V, GGA quality 0, GSA mode 1, empty places. */
void sim_nmea_format(const SimEpoch *epoch, GString *out);
