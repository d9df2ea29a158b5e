/* A modem's control node through libmbim: what modem/protocol.h asks, in MBIM.
 *
 *   closed -> opening (device, services, version, identity, notifications) -> open <-> sweep
 *     ^-------------------- closing (calls cancelled, port closed) <--- from any state; what failed waits for it
 *
 * MBIM has no client ids: a call that is cancelled leaves nothing behind in the modem.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/mbim/session.h"
#include "source/mbim/sweep.h"

#include "devices.h"

#define MBIMEX_NEWEST 3 /* that the decoders know */
#define MBIMEX_OLDEST 2 /* that a modem can be asked for */

typedef enum { STATE_CLOSED, STATE_OPENING, STATE_OPEN, STATE_FAILED, STATE_CLOSING } State;

typedef struct {
	ModemPort base;
	State state;
	GCancellable *cancellable; /* of all calls since the port was opened, but for its closing */
	guint outstanding;         /* asynchronous calls whose callback has not come yet */
	MbimDevice *device;
	MbimOffer offer;
	guint version_asked;
	MbimSweep *sweep;
	MbimSession *session;      /* NULL: none. It counts as an outstanding call. */
	gboolean sweep_tells;      /* that the modem restarted: the last one did, or the next one will */
	Observation identity;      /* the `device` observation while it is being put together */
	guint later_id;            /* a report that must not come from within the call that asked for it */
	GCancellable *patience;    /* of the closing */
	guint patience_id;
} MbimPort;

static void close_device(MbimPort *port);

/* --- every asynchronous call --- */

static gpointer call_begin(MbimPort *port)
{
	port->outstanding++;
	return port;
}

/* To be called first in each callback. FALSE: the port has failed or is being closed, forget the answer. */
static gboolean call_end(MbimPort *port)
{
	const gboolean closing = port->state == STATE_CLOSING;
	const gboolean going_on = !closing && port->state != STATE_FAILED;
	if (--port->outstanding == 0 && closing)
		close_device(port);
	return going_on;
}

/* To be the last thing that a callback does: the host may close us. */
static void fail(MbimPort *port, ModemFailure failure, const GError *error)
{
	if (port->state != STATE_OPENING && port->state != STATE_OPEN)
		return;
	port->state = STATE_FAILED;
	port->base.host->failed(port->base.modem, failure, error);
}

static void command(MbimPort *port, MbimMessage *message, GAsyncReadyCallback ready)
{
	mbim_device_command(port->device, message, MODEM_CALL_S, port->cancellable, ready, call_begin(port));
	mbim_message_unref(message);
}

/* The answer to a command, to be unreferenced; NULL where the modem said no, or nothing. */
static MbimMessage *command_finish(GObject *object, GAsyncResult *result)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(MbimMessage) answer = mbim_device_command_finish(MBIM_DEVICE(object), result, &error);
	return mbim_sweep_outcome(answer, &error) == MODEM_QUESTION_ANSWERED ? g_steal_pointer(&answer) : NULL;
}

/* --- opening --- */

static void on_device(GObject *object, GAsyncResult *result, gpointer data);
static void on_open(GObject *object, GAsyncResult *result, gpointer data);
static void on_services(GObject *object, GAsyncResult *result, gpointer data);
static void on_version(GObject *object, GAsyncResult *result, gpointer data);
static void on_caps(GObject *object, GAsyncResult *result, gpointer data);
static void on_subscribed(GObject *object, GAsyncResult *result, gpointer data);

static void mbim_open(ModemPort *base)
{
	MbimPort *port = (MbimPort *)base;
	g_return_if_fail(port->state == STATE_CLOSED && !port->later_id);
	g_autoptr(GFile) file = g_file_new_for_path(base->settings->path);
	port->state = STATE_OPENING;
	port->cancellable = g_cancellable_new();
	port->offer = (MbimOffer){0};
	port->sweep_tells = FALSE;
	mbim_device_new(file, port->cancellable, on_device, call_begin(port));
}

