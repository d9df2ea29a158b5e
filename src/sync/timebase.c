/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sync/timebase.h"

/* Rounded up: an error is never told smaller than it is. */
static gint64 drift_ms(gint64 elapsed_ms)
{
	return (elapsed_ms * TIMEBASE_DRIFT_PPM + 999999) / 1000000;
}

static void extrapolate(const TimeKnot *knot, gint64 boottime_ms, gint64 *ret_utc_ms, gint64 *ret_error_ms)
{
	const gint64 elapsed = boottime_ms - knot->boottime_ms;
	*ret_utc_ms = knot->utc_ms + elapsed;
	*ret_error_ms = knot->error_ms + drift_ms(ABS(elapsed));
}

void timebase_at(const TimeKnot *before, const TimeKnot *after, gint64 boottime_ms, gint64 *ret_utc_ms, gint64 *ret_error_ms)
{
	if (!before || !after || after->boottime_ms <= before->boottime_ms) {
		extrapolate(before ? before : after, boottime_ms, ret_utc_ms, ret_error_ms);
		return;
	}
	const gint64 gap = after->boottime_ms - before->boottime_ms;
	const gint64 since = boottime_ms - before->boottime_ms, until = gap - since;
	const double slip = (double)((after->utc_ms - before->utc_ms) - gap);
	const double share = (double)since / (double)gap;
	const double shift = slip * share;
	*ret_utc_ms = before->utc_ms + since + (gint64)(shift < 0 ? shift - 0.5 : shift + 0.5);
	const double errors = (double)before->error_ms * (1 - share) + (double)after->error_ms * share;
	const double bend = 2e-6 * TIMEBASE_DRIFT_PPM * (double)since * (double)until / (double)gap;
	*ret_error_ms = (gint64)(errors + bend) + 1;
}

gboolean timebase_agree(const TimeKnot *a, const TimeKnot *b)
{
	const gint64 elapsed = b->boottime_ms - a->boottime_ms;
	const gint64 slip = (b->utc_ms - a->utc_ms) - elapsed;
	return ABS(slip) <= a->error_ms + b->error_ms + drift_ms(ABS(elapsed)) + 2; /* 2: both are rounded to ms */
}

int timebase_group(TimeGroups *groups, const TimeKnot *pair)
{
	if (pair->utc_ms < TIMEBASE_FLOOR_MS || pair->utc_ms >= TIMEBASE_CEILING_MS)
		return -1;
	guint i = 0;
	while (i < groups->n && !timebase_agree(&groups->last[i], pair))
		i++;
	if (i == TIMEBASE_GROUPS)
		return -1;
	if (i == groups->n)
		groups->n++;
	groups->last[i] = *pair;
	groups->members[i]++;
	return (int)i;
}

int timebase_best_group(const TimeGroups *groups)
{
	int best = -1;
	for (guint i = 0; i < groups->n; i++)
		if (best < 0 || groups->members[i] > groups->members[best])
			best = (int)i;
	return best;
}
