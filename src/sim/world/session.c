/* session.c - see session.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/session.h"

#include "sim/world/rng.h"

#include <math.h>

/* Numbers of Qualcomm's firmware: libqmi, qmi-enums-wds.h, QmiWdsVerboseCallEndReasonInternal and -Cm. */
enum { INTERNAL_IPV4_THROTTLED = 209, INTERNAL_IPV6_THROTTLED = 211, INTERNAL_INTERFACE_IN_USE = 237 };
enum {
	CM_ILLEGAL_MS = 1004,
	CM_ILLEGAL_ME = 1005,
	CM_ALL_SERVICES_NOT_ALLOWED = 1006,
	CM_GPRS_NOT_ALLOWED = 1007,
	CM_PLMN_NOT_ALLOWED = 1010,
	CM_GPRS_NOT_ALLOWED_IN_PLMN = 1012,
	CM_AREA_NOT_ALLOWED = 1021,
	CM_ROAMING_NOT_ALLOWED_IN_AREA = 1022,
	CM_NO_SUITABLE_CELLS_IN_AREA = 1023,
	CM_EMM_DETACHED = 1028,
	CM_LINK_FAILURE = 1057,		  /* of a connection that was being established */
	CM_OUT_OF_SERVICE_IN_CRE = 1064, /* the radio link failed, and no cell was found to re-establish it */
	CM_CLIENT_END = 2000,
	CM_NO_SERVICE = 2001,
	CM_OFFLINE = 2500,
	CM_INVALID_SIM_STATE = 2504,
};
/* 3GPP TS 24.301 clause 9.9.4.4 */
enum { ESM_UNKNOWN_APN = 27, ESM_IPV4_ONLY = 50, ESM_IPV6_ONLY = 51 };

typedef struct {
	char apn[SIM_APN_SIZE];
	gboolean either;
	gboolean had_link;
	double due_s; /* when the network answers */
} Attempt;

typedef struct {
	char apn[SIM_APN_SIZE];
	double until_s;
} Throttle;

struct SimSessions {
	const SimModemSetup *setup;
	guint modem;
	guint64 seed;
	SimDataCalls *calls;
	Attempt attempts[SIM_MAX_CALLS]; /* one for each of calls->calls */
	Throttle throttles[SIM_MAX_THROTTLED];
	guint32 last_id;
	double last_end_s; /* at of the session-end that was obeyed last */
};

SimAddresses sim_session_addresses(guint modem)
{
	const guint8 network[16] = {0x20, 0x01, 0x0d, 0xb8, 0x00, 0x64, (guint8)(modem >> 8), (guint8)modem};
	SimAddresses a = {.ipv4_prefix = 30, .ipv4_mask = 0xFFFFFFFC, .ipv6_prefix = 64, .mtu = SIM_SESSION_MTU};
	a.ipv4_gateway = 0x0A400001 | modem << 8;
	a.ipv4 = 0x0A400002 | modem << 8;
	a.ipv4_resolver = 0x0A40FF35;
	memcpy(a.ipv6, network, sizeof network);
	memcpy(a.ipv6_gateway, network, sizeof network);
	memcpy(a.ipv6_resolver, network, sizeof network);
	a.ipv6[15] = 2;
	a.ipv6_gateway[15] = 1;
	a.ipv6_resolver[6] = 0;
	a.ipv6_resolver[7] = 0xff;
	a.ipv6_resolver[15] = 0x53;
	return a;
}

SimSessions *sim_sessions_new(const SimScenario *scenario, guint modem, guint64 seed, SimDataCalls *calls)
{
	SimSessions *s = g_new0(SimSessions, 1);
	s->setup = sim_scenario_modem(scenario, modem);
	s->modem = modem;
	s->seed = seed;
	s->calls = calls;
	s->last_end_s = -1;
	calls->addresses = sim_session_addresses(modem);
	return s;
}

void sim_sessions_free(SimSessions *sessions)
{
	g_free(sessions);
}

/* What is up follows from the calls. A new connection counts from 0. */
static void settle(SimDataCalls *calls)
{
	gboolean was_up = calls->up_ipv4 || calls->up_ipv6;
	calls->up_ipv4 = calls->up_ipv6 = FALSE;
	for (guint i = 0; i < SIM_MAX_CALLS; i++) {
		gboolean up = calls->calls[i].id != 0 && calls->calls[i].phase == SIM_CALL_UP;
		calls->up_ipv4 |= up && calls->calls[i].ipv4;
		calls->up_ipv6 |= up && calls->calls[i].ipv6;
	}
	if (!was_up && (calls->up_ipv4 || calls->up_ipv6))
		calls->tx_packets = calls->rx_packets = calls->tx_bytes = calls->rx_bytes = 0;
}

