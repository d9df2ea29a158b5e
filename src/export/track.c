/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/track.h"

#include "export/sink.h"

#include <math.h>

#define HALF_TURN_E7 1800000000
#define FULL_TURN_E7 G_GINT64_CONSTANT(3600000000)
#define EARTH_RADIUS_M 6371008.8

/* --- geometry --- */

static void put_position(Out *out, gint64 lat_e7, gint64 lon_e7)
{
	out_char(out, '[');
	out_scaled(out, lon_e7, 7);
	out_char(out, ',');
	out_scaled(out, lat_e7, 7);
	out_char(out, ']');
}

static gboolean crosses(const TrackVertex *a, const TrackVertex *b)
{
	return ABS((gint64)a->lon_e7 - b->lon_e7) > HALF_TURN_E7;
}

/* Where the way from a to b meets the antimeridian: at that latitude one part ends on a's side and the next begins on b's. */
static void put_cut(Out *out, const TrackVertex *a, const TrackVertex *b)
{
	const gint64 side = a->lon_e7 > 0 ? HALF_TURN_E7 : -(gint64)HALF_TURN_E7;
	const gint64 to = b->lon_e7 + (a->lon_e7 > 0 ? FULL_TURN_E7 : -FULL_TURN_E7);
	const double share = to == a->lon_e7 ? 0 : (double)(side - a->lon_e7) / (double)(to - a->lon_e7);
	const gint64 lat = a->lat_e7 + llround(share * (double)(b->lat_e7 - a->lat_e7));
	out_char(out, ',');
	put_position(out, lat, side);
	OUT_LITERAL(out, "],[");
	put_position(out, lat, -side);
}

void track_put_geometry(Out *out, const TrackVertex *vertices, guint n)
{
	gboolean multi = FALSE;
	for (guint i = 1; i < n; i++)
		multi = multi || crosses(&vertices[i - 1], &vertices[i]);
	if (multi)
		OUT_LITERAL(out, "{\"type\":\"MultiLineString\",\"coordinates\":[[");
	else
		OUT_LITERAL(out, "{\"type\":\"LineString\",\"coordinates\":[");
	for (guint i = 0; i < n; i++) {
		if (i > 0 && crosses(&vertices[i - 1], &vertices[i]))
			put_cut(out, &vertices[i - 1], &vertices[i]);
		if (i > 0)
			out_char(out, ',');
		put_position(out, vertices[i].lat_e7, vertices[i].lon_e7);
	}
	if (n == 1) {
		out_char(out, ',');
		put_position(out, vertices[0].lat_e7, vertices[0].lon_e7);
	}
	if (multi)
		OUT_LITERAL(out, "]]}");
	else
		OUT_LITERAL(out, "]}");
}

static double radians(gint32 e7)
{
	return (double)e7 / 1e7 * G_PI / 180;
}

/* Haversine. */
static double distance_m(const TrackVertex *a, const TrackVertex *b)
{
	const double dlat = sin((radians(b->lat_e7) - radians(a->lat_e7)) / 2);
	const double dlon = sin((radians(b->lon_e7) - radians(a->lon_e7)) / 2);
	const double h = dlat * dlat + cos(radians(a->lat_e7)) * cos(radians(b->lat_e7)) * dlon * dlon;
	return 2 * EARTH_RADIUS_M * asin(sqrt(MIN(h, 1)));
}

/* --- lines --- */

typedef struct {
	Sink *sink;
	const ExportRecording *recording;
	const ExportPiece *source;
	guint n;
	TrackVertex vertices[TRACK_MAX_VERTICES + 1];
	guint64 samples; /* without the vertex that belongs to the next line */
	char service[16];
	gboolean dated;
	gint64 start_ms, end_ms, last_boottime_ms;
	PositionState last_position;
	double length_m;
} Line;

static void put_properties(const Line *line)
{
	Out *out = line->sink->out;
	OUT_LITERAL(out, ",\"properties\":{");
	if (line->dated) {
		OUT_LITERAL(out, "\"start_time\":\"");
		out_time(out, line->start_ms);
		OUT_LITERAL(out, "\",\"end_time\":\"");
		out_time(out, line->end_ms);
		OUT_LITERAL(out, "\",");
	}
	OUT_LITERAL(out, "\"time_source\":");
	out_json_text(out, line->recording->time_source);
	out_put(out, line->source->text, line->source->length);
	OUT_LITERAL(out, ",\"service\":");
	out_json_text(out, line->service);
	OUT_LITERAL(out, ",\"samples\":");
	out_int(out, (gint64)line->samples);
	OUT_LITERAL(out, ",\"length_m\":");
	out_scaled(out, llround(line->length_m * 10), 1);
	OUT_LITERAL(out, "}}");
}

