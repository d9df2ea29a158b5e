/* A modem through libqmi: opening and closing it, and one sweep (sweep.c) each interval, brought forward by
 * indications.
 *
 *   closed -> opening (device, port, clients, identity, indications) -> running <-> sweep
 *     ^---------------- closing (clients released, port closed) <--- any failure, stop
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "source/qmi/decode.h"
#include "source/qmi/port.h"
#include "source/qmi/sweep.h"
#include "source/registry.h"
#include "ticker.h"

#include <errno.h>
#include <unistd.h>

#define TELL_WAITING_S      3
#define OPEN_TIMEOUT_S      20 /* some firmware needs more than 10 s for the first answer (libqmi #126) */
#define CLOSE_TIMEOUT_S     2
#define FAILED_SWEEPS_MAX   3    /* in a row, then the port is opened anew */
#define MIN_SWEEP_GAP_MS    250  /* however many indications come */
static const guint retry_after_s[] = {1, 2, 5, 10};

typedef struct QmiSource QmiSource;

typedef enum { STATE_CLOSED, STATE_OPENING, STATE_RUNNING, STATE_CLOSING } State;

struct QmiSource {
	Source base;
	char *path;
	gboolean proxy;
	State state;
	gboolean stopping;
	SourceStopped stopped;
	gpointer stopped_data;

	GCancellable *cancellable; /* of the calls of this opening */
	GCancellable *allocating;  /* of those that hand out a client id: cancelled, they would leave it behind in the modem */
	guint patience_id;         /* with them, while we are closing */
	guint outstanding;         /* asynchronous calls whose callback has not come yet */
	guint failures;            /* of opening, in a row */
	guint retry_id;
	guint waiting_id; /* while it is opened for the first time: the person wonders */
	int lock;         /* on the node, see port.h; -1: none */

	QmiDevice *device;
	QmiClientNas *nas;
	QmiClientDms *dms;
	QmiClientUim *uim;
	Observation identity; /* the `device` observation while it is being put together */

	Ticker *ticker;
	guint hurry_id; /* a sweep brought forward by an indication */
	QmiSweep *sweep;
	gboolean sweep_again; /* an indication came while one was under way */
	guint failed_sweeps;
	gint64 last_sweep_ns;
};

static void open_start(QmiSource *q);
static void close_start(QmiSource *q);
static void sweep_start(QmiSource *q);

/* --- every asynchronous call --- */

static gpointer call_begin(QmiSource *q)
{
	q->outstanding++;
	return q;
}

/* To be called first in each callback. FALSE: the port is being closed, forget the answer. */
static gboolean call_end(QmiSource *q)
{
	gboolean going_on = q->state != STATE_CLOSING;
	if (--q->outstanding == 0 && !going_on)
		close_start(q);
	return going_on;
}

static gboolean on_patience_ends(gpointer data)
{
	QmiSource *q = data;
	q->patience_id = 0;
	g_cancellable_cancel(q->allocating);
	return G_SOURCE_REMOVE;
}

static void close_begin(QmiSource *q)
{
	if (q->state == STATE_CLOSING)
		return;
	q->state = STATE_CLOSING;
	q->patience_id = g_timeout_add_seconds(CLOSE_TIMEOUT_S, on_patience_ends, q);
	g_clear_pointer(&q->ticker, ticker_free);
	g_clear_handle_id(&q->hurry_id, g_source_remove);
	g_clear_handle_id(&q->retry_id, g_source_remove);
	g_clear_handle_id(&q->waiting_id, g_source_remove);
	if (q->device)
		g_signal_handlers_disconnect_by_data(q->device, q);
	if (q->nas)
		g_signal_handlers_disconnect_by_data(q->nas, q);
	/* Callbacks may come from within the cancellation: this keeps the last of them from closing while we are here. */
	call_begin(q);
	g_cancellable_cancel(q->cancellable);
	call_end(q);
}

/* Tells it once, gives everything back, and tries again later. */
static void fail(QmiSource *q, const char *reason, const char *sentence)
{
	if (q->state == STATE_CLOSING)
		return;
	source_set_lost(&q->base, reason, "%s", sentence);
	close_begin(q);
}

