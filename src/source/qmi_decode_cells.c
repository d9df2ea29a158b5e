/* The cells of NAS 0x43, and what follows from them together with the other answers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/qmi_decode.h"

#include "source/qmi_values.h"

/* A new last cell, or NULL when the list is full (the modem's order is strongest first: what is cut is the weakest). */
static Cell *add_cell(Observation *o, Rat rat, guint32 arfcn, guint16 pci)
{
	CellList *cells = &o->radio.cells;
	if (!RADIO_HAS(o, cells)) {
		cells->n = 0;
		o->present |= OBSERVATION_BIT(RADIO_ID_cells);
	}
	if (cells->n == OBSERVATION_MAX_CELLS)
		return NULL;
	Cell *cell = &cells->cell[cells->n++];
	*cell = (Cell){0};
	CELL_SET(cell, rat, (guint8)rat);
	CELL_SET(cell, arfcn, arfcn);
	CELL_SET(cell, pci, pci);
	return cell;
}

/* LTE measurements in tenths. */
static void set_lte_values(Cell *cell, gint16 rsrp_ddbm, gint16 rsrq_ddb, gint16 rssi_ddbm)
{
	if (!cell)
		return;
	if (qmi_is_rsrp(rsrp_ddbm / 10))
		CELL_SET(cell, rsrp_cdbm, (gint16)(rsrp_ddbm * 10));
	if (qmi_is_rsrp(rsrp_ddbm / 10) && qmi_is_rsrq(rsrq_ddb / 10))
		CELL_SET(cell, rsrq_cdb, (gint16)(rsrq_ddb * 10));
	if (qmi_is_rssi(rssi_ddbm / 10))
		CELL_SET(cell, rssi_cdbm, (gint16)(rssi_ddbm * 10));
}

static void decode_lte_intra(QmiMessageNasGetCellLocationInfoOutput *answer, Observation *o)
{
	guint16 earfcn, serving;
	guint32 cell_id;
	GArray *cells = NULL;
	if (!qmi_message_nas_get_cell_location_info_output_get_intrafrequency_lte_info_v2(
		    answer, NULL, NULL, NULL, &cell_id, &earfcn, &serving, NULL, NULL, NULL, NULL, &cells, NULL))
		return;
	for (guint i = 0; i < cells->len; i++) {
		const QmiMessageNasGetCellLocationInfoOutputIntrafrequencyLteInfoV2CellElement *e =
			&g_array_index(cells, QmiMessageNasGetCellLocationInfoOutputIntrafrequencyLteInfoV2CellElement, i);
		Cell *cell = add_cell(o, RAT_LTE, earfcn, e->physical_cell_id);
		set_lte_values(cell, e->rsrp, e->rsrq, e->rssi);
		if (!cell || e->physical_cell_id != serving)
			continue;
		CELL_SET(cell, serving, TRUE);
		if (cell_id != G_MAXUINT32)
			CELL_SET(cell, cell_id, cell_id);
	}
	if (serving <= 503)
		RADIO_SET(o, pci, serving);
}

static void decode_lte_inter(QmiMessageNasGetCellLocationInfoOutput *answer, Observation *o)
{
	GArray *frequencies = NULL;
	if (!qmi_message_nas_get_cell_location_info_output_get_interfrequency_lte_info(answer, NULL, &frequencies, NULL))
		return;
	for (guint f = 0; f < frequencies->len; f++) {
		const QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElement *frequency = &g_array_index(
			frequencies, QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElement, f);
		for (guint i = 0; i < frequency->cell->len; i++) {
			const QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElementCellElement *e =
				&g_array_index(frequency->cell,
					       QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElementCellElement, i);
			set_lte_values(add_cell(o, RAT_LTE, frequency->eutra_absolute_rf_channel_number, e->physical_cell_id),
				       e->rsrp, e->rsrq, e->rssi);
		}
	}
}

/* RSCP in dBm and Ec/Io in dB, both negative; tenths would be out of these ranges. */
static void set_umts_values(Cell *cell, gint16 rscp_dbm, gint16 ecio_db)
{
	if (cell && qmi_within(rscp_dbm, -120, -20))
		CELL_SET(cell, rsrp_cdbm, (gint16)(rscp_dbm * 100));
	if (cell && qmi_within(ecio_db, -32, 0))
		CELL_SET(cell, rsrq_cdb, (gint16)(ecio_db * 100));
}

