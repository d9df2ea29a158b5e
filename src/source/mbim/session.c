/* See session.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/mbim/session.h"

#define SESSION_ID 0 /* the one whose packets go untagged over the interface */

struct MbimSession {
	MbimDevice *device;
	const ModemSettings *settings;
	const MbimSessionHost *host;
	gpointer port;
	const char *source;
	GCancellable *cancellable; /* of everything but the end */
	ModemBearer bearer;
	Observation told;          /* fields of the `session` observation, as they come */
	gboolean up, ending;
};

/* --- decoding --- */

static void add_ipv4_settings(const MbimMessage *answer, ModemBearer *bearer)
{
	g_autoptr(MbimIPv4ElementArray) addresses = NULL;
	g_autofree MbimIPv4 *resolvers = NULL;
	const MbimIPv4 *gateway = NULL;
	guint32 n_addresses = 0, n_resolvers = 0, mtu = 0;
	MbimIPConfigurationAvailableFlag flags = 0;
	if (!mbim_message_ip_configuration_response_parse(answer, NULL, &flags, NULL, &n_addresses, &addresses, NULL, NULL, &gateway, NULL,
							  &n_resolvers, &resolvers, NULL, NULL, &mtu, NULL, NULL))
		return;
	for (guint32 i = 0; flags & MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_ADDRESS && i < n_addresses; i++)
		modem_bearer_add_address(bearer, addresses[i]->ipv4_address.addr, 4, addresses[i]->on_link_prefix_length);
	if (flags & MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_GATEWAY && gateway)
		modem_bearer_add_gateway(bearer, gateway->addr, 4);
	for (guint32 i = 0; flags & MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_DNS && i < n_resolvers; i++)
		modem_bearer_add_resolver(bearer, resolvers[i].addr, 4);
	if (flags & MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_MTU)
		bearer->mtu = mtu;
}

static void add_ipv6_settings(const MbimMessage *answer, ModemBearer *bearer)
{
	g_autoptr(MbimIPv6ElementArray) addresses = NULL;
	g_autofree MbimIPv6 *resolvers = NULL;
	const MbimIPv6 *gateway = NULL;
	guint32 n_addresses = 0, n_resolvers = 0, mtu = 0;
	MbimIPConfigurationAvailableFlag flags = 0;
	if (!mbim_message_ip_configuration_response_parse(answer, NULL, NULL, &flags, NULL, NULL, &n_addresses, &addresses, NULL, &gateway,
							  NULL, NULL, &n_resolvers, &resolvers, NULL, &mtu, NULL))
		return;
	for (guint32 i = 0; flags & MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_ADDRESS && i < n_addresses; i++)
		modem_bearer_add_address(bearer, addresses[i]->ipv6_address.addr, 16, addresses[i]->on_link_prefix_length);
	if (flags & MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_GATEWAY && gateway)
		modem_bearer_add_gateway(bearer, gateway->addr, 16);
	for (guint32 i = 0; flags & MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_DNS && i < n_resolvers; i++)
		modem_bearer_add_resolver(bearer, resolvers[i].addr, 16);
	if (flags & MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_MTU && mtu > 0)
		bearer->mtu = bearer->mtu ? MIN(bearer->mtu, mtu) : mtu;
}

void mbim_session_decode_settings(const MbimMessage *answer, ModemBearer *bearer)
{
	add_ipv4_settings(answer, bearer);
	add_ipv6_settings(answer, bearer);
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

static gboolean is_v3(const MbimSession *s)
{
	return mbim_device_check_ms_mbimex_version(s->device, 3, 0);
}

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
	if (is_v3(s))
		return mbim_message_ms_basic_connect_v3_connect_set_new(SESSION_ID, command, MBIM_COMPRESSION_NONE,
									MBIM_AUTH_PROTOCOL_NONE, type, context,
									MBIM_ACCESS_MEDIA_TYPE_3GPP, apn, "", "", NULL, NULL);
	return mbim_message_connect_set_new(SESSION_ID, command, apn, NULL, NULL, MBIM_COMPRESSION_NONE, MBIM_AUTH_PROTOCOL_NONE, type,
					    context, NULL);
}

