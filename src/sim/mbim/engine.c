/* engine.c - a modem that speaks MBIM: commands find their row, rows make answers, changes make notifications.
 *
 * Services: Basic Connect, Microsoft's Basic Connect Extensions and, in the "mbim-qmi" variant, QMI. A service, a command or
 * a verb that is not simulated gets the status NoDeviceSupport (9), a command before OPEN the error NotOpened (5).
 *
 * An OPEN begins anew whatever there was: MBIM has one session, and the last host to open owns it. While the state's
 * operating mode is RESETTING the modem is deaf and the session is lost; afterwards it must be opened again. A CLOSE
 * of what is not open is answered like any other, as firmware does.
 *
 * A command that takes time (Connect, or QMI's Start Network inside) is answered when a later state shows how it went.
 *
 * Answers longer than a control message go out in fragments. The modem's own limit (which a host would read in the USB
 * descriptor, wMaxControlMessage) is small, as it was in early modems, so that fragments are an everyday thing
 * (libmbim #33); a host that announces less gets less.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/service.h"

#define MAX_CONTROL_MESSAGE 512

/* Numbers that tell requests apart: whose it is, and the CID; of a QMI frame what QMI says of it; OPEN and CLOSE by type. */
#define ID_MASK       0xFF000000u
#define ID_BASIC      0x01000000u
#define ID_EXTENSIONS 0x02000000u
#define ID_QMI        0x03000000u
#define ID_OTHER      0x04001000u
#define DEVICE_CAPS     1
#define DEVICE_SERVICES 16
#define DEVICE_RESET    10
#define COMMAND_HEAD  48 /* of a command in one piece, before the information buffer */

typedef struct {
	SimEngine base;
	SimMbimOutlet outlet;
	SimMbimSession session;
	SimMbimAssembly assembly;
	SimView view;
	gboolean asking_qmi; /* what the QMI engine sends now is an answer */
} SimMbimEngine;

const SimCellView *sim_mbim_serving(const SimMbimCall *call)
{
	return call->state->has_serving && call->state->n_cells > 0 ? &call->state->cells[0] : NULL;
}

void sim_mbim_order(const SimMbimCall *call, SimOrder order)
{
	if (call->order)
		call->order(order, call->order_data);
}

static SimMbimCall call_for(SimMbimEngine *mbim, const SimView *view)
{
	return (SimMbimCall){
		.info = mbim->base.info, .state = &view->state, .camped = sim_view_camped(view), .session = &mbim->session,
		.engine = &mbim->base};
}

static void notify(SimMbimEngine *mbim, const SimView *before_view, const SimMbimService *service, const SimMbimRow *row)
{
	SimMbimCall call = call_for(mbim, &mbim->view), before = call_for(mbim, before_view);
	guint8 now[SIM_MBIM_INFO_MAX], then[SIM_MBIM_INFO_MAX];
	ByteWriter now_w = byte_writer_init(now, sizeof now), then_w = byte_writer_init(then, sizeof then);
	if (row->is_due && !row->is_due(&call))
		return;
	row->write(&call, &now_w);
	if (!row->is_due) {
		row->write(&before, &then_w);
		if (now_w.length == then_w.length && memcmp(now, then, now_w.length) == 0)
			return;
	}
	sim_mbim_send_info(&mbim->outlet, SIM_MBIM_INDICATE_STATUS, 0, service->uuid, row->cid, 0, now, now_w.length);
}

static void notify_changes(SimMbimEngine *mbim, const SimView *before)
{
	const SimMbimSession *session = &mbim->session;
	for (guint i = 0; session->open && session->services[i]; i++)
		for (const SimMbimRow *row = session->services[i]->rows; row->name; row++)
			if ((session->subscribed[i] >> row->cid) & 1)
				notify(mbim, before, session->services[i], row);
}

/* The QMI engine has no device of its own: what the device says of faults and hears of orders passes through here. */
static void pass_order(SimOrder order, gpointer user_data)
{
	SimMbimEngine *mbim = user_data;
	if (mbim->base.order)
		mbim->base.order(order, mbim->base.user_data);
}

static SimEngine *qmi_engine(SimMbimEngine *mbim)
{
	if (mbim->session.qmi)
		mbim->session.qmi->faults = mbim->base.faults;
	if (mbim->session.qmi)
		mbim->session.qmi->caller = mbim->base.caller;
	return mbim->session.qmi;
}

