/* nas_cells.c - Cell Location Info 0x43: the serving cell and its neighbours, by technology.
 *
 * A modem camped on LTE sends 13, 14, 15, 16 and 1E, one on UMTS 11, 17 and 18, one on GSM 10, one that uses NR 2E
 * and 2F. The EARFCN is 16 bits wide in 13, 14 and 18: what does not fit is cut off, as firmware does (modems in bands
 * 66 and 71 show it). Newer firmware tells all of it once more, in 32 bits: 27, 28 and 29, in the order of 13, 14
 * and 18; so do these modems where something was cut off. Values of cell reselection (S levels, priorities) are
 * valid in idle mode only and 0 otherwise.
 *
 * Sources: libqmi data/qmi-service-nas.json; for 27 to 29, which libqmi does not know, the decoders of Elixir's
 * package qmi (whose tests have a trace of 27 and 28) and of wwan-go; 3GPP TS 45.008, 8.1.4 (RXLEV), TS 36.304 (Srxlev).
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/nas.h"

#include <math.h>

/* What the simulated networks broadcast for reselection, 3GPP TS 36.331 SIB3 and SIB5. */
#define PRIORITY        5
#define S_NON_INTRA     8
#define S_LOW           6
#define S_INTRA         46
#define S_OTHER_LOW     0
#define S_OTHER_HIGH    12
#define NCC_PERMITTED   0xFF
#define Q_RXLEVMIN_LTE  -124.0
#define Q_RXLEVMIN_UMTS -115.0
#define Q_RXLEVMIN_GSM  -105.0

static gboolean is_idle(const SimQmiCall *call)
{
	return !call->state->tx_on;
}

static gint16 s_level(const SimQmiCall *call, const SimCellView *cell, double minimum)
{
	return is_idle(call) ? (gint16)nas_scaled(cell->rsrp_dbm - minimum, 1, -128, 127) : 0;
}

/* Neighbours of a technology on a carrier, or on any (arfcn == NULL). Calls `put` for each and returns their number. */
typedef void (*PutCell)(const SimQmiCall *call, const SimCellView *cell, ByteWriter *w);

static guint8 put_neighbours(const SimQmiCall *call, SimRat rat, const guint32 *arfcn, PutCell put, ByteWriter *w)
{
	guint8 n = 0;
	for (guint i = 1; i < call->state->n_cells; i++) {
		const SimCellView *cell = &call->state->cells[i];
		if (cell->rat != rat || (arfcn && cell->arfcn != *arfcn))
			continue;
		put(call, cell, w);
		n++;
	}
	return n;
}

/* The same after a count u8. */
static void put_counted(const SimQmiCall *call, SimRat rat, const guint32 *arfcn, PutCell put, ByteWriter *w)
{
	gsize at = w->length;
	byte_writer_u8(w, 0);
	guint8 n = put_neighbours(call, rat, arfcn, put, w);
	if (!w->failed)
		w->data[at] = n;
}

/* The carriers of a technology that neighbours are heard on, without the serving cell's own; in order of appearance. */
static guint8 list_carriers(const SimModemState *state, SimRat rat, guint32 *ret_arfcns)
{
	guint8 n = 0;
	for (guint i = 1; i < state->n_cells; i++) {
		const SimCellView *cell = &state->cells[i];
		gboolean known = cell->rat == state->cells[0].rat && cell->arfcn == state->cells[0].arfcn;
		for (guint j = 0; j < n && !known; j++)
			known = ret_arfcns[j] == cell->arfcn;
		if (cell->rat == rat && !known)
			ret_arfcns[n++] = cell->arfcn;
	}
	return n;
}

/* PCI u16, RSRQ i16, RSRP i16, RSSI i16 (0.1 dB), Srxlev i16 dB */
static void put_lte_cell(const SimQmiCall *call, const SimCellView *cell, ByteWriter *w)
{
	byte_writer_u16(w, (guint16)cell->pci);
	byte_writer_u16(w, (guint16)nas_rsrq(cell, 10));
	byte_writer_u16(w, (guint16)nas_rsrp(cell, 10));
	byte_writer_u16(w, (guint16)nas_rssi(cell, 10));
	byte_writer_u16(w, (guint16)s_level(call, cell, Q_RXLEVMIN_LTE));
}

