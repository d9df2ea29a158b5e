/* engine.c - a modem that speaks QMI: requests find their row, rows make responses, changes make indications.
 *
 * Services: CTL, DMS, NAS, WDS, WDA, UIM, and LOC where there is a receiver. A message that is not simulated gets the
 * protocol error InvalidQmiCommand (71), a client id that is not allocated InvalidClientId (7).
 *
 * What takes time (a data session that is being started) is answered when a later state shows how it went; meanwhile everything
 * else goes on.
 *
 * While the state's operating mode is RESETTING the modem is deaf and all client ids are lost; when it comes
 * back it sends the CTL Sync indication, as firmware does after a restart.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/engine.h"

#include "sim/qmi/clients.h"

#define CTL_SYNC 0x0027

const SimQmiService *const sim_qmi_services[] = {
	&sim_qmi_ctl, &sim_qmi_wds, &sim_qmi_dms, &sim_qmi_nas, &sim_qmi_uim, &sim_qmi_loc, &sim_qmi_wda, NULL,
};

typedef struct {
	SimEngine base;
	SimQmiClients *clients;
	SimView view;
} SimQmiEngine;

const SimQmiService *sim_qmi_service_find(guint8 id)
{
	for (guint i = 0; sim_qmi_services[i]; i++)
		if (sim_qmi_services[i]->id == id)
			return sim_qmi_services[i];
	return NULL;
}

void sim_qmi_write_tlvs(const SimQmiCall *call, const SimQmiTlv *tlvs, SimQmiMessage *message)
{
	for (; tlvs && tlvs->write; tlvs++) {
		ByteWriter *w = sim_qmi_message_tlv_begin(message, tlvs->type);
		if (tlvs->write(call, w))
			sim_qmi_message_tlv_end(message);
		else
			sim_qmi_message_tlv_drop(message);
	}
}

gboolean sim_qmi_write_text(ByteWriter *w, const char *text)
{
	byte_writer_put(w, text, text ? strlen(text) : 0);
	return TRUE;
}

static SimQmiCall call_for(SimQmiEngine *qmi, const SimView *view, SimQmiClient *client)
{
	return (SimQmiCall){
		.engine = &qmi->base,
		.info = qmi->base.info,
		.state = &view->state,
		.camped = sim_view_camped(view),
		.rat = view->last_cell.rat != SIM_RAT_NONE ? view->last_cell.rat : SIM_RAT_LTE,
		.clients = qmi->clients,
		.client = client,
	};
}

static void send_message(SimQmiEngine *qmi, SimQmiMessage *message)
{
	if (sim_qmi_message_end(message))
		qmi->base.send(message->data, message->writer.length, qmi->base.user_data);
}

static const SimQmiRequest *request_row(const SimQmiService *service, guint16 message)
{
	const SimQmiRequest *row = service ? service->requests : NULL;
	while (row && row->name && row->message != message)
		row++;
	return row && row->name ? row : NULL;
}

static SimQmiError serve(SimQmiCall *call, const SimQmiRequest *row)
{
	if (call->request->service != SIM_QMI_CTL && !call->client)
		return SIM_QMI_INVALID_CLIENT_ID;
	if (call->client && call->client->mismatched && sim_engine_has_fault(call->engine, SIM_FAULT_POLICY_MISMATCH))
		return SIM_QMI_POLICY_MISMATCH;
	if (!row)
		return SIM_QMI_INVALID_QMI_COMMAND;
	return row->handle ? row->handle(call) : SIM_QMI_OK;
}

static void receive(SimEngine *engine, const guint8 *data, gsize size)
{
	SimQmiEngine *qmi = (SimQmiEngine *)engine;
	SimQmiFrame frame;
	const SimQmiFrame *request = &frame;
	if (sim_qmi_frame_parse(data, size, &frame, &size) != SIM_QMI_PARSE_REQUEST ||
	    qmi->view.state.operating_mode == SIM_OPMODE_RESETTING)
		return;
	const SimQmiRequest *row = request_row(sim_qmi_service_find(request->service), request->message);
	SimQmiCall call = call_for(qmi, &qmi->view, sim_qmi_clients_find(qmi->clients, request->service, request->client));
	call.request = request;
	SimQmiError error = serve(&call, row);
	g_debug("%s: service %u client %u: %s (0x%04x) -> %d", qmi->base.info->name, request->service, request->client,
		row ? row->name : "unknown", request->message, (int)error);
	if (error == SIM_QMI_ANSWER_LATER)
		return;

	SimQmiMessage response;
	sim_qmi_message_begin(&response, SIM_QMI_RESPONSE, request->service, request->client, request->transaction,
			      request->message);
	sim_qmi_message_result(&response, error);
	if (error == SIM_QMI_OK)
		sim_qmi_write_tlvs(&call, row->tlvs, &response);
	send_message(qmi, &response);
}

static void write_indication(const SimQmiCall *call, const SimQmiIndication *row, SimQmiMessage *message)
{
	sim_qmi_message_begin(message, SIM_QMI_INDICATION, call->client->service, call->client->id, 0, row->message);
	sim_qmi_write_tlvs(call, row->tlvs, message);
}

static void indicate(SimQmiEngine *qmi, const SimView *before_view, SimQmiClient *client, const SimQmiIndication *row)
{
	SimQmiCall call = call_for(qmi, &qmi->view, client);
	SimQmiCall before = call_for(qmi, before_view, client);
	SimQmiMessage now, then;
	if (row->is_due && !row->is_due(&call, &before))
		return;
	write_indication(&call, row, &now);
	if (!row->is_due) {
		write_indication(&before, row, &then);
		if (now.writer.length == then.writer.length && memcmp(now.data, then.data, now.writer.length) == 0)
			return;
	}
	send_message(qmi, &now);
}

static void indicate_changes(SimQmiEngine *qmi, const SimView *before)
{
	for (guint i = 0; i < sim_qmi_clients_count(qmi->clients); i++) {
		SimQmiClient *client = sim_qmi_clients_nth(qmi->clients, i);
		const SimQmiIndication *row = sim_qmi_service_find(client->service)->indications;
		if (client->leaked && !sim_engine_has_fault(&qmi->base, SIM_FAULT_DOUBLED_INDICATIONS))
			continue;
		for (; row && row->name; row++)
			if (client->reports & row->report)
				indicate(qmi, before, client, row);
	}
}

static void answer_late(SimQmiEngine *qmi)
{
	for (guint i = 0; i < sim_qmi_clients_count(qmi->clients); i++) {
		SimQmiClient *client = sim_qmi_clients_nth(qmi->clients, i);
		const SimQmiService *service = sim_qmi_service_find(client->service);
		SimQmiCall call = call_for(qmi, &qmi->view, client);
		SimQmiMessage message;
		while (service->late_answer && service->late_answer(&call, &message))
			send_message(qmi, &message);
	}
}

static void settle_clients(SimQmiEngine *qmi)
{
	for (guint i = 0; i < sim_qmi_clients_count(qmi->clients); i++) {
		SimQmiCall call = call_for(qmi, &qmi->view, sim_qmi_clients_nth(qmi->clients, i));
		const SimQmiService *service = sim_qmi_service_find(call.client->service);
		if (service->settle)
			service->settle(&call);
	}
}

static void on_released(SimQmiClient *client, gpointer user_data)
{
	const SimQmiService *service = sim_qmi_service_find(client->service);
	if (service->release)
		service->release(user_data, client);
}

/* What firmware says when it has started anew: whatever you knew of me, forget it (libqmi, CTL Sync). */
static void indicate_restart(SimQmiEngine *qmi)
{
	SimQmiMessage message;
	sim_qmi_message_begin(&message, SIM_QMI_INDICATION, SIM_QMI_CTL, 0, 0, CTL_SYNC);
	send_message(qmi, &message);
}

