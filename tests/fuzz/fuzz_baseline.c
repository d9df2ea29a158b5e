/* Fuzzing the reader of baselines that other teams gave: whatever a file holds, a row that is handed on is within its bounds.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/baseline_file.h"
#include "error.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean check_row(gpointer user_data, const BaselineRow *row, GError **error)
{
	guint *rows = user_data;
	(void)error;
	g_assert(row->place >= 0 && row->place < (gint64)1 << 2 * TILE_ZOOM);
	g_assert(baseline_key_valid(row->key));
	g_assert(row->passes >= BASELINE_MIN_SHARED && row->passes <= BASELINE_FILE_MAX_PASSES);
	g_assert(row->served <= row->passes && row->broadband <= row->passes && row->narrowband <= row->passes);
	for (guint i = 0; i < BASELINE_FIGURES; i++)
		g_assert(row->figure[i] == BASELINE_NO_FIGURE || ABS(row->figure[i]) <= 20000);
	for (guint i = 0; i < BASELINE_SPREADS; i++)
		g_assert((row->spread[i] == BASELINE_NO_FIGURE) == (row->figure[i] == BASELINE_NO_FIGURE));
	(*rows)++;
	return TRUE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	guint rows = 0;
	const gboolean taken = baseline_file_parse("f", (const char *)data, size, check_row, &rows, &error);
	g_assert(taken == !error);
	g_assert(!error || (error->domain == JAMLOG_ERROR && error->code == JAMLOG_ERROR_FORMAT));
	g_assert(!error || g_utf8_validate(error->message, -1, NULL));
	return 0;
}
