/* Dating and placing anew what was in the store before.
 *
 * New clock pairs can change the UTC of rows between the last knot before the change and the first one behind it
 * (knots_rebuild tells); new fixes can change the place of sweeps, sessions and probes from PLACE_GAP_MS before the first of
 * them to PLACE_HOLD_MS, and their error to FIXES_PACE_MS more, after the last. Nothing else is looked at, and only rows that
 * come out different are written.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/boot.h"

static void put_double_le(guint8 *at, double value)
{
	guint64 bits;
	memcpy(&bits, &value, sizeof bits);
	bits = GUINT64_TO_LE(bits);
	memcpy(at, &bits, sizeof bits);
}

void boot_place_values(const Place *place, guint8 point[16], StoreValue ret_values[3])
{
	ret_values[0] = store_int(place->state);
	ret_values[1] = ret_values[2] = store_null();
	if (place->state == POSITION_NONE)
		return;
	put_double_le(point, place->lon);
	put_double_le(point + 8, place->lat);
	ret_values[1] = store_int((gint64)(place->error_m * 10 + 0.5));
	ret_values[2] = store_blob(point, 16);
}

typedef struct {
	Boot *boot;
	gboolean places; /* the rows of the table have one */
	sqlite3_stmt *select, *update;
} Settling;

static gboolean differs(sqlite3_stmt *row, int column, const StoreValue *value)
{
	const int type = sqlite3_column_type(row, column);
	switch (value->type) {
	case STORE_NULL:
		return type != SQLITE_NULL;
	case STORE_INT:
		return type == SQLITE_NULL || sqlite3_column_int64(row, column) != value->integer;
	case STORE_TEXT:
	case STORE_BLOB:
		return (guint32)sqlite3_column_bytes(row, column) != value->length ||
		       memcmp(sqlite3_column_blob(row, column), value->data, value->length) != 0;
	}
	return TRUE;
}

/* Columns 2 and on of `select` are, in this order, the parameters of `update`, whose last one is the id. */
static gboolean settle_row(Settling *s, GError **error)
{
	Place place;
	guint8 point[16];
	gboolean known, changed = FALSE;
	StoreValue now[6];
	gint64 utc_ms = 0, error_ms = 0;
	guint n = 0;
	const gint64 time_ms = sqlite3_column_int64(s->select, 1);
	if (!utc_map_at(s->boot->utc, time_ms, &known, &utc_ms, &error_ms, error))
		return FALSE;
	now[n++] = store_int_if(known, utc_ms);
	now[n++] = store_int_if(known, error_ms);
	if (s->places) {
		if (!fix_cursor_place(s->boot->fixes, time_ms, &place, error))
			return FALSE;
		boot_place_values(&place, point, now + n);
		n += 3;
	}
	for (guint i = 0; i < n; i++)
		changed = changed || differs(s->select, (int)i + 2, &now[i]);
	if (!changed)
		return TRUE;
	s->boot->tools->context->summary->redone++;
	now[n++] = store_int(sqlite3_column_int64(s->select, 0));
	store_bind(s->update, 1, now, n);
	return store_run(s->boot->tools->store, s->update, error);
}

static gboolean settle_recording(Settling *s, const char *table, const KnownRecording *known, gint64 from_ms, gint64 to_ms,
				 GError **error)
{
	gint64 first_id;
	if (!rows_find_time(s->boot->tools->store, table, known->recording, from_ms, &first_id, error))
		return FALSE;
	sqlite3_bind_int64(s->select, 1, first_id);
	sqlite3_bind_int64(s->select, 2, known->last_id);
	for (;;) {
		gboolean row;
		if (!store_step(s->boot->tools->store, s->select, &row, error))
			return FALSE;
		if (!row || sqlite3_column_int64(s->select, 1) > to_ms + MIN(FIXES_ORDER_MARGIN_MS, G_MAXINT64 - to_ms))
			break;
		if (sync_stopped(s->boot->tools->context, error) || !settle_row(s, error))
			return FALSE;
	}
	sqlite3_reset(s->select);
	return TRUE;
}

static gboolean settle_kind(Boot *boot, ObservationKind kind, gint64 from_ms, gint64 to_ms, GError **error)
{
	const char *table = observation_table(kind)->name;
	const gboolean places = store_kind_has_place(kind);
	g_autofree char *select_sql =
		g_strdup_printf("SELECT id, boottime_ms, utc_ms, utc_error_ms%s FROM %s WHERE id >= ? AND id <= ?"
				" ORDER BY id",
				places ? ", position, position_error_dm, point" : "", table);
	g_autofree char *update_sql = g_strdup_printf("UPDATE %s SET utc_ms=?, utc_error_ms=?%s WHERE id=?", table,
						      places ? ", position=?, position_error_dm=?, point=?" : "");
	g_autoptr(StoreStatement) select = store_prepare(boot->tools->store, select_sql, error);
	g_autoptr(StoreStatement) update = select ? store_prepare(boot->tools->store, update_sql, error) : NULL;
	if (!update)
		return FALSE;
	Settling s = {boot, places, select, update};
	for (guint i = 0; i < boot->known->len; i++)
		if (!settle_recording(&s, table, &g_array_index(boot->known, KnownRecording, i), from_ms, to_ms, error))
			return FALSE;
	return TRUE;
}

gboolean boot_settle(Boot *boot, GError **error)
{
	if (boot->known->len == 0)
		return TRUE;
	for (ObservationKind kind = OBSERVATION_RUN; kind <= OBSERVATION_KIND_MAX; kind++) {
		if (store_kind_has_utc(kind) && boot->dated_from_ms <= boot->dated_to_ms &&
		    !settle_kind(boot, kind, boot->dated_from_ms, boot->dated_to_ms, error))
			return FALSE;
		if (store_kind_has_place(kind) && boot->fixes_from_ms <= boot->fixes_to_ms &&
		    !settle_kind(boot, kind, boot->fixes_from_ms - PLACE_GAP_MS,
				 boot->fixes_to_ms + PLACE_HOLD_MS + FIXES_PACE_MS, error))
			return FALSE;
	}
	return TRUE;
}
