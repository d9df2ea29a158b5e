/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ticker.h"

struct Ticker {
	GSource *source;
	gint64 interval_us;
	gint64 due_us;
	TickerFunc tick;
	gpointer user_data;
};

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
	Ticker *ticker = user_data;
	gint64 late_us = g_get_monotonic_time() - ticker->due_us;
	(void)callback;
	ticker->due_us += (late_us / ticker->interval_us + 1) * ticker->interval_us;
	g_source_set_ready_time(source, ticker->due_us);
	ticker->tick(ticker->user_data);
	return G_SOURCE_CONTINUE;
}

static gboolean do_nothing(gpointer user_data)
{
	(void)user_data;
	return G_SOURCE_CONTINUE;
}

Ticker *ticker_new(guint interval_ms, TickerFunc tick, gpointer user_data)
{
	static GSourceFuncs funcs = {.dispatch = dispatch};
	Ticker *ticker = g_new0(Ticker, 1);
	ticker->interval_us = (gint64)interval_ms * 1000;
	ticker->due_us = g_get_monotonic_time() + ticker->interval_us;
	ticker->tick = tick;
	ticker->user_data = user_data;
	ticker->source = g_source_new(&funcs, sizeof(GSource));
	g_source_set_callback(ticker->source, do_nothing, ticker, NULL);
	g_source_set_ready_time(ticker->source, ticker->due_us);
	g_source_attach(ticker->source, NULL);
	return ticker;
}

void ticker_free(Ticker *ticker)
{
	if (!ticker)
		return;
	g_source_destroy(ticker->source);
	g_source_unref(ticker->source);
	g_free(ticker);
}
