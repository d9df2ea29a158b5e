/* dms.c - DMS, the device management service: who the modem is and in which operating mode.
 *
 * Sources: libqmi data/qmi-service-dms.json, qmi-enums-dms.h.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/service.h"

enum { REPORT_OPERATING_MODE = 1 << 0 };

/* Get Capabilities 0x0020: 01 max tx bit/s u32, max rx u32, data service u8, SIM u8, count u8, { radio u8 } */
static gboolean write_capabilities(const SimQmiCall *call, ByteWriter *w)
{
	static const guint8 radios[] = {4, 5, 8, 10}; /* GSM, UMTS, LTE, NR */
	guint8 n = call->info->has_nr ? 4 : 3;
	byte_writer_u32(w, call->info->has_nr ? 900000000 : 50000000); /* as an RM500Q has it, or LTE category 4 */
	byte_writer_u32(w, call->info->has_nr ? 2500000000 : 150000000);
	byte_writer_u8(w, 3); /* circuits and packets at once */
	byte_writer_u8(w, 2); /* SIM supported */
	byte_writer_u8(w, n);
	byte_writer_put(w, radios, n);
	return TRUE;
}

static gboolean write_maker(const SimQmiCall *call, ByteWriter *w)
{
	return sim_qmi_write_text(w, call->info->maker);
}

static gboolean write_model(const SimQmiCall *call, ByteWriter *w)
{
	return sim_qmi_write_text(w, call->info->model);
}

static gboolean write_revision(const SimQmiCall *call, ByteWriter *w)
{
	return sim_qmi_write_text(w, call->info->revision);
}

static gboolean write_esn(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	return sim_qmi_write_text(w, "0"); /* a 3GPP modem has none and says so */
}

static gboolean write_imei(const SimQmiCall *call, ByteWriter *w)
{
	return call->info->imei && sim_qmi_write_text(w, call->info->imei);
}

static gboolean write_iccid(const SimQmiCall *call, ByteWriter *w)
{
	return sim_qmi_write_text(w, call->info->iccid);
}

static gboolean write_imsi(const SimQmiCall *call, ByteWriter *w)
{
	return sim_qmi_write_text(w, call->info->imsi);
}

/* The ICCID can be read as soon as there is a card, the IMSI only after the PIN. */
static SimQmiError need_card(SimQmiCall *call)
{
	gboolean present = call->state->card == SIM_CARD_READY || call->state->card == SIM_CARD_PIN_LOCKED;
	return present ? SIM_QMI_OK : SIM_QMI_UIM_UNINITIALIZED;
}

static SimQmiError need_open_card(SimQmiCall *call)
{
	return call->state->card == SIM_CARD_READY ? SIM_QMI_OK : SIM_QMI_UIM_UNINITIALIZED;
}

static gboolean write_operating_mode(const SimQmiCall *call, ByteWriter *w)
{
	guint8 mode = 0;
	switch (call->state->operating_mode) {
	case SIM_OPMODE_ONLINE:
		mode = 0;
		break;
	case SIM_OPMODE_LOW_POWER:
		mode = 1;
		break;
	case SIM_OPMODE_OFFLINE:
		mode = 3;
		break;
	case SIM_OPMODE_RESETTING:
		mode = 4;
		break;
	}
	byte_writer_u8(w, mode);
	return TRUE;
}

/* Set Operating Mode 0x002E: in 01 mode u8. As Qualcomm's firmware does, it restarts from offline alone. */
static SimQmiError handle_set_mode(SimQmiCall *call)
{
	static const struct {
		guint8 mode;
		SimOrder order;
	} orders[] = {{0, SIM_ORDER_ONLINE},  {1, SIM_ORDER_LOW_POWER}, {3, SIM_ORDER_OFFLINE},
		      {4, SIM_ORDER_RESTART}, {5, SIM_ORDER_SHUT_DOWN}, {7, SIM_ORDER_LOW_POWER}};
	ByteReader r;
	gsize i = 0;
	if (!sim_qmi_frame_tlv(call->request, 0x01, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	guint8 mode = byte_reader_u8(&r);
	while (i < G_N_ELEMENTS(orders) && orders[i].mode != mode)
		i++;
	if (r.failed || i == G_N_ELEMENTS(orders) || !call->engine->order)
		return SIM_QMI_INVALID_ARGUMENT;
	if (orders[i].order == SIM_ORDER_RESTART && call->state->operating_mode != SIM_OPMODE_OFFLINE)
		return SIM_QMI_INVALID_TRANSITION;
	call->engine->order(orders[i].order, call->engine->user_data);
	return SIM_QMI_OK;
}

static gboolean write_hardware_restricted(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, 0); /* no kill switch */
	return TRUE;
}

/* Set Event Report 0x0001: in 14 report the operating mode u8 */
static SimQmiError handle_event_report(SimQmiCall *call)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, 0x14, &r))
		return SIM_QMI_OK;
	call->client->reports = byte_reader_u8(&r) ? REPORT_OPERATING_MODE : 0;
	return r.failed ? SIM_QMI_INVALID_ARGUMENT : SIM_QMI_OK;
}

static const SimQmiTlv capabilities_tlvs[] = {{0x01, write_capabilities}, {0}};
static const SimQmiTlv maker_tlvs[] = {{0x01, write_maker}, {0}};
static const SimQmiTlv model_tlvs[] = {{0x01, write_model}, {0}};
static const SimQmiTlv revision_tlvs[] = {{0x01, write_revision}, {0}};
static const SimQmiTlv ids_tlvs[] = {{0x10, write_esn}, {0x11, write_imei}, {0}};
static const SimQmiTlv mode_tlvs[] = {{0x01, write_operating_mode}, {0x11, write_hardware_restricted}, {0}};
static const SimQmiTlv iccid_tlvs[] = {{0x01, write_iccid}, {0}};
static const SimQmiTlv imsi_tlvs[] = {{0x01, write_imsi}, {0}};
static const SimQmiTlv event_tlvs[] = {{0x14, write_operating_mode}, {0}};

static const SimQmiRequest requests[] = {
	{0x0001, "Set Event Report", handle_event_report, NULL},
	{0x0020, "Get Capabilities", NULL, capabilities_tlvs},
	{0x0021, "Get Manufacturer", NULL, maker_tlvs},
	{0x0022, "Get Model", NULL, model_tlvs},
	{0x0023, "Get Revision", NULL, revision_tlvs},
	{0x0025, "Get IDs", NULL, ids_tlvs},
	{0x002D, "Get Operating Mode", NULL, mode_tlvs},
	{0x002E, "Set Operating Mode", handle_set_mode, NULL},
	{0x003C, "UIM Get ICCID", need_card, iccid_tlvs},
	{0x0043, "UIM Get IMSI", need_open_card, imsi_tlvs},
	{0x0051, "Get Software Version", NULL, revision_tlvs},
	{0},
};

static const SimQmiIndication indications[] = {
	{0x0001, "Event Report", REPORT_OPERATING_MODE, event_tlvs, NULL},
	{0},
};

const SimQmiService sim_qmi_dms = {
	.id = SIM_QMI_DMS,
	.major = 1,
	.minor = 0,
	.max_clients = 16,
	.requests = requests,
	.indications = indications,
};
