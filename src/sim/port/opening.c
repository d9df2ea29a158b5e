/* opening.c - see opening.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/opening.h"

#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

struct SimOpening {
	int fd;
	guint watch;
	void (*func)(gpointer user_data);
	gpointer user_data;
};

static gboolean on_event(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
	SimOpening *opening = user_data;
	char events[4096];
	if (read(fd, events, sizeof events) > 0)
		opening->func(opening->user_data);
	return G_SOURCE_CONTINUE;
}

SimOpening *sim_opening_watch(const char *path, void (*func)(gpointer user_data), gpointer user_data)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (inotify_add_watch(fd, path, IN_OPEN) < 0) {
		close(fd);
		return NULL;
	}
	SimOpening *opening = g_new0(SimOpening, 1);
	opening->fd = fd;
	opening->func = func;
	opening->user_data = user_data;
	/* Before what the opener writes next is read. */
	opening->watch = g_unix_fd_add_full(G_PRIORITY_HIGH, fd, G_IO_IN, on_event, opening, NULL);
	return opening;
}

void sim_opening_free(SimOpening *opening)
{
	if (!opening)
		return;
	g_source_remove(opening->watch);
	close(opening->fd);
	g_free(opening);
}
