/* What a dictionary's entry contributes to a row, made once for thousands of rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/rows.h"

#define PIECE_SLOTS 512

struct ExportPieces {
	Store *store;
	StoreDictKind kind;
	gboolean csv;
	sqlite3_stmt *find; /* id = ?; columns are the fields */
	Out *scratch;
	ExportPiece slots[PIECE_SLOTS];
};

void export_pieces_free(ExportPieces *pieces)
{
	if (!pieces)
		return;
	for (guint i = 0; i < PIECE_SLOTS; i++)
		g_free(pieces->slots[i].text);
	sqlite3_finalize(pieces->find);
	out_free(pieces->scratch);
	g_free(pieces);
}

ExportPieces *export_pieces_new(Store *store, StoreDictKind kind, gboolean csv, GError **error)
{
	g_autoptr(ExportPieces) pieces = g_new0(ExportPieces, 1);
	g_autofree char *columns = store_dict_columns(kind);
	g_autofree char *sql = g_strdup_printf("SELECT %s%s FROM %s WHERE id=?", columns,
					       kind == STORE_DICT_STATE ? ", service" : "", store_dict_table(kind));
	pieces->store = store;
	pieces->kind = kind;
	pieces->csv = csv;
	pieces->scratch = out_new_memory();
	pieces->find = store_prepare(store, sql, error);
	return pieces->find ? g_steal_pointer(&pieces) : NULL;
}

static int n_fields(const ExportPieces *pieces)
{
	return sqlite3_column_count(pieces->find) - (pieces->kind == STORE_DICT_STATE ? 1 : 0);
}

static gboolean is_boolean(sqlite3_stmt *stmt, int column)
{
	const char *type = sqlite3_column_decltype(stmt, column);
	return type && strcmp(type, "BOOLEAN") == 0;
}

void export_put_column(Out *out, sqlite3_stmt *stmt, int column, gboolean csv)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);
	if (sqlite3_column_type(stmt, column) == SQLITE_TEXT)
		(csv ? out_csv_text : out_json_text)(out, text);
	else if (is_boolean(stmt, column))
		out_put(out, *text == '0' ? "false" : "true", *text == '0' ? 5 : 4);
	else
		out_put(out, text, strlen(text));
}

static void put_field(ExportPieces *pieces, int column)
{
	Out *out = pieces->scratch;
	const gboolean absent = sqlite3_column_type(pieces->find, column) == SQLITE_NULL;
	if (absent && !pieces->csv)
		return;
	out_char(out, ',');
	if (!pieces->csv) {
		out_json_text(out, pieces->kind == STORE_DICT_SOURCE ? "modem" : sqlite3_column_name(pieces->find, column));
		out_char(out, ':');
	}
	if (!absent)
		export_put_column(out, pieces->find, column, pieces->csv);
}

static void fill_piece(ExportPieces *pieces, ExportPiece *piece, gint64 id, gboolean found)
{
	pieces->scratch->used = 0;
	piece->service[0] = '\0';
	for (int i = 0; i < n_fields(pieces); i++) {
		if (found)
			put_field(pieces, i);
		else if (pieces->csv)
			out_char(pieces->scratch, ',');
	}
	if (found && pieces->kind == STORE_DICT_STATE)
		g_strlcpy(piece->service, (const char *)sqlite3_column_text(pieces->find, n_fields(pieces)),
			  sizeof piece->service);
	g_free(piece->text);
	piece->length = pieces->scratch->used;
	piece->text = g_memdup2(pieces->scratch->buffer, piece->length);
	piece->id = id;
}

const ExportPiece *export_pieces_get(ExportPieces *pieces, gint64 id, GError **error)
{
	ExportPiece *piece = &pieces->slots[(guint64)id % PIECE_SLOTS];
	gboolean found;
	if (G_LIKELY(piece->id == id && piece->text))
		return piece;
	sqlite3_bind_int64(pieces->find, 1, id);
	if (!store_step(pieces->store, pieces->find, &found, error))
		return NULL;
	fill_piece(pieces, piece, id, found);
	sqlite3_reset(pieces->find);
	return piece;
}

void export_pieces_header(ExportPieces *pieces, Out *out)
{
	for (int i = 0; i < n_fields(pieces); i++) {
		const char *name = sqlite3_column_name(pieces->find, i);
		out_char(out, ',');
		out_put(out, name, strlen(name));
	}
}
