/* nas.c - NAS, the network access service: its messages, and which of them a client wants unasked.
 *
 * Sources: libqmi data/qmi-service-nas.json. The TLVs stand in nas_*.c.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/nas.h"

/* Register Indications 0x03: one TLV u8 for each kind, 0 off, 1 on; kinds that are not named keep their state.
 * (21 has a second u8, about holding System Info back, which the modem does not do.) */
static SimQmiError handle_register(SimQmiCall *call)
{
	static const struct {
		guint8 type;
		guint32 report;
	} kinds[] = {
		{0x13, NAS_REPORT_SERVING_SYSTEM},
		{0x18, NAS_REPORT_SYSTEM_INFO},
		{0x19, NAS_REPORT_SIGNAL_INFO},
		{0x21, NAS_REPORT_NETWORK_REJECT},
	};
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		ByteReader r;
		if (!sim_qmi_frame_tlv(call->request, kinds[i].type, &r))
			continue;
		gboolean on = byte_reader_u8(&r) != 0;
		if (r.failed)
			return SIM_QMI_INVALID_ARGUMENT;
		call->client->reports = on ? call->client->reports | kinds[i].report : call->client->reports & ~kinds[i].report;
	}
	return SIM_QMI_OK;
}

/* Get System Selection Preference 0x34: everything allowed, chosen by the modem */
static gboolean write_emergency(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, 0);
	return TRUE;
}

static gboolean write_mode_preference(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u16(w, (guint16)(1 << 2 | 1 << 3 | 1 << 4 | (call->info->has_nr ? 1 << 6 : 0))); /* GSM, UMTS, LTE, NR */
	return TRUE;
}

static gboolean write_roaming_preference(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u16(w, 0xFF); /* any */
	return TRUE;
}

static gboolean write_selection(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, 0); /* automatic */
	return TRUE;
}

static gboolean write_domain_preference(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, 2); /* circuits and packets */
	return TRUE;
}

static const SimQmiTlv preference_tlvs[] = {
	{0x10, write_emergency}, {0x11, write_mode_preference},   {0x14, write_roaming_preference},
	{0x16, write_selection}, {0x18, write_domain_preference}, {0},
};

/* Network Reject indication 0x68: 01 radio u8, 02 domain u8, 03 cause u8, 10 MCC u16, MNC u16, MNC has three digits u8 */
static gboolean write_reject_radio(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, nas_radio(call->state->reject_rat == SIM_RAT_NR ? SIM_RAT_NR : call->rat));
	return TRUE;
}

static gboolean write_reject_domain(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, nas_reject_domain(call->state));
	return TRUE;
}

static gboolean write_reject_cause(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, (guint8)call->state->reject_cause);
	return TRUE;
}

static gboolean write_reject_plmn(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_serving(call, call->rat); /* a reject can come before service is shown */
	if (!cell)
		return FALSE;
	nas_put_plmn_numbers(w, cell->mcc, cell->mnc);
	byte_writer_u8(w, nas_mnc_has_three(cell->mnc) ? 1 : 0);
	return TRUE;
}

static const SimQmiTlv reject_tlvs[] = {
	{0x01, write_reject_radio}, {0x02, write_reject_domain}, {0x03, write_reject_cause}, {0x10, write_reject_plmn}, {0},
};

static gboolean reject_is_due(const SimQmiCall *call, const SimQmiCall *before)
{
	return call->state->reject_count > before->state->reject_count;
}

static const SimQmiRequest requests[] = {
	{0x0003, "Register Indications", handle_register, NULL},
	{0x0020, "Get Signal Strength", NULL, nas_signal_strength_tlvs},
	{0x0024, "Get Serving System", NULL, nas_serving_system_tlvs},
	{0x0025, "Get Home Network", nas_need_home, nas_home_network_tlvs},
	{0x0031, "Get RF Band Information", nas_need_serving, nas_rf_band_tlvs},
	{0x0034, "Get System Selection Preference", NULL, preference_tlvs},
	{0x0043, "Get Cell Location Info", nas_need_serving, nas_cell_location_tlvs},
	{0x004D, "Get System Info", NULL, nas_system_info_tlvs},
	{0x004F, "Get Signal Info", NULL, nas_signal_info_tlvs},
	{0x0050, "Config Signal Info", nas_handle_config_signal, NULL},
	{0x005A, "Get Tx Rx Info", nas_handle_tx_rx, nas_tx_rx_tlvs},
	{0x006C, "Config Signal Info v2", nas_handle_config_signal_v2, NULL},
	{0x00AC, "Get LTE Cphy CA Info", nas_need_serving_lte, nas_carrier_tlvs},
	{0},
};

static const SimQmiIndication indications[] = {
	{0x0068, "Network Reject", NAS_REPORT_NETWORK_REJECT, reject_tlvs, reject_is_due},
	{0x0024, "Serving System", NAS_REPORT_SERVING_SYSTEM, nas_serving_system_indication_tlvs, NULL},
	{0x004E, "System Info", NAS_REPORT_SYSTEM_INFO, nas_system_info_indication_tlvs, NULL},
	{0x0051, "Signal Info", NAS_REPORT_SIGNAL_INFO, nas_signal_info_tlvs, nas_signal_is_due},
	{0},
};

const SimQmiService sim_qmi_nas = {
	.id = SIM_QMI_NAS,
	.major = 1,
	.minor = 25,
	.max_clients = 10, /* as few as in the field (lf-edge/eve #2992) */
	.default_reports = NAS_REPORT_SERVING_SYSTEM,
	.requests = requests,
	.indications = indications,
};
