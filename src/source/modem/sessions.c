/* See sessions.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/sessions.h"

#include "source/modem/budget.h"
#include "source/modem/meter.h"
#include "source/modem/node.h"
#include "source/modem/probe_program.h"
#include "source/modem/slots.h"

#define RETRY_MAX_MS (15 * 60 * 1000)
#define PROBER_MAX_S 150 /* from its start to its end; a round takes two minutes at most (probe.h) */

typedef enum { STATE_IDLE, STATE_STARTING, STATE_UP, STATE_STOPPING } State;
/* What the prober is at. Before it is let go of, it has put the interface back. */
typedef enum { PROBING_NOT, PROBING_SETUP, PROBING_ROUND, PROBING_DOWN } Probing;

struct Sessions {
	const ConfigSource *config;
	Source *source;
	gboolean own;
	ModemPort *port;       /* NULL: closed */
	guint slot_id, hold_id;
	guint64 slot;          /* the next */
	guint32 round;         /* number of the slot that is under way, from 1 */
	State state;
	gint64 state_since_ns;
	guint32 attempt;       /* the last that was made; its number goes on over reopenings */
	guint failures;        /* in a row */
	gint64 not_before_ns;  /* BOOTTIME */
	const char *hindrance; /* by the last sweep; fixed words; NULL: a session can be tried */
	gboolean radio_known;  /* there was one, and nothing was wrong with the modem since */
	gboolean observed_up;
	gint64 observed_since_ns;

	ProbeProgram *prober;
	Probing probing;
	guint prober_id;       /* how long it may take */
	Meter meter;           /* since it was started */
	ProbeResult carried;  /* counters of the last answer of this session's prober */
	guint64 spent;         /* by this prober, already taken from the budget */
	Budget *budget;
	const char *paused;    /* fixed words; NULL: not */
	gint64 paused_since_ns;

	void (*stopped)(gpointer user_data);
	gpointer stopped_data;
	guint stop_id;
};

static const Config *config_of(const Sessions *s)
{
	return s->source->host->config;
}

static void observe(Sessions *s, Observation *o)
{
	s->source->host->observe(s->source->host, o);
}

/* --- pauses --- */

static void pause_end(Sessions *s)
{
	Observation o;
	if (!s->paused)
		return;
	observation_init(&o, OBSERVATION_EVENT, s->source->name);
	EVENT_SET(&o, code, EVENT_PROBE_RESUMED);
	EVENT_SET(&o, duration_ms, (guint64)((o.at.boottime_ns - s->paused_since_ns) / NS_PER_MS));
	s->paused = NULL;
	observe(s, &o);
}

/* Written down once for each reason. `sentence` may be NULL. */
static void pause_begin(Sessions *s, const char *reason, const char *sentence)
{
	Observation o;
	if (g_strcmp0(s->paused, reason) == 0)
		return;
	observation_init(&o, OBSERVATION_EVENT, s->source->name);
	EVENT_SET(&o, code, EVENT_PROBE_PAUSED);
	OBSERVATION_SET_TEXT(&o, event, EVENT, text, reason);
	if (!s->paused) /* another reason does not make it another pause */
		s->paused_since_ns = o.at.boottime_ns;
	s->paused = reason;
	observe(s, &o);
	if (sentence)
		s->source->host->tell(s->source->host, s->source->name, sentence);
}

/* --- slots --- */

static void slot_due(Sessions *s);

static gboolean on_slot(gpointer data)
{
	Sessions *s = data;
	s->slot_id = 0;
	slot_due(s);
	return G_SOURCE_REMOVE;
}

static void wait_for_slot(Sessions *s)
{
	const gint64 now_ns = clock_boottime_ns();
	if (s->slot_id || !s->port || s->stopped || config_of(s)->mode == MODE_PASSIVE)
		return;
	s->slot = slot_next(s->source->host, now_ns);
	const gint64 wait_ms = (slot_time_ns(s->source->host, s->slot) - now_ns) / NS_PER_MS + 1;
	s->slot_id = g_timeout_add((guint)wait_ms, on_slot, s);
}

/* Service and signal of a sweep: NULL where a session can be tried. */
static const char *find_hindrance(const Sessions *s, const Observation *radio)
{
	const gint floor_dbm = config_of(s)->session_min_rsrp_dbm;
	if (observation_service_state(radio) != SERVICE_STATE_SERVED)
		return "no service";
	if ((RADIO_HAS(radio, lte_rsrp_dbm) && radio->radio.rat == RAT_LTE && radio->radio.lte_rsrp_dbm < floor_dbm) ||
	    (RADIO_HAS(radio, nr_rsrp_dbm) && radio->radio.rat == RAT_NR && radio->radio.nr_rsrp_dbm < floor_dbm))
		return "low signal";
	return NULL;
}

