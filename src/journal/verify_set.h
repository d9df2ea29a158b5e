/* verify_set.h - what stands between the door (verify.h) and the parts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "journal/verify_collect.h"

VerifyReport *verify_report_new(void);
VerifyRun *verify_run_new(const JournalSegment *header);
/* Judges all sources together (sorts them) and fills the report. checkpoint NULL: none. */
void verify_set(GPtrArray *sources, const guint64 *checkpoint, VerifyReport *report);
