/* See channel.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/channel.h"

#include "probe.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#define MAX_LINE 16384

struct Channel {
	int in, out;
	ChannelCalls calls;
	gpointer user_data;
	GString *line;    /* what has come of a request */
	gboolean flooded; /* it is too long: passed over up to its end */
	GByteArray *queue; /* frames that the reader has not taken yet */
	guint reading, writing;
	gboolean ended;
};

static void end(Channel *c)
{
	if (c->ended)
		return;
	c->ended = TRUE;
	g_clear_handle_id(&c->reading, g_source_remove);
	g_clear_handle_id(&c->writing, g_source_remove);
	c->calls.end(c->user_data);
}

/* --- requests --- */

static void take_line(Channel *c)
{
	g_autoptr(GError) error = NULL;
	if (!c->flooded && !g_utf8_validate(c->line->str, (gssize)c->line->len, NULL)) {
		c->calls.refuse("the request is not text in UTF-8", c->user_data);
		return;
	}
	g_autoptr(GVariant) request = c->flooded ? NULL : g_variant_parse(G_VARIANT_TYPE_VARDICT, c->line->str, NULL, NULL, &error);
	if (request)
		c->calls.take(request, c->user_data);
	else
		c->calls.refuse(error ? error->message : "the request is too long", c->user_data);
}

static void take_bytes(Channel *c, const char *bytes, gsize n)
{
	for (gsize i = 0; i < n && !c->ended; i++) {
		if (bytes[i] != '\n') {
			c->flooded |= c->line->len >= MAX_LINE;
			if (!c->flooded)
				g_string_append_c(c->line, bytes[i]);
			continue;
		}
		take_line(c);
		g_string_truncate(c->line, 0);
		c->flooded = FALSE;
	}
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
	Channel *c = data;
	char bytes[4096];
	(void)condition;
	const gssize n = read(fd, bytes, sizeof bytes);
	if (n > 0)
		take_bytes(c, bytes, (gsize)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		end(c);
	return G_SOURCE_CONTINUE; /* end() took the source away where it is over */
}

/* --- frames --- */

static gboolean on_writable(gint fd, GIOCondition condition, gpointer data)
{
	Channel *c = data;
	(void)condition;
	const gssize n = write(fd, c->queue->data, c->queue->len);
	if (n > 0)
		g_byte_array_remove_range(c->queue, 0, (guint)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		end(c);
	if (c->queue->len > 0)
		return G_SOURCE_CONTINUE;
	c->writing = 0;
	return G_SOURCE_REMOVE;
}

static void say(Channel *c, char type, const void *payload, gsize length)
{
	guint8 head[PROBE_HEAD_SIZE];
	ByteWriter w = byte_writer_init(head, sizeof head);
	if (c->ended || length > PROBE_PAYLOAD_MAX)
		return;
	byte_writer_u8(&w, (guint8)type);
	byte_writer_u32(&w, (guint32)length);
	g_byte_array_append(c->queue, head, sizeof head);
	g_byte_array_append(c->queue, payload, (guint)length);
	if (!c->writing)
		c->writing = g_unix_fd_add(c->out, G_IO_OUT | G_IO_ERR | G_IO_HUP, on_writable, c);
}

void channel_say_observation(Channel *c, const Observation *o)
{
	guint8 payload[OBSERVATION_MAX_CODED];
	ByteWriter w = byte_writer_init(payload, sizeof payload);
	observation_encode(o, &w);
	if (!w.failed)
		say(c, PROBE_OBSERVATION, payload, w.length);
}

void channel_say_done(Channel *c, GVariant *answer)
{
	g_autofree char *text = g_variant_print(answer, TRUE);
	say(c, PROBE_DONE, text, strlen(text));
}

Channel *channel_new(int in, int out, const ChannelCalls *calls, gpointer user_data)
{
	Channel *c = g_new0(Channel, 1);
	c->in = in;
	c->out = out;
	c->calls = *calls;
	c->user_data = user_data;
	c->line = g_string_new(NULL);
	c->queue = g_byte_array_new();
	g_unix_set_fd_nonblocking(in, TRUE, NULL);
	g_unix_set_fd_nonblocking(out, TRUE, NULL);
	c->reading = g_unix_fd_add(in, G_IO_IN | G_IO_ERR | G_IO_HUP, on_readable, c);
	return c;
}

void channel_free(Channel *c)
{
	if (!c)
		return;
	g_clear_handle_id(&c->reading, g_source_remove);
	g_clear_handle_id(&c->writing, g_source_remove);
	g_string_free(c->line, TRUE);
	g_byte_array_unref(c->queue);
	g_free(c);
}
