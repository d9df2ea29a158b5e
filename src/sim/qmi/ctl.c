/* ctl.c - CTL, the control service: versions, client ids, data format. No client id of its own (0).
 *
 * Sources: libqmi data/qmi-service-ctl.json. Proxy open (0xFF00) never gets here: qmi-proxy answers it.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/clients.h"

#define TLV_ARGUMENT 0x01
#define TLV_PROTOCOL 0x10

static gboolean has_service(const SimQmiCall *call, const SimQmiService *service)
{
	return !service->of_gnss || call->info->has_gnss;
}

/* Get Version Info 0x0021: 01 count u8, { service u8, major u16, minor u16 } */
static gboolean write_versions(const SimQmiCall *call, ByteWriter *w)
{
	guint8 n = 0;
	for (guint i = 0; sim_qmi_services[i]; i++)
		n = (guint8)(n + has_service(call, sim_qmi_services[i]));
	byte_writer_u8(w, n);
	for (guint i = 0; sim_qmi_services[i]; i++) {
		if (!has_service(call, sim_qmi_services[i]))
			continue;
		byte_writer_u8(w, sim_qmi_services[i]->id);
		byte_writer_u16(w, sim_qmi_services[i]->major);
		byte_writer_u16(w, sim_qmi_services[i]->minor);
	}
	return TRUE;
}

/* Allocate CID 0x0022: in 01 service u8; out 01 service u8, client u8 */
static SimQmiError handle_allocate(SimQmiCall *call)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, TLV_ARGUMENT, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	guint8 id = byte_reader_u8(&r);
	const SimQmiService *service = sim_qmi_service_find(id);
	if (r.failed || !service || id == SIM_QMI_CTL || !has_service(call, service))
		return SIM_QMI_INVALID_SERVICE_TYPE;
	if (sim_engine_has_fault(call->engine, SIM_FAULT_EXHAUSTED_CLIENTS))
		return SIM_QMI_CLIENT_IDS_EXHAUSTED;
	call->client = sim_qmi_clients_allocate(call->clients, service);
	return call->client ? SIM_QMI_OK : SIM_QMI_CLIENT_IDS_EXHAUSTED;
}

static gboolean write_allocated(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, call->client->service);
	byte_writer_u8(w, call->client->id);
	return TRUE;
}

static gboolean keeps_clients(const SimEngine *engine)
{
	return sim_engine_has_fault(engine, SIM_FAULT_LEAKING_CLIENTS) || sim_engine_has_fault(engine, SIM_FAULT_EXHAUSTED_CLIENTS) ||
	       sim_engine_has_fault(engine, SIM_FAULT_DOUBLED_INDICATIONS);
}

/* Release CID 0x0023: in 01 service u8, client u8; out the same */
static SimQmiError handle_release(SimQmiCall *call)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, TLV_ARGUMENT, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	guint8 service = byte_reader_u8(&r), id = byte_reader_u8(&r);
	gboolean done = (keeps_clients(call->engine) ? sim_qmi_clients_leak : sim_qmi_clients_release)(call->clients, service, id);
	return !r.failed && done ? SIM_QMI_OK : SIM_QMI_INVALID_CLIENT_ID;
}

static gboolean write_released(const SimQmiCall *call, ByteWriter *w)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, TLV_ARGUMENT, &r))
		return FALSE;
	byte_writer_put(w, r.data, 2); /* handle_release() has seen that there are two */
	return TRUE;
}

/* Set Data Format 0x0026: in 01 format u8, 10 link protocol u16; out 10 the protocol in use */
static gboolean write_protocol(const SimQmiCall *call, ByteWriter *w)
{
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, TLV_PROTOCOL, &r))
		return FALSE;
	byte_writer_u16(w, byte_reader_u16(&r));
	return TRUE;
}

/* Sync 0x0027: the host starts anew, and no id that was out is valid any more. */
static SimQmiError handle_sync(SimQmiCall *call)
{
	sim_qmi_clients_release_all(call->clients);
	return SIM_QMI_OK;
}

static const SimQmiTlv versions_tlvs[] = {{0x01, write_versions}, {0}};
static const SimQmiTlv allocate_tlvs[] = {{0x01, write_allocated}, {0}};
static const SimQmiTlv release_tlvs[] = {{0x01, write_released}, {0}};
static const SimQmiTlv format_tlvs[] = {{0x10, write_protocol}, {0}};

static const SimQmiRequest requests[] = {
	{0x0021, "Get Version Info", NULL, versions_tlvs},
	{0x0022, "Allocate CID", handle_allocate, allocate_tlvs},
	{0x0023, "Release CID", handle_release, release_tlvs},
	{0x0026, "Set Data Format", NULL, format_tlvs},
	{0x0027, "Sync", handle_sync, NULL},
	{0},
};

const SimQmiService sim_qmi_ctl = {.id = SIM_QMI_CTL, .major = 1, .minor = 5, .requests = requests};
