/* A virtual table that hands a stream of rows to INSERT ... SELECT.
 *
 * One statement inserts all rows: SQLite's machine runs from row to row by itself, which is what makes it several times
 * faster than a statement bound, stepped and reset for each. The module exists only while store_insert_feed runs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "store/schema.h"

typedef struct {
	StoreFeedFunc next;
	gpointer user_data;
	guint n_columns;
	GError *error;
} Feed;

typedef struct {
	sqlite3_vtab base;
	Feed *feed;
} FeedTable;

typedef struct {
	sqlite3_vtab_cursor base;
	gint64 row;
	gboolean more;
	StoreValue values[STORE_FEED_MAX_COLUMNS];
} FeedCursor;

static int feed_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **ret_table, char **ret_message)
{
	(void)argc, (void)argv, (void)ret_message;
	Feed *feed = aux;
	g_autoptr(GString) sql = g_string_new("CREATE TABLE feed (");
	for (guint i = 0; i < feed->n_columns; i++)
		g_string_append_printf(sql, "%sc%u", i ? "," : "", i);
	g_string_append_c(sql, ')');
	if (sqlite3_declare_vtab(db, sql->str) != SQLITE_OK)
		return SQLITE_ERROR;
	FeedTable *table = g_new0(FeedTable, 1);
	table->feed = feed;
	*ret_table = &table->base;
	return SQLITE_OK;
}

static int feed_disconnect(sqlite3_vtab *table)
{
	g_free(table);
	return SQLITE_OK;
}

static int feed_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = 1e6;
	return SQLITE_OK;
}

static int feed_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret_cursor)
{
	(void)table;
	FeedCursor *cursor = g_new0(FeedCursor, 1);
	*ret_cursor = &cursor->base;
	return SQLITE_OK;
}

static int feed_close(sqlite3_vtab_cursor *cursor)
{
	g_free(cursor);
	return SQLITE_OK;
}

static int feed_next(sqlite3_vtab_cursor *base)
{
	FeedCursor *cursor = (FeedCursor *)base;
	Feed *feed = ((FeedTable *)base->pVtab)->feed;
	cursor->row++;
	return feed->next(feed->user_data, cursor->values, &cursor->more, &feed->error) ? SQLITE_OK : SQLITE_ERROR;
}

static int feed_filter(sqlite3_vtab_cursor *cursor, int index, const char *text, int argc, sqlite3_value **argv)
{
	(void)index, (void)text, (void)argc, (void)argv;
	return feed_next(cursor);
}

static int feed_eof(sqlite3_vtab_cursor *cursor)
{
	return !((FeedCursor *)cursor)->more;
}

static int feed_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column)
{
	const StoreValue *value = &((FeedCursor *)cursor)->values[column];
	switch (value->type) {
	case STORE_NULL:
		break;
	case STORE_INT:
		sqlite3_result_int64(context, value->integer);
		break;
	case STORE_TEXT:
		sqlite3_result_text(context, value->data, (int)value->length, SQLITE_STATIC);
		break;
	case STORE_BLOB:
		sqlite3_result_blob(context, value->data, (int)value->length, SQLITE_STATIC);
		break;
	}
	return SQLITE_OK;
}

static int feed_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret_rowid)
{
	*ret_rowid = ((FeedCursor *)cursor)->row;
	return SQLITE_OK;
}

static const sqlite3_module feed_module = {
	.xConnect = feed_connect,   .xBestIndex = feed_best_index, .xDisconnect = feed_disconnect, .xOpen = feed_open,
	.xClose = feed_close,	    .xFilter = feed_filter,	   .xNext = feed_next,		   .xEof = feed_eof,
	.xColumn = feed_column,	    .xRowid = feed_rowid,
};

gboolean store_insert_feed(Store *store, const char *table, const char *columns, guint n_columns, StoreFeedFunc next,
			   gpointer user_data, GError **error)
{
	g_return_val_if_fail(n_columns <= STORE_FEED_MAX_COLUMNS, FALSE);
	Feed feed = {.next = next, .user_data = user_data, .n_columns = n_columns};
	/* Without xCreate the module is its own table, named like it: an "eponymous-only" virtual table. */
	if (sqlite3_create_module(store_db(store), "jamlog_feed", &feed_module, &feed) != SQLITE_OK)
		return store_fail(store, error);
	g_autofree char *sql = g_strdup_printf("INSERT OR IGNORE INTO %s (%s) SELECT * FROM jamlog_feed", table, columns);
	gboolean ok = store_exec(store, sql, error);
	if (feed.error) {
		g_clear_error(error);
		g_propagate_error(error, feed.error);
		ok = FALSE;
	}
	sqlite3_create_module(store_db(store), "jamlog_feed", NULL, NULL);
	return ok;
}

void store_bind(sqlite3_stmt *stmt, int first, const StoreValue *values, guint n)
{
	for (guint i = 0; i < n; i++) {
		const int at = first + (int)i;
		switch (values[i].type) {
		case STORE_NULL:
			sqlite3_bind_null(stmt, at);
			break;
		case STORE_INT:
			sqlite3_bind_int64(stmt, at, values[i].integer);
			break;
		case STORE_TEXT:
			sqlite3_bind_text(stmt, at, values[i].data, (int)values[i].length, SQLITE_STATIC);
			break;
		case STORE_BLOB:
			sqlite3_bind_blob(stmt, at, values[i].data, (int)values[i].length, SQLITE_STATIC);
			break;
		}
	}
}

StoreValue store_field_value(const ObservationField *field, gboolean present, const void *fields)
{
	if (!present)
		return store_null();
	switch (field->type) {
	case FIELD_ENUM:
		return store_text(observation_word(field->words, (guint)observation_field_int(field, fields)));
	case FIELD_TEXT:
		return store_text((const char *)fields + field->offset);
	case FIELD_U8:
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I16:
	case FIELD_I32:
	case FIELD_I64:
	case FIELD_BOOL:
		return store_int(observation_field_int(field, fields));
	case FIELD_CELLS:
		break;
	}
	return store_null();
}

guint store_kind_values(const Observation *o, StoreValue *ret_values)
{
	const ObservationTable *table = observation_table(o->kind);
	for (gsize i = 0; i < table->n_fields; i++) {
		const ObservationField *field = schema_kind_field(o->kind, i);
		ret_values[i] = store_field_value(field, (o->present & OBSERVATION_BIT(field->id)) != 0, &o->radio);
		if (ret_values[i].type == STORE_INT && schema_field_is_ns(o->kind, field->id))
			ret_values[i].integer /= NS_PER_MS;
	}
	return (guint)table->n_fields;
}

static gint64 signal_value(const StoreSignal *signal, const RadioFields *fields)
{
	const void *at = (const guint8 *)fields + signal->offset;
	if (signal->size == 8)
		return (gint64) * (const guint64 *)at;
	return signal->size == 4 ? (gint64) * (const guint32 *)at : *(const gint16 *)at;
}

void store_signal_values(const Observation *radio, StoreValue ret_values[])
{
	for (guint i = 0; i < STORE_N_SIGNALS; i++) {
		const StoreSignal *signal = &store_signals[i];
		ret_values[i] = store_int_if((radio->present & OBSERVATION_BIT(signal->id)) != 0, signal_value(signal, &radio->radio));
	}
}
