/* nas_signal.c - Signal Strength 0x20, Signal Info 0x4F and its indication 0x51, Config Signal Info 0x50 and 0x6C.
 *
 * Sources: libqmi data/qmi-service-nas.json; units as qmicli prints them.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/nas.h"

#include <stdlib.h>

/* Get Signal Strength asks with a mask (in 10 u16) for more than the first TLV. */
enum {
	MASK_RSSI = 1 << 0,
	MASK_ECIO = 1 << 1,
	MASK_RSRQ = 1 << 5,
	MASK_SNR = 1 << 6,
	MASK_RSRP = 1 << 7,
};

static gboolean wants(const SimQmiCall *call, guint16 bit)
{
	ByteReader r;
	return sim_qmi_frame_tlv(call->request, 0x10, &r) && (byte_reader_u16(&r) & bit);
}

/* 01 strength i8 dBm, radio u8: cannot be left out, so nothing heard is -125 dBm of radio none. */
static gboolean write_strength(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_serving(call, call->rat);
	byte_writer_u8(w, cell ? (guint8)nas_rssi(cell, 1) : (guint8)-125);
	byte_writer_u8(w, nas_radio(cell ? cell->rat : SIM_RAT_NONE));
	return TRUE;
}

/* 11 count u16, { -RSSI u8, radio u8 } */
static gboolean write_rssi_list(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_serving(call, call->rat);
	if (!cell || !wants(call, MASK_RSSI))
		return FALSE;
	byte_writer_u16(w, 1);
	byte_writer_u8(w, (guint8)-nas_rssi(cell, 1));
	byte_writer_u8(w, nas_radio(cell->rat));
	return TRUE;
}

/* 12 count u16, { -2 Ec/Io u8, radio u8 } */
static gboolean write_ecio_list(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_serving(call, SIM_RAT_UMTS);
	if (!cell || !wants(call, MASK_ECIO))
		return FALSE;
	byte_writer_u16(w, 1);
	byte_writer_u8(w, (guint8)nas_ecio_half_db(cell));
	byte_writer_u8(w, nas_radio(cell->rat));
	return TRUE;
}

/* 16 RSRQ i8 dB, radio u8 */
static gboolean write_rsrq(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_serving(call, SIM_RAT_LTE);
	if (!cell || !wants(call, MASK_RSRQ))
		return FALSE;
	byte_writer_u8(w, (guint8)nas_rsrq(cell, 1));
	byte_writer_u8(w, nas_radio(cell->rat));
	return TRUE;
}

/* 17 SNR i16, 0.1 dB */
static gboolean write_lte_snr(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_serving(call, SIM_RAT_LTE);
	if (!cell || !wants(call, MASK_SNR))
		return FALSE;
	byte_writer_u16(w, (guint16)nas_snr_cdb(cell));
	return TRUE;
}

/* 18 RSRP i16 dBm */
static gboolean write_lte_rsrp(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_serving(call, SIM_RAT_LTE);
	if (!cell || !wants(call, MASK_RSRP))
		return FALSE;
	byte_writer_u16(w, (guint16)nas_rsrp(cell, 1));
	return TRUE;
}

const SimQmiTlv nas_signal_strength_tlvs[] = {
	{0x01, write_strength}, {0x11, write_rssi_list}, {0x12, write_ecio_list}, {0x16, write_rsrq},
	{0x17, write_lte_snr},  {0x18, write_lte_rsrp},  {0},
};

/* 12 RSSI i8 dBm */
static gboolean write_gsm(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_serving(call, SIM_RAT_GSM);
	if (!cell)
		return FALSE;
	byte_writer_u8(w, (guint8)nas_rssi(cell, 1));
	return TRUE;
}

/* 13 RSSI i8 dBm, -2 Ec/Io i16 */
static gboolean write_wcdma(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_serving(call, SIM_RAT_UMTS);
	if (!cell)
		return FALSE;
	byte_writer_u8(w, (guint8)nas_rssi(cell, 1));
	byte_writer_u16(w, (guint16)nas_ecio_half_db(cell));
	return TRUE;
}

