/* nas_radio.c - RF Band Information 0x31, Tx Rx Info 0x5A, LTE carrier aggregation 0xAC.
 *
 * Sources: libqmi data/qmi-service-nas.json, qmi-enums-nas.h.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/nas.h"

#define PHASE_UNKNOWN 0xFFFFFFFF

/* The serving cell and, in EN-DC, the NR cell. Returns their number. */
static guint8 list_used(const SimQmiCall *call, const SimCellView *ret_cells[2])
{
	const SimCellView *nr = nas_nr(call);
	ret_cells[0] = &call->state->cells[0];
	ret_cells[1] = nr;
	return nr && nr != ret_cells[0] ? 2 : 1;
}

/* 01 count u8, { radio i8, band u16, channel u16 }: a channel above 65535 is cut off */
static gboolean write_band(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cells[2];
	guint8 n = list_used(call, cells);
	byte_writer_u8(w, n);
	for (guint i = 0; i < n; i++) {
		byte_writer_u8(w, nas_radio(cells[i]->rat));
		byte_writer_u16(w, nas_active_band(cells[i]));
		byte_writer_u16(w, (guint16)cells[i]->arfcn);
	}
	return TRUE;
}

/* 11 count u8, { radio i8, band u16, channel u32 } */
static gboolean write_band_extended(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cells[2];
	guint8 n = list_used(call, cells);
	byte_writer_u8(w, n);
	for (guint i = 0; i < n; i++) {
		byte_writer_u8(w, nas_radio(cells[i]->rat));
		byte_writer_u16(w, nas_active_band(cells[i]));
		byte_writer_u32(w, cells[i]->arfcn);
	}
	return TRUE;
}

/* 12 count u8, { radio i8, bandwidth u32 }: there is no code for a bandwidth of NR */
static gboolean write_bandwidth(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = &call->state->cells[0];
	if (cell->rat == SIM_RAT_NR)
		return FALSE;
	byte_writer_u8(w, 1);
	byte_writer_u8(w, nas_radio(cell->rat));
	byte_writer_u32(w, nas_bandwidth(cell));
	return TRUE;
}

const SimQmiTlv nas_rf_band_tlvs[] = {{0x01, write_band}, {0x11, write_band_extended}, {0x12, write_bandwidth}, {0}};

/* The technology that Tx Rx Info asks about: in 01 radio i8. */
static SimRat asked_rat(const SimQmiCall *call)
{
	static const SimRat known[] = {SIM_RAT_GSM, SIM_RAT_UMTS, SIM_RAT_LTE, SIM_RAT_NR};
	ByteReader r;
	guint8 radio = sim_qmi_frame_tlv(call->request, 0x01, &r) ? byte_reader_u8(&r) : 0;
	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (nas_radio(known[i]) == radio)
			return known[i];
	return SIM_RAT_NONE;
}

SimQmiError nas_handle_tx_rx(SimQmiCall *call)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, 0x01, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	if (asked_rat(call) == SIM_RAT_NONE)
		return SIM_QMI_INVALID_ARGUMENT;
	return call->state->operating_mode == SIM_OPMODE_ONLINE ? SIM_QMI_OK : SIM_QMI_INFORMATION_UNAVAILABLE;
}

/* Is it the NR cell of EN-DC that is asked about? */
static gboolean is_beside(const SimQmiCall *call)
{
	return asked_rat(call) == SIM_RAT_NR && nas_nr(call) && call->rat != SIM_RAT_NR;
}

/* The strongest chain is the one that a cell's RSRP is told of. */
static double strongest_dbm(const SimRxChain *chains, guint n)
{
	double best = chains[0].power_dbm;
	for (guint i = 1; i < n; i++)
		best = MAX(best, chains[i].power_dbm);
	return best;
}

/* 10, 11, 15, 16 tuned u8, power i32, Ec/Io i32, RSCP i32, RSRP i32 (0.1 dB), phase u32. A receiver that searches is tuned
 * and measures power; what needs a cell, or belongs to another technology, stays 0. So does all of one not tuned. */
