/* What other teams gave, into baseline_given.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline_file.h"
#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGEST_SIZE 16
#define HEX_SIZE (2 * DIGEST_SIZE + 1)
/* baseline_given.file is the digest of what was read, a space, and the file's name. */
#define NAME_AT "34"
#define DIGEST_END "32"

typedef struct {
	Store *store;
	BaselineKeys *keys;
	sqlite3_stmt *insert;
	char *file;
	guint64 places;
} Import;

static void import_clear(Import *import)
{
	baseline_keys_free(import->keys);
	sqlite3_finalize(import->insert);
	g_free(import->file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Import, import_clear)

static gboolean insert_row(gpointer user_data, const BaselineRow *row, GError **error)
{
	Import *import = user_data;
	gint64 cell;
	if (!baseline_key(import->keys, row->key, TRUE, &cell, error))
		return FALSE;
	StoreValue values[1 + 2 + 4 + BASELINE_FIGURES + BASELINE_SPREADS] = {
		store_text(import->file),   store_int(row->place),  store_int(cell),
		store_int(row->passes),	    store_int(row->served), store_int(row->broadband),
		store_int(row->narrowband),
	};
	for (guint i = 0; i < BASELINE_FIGURES; i++)
		values[7 + i] = store_int_if(row->figure[i] != BASELINE_NO_FIGURE, row->figure[i]);
	for (guint i = 0; i < BASELINE_SPREADS; i++)
		values[7 + BASELINE_FIGURES + i] = store_int_if(row->spread[i] != BASELINE_NO_FIGURE, row->spread[i]);
	store_bind(import->insert, 1, values, G_N_ELEMENTS(values));
	if (!store_run(import->store, import->insert, error))
		return FALSE;
	if (sqlite3_changes(store_db(import->store)) == 0) {
		g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "this cell stands in this tile twice");
		return FALSE;
	}
	import->places++;
	return TRUE;
}

/* The whole file, at most BASELINE_FILE_MAX_BYTES of it. NULL on error. */
static GByteArray *read_file(const char *path, GError **error)
{
	struct stat st;
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	guint8 block[65536];
	gssize n;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		error_set_errno(error, errno, "cannot open %s", path);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	while ((n = read(fd, block, sizeof block)) != 0 && bytes->len <= BASELINE_FILE_MAX_BYTES) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		g_byte_array_append(bytes, block, (guint)n);
	}
	const int errnum = errno;
	close(fd);
	if (n < 0) {
		error_set_errno(error, errnum, "cannot read %s", path);
		return NULL;
	}
	if (bytes->len > BASELINE_FILE_MAX_BYTES) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
			    "%s is larger than %u MiB: divide it into files with the same first two lines", path,
			    BASELINE_FILE_MAX_BYTES >> 20);
		return NULL;
	}
	return g_steal_pointer(&bytes);
}

/* Runs or asks with one text; *ret_value 0 where there is no answer. */
static gboolean ask_text(Store *store, const char *sql, const char *text, gint64 *ret_value, GError **error)
{
	gboolean row;
	g_autoptr(StoreStatement) stmt = store_prepare(store, sql, error);
	if (!stmt)
		return FALSE;
	sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
	if (!store_step(store, stmt, &row, error))
		return FALSE;
	*ret_value = row ? sqlite3_column_int64(stmt, 0) : 0;
	return TRUE;
}

/* Recordings that were in a place of the file by this name are to be looked at again. */
static gboolean touch_recordings(Store *store, const char *name, GError **error)
{
	gint64 none;
	static const char sql[] = "DELETE FROM analysis_recording WHERE recording IN (SELECT p.recording FROM baseline_given g JOIN"
				  " baseline_pass p ON p.place=g.place AND p.cell=g.cell WHERE substr(g.file," NAME_AT ")=?)";
	return ask_text(store, sql, name, &none, error);
}

static gboolean prepare(Import *import, GError **error)
{
	import->keys = baseline_keys_new(import->store, error);
	import->insert =
		import->keys ? store_prepare(import->store,
					     "INSERT OR IGNORE INTO baseline_given (file, place, cell, passes, served, broadband,"
					     " narrowband, " BASELINE_FIGURE_COLUMNS ", " BASELINE_SPREAD_COLUMNS
					     ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
					     error)
			     : NULL;
	return import->insert != NULL;
}

/* In a transaction of the caller's. */
static gboolean import_bytes(Store *store, const char *path, const GByteArray *bytes, BaselineSummary *ret_summary, GError **error)
{
	guint8 digest[DIGEST_SIZE];
	char hex[HEX_SIZE];
	gint64 known, gone;
	g_auto(Import) import = {.store = store};
	g_autofree char *name = g_filename_display_basename(path);
	crypto_generichash(digest, sizeof digest, bytes->data, bytes->len, NULL, 0);
	sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
	import.file = g_strdup_printf("%s %s", hex, name);
	if (!store_ensure_results(store, error) ||
	    !ask_text(store, "SELECT count(*) FROM baseline_given WHERE substr(file,1," DIGEST_END ")=?", hex, &known, error))
		return FALSE;
	if (known > 0) {
		ret_summary->left_out = (guint64)known;
		return TRUE;
	}
	if (!touch_recordings(store, name, error) ||
	    !ask_text(store, "DELETE FROM baseline_given WHERE substr(file," NAME_AT ")=?", name, &gone, error) ||
	    !prepare(&import, error) ||
	    !baseline_file_parse(path, (const char *)bytes->data, bytes->len, insert_row, &import, error) ||
	    !touch_recordings(store, name, error))
		return FALSE;
	ret_summary->places = import.places;
	return TRUE;
}

gboolean analysis_baseline_import(Store *store, const char *path, BaselineSummary *ret_summary, GError **error)
{
	*ret_summary = (BaselineSummary){0};
	g_autoptr(GByteArray) bytes = read_file(path, error);
	return bytes && store_begin(store, error) && import_bytes(store, path, bytes, ret_summary, error) &&
	       store_commit(store, error);
}
