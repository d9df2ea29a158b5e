/* signal.c - Signal State: how well the modem hears, and when it says so unasked.
 *
 * Rssi u32 (0 to 31, 99 unknown) | ErrorRate u32 (99: none) | SignalStrengthInterval u32 s | RssiThreshold u32 | ErrorRateThreshold u32
 * From MBIMEx 2.0 also a pair: count u32, { RSRP u32 (127 unknown), SNR u32 (128 unknown), their thresholds u32 u32, system type u32 },
 * for LTE and 5G; the RSSI is 99 then.
 *
 * A notification is due when the technology changes or a level moves by its threshold since the last one, but not before the
 * interval has passed; with no threshold wanted, when it has passed. It is the one thing in this modem that looks at a
 * clock: the interval is the host's time, not the world's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/info.h"
#include "sim/mbim/values.h"

#define RSSI_UNKNOWN    99
#define ERROR_UNKNOWN   99
#define DEFAULT_RSSI_DELTA 1 /* codes: 2 dB */
#define DEFAULT_RSRP_DELTA 2 /* dB */
#define THRESHOLD_DEFAULT  0

/* A level of the table; there are two with EN-DC. */
typedef struct {
	const SimCellView *cell;
	guint32 class;
} Level;

static guint list_levels(const SimMbimCall *call, Level levels[2])
{
	const SimCellView *serving = sim_mbim_serving(call);
	guint16 mbimex = call->session->mbimex;
	guint n = 0;
	if (mbimex < SIM_MBIMEX_2 || !serving || (serving->rat != SIM_RAT_LTE && serving->rat != SIM_RAT_NR))
		return 0;
	levels[n++] = (Level){serving, sim_mbim_class_of(serving, mbimex)};
	if (call->state->endc)
		levels[n++] = (Level){&call->state->nr_cell, sim_mbim_class_nsa(mbimex)};
	return n;
}

static guint32 rssi_code(const SimMbimCall *call, guint n_levels)
{
	const SimCellView *serving = sim_mbim_serving(call);
	return serving && n_levels == 0 ? sim_mbim_rssi(serving->rssi_dbm) : RSSI_UNKNOWN;
}

SimMbimStatus sim_mbim_handle_signal(SimMbimCall *call)
{
	SimMbimSignal *signal = &call->session->signal;
	if (!call->request->is_set)
		return SIM_MBIM_STATUS_NONE;
	ByteReader *r = &call->request->info;
	guint32 interval = byte_reader_u32(r), rssi = byte_reader_u32(r), error = byte_reader_u32(r);
	if (r->failed)
		return SIM_MBIM_STATUS_INVALID_PARAMETERS;
	signal->interval_s = interval;
	signal->rssi_threshold = rssi;
	signal->error_threshold = error;
	return SIM_MBIM_STATUS_NONE;
}

static void write_levels(const Level *levels, guint n, ByteWriter *w)
{
	byte_writer_u32(w, n);
	for (guint i = 0; i < n; i++) {
		byte_writer_u32(w, sim_mbim_rsrp(levels[i].cell->rsrp_dbm));
		byte_writer_u32(w, sim_mbim_snr(levels[i].cell->sinr_db));
		byte_writer_u32(w, THRESHOLD_DEFAULT);
		byte_writer_u32(w, SIM_MBIM_DONT_CARE);
		byte_writer_u32(w, levels[i].class);
	}
}

void sim_mbim_write_signal(const SimMbimCall *call, ByteWriter *w)
{
	const SimMbimSignal *signal = &call->session->signal;
	Level levels[2];
	guint n = list_levels(call, levels);
	SimMbimStruct s = sim_mbim_struct_begin(w);
	byte_writer_u32(w, rssi_code(call, n));
	byte_writer_u32(w, ERROR_UNKNOWN);
	byte_writer_u32(w, signal->interval_s);
	byte_writer_u32(w, signal->rssi_threshold);
	byte_writer_u32(w, signal->error_threshold);
	if (call->session->mbimex < SIM_MBIMEX_2)
		return;
	gsize pair = sim_mbim_struct_pair(&s), start = w->length;
	if (n == 0)
		return;
	write_levels(levels, n, w);
	sim_mbim_struct_fill(&s, pair, start);
}

static gboolean moved(guint32 now, guint32 last, guint32 threshold, guint32 default_threshold)
{
	guint32 delta = now > last ? now - last : last - now;
	return threshold != SIM_MBIM_DONT_CARE && delta >= (threshold ? threshold : default_threshold);
}

gboolean sim_mbim_signal_is_due(const SimMbimCall *call)
{
	SimMbimSignal *signal = &call->session->signal;
	Level levels[2];
	guint n = list_levels(call, levels);
	const SimCellView *serving = sim_mbim_serving(call);
	gint64 now_us = g_get_monotonic_time();
	SimMbimSignal now = *signal;
	now.classes = serving ? sim_mbim_class_of(serving, call->session->mbimex) : 0;
	now.rssi = rssi_code(call, n);
	gboolean due = moved(now.rssi, signal->rssi, signal->rssi_threshold, DEFAULT_RSSI_DELTA);
	for (guint i = 0; i < n; i++) {
		now.classes |= levels[i].class;
		now.rsrp[i] = sim_mbim_rsrp(levels[i].cell->rsrp_dbm);
		due |= moved(now.rsrp[i], signal->rsrp[i], THRESHOLD_DEFAULT, DEFAULT_RSRP_DELTA);
	}
	gboolean waited = now_us - signal->reported_us >= (gint64)signal->interval_s * G_USEC_PER_SEC;
	if (signal->rssi_threshold == SIM_MBIM_DONT_CARE && signal->error_threshold == SIM_MBIM_DONT_CARE)
		due = signal->interval_s > 0;
	if (signal->reported_us != 0 && now.classes == signal->classes && !(due && waited))
		return FALSE;
	now.reported_us = now_us;
	*signal = now;
	return TRUE;
}
