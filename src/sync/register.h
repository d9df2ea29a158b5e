/* register.h - the store's books of boots, recordings, segments and damage.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync/boot.h"

/* Finds or enters the boot that a segment is of; *ret_existed tells which. */
gboolean register_boot(Store *store, const JournalSegment *header, gint64 *ret_id, gboolean *ret_existed, GError **error);
/* Notes the last row of each recording that a boot has already. */
gboolean register_known(Boot *boot, GError **error);

/* Finds or enters the segments: sets id, recording, from and wanted. */
gboolean register_segments(Boot *boot, SyncSegment **segments, guint n, GError **error);

/* Tells GeoPackage's table of contents where the fixes just read lie and that there is news. In the transaction of the boot: a sync
 * that is killed between two boots and begun again does not come back to the first. */
gboolean register_bounds(Boot *boot, GError **error);

/* What the passes do with damage and where a segment ends (stream.h). user_data is the Boot. */
RecordHooks register_first_hooks(Boot *boot);
RecordHooks register_second_hooks(Boot *boot);