/* 13 idle u8, PLMN 3 octets, TAC u16, cell identity u32, EARFCN u16, serving PCI u16, priority u8, S non-intra u8,
 *    S low u8, S intra u8, count u8, { cell }: the serving cell first, then its carrier's others */
static gboolean write_lte_intra(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *serving = nas_serving(call, SIM_RAT_LTE);
	if (!serving)
		return FALSE;
	gboolean idle = is_idle(call);
	byte_writer_u8(w, idle ? 1 : 0);
	nas_put_plmn_bcd(w, serving);
	byte_writer_u16(w, (guint16)serving->tac);
	byte_writer_u32(w, (guint32)(serving->cell_id & 0x0FFFFFFF));
	byte_writer_u16(w, (guint16)serving->arfcn);
	byte_writer_u16(w, (guint16)serving->pci);
	byte_writer_u8(w, idle ? PRIORITY : 0);
	byte_writer_u8(w, idle ? S_NON_INTRA : 0);
	byte_writer_u8(w, idle ? S_LOW : 0);
	byte_writer_u8(w, idle ? S_INTRA : 0);
	gsize count_at = w->length;
	byte_writer_u8(w, 0);
	put_lte_cell(call, serving, w);
	guint8 others = put_neighbours(call, SIM_RAT_LTE, &serving->arfcn, put_lte_cell, w);
	if (!w->failed)
		w->data[count_at] = (guint8)(others + 1);
	return TRUE;
}

/* 14 idle u8, count u8, { EARFCN u16, S low u8, S high u8, priority u8, count u8, { cell } } */
static gboolean write_lte_inter(const SimQmiCall *call, ByteWriter *w)
{
	if (!nas_serving(call, SIM_RAT_LTE))
		return FALSE;
	guint32 carriers[SIM_MAX_CELLS];
	guint8 n = list_carriers(call->state, SIM_RAT_LTE, carriers);
	gboolean idle = is_idle(call);
	byte_writer_u8(w, idle ? 1 : 0);
	byte_writer_u8(w, n);
	for (guint i = 0; i < n; i++) {
		byte_writer_u16(w, (guint16)carriers[i]);
		byte_writer_u8(w, idle ? S_OTHER_LOW : 0);
		byte_writer_u8(w, idle ? S_OTHER_HIGH : 0);
		byte_writer_u8(w, idle ? PRIORITY : 0);
		put_counted(call, SIM_RAT_LTE, &carriers[i], put_lte_cell, w);
	}
	return TRUE;
}

/* ARFCN u16, is in the 1900 band u8, BSIC is valid u8, BSIC u8, RSSI i16 (0.1 dBm), Srxlev i16 */
static void put_gsm_neighbour(const SimQmiCall *call, const SimCellView *cell, ByteWriter *w)
{
	byte_writer_u16(w, (guint16)cell->arfcn);
	byte_writer_u8(w, cell->band == 2 ? 1 : 0);
	byte_writer_u8(w, 1);
	byte_writer_u8(w, (guint8)cell->pci);
	byte_writer_u16(w, (guint16)nas_rssi(cell, 10));
	byte_writer_u16(w, (guint16)s_level(call, cell, Q_RXLEVMIN_GSM));
}

/* 15 idle u8, count u8, { priority u8, S high u8, S low u8, NCC permitted u8, count u8, { GSM cell } }: GSM carriers
 *    come in groups of one priority, and the simulated networks have one group */
