/* The cells of Base Stations Info, v1 and v3.
 *
 * Their numbers are those of Microsoft's WWAN_*_CELL_INFO structures in wwan.h ("Use 0xFFFFFFFF when not available"):
 *   LTE  RSRP -140..-44 dBm and RSRQ -20..-3 dB as signed integers; timing advance 0..255 of a unit that no document names
 *   NR   RSRP 0..127 for -156..-31 dBm; RSRQ 0..127 for -43..20 dB; SINR 0..127 for -23..40 dB: steps of 1, 0.5 and 0.5 dB, as
 *        in TS 38.133 10.1.6, 10.1.11 and 10.1.16; timing advance in microseconds
 *   UMTS RSCP in dBm, 0 unknown; Ec/No in dB, 1 unknown
 *   GSM  RXLEV 0..63
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/mbim/decode.h"

#include "source/modem/cells.h"
#include "source/modem/values.h"

/* At most 3,846 steps of 16 * 64 Tc at a subcarrier spacing of 15 kHz, TS 38.213 4.2: 2,003 us. */
#define NR_ADVANCE_MAX_US 2003

/* What v1 and v3 have in common, and the NR of v3. */
typedef struct {
	MbimCellInfoServingGsm *gsm;
	MbimCellInfoServingUmts *umts;
	MbimCellInfoServingLte *lte;
	MbimCellInfoServingNrArray *nr; /* NULL-terminated, as all lists of libmbim are; NULL: none */
	MbimCellInfoNeighboringGsmArray *gsm_neighbours;
	MbimCellInfoNeighboringUmtsArray *umts_neighbours;
	MbimCellInfoNeighboringLteArray *lte_neighbours;
	MbimCellInfoNeighboringNrArray *nr_neighbours;
} Stations;

