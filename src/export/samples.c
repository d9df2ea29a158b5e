/* One feature, or one row, for each sweep.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/sink.h"

typedef struct {
	char name[40]; /* ,"lte_snr_db":  or the header's name for CSV */
	gsize length;
	guint digits;  /* decimals that the stored integer has */
} Signal;

typedef struct {
	Sink *sink;
	Signal signals[STORE_N_SIGNALS];
	const ExportPiece *state, *cell, *source; /* of the current row */
	ExportRow row;
} Samples;

static void name_signals(Samples *s, gboolean csv)
{
	for (guint i = 0; i < STORE_N_SIGNALS; i++) {
		Signal *signal = &s->signals[i];
		const char *name = store_signal_name(&store_signals[i]);
		g_autofree char *plain = store_plain_name(name);
		g_snprintf(signal->name, sizeof signal->name, csv ? ",%s" : ",\"%s\":", plain ? plain : name);
		signal->length = strlen(signal->name);
		signal->digits = plain ? 2 : 0;
	}
}

/* --- GeoJSON --- */

static void put_position(Samples *s)
{
	Out *out = s->sink->out;
	const char *word = position_state_words[s->row.position];
	OUT_LITERAL(out, "\",\"position_state\":\"");
	out_put(out, word, strlen(word));
	out_char(out, '"');
	if (!s->row.located)
		return;
	OUT_LITERAL(out, ",\"position_error_m\":");
	out_scaled(out, s->row.position_error_dm, 1);
}

static void put_signals(Samples *s)
{
	Out *out = s->sink->out;
	for (guint32 left = s->row.signals; left; left &= left - 1) {
		const int i = __builtin_ctz(left);
		out_put(out, s->signals[i].name, s->signals[i].length);
		out_scaled(out, s->row.signal[i], s->signals[i].digits);
	}
	if (s->row.cells_heard < 0)
		return;
	OUT_LITERAL(out, ",\"cells_heard\":");
	out_int(out, s->row.cells_heard);
}

static void put_feature(Samples *s, const ExportRecording *recording)
{
	Out *out = s->sink->out;
	sink_begin_feature(s->sink);
	OUT_LITERAL(out, "{\"type\":\"Feature\",\"id\":");
	out_int(out, s->row.id);
	sink_put_point(s->sink, s->row.located, s->row.lat, s->row.lon);
	if (s->row.dated) {
		OUT_LITERAL(out, "\"start_time\":\"");
		out_time(out, s->row.utc_ms - s->row.utc_error_ms);
		OUT_LITERAL(out, "\",\"end_time\":\"");
		out_time(out, s->row.utc_ms + s->row.utc_error_ms);
		OUT_LITERAL(out, "\",");
	}
	OUT_LITERAL(out, "\"time_source\":\"");
	out_put(out, recording->time_source, strlen(recording->time_source));
	out_char(out, '"');
	out_put(out, s->source->text, s->source->length);
	OUT_LITERAL(out, ",\"service\":\"");
	out_put(out, s->state->service, strlen(s->state->service));
	put_position(s);
	out_put(out, s->cell->text, s->cell->length);
	put_signals(s);
	out_put(out, s->state->text, s->state->length);
	OUT_LITERAL(out, "}}");
	sink_end_feature(s->sink);
}

/* --- CSV --- */

static void put_csv_header(Samples *s)
{
	Out *out = s->sink->out;
	if (s->sink->options->excel)
		OUT_LITERAL(out, "\xEF\xBB\xBF");
	OUT_LITERAL(out, "id,start_time,end_time,time_source,modem,service,latitude,longitude,position_state,position_error_m");
	export_pieces_header(s->sink->cells, out);
	for (guint i = 0; i < STORE_N_SIGNALS; i++)
		out_put(out, s->signals[i].name, s->signals[i].length);
	OUT_LITERAL(out, ",cells_heard");
	export_pieces_header(s->sink->states, out);
	OUT_LITERAL(out, "\r\n");
}

static void put_csv_place(Samples *s)
{
	Out *out = s->sink->out;
	const char *word = position_state_words[s->row.position];
	out_char(out, ',');
	if (s->row.located)
		out_degrees(out, s->row.lat);
	out_char(out, ',');
	if (s->row.located)
		out_degrees(out, s->row.lon);
	out_char(out, ',');
	out_put(out, word, strlen(word));
	out_char(out, ',');
	if (s->row.located)
		out_scaled(out, s->row.position_error_dm, 1);
}

static void put_csv_row(Samples *s, const ExportRecording *recording)
{
	Out *out = s->sink->out;
	out_int(out, s->row.id);
	out_char(out, ',');
	if (s->row.dated)
		out_time(out, s->row.utc_ms - s->row.utc_error_ms);
	out_char(out, ',');
	if (s->row.dated)
		out_time(out, s->row.utc_ms + s->row.utc_error_ms);
	out_char(out, ',');
	out_put(out, recording->time_source, strlen(recording->time_source));
	out_put(out, s->source->text, s->source->length);
	out_char(out, ',');
	out_put(out, s->state->service, strlen(s->state->service));
	put_csv_place(s);
	out_put(out, s->cell->text, s->cell->length);
	for (guint i = 0; i < STORE_N_SIGNALS; i++) {
		out_char(out, ',');
		if (s->row.signals & 1u << i)
			out_scaled(out, s->row.signal[i], s->signals[i].digits);
	}
	out_char(out, ',');
	if (s->row.cells_heard >= 0)
		out_int(out, s->row.cells_heard);
	out_put(out, s->state->text, s->state->length);
	OUT_LITERAL(out, "\r\n");
}

/* --- all rows --- */

typedef void (*PutFunc)(Samples *s, const ExportRecording *recording);

static gboolean put_row(Samples *s, const ExportRecording *recording, PutFunc put, GError **error)
{
	Sink *sink = s->sink;
	s->source = export_pieces_get(sink->sources, s->row.source, error);
	s->state = s->source ? export_pieces_get(sink->states, s->row.state, error) : NULL;
	s->cell = s->state ? export_pieces_get(sink->cells, s->row.cell, error) : NULL;
	if (!s->cell)
		return FALSE;
	put(s, recording);
	sink->summary->features++;
	sink->summary->samples++;
	sink->summary->unlocated += s->row.located ? 0 : 1;
	sink->summary->undated += s->row.dated ? 0 : 1;
	return TRUE;
}

static gboolean put_recording(Samples *s, const ExportRecording *recording, PutFunc put, GError **error)
{
	gboolean more, taken;
	export_rows_begin(s->sink->rows, recording, 0);
	while (s->sink->out->errnum == 0) {
		if (!export_rows_next(s->sink->rows, &s->row, &taken, &more, error))
			return FALSE;
		if (!more)
			break;
		if (taken && !put_row(s, recording, put, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean put_all(Samples *s, PutFunc put, GError **error)
{
	ExportRecording recording;
	gboolean more;
	for (;;) {
		if (!export_rows_next_recording(s->sink->rows, &recording, &more, error))
			return FALSE;
		if (!more)
			return TRUE;
		if (!put_recording(s, &recording, put, error))
			return FALSE;
	}
}

gboolean export_samples(Sink *sink, GError **error)
{
	Samples s = {.sink = sink};
	name_signals(&s, FALSE);
	return put_all(&s, put_feature, error);
}

gboolean export_samples_csv(Sink *sink, GError **error)
{
	Samples s = {.sink = sink};
	name_signals(&s, TRUE);
	put_csv_header(&s);
	return put_all(&s, put_csv_row, error);
}
