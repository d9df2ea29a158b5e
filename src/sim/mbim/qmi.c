/* qmi.c - QMI over MBIM: the command whose information buffer is a QMUX frame, as the modems of one maker have it.
 *
 * The frames are the business of the QMI engine inside, which answers most of them at once; the command of one that it answers
 * later stays open so long. Its indications are the notifications.
 * The service is no standard one: a host hears no indications before it has subscribed (libqmi does).
 *
 * Source: libmbim data/mbim-service-qmi.json.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/service.h"
#include "sim/qmi/mux.h"

/* The command stays open. */
static SimMbimStatus await_answer(const SimMbimCall *call, const SimQmiFrame *frame)
{
	for (guint i = 0; i < SIM_MBIM_MAX_QMI_REQUESTS; i++) {
		SimMbimQmiRequest *request = &call->session->qmi_requests[i];
		if (request->waits)
			continue;
		*request = (SimMbimQmiRequest){TRUE, call->transaction, frame->service, frame->client, frame->transaction};
		return SIM_MBIM_STATUS_LATER;
	}
	return SIM_MBIM_STATUS_FAILURE;
}

gboolean sim_mbim_qmi_late(SimMbimSession *session, const guint8 *message, gsize size, guint32 *ret_transaction)
{
	guint8 service, client;
	guint16 transaction;
	if (!sim_qmi_frame_is_response(message, size, &service, &client, &transaction))
		return FALSE;
	for (guint i = 0; i < SIM_MBIM_MAX_QMI_REQUESTS; i++) {
		SimMbimQmiRequest *request = &session->qmi_requests[i];
		if (!request->waits || request->service != service || request->client != client ||
		    request->qmi_transaction != transaction)
			continue;
		request->waits = FALSE;
		*ret_transaction = request->transaction;
		return TRUE;
	}
	return FALSE;
}

static SimMbimStatus handle(SimMbimCall *call)
{
	SimMbimSession *session = call->session;
	const ByteReader *frame = &call->request->info;
	SimQmiFrame parsed;
	gsize size = 0;
	if (sim_qmi_frame_parse(frame->data, frame->length, &parsed, &size) != SIM_QMI_PARSE_REQUEST || size != frame->length)
		return SIM_MBIM_STATUS_INVALID_PARAMETERS;
	g_byte_array_set_size(session->qmi_answer, 0);
	session->qmi->class->receive(session->qmi, frame->data, frame->length);
	return session->qmi_answer->len > 0 ? SIM_MBIM_STATUS_NONE : await_answer(call, &parsed);
}

static void write_answer(const SimMbimCall *call, ByteWriter *w)
{
	byte_writer_put(w, call->session->qmi_answer->data, call->session->qmi_answer->len);
}

/* The engine sends the notifications as the frames come. */
static gboolean never_due(G_GNUC_UNUSED const SimMbimCall *call)
{
	return FALSE;
}

static const SimMbimRow rows[] = {
	{SIM_MBIM_QMI_CID, "QMI message", SIM_MBIM_SET | SIM_MBIM_NOTIFY, handle, write_answer, never_due},
	{0},
};

const SimMbimService sim_mbim_qmi = {
	.uuid = {0xD1, 0xA3, 0x0B, 0xC2, 0xF9, 0x7A, 0x6E, 0x43, 0xBF, 0x65, 0xC7, 0xE2, 0x4F, 0xB0, 0xF0, 0xD3},
	.rows = rows,
};
