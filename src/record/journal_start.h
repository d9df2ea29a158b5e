/* journal_start.h - the journal of a run: who may read it, and whose keys sign it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config.h"
#include "journal.h"
#include "record/narrator.h"
#include "source.h"

/* Opens the journal as the configuration says, and tells the person who can read it. NULL with what keeps it from that: a recipient's
 * key that cannot be read, a single recipient (USAGE), a damaged identity or signing key, another recorder (BUSY), the disk. */
JournalWriter *journal_start(const Config *config, Narrator *narrator, guint8 ret_salt[SOURCE_SALT_SIZE], GError **error);
