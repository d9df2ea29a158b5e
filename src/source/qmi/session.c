/* See session.h.
 *
 *   data format matched (format.h), then for each family: client -> family -> start -> settings
 *   one is up: [up] ... stop -> each call stopped, its client given back -> [down]
 *   none is up: how long the modem refuses by itself -> clients given back -> [down]
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/qmi/session.h"

#include "source/qmi/format.h"

typedef enum { CALL_IPV4, CALL_IPV6, N_CALLS } CallId;

typedef struct {
	QmiClientWds *client;
	guint32 handle; /* packet data handle; 0: no call */
} Call;

struct QmiSession {
	QmiDevice *device;
	const ModemSettings *settings;
	const char *source;
	const ModemSessionHost *host;
	gpointer port;
	GCancellable *cancellable; /* of everything but what hands out or takes back a client id */
	CallId current;            /* that is being started */
	Call call[N_CALLS];
	ModemBearer bearer;
	Observation told;          /* fields of the `session` observation, as they come */
	gboolean up, ending;
	guint releasing;
};

static void start_next(QmiSession *s);
static void end_begin(QmiSession *s);

/* --- decoding --- */

static const char *reason_text(QmiWdsVerboseCallEndReasonType type, gint16 reason)
{
	return qmi_wds_verbose_call_end_reason_get_string(type, reason);
}

/* Who ended it, as far as the type tells: what the modem decides by itself says nothing of the network. */
void qmi_session_decode_end(guint type, gint16 reason, Observation *o)
{
	static const struct {
		QmiWdsVerboseCallEndReasonType type;
		CauseType cause;
		SessionEndedBy by;
	} types[] = {
		{QMI_WDS_VERBOSE_CALL_END_REASON_TYPE_MIP, CAUSE_MOBILE_IP, SESSION_BY_NETWORK},
		{QMI_WDS_VERBOSE_CALL_END_REASON_TYPE_INTERNAL, CAUSE_INTERNAL, SESSION_BY_MODEM},
		{QMI_WDS_VERBOSE_CALL_END_REASON_TYPE_CM, CAUSE_CALL_MANAGER, SESSION_BY_MODEM},
		{QMI_WDS_VERBOSE_CALL_END_REASON_TYPE_3GPP, CAUSE_3GPP, SESSION_BY_NETWORK},
		{QMI_WDS_VERBOSE_CALL_END_REASON_TYPE_PPP, CAUSE_PPP, SESSION_BY_NETWORK},
		{QMI_WDS_VERBOSE_CALL_END_REASON_TYPE_EHRPD, CAUSE_EHRPD, SESSION_BY_NETWORK},
		{QMI_WDS_VERBOSE_CALL_END_REASON_TYPE_IPV6, CAUSE_IPV6, SESSION_BY_NETWORK},
	};
	for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
		if (types[i].type != type || reason < 0)
			continue;
		const char *text = reason_text(types[i].type, reason);
		SESSION_SET(o, cause_type, (guint8)types[i].cause);
		SESSION_SET(o, cause, (guint16)reason);
		SESSION_SET(o, ended_by, (guint8)types[i].by);
		if (text)
			OBSERVATION_SET_TEXT(o, session, SESSION, cause_text, text);
		return;
	}
}

/* The short reason is kept where there is no long one. */
static void decode_short_end(QmiWdsCallEndReason reason, Observation *o)
{
	const char *text = qmi_wds_call_end_reason_get_string(reason);
	SESSION_SET(o, cause_type, CAUSE_CALL_END);
	SESSION_SET(o, cause, (guint16)reason);
	if (text)
		OBSERVATION_SET_TEXT(o, session, SESSION, cause_text, text);
}

static void add_ipv4(guint32 value, guint32 mask, ModemBearer *bearer, void (*add)(ModemBearer *, const guint8 *, gsize))
{
	const guint8 bytes[4] = {(guint8)(value >> 24), (guint8)(value >> 16), (guint8)(value >> 8), (guint8)value};
	guint prefix = 0;
	while (prefix < 32 && mask & 0x80000000u >> prefix)
		prefix++;
	if (add)
		add(bearer, bytes, sizeof bytes);
	else
		modem_bearer_add_address(bearer, bytes, sizeof bytes, prefix);
}