static gboolean write_lte_gsm(const SimQmiCall *call, ByteWriter *w)
{
	if (!nas_serving(call, SIM_RAT_LTE))
		return FALSE;
	guint32 carriers[SIM_MAX_CELLS];
	gboolean idle = is_idle(call), any = list_carriers(call->state, SIM_RAT_GSM, carriers) > 0;
	byte_writer_u8(w, idle ? 1 : 0);
	byte_writer_u8(w, any ? 1 : 0);
	if (!any)
		return TRUE;
	byte_writer_u8(w, idle ? PRIORITY - 4 : 0);
	byte_writer_u8(w, idle ? S_OTHER_HIGH : 0);
	byte_writer_u8(w, idle ? S_OTHER_LOW : 0);
	byte_writer_u8(w, idle ? NCC_PERMITTED : 0);
	put_counted(call, SIM_RAT_GSM, NULL, put_gsm_neighbour, w);
	return TRUE;
}

/* Scrambling code u16, RSCP i16, Ec/No i16 (0.1 dB), Srxlev i16 */
static void put_wcdma_neighbour(const SimQmiCall *call, const SimCellView *cell, ByteWriter *w)
{
	byte_writer_u16(w, (guint16)cell->pci);
	byte_writer_u16(w, (guint16)nas_rsrp(cell, 10));
	byte_writer_u16(w, (guint16)(-5 * nas_ecio_half_db(cell)));
	byte_writer_u16(w, (guint16)s_level(call, cell, Q_RXLEVMIN_UMTS));
}

/* 16 idle u8, count u8, { UARFCN u16, priority u8, S high u16, S low u16, count u8, { WCDMA cell } } */
static gboolean write_lte_wcdma(const SimQmiCall *call, ByteWriter *w)
{
	if (!nas_serving(call, SIM_RAT_LTE))
		return FALSE;
	guint32 carriers[SIM_MAX_CELLS];
	guint8 n = list_carriers(call->state, SIM_RAT_UMTS, carriers);
	gboolean idle = is_idle(call);
	byte_writer_u8(w, idle ? 1 : 0);
	byte_writer_u8(w, n);
	for (guint i = 0; i < n; i++) {
		byte_writer_u16(w, (guint16)carriers[i]);
		byte_writer_u8(w, idle ? PRIORITY - 2 : 0);
		byte_writer_u16(w, idle ? S_OTHER_HIGH : 0);
		byte_writer_u16(w, idle ? S_OTHER_LOW : 0);
		put_counted(call, SIM_RAT_UMTS, &carriers[i], put_wcdma_neighbour, w);
	}
	return TRUE;
}

/* 1E timing advance u32 in microseconds, 0xFFFFFFFF where there is none. One unit is 16 Ts, Ts = 1 / 30.72 MHz. */
static gboolean write_lte_timing(const SimQmiCall *call, ByteWriter *w)
{
	if (!nas_serving(call, SIM_RAT_LTE))
		return FALSE;
	gboolean known = call->state->registration == SIM_REG_REGISTERED;
	byte_writer_u32(w, known ? (guint32)lround(call->state->timing_advance * 16 / 30.72) : 0xFFFFFFFF);
	return TRUE;
}

/* UARFCN u16, scrambling code u16, RSCP i16 dBm, Ec/Io i16 dB */
static void put_umts_cell(G_GNUC_UNUSED const SimQmiCall *call, const SimCellView *cell, ByteWriter *w)
{
	byte_writer_u16(w, (guint16)cell->arfcn);
	byte_writer_u16(w, (guint16)cell->pci);
	byte_writer_u16(w, (guint16)nas_rsrp(cell, 1));
	byte_writer_u16(w, (guint16)nas_scaled(cell->rsrq_db, 1, -31.5, 0));
}

/* ARFCN u16, network colour code u8, base station colour code u8, RSSI i16 dBm */
static void put_umts_gsm_cell(G_GNUC_UNUSED const SimQmiCall *call, const SimCellView *cell, ByteWriter *w)
{
	byte_writer_u16(w, (guint16)cell->arfcn);
	byte_writer_u8(w, cell->pci >> 3 & 7);
	byte_writer_u8(w, cell->pci & 7);
	byte_writer_u16(w, (guint16)nas_rssi(cell, 1));
}

