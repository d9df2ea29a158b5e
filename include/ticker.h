/* ticker.h - a periodic callback that does not drift.
 *
 * The n-th tick is due at start + n intervals of the monotonic clock. Ticks that could not be delivered in time are
 * skipped, never bunched. Runs in the default main context; nothing is called after ticker_free().
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef struct Ticker Ticker;
typedef void (*TickerFunc)(gpointer user_data);

/* First call one interval from now. */
Ticker *ticker_new(guint interval_ms, TickerFunc tick, gpointer user_data);
void ticker_free(Ticker *ticker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ticker, ticker_free)
