/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export.h"

#include "export/sink.h"

static void sink_clear(Sink *sink)
{
	g_clear_pointer(&sink->rows, export_rows_free);
	g_clear_pointer(&sink->states, export_pieces_free);
	g_clear_pointer(&sink->cells, export_pieces_free);
	g_clear_pointer(&sink->sources, export_pieces_free);
	g_clear_pointer(&sink->out, out_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sink, sink_clear)

void sink_begin_feature(Sink *sink)
{
	if (sink->options->format == EXPORT_GEOJSON)
		out_put(sink->out, ",\n", sink->summary->features > 0 ? 2 : 0);
	else if (sink->options->record_separators)
		out_char(sink->out, '\x1e');
}

void sink_end_feature(Sink *sink)
{
	if (sink->options->format == EXPORT_GEOJSONSEQ)
		out_char(sink->out, '\n');
}

void sink_note_place(Sink *sink, double lat, double lon)
{
	const double lon_360 = lon < 0 ? lon + 360 : lon;
	sink->south = MIN(sink->south, lat);
	sink->north = MAX(sink->north, lat);
	sink->west = MIN(sink->west, lon);
	sink->east = MAX(sink->east, lon);
	sink->west_360 = MIN(sink->west_360, lon_360);
	sink->east_360 = MAX(sink->east_360, lon_360);
}

void sink_put_point(Sink *sink, gboolean located, double lat, double lon)
{
	Out *out = sink->out;
	if (!located) {
		OUT_LITERAL(out, ",\"geometry\":null,\"properties\":{");
		return;
	}
	OUT_LITERAL(out, ",\"geometry\":{\"type\":\"Point\",\"coordinates\":[");
	out_degrees(out, lon);
	out_char(out, ',');
	out_degrees(out, lat);
	OUT_LITERAL(out, "]},\"properties\":{");
	sink_note_place(sink, lat, lon);
}

/* RFC 7946, 5: west, south, east, north; west > east where the narrower box is the one across the antimeridian. */
static void put_bbox(Sink *sink)
{
	Out *out = sink->out;
	const gboolean across = sink->east_360 - sink->west_360 < sink->east - sink->west;
	const double west = across ? sink->west_360 : sink->west, east = across ? sink->east_360 : sink->east;
	if (sink->south > sink->north)
		return;
	OUT_LITERAL(out, ",\"bbox\":[");
	out_degrees(out, west > 180 ? west - 360 : west);
	out_char(out, ',');
	out_degrees(out, sink->south);
	out_char(out, ',');
	out_degrees(out, east > 180 ? east - 360 : east);
	out_char(out, ',');
	out_degrees(out, sink->north);
	out_char(out, ']');
}

static gboolean write_layer(Sink *sink, GError **error)
{
	switch (sink->options->layer) {
	case EXPORT_SAMPLES:
		return (sink->options->format == EXPORT_CSV ? export_samples_csv : export_samples)(sink, error);
	case EXPORT_TRACK:
		return export_track(sink, error);
	case EXPORT_PROBES:
		return export_places(sink, OBSERVATION_PROBE, error);
	case EXPORT_SESSIONS:
		break;
	}
	return export_places(sink, OBSERVATION_SESSION, error);
}

static gboolean write_all(Sink *sink, GError **error)
{
	if (sink->options->format == EXPORT_OONI)
		return export_ooni(sink, error);
	if (sink->options->format == EXPORT_GEOJSON)
		OUT_LITERAL(sink->out, "{\"type\":\"FeatureCollection\",\"features\":[\n");
	if (!write_layer(sink, error))
		return FALSE;
	if (sink->options->format == EXPORT_GEOJSON) {
		OUT_LITERAL(sink->out, "\n]");
		put_bbox(sink);
		OUT_LITERAL(sink->out, "}\n");
	}
	return TRUE;
}

gboolean export_store(Store *store, const char *output, const ExportOptions *options, ExportSummary *ret_summary, GError **error)
{
	const gboolean csv = options->format == EXPORT_CSV;
	g_auto(Sink) sink = {.options = options, .summary = ret_summary, .store = store, .south = 90, .north = -90, .west = 180,
			     .east = -180, .west_360 = 360, .east_360 = 0};
	*ret_summary = (ExportSummary){0};
	if (!store_check_output(store, output, error))
		return FALSE;
	/* One state of the store from the first row to the last, whatever a sync does meanwhile. */
	if (!store_exec(store, "BEGIN", error))
		return FALSE;
	sink.rows = export_rows_new(store, options, error);
	sink.states = sink.rows ? export_pieces_new(store, STORE_DICT_STATE, csv, error) : NULL;
	sink.cells = sink.states ? export_pieces_new(store, STORE_DICT_CELL, csv, error) : NULL;
	sink.sources = sink.cells ? export_pieces_new(store, STORE_DICT_SOURCE, csv, error) : NULL;
	sink.out = sink.sources ? out_open(output, error) : NULL;
	return sink.out && write_all(&sink, error) && out_finish(sink.out, error);
}
