/* row.h - one row of a foreign log, in our units; and what several rows of one moment make as a sweep.
 *
 * What a row lacks is NAN or -1 here.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "import.h"

#include <math.h>

/* The log does not say how good its place is. */
#define ROW_UNTOLD_ERROR_M 30.0
/* Times are told in whole seconds, and a phone's clock is hardly better where they are not. */
#define ROW_TIME_ERROR_MS 500
#define ROW_REASON_SIZE 160

typedef struct {
	double rsrp_dbm, rsrq_db, snr_db, rssi_dbm; /* RSCP and Ec/Io on UMTS */
} RowSignal;

typedef struct {
	guint64 line;
	gint64 utc_ms; /* the middle of what the log says */
	gint64 group; /* rows of one moment have the same */
	gboolean neighbouring; /* of a cell that does not serve */
	double lat, lon, accuracy_m;
	Rat rat; /* RAT_NONE: no service */
	gboolean endc; /* NR beside LTE */
	char mcc[4], mnc[4]; /* "": not told */
	gint64 tac, cell_id, pci, arfcn, band, bandwidth_khz;
	RowSignal own, neighbour; /* neighbour: the strongest other cell, where a row tells that as well */
} Row;

void row_clear(Row *row);
/* Makes absent what is no measurement; FALSE with a reason for a row that cannot be. */
gboolean row_check(Row *row, gint64 now_ms, char ret_reason[ROW_REASON_SIZE]);

/* From numbers as texts, either of which may be NULL; nothing is set where they are none. */
void row_set_network(Row *row, const char *mcc, const char *mnc);

/* Whether the row is of the sweep that `o` was made from (its last row was `last`). */
gboolean row_joins(const Row *row, const Row *last, const Observation *o);
/* A new sweep, with the row in it. `mcc`, `mnc`: see ImportOptions. */
void row_start_sweep(const Row *row, const char *mcc, const char *mnc, Observation *ret_o);
/* One more row of the same sweep. */
void row_join_sweep(const Row *row, const char *mcc, const char *mnc, Observation *o);

/* A word as phones say it: LTE, HSPA+, EDGE, NR ... *ret_rat RAT_NONE for "no service"; FALSE for a word that is none. "5G" alone
 * is NR. */
gboolean row_parse_rat(const char *text, Rat *ret_rat, gboolean *ret_endc);
