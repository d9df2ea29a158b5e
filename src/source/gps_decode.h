/* gps_decode.h - what libgps's reports mean, as fields of fix and sky observations; and how fresh a fix is.
 *
 * Pure. A gpsd is untrusted input: everything is checked for range, what fails is absent. A fix without a position
 * (mode "none") is data. Sources: gps.h of gpsd 3.22 to 3.25 (API 11 to 14), NMEA 0183 as gpsd reads it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

#include <gps.h>

/* A TPV report. TRUE when it has a position and the receiver's time of it, *ret_fix_ns (UTC since 1970, perhaps absurd: `time_ns` is
 * set only where it can be). A position without any time cannot be told from an old one, and is no position. */
gboolean gps_decode_fix(const struct gps_data_t *report, Observation *o, gint64 *ret_fix_ns);
/* A SKY report. */
void gps_decode_sky(const struct gps_data_t *report, Observation *o);

/* A fix more than this late is never given out as fresh. */
#define GPS_FRESH_MS 3000

/* Receivers send no age. But the smallest difference of arrival (BOOTTIME) and time of fix that was seen is the usual
 * way through receiver and gpsd; what comes later than that was held back. */
typedef struct {
	gboolean known;
	gint64 usual_ns;        /* smallest arrival - time of fix */
	gint64 last_arrival_ns;
	gint64 last_fix_ns;
	guint steady_late;      /* late fixes in a row that arrived at the pace of their times */
} GpsDelay;

typedef enum {
	GPS_FIX_FRESH,
	GPS_FIX_LATE,   /* *ret_age_ms tells by how much */
	GPS_FIX_REPEAT, /* the same fix again */
	GPS_FIX_STEP,   /* the receiver's time was set anew: fresh, by the new time */
} GpsFreshness;

GpsFreshness gps_delay_judge(GpsDelay *delay, gint64 arrival_ns, gint64 fix_ns, guint32 *ret_age_ms);
