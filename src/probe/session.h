/* session.h - the data session as the prober uses it: one interface, sockets that go through it and nowhere else, its counters.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

#include <net/if.h>

typedef struct {
	guint64 rx_packets, tx_packets, rx_bytes, tx_bytes;
} Counters;

typedef struct {
	char interface[IFNAMSIZ];
	unsigned int index;  /* of the interface: another one may take its name */
	guint32 mark;        /* 0: somebody else has set the interface up, and its routes are the host's */
	gboolean has[2];     /* by SessionFamily: SESSION_IPV4, SESSION_IPV6 */
	char **resolvers;    /* the operator's; IP addresses */
	Counters at_setup;   /* what the interface had counted by then */
} Session;

void session_clear(Session *session);

/* Whether the interface is still the one that was set up. */
gboolean session_is_there(const Session *session);
/* Ties a socket to the interface before it sends anything. 0, or the errno. */
int session_tie(const Session *session, int fd);
/* A socket that is tied, does not block, and is not inherited; -1 with errno. */
int session_socket(const Session *session, SessionFamily family, int type);

/* What the interface has counted since it exists; FALSE: there is none of that name any more. */
gboolean counters_read(const char *interface, Counters *ret_counters);
/* Later minus earlier. */
Counters counters_since(const Counters *later, const Counters *earlier);
/* Into the fields of a probe observation. */
void counters_note(const Counters *delta, Observation *o);
