/* baseline_file.h - the file by which teams exchange baselines: CSV, UTF-8, lines that end in LF (CRLF and a byte order mark are
 * read too).
 *
 *   # jamlog baseline 1, ...          format and version; what follows the comma is for people
 *   quadkey,cell,passes,...           the header, exactly
 *   120300311203101203,257-01 lte 1300 101,5,1,1,0,-97.5,-10,12.5,-66,-65.5,,2,0.5,3.5
 *
 * One row for each cell (or whole network) in a tile, sorted by both, so that no order tells a way. passes is rounded down to 3, 5,
 * 10, 20, 50, ...; shares of them that were mostly served, on LTE or NR, on GSM or UMTS instead, are in tenths; medians and spreads
 * in half decibels, empty where too few passes have the figure. There is no time in it, no track, and nothing of a device.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis.h"
#include "analysis/baseline_tables.h"

#define BASELINE_FILE_TITLE "# jamlog baseline "
#define BASELINE_FILE_VERSION "1"
#define BASELINE_FILE_HEADER \
	"quadkey,cell,passes,served,broadband,narrowband,rsrp_dbm,rsrq_db,snr_db,rssi_dbm,rx_dbm,tx_dbm,rsrp_spread_db,rsrq_" \
	"spread_db," \
	"snr_spread_db"
#define BASELINE_FILE_FIELDS (6 + BASELINE_FIGURES + BASELINE_SPREADS)
/* Bounds of what is read; more is told as wrong. */
#define BASELINE_FILE_MAX_BYTES (128u << 20)
#define BASELINE_FILE_MAX_PASSES 1000

typedef struct {
	Tile place;
	char key[BASELINE_KEY_SIZE];
	guint passes, served, broadband, narrowband; /* passes */
	gint32 figure[BASELINE_FIGURES], spread[BASELINE_SPREADS];
} BaselineRow;

/* FALSE with an error ends the reading. */
typedef gboolean (*BaselineRowFunc)(gpointer user_data, const BaselineRow *row, GError **error);

/* Takes the bytes of a file apart. FORMAT names file and line; what `each` fails with gets them in front. */
gboolean baseline_file_parse(const char *name, const char *data, gsize length, BaselineRowFunc each, gpointer user_data,
			     GError **error);
