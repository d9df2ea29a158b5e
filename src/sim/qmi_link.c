/* qmi_link.c - see qmi_link.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi_link.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#define QUEUE_MAX (32 * 1024) /* bytes waiting for a reader, over and above what the pty itself holds */

struct SimQmiLink {
	int fd;
	SimQmiLinkFunc func;
	gpointer user_data;
	guint in_watch, out_watch; /* source ids, 0: none */

	guint8 in[2 * SIM_QMI_FRAME_MAX];
	gsize in_length;

	GQueue out; /* of GBytes, one frame each */
	gsize out_bytes;
	gsize out_written; /* of the first frame */
	guint64 dropped, skipped;
};

/* Hands the frames at the start of the buffer on; what may still become one stays. */
static void take_frames(SimQmiLink *link)
{
	gsize at = 0;
	while (at < link->in_length) {
		SimQmiFrame frame;
		gsize size = 1;
		SimQmiParse parse = sim_qmi_frame_parse(link->in + at, link->in_length - at, &frame, &size);
		if (parse == SIM_QMI_PARSE_PARTIAL)
			break;
		if (parse == SIM_QMI_PARSE_REQUEST)
			link->func(&frame, link->user_data);
		else if (parse == SIM_QMI_PARSE_GARBAGE)
			link->skipped++;
		at += size;
	}
	link->in_length -= at;
	memmove(link->in, link->in + at, link->in_length);
}

/* Clients write a frame in one go, and over USB it is one transfer. So when new bytes are a whole request by themselves,
 * an unfinished frame before them was the last of a client that died, and must not swallow them. */
static void drop_stale_start(SimQmiLink *link, gsize n_new)
{
	SimQmiFrame frame;
	gsize size;
	if (link->in_length == 0 ||
	    sim_qmi_frame_parse(link->in + link->in_length, n_new, &frame, &size) != SIM_QMI_PARSE_REQUEST)
		return;
	memmove(link->in, link->in + link->in_length, n_new);
	link->skipped += link->in_length;
	link->in_length = 0;
}

static gboolean on_readable(int fd, GIOCondition condition, gpointer user_data)
{
	SimQmiLink *link = user_data;
	/* A partial frame is at most half the buffer, so there is always room. */
	ssize_t n = read(fd, link->in + link->in_length, sizeof link->in - link->in_length);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (n <= 0 || (condition & G_IO_NVAL)) {
		link->in_watch = 0;
		return G_SOURCE_REMOVE;
	}
	drop_stale_start(link, (gsize)n);
	link->in_length += (gsize)n;
	take_frames(link);
	return G_SOURCE_CONTINUE;
}

/* Writes as much of the queue as the pty takes; TRUE when all of it went. */
static gboolean flush_queue(SimQmiLink *link)
{
	GBytes *frame;
	while ((frame = g_queue_peek_head(&link->out))) {
		gsize size;
		const guint8 *data = g_bytes_get_data(frame, &size);
		ssize_t n = write(link->fd, data + link->out_written, size - link->out_written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		link->out_written += (gsize)n;
		if (link->out_written < size)
			continue;
		link->out_written = 0;
		link->out_bytes -= size;
		g_bytes_unref(g_queue_pop_head(&link->out));
	}
	return TRUE;
}

static gboolean on_writable(G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
	SimQmiLink *link = user_data;
	if (!flush_queue(link))
		return G_SOURCE_CONTINUE;
	link->out_watch = 0;
	return G_SOURCE_REMOVE;
}

/* Makes room for `size` bytes by dropping the oldest frames, but not one that is half written. */
static void make_room(SimQmiLink *link, gsize size)
{
	guint first = link->out_written > 0 ? 1 : 0;
	while (link->out_bytes + size > QUEUE_MAX && g_queue_get_length(&link->out) > first) {
		GBytes *oldest = g_queue_pop_nth(&link->out, first);
		link->out_bytes -= g_bytes_get_size(oldest);
		g_bytes_unref(oldest);
		link->dropped++;
	}
}

void sim_qmi_link_send(SimQmiLink *link, const guint8 *frame, gsize size)
{
	make_room(link, size);
	g_queue_push_tail(&link->out, g_bytes_new(frame, size));
	link->out_bytes += size;
	if (!flush_queue(link) && link->out_watch == 0)
		link->out_watch = g_unix_fd_add(link->fd, G_IO_OUT, on_writable, link);
}

SimQmiLink *sim_qmi_link_new(int fd, SimQmiLinkFunc func, gpointer user_data)
{
	SimQmiLink *link = g_new0(SimQmiLink, 1);
	link->fd = fd;
	link->func = func;
	link->user_data = user_data;
	g_queue_init(&link->out);
	link->in_watch = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, link);
	return link;
}

void sim_qmi_link_free(SimQmiLink *link)
{
	if (!link)
		return;
	if (link->in_watch)
		g_source_remove(link->in_watch);
	if (link->out_watch)
		g_source_remove(link->out_watch);
	g_queue_clear_full(&link->out, (GDestroyNotify)g_bytes_unref);
	g_free(link);
}

guint64 sim_qmi_link_dropped(const SimQmiLink *link)
{
	return link->dropped;
}

guint64 sim_qmi_link_skipped(const SimQmiLink *link)
{
	return link->skipped;
}
