/* The cells of NAS 0x43, and what follows from them together with the other answers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/qmi/decode.h"

#include "source/modem/values.h"

/* A cell with its channel and physical identity, each of which may be one of the protocol's codes for "unknown". Highest
 * values: TS 45.005 2, TS 23.003 4.3.2 (BSIC); TS 25.101 5.4, TS 25.213 5.2; TS 36.101 5.7.3, TS 36.211 6.11; TS 38.104 5.4.2,
 * TS 38.211 7.4.2. */
static Cell cell_make(Rat rat, guint32 arfcn, guint pci)
{
	static const struct {
		guint32 arfcn;
		guint pci;
	} highest[] = {[RAT_GSM] = {1023, 63}, [RAT_UMTS] = {16383, 511}, [RAT_LTE] = {262143, 503}, [RAT_NR] = {3279165, 1007}};
	Cell cell = {0};
	CELL_SET(&cell, rat, (guint8)rat);
	if (arfcn <= highest[rat].arfcn)
		CELL_SET(&cell, arfcn, arfcn);
	if (pci <= highest[rat].pci)
		CELL_SET(&cell, pci, (guint16)pci);
	return cell;
}

/* Cells beyond the list's end are left out: it is the modem's order, and those are neighbours of the last carrier. */
static void add_cell(Observation *o, const Cell *cell)
{
	CellList *cells = &o->radio.cells;
	if (!CELL_HAS(cell, pci) && !CELL_HAS(cell, rsrp_cdbm))
		return; /* a row of "unknown" codes, not a cell */
	if (!RADIO_HAS(o, cells)) {
		cells->n = 0;
		o->present |= OBSERVATION_BIT(RADIO_ID_cells);
	}
	if (cells->n < OBSERVATION_MAX_CELLS)
		cells->cell[cells->n++] = *cell;
}

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

/* All 16 bits set stand for "unknown" here, although a high EARFCN may end in them. */
static guint32 earfcn_from_16_bits(guint16 low)
{
	return low == G_MAXUINT16 ? G_MAXUINT32 : low;
}

/* The serving carrier's, whose upper bits only 0x31 has room for. */
static guint32 serving_earfcn(const Observation *o, guint16 low)
{
	gboolean same = RADIO_HAS(o, arfcn) && o->radio.rat == RAT_LTE && (o->radio.arfcn & 0xffff) == low;
	return same ? o->radio.arfcn : earfcn_from_16_bits(low);
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
		Cell cell = cell_make(RAT_LTE, serving_earfcn(o, earfcn), e->physical_cell_id);
		set_lte_values(&cell, e->rsrp, e->rsrq, e->rssi);
		if (e->physical_cell_id == serving) {
			CELL_SET(&cell, serving, TRUE);
			if (modem_is_cell_id(cell_id))
				CELL_SET(&cell, cell_id, cell_id);
		}
		add_cell(o, &cell);
	}
}

static void decode_lte_inter(QmiMessageNasGetCellLocationInfoOutput *answer, Observation *o)
{
	GArray *frequencies = NULL;
	if (!qmi_message_nas_get_cell_location_info_output_get_interfrequency_lte_info(answer, NULL, &frequencies, NULL))
		return;
	for (guint f = 0; f < frequencies->len; f++) {
		const QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElement *frequency = &g_array_index(
			frequencies, QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElement, f);
		guint32 earfcn = earfcn_from_16_bits(frequency->eutra_absolute_rf_channel_number);
		for (guint i = 0; i < frequency->cell->len; i++) {
			const QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElementCellElement *e =
				&g_array_index(frequency->cell,
					       QmiMessageNasGetCellLocationInfoOutputInterfrequencyLteInfoFrequencyElementCellElement, i);
			Cell cell = cell_make(RAT_LTE, earfcn, e->physical_cell_id);
			set_lte_values(&cell, e->rsrp, e->rsrq, e->rssi);
			add_cell(o, &cell);
		}
	}
}

static gboolean is_rscp(gint dbm)
{
	return modem_within(dbm, -120, -20);
}

