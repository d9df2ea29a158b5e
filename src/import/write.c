/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/write.h"

#include "error.h"

#define DEVICE_DIGITS 16
/* BOOTTIME of the first row: never 0. */
#define FIRST_BOOTTIME_MS 1000

typedef struct {
	Store *store;
	RowStream *rows;
	const WriteFile *file;
	const ImportOptions *options;
	ImportSummary *summary;
	StoreDict *states, *cells, *heard;
	sqlite3_stmt *insert_more;
	gint64 recording, source;
	guint64 sequence;
	guint64 taken; /* rows */
	Row ahead, row; /* the first row of the next sweep; of this one */
	gboolean any_ahead;
	gint64 first_utc_ms, boottime_ms;
	double south, west, north, east;
	guint8 point[16];
	guint8 cells_blob[OBSERVATION_MAX_CELLS * STORE_HEARD_SIZE];
	Observation sweep;
} Writer;

static void writer_free(Writer *w)
{
	store_dict_free(w->states);
	store_dict_free(w->cells);
	store_dict_free(w->heard);
	sqlite3_finalize(w->insert_more);
	g_free(w);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Writer, writer_free)

/* --- books --- */

static gboolean insert(Store *store, const char *sql, const StoreValue *values, guint n, gint64 *ret_id, GError **error)
{
	g_autoptr(StoreStatement) stmt = store_prepare(store, sql, error);
	if (!stmt)
		return FALSE;
	store_bind(stmt, 1, values, n);
	if (!store_run(store, stmt, error))
		return FALSE;
	*ret_id = sqlite3_last_insert_rowid(store_db(store));
	return TRUE;
}

static gboolean enter_recording(Writer *w, GError **error)
{
	const WriteFile *file = w->file;
	gint64 boot;
	g_autofree char *device = g_strdup_printf("import-%.*s", DEVICE_DIGITS, file->digest);
	const StoreValue of_boot[] = {store_text(device), store_text(file->digest), store_text(IMPORT_TIME_SOURCE)};
	if (!insert(w->store, "INSERT INTO boot (device_id, boot_id, time_source) VALUES (?,?,?)", of_boot, G_N_ELEMENTS(of_boot),
		    &boot, error))
		return FALSE;
	const StoreValue of_recording[] = {store_int(boot), store_text(file->digest)};
	if (!insert(w->store, "INSERT INTO recording (boot, run_id) VALUES (?,?)", of_recording, G_N_ELEMENTS(of_recording),
		    &w->recording, error))
		return FALSE;
	if (w->recording <= STORE_MAX_RECORDING)
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED,
		    "%s holds %d recordings, and no more fit: import the rest into another file", store_path(w->store),
		    STORE_MAX_RECORDING);
	return FALSE;
}

static gboolean enter_imported(Writer *w, GError **error)
{
	gint64 id;
	const WriteFile *file = w->file;
	const StoreValue values[] = {store_int(w->recording),
				     store_text(file->file_name),
				     store_text(file->digest),
				     store_text(import_format_words[file->format]),
				     store_int((gint64)w->taken),
				     store_int((gint64)file->refused),
				     store_text("jamlog " JAMLOG_VERSION)};
	return insert(w->store,
		      "INSERT INTO imported (recording, file_name, digest, format, rows, refused, program, imported_time)"
		      " VALUES (?,?,?,?,?,?,?,strftime('%Y-%m-%dT%H:%M:%fZ','now'))",
		      values, G_N_ELEMENTS(values), &id, error);
}

/* GIS programs zoom to what gpkg_contents says. */
static gboolean widen_bounds(Writer *w, GError **error)
{
	g_autoptr(StoreStatement) stmt = store_prepare(
		w->store,
		"UPDATE gpkg_contents SET last_change=strftime('%Y-%m-%dT%H:%M:%fZ','now'),"
		" min_x=min(coalesce(min_x,?1),?1), min_y=min(coalesce(min_y,?2),?2), max_x=max(coalesce(max_x,?3),?3),"
		" max_y=max(coalesce(max_y,?4),?4) WHERE table_name='sample'",
		error);
	if (!stmt)
		return FALSE;
	if (!(w->south <= w->north))
		return TRUE; /* nothing has a place */
	sqlite3_bind_double(stmt, 1, w->west);
	sqlite3_bind_double(stmt, 2, w->south);
	sqlite3_bind_double(stmt, 3, w->east);
	sqlite3_bind_double(stmt, 4, w->north);
	return store_run(w->store, stmt, error);
}

