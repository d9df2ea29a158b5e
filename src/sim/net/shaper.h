/* shaper.h - a line of a given speed and length: packets wait their turn, go at the rate, and arrive after the delay, in order.
 *
 * Pure: the clock is the caller's. A queue that is full drops what comes (tail drop); its cap is flat, whatever is in it. A rate
 * that changes holds for packets that come from then on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef struct SimShaper SimShaper;

SimShaper *sim_shaper_new(double rate_kbps, gint64 delay_us);
void sim_shaper_free(SimShaper *shaper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimShaper, sim_shaper_free)

void sim_shaper_set(SimShaper *shaper, double rate_kbps, gint64 delay_us);
/* Takes the packet. It is later by `extra_us` (jitter; may be negative), but overtakes none. FALSE when it was dropped. */
gboolean sim_shaper_push(SimShaper *shaper, gint64 now_us, GByteArray *packet, gint64 extra_us);
/* The next packet that has arrived by now, owned by the caller; NULL: none. */
GByteArray *sim_shaper_pop(SimShaper *shaper, gint64 now_us);
/* When the next one arrives; G_MAXINT64: none is on its way. */
gint64 sim_shaper_next_us(const SimShaper *shaper);
guint64 sim_shaper_dropped(const SimShaper *shaper);