static void enter(Sessions *s, State state)
{
	s->state = state;
	s->state_since_ns = clock_boottime_ns();
}

static void start_own(Sessions *s)
{
	if (clock_boottime_ns() < s->not_before_ns)
		return;
	enter(s, STATE_STARTING);
	s->attempt++;
	s->carried = (ProbeResult){0};
	s->port->protocol->session_start(s->port);
}

static void probe_begin(Sessions *s, const ModemBearer *bearer);

static void slot_due(Sessions *s)
{
	static const ModemBearer none;
	if (s->state == STATE_IDLE && !s->prober && s->radio_known) {
		s->round = (guint32)(s->slot + 1);
		if (s->hindrance)
			pause_begin(s, s->hindrance, NULL);
		else if (s->own)
			start_own(s);
		else if (s->observed_up && config_of(s)->mode == MODE_PROBE)
			probe_begin(s, &none);
	}
	wait_for_slot(s);
}

/* --- what a prober spends --- */

static guint64 budget_of(Sessions *s)
{
	return budget_share(s->budget, g_get_real_time() / G_USEC_PER_SEC, clock_boottime_ns() / NS_PER_S);
}

/* By its own count, or by ours where it does not come to tell. */
static void spend(Sessions *s, guint64 told)
{
	g_autoptr(GError) error = NULL;
	const guint64 all = MAX(told, meter_read(&s->meter));
	if (all > s->spent && !budget_spend(s->budget, g_get_real_time() / G_USEC_PER_SEC, all - s->spent, &error))
		g_debug("%s", error->message);
	s->spent = MAX(all, s->spent);
}

/* Its input ends; whatever it is at, it puts the interface back. */
static void let_go(Sessions *s)
{
	g_clear_handle_id(&s->prober_id, g_source_remove);
	s->probing = PROBING_NOT;
	if (!s->prober)
		return;
	spend(s, 0);
	g_clear_pointer(&s->prober, probe_program_free);
}

/* --- the end of a session --- */

static void stop_own(Sessions *s)
{
	g_clear_handle_id(&s->hold_id, g_source_remove);
	if (s->state != STATE_STARTING && s->state != STATE_UP)
		return;
	if (s->state == STATE_UP)
		s->state = STATE_STOPPING; /* state_since_ns stays: the session's beginning */
	s->port->protocol->session_stop(s->port);
}

/* The last thing that a function does: the modem may close the port. */
static void tell_stopped(Sessions *s)
{
	void (*stopped)(gpointer user_data) = g_steal_pointer(&s->stopped);
	g_clear_handle_id(&s->stop_id, g_source_remove);
	if (stopped)
		stopped(s->stopped_data);
}

/* Everything is down, or nobody is left to take it down. */
static void check_stopped(Sessions *s)
{
	if (s->stopped && s->state == STATE_IDLE && !s->prober)
		tell_stopped(s);
}

static gboolean on_stop_lasts(gpointer data)
{
	Sessions *s = data;
	s->stop_id = 0;
	let_go(s);
	if (s->state == STATE_UP)
		s->state = STATE_STOPPING; /* the port's closing ends it, and that is our doing */
	tell_stopped(s);
	return G_SOURCE_REMOVE;
}

static gboolean on_held(gpointer data)
{
	Sessions *s = data;
	s->hold_id = 0;
	stop_own(s);
	return G_SOURCE_REMOVE;
}

/* --- probing --- */

static void probe_end(Sessions *s)
{
	let_go(s);
	if (s->state == STATE_UP)
		stop_own(s);
	check_stopped(s);
}

/* It would keep the session up, and the next round from beginning, for ever. Killed it leaves the interface behind: the next one puts
 * that right. */
static gboolean on_prober_lasts(gpointer data)
{
	Sessions *s = data;
	s->prober_id = 0;
	pause_begin(s, "prober silent", "the prober does not come to an end: it is killed, and started again for the next round");
	probe_program_kill(s->prober);
	probe_end(s);
	return G_SOURCE_REMOVE;
}

static void on_probed(gpointer data, Observation *probe)
{
	Sessions *s = data;
	meter_read(&s->meter); /* the interface may be gone when we look the next time */
	observe(s, probe);
}

/* Over a session that is gone, or is to go, nothing more is asked; what was sent until then is still to be told. */
static void probe_cut(Sessions *s)
{
	if (s->probing != PROBING_ROUND)
		return;
	s->probing = PROBING_DOWN;
	probe_program_down(s->prober);
}