static void end_session(SimMbimEngine *mbim)
{
	mbim->session.open = FALSE;
	sim_mbim_connect_close(&mbim->base, &mbim->session);
	memset(mbim->session.qmi_requests, 0, sizeof mbim->session.qmi_requests);
}

static void begin_session(SimMbimEngine *mbim, guint32 max_transfer)
{
	SimMbimSession *session = &mbim->session;
	end_session(mbim);
	session->open = TRUE;
	session->mbimex = SIM_MBIMEX_1;
	session->signal = (SimMbimSignal){.error_threshold = SIM_MBIM_DONT_CARE};
	sim_mbim_subscribe_default(session);
	mbim->assembly.open = FALSE;
	mbim->outlet.max_transfer = CLAMP(max_transfer, SIM_MBIM_TRANSFER_MIN, MAX_CONTROL_MESSAGE);
}

static const SimMbimService *find_service(const SimMbimSession *session, const guint8 *uuid)
{
	const SimMbimService *const *service = session->services;
	while (*service && memcmp((*service)->uuid, uuid, SIM_MBIM_UUID_SIZE) != 0)
		service++;
	return *service;
}

static const SimMbimRow *find_row(const SimMbimService *service, const SimMbimCommand *command)
{
	const SimMbimRow *row = service ? service->rows : NULL;
	while (row && row->name && row->cid != command->cid)
		row++;
	return row && row->name && (row->verbs & (command->is_set ? SIM_MBIM_SET : SIM_MBIM_QUERY)) ? row : NULL;
}

static SimMbimStatus serve(SimMbimCall *call, const SimMbimRow *row)
{
	if (!row)
		return SIM_MBIM_STATUS_NO_DEVICE_SUPPORT;
	return row->handle ? row->handle(call) : SIM_MBIM_STATUS_NONE;
}

static void answer(SimMbimEngine *mbim, guint32 transaction, SimMbimCommand *command)
{
	guint8 info[SIM_MBIM_INFO_MAX];
	ByteWriter w = byte_writer_init(info, sizeof info);
	const SimMbimRow *row = find_row(find_service(&mbim->session, command->service), command);
	SimMbimCall call = call_for(mbim, &mbim->view);
	call.request = command;
	call.transaction = transaction;
	call.order = mbim->base.order;
	call.order_data = mbim->base.user_data;
	qmi_engine(mbim);
	mbim->asking_qmi = TRUE;
	SimMbimStatus status = serve(&call, row);
	mbim->asking_qmi = FALSE;
	g_debug("%s: CID %u: %s %s -> %d", mbim->base.info->name, command->cid, command->is_set ? "set" : "query",
		row ? row->name : "unknown", (int)status);
	if (status == SIM_MBIM_STATUS_LATER)
		return;
	if (status == SIM_MBIM_STATUS_NONE && row->write)
		row->write(&call, &w);
	sim_mbim_send_info(&mbim->outlet, SIM_MBIM_COMMAND_DONE, transaction, command->service, command->cid, status, info, w.length);
}

static SimMbimError take_fragment(SimMbimEngine *mbim, SimMbimMessage *message)
{
	SimMbimError error = SIM_MBIM_ERROR_NONE;
	SimMbimCommand command;
	if (!mbim->session.open)
		return SIM_MBIM_ERROR_NOT_OPENED;
	if (sim_mbim_assembly_add(&mbim->assembly, message, &error) != SIM_MBIM_ASSEMBLY_WHOLE)
		return error;
	if (!sim_mbim_command_parse(mbim->assembly.data, mbim->assembly.writer.length, &command))
		return SIM_MBIM_ERROR_LENGTH_MISMATCH;
	answer(mbim, message->transaction, &command);
	return SIM_MBIM_ERROR_NONE;
}

