/* clients.c - see clients.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/clients.h"

#define ID_MAX 254 /* 255 is the broadcast id, 0 means none */

struct SimQmiClients {
	GPtrArray *list;        /* of SimQmiClient */
	SimQmiReleasedFunc released; /* or NULL */
	gpointer released_data;
	guint8 last_id[G_MAXUINT8 + 1]; /* by service */
};

SimQmiClients *sim_qmi_clients_new(void)
{
	SimQmiClients *clients = g_new0(SimQmiClients, 1);
	clients->list = g_ptr_array_new_with_free_func(g_free);
	return clients;
}

void sim_qmi_clients_free(SimQmiClients *clients)
{
	if (!clients)
		return;
	g_ptr_array_unref(clients->list);
	g_free(clients);
}

void sim_qmi_clients_watch(SimQmiClients *clients, SimQmiReleasedFunc released, gpointer user_data)
{
	clients->released = released;
	clients->released_data = user_data;
}

static void tell(const SimQmiClients *clients, SimQmiClient *client)
{
	if (clients->released)
		clients->released(client, clients->released_data);
}

static SimQmiClient *find(SimQmiClients *clients, guint8 service, guint8 id)
{
	for (guint i = 0; i < clients->list->len; i++) {
		SimQmiClient *client = sim_qmi_clients_nth(clients, i);
		if (client->service == service && client->id == id)
			return client;
	}
	return NULL;
}

SimQmiClient *sim_qmi_clients_allocate(SimQmiClients *clients, const SimQmiService *service)
{
	guint in_use = 0;
	for (guint i = 0; i < clients->list->len; i++)
		in_use += sim_qmi_clients_nth(clients, i)->service == service->id;
	if (in_use >= MIN(service->max_clients, ID_MAX))
		return NULL;
	guint8 *last = &clients->last_id[service->id];
	do
		*last = (guint8)(*last % ID_MAX + 1);
	while (find(clients, service->id, *last));
	SimQmiClient *client = g_new0(SimQmiClient, 1);
	client->service = service->id;
	client->id = *last;
	client->reports = service->default_reports;
	g_ptr_array_add(clients->list, client);
	return client;
}

SimQmiClient *sim_qmi_clients_find(SimQmiClients *clients, guint8 service, guint8 id)
{
	SimQmiClient *client = find(clients, service, id);
	return client && !client->leaked ? client : NULL;
}

gboolean sim_qmi_clients_leak(SimQmiClients *clients, guint8 service, guint8 id)
{
	SimQmiClient *client = sim_qmi_clients_find(clients, service, id);
	if (client)
		client->leaked = TRUE;
	return client != NULL;
}

gboolean sim_qmi_clients_release(SimQmiClients *clients, guint8 service, guint8 id)
{
	SimQmiClient *client = sim_qmi_clients_find(clients, service, id);
	if (!client)
		return FALSE;
	tell(clients, client);
	return g_ptr_array_remove(clients->list, client);
}

void sim_qmi_clients_release_all(SimQmiClients *clients)
{
	for (guint i = 0; i < clients->list->len; i++)
		tell(clients, sim_qmi_clients_nth(clients, i));
	g_ptr_array_set_size(clients->list, 0);
}

guint sim_qmi_clients_count(const SimQmiClients *clients)
{
	return clients->list->len;
}

SimQmiClient *sim_qmi_clients_nth(SimQmiClients *clients, guint n)
{
	return g_ptr_array_index(clients->list, n);
}