static void on_removed(G_GNUC_UNUSED MbimDevice *device, gpointer data)
{
	fail(data, MODEM_FAILURE_HUNG_UP, NULL);
}

/* A function error. Of one that answers a question the sweep tells; one that comes by itself matters where the modem says that
 * it was never opened: it has restarted. */
static void on_error(G_GNUC_UNUSED MbimDevice *device, const GError *error, gpointer data)
{
	MbimPort *port = data;
	const gboolean told = mbim_sweep_is_active(port->sweep) || port->sweep_tells || port->session;
	if (!told && g_error_matches(error, MBIM_PROTOCOL_ERROR, MBIM_PROTOCOL_ERROR_NOT_OPENED))
		fail(port, MODEM_FAILURE_HUNG_UP, error);
}

static void on_device(G_GNUC_UNUSED GObject *object, GAsyncResult *result, gpointer data)
{
	MbimPort *port = data;
	g_autoptr(GError) error = NULL;
	port->device = mbim_device_new_finish(result, &error);
	if (!call_end(port))
		return;
	if (!port->device) {
		fail(port, MODEM_FAILURE_UNUSABLE, error);
		return;
	}
	g_signal_connect(port->device, MBIM_DEVICE_SIGNAL_REMOVED, G_CALLBACK(on_removed), port);
	g_signal_connect(port->device, MBIM_DEVICE_SIGNAL_ERROR, G_CALLBACK(on_error), port);
	/* libmbim can ask for MBIMEx as well, but gives the port up where the modem says no. */
	mbim_device_open_full(port->device, port->base.settings->proxy ? MBIM_DEVICE_OPEN_FLAGS_PROXY : MBIM_DEVICE_OPEN_FLAGS_NONE,
			      MODEM_OPEN_S, port->cancellable, on_open, call_begin(port));
}

static ModemFailure failure_of(const GError *error)
{
	if (g_error_matches(error, MBIM_CORE_ERROR, MBIM_CORE_ERROR_TIMEOUT))
		return MODEM_FAILURE_NO_ANSWER;
	if (error->domain == MBIM_STATUS_ERROR || error->domain == MBIM_PROTOCOL_ERROR)
		return MODEM_FAILURE_REFUSED;
	return MODEM_FAILURE_UNUSABLE;
}

static void on_open(GObject *object, GAsyncResult *result, gpointer data)
{
	MbimPort *port = data;
	g_autoptr(GError) error = NULL;
	const gboolean ok = mbim_device_open_full_finish(MBIM_DEVICE(object), result, &error);
	if (!call_end(port))
		return;
	if (!ok)
		fail(port, failure_of(error), error);
	else
		command(port, mbim_message_device_services_query_new(NULL), on_services);
}

static void ask_caps(MbimPort *port)
{
	observation_init(&port->identity, OBSERVATION_DEVICE, port->base.source->name);
	OBSERVATION_SET_TEXT(&port->identity, device, DEVICE, protocol, port->base.protocol->name);
	command(port, mbim_message_device_caps_query_new(NULL), on_caps);
}

static void ask_version(MbimPort *port, guint version)
{
	port->version_asked = version;
	command(port, mbim_message_ms_basic_connect_extensions_v2_version_query_new(0x0100, (guint16)(version << 8), NULL), on_version);
}

/* A modem that does not tell its services is asked for Basic Connect alone. MBIMEx wants its version to be the next command. */
static void on_services(GObject *object, GAsyncResult *result, gpointer data)
{
	MbimPort *port = data;
	g_autoptr(MbimMessage) answer = command_finish(object, result);
	if (!call_end(port))
		return;
	if (answer)
		mbim_decode_services(answer, &port->offer);
	if (port->offer.qmi && port->base.settings->prefer_qmi)
		fail(port, MODEM_FAILURE_OFFERS_QMI, NULL);
	else if (port->offer.extensions & 1u << MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_VERSION)
		ask_version(port, MBIMEX_NEWEST);
	else
		ask_caps(port);
}

