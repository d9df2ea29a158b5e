/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/gps/report.h"

#include <math.h>

#define YEARS_NS(n) ((gint64)(n) * 366 * 24 * 3600 * NS_PER_S)

static gboolean within(double value, double min, double max)
{
	return isfinite(value) && value >= min && value <= max;
}

/* A receiver that lost its almanac, or a gpsd on a host without a clock, may be 1,024 weeks off (or at 1980): such a time tells
 * fixes apart, and no more. */
static void set_time(gint64 time_ns, Observation *o)
{
	if (time_ns >= clock_build_time_ns() && time_ns <= clock_build_time_ns() + YEARS_NS(30))
		FIX_SET(o, time_ns, time_ns);
}

static void set_quality(const GpsFixReport *report, Observation *o)
{
	if (within(report->eph_m, 0, 1e6))
		FIX_SET(o, eph_cm, (guint32)lround(report->eph_m * 100));
	if (within(report->epv_m, 0, 1e6))
		FIX_SET(o, epv_cm, (guint32)lround(report->epv_m * 100));
	if (within(report->speed_m_s, 0, 1e4))
		FIX_SET(o, speed_cm_s, (guint32)lround(report->speed_m_s * 100));
	if (within(report->track_deg, 0, 360))
		FIX_SET(o, track_cdeg, (guint32)lround(report->track_deg * 100) % 36000);
}

gboolean gps_report_fix(const GpsFixReport *report, Observation *o, gint64 *ret_fix_ns)
{
	const gboolean has_place = report->has_place && within(report->lat_deg, -90, 90) && within(report->lon_deg, -180, 180);
	set_time(report->time_ns, o);
	if (report->satellites_used > 0 && report->satellites_used <= GPS_MAX_SATELLITES)
		FIX_SET(o, satellites_used, (guint8)report->satellites_used);
	if (!has_place || report->time_ns <= 0) {
		FIX_SET(o, mode, FIX_MODE_NONE);
		return FALSE;
	}
	*ret_fix_ns = report->time_ns;
	FIX_SET(o, mode, report->is_3d ? FIX_MODE_3D : FIX_MODE_2D);
	FIX_SET(o, lat_e7, (gint32)lround(report->lat_deg * 1e7));
	FIX_SET(o, lon_e7, (gint32)lround(report->lon_deg * 1e7));
	if (report->is_3d && within(report->altitude_m, -1000, 50000))
		FIX_SET(o, altitude_cm, (gint32)lround(report->altitude_m * 100));
	set_quality(report, o);
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

void gps_report_add_heard(GpsSkyReport *report, double cn0_dbhz)
{
	if (within(cn0_dbhz, 1, 99) && report->n_heard < GPS_MAX_SATELLITES)
		report->cn0_dbhz[report->n_heard++] = cn0_dbhz;
}

void gps_report_sky(GpsSkyReport *report, Observation *o)
{
	SKY_SET(o, satellites_visible, (guint8)MIN(report->visible, G_MAXUINT8));
	SKY_SET(o, satellites_used, (guint8)MIN(report->used, G_MAXUINT8));
	if (report->n_heard > 0) {
		SKY_SET(o, cn0_mean_cdbhz, mean_of_strongest(report->cn0_dbhz, report->n_heard, report->n_heard));
		SKY_SET(o, cn0_top4_cdbhz, mean_of_strongest(report->cn0_dbhz, report->n_heard, 4));
		SKY_SET(o, cn0_max_cdbhz, mean_of_strongest(report->cn0_dbhz, report->n_heard, 1));
	}
	if (within(report->hdop, 0.01, 100))
		SKY_SET(o, hdop_centi, (guint32)lround(report->hdop * 100));
	if (within(report->pdop, 0.01, 100))
		SKY_SET(o, pdop_centi, (guint32)lround(report->pdop * 100));
}
