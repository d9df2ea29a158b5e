/* node.h - a modem's control node: whether it can be ours, what the person can do where it cannot, and what it speaks.
 *
 * Two programs on one node take each other's answers. Programs of ours tell one another by a lock (flock) on the node;
 * others (ModemManager, qmicli) do not know of it, and are only noticed by the harm they do.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config.h"

typedef enum { NODE_FREE, NODE_ABSENT, NODE_REFUSED } NodeState;

/* Tries the node at `path`; `shared` with others through a proxy takes no lock. FREE: it can be opened, and *ret_lock (-1
 * for none) is to be closed after it. Else *ret_sentence is for the person, owned by the caller, and *ret_reason fixed words. */
NodeState modem_node_try(const char *path, gboolean shared, int *ret_lock, char **ret_sentence, const char **ret_reason);

/* QMI or MBIM by the kernel's driver (/sys/class/usbmisc) or port type (/sys/class/wwan) of the node; AUTO where the kernel tells
 * nothing, as of a pseudo-terminal. */
ConfigProtocol modem_node_protocol(const char *path);

/* The network interface that carries the modem's data, as the kernel tells; NULL where it does not. Owned by the caller. */
char *modem_node_interface(const char *path);
