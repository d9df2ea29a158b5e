/* What is given to other teams: only what enough days and recordings agree on, and nothing by which one of them could be told.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline_file.h"
#include "error.h"
#include "out.h"

/* Medians and spreads are given in steps of half a decibel, in hundredths. */
#define STEP 50

typedef struct {
	gint64 recording, day;
	gboolean served, broadband, narrowband; /* mostly */
	gint32 figure[BASELINE_FIGURES];
} Pass;

typedef struct {
	Out *out;
	guint floor;
	GArray *passes; /* of one cell in one tile */
	GArray *numbers;
	GArray *voices;
	BaselineSummary *summary;
} Export;

static void export_clear(Export *export)
{
	out_free(export->out);
	g_array_unref(export->passes);
	g_array_unref(export->numbers);
	g_array_unref(export->voices);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Export, export_clear)

static int compare_numbers(gconstpointer a, gconstpointer b)
{
	const gint64 one = *(const gint64 *)a, other = *(const gint64 *)b;
	return one < other ? -1 : one > other;
}

/* How many different numbers. */
static guint count_distinct(GArray *numbers)
{
	guint n = 0;
	g_array_sort(numbers, compare_numbers);
	for (guint i = 0; i < numbers->len; i++)
		n += i == 0 || g_array_index(numbers, gint64, i) != g_array_index(numbers, gint64, i - 1);
	return n;
}

/* Whether enough days and recordings have this figure; `figure` BASELINE_FIGURES: whether there are enough at all. */
static gboolean reaches_floor(Export *export, guint figure)
{
	for (guint turn = 0; turn < 2; turn++) {
		g_array_set_size(export->numbers, 0);
		for (guint i = 0; i < export->passes->len; i++) {
			const Pass *pass = &g_array_index(export->passes, Pass, i);
			if (figure == BASELINE_FIGURES || pass->figure[figure] != BASELINE_NO_FIGURE)
				g_array_append_val(export->numbers, *(turn ? &pass->recording : &pass->day));
		}
		if (count_distinct(export->numbers) < export->floor)
			return FALSE;
	}
	return TRUE;
}

/* The exact number of visits is nobody's business. */
static guint coarse(guint passes)
{
	static const guint steps[] = {BASELINE_FILE_MAX_PASSES, 500, 200, 100, 50, 20, 10, 5};
	for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
		if (passes >= steps[i])
			return steps[i];
	return BASELINE_MIN_SHARED;
}

static void put_share(Out *out, guint part, guint whole)
{
	out_char(out, ',');
	out_scaled(out, (part * 20 + whole) / (2 * whole), 1);
}

static void put_figure(Out *out, gint32 hundredths)
{
	const gint32 half = hundredths < 0 ? -STEP / 2 : STEP / 2;
	out_char(out, ',');
	if (hundredths != BASELINE_NO_FIGURE)
		out_scaled(out, (hundredths + half) / STEP * STEP, 2);
}

static gint32 median_figure(Export *export, guint figure, gint32 from)
{
	g_array_set_size(export->voices, 0);
	for (guint i = 0; i < export->passes->len; i++) {
		const gint32 value = g_array_index(export->passes, Pass, i).figure[figure];
		const BaselineVoice voice = {from == BASELINE_NO_FIGURE ? value : ABS(value - from), 1};
		if (value != BASELINE_NO_FIGURE)
			g_array_append_val(export->voices, voice);
	}
	return baseline_median(&g_array_index(export->voices, BaselineVoice, 0), export->voices->len);
}

static void put_row(Export *export, Tile tile, const char *key)
{
	char quadkey[TILE_ZOOM + 1];
	gint32 median[BASELINE_FIGURES];
	guint served = 0, broadband = 0, narrowband = 0;
	Out *out = export->out;
	for (guint i = 0; i < export->passes->len; i++) {
		const Pass *pass = &g_array_index(export->passes, Pass, i);
		served += pass->served ? 1 : 0;
		broadband += pass->broadband ? 1 : 0;
		narrowband += pass->narrowband ? 1 : 0;
	}
	tile_quadkey(tile, quadkey);
	out_put(out, quadkey, TILE_ZOOM);
	out_char(out, ',');
	out_put(out, key, strlen(key));
	out_char(out, ',');
	out_int(out, coarse(export->passes->len));
	put_share(out, served, export->passes->len);
	put_share(out, broadband, export->passes->len);
	put_share(out, narrowband, export->passes->len);
	for (guint i = 0; i < BASELINE_FIGURES; i++) {
		median[i] = reaches_floor(export, i) ? median_figure(export, i, BASELINE_NO_FIGURE) : BASELINE_NO_FIGURE;
		put_figure(out, median[i]);
	}
	for (guint i = 0; i < BASELINE_SPREADS; i++)
		put_figure(out, median[i] == BASELINE_NO_FIGURE ? BASELINE_NO_FIGURE : median_figure(export, i, median[i]));
	out_char(out, '\n');
}

