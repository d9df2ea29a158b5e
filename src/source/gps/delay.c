/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/gps/delay.h"

#define CRYSTAL_PPM       100    /* the device's clock against the satellites', generously */
#define PACE_TOLERANCE_NS (NS_PER_S / 2)
#define STEADY_LATE_MAX   10     /* so many in a row are no backlog but a new time */

/* TRUE when fixes arrive at the pace of their times: not a backlog that is being read down. */
static gboolean at_pace(const GpsDelay *delay, gint64 arrival_ns, gint64 fix_ns)
{
	gint64 difference = (arrival_ns - delay->last_arrival_ns) - (fix_ns - delay->last_fix_ns);
	return ABS(difference) < PACE_TOLERANCE_NS;
}

static void begin(GpsDelay *delay, gint64 usual_ns)
{
	delay->known = TRUE;
	delay->usual_ns = usual_ns;
	delay->steady_late = 0;
}

GpsFreshness gps_delay_judge(GpsDelay *delay, gint64 arrival_ns, gint64 fix_ns, guint32 *ret_age_ms)
{
	GpsDelay before = *delay;
	gint64 delay_ns = arrival_ns - fix_ns;
	*ret_age_ms = 0;
	if (before.known && fix_ns == before.last_fix_ns)
		return GPS_FIX_REPEAT;
	delay->last_arrival_ns = arrival_ns;
	delay->last_fix_ns = fix_ns;
	if (!before.known) {
		begin(delay, delay_ns);
		return GPS_FIX_FRESH;
	}
	delay->usual_ns += (arrival_ns - before.last_arrival_ns) / (1000000 / CRYSTAL_PPM);
	if (delay_ns <= delay->usual_ns) {
		gboolean step = delay->usual_ns - delay_ns > NS_PER_S;
		begin(delay, delay_ns);
		return step ? GPS_FIX_STEP : GPS_FIX_FRESH;
	}
	gint64 late_ns = delay_ns - delay->usual_ns;
	if (late_ns <= GPS_FRESH_MS * NS_PER_MS) {
		*ret_age_ms = (guint32)(late_ns / NS_PER_MS);
		delay->steady_late = 0;
		return GPS_FIX_FRESH;
	}
	delay->steady_late = at_pace(&before, arrival_ns, fix_ns) ? delay->steady_late + 1 : 0;
	if (delay->steady_late >= STEADY_LATE_MAX) {
		begin(delay, delay_ns);
		return GPS_FIX_STEP;
	}
	*ret_age_ms = (guint32)MIN(late_ns / NS_PER_MS, G_MAXUINT32);
	return GPS_FIX_LATE;
}
