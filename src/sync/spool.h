/* spool.h - the fixes of one boot, handed from the first pass to the second in a temporary file.
 *
 * Reading a fix back from its table costs forty times as much as from here: a tenth of a whole sync. The spool serves a boot
 * that is new to the store and whose runs did not overlap, so that the order of reading is the order of time; in all other
 * cases, and where there is no room for the file, the cursor (fixes.h) reads the table, with the same outcome.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync/place.h"

typedef struct FixSpool FixSpool;
/* NULL where no temporary file can be made. */
FixSpool *fix_spool_new(void);
void fix_spool_free(FixSpool *spool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FixSpool, fix_spool_free)

/* FALSE: this fix cannot be kept, or is not newer than all of earlier recordings. The spool is then of no use. */
gboolean fix_spool_add(FixSpool *spool, gint64 recording, const PlaceFix *fix);
/* Ends adding. FALSE where not all of it could be written. */
gboolean fix_spool_rewind(FixSpool *spool);
/* The next one, as it was added; FALSE at the end. */
gboolean fix_spool_next(FixSpool *spool, PlaceFix *ret_fix);
