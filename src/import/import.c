/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import.h"

#include "error.h"
#include "import/write.h"

/* The first reading: digest, and how many rows are good. */
static gboolean survey_file(const char *path, const ImportOptions *options, const ImportReport *report, ImportSummary *summary,
			    char **ret_digest, GError **error)
{
	Row row;
	gboolean there;
	g_autoptr(RowStream) rows = stream_open(path, summary->format, options, report, error);
	if (!rows)
		return FALSE;
	do {
		if (!stream_next(rows, &row, &there, error))
			return FALSE;
		summary->rows += there ? 1 : 0;
	} while (there);
	summary->refused = stream_refused(rows);
	summary->zone_assumed = stream_zoneless(rows);
	*ret_digest = stream_digest(rows, error);
	return *ret_digest != NULL;
}

static gboolean is_known(Store *store, const char *digest, gboolean *ret_known, GError **error)
{
	const StoreValue value = store_text(digest);
	g_autoptr(StoreStatement) stmt = store_prepare(store, "SELECT 1 FROM imported WHERE digest=?", error);
	if (!stmt)
		return FALSE;
	store_bind(stmt, 1, &value, 1);
	return store_step(store, stmt, ret_known, error);
}

static gboolean enter(Store *store, const char *path, const char *digest, const ImportOptions *options, const ImportReport *report,
		      ImportSummary *summary, GError **error)
{
	/* The first reading told what is refused. */
	const ImportReport quiet = {.stopped = report->stopped, .user_data = report->user_data};
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *name_utf8 = g_utf8_make_valid(name, -1);
	const WriteFile file = {digest, name_utf8, summary->format, summary->rows, summary->refused};
	g_autoptr(RowStream) rows = stream_open(path, summary->format, options, &quiet, error);
	return rows && write_log(store, rows, &file, options, summary, error) && store_commit(store, error);
}

ImportResult import_file(Store *store, const char *path, const ImportOptions *options, const ImportReport *report,
			 ImportSummary *ret_summary, GError **error)
{
	g_autofree char *digest = NULL;
	*ret_summary = (ImportSummary){0};
	if (!stream_recognise(path, options, &ret_summary->format, error) ||
	    !survey_file(path, options, report, ret_summary, &digest, error))
		return IMPORT_FILE_BAD;
	if (ret_summary->rows == 0) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%s has no row that can be read", path);
		return IMPORT_FILE_BAD;
	}
	if (!store_begin(store, error) || !store_ensure_results(store, error) ||
	    !is_known(store, digest, &ret_summary->known, error))
		return IMPORT_STORE_BAD;
	if (ret_summary->known)
		return store_commit(store, error) ? IMPORT_DONE : IMPORT_STORE_BAD;
	return enter(store, path, digest, options, report, ret_summary, error) ? IMPORT_DONE : IMPORT_STORE_BAD;
}
