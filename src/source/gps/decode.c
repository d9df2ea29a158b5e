/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/gps/decode.h"

#include "source/gps/report.h"

#include <math.h>

gboolean gps_decode_fix(const struct gps_data_t *report, Observation *o, gint64 *ret_fix_ns)
{
	const struct gps_fix_t *fix = &report->fix;
	const gint64 seconds = fix->time.tv_sec;
	const gboolean count_is_sane = report->satellites_used > 0 && report->satellites_used <= MAXCHANNELS;
	const GpsFixReport plain = {
		.has_place = fix->mode >= MODE_2D,
		.is_3d = fix->mode >= MODE_3D,
		.time_ns = seconds > 0 && seconds < G_MAXINT64 / NS_PER_S - 1 ? seconds * NS_PER_S + fix->time.tv_nsec : 0,
		.lat_deg = fix->latitude,
		.lon_deg = fix->longitude,
		.altitude_m = fix->altMSL,
		.eph_m = isfinite(fix->eph) ? fix->eph : hypot(fix->epx, fix->epy),
		.epv_m = fix->epv,
		.speed_m_s = fix->speed,
		.track_deg = fix->track,
		.satellites_used = count_is_sane ? (guint)report->satellites_used : 0,
	};
	return gps_report_fix(&plain, o, ret_fix_ns);
}

void gps_decode_sky(const struct gps_data_t *report, Observation *o)
{
	GpsSkyReport plain = {.hdop = report->dop.hdop, .pdop = report->dop.pdop};
	plain.visible = (guint)CLAMP(report->satellites_visible, 0, MAXCHANNELS);
	for (guint i = 0; i < plain.visible; i++) {
		plain.used += report->skyview[i].used ? 1 : 0;
		gps_report_add_heard(&plain, report->skyview[i].ss);
	}
	gps_report_sky(&plain, o);
}
