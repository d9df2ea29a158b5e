/* delay.h - how fresh a fix is, told from the times at which fixes arrive.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "clock.h"

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
