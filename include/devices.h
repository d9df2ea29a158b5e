/* devices.h - the modems and receivers that are plugged in, who holds them, and what comes and goes.
 *
 * Facts from udev, sysfs and /proc, and from ModemManager and gpsd where they run. It never opens a control node: a modem
 * that somebody else works with must not notice that we looked. It decides nothing and starts nothing: what is done about a
 * modem is the recorder's affair (record/plug.h).
 *
 * A modem shows several nodes: since Linux 5.14 each cdc-wdm node has a twin in the wwan subsystem, and some modems have
 * several control ports. All of one physical device are one modem; the best of its nodes stands for it: QMI before MBIM,
 * which tells less, then cdc-wdm, which ModemManager's proxies know, before its twin, then the lower interface.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config.h"

#include <gio/gio.h>
#include <sys/types.h>

typedef struct {
	char *node;     /* "/dev/cdc-wdm0" */
	char *driver;   /* of the kernel: "qmi_wwan", "cdc_mbim"; NULL where it has no name */
	ConfigProtocol protocol; /* PROTOCOL_QMI or PROTOCOL_MBIM */
	/* The physical device in sysfs: the same when it comes back in the same socket, whatever its nodes are called then.
	 * ModemManager's "uid" too, but for rules that give it another (ID_MM_PHYSDEV_UID), which then stands in `uid`. */
	char *key;
	char *uid;
	guint interface;  /* of the USB device; 0 on other buses */
	char *vendor_id, *product_id; /* four hexadecimal digits; NULL where the bus has none */
	char *product;    /* as the hardware calls itself; NULL */
	gboolean spare;   /* a better node of the same modem exists */
	gboolean ignored_by_manager; /* a udev rule tells ModemManager to leave it */
} DeviceModem;

typedef struct {
	char *node;
	char *vendor_id, *product_id, *product; /* NULL where not known */
	gboolean in_gpsd;  /* gpsd has it */
	char *driver;      /* as gpsd calls it, once it has understood the receiver; NULL */
} DeviceReceiver;

typedef struct {
	pid_t pid;
	char name[32];
} DeviceHolder;

typedef struct {
	GArray *holders;      /* of DeviceHolder */
	gboolean complete;    /* FALSE: what processes of other users hold is not shown to us */
	pid_t locked_by;      /* 0: nobody. A lock on the node is how jamlogs tell one another */
} DeviceHolders;

/* What hardware says of itself, without the white space around it (a real one says "EM12-AW" and a TAB); NULL for nothing. Owned by
 * the caller. */
char *devices_tidy(const char *text);

/* All control nodes, the best node of each modem first. Of DeviceModem, owned by the caller. */
GPtrArray *devices_list_modems(void);
DeviceModem *devices_modem_copy(const DeviceModem *modem);
void devices_modem_free(DeviceModem *modem);
/* Whether two paths lead to one device, by its number: it has several names. */
gboolean devices_is_same_node(const char *a, const char *b);
/* What is behind a node or a link to one; NULL where that is no control node of a modem. Owned by the caller. */
DeviceModem *devices_find_modem(const char *path);

/* Serial nodes of known receivers, /dev/gps*, and what the gpsd at localhost:`port` has (NULL: it is not asked). Blocks for
 * up to 2 s. Of DeviceReceiver. */
GPtrArray *devices_list_receivers(const char *gpsd_port);

/* NULL when the node may be opened, else the command that cures it. Owned by the caller. */
char *devices_cure(const char *node);

/* Who has the node open. Our own process is left out. */
DeviceHolders *devices_find_holders(const char *node);
void devices_holders_free(DeviceHolders *holders);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DeviceHolders, devices_holders_free)
/* Whether it is a proxy through which several programs can share a modem. */
gboolean devices_holder_is_proxy(const DeviceHolder *holder);

/* --- ModemManager; it is never started by us --- */

#define DEVICES_MANAGER_NAME "org.freedesktop.ModemManager1"
#define DEVICES_MANAGER_PATH "/org/freedesktop/ModemManager1"
/* A connection of the caller's own to the bus that it would be on: GLib's shared one ends the program when the bus goes. To be
 * finished with g_dbus_connection_new_for_address_finish(); without a system bus `ready` gets an error. */
void devices_manager_connect(GCancellable *cancellable, GAsyncReadyCallback ready, gpointer user_data);

typedef struct DevicesManager DevicesManager;
typedef void (*DevicesManagerFunc)(gboolean running, gpointer user_data);
/* Calls `changed` once as soon as it is known whether it runs, and on each change after; never from within this call, nor
 * after devices_manager_free(). Without a system bus it does not run. */
DevicesManager *devices_manager_new(DevicesManagerFunc changed, gpointer user_data);
void devices_manager_free(DevicesManager *manager);
/* The uids (DeviceModem) of the modems that it manages, NULL when it does not run. Blocks for up to 2 s. Owned by the caller. */
char **devices_manager_uids(void);

/* --- coming and going --- */

typedef struct DevicesWatch DevicesWatch;
typedef struct {
	/* A modem is there: at the start, or plugged in. udev's rules have run for its node. */
	void (*added)(const DeviceModem *modem, gpointer user_data);
	/* Its node is gone. Comes at once; when the modem returns, `added` follows, perhaps with another node. */
	void (*removed)(const DeviceModem *modem, gpointer user_data);
} DevicesWatchFuncs;

/* Reports in the default main context, the first time from an idle callback; nothing after devices_watch_free(). */
DevicesWatch *devices_watch_new(const DevicesWatchFuncs *funcs, gpointer user_data);
void devices_watch_free(DevicesWatch *watch);
