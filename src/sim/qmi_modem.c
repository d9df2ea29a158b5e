/* qmi_modem.c - see qmi_modem.h: requests find their row, rows make responses, changes make indications.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi_modem.h"

#include "sim/pty.h"
#include "sim/qmi_clients.h"
#include "sim/qmi_link.h"

#include <unistd.h>

#define CTL_SYNC 0x0027

const SimQmiService *const sim_qmi_services[] = {
	&sim_qmi_ctl, &sim_qmi_wds, &sim_qmi_dms, &sim_qmi_nas, &sim_qmi_uim, NULL,
};

/* One state of the world with what the modem makes of it. */
typedef struct {
	SimModemState state;
	SimCellView last_cell; /* the cell camped on last */
	SimRat rat;
} View;

struct SimQmiModem {
	const SimModemInfo *info;
	int master_fd, slave_fd;
	char *path;
	SimQmiLink *link;
	SimQmiClients *clients;
	View view;
};

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

static SimQmiCall call_for(SimQmiModem *modem, const View *view, SimQmiClient *client)
{
	SimQmiCall call = {
		.info = modem->info,
		.state = &view->state,
		.rat = view->rat,
		.clients = modem->clients,
		.client = client,
	};
	if (view->state.service != SIM_SERVICE_NONE && view->last_cell.rat != SIM_RAT_NONE)
		call.camped = &view->last_cell;
	return call;
}

static void send_message(SimQmiModem *modem, SimQmiMessage *message)
{
	if (sim_qmi_message_end(message))
		sim_qmi_link_send(modem->link, message->data, message->writer.length);
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
	if (!row)
		return SIM_QMI_INVALID_QMI_COMMAND;
	return row->handle ? row->handle(call) : SIM_QMI_OK;
}

static void on_request(const SimQmiFrame *request, gpointer user_data)
{
	SimQmiModem *modem = user_data;
	if (modem->view.state.operating_mode == SIM_OPMODE_RESETTING)
		return;
	const SimQmiRequest *row = request_row(sim_qmi_service_find(request->service), request->message);
	SimQmiCall call = call_for(modem, &modem->view, sim_qmi_clients_find(modem->clients, request->service, request->client));
	call.request = request;
	SimQmiError error = serve(&call, row);
	g_debug("%s: service %u client %u: %s (0x%04x) -> %d", modem->info->name, request->service, request->client,
		row ? row->name : "unknown", request->message, (int)error);

	SimQmiMessage response;
	sim_qmi_message_begin(&response, SIM_QMI_RESPONSE, request->service, request->client, request->transaction,
			      request->message);
	sim_qmi_message_result(&response, error);
	if (error == SIM_QMI_OK)
		sim_qmi_write_tlvs(&call, row->tlvs, &response);
	send_message(modem, &response);
}

static void write_indication(const SimQmiCall *call, const SimQmiIndication *row, SimQmiMessage *message)
{
	sim_qmi_message_begin(message, SIM_QMI_INDICATION, call->client->service, call->client->id, 0, row->message);
	sim_qmi_write_tlvs(call, row->tlvs, message);
}

static void indicate(SimQmiModem *modem, const View *before_view, SimQmiClient *client, const SimQmiIndication *row)
{
	SimQmiCall call = call_for(modem, &modem->view, client);
	SimQmiCall before = call_for(modem, before_view, client);
	SimQmiMessage now, then;
	if (row->is_due && !row->is_due(&call, &before))
		return;
	write_indication(&call, row, &now);
	if (!row->is_due) {
		write_indication(&before, row, &then);
		if (now.writer.length == then.writer.length && memcmp(now.data, then.data, now.writer.length) == 0)
			return;
	}
	send_message(modem, &now);
}

static void indicate_changes(SimQmiModem *modem, const View *before)
{
	for (guint i = 0; i < sim_qmi_clients_count(modem->clients); i++) {
		SimQmiClient *client = sim_qmi_clients_nth(modem->clients, i);
		const SimQmiIndication *row = sim_qmi_service_find(client->service)->indications;
		for (; row && row->name; row++)
			if (client->reports & row->report)
				indicate(modem, before, client, row);
	}
}

/* What firmware says when it has started anew: whatever you knew of me, forget it (libqmi, CTL Sync). */
static void indicate_restart(SimQmiModem *modem)
{
	SimQmiMessage message;
	sim_qmi_message_begin(&message, SIM_QMI_INDICATION, SIM_QMI_CTL, 0, 0, CTL_SYNC);
	send_message(modem, &message);
}

void sim_qmi_modem_update(SimQmiModem *modem, const SimModemState *state)
{
	View before = modem->view;
	modem->view.state = *state;
	if (state->has_serving && state->n_cells > 0) {
		modem->view.last_cell = state->cells[0];
		modem->view.rat = state->cells[0].rat;
	}
	if (state->operating_mode == SIM_OPMODE_RESETTING)
		sim_qmi_clients_release_all(modem->clients);
	else if (before.state.operating_mode == SIM_OPMODE_RESETTING)
		indicate_restart(modem);
	indicate_changes(modem, &before);
}

SimQmiModem *sim_qmi_modem_new(const SimModemInfo *info, GError **error)
{
	int master, slave;
	char *path;
	if (!sim_pty_open(&master, &slave, &path, error))
		return NULL;
	SimQmiModem *modem = g_new0(SimQmiModem, 1);
	modem->info = info;
	modem->master_fd = master;
	modem->slave_fd = slave;
	modem->path = path;
	modem->clients = sim_qmi_clients_new();
	modem->view.rat = SIM_RAT_LTE;
	modem->link = sim_qmi_link_new(master, on_request, modem);
	return modem;
}

void sim_qmi_modem_free(SimQmiModem *modem)
{
	if (!modem)
		return;
	sim_qmi_link_free(modem->link);
	sim_qmi_clients_free(modem->clients);
	close(modem->master_fd);
	close(modem->slave_fd);
	g_free(modem->path);
	g_free(modem);
}

const char *sim_qmi_modem_path(const SimQmiModem *modem)
{
	return modem->path;
}

guint sim_qmi_modem_client_count(const SimQmiModem *modem)
{
	return sim_qmi_clients_count(modem->clients);
}

guint64 sim_qmi_modem_dropped_count(const SimQmiModem *modem)
{
	return sim_qmi_link_dropped(modem->link);
}

guint64 sim_qmi_modem_garbage_count(const SimQmiModem *modem)
{
	return sim_qmi_link_skipped(modem->link);
}
