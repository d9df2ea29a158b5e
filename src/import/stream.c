/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/stream.h"

#include "error.h"
#include "import/layout.h"
#include "import/lines.h"
#include "import/survey.h"

#define SQLITE_MAGIC "SQLite format 3"
#define STOP_EVERY 4096 /* rows */

const char *const import_format_words[] = {"gnettrack", "network-survey", "towercollector", "mapped", NULL};

struct RowStream {
	char *path;
	const ImportOptions *options;
	const ImportReport *report;
	Survey *survey; /* or */
	Lines *lines;
	LayoutBound bound;
	gint64 last_utc_ms;
	guint64 read, refused;
	gboolean zoneless;
};

void stream_free(RowStream *stream)
{
	if (!stream)
		return;
	survey_free(stream->survey);
	lines_free(stream->lines);
	g_free(stream->path);
	g_free(stream);
}

/* --- what is it? --- */

/* What a person may name by mistake, that we know. */
static const char *mistaken(const char *line)
{
	if (g_str_has_prefix(line, STORE_JOURNAL_MAGIC))
		return "a journal of jamlog: \"jamlog sync\" reads it";
	if (*line == '{' || *line == 0x1e)
		return "JSON, perhaps an export: a log is a CSV or a GeoPackage";
	if (g_str_has_prefix(line, SQLITE_MAGIC))
		return "a packed database: unpack it";
	if (g_str_has_prefix(line, "id,start_time,") && strstr(line, "time_source"))
		return "an export of jamlog: \"jamlog sync\" reads the journals that it was made from";
	if (g_str_has_prefix(line, "PK"))
		return "a ZIP archive: unpack it";
	return NULL;
}

static gboolean not_known(const char *path, const char *line, GError **error)
{
	const char *what = mistaken(line);
	if (what)
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%s is %s", path, what);
	else
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
			    "%s is no log of a known format: known are G-NetTrack's CSV (gnettrack), Network Survey's GeoPackage"
			    " (network-survey), Tower Collector's CSV (towercollector), and any CSV whose columns --map explains "
			    "(mapped)",
			    path);
	return FALSE;
}

static gboolean recognise_line(const char *path, const char *line, const ImportOptions *options, ImportFormat *ret_format,
			       GError **error)
{
	static const ImportFormat formats[] = {IMPORT_GNETTRACK, IMPORT_TOWERCOLLECTOR};
	if (options->mapping) {
		*ret_format = IMPORT_MAPPED;
		return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
		if (layout_matches(layout_of(formats[i]), line)) {
			*ret_format = formats[i];
			return TRUE;
		}
	}
	return not_known(path, line, error);
}

static gboolean first_line(Lines *lines, const char *path, char **ret_line, GError **error)
{
	switch (lines_next(lines, ret_line, error)) {
	case LINES_ERROR:
		return FALSE;
	case LINES_END:
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%s is empty", path);
		return FALSE;
	case LINES_LINE:
	case LINES_WITH_NUL:
	case LINES_TOO_LONG:
		break;
	}
	return TRUE;
}

gboolean stream_recognise(const char *path, const ImportOptions *options, ImportFormat *ret_format, GError **error)
{
	char *line;
	g_autoptr(Lines) lines = lines_open(path, error);
	if (!lines)
		return FALSE;
	const gboolean database = lines_file_begins(lines, SQLITE_MAGIC);
	*ret_format = options->format == IMPORT_RECOGNISE && database ? IMPORT_NETWORK_SURVEY : (ImportFormat)options->format;
	if (database != (options->format == IMPORT_NETWORK_SURVEY) && options->format != IMPORT_RECOGNISE) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%s is %s: leave --format out, and it is recognised", path,
			    database ? "a database" : "no database");
		return FALSE;
	}
	if (database)
		return TRUE;
	if (!first_line(lines, path, &line, error))
		return FALSE;
	if (mistaken(line))
		return not_known(path, line, error);
	return options->format != IMPORT_RECOGNISE || recognise_line(path, line, options, ret_format, error);
}

/* --- rows --- */

static gboolean open_lines(RowStream *stream, ImportFormat format, GError **error)
{
	char *line;
	const Layout *layout = format == IMPORT_MAPPED ? import_mapping_layout(stream->options->mapping) : layout_of(format);
	stream->lines = lines_open(stream->path, error);
	if (!stream->lines || !first_line(stream->lines, stream->path, &line, error))
		return FALSE;
	if (layout_bind(layout, line, &stream->bound, error))
		return TRUE;
	g_prefix_error(error, "%s: ", stream->path);
	return FALSE;
}

