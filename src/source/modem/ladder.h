/* ladder.h - what to do next about a modem that does not do its part.
 *
 * Pure: no modem, no clock, no main loop. modem.c says what went wrong and what means it has; the ladder answers with the next
 * step and how long to wait before it. Each rung costs more than the one below: asking again, new clients on the same port,
 * closing the port and opening it anew, telling the modem to restart (only where the person has allowed that: a restart takes
 * the modem off the network), and at last waiting, with an attempt from time to time, for as long as the run lasts: after an
 * outage modems were seen to need from 1 to 50 minutes (openwrt/packages #23590).
 *
 * A sweep that is answered brings the ladder back to its foot.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

typedef enum {
	LADDER_RETRY,      /* ask again at once */
	LADDER_NEW_CLIENT, /* new client ids on the open port */
	LADDER_REOPEN,
	LADDER_RESET,
	LADDER_WAIT,       /* open it again after the delay, and do not speak of it */
} LadderStep;

typedef enum {
	TROUBLE_SILENT,    /* a sweep had no answer at all before its deadline */
	TROUBLE_FORGOTTEN, /* it does not know our clients */
	TROUBLE_HUNG_UP,   /* the connection to the modem, or to the proxy, broke */
	TROUBLE_NO_OPEN,   /* the port could not be opened, or gave no clients */
	TROUBLE_NO_DEVICE, /* there is no node, or we may not open it: nothing that a reset could cure */
} LadderTrouble;

typedef struct {
	gboolean can_renew; /* the protocol has client ids */
	gboolean can_reset; /* and may */
} LadderMeans;

typedef struct {
	guint silent;     /* sweeps without an answer, in a row */
	guint renewals;   /* since the last good sweep, as are the next two */
	guint reopenings;
	gboolean reset;
	gboolean ever_reset;
	gint64 last_reset_ms; /* on the clock of `now_ms` below */
} Ladder;

/* Two resets are never closer than this, even when the modem works in between. */
#define LADDER_RESET_GAP_MS (10 * 60 * 1000)

/* *ret_delay_ms: how long to wait before the step. `now_ms` is of any clock that never steps. */
LadderStep ladder_next(Ladder *ladder, LadderTrouble trouble, const LadderMeans *means, gint64 now_ms, guint *ret_delay_ms);
/* A sweep was answered. */
void ladder_good(Ladder *ladder);