static void fail_with(QmiSource *q, const char *reason, const char *what, const GError *error)
{
	g_autofree char *sentence = g_strdup_printf("%s (%s); trying again", what, error ? error->message : "no answer");
	fail(q, reason, sentence);
}

/* --- opening --- */

static void on_device(GObject *object, GAsyncResult *result, gpointer data);
static void on_open(GObject *object, GAsyncResult *result, gpointer data);
static void on_nas(GObject *object, GAsyncResult *result, gpointer data);
static void on_dms(GObject *object, GAsyncResult *result, gpointer data);
static void on_uim(GObject *object, GAsyncResult *result, gpointer data);
static void on_model(GObject *object, GAsyncResult *result, gpointer data);
static void on_revision(GObject *object, GAsyncResult *result, gpointer data);
static void on_ids(GObject *object, GAsyncResult *result, gpointer data);
static void on_registered(GObject *object, GAsyncResult *result, gpointer data);

static gboolean on_retry(gpointer data)
{
	QmiSource *q = data;
	q->retry_id = 0;
	open_start(q);
	return G_SOURCE_REMOVE;
}

static gboolean on_waiting(gpointer data)
{
	QmiSource *q = data;
	q->waiting_id = 0;
	if (!q->base.lost)
		q->base.host->tell(q->base.host, q->base.name, "waiting for the modem to answer");
	return G_SOURCE_REMOVE;
}

static void retry_later(QmiSource *q)
{
	guint step = MIN(q->failures, (guint)G_N_ELEMENTS(retry_after_s) - 1);
	q->retry_id = g_timeout_add_seconds(retry_after_s[step], on_retry, q);
	q->failures++;
}

static void open_start(QmiSource *q)
{
	const char *reason;
	g_autofree char *obstacle = qmi_port_obstacle(q->path, q->proxy, &q->lock, &reason);
	if (obstacle) {
		source_set_lost(&q->base, reason, "%s", obstacle);
		retry_later(q);
		return;
	}
	g_autoptr(GFile) file = g_file_new_for_path(q->path);
	q->state = STATE_OPENING;
	q->waiting_id = g_timeout_add_seconds(TELL_WAITING_S, on_waiting, q);
	q->cancellable = g_cancellable_new();
	q->allocating = g_cancellable_new();
	qmi_sweep_reset(q->sweep);
	/* The library's own check of the node would refuse everything that is not cdc-wdm, a pseudo-terminal for one. */
	g_async_initable_new_async(QMI_TYPE_DEVICE, G_PRIORITY_DEFAULT, q->cancellable, on_device, call_begin(q), QMI_DEVICE_FILE,
				   file, QMI_DEVICE_NO_FILE_CHECK, TRUE, NULL);
}

static void on_device(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSource *q = data;
	g_autoptr(GError) error = NULL;
	GObject *device = g_async_initable_new_finish(G_ASYNC_INITABLE(object), result, &error);
	q->device = device ? QMI_DEVICE(device) : NULL;
	if (!call_end(q))
		return;
	if (!q->device) {
		fail_with(q, "unusable device", "cannot use the device", error);
		return;
	}
	/* Sync releases client ids that a killed program left behind, but those of every other program too: only the
	 * owner of the port may. */
	QmiDeviceOpenFlags flags = q->proxy ? QMI_DEVICE_OPEN_FLAGS_PROXY : QMI_DEVICE_OPEN_FLAGS_SYNC;
	qmi_device_open(q->device, flags | QMI_DEVICE_OPEN_FLAGS_EXPECT_INDICATIONS, OPEN_TIMEOUT_S, q->cancellable, on_open,
			call_begin(q));
}

static void on_removed(QmiDevice *device, gpointer data)
{
	(void)device;
	QmiSource *q = data;
	if (access(q->path, F_OK) == 0)
		fail(q, "connection broken",
		     "the connection broke: does another program (ModemManager, qmicli) use this modem too? trying again");
	else
		fail(q, "device gone", "the modem is gone; waiting for it to come back");
}

static void allocate(QmiSource *q, QmiService service, GAsyncReadyCallback ready)
{
	qmi_device_allocate_client(q->device, service, QMI_CID_NONE, QMI_CALL_TIMEOUT_S, q->allocating, ready, call_begin(q));
}

