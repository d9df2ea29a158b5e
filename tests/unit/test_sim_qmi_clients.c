/* test_sim_qmi_clients.c - client ids: limits, order, release.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/clients.h"

typedef struct {
	SimQmiClients *clients;
} Fixture;

static const SimQmiService few = {.id = 3, .max_clients = 2, .default_reports = 5};
static const SimQmiService many = {.id = 9, .max_clients = 1000};

static void set_up(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	f->clients = sim_qmi_clients_new();
}

static void tear_down(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	sim_qmi_clients_free(f->clients);
}

static void a_service_runs_out_of_ids(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	SimQmiClient *first = sim_qmi_clients_allocate(f->clients, &few);
	g_assert_cmpuint(first->id, ==, 1);
	g_assert_cmpuint(first->reports, ==, 5);
	g_assert_cmpuint(sim_qmi_clients_allocate(f->clients, &few)->id, ==, 2);
	g_assert_null(sim_qmi_clients_allocate(f->clients, &few));
	g_assert_nonnull(sim_qmi_clients_allocate(f->clients, &many));
	g_assert_cmpuint(sim_qmi_clients_count(f->clients), ==, 3);
	g_assert_true(sim_qmi_clients_release(f->clients, few.id, 1));
	g_assert_cmpuint(sim_qmi_clients_allocate(f->clients, &few)->id, ==, 3);
}

static void an_id_belongs_to_its_service(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	sim_qmi_clients_allocate(f->clients, &few);
	g_assert_nonnull(sim_qmi_clients_find(f->clients, few.id, 1));
	g_assert_null(sim_qmi_clients_find(f->clients, many.id, 1));
	g_assert_false(sim_qmi_clients_release(f->clients, many.id, 1));
	g_assert_false(sim_qmi_clients_release(f->clients, few.id, 0));
	g_assert_true(sim_qmi_clients_release(f->clients, few.id, 1));
	g_assert_false(sim_qmi_clients_release(f->clients, few.id, 1));
}

static void ids_wrap_without_0_and_255_and_never_twice(Fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	gboolean seen[256] = {FALSE};
	for (guint i = 0; i < 254; i++) {
		SimQmiClient *client = sim_qmi_clients_allocate(f->clients, &many);
		g_assert_nonnull(client);
		g_assert_false(seen[client->id]);
		seen[client->id] = TRUE;
	}
	g_assert_false(seen[0] || seen[255]);
	g_assert_null(sim_qmi_clients_allocate(f->clients, &many));
	sim_qmi_clients_release(f->clients, many.id, 77);
	g_assert_cmpuint(sim_qmi_clients_allocate(f->clients, &many)->id, ==, 77);
	sim_qmi_clients_release_all(f->clients);
	g_assert_cmpuint(sim_qmi_clients_count(f->clients), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add("/sim-qmi-clients/" path, Fixture, NULL, set_up, function, tear_down)
	ADD("a-service-runs-out-of-ids", a_service_runs_out_of_ids);
	ADD("an-id-belongs-to-its-service", an_id_belongs_to_its_service);
	ADD("ids-wrap-without-0-and-255-and-never-twice", ids_wrap_without_0_and_255_and_never_twice);
	return g_test_run();
}