/* A modem answers with its own version, or ours if that is less; some refuse one that they do not know. */
static void on_version(GObject *object, GAsyncResult *result, gpointer data)
{
	MbimPort *port = data;
	guint16 version = 0;
	g_autoptr(MbimMessage) answer = command_finish(object, result);
	if (!call_end(port))
		return;
	if (answer && mbim_message_ms_basic_connect_extensions_v2_version_response_parse(answer, NULL, &version, NULL)) {
		mbim_device_set_ms_mbimex_version(port->device, (guint8)CLAMP(version >> 8, 1u, port->version_asked), 0, NULL);
		ask_caps(port);
	} else if (port->version_asked > MBIMEX_OLDEST) {
		ask_version(port, port->version_asked - 1);
	} else {
		ask_caps(port);
	}
}

static void set_identity(MbimPort *port, const MbimMessage *answer)
{
	g_autofree char *serial = NULL, *firmware = NULL, *model = NULL;
	if (!mbim_message_device_caps_response_parse(answer, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &serial, &firmware,
						     &model, NULL))
		return;
	g_autofree char *tidy_serial = devices_tidy(serial), *tidy_firmware = devices_tidy(firmware), *tidy_model = devices_tidy(model);
	if (tidy_model)
		OBSERVATION_SET_TEXT(&port->identity, device, DEVICE, model, tidy_model);
	if (tidy_firmware)
		OBSERVATION_SET_TEXT(&port->identity, device, DEVICE, firmware, tidy_firmware);
	if (tidy_serial) {
		char hex[17];
		source_digest(port->base.source, tidy_serial, hex);
		OBSERVATION_SET_TEXT(&port->identity, device, DEVICE, device_digest, hex);
	}
}

/* The notifications after which a sweep would show something new, among those that the modem offers. */
static guint32 notified_cids(const MbimPort *port, MbimService service)
{
	const guint32 basic = 1u << MBIM_CID_BASIC_CONNECT_SUBSCRIBER_READY_STATUS | 1u << MBIM_CID_BASIC_CONNECT_RADIO_STATE |
			      1u << MBIM_CID_BASIC_CONNECT_REGISTER_STATE | 1u << MBIM_CID_BASIC_CONNECT_SIGNAL_STATE |
			      1u << MBIM_CID_BASIC_CONNECT_PACKET_SERVICE | 1u << MBIM_CID_BASIC_CONNECT_CONNECT;
	const guint32 extensions = 1u << MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_LTE_ATTACH_INFO |
				   1u << MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_LOCATION_INFO_STATUS;
	if (service == MBIM_SERVICE_BASIC_CONNECT)
		return basic & (port->offer.basic ? port->offer.basic : G_MAXUINT32);
	return service == MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS ? extensions & port->offer.extensions : 0;
}

static guint fill_entry(const MbimPort *port, MbimService service, guint32 cids[32], MbimEventEntry *ret_entry)
{
	const guint32 bits = notified_cids(port, service);
	ret_entry->device_service_id = *mbim_uuid_from_service(service);
	ret_entry->cids = cids;
	ret_entry->cids_count = 0;
	for (guint32 cid = 0; cid < 32; cid++)
		if (bits & 1u << cid)
			cids[ret_entry->cids_count++] = cid;
	return ret_entry->cids_count > 0;
}

static void subscribe(MbimPort *port)
{
	guint32 basic_cids[32], extension_cids[32];
	MbimEventEntry basic, extensions;
	const MbimEventEntry *entries[3] = {NULL};
	guint32 n = 0;
	if (fill_entry(port, MBIM_SERVICE_BASIC_CONNECT, basic_cids, &basic))
		entries[n++] = &basic;
	if (fill_entry(port, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, extension_cids, &extensions))
		entries[n++] = &extensions;
	command(port, mbim_message_device_service_subscribe_list_set_new(n, entries, NULL), on_subscribed);
}