static void update(SimEngine *engine, const SimModemState *state)
{
	SimQmiEngine *qmi = (SimQmiEngine *)engine;
	SimView before = qmi->view;
	sim_view_update(&qmi->view, state);
	if (state->operating_mode == SIM_OPMODE_RESETTING)
		sim_qmi_clients_release_all(qmi->clients);
	else if (before.state.operating_mode == SIM_OPMODE_RESETTING)
		indicate_restart(qmi);
	answer_late(qmi);
	indicate_changes(qmi, &before);
	settle_clients(qmi);
}

static SimEngine *engine_new(const SimModemInfo *info, SimMessageFunc send, gpointer user_data)
{
	SimQmiEngine *qmi = g_new0(SimQmiEngine, 1);
	qmi->base = (SimEngine){.class = &sim_qmi_engine, .info = info, .send = send, .user_data = user_data};
	qmi->clients = sim_qmi_clients_new();
	sim_qmi_clients_watch(qmi->clients, on_released, qmi);
	return &qmi->base;
}

static void engine_free(SimEngine *engine)
{
	SimQmiEngine *qmi = (SimQmiEngine *)engine;
	sim_qmi_clients_free(qmi->clients);
	g_free(qmi);
}

static guint count_clients(const SimEngine *engine)
{
	return sim_qmi_clients_count(((const SimQmiEngine *)engine)->clients);
}

static SimCut cut(const guint8 *data, gsize length, gsize *ret_size)
{
	SimQmiFrame frame;
	switch (sim_qmi_frame_parse(data, length, &frame, ret_size)) {
	case SIM_QMI_PARSE_REQUEST:
		return SIM_CUT_MESSAGE;
	case SIM_QMI_PARSE_IGNORED:
		return SIM_CUT_IGNORED;
	case SIM_QMI_PARSE_PARTIAL:
		return SIM_CUT_PARTIAL;
	case SIM_QMI_PARSE_GARBAGE:
		break;
	}
	return SIM_CUT_GARBAGE;
}

static guint32 message_id(const guint8 *message, gsize size)
{
	SimQmiFrame frame;
	return sim_qmi_frame_parse(message, size, &frame, &size) == SIM_QMI_PARSE_REQUEST
		       ? (guint32)frame.service << 16 | frame.message
		       : 0;
}

static gboolean is_control(const guint8 *message, gsize size)
{
	guint32 service = message_id(message, size) >> 16;
	return service == SIM_QMI_CTL || service == SIM_QMI_DMS;
}

static void begin_fault(SimEngine *engine, SimFault fault)
{
	SimQmiClients *clients = ((SimQmiEngine *)engine)->clients;
	if (fault == SIM_FAULT_LOST_CLIENTS)
		sim_qmi_clients_release_all(clients);
	for (guint i = 0; i < sim_qmi_clients_count(clients); i++)
		sim_qmi_clients_nth(clients, i)->mismatched |= fault == SIM_FAULT_POLICY_MISMATCH;
}

const SimEngineClass sim_qmi_engine = {
	.protocol = "qmi",
	.cut = cut,
	.new = engine_new,
	.receive = receive,
	.update = update,
	.clients = count_clients,
	.free = engine_free,
	.message_id = message_id,
	.is_control = is_control,
	.begin_fault = begin_fault,
	.garble = sim_qmi_garble,
};
