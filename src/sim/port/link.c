/* link.c - see link.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/link.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#define QUEUE_MAX (32 * 1024) /* bytes waiting for a reader, over and above what the pty itself holds */

struct SimLink {
	int fd;
	SimCutFunc cut;
	SimMessageFunc func;
	gpointer user_data;
	guint in_watch, out_watch, out_pause; /* source ids, 0: none */
	gboolean held;
	gsize piece; /* 0: whole messages */
	guint pause_ms;

	guint8 in[2 * SIM_MESSAGE_MAX];
	gsize in_length;

	GQueue out; /* of GBytes, one message each */
	gsize out_bytes;
	gsize out_written; /* of the first */
	guint64 dropped, skipped;
};

/* Hands the messages at the start of the buffer on; what may still become one stays. */
static void take_frames(SimLink *link)
{
	gsize at = 0;
	while (at < link->in_length) {
		gsize size = 1;
		SimCut cut = link->cut(link->in + at, link->in_length - at, &size);
		if (cut == SIM_CUT_PARTIAL)
			break;
		if (cut == SIM_CUT_MESSAGE)
			link->func(link->in + at, size, link->user_data);
		else if (cut == SIM_CUT_GARBAGE)
			link->skipped++;
		at += size;
	}
	link->in_length -= at;
	memmove(link->in, link->in + at, link->in_length);
}

/* Clients write a message in one go, and over USB it is one transfer. So when new bytes are a whole message by themselves,
 * an unfinished one before them was the last of a client that died, and must not swallow them. */
static void drop_stale_start(SimLink *link, gsize n_new)
{
	gsize size;
	if (link->in_length == 0 || link->cut(link->in + link->in_length, n_new, &size) != SIM_CUT_MESSAGE)
		return;
	memmove(link->in, link->in + link->in_length, n_new);
	link->skipped += link->in_length;
	link->in_length = 0;
}

static gboolean on_readable(int fd, GIOCondition condition, gpointer user_data)
{
	SimLink *link = user_data;
	/* A partial message is at most half the buffer, so there is always room. */
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

static void push_out(SimLink *link);

static gboolean on_pause_over(gpointer user_data)
{
	SimLink *link = user_data;
	link->out_pause = 0;
	push_out(link);
	return G_SOURCE_REMOVE;
}

/* Writes as much of the queue as it may and the pty takes; TRUE when the pty need not be watched for more. */
static gboolean flush_queue(SimLink *link)
{
	GBytes *message;
	while (!link->held && link->out_pause == 0 && (message = g_queue_peek_head(&link->out))) {
		gsize size;
		const guint8 *data = g_bytes_get_data(message, &size);
		gsize left = size - link->out_written;
		ssize_t n = write(link->fd, data + link->out_written, link->piece > 0 ? MIN(link->piece, left) : left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		link->out_written += (gsize)n;
		if (link->piece > 0)
			link->out_pause = g_timeout_add(link->pause_ms, on_pause_over, link);
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
	SimLink *link = user_data;
	if (!flush_queue(link))
		return G_SOURCE_CONTINUE;
	link->out_watch = 0;
	return G_SOURCE_REMOVE;
}

static void push_out(SimLink *link)
{
	if (!flush_queue(link) && link->out_watch == 0)
		link->out_watch = g_unix_fd_add(link->fd, G_IO_OUT, on_writable, link);
}

void sim_link_hold(SimLink *link, gboolean held)
{
	link->held = held;
	push_out(link);
}

void sim_link_cut_up(SimLink *link, gsize piece, guint pause_ms)
{
	link->piece = piece;
	link->pause_ms = pause_ms;
}

/* Makes room for `size` bytes by dropping the oldest messages, but not one that is half written. */
static void make_room(SimLink *link, gsize size)
{
	guint first = link->out_written > 0 ? 1 : 0;
	while (link->out_bytes + size > QUEUE_MAX && g_queue_get_length(&link->out) > first) {
		GBytes *oldest = g_queue_pop_nth(&link->out, first);
		link->out_bytes -= g_bytes_get_size(oldest);
		g_bytes_unref(oldest);
		link->dropped++;
	}
}

void sim_link_send(SimLink *link, const guint8 *message, gsize size)
{
	make_room(link, size);
	g_queue_push_tail(&link->out, g_bytes_new(message, size));
	link->out_bytes += size;
	push_out(link);
}

SimLink *sim_link_new(int fd, SimCutFunc cut, SimMessageFunc func, gpointer user_data)
{
	SimLink *link = g_new0(SimLink, 1);
	link->fd = fd;
	link->cut = cut;
	link->func = func;
	link->user_data = user_data;
	g_queue_init(&link->out);
	link->in_watch = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, link);
	return link;
}

void sim_link_free(SimLink *link)
{
	if (!link)
		return;
	if (link->in_watch)
		g_source_remove(link->in_watch);
	if (link->out_watch)
		g_source_remove(link->out_watch);
	if (link->out_pause)
		g_source_remove(link->out_pause);
	g_queue_clear_full(&link->out, (GDestroyNotify)g_bytes_unref);
	g_free(link);
}

guint64 sim_link_dropped(const SimLink *link)
{
	return link->dropped;
}

guint64 sim_link_skipped(const SimLink *link)
{
	return link->skipped;
}