/* RSCP in dBm and Ec/Io in dB, both negative; tenths would be out of these ranges. */
static void set_umts_values(Cell *cell, gint16 rscp_dbm, gint16 ecio_db)
{
	if (!is_rscp(rscp_dbm))
		return;
	CELL_SET(cell, rsrp_cdbm, (gint16)(rscp_dbm * 100));
	if (modem_within(ecio_db, -32, 0))
		CELL_SET(cell, rsrq_cdb, (gint16)(ecio_db * 100));
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
	Cell serving = cell_make(RAT_UMTS, uarfcn, psc);
	set_umts_values(&serving, rscp, ecio);
	CELL_SET(&serving, serving, TRUE);
	if (qmi_message_nas_get_cell_location_info_output_get_umts_cell_id(answer, &cell_id, NULL) && modem_is_cell_id(cell_id))
		CELL_SET(&serving, cell_id, cell_id);
	add_cell(o, &serving);
	if (is_rscp(rscp))
		RADIO_SET(o, umts_rscp_dbm, rscp);
	for (guint i = 0; i < cells->len; i++) {
		const QmiMessageNasGetCellLocationInfoOutputUmtsInfoV2CellElement *e =
			&g_array_index(cells, QmiMessageNasGetCellLocationInfoOutputUmtsInfoV2CellElement, i);
		Cell cell = cell_make(RAT_UMTS, e->utra_absolute_rf_channel_number, e->primary_scrambling_code);
		set_umts_values(&cell, e->rscp, e->ecio);
		add_cell(o, &cell);
	}
}

/* RXLEV 0..63 means -110..-48 dBm and above (3GPP TS 45.008 8.1.4). */
static Cell make_gsm_cell(guint16 arfcn, guint8 bsic, guint16 rxlev, guint32 cell_id)
{
	Cell cell = cell_make(RAT_GSM, arfcn, bsic);
	if (rxlev <= 63)
		CELL_SET(&cell, rsrp_cdbm, (gint16)((rxlev - 111) * 100));
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
	add_cell(o, &serving);
	for (guint i = 0; i < cells->len; i++) {
		const QmiMessageNasGetCellLocationInfoOutputGeranInfoV2CellElement *e =
			&g_array_index(cells, QmiMessageNasGetCellLocationInfoOutputGeranInfoV2CellElement, i);
		Cell cell = make_gsm_cell(e->geran_absolute_rf_channel_number, e->base_station_identity_code, e->rx_level, e->cell_id);
		add_cell(o, &cell);
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
	Cell cell = cell_make(RAT_NR, arfcn, pci);
	set_lte_values(&cell, rsrp, rsrq, 0);
	CELL_SET(&cell, serving, TRUE);
	if (modem_is_nr_cell_id(cell_id))
		CELL_SET(&cell, cell_id, cell_id);
	add_cell(o, &cell);
	if (RADIO_HAS(o, rat) && o->radio.rat == RAT_NR && !RADIO_HAS(o, tac))
		qmi_set_nr_tac(tac, o);
}

void qmi_decode_cell_location(QmiMessageNasGetCellLocationInfoOutput *answer, Observation *o)
{
	guint32 advance_us;
	decode_lte_intra(answer, o);
	decode_nr_cell(answer, o);
	decode_umts_cells(answer, o);
	decode_gsm_cells(answer, o);
	decode_lte_inter(answer, o);
	/* At most 1,282 steps of 16 Ts, TS 36.213 4.2.3: 668 us. */
	if (qmi_message_nas_get_cell_location_info_output_get_lte_info_timing_advance(answer, &advance_us, NULL) && advance_us <= 668)
		RADIO_SET(o, timing_advance_us, advance_us);
}

/* The serving cell of the RAT that serves us: beside it there is an NR one in NSA, and firmware may keep showing an old one. */
static const Cell *find_serving_cell(const Observation *o)
{
	for (guint i = 0; RADIO_HAS(o, cells) && i < o->radio.cells.n; i++) {
		const Cell *cell = &o->radio.cells.cell[i];
		if (CELL_HAS(cell, serving) && (!RADIO_HAS(o, rat) || cell->rat == o->radio.rat))
			return cell;
	}
	return NULL;
}

void qmi_decode_finish(Observation *o)
{
	const Cell *serving = find_serving_cell(o);
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