static void receive(SimEngine *engine, const guint8 *data, gsize size)
{
	SimMbimEngine *mbim = (SimMbimEngine *)engine;
	SimMbimMessage message = sim_mbim_parse(data, size);
	SimMbimError error = SIM_MBIM_ERROR_NONE;
	if (mbim->view.state.operating_mode == SIM_OPMODE_RESETTING)
		return;
	switch (message.type) {
	case SIM_MBIM_OPEN:
		begin_session(mbim, byte_reader_u32(&message.rest));
		sim_mbim_send_number(&mbim->outlet, SIM_MBIM_OPEN_DONE, message.transaction, SIM_MBIM_STATUS_NONE);
		break;
	case SIM_MBIM_CLOSE:
		end_session(mbim);
		sim_mbim_send_number(&mbim->outlet, SIM_MBIM_CLOSE_DONE, message.transaction, SIM_MBIM_STATUS_NONE);
		break;
	case SIM_MBIM_COMMAND:
		error = take_fragment(mbim, &message);
		break;
	case SIM_MBIM_HOST_ERROR: /* the host gave up on a transaction */
		mbim->assembly.open = FALSE;
		break;
	case SIM_MBIM_OPEN_DONE:
	case SIM_MBIM_CLOSE_DONE:
	case SIM_MBIM_COMMAND_DONE:
	case SIM_MBIM_FUNCTION_ERROR:
	case SIM_MBIM_INDICATE_STATUS:
		break;
	}
	if (error != SIM_MBIM_ERROR_NONE)
		sim_mbim_send_number(&mbim->outlet, SIM_MBIM_FUNCTION_ERROR, message.transaction, error);
}

/* A failure has its reason in the information buffer. */
static void answer_connect(SimMbimEngine *mbim, const SimMbimCall *call)
{
	guint8 info[SIM_MBIM_INFO_MAX];
	ByteWriter w = byte_writer_init(info, sizeof info);
	SimMbimStatus status = sim_mbim_connect_late(call);
	if (status == SIM_MBIM_STATUS_LATER)
		return;
	sim_mbim_write_connect(call, &w);
	sim_mbim_send_info(&mbim->outlet, SIM_MBIM_COMMAND_DONE, mbim->session.connect.transaction, sim_mbim_basic.uuid,
			   SIM_MBIM_CONNECT_CID, status, info, w.length);
}

static void update(SimEngine *engine, const SimModemState *state)
{
	SimMbimEngine *mbim = (SimMbimEngine *)engine;
	SimView before = mbim->view;
	SimEngine *qmi = qmi_engine(mbim);
	sim_view_update(&mbim->view, state);
	if (state->operating_mode == SIM_OPMODE_RESETTING)
		end_session(mbim);
	SimMbimCall call = call_for(mbim, &mbim->view);
	answer_connect(mbim, &call);
	notify_changes(mbim, &before);
	sim_mbim_connect_settle(&call);
	if (qmi)
		qmi->class->update(qmi, state);
}

/* What the QMI engine says: the answer to what it is being asked, or was asked before, or else an indication. */
static void on_qmi_message(const guint8 *message, gsize size, gpointer user_data)
{
	SimMbimEngine *mbim = user_data;
	guint32 transaction;
	guint i = 0;
	while (mbim->session.services[i] != &sim_mbim_qmi)
		i++;
	if (mbim->asking_qmi)
		g_byte_array_append(mbim->session.qmi_answer, message, (guint)size);
	else if (sim_mbim_qmi_late(&mbim->session, message, size, &transaction))
		sim_mbim_send_info(&mbim->outlet, SIM_MBIM_COMMAND_DONE, transaction, sim_mbim_qmi.uuid, SIM_MBIM_QMI_CID,
				   SIM_MBIM_STATUS_NONE, message, size);
	else if (mbim->session.open && ((mbim->session.subscribed[i] >> SIM_MBIM_QMI_CID) & 1))
		sim_mbim_send_info(&mbim->outlet, SIM_MBIM_INDICATE_STATUS, 0, sim_mbim_qmi.uuid, SIM_MBIM_QMI_CID, 0, message, size);
}

static SimMbimEngine *engine_new(const SimEngineClass *class, const SimMbimService *const *services, const SimModemInfo *info,
				 SimMessageFunc send, gpointer user_data)
{
	SimMbimEngine *mbim = g_new0(SimMbimEngine, 1);
	mbim->base = (SimEngine){.class = class, .info = info, .send = send, .user_data = user_data};
	mbim->outlet = (SimMbimOutlet){send, user_data, MAX_CONTROL_MESSAGE};
	mbim->session.services = services;
	mbim->session.mbimex = SIM_MBIMEX_1;
	return mbim;
}

