/* QMI through libqmi: a port of protocol.h. Plain, or inside MBIM: only the flags of the opening differ.
 *
 * Opening: device, port, one client for each service, identity, indications. A sweep is sweep.c's, positions are loc.c's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices.h"
#include "source/modem/protocol.h"
#include "source/qmi/decode.h"
#include "source/qmi/loc.h"
#include "source/qmi/session.h"
#include "source/qmi/sweep.h"

#include <sys/stat.h>

#define DOUBLED_NS NS_PER_S

typedef enum { STATE_CLOSED, STATE_OPENING, STATE_OPEN, STATE_CLOSING } State;

typedef enum { CLIENT_NAS, CLIENT_DMS, CLIENT_UIM, CLIENT_WDS, CLIENT_LOC, N_CLIENTS } ClientId;

typedef struct {
	ModemPort base;
	State state;
	GCancellable *cancellable; /* of the calls of this opening */
	GCancellable *allocating;  /* of those that hand out a client id: cancelled, they would leave it behind in the modem */
	GCancellable *closing;     /* of the closing itself */
	guint patience_id;         /* with the calls that hand out ids, then with the closing */
	guint outstanding;         /* asynchronous calls whose callback has not come yet */

	QmiDevice *device;
	QmiClient *client[N_CLIENTS];
	ClientId allocated;   /* the next to be */
	guint renewing;       /* clients being given back before new ones are taken */
	gboolean hung_up;     /* so that nothing could be given back */
	guint8 orphan[N_CLIENTS]; /* client ids that the modem still keeps for us since then; 0: none */
	struct stat orphaned_on;  /* the node at that time: on another they would be somebody else's */
	ClientId reclaimed;       /* the next of them to be given back */
	Observation identity; /* the `device` observation while it is being put together */
	QmiSweep *sweep;
	QmiLoc *loc;
	QmiSession *session;  /* NULL: none. It counts as an outstanding call. */
	Observation reject; /* the last that was told */
} QmiPort;

static const QmiService services[N_CLIENTS] = {QMI_SERVICE_NAS, QMI_SERVICE_DMS, QMI_SERVICE_UIM, QMI_SERVICE_WDS,
						QMI_SERVICE_LOC};

static void close_start(QmiPort *q);
static void allocate_next(QmiPort *q);
static void reclaim_next(QmiPort *q);

static QmiClientNas *nas(const QmiPort *q)
{
	return QMI_CLIENT_NAS(q->client[CLIENT_NAS]);
}

static QmiClientDms *dms(const QmiPort *q)
{
	return QMI_CLIENT_DMS(q->client[CLIENT_DMS]);
}

/* --- every asynchronous call --- */

static gpointer call_begin(QmiPort *q)
{
	q->outstanding++;
	return q;
}

/* To be called first in each callback. FALSE: the port is being closed, forget the answer. */
static gboolean call_end(QmiPort *q)
{
	gboolean going_on = q->state != STATE_CLOSING;
	if (--q->outstanding == 0 && !going_on)
		close_start(q);
	return going_on;
}

static void fail(QmiPort *q, ModemFailure failure, const GError *error)
{
	if (q->state != STATE_CLOSING)
		q->base.host->failed(q->base.modem, failure, error);
}

/* --- opening --- */

static void on_device(GObject *object, GAsyncResult *result, gpointer data);
static void on_open(GObject *object, GAsyncResult *result, gpointer data);
static void on_client(GObject *object, GAsyncResult *result, gpointer data);
static void on_model(GObject *object, GAsyncResult *result, gpointer data);
static void on_revision(GObject *object, GAsyncResult *result, gpointer data);
static void on_ids(GObject *object, GAsyncResult *result, gpointer data);
static void on_registered(GObject *object, GAsyncResult *result, gpointer data);