/* Eight groups of 16 bits. */
static gboolean ipv6_bytes(const GArray *groups, guint8 ret_bytes[16])
{
	if (!groups || groups->len != 8)
		return FALSE;
	for (guint i = 0; i < 8; i++) {
		const guint16 group = g_array_index(groups, guint16, i);
		ret_bytes[2 * i] = (guint8)(group >> 8);
		ret_bytes[2 * i + 1] = (guint8)group;
	}
	return TRUE;
}

static void decode_settings_ipv4(QmiMessageWdsGetCurrentSettingsOutput *answer, ModemBearer *bearer)
{
	guint32 value, mask = G_MAXUINT32;
	qmi_message_wds_get_current_settings_output_get_ipv4_gateway_subnet_mask(answer, &mask, NULL);
	if (qmi_message_wds_get_current_settings_output_get_ipv4_address(answer, &value, NULL))
		add_ipv4(value, mask, bearer, NULL);
	if (qmi_message_wds_get_current_settings_output_get_ipv4_gateway_address(answer, &value, NULL))
		add_ipv4(value, 0, bearer, modem_bearer_add_gateway);
	if (qmi_message_wds_get_current_settings_output_get_primary_ipv4_dns_address(answer, &value, NULL))
		add_ipv4(value, 0, bearer, modem_bearer_add_resolver);
	if (qmi_message_wds_get_current_settings_output_get_secondary_ipv4_dns_address(answer, &value, NULL))
		add_ipv4(value, 0, bearer, modem_bearer_add_resolver);
}

static void decode_settings_ipv6(QmiMessageWdsGetCurrentSettingsOutput *answer, ModemBearer *bearer)
{
	GArray *groups = NULL;
	guint8 bytes[16], prefix = 0;
	if (qmi_message_wds_get_current_settings_output_get_ipv6_address(answer, &groups, &prefix, NULL) && ipv6_bytes(groups, bytes))
		modem_bearer_add_address(bearer, bytes, sizeof bytes, prefix);
	if (qmi_message_wds_get_current_settings_output_get_ipv6_gateway_address(answer, &groups, &prefix, NULL) &&
	    ipv6_bytes(groups, bytes))
		modem_bearer_add_gateway(bearer, bytes, sizeof bytes);
	if (qmi_message_wds_get_current_settings_output_get_ipv6_primary_dns_address(answer, &groups, NULL) && ipv6_bytes(groups, bytes))
		modem_bearer_add_resolver(bearer, bytes, sizeof bytes);
	if (qmi_message_wds_get_current_settings_output_get_ipv6_secondary_dns_address(answer, &groups, NULL) &&
	    ipv6_bytes(groups, bytes))
		modem_bearer_add_resolver(bearer, bytes, sizeof bytes);
}

void qmi_session_decode_settings(QmiMessageWdsGetCurrentSettingsOutput *answer, ModemBearer *bearer)
{
	guint32 mtu;
	decode_settings_ipv4(answer, bearer);
	decode_settings_ipv6(answer, bearer);
	if (qmi_message_wds_get_current_settings_output_get_mtu(answer, &mtu, NULL))
		bearer->mtu = bearer->mtu ? MIN(bearer->mtu, mtu) : mtu;
}

/* --- the end --- */

static void on_released(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSession *s = data;
	qmi_device_release_client_finish(QMI_DEVICE(object), result, NULL);
	if (--s->releasing == 0)
		s->host->down(s->port, &s->told);
}

static gboolean on_nothing_released(gpointer data)
{
	QmiSession *s = data;
	s->host->down(s->port, &s->told);
	return G_SOURCE_REMOVE;
}

static void release_clients(QmiSession *s)
{
	for (CallId id = 0; id < N_CALLS; id++) {
		g_autoptr(QmiClientWds) client = g_steal_pointer(&s->call[id].client);
		if (!client)
			continue;
		s->releasing++;
		qmi_device_release_client(s->device, QMI_CLIENT(client), QMI_DEVICE_RELEASE_CLIENT_FLAGS_RELEASE_CID, MODEM_CLOSE_S, NULL,
					  on_released, s);
	}
	if (s->releasing == 0)
		g_idle_add(on_nothing_released, s);
}

static void stop_next(QmiSession *s);

static void on_call_stopped(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSession *s = data;
	/* The client is given back next, and takes along what is left of the call. */
	g_autoptr(QmiMessageWdsStopNetworkOutput) answer = qmi_client_wds_stop_network_finish(QMI_CLIENT_WDS(object), result, NULL);
	stop_next(s);
}