static void on_prober_done(gpointer data, const ProbeResult *result)
{
	Sessions *s = data;
	spend(s, result->rx_bytes + result->tx_bytes);
	s->carried = *result;
	s->carried.reason = s->carried.sentence = NULL; /* borrowed */
	if (probe_program_is_busy(s->prober))
		return; /* a round that was cut short; the answer to that is what counts */
	if (!result->ok)
		pause_begin(s, g_intern_string(result->reason), result->sentence);
	switch (s->probing) {
	case PROBING_SETUP:
		if (result->ok && !s->stopped && s->port && (s->state == STATE_UP || !s->own)) {
			pause_end(s);
			s->probing = PROBING_ROUND;
			probe_program_round(s->prober, s->round, s->own ? s->attempt : 0, budget_of(s));
			return;
		}
		break;
	case PROBING_ROUND:
		if (result->ok) {
			s->probing = PROBING_DOWN;
			probe_program_down(s->prober);
			return;
		}
		break;
	case PROBING_DOWN:
	case PROBING_NOT:
		break;
	}
	probe_end(s);
}

static char *interface_of(const Sessions *s)
{
	return s->config->interface ? g_strdup(s->config->interface) : modem_node_interface(s->config->address);
}

static void probe_begin(Sessions *s, const ModemBearer *bearer)
{
	static const ProbeHost host = {.observed = on_probed, .done = on_prober_done};
	g_autoptr(GError) error = NULL;
	g_autofree char *interface = interface_of(s);
	if (!interface) {
		pause_begin(s, "no interface", "nothing can be probed: the kernel does not tell which network interface is this modem's; "
			    "name it in its group (interface = wwan0)");
	} else if (budget_of(s) == 0) {
		pause_begin(s, "budget used up", "the bytes for this hour or day are used up: sessions go on, probing waits");
	} else {
		s->spent = 0;
		meter_begin(&s->meter, interface);
		s->prober = probe_program_new(config_of(s)->targets, s->source->name, &host, s, &error);
		if (!s->prober)
			pause_begin(s, "no prober", error->message);
	}
	if (s->prober) {
		s->probing = PROBING_SETUP;
		s->prober_id = g_timeout_add_seconds(PROBER_MAX_S, on_prober_lasts, s);
		probe_program_setup(s->prober, interface, s->own, bearer);
	} else if (s->state == STATE_UP) {
		s->hold_id = g_timeout_add(config_of(s)->session_hold_ms, on_held, s);
	}
}

/* --- a session of our own --- */

static void fill_common(const Sessions *s, Observation *session, SessionOutcome outcome)
{
	session->at = clock_read(); /* the port made it when it began */
	SESSION_SET(session, origin, SESSION_OWN);
	SESSION_SET(session, outcome, (guint8)outcome);
	SESSION_SET(session, attempt, s->attempt);
	SESSION_SET(session, asked_family, (guint8)s->config->family);
}

static gint64 in_state_ms(const Sessions *s)
{
	return (clock_boottime_ns() - s->state_since_ns) / NS_PER_MS;
}

void sessions_up(Sessions *s, Observation *session, const ModemBearer *bearer)
{
	if (s->state != STATE_STARTING)
		return;
	fill_common(s, session, SESSION_CONNECTED);
	SESSION_SET(session, setup_ms, (guint32)in_state_ms(s));
	enter(s, STATE_UP);
	s->failures = 0;
	s->not_before_ns = 0;
	observe(s, session);
	if (s->stopped)
		stop_own(s);
	else if (config_of(s)->mode == MODE_PROBE) {
		probe_begin(s, bearer);
	} else {
		pause_end(s);
		s->hold_id = g_timeout_add(config_of(s)->session_hold_ms, on_held, s);
	}
}

/* Twice as long after each failure; never while the modem would only answer for itself. */
static void space_attempts(Sessions *s, const Observation *session)
{
	const guint64 every_ms = config_of(s)->session_every_ms;
	const guint64 own_ms = s->failures > 0 ? MIN(every_ms << MIN(s->failures - 1, 10u), MAX(every_ms, RETRY_MAX_MS)) : 0;
	const guint64 modem_ms = SESSION_HAS(session, backoff_ms) ? session->session.backoff_ms : 0;
	s->failures++;
	s->not_before_ns = clock_boottime_ns() + (gint64)MAX(own_ms, modem_ms) * NS_PER_MS;
}

static void observe_end(Sessions *s, Observation *session)
{
	fill_common(s, session, SESSION_ENDED);
	SESSION_SET(session, duration_ms, (guint64)in_state_ms(s));
	if (!SESSION_HAS(session, ended_by))
		SESSION_SET(session, ended_by, SESSION_BY_US);
	if (s->carried.rx_packets + s->carried.tx_packets > 0) {
		SESSION_SET(session, rx_packets, s->carried.rx_packets);
		SESSION_SET(session, tx_packets, s->carried.tx_packets);
		SESSION_SET(session, rx_bytes, s->carried.rx_bytes);
		SESSION_SET(session, tx_bytes, s->carried.tx_bytes);
	}
	observe(s, session);
}

