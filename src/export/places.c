/* Sessions and probes: how their rows are walked, and the layers of them as GeoJSON and CSV.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/places.h"

/* --- walking --- */

/* Columns behind the view's; those that tell whether it is taken come out 0 for a row without a time. */
enum { AFTER_IN_TIME, AFTER_BOOTTIME_MS, AFTER_UTC_MS };

static int view_columns(ObservationKind kind)
{
	return STORE_PLACE_FIRST_FIELD + (int)observation_table(kind)->n_fields;
}

/* Times are compared as the texts that they are in the view. */
static void bind_time(sqlite3_stmt *stmt, int parameter, gint64 utc_ms, gint64 unlimited)
{
	g_autoptr(Out) text = out_new_memory();
	if (utc_ms == unlimited)
		return;
	out_time(text, utc_ms);
	sqlite3_bind_text(stmt, parameter, text->buffer, (int)text->used, SQLITE_TRANSIENT);
}

static sqlite3_stmt *prepare(Sink *sink, ObservationKind kind, PlaceOrder order, GError **error)
{
	const char *table = observation_table(kind)->name;
	g_autofree char *sql = g_strdup_printf(
		"SELECT v.*, (?3 IS NULL OR v.end_time >= ?3) AND (?4 IS NULL OR v.start_time < ?4), o.boottime_ms, o.utc_ms"
		" FROM %s_place v JOIN %s o ON o.id=v.fid WHERE v.fid > ?1 AND v.fid < ?2 AND (?5 IS NULL OR v.modem=?5)"
		" ORDER BY %s",
		table, table, order == PLACES_BY_ROUND ? "v.modem, v.round, v.fid" : "v.fid");
	sqlite3_stmt *stmt = store_prepare(sink->store, sql, error);
	if (!stmt)
		return NULL;
	bind_time(stmt, 3, sink->options->since_ms, G_MININT64);
	bind_time(stmt, 4, sink->options->until_ms, G_MAXINT64);
	if (sink->options->modem)
		sqlite3_bind_text(stmt, 5, sink->options->modem, -1, SQLITE_STATIC);
	return stmt;
}

static void read_row(const Sink *sink, PlaceRow *row, int after)
{
	sqlite3_stmt *columns = row->columns;
	const guint8 *geom = sqlite3_column_blob(columns, STORE_PLACE_GEOM);
	row->dated = sqlite3_column_type(columns, STORE_PLACE_START_TIME) != SQLITE_NULL;
	row->located = geom && sqlite3_column_bytes(columns, STORE_PLACE_GEOM) == STORE_GEOM_SIZE;
	if (row->located)
		export_read_point(geom + STORE_GEOM_SIZE - 16, &row->lat, &row->lon);
	row->taken = sqlite3_column_int(columns, after + AFTER_IN_TIME) != 0 &&
		     (!sink->options->has_bbox || (row->located && export_within_box(sink->options, row->lat, row->lon)));
	row->boottime_ms = sqlite3_column_int64(columns, after + AFTER_BOOTTIME_MS);
	row->utc_ms = sqlite3_column_int64(columns, after + AFTER_UTC_MS);
}

static gboolean walk_recording(Sink *sink, PlaceRow *row, int after, PlaceRowFunc func, gpointer user_data, GError **error)
{
	gboolean more;
	sqlite3_reset(row->columns);
	sqlite3_bind_int64(row->columns, 1, STORE_ID(row->recording->id, 0));
	sqlite3_bind_int64(row->columns, 2, STORE_ID(row->recording->id + 1, 0));
	while (sink->out->errnum == 0) {
		if (!store_step(sink->store, row->columns, &more, error))
			return FALSE;
		if (!more)
			break;
		read_row(sink, row, after);
		sink->summary->held++;
		if (!func(user_data, row, error))
			return FALSE;
	}
	return TRUE;
}

gboolean places_walk(Sink *sink, ObservationKind kind, PlaceOrder order, PlaceRowFunc func, gpointer user_data, GError **error)
{
	ExportRecording recording;
	gboolean more;
	g_autoptr(StoreStatement) stmt = prepare(sink, kind, order, error);
	PlaceRow row = {.columns = stmt, .recording = &recording};
	if (!stmt)
		return FALSE;
	for (;;) {
		if (!export_rows_next_recording(sink->rows, &recording, &more, error))
			return FALSE;
		if (!more)
			return TRUE;
		if (!walk_recording(sink, &row, view_columns(kind), func, user_data, error))
			return FALSE;
	}
}