static void decode_umts_cells(QmiMessageNasGetCellLocationInfoOutput *answer, Observation *o)
{
	guint16 uarfcn, psc;
	gint16 rscp, ecio;
	GArray *cells = NULL;
	if (!qmi_message_nas_get_cell_location_info_output_get_umts_info_v2(answer, NULL, NULL, NULL, &uarfcn, &psc, &rscp, &ecio,
									   &cells, NULL, NULL))
		return;
	Cell *serving = add_cell(o, RAT_UMTS, uarfcn, psc);
	set_umts_values(serving, rscp, ecio);
	if (serving)
		CELL_SET(serving, serving, TRUE);
	if (qmi_within(rscp, -120, -20))
		RADIO_SET(o, umts_rscp_dbm, rscp);
	RADIO_SET(o, pci, psc);
	for (guint i = 0; i < cells->len; i++) {
		const QmiMessageNasGetCellLocationInfoOutputUmtsInfoV2CellElement *e =
			&g_array_index(cells, QmiMessageNasGetCellLocationInfoOutputUmtsInfoV2CellElement, i);
		set_umts_values(add_cell(o, RAT_UMTS, e->utra_absolute_rf_channel_number, e->primary_scrambling_code), e->rscp,
				e->ecio);
	}
}

/* RXLEV 0..63 means -110..-48 dBm and above (3GPP TS 45.008 8.1.4). */
static void set_gsm_values(Cell *cell, guint rxlev)
{
	if (cell && rxlev <= 63)
		CELL_SET(cell, rsrp_cdbm, (gint16)(((gint)rxlev - 111) * 100));
}

static void decode_gsm_cells(QmiMessageNasGetCellLocationInfoOutput *answer, Observation *o)
{
	guint16 arfcn, rxlev;
	guint8 bsic;
	guint32 cell_id;
	GArray *cells = NULL;
	if (!qmi_message_nas_get_cell_location_info_output_get_geran_info_v2(answer, &cell_id, NULL, NULL, &arfcn, &bsic, NULL,
									    &rxlev, &cells, NULL))
		return;
	Cell *serving = add_cell(o, RAT_GSM, arfcn, bsic);
	set_gsm_values(serving, rxlev);
	if (serving)
		CELL_SET(serving, serving, TRUE);
	if (serving && cell_id != G_MAXUINT32)
		CELL_SET(serving, cell_id, cell_id);
	RADIO_SET(o, pci, bsic);
	for (guint i = 0; i < cells->len; i++) {
		const QmiMessageNasGetCellLocationInfoOutputGeranInfoV2CellElement *e =
			&g_array_index(cells, QmiMessageNasGetCellLocationInfoOutputGeranInfoV2CellElement, i);
		set_gsm_values(add_cell(o, RAT_GSM, e->geran_absolute_rf_channel_number, e->base_station_identity_code), e->rx_level);
	}
}

static void decode_nr_cell(QmiMessageNasGetCellLocationInfoOutput *answer, Observation *o)
{
	guint64 cell_id;
	guint16 pci;
	gint16 rsrq, rsrp;
	guint32 arfcn;
	if (!qmi_message_nas_get_cell_location_info_output_get_nr5g_cell_information(answer, NULL, NULL, &cell_id, &pci, &rsrq, &rsrp,
										    NULL, NULL))
		return;
	if (!qmi_message_nas_get_cell_location_info_output_get_nr5g_arfcn(answer, &arfcn, NULL))
		return;
	Cell *cell = add_cell(o, RAT_NR, arfcn, pci);
	set_lte_values(cell, rsrp, rsrq, 0);
	if (!cell)
		return;
	CELL_SET(cell, serving, TRUE);
	if (cell_id < G_GUINT64_CONSTANT(1) << 36)
		CELL_SET(cell, cell_id, cell_id);
}

void qmi_decode_cell_location(QmiMessageNasGetCellLocationInfoOutput *answer, Observation *o)
{
	guint32 advance;
	decode_lte_intra(answer, o);
	decode_nr_cell(answer, o);
	decode_umts_cells(answer, o);
	decode_gsm_cells(answer, o);
	decode_lte_inter(answer, o);
	if (qmi_message_nas_get_cell_location_info_output_get_lte_info_timing_advance(answer, &advance, NULL) && advance != G_MAXUINT32)
		RADIO_SET(o, timing_advance_us, advance);
}

void qmi_decode_finish(Observation *o)
{
	if (!RADIO_HAS(o, cells))
		return;
	for (guint i = 0; i < o->radio.cells.n; i++) {
		Cell *cell = &o->radio.cells.cell[i];
		if (!CELL_HAS(cell, serving) || RADIO_HAS(o, cell_id) || !CELL_HAS(cell, cell_id) || cell->rat != o->radio.rat)
			continue;
		RADIO_SET(o, cell_id, cell->cell_id); /* NR: only here are all 36 bits */
	}
	if (!RADIO_HAS(o, arfcn))
		return;
	for (guint i = 0; i < o->radio.cells.n; i++) {
		Cell *cell = &o->radio.cells.cell[i];
		if (cell->rat == RAT_LTE && o->radio.rat == RAT_LTE && cell->arfcn == (o->radio.arfcn & 0xffff))
			cell->arfcn = o->radio.arfcn; /* the same carrier, whose upper bits 0x43 has no room for */
	}
}
