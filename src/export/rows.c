/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/rows.h"

#include "error.h"

struct ExportRows {
	Store *store;
	const ExportOptions *options;
	gint64 modem; /* 0: all */
	sqlite3_stmt *recordings, *all, *of_source;
	sqlite3_stmt *current;
};

void export_rows_free(ExportRows *rows)
{
	if (!rows)
		return;
	sqlite3_finalize(rows->recordings);
	sqlite3_finalize(rows->all);
	sqlite3_finalize(rows->of_source);
	g_free(rows);
}

gboolean export_rows_find_modem(Store *store, const char *modem, gint64 *ret_source, GError **error)
{
	gboolean row;
	*ret_source = 0;
	if (!modem)
		return TRUE;
	g_autoptr(StoreStatement) stmt = store_prepare(store, "SELECT id FROM source WHERE name=?", error);
	if (!stmt)
		return FALSE;
	sqlite3_bind_text(stmt, 1, modem, -1, SQLITE_STATIC);
	if (!store_step(store, stmt, &row, error))
		return FALSE;
	if (row) {
		*ret_source = sqlite3_column_int64(stmt, 0);
		return TRUE;
	}
	g_autoptr(StoreStatement) names = store_prepare(store, "SELECT group_concat(name, ', ') FROM source WHERE id IN"
							" (SELECT DISTINCT source FROM radio)", error);
	if (!names || !store_step(store, names, &row, error))
		return FALSE;
	const char *known = (const char *)sqlite3_column_text(names, 0);
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_DATA, "%s has no modem \"%s\"; it has: %s", store_path(store), modem,
		    known ? known : "none");
	return FALSE;
}

static sqlite3_stmt *prepare_sweeps(Store *store, const char *also, GError **error)
{
	g_autoptr(GString) sql =
		g_string_new("SELECT r.id, source, state, cell, utc_ms, utc_error_ms, position, position_error_dm, point,"
			     " length(cells), boottime_ms");
	for (guint i = 0; i < STORE_N_SIGNALS; i++)
		g_string_append_printf(sql, ", %s", store_signal_name(&store_signals[i]));
	g_string_append_printf(
		sql, " FROM radio r LEFT JOIN radio_more m ON m.id=r.id WHERE r.id > ? AND r.id < ?%s ORDER BY r.id", also);
	return store_prepare(store, sql->str, error);
}

ExportRows *export_rows_new(Store *store, const ExportOptions *options, GError **error)
{
	g_autoptr(ExportRows) rows = g_new0(ExportRows, 1);
	rows->store = store;
	rows->options = options;
	if (!export_rows_find_modem(store, options->modem, &rows->modem, error))
		return NULL;
	rows->recordings =
		store_prepare(store,
			      "SELECT n.id, b.time_source, (SELECT utc_ms FROM radio WHERE id > n.id<<32 AND"
			      " id < (n.id+1)<<32 ORDER BY id LIMIT 1) AS start FROM recording n JOIN boot b ON b.id=n.boot"
			      " ORDER BY start IS NULL, start, n.run_id",
			      error);
	rows->all = rows->recordings ? prepare_sweeps(store, "", error) : NULL;
	rows->of_source = rows->all ? prepare_sweeps(store, " AND source=?", error) : NULL;
	return rows->of_source ? g_steal_pointer(&rows) : NULL;
}

gboolean export_rows_next_recording(ExportRows *rows, ExportRecording *ret_recording, gboolean *ret_more, GError **error)
{
	if (!store_step(rows->store, rows->recordings, ret_more, error))
		return FALSE;
	if (!*ret_more)
		return TRUE;
	ret_recording->id = sqlite3_column_int64(rows->recordings, 0);
	const char *time_source = (const char *)sqlite3_column_text(rows->recordings, 1);
	g_strlcpy(ret_recording->time_source, time_source ? time_source : "", sizeof ret_recording->time_source);
	return TRUE;
}