static void on_open(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSource *q = data;
	g_autoptr(GError) error = NULL;
	gboolean ok = qmi_device_open_finish(QMI_DEVICE(object), result, &error);
	if (!call_end(q))
		return;
	if (!ok) {
		g_autofree char *what = g_strdup_printf("%s does not answer in QMI: is it the modem's control port?", q->path);
		fail_with(q, "no answer in QMI", what, error);
		return;
	}
	g_signal_connect(q->device, QMI_DEVICE_SIGNAL_REMOVED, G_CALLBACK(on_removed), q);
	allocate(q, QMI_SERVICE_NAS, on_nas);
}

/* The client that was allocated, or NULL after failing. It is kept even when we are closing, to be released. */
static gboolean take_client(QmiSource *q, GObject *object, GAsyncResult *result, QmiClient **ret_client)
{
	g_autoptr(GError) error = NULL;
	*ret_client = qmi_device_allocate_client_finish(QMI_DEVICE(object), result, &error);
	gboolean going_on = call_end(q);
	if (going_on && !*ret_client)
		fail_with(q, "no client id", "the modem gives us no client", error);
	return going_on && *ret_client;
}

static void on_nas(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSource *q = data;
	if (take_client(q, object, result, (QmiClient **)&q->nas))
		allocate(q, QMI_SERVICE_DMS, on_dms);
}

static void on_dms(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSource *q = data;
	if (take_client(q, object, result, (QmiClient **)&q->dms))
		allocate(q, QMI_SERVICE_UIM, on_uim);
}

static void on_uim(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSource *q = data;
	if (!take_client(q, object, result, (QmiClient **)&q->uim))
		return;
	observation_init(&q->identity, OBSERVATION_DEVICE, q->base.name);
	OBSERVATION_SET_TEXT(&q->identity, device, DEVICE, protocol, q->base.class->protocol);
	qmi_client_dms_get_model(q->dms, NULL, QMI_CALL_TIMEOUT_S, q->cancellable, on_model, call_begin(q));
}

/* Some pad their texts (a real one says "EM12-AW" and a TAB). What is empty is not told. */
static char *tidy(const char *text)
{
	char *tidied = g_strstrip(g_strdup(text));
	if (!*tidied)
		g_clear_pointer(&tidied, g_free);
	return tidied;
}

/* Identity is a courtesy: a modem that does not tell its model is recorded all the same. */
static void on_model(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSource *q = data;
	const char *model = NULL;
	g_autoptr(QmiMessageDmsGetModelOutput) answer = qmi_client_dms_get_model_finish(QMI_CLIENT_DMS(object), result, NULL);
	if (!call_end(q))
		return;
	g_autofree char *tidied = answer && qmi_message_dms_get_model_output_get_model(answer, &model, NULL) ? tidy(model) : NULL;
	if (tidied)
		OBSERVATION_SET_TEXT(&q->identity, device, DEVICE, model, tidied);
	qmi_client_dms_get_revision(q->dms, NULL, QMI_CALL_TIMEOUT_S, q->cancellable, on_revision, call_begin(q));
}

static void on_revision(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSource *q = data;
	const char *revision = NULL;
	g_autoptr(QmiMessageDmsGetRevisionOutput) answer =
		qmi_client_dms_get_revision_finish(QMI_CLIENT_DMS(object), result, NULL);
	if (!call_end(q))
		return;
	g_autofree char *tidied =
		answer && qmi_message_dms_get_revision_output_get_revision(answer, &revision, NULL) ? tidy(revision) : NULL;
	if (tidied)
		OBSERVATION_SET_TEXT(&q->identity, device, DEVICE, firmware, tidied);
	qmi_client_dms_get_ids(q->dms, NULL, QMI_CALL_TIMEOUT_S, q->cancellable, on_ids, call_begin(q));
}

