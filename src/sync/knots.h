/* knots.h - which pairs BOOTTIME <-> UTC of a boot are believed, and UTC by them.
 *
 * The sources, best first; the first that has anything at all dates the whole boot:
 *   gps     clock observations, those that agree with most others (timebase.h)
 *   ntp     REALTIME where the kernel said that it was being synchronised: KNOTS_NTP_ERROR_MS
 *   manual  REALTIME as set by hand, by an RTC or kept from last time, the latest belief of the boot: KNOTS_MANUAL_ERROR_MS
 * A boot with none of them has no UTC: its clock was never set, and any date would be invented. Order and durations are known
 * all the same.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store.h"
#include "sync/timebase.h"

#define KNOTS_NTP_ERROR_MS    1000
#define KNOTS_MANUAL_ERROR_MS 3600000

/* Chooses the knots of a boot anew. Rows dated in [*ret_from_ms, *ret_to_ms] may have got another UTC by it; from > to: none. */
gboolean knots_rebuild(Store *store, gint64 boot, gint64 *ret_from_ms, gint64 *ret_to_ms, GError **error);

typedef struct UtcMap UtcMap;
UtcMap *utc_map_new(Store *store, gint64 boot, GError **error);
void utc_map_free(UtcMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UtcMap, utc_map_free)
/* *ret_known FALSE: this boot has no UTC. Quickest for ascending times. */
gboolean utc_map_at(UtcMap *map, gint64 boottime_ms, gboolean *ret_known, gint64 *ret_utc_ms, gint64 *ret_error_ms,
		    GError **error);