static void qmi_open(ModemPort *port)
{
	QmiPort *q = (QmiPort *)port;
	g_autoptr(GFile) file = g_file_new_for_path(port->settings->path);
	q->state = STATE_OPENING;
	q->cancellable = g_cancellable_new();
	q->allocating = g_cancellable_new();
	/* The library's own check of the node would refuse everything that is not cdc-wdm, a pseudo-terminal for one. */
	g_async_initable_new_async(QMI_TYPE_DEVICE, G_PRIORITY_DEFAULT, q->cancellable, on_device, call_begin(q), QMI_DEVICE_FILE,
				   file, QMI_DEVICE_NO_FILE_CHECK, TRUE, NULL);
}

static void on_device(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	g_autoptr(GError) error = NULL;
	GObject *device = g_async_initable_new_finish(G_ASYNC_INITABLE(object), result, &error);
	q->device = device ? QMI_DEVICE(device) : NULL;
	if (!call_end(q))
		return;
	if (!q->device) {
		fail(q, MODEM_FAILURE_UNUSABLE, error);
		return;
	}
	/* Sync releases client ids that a killed program left behind, but those of every other program too: only the
	 * owner of the port may. */
	QmiDeviceOpenFlags flags = q->base.settings->proxy ? QMI_DEVICE_OPEN_FLAGS_PROXY :
				   q->base.settings->guest ? QMI_DEVICE_OPEN_FLAGS_NONE :
							     QMI_DEVICE_OPEN_FLAGS_SYNC;
	if (q->base.protocol == &modem_protocol_qmi_over_mbim)
		flags |= QMI_DEVICE_OPEN_FLAGS_MBIM;
	qmi_device_open(q->device, flags | QMI_DEVICE_OPEN_FLAGS_EXPECT_INDICATIONS, MODEM_OPEN_S, q->cancellable, on_open,
			call_begin(q));
}

static void on_removed(QmiDevice *device, gpointer data)
{
	QmiPort *q = data;
	(void)device;
	q->hung_up = TRUE;
	fail(q, MODEM_FAILURE_HUNG_UP, NULL);
}

/* Where the port is shared nobody may sync, so what a proxy that died leaves behind would stay in the modem for good, and ten such
 * deaths would use its ids up. We know ours: an id is taken over and given back. Should the modem have restarted meanwhile, and
 * handed the id to somebody else, they take a new one as after any restart. */
static void on_given_up(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	qmi_device_release_client_finish(QMI_DEVICE(object), result, NULL);
	if (call_end(q))
		reclaim_next(q);
}

static void on_taken_over(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	g_autoptr(QmiClient) client = qmi_device_allocate_client_finish(QMI_DEVICE(object), result, NULL);
	if (!call_end(q))
		return;
	if (client)
		qmi_device_release_client(q->device, client, QMI_DEVICE_RELEASE_CLIENT_FLAGS_RELEASE_CID, MODEM_CLOSE_S, NULL,
					  on_given_up, call_begin(q));
	else
		reclaim_next(q);
}

static void reclaim_next(QmiPort *q)
{
	while (q->reclaimed < N_CLIENTS && q->orphan[q->reclaimed] == 0)
		q->reclaimed++;
	if (q->reclaimed == N_CLIENTS) {
		q->allocated = CLIENT_NAS;
		allocate_next(q);
		return;
	}
	const guint8 cid = q->orphan[q->reclaimed];
	q->orphan[q->reclaimed] = 0;
	qmi_device_allocate_client(q->device, services[q->reclaimed], cid, MODEM_CALL_S, NULL, on_taken_over, call_begin(q));
}

static void on_open(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	g_autoptr(GError) error = NULL;
	gboolean ok = qmi_device_open_finish(QMI_DEVICE(object), result, &error);
	if (!call_end(q))
		return;
	if (!ok) {
		fail(q, error->domain == QMI_PROTOCOL_ERROR ? MODEM_FAILURE_REFUSED : MODEM_FAILURE_NO_ANSWER, error);
		return;
	}
	g_signal_connect(q->device, QMI_DEVICE_SIGNAL_REMOVED, G_CALLBACK(on_removed), q);
	struct stat now;
	if (stat(q->base.settings->path, &now) != 0 || now.st_ino != q->orphaned_on.st_ino || now.st_dev != q->orphaned_on.st_dev ||
	    now.st_rdev != q->orphaned_on.st_rdev)
		memset(q->orphan, 0, sizeof q->orphan);
	q->reclaimed = CLIENT_NAS;
	reclaim_next(q);
}

