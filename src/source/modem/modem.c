/* A modem, whatever it speaks: when it is opened, when it is asked, and what is done when it fails.
 *
 *   closed -> opening -> running <-> sweep
 *     ^          |          |-> renewing -> running
 *     |          |          '-> resetting -.
 *     '------ closing <----'<--------------'
 *
 * One sweep each interval, brought forward by what the modem says unasked. The protocol's part is a port (protocol.h); what to do
 * about trouble is the ladder's decision (ladder.h), when data sessions are tried that of sessions.h. Figures that the modem only
 * repeats are found by freshness.h. Held state is never given out as measured: a sweep without an answer is an event and nothing else.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"
#include "source/modem/freshness.h"
#include "source/modem/ladder.h"
#include "source/modem/node.h"
#include "source/modem/inhibit.h"
#include "source/modem/sessions.h"
#include "source/registry.h"
#include "ticker.h"

#include <unistd.h>

#define TELL_WAITING_S   3
#define MIN_SWEEP_GAP_MS 250   /* however many indications come */
#define RESTART_MS       10000 /* before a modem that was told to restart is looked for */

typedef enum { STATE_CLOSED, STATE_OPENING, STATE_RUNNING, STATE_RENEWING, STATE_RESETTING, STATE_CLOSING } State;

typedef struct {
	Source base;
	ConfigSource *config;
	ModemInhibit *inhibit;  /* from the first sight of the node until it is gone */
	gboolean inhibiting;    /* not yet answered: nothing is opened before */
	ModemSettings settings;

	State state;
	ModemPort *port;
	Sessions *sessions;    /* NULL: somebody only has a look at this modem */
	gboolean in_mbim;      /* found out: this modem has QMI inside MBIM */
	gboolean answered;     /* a sweep, in the protocol of the present port */
	gboolean guess_mbim;   /* where the kernel tells nothing */
	gboolean not_in_mbim;  /* found out: it only says so */
	int lock;              /* on the node, see node.h; -1: none */
	Ladder ladder;
	gboolean waiting;      /* EVENT_MODEM_WAIT was recorded and nothing better came since */
	guint delay_ms;        /* from closing to the next opening */
	guint retry_id;
	guint tell_id;         /* while it is opened for the first time: the person wonders */

	Ticker *ticker;
	guint hurry_id;        /* a sweep brought forward */
	gboolean sweeping;
	gboolean sweep_again;  /* something changed while one was under way */
	gint64 last_sweep_ns;
	Freshness freshness;

	gboolean stopping;
	SourceStopped stopped;
	gpointer stopped_data;
} Modem;

static void open_start(Modem *m);
static void sweep_start(Modem *m);

static gboolean is_open(const Modem *m)
{
	return m->state == STATE_RUNNING;
}

static void observe_event(Modem *m, EventCode code, const char *reason)
{
	Observation o;
	observation_init(&o, OBSERVATION_EVENT, m->base.name);
	EVENT_SET(&o, code, (guint8)code);
	if (reason)
		OBSERVATION_SET_TEXT(&o, event, EVENT, text, reason);
	m->base.host->observe(m->base.host, &o);
}

/* --- the ladder's steps --- */

static void close_begin(Modem *m, guint delay_ms)
{
	m->delay_ms = delay_ms;
	if (m->state == STATE_CLOSING)
		return;
	m->state = STATE_CLOSING;
	if (m->sessions)
		sessions_lost(m->sessions);
	g_clear_pointer(&m->ticker, ticker_free);
	g_clear_handle_id(&m->hurry_id, g_source_remove);
	g_clear_handle_id(&m->tell_id, g_source_remove);
	m->sweeping = FALSE;
	m->port->protocol->close(m->port);
}

static gboolean on_retry(gpointer data)
{
	Modem *m = data;
	m->retry_id = 0;
	open_start(m);
	return G_SOURCE_REMOVE;
}

static void open_later(Modem *m, guint delay_ms)
{
	m->retry_id = g_timeout_add(delay_ms, on_retry, m);
}

/* Closes what is open, and opens anew after the delay. */
static void reopen(Modem *m, guint delay_ms)
{
	if (m->state == STATE_CLOSED)
		open_later(m, delay_ms);
	else
		close_begin(m, delay_ms);
}

