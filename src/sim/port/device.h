/* device.h - one simulated modem as the host sees it: a pseudo-terminal with a protocol engine behind it, and its faults.
 *
 * Clients (libqmi, qmicli, libmbim, the proxies) open the pty's slave by its path, with the option to open it in its
 * protocol. Nothing here blocks, and nothing that a client sends can stop it.
 *
 * Operating modes: a client may order low power, offline or online (QMI: DMS Set Operating Mode), and the modem is then as
 * low as the lower one of that and of the state that it is given, which is a switch that no client overrules. An order holds
 * until another or a restart. RESTART takes SIM_RESTART_S, in which the modem is RESETTING; SHUT_DOWN leaves it deaf until the
 * plug is pulled and put back.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/port/engine.h"

#define SIM_RESTART_S 3.0

typedef struct SimDevice SimDevice;

/* Opens the pty and serves it from the default main context. `info` is borrowed and must outlive the device. */
SimDevice *sim_device_new(const SimEngineClass *class, const SimModemInfo *info, GError **error);
void sim_device_free(SimDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimDevice, sim_device_free)

/* The slave's path, /dev/pts/N; borrowed, NULL while unplugged. After each plugging it is another than before. */
const char *sim_device_path(const SimDevice *device);
/* Who starts data sessions for its clients; copied. Without one the modem refuses them. */
void sim_device_set_caller(SimDevice *device, const SimCaller *caller);
void sim_device_update(SimDevice *device, const SimModemState *state);

/* What is wrong with the modem from now on. FALSE when it was to be plugged in again and no pty could be had. */
gboolean sim_device_set_faults(SimDevice *device, const SimFaults *faults, GError **error);
/* The mode that clients and faults have brought the modem to, apart from what sim_device_update() says. */
SimOpMode sim_device_mode(const SimDevice *device);

guint sim_device_client_count(const SimDevice *device);
/* Messages thrown away because nobody read the pty, and received bytes that belonged to no message. */
guint64 sim_device_dropped_count(const SimDevice *device);
guint64 sim_device_garbage_count(const SimDevice *device);
/* How often each request came, heard or not: SimEngineClass.message_id to a count, both by GUINT_TO_POINTER. Borrowed. */
GHashTable *sim_device_requests(const SimDevice *device);