/* 11 cell identity u16 (its low half), PLMN 3 octets, LAC u16, UMTS cell, count u8, { UMTS cell }, count u8, { GSM cell } */
static gboolean write_umts(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *serving = nas_serving(call, SIM_RAT_UMTS);
	if (!serving)
		return FALSE;
	byte_writer_u16(w, (guint16)serving->cell_id);
	nas_put_plmn_bcd(w, serving);
	byte_writer_u16(w, (guint16)serving->tac);
	put_umts_cell(call, serving, w);
	put_counted(call, SIM_RAT_UMTS, NULL, put_umts_cell, w);
	put_counted(call, SIM_RAT_GSM, NULL, put_umts_gsm_cell, w);
	return TRUE;
}

/* 17 cell identity u32, all 28 bits */
static gboolean write_umts_cell_id(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *serving = nas_serving(call, SIM_RAT_UMTS);
	if (!serving)
		return FALSE;
	byte_writer_u32(w, (guint32)(serving->cell_id & 0x0FFFFFFF));
	return TRUE;
}

static void put_float(ByteWriter *w, double value)
{
	gfloat single = (gfloat)value; /* IEEE 754, sent with its least significant byte first like an integer */
	guint32 bits;
	memcpy(&bits, &single, sizeof bits);
	byte_writer_u32(w, bits);
}

/* EARFCN u16, PCI u16, RSRP float dBm, RSRQ float dB, Srxlev i16, is TDD u8 */
static void put_umts_lte_cell(const SimQmiCall *call, const SimCellView *cell, ByteWriter *w)
{
	byte_writer_u16(w, (guint16)cell->arfcn);
	byte_writer_u16(w, (guint16)cell->pci);
	put_float(w, nas_rsrp(cell, 10) / 10.0);
	put_float(w, nas_rsrq(cell, 10) / 10.0);
	byte_writer_u16(w, (guint16)s_level(call, cell, Q_RXLEVMIN_LTE));
	byte_writer_u8(w, cell->band >= 33 && cell->band <= 53 ? 1 : 0); /* 3GPP TS 36.101, table 5.5-1 */
}

/* 18 RRC state u32, count u8, { LTE cell } */
static gboolean write_umts_lte(const SimQmiCall *call, ByteWriter *w)
{
	enum { DISCONNECTED = 0, CELL_DCH = 4 };
	if (!nas_serving(call, SIM_RAT_UMTS))
		return FALSE;
	byte_writer_u32(w, is_idle(call) ? DISCONNECTED : CELL_DCH);
	put_counted(call, SIM_RAT_LTE, NULL, put_umts_lte_cell, w);
	return TRUE;
}

/* RXLEV 0 is below -110 dBm, 1 is -110 to -109, 63 is above -48. */
static guint16 rxlev(const SimCellView *cell)
{
	return (guint16)CLAMP(floor(cell->rsrp_dbm + 111), 0, 63);
}

/* Cell identity u32, PLMN 3 octets, LAC u16, ARFCN u16, BSIC u8, RXLEV u16 */
static void put_gsm_cell(G_GNUC_UNUSED const SimQmiCall *call, const SimCellView *cell, ByteWriter *w)
{
	byte_writer_u32(w, (guint32)cell->cell_id);
	nas_put_plmn_bcd(w, cell);
	byte_writer_u16(w, (guint16)cell->tac);
	byte_writer_u16(w, (guint16)cell->arfcn);
	byte_writer_u8(w, (guint8)cell->pci);
	byte_writer_u16(w, rxlev(cell));
}

/* 10 cell identity u32, PLMN 3 octets, LAC u16, ARFCN u16, BSIC u8, timing advance u32 (0xFFFFFFFF: idle, none), RXLEV u16,
 *    count u8, { GSM cell } */
static gboolean write_gsm(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *serving = nas_serving(call, SIM_RAT_GSM);
	if (!serving)
		return FALSE;
	byte_writer_u32(w, (guint32)serving->cell_id);
	nas_put_plmn_bcd(w, serving);
	byte_writer_u16(w, (guint16)serving->tac);
	byte_writer_u16(w, (guint16)serving->arfcn);
	byte_writer_u8(w, (guint8)serving->pci);
	byte_writer_u32(w, 0xFFFFFFFF);
	byte_writer_u16(w, rxlev(serving));
	put_counted(call, SIM_RAT_GSM, NULL, put_gsm_cell, w);
	return TRUE;
}

