/* shaper.c - see shaper.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/shaper.h"

/* What waits for the line: half a second of it, within these bounds, so that a slow one still takes a window of TCP and a fast one
 * does not fill the memory. And all that is inside, waiting or on its way. */
#define QUEUE_S 0.5
#define MIN_QUEUE_BYTES 16384
#define MAX_QUEUE_BYTES (1 << 20)
#define MAX_BYTES (8 << 20)

typedef struct {
	GByteArray *packet;
	gint64 due_us;
} Waiting;

struct SimShaper {
	double bytes_per_us;
	gint64 delay_us;
	double free_at_us; /* the line is busy until then */
	GQueue queue; /* of Waiting */
	gsize bytes;
	guint64 dropped;
};

SimShaper *sim_shaper_new(double rate_kbps, gint64 delay_us)
{
	SimShaper *shaper = g_new0(SimShaper, 1);
	g_queue_init(&shaper->queue);
	sim_shaper_set(shaper, rate_kbps, delay_us);
	return shaper;
}

void sim_shaper_free(SimShaper *shaper)
{
	if (!shaper)
		return;
	for (GByteArray *packet; (packet = sim_shaper_pop(shaper, G_MAXINT64)) != NULL;)
		g_byte_array_unref(packet);
	g_free(shaper);
}

void sim_shaper_set(SimShaper *shaper, double rate_kbps, gint64 delay_us)
{
	shaper->bytes_per_us = rate_kbps / 8000;
	shaper->delay_us = delay_us;
}

static gboolean is_full(const SimShaper *shaper, gint64 now_us, gsize size)
{
	double waiting = (shaper->free_at_us - (double)now_us) * shaper->bytes_per_us;
	double room = CLAMP(shaper->bytes_per_us * QUEUE_S * G_USEC_PER_SEC, MIN_QUEUE_BYTES, MAX_QUEUE_BYTES);
	return waiting + (double)size > room || shaper->bytes + size > MAX_BYTES;
}

gboolean sim_shaper_push(SimShaper *shaper, gint64 now_us, GByteArray *packet, gint64 extra_us)
{
	if (is_full(shaper, now_us, packet->len)) {
		shaper->dropped++;
		g_byte_array_unref(packet);
		return FALSE;
	}
	shaper->free_at_us = MAX(shaper->free_at_us, (double)now_us) + packet->len / shaper->bytes_per_us;
	gint64 due_us = (gint64)shaper->free_at_us + MAX(shaper->delay_us + extra_us, 0);
	Waiting *waiting = g_new(Waiting, 1);
	*waiting = (Waiting){.packet = packet, .due_us = due_us};
	g_queue_push_tail(&shaper->queue, waiting);
	shaper->bytes += packet->len;
	return TRUE;
}

GByteArray *sim_shaper_pop(SimShaper *shaper, gint64 now_us)
{
	if (sim_shaper_next_us(shaper) > now_us || g_queue_is_empty(&shaper->queue))
		return NULL;
	g_autofree Waiting *waiting = g_queue_pop_head(&shaper->queue);
	shaper->bytes -= waiting->packet->len;
	return waiting->packet;
}

gint64 sim_shaper_next_us(const SimShaper *shaper)
{
	const Waiting *waiting = g_queue_peek_head((GQueue *)&shaper->queue);
	return waiting ? waiting->due_us : G_MAXINT64;
}

guint64 sim_shaper_dropped(const SimShaper *shaper)
{
	return shaper->dropped;
}
