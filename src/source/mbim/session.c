/* See session.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/mbim/session.h"

#include "source/mbim/info.h"

#define SESSION_ID 0 /* the one whose packets go untagged over the interface */

struct MbimSession {
	MbimDevice *device;
	const ModemSettings *settings;
	const ModemSessionHost *host;
	gpointer port;
	const char *source;
	GCancellable *cancellable; /* of everything but the end */
	ModemBearer bearer;
	Observation told;          /* fields of the `session` observation, as they come */
	gboolean activated;        /* the modem has said so; what it gave is asked for */
	gboolean up, ending, over; /* over: the network has ended it */
};

/* --- decoding --- */

/* Read here, and not by libmbim: it trusts the lengths in the TLVs of MBIMEx 3, and aborts the program where one is wrong (1.28.2). */

typedef void (*AddFunc)(ModemBearer *bearer, const guint8 *bytes, gsize n);

/* Of the addresses, resolvers or the gateway of one family: `count` of them from `offset` on. */
static void add_plain(const ByteReader *info, guint32 count, guint32 offset, gsize size, ModemBearer *bearer, AddFunc add)
{
	for (guint32 i = 0; offset > 0 && i < MIN(count, MODEM_BEARER_MAX); i++) {
		const gsize at = offset + i * size;
		if (at > info->length || size > info->length - at)
			return;
		add(bearer, info->data + at, size);
	}
}

/* The same with a prefix's length before each (10.5.20.1). */
static void add_prefixed(const ByteReader *info, guint32 count, guint32 offset, gsize size, ModemBearer *bearer)
{
	for (guint32 i = 0; offset > 0 && i < MIN(count, MODEM_BEARER_MAX); i++) {
		const gsize at = offset + i * (size + 4);
		if (at > info->length || size + 4 > info->length - at)
			return;
		ByteReader r = byte_reader_init(info->data + at, 4);
		const guint32 prefix = byte_reader_u32(&r);
		modem_bearer_add_address(bearer, info->data + at + 4, size, prefix);
	}
}

/* u32 each: session, what there is of IPv4 and of IPv6, count and offset of addresses (IPv4, IPv6), offset of the gateways, count and
 * offset of resolvers (IPv4, IPv6), MTU of IPv4 and of IPv6. Offsets count from the start. */
void mbim_session_decode_settings(const MbimMessage *answer, ModemBearer *bearer)
{
	enum { SESSION, HAS_V4, HAS_V6, N_V4, AT_V4, N_V6, AT_V6, GATEWAY_V4, GATEWAY_V6, N_DNS_V4, DNS_V4, N_DNS_V6, DNS_V6, MTU_V4,
	       MTU_V6, N_WORDS };
	enum { ADDRESS = 1 << 0, GATEWAY = 1 << 1, DNS = 1 << 2, MTU = 1 << 3 };
	guint32 word[N_WORDS];
	const ByteReader info = mbim_info_of(answer);
	ByteReader r = info;
	for (guint i = 0; i < N_WORDS; i++)
		word[i] = byte_reader_u32(&r);
	if (r.failed)
		return;
	add_prefixed(&info, word[HAS_V4] & ADDRESS ? word[N_V4] : 0, word[AT_V4], 4, bearer);
	add_prefixed(&info, word[HAS_V6] & ADDRESS ? word[N_V6] : 0, word[AT_V6], 16, bearer);
	add_plain(&info, word[HAS_V4] & GATEWAY ? 1 : 0, word[GATEWAY_V4], 4, bearer, modem_bearer_add_gateway);
	add_plain(&info, word[HAS_V6] & GATEWAY ? 1 : 0, word[GATEWAY_V6], 16, bearer, modem_bearer_add_gateway);
	add_plain(&info, word[HAS_V4] & DNS ? word[N_DNS_V4] : 0, word[DNS_V4], 4, bearer, modem_bearer_add_resolver);
	add_plain(&info, word[HAS_V6] & DNS ? word[N_DNS_V6] : 0, word[DNS_V6], 16, bearer, modem_bearer_add_resolver);
	const guint32 mtu_v4 = word[HAS_V4] & MTU ? word[MTU_V4] : 0, mtu_v6 = word[HAS_V6] & MTU ? word[MTU_V6] : 0;
	bearer->mtu = mtu_v4 && mtu_v6 ? MIN(mtu_v4, mtu_v6) : MAX(mtu_v4, mtu_v6);
}