/* --- sweeps --- */

static gboolean read_ahead(Writer *w, GError **error)
{
	w->any_ahead = FALSE;
	if (w->taken == w->file->rows)
		return TRUE;
	if (!stream_next(w->rows, &w->ahead, &w->any_ahead, error))
		return FALSE;
	w->taken += w->any_ahead ? 1 : 0;
	return TRUE;
}

/* All rows of the next sweep, into `sweep`; `row` is the first of them. */
static gboolean gather(Writer *w, GError **error)
{
	const ImportOptions *options = w->options;
	w->row = w->ahead;
	row_start_sweep(&w->row, options->mcc, options->mnc, &w->sweep);
	if (!read_ahead(w, error))
		return FALSE;
	while (w->any_ahead && row_joins(&w->ahead, &w->row, &w->sweep)) {
		row_join_sweep(&w->ahead, options->mcc, options->mnc, &w->sweep);
		if (!read_ahead(w, error))
			return FALSE;
	}
	return TRUE;
}

/* Nothing told it, so it is made from UTC; but no sweep is of the same moment as the last one, or before it. */
static gint64 next_boottime(Writer *w)
{
	if (w->sequence == 1)
		w->first_utc_ms = w->row.utc_ms;
	const gint64 wanted = w->row.utc_ms - w->first_utc_ms + FIRST_BOOTTIME_MS;
	w->boottime_ms = MAX(wanted, w->boottime_ms + 1);
	return w->boottime_ms;
}

static void put_double(guint8 *bytes, double value)
{
	guint64 bits;
	memcpy(&bits, &value, sizeof bits);
	bits = GUINT64_TO_LE(bits);
	memcpy(bytes, &bits, sizeof bits);
}

static void take_place(Writer *w, StoreValue *ret_values)
{
	const Row *row = &w->row;
	const gboolean placed = !isnan(row->lat);
	ret_values[STORE_RADIO_POSITION] = store_int(placed ? POSITION_LIVE : POSITION_NONE);
	ret_values[STORE_RADIO_POSITION_ERROR_DM] = store_int_if(placed, placed ? (gint64)lround(row->accuracy_m * 10) : 0);
	ret_values[STORE_RADIO_POINT] = store_null();
	if (!placed) {
		w->summary->unlocated++;
		return;
	}
	put_double(w->point, row->lon);
	put_double(w->point + 8, row->lat);
	ret_values[STORE_RADIO_POINT] = store_blob(w->point, sizeof w->point);
	w->south = MIN(w->south, row->lat);
	w->north = MAX(w->north, row->lat);
	w->west = MIN(w->west, row->lon);
	w->east = MAX(w->east, row->lon);
}

static gboolean take_heard(Writer *w, StoreValue *ret_value, GError **error)
{
	const CellList *list = &w->sweep.radio.cells;
	guint32 length = 0;
	*ret_value = store_null();
	if (!RADIO_HAS(&w->sweep, cells))
		return TRUE;
	for (guint i = 0; i < list->n; i++) {
		const gint64 heard = store_dict_fields(w->heard, list->cell[i].present, &list->cell[i], error);
		if (heard < 0)
			return FALSE;
		if (heard > STORE_HEARD_MAX_ID)
			continue; /* more different cells than there are */
		store_heard_encode(w->cells_blob + length, heard, &list->cell[i]);
		length += STORE_HEARD_SIZE;
	}
	*ret_value = store_blob(w->cells_blob, length);
	return TRUE;
}

