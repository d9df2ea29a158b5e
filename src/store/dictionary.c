/* Dictionaries of the store: what repeats from sweep to sweep gets a number.
 *
 * An entry's key is its coding: for each present field of the dictionary its id, then a varint or length and text. A small
 * direct-mapped cache answers nearly all look-ups; the rest ask the table's index on `key`, so memory is bounded whatever
 * the number of entries.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "store/schema.h"

#define CACHE_SLOTS  512
#define MAX_KEY_SIZE 96

typedef struct {
	gint64 id; /* 0: free */
	guint8 length;
	guint8 key[MAX_KEY_SIZE];
} Slot;

struct StoreDict {
	Store *store;
	const SchemaDict *schema; /* NULL for sources */
	StoreDictKind kind;
	sqlite3_stmt *find, *insert;
	Slot slots[CACHE_SLOTS];
};

void store_dict_free(StoreDict *dict)
{
	if (!dict)
		return;
	sqlite3_finalize(dict->find);
	sqlite3_finalize(dict->insert);
	g_free(dict);
}

static char *insert_sql(const SchemaDict *schema, gboolean is_state)
{
	GString *sql = g_string_new(NULL);
	g_string_printf(sql, "INSERT INTO %s (key", schema->table);
	for (guint i = 0; i < schema->n_ids; i++)
		g_string_append_printf(sql, ", %s", schema->fields->fields[schema->ids[i] - 1].name);
	g_string_append(sql, is_state ? ", service) VALUES (?, ?" : ") VALUES (?");
	for (guint i = 0; i < schema->n_ids; i++)
		g_string_append(sql, ", ?");
	g_string_append_c(sql, ')');
	return g_string_free(sql, FALSE);
}

StoreDict *store_dict_new(Store *store, StoreDictKind kind, GError **error)
{
	g_autoptr(StoreDict) dict = g_new0(StoreDict, 1);
	dict->store = store;
	dict->kind = kind;
	dict->schema = kind == STORE_DICT_SOURCE ? NULL : schema_dict(kind);
	g_autofree char *find = dict->schema ? g_strdup_printf("SELECT id FROM %s WHERE key=?", dict->schema->table) :
					       g_strdup("SELECT id FROM source WHERE name=?");
	g_autofree char *insert = dict->schema ? insert_sql(dict->schema, kind == STORE_DICT_STATE) :
						 g_strdup("INSERT INTO source (name) VALUES (?)");
	dict->find = store_prepare(store, find, error);
	dict->insert = dict->find ? store_prepare(store, insert, error) : NULL;
	return dict->insert ? g_steal_pointer(&dict) : NULL;
}

static guint8 key_of(const SchemaDict *schema, guint64 present, const void *fields, guint8 ret_key[MAX_KEY_SIZE])
{
	ByteWriter w = byte_writer_init(ret_key, MAX_KEY_SIZE);
	for (guint i = 0; i < schema->n_ids; i++) {
		const ObservationField *field = &schema->fields->fields[schema->ids[i] - 1];
		if (!(present & OBSERVATION_BIT(field->id)))
			continue;
		byte_writer_u8(&w, (guint8)field->id);
		if (field->type != FIELD_TEXT) {
			byte_writer_varint(&w, (guint64)observation_field_int(field, fields));
			continue;
		}
		const char *text = (const char *)fields + field->offset;
		const gsize length = strlen(text);
		byte_writer_varint(&w, length);
		byte_writer_put(&w, text, length);
	}
	/* Every dictionary's fields fit: none has more than 28, of which one is wide; the texts are MCC and MNC. */
	g_assert(!w.failed);
	return (guint8)w.length;
}

static Slot *slot_of(StoreDict *dict, const guint8 *key, guint8 length)
{
	guint32 hash = 2166136261u; /* FNV-1a */
	for (guint i = 0; i < length; i++)
		hash = (hash ^ key[i]) * 16777619u;
	return &dict->slots[(hash ^ hash >> 15) % CACHE_SLOTS];
}