/* 14 RSSI i8 dBm, RSRQ i8 dB, RSRP i16 dBm, SNR i16 0.1 dB */
static gboolean write_lte(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_serving(call, SIM_RAT_LTE);
	if (!cell)
		return FALSE;
	byte_writer_u8(w, (guint8)nas_rssi(cell, 1));
	byte_writer_u8(w, (guint8)nas_rsrq(cell, 1));
	byte_writer_u16(w, (guint16)nas_rsrp(cell, 1));
	byte_writer_u16(w, (guint16)nas_snr_cdb(cell));
	return TRUE;
}

/* 19 -RSCP i16 dBm */
static gboolean write_wcdma_rscp(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_serving(call, SIM_RAT_UMTS);
	if (!cell)
		return FALSE;
	byte_writer_u16(w, (guint16)-nas_rsrp(cell, 1));
	return TRUE;
}

/* Where EN-DC is possible but not in use, firmware sends its fields all the same, with nothing in them. */
#define NR_UNKNOWN ((guint16)-32768)

static gboolean tells_nr(const SimQmiCall *call)
{
	return nas_nr(call) || (call->info->has_nr && nas_serving(call, SIM_RAT_LTE) && call->state->nr_available);
}

/* 17 RSRP i16 dBm, SNR i16 0.1 dB */
static gboolean write_nr(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_nr(call);
	if (!tells_nr(call))
		return FALSE;
	byte_writer_u16(w, cell ? (guint16)nas_rsrp(cell, 1) : NR_UNKNOWN);
	byte_writer_u16(w, cell ? (guint16)nas_snr_cdb(cell) : NR_UNKNOWN);
	return TRUE;
}

/* 18 RSRQ i16 dB */
static gboolean write_nr_rsrq(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_nr(call);
	if (!tells_nr(call))
		return FALSE;
	byte_writer_u16(w, cell ? (guint16)nas_rsrq(cell, 1) : NR_UNKNOWN);
	return TRUE;
}

const SimQmiTlv nas_signal_info_tlvs[] = {
	{0x12, write_gsm}, {0x13, write_wcdma},   {0x14, write_lte},       {0x17, write_nr},
	{0x18, write_nr_rsrq}, {0x19, write_wcdma_rscp}, {0},
};

/* What can be watched, and how both Config Signal Info messages name it. A Signal Info indication is due when
 * a watched value crosses one of its thresholds or, where it has none, moves by its delta since the last
 * indication; and when another technology is heard than the last time, or NR comes or goes beside LTE. */
typedef struct {
	SimRat rat;
	gint32 (*value)(const SimCellView *cell); /* tenths of dB or dBm */
	guint8 v1_list;                           /* TLV of 0x50: count u8, { i8 or i16 }; 0: it has none for this */
	guint v1_width;
	gint v1_scale; /* to tenths */
	guint8 v2_list, v2_delta; /* TLVs of 0x6C: count u8, { i16 tenths }; u16 tenths */
	guint16 default_delta;
} Watch;

static gint32 tenths_rssi(const SimCellView *cell)
{
	return nas_rssi(cell, 10);
}

static gint32 tenths_rsrp(const SimCellView *cell)
{
	return nas_rsrp(cell, 10);
}

static gint32 tenths_rsrq(const SimCellView *cell)
{
	return nas_rsrq(cell, 10);
}

static gint32 tenths_ecio(const SimCellView *cell)
{
	return -5 * nas_ecio_half_db(cell);
}

static const Watch watches[SIM_QMI_SIGNAL_WATCHES] = {
	{SIM_RAT_GSM, tenths_rssi, 0x10, 1, 10, 0x1C, 0x1D, 50},
	{SIM_RAT_UMTS, tenths_rssi, 0x10, 1, 10, 0x1E, 0x1F, 50},
	{SIM_RAT_UMTS, tenths_ecio, 0x11, 2, -5, 0x20, 0x21, 30},
	{SIM_RAT_LTE, tenths_rssi, 0x10, 1, 10, 0x22, 0x23, 50},
	{SIM_RAT_LTE, nas_snr_cdb, 0x13, 2, 1, 0x24, 0x25, 50},
	{SIM_RAT_LTE, tenths_rsrq, 0x15, 1, 10, 0x26, 0x27, 30},
	{SIM_RAT_LTE, tenths_rsrp, 0x16, 2, 10, 0x28, 0x29, 50},
	{SIM_RAT_NR, nas_snr_cdb, 0, 2, 1, 0x33, 0x34, 50},
	{SIM_RAT_NR, tenths_rsrp, 0, 2, 1, 0x35, 0x36, 50},
	{SIM_RAT_NR, tenths_rsrq, 0, 2, 1, 0x38, 0x39, 30},
};

