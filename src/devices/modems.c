/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/modems.h"

#include <stdlib.h>
#include <sys/stat.h>

const char *const devices_modem_subsystems[] = {"usbmisc", "wwan", NULL};

void devices_modem_free(DeviceModem *modem)
{
	if (!modem)
		return;
	g_free(modem->node);
	g_free(modem->driver);
	g_free(modem->key);
	g_free(modem->uid);
	g_free(modem->vendor_id);
	g_free(modem->product_id);
	g_free(modem->product);
	g_free(modem);
}

DeviceModem *devices_modem_copy(const DeviceModem *modem)
{
	DeviceModem *copy = g_new(DeviceModem, 1);
	*copy = *modem;
	copy->node = g_strdup(modem->node);
	copy->driver = g_strdup(modem->driver);
	copy->key = g_strdup(modem->key);
	copy->uid = g_strdup(modem->uid);
	copy->vendor_id = g_strdup(modem->vendor_id);
	copy->product_id = g_strdup(modem->product_id);
	copy->product = g_strdup(modem->product);
	return copy;
}

char *devices_tidy(const char *text)
{
	char *tidied = g_strstrip(g_strdup(text ? text : ""));
	if (!*tidied)
		g_clear_pointer(&tidied, g_free);
	return tidied;
}

GUdevDevice *devices_usb_parent(GUdevDevice *device)
{
	return g_udev_device_get_parent_with_subsystem(device, "usb", "usb_device");
}

/* The driver that a node hangs on: of the node itself, or of the nearest that has one above it. */
static char *find_driver(GUdevDevice *device)
{
	g_autoptr(GUdevDevice) at = g_object_ref(device);
	while (at) {
		if (g_udev_device_get_driver(at))
			return g_strdup(g_udev_device_get_driver(at));
		GUdevDevice *parent = g_udev_device_get_parent(at);
		g_object_unref(at);
		at = parent;
	}
	return NULL;
}

/* A cdc-wdm node does not say what is spoken on it, but its driver does: qmi_wwan (and vendors' children of it, as
 * qmi_wwan_q), cdc_mbim. Others (huawei_cdc_ncm) speak AT. A port of the wwan subsystem says it itself
 * (Documentation/ABI/testing/sysfs-class-wwan of Linux). */
static ConfigProtocol find_protocol(GUdevDevice *device, const char *driver)
{
	if (g_str_equal(g_udev_device_get_subsystem(device), "wwan")) {
		g_autofree char *type = devices_tidy(g_udev_device_get_sysfs_attr(device, "type"));
		return !g_strcmp0(type, "QMI") ? PROTOCOL_QMI : !g_strcmp0(type, "MBIM") ? PROTOCOL_MBIM : PROTOCOL_AUTO;
	}
	if (!driver || !g_str_has_prefix(g_udev_device_get_name(device), "cdc-wdm"))
		return PROTOCOL_AUTO;
	return g_str_has_prefix(driver, "qmi_wwan") ? PROTOCOL_QMI : g_str_equal(driver, "cdc_mbim") ? PROTOCOL_MBIM : PROTOCOL_AUTO;
}

/* PCI writes "0x17cb", USB "2c7c". */
static char *read_id(GUdevDevice *device, const char *attribute)
{
	char *id = devices_tidy(g_udev_device_get_sysfs_attr(device, attribute));
	if (id && g_str_has_prefix(id, "0x"))
		memmove(id, id + 2, strlen(id + 2) + 1);
	return id;
}

static void read_usb(DeviceModem *modem, GUdevDevice *device, GUdevDevice *usb)
{
	g_autoptr(GUdevDevice) interface = g_udev_device_get_parent_with_subsystem(device, "usb", "usb_interface");
	const char *number = interface ? g_udev_device_get_sysfs_attr(interface, "bInterfaceNumber") : NULL;
	modem->interface = number ? (guint)strtoul(number, NULL, 16) : 0;
	modem->vendor_id = read_id(usb, "idVendor");
	modem->product_id = read_id(usb, "idProduct");
	modem->product = devices_tidy(g_udev_device_get_sysfs_attr(usb, "product"));
}

