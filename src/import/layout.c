/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/layout.h"

#include "error.h"

#include <stdio.h>

#define NAMES(...) .names = (const char *const[]){__VA_ARGS__, NULL}, .scale = 1

/* G-NetTrack Pro: a row each second or so, times in the phone's zone. One level stands for all RATs: on UMTS it moves in the steps
 * of the +CSQ scale (TS 27.007 8.5, odd figures from -113 to -51), and so is RSSI. */
static const Layout gnettrack = {
	.format = IMPORT_GNETTRACK,
	.time_kind = TIME_PATTERN,
	.time_pattern = "%Y.%m.%d_%H.%M.%S",
	.umts_level_is_rssi = TRUE,
	.five_g_beside_lte = TRUE,
	.columns =
		{
			[ROLE_time] = {NAMES("Timestamp")},
			[ROLE_latitude] = {NAMES("Latitude")},
			[ROLE_longitude] = {NAMES("Longitude")},
			[ROLE_accuracy] = {NAMES("Accuracy")},
			[ROLE_rat] = {NAMES("NetworkMode", "NetworkTech")},
			[ROLE_plmn] = {NAMES("Operatorname", "Operator")},
			[ROLE_tac] = {NAMES("LACHEX"), .hex = TRUE},
			[ROLE_cell_id] = {NAMES("RAWCELLID")},
			[ROLE_pci] = {NAMES("PSC", "PCI")},
			[ROLE_earfcn] = {NAMES("ARFCN", "EARFCN")},
			[ROLE_rsrp] = {NAMES("RSRP", "Level")},
			[ROLE_rsrq] = {NAMES("RSRQ", "Qual")},
			[ROLE_snr] = {NAMES("SNR")},
			[ROLE_rssi] = {NAMES("RSSI", "LTERSSI")},
			[ROLE_neighbour_rsrp] = {NAMES("NRxRSRP")},
			[ROLE_neighbour_rsrq] = {NAMES("NRxRSRQ")},
		},
};

/* Tower Collector: a row for each cell of a moment, UTC. The columns behind `device` came later. */
static const Layout towercollector = {
	.format = IMPORT_TOWERCOLLECTOR,
	.delimiter = ',',
	.time_kind = TIME_ISO,
	.several = TRUE,
	.columns =
		{
			[ROLE_time] = {NAMES("measured_at")}, [ROLE_latitude] = {NAMES("lat")},
			[ROLE_longitude] = {NAMES("lon")},    [ROLE_accuracy] = {NAMES("accuracy")},
			[ROLE_rat] = {NAMES("net_type")},     [ROLE_mcc] = {NAMES("mcc")},
			[ROLE_mnc] = {NAMES("mnc")},	      [ROLE_tac] = {NAMES("lac")},
			[ROLE_cell_id] = {NAMES("cell_id")},  [ROLE_pci] = {NAMES("psc")},
			[ROLE_earfcn] = {NAMES("arfcn")},     [ROLE_rsrp] = {NAMES("rsrp")},
			[ROLE_rsrq] = {NAMES("rsrq")},	      [ROLE_snr] = {NAMES("rssnr")},
			[ROLE_rssi] = {NAMES("rssi")},	      [ROLE_level] = {NAMES("dbm")},
			[ROLE_rscp] = {NAMES("rscp")},	      [ROLE_ecio] = {NAMES("ec_no")},
			[ROLE_nr_rsrp] = {NAMES("ss_rsrp")},  [ROLE_nr_rsrq] = {NAMES("ss_rsrq")},
			[ROLE_nr_snr] = {NAMES("ss_sinr")},   [ROLE_neighbouring] = {NAMES("neighboring")},
		},
};

const Layout *layout_of(ImportFormat format)
{
	switch (format) {
	case IMPORT_GNETTRACK:
		return &gnettrack;
	case IMPORT_TOWERCOLLECTOR:
		return &towercollector;
	case IMPORT_NETWORK_SURVEY:
	case IMPORT_MAPPED:
		break;
	}
	return NULL;
}

/* --- header --- */

guint layout_split(char *line, char delimiter, char *ret_fields[LAYOUT_MAX_FIELDS])
{
	guint n = 0;
	gboolean more = TRUE;
	for (char *at = line; more; n++) {
		char *field = at, *write = at;
		gboolean quoted = *at == '"';
		for (at += quoted; *at && (quoted || *at != delimiter); at++) {
			if (quoted && *at == '"' && at[1] != '"') {
				quoted = FALSE;
				continue;
			}
			at += quoted && *at == '"';
			*write++ = *at;
		}
		more = *at++ != '\0';
		*write = '\0';
		if (n < LAYOUT_MAX_FIELDS)
			ret_fields[n] = g_strstrip(field);
	}
	return n;
}

static char find_delimiter(const char *header)
{
	static const char candidates[] = ",;\t|";
	char best = ',';
	guint most = 0;
	for (const char *c = candidates; *c; c++) {
		guint n = 0;
		for (const char *at = strchr(header, *c); at; at = strchr(at + 1, *c))
			n++;
		if (n > most) {
			most = n;
			best = *c;
		}
	}
	return best;
}