static gboolean on_ask_again(gpointer data)
{
	Modem *m = data;
	m->hurry_id = 0;
	sweep_start(m);
	return G_SOURCE_REMOVE;
}

/* Waiting is recorded once, however often it is tried in between. */
static void observe_step(Modem *m, LadderStep step, const char *reason)
{
	static const EventCode codes[] = {[LADDER_RETRY] = EVENT_MODEM_RETRY,
					  [LADDER_NEW_CLIENT] = EVENT_MODEM_NEW_CLIENT,
					  [LADDER_REOPEN] = EVENT_MODEM_REOPEN,
					  [LADDER_RESET] = EVENT_MODEM_RESET,
					  [LADDER_WAIT] = EVENT_MODEM_WAIT};
	if (step == LADDER_WAIT && m->waiting)
		return;
	m->waiting = step == LADDER_WAIT;
	observe_event(m, codes[step], reason);
}

static void hold_sessions(Modem *m)
{
	if (m->sessions)
		sessions_hold(m->sessions);
}

static void take_step(Modem *m, LadderStep step, guint delay_ms)
{
	switch (step) {
	case LADDER_RETRY:
		if (!m->hurry_id)
			m->hurry_id = g_idle_add(on_ask_again, m);
		break;
	case LADDER_NEW_CLIENT:
		hold_sessions(m);
		m->state = STATE_RENEWING;
		m->port->protocol->renew(m->port);
		break;
	case LADDER_REOPEN:
	case LADDER_WAIT:
		reopen(m, delay_ms);
		break;
	case LADDER_RESET:
		m->base.host->tell(m->base.host, m->base.name, "telling the modem to restart");
		hold_sessions(m);
		m->state = STATE_RESETTING;
		m->port->protocol->reset(m->port);
		break;
	}
}

/* Something went wrong: `reason` in fixed words for the journal, `sentence` for the person. */
static void trouble(Modem *m, LadderTrouble what, const char *reason, const char *sentence)
{
	guint delay_ms;
	const gboolean open = is_open(m);
	const LadderMeans means = {.can_renew = open && m->port->protocol->renew,
				   /* over a connection that broke no order would arrive */
				   .can_reset = open && what == TROUBLE_SILENT && m->config->reset && m->port->protocol->reset};
	const LadderStep step = ladder_next(&m->ladder, what, &means, clock_boottime_ns() / NS_PER_MS, &delay_ms);
	if (step != LADDER_RETRY)
		source_set_lost(&m->base, reason, "%s", sentence);
	observe_step(m, step, reason);
	take_step(m, step, delay_ms);
}

/* --- opening --- */

static gboolean on_tell_waiting(gpointer data)
{
	Modem *m = data;
	m->tell_id = 0;
	if (!m->base.lost)
		m->base.host->tell(m->base.host, m->base.name, "waiting for the modem to answer");
	return G_SOURCE_REMOVE;
}

/* MBIM first where the kernel's driver is MBIM's: only the modem knows whether QMI can be had in it. */
static const ModemProtocol *choose_protocol(Modem *m)
{
	const ConfigProtocol spoken = m->config->protocol == PROTOCOL_AUTO ? modem_node_protocol(m->config->address) : m->config->protocol;
	m->settings.prefer_qmi = m->config->protocol == PROTOCOL_AUTO && !m->not_in_mbim;
	switch (spoken) {
	case PROTOCOL_MBIM:
		return m->in_mbim && m->settings.prefer_qmi ? &modem_protocol_qmi_over_mbim : &modem_protocol_mbim;
	case PROTOCOL_QMI_OVER_MBIM:
		return &modem_protocol_qmi_over_mbim;
	case PROTOCOL_AUTO: /* a pseudo-terminal: QMI and MBIM in turn, until one is answered */
		if (m->guess_mbim)
			return m->in_mbim && m->settings.prefer_qmi ? &modem_protocol_qmi_over_mbim : &modem_protocol_mbim;
		break;
	case PROTOCOL_QMI:
		break;
	}
	return &modem_protocol_qmi;
}

