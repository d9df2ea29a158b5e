/* GNSS receivers: what gpsd has, and what could be given to it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/modems.h"

#include <gps.h>

#define GPSD_WAIT_US (2 * G_USEC_PER_SEC)

/* USB ids that are a receiver's own, as gpsd's udev rules have them. Serial adapters that anything may hang on (PL2303,
 * FT232, CP210x) are left out: gpsd knows them once it was told. */
static const struct {
	const char *vendor_id, *product_id; /* product NULL: all of them */
} receiver_ids[] = {
	{"1546", NULL},   /* u-blox */
	{"0e8d", "3329"}, /* MediaTek */
	{"091e", "0003"}, /* Garmin */
	{"1163", "0100"}, /* DeLorme */
	{"1163", "0200"},
	{"067b", "aaa0"}, /* PS-360 */
	{"0557", "2008"}, /* ATEN UC-232A, sold with receivers */
};

static void receiver_free(gpointer data)
{
	DeviceReceiver *receiver = data;
	g_free(receiver->node);
	g_free(receiver->vendor_id);
	g_free(receiver->product_id);
	g_free(receiver->product);
	g_free(receiver->driver);
	g_free(receiver);
}

static gboolean is_receiver(const char *vendor_id, const char *product_id)
{
	for (guint i = 0; i < G_N_ELEMENTS(receiver_ids); i++)
		if (!g_strcmp0(vendor_id, receiver_ids[i].vendor_id) &&
		    (!receiver_ids[i].product_id || !g_strcmp0(product_id, receiver_ids[i].product_id)))
			return TRUE;
	return FALSE;
}

/* The one of that node, whatever name it goes by; a new one where there is none. */
static DeviceReceiver *take(GPtrArray *receivers, const char *node)
{
	for (guint i = 0; i < receivers->len; i++) {
		DeviceReceiver *receiver = g_ptr_array_index(receivers, i);
		if (devices_is_same_node(receiver->node, node))
			return receiver;
	}
	DeviceReceiver *receiver = g_new0(DeviceReceiver, 1);
	receiver->node = g_strdup(node);
	g_ptr_array_add(receivers, receiver);
	return receiver;
}

static void add_serial(GPtrArray *receivers, GUdevDevice *tty)
{
	const char *node = g_udev_device_get_device_file(tty);
	g_autoptr(GUdevDevice) usb = devices_usb_parent(tty);
	if (!node || !usb)
		return;
	g_autofree char *vendor_id = devices_tidy(g_udev_device_get_sysfs_attr(usb, "idVendor"));
	g_autofree char *product_id = devices_tidy(g_udev_device_get_sysfs_attr(usb, "idProduct"));
	if (!is_receiver(vendor_id, product_id))
		return;
	DeviceReceiver *receiver = take(receivers, node);
	receiver->vendor_id = g_steal_pointer(&vendor_id);
	receiver->product_id = g_steal_pointer(&product_id);
	receiver->product = devices_tidy(g_udev_device_get_sysfs_attr(usb, "product"));
}

static void add_all_serial(GPtrArray *receivers)
{
	g_autoptr(GUdevClient) client = g_udev_client_new(NULL);
	GList *ttys = g_udev_client_query_by_subsystem(client, "tty");
	for (GList *at = ttys; at; at = at->next)
		add_serial(receivers, at->data);
	g_list_free_full(ttys, g_object_unref);
}

/* Names that a person or a rule gave: /dev/gps0. Those of pulse per second (gpspps0) are no receivers. */
static void add_named(GPtrArray *receivers)
{
	g_autoptr(GDir) dev = g_dir_open("/dev", 0, NULL);
	const char *name;
	while (dev && (name = g_dir_read_name(dev))) {
		if (!g_str_has_prefix(name, "gps") || (name[3] && !g_ascii_isdigit(name[3])))
			continue;
		g_autofree char *node = g_build_filename("/dev", name, NULL);
		take(receivers, node);
	}
}

static void add_from_gpsd(GPtrArray *receivers, const char *port)
{
	struct gps_data_t data = {0};
	gint64 deadline_us = g_get_monotonic_time() + GPSD_WAIT_US;
	if (gps_open("localhost", port, &data) != 0)
		return;
	gps_send(&data, "?DEVICES;\r\n");
	data.devices.ndevices = 0;
	gint64 left_us;
	while ((left_us = deadline_us - g_get_monotonic_time()) > 0 && gps_waiting(&data, (int)left_us) &&
	       gps_read(&data, NULL, 0) >= 0 && !(data.set & DEVICELIST_SET))
		;
	for (int i = 0; (data.set & DEVICELIST_SET) && i < data.devices.ndevices; i++) {
		DeviceReceiver *receiver = take(receivers, data.devices.list[i].path);
		receiver->in_gpsd = TRUE;
		receiver->driver = devices_tidy(data.devices.list[i].driver);
	}
	gps_close(&data);
}

GPtrArray *devices_list_receivers(const char *gpsd_port)
{
	GPtrArray *receivers = g_ptr_array_new_with_free_func(receiver_free);
	add_all_serial(receivers);
	add_named(receivers);
	if (gpsd_port)
		add_from_gpsd(receivers, gpsd_port);
	return receivers;
}