static void stop_next(QmiSession *s)
{
	for (CallId id = 0; id < N_CALLS; id++) {
		Call *call = &s->call[id];
		const guint32 handle = call->handle;
		if (handle == 0)
			continue;
		g_autoptr(QmiMessageWdsStopNetworkInput) input = qmi_message_wds_stop_network_input_new();
		qmi_message_wds_stop_network_input_set_packet_data_handle(input, handle, NULL);
		call->handle = 0;
		qmi_client_wds_stop_network(call->client, input, MODEM_CLOSE_S, NULL, on_call_stopped, s);
		return;
	}
	release_clients(s);
}

static void end_begin(QmiSession *s)
{
	s->ending = TRUE;
	for (CallId id = 0; id < N_CALLS; id++)
		if (s->call[id].client)
			g_signal_handlers_disconnect_by_data(s->call[id].client, s);
	stop_next(s);
}

void qmi_session_stop(QmiSession *s)
{
	if (s->ending)
		return;
	s->ending = TRUE;
	if (s->up)
		end_begin(s);
	else
		g_cancellable_cancel(s->cancellable); /* the call under way then ends in end_begin */
}

/* --- the modem's own back-off --- */

static void on_throttle(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSession *s = data;
	GArray *rows = NULL;
	guint32 left_ms = 0;
	g_autoptr(QmiMessageWdsGetPdnThrottleInfoOutput) answer =
		qmi_client_wds_get_pdn_throttle_info_finish(QMI_CLIENT_WDS(object), result, NULL);
	if (answer && qmi_message_wds_get_pdn_throttle_info_output_get_result(answer, NULL))
		qmi_message_wds_get_pdn_throttle_info_output_get_info(answer, &rows, NULL);
	for (guint i = 0; rows && i < rows->len; i++) {
		const QmiMessageWdsGetPdnThrottleInfoOutputInfoElement *row =
			&g_array_index(rows, QmiMessageWdsGetPdnThrottleInfoOutputInfoElement, i);
		if (s->settings->apn && row->apn && *row->apn && g_ascii_strcasecmp(row->apn, s->settings->apn) != 0)
			continue;
		if (row->ipv4_throttled)
			left_ms = MAX(left_ms, row->ipv4_throttle_time_left_ms);
		if (row->ipv6_throttled)
			left_ms = MAX(left_ms, row->ipv6_throttle_time_left_ms);
	}
	if (left_ms > 0 && left_ms < G_MAXUINT32)
		SESSION_SET(&s->told, backoff_ms, left_ms);
	end_begin(s);
}

static void ask_throttle(QmiSession *s)
{
	QmiClientWds *client = s->call[CALL_IPV4].client ? s->call[CALL_IPV4].client : s->call[CALL_IPV6].client;
	if (!client || s->ending) {
		end_begin(s);
		return;
	}
	g_autoptr(QmiMessageWdsGetPdnThrottleInfoInput) input = qmi_message_wds_get_pdn_throttle_info_input_new();
	qmi_message_wds_get_pdn_throttle_info_input_set_network_type(input, QMI_WDS_DATA_SYSTEM_NETWORK_TYPE_3GPP, NULL);
	qmi_client_wds_get_pdn_throttle_info(client, input, MODEM_CALL_S, s->cancellable, on_throttle, s);
}

/* --- the start --- */

static void forget_call(QmiSession *s, const QmiClientWds *client)
{
	for (CallId id = 0; id < N_CALLS; id++)
		if (s->call[id].client == client)
			s->call[id].handle = 0;
}

/* Of two families the end of one ends both: what is left would be another session. */
static void on_call_status(QmiClientWds *client, QmiIndicationWdsPacketServiceStatusOutput *indication, gpointer data)
{
	QmiSession *s = data;
	QmiWdsConnectionStatus status;
	QmiWdsVerboseCallEndReasonType type;
	QmiWdsCallEndReason reason;
	gint16 verbose;
	gboolean reconfigure;
	if (s->ending ||
	    !qmi_indication_wds_packet_service_status_output_get_connection_status(indication, &status, &reconfigure, NULL) ||
	    status != QMI_WDS_CONNECTION_STATUS_DISCONNECTED)
		return;
	SESSION_SET(&s->told, ended_by, SESSION_BY_NETWORK);
	if (qmi_indication_wds_packet_service_status_output_get_verbose_call_end_reason(indication, &type, &verbose, NULL))
		qmi_session_decode_end(type, verbose, &s->told);
	else if (qmi_indication_wds_packet_service_status_output_get_call_end_reason(indication, &reason, NULL))
		decode_short_end(reason, &s->told);
	forget_call(s, client);
	if (s->up)
		end_begin(s);
}