static void bind_fields(StoreDict *dict, guint64 present, const void *fields)
{
	const SchemaDict *schema = dict->schema;
	StoreValue value;
	for (guint i = 0; i < schema->n_ids; i++) {
		const ObservationField *field = &schema->fields->fields[schema->ids[i] - 1];
		value = store_field_value(field, (present & OBSERVATION_BIT(field->id)) != 0, fields);
		store_bind(dict->insert, (int)i + 2, &value, 1);
	}
	if (dict->kind != STORE_DICT_STATE)
		return;
	g_autofree Observation *o = g_new0(Observation, 1);
	o->present = present;
	o->radio = *(const RadioFields *)fields;
	const char *service = service_state_words[observation_service_state(o)];
	value = store_text(service);
	store_bind(dict->insert, (int)schema->n_ids + 2, &value, 1);
}

/* The id that the table has for what is bound to `find`; 0 where it has none, -1 on error. */
static gint64 find_id(StoreDict *dict, GError **error)
{
	gboolean row;
	gint64 id = -1;
	if (store_step(dict->store, dict->find, &row, error))
		id = row ? sqlite3_column_int64(dict->find, 0) : 0;
	sqlite3_reset(dict->find);
	return id;
}

gint64 store_dict_fields(StoreDict *dict, guint64 present, const void *fields, GError **error)
{
	guint8 key[MAX_KEY_SIZE];
	const guint8 length = key_of(dict->schema, present, fields, key);
	Slot *slot = slot_of(dict, key, length);
	if (slot->id && slot->length == length && memcmp(slot->key, key, length) == 0)
		return slot->id;
	sqlite3_bind_blob(dict->find, 1, key, length, SQLITE_STATIC);
	gint64 id = find_id(dict, error);
	if (id == 0) {
		sqlite3_bind_blob(dict->insert, 1, key, length, SQLITE_STATIC);
		bind_fields(dict, present, fields);
		id = store_run(dict->store, dict->insert, error) ? sqlite3_last_insert_rowid(store_db(dict->store)) : -1;
	}
	if (id > 0) {
		slot->id = id;
		slot->length = length;
		memcpy(slot->key, key, length);
	}
	return id;
}

gint64 store_dict_name(StoreDict *dict, const char *name, GError **error)
{
	const guint8 length = (guint8)strlen(name); /* at most OBSERVATION_SOURCE_SIZE */
	Slot *slot = slot_of(dict, (const guint8 *)name, length);
	if (slot->id && slot->length == length && memcmp(slot->key, name, length) == 0)
		return slot->id;
	sqlite3_bind_text(dict->find, 1, name, length, SQLITE_STATIC);
	gint64 id = find_id(dict, error);
	if (id == 0) {
		sqlite3_bind_text(dict->insert, 1, name, length, SQLITE_STATIC);
		id = store_run(dict->store, dict->insert, error) ? sqlite3_last_insert_rowid(store_db(dict->store)) : -1;
	}
	if (id > 0) {
		slot->id = id;
		slot->length = length;
		memcpy(slot->key, name, length);
	}
	return id;
}

static void put_be16(guint8 *at, gint16 value)
{
	at[0] = (guint8)((guint16)value >> 8);
	at[1] = (guint8)value;
}

void store_heard_encode(guint8 ret_bytes[STORE_HEARD_SIZE], gint64 heard, const Cell *cell)
{
	const gboolean rsrp = CELL_HAS(cell, rsrp_cdbm), rsrq = CELL_HAS(cell, rsrq_cdb), rssi = CELL_HAS(cell, rssi_cdbm);
	ret_bytes[0] = (guint8)(heard >> 16);
	ret_bytes[1] = (guint8)(heard >> 8);
	ret_bytes[2] = (guint8)heard;
	ret_bytes[3] = (guint8)((rsrp ? 1 : 0) | (rsrq ? 2 : 0) | (rssi ? 4 : 0));
	put_be16(ret_bytes + 4, rsrp ? cell->rsrp_cdbm : 0);
	put_be16(ret_bytes + 6, rsrq ? cell->rsrq_cdb : 0);
	put_be16(ret_bytes + 8, rssi ? cell->rssi_cdbm : 0);
}

const char *store_dict_table(StoreDictKind kind)
{
	return kind == STORE_DICT_SOURCE ? "source" : schema_dict(kind)->table;
}

char *store_dict_columns(StoreDictKind kind)
{
	if (kind == STORE_DICT_SOURCE)
		return g_strdup("name");
	const SchemaDict *schema = schema_dict(kind);
	GString *list = g_string_new(NULL);
	for (guint i = 0; i < schema->n_ids; i++)
		g_string_append_printf(list, "%s%s", i ? ", " : "", schema->fields->fields[schema->ids[i] - 1].name);
	return g_string_free(list, FALSE);
}
