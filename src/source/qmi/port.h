/* port.h - whether a modem's control node can be ours, and what the person can do where it cannot.
 *
 * Two programs on one node take each other's answers. Programs of ours tell one another by a lock (flock) on the node;
 * others (ModemManager, qmicli) do not know of it, and are only noticed by the harm they do.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Tries the node at `path`; `shared` with others through qmi-proxy takes no lock. NULL: it can be opened, and *ret_lock (-1
 * for none) is to be closed after it. Else a sentence for the person, owned by the caller, and *ret_reason, fixed words. */
char *qmi_port_obstacle(const char *path, gboolean shared, int *ret_lock, const char **ret_reason);
