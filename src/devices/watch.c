/* Modems that come and go, from udev's events.
 *
 * A modem shows its nodes one after the other, each with several events, and udev forwards an event only after its rules
 * have run: so what came is looked at afresh when the events have been quiet for SETTLE_MS. What goes is told at once, for a
 * modem that re-enumerates may be back under the same name before we look.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/modems.h"

#define SETTLE_MS     300
#define SETTLE_MAX_MS 2000 /* however long the events go on */

struct DevicesWatch {
	DevicesWatchFuncs funcs;
	gpointer user_data;
	GUdevClient *client;
	GPtrArray *known; /* of DeviceModem: the nodes that were reported */
	guint scan_id;
	gint64 unsettled_since_us;
};

/* The node of that modem in a fresh list; NULL: it is gone. */
static const DeviceModem *find_node(const GPtrArray *modems, const DeviceModem *wanted)
{
	for (guint i = 0; i < modems->len; i++) {
		const DeviceModem *modem = g_ptr_array_index(modems, i);
		if (g_str_equal(modem->key, wanted->key) && g_str_equal(modem->node, wanted->node))
			return modem;
	}
	return NULL;
}

static gboolean is_known(const DevicesWatch *w, const char *key)
{
	for (guint i = 0; i < w->known->len; i++)
		if (g_str_equal(((const DeviceModem *)g_ptr_array_index(w->known, i))->key, key))
			return TRUE;
	return FALSE;
}

static void forget(DevicesWatch *w, guint index)
{
	DeviceModem *modem = g_ptr_array_steal_index(w->known, index);
	w->funcs.removed(modem, w->user_data);
	devices_modem_free(modem);
}

/* A modem keeps the node that it was reported with, even if a better one shows up late. */
static gboolean on_settled(gpointer data)
{
	DevicesWatch *w = data;
	g_autoptr(GPtrArray) modems = devices_modems_scan(w->client);
	w->scan_id = 0;
	w->unsettled_since_us = 0;
	for (guint i = w->known->len; i-- > 0;)
		if (!find_node(modems, g_ptr_array_index(w->known, i)))
			forget(w, i);
	for (guint i = 0; i < modems->len; i++) {
		const DeviceModem *modem = g_ptr_array_index(modems, i);
		if (modem->spare || is_known(w, modem->key))
			continue;
		g_ptr_array_add(w->known, devices_modem_copy(modem));
		w->funcs.added(modem, w->user_data);
	}
	return G_SOURCE_REMOVE;
}

static void scan_soon(DevicesWatch *w)
{
	gint64 now_us = g_get_monotonic_time();
	if (w->unsettled_since_us == 0)
		w->unsettled_since_us = now_us;
	else if (w->scan_id && now_us - w->unsettled_since_us > (SETTLE_MAX_MS - SETTLE_MS) * G_GINT64_CONSTANT(1000))
		return; /* the one that is due will do */
	g_clear_handle_id(&w->scan_id, g_source_remove);
	w->scan_id = g_timeout_add(SETTLE_MS, on_settled, w);
}

static void on_uevent(GUdevClient *client, const char *action, GUdevDevice *device, gpointer data)
{
	DevicesWatch *w = data;
	const char *node = g_udev_device_get_device_file(device);
	(void)client;
	for (guint i = 0; node && g_str_equal(action, "remove") && i < w->known->len; i++) {
		if (!g_str_equal(((const DeviceModem *)g_ptr_array_index(w->known, i))->node, node))
			continue;
		forget(w, i);
		break;
	}
	scan_soon(w);
}

DevicesWatch *devices_watch_new(const DevicesWatchFuncs *funcs, gpointer user_data)
{
	DevicesWatch *w = g_new0(DevicesWatch, 1);
	w->funcs = *funcs;
	w->user_data = user_data;
	w->known = g_ptr_array_new_with_free_func((GDestroyNotify)devices_modem_free);
	w->client = g_udev_client_new(devices_modem_subsystems);
	g_signal_connect(w->client, "uevent", G_CALLBACK(on_uevent), w);
	w->scan_id = g_idle_add(on_settled, w);
	return w;
}

void devices_watch_free(DevicesWatch *watch)
{
	if (!watch)
		return;
	g_clear_handle_id(&watch->scan_id, g_source_remove);
	g_signal_handlers_disconnect_by_data(watch->client, watch);
	g_object_unref(watch->client);
	g_ptr_array_unref(watch->known);
	g_free(watch);
}