void export_rows_begin(ExportRows *rows, const ExportRecording *recording, gint64 source)
{
	const gint64 wanted = source ? source : rows->modem;
	rows->current = wanted ? rows->of_source : rows->all;
	sqlite3_reset(rows->current);
	sqlite3_bind_int64(rows->current, 1, STORE_ID(recording->id, 0));
	sqlite3_bind_int64(rows->current, 2, STORE_ID(recording->id + 1, 0));
	if (wanted)
		sqlite3_bind_int64(rows->current, 3, wanted);
}

static double get_double_le(const guint8 *at)
{
	guint64 bits;
	double value;
	memcpy(&bits, at, sizeof bits);
	bits = GUINT64_FROM_LE(bits);
	memcpy(&value, &bits, sizeof value);
	return value;
}

void export_read_point(const guint8 *point, double *ret_lat, double *ret_lon)
{
	*ret_lon = get_double_le(point);
	*ret_lat = get_double_le(point + 8);
}

static void read_place(sqlite3_stmt *stmt, ExportRow *row)
{
	const guint8 *point = sqlite3_column_blob(stmt, 8);
	row->located = point && sqlite3_column_bytes(stmt, 8) == 16;
	row->position = POSITION_NONE;
	if (!row->located)
		return;
	export_read_point(point, &row->lat, &row->lon);
	row->position = (PositionState)CLAMP(sqlite3_column_int(stmt, 6), 0, POSITION_STATES - 1);
	row->position_error_dm = sqlite3_column_int64(stmt, 7);
}

gboolean export_within_box(const ExportOptions *o, double lat, double lon)
{
	if (lat < o->south || lat > o->north)
		return FALSE;
	return o->west <= o->east ? lon >= o->west && lon <= o->east : lon >= o->west || lon <= o->east;
}

static gboolean is_taken(const ExportOptions *o, const ExportRow *row)
{
	if (o->since_ms != G_MININT64 && (!row->dated || row->utc_ms + row->utc_error_ms < o->since_ms))
		return FALSE;
	if (o->until_ms != G_MAXINT64 && (!row->dated || row->utc_ms - row->utc_error_ms >= o->until_ms))
		return FALSE;
	return !o->has_bbox || (row->located && export_within_box(o, row->lat, row->lon));
}

static void read_signals(sqlite3_stmt *stmt, ExportRow *row)
{
	row->signals = 0;
	for (int i = 0; i < STORE_N_SIGNALS; i++) {
		if (sqlite3_column_type(stmt, 11 + i) == SQLITE_NULL)
			continue;
		row->signals |= 1u << i;
		row->signal[i] = sqlite3_column_int64(stmt, 11 + i);
	}
}

gboolean export_rows_next(ExportRows *rows, ExportRow *ret_row, gboolean *ret_taken, gboolean *ret_more, GError **error)
{
	sqlite3_stmt *stmt = rows->current;
	ExportRow *row = ret_row;
	if (!store_step(rows->store, stmt, ret_more, error))
		return FALSE;
	if (!*ret_more)
		return TRUE;
	row->id = sqlite3_column_int64(stmt, 0);
	row->boottime_ms = sqlite3_column_int64(stmt, 10);
	row->dated = sqlite3_column_type(stmt, 4) != SQLITE_NULL;
	row->utc_ms = sqlite3_column_int64(stmt, 4);
	row->utc_error_ms = sqlite3_column_int64(stmt, 5);
	read_place(stmt, row);
	*ret_taken = is_taken(rows->options, row);
	if (!*ret_taken)
		return TRUE;
	row->source = sqlite3_column_int64(stmt, 1);
	row->state = sqlite3_column_int64(stmt, 2);
	row->cell = sqlite3_column_int64(stmt, 3);
	row->cells_heard = sqlite3_column_type(stmt, 9) == SQLITE_NULL ? -1 : sqlite3_column_int64(stmt, 9) / STORE_HEARD_SIZE;
	read_signals(stmt, row);
	return TRUE;
}
