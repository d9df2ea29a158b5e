/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/row.h"

#include <stdio.h>
#include <string.h>

/* 2000-01-01: before any of these programs. A phone whose clock was never set says 1970. */
#define EARLIEST_MS (G_GINT64_CONSTANT(946684800) * 1000)
/* By how much a log may be ahead of us: a zone that was told wrong is told to be wrong. */
#define AHEAD_MS (G_GINT64_CONSTANT(86400) * 1000)
#define MAX_ERROR_M 100000.0

void row_clear(Row *row)
{
	static const RowSignal none = {NAN, NAN, NAN, NAN};
	*row = (Row){.lat = NAN,
		     .lon = NAN,
		     .accuracy_m = NAN,
		     .tac = -1,
		     .cell_id = -1,
		     .pci = -1,
		     .arfcn = -1,
		     .band = -1,
		     .bandwidth_khz = -1,
		     .own = none,
		     .neighbour = none};
}

static void keep_between(double *io_value, double min, double max)
{
	if (!(*io_value >= min && *io_value <= max))
		*io_value = NAN;
}

static void keep_int(gint64 *io_value, gint64 min, gint64 max)
{
	if (*io_value < min || *io_value > max)
		*io_value = -1;
}

/* What can be reported, TS 36.133 9.1 and TS 38.133 10.1, TS 25.133 9.1, TS 45.008 8.1.4: other figures are codes for "not known"
 * (-200, 2147483647), and a whole row of them has an RSRP among them. */
static void check_signal(RowSignal *s, Rat rat)
{
	const gboolean nonsense = !isnan(s->rsrp_dbm) && !(s->rsrp_dbm >= -156 && s->rsrp_dbm <= -24);
	if (nonsense)
		s->rsrp_dbm = s->rsrq_db = s->snr_db = NAN;
	keep_between(&s->rsrq_db, rat == RAT_UMTS ? -24.5 : -43, rat == RAT_NR ? 20 : 2.5);
	keep_between(&s->snr_db, -23, 40);
	keep_between(&s->rssi_dbm, -130, -10);
}

/* Values that mean "none": TAC 0 and FFFE (TS 24.301 8.2.26), identities of all ones, and what an int has as its largest. */
static void check_identity(Row *row)
{
	const gboolean wide = row->rat == RAT_NR;
	keep_int(&row->tac, 1, wide ? 0xfffffd : 0xfffd);
	keep_int(&row->cell_id, 0, wide ? G_GINT64_CONSTANT(0xffffffffe) : 0xffffffe);
	keep_int(&row->pci, 0, 1007);
	keep_int(&row->arfcn, 0, 3279165);
	keep_int(&row->band, 1, 1024);
	if (row->cell_id == 0 || row->cell_id == 0xffff)
		row->cell_id = -1;
	if (row->arfcn == 0 && row->rat != RAT_GSM)
		row->arfcn = -1; /* logs write 0 where they do not know; channel 0 of band 1 is at its very edge */
}

gboolean row_check(Row *row, gint64 now_ms, char ret_reason[ROW_REASON_SIZE])
{
	if (row->utc_ms < EARLIEST_MS || row->utc_ms > now_ms + AHEAD_MS) {
		g_snprintf(ret_reason, ROW_REASON_SIZE, "its time is %s",
			   row->utc_ms < EARLIEST_MS ? "before 2000" : "in the future");
		return FALSE;
	}
	if (isnan(row->lat) || isnan(row->lon) || (row->lat == 0 && row->lon == 0))
		row->lat = row->lon = NAN;
	if (row->lat < -90 || row->lat > 90 || row->lon < -180 || row->lon > 180) {
		g_snprintf(ret_reason, ROW_REASON_SIZE, "there is no place at latitude %g, longitude %g", row->lat, row->lon);
		return FALSE;
	}
	if (!(row->accuracy_m > 0 && row->accuracy_m <= MAX_ERROR_M))
		row->accuracy_m = ROW_UNTOLD_ERROR_M;
	check_identity(row);
	check_signal(&row->own, row->rat);
	check_signal(&row->neighbour, row->rat);
	return TRUE;
}

/* --- rows to a sweep --- */

static gint16 centi(double value)
{
	return (gint16)lround(value * 100);
}

static gint16 whole(double value)
{
	return (gint16)lround(value);
}

static void set_lte(const Row *row, Observation *o)
{
	const RowSignal *s = &row->own;
	RADIO_SET(o, lte_service, SERVICE_FULL);
	if (!isnan(s->rsrp_dbm))
		RADIO_SET(o, lte_rsrp_dbm, whole(s->rsrp_dbm));
	if (!isnan(s->rsrq_db))
		RADIO_SET(o, lte_rsrq_db, whole(s->rsrq_db));
	if (!isnan(s->snr_db))
		RADIO_SET(o, lte_snr_cdb, centi(s->snr_db));
	if (!isnan(s->rssi_dbm))
		RADIO_SET(o, lte_rssi_dbm, whole(s->rssi_dbm));
	if (row->endc)
		RADIO_SET(o, endc, TRUE);
}