static void ask_identity(QmiPort *q)
{
	observation_init(&q->identity, OBSERVATION_DEVICE, q->base.source->name);
	OBSERVATION_SET_TEXT(&q->identity, device, DEVICE, protocol, q->base.protocol->name);
	qmi_client_dms_get_model(dms(q), NULL, MODEM_CALL_S, q->cancellable, on_model, call_begin(q));
}

static void allocate_next(QmiPort *q)
{
	const ClientId end = q->base.settings->gnss ? N_CLIENTS : CLIENT_LOC;
	if (q->allocated >= end)
		ask_identity(q);
	else
		qmi_device_allocate_client(q->device, services[q->allocated], QMI_CID_NONE, MODEM_CALL_S, q->allocating, on_client,
					   call_begin(q));
}

/* A modem without a receiver has no LOC; one that keeps its data service from us, or has no id of it left, tells of the network all
 * the same. */
static gboolean can_do_without(ClientId id)
{
	return id == CLIENT_WDS || id == CLIENT_LOC;
}

/* A client is kept even when we are closing, to be released. */
static void on_client(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	g_autoptr(GError) error = NULL;
	q->client[q->allocated] = qmi_device_allocate_client_finish(QMI_DEVICE(object), result, &error);
	if (!call_end(q))
		return;
	if (q->client[q->allocated] || can_do_without(q->allocated)) {
		q->allocated++;
		allocate_next(q);
	} else {
		fail(q, MODEM_FAILURE_NO_CLIENT, error);
	}
}

/* Identity is a courtesy: a modem that does not tell its model is recorded all the same. */
static void on_model(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	const char *model = NULL;
	g_autoptr(QmiMessageDmsGetModelOutput) answer = qmi_client_dms_get_model_finish(QMI_CLIENT_DMS(object), result, NULL);
	if (!call_end(q))
		return;
	g_autofree char *tidied = answer && qmi_message_dms_get_model_output_get_model(answer, &model, NULL) ? devices_tidy(model) : NULL;
	if (tidied)
		OBSERVATION_SET_TEXT(&q->identity, device, DEVICE, model, tidied);
	qmi_client_dms_get_revision(dms(q), NULL, MODEM_CALL_S, q->cancellable, on_revision, call_begin(q));
}

static void on_revision(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	const char *revision = NULL;
	g_autoptr(QmiMessageDmsGetRevisionOutput) answer =
		qmi_client_dms_get_revision_finish(QMI_CLIENT_DMS(object), result, NULL);
	if (!call_end(q))
		return;
	g_autofree char *tidied =
		answer && qmi_message_dms_get_revision_output_get_revision(answer, &revision, NULL) ? devices_tidy(revision) : NULL;
	if (tidied)
		OBSERVATION_SET_TEXT(&q->identity, device, DEVICE, firmware, tidied);
	qmi_client_dms_get_ids(dms(q), NULL, MODEM_CALL_S, q->cancellable, on_ids, call_begin(q));
}

static void on_ids(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	const char *imei = NULL;
	g_autoptr(QmiMessageDmsGetIdsOutput) answer = qmi_client_dms_get_ids_finish(QMI_CLIENT_DMS(object), result, NULL);
	if (!call_end(q))
		return;
	if (answer && qmi_message_dms_get_ids_output_get_imei(answer, &imei, NULL) && *imei) {
		char hex[17];
		source_digest(q->base.source, imei, hex);
		OBSERVATION_SET_TEXT(&q->identity, device, DEVICE, device_digest, hex);
	}
	q->base.source->host->observe(q->base.source->host, &q->identity);
	g_autoptr(QmiMessageNasRegisterIndicationsInput) input = qmi_message_nas_register_indications_input_new();
	qmi_message_nas_register_indications_input_set_serving_system_events(input, TRUE, NULL);
	qmi_message_nas_register_indications_input_set_system_info(input, TRUE, NULL);
	qmi_message_nas_register_indications_input_set_network_reject_information(input, TRUE, FALSE, NULL);
	qmi_client_nas_register_indications(nas(q), input, MODEM_CALL_S, q->cancellable, on_registered, call_begin(q));
}

