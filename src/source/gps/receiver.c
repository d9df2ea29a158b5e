/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/gps/receiver.h"

#define CLOCK_PAIR_S   60
#define CLOCK_ERROR_MS 1000 /* from the instant of the fix to its report's arrival: serial line, receiver, gpsd */
#define CLOCK_STEP_NS  NS_PER_S
#define NO_FIX_GAP_NS  (NS_PER_S * 9 / 10)

static void observe_clock(GpsReceiver *r, gint64 arrival_ns, gint64 fix_ns)
{
	gint64 offset_ns = fix_ns - arrival_ns;
	gint64 moved_ns = ABS(offset_ns - r->last_offset_ns);
	ClockPairReason reason = CLOCK_PAIR_PERIODIC;
	if (r->last_pair_ns == 0)
		reason = CLOCK_PAIR_FIRST;
	else if (moved_ns > CLOCK_STEP_NS)
		reason = CLOCK_PAIR_STEP;
	else if (arrival_ns - r->last_pair_ns < CLOCK_PAIR_S * NS_PER_S)
		return;
	Observation o;
	observation_init(&o, OBSERVATION_CLOCK, r->source->name);
	o.at.boottime_ns = arrival_ns;
	CLOCK_SET(&o, gps_time_ns, fix_ns);
	CLOCK_SET(&o, error_ms, CLOCK_ERROR_MS);
	CLOCK_SET(&o, reason, (guint8)reason);
	r->last_pair_ns = arrival_ns;
	r->last_offset_ns = offset_ns;
	r->source->host->observe(r->source->host, &o);
}

gboolean gps_receiver_judge(GpsReceiver *r, Observation *o, gboolean is_fix, gint64 fix_ns)
{
	guint32 age_ms;
	r->is_fix = is_fix;
	if (!is_fix)
		return TRUE;
	r->freshness = gps_delay_judge(&r->delay, o->at.boottime_ns, fix_ns, &age_ms);
	if (r->freshness == GPS_FIX_REPEAT)
		return FALSE;
	FIX_SET(o, age_ms, age_ms);
	return TRUE;
}

void gps_receiver_observe(GpsReceiver *r, Observation *o)
{
	if (!r->is_fix) {
		/* "No position" once a second is enough, however often it is said. */
		if (o->at.boottime_ns - r->last_no_fix_ns < NO_FIX_GAP_NS)
			return;
		r->last_no_fix_ns = o->at.boottime_ns;
	}
	r->source->host->observe(r->source->host, o);
	if (r->is_fix && FIX_HAS(o, time_ns) && r->freshness != GPS_FIX_LATE && o->fix.age_ms < CLOCK_ERROR_MS / 2)
		observe_clock(r, o->at.boottime_ns, o->fix.time_ns);
}
