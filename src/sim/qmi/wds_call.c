/* wds_call.c - WDS: data calls that clients start and stop, and why they end.
 *
 * A client has one call, of one IP family. Start Network is answered when the network has, Stop Network when the call is down; both
 * may wait at the same time. The call ends with its client's id.
 *
 * Sources: libqmi data/qmi-service-wds.json, qmi-enums-wds.h.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/wds.h"

#define START_NETWORK 0x0020
#define STOP_NETWORK  0x0021
#define ANY_HANDLE    0xFFFFFFFFu /* whichever call the client has */

/* QmiWdsVerboseCallEndReasonType */
enum { TYPE_INTERNAL = 2, TYPE_CALL_MANAGER = 3, TYPE_3GPP = 6 };
/* QmiWdsCallEndReason */
enum { END_UNSPECIFIED = 1, END_CLIENT = 2, END_NO_SERVICE = 3, END_AUTHENTICATION_FAILED = 10 };
enum { CM_CLIENT_END = 2000, CM_NO_SERVICE = 2001 };

const SimDataCall *sim_qmi_wds_call(const SimQmiCall *call)
{
	return sim_state_call(call->state, call->client->wds.id);
}

gboolean sim_qmi_wds_is_connected(const SimQmiCall *call)
{
	const SimDataCall *data = sim_qmi_wds_call(call);
	if (!call->client->wds.own)
		return call->state->session_up;
	return data && data->phase == SIM_CALL_UP;
}

/* --- reasons --- */

/* Of an ESM cause: the older numbers say nearly the same. */
static guint16 short_reason_3gpp(guint16 cause)
{
	static const struct {
		guint8 cause;
		guint16 reason;
	} rows[] = {{8, 1012},	{25, 1004}, {26, 1005}, {27, 1013},  {28, 1014},  {29, END_AUTHENTICATION_FAILED},
		    {30, 1015}, {31, 1016}, {32, 1017}, {33, 1018},  {34, 1006},  {35, 1007},
		    {36, 1008}, {37, 1019}, {38, 1009}, {39, 1010},  {40, 1036},  {41, 1020},
		    {42, 1021}, {43, 1022}, {44, 1023}, {45, 1024},  {46, 1025},  {81, 1026},
		    {95, 1027}, {96, 1028}, {97, 1029}, {98, 1030},  {99, 1031},  {100, 1032},
		    {101, 1033}, {111, 1011}, {112, 1034}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].cause == cause)
			return rows[i].reason;
	return END_UNSPECIFIED;
}

static guint16 short_reason(const SimEndReason *end)
{
	switch (end->type) {
	case SIM_END_3GPP:
		return short_reason_3gpp(end->reason);
	case SIM_END_CALL_MANAGER:
		return end->reason == CM_CLIENT_END ? END_CLIENT : end->reason == CM_NO_SERVICE ? END_NO_SERVICE : END_UNSPECIFIED;
	case SIM_END_INTERNAL:
	case SIM_END_NONE:
		break;
	}
	return END_UNSPECIFIED;
}

static guint16 verbose_type(SimEndType type)
{
	switch (type) {
	case SIM_END_INTERNAL:
		return TYPE_INTERNAL;
	case SIM_END_CALL_MANAGER:
		return TYPE_CALL_MANAGER;
	case SIM_END_3GPP:
		return TYPE_3GPP;
	case SIM_END_NONE:
		break;
	}
	return 0;
}

static gboolean has_ended(const SimDataCall *data)
{
	return data && data->phase == SIM_CALL_ENDED;
}

gboolean sim_qmi_wds_write_end(const SimQmiCall *call, ByteWriter *w)
{
	const SimDataCall *data = sim_qmi_wds_call(call);
	if (!has_ended(data))
		return FALSE;
	byte_writer_u16(w, short_reason(&data->end));
	return TRUE;
}

gboolean sim_qmi_wds_write_verbose_end(const SimQmiCall *call, ByteWriter *w)
{
	const SimDataCall *data = sim_qmi_wds_call(call);
	if (!has_ended(data))
		return FALSE;
	byte_writer_u16(w, verbose_type(data->end.type));
	byte_writer_u16(w, data->end.reason);
	return TRUE;
}

/* The modem's own session has IPv4. */
gboolean sim_qmi_wds_write_family(const SimQmiCall *call, ByteWriter *w)
{
	const SimDataCall *data = sim_qmi_wds_call(call);
	byte_writer_u8(w, data && !data->ipv4 ? SIM_QMI_FAMILY_IPV6 : SIM_QMI_FAMILY_IPV4);
	return TRUE;
}

/* --- requests --- */

/* A family of that number, into the request. Without a wish the call gets one of both. */
static gboolean choose_family(guint8 family, SimCallRequest *request)
{
	request->ipv4 = family != SIM_QMI_FAMILY_IPV6;
	request->ipv6 = family != SIM_QMI_FAMILY_IPV4;
	request->either = family == SIM_QMI_FAMILY_UNSPECIFIED;
	return family == SIM_QMI_FAMILY_IPV4 || family == SIM_QMI_FAMILY_IPV6 || family == SIM_QMI_FAMILY_UNSPECIFIED;
}

/* Start Network 0x0020: in 14 APN, 19 IP family u8; others (profile, authentication, autoconnect) change nothing here.
 * out 01 packet data handle u32; of a failure 10 and 11 the reason */
