/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline_file.h"

#include "error.h"

#define MAX_LINE 255
#define LEAST (-20000) /* of a figure, in hundredths */
#define MOST 10000

static gboolean fail(GError **error, const char *text)
{
	g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, text);
	return FALSE;
}

/* "-97.5" is -9750: digits, and at most two behind a point. */
static gboolean parse_hundredths(const char *text, gint32 *ret_value)
{
	const gboolean negative = *text == '-';
	const char *at = text + (negative ? 1 : 0);
	const gsize whole = strspn(at, "0123456789");
	const gsize behind = at[whole] == '.' ? strspn(at + whole + 1, "0123456789") : 0;
	const gsize length = whole + (at[whole] == '.' ? 1 + behind : 0);
	if (whole < 1 || whole > 4 || behind > 2 || at[length] != '\0' || (at[whole] == '.' && behind == 0))
		return FALSE;
	gint32 value = 0;
	for (gsize i = 0; i < whole; i++)
		value = value * 10 + (at[i] - '0');
	for (gsize i = 0; i < 2; i++)
		value = value * 10 + (i < behind ? at[whole + 1 + i] - '0' : 0);
	*ret_value = negative ? -value : value;
	return TRUE;
}

static gboolean parse_within(const char *text, gint32 least, gint32 most, gint32 *ret_value)
{
	return parse_hundredths(text, ret_value) && *ret_value >= least && *ret_value <= most;
}

/* A share of `passes`, as so many passes. */
static gboolean parse_share(const char *text, guint passes, guint *ret_passes)
{
	gint32 hundredths;
	if (!parse_within(text, 0, 100, &hundredths))
		return FALSE;
	*ret_passes = (passes * (guint)hundredths + 50) / 100;
	return TRUE;
}

static gboolean parse_figures(char *const *field, BaselineRow *row, GError **error)
{
	for (guint i = 0; i < BASELINE_FIGURES; i++) {
		row->figure[i] = BASELINE_NO_FIGURE;
		if (*field[i] && !parse_within(field[i], LEAST, MOST, &row->figure[i]))
			return fail(error, "a median is no number of decibels");
	}
	for (guint i = 0; i < BASELINE_SPREADS; i++) {
		const char *text = field[BASELINE_FIGURES + i];
		row->spread[i] = BASELINE_NO_FIGURE;
		if ((*text != '\0') != (row->figure[i] != BASELINE_NO_FIGURE))
			return fail(error, "a median and its spread go together");
		if (*text && !parse_within(text, 0, MOST, &row->spread[i]))
			return fail(error, "a spread is no number of decibels");
	}
	return TRUE;
}

static gboolean parse_fields(char *const *field, BaselineRow *row, GError **error)
{
	gint32 passes;
	row->place = tile_parse(field[0]);
	if (row->place == TILE_NONE)
		return fail(error, "the first column is no quadkey of 18 digits from 0 to 3");
	if (strlen(field[1]) >= sizeof row->key || !baseline_key_valid(field[1]))
		return fail(error, "the second column is no cell like \"257-01 lte 1300 101\" and no network like \"257-01\"");
	g_strlcpy(row->key, field[1], sizeof row->key);
	if (strchr(field[2], '.') || !parse_within(field[2], BASELINE_MIN_SHARED * 100, BASELINE_FILE_MAX_PASSES * 100, &passes))
		return fail(error, "passes is no whole number from " G_STRINGIFY(BASELINE_MIN_SHARED) " to " G_STRINGIFY(
					   BASELINE_FILE_MAX_PASSES));
	row->passes = (guint)passes / 100;
	if (!parse_share(field[3], row->passes, &row->served) || !parse_share(field[4], row->passes, &row->broadband) ||
	    !parse_share(field[5], row->passes, &row->narrowband))
		return fail(error, "a share is no number from 0 to 1");
	return parse_figures(field + 6, row, error);
}

/* Divides the line where its commas are. */
static gboolean parse_row(char *line, BaselineRow *row, GError **error)
{
	char *field[BASELINE_FILE_FIELDS];
	guint n = 0;
	for (char *at = line; at; n++) {
		char *comma = strchr(at, ',');
		if (comma)
			*comma = '\0';
		if (n < BASELINE_FILE_FIELDS)
			field[n] = at;
		at = comma ? comma + 1 : NULL;
	}
	if (n != BASELINE_FILE_FIELDS) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "%u columns, not %d", n, BASELINE_FILE_FIELDS);
		return FALSE;
	}
	return parse_fields(field, row, error);
}

static gboolean check_title(const char *line, GError **error)
{
	if (!g_str_has_prefix(line, BASELINE_FILE_TITLE))
		return fail(error, "this is no file that \"jamlog baseline --export\" wrote");
	const char *version = line + strlen(BASELINE_FILE_TITLE);
	const gsize length = strcspn(version, ",");
	if (length == strlen(BASELINE_FILE_VERSION) && strncmp(version, BASELINE_FILE_VERSION, length) == 0)
		return TRUE;
	g_autofree char *told = g_strndup(version, MIN(length, 16));
	g_autofree char *shown = g_utf8_make_valid(told, -1);
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT,
		    "the file's version is \"%s\" and this jamlog " JAMLOG_VERSION " knows " BASELINE_FILE_VERSION
		    ": use a newer jamlog, or ask for a file of that version",
		    shown);
	return FALSE;
}

/* The next line without its end; *ret_line is whole. */
static gboolean take_line(const char **at, const char *end, char ret_line[MAX_LINE + 1], GError **error)
{
	/* an empty file may be no memory at all, which memchr must not be given */
	const char *newline = end > *at ? memchr(*at, '\n', (gsize)(end - *at)) : NULL;
	if (!newline)
		return fail(error, "the file is cut short: its last line has no end");
	gsize length = (gsize)(newline - *at);
	if (length > 0 && (*at)[length - 1] == '\r')
		length--;
	if (length > MAX_LINE || memchr(*at, '\0', length))
		return fail(error, "this is no line of text of at most " G_STRINGIFY(MAX_LINE) " characters");
	memcpy(ret_line, *at, length);
	ret_line[length] = '\0';
	*at = newline + 1;
	return TRUE;
}

static gboolean parse_line(char *line, guint number, BaselineRowFunc each, gpointer user_data, GError **error)
{
	BaselineRow row;
	if (number == 1)
		return check_title(line, error);
	if (number == 2)
		return g_str_equal(line, BASELINE_FILE_HEADER) || fail(error, "the header is not that of this version");
	return parse_row(line, &row, error) && each(user_data, &row, error);
}

gboolean baseline_file_parse(const char *name, const char *data, gsize length, BaselineRowFunc each, gpointer user_data,
			     GError **error)
{
	char line[MAX_LINE + 1];
	const char *at = data, *const end = data + length;
	guint number = 1;
	if (length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	for (; number <= 2 || at < end; number++) {
		if (!take_line(&at, end, line, error) || !parse_line(line, number, each, user_data, error)) {
			g_prefix_error(error, "%s:%u: ", name, number);
			return FALSE;
		}
	}
	return TRUE;
}