static void set_nr(const RowSignal *s, Observation *o)
{
	RADIO_SET(o, nr_service, SERVICE_FULL);
	if (!isnan(s->rsrp_dbm))
		RADIO_SET(o, nr_rsrp_dbm, whole(s->rsrp_dbm));
	if (!isnan(s->rsrq_db))
		RADIO_SET(o, nr_rsrq_db, whole(s->rsrq_db));
	if (!isnan(s->snr_db))
		RADIO_SET(o, nr_snr_cdb, centi(s->snr_db));
}

static void set_umts(const RowSignal *s, Observation *o)
{
	RADIO_SET(o, umts_service, SERVICE_FULL);
	if (!isnan(s->rsrp_dbm))
		RADIO_SET(o, umts_rscp_dbm, whole(s->rsrp_dbm));
	if (!isnan(s->rsrq_db))
		RADIO_SET(o, umts_ecio_cdb, centi(s->rsrq_db));
	if (!isnan(s->rssi_dbm))
		RADIO_SET(o, umts_rssi_dbm, whole(s->rssi_dbm));
}

static void set_rat(const Row *row, Observation *o)
{
	RADIO_SET(o, rat, (guint8)row->rat);
	switch (row->rat) {
	case RAT_LTE:
		set_lte(row, o);
		break;
	case RAT_NR:
		set_nr(&row->own, o);
		break;
	case RAT_UMTS:
		set_umts(&row->own, o);
		break;
	case RAT_GSM:
		RADIO_SET(o, gsm_service, SERVICE_FULL);
		if (!isnan(row->own.rssi_dbm))
			RADIO_SET(o, gsm_rssi_dbm, whole(row->own.rssi_dbm));
		break;
	case RAT_NONE:
		break;
	}
}

static void set_network(const Row *row, const char *mcc, const char *mnc, Observation *o)
{
	const gboolean told = *row->mcc && *row->mnc;
	if (told || (mcc && mnc)) {
		OBSERVATION_SET_TEXT(o, radio, RADIO, mcc, told ? row->mcc : mcc);
		OBSERVATION_SET_TEXT(o, radio, RADIO, mnc, told ? row->mnc : mnc);
	}
}

static void set_serving(const Row *row, const char *mcc, const char *mnc, Observation *o)
{
	set_rat(row, o);
	set_network(row, mcc, mnc, o);
	RADIO_SET(o, registration, REGISTRATION_HOME);
	if (row->tac >= 0)
		RADIO_SET(o, tac, (guint32)row->tac);
	if (row->cell_id >= 0)
		RADIO_SET(o, cell_id, (guint64)row->cell_id);
	if (row->pci >= 0)
		RADIO_SET(o, pci, (guint16)row->pci);
	if (row->arfcn >= 0)
		RADIO_SET(o, arfcn, (guint32)row->arfcn);
	if (row->band >= 0)
		RADIO_SET(o, band, (guint16)row->band);
	if (row->bandwidth_khz >= 0)
		RADIO_SET(o, bandwidth_khz, (guint32)row->bandwidth_khz);
}

static Cell *add_cell(const RowSignal *s, Rat rat, Observation *o)
{
	CellList *list = &o->radio.cells;
	if (list->n == OBSERVATION_MAX_CELLS)
		return NULL;
	Cell *cell = &list->cell[list->n++];
	*cell = (Cell){0};
	o->present |= OBSERVATION_BIT(RADIO_ID_cells);
	if (rat != RAT_NONE)
		CELL_SET(cell, rat, (guint8)rat);
	if (!isnan(s->rsrp_dbm))
		CELL_SET(cell, rsrp_cdbm, centi(s->rsrp_dbm));
	else if (rat == RAT_GSM && !isnan(s->rssi_dbm))
		CELL_SET(cell, rsrp_cdbm, centi(s->rssi_dbm));
	if (!isnan(s->rsrq_db))
		CELL_SET(cell, rsrq_cdb, centi(s->rsrq_db));
	if (rat != RAT_GSM && !isnan(s->rssi_dbm))
		CELL_SET(cell, rssi_cdbm, centi(s->rssi_dbm));
	return cell;
}

