/* wds.c - WDS, the data service: whether data go, and how many.
 *
 * A client that has started a call (wds_call.c) is told of that one, and of its end; every other client of the session that the
 * modem keeps by itself. Without the one or the other the modem answers the questions that are about it with the error OutOfCall.
 *
 * Sources: libqmi data/qmi-service-wds.json, qmi-enums-wds.h.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/wds.h"

enum { DISCONNECTED = 1, CONNECTED = 2 };
enum { REPORT_STATUS = 1 << 0 };

/* Bits of Get Packet Statistics' mask, in the order of their TLVs. */
enum {
	MASK_TX_PACKETS = 1 << 0,
	MASK_RX_PACKETS = 1 << 1,
	MASK_TX_ERRORS = 1 << 2,
	MASK_RX_ERRORS = 1 << 3,
	MASK_TX_OVERFLOWS = 1 << 4,
	MASK_RX_OVERFLOWS = 1 << 5,
	MASK_TX_BYTES = 1 << 6,
	MASK_RX_BYTES = 1 << 7,
	MASK_TX_DROPPED = 1 << 8,
	MASK_RX_DROPPED = 1 << 9,
};

/* 01 connection status u8 */
static gboolean write_status(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, sim_qmi_wds_is_connected(call) ? CONNECTED : DISCONNECTED);
	return TRUE;
}

/* 01 of the indication: connection status u8, reconfiguration required u8 */
static gboolean write_indicated_status(const SimQmiCall *call, ByteWriter *w)
{
	write_status(call, w);
	byte_writer_u8(w, 0);
	return TRUE;
}

static gboolean status_changed(const SimQmiCall *call, const SimQmiCall *before)
{
	return sim_qmi_wds_is_connected(call) != sim_qmi_wds_is_connected(before);
}

static guint32 asked(const SimQmiCall *call)
{
	ByteReader r;
	return sim_qmi_frame_tlv(call->request, 0x01, &r) ? byte_reader_u32(&r) : 0;
}

/* Get Packet Statistics 0x0024: in 01 mask u32 */
static SimQmiError handle_statistics(SimQmiCall *call)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, 0x01, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	byte_reader_u32(&r);
	if (r.failed)
		return SIM_QMI_INVALID_ARGUMENT;
	return sim_qmi_wds_is_connected(call) ? SIM_QMI_OK : SIM_QMI_OUT_OF_CALL;
}

/* u32; all ones would mean "not known", so a full counter stops before. */
static gboolean put_packets(const SimQmiCall *call, guint32 mask, guint64 packets, ByteWriter *w)
{
	byte_writer_u32(w, (guint32)MIN(packets, G_MAXUINT32 - 1));
	return (asked(call) & mask) != 0;
}

static gboolean put_bytes(const SimQmiCall *call, guint32 mask, guint64 bytes, ByteWriter *w)
{
	byte_writer_u64(w, bytes);
	return (asked(call) & mask) != 0;
}

#define COUNTER(call, name) ((call)->client->wds.own ? (call)->state->call.name : (call)->state->name)

static gboolean write_tx_packets(const SimQmiCall *call, ByteWriter *w)
{
	return put_packets(call, MASK_TX_PACKETS, COUNTER(call, tx_packets), w);
}

static gboolean write_rx_packets(const SimQmiCall *call, ByteWriter *w)
{
	return put_packets(call, MASK_RX_PACKETS, COUNTER(call, rx_packets), w);
}

static gboolean write_tx_bytes(const SimQmiCall *call, ByteWriter *w)
{
	return put_bytes(call, MASK_TX_BYTES, COUNTER(call, tx_bytes), w);
}

static gboolean write_rx_bytes(const SimQmiCall *call, ByteWriter *w)
{
	return put_bytes(call, MASK_RX_BYTES, COUNTER(call, rx_bytes), w);
}

/* The simulated path loses nothing. */
#define DEFINE_NONE(name, mask)                                       \
	static gboolean name(const SimQmiCall *call, ByteWriter *w)   \
	{                                                             \
		return put_packets(call, mask, 0, w);                 \
	}
DEFINE_NONE(write_tx_errors, MASK_TX_ERRORS)
DEFINE_NONE(write_rx_errors, MASK_RX_ERRORS)
DEFINE_NONE(write_tx_overflows, MASK_TX_OVERFLOWS)
DEFINE_NONE(write_rx_overflows, MASK_RX_OVERFLOWS)
DEFINE_NONE(write_tx_dropped, MASK_TX_DROPPED)
DEFINE_NONE(write_rx_dropped, MASK_RX_DROPPED)

static const SimQmiTlv status_tlvs[] = {{0x01, write_status}, {0}};
static const SimQmiTlv indicated_tlvs[] = {
	{0x01, write_indicated_status},	       {0x10, sim_qmi_wds_write_end},
	{0x11, sim_qmi_wds_write_verbose_end}, {0x12, sim_qmi_wds_write_family},
	{0},
};
static const SimQmiTlv statistics_tlvs[] = {
	{0x10, write_tx_packets}, {0x11, write_rx_packets},   {0x12, write_tx_errors},	{0x13, write_rx_errors},
	{0x14, write_tx_overflows}, {0x15, write_rx_overflows}, {0x19, write_tx_bytes},	{0x1A, write_rx_bytes},
	{0x1D, write_tx_dropped}, {0x1E, write_rx_dropped},   {0},
};

static const SimQmiRequest requests[] = {
	{0x0002, "Abort", sim_qmi_wds_handle_abort, NULL},
	{0x0020, "Start Network", sim_qmi_wds_handle_start, NULL},
	{0x0021, "Stop Network", sim_qmi_wds_handle_stop, NULL},
	{0x0022, "Get Packet Service Status", NULL, status_tlvs},
	{0x0024, "Get Packet Statistics", handle_statistics, statistics_tlvs},
	{0x002D, "Get Current Settings", sim_qmi_wds_handle_settings, sim_qmi_wds_settings_tlvs},
	{0x004D, "Set IP Family", sim_qmi_wds_handle_family, NULL},
	{0x006C, "Get PDN Throttle Info", sim_qmi_wds_handle_throttle, sim_qmi_wds_throttle_tlvs},
	{0},
};

/* Every client gets it, without asking. */
static const SimQmiIndication indications[] = {
	{0x0022, "Packet Service Status", REPORT_STATUS, indicated_tlvs, status_changed},
	{0},
};

const SimQmiService sim_qmi_wds = {
	.id = SIM_QMI_WDS,
	.major = 1,
	.minor = 60,
	.max_clients = 16,
	.default_reports = REPORT_STATUS,
	.requests = requests,
	.indications = indications,
	.late_answer = sim_qmi_wds_late_answer,
	.settle = sim_qmi_wds_settle,
	.release = sim_qmi_wds_release,
};