static void on_inhibited(ModemInhibitResult result, const GError *error, gpointer data)
{
	Modem *m = data;
	m->inhibiting = FALSE;
	if (result == MODEM_INHIBIT_REFUSED) {
		g_autofree char *sentence =
			g_strdup_printf("ModemManager does not leave the modem (%s): start jamlog as root, or stop ModemManager; "
					"recording all the same", error ? error->message : "no reason given");
		m->base.host->tell(m->base.host, m->base.name, sentence);
	}
	open_start(m);
}

static void unlock(Modem *m)
{
	if (m->lock >= 0)
		close(m->lock);
	m->lock = -1;
}

static const ModemHost port_host;

static void free_port(Modem *m)
{
	if (m->port)
		m->port->protocol->free(m->port);
	m->port = NULL;
}

static void open_start(Modem *m)
{
	const char *reason;
	g_autofree char *sentence = NULL;
	const NodeState node = modem_node_try(m->config->address, m->settings.proxy, &m->lock, &sentence, &reason);
	if (node == NODE_ABSENT) {
		modem_inhibit_park(g_steal_pointer(&m->inhibit));
		m->in_mbim = m->not_in_mbim = m->answered = FALSE; /* another may come in its place */
	}
	if (node != NODE_FREE) {
		trouble(m, TROUBLE_NO_DEVICE, reason, sentence);
		return;
	}
	if (m->config->inhibit && !m->inhibit) {
		unlock(m);
		m->inhibiting = TRUE;
		m->inhibit = modem_inhibit_start(m->config->address, on_inhibited, m);
		return;
	}
	m->state = STATE_OPENING;
	m->settings.carries = m->sessions && m->base.host->config->mode == MODE_PROBE;
	m->tell_id = g_timeout_add_seconds(TELL_WAITING_S, on_tell_waiting, m);
	const ModemProtocol *protocol = choose_protocol(m);
	if (m->port && m->port->protocol != protocol)
		free_port(m);
	if (!m->port)
		m->port = protocol->new(&m->settings, &port_host, &m->base, m);
	protocol->open(m->port);
}

static void on_tick(gpointer data)
{
	sweep_start(data);
}

static void port_opened(gpointer data)
{
	Modem *m = data;
	m->state = STATE_RUNNING;
	m->waiting = FALSE;
	g_clear_handle_id(&m->tell_id, g_source_remove);
	if (!m->ticker)
		m->ticker = ticker_new(m->base.host->interval_ms, on_tick, m);
	sweep_start(m);
}

static char *describe_failure(const Modem *m, ModemFailure failure, const GError *error, const char **ret_reason)
{
	static const char *const reasons[] = {
		[MODEM_FAILURE_UNUSABLE] = "unusable device",  [MODEM_FAILURE_NO_ANSWER] = "no answer in its protocol",
		[MODEM_FAILURE_REFUSED] = "opening refused",   [MODEM_FAILURE_NO_CLIENT] = "no client id",
		[MODEM_FAILURE_HUNG_UP] = "connection broken", [MODEM_FAILURE_OFFERS_QMI] = "QMI inside MBIM",
	};
	const char *detail = error ? error->message : "no answer";
	*ret_reason = reasons[failure];
	switch (failure) {
	case MODEM_FAILURE_UNUSABLE:
		return g_strdup_printf("cannot use the device (%s); trying again", detail);
	case MODEM_FAILURE_NO_ANSWER:
	case MODEM_FAILURE_REFUSED:
		return g_strdup_printf("%s does not answer in %s: is it the modem's control port? (%s); trying again", m->config->address,
				       m->port->protocol == &modem_protocol_qmi ? "QMI" : "MBIM", detail);
	case MODEM_FAILURE_NO_CLIENT:
		return g_strdup_printf("the modem gives us no client (%s); trying again", detail);
	case MODEM_FAILURE_HUNG_UP:
		if (access(m->config->address, F_OK) != 0) {
			*ret_reason = "device gone";
			return g_strdup("the modem is gone; waiting for it to come back");
		}
		return g_strdup("the connection broke: the modem talks nonsense, or another program (ModemManager, qmicli) uses it too; "
				"trying again");
	case MODEM_FAILURE_OFFERS_QMI:
		break;
	}
	return g_strdup("the modem has QMI inside MBIM: opening it anew");
}

