/* Whether ModemManager runs, and which modems it has.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices.h"

#define MODEM     DEVICES_MANAGER_NAME ".Modem"
#define ASK_MS    2000
#define RETRY_S   10 /* for a bus that is not there, or went */
#define FLAGS     (G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION)

struct DevicesManager {
	DevicesManagerFunc changed;
	gpointer user_data;
	GCancellable *cancellable; /* cancelled: we are gone */
	GDBusConnection *bus;
	guint watch_id, retry_id;
	gboolean told, running;
};

static void connect_now(DevicesManager *m);

void devices_manager_connect(GCancellable *cancellable, GAsyncReadyCallback ready, gpointer user_data)
{
	g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
	g_dbus_connection_new_for_address(address ? address : "", FLAGS, NULL, cancellable, ready, user_data);
}

static void set_running(DevicesManager *m, gboolean running)
{
	if (m->told && m->running == running)
		return;
	m->told = TRUE;
	m->running = running;
	m->changed(running, m->user_data);
}

static void on_appeared(GDBusConnection *bus, const char *name, const char *owner, gpointer data)
{
	(void)bus;
	(void)name;
	(void)owner;
	set_running(data, TRUE);
}

static gboolean on_retry(gpointer data)
{
	DevicesManager *m = data;
	m->retry_id = 0;
	connect_now(m);
	return G_SOURCE_REMOVE;
}

static void on_vanished(GDBusConnection *bus, const char *name, gpointer data)
{
	DevicesManager *m = data;
	(void)name;
	if (!bus && !m->retry_id)
		m->retry_id = g_timeout_add_seconds(RETRY_S, on_retry, m);
	set_running(m, FALSE);
}

static void drop_bus(DevicesManager *m)
{
	if (m->watch_id)
		g_bus_unwatch_name(m->watch_id);
	m->watch_id = 0;
	g_clear_object(&m->bus);
}

static void on_bus(GObject *object, GAsyncResult *result, gpointer data)
{
	DevicesManager *m = data;
	g_autoptr(GError) error = NULL;
	GDBusConnection *bus = g_dbus_connection_new_for_address_finish(result, &error);
	(void)object;
	if (bus) {
		m->bus = bus;
		m->watch_id = g_bus_watch_name_on_connection(bus, DEVICES_MANAGER_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared,
							     on_vanished, m, NULL);
	} else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		on_vanished(NULL, DEVICES_MANAGER_NAME, m);
	}
}

static void connect_now(DevicesManager *m)
{
	drop_bus(m);
	devices_manager_connect(m->cancellable, on_bus, m);
}

DevicesManager *devices_manager_new(DevicesManagerFunc changed, gpointer user_data)
{
	DevicesManager *m = g_new0(DevicesManager, 1);
	m->changed = changed;
	m->user_data = user_data;
	m->cancellable = g_cancellable_new();
	connect_now(m);
	return m;
}

void devices_manager_free(DevicesManager *manager)
{
	if (!manager)
		return;
	g_clear_handle_id(&manager->retry_id, g_source_remove);
	g_cancellable_cancel(manager->cancellable);
	g_clear_object(&manager->cancellable);
	drop_bus(manager);
	g_free(manager);
}

/* --- its modems, asked once --- */

static void add_uids(GPtrArray *uids, GVariant *objects)
{
	GVariantIter iter;
	const char *path;
	GVariant *interfaces;
	g_variant_iter_init(&iter, objects);
	while (g_variant_iter_loop(&iter, "{&o@a{sa{sv}}}", &path, &interfaces)) {
		const char *device;
		g_autoptr(GVariant) modem = g_variant_lookup_value(interfaces, MODEM, G_VARIANT_TYPE_VARDICT);
		if (modem && g_variant_lookup(modem, "Device", "&s", &device))
			g_ptr_array_add(uids, g_strdup(device));
	}
}

char **devices_manager_uids(void)
{
	g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
	g_autoptr(GDBusConnection) bus =
		address ? g_dbus_connection_new_for_address_sync(address, FLAGS, NULL, NULL, NULL) : NULL;
	if (!bus)
		return NULL;
	g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
		bus, DEVICES_MANAGER_NAME, DEVICES_MANAGER_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL,
		G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NO_AUTO_START, ASK_MS, NULL, NULL);
	if (!answer)
		return NULL;
	GPtrArray *uids = g_ptr_array_new();
	g_autoptr(GVariant) objects = g_variant_get_child_value(answer, 0);
	add_uids(uids, objects);
	g_ptr_array_add(uids, NULL);
	return (char **)g_ptr_array_free(uids, FALSE);
}
