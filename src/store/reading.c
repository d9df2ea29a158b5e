/* What comes out of the store as observations again: the inverse of dictionary.c and of store_kind_values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/schema.h"

static void set_integer(const ObservationField *field, void *fields, gint64 value)
{
	void *at = (char *)fields + field->offset;
	switch (field->type) {
	case FIELD_U8:
	case FIELD_BOOL:
	case FIELD_ENUM:
		*(guint8 *)at = (guint8)value;
		break;
	case FIELD_U16:
	case FIELD_I16:
		*(guint16 *)at = (guint16)value;
		break;
	case FIELD_U32:
	case FIELD_I32:
		*(guint32 *)at = (guint32)value;
		break;
	case FIELD_U64:
	case FIELD_I64:
		*(gint64 *)at = value;
		break;
	case FIELD_TEXT:
	case FIELD_CELLS:
		break;
	}
}

static void set_text(const ObservationField *field, void *fields, const char *text, gsize length)
{
	char *at = (char *)fields + field->offset;
	const gsize n = MIN(length, field->size - 1);
	memcpy(at, text, n);
	at[n] = 0;
}

static const ObservationField *find_field(const ObservationTable *table, guint id)
{
	for (gsize i = 0; i < table->n_fields; i++)
		if (table->fields[i].id == id)
			return &table->fields[i];
	return NULL;
}

gboolean store_entry_decode(StoreDictKind kind, const void *key, gsize length, guint64 *ret_present, void *ret_fields)
{
	const ObservationTable *table = schema_dict(kind)->fields;
	ByteReader r = byte_reader_init(key, length);
	*ret_present = 0;
	while (byte_reader_left(&r) > 0) {
		const ObservationField *field = find_field(table, byte_reader_u8(&r));
		const guint64 value = byte_reader_varint(&r);
		if (r.failed || !field)
			return FALSE;
		if (field->type == FIELD_TEXT) {
			const guint8 *text = byte_reader_take(&r, value);
			if (!text)
				return FALSE;
			set_text(field, ret_fields, (const char *)text, value);
		} else {
			set_integer(field, ret_fields, (gint64)value);
		}
		*ret_present |= OBSERVATION_BIT(field->id);
	}
	return TRUE;
}

/* An ENUM's number by its word; -1 for a word of a newer program. */
static int word_index(const char *const *words, const char *text)
{
	for (int i = 0; words[i]; i++)
		if (g_str_equal(words[i], text))
			return i;
	return -1;
}

void store_kind_read(sqlite3_stmt *stmt, int first, ObservationKind kind, Observation *ret_o)
{
	const ObservationTable *table = observation_table(kind);
	ret_o->kind = kind;
	ret_o->present = 0;
	for (gsize i = 0; i < table->n_fields; i++) {
		const ObservationField *field = schema_kind_field(kind, i);
		const int column = first + (int)i;
		if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
			continue;
		if (field->type == FIELD_TEXT) {
			const char *text = (const char *)sqlite3_column_text(stmt, column);
			set_text(field, observation_fields(ret_o), text ? text : "", text ? strlen(text) : 0);
		} else if (field->type == FIELD_ENUM) {
			const char *word = (const char *)sqlite3_column_text(stmt, column);
			const int value = word ? word_index(field->words, word) : -1;
			if (value < 0)
				continue;
			set_integer(field, observation_fields(ret_o), value);
		} else {
			const gint64 scale = schema_field_is_ns(kind, field->id) ? NS_PER_MS : 1;
			set_integer(field, observation_fields(ret_o), sqlite3_column_int64(stmt, column) * scale);
		}
		ret_o->present |= OBSERVATION_BIT(field->id);
	}
}

static gint16 get_be16(const guint8 *bytes)
{
	return (gint16)(bytes[0] << 8 | bytes[1]);
}

gint64 store_heard_decode(const guint8 bytes[STORE_HEARD_SIZE], Cell *io_cell)
{
	if (bytes[3] & 1)
		CELL_SET(io_cell, rsrp_cdbm, get_be16(bytes + 4));
	if (bytes[3] & 2)
		CELL_SET(io_cell, rsrq_cdb, get_be16(bytes + 6));
	if (bytes[3] & 4)
		CELL_SET(io_cell, rssi_cdbm, get_be16(bytes + 8));
	return bytes[0] << 16 | bytes[1] << 8 | bytes[2];
}
