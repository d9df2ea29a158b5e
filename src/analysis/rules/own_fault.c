/* own-fault: it is not the network, it is our modem, its card, its cable, its antenna, or what the person did with it.
 *
 * Looks for: a radio that is switched off, resetting or shutting down; a SIM card that is locked, out or broken; a modem that
 * stopped answering, was unplugged or restarted; a session that the modem itself refused (its own configuration, heat); a
 * receive chain that fell far behind the others, or all of them at once while the place stayed open to the sky and the same
 * cell still served.
 *
 * Figures: verdicts.md, causes and decision table. A chain is compared with how far it was behind before, in this recording:
 * some modems have an antenna that was never connected, which is no event. All chains count only where satellites stayed and
 * the modem stood still or the cell is known here: a tunnel takes both.
 *
 * Cannot tell: an antenna that came off so that nothing at all is heard from cells that were switched off. The modem's own
 * back-off (reasons 209 and 211) after the network or the radio had failed it is a consequence and no fault.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/radio.h"
#include "analysis/rule.h"

enum { LASTS, CHAIN, ANTENNA_S, LEARN, STILL };
static const RuleFigure figures[] = {
	{"lasts_s", 0, "verdicts.md, decision table: at once"},
	{"chain_db", 15, "verdicts.md, decision table"},
	{"antenna_s", 60, "longer than a lift or an underpass (verdicts.md, scenario 15: 40 s)"},
	{"learn_sweeps", 20, "enough that fading (one second and more at walking pace) averages out"},
	{"still_m", 30, "the error of ordinary fixes, several times over"},
	{NULL, 0, NULL},
};
/* So long a modem's refusal stands for, unless it says otherwise before. */
#define REFUSAL_MS 30000
/* All chains fall in at most so long: an antenna comes off at once, a building closes slowly. */
#define AT_ONCE_MS 5000
#define CHAINS 4

typedef enum {
	FAULT_NONE,
	FAULT_AIRPLANE,
	FAULT_OFF,
	FAULT_RESET,
	FAULT_SIM,
	FAULT_LOST,
	FAULT_USB,
	FAULT_REFUSED,
	FAULT_CONFIGURATION,
	FAULT_HEAT,
	FAULT_CHAIN,
	FAULT_ANTENNA
} Fault;
static const char *const subs[] = {NULL,
				   "airplane-mode",
				   "modem-off",
				   "modem-reset",
				   "sim",
				   "no-answer",
				   "usb",
				   "session-refused-by-own-side",
				   "configuration",
				   "thermal",
				   "antenna",
				   "antenna"};

typedef struct {
	/* of the episode */
	Fault fault; /* the first one, which is what brought the others about */
	guint8 sim_state;
	gint cause;
	char text[64];
	guint chain;
	double chain_behind, chain_usual, rx_fall, rsrp_fall;
	/* what is going on */
	Fault lost; /* a modem that does not answer */
	gint64 refused_until_ms;
	Fault refused;
	gboolean failed_before; /* the network or the radio failed a session since the last that came up */
	guint misconfigured; /* sessions refused in a row for what we asked */
	/* chains */
	double behind[CHAINS]; /* slow average of how far each is behind the strongest */
	guint learnt[CHAINS];
	gint64 chain_since_ms;
	gboolean chain_off;
	/* all of them */
	double rx_usual, rsrp_usual, usual_lat, usual_lon;
	guint usual_learnt;
	gint64 usual_ms, usual_cell, antenna_since_ms;
	gboolean antenna_off;
} Memory;

static void tell(RuleContext *c, const When *at, Fault fault, gboolean enough)
{
	Memory *memory = c->memory;
	if (fault != FAULT_NONE && memory->fault == FAULT_NONE)
		memory->fault = fault;
	rule_tell(c, at, fault == FAULT_NONE ? HOLDS_NO : HOLDS_YES, enough);
	if (!rule_pending(c))
		memory->fault = FAULT_NONE;
}

/* --- antennas --- */

static double strongest_dbm(const Moment *m)
{
	double most = NAN;
	for (guint i = 0; i < CHAINS; i++)
		most = fmax(most, m->chain_median_dbm[i]);
	return most;
}

