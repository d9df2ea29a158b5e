/* link.h - messages over the pty: bytes in, bytes out, never waiting.
 *
 * What comes in is cut into messages by the protocol's own function; garbage is skipped byte by byte until a message fits
 * again. What goes out is written at once, or kept in a bounded queue while the reader is slow. When the queue is full
 * its oldest messages go (a client that died leaves indications behind that nobody wants, and the answer
 * that a new client waits for is the newest); a message that is already half written is always finished.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Longest message in either direction; real modems announce a control buffer of 4 KiB (wMaxCommand). */
#define SIM_MESSAGE_MAX 4096

typedef enum {
	SIM_CUT_MESSAGE, /* a whole message for the modem */
	SIM_CUT_IGNORED, /* a whole message, but none that a host sends */
	SIM_CUT_PARTIAL, /* so far so good; more bytes are needed */
	SIM_CUT_GARBAGE, /* no message starts here: try one byte further on */
} SimCut;

/* Looks at the start of `data`; for MESSAGE and IGNORED *ret_size is the message's length, at most SIM_MESSAGE_MAX. */
typedef SimCut (*SimCutFunc)(const guint8 *data, gsize length, gsize *ret_size);
typedef void (*SimMessageFunc)(const guint8 *message, gsize size, gpointer user_data);

typedef struct SimLink SimLink;

/* Serves `fd` (borrowed, non-blocking) from the default main context; `func` is called for each message
 * and may send. Nothing is called after sim_link_free(). */
SimLink *sim_link_new(int fd, SimCutFunc cut, SimMessageFunc func, gpointer user_data);
void sim_link_free(SimLink *link);
void sim_link_send(SimLink *link, const guint8 *message, gsize size);
/* While held nothing goes out; at the end all that is in the queue does. */
void sim_link_hold(SimLink *link, gboolean held);
/* Writes no more than `piece` bytes at once, with pauses between; 0 writes whole messages. */
void sim_link_cut_up(SimLink *link, gsize piece, guint pause_ms);

/* Messages thrown away because nobody read them, and bytes skipped because they were no message. */
guint64 sim_link_dropped(const SimLink *link);
guint64 sim_link_skipped(const SimLink *link);