/* It never worked in this protocol: perhaps it is another's. */
static void doubt_protocol(Modem *m, ModemFailure failure)
{
	if (m->in_mbim && (failure == MODEM_FAILURE_REFUSED || failure == MODEM_FAILURE_NO_CLIENT))
		m->not_in_mbim = TRUE; /* plain MBIM still tells most */
	else if (failure == MODEM_FAILURE_NO_ANSWER)
		m->guess_mbim = !m->guess_mbim;
}

static void port_failed(gpointer data, ModemFailure failure, const GError *error)
{
	Modem *m = data;
	const char *reason;
	g_autofree char *sentence = describe_failure(m, failure, error, &reason);
	if (m->stopping) {
		close_begin(m, 0);
		return;
	}
	if (failure == MODEM_FAILURE_OFFERS_QMI) {
		m->in_mbim = TRUE;
		m->answered = FALSE;
		close_begin(m, 0);
		return;
	}
	if (m->state == STATE_OPENING && !m->answered)
		doubt_protocol(m, failure);
	trouble(m, failure == MODEM_FAILURE_HUNG_UP ? TROUBLE_HUNG_UP : TROUBLE_NO_OPEN, reason, sentence);
}

static void port_reset_done(gpointer data, gboolean accepted)
{
	Modem *m = data;
	if (!accepted)
		m->base.host->tell(m->base.host, m->base.name, "the modem did not take the order to restart");
	close_begin(m, RESTART_MS);
}

/* --- sweeps --- */

static void sweep_start(Modem *m)
{
	if (!is_open(m) || m->sweeping)
		return;
	m->last_sweep_ns = clock_boottime_ns();
	m->sweeping = TRUE;
	m->port->protocol->sweep(m->port);
}

static void port_changed(gpointer data)
{
	Modem *m = data;
	const gint64 since_ms = (clock_boottime_ns() - m->last_sweep_ns) / NS_PER_MS;
	if (m->stopping)
		return;
	if (m->sweeping)
		m->sweep_again = TRUE;
	else if (is_open(m) && !m->hurry_id)
		m->hurry_id = g_timeout_add((guint)CLAMP(MIN_SWEEP_GAP_MS - since_ms, 0, MIN_SWEEP_GAP_MS), on_ask_again, m);
}

static void observe_freshness(Modem *m, FreshnessChange change, guint64 duration_ms)
{
	if (change == FRESHNESS_AS_BEFORE)
		return;
	Observation o;
	observation_init(&o, OBSERVATION_EVENT, m->base.name);
	EVENT_SET(&o, code, change == FRESHNESS_HELD_NOW ? EVENT_VALUES_HELD : EVENT_VALUES_MOVE);
	EVENT_SET(&o, duration_ms, duration_ms);
	m->base.host->observe(m->base.host, &o);
	m->base.host->tell(m->base.host, m->base.name,
			   change == FRESHNESS_HELD_NOW ? "the modem repeats the same figures: they are left out until they move"
							: "the modem's figures move again");
}

static void sweep_answered(Modem *m, Observation *radio)
{
	guint64 duration_ms;
	ladder_good(&m->ladder);
	m->answered = TRUE;
	source_set_back(&m->base);
	const FreshnessChange change = freshness_judge(&m->freshness, radio, &duration_ms);
	observe_freshness(m, change, duration_ms);
	m->base.host->observe(m->base.host, radio);
	if (m->sessions) {
		sessions_radio(m->sessions, radio);
		sessions_open(m->sessions, m->port);
	}
}

