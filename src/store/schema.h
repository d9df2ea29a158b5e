/* schema.h - the tables and views of the store as SQL, made from the field tables of observation.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store.h"

/* A new store's tables, GeoPackage's own included. */
char *schema_tables_sql(void);
/* The computed columns and the views over them. Apart from the tables, because SQLite computes even virtual columns for each row
 * that it inserts: a new store gets them when its rows are in, which halves the time of a sync. */
char *schema_views_sql(void);

/* Fields that make up a dictionary; the key of an entry is the coding of these (dictionary.c). */
typedef struct {
	const char *table;
	const ObservationTable *fields;
	const guint8 *ids;
	guint n_ids;
} SchemaDict;
/* Not for STORE_DICT_SOURCE, which has a name only. */
const SchemaDict *schema_dict(StoreDictKind kind);

/* Field i in the order of a kind's columns: that of the ids, but for `fix`, where what placing sweeps needs comes first, because
 * SQLite reads a row only as far as it must. */
const ObservationField *schema_kind_field(ObservationKind kind, gsize i);
/* TRUE for what is in ns in an observation, and in ms in the store. */
gboolean schema_field_is_ns(ObservationKind kind, guint id);
