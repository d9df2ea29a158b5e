/* schema.h - the tables and views of the store as SQL, made from the field tables of observation.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store.h"

/* The whole schema of a new store, GeoPackage's own tables included. */
char *schema_sql(void);

/* Fields that make up a dictionary; the key of an entry is the coding of these (dictionary.c). */
typedef struct {
	const char *table;
	const ObservationTable *fields;
	const guint8 *ids;
	guint n_ids;
} SchemaDict;
/* Not for STORE_DICT_SOURCE, which has a name only. */
const SchemaDict *schema_dict(StoreDictKind kind);