static void add_cells(const Row *row, Observation *o)
{
	Cell *cell = row->rat == RAT_NONE ? NULL : add_cell(&row->own, row->rat, o);
	if (cell) {
		CELL_SET(cell, serving, !row->neighbouring);
		if (row->arfcn >= 0)
			CELL_SET(cell, arfcn, (guint32)row->arfcn);
		if (row->pci >= 0)
			CELL_SET(cell, pci, (guint16)row->pci);
		if (row->cell_id >= 0)
			CELL_SET(cell, cell_id, (guint64)row->cell_id);
	}
	if (!isnan(row->neighbour.rsrp_dbm)) {
		cell = add_cell(&row->neighbour, row->rat, o);
		if (cell)
			CELL_SET(cell, serving, FALSE);
	}
}

static gboolean serves(const Row *row)
{
	return row->rat != RAT_NONE && !row->neighbouring;
}

gboolean row_joins(const Row *row, const Row *last, const Observation *o)
{
	return row->group == last->group && (!serves(row) || o->radio.rat == RAT_NONE);
}

void row_start_sweep(const Row *row, const char *mcc, const char *mnc, Observation *ret_o)
{
	ret_o->kind = OBSERVATION_RADIO;
	ret_o->present = 0;
	ret_o->radio.cells.n = 0;
	/* As long as no row tells of a cell that serves. */
	RADIO_SET(ret_o, registration, REGISTRATION_NOT_REGISTERED);
	RADIO_SET(ret_o, rat, RAT_NONE);
	row_join_sweep(row, mcc, mnc, ret_o);
}

void row_join_sweep(const Row *row, const char *mcc, const char *mnc, Observation *o)
{
	if (serves(row))
		set_serving(row, mcc, mnc, o);
	add_cells(row, o);
}

/* --- words --- */

gboolean row_parse_rat(const char *text, Rat *ret_rat, gboolean *ret_endc)
{
	static const struct {
		const char *word;
		Rat rat;
		gboolean endc;
	} words[] = {
		{"LTE", RAT_LTE, FALSE},       {"4G", RAT_LTE, FALSE},		{"LTE+", RAT_LTE, FALSE},
		{"LTE_CA", RAT_LTE, FALSE},    {"LTE-A", RAT_LTE, FALSE},	{"NR", RAT_NR, FALSE},
		{"5G", RAT_NR, FALSE},	       {"NR-SA", RAT_NR, FALSE},	{"5G SA", RAT_NR, FALSE},
		{"NSA", RAT_LTE, TRUE},	       {"NR-NSA", RAT_LTE, TRUE},	{"5G NSA", RAT_LTE, TRUE},
		{"EN-DC", RAT_LTE, TRUE},      {"UMTS", RAT_UMTS, FALSE},	{"WCDMA", RAT_UMTS, FALSE},
		{"3G", RAT_UMTS, FALSE},       {"HSPA", RAT_UMTS, FALSE},	{"HSPA+", RAT_UMTS, FALSE},
		{"HSPAP", RAT_UMTS, FALSE},    {"HSDPA", RAT_UMTS, FALSE},	{"HSUPA", RAT_UMTS, FALSE},
		{"TD-SCDMA", RAT_UMTS, FALSE}, {"GSM", RAT_GSM, FALSE},		{"2G", RAT_GSM, FALSE},
		{"GPRS", RAT_GSM, FALSE},      {"EDGE", RAT_GSM, FALSE},	{"UNKNOWN", RAT_NONE, FALSE},
		{"NONE", RAT_NONE, FALSE},     {"NO SERVICE", RAT_NONE, FALSE}, {"OUT OF SERVICE", RAT_NONE, FALSE},
		{"OOS", RAT_NONE, FALSE},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		if (g_ascii_strcasecmp(text, words[i].word) == 0) {
			*ret_rat = words[i].rat;
			*ret_endc = words[i].endc;
			return TRUE;
		}
	}
	return FALSE;
}

/* Where a log has numbers, "1" is written for "01"; it cannot tell "01" from "001". */
void row_set_network(Row *row, const char *mcc, const char *mnc)
{
	char both[16];
	if (!mcc || !mnc || strlen(mcc) != 3 || strlen(mnc) > 3)
		return;
	g_snprintf(both, sizeof both, "%s-%s%s", mcc, strlen(mnc) == 1 ? "0" : "", mnc);
	import_parse_plmn(both, row->mcc, row->mnc);
}

gboolean import_parse_plmn(const char *text, char ret_mcc[4], char ret_mnc[4])
{
	const gsize digits = strspn(text, "0123456789");
	const char *mnc = text + 3;
	if (digits == 3 && strchr("- /:", text[3]) && text[3])
		mnc++;
	else if (digits != 5 && digits != 6)
		return FALSE;
	const gsize n = strlen(mnc);
	if ((n != 2 && n != 3) || strspn(mnc, "0123456789") != n)
		return FALSE;
	g_strlcpy(ret_mcc, text, 4);
	g_strlcpy(ret_mnc, mnc, 4);
	return TRUE;
}