static void finish_start(QmiSession *s)
{
	s->up = s->call[CALL_IPV4].handle != 0 || s->call[CALL_IPV6].handle != 0;
	if (s->ending) {
		end_begin(s);
	} else if (!s->up) {
		ask_throttle(s);
	} else {
		modem_bearer_describe(&s->bearer, &s->told);
		Observation connected = s->told;
		observation_init(&s->told, OBSERVATION_SESSION, s->source);
		s->host->up(s->port, &connected, &s->bearer);
	}
}

static void on_settings(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSession *s = data;
	g_autoptr(QmiMessageWdsGetCurrentSettingsOutput) answer =
		qmi_client_wds_get_current_settings_finish(QMI_CLIENT_WDS(object), result, NULL);
	if (answer && qmi_message_wds_get_current_settings_output_get_result(answer, NULL))
		qmi_session_decode_settings(answer, &s->bearer);
	s->current++;
	start_next(s);
}

static void ask_settings(QmiSession *s)
{
	g_autoptr(QmiMessageWdsGetCurrentSettingsInput) input = qmi_message_wds_get_current_settings_input_new();
	qmi_message_wds_get_current_settings_input_set_requested_settings(
		input,
		QMI_WDS_REQUESTED_SETTINGS_DNS_ADDRESS | QMI_WDS_REQUESTED_SETTINGS_IP_ADDRESS |
			QMI_WDS_REQUESTED_SETTINGS_GATEWAY_INFO | QMI_WDS_REQUESTED_SETTINGS_MTU | QMI_WDS_REQUESTED_SETTINGS_IP_FAMILY,
		NULL);
	qmi_client_wds_get_current_settings(s->call[s->current].client, input, MODEM_CALL_S, s->cancellable, on_settings, s);
}

/* TS 24.301 9.9.4.4: "PDN type IPv6 only allowed" is the one refusal of IPv4 that does not hold for IPv6 as well. */
#define CAUSE_IPV6_ONLY 51

static gboolean is_refused_for_good(const Observation *o)
{
	return SESSION_HAS(o, cause_type) && o->session.cause_type == CAUSE_3GPP && o->session.cause != CAUSE_IPV6_ONLY;
}

/* What the modem or the network says to a call that does not come up. */
static void decode_refusal(QmiMessageWdsStartNetworkOutput *answer, const GError *error, Observation *o)
{
	QmiWdsVerboseCallEndReasonType type;
	QmiWdsCallEndReason reason;
	gint16 verbose;
	if (answer && qmi_message_wds_start_network_output_get_verbose_call_end_reason(answer, &type, &verbose, NULL)) {
		qmi_session_decode_end(type, verbose, o);
	} else if (answer && qmi_message_wds_start_network_output_get_call_end_reason(answer, &reason, NULL)) {
		decode_short_end(reason, o);
	} else if (g_error_matches(error, QMI_CORE_ERROR, QMI_CORE_ERROR_TIMEOUT)) {
		SESSION_SET(o, ended_by, SESSION_BY_TIMEOUT);
	} else if (error && error->domain == QMI_PROTOCOL_ERROR) {
		SESSION_SET(o, ended_by, SESSION_BY_MODEM);
		SESSION_SET(o, cause_type, CAUSE_QMI_ERROR);
		SESSION_SET(o, cause, (guint16)error->code);
		OBSERVATION_SET_TEXT(o, session, SESSION, cause_text, qmi_protocol_error_get_string((QmiProtocolError)error->code));
	}
}

