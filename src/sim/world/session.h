/* session.h - the data sessions that hosts start on a modem ("calls"), beside the one that the modem keeps by itself.
 *
 * A call is asked for with sim_sessions_start() and begins at once as STARTING. The network answers after the modem's
 * session_delay, and then the call is UP, or ENDED with a reason. It ends also when a host ends it, when the modem loses its registration
 * (a radio link that is re-established loses nothing), and by a session-end of the scenario. A call that has ended stands there
 * until whoever started it has seen that, and drops it.
 *
 * A radio link that is lost for good ends calls with 1064, and with 1057 where one was being established (call-manager).
 * Without registration the modem answers by itself: no service, offline, or what the network rejected it for. So it does while a
 * back-off timer runs that came with a session-reject. A modem has one connection: an APN other than that of calls which exist is
 * refused.
 *
 * The addresses depend on the modem's place in the scenario alone (i, from 0):
 *
 *	IPv4 10.64.i.2/30, gateway 10.64.i.1, resolver 10.64.255.53
 *	IPv6 2001:db8:64:i::2/64, gateway 2001:db8:64:i::1, resolver 2001:db8:64:ff::53 (i in hexadecimal)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/world/happening.h"

#define SIM_SESSION_MTU 1430
/* Of the type call-manager: no answer to random access. libqmi, qmi-enums-wds.h:
 * ..._CM_LRRC_CONNECTION_ESTABLISHMENT_FAILURE_TIMER_EXPIRED */
#define SIM_CM_ACCESS_TIMER_EXPIRED 1056

typedef struct {
	double t_s;
	const SimModemState *state;	/* this tick's mode, card and registration */
	const SimSessionReject *reject; /* how the network of the serving cell answers; NULL without a cell */
	const SimModemEffect *effect;
} SimSessionInput;

typedef struct SimSessions SimSessions;

/* For the modem of that index; borrows the scenario. `seed`: of which attempts a session-reject with a share hits. `calls` is of the
 * modem's state, and written by the functions below alone. */
SimSessions *sim_sessions_new(const SimScenario *scenario, guint modem, guint64 seed, SimDataCalls *calls);
void sim_sessions_free(SimSessions *sessions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimSessions, sim_sessions_free)
/* Once a tick, after the registration. */
void sim_sessions_step(SimSessions *sessions, const SimSessionInput *input);

/* The id of the new call, or 0 when SIM_MAX_CALLS exist already. */
guint32 sim_sessions_start(SimSessions *sessions, const SimCallRequest *request, double t_s);
/* The host has had enough of the call, which may be starting still: it is ENDED as by its client. */
void sim_sessions_end(SimSessions *sessions, guint32 id);
/* The call is nobody's any more: it ends, and goes. */
void sim_sessions_drop(SimSessions *sessions, guint32 id);

SimAddresses sim_session_addresses(guint modem);
