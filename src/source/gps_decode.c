/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/gps_decode.h"

#include <math.h>

#define YEARS_NS(n)      ((gint64)(n) * 366 * 24 * 3600 * NS_PER_S)
#define CRYSTAL_PPM      100    /* the device's clock against the satellites', generously */
#define PACE_TOLERANCE_NS (NS_PER_S / 2)
#define STEADY_LATE_MAX  10     /* so many in a row are no backlog but a new time */

static gboolean within(double value, double min, double max)
{
	return isfinite(value) && value >= min && value <= max;
}

/* A receiver that lost its almanac, or a gpsd on a host without a clock, may be 1,024 weeks off (or at 1980): such a time tells
 * fixes apart, and no more. */
static gboolean decode_time(const struct gps_data_t *report, Observation *o, gint64 *ret_ns)
{
	gint64 seconds = report->fix.time.tv_sec;
	if (seconds <= 0 || seconds > G_MAXINT64 / NS_PER_S - 1)
		return FALSE;
	*ret_ns = seconds * NS_PER_S + report->fix.time.tv_nsec;
	if (*ret_ns >= clock_build_time_ns() && *ret_ns <= clock_build_time_ns() + YEARS_NS(30))
		FIX_SET(o, time_ns, *ret_ns);
	return TRUE;
}

static void decode_quality(const struct gps_data_t *report, Observation *o)
{
	const struct gps_fix_t *fix = &report->fix;
	double eph = isfinite(fix->eph) ? fix->eph : hypot(fix->epx, fix->epy);
	if (within(eph, 0, 1e6))
		FIX_SET(o, eph_cm, (guint32)lround(eph * 100));
	if (within(fix->epv, 0, 1e6))
		FIX_SET(o, epv_cm, (guint32)lround(fix->epv * 100));
	if (within(fix->speed, 0, 1e4))
		FIX_SET(o, speed_cm_s, (guint32)lround(fix->speed * 100));
	if (within(fix->track, 0, 360))
		FIX_SET(o, track_cdeg, (guint32)lround(fix->track * 100) % 36000);
}

gboolean gps_decode_fix(const struct gps_data_t *report, Observation *o, gint64 *ret_fix_ns)
{
	const struct gps_fix_t *fix = &report->fix;
	gboolean has_time = decode_time(report, o, ret_fix_ns);
	gboolean has_place = fix->mode >= MODE_2D && within(fix->latitude, -90, 90) && within(fix->longitude, -180, 180);
	if (report->satellites_used > 0 && report->satellites_used <= MAXCHANNELS)
		FIX_SET(o, satellites_used, (guint8)MIN(report->satellites_used, G_MAXUINT8));
	if (!has_place || !has_time) {
		FIX_SET(o, mode, FIX_MODE_NONE);
		return FALSE;
	}
	FIX_SET(o, mode, fix->mode >= MODE_3D ? FIX_MODE_3D : FIX_MODE_2D);
	FIX_SET(o, lat_e7, (gint32)lround(fix->latitude * 1e7));
	FIX_SET(o, lon_e7, (gint32)lround(fix->longitude * 1e7));
	if (fix->mode >= MODE_3D && within(fix->altMSL, -1000, 50000))
		FIX_SET(o, altitude_cm, (gint32)lround(fix->altMSL * 100));
	decode_quality(report, o);
	return TRUE;
}

/* Mean of the `n` strongest of `count` values, in hundredths. */
static guint16 mean_of_strongest(double *values, guint count, guint n)
{
	double sum = 0;
	n = MIN(n, count);
	for (guint i = 0; i < n; i++) { /* a selection of four out of a few dozen: no sort needed */
		guint best = i;
		for (guint j = i + 1; j < count; j++)
			if (values[j] > values[best])
				best = j;
		double strongest = values[best];
		values[best] = values[i];
		values[i] = strongest;
		sum += strongest;
	}
	return (guint16)lround(sum / n * 100);
}

void gps_decode_sky(const struct gps_data_t *report, Observation *o)
{
	double heard[MAXCHANNELS];
	guint n_heard = 0, n_used = 0;
	gint visible = CLAMP(report->satellites_visible, 0, MAXCHANNELS);
	for (gint i = 0; i < visible; i++) {
		if (report->skyview[i].used)
			n_used++;
		if (within(report->skyview[i].ss, 1, 99)) /* dBHz; 0 and below: not heard */
			heard[n_heard++] = report->skyview[i].ss;
	}
	SKY_SET(o, satellites_visible, (guint8)MIN(visible, G_MAXUINT8));
	SKY_SET(o, satellites_used, (guint8)MIN(n_used, G_MAXUINT8));
	if (n_heard > 0) {
		SKY_SET(o, cn0_mean_cdbhz, mean_of_strongest(heard, n_heard, n_heard));
		SKY_SET(o, cn0_top4_cdbhz, mean_of_strongest(heard, n_heard, 4));
		SKY_SET(o, cn0_max_cdbhz, mean_of_strongest(heard, n_heard, 1));
	}
	if (within(report->dop.hdop, 0.01, 100))
		SKY_SET(o, hdop_centi, (guint32)lround(report->dop.hdop * 100));
	if (within(report->dop.pdop, 0.01, 100))
		SKY_SET(o, pdop_centi, (guint32)lround(report->dop.pdop * 100));
}

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