static void stations_clear(Stations *stations)
{
	g_clear_pointer(&stations->gsm, mbim_cell_info_serving_gsm_free);
	g_clear_pointer(&stations->umts, mbim_cell_info_serving_umts_free);
	g_clear_pointer(&stations->lte, mbim_cell_info_serving_lte_free);
	g_clear_pointer(&stations->nr, mbim_cell_info_serving_nr_array_free);
	g_clear_pointer(&stations->gsm_neighbours, mbim_cell_info_neighboring_gsm_array_free);
	g_clear_pointer(&stations->umts_neighbours, mbim_cell_info_neighboring_umts_array_free);
	g_clear_pointer(&stations->lte_neighbours, mbim_cell_info_neighboring_lte_array_free);
	g_clear_pointer(&stations->nr_neighbours, mbim_cell_info_neighboring_nr_array_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stations, stations_clear)

static gboolean is_told(const Cell *cell)
{
	return CELL_HAS(cell, pci) || CELL_HAS(cell, cell_id) || CELL_HAS(cell, rsrp_cdbm);
}

/* FALSE: firmware filled the structure with "unknown" where it should have left it out. `last_area`: the area code that is none,
 * all ones (TS 24.008 10.5.1.3, TS 23.003 19.4.2.3). */
static gboolean add_serving(Cell *cell, const char *plmn, guint32 area, guint32 last_area, MbimFacts *facts, Observation *o)
{
	MbimServing *serving = &facts->serving[cell->rat];
	if (!is_told(cell))
		return FALSE;
	CELL_SET(cell, serving, TRUE);
	modem_cell_add(o, cell);
	if (serving->found)
		return TRUE; /* the first of several NR cells is the primary one */
	serving->found = TRUE;
	serving->has_area = area < last_area;
	serving->area = area;
	mbim_decode_plmn(plmn, serving->plmn);
	return TRUE;
}

/* --- LTE --- */

static void set_lte_values(Cell *cell, gint32 rsrp_dbm, gint32 rsrq_db)
{
	if (!modem_is_rsrp(rsrp_dbm))
		return;
	CELL_SET(cell, rsrp_cdbm, (gint16)(rsrp_dbm * 100));
	if (rsrq_db != -1 && modem_is_rsrq(rsrq_db)) /* -1 is 0xFFFFFFFF */
		CELL_SET(cell, rsrq_cdb, (gint16)(rsrq_db * 100));
}

static Cell make_lte_cell(guint32 earfcn, guint32 pci, guint32 cell_id, gint32 rsrp_dbm, gint32 rsrq_db)
{
	Cell cell = modem_cell_make(RAT_LTE, earfcn, pci);
	set_lte_values(&cell, rsrp_dbm, rsrq_db);
	if (modem_is_cell_id(cell_id))
		CELL_SET(&cell, cell_id, cell_id);
	return cell;
}

static void add_lte_serving(const MbimCellInfoServingLte *lte, MbimFacts *facts, Observation *o)
{
	Cell cell = make_lte_cell(lte->earfcn, lte->physical_cell_id, lte->cell_id, lte->rsrp, lte->rsrq);
	if (!add_serving(&cell, lte->provider_id, lte->tac, G_MAXUINT16, facts, o))
		return;
	/* Signal State of MBIMEx 2 tells the same, but older modems have nothing else. */
	if (CELL_HAS(&cell, rsrp_cdbm) && !RADIO_HAS(o, lte_rsrp_dbm))
		RADIO_SET(o, lte_rsrp_dbm, (gint16)lte->rsrp);
	if (CELL_HAS(&cell, rsrq_cdb))
		RADIO_SET(o, lte_rsrq_db, (gint16)lte->rsrq);
}

/* --- NR --- */

static void set_nr_values(Cell *cell, guint32 rsrp, guint32 rsrq)
{
	if (rsrp > 126)
		return;
	CELL_SET(cell, rsrp_cdbm, (gint16)(((gint)rsrp - 156) * 100));
	if (rsrq <= 126)
		CELL_SET(cell, rsrq_cdb, (gint16)((gint)rsrq * 50 - 4300));
}

static gint16 whole_db(gint16 cdb)
{
	return (gint16)((cdb + (cdb < 0 ? -50 : 50)) / 100);
}

static void add_nr_serving(const MbimCellInfoServingNr *nr, MbimFacts *facts, Observation *o)
{
	Cell cell = modem_cell_make(RAT_NR, nr->nrarfcn, nr->physical_cell_id);
	const gboolean first = !facts->serving[RAT_NR].found;
	set_nr_values(&cell, nr->rsrp, nr->rsrq);
	/* All ones in the low 32 bits is "unknown" to wwan.h, all ones in 64 to libmbim. */
	if (modem_is_nr_cell_id(nr->nci) && nr->nci != G_MAXUINT32)
		CELL_SET(&cell, cell_id, nr->nci);
	if (!add_serving(&cell, nr->provider_id, nr->tac, 0xffffff, facts, o) || !first)
		return;
	if (CELL_HAS(&cell, rsrp_cdbm) && !RADIO_HAS(o, nr_rsrp_dbm))
		RADIO_SET(o, nr_rsrp_dbm, (gint16)(cell.rsrp_cdbm / 100));
	if (CELL_HAS(&cell, rsrq_cdb))
		RADIO_SET(o, nr_rsrq_db, whole_db(cell.rsrq_cdb));
	if (CELL_HAS(&cell, rsrp_cdbm) && nr->sinr <= 127 && !RADIO_HAS(o, nr_snr_cdb))
		RADIO_SET(o, nr_snr_cdb, (gint16)((gint)nr->sinr * 50 - 2300));
	facts->has_nr_advance = nr->timing_advance <= NR_ADVANCE_MAX_US;
	facts->nr_advance_us = (guint32)MIN(nr->timing_advance, NR_ADVANCE_MAX_US);
}

/* --- UMTS and GSM --- */

static Cell make_umts_cell(guint32 uarfcn, guint32 psc, guint32 cell_id, gint32 rscp_dbm, gint32 ecno_db)
{
	Cell cell = modem_cell_make(RAT_UMTS, uarfcn, psc);
	modem_cell_set_rscp(&cell, rscp_dbm, ecno_db);
	if (modem_is_cell_id(cell_id))
		CELL_SET(&cell, cell_id, cell_id);
	return cell;
}

static Cell make_gsm_cell(guint32 arfcn, guint32 bsic, guint32 cell_id, guint32 rxlev)
{
	Cell cell = modem_cell_make(RAT_GSM, arfcn, bsic);
	modem_cell_set_rxlev(&cell, rxlev);
	if (cell_id <= G_MAXUINT16) /* TS 23.003 4.3.1 */
		CELL_SET(&cell, cell_id, cell_id);
	return cell;
}

static void add_old_serving(const Stations *stations, MbimFacts *facts, Observation *o)
{
	if (stations->umts) {
		const MbimCellInfoServingUmts *umts = stations->umts;
		Cell cell = make_umts_cell(umts->uarfcn, umts->primary_scrambling_code, umts->cell_id, umts->rscp, umts->ecno);
		add_serving(&cell, umts->provider_id, umts->location_area_code, G_MAXUINT16, facts, o);
	}
	if (stations->gsm) {
		const MbimCellInfoServingGsm *gsm = stations->gsm;
		Cell cell = make_gsm_cell(gsm->arfcn, gsm->base_station_id, gsm->cell_id, gsm->rx_level);
		add_serving(&cell, gsm->provider_id, gsm->location_area_code, G_MAXUINT16, facts, o);
	}
}

/* --- all of them --- */

static void add_neighbours(const Stations *stations, Observation *o)
{
	for (guint i = 0; stations->lte_neighbours && stations->lte_neighbours[i]; i++) {
		const MbimCellInfoNeighboringLte *e = stations->lte_neighbours[i];
		Cell cell = make_lte_cell(e->earfcn, e->physical_cell_id, e->cell_id, e->rsrp, e->rsrq);
		modem_cell_add(o, &cell);
	}
	for (guint i = 0; stations->nr_neighbours && stations->nr_neighbours[i]; i++) {
		const MbimCellInfoNeighboringNr *e = stations->nr_neighbours[i];
		Cell cell = modem_cell_make(RAT_NR, G_MAXUINT32, e->physical_cell_id); /* no channel is told */
		set_nr_values(&cell, e->rsrp, e->rsrq);
		modem_cell_add(o, &cell);
	}
	for (guint i = 0; stations->umts_neighbours && stations->umts_neighbours[i]; i++) {
		const MbimCellInfoNeighboringUmts *e = stations->umts_neighbours[i];
		Cell cell = make_umts_cell(e->uarfcn, e->primary_scrambling_code, e->cell_id, e->rscp, e->ecno);
		modem_cell_add(o, &cell);
	}
	for (guint i = 0; stations->gsm_neighbours && stations->gsm_neighbours[i]; i++) {
		const MbimCellInfoNeighboringGsm *e = stations->gsm_neighbours[i];
		Cell cell = make_gsm_cell(e->arfcn, e->base_station_id, e->cell_id, e->rx_level);
		modem_cell_add(o, &cell);
	}
}

static gboolean parse(const MbimMessage *answer, guint version, Stations *s)
{
	guint32 n;
	if (version >= 3)
		return mbim_message_ms_basic_connect_extensions_v3_base_stations_info_response_parse(
			answer, NULL, NULL, &s->gsm, &s->umts, NULL, &s->lte, &n, &s->gsm_neighbours, &n, &s->umts_neighbours, NULL, NULL,
			&n, &s->lte_neighbours, NULL, NULL, &n, &s->nr, &n, &s->nr_neighbours, NULL);
	return mbim_message_ms_basic_connect_extensions_base_stations_info_response_parse(
		answer, NULL, &s->gsm, &s->umts, NULL, &s->lte, &n, &s->gsm_neighbours, &n, &s->umts_neighbours, NULL, NULL, &n,
		&s->lte_neighbours, NULL, NULL, NULL);
}

gboolean mbim_decode_base_stations(const MbimMessage *answer, MbimFacts *facts, Observation *o)
{
	g_auto(Stations) stations = {0};
	if (!parse(answer, facts->version, &stations))
		return FALSE;
	facts->stations_told = TRUE;
	if (stations.lte)
		add_lte_serving(stations.lte, facts, o);
	for (guint i = 0; stations.nr && stations.nr[i]; i++)
		add_nr_serving(stations.nr[i], facts, o);
	add_old_serving(&stations, facts, o);
	add_neighbours(&stations, o);
	return TRUE;
}