static gboolean put_chain(const SimQmiCall *call, guint n, ByteWriter *w)
{
	const SimModemState *state = call->state;
	if (n >= state->n_rx)
		return FALSE;
	SimRat rat = asked_rat(call);
	gboolean beside = is_beside(call);
	const SimRxChain *chains = beside ? state->nr_rx : state->rx;
	gboolean tuned = chains[n].tuned && (beside || rat == call->rat);
	const SimCellView *cell = !tuned ? NULL : beside ? nas_nr(call) : nas_serving(call, rat);
	double behind_db = chains[n].power_dbm - strongest_dbm(chains, state->n_rx);
	gint32 level = cell ? nas_scaled(cell->rsrp_dbm + behind_db, 10, -140, -44) : 0;
	byte_writer_u8(w, tuned ? 1 : 0);
	byte_writer_u32(w, tuned ? (guint32)nas_scaled(chains[n].power_dbm, 10, -140, 0) : 0);
	byte_writer_u32(w, cell && rat != SIM_RAT_GSM ? (guint32)nas_scaled(cell->rsrq_db, 10, -31.5, 0) : 0);
	byte_writer_u32(w, rat == SIM_RAT_UMTS ? (guint32)level : 0);
	byte_writer_u32(w, rat == SIM_RAT_LTE || rat == SIM_RAT_NR ? (guint32)level : 0);
	byte_writer_u32(w, PHASE_UNKNOWN);
	return TRUE;
}

static gboolean write_chain_0(const SimQmiCall *call, ByteWriter *w)
{
	return put_chain(call, 0, w);
}

static gboolean write_chain_1(const SimQmiCall *call, ByteWriter *w)
{
	return put_chain(call, 1, w);
}

static gboolean write_chain_2(const SimQmiCall *call, ByteWriter *w)
{
	return put_chain(call, 2, w);
}

static gboolean write_chain_3(const SimQmiCall *call, ByteWriter *w)
{
	return put_chain(call, 3, w);
}

/* 12 in traffic u8, power i32 0.1 dBm (valid in traffic) */
static gboolean write_tx(const SimQmiCall *call, ByteWriter *w)
{
	gboolean on = call->state->tx_on && asked_rat(call) == call->rat;
	byte_writer_u8(w, on ? 1 : 0);
	byte_writer_u32(w, on ? (guint32)nas_scaled(call->state->tx_power_dbm, 10, -100, 40) : 0);
	return TRUE;
}

const SimQmiTlv nas_tx_rx_tlvs[] = {
	{0x10, write_chain_0}, {0x11, write_chain_1}, {0x12, write_tx}, {0x15, write_chain_2}, {0x16, write_chain_3}, {0},
};

/* 11 bandwidth u32 */
static gboolean write_carrier_bandwidth(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, nas_bandwidth(&call->state->cells[0]));
	return TRUE;
}

/* 13 PCI u16, channel u16, bandwidth u32, band u16: the primary cell */
static gboolean write_primary_cell(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = &call->state->cells[0];
	byte_writer_u16(w, (guint16)cell->pci);
	byte_writer_u16(w, (guint16)cell->arfcn);
	byte_writer_u32(w, nas_bandwidth(cell));
	byte_writer_u16(w, nas_active_band(cell));
	return TRUE;
}

/* 15 count u8, { PCI u16, channel u16, bandwidth u32, band u16, state u32, index u8 } */
static gboolean write_secondary_cells(const SimQmiCall *call, ByteWriter *w)
{
	enum { DEACTIVATED = 1, ACTIVATED = 2 };
	const SimModemState *state = call->state;
	byte_writer_u8(w, (guint8)state->n_secondary);
	for (guint i = 0; i < state->n_secondary; i++) {
		const SimCellView *cell = &state->secondary[i].cell;
		byte_writer_u16(w, (guint16)cell->pci);
		byte_writer_u16(w, (guint16)cell->arfcn);
		byte_writer_u32(w, nas_bandwidth(cell));
		byte_writer_u16(w, nas_active_band(cell));
		byte_writer_u32(w, state->secondary[i].activated ? ACTIVATED : DEACTIVATED);
		byte_writer_u8(w, (guint8)(i + 1)); /* SCellIndex: 1 to 7, TS 36.331 */
	}
	return TRUE;
}

const SimQmiTlv nas_carrier_tlvs[] = {
	{0x11, write_carrier_bandwidth}, {0x13, write_primary_cell}, {0x15, write_secondary_cells}, {0},
};
