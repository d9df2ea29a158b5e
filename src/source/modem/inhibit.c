/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/inhibit.h"

#include "devices.h"

#define NAME     DEVICES_MANAGER_NAME
#define UNKNOWN  NAME ".Error.Core.NotFound"   /* it has no such modem, or not yet: it collects the ports of a new one first */
#define OTHERS   NAME ".Error.Core.InProgress" /* somebody else keeps it away from the modem already */
#define BUSY     NAME ".Error.Core.WrongState" /* it is still getting to know the modem, which takes some of them half a minute */
#define CALL_MS  4000
#define RETRY_MS 500
#define RETRIES  10      /* of a modem that it does not work on */
#define BUSY_RETRIES 100 /* of one that it does */
#define LOOK_MS  100
#define LOOKS    20      /* whether its proxy is gone from the node */

struct ModemInhibit {
	char *node, *uid;
	ModemInhibitFunc done; /* NULL once it was called */
	gpointer user_data;
	GCancellable *cancellable; /* cancelled: we are gone */
	GDBusConnection *bus;
	guint watch_id, retry_id, retries, look_id, looks, idle_id;
	gboolean held;
};

/* Those whose source has ended: the modem was unplugged, and ModemManager must not be first at it when it comes back. */
static GSList *parked;

static void ask(ModemInhibit *inhibit);

static void report(ModemInhibit *inhibit, ModemInhibitResult result, const GError *error)
{
	ModemInhibitFunc done = inhibit->done;
	inhibit->done = NULL;
	if (done)
		done(result, error, inhibit->user_data);
}

static gboolean on_retry(gpointer data)
{
	ModemInhibit *inhibit = data;
	inhibit->retry_id = 0;
	ask(inhibit);
	return G_SOURCE_REMOVE;
}

/* The reply came, and is no success. */
static void refused(ModemInhibit *inhibit, const GError *error)
{
	g_autofree char *name = g_dbus_error_get_remote_error(error);
	if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	    g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
		report(inhibit, MODEM_INHIBIT_NEEDLESS, NULL);
	else if (g_strcmp0(name, UNKNOWN) != 0 && g_strcmp0(name, OTHERS) != 0 && g_strcmp0(name, BUSY) != 0)
		report(inhibit, MODEM_INHIBIT_REFUSED, error);
	else if (++inhibit->retries < (g_strcmp0(name, BUSY) == 0 ? BUSY_RETRIES : RETRIES))
		inhibit->retry_id = g_timeout_add(RETRY_MS, on_retry, inhibit);
	else
		report(inhibit, g_strcmp0(name, BUSY) == 0 ? MODEM_INHIBIT_REFUSED : MODEM_INHIBIT_NEEDLESS, error);
}

/* ModemManager says yes before it has closed its clients (1.24), and qmi-proxy has the node until they are. Of two that read one
 * node each takes answers of the other, and libqmi, once told that there is something to read, waits for it and for nothing
 * else. Where /proc does not show everybody, it is given the time that it may take. */
static gboolean on_look(gpointer data)
{
	ModemInhibit *inhibit = data;
	g_autoptr(DeviceHolders) others = devices_find_holders(inhibit->node);
	if (++inhibit->looks < LOOKS && (!others->complete || others->holders->len > 0))
		return G_SOURCE_CONTINUE;
	inhibit->look_id = 0;
	report(inhibit, MODEM_INHIBIT_HELD, NULL);
	return G_SOURCE_REMOVE;
}

static void on_answer(GObject *object, GAsyncResult *result, gpointer data)
{
	ModemInhibit *inhibit = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(object), result, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	inhibit->held = answer != NULL;
	if (!answer)
		refused(inhibit, error);
	else if (inhibit->done && !inhibit->look_id)
		inhibit->look_id = g_timeout_add(LOOK_MS, on_look, inhibit);
}

static void ask(ModemInhibit *inhibit)
{
	g_dbus_connection_call(inhibit->bus, NAME, DEVICES_MANAGER_PATH, NAME, "InhibitDevice", g_variant_new("(sb)", inhibit->uid, TRUE),
			       NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, inhibit->cancellable, on_answer, inhibit);
}

/* ModemManager is there: now, or again after a restart in which it forgot what it was asked for. */
static void on_appeared(GDBusConnection *bus, const char *name, const char *owner, gpointer data)
{
	ModemInhibit *inhibit = data;
	(void)bus;
	(void)name;
	(void)owner;
	inhibit->retries = 0;
	if (!inhibit->retry_id)
		ask(inhibit);
}