/* Identity is a courtesy: a modem that does not tell its model is recorded all the same. */
static void on_caps(GObject *object, GAsyncResult *result, gpointer data)
{
	MbimPort *port = data;
	g_autoptr(MbimMessage) answer = command_finish(object, result);
	if (!call_end(port))
		return;
	if (answer)
		set_identity(port, answer);
	port->base.source->host->observe(port->base.source->host, &port->identity);
	subscribe(port);
}

static void on_notification(G_GNUC_UNUSED MbimDevice *device, MbimMessage *notification, gpointer data)
{
	MbimPort *port = data;
	const guint32 cid = mbim_message_indicate_status_get_cid(notification);
	const guint32 bits = notified_cids(port, mbim_message_indicate_status_get_service(notification));
	if (port->session)
		mbim_session_notified(port->session, notification);
	if (port->state == STATE_OPEN && cid < 32 && bits & 1u << cid)
		port->base.host->changed(port->base.modem);
}

static void on_subscribed(GObject *object, GAsyncResult *result, gpointer data)
{
	MbimPort *port = data;
	/* Without notifications the sweeps alone still tell everything, up to an interval later. */
	g_autoptr(MbimMessage) answer = command_finish(object, result);
	if (!call_end(port))
		return;
	g_signal_connect(port->device, MBIM_DEVICE_SIGNAL_INDICATE_STATUS, G_CALLBACK(on_notification), port);
	mbim_sweep_reset(port->sweep, &port->offer);
	port->state = STATE_OPEN;
	port->base.host->opened(port->base.modem);
}

/* --- an open port --- */

static void mbim_sweep(ModemPort *base)
{
	MbimPort *port = (MbimPort *)base;
	g_return_if_fail(port->state == STATE_OPEN);
	call_begin(port);
	mbim_sweep_start(port->sweep, port->device, port->cancellable);
}

static void on_sweep_done(Observation *radio, ModemSweep result, gpointer data)
{
	MbimPort *port = data;
	port->sweep_tells = result == MODEM_SWEEP_FORGOTTEN;
	if (call_end(port))
		port->base.host->swept(port->base.modem, radio, result);
}

static void on_reset(GObject *object, GAsyncResult *result, gpointer data)
{
	MbimPort *port = data;
	g_autoptr(MbimMessage) answer = command_finish(object, result);
	if (call_end(port))
		port->base.host->reset_done(port->base.modem, answer != NULL);
}

static gboolean on_cannot_reset(gpointer data)
{
	MbimPort *port = data;
	port->later_id = 0;
	port->base.host->reset_done(port->base.modem, FALSE);
	return G_SOURCE_REMOVE;
}

/* Microsoft's Device Reset, which has no payload; MBIM itself has none. It is only sent where the modem offers it. */
static void mbim_reset(ModemPort *base)
{
	MbimPort *port = (MbimPort *)base;
	const guint32 cid = MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_DEVICE_RESET;
	if (port->state == STATE_OPEN && port->offer.extensions & 1u << cid)
		command(port,
			mbim_message_command_new(0, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, cid, MBIM_MESSAGE_COMMAND_TYPE_SET),
			on_reset);
	else
		port->later_id = g_idle_add(on_cannot_reset, port);
}

/* --- data sessions --- */

static void on_session_up(gpointer data, Observation *session, const ModemBearer *bearer)
{
	MbimPort *port = data;
	if (port->state == STATE_OPEN)
		port->base.host->session_up(port->base.modem, session, bearer);
}

static void on_session_down(gpointer data, Observation *session)
{
	MbimPort *port = data;
	Observation told = *session;
	g_clear_pointer(&port->session, mbim_session_free);
	port->sweep_tells = TRUE; /* the error that answered the session's last command may come after its answer */
	if (call_end(port))
		port->base.host->session_down(port->base.modem, &told);
}

static void mbim_port_session_start(ModemPort *base)
{
	static const ModemSessionHost host = {.up = on_session_up, .down = on_session_down};
	MbimPort *port = (MbimPort *)base;
	g_return_if_fail(port->state == STATE_OPEN && !port->session);
	call_begin(port);
	port->session = mbim_session_start(port->device, base->settings, base->source->name, &host, port);
}

