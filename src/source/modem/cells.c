/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/cells.h"

#include "source/modem/values.h"

/* Highest values: TS 45.005 2, TS 23.003 4.3.2 (BSIC); TS 25.101 5.4, TS 25.213 5.2; TS 36.101 5.7.3, TS 36.211 6.11; TS 38.104
 * 5.4.2, TS 38.211 7.4.2. */
Cell modem_cell_make(Rat rat, guint32 arfcn, guint32 pci)
{
	static const struct {
		guint32 arfcn, pci;
	} highest[] = {[RAT_GSM] = {1023, 63}, [RAT_UMTS] = {16383, 511}, [RAT_LTE] = {262143, 503}, [RAT_NR] = {3279165, 1007}};
	Cell cell = {0};
	CELL_SET(&cell, rat, (guint8)rat);
	if (arfcn <= highest[rat].arfcn)
		CELL_SET(&cell, arfcn, arfcn);
	if (pci <= highest[rat].pci)
		CELL_SET(&cell, pci, (guint16)pci);
	return cell;
}

void modem_cell_set_rxlev(Cell *cell, guint32 rxlev)
{
	if (rxlev <= 63)
		CELL_SET(cell, rsrp_cdbm, (gint16)(((gint)rxlev - 111) * 100));
}

gboolean modem_cell_set_rscp(Cell *cell, gint32 rscp_dbm, gint32 ecio_db)
{
	if (!modem_within(rscp_dbm, -120, -20))
		return FALSE;
	CELL_SET(cell, rsrp_cdbm, (gint16)(rscp_dbm * 100));
	if (modem_within(ecio_db, -32, 0))
		CELL_SET(cell, rsrq_cdb, (gint16)(ecio_db * 100));
	return TRUE;
}

gboolean modem_cell_add(Observation *o, const Cell *cell)
{
	CellList *cells = &o->radio.cells;
	if (!CELL_HAS(cell, pci) && !CELL_HAS(cell, cell_id) && !CELL_HAS(cell, rsrp_cdbm))
		return FALSE;
	if (!RADIO_HAS(o, cells)) {
		cells->n = 0;
		o->present |= OBSERVATION_BIT(RADIO_ID_cells);
	}
	if (cells->n < OBSERVATION_MAX_CELLS)
		cells->cell[cells->n++] = *cell;
	return TRUE;
}

const Cell *modem_cell_find_serving(const Observation *o)
{
	for (guint i = 0; RADIO_HAS(o, cells) && i < o->radio.cells.n; i++) {
		const Cell *cell = &o->radio.cells.cell[i];
		if (CELL_HAS(cell, serving) && (!RADIO_HAS(o, rat) || cell->rat == o->radio.rat))
			return cell;
	}
	return NULL;
}
