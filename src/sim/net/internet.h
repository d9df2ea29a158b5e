/* internet.h - a network namespace of its own in which the servers of the simulated internet run.
 *
 * One process, the first of a PID namespace of its own, starts them and waits. When it goes, all of them go; and it goes with this
 * program, however that ends (PR_SET_PDEATHSIG). It needs CAP_SYS_ADMIN for the namespaces and CAP_NET_ADMIN in them: root, or
 * anybody in a user namespace of their own. To be made from the main thread.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef struct SimInternet SimInternet;

/* Starts all of it and returns when the servers serve. `folder`: for their files, absolute; it is made where it is missing. */
SimInternet *sim_internet_new(const char *folder, guint64 seed, GError **error);
void sim_internet_free(SimInternet *internet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimInternet, sim_internet_free)

/* Packets go to and come from the internet by this TUN file; it stays the internet's. */
int sim_internet_fd(const SimInternet *internet);
/* FALSE with an error when a server ended meanwhile. */
gboolean sim_internet_check(SimInternet *internet, GError **error);