static void observe_failure(Sessions *s, Observation *session)
{
	fill_common(s, session, SESSION_FAILED);
	SESSION_SET(session, setup_ms, (guint32)in_state_ms(s));
	space_attempts(s, session);
	observe(s, session);
}

void sessions_down(Sessions *s, Observation *session)
{
	const State was = s->state;
	g_clear_handle_id(&s->hold_id, g_source_remove);
	if (was == STATE_UP || was == STATE_STOPPING)
		observe_end(s, session);
	else if (was == STATE_STARTING && !s->stopped)
		observe_failure(s, session);
	s->state = STATE_IDLE;
	probe_cut(s);
	check_stopped(s);
}

/* --- a session of somebody else's --- */

static void observe_others(Sessions *s, const Observation *radio)
{
	Observation o;
	if (s->own || !RADIO_HAS(radio, data_session))
		return;
	const gboolean up = radio->radio.data_session == DATA_SESSION_UP;
	if (up == s->observed_up)
		return;
	observation_init(&o, OBSERVATION_SESSION, s->source->name);
	SESSION_SET(&o, origin, SESSION_OBSERVED);
	SESSION_SET(&o, outcome, up ? SESSION_CONNECTED : SESSION_ENDED);
	if (!up)
		SESSION_SET(&o, duration_ms, (guint64)((o.at.boottime_ns - s->observed_since_ns) / NS_PER_MS));
	s->observed_up = up;
	s->observed_since_ns = o.at.boottime_ns;
	observe(s, &o);
}

void sessions_radio(Sessions *s, const Observation *radio)
{
	s->hindrance = find_hindrance(s, radio);
	s->radio_known = TRUE;
	observe_others(s, radio);
	if (s->paused && !s->hindrance && (g_str_equal(s->paused, "no service") || g_str_equal(s->paused, "low signal")))
		pause_end(s);
}

/* --- life --- */

/* Who shares the port leaves the modem's sessions to the other program. */
static gboolean takes_own(const ConfigSource *config, ConfigMode mode)
{
	if (mode == MODE_PASSIVE || config->guest)
		return FALSE;
	return config->session == TAKE_OWN || (config->session == TAKE_AUTO && !config->proxy);
}

Sessions *sessions_new(const ConfigSource *config, Source *source)
{
	Sessions *s = g_new0(Sessions, 1);
	s->config = config;
	s->source = source;
	return s;
}

void sessions_open(Sessions *s, ModemPort *port)
{
	if (s->port == port)
		return;
	s->port = port;
	s->own = takes_own(s->config, config_of(s)->mode);
	if (!s->budget) {
		g_autofree char *file = g_strconcat("spent-", s->source->name, NULL);
		g_autofree char *path = g_build_filename(config_of(s)->state_directory, file, NULL);
		s->budget = budget_new(path, config_of(s)->hour_bytes, config_of(s)->day_bytes);
	}
	wait_for_slot(s);
}

void sessions_hold(Sessions *s)
{
	s->radio_known = FALSE;
}

/* The modem's trouble, or ours: not the network's doing. */
void sessions_lost(Sessions *s)
{
	Observation o;
	s->stopped = NULL;
	g_clear_handle_id(&s->stop_id, g_source_remove);
	g_clear_handle_id(&s->slot_id, g_source_remove);
	g_clear_handle_id(&s->hold_id, g_source_remove);
	probe_cut(s);
	s->port = NULL;
	s->radio_known = s->observed_up = FALSE;
	if (s->state == STATE_UP || s->state == STATE_STOPPING) {
		observation_init(&o, OBSERVATION_SESSION, s->source->name);
		if (s->state == STATE_UP)
			SESSION_SET(&o, ended_by, SESSION_BY_MODEM);
		observe_end(s, &o);
	}
	s->state = STATE_IDLE;
}

static gboolean on_nothing_to_stop(gpointer data)
{
	Sessions *s = data;
	s->stop_id = 0;
	tell_stopped(s);
	return G_SOURCE_REMOVE;
}

void sessions_stop(Sessions *s, void (*stopped)(gpointer user_data), gpointer user_data)
{
	s->stopped = stopped;
	s->stopped_data = user_data;
	g_clear_handle_id(&s->slot_id, g_source_remove);
	if (s->state == STATE_IDLE && !s->prober) {
		s->stop_id = g_idle_add(on_nothing_to_stop, s);
		return;
	}
	s->stop_id = g_timeout_add_seconds(SESSIONS_STOP_S, on_stop_lasts, s);
	probe_cut(s);
	if (!s->prober)
		stop_own(s);
}

void sessions_free(Sessions *s)
{
	if (!s)
		return;
	g_clear_handle_id(&s->slot_id, g_source_remove);
	g_clear_handle_id(&s->hold_id, g_source_remove);
	g_clear_handle_id(&s->stop_id, g_source_remove);
	let_go(s);
	budget_free(s->budget);
	g_free(s);
}