/* --- open --- */

/* Whatever was indicated: the next sweep asks for all of it. */
static void on_changed(G_GNUC_UNUSED QmiClient *client, G_GNUC_UNUSED gpointer indication, gpointer data)
{
	QmiPort *q = data;
	q->base.host->changed(q->base.modem);
}

/* Some firmware says everything twice (pinephone_modem_sdk #16). The network's own timers keep two rejects further apart: T3411 is
 * 10 s (TS 24.301 10.2). */
static gboolean is_doubled(const QmiPort *q, const Observation *o)
{
	const EventFields *now = &o->event, *last = &q->reject.event;
	return o->present == q->reject.present && o->at.boottime_ns - q->reject.at.boottime_ns < DOUBLED_NS &&
	       now->rat == last->rat && now->domain == last->domain && now->cause == last->cause &&
	       strcmp(now->mcc, last->mcc) == 0 && strcmp(now->mnc, last->mnc) == 0;
}

static void on_network_reject(QmiClientNas *client, QmiIndicationNasNetworkRejectOutput *indication, gpointer data)
{
	QmiPort *q = data;
	Observation o;
	(void)client;
	observation_init(&o, OBSERVATION_EVENT, q->base.source->name);
	qmi_decode_network_reject(indication, &o);
	if (is_doubled(q, &o))
		return;
	q->reject = o;
	q->base.source->host->observe(q->base.source->host, &o);
	q->base.host->changed(q->base.modem);
}

static void on_registered(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	/* Without indications the sweeps alone still tell everything, up to an interval later. */
	g_autoptr(QmiMessageNasRegisterIndicationsOutput) answer =
		qmi_client_nas_register_indications_finish(QMI_CLIENT_NAS(object), result, NULL);
	if (!call_end(q))
		return;
	g_signal_connect(nas(q), "serving-system", G_CALLBACK(on_changed), q);
	g_signal_connect(nas(q), "system-info", G_CALLBACK(on_changed), q);
	g_signal_connect(nas(q), "network-reject", G_CALLBACK(on_network_reject), q);
	if (q->client[CLIENT_WDS])
		g_signal_connect(q->client[CLIENT_WDS], "packet-service-status", G_CALLBACK(on_changed), q);
	if (q->base.settings->gnss)
		q->loc = qmi_loc_start(q->base.source, q->client[CLIENT_LOC]);
	q->state = STATE_OPEN;
	qmi_sweep_reset(q->sweep);
	q->base.host->opened(q->base.modem);
}

static void on_sweep_done(Observation *radio, ModemSweep result, gpointer data)
{
	QmiPort *q = data;
	if (call_end(q))
		q->base.host->swept(q->base.modem, radio, result);
}

static void qmi_sweep(ModemPort *port)
{
	QmiPort *q = (QmiPort *)port;
	QmiClient *wds = q->client[CLIENT_WDS];
	const QmiSweepClients clients = {nas(q), dms(q), QMI_CLIENT_UIM(q->client[CLIENT_UIM]), wds ? QMI_CLIENT_WDS(wds) : NULL};
	call_begin(q);
	qmi_sweep_start(q->sweep, &clients, q->cancellable);
}

/* --- data sessions --- */

static void on_session_up(gpointer data, Observation *session, const ModemBearer *bearer)
{
	QmiPort *q = data;
	if (q->state != STATE_CLOSING)
		q->base.host->session_up(q->base.modem, session, bearer);
}

static void on_session_down(gpointer data, Observation *session)
{
	QmiPort *q = data;
	Observation told = *session;
	g_clear_pointer(&q->session, qmi_session_free);
	if (call_end(q))
		q->base.host->session_down(q->base.modem, &told);
}