typedef struct {
	guint32 session, state, nw_error;
} ConnectInfo;

/* Session, state, voice call state, IP type: u32; context type: 16 bytes; NwError u32. MBIMEx 3.0 adds to the end. */
static gboolean read_connect(ByteReader r, ConnectInfo *ret_info)
{
	*ret_info = (ConnectInfo){.session = byte_reader_u32(&r), .state = byte_reader_u32(&r)};
	byte_reader_take(&r, 4 + 4 + 16);
	ret_info->nw_error = byte_reader_u32(&r);
	return !r.failed;
}

/* 0 is none; some firmware fills the field up with ones. */
static gboolean set_nw_error(guint32 nw_error, Observation *o)
{
	if (nw_error == 0 || nw_error > 255)
		return FALSE;
	const char *text = mbim_nw_error_get_string((MbimNwError)nw_error);
	SESSION_SET(o, ended_by, SESSION_BY_NETWORK);
	SESSION_SET(o, cause_type, CAUSE_3GPP);
	SESSION_SET(o, cause, (guint16)nw_error);
	if (text)
		OBSERVATION_SET_TEXT(o, session, SESSION, cause_text, text);
	return TRUE;
}

/* --- requests, in the form of the MBIMEx version that was agreed on --- */

/* Owned by the caller. */
static MbimMessage *connect_request(const MbimSession *s, MbimActivationCommand command)
{
	static const MbimContextIpType types[] = {[SESSION_IPV4] = MBIM_CONTEXT_IP_TYPE_IPV4,
						  [SESSION_IPV6] = MBIM_CONTEXT_IP_TYPE_IPV6,
						  [SESSION_DUAL] = MBIM_CONTEXT_IP_TYPE_IPV4V6};
	const gboolean on = command == MBIM_ACTIVATION_COMMAND_ACTIVATE;
	const MbimContextIpType type = on ? types[s->settings->family] : MBIM_CONTEXT_IP_TYPE_DEFAULT;
	const char *apn = on && s->settings->apn ? s->settings->apn : "";
	const MbimUuid *context = mbim_uuid_from_context_type(MBIM_CONTEXT_TYPE_INTERNET);
	if (mbim_device_check_ms_mbimex_version(s->device, 3, 0))
		return mbim_message_ms_basic_connect_v3_connect_set_new(SESSION_ID, command, MBIM_COMPRESSION_NONE,
									MBIM_AUTH_PROTOCOL_NONE, type, context,
									MBIM_ACCESS_MEDIA_TYPE_3GPP, apn, "", "", NULL, NULL);
	return mbim_message_connect_set_new(SESSION_ID, command, apn, NULL, NULL, MBIM_COMPRESSION_NONE, MBIM_AUTH_PROTOCOL_NONE, type,
					    context, NULL);
}

static void decode_refusal(guint32 nw_error, const GError *error, Observation *o)
{
	if (set_nw_error(nw_error, o))
		return;
	if (g_error_matches(error, MBIM_CORE_ERROR, MBIM_CORE_ERROR_TIMEOUT)) {
		SESSION_SET(o, ended_by, SESSION_BY_TIMEOUT);
	} else if (error && error->domain == MBIM_STATUS_ERROR) {
		SESSION_SET(o, ended_by, SESSION_BY_MODEM);
		SESSION_SET(o, cause_type, CAUSE_MBIM_STATUS);
		SESSION_SET(o, cause, (guint16)error->code);
		OBSERVATION_SET_TEXT(o, session, SESSION, cause_text, mbim_status_error_get_string((MbimStatusError)error->code));
	}
}

/* --- the end --- */

static gboolean on_over(gpointer data)
{
	MbimSession *s = data;
	s->host->down(s->port, &s->told);
	return G_SOURCE_REMOVE;
}

static void on_deactivated(GObject *object, GAsyncResult *result, gpointer data)
{
	g_autoptr(MbimMessage) answer = mbim_device_command_finish(MBIM_DEVICE(object), result, NULL);
	on_over(data);
}

static void deactivate(MbimSession *s)
{
	g_autoptr(MbimMessage) request = connect_request(s, MBIM_ACTIVATION_COMMAND_DEACTIVATE);
	mbim_device_command(s->device, request, MODEM_CLOSE_S, NULL, on_deactivated, s);
}