static void on_ids(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSource *q = data;
	const char *imei = NULL;
	g_autoptr(QmiMessageDmsGetIdsOutput) answer = qmi_client_dms_get_ids_finish(QMI_CLIENT_DMS(object), result, NULL);
	if (!call_end(q))
		return;
	if (answer && qmi_message_dms_get_ids_output_get_imei(answer, &imei, NULL) && *imei) {
		char hex[17];
		source_digest(&q->base, imei, hex);
		OBSERVATION_SET_TEXT(&q->identity, device, DEVICE, device_digest, hex);
	}
	q->base.host->observe(q->base.host, &q->identity);
	g_autoptr(QmiMessageNasRegisterIndicationsInput) input = qmi_message_nas_register_indications_input_new();
	qmi_message_nas_register_indications_input_set_serving_system_events(input, TRUE, NULL);
	qmi_message_nas_register_indications_input_set_system_info(input, TRUE, NULL);
	qmi_message_nas_register_indications_input_set_network_reject_information(input, TRUE, FALSE, NULL);
	qmi_client_nas_register_indications(q->nas, input, QMI_CALL_TIMEOUT_S, q->cancellable, on_registered, call_begin(q));
}

/* --- running --- */

static gboolean on_hurry(gpointer data)
{
	QmiSource *q = data;
	q->hurry_id = 0;
	sweep_start(q);
	return G_SOURCE_REMOVE;
}

static void hurry(QmiSource *q)
{
	gint64 since_ms = (clock_boottime_ns() - q->last_sweep_ns) / NS_PER_MS;
	if (qmi_sweep_is_active(q->sweep))
		q->sweep_again = TRUE;
	else if (!q->hurry_id)
		q->hurry_id = g_timeout_add(since_ms >= MIN_SWEEP_GAP_MS ? 0 : (guint)(MIN_SWEEP_GAP_MS - since_ms), on_hurry, q);
}

static void on_serving_system(QmiClientNas *nas, QmiIndicationNasServingSystemOutput *indication, gpointer data)
{
	(void)nas;
	(void)indication;
	hurry(data);
}

static void on_system_info(QmiClientNas *nas, QmiIndicationNasSystemInfoOutput *indication, gpointer data)
{
	(void)nas;
	(void)indication;
	hurry(data);
}

static void on_network_reject(QmiClientNas *nas, QmiIndicationNasNetworkRejectOutput *indication, gpointer data)
{
	QmiSource *q = data;
	Observation o;
	(void)nas;
	observation_init(&o, OBSERVATION_EVENT, q->base.name);
	qmi_decode_network_reject(indication, &o);
	q->base.host->observe(q->base.host, &o);
	hurry(q);
}

static void on_tick(gpointer data)
{
	sweep_start(data);
}

static void on_registered(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSource *q = data;
	/* Without indications the sweeps alone still tell everything, up to an interval later. */
	g_autoptr(QmiMessageNasRegisterIndicationsOutput) answer =
		qmi_client_nas_register_indications_finish(QMI_CLIENT_NAS(object), result, NULL);
	if (!call_end(q))
		return;
	g_signal_connect(q->nas, "serving-system", G_CALLBACK(on_serving_system), q);
	g_signal_connect(q->nas, "system-info", G_CALLBACK(on_system_info), q);
	g_signal_connect(q->nas, "network-reject", G_CALLBACK(on_network_reject), q);
	q->state = STATE_RUNNING;
	g_clear_handle_id(&q->waiting_id, g_source_remove);
	q->failed_sweeps = 0;
	q->ticker = ticker_new(q->base.host->interval_ms, on_tick, q);
	sweep_start(q);
}

/* --- sweeps --- */

static void sweep_start(QmiSource *q)
{
	if (q->state != STATE_RUNNING || qmi_sweep_is_active(q->sweep))
		return;
	q->last_sweep_ns = clock_boottime_ns();
	call_begin(q);
	qmi_sweep_start(q->sweep, q->nas, q->dms, q->uim, q->cancellable);
}

/* Held state is never given out as measured: a sweep without a single answer is an event and nothing else. */
static void sweep_failed(QmiSource *q, QmiSweepResult result)
{
	Observation o;
	observation_init(&o, OBSERVATION_EVENT, q->base.name);
	EVENT_SET(&o, code, EVENT_SWEEP_FAILED);
	q->base.host->observe(q->base.host, &o);
	if (result == QMI_SWEEP_FORGOTTEN)
		fail(q, "modem restarted", "the modem has restarted by itself; opening it anew");
	else if (++q->failed_sweeps >= FAILED_SWEEPS_MAX)
		fail(q, "no answer", "the modem does not answer any more: this says nothing about the network; opening it anew");
}

