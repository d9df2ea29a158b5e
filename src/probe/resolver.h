/* resolver.h - one resolver: a channel of c-ares on GLib's main loop, over the session's interface.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/session.h"

#include <ares.h>

typedef struct {
	char *name;    /* DNS_OPERATOR, or as the file has it */
	char *address;
	ares_channel channel;
	const Session *session;
	GHashTable *watches; /* fd -> id of a GSource */
	guint timer;
} Resolver;

/* NULL: c-ares does not take the address. */
Resolver *resolver_new(const Session *session, const char *name, const char *address);
/* After questions were put: sees to it that c-ares is called when it has to be. */
void resolver_arm(Resolver *resolver);
/* Everything that is open ends with ARES_ECANCELLED. */
void resolver_cancel(Resolver *resolver);
void resolver_free(gpointer resolver);
