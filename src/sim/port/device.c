/* device.c - see device.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/device.h"

#include "sim/port/pty.h"

#include <unistd.h>

struct SimDevice {
	int master_fd, slave_fd;
	char *path;
	SimLink *link;
	SimEngine *engine;
};

static void on_message(const guint8 *message, gsize size, gpointer user_data)
{
	SimDevice *device = user_data;
	device->engine->class->receive(device->engine, message, size);
}

static void send_message(const guint8 *message, gsize size, gpointer user_data)
{
	sim_link_send(((SimDevice *)user_data)->link, message, size);
}

SimDevice *sim_device_new(const SimEngineClass *class, const SimModemInfo *info, GError **error)
{
	int master, slave;
	char *path;
	if (!sim_pty_open(&master, &slave, &path, error))
		return NULL;
	SimDevice *device = g_new0(SimDevice, 1);
	device->master_fd = master;
	device->slave_fd = slave;
	device->path = path;
	device->link = sim_link_new(master, class->cut, on_message, device);
	device->engine = class->new(info, send_message, device);
	return device;
}

void sim_device_free(SimDevice *device)
{
	if (!device)
		return;
	sim_link_free(device->link);
	device->engine->class->free(device->engine);
	close(device->master_fd);
	close(device->slave_fd);
	g_free(device->path);
	g_free(device);
}

const char *sim_device_path(const SimDevice *device)
{
	return device->path;
}

void sim_device_update(SimDevice *device, const SimModemState *state)
{
	device->engine->class->update(device->engine, state);
}

guint sim_device_client_count(const SimDevice *device)
{
	return device->engine->class->clients(device->engine);
}

guint64 sim_device_dropped_count(const SimDevice *device)
{
	return sim_link_dropped(device->link);
}

guint64 sim_device_garbage_count(const SimDevice *device)
{
	return sim_link_skipped(device->link);
}
