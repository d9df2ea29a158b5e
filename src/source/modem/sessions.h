/* sessions.h - when a modem's data sessions are tried, what is done over them, and what is written down of it.
 *
 *   own:      slot -> starting -> up, for a while, or with a round of probing -> stopping -> next slot
 *   observed: slot -> a round of probing over the session that somebody else brought up; its ups and downs are written down
 *
 * Which of them is the configuration's choice; nothing is sent in mode "passive", nothing but the attempt itself in mode "session".
 * After a failure the next attempts are spaced further and further, and never within the time in which the modem refuses by itself
 * (TS 24.301 T3396, as it tells it): those would say nothing of the network. Without service, or below the configured
 * signal, nothing is tried.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source/modem/protocol.h"

typedef struct Sessions Sessions;

/* `config` and `source` are borrowed. Nothing is done before sessions_open. */
Sessions *sessions_new(const ConfigSource *config, Source *source);
void sessions_free(Sessions *sessions);

/* The modem's port works from now on; until sessions_lost. Again for the same port: nothing. */
void sessions_open(Sessions *sessions, ModemPort *port);
/* The port is busy with the modem's trouble: nothing is begun before the next sweep that is answered. */
void sessions_hold(Sessions *sessions);
/* The port is being closed, and a session with it. A sessions_stop that is under way ends without its callback. */
void sessions_lost(Sessions *sessions);
/* Each sweep that was answered. */
void sessions_radio(Sessions *sessions, const Observation *radio);
/* As the port reports them. */
void sessions_up(Sessions *sessions, Observation *session, const ModemBearer *bearer);
void sessions_down(Sessions *sessions, Observation *session);

/* Takes down what is up, and tries nothing more. `stopped` follows, never from within this call, within SESSIONS_STOP_S. */
#define SESSIONS_STOP_S 3
void sessions_stop(Sessions *sessions, void (*stopped)(gpointer user_data), gpointer user_data);