static void end_line(Line *line)
{
	Sink *sink = line->sink;
	if (line->samples == 0)
		return;
	sink_begin_feature(sink);
	OUT_LITERAL(sink->out, "{\"type\":\"Feature\",\"geometry\":");
	track_put_geometry(sink->out, line->vertices, line->n);
	put_properties(line);
	sink_end_feature(sink);
	sink->summary->features++;
	sink->summary->samples += line->samples;
	for (guint i = 0; i < line->n; i++)
		sink_note_place(sink, line->vertices[i].lat_e7 / 1e7, line->vertices[i].lon_e7 / 1e7);
	line->n = 0;
	line->samples = 0;
}

static TrackVertex vertex_of(const ExportRow *row)
{
	return (TrackVertex){(gint32)lround(row->lat * 1e7), (gint32)lround(row->lon * 1e7)};
}

static void add_vertex(Line *line, TrackVertex vertex)
{
	if (line->n > 0)
		line->length_m += distance_m(&line->vertices[line->n - 1], &vertex);
	line->vertices[line->n++] = vertex;
}

static void begin_line(Line *line, const ExportRow *row, const char *service)
{
	line->n = 0;
	line->samples = 0;
	line->length_m = 0;
	line->dated = row->dated;
	line->start_ms = row->utc_ms - row->utc_error_ms;
	g_strlcpy(line->service, service, sizeof line->service);
}

static void add_sample(Line *line, const ExportRow *row, const char *service)
{
	/* From a place that was only held to where one really was later there is no known way. */
	const gboolean jump = line->last_position == POSITION_HELD && row->position != POSITION_HELD;
	const gboolean joined = line->samples > 0 && !jump && row->boottime_ms - line->last_boottime_ms <= EXPORT_TRACK_GAP_MS;
	const gboolean same = joined && g_str_equal(service, line->service) && line->n < TRACK_MAX_VERTICES;
	if (joined && !same)
		add_vertex(line, vertex_of(row));
	if (!same) {
		end_line(line);
		begin_line(line, row, service);
	}
	add_vertex(line, vertex_of(row));
	line->samples++;
	line->end_ms = row->utc_ms + row->utc_error_ms;
	line->last_boottime_ms = row->boottime_ms;
	line->last_position = row->position;
}

static gboolean put_lines(Line *line, gint64 source, GError **error)
{
	Sink *sink = line->sink;
	ExportRow row;
	gboolean more, taken;
	line->samples = 0;
	export_rows_begin(sink->rows, line->recording, source);
	while (sink->out->errnum == 0) {
		if (!export_rows_next(sink->rows, &row, &taken, &more, error))
			return FALSE;
		if (!more)
			break;
		sink->summary->unlocated += taken && !row.located ? 1 : 0;
		sink->summary->undated += taken && !row.dated ? 1 : 0;
		if (!taken || !row.located) {
			end_line(line);
			continue;
		}
		const ExportPiece *state = export_pieces_get(sink->states, row.state, error);
		line->source = state ? export_pieces_get(sink->sources, source, error) : NULL;
		if (!line->source)
			return FALSE;
		add_sample(line, &row, state->service);
	}
	end_line(line);
	return TRUE;
}

/* One walk for each modem: lines of two modems at once would need the memory of two. */
static gboolean put_recording(Line *line, sqlite3_stmt *sources, gint64 modem, GError **error)
{
	gboolean more;
	sqlite3_bind_int64(sources, 1, STORE_ID(line->recording->id, 0));
	sqlite3_bind_int64(sources, 2, STORE_ID(line->recording->id + 1, 0));
	for (;;) {
		if (!store_step(line->sink->store, sources, &more, error))
			return FALSE;
		if (!more)
			break;
		const gint64 source = sqlite3_column_int64(sources, 0);
		if ((modem == 0 || modem == source) && !put_lines(line, source, error))
			return FALSE;
	}
	sqlite3_reset(sources);
	return TRUE;
}

gboolean export_track(Sink *sink, GError **error)
{
	ExportRecording recording;
	gint64 modem;
	gboolean more;
	g_autofree Line *line = g_new0(Line, 1);
	line->sink = sink;
	line->recording = &recording;
	if (!export_rows_find_modem(sink->store, sink->options->modem, &modem, error))
		return FALSE;
	g_autoptr(StoreStatement) sources = store_prepare(sink->store,
							  "SELECT id FROM source WHERE id IN (SELECT DISTINCT source FROM"
							  " radio WHERE id > ? AND id < ?) ORDER BY name",
							  error);
	if (!sources)
		return FALSE;
	for (;;) {
		if (!export_rows_next_recording(sink->rows, &recording, &more, error))
			return FALSE;
		if (!more)
			return TRUE;
		if (!put_recording(line, sources, modem, error))
			return FALSE;
	}
}