static SimDataCall *find(SimDataCalls *calls, guint32 id)
{
	for (guint i = 0; i < SIM_MAX_CALLS; i++)
		if (calls->calls[i].id == id)
			return &calls->calls[i];
	return NULL;
}

guint32 sim_sessions_start(SimSessions *s, const SimCallRequest *request, double t_s)
{
	SimDataCall *call = find(s->calls, 0);
	if (!call)
		return 0;
	Attempt *attempt = &s->attempts[call - s->calls->calls];
	*call = (SimDataCall){.id = ++s->last_id, .phase = SIM_CALL_STARTING, .ipv4 = request->ipv4, .ipv6 = request->ipv6};
	*attempt = (Attempt){.either = request->either, .due_s = t_s + s->setup->session_delay_s};
	g_strlcpy(attempt->apn, request->apn, sizeof attempt->apn);
	return call->id;
}

static void end_call(SimDataCall *call, SimEndType type, guint16 reason)
{
	call->phase = SIM_CALL_ENDED;
	call->end = (SimEndReason){type, reason};
}

void sim_sessions_end(SimSessions *s, guint32 id)
{
	SimDataCall *call = id ? find(s->calls, id) : NULL;
	if (call && call->phase != SIM_CALL_ENDED)
		end_call(call, SIM_END_CALL_MANAGER, CM_CLIENT_END);
	settle(s->calls);
}

void sim_sessions_drop(SimSessions *s, guint32 id)
{
	SimDataCall *call = id ? find(s->calls, id) : NULL;
	if (call)
		*call = (SimDataCall){0};
	settle(s->calls);
}

/* --- reasons --- */

/* Of a reject of the registration: EMM, 3GPP TS 24.301 clause 9.9.3.9. */
static guint16 reject_reason(guint cause)
{
	static const struct {
		guint cause;
		guint16 reason;
	} rows[] = {{3, CM_ILLEGAL_MS},	       {6, CM_ILLEGAL_ME},	    {7, CM_GPRS_NOT_ALLOWED},
		    {8, CM_ALL_SERVICES_NOT_ALLOWED}, {11, CM_PLMN_NOT_ALLOWED}, {12, CM_AREA_NOT_ALLOWED},
		    {13, CM_ROAMING_NOT_ALLOWED_IN_AREA}, {14, CM_GPRS_NOT_ALLOWED_IN_PLMN}, {15, CM_NO_SUITABLE_CELLS_IN_AREA}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].cause == cause)
			return rows[i].reason;
	return CM_EMM_DETACHED;
}

static gboolean is_registered(const SimModemState *state)
{
	return state->operating_mode == SIM_OPMODE_ONLINE && state->card == SIM_CARD_READY && state->ps_attached;
}

/* `broken`: what it is called when the radio was lost, rather than never there. */
static guint16 unregistered_reason(const SimModemState *state, guint16 broken)
{
	if (state->operating_mode != SIM_OPMODE_ONLINE)
		return CM_OFFLINE;
	if (state->card != SIM_CARD_READY)
		return CM_INVALID_SIM_STATE;
	return state->reject_cause != 0 ? reject_reason(state->reject_cause) : broken;
}

/* --- back-off --- */

static Throttle *find_throttle(SimSessions *s, const char *apn, double t_s)
{
	for (guint i = 0; i < SIM_MAX_THROTTLED; i++)
		if (s->throttles[i].until_s > t_s && g_ascii_strcasecmp(s->throttles[i].apn, apn) == 0)
			return &s->throttles[i];
	return NULL;
}

/* A full list loses the one that is over first. */
static void begin_throttle(SimSessions *s, const char *apn, double until_s)
{
	Throttle *at = &s->throttles[0];
	for (guint i = 1; i < SIM_MAX_THROTTLED; i++)
		if (s->throttles[i].until_s < at->until_s)
			at = &s->throttles[i];
	g_strlcpy(at->apn, apn, sizeof at->apn);
	at->until_s = until_s;
}

static void list_throttles(SimSessions *s, double t_s)
{
	SimDataCalls *calls = s->calls;
	calls->n_throttled = 0;
	for (guint i = 0; i < SIM_MAX_THROTTLED; i++) {
		if (s->throttles[i].until_s <= t_s)
			continue;
		SimThrottledApn *row = &calls->throttled[calls->n_throttled++];
		g_strlcpy(row->apn, s->throttles[i].apn, sizeof row->apn);
		row->left_ms = (guint32)lround((s->throttles[i].until_s - t_s) * 1000);
	}
}

/* --- the steps of a call --- */