/* The physical device: of USB, of PCI, or (on a phone's or router's own chip) what the node hangs on. */
static GUdevDevice *read_physical(DeviceModem *modem, GUdevDevice *device)
{
	GUdevDevice *usb = devices_usb_parent(device);
	if (usb) {
		read_usb(modem, device, usb);
		return usb;
	}
	GUdevDevice *pci = g_udev_device_get_parent_with_subsystem(device, "pci", NULL);
	if (pci) {
		modem->vendor_id = read_id(pci, "vendor");
		modem->product_id = read_id(pci, "device");
		return pci;
	}
	GUdevDevice *parent = g_udev_device_get_parent(device);
	return parent ? parent : g_object_ref(device);
}

DeviceModem *devices_modem_read(GUdevDevice *device)
{
	const char *node = g_udev_device_get_device_file(device);
	g_autofree char *driver = find_driver(device);
	ConfigProtocol protocol = find_protocol(device, driver);
	if (!node || protocol == PROTOCOL_AUTO)
		return NULL;
	DeviceModem *modem = g_new0(DeviceModem, 1);
	modem->node = g_strdup(node);
	modem->driver = g_steal_pointer(&driver);
	modem->protocol = protocol;
	g_autoptr(GUdevDevice) physical = read_physical(modem, device);
	const char *uid = g_udev_device_get_property(physical, "ID_MM_PHYSDEV_UID");
	modem->key = g_strdup(g_udev_device_get_sysfs_path(physical));
	modem->uid = g_strdup(uid ? uid : modem->key);
	modem->ignored_by_manager = g_udev_device_get_property_as_boolean(physical, "ID_MM_DEVICE_IGNORE") ||
				    g_udev_device_get_property_as_boolean(device, "ID_MM_DEVICE_IGNORE") ||
				    g_udev_device_get_property_as_boolean(device, "ID_MM_PORT_IGNORE");
	return modem;
}

/* --- all of them --- */

static int compare(gconstpointer left, gconstpointer right)
{
	const DeviceModem *a = *(DeviceModem *const *)left, *b = *(DeviceModem *const *)right;
	gboolean a_is_twin = !g_str_has_prefix(a->node, "/dev/cdc-wdm"), b_is_twin = !g_str_has_prefix(b->node, "/dev/cdc-wdm");
	int order = g_strcmp0(a->key, b->key);
	if (order == 0)
		order = (int)a->protocol - (int)b->protocol;
	if (order == 0)
		order = a_is_twin - b_is_twin;
	if (order == 0)
		order = (int)a->interface - (int)b->interface;
	return order ? order : g_strcmp0(a->node, b->node);
}

GPtrArray *devices_modems_scan(GUdevClient *client)
{
	GPtrArray *modems = g_ptr_array_new_with_free_func((GDestroyNotify)devices_modem_free);
	for (guint i = 0; devices_modem_subsystems[i]; i++) {
		GList *devices = g_udev_client_query_by_subsystem(client, devices_modem_subsystems[i]);
		for (GList *at = devices; at; at = at->next) {
			DeviceModem *modem = devices_modem_read(at->data);
			if (modem)
				g_ptr_array_add(modems, modem);
		}
		g_list_free_full(devices, g_object_unref);
	}
	g_ptr_array_sort(modems, compare);
	for (guint i = 1; i < modems->len; i++) {
		const DeviceModem *before = g_ptr_array_index(modems, i - 1);
		DeviceModem *modem = g_ptr_array_index(modems, i);
		modem->spare = g_str_equal(before->key, modem->key);
	}
	return modems;
}

GPtrArray *devices_list_modems(void)
{
	g_autoptr(GUdevClient) client = g_udev_client_new(NULL);
	return devices_modems_scan(client);
}

gboolean devices_is_same_node(const char *a, const char *b)
{
	struct stat x, y;
	return g_str_equal(a, b) || (stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISCHR(x.st_mode) && S_ISCHR(y.st_mode) &&
				     x.st_rdev == y.st_rdev);
}

DeviceModem *devices_find_modem(const char *path)
{
	g_autoptr(GPtrArray) modems = devices_list_modems();
	for (guint i = 0; i < modems->len; i++) {
		const DeviceModem *modem = g_ptr_array_index(modems, i);
		if (devices_is_same_node(modem->node, path))
			return devices_modem_copy(modem);
	}
	return NULL;
}
