/* wds.c - WDS, the data service: the one session that the modem starts by itself, as it is seen and counted.
 *
 * Sources: libqmi data/qmi-service-wds.json, qmi-enums-wds.h. Without a call the modem answers the questions that are about
 * one with the error OutOfCall. No host can start or end the session, and nobody has given it an address.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/service.h"

enum { DISCONNECTED = 1, CONNECTED = 2 };
enum { FAMILY_IPV4 = 4 };
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
	byte_writer_u8(w, call->state->session_up ? CONNECTED : DISCONNECTED);
	return TRUE;
}

/* 01 of the indication: connection status u8, reconfiguration required u8 */
static gboolean write_indicated_status(const SimQmiCall *call, ByteWriter *w)
{
	write_status(call, w);
	byte_writer_u8(w, 0);
	return TRUE;
}

static gboolean write_family(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, FAMILY_IPV4);
	return TRUE;
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
	return call->state->session_up ? SIM_QMI_OK : SIM_QMI_OUT_OF_CALL;
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

static gboolean write_tx_packets(const SimQmiCall *call, ByteWriter *w)
{
	return put_packets(call, MASK_TX_PACKETS, call->state->tx_packets, w);
}

static gboolean write_rx_packets(const SimQmiCall *call, ByteWriter *w)
{
	return put_packets(call, MASK_RX_PACKETS, call->state->rx_packets, w);
}

static gboolean write_tx_bytes(const SimQmiCall *call, ByteWriter *w)
{
	return put_bytes(call, MASK_TX_BYTES, call->state->tx_bytes, w);
}

static gboolean write_rx_bytes(const SimQmiCall *call, ByteWriter *w)
{
	return put_bytes(call, MASK_RX_BYTES, call->state->rx_bytes, w);
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

static SimQmiError no_settings(SimQmiCall *call)
{
	return call->state->session_up ? SIM_QMI_INFORMATION_UNAVAILABLE : SIM_QMI_OUT_OF_CALL;
}

static const SimQmiTlv status_tlvs[] = {{0x01, write_status}, {0}};
static const SimQmiTlv indicated_tlvs[] = {{0x01, write_indicated_status}, {0x12, write_family}, {0}};
static const SimQmiTlv statistics_tlvs[] = {
	{0x10, write_tx_packets}, {0x11, write_rx_packets},   {0x12, write_tx_errors},	{0x13, write_rx_errors},
	{0x14, write_tx_overflows}, {0x15, write_rx_overflows}, {0x19, write_tx_bytes},	{0x1A, write_rx_bytes},
	{0x1D, write_tx_dropped}, {0x1E, write_rx_dropped},   {0},
};

static const SimQmiRequest requests[] = {
	{0x0022, "Get Packet Service Status", NULL, status_tlvs},
	{0x0024, "Get Packet Statistics", handle_statistics, statistics_tlvs},
	{0x002D, "Get Current Settings", no_settings, NULL},
	{0},
};

/* Every client gets it, without asking. */
static const SimQmiIndication indications[] = {
	{0x0022, "Packet Service Status", REPORT_STATUS, indicated_tlvs, NULL},
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
};
