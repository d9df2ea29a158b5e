/* dns.h - all the names of a round, asked of the operator's resolvers and of the known ones, and their answers compared.
 *
 * Of the operator's, the first of each family that the session has is asked. Each resolver is asked for A and AAAA of each name, all at
 * once, by a channel of c-ares of its own that reads none of the system's settings. It may take 10 s.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/session.h"
#include "targets.h"

#define DNS_TOTAL_S   10
#define DNS_OPERATOR  "operator"

typedef struct Dns Dns;
/* Called once, from the main loop; the answers can be asked for from then on. */
typedef void (*DnsDone)(gpointer user_data);

/* The most bytes that asking can take. */
guint64 dns_cap(const Session *session, const Targets *targets);

/* `session` and `targets` have to outlive it. */
Dns *dns_start(const Session *session, const Targets *targets, DnsDone done, gpointer user_data);
/* Ends it now: what has not been answered failed with this word. Calls `done`. */
void dns_cut(Dns *dns, const char *failure);
void dns_free(Dns *dns);

/* Whether any resolver said anything. */
gboolean dns_heard(const Dns *dns);
/* One observation for each name and resolver: fills the fields that are DNS's own; FALSE past the last. */
gboolean dns_note(const Dns *dns, guint i, Observation *o);

typedef struct {
	const char *address;  /* borrowed from the Dns */
	const char *resolver; /* who said so */
	guint32 us;
	gboolean doubtful;    /* no other resolver says anything like it */
} DnsPick;

/* An address of a host: the operator's resolver's, unless it failed or lied, then a known one's. FALSE: nobody has one that can be
 * true. */
gboolean dns_pick(const Dns *dns, const char *host, SessionFamily family, DnsPick *ret_pick);
/* One that a known resolver gives. */
gboolean dns_pick_known(const Dns *dns, const char *host, SessionFamily family, DnsPick *ret_pick);
/* Why there is none: the operator's resolver's failure, or else another's; NULL: there is, for one family or the other. */
const char *dns_failure(const Dns *dns, const char *host);
