/* qmi_link.h - frames over the pty: bytes in, bytes out, never waiting.
 *
 * What comes in is cut into frames; garbage is skipped byte by byte until a frame fits again. What goes
 * out is written at once, or kept in a bounded queue while the reader is slow. When the queue is full
 * its oldest frames go (a client that died leaves indications behind that nobody wants, and the answer
 * that a new client waits for is the newest); a frame that is already half written is always finished.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/qmi_mux.h"

typedef struct SimQmiLink SimQmiLink;
typedef void (*SimQmiLinkFunc)(const SimQmiFrame *request, gpointer user_data);

/* Serves `fd` (borrowed, non-blocking) from the default main context; `func` is called for each request
 * and may send. Nothing is called after sim_qmi_link_free(). */
SimQmiLink *sim_qmi_link_new(int fd, SimQmiLinkFunc func, gpointer user_data);
void sim_qmi_link_free(SimQmiLink *link);
void sim_qmi_link_send(SimQmiLink *link, const guint8 *frame, gsize size);

/* Frames thrown away because nobody read them, and bytes skipped because they were no frame. */
guint64 sim_qmi_link_dropped(const SimQmiLink *link);
guint64 sim_qmi_link_skipped(const SimQmiLink *link);