static const SimCellView *watched_cell(const SimQmiCall *call, const Watch *watch)
{
	return watch->rat == SIM_RAT_NR ? nas_nr(call) : nas_serving(call, watch->rat);
}

/* One list of thresholds from a request; FALSE when it is malformed. Absent is fine, and counted. */
static gboolean read_list(const SimQmiCall *call, guint8 type, guint width, gint scale, SimQmiSignalWatch *to, guint *io_found)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, type, &r))
		return TRUE;
	guint n = byte_reader_u8(&r);
	if (n > SIM_QMI_MAX_THRESHOLDS || byte_reader_left(&r) < n * width)
		return FALSE;
	for (guint i = 0; i < n; i++) {
		gint value = width == 1 ? (gint8)byte_reader_u8(&r) : (gint16)byte_reader_u16(&r);
		to->thresholds[i] = (gint16)CLAMP(value * scale, G_MININT16, G_MAXINT16);
	}
	to->n_thresholds = n;
	(*io_found)++;
	return TRUE;
}

SimQmiError nas_handle_config_signal(SimQmiCall *call)
{
	guint found = 0;
	for (guint i = 0; i < G_N_ELEMENTS(watches); i++)
		if (watches[i].v1_list && !read_list(call, watches[i].v1_list, watches[i].v1_width, watches[i].v1_scale,
						     &call->client->signal[i], &found))
			return SIM_QMI_INVALID_ARGUMENT;
	return found > 0 ? SIM_QMI_OK : SIM_QMI_NO_THRESHOLDS_PROVIDED;
}

SimQmiError nas_handle_config_signal_v2(SimQmiCall *call)
{
	guint found = 0;
	for (guint i = 0; i < G_N_ELEMENTS(watches); i++) {
		SimQmiSignalWatch *signal = &call->client->signal[i];
		ByteReader r;
		if (sim_qmi_frame_tlv(call->request, watches[i].v2_delta, &r)) {
			guint16 delta = byte_reader_u16(&r);
			if (r.failed || delta == 0)
				return SIM_QMI_INVALID_ARGUMENT;
			signal->delta = delta;
			signal->n_thresholds = 0;
			found++;
		}
		if (!read_list(call, watches[i].v2_list, 2, 1, signal, &found))
			return SIM_QMI_INVALID_ARGUMENT;
	}
	return found > 0 ? SIM_QMI_OK : SIM_QMI_NO_THRESHOLDS_PROVIDED;
}

static gboolean moved(const SimQmiSignalWatch *signal, gint32 now, guint16 default_delta)
{
	gint32 last = signal->last_reported;
	for (guint i = 0; i < signal->n_thresholds; i++)
		if ((last < signal->thresholds[i]) != (now < signal->thresholds[i]))
			return TRUE;
	guint16 delta = signal->delta ? signal->delta : default_delta;
	return signal->n_thresholds == 0 && abs(now - last) >= delta;
}

gboolean nas_signal_is_due(const SimQmiCall *call, G_GNUC_UNUSED const SimQmiCall *before)
{
	const SimCellView *cell = nas_serving(call, call->rat);
	if (!cell)
		return FALSE;
	gboolean nr = nas_nr(call) != NULL, due = call->client->signal_rat != cell->rat || call->client->signal_nr != nr;
	for (guint i = 0; i < G_N_ELEMENTS(watches) && !due; i++) {
		const SimCellView *of = watched_cell(call, &watches[i]);
		due = of && moved(&call->client->signal[i], watches[i].value(of), watches[i].default_delta);
	}
	if (!due)
		return FALSE;
	call->client->signal_rat = cell->rat;
	call->client->signal_nr = nr;
	for (guint i = 0; i < G_N_ELEMENTS(watches); i++) {
		const SimCellView *of = watched_cell(call, &watches[i]);
		if (of)
			call->client->signal[i].last_reported = (gint16)watches[i].value(of);
	}
	return TRUE;
}