static void end_place(Export *export, Tile tile, const char *key)
{
	if (export->passes->len == 0)
		return;
	if (reaches_floor(export, BASELINE_FIGURES)) {
		put_row(export, tile, key);
		export->summary->places++;
	} else {
		export->summary->left_out++;
	}
	g_array_set_size(export->passes, 0);
}

static void read_pass(Export *export, sqlite3_stmt *stmt)
{
	Pass pass = {.recording = sqlite3_column_int64(stmt, 2), .day = sqlite3_column_int64(stmt, 3)};
	const gint64 sweeps = sqlite3_column_int64(stmt, 4);
	pass.served = sqlite3_column_int64(stmt, 5) * 2 > sweeps;
	pass.broadband = sqlite3_column_int64(stmt, 6) * 2 > sweeps;
	pass.narrowband = sqlite3_column_int64(stmt, 7) * 2 > sweeps;
	for (guint i = 0; i < BASELINE_FIGURES; i++)
		pass.figure[i] = baseline_column_figure(stmt, 8 + (int)i);
	g_array_append_val(export->passes, pass);
}

static gboolean put_rows(Export *export, Store *store, GError **error)
{
	gboolean row, ok;
	Tile tile = TILE_NONE;
	char key[BASELINE_KEY_SIZE] = "";
	/* By the text of the key: the order of its number would tell which cell was met first. What has no date vouches for no day.
	 */
	g_autoptr(StoreStatement) stmt = store_prepare(
		store,
		"SELECT p.place, c.key, p.recording, (p.start_boottime_ms+p.utc_offset_ms)/86400000, p.sweeps, p.served, "
		"p.broadband, p.narrowband, " BASELINE_FIGURE_COLUMNS " FROM baseline_pass p JOIN baseline_cell c ON c.id=p.cell"
		" WHERE p.utc_offset_ms IS NOT NULL ORDER BY p.place, c.key",
		error);
	if (!stmt)
		return FALSE;
	while ((ok = store_step(store, stmt, &row, error)) && row) {
		const char *text = (const char *)sqlite3_column_text(stmt, 1);
		if (sqlite3_column_int64(stmt, 0) != tile || !g_str_equal(text, key)) {
			end_place(export, tile, key);
			tile = sqlite3_column_int64(stmt, 0);
			g_strlcpy(key, text, sizeof key);
		}
		read_pass(export, stmt);
	}
	end_place(export, tile, key);
	return ok;
}

static gboolean no_data(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean no_data(GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *message = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, JAMLOG_ERROR, JAMLOG_ERROR_NO_DATA, message);
	return FALSE;
}

gboolean analysis_baseline_export(Store *store, const char *output, guint floor, BaselineSummary *ret_summary, GError **error)
{
	gboolean there;
	*ret_summary = (BaselineSummary){0};
	if (floor < BASELINE_MIN_SHARED) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
			    "a floor of %u gives people away: " G_STRINGIFY(BASELINE_MIN_SHARED) " or more", floor);
		return FALSE;
	}
	if (!store_check_output(store, output, error) || !store_has_results(store, &there, error))
		return FALSE;
	if (!there)
		return no_data(error, "%s has no baselines yet: make them with \"jamlog analyze\"", store_path(store));
	g_auto(Export) export = {.floor = floor,
				 .summary = ret_summary,
				 .passes = g_array_new(FALSE, FALSE, sizeof(Pass)),
				 .numbers = g_array_new(FALSE, FALSE, sizeof(gint64)),
				 .voices = g_array_new(FALSE, FALSE, sizeof(BaselineVoice)),
				 .out = out_open(output, error)};
	if (!export.out)
		return FALSE;
	g_autofree char *title =
		g_strdup_printf("%s%s, tiles of zoom %d, each of %u days and recordings or more\n%s\n", BASELINE_FILE_TITLE,
				BASELINE_FILE_VERSION, TILE_ZOOM, floor, BASELINE_FILE_HEADER);
	out_put(export.out, title, strlen(title));
	if (!put_rows(&export, store, error))
		return FALSE;
	if (ret_summary->places == 0)
		return no_data(error, "no place was visited on %u days in as many recordings (%" G_GUINT64_FORMAT " on fewer)",
			       floor, ret_summary->left_out);
	return out_finish(export.out, error);
}