SimQmiError sim_qmi_wds_handle_start(SimQmiCall *call)
{
	SimQmiWdsCall *wds = &call->client->wds;
	char apn[SIM_APN_SIZE] = "";
	SimCallRequest request = {.apn = apn};
	guint8 family = wds->family ? wds->family : SIM_QMI_FAMILY_UNSPECIFIED;
	ByteReader r;
	if (sim_qmi_frame_tlv(call->request, 0x19, &r))
		family = byte_reader_u8(&r);
	if (!choose_family(family, &request))
		return SIM_QMI_INVALID_IP_FAMILY;
	if (sim_qmi_frame_tlv(call->request, 0x14, &r)) {
		if (r.length >= sizeof apn)
			return SIM_QMI_INVALID_ARGUMENT;
		memcpy(apn, r.data, r.length);
	}
	if (wds->id != 0)
		return SIM_QMI_NO_EFFECT;
	wds->id = sim_engine_start_call(call->engine, &request);
	if (wds->id == 0)
		return SIM_QMI_INTERNAL;
	wds->own = wds->starts = TRUE;
	wds->aborted = wds->stops = FALSE;
	wds->start_transaction = call->request->transaction;
	return SIM_QMI_ANSWER_LATER;
}

/* Stop Network 0x0021: in 01 packet data handle u32 */
SimQmiError sim_qmi_wds_handle_stop(SimQmiCall *call)
{
	SimQmiWdsCall *wds = &call->client->wds;
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, 0x01, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	guint32 handle = byte_reader_u32(&r);
	if (r.failed)
		return SIM_QMI_INVALID_ARGUMENT;
	if (wds->stops || (wds->id == 0 && handle == ANY_HANDLE))
		return SIM_QMI_NO_EFFECT;
	if (wds->id == 0 || (handle != wds->id && handle != ANY_HANDLE))
		return SIM_QMI_INVALID_HANDLE;
	sim_engine_end_call(call->engine, wds->id);
	wds->stops = TRUE;
	wds->stop_transaction = call->request->transaction;
	return SIM_QMI_ANSWER_LATER;
}

/* Abort 0x0002: in 01 transaction u16. The one thing here that can be aborted is a start. */
SimQmiError sim_qmi_wds_handle_abort(SimQmiCall *call)
{
	SimQmiWdsCall *wds = &call->client->wds;
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, 0x01, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	guint16 transaction = byte_reader_u16(&r);
	if (r.failed || !wds->starts || transaction != wds->start_transaction)
		return SIM_QMI_INVALID_TRANSACTION_ID;
	sim_engine_end_call(call->engine, wds->id);
	wds->aborted = TRUE;
	return SIM_QMI_OK;
}

/* Set IP Family 0x004D: in 01 family u8, of calls that do not say theirs */
SimQmiError sim_qmi_wds_handle_family(SimQmiCall *call)
{
	SimCallRequest unused;
	ByteReader r;
	if (!sim_qmi_frame_tlv(call->request, 0x01, &r))
		return SIM_QMI_MISSING_ARGUMENT;
	guint8 family = byte_reader_u8(&r);
	if (r.failed || !choose_family(family, &unused))
		return SIM_QMI_INVALID_IP_FAMILY;
	call->client->wds.family = family;
	return SIM_QMI_OK;
}

/* --- what comes of them --- */

static gboolean write_handle(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, call->client->wds.id);
	return TRUE;
}

static const SimQmiTlv started_tlvs[] = {{0x01, write_handle}, {0}};
static const SimQmiTlv failed_tlvs[] = {{0x10, sim_qmi_wds_write_end}, {0x11, sim_qmi_wds_write_verbose_end}, {0}};

static void answer(const SimQmiCall *call, SimQmiMessage *message, guint16 transaction, guint16 id, SimQmiError error,
		   const SimQmiTlv *tlvs)
{
	sim_qmi_message_begin(message, SIM_QMI_RESPONSE, SIM_QMI_WDS, call->client->id, transaction, id);
	sim_qmi_message_result(message, error);
	sim_qmi_write_tlvs(call, tlvs, message);
}

gboolean sim_qmi_wds_late_answer(SimQmiCall *call, SimQmiMessage *message)
{
	SimQmiWdsCall *wds = &call->client->wds;
	const SimDataCall *data = sim_qmi_wds_call(call);
	if (!data || data->phase == SIM_CALL_STARTING)
		return FALSE;
	if (wds->starts) {
		wds->starts = FALSE;
		SimQmiError failure = wds->aborted ? SIM_QMI_ABORTED : SIM_QMI_CALL_FAILED;
		answer(call, message, wds->start_transaction, START_NETWORK, has_ended(data) ? failure : SIM_QMI_OK,
		       !has_ended(data) ? started_tlvs : wds->aborted ? NULL : failed_tlvs);
		return TRUE;
	}
	if (!wds->stops || !has_ended(data))
		return FALSE;
	wds->stops = FALSE;
	answer(call, message, wds->stop_transaction, STOP_NETWORK, SIM_QMI_OK, NULL);
	return TRUE;
}

void sim_qmi_wds_settle(SimQmiCall *call)
{
	SimQmiWdsCall *wds = &call->client->wds;
	if (!has_ended(sim_qmi_wds_call(call)))
		return;
	sim_engine_drop_call(call->engine, wds->id);
	wds->id = 0;
}

void sim_qmi_wds_release(const SimEngine *engine, SimQmiClient *client)
{
	sim_engine_drop_call(engine, client->wds.id);
	client->wds.id = 0;
}
