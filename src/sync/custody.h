/* custody.h - the table `custody`: what each segment proved when it was read, when that was, and by which program version.
 *
 * A row is added when a segment is read for the first time, and whenever what it proves, or who reads it, is not what the last row says.
 * So the rows of a segment are its history on the desk. With the view `provenance` each observation leads to its segment and to the
 * last row.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync/segments.h"
#include "verify.h"

/* The verification, by a thread of its own: checking signatures takes about as long as entering rows does, and has nothing to do with
 * it. `paths` are borrowed until the end of the process: a verification that nobody waits for is left to that. */
typedef struct Custody Custody;
Custody *custody_new(char *const *paths);
void custody_free(Custody *custody);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Custody, custody_free)

/* Waits for the verification and notes it of each segment that is in the store. A transaction of its own. */
gboolean custody_note(Custody *custody, Store *store, SyncContext *context, GError **error);