/* A chain that is now far more behind than it used to be. */
static gboolean chain_is_off(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	const double most = strongest_dbm(m);
	const double enough = memory->chain_off ? c->figure[CHAIN] / 2 : c->figure[CHAIN];
	gboolean off = FALSE;
	for (guint i = 0; i < CHAINS; i++) {
		const double behind = most - m->chain_median_dbm[i];
		if (isnan(behind))
			continue;
		if (memory->learnt[i] >= (guint)c->figure[LEARN] && behind - memory->behind[i] >= enough) {
			off = TRUE;
			memory->chain = i;
			memory->chain_behind = behind;
			memory->chain_usual = memory->behind[i];
			continue;
		}
		memory->learnt[i]++;
		memory->behind[i] += (behind - memory->behind[i]) / MIN(memory->learnt[i], 60);
	}
	return off;
}

/* The place is where it was heard well, or the cell is known to be well heard here. */
static gboolean should_be_heard(const RuleContext *c, const Moment *m, double enough)
{
	const Memory *memory = c->memory;
	if (radio_has_cell_base(m))
		return m->cell_base.median.rsrp_dbm - m->now.rsrp_dbm >= enough;
	return radio_apart_m(memory->usual_lat, memory->usual_lon, m->at.lat, m->at.lon) <= c->figure[STILL];
}

/* Received power and the cell's own fell by as much, at once, on the same cell, under open sky. */
static gboolean antenna_is_off(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	const double rx_fall = memory->rx_usual - m->now.rx_dbm, rsrp_fall = memory->rsrp_usual - m->now.rsrp_dbm;
	const double enough = memory->antenna_off ? c->figure[CHAIN] / 2 : c->figure[CHAIN];
	const gboolean learnt = memory->usual_learnt >= (guint)c->figure[LEARN];
	const gboolean in_time = memory->antenna_off || m->at.boot_ms - memory->usual_ms <= AT_ONCE_MS;
	if (learnt && in_time && memory->usual_cell == m->cell->id && m->at.position == POSITION_LIVE &&
	    should_be_heard(c, m, enough) && rx_fall >= enough && rsrp_fall >= enough) {
		memory->rx_fall = rx_fall;
		memory->rsrp_fall = rsrp_fall;
		return TRUE;
	}
	/* one row without figures ends nothing */
	if (isnan(m->now.rx_dbm) || isnan(m->now.rsrp_dbm) || isnan(m->at.lat))
		return memory->antenna_off && !radio_silent(m);
	if (memory->usual_cell != m->cell->id)
		memory->usual_learnt = 0;
	memory->usual_cell = m->cell->id;
	/* what is falling is not what is usual: at once means from here */
	if (memory->usual_learnt > 0 && rsrp_fall >= c->figure[CHAIN] / 2 && in_time)
		return FALSE;
	if (memory->usual_learnt == 0)
		memory->rx_usual = m->now.rx_dbm, memory->rsrp_usual = m->now.rsrp_dbm;
	memory->usual_learnt++;
	memory->rx_usual += (m->now.rx_dbm - memory->rx_usual) / MIN(memory->usual_learnt, 10);
	memory->rsrp_usual += (m->now.rsrp_dbm - memory->rsrp_usual) / MIN(memory->usual_learnt, 10);
	memory->usual_lat = m->at.lat;
	memory->usual_lon = m->at.lon;
	memory->usual_ms = m->at.boot_ms;
	return FALSE;
}

static gboolean lasts(const RuleContext *c, gboolean off, gboolean *was_off, gint64 *since_ms, gint64 now_ms)
{
	if (off && !*was_off)
		*since_ms = now_ms;
	*was_off = off;
	return off && now_ms - *since_ms >= (gint64)(c->figure[ANTENNA_S] * 1000);
}

/* --- what the modem says --- */

static Fault fault_of_state(const Moment *m)
{
	const Entry *state = m->state;
	if (ENTRY_HAS(state, operating_mode) && state->fields.operating_mode != OPERATING_ONLINE)
		return state->fields.operating_mode == OPERATING_LOW_POWER   ? FAULT_AIRPLANE
		       : state->fields.operating_mode == OPERATING_RESETTING ? FAULT_RESET
									     : FAULT_OFF;
	if (ENTRY_HAS(state, sim_state) && state->fields.sim_state != SIM_STATE_READY && !moment_served(m))
		return FAULT_SIM;
	return FAULT_NONE;
}

