/* gps.c - see gps.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/gps.h"

#include "sim/port/pty.h"

#include <glib-unix.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* A terminal's queue holds 4 KiB; a reader that is alive never leaves half of it unread. */
#define STALE_BYTES 2048

struct SimGps {
	int master, slave;
	char *path;
	guint watch;
	GString *text;
};

/* gpsd probes receivers by writing to them; unread, that would fill the queue. */
static gboolean drop_input(gint fd, GIOCondition condition, gpointer user_data)
{
	char bytes[512];
	(void)condition;
	(void)user_data;
	while (read(fd, bytes, sizeof bytes) > 0)
		;
	return G_SOURCE_CONTINUE;
}

SimGps *sim_gps_new(GError **error)
{
	g_autoptr(SimGps) gps = g_new0(SimGps, 1);
	gps->master = gps->slave = -1;
	if (!sim_pty_open(&gps->master, &gps->slave, &gps->path, error))
		return NULL;
	gps->text = g_string_new(NULL);
	gps->watch = g_unix_fd_add(gps->master, G_IO_IN, drop_input, NULL);
	return g_steal_pointer(&gps);
}

void sim_gps_free(SimGps *gps)
{
	if (!gps)
		return;
	if (gps->watch)
		g_source_remove(gps->watch);
	if (gps->master >= 0)
		close(gps->master);
	if (gps->slave >= 0)
		close(gps->slave);
	if (gps->text)
		g_string_free(gps->text, TRUE);
	g_free(gps->path);
	g_free(gps);
}

const char *sim_gps_path(const SimGps *gps)
{
	return gps->path;
}

void sim_gps_emit(SimGps *gps, const SimEpoch *epoch)
{
	int unread = 0;
	if (ioctl(gps->slave, FIONREAD, &unread) == 0 && unread > STALE_BYTES)
		tcflush(gps->slave, TCIFLUSH);
	g_string_truncate(gps->text, 0);
	sim_nmea_format(epoch, gps->text);
	/* A short write loses the rest of an epoch, as an overrun of a serial line does: its checksum tells. */
	if (write(gps->master, gps->text->str, gps->text->len) < 0)
		g_debug("a receiver's line takes nothing now");
}