static void on_sweep_done(Observation *radio, QmiSweepResult result, gpointer data)
{
	QmiSource *q = data;
	gboolean again = q->sweep_again;
	q->sweep_again = FALSE;
	if (!call_end(q))
		return;
	if (result != QMI_SWEEP_ANSWERED) {
		sweep_failed(q, result);
		return;
	}
	q->failed_sweeps = 0;
	q->failures = 0;
	source_set_back(&q->base);
	q->base.host->observe(q->base.host, radio);
	if (again)
		hurry(q);
}

/* --- closing --- */

static gboolean on_stopped(gpointer data)
{
	QmiSource *q = data;
	q->stopped(&q->base, q->stopped_data);
	return G_SOURCE_REMOVE;
}

/* `stopped` may free us: it is never called from within our own functions. */
static void closed(QmiSource *q)
{
	q->state = STATE_CLOSED;
	if (q->lock >= 0)
		close(q->lock);
	q->lock = -1;
	if (q->stopping)
		g_idle_add(on_stopped, q);
	else
		retry_later(q);
}

static void on_closed(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSource *q = data;
	qmi_device_close_finish(QMI_DEVICE(object), result, NULL);
	q->outstanding--;
	g_clear_object(&q->device);
	closed(q);
}

static void on_released(GObject *object, GAsyncResult *result, gpointer data)
{
	QmiSource *q = data;
	qmi_device_release_client_finish(QMI_DEVICE(object), result, NULL);
	if (--q->outstanding == 0)
		qmi_device_close_async(q->device, CLOSE_TIMEOUT_S, NULL, on_closed, call_begin(q));
}

static void release(QmiSource *q, gpointer client)
{
	if (!client)
		return;
	qmi_device_release_client(q->device, client, QMI_DEVICE_RELEASE_CLIENT_FLAGS_RELEASE_CID, CLOSE_TIMEOUT_S, NULL, on_released,
				  call_begin(q));
	g_object_unref(client);
}

/* No call of ours is under way any more: release the client ids, each of which the modem has only a few of. */
static void close_start(QmiSource *q)
{
	g_clear_handle_id(&q->patience_id, g_source_remove);
	g_clear_object(&q->cancellable);
	g_clear_object(&q->allocating);
	if (!q->device) {
		closed(q);
		return;
	}
	release(q, g_steal_pointer(&q->nas));
	release(q, g_steal_pointer(&q->dms));
	release(q, g_steal_pointer(&q->uim));
	if (q->outstanding == 0)
		qmi_device_close_async(q->device, CLOSE_TIMEOUT_S, NULL, on_closed, call_begin(q));
}

/* --- the class --- */

static Source *qmi_new(const ConfigSource *config, GError **error)
{
	if (!g_path_is_absolute(config->address)) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
			    "modem %s: \"%s\" is not the path of a device node (such as /dev/cdc-wdm0)", config->name, config->address);
		return NULL;
	}
	QmiSource *q = g_new0(QmiSource, 1);
	q->path = g_strdup(config->address);
	q->proxy = config->proxy;
	q->lock = -1;
	q->sweep = qmi_sweep_new(q->base.name, on_sweep_done, q);
	return &q->base;
}

static void qmi_start(Source *source)
{
	open_start((QmiSource *)source);
}

static void qmi_stop(Source *source, SourceStopped stopped, gpointer user_data)
{
	QmiSource *q = (QmiSource *)source;
	q->stopping = TRUE;
	q->stopped = stopped;
	q->stopped_data = user_data;
	g_clear_handle_id(&q->retry_id, g_source_remove);
	if (q->state == STATE_CLOSED)
		closed(q);
	else
		close_begin(q);
}

static void qmi_free(Source *source)
{
	QmiSource *q = (QmiSource *)source;
	g_clear_object(&q->device);
	qmi_sweep_free(q->sweep);
	g_free(q->path);
	g_free(q);
}

const SourceClass source_class_qmi = {
	.type = "modem",
	.protocol = "qmi",
	.new = qmi_new,
	.start = qmi_start,
	.stop = qmi_stop,
	.free = qmi_free,
};