static void on_started(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSession *s = data;
	Call *call = &s->call[s->current];
	g_autoptr(GError) error = NULL;
	g_autoptr(QmiMessageWdsStartNetworkOutput) answer =
		qmi_client_wds_start_network_finish(QMI_CLIENT_WDS(object), result, &error);
	const gboolean ok = answer && qmi_message_wds_start_network_output_get_result(answer, &error) &&
			    qmi_message_wds_start_network_output_get_packet_data_handle(answer, &call->handle, NULL);
	if (ok && !s->ending) {
		g_signal_connect(call->client, "packet-service-status", G_CALLBACK(on_call_status), s);
		ask_settings(s);
		return;
	}
	if (!s->ending)
		decode_refusal(answer, error, &s->told);
	s->current = s->current == CALL_IPV4 && is_refused_for_good(&s->told) ? N_CALLS : s->current + 1;
	start_next(s);
}

static QmiWdsIpFamily current_family(const QmiSession *s)
{
	return s->current == CALL_IPV4 ? QMI_WDS_IP_FAMILY_IPV4 : QMI_WDS_IP_FAMILY_IPV6;
}

static void on_family(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSession *s = data;
	/* Old firmware does not know this message, and takes the family from the start alone. */
	g_autoptr(QmiMessageWdsSetIpFamilyOutput) answer = qmi_client_wds_set_ip_family_finish(QMI_CLIENT_WDS(object), result, NULL);
	if (s->ending) {
		finish_start(s);
		return;
	}
	g_autoptr(QmiMessageWdsStartNetworkInput) input = qmi_message_wds_start_network_input_new();
	if (s->settings->apn)
		qmi_message_wds_start_network_input_set_apn(input, s->settings->apn, NULL);
	qmi_message_wds_start_network_input_set_ip_family_preference(input, current_family(s), NULL);
	qmi_client_wds_start_network(s->call[s->current].client, input, MODEM_SESSION_S, s->cancellable, on_started, s);
}

static void on_client(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSession *s = data;
	g_autoptr(GError) error = NULL;
	QmiClient *client = qmi_device_allocate_client_finish(QMI_DEVICE(object), result, &error);
	if (!client || s->ending) {
		if (!client)
			decode_refusal(NULL, error, &s->told);
		else
			s->call[s->current].client = QMI_CLIENT_WDS(client);
		s->current = N_CALLS;
		finish_start(s);
		return;
	}
	s->call[s->current].client = QMI_CLIENT_WDS(client);
	g_autoptr(QmiMessageWdsSetIpFamilyInput) input = qmi_message_wds_set_ip_family_input_new();
	qmi_message_wds_set_ip_family_input_set_preference(input, current_family(s), NULL);
	qmi_client_wds_set_ip_family(s->call[s->current].client, input, MODEM_CALL_S, s->cancellable, on_family, s);
}

static gboolean is_wanted(const QmiSession *s, CallId id)
{
	return s->settings->family == SESSION_DUAL || (s->settings->family == SESSION_IPV4) == (id == CALL_IPV4);
}

static void start_next(QmiSession *s)
{
	while (s->current < N_CALLS && !is_wanted(s, s->current))
		s->current++;
	if (s->current == N_CALLS || s->ending)
		finish_start(s);
	else
		qmi_device_allocate_client(s->device, QMI_SERVICE_WDS, QMI_CID_NONE, MODEM_CALL_S, NULL, on_client, s);
}

/* Over an interface that speaks another language nothing would come back, and the network would be blamed. */
static void on_format(gboolean matches, gpointer data)
{
	QmiSession *s = data;
	if (!matches) {
		SESSION_SET(&s->told, ended_by, SESSION_BY_US);
		OBSERVATION_SET_TEXT(&s->told, session, SESSION, cause_text, "data format of the interface");
		s->current = N_CALLS;
	}
	start_next(s);
}

QmiSession *qmi_session_start(QmiDevice *device, const ModemSettings *settings, const char *source, const ModemSessionHost *host,
			      gpointer port)
{
	QmiSession *s = g_new0(QmiSession, 1);
	s->device = g_object_ref(device);
	s->settings = settings;
	s->source = source;
	s->host = host;
	s->port = port;
	s->cancellable = g_cancellable_new();
	observation_init(&s->told, OBSERVATION_SESSION, source);
	if (settings->carries)
		qmi_format_match(device, on_format, s);
	else
		start_next(s);
	return s;
}

void qmi_session_free(QmiSession *s)
{
	if (!s)
		return;
	modem_bearer_clear(&s->bearer);
	g_object_unref(s->cancellable);
	g_object_unref(s->device);
	g_free(s);
}