static int find_column(const char *const *names, char **fields, guint n)
{
	for (; names && *names; names++)
		for (guint i = 0; i < n; i++)
			if (g_ascii_strcasecmp(fields[i], *names) == 0)
				return (int)i;
	return -1;
}

static void bind(const Layout *layout, char *header, LayoutBound *ret_bound)
{
	char *fields[LAYOUT_MAX_FIELDS];
	if (g_str_has_prefix(header, "\xef\xbb\xbf"))
		header += 3; /* the byte order mark of UTF-8 */
	ret_bound->layout = layout;
	ret_bound->delimiter = layout->delimiter ? layout->delimiter : find_delimiter(header);
	ret_bound->n_fields = layout_split(header, ret_bound->delimiter, fields);
	for (guint role = 0; role < N_ROLES; role++)
		ret_bound->index[role] =
			find_column(layout->columns[role].names, fields, MIN(ret_bound->n_fields, LAYOUT_MAX_FIELDS));
}

gboolean layout_matches(const Layout *layout, const char *header)
{
	static const LayoutRole needed[] = {ROLE_time, ROLE_latitude, ROLE_longitude, ROLE_rat, ROLE_cell_id};
	g_autofree char *copy = g_strdup(header);
	LayoutBound bound;
	bind(layout, copy, &bound);
	for (guint i = 0; i < G_N_ELEMENTS(needed); i++)
		if (bound.index[needed[i]] < 0)
			return FALSE;
	return TRUE;
}

gboolean layout_bind(const Layout *layout, char *header, LayoutBound *ret_bound, GError **error)
{
	bind(layout, header, ret_bound);
	for (guint role = 0; role < N_ROLES; role++) {
		const char *const *names = layout->columns[role].names;
		/* A built-in layout knows more columns than every version writes. */
		if (!names || ret_bound->index[role] >= 0 || (layout->format != IMPORT_MAPPED && role != ROLE_time))
			continue;
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "its first line has no column \"%s\"", names[0]);
		return FALSE;
	}
	if (ret_bound->n_fields <= LAYOUT_MAX_FIELDS)
		return TRUE;
	g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_FORMAT, "its first line has more than %d columns", LAYOUT_MAX_FIELDS);
	return FALSE;
}

/* --- a line --- */

typedef struct {
	const LayoutBound *bound;
	char *fields[LAYOUT_MAX_FIELDS];
	char *reason;
	gboolean failed;
} Line;

static void fail(Line *line, LayoutRole role, const char *what)
{
	static const char *const words[] = {
#define ROLE_WORD(name) #name,
		LAYOUT_ROLES(ROLE_WORD)};
	char shown[40];
	if (line->failed)
		return;
	line->failed = TRUE;
	/* From a stranger's file to a terminal. */
	observation_copy_text(shown, sizeof shown, line->fields[line->bound->index[role]]);
	g_snprintf(line->reason, ROW_REASON_SIZE, "%s \"%s\" is %s", words[role], shown, what);
}

/* NULL where the row does not tell. */
static const char *text_of(const Line *line, LayoutRole role)
{
	static const char *const always[] = {"", "-", "NaN", "null", "N/A"};
	const int index = line->bound->index[role];
	const char *text = index >= 0 ? line->fields[index] : "";
	for (guint i = 0; i < G_N_ELEMENTS(always); i++)
		if (g_ascii_strcasecmp(text, always[i]) == 0)
			return NULL;
	for (const char *const *absent = line->bound->layout->absent; absent && *absent; absent++)
		if (g_str_equal(text, *absent))
			return NULL;
	return text;
}

static double number_of(Line *line, LayoutRole role)
{
	const LayoutColumn *column = &line->bound->layout->columns[role];
	const char *text = text_of(line, role);
	char *end = NULL;
	if (!text)
		return NAN;
	const double value = column->hex ? (double)g_ascii_strtoull(text, &end, 16) : g_ascii_strtod(text, &end);
	if (end == text || *end || !isfinite(value)) {
		fail(line, role, "no number");
		return NAN;
	}
	return value * column->scale + column->offset;
}

/* -1 where absent, or no whole number that can be meant. */
static gint64 whole_of(Line *line, LayoutRole role)
{
	const double value = number_of(line, role);
	return value >= 0 && value < 9e15 && value == floor(value) ? (gint64)value : -1;
}

static void take_network(Line *line, Row *row)
{
	const char *plmn = text_of(line, ROLE_plmn), *mcc = text_of(line, ROLE_mcc), *mnc = text_of(line, ROLE_mnc);
	if (plmn && import_parse_plmn(plmn, row->mcc, row->mnc))
		return; /* else it is a name */
	row_set_network(row, mcc, mnc);
}