static void sweep(RuleContext *c, const Moment *m)
{
	Memory *memory = c->memory;
	memory->lost = FAULT_NONE; /* it answers */
	Fault fault = fault_of_state(m);
	if (fault == FAULT_SIM)
		memory->sim_state = m->state->fields.sim_state;
	if (fault == FAULT_NONE && m->at.boot_ms < memory->refused_until_ms)
		fault = memory->refused;
	const gboolean chain_off = chain_is_off(c, m), antenna_off = antenna_is_off(c, m);
	const gboolean chain_lasts = lasts(c, chain_off, &memory->chain_off, &memory->chain_since_ms, m->at.boot_ms);
	const gboolean antenna_lasts = lasts(c, antenna_off, &memory->antenna_off, &memory->antenna_since_ms, m->at.boot_ms);
	if (fault != FAULT_NONE)
		tell(c, &m->at, fault, TRUE);
	else if (chain_off)
		tell(c, &m->at, FAULT_CHAIN, chain_lasts);
	else
		tell(c, &m->at, antenna_off ? FAULT_ANTENNA : FAULT_NONE, antenna_lasts);
}

static void event(RuleContext *c, const Seen *s)
{
	Memory *memory = c->memory;
	const EventCode code = (EventCode)s->observation->event.code;
	const Fault before = memory->lost;
	if (code == EVENT_MODEM_RESET || code == EVENT_MODEM_FORGOT)
		memory->lost = FAULT_RESET;
	else if (code == EVENT_DEVICE_REMOVED)
		memory->lost = FAULT_USB;
	else if (code == EVENT_SOURCE_LOST && before == FAULT_NONE)
		memory->lost = FAULT_LOST;
	else if (code == EVENT_RUN_END)
		return;
	/* That it was unplugged is why it stopped answering; that it is told to restart is not. */
	if (memory->fault == FAULT_LOST && memory->lost == FAULT_USB)
		memory->fault = FAULT_USB;
	/* while it is away, everything that dates the recording says that it still is */
	if (memory->lost != FAULT_NONE)
		tell(c, &s->at, memory->lost, TRUE);
	if (code == EVENT_SOURCE_BACK)
		memory->lost = FAULT_NONE;
}

/* --- sessions that our own side refused --- */

static gboolean is_among(gint code, const gint *list)
{
	for (; *list >= 0; list++)
		if (*list == code)
			return TRUE;
	return FALSE;
}

static Fault fault_of_session(Memory *memory, const Seen *s)
{
	static const gint own[] = {208, 210, 212, 218, 219, 255, -1}, own_manager[] = {2500, 2504, -1}, roaming[] = {239, 246, -1},
			  throttled[] = {209, 211, -1}, asked[] = {27, 28, 50, 51, -1};
	const gint internal = radio_end_cause(s, CAUSE_INTERNAL);
	if (is_among(internal, own) || is_among(radio_end_cause(s, CAUSE_CALL_MANAGER), own_manager))
		return FAULT_REFUSED;
	if (is_among(internal, roaming))
		return FAULT_CONFIGURATION;
	if (internal == 243)
		return FAULT_HEAT;
	if (is_among(internal, throttled))
		return memory->failed_before ? FAULT_NONE : FAULT_REFUSED;
	/* a family that is not subscribed to is answered so once, and the other one is asked for */
	if (is_among(radio_end_cause(s, CAUSE_3GPP), asked))
		return ++memory->misconfigured >= 2 ? FAULT_CONFIGURATION : FAULT_NONE;
	memory->failed_before = TRUE;
	return FAULT_NONE;
}

