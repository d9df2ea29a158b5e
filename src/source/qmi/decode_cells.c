/* The cells of NAS 0x43, and what follows from them together with the other answers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/qmi/decode.h"

#include "source/modem/cells.h"
#include "source/modem/counters.h"
#include "source/modem/values.h"

/* LTE and NR measurements in tenths. */
static void set_lte_values(Cell *cell, gint16 rsrp_ddbm, gint16 rsrq_ddb, gint16 rssi_ddbm)
{
	if (modem_is_rsrp(rsrp_ddbm / 10))
		CELL_SET(cell, rsrp_cdbm, (gint16)(rsrp_ddbm * 10));
	if (modem_is_rsrp(rsrp_ddbm / 10) && modem_is_rsrq(rsrq_ddb / 10))
		CELL_SET(cell, rsrq_cdb, (gint16)(rsrq_ddb * 10));
	if (modem_is_rssi(rssi_ddbm / 10))
		CELL_SET(cell, rssi_cdbm, (gint16)(rssi_ddbm * 10));
}

/* The serving carrier's, whose upper bits 0x31 has room for. */
static guint32 serving_earfcn(const Observation *o, const QmiEarfcns *earfcns, guint16 low)
{
	gboolean same = RADIO_HAS(o, arfcn) && o->radio.rat == RAT_LTE && (o->radio.arfcn & 0xffff) == low;
	return same ? o->radio.arfcn : qmi_earfcns_widen(earfcns, low);
}

static void decode_lte_intra(QmiMessageNasGetCellLocationInfoOutput *answer, const QmiEarfcns *earfcns, Observation *o)
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
		Cell cell = modem_cell_make(RAT_LTE, serving_earfcn(o, earfcns, earfcn), e->physical_cell_id);
		set_lte_values(&cell, e->rsrp, e->rsrq, e->rssi);
		if (CELL_HAS(&cell, pci) && e->physical_cell_id == serving) {
			CELL_SET(&cell, serving, TRUE);
			if (modem_is_cell_id(cell_id))
				CELL_SET(&cell, cell_id, cell_id);
		}
		modem_cell_add(o, &cell);
	}
}

static void decode_lte_inter(QmiMessageNasGetCellLocationInfoOutput *answer, const QmiEarfcns *earfcns, Observation *o)
{
	GArray *frequencies = NULL;
	if (!qmi_message_nas_get_cell_location_info_output_get_interfrequency_lte_info(answer, NULL, &frequencies, NULL))
		return;
	for (guint f = 0; f < frequencies->len; f++) {
		const QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElement *frequency = &g_array_index(
			frequencies, QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElement, f);
		guint32 earfcn = qmi_earfcns_widen(earfcns, frequency->eutra_absolute_rf_channel_number);
		for (guint i = 0; i < frequency->cell->len; i++) {
			const QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElementCellElement *e =
				&g_array_index(frequency->cell,
					       QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElementCellElement, i);
			Cell cell = modem_cell_make(RAT_LTE, earfcn, e->physical_cell_id);
			set_lte_values(&cell, e->rsrp, e->rsrq, e->rssi);
			modem_cell_add(o, &cell);
		}
	}
}

static void decode_umts_cells(QmiMessageNasGetCellLocationInfoOutput *answer, Observation *o)
{
	guint16 uarfcn, psc;
	guint32 cell_id; /* with the RNC's number, for which the 16 bits beside the PLMN have no room */
	gint16 rscp, ecio;
	GArray *cells = NULL;
	if (!qmi_message_nas_get_cell_location_info_output_get_umts_info_v2(answer, NULL, NULL, NULL, &uarfcn, &psc, &rscp, &ecio,
									   &cells, NULL, NULL))
		return;
	Cell serving = modem_cell_make(RAT_UMTS, uarfcn, psc);
	if (modem_cell_set_rscp(&serving, rscp, ecio))
		RADIO_SET(o, umts_rscp_dbm, rscp);
	CELL_SET(&serving, serving, TRUE);
	if (qmi_message_nas_get_cell_location_info_output_get_umts_cell_id(answer, &cell_id, NULL) && modem_is_cell_id(cell_id))
		CELL_SET(&serving, cell_id, cell_id);
	modem_cell_add(o, &serving);
	for (guint i = 0; i < cells->len; i++) {
		const QmiMessageNasGetCellLocationInfoOutputUmtsInfoV2CellElement *e =
			&g_array_index(cells, QmiMessageNasGetCellLocationInfoOutputUmtsInfoV2CellElement, i);
		Cell cell = modem_cell_make(RAT_UMTS, e->utra_absolute_rf_channel_number, e->primary_scrambling_code);
		modem_cell_set_rscp(&cell, e->rscp, e->ecio);
		modem_cell_add(o, &cell);
	}
}

