/* clients.h - the client ids that the modem has given out.
 *
 * Ids are per service, 1 to 254, and come round robin, so that a stale id is not soon somebody else's. A
 * client that dies without releasing its id keeps it until the modem is reset or synchronised, as real
 * firmware does (lf-edge/eve #2992): that is why the number is limited and counted.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/qmi/service.h"

SimQmiClients *sim_qmi_clients_new(void);
void sim_qmi_clients_free(SimQmiClients *clients);

/* `released` is called for each client that goes, before it does; not by sim_qmi_clients_free(). */
typedef void (*SimQmiReleasedFunc)(SimQmiClient *client, gpointer user_data);
void sim_qmi_clients_watch(SimQmiClients *clients, SimQmiReleasedFunc released, gpointer user_data);

/* A new client of the service, owned by the table, or NULL when all of its ids are out. */
SimQmiClient *sim_qmi_clients_allocate(SimQmiClients *clients, const SimQmiService *service);
/* Not one that leaked. */
SimQmiClient *sim_qmi_clients_find(SimQmiClients *clients, guint8 service, guint8 id);
gboolean sim_qmi_clients_release(SimQmiClients *clients, guint8 service, guint8 id);
/* As if released, to its owner; but it counts and stays in the table until all are released. */
gboolean sim_qmi_clients_leak(SimQmiClients *clients, guint8 service, guint8 id);
void sim_qmi_clients_release_all(SimQmiClients *clients);

guint sim_qmi_clients_count(const SimQmiClients *clients);
SimQmiClient *sim_qmi_clients_nth(SimQmiClients *clients, guint n);