static void on_vanished(GDBusConnection *bus, const char *name, gpointer data)
{
	ModemInhibit *inhibit = data;
	(void)bus;
	(void)name;
	inhibit->held = FALSE;
	g_clear_handle_id(&inhibit->retry_id, g_source_remove);
	g_clear_handle_id(&inhibit->look_id, g_source_remove);
	report(inhibit, MODEM_INHIBIT_NEEDLESS, NULL);
}

static void on_bus(GObject *object, GAsyncResult *result, gpointer data)
{
	ModemInhibit *inhibit = data;
	g_autoptr(GError) error = NULL;
	GDBusConnection *bus = g_dbus_connection_new_for_address_finish(result, &error);
	(void)object;
	if (bus) {
		inhibit->bus = bus;
		inhibit->watch_id = g_bus_watch_name_on_connection(bus, NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared,
								   on_vanished, inhibit, NULL);
	} else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		report(inhibit, MODEM_INHIBIT_NEEDLESS, NULL); /* without a bus there is no ModemManager */
	}
}

/* What is no modem of udev's is none of ModemManager's. */
static gboolean on_known_at_once(gpointer data)
{
	ModemInhibit *inhibit = data;
	inhibit->idle_id = 0;
	report(inhibit, inhibit->held ? MODEM_INHIBIT_HELD : MODEM_INHIBIT_NEEDLESS, NULL);
	return G_SOURCE_REMOVE;
}

/* The one that was parked for this modem, or a new one. */
static ModemInhibit *find_parked(const char *uid)
{
	for (GSList *link = parked; link; link = link->next) {
		ModemInhibit *inhibit = link->data;
		if (!inhibit->held || !g_str_equal(inhibit->uid, uid))
			continue;
		parked = g_slist_delete_link(parked, link);
		return inhibit;
	}
	return NULL;
}

static ModemInhibit *inhibit_new(const char *node, const char *uid)
{
	ModemInhibit *inhibit = g_new0(ModemInhibit, 1);
	inhibit->cancellable = g_cancellable_new();
	inhibit->node = g_strdup(node);
	inhibit->uid = g_strdup(uid);
	if (uid)
		devices_manager_connect(inhibit->cancellable, on_bus, inhibit);
	else
		inhibit->idle_id = g_idle_add(on_known_at_once, inhibit);
	return inhibit;
}

ModemInhibit *modem_inhibit_start(const char *node, ModemInhibitFunc done, gpointer user_data)
{
	DeviceModem *modem = devices_find_modem(node);
	ModemInhibit *inhibit = modem ? find_parked(modem->uid) : NULL;
	if (inhibit)
		inhibit->idle_id = g_idle_add(on_known_at_once, inhibit);
	else
		inhibit = inhibit_new(node, modem ? modem->uid : NULL);
	inhibit->done = done;
	inhibit->user_data = user_data;
	devices_modem_free(modem);
	return inhibit;
}

/* Nobody waits for it: should the process end first, the connection ends with it, which says the same. */
static void on_flushed(GObject *object, GAsyncResult *result, gpointer data)
{
	(void)data;
	g_dbus_connection_flush_finish(G_DBUS_CONNECTION(object), result, NULL);
	g_dbus_connection_close(G_DBUS_CONNECTION(object), NULL, NULL, NULL);
}

static void release(const ModemInhibit *inhibit)
{
	if (inhibit->held)
		g_dbus_connection_call(inhibit->bus, NAME, DEVICES_MANAGER_PATH, NAME, "InhibitDevice",
				       g_variant_new("(sb)", inhibit->uid, FALSE), NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, NULL,
				       NULL, NULL);
	g_dbus_connection_flush(inhibit->bus, NULL, on_flushed, NULL);
}

void modem_inhibit_park(ModemInhibit *inhibit)
{
	if (!inhibit || !inhibit->held) {
		modem_inhibit_end(inhibit);
		return;
	}
	g_clear_handle_id(&inhibit->idle_id, g_source_remove);
	g_clear_handle_id(&inhibit->look_id, g_source_remove);
	inhibit->done = NULL;
	parked = g_slist_prepend(parked, inhibit);
}

void modem_inhibit_end(ModemInhibit *inhibit)
{
	if (!inhibit)
		return;
	g_clear_handle_id(&inhibit->idle_id, g_source_remove);
	g_clear_handle_id(&inhibit->retry_id, g_source_remove);
	g_clear_handle_id(&inhibit->look_id, g_source_remove);
	g_cancellable_cancel(inhibit->cancellable);
	if (inhibit->watch_id)
		g_bus_unwatch_name(inhibit->watch_id);
	if (inhibit->bus)
		release(inhibit);
	g_clear_object(&inhibit->bus);
	g_object_unref(inhibit->cancellable);
	g_free(inhibit->node);
	g_free(inhibit->uid);
	g_free(inhibit);
}
