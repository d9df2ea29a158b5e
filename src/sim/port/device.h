/* device.h - one simulated modem as the host sees it: a pseudo-terminal with a protocol engine behind it.
 *
 * Clients (libqmi, qmicli, libmbim, the proxies) open the pty's slave by its path, with the option to open it in its
 * protocol. Nothing here blocks, and nothing that a client sends can stop it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/port/engine.h"

typedef struct SimDevice SimDevice;

/* Opens the pty and serves it from the default main context. `info` is borrowed and must outlive the device. */
SimDevice *sim_device_new(const SimEngineClass *class, const SimModemInfo *info, GError **error);
void sim_device_free(SimDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimDevice, sim_device_free)

/* The slave's path, /dev/pts/N; borrowed. */
const char *sim_device_path(const SimDevice *device);
void sim_device_update(SimDevice *device, const SimModemState *state);

guint sim_device_client_count(const SimDevice *device);
/* Messages thrown away because nobody read the pty, and received bytes that belonged to no message. */
guint64 sim_device_dropped_count(const SimDevice *device);
guint64 sim_device_garbage_count(const SimDevice *device);
