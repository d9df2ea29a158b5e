/* link.h - sets a modem's network interface up for this program alone, and leaves it as it was.
 *
 * What it does, all in the network namespace that it runs in:
 *   rules, for IPv4 and IPv6 (T is LINK_TABLE_BASE + the interface's index):
 *     LINK_RULE_PRIORITY      fwmark T, oif INTERFACE -> table T        our sockets: SO_BINDTODEVICE and SO_MARK T (session.h)
 *     LINK_RULE_PRIORITY + 1  oif INTERFACE -> prohibited               anybody else's that are bound to it
 *     LINK_RULE_PRIORITY + 2  from our address -> prohibited            what the kernel itself, or a service of this computer, would
 *                                                                       answer to packets that come in over it
 *   addresses without a route of their own, default routes in table T alone, the interface up. The main table stays as it is, so no
 *   other program's traffic finds the way.
 *   A table of nftables that does for IPv4 what the rules cannot (guard.h).
 *   The kernel's own voice is taken away before the interface goes up: no router solicitation, no duplicate address detection, no
 *   multicast groups, no address made up by itself; and its reverse path filter, which would throw away the answers.
 *
 * link_undo() takes all of it back. After kill -9 the rules are still there, and the prohibiting one remembers, as a mark with an empty
 * mask, how the interface was before: the next link_setup() on any interface takes away those of its own interface, which it first
 * makes what it was, and of interfaces that are gone. It knows them by LINK_PROTOCOL.
 *
 * It needs CAP_NET_ADMIN. It blocks for as long as the kernel takes to answer on netlink.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define LINK_PROTOCOL      106        /* of rules and routes, as "ip rule" shows it; /etc/iproute2/rt_protos has nobody there */
#define LINK_TABLE_BASE    0x6a6c0000
#define LINK_RULE_PRIORITY 90

typedef struct {
	const char *interface;
	const char *const *addresses; /* "10.4.1.7/30", "2001:db8::7/64"; the length plays no part: nothing is a neighbour here */
	const char *const *gateways;  /* used where the interface resolves addresses (ARP, ND) */
	guint mtu;                    /* of our routes; 0: the interface's */
} LinkWish;

typedef struct Link Link;

/* NULL: nothing is left behind, and the error says what to do; JAMLOG_ERROR_ACCESS: the capability is missing, NOT_FOUND: no such
 * interface, BUSY: it has addresses that are not ours, USAGE: the wish makes no sense. */
Link *link_setup(const LinkWish *wish, GError **error);
/* Takes it all back, as far as the interface still exists, and frees. NULL is fine. */
void link_undo(Link *link);

/* For SO_MARK. */
guint32 link_mark(const Link *link);
/* Whether addresses of IPv4 or IPv6 were set. */
gboolean link_has_family(const Link *link, int af);
