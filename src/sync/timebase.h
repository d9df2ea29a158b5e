/* timebase.h - from BOOTTIME to UTC: the arithmetic, apart from the tables.
 *
 * A knot is a pair (BOOTTIME, UTC) with the half width of what is known. Between two knots UTC runs along the straight
 * line between them; outside it runs at BOOTTIME's rate. How wrong that may be follows from how far a quartz can be off:
 * between knots the true line cannot leave the parallelogram of the slopes 1 +- TIMEBASE_DRIFT through both.
 *
 * Which clock pairs become knots: all pairs of one boot are dealt into groups whose members agree with each other within their
 * errors and the drift; the largest group wins. So a receiver that for a while was a thousand weeks off, or was told lies,
 * does not drag the rest, as long as it was right more often than wrong in one and the same way.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define TIMEBASE_DRIFT_PPM 100 /* three times what the worst oscillators of laptops and boards are specified for */
/* Times before 2020-01-01 are wrong for certain: no journal is as old, and a GPS week counter that wrapped gives such times.
 * (The build date of the program that syncs would not do: it may be newer than the journal.) */
#define TIMEBASE_FLOOR_MS G_GINT64_CONSTANT(1577836800000)
#define TIMEBASE_CEILING_MS G_GINT64_CONSTANT(7258118400000) /* 2200-01-01 */

typedef struct {
	gint64 boottime_ms;
	gint64 utc_ms;
	gint64 error_ms;
} TimeKnot;

/* UTC at BOOTTIME from the knots on both sides; one of them may be NULL. */
void timebase_at(const TimeKnot *before, const TimeKnot *after, gint64 boottime_ms, gint64 *ret_utc_ms, gint64 *ret_error_ms);

/* TRUE where both can be true. */
gboolean timebase_agree(const TimeKnot *a, const TimeKnot *b);

#define TIMEBASE_GROUPS 8
typedef struct {
	guint n;
	TimeKnot last[TIMEBASE_GROUPS];
	guint64 members[TIMEBASE_GROUPS];
} TimeGroups;

/* The group that a pair belongs to, or -1 (an impossible time, or contradicts all groups when there are TIMEBASE_GROUPS). Pairs
 * come in the order of BOOTTIME; the same pairs always give the same groups. */
int timebase_group(TimeGroups *groups, const TimeKnot *pair);
/* The group with the most members, the earliest of equals; -1 where there is none. */
int timebase_best_group(const TimeGroups *groups);
