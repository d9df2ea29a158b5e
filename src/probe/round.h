/* round.h - one round over the session: the ladder of tests, in order, within a budget of bytes.
 *
 *   ip        all at once; each family that the session has
 *   dns       all names at once. Where nothing at all answered until here, the round ends.
 *   portal    then one after the other; of each kind first the controls, then the targets, then, where a target failed, the controls
 *   web       again, so that it is known whether they work at that time. Controls over each family, targets over IPv4 where they have
 *   sni       it. A web target that failed at an address that only the operator's resolver knows is tried at a known resolver's too.
 *   vpn
 *   quic      where libcurl can
 *   rate
 *
 * A check is begun only if the most that it can take (target_cap()) fits into what is left of the budget, by the interface's own
 * counters; others, which take less, may still follow. One that is under way when the budget, or the round's time, is used up is cut:
 * "interrupted", and so is the round's own observation whenever not everything was tried. Which target comes first moves on with the
 * round's number, so that each has its turn when the time is short.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/session.h"
#include "targets.h"

#define ROUND_TOTAL_S 120

typedef struct {
	guint32 number, attempt; /* attempt 0: not ours */
	guint64 budget;          /* bytes, both ways */
} RoundWish;

typedef enum { ROUND_DONE, ROUND_INTERRUPTED, ROUND_INTERFACE_GONE } RoundEnd;

typedef void (*RoundSay)(const Observation *o, gpointer user_data);
/* Called once, from the main loop, after the last observation; may free the round. */
typedef void (*RoundDone)(RoundEnd end, gpointer user_data);

typedef struct Round Round;
/* session, targets and trust (PEM text or NULL) are borrowed and have to outlive it. */
Round *round_start(const Session *session, const Targets *targets, const char *trust, const RoundWish *wish, RoundSay say,
		   RoundDone done, gpointer user_data);
/* Ends it now: what runs is told as interrupted, then the sum, then `done`. */
void round_cut(Round *round);
void round_free(Round *round);