static void port_swept(gpointer data, Observation *radio, ModemSweep result)
{
	Modem *m = data;
	const gboolean again = m->sweep_again;
	m->sweeping = m->sweep_again = FALSE;
	if (m->stopping)
		return;
	switch (result) {
	case MODEM_SWEEP_ANSWERED:
		sweep_answered(m, radio);
		if (again)
			port_changed(m);
		break;
	case MODEM_SWEEP_SILENT:
		observe_event(m, EVENT_SWEEP_FAILED, "no answer");
		trouble(m, TROUBLE_SILENT, "no answer",
			"the modem does not answer any more: this says nothing about the network; opening it anew");
		break;
	case MODEM_SWEEP_NONSENSE:
		observe_event(m, EVENT_SWEEP_FAILED, "nonsense");
		trouble(m, TROUBLE_SILENT, "nonsense",
			"the modem answers nonsense: this says nothing about the network; opening it anew");
		break;
	case MODEM_SWEEP_FORGOTTEN:
		observe_event(m, EVENT_MODEM_FORGOT, NULL);
		trouble(m, TROUBLE_FORGOTTEN, "clients forgotten",
			"the modem has restarted by itself, or another program made it forget us; taking new clients");
		break;
	}
}

/* --- data sessions --- */

static void port_session_up(gpointer data, Observation *session, const ModemBearer *bearer)
{
	Modem *m = data;
	sessions_up(m->sessions, session, bearer);
}

static void port_session_down(gpointer data, Observation *session)
{
	Modem *m = data;
	sessions_down(m->sessions, session);
}

/* --- the end of an opening, and of the source --- */

static gboolean on_stopped(gpointer data)
{
	Modem *m = data;
	m->stopped(&m->base, m->stopped_data);
	return G_SOURCE_REMOVE;
}

/* `stopped` may free us: it is never called from within our own functions. */
static void port_closed(gpointer data)
{
	Modem *m = data;
	m->state = STATE_CLOSED;
	unlock(m);
	if (m->stopping)
		g_idle_add(on_stopped, m);
	else
		open_later(m, m->delay_ms);
}

static const ModemHost port_host = {
	.opened = port_opened,
	.failed = port_failed,
	.swept = port_swept,
	.changed = port_changed,
	.reset_done = port_reset_done,
	.closed = port_closed,
	.session_up = port_session_up,
	.session_down = port_session_down,
};

/* --- the class --- */

static Source *modem_new(const ConfigSource *config, GError **error)
{
	if (!g_path_is_absolute(config->address)) {
		g_set_error(error, JAMLOG_ERROR, JAMLOG_ERROR_USAGE,
			    "modem %s: \"%s\" is not the path of a device node (such as /dev/cdc-wdm0)", config->name, config->address);
		return NULL;
	}
	Modem *m = g_new0(Modem, 1);
	m->config = config_source_copy(config);
	m->settings = (ModemSettings){.path = m->config->address, .proxy = config->proxy, .guest = config->guest, .gnss = config->gnss,
				      .apn = m->config->apn, .family = config->family};
	m->lock = -1;
	if (!config->guest)
		m->sessions = sessions_new(m->config, &m->base);
	return &m->base;
}

static void modem_start(Source *source)
{
	open_start((Modem *)source);
}

static void on_sessions_stopped(gpointer data)
{
	Modem *m = data;
	if (m->state == STATE_CLOSED)
		g_idle_add(on_stopped, m);
	else
		close_begin(m, 0);
}

static void modem_stop(Source *source, SourceStopped stopped, gpointer user_data)
{
	Modem *m = (Modem *)source;
	m->stopping = TRUE;
	m->stopped = stopped;
	m->stopped_data = user_data;
	g_clear_handle_id(&m->retry_id, g_source_remove);
	if (m->inhibiting)
		g_clear_pointer(&m->inhibit, modem_inhibit_end);
	if (!is_open(m) || !m->sessions) {
		on_sessions_stopped(m);
		return;
	}
	g_clear_pointer(&m->ticker, ticker_free);
	g_clear_handle_id(&m->hurry_id, g_source_remove);
	sessions_stop(m->sessions, on_sessions_stopped, m);
}

static void modem_free(Source *source)
{
	Modem *m = (Modem *)source;
	free_port(m);
	modem_inhibit_park(m->inhibit);
	sessions_free(m->sessions);
	config_source_free(m->config);
	g_free(m);
}

const SourceClass source_class_modem = {
	.type = "modem",
	.new = modem_new,
	.start = modem_start,
	.stop = modem_stop,
	.free = modem_free,
};
