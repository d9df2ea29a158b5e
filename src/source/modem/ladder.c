/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/ladder.h"

#define SILENT_MAX     2 /* sweeps */
#define RENEWALS_MAX   1
#define REOPENINGS_MAX 3
#define WAIT_MS        10000
#define NO_DEVICE_MS   500 /* looking for a node costs nothing, and a modem that was plugged in again is wanted soon */

/* Beyond the second reopening the modem is likely to be starting up: hammering on it makes that longer. */
static const guint reopen_delay_ms[REOPENINGS_MAX] = {0, 1000, 2000};

static LadderStep reopen(Ladder *ladder, const LadderMeans *means, gint64 now_ms, guint *ret_delay_ms)
{
	if (ladder->reopenings < REOPENINGS_MAX) {
		*ret_delay_ms = reopen_delay_ms[ladder->reopenings++];
		return LADDER_REOPEN;
	}
	const gboolean too_soon = ladder->ever_reset && now_ms - ladder->last_reset_ms < LADDER_RESET_GAP_MS;
	if (!means->can_reset || ladder->reset || too_soon) {
		*ret_delay_ms = WAIT_MS;
		return LADDER_WAIT;
	}
	ladder->reset = ladder->ever_reset = TRUE;
	ladder->last_reset_ms = now_ms;
	*ret_delay_ms = 0;
	return LADDER_RESET;
}

LadderStep ladder_next(Ladder *ladder, LadderTrouble trouble, const LadderMeans *means, gint64 now_ms, guint *ret_delay_ms)
{
	*ret_delay_ms = 0;
	switch (trouble) {
	case TROUBLE_SILENT:
		if (++ladder->silent < SILENT_MAX)
			return LADDER_RETRY;
		ladder->silent = 0;
		return reopen(ladder, means, now_ms, ret_delay_ms);
	case TROUBLE_FORGOTTEN:
		if (means->can_renew && ladder->renewals++ < RENEWALS_MAX)
			return LADDER_NEW_CLIENT;
		return reopen(ladder, means, now_ms, ret_delay_ms);
	case TROUBLE_HUNG_UP:
	case TROUBLE_NO_OPEN:
		return reopen(ladder, means, now_ms, ret_delay_ms);
	case TROUBLE_NO_DEVICE:
		/* What was tried on the modem that went away says nothing about the one that comes. */
		ladder->silent = ladder->renewals = ladder->reopenings = 0;
		*ret_delay_ms = NO_DEVICE_MS;
		return LADDER_WAIT;
	}
	return LADDER_WAIT;
}

void ladder_good(Ladder *ladder)
{
	ladder->silent = ladder->renewals = ladder->reopenings = 0;
	ladder->reset = FALSE;
}