RowStream *stream_open(const char *path, ImportFormat format, const ImportOptions *options, const ImportReport *report,
		       GError **error)
{
	g_autoptr(RowStream) stream = g_new0(RowStream, 1);
	stream->path = g_strdup(path);
	stream->options = options;
	stream->report = report;
	stream->last_utc_ms = G_MININT64 / 2;
	if (format == IMPORT_NETWORK_SURVEY)
		stream->survey = survey_open(path, error);
	else if (!open_lines(stream, format, error))
		return NULL;
	return format == IMPORT_NETWORK_SURVEY && !stream->survey ? NULL : g_steal_pointer(&stream);
}

static void refuse(RowStream *stream, guint64 line, const char *reason)
{
	stream->refused++;
	if (stream->report && stream->report->refused)
		stream->report->refused(stream->report->user_data, stream->path, line, reason);
}

/* What cannot be read is the end of what can: the rows before it are good. */
static gboolean end_early(RowStream *stream, guint64 line, GError **error, GError *why)
{
	if (stream->read == 0) {
		g_propagate_error(error, why);
		return FALSE;
	}
	refuse(stream, line, why->message);
	g_error_free(why);
	return TRUE;
}

static gboolean next_line(RowStream *stream, Row *ret_row, gboolean *ret_good, gboolean *ret_there, GError **error)
{
	char *line, reason[ROW_REASON_SIZE];
	GError *why = NULL;
	const LinesResult result = lines_next(stream->lines, &line, &why);
	ret_row->line = lines_number(stream->lines);
	*ret_good = FALSE;
	*ret_there = result != LINES_END && result != LINES_ERROR;
	switch (result) {
	case LINES_ERROR:
		return end_early(stream, ret_row->line + 1, error, why);
	case LINES_TOO_LONG:
		refuse(stream, ret_row->line, "it is longer than " G_STRINGIFY(LINES_MAX) " bytes");
		break;
	case LINES_WITH_NUL:
		refuse(stream, ret_row->line, "there are NUL bytes in it");
		break;
	case LINES_LINE:
		if (*line == '\0')
			break; /* no row */
		*ret_good = layout_row(&stream->bound, line, stream->options->utc_offset_s, ret_row, &stream->zoneless, reason);
		if (!*ret_good)
			refuse(stream, ret_row->line, reason);
		break;
	case LINES_END:
		break;
	}
	return TRUE;
}

static gboolean next_record(RowStream *stream, Row *ret_row, gboolean *ret_there, GError **error)
{
	GError *why = NULL;
	if (survey_next(stream->survey, ret_row, ret_there, &why))
		return TRUE;
	*ret_there = FALSE;
	return end_early(stream, stream->read + 1, error, why);
}

static gboolean accept(RowStream *stream, Row *row)
{
	char reason[ROW_REASON_SIZE];
	if (!row_check(row, stream->options->now_ms, reason)) {
		refuse(stream, row->line, reason);
		return FALSE;
	}
	if (row->utc_ms < stream->last_utc_ms - STREAM_BACK_MS) {
		g_snprintf(reason, sizeof reason, "it goes back in time by %.0f s: sort the log by time",
			   (double)(stream->last_utc_ms - row->utc_ms) / 1000);
		refuse(stream, row->line, reason);
		return FALSE;
	}
	stream->last_utc_ms = MAX(stream->last_utc_ms, row->utc_ms);
	return TRUE;
}

static gboolean stopped(const RowStream *stream, GError **error)
{
	const ImportReport *report = stream->report;
	if (stream->read % STOP_EVERY != 0 || !report || !report->stopped || !report->stopped(report->user_data))
		return FALSE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FAILED, "stopped");
	return TRUE;
}

gboolean stream_next(RowStream *stream, Row *ret_row, gboolean *ret_there, GError **error)
{
	gboolean good;
	do {
		good = TRUE;
		if (stopped(stream, error))
			return FALSE;
		if (!(stream->survey ? next_record(stream, ret_row, ret_there, error)
				     : next_line(stream, ret_row, &good, ret_there, error)))
			return FALSE;
		stream->read++;
	} while (*ret_there && (!good || !accept(stream, ret_row)));
	return TRUE;
}

guint64 stream_refused(const RowStream *stream)
{
	return stream->refused;
}

gboolean stream_zoneless(const RowStream *stream)
{
	return stream->zoneless;
}

char *stream_digest(const RowStream *stream, GError **error)
{
	return stream->lines ? lines_digest(stream->lines) : lines_digest_file(stream->path, error);
}
