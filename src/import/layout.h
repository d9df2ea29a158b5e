/* layout.h - which column of a CSV means what, and a line by it. Pure but for reading a mapping file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "import/row.h"

/* F(name): the word in a mapping file. level: the signal strength of whatever RAT the row is of. */
#define LAYOUT_ROLES(F) \
	F(time) \
	F(latitude) F(longitude) F(accuracy) F(rat) F(plmn) F(mcc) F(mnc) F(tac) F(cell_id) F(pci) F(earfcn) F(band) F(rsrp) \
		F(rsrq) F(snr) F(rssi) F(level) F(rscp) F(ecio) F(nr_rsrp) F(nr_rsrq) F(nr_snr) F(neighbour_rsrp) \
			F(neighbour_rsrq) F(neighbouring)
#define LAYOUT_ROLE(name) ROLE_##name,
typedef enum { LAYOUT_ROLES(LAYOUT_ROLE) N_ROLES } LayoutRole;

typedef struct {
	const char *const *names; /* of the column: the first that the header has; NULL-terminated, NULL: no such role */
	double scale, offset; /* unit = value * scale + offset */
	gboolean hex;
} LayoutColumn;

typedef enum { TIME_ISO, TIME_UNIX_S, TIME_UNIX_MS, TIME_PATTERN } TimeKind;

typedef struct {
	ImportFormat format;
	char delimiter; /* '\0': the one that the header has most of */
	const char *const *absent; /* beside "", "-", "NaN", "null" and "N/A"; may be NULL */
	TimeKind time_kind;
	const char *time_pattern; /* of strptime */
	Rat rat; /* where there is no column of it */
	gboolean several; /* rows of the same time are one sweep */
	gboolean umts_level_is_rssi; /* what stands as RSRP is RSSI on UMTS */
	gboolean five_g_beside_lte; /* "5G" is NR beside LTE unless the cell's identity is too wide for LTE */
	LayoutColumn columns[N_ROLES];
} Layout;

/* NULL for formats that are not made of lines. */
const Layout *layout_of(ImportFormat format);
const Layout *import_mapping_layout(const ImportMapping *mapping);
ImportMapping *import_mapping_parse(const char *label, const char *text, GError **error);
/* Whether a file's first line is the header of this format. */
gboolean layout_matches(const Layout *layout, const char *header);

#define LAYOUT_MAX_FIELDS 512

/* A layout with the columns of one file. */
typedef struct {
	const Layout *layout;
	char delimiter;
	guint n_fields;
	int index[N_ROLES]; /* -1: the file has none */
} LayoutBound;

/* `header` is changed. FORMAT where a column that is needed is missing. */
gboolean layout_bind(const Layout *layout, char *header, LayoutBound *ret_bound, GError **error);

/* Splits a line in place: quotes as in RFC 4180 are taken off, white space around a field too. Returns how many fields; more than
 * LAYOUT_MAX_FIELDS are not given out. */
guint layout_split(char *line, char delimiter, char *ret_fields[LAYOUT_MAX_FIELDS]);

/* A line to a row that row_check has not seen yet. `line` is changed. FALSE with a reason. *io_zoneless becomes TRUE where the time
 * named no zone and utc_offset_s was used. */
gboolean layout_row(const LayoutBound *bound, char *line, gint64 utc_offset_s, Row *ret_row, gboolean *io_zoneless,
		    char ret_reason[ROW_REASON_SIZE]);

/* time.c: UTC in ms; FALSE where the text is no such time. *ret_whole: no fraction of a second is told. */
gboolean time_parse(const char *text, TimeKind kind, const char *pattern, gint64 utc_offset_s, gint64 *ret_utc_ms,
		    gboolean *ret_whole, gboolean *ret_zoneless);
