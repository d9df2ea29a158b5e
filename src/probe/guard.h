/* guard.h - keeps all that is not ours off an interface: the part that routing rules cannot do.
 *
 * Where no route is found for a socket that is bound to an interface, Linux takes any IPv4 destination to be reachable there directly
 * (ip_route_output_key_hash_rcu), and the limited broadcast and multicast never ask. So a table of nftables rejects what would leave
 * without our mark, the kernel's own packets too, and lets nothing be forwarded from or to the modem. The table belongs to the netlink
 * socket that made it (flag owner): the kernel takes it away with the process, kill -9 included.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef struct Guard Guard;

/* NULL: the error says why. The interface's name has to be free of quotes. */
Guard *guard_new(const char *interface, guint32 mark, GError **error);
void guard_free(Guard *guard);