static gboolean knows_apn(const SimModemSetup *setup, const char *apn)
{
	if (!setup->apns || *apn == '\0')
		return TRUE;
	for (guint i = 0; setup->apns[i]; i++)
		if (g_ascii_strcasecmp(setup->apns[i], apn) == 0)
			return TRUE;
	return FALSE;
}

static gboolean other_apn_in_use(const SimSessions *s, guint index)
{
	for (guint i = 0; i < SIM_MAX_CALLS; i++) {
		const SimDataCall *call = &s->calls->calls[i];
		if (call->id != 0 && call->id < s->calls->calls[index].id && call->phase != SIM_CALL_ENDED &&
		    g_ascii_strcasecmp(s->attempts[i].apn, s->attempts[index].apn) != 0)
			return TRUE;
	}
	return FALSE;
}

/* The families that are both asked for and subscribed to; if there is none, the network says which it would have given. */
static void grant(const SimSessions *s, guint index)
{
	SimDataCall *call = &s->calls->calls[index];
	gboolean ipv4 = call->ipv4 && s->setup->gives_ipv4, ipv6 = call->ipv6 && s->setup->gives_ipv6;
	if (!ipv4 && !ipv6) {
		end_call(call, SIM_END_3GPP, s->setup->gives_ipv4 ? ESM_IPV4_ONLY : ESM_IPV6_ONLY);
		return;
	}
	call->phase = SIM_CALL_UP;
	call->ipv4 = ipv4;
	call->ipv6 = ipv6 && !(ipv4 && s->attempts[index].either);
}

static gboolean refused(const SimSessions *s, const SimDataCall *call, const SimSessionReject *reject)
{
	return reject && reject->cause.type != SIM_END_NONE &&
	       sim_uniform(s->seed, SIM_STREAM_REFUSAL, s->modem, call->id) < reject->share;
}

static void ask_network(SimSessions *s, guint index, const SimSessionInput *in)
{
	SimDataCall *call = &s->calls->calls[index];
	const char *apn = s->attempts[index].apn;
	if (refused(s, call, in->reject)) {
		end_call(call, in->reject->cause.type, in->reject->cause.reason);
		if (in->reject->backoff_s > 0)
			begin_throttle(s, apn, in->t_s + in->reject->backoff_s);
	} else if (!knows_apn(s->setup, apn))
		end_call(call, SIM_END_3GPP, ESM_UNKNOWN_APN);
	else
		grant(s, index);
}

/* The answer waits for a radio link that is being re-established. */
static void step_starting(SimSessions *s, guint index, const SimSessionInput *in)
{
	SimDataCall *call = &s->calls->calls[index];
	if (!is_registered(in->state))
		end_call(call, SIM_END_CALL_MANAGER,
			 unregistered_reason(in->state, s->attempts[index].had_link ? CM_LINK_FAILURE : CM_NO_SERVICE));
	else if (find_throttle(s, s->attempts[index].apn, in->t_s))
		end_call(call, SIM_END_INTERNAL, call->ipv4 ? INTERNAL_IPV4_THROTTLED : INTERNAL_IPV6_THROTTLED);
	else if (other_apn_in_use(s, index))
		end_call(call, SIM_END_INTERNAL, INTERNAL_INTERFACE_IN_USE);
	else if (in->t_s >= s->attempts[index].due_s + (in->reject ? in->reject->delay_s : 0) - 1e-6 &&
		 in->state->true_service == SIM_SERVICE_FULL)
		ask_network(s, index, in);
	s->attempts[index].had_link = TRUE;
}

static void step_up(SimDataCall *call, const SimSessionInput *in, gboolean ends)
{
	if (!is_registered(in->state))
		end_call(call, SIM_END_CALL_MANAGER, unregistered_reason(in->state, CM_OUT_OF_SERVICE_IN_CRE));
	else if (ends)
		end_call(call, in->effect->session_end.type, in->effect->session_end.reason);
}

void sim_sessions_step(SimSessions *s, const SimSessionInput *in)
{
	gboolean ends = in->effect->session_end.type != SIM_END_NONE && in->effect->session_end_at_s > s->last_end_s;
	if (ends)
		s->last_end_s = in->effect->session_end_at_s;
	for (guint i = 0; i < SIM_MAX_CALLS; i++) {
		SimDataCall *call = &s->calls->calls[i];
		/* A modem that restarts has forgotten what it was doing. */
		if (in->state->operating_mode == SIM_OPMODE_RESETTING)
			*call = (SimDataCall){0};
		else if (call->id != 0 && call->phase == SIM_CALL_STARTING)
			step_starting(s, i, in);
		else if (call->id != 0 && call->phase == SIM_CALL_UP)
			step_up(call, in, ends);
	}
	settle(s->calls);
	list_throttles(s, in->t_s);
}
