/* Fuzzing lines of foreign logs. The first byte chooses the format, or that the rest is a mapping file or a geometry; the first line is
 * the header, and every other a row. What is taken must make a sweep that a journal could hold, too.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/layout.h"
#include "import/survey.h"
#include "records.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS (G_GINT64_CONSTANT(1800000000) * 1000)

enum { GNETTRACK, TOWERCOLLECTOR, MAPPED, MAPPING, GEOMETRY, CHOICES };

static const char mapping_text[] =
	"[file]\nabsent = 9999\n[time]\ncolumn = t\nformat = unix\n[latitude]\ncolumn = a\n[longitude]\ncolumn = o\n[rat]\ncolumn = r\n"
	"[rsrp]\ncolumn = p\nscale = 0.1\n[tac]\ncolumn = x\nhex = true\n[neighbouring]\ncolumn = n\n";

static void take_line(const LayoutBound *bound, char *line)
{
	static Observation o;
	Row row = {.line = 2};
	gboolean zoneless = FALSE;
	char reason[ROW_REASON_SIZE];
	if (!layout_row(bound, line, 3600, &row, &zoneless, reason) || !row_check(&row, NOW_MS, reason)) {
		g_assert(g_utf8_validate(reason, -1, NULL));
		return;
	}
	observation_init(&o, OBSERVATION_RADIO, "fuzz");
	row_start_sweep(&row, "272", "05", &o);
	row.neighbouring = TRUE;
	row_join_sweep(&row, NULL, NULL, &o);
	fuzz_check_observation(&o);
}

static void take_lines(const Layout *layout, char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", 64);
	LayoutBound bound;
	if (!lines[0] || !layout_bind(layout, lines[0], &bound, NULL))
		return;
	for (guint i = 1; lines[i]; i++)
		take_line(&bound, lines[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const guint choice = data[0] % CHOICES;
	g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
	g_autoptr(ImportMapping) mapping = NULL;
	double lon, lat;
	switch (choice) {
	case GNETTRACK:
		take_lines(layout_of(IMPORT_GNETTRACK), text);
		break;
	case TOWERCOLLECTOR:
		take_lines(layout_of(IMPORT_TOWERCOLLECTOR), text);
		break;
	case MAPPED:
		mapping = import_mapping_parse("mapping", mapping_text, NULL);
		g_assert(mapping);
		take_lines(import_mapping_layout(mapping), text);
		break;
	case MAPPING:
		mapping = import_mapping_parse("mapping", text, NULL);
		break;
	default:
		if (survey_parse_point(data + 1, size - 1, &lon, &lat))
			g_assert(isfinite(lon) && isfinite(lat));
		break;
	}
	return 0;
}
