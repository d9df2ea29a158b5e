/* register.h - the store's books of boots, recordings, segments and damage.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "boot.h"

/* Finds or enters the boot that a segment is of; *ret_existed tells which. */
gboolean register_boot(Store *store, const JournalSegment *header, gint64 *ret_id, gboolean *ret_existed, GError **error);
/* Notes the last row of each recording that a boot has already. */
gboolean register_known(Boot *boot, GError **error);

/* What the passes do where a segment begins and ends (segments.h). user_data is the Boot. */
RecordHooks register_first_hooks(Boot *boot);
RecordHooks register_second_hooks(Boot *boot);