static Cell make_gsm_cell(guint16 arfcn, guint8 bsic, guint16 rxlev, guint32 cell_id)
{
	Cell cell = modem_cell_make(RAT_GSM, arfcn, bsic);
	modem_cell_set_rxlev(&cell, rxlev);
	if (modem_is_cell_id(cell_id))
		CELL_SET(&cell, cell_id, cell_id);
	return cell;
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
	Cell serving = make_gsm_cell(arfcn, bsic, rxlev, cell_id);
	CELL_SET(&serving, serving, TRUE);
	modem_cell_add(o, &serving);
	for (guint i = 0; i < cells->len; i++) {
		const QmiMessageNasGetCellLocationInfoOutputGeranInfoV2CellElement *e =
			&g_array_index(cells, QmiMessageNasGetCellLocationInfoOutputGeranInfoV2CellElement, i);
		Cell cell = make_gsm_cell(e->geran_absolute_rf_channel_number, e->base_station_identity_code, e->rx_level, e->cell_id);
		modem_cell_add(o, &cell);
	}
}

static void decode_nr_cell(QmiMessageNasGetCellLocationInfoOutput *answer, Observation *o)
{
	guint64 cell_id;
	guint16 pci;
	gint16 rsrq, rsrp;
	guint32 arfcn = G_MAXUINT32;
	GArray *tac = NULL;
	if (!qmi_message_nas_get_cell_location_info_output_get_nr5g_cell_information(answer, NULL, &tac, &cell_id, &pci, &rsrq, &rsrp,
										    NULL, NULL))
		return;
	qmi_message_nas_get_cell_location_info_output_get_nr5g_arfcn(answer, &arfcn, NULL);
	Cell cell = modem_cell_make(RAT_NR, arfcn, pci);
	set_lte_values(&cell, rsrp, rsrq, 0);
	CELL_SET(&cell, serving, TRUE);
	if (modem_is_nr_cell_id(cell_id))
		CELL_SET(&cell, cell_id, cell_id);
	modem_cell_add(o, &cell);
	if (RADIO_HAS(o, rat) && o->radio.rat == RAT_NR && !RADIO_HAS(o, tac))
		qmi_set_nr_tac(tac, o);
}

void qmi_decode_cell_location(QmiMessageNasGetCellLocationInfoOutput *answer, const QmiEarfcns *earfcns, Observation *o)
{
	guint32 advance_us;
	decode_lte_intra(answer, earfcns, o);
	decode_nr_cell(answer, o);
	decode_umts_cells(answer, o);
	decode_gsm_cells(answer, o);
	decode_lte_inter(answer, earfcns, o);
	/* At most 1,282 steps of 16 Ts, TS 36.213 4.2.3: 668 us. */
	if (qmi_message_nas_get_cell_location_info_output_get_lte_info_timing_advance(answer, &advance_us, NULL) && advance_us <= 668)
		RADIO_SET(o, timing_advance_us, advance_us);
}

void qmi_decode_finish(Observation *o)
{
	const Cell *serving = modem_cell_find_serving(o);
	modem_counters_finish(o);
	if (!serving)
		return;
	if (CELL_HAS(serving, pci))
		RADIO_SET(o, pci, serving->pci);
	if (CELL_HAS(serving, cell_id) && !RADIO_HAS(o, cell_id))
		RADIO_SET(o, cell_id, serving->cell_id);
	/* An EARFCN from here would be its low 16 bits. */
	if (CELL_HAS(serving, arfcn) && !RADIO_HAS(o, arfcn) && serving->rat != RAT_LTE)
		RADIO_SET(o, arfcn, serving->arfcn);
}
