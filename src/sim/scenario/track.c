/* track.c - [track] of a scenario; see scenario.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario/read.h"

#include <math.h>

typedef struct {
	const KeyFile *file;
	const char *group;
	double speed_kmh; /* of the point before */
	GArray *points;	  /* of SimTrackPoint */
} TrackReader;

/* A number within its range, or the default for NULL; NAN when it is none. */
static double parse_number(const char *text, double min, double max, double fallback)
{
	char *end = NULL;
	if (!text)
		return fallback;
	double value = g_ascii_strtod(text, &end);
	while (end && g_ascii_isspace(*end))
		end++;
	return end == text || *end != '\0' || !(value >= min && value <= max) ? NAN : value;
}

static gboolean read_point(TrackReader *reader, const char *text, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(text, ",", -1);
	guint n = g_strv_length(parts);
	if (n < 2 || n > 4)
		return keyfile_error(reader->file, reader->group, "points", error,
				     "\"%s\" is not a point: write lat,lon[,speed_kmh[,pause_s]]", text);
	SimTrackPoint point = {.lat_deg = parse_number(parts[0], -89, 89, NAN),
			       .lon_deg = parse_number(parts[1], -180, 180, NAN),
			       .speed_kmh = parse_number(n > 2 ? parts[2] : NULL, 0.1, 1000, reader->speed_kmh),
			       .pause_s = parse_number(n > 3 ? parts[3] : NULL, 0, 1e6, 0)};
	if (isnan(point.lat_deg) || isnan(point.lon_deg) || isnan(point.speed_kmh) || isnan(point.pause_s))
		return keyfile_error(reader->file, reader->group, "points", error,
				     "in \"%s\" a number is missing or out of range (lat -89..89, lon -180..180, "
				     "speed 0.1..1000 km/h, pause in seconds)",
				     text);
	reader->speed_kmh = point.speed_kmh;
	g_array_append_val(reader->points, point);
	return TRUE;
}

static gboolean read_part(TrackReader *reader, int *io_end, GError **error)
{
	static const char *const ends[] = {"hold", "loop", "back", NULL};
	static const char *const required[] = {"points", NULL};
	if (!sim_read_require(reader->file, reader->group, required, error) ||
	    !keyfile_choice(reader->file, reader->group, "end", ends, io_end, error))
		return FALSE;
	g_autofree char *text = keyfile_string(reader->file, reader->group, "points");
	g_auto(GStrv) points = g_strsplit(text, ";", -1);
	guint before = reader->points->len;
	for (guint i = 0; points[i]; i++)
		if (*g_strstrip(points[i]) != '\0' && !read_point(reader, points[i], error))
			return FALSE;
	if (reader->points->len == before)
		return keyfile_error(reader->file, reader->group, "points", error, "there is no point in it");
	return TRUE;
}

gboolean sim_read_track(const KeyFile *file, SimScenario *scenario, GError **error)
{
	g_auto(GStrv) parts = keyfile_groups(file, "track");
	g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(SimTrackPoint));
	TrackReader reader = {.file = file, .speed_kmh = 30, .points = points};
	int end = SIM_TRACK_HOLD;
	for (guint i = 0; parts[i]; i++) {
		reader.group = parts[i];
		if (!read_part(&reader, &end, error))
			return FALSE;
	}
	if (points->len > 0)
		scenario->track = sim_track_new(&g_array_index(points, SimTrackPoint, 0), points->len, (SimTrackEnd)end);
	return TRUE;
}
