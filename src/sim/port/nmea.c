/* nmea.c - see nmea.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/nmea.h"

#include <math.h>

#define KNOTS_PER_MPS	  (3600.0 / 1852.0)
#define GEOID_SEPARATION_M 24.0
#define GSA_SLOTS	  12

/* Completes the sentence that begins at `from` with "*" and the exclusive or of the bytes after "$". */
static void close_sentence(GString *out, gsize from)
{
	guint8 sum = 0;
	for (gsize i = from + 1; i < out->len; i++)
		sum = (guint8)(sum ^ (guint8)out->str[i]);
	g_string_append_printf(out, "*%02X\r\n", sum);
}

/* A comma and a number in the C locale, whatever the user's is. */
static void append_number(GString *out, const char *format, double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append_c(out, ',');
	g_string_append(out, g_ascii_formatd(text, sizeof text, format, value));
}

/* ",ddmm.mmmmm,N": in whole units of 1/100000 minute, so that 59.999999 minutes carry into the degrees. */
static void append_angle(GString *out, double deg, guint degree_digits, char positive, char negative)
{
	gint64 units = (gint64)llround(fabs(deg) * 60 * 1e5);
	gint64 degrees = units / 6000000, minutes = units % 6000000;
	g_string_append_printf(out, ",%0*d%02d.%05d,%c", (int)degree_digits, (int)degrees, (int)(minutes / 100000),
			       (int)(minutes % 100000), deg < 0 ? negative : positive);
}

static void append_place(GString *out, const SimEpoch *epoch)
{
	if (!epoch->has_fix) {
		g_string_append(out, ",,,,");
		return;
	}
	append_angle(out, epoch->lat_deg, 2, 'N', 'S');
	append_angle(out, epoch->lon_deg, 3, 'E', 'W');
}

static void append_time(GString *out, gint64 utc_ms)
{
	gint64 of_day = utc_ms % 86400000;
	g_string_append_printf(out, ",%02d%02d%02d.%02d", (int)(of_day / 3600000), (int)(of_day / 60000 % 60),
			       (int)(of_day / 1000 % 60), (int)(of_day % 1000 / 10));
}

static void format_rmc(const SimEpoch *epoch, GString *out)
{
	gsize from = out->len;
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(epoch->utc_ms / 1000);
	g_string_append(out, "$GNRMC");
	append_time(out, epoch->utc_ms);
	g_string_append(out, epoch->has_fix ? ",A" : ",V");
	append_place(out, epoch);
	if (epoch->has_fix) {
		append_number(out, "%.3f", epoch->speed_mps * KNOTS_PER_MPS);
		append_number(out, "%.2f", fmod(epoch->course_deg, 360));
	} else {
		g_string_append(out, ",,");
	}
	g_string_append_printf(out, ",%02d%02d%02d,,,%c", g_date_time_get_day_of_month(date), g_date_time_get_month(date),
			       g_date_time_get_year(date) % 100, epoch->has_fix ? 'A' : 'N');
	close_sentence(out, from);
}

static guint count_used(const SimEpoch *epoch)
{
	guint used = 0;
	for (guint i = 0; i < epoch->n_satellites; i++)
		used += epoch->satellites[i].used ? 1 : 0;
	return used;
}

static void format_gga(const SimEpoch *epoch, GString *out)
{
	gsize from = out->len;
	g_string_append(out, "$GNGGA");
	append_time(out, epoch->utc_ms);
	append_place(out, epoch);
	g_string_append_printf(out, ",%d,%02u", epoch->has_fix ? 1 : 0, epoch->has_fix ? count_used(epoch) : 0);
	if (epoch->has_fix) {
		append_number(out, "%.2f", epoch->hdop);
		append_number(out, "%.1f", epoch->altitude_m);
		g_string_append(out, ",M");
		append_number(out, "%.1f", GEOID_SEPARATION_M);
		g_string_append(out, ",M,,");
	} else {
		g_string_append(out, ",99.99,,,,,,");
	}
	close_sentence(out, from);
}

/* One GSA for each system, with the system's number at the end (1 GPS, 2 GLONASS). */
static void format_gsa(const SimEpoch *epoch, SimGnss system, GString *out)
{
	gsize from = out->len;
	guint slots = 0;
	g_string_append_printf(out, "$GNGSA,A,%d", epoch->has_fix ? 3 : 1);
	for (guint i = 0; i < epoch->n_satellites && slots < GSA_SLOTS; i++) {
		const SimSatellite *satellite = &epoch->satellites[i];
		if (satellite->system != system || !satellite->used || !epoch->has_fix)
			continue;
		g_string_append_printf(out, ",%02u", satellite->prn);
		slots++;
	}
	for (; slots < GSA_SLOTS; slots++)
		g_string_append_c(out, ',');
	append_number(out, "%.2f", epoch->has_fix ? epoch->pdop : 99.99);
	append_number(out, "%.2f", epoch->has_fix ? epoch->hdop : 99.99);
	append_number(out, "%.2f", epoch->has_fix ? epoch->vdop : 99.99);
	g_string_append_printf(out, ",%d", system == SIM_GNSS_GPS ? 1 : 2);
	close_sentence(out, from);
}

static void append_satellite(GString *out, const SimSatellite *satellite)
{
	g_string_append_printf(out, ",%02u,%02d,%03d,", satellite->prn, (int)lround(satellite->elevation_deg),
			       (int)lround(satellite->azimuth_deg) % 360);
	if (satellite->cn0_dbhz > 0)
		g_string_append_printf(out, "%02d", (int)lround(satellite->cn0_dbhz));
}

/* Four satellites a sentence; each says how many sentences and satellites there are. */
static void format_gsv(const SimEpoch *epoch, SimGnss system, GString *out)
{
	const SimSatellite *of_system[SIM_MAX_SATELLITES];
	guint n = 0;
	for (guint i = 0; i < epoch->n_satellites; i++)
		if (epoch->satellites[i].system == system)
			of_system[n++] = &epoch->satellites[i];
	guint sentences = MAX(1, (n + 3) / 4);
	for (guint s = 0; s < sentences; s++) {
		gsize from = out->len;
		g_string_append_printf(out, "$%sGSV,%u,%u,%02u", system == SIM_GNSS_GPS ? "GP" : "GL", sentences, s + 1, n);
		for (guint i = 4 * s; i < MIN(n, 4 * s + 4); i++)
			append_satellite(out, of_system[i]);
		close_sentence(out, from);
	}
}

void sim_nmea_format(const SimEpoch *epoch, GString *out)
{
	format_rmc(epoch, out);
	format_gga(epoch, out);
	format_gsa(epoch, SIM_GNSS_GPS, out);
	format_gsa(epoch, SIM_GNSS_GLONASS, out);
	format_gsv(epoch, SIM_GNSS_GPS, out);
	format_gsv(epoch, SIM_GNSS_GLONASS, out);
}