static SimEngine *plain_new(const SimModemInfo *info, SimMessageFunc send, gpointer user_data)
{
	static const SimMbimService *const services[] = {&sim_mbim_basic, &sim_mbim_extensions, NULL};
	return &engine_new(&sim_mbim_engine, services, info, send, user_data)->base;
}

static SimEngine *with_qmi_new(const SimModemInfo *info, SimMessageFunc send, gpointer user_data)
{
	static const SimMbimService *const services[] = {&sim_mbim_basic, &sim_mbim_extensions, &sim_mbim_qmi, NULL};
	SimMbimEngine *mbim = engine_new(&sim_mbim_qmi_engine, services, info, send, user_data);
	mbim->session.qmi_answer = g_byte_array_new();
	mbim->session.qmi = sim_qmi_engine.new(info, on_qmi_message, mbim);
	mbim->session.qmi->order = pass_order;
	return &mbim->base;
}

static void engine_free(SimEngine *engine)
{
	SimMbimEngine *mbim = (SimMbimEngine *)engine;
	if (mbim->session.qmi) {
		mbim->session.qmi->class->free(mbim->session.qmi);
		g_byte_array_unref(mbim->session.qmi_answer);
	}
	g_free(mbim);
}

static guint count_clients(const SimEngine *engine)
{
	const SimMbimSession *session = &((const SimMbimEngine *)engine)->session;
	return (session->open ? 1 : 0) + (session->qmi ? session->qmi->class->clients(session->qmi) : 0);
}

static guint32 message_id(const guint8 *message, gsize size)
{
	SimMbimMessage parsed = sim_mbim_parse(message, size);
	SimMbimCommand command;
	if (parsed.type != SIM_MBIM_COMMAND)
		return ID_OTHER | (guint32)parsed.type;
	byte_reader_u32(&parsed.rest);
	guint32 number = byte_reader_u32(&parsed.rest);
	gsize left = byte_reader_left(&parsed.rest);
	if (number != 0 || !sim_mbim_command_parse(message + size - left, left, &command))
		return 0;
	if (memcmp(command.service, sim_mbim_basic.uuid, SIM_MBIM_UUID_SIZE) == 0)
		return ID_BASIC | command.cid;
	if (memcmp(command.service, sim_mbim_qmi.uuid, SIM_MBIM_UUID_SIZE) == 0)
		return ID_QMI | sim_qmi_engine.message_id(command.info.data, command.info.length);
	return ID_EXTENSIONS | command.cid;
}

static gboolean is_control(const guint8 *message, gsize size)
{
	guint32 id = message_id(message, size);
	if ((id & ID_MASK) == ID_QMI)
		return sim_qmi_engine.is_control(message + COMMAND_HEAD, size - COMMAND_HEAD);
	return (id & ID_MASK) == (ID_OTHER & ID_MASK) || id == (ID_BASIC | DEVICE_CAPS) || id == (ID_BASIC | DEVICE_SERVICES) ||
	       id == (ID_EXTENSIONS | DEVICE_RESET);
}

/* MBIM's own client is the session. */
static void begin_fault(SimEngine *engine, SimFault fault)
{
	SimMbimEngine *mbim = (SimMbimEngine *)engine;
	SimEngine *qmi = qmi_engine(mbim);
	if (fault == SIM_FAULT_LOST_CLIENTS)
		end_session(mbim);
	if (qmi)
		qmi->class->begin_fault(qmi, fault);
}

/* What the information buffer says, not whose it is. */
static void garble(guint8 *message, gsize size, GRand *dice)
{
	if (size > COMMAND_HEAD)
		sim_faults_randomise(dice, message + COMMAND_HEAD, size - COMMAND_HEAD);
}

#define METHODS                                                                                                        \
	.cut = sim_mbim_cut, .receive = receive, .update = update, .clients = count_clients, .free = engine_free,      \
	.message_id = message_id, .is_control = is_control, .begin_fault = begin_fault, .garble = garble
const SimEngineClass sim_mbim_engine = {.protocol = "mbim", .new = plain_new, METHODS};
const SimEngineClass sim_mbim_qmi_engine = {.protocol = "mbim-qmi", .new = with_qmi_new, METHODS};