void mbim_session_stop(MbimSession *s)
{
	if (s->ending)
		return;
	s->ending = TRUE;
	if (s->up)
		deactivate(s);
	else
		g_cancellable_cancel(s->cancellable); /* the call under way then ends it */
}

void mbim_session_notified(MbimSession *s, const MbimMessage *notification)
{
	ConnectInfo info;
	if (s->ending || !s->activated || mbim_message_indicate_status_get_service(notification) != MBIM_SERVICE_BASIC_CONNECT ||
	    mbim_message_indicate_status_get_cid(notification) != MBIM_CID_BASIC_CONNECT_CONNECT ||
	    !read_connect(mbim_info_of_notification(notification), &info) || info.session != SESSION_ID ||
	    (info.state != MBIM_ACTIVATION_STATE_DEACTIVATED && info.state != MBIM_ACTIVATION_STATE_DEACTIVATING))
		return;
	s->ending = s->over = TRUE;
	SESSION_SET(&s->told, ended_by, SESSION_BY_NETWORK);
	set_nw_error(info.nw_error, &s->told);
	if (s->up)
		g_idle_add(on_over, s);
}

/* --- the start --- */

static void on_settings(GObject *object, GAsyncResult *result, gpointer data)
{
	MbimSession *s = data;
	g_autoptr(MbimMessage) answer = mbim_device_command_finish(MBIM_DEVICE(object), result, NULL);
	if (s->over) { /* before it was ever up to us */
		on_over(s);
		return;
	}
	if (s->ending) {
		deactivate(s);
		return;
	}
	if (answer && mbim_message_response_get_result(answer, MBIM_MESSAGE_TYPE_COMMAND_DONE, NULL))
		mbim_session_decode_settings(answer, &s->bearer);
	s->up = TRUE;
	modem_bearer_describe(&s->bearer, &s->told);
	Observation connected = s->told;
	observation_init(&s->told, OBSERVATION_SESSION, s->source);
	s->host->up(s->port, &connected, &s->bearer);
}

static void on_activated(GObject *object, GAsyncResult *result, gpointer data)
{
	MbimSession *s = data;
	ConnectInfo info = {0};
	g_autoptr(GError) error = NULL;
	g_autoptr(MbimMessage) answer = mbim_device_command_finish(MBIM_DEVICE(object), result, &error);
	const gboolean done = answer && mbim_message_response_get_result(answer, MBIM_MESSAGE_TYPE_COMMAND_DONE, &error);
	if (answer && !read_connect(mbim_info_of(answer), &info))
		info = (ConnectInfo){0};
	if (s->ending) { /* it may have come up all the same */
		deactivate(s);
		return;
	}
	if (!done || info.state != MBIM_ACTIVATION_STATE_ACTIVATED) {
		decode_refusal(info.nw_error, error, &s->told);
		s->ending = TRUE;
		if (g_error_matches(error, MBIM_CORE_ERROR, MBIM_CORE_ERROR_TIMEOUT))
			deactivate(s);
		else
			on_over(s);
		return;
	}
	s->activated = TRUE;
	set_nw_error(info.nw_error, &s->told); /* of two families one was refused */
	g_autoptr(MbimMessage) request = mbim_message_ip_configuration_query_new(
		SESSION_ID, MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_NONE, MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_NONE, 0, NULL, 0, NULL, NULL,
		NULL, 0, NULL, 0, NULL, 0, 0, NULL);
	mbim_device_command(s->device, request, MODEM_CALL_S, s->cancellable, on_settings, s);
}

MbimSession *mbim_session_start(MbimDevice *device, const ModemSettings *settings, const char *source, const ModemSessionHost *host,
				gpointer port)
{
	MbimSession *s = g_new0(MbimSession, 1);
	s->device = g_object_ref(device);
	s->settings = settings;
	s->host = host;
	s->port = port;
	s->source = source;
	s->cancellable = g_cancellable_new();
	observation_init(&s->told, OBSERVATION_SESSION, source);
	g_autoptr(MbimMessage) request = connect_request(s, MBIM_ACTIVATION_COMMAND_ACTIVATE);
	mbim_device_command(device, request, MODEM_SESSION_S, s->cancellable, on_activated, s);
	return s;
}

void mbim_session_free(MbimSession *s)
{
	if (!s)
		return;
	modem_bearer_clear(&s->bearer);
	g_object_unref(s->cancellable);
	g_object_unref(s->device);
	g_free(s);
}