static void mbim_port_session_stop(ModemPort *base)
{
	MbimPort *port = (MbimPort *)base;
	if (port->session)
		mbim_session_stop(port->session);
}

/* --- closing --- */

static void closed(MbimPort *port)
{
	g_clear_object(&port->cancellable);
	port->state = STATE_CLOSED;
	port->base.host->closed(port->base.modem);
}

static gboolean on_nothing_to_close(gpointer data)
{
	MbimPort *port = data;
	port->later_id = 0;
	closed(port);
	return G_SOURCE_REMOVE;
}

static gboolean on_patience_ends(gpointer data)
{
	MbimPort *port = data;
	port->patience_id = 0;
	g_cancellable_cancel(port->patience);
	return G_SOURCE_REMOVE;
}

static void on_closed(GObject *object, GAsyncResult *result, gpointer data)
{
	MbimPort *port = data;
	mbim_device_close_finish(MBIM_DEVICE(object), result, NULL);
	g_clear_handle_id(&port->patience_id, g_source_remove);
	g_clear_object(&port->patience);
	/* A device that was not open yet is only let go of. */
	mbim_device_close_force(port->device, NULL);
	g_clear_object(&port->device);
	closed(port);
}

/* No call of ours is under way any more. */
static void close_device(MbimPort *port)
{
	if (!port->device) {
		port->later_id = g_idle_add(on_nothing_to_close, port);
		return;
	}
	/* libmbim does not look at the deadline that it is given here. */
	port->patience = g_cancellable_new();
	port->patience_id = g_timeout_add_seconds(MODEM_CLOSE_S, on_patience_ends, port);
	mbim_device_close(port->device, MODEM_CLOSE_S, port->patience, on_closed, port);
}

static void mbim_close(ModemPort *base)
{
	MbimPort *port = (MbimPort *)base;
	if (port->state == STATE_CLOSING)
		return;
	port->state = STATE_CLOSING;
	g_clear_handle_id(&port->later_id, g_source_remove);
	if (port->device)
		g_signal_handlers_disconnect_by_data(port->device, port);
	/* Callbacks may come from within the cancellation: this keeps the last of them from closing while we are here. */
	call_begin(port);
	mbim_port_session_stop(base);
	g_cancellable_cancel(port->cancellable);
	call_end(port);
}

/* --- messages that nobody reads --- */

/* An answer that comes after its deadline is put into words for libmbim's debug log, whether that is written or not, and the function
 * that does it aborts the program where the length of a TLV in it is wrong (1.28.2, MBIMEx 3): one bit in a modem's memory would end the
 * recording. A program's own function comes before that of a shared library, so this one is called. */
gchar *mbim_message_get_printable_full(const MbimMessage *self, guint8 mbimex_version_major, guint8 mbimex_version_minor,
				       const gchar *line_prefix, gboolean headers_only, GError **error)
{
	(void)self, (void)mbimex_version_major, (void)mbimex_version_minor, (void)line_prefix, (void)headers_only, (void)error;
	return NULL;
}

/* --- the protocol --- */

static ModemPort *mbim_new(const ModemSettings *settings, const ModemHost *host, Source *source, gpointer modem)
{
	MbimPort *port = g_new0(MbimPort, 1);
	port->base = (ModemPort){&modem_protocol_mbim, settings, host, source, modem};
	port->sweep = mbim_sweep_new(source->name, on_sweep_done, port);
	return &port->base;
}

static void mbim_free(ModemPort *base)
{
	MbimPort *port = (MbimPort *)base;
	mbim_sweep_free(port->sweep);
	g_free(port);
}

const ModemProtocol modem_protocol_mbim = {
	.name = "mbim",
	.new = mbim_new,
	.open = mbim_open,
	.sweep = mbim_sweep,
	.reset = mbim_reset,
	.session_start = mbim_port_session_start,
	.session_stop = mbim_port_session_stop,
	.close = mbim_close,
	.free = mbim_free,
};
