/* wda.c - WDA, the administrative data service: how packets stand on the data line. They are IP packets, nothing around them, one
 * at a time; a host that wishes otherwise is told so by the answer.
 *
 * Sources: libqmi data/qmi-service-wda.json, qmi-enums-wda.h.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/service.h"

enum { LINK_RAW_IP = 2, AGGREGATION_NONE = 0 };

static gboolean write_qos_header(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, 0);
	return TRUE;
}

static gboolean write_link_layer(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, LINK_RAW_IP);
	return TRUE;
}

static gboolean write_aggregation(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, AGGREGATION_NONE);
	return TRUE;
}

/* Set Data Format 0x0020 and Get Data Format 0x0021: out 10 QoS header u8, 11 link layer u32, 12 and 13 aggregation up
 * and down u32 */
static const SimQmiTlv format_tlvs[] = {
	{0x10, write_qos_header}, {0x11, write_link_layer}, {0x12, write_aggregation}, {0x13, write_aggregation}, {0},
};

static const SimQmiRequest requests[] = {
	{0x0020, "Set Data Format", NULL, format_tlvs},
	{0x0021, "Get Data Format", NULL, format_tlvs},
	{0},
};

const SimQmiService sim_qmi_wda = {.id = SIM_QMI_WDA, .major = 1, .minor = 16, .max_clients = 16, .requests = requests};