static void qmi_port_session_start(ModemPort *port)
{
	static const ModemSessionHost host = {.up = on_session_up, .down = on_session_down};
	QmiPort *q = (QmiPort *)port;
	g_return_if_fail(q->state == STATE_OPEN && !q->session);
	q->session = qmi_session_start(q->device, port->settings, port->source->name, &host, call_begin(q));
}

static void qmi_port_session_stop(ModemPort *port)
{
	QmiPort *q = (QmiPort *)port;
	if (q->session)
		qmi_session_stop(q->session);
}

/* --- giving clients back --- */

static void stop_listening(QmiPort *q)
{
	g_clear_pointer(&q->loc, qmi_loc_free);
	if (q->client[CLIENT_NAS])
		g_signal_handlers_disconnect_by_data(q->client[CLIENT_NAS], q);
	if (q->client[CLIENT_WDS])
		g_signal_handlers_disconnect_by_data(q->client[CLIENT_WDS], q);
}

static void remember_orphans(QmiPort *q)
{
	for (ClientId id = 0; id < N_CLIENTS; id++)
		if (q->client[id])
			q->orphan[id] = qmi_client_get_cid(q->client[id]);
	q->hung_up = FALSE;
	if (stat(q->base.settings->path, &q->orphaned_on) != 0)
		memset(q->orphan, 0, sizeof q->orphan); /* the modem went, and they with it */
}

/* How many were under way. Each calls back with `ready`. */
static guint release_clients(QmiPort *q, GAsyncReadyCallback ready)
{
	guint n = 0;
	for (ClientId id = 0; id < N_CLIENTS; id++) {
		g_autoptr(QmiClient) client = g_steal_pointer(&q->client[id]);
		if (!client)
			continue;
		n++;
		qmi_device_release_client(q->device, client, QMI_DEVICE_RELEASE_CLIENT_FLAGS_RELEASE_CID, MODEM_CLOSE_S, NULL, ready,
					  call_begin(q));
	}
	return n;
}

/* The modem may not know them any more: whatever it answers, new ones are taken. */
static void on_given_back(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	qmi_device_release_client_finish(QMI_DEVICE(object), result, NULL);
	const gboolean last = --q->renewing == 0;
	if (call_end(q) && last)
		allocate_next(q);
}

static void qmi_renew(ModemPort *port)
{
	QmiPort *q = (QmiPort *)port;
	q->state = STATE_OPENING;
	stop_listening(q);
	q->allocated = CLIENT_NAS;
	q->renewing = release_clients(q, on_given_back);
}

/* --- reset --- */

static void on_mode_reset(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	g_autoptr(QmiMessageDmsSetOperatingModeOutput) answer =
		qmi_client_dms_set_operating_mode_finish(QMI_CLIENT_DMS(object), result, NULL);
	if (call_end(q))
		q->base.host->reset_done(q->base.modem,
					 answer && qmi_message_dms_set_operating_mode_output_get_result(answer, NULL));
}

static void set_mode(QmiPort *q, QmiDmsOperatingMode mode, GAsyncReadyCallback ready)
{
	g_autoptr(QmiMessageDmsSetOperatingModeInput) input = qmi_message_dms_set_operating_mode_input_new();
	qmi_message_dms_set_operating_mode_input_set_mode(input, mode, NULL);
	qmi_client_dms_set_operating_mode(dms(q), input, MODEM_CALL_S, q->cancellable, ready, call_begin(q));
}

/* Most firmware takes "reset" only from "offline". */
static void on_mode_offline(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	g_autoptr(QmiMessageDmsSetOperatingModeOutput) answer =
		qmi_client_dms_set_operating_mode_finish(QMI_CLIENT_DMS(object), result, NULL);
	if (call_end(q))
		set_mode(q, QMI_DMS_OPERATING_MODE_RESET, on_mode_reset);
}

static void qmi_reset(ModemPort *port)
{
	set_mode((QmiPort *)port, QMI_DMS_OPERATING_MODE_OFFLINE, on_mode_offline);
}

/* --- closing --- */

static gboolean on_patience_ends(gpointer data)
{
	QmiPort *q = data;
	q->patience_id = 0;
	g_cancellable_cancel(q->allocating);
	return G_SOURCE_REMOVE;
}

