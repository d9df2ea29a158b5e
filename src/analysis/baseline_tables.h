/* baseline_tables.h - what the makers and the askers of baselines share: the figures of a pass, and medians of voices.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/baseline.h"

/* The figures that a pass keeps the median of, in the order of the tables' columns. The first ones have a spread in what is given.
 */
typedef enum { FIGURE_RSRP, FIGURE_RSRQ, FIGURE_SNR, FIGURE_RSSI, FIGURE_RX, FIGURE_TX } BaselineFigure;
#define BASELINE_FIGURES 6
#define BASELINE_SPREADS 3
/* The columns of the figures in baseline_pass and baseline_given, in hundredths. */
#define BASELINE_FIGURE_COLUMNS "rsrp_cdbm, rsrq_cdb, snr_cdb, rssi_cdbm, rx_cdbm, tx_cdbm"
#define BASELINE_SPREAD_COLUMNS "rsrp_spread_cdb, rsrq_spread_cdb, snr_spread_cdb"
#define BASELINE_NO_FIGURE G_MININT32

/* A value and how many passes say so. */
typedef struct {
	gint32 value;
	guint32 weight;
} BaselineVoice;
/* Weighted median, the mean of the two middle ones where their number is even; BASELINE_NO_FIGURE of none. Sorts them. */
gint32 baseline_median(BaselineVoice *voices, guint n);

/* A figure in columns `column` of a row, or BASELINE_NO_FIGURE. */
gint32 baseline_column_figure(sqlite3_stmt *stmt, int column);

/* "257-01 lte 1300 101" or "257-01"; of a foreign log without ARFCN "257-01 lte cell 12345". */
#define BASELINE_KEY_SIZE 64
/* FALSE for what is no such text. */
gboolean baseline_key_valid(const char *key);

typedef struct BaselineKeys BaselineKeys;
BaselineKeys *baseline_keys_new(Store *store, GError **error);
void baseline_keys_free(BaselineKeys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BaselineKeys, baseline_keys_free)
/* The row of `baseline_cell` with this text: entered where `enter`, else 0 where it is not there. */
gboolean baseline_key(BaselineKeys *keys, const char *text, gboolean enter, gint64 *ret_key, GError **error);

/* Sets network, key and plmn of a cell entry: see baseline_set_keys. */
gboolean baseline_keys_of_cell(BaselineKeys *keys, Entry *cell, gboolean enter, GError **error);

/* Making passes: see baseline_begin, baseline_add and baseline_end. */
typedef struct BaselineMaking BaselineMaking;
BaselineMaking *baseline_making_new(Store *store, BaselineKeys *keys);
void baseline_making_free(BaselineMaking *making);
gboolean baseline_making_begin(BaselineMaking *making, gint64 recording, GError **error);
gboolean baseline_making_add(BaselineMaking *making, const Moment *m, GError **error);
gboolean baseline_making_end(BaselineMaking *making, GError **error);