static gboolean take_signals(Writer *w, gint64 id, StoreValue *ret_common, GError **error)
{
	StoreValue values[STORE_N_SIGNALS], more[STORE_N_SIGNALS] = {store_int(id)};
	guint n_more = 1;
	gboolean any = FALSE;
	store_signal_values(&w->sweep, values);
	for (guint i = 0; i < STORE_N_SIGNALS; i++) {
		if (store_signals[i].common) {
			*ret_common++ = values[i];
		} else {
			more[n_more++] = values[i];
			any = any || values[i].type != STORE_NULL;
		}
	}
	if (!any)
		return TRUE;
	store_bind(w->insert_more, 1, more, n_more);
	return store_run(w->store, w->insert_more, error);
}

static gboolean next_sweep(gpointer user_data, StoreValue *ret_values, gboolean *ret_row, GError **error)
{
	Writer *w = user_data;
	*ret_row = w->any_ahead;
	if (!w->any_ahead)
		return TRUE;
	if (w->sequence == STORE_MAX_SEQUENCE) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%s has more rows than a recording can hold: divide it",
			    w->file->file_name);
		return FALSE;
	}
	w->sequence++;
	const gint64 id = STORE_ID(w->recording, w->sequence);
	if (!gather(w, error) || !take_heard(w, &ret_values[STORE_RADIO_CELLS], error) ||
	    !take_signals(w, id, ret_values + STORE_RADIO_FIRST_SIGNAL, error))
		return FALSE;
	const gint64 state = store_dict_fields(w->states, w->sweep.present, &w->sweep.radio, error);
	const gint64 cell = state < 0 ? -1 : store_dict_fields(w->cells, w->sweep.present, &w->sweep.radio, error);
	ret_values[STORE_RADIO_ID] = store_int(id);
	ret_values[STORE_RADIO_BOOTTIME_MS] = store_int(next_boottime(w));
	ret_values[STORE_RADIO_SOURCE] = store_int(w->source);
	ret_values[STORE_RADIO_UTC_MS] = store_int(w->row.utc_ms);
	ret_values[STORE_RADIO_UTC_ERROR_MS] = store_int(ROW_TIME_ERROR_MS);
	ret_values[STORE_RADIO_STATE] = store_int(state);
	ret_values[STORE_RADIO_CELL] = store_int(cell);
	take_place(w, ret_values);
	w->summary->sweeps++;
	return cell >= 0;
}

static gboolean prepare(Writer *w, GError **error)
{
	g_autofree char *columns = store_radio_more_columns();
	g_autoptr(GString) sql = g_string_new(NULL);
	g_string_printf(sql, "INSERT INTO radio_more (%s) VALUES (?", columns);
	for (guint i = 1; i < STORE_N_SIGNALS - STORE_N_COMMON_SIGNALS + 1; i++)
		g_string_append(sql, ",?");
	w->insert_more = store_prepare(w->store, g_string_append_c(sql, ')')->str, error);
	w->states = w->insert_more ? store_dict_new(w->store, STORE_DICT_STATE, error) : NULL;
	w->cells = w->states ? store_dict_new(w->store, STORE_DICT_CELL, error) : NULL;
	w->heard = w->cells ? store_dict_new(w->store, STORE_DICT_HEARD, error) : NULL;
	g_autoptr(StoreDict) sources = w->heard ? store_dict_new(w->store, STORE_DICT_SOURCE, error) : NULL;
	if (!sources)
		return FALSE;
	w->source = store_dict_name(sources, w->options->modem ? w->options->modem : import_format_words[w->file->format], error);
	return w->source >= 0;
}

gboolean write_log(Store *store, RowStream *rows, const WriteFile *file, const ImportOptions *options, ImportSummary *io_summary,
		   GError **error)
{
	g_autoptr(Writer) w = g_new0(Writer, 1);
	g_autofree char *columns = store_radio_columns();
	w->store = store;
	w->rows = rows;
	w->file = file;
	w->options = options;
	w->summary = io_summary;
	w->south = w->west = INFINITY;
	w->north = w->east = -INFINITY;
	return prepare(w, error) && enter_recording(w, error) && read_ahead(w, error) &&
	       store_insert_feed(store, "radio", columns, STORE_RADIO_N_COLUMNS, next_sweep, w, error) &&
	       enter_imported(w, error) && widen_bounds(w, error);
}
