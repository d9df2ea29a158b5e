/* cells.h - the cells of a radio observation, whatever protocol told of them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

/* A cell with its channel and physical identity, each of which may be one of a protocol's codes for "unknown": what no cell of
 * that RAT can have is left out. */
Cell modem_cell_make(Rat rat, guint32 arfcn, guint32 pci);

/* RXLEV 0..63 means -110..-48 dBm and above (3GPP TS 45.008 8.1.4); others are left out. */
void modem_cell_set_rxlev(Cell *cell, guint32 rxlev);

/* RSCP in dBm and Ec/Io in dB, both negative; codes for "unknown" and tenths are out of their ranges. FALSE: no such RSCP. */
gboolean modem_cell_set_rscp(Cell *cell, gint32 rscp_dbm, gint32 ecio_db);

/* Appends it. FALSE: it has neither identity nor level, so it is a row of "unknown" codes and no cell. Those beyond the list's end are
 * left out: it is the modem's order, and those are neighbours of the last carrier. */
gboolean modem_cell_add(Observation *o, const Cell *cell);

/* The serving cell of the RAT that serves us: beside it there is an NR one in NSA, and firmware may keep showing an old one.
 * NULL: none. */
const Cell *modem_cell_find_serving(const Observation *o);
