/* wds.c - WDS, the data service, of a modem that has no data session of its own.
 *
 * Sources: libqmi data/qmi-service-wds.json. Without a call the modem answers the questions that are about
 * one with the error OutOfCall.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/service.h"

#define DISCONNECTED 1

static gboolean write_status(G_GNUC_UNUSED const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, DISCONNECTED);
	return TRUE;
}

static SimQmiError no_call(G_GNUC_UNUSED SimQmiCall *call)
{
	return SIM_QMI_OUT_OF_CALL;
}

static const SimQmiTlv status_tlvs[] = {{0x01, write_status}, {0}};

static const SimQmiRequest requests[] = {
	{0x0022, "Get Packet Service Status", NULL, status_tlvs},
	{0x0024, "Get Packet Statistics", no_call, NULL},
	{0x002D, "Get Current Settings", no_call, NULL},
	{0},
};

const SimQmiService sim_qmi_wds = {.id = SIM_QMI_WDS, .major = 1, .minor = 60, .max_clients = 16, .requests = requests};
