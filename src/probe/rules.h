/* rules.h - the routing policy rules of link.h. They are what shows, after a kill -9, that an interface was ours.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <netlink/addr.h>
#include <netlink/netlink.h>

/* Those that name the interface, for both families. `memory` is kept in them, and not 0. 0, or a code of libnl. */
int rules_add(struct nl_sock *socket, const char *interface, guint32 table, guint32 memory);
/* The one that keeps everybody from sending under our address. */
int rules_add_source(struct nl_sock *socket, struct nl_addr *address, guint32 table);

void rules_remove_table(struct nl_sock *socket, guint32 table);

/* What a killed one left of this interface. */
typedef struct {
	guint32 table, memory; /* 0: nothing */
} RulesLeft;

/* Takes away what was left of this interface and of interfaces that are gone. */
RulesLeft rules_remove_left(struct nl_sock *socket, const char *interface);