static void take_rat(Line *line, Row *row)
{
	const Layout *layout = line->bound->layout;
	const char *text = text_of(line, ROLE_rat);
	if (line->bound->index[ROLE_rat] < 0)
		row->rat = layout->rat;
	else if (text && !row_parse_rat(text, &row->rat, &row->endc))
		fail(line, ROLE_rat, "no radio technology that is known");
	if (layout->five_g_beside_lte && row->rat == RAT_NR && row->cell_id <= 0xfffffff) {
		row->rat = RAT_LTE;
		row->endc = TRUE;
	}
}

static double first_of(double a, double b)
{
	return isnan(a) ? b : a;
}

static void take_signals(Line *line, Row *row)
{
	const Layout *layout = line->bound->layout;
	const double level = number_of(line, ROLE_level), rscp = number_of(line, ROLE_rscp), ecio = number_of(line, ROLE_ecio);
	const RowSignal nr = {number_of(line, ROLE_nr_rsrp), number_of(line, ROLE_nr_rsrq), number_of(line, ROLE_nr_snr), NAN};
	RowSignal *own = &row->own;
	*own = (RowSignal){number_of(line, ROLE_rsrp), number_of(line, ROLE_rsrq), number_of(line, ROLE_snr),
			   number_of(line, ROLE_rssi)};
	row->neighbour.rsrp_dbm = number_of(line, ROLE_neighbour_rsrp);
	row->neighbour.rsrq_db = number_of(line, ROLE_neighbour_rsrq);
	if (row->rat == RAT_NR)
		*own = (RowSignal){first_of(nr.rsrp_dbm, own->rsrp_dbm), first_of(nr.rsrq_db, own->rsrq_db),
				   first_of(nr.snr_db, own->snr_db), NAN};
	if (row->rat == RAT_NR || row->rat == RAT_LTE)
		own->rsrp_dbm = first_of(own->rsrp_dbm, level);
	else
		own->rssi_dbm = first_of(own->rssi_dbm, isnan(rscp) ? level : NAN);
	if (row->rat == RAT_UMTS || row->rat == RAT_GSM) {
		if (layout->umts_level_is_rssi || row->rat == RAT_GSM)
			own->rssi_dbm = first_of(own->rssi_dbm, own->rsrp_dbm);
		own->rsrp_dbm = layout->umts_level_is_rssi ? rscp : first_of(rscp, own->rsrp_dbm);
		own->rsrq_db = first_of(ecio, own->rsrq_db);
		own->snr_db = NAN;
		if (layout->umts_level_is_rssi)
			row->neighbour = (RowSignal){NAN, NAN, NAN, NAN}; /* of no cell that can be named, and no RSCP */
	}
}

static void take_time(Line *line, gint64 utc_offset_s, Row *row, gboolean *io_zoneless)
{
	const Layout *layout = line->bound->layout;
	gboolean whole = FALSE, zoneless = FALSE;
	const char *text = line->fields[line->bound->index[ROLE_time]];
	if (!time_parse(text, layout->time_kind, layout->time_pattern, utc_offset_s, &row->utc_ms, &whole, &zoneless)) {
		fail(line, ROLE_time, "no time of this format");
		return;
	}
	*io_zoneless = *io_zoneless || zoneless;
	row->group = row->utc_ms;
	row->utc_ms += whole ? ROW_TIME_ERROR_MS : 0; /* a second that is cut off: the middle of it */
}

static gboolean is_true(const char *text)
{
	return text && (g_ascii_strcasecmp(text, "true") == 0 || g_ascii_strcasecmp(text, "yes") == 0 || g_str_equal(text, "1"));
}

gboolean layout_row(const LayoutBound *bound, char *text, gint64 utc_offset_s, Row *ret_row, gboolean *io_zoneless,
		    char ret_reason[ROW_REASON_SIZE])
{
	Line line = {.bound = bound, .reason = ret_reason};
	const guint64 number = ret_row->line;
	const guint n = layout_split(text, bound->delimiter, line.fields);
	row_clear(ret_row);
	ret_row->line = number;
	if (n < bound->n_fields) {
		g_snprintf(ret_reason, ROW_REASON_SIZE, "it has %u fields, and the first line names %u", n, bound->n_fields);
		return FALSE;
	}
	take_time(&line, utc_offset_s, ret_row, io_zoneless);
	ret_row->lat = number_of(&line, ROLE_latitude);
	ret_row->lon = number_of(&line, ROLE_longitude);
	ret_row->accuracy_m = number_of(&line, ROLE_accuracy);
	ret_row->tac = whole_of(&line, ROLE_tac);
	ret_row->cell_id = whole_of(&line, ROLE_cell_id);
	ret_row->pci = whole_of(&line, ROLE_pci);
	ret_row->arfcn = whole_of(&line, ROLE_earfcn);
	ret_row->band = whole_of(&line, ROLE_band);
	ret_row->neighbouring = is_true(text_of(&line, ROLE_neighbouring));
	take_rat(&line, ret_row);
	take_network(&line, ret_row);
	take_signals(&line, ret_row);
	if (!bound->layout->several && bound->index[ROLE_neighbouring] < 0)
		ret_row->group = (gint64)number;
	return !line.failed;
}
