/* Times as logs write them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/layout.h"

#include <math.h>
#include <time.h>

/* The year 9999: farther on a gint64 of ms would still do, and nothing would be meant. */
#define MAX_UNIX_S 253402300799.0

static gboolean parse_unix(const char *text, double unit_s, gint64 *ret_utc_ms, gboolean *ret_whole)
{
	char *end = NULL;
	const double value = g_ascii_strtod(text, &end) * unit_s;
	if (end == text || *end || !(fabs(value) <= MAX_UNIX_S))
		return FALSE;
	*ret_utc_ms = (gint64)llround(value * 1000);
	*ret_whole = FALSE;
	return TRUE;
}

static gboolean parse_iso(const char *text, gint64 offset_s, gint64 *ret_utc_ms, gboolean *ret_whole, gboolean *ret_zoneless)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, utc);
	if (!time)
		return FALSE;
	const char *clock = strpbrk(text, "Tt ");
	*ret_zoneless = clock && !strpbrk(clock, "Zz+-");
	*ret_whole = !strpbrk(text, ".,");
	*ret_utc_ms =
		(g_date_time_to_unix(time) - (*ret_zoneless ? offset_s : 0)) * 1000 + g_date_time_get_microsecond(time) / 1000;
	return TRUE;
}

/* A fraction of a second may stand behind what the pattern says. */
static gboolean parse_fraction(const char *text, gint64 *ret_ms)
{
	gint64 ms = 0, unit = 100;
	*ret_ms = 0;
	if (*text == '\0')
		return TRUE;
	if (*text != '.' && *text != ',')
		return FALSE;
	for (text++; g_ascii_isdigit(*text); text++, unit /= 10)
		ms += g_ascii_digit_value(*text) * unit;
	*ret_ms = ms;
	return *text == '\0';
}

static gboolean parse_pattern(const char *text, const char *pattern, gint64 offset_s, gint64 *ret_utc_ms, gboolean *ret_whole,
			      gboolean *ret_zoneless)
{
	struct tm tm = {.tm_mday = 1};
	gint64 fraction_ms;
	const char *rest = strptime(text, pattern, &tm);
	if (!rest || !parse_fraction(rest, &fraction_ms))
		return FALSE;
	*ret_zoneless = !strstr(pattern, "%z");
	*ret_whole = *rest == '\0';
	const gint64 east_s = *ret_zoneless ? offset_s : tm.tm_gmtoff;
	*ret_utc_ms = ((gint64)timegm(&tm) - east_s) * 1000 + fraction_ms;
	return TRUE;
}

gboolean time_parse(const char *text, TimeKind kind, const char *pattern, gint64 utc_offset_s, gint64 *ret_utc_ms,
		    gboolean *ret_whole, gboolean *ret_zoneless)
{
	*ret_zoneless = FALSE;
	switch (kind) {
	case TIME_ISO:
		return parse_iso(text, utc_offset_s, ret_utc_ms, ret_whole, ret_zoneless);
	case TIME_UNIX_S:
		return parse_unix(text, 1, ret_utc_ms, ret_whole);
	case TIME_UNIX_MS:
		return parse_unix(text, 0.001, ret_utc_ms, ret_whole);
	case TIME_PATTERN:
		break;
	}
	return parse_pattern(text, pattern, utc_offset_s, ret_utc_ms, ret_whole, ret_zoneless);
}
