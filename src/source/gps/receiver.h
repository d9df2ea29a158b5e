/* receiver.h - what every source of positions does with a report, whoever brought it: gpsd, or a modem's own receiver.
 *
 * A fix that is repeated is not given out again; one that was held back keeps its age; "no position" is said once a second at
 * most; and from fresh fixes come the pairs of BOOTTIME and GPS time, each minute and on steps.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source.h"
#include "source/gps/delay.h"

typedef struct {
	Source *source; /* borrowed: whose name the observations get */
	GpsDelay delay;
	GpsFreshness freshness; /* of the fix that was judged last */
	gboolean is_fix;
	gint64 last_pair_ns;   /* BOOTTIME of the last clock pair; 0: none yet */
	gint64 last_offset_ns; /* GPS time - BOOTTIME in it */
	gint64 last_no_fix_ns;
} GpsReceiver;

/* `is_fix`: `o` has a position, taken at *fix_ns (UTC by the receiver). FALSE: nothing new in it, forget it. */
gboolean gps_receiver_judge(GpsReceiver *receiver, Observation *o, gboolean is_fix, gint64 fix_ns);
/* Gives out what was just judged new, and a clock pair where one is due. */
void gps_receiver_observe(GpsReceiver *receiver, Observation *o);