static gboolean parse_connect_response(const MbimSession *s, const MbimMessage *answer, MbimActivationState *ret_state,
				       guint32 *ret_nw_error)
{
	if (is_v3(s))
		return mbim_message_ms_basic_connect_v3_connect_response_parse(answer, NULL, ret_state, NULL, NULL, NULL, ret_nw_error,
									       NULL, NULL, NULL, NULL);
	return mbim_message_connect_response_parse(answer, NULL, ret_state, NULL, NULL, NULL, ret_nw_error, NULL);
}

static gboolean parse_connect_notification(const MbimSession *s, const MbimMessage *notification, guint32 *ret_id,
					   MbimActivationState *ret_state, guint32 *ret_nw_error)
{
	if (is_v3(s))
		return mbim_message_ms_basic_connect_v3_connect_notification_parse(notification, ret_id, ret_state, NULL, NULL, NULL,
										   ret_nw_error, NULL, NULL, NULL, NULL);
	return mbim_message_connect_notification_parse(notification, ret_id, ret_state, NULL, NULL, NULL, ret_nw_error, NULL);
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
	guint32 id = 0, nw_error = 0;
	MbimActivationState state;
	if (s->ending || !s->up || mbim_message_indicate_status_get_service(notification) != MBIM_SERVICE_BASIC_CONNECT ||
	    mbim_message_indicate_status_get_cid(notification) != MBIM_CID_BASIC_CONNECT_CONNECT ||
	    !parse_connect_notification(s, notification, &id, &state, &nw_error) || id != SESSION_ID ||
	    (state != MBIM_ACTIVATION_STATE_DEACTIVATED && state != MBIM_ACTIVATION_STATE_DEACTIVATING))
		return;
	s->ending = TRUE;
	SESSION_SET(&s->told, ended_by, SESSION_BY_NETWORK);
	set_nw_error(nw_error, &s->told);
	g_idle_add(on_over, s);
}

/* --- the start --- */

static void on_settings(GObject *object, GAsyncResult *result, gpointer data)
{
	MbimSession *s = data;
	g_autoptr(MbimMessage) answer = mbim_device_command_finish(MBIM_DEVICE(object), result, NULL);
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
	guint32 nw_error = 0;
	MbimActivationState state = MBIM_ACTIVATION_STATE_UNKNOWN;
	g_autoptr(GError) error = NULL;
	g_autoptr(MbimMessage) answer = mbim_device_command_finish(MBIM_DEVICE(object), result, &error);
	const gboolean done = answer && mbim_message_response_get_result(answer, MBIM_MESSAGE_TYPE_COMMAND_DONE, &error);
	if (answer)
		parse_connect_response(s, answer, &state, &nw_error);
	if (s->ending) { /* it may have come up all the same */
		deactivate(s);
		return;
	}
	if (!done || state != MBIM_ACTIVATION_STATE_ACTIVATED) {
		decode_refusal(nw_error, error, &s->told);
		s->ending = TRUE;
		if (g_error_matches(error, MBIM_CORE_ERROR, MBIM_CORE_ERROR_TIMEOUT))
			deactivate(s);
		else
			on_over(s);
		return;
	}
	set_nw_error(nw_error, &s->told); /* of two families one was refused */
	g_autoptr(MbimMessage) request = mbim_message_ip_configuration_query_new(
		SESSION_ID, MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_NONE, MBIM_IP_CONFIGURATION_AVAILABLE_FLAG_NONE, 0, NULL, 0, NULL, NULL,
		NULL, 0, NULL, 0, NULL, 0, 0, NULL);
	mbim_device_command(s->device, request, MODEM_CALL_S, s->cancellable, on_settings, s);
}

MbimSession *mbim_session_start(MbimDevice *device, const ModemSettings *settings, const char *source, const MbimSessionHost *host,
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