/* Is there an LTE cell whose EARFCN was cut off? */
static gboolean is_cut_off(const SimModemState *state)
{
	for (guint i = 0; i < state->n_cells; i++)
		if (state->cells[i].rat == SIM_RAT_LTE && state->cells[i].arfcn > G_MAXUINT16)
			return TRUE;
	return FALSE;
}

/* 27 EARFCN u32 */
static gboolean write_lte_intra_earfcn(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *serving = nas_serving(call, SIM_RAT_LTE);
	if (!serving || !is_cut_off(call->state))
		return FALSE;
	byte_writer_u32(w, serving->arfcn);
	return TRUE;
}

/* 28 count u8, { EARFCN u32 }: one for each carrier */
static gboolean write_lte_inter_earfcns(const SimQmiCall *call, ByteWriter *w)
{
	if (!nas_serving(call, SIM_RAT_LTE) || !is_cut_off(call->state))
		return FALSE;
	guint32 carriers[SIM_MAX_CELLS];
	guint8 n = list_carriers(call->state, SIM_RAT_LTE, carriers);
	byte_writer_u8(w, n);
	for (guint i = 0; i < n; i++)
		byte_writer_u32(w, carriers[i]);
	return TRUE;
}

static void put_earfcn(G_GNUC_UNUSED const SimQmiCall *call, const SimCellView *cell, ByteWriter *w)
{
	byte_writer_u32(w, cell->arfcn);
}

/* 29 count u8, { EARFCN u32 }: one for each cell */
static gboolean write_umts_lte_earfcns(const SimQmiCall *call, ByteWriter *w)
{
	if (!nas_serving(call, SIM_RAT_UMTS) || !is_cut_off(call->state))
		return FALSE;
	put_counted(call, SIM_RAT_LTE, NULL, put_earfcn, w);
	return TRUE;
}

/* 2E NR-ARFCN u32 */
static gboolean write_nr_arfcn(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_nr(call);
	if (!cell)
		return FALSE;
	byte_writer_u32(w, cell->arfcn);
	return TRUE;
}

/* 2F PLMN 3 octets, TAC 3 octets (the most significant first), cell identity u64, PCI u16, RSRQ i16, RSRP i16, SNR i16
 *    (0.1 dB). A cell identity of 0 means that there is none, nor a PLMN and a TAC: so it is in EN-DC. */
static gboolean write_nr_cell(const SimQmiCall *call, ByteWriter *w)
{
	static const SimCellView nobody = {0};
	const SimCellView *cell = nas_nr(call), *named = nas_serving(call, SIM_RAT_NR);
	if (!cell)
		return FALSE;
	named = named ? named : &nobody;
	nas_put_plmn_bcd(w, named);
	nas_put_nr_tac(w, named->tac);
	byte_writer_u64(w, named->cell_id);
	byte_writer_u16(w, (guint16)cell->pci);
	byte_writer_u16(w, (guint16)nas_rsrq(cell, 10));
	byte_writer_u16(w, (guint16)nas_rsrp(cell, 10));
	byte_writer_u16(w, (guint16)nas_snr_cdb(cell));
	return TRUE;
}

const SimQmiTlv nas_cell_location_tlvs[] = {
	{0x10, write_gsm},
	{0x11, write_umts},
	{0x13, write_lte_intra},
	{0x14, write_lte_inter},
	{0x15, write_lte_gsm},
	{0x16, write_lte_wcdma},
	{0x17, write_umts_cell_id},
	{0x18, write_umts_lte},
	{0x1E, write_lte_timing},
	{0x27, write_lte_intra_earfcn},
	{0x28, write_lte_inter_earfcns},
	{0x29, write_umts_lte_earfcns},
	{0x2E, write_nr_arfcn},
	{0x2F, write_nr_cell},
	{0},
};