static void session(RuleContext *c, const Seen *s)
{
	Memory *memory = c->memory;
	const Observation *o = s->observation;
	if (!SESSION_HAS(o, outcome))
		return;
	if (o->session.outcome == SESSION_CONNECTED) {
		memory->failed_before = FALSE;
		memory->misconfigured = 0;
		memory->refused_until_ms = 0;
		return;
	}
	if (o->session.outcome == SESSION_ENDED && SESSION_HAS(o, ended_by) && o->session.ended_by == SESSION_BY_US)
		return;
	const Fault fault = fault_of_session(memory, s);
	if (fault == FAULT_NONE)
		return;
	memory->cause = o->session.cause;
	g_strlcpy(memory->text, SESSION_HAS(o, cause_text) ? o->session.cause_text : "", sizeof memory->text);
	memory->refused = fault;
	memory->refused_until_ms = s->at.boot_ms + REFUSAL_MS;
	tell(c, &s->at, fault, TRUE);
}

/* --- sentences --- */

static void say_session(const Memory *memory, Finding *f, const char *what)
{
	finding_say(f, EVIDENCE_FOR, "the modem itself refused the data session: %s (reason %d%s%s)", what, memory->cause,
		    *memory->text ? ", " : "", memory->text);
}

static void say_antenna(const Memory *memory, Finding *f)
{
	if (memory->fault == FAULT_CHAIN) {
		finding_say(f, EVIDENCE_FOR,
			    "receive chain %u fell to %.0f dB behind the strongest one; before, it was %.0f dB behind",
			    memory->chain, memory->chain_behind, memory->chain_usual);
		return;
	}
	finding_say(f, EVIDENCE_FOR,
		    "all receive chains lost %.0f dB at once, and the same cell, still heard, lost %.0f dB, while satellites were"
		    " received as before",
		    memory->rx_fall, memory->rsrp_fall);
	finding_cap(f, CONFIDENCE_LOW);
	finding_alternative(f, VERDICT_NO_COVERAGE, "something large that came between the modem and its cell does the same");
	finding_alternative(f, VERDICT_CELLS_OFF, "the cell may have been turned down");
}

static void describe(RuleContext *c, Finding *f)
{
	const Memory *memory = c->memory;
	const double seconds = (double)(f->end.boot_ms - f->onset.boot_ms) / 1000;
	f->sub = subs[memory->fault];
	switch (memory->fault) {
	case FAULT_AIRPLANE:
		finding_say(f, EVIDENCE_FOR,
			    "the modem's radio was switched off (low-power mode, as airplane mode does) for %.0f"
			    " s",
			    seconds);
		break;
	case FAULT_OFF:
		finding_say(f, EVIDENCE_FOR, "the modem was offline, in test mode or shutting down for %.0f s", seconds);
		break;
	case FAULT_RESET:
		finding_say(f, EVIDENCE_FOR, "the modem restarted; it was away for %.0f s, and then searches for its network",
			    seconds);
		break;
	case FAULT_SIM:
		finding_say(f, EVIDENCE_FOR, "the SIM card could not be used (%s) for %.0f s",
			    observation_word(sim_state_words, memory->sim_state), seconds);
		break;
	case FAULT_LOST:
		finding_say(f, EVIDENCE_FOR, "the modem stopped answering for %.0f s: that says nothing of the network", seconds);
		break;
	case FAULT_USB:
		finding_say(f, EVIDENCE_FOR, "the modem was unplugged, or its port went, for %.0f s", seconds);
		break;
	case FAULT_REFUSED:
		say_session(memory, f, "the network was not asked");
		break;
	case FAULT_CONFIGURATION:
		say_session(memory, f, "what was asked for is not configured or not subscribed");
		break;
	case FAULT_HEAT:
		say_session(memory, f, "it had become too hot");
		break;
	case FAULT_CHAIN:
	case FAULT_ANTENNA:
		say_antenna(memory, f);
		break;
	case FAULT_NONE:
		break;
	}
}

const Rule rule_own_fault = {
	.name = "own-fault",
	.looks_for = "a fault of the modem, its card, its antenna or its cable, or something that the person did",
	.verdict = VERDICT_OWN_FAULT,
	.sub = NULL,
	.most = CONFIDENCE_MEDIUM,
	.witness = 0,
	.figures = figures,
	.memory = sizeof(Memory),
	.sweep = sweep,
	.session = session,
	.event = event,
	.describe = describe,
};
