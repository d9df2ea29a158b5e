/* qmi.c - QMI over MBIM: the command whose information buffer is a QMUX frame, as the modems of one maker have it.
 *
 * The frames are the business of the QMI engine inside, which answers at once; its indications are the notifications.
 * The service is no standard one: a host hears no indications before it has subscribed (libqmi does).
 *
 * Source: libmbim data/mbim-service-qmi.json.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/mbim/service.h"

static SimMbimStatus handle(SimMbimCall *call)
{
	SimMbimSession *session = call->session;
	const ByteReader *frame = &call->request->info;
	gsize size = 0;
	if (session->qmi->class->cut(frame->data, frame->length, &size) != SIM_CUT_MESSAGE || size != frame->length)
		return SIM_MBIM_STATUS_INVALID_PARAMETERS;
	g_byte_array_set_size(session->qmi_answer, 0);
	session->qmi->class->receive(session->qmi, frame->data, frame->length);
	return session->qmi_answer->len > 0 ? SIM_MBIM_STATUS_NONE : SIM_MBIM_STATUS_FAILURE;
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