/* --- GeoJSON --- */

static void put_feature(Sink *sink, const PlaceRow *row, int n_columns)
{
	Out *out = sink->out;
	gboolean comma = FALSE;
	sink_begin_feature(sink);
	OUT_LITERAL(out, "{\"type\":\"Feature\",\"id\":");
	export_put_column(out, row->columns, STORE_PLACE_FID, FALSE);
	sink_put_point(sink, row->located, row->lat, row->lon);
	for (int i = STORE_PLACE_START_TIME; i < n_columns; i++) {
		if (sqlite3_column_type(row->columns, i) == SQLITE_NULL)
			continue;
		if (comma)
			out_char(out, ',');
		comma = TRUE;
		out_json_text(out, sqlite3_column_name(row->columns, i));
		out_char(out, ':');
		export_put_column(out, row->columns, i, FALSE);
	}
	OUT_LITERAL(out, "}}");
	sink_end_feature(sink);
}

/* --- CSV: the same, but that the place is two columns before its state --- */

static void put_csv_header(Sink *sink, ObservationKind kind)
{
	static const char *const names[] = {[STORE_PLACE_START_TIME] = "start_time", [STORE_PLACE_END_TIME] = "end_time",
					    [STORE_PLACE_TIME_SOURCE] = "time_source", [STORE_PLACE_MODEM] = "modem",
					    [STORE_PLACE_POSITION_STATE] = "latitude,longitude,position_state",
					    [STORE_PLACE_POSITION_ERROR_M] = "position_error_m", [STORE_PLACE_SERVICE] = "service",
					    [STORE_PLACE_RAT] = "rat", [STORE_PLACE_MCC] = "mcc", [STORE_PLACE_MNC] = "mnc"};
	const ObservationTable *table = observation_table(kind);
	if (sink->options->excel)
		OUT_LITERAL(sink->out, "\xEF\xBB\xBF");
	OUT_LITERAL(sink->out, "id");
	for (int i = STORE_PLACE_START_TIME; i < view_columns(kind); i++) {
		const char *name = i < STORE_PLACE_FIRST_FIELD ? names[i] : table->fields[i - STORE_PLACE_FIRST_FIELD].name;
		out_char(sink->out, ',');
		out_put(sink->out, name, strlen(name));
	}
	OUT_LITERAL(sink->out, "\r\n");
}

static void put_csv_row(Sink *sink, const PlaceRow *row, int n_columns)
{
	Out *out = sink->out;
	export_put_column(out, row->columns, STORE_PLACE_FID, TRUE);
	for (int i = STORE_PLACE_START_TIME; i < n_columns; i++) {
		out_char(out, ',');
		if (i == STORE_PLACE_POSITION_STATE) {
			if (row->located)
				out_degrees(out, row->lat);
			out_char(out, ',');
			if (row->located)
				out_degrees(out, row->lon);
			out_char(out, ',');
		}
		if (sqlite3_column_type(row->columns, i) != SQLITE_NULL)
			export_put_column(out, row->columns, i, TRUE);
	}
	OUT_LITERAL(out, "\r\n");
}

/* --- the layers --- */

typedef struct {
	Sink *sink;
	int n_columns;
} Layer;

static gboolean put_row(gpointer user_data, const PlaceRow *row, GError **error)
{
	const Layer *layer = user_data;
	Sink *sink = layer->sink;
	(void)error;
	if (!row->taken)
		return TRUE;
	(sink->options->format == EXPORT_CSV ? put_csv_row : put_feature)(sink, row, layer->n_columns);
	sink->summary->features++;
	sink->summary->samples++;
	sink->summary->unlocated += row->located ? 0 : 1;
	sink->summary->undated += row->dated ? 0 : 1;
	return TRUE;
}

gboolean export_places(Sink *sink, ObservationKind kind, GError **error)
{
	Layer layer = {sink, view_columns(kind)};
	if (sink->options->format == EXPORT_CSV)
		put_csv_header(sink, kind);
	return places_walk(sink, kind, PLACES_AS_MADE, put_row, &layer, error);
}