static void qmi_close(ModemPort *port)
{
	QmiPort *q = (QmiPort *)port;
	q->state = STATE_CLOSING;
	q->patience_id = g_timeout_add_seconds(MODEM_CLOSE_S, on_patience_ends, q);
	stop_listening(q);
	if (q->device)
		g_signal_handlers_disconnect_by_data(q->device, q);
	/* Callbacks may come from within the cancellation: this keeps the last of them from closing while we are here. */
	call_begin(q);
	qmi_port_session_stop(port);
	g_cancellable_cancel(q->cancellable);
	call_end(q);
}

static gboolean on_nothing_to_close(gpointer data)
{
	QmiPort *q = data;
	q->state = STATE_CLOSED;
	q->base.host->closed(q->base.modem);
	return G_SOURCE_REMOVE;
}

static void on_closed(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	qmi_device_close_finish(QMI_DEVICE(object), result, NULL);
	g_clear_handle_id(&q->patience_id, g_source_remove);
	g_clear_object(&q->closing);
	q->outstanding--;
	g_clear_object(&q->device);
	on_nothing_to_close(q);
}

static gboolean on_closing_lasts(gpointer data)
{
	QmiPort *q = data;
	q->patience_id = 0;
	g_cancellable_cancel(q->closing);
	return G_SOURCE_REMOVE;
}

/* Inside MBIM the library does not keep to its own deadline. */
static void close_device(QmiPort *q)
{
	q->closing = g_cancellable_new();
	q->patience_id = g_timeout_add_seconds(MODEM_CLOSE_S + 1, on_closing_lasts, q);
	qmi_device_close_async(q->device, MODEM_CLOSE_S, q->closing, on_closed, call_begin(q));
}

static void on_released(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiPort *q = data;
	qmi_device_release_client_finish(QMI_DEVICE(object), result, NULL);
	if (--q->outstanding == 0)
		close_device(q);
}

/* No call of ours is under way any more: release the client ids, each of which the modem has only a few of. */
static void close_start(QmiPort *q)
{
	g_clear_handle_id(&q->patience_id, g_source_remove);
	g_clear_object(&q->cancellable);
	g_clear_object(&q->allocating);
	if (q->hung_up && q->base.settings->proxy)
		remember_orphans(q);
	if (!q->device)
		g_idle_add(on_nothing_to_close, q);
	else if (release_clients(q, on_released) == 0)
		close_device(q);
}

/* --- the protocols --- */

static ModemPort *new_port(const ModemProtocol *protocol, const ModemSettings *settings, const ModemHost *host, Source *source,
			   gpointer modem)
{
	QmiPort *q = g_new0(QmiPort, 1);
	q->base = (ModemPort){.protocol = protocol, .settings = settings, .host = host, .source = source, .modem = modem};
	q->sweep = qmi_sweep_new(source->name, on_sweep_done, q);
	return &q->base;
}

static ModemPort *qmi_new(const ModemSettings *settings, const ModemHost *host, Source *source, gpointer modem)
{
	return new_port(&modem_protocol_qmi, settings, host, source, modem);
}

static ModemPort *qmi_over_mbim_new(const ModemSettings *settings, const ModemHost *host, Source *source, gpointer modem)
{
	return new_port(&modem_protocol_qmi_over_mbim, settings, host, source, modem);
}

static void qmi_free(ModemPort *port)
{
	QmiPort *q = (QmiPort *)port;
	g_clear_object(&q->device);
	qmi_sweep_free(q->sweep);
	g_free(q);
}

#define METHODS                                                                                           \
	.open = qmi_open, .sweep = qmi_sweep, .renew = qmi_renew, .reset = qmi_reset, .close = qmi_close, \
	.session_start = qmi_port_session_start, .session_stop = qmi_port_session_stop, .free = qmi_free
const ModemProtocol modem_protocol_qmi = {.name = "qmi", .new = qmi_new, METHODS};
const ModemProtocol modem_protocol_qmi_over_mbim = {.name = "qmi-over-mbim", .new = qmi_over_mbim_new, METHODS};
