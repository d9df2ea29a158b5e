/* slots.h - the moments at which data sessions are tried and targets probed.
 *
 * Time is cut into stretches of the configured length, and in each there is one moment, left to chance: a regular beat would be
 * recognised. All modems of a run draw from one seed, so that they go at the same moment and their operators can be compared.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source.h"

/* Start of slot `number` (from 0), BOOTTIME. */
gint64 slot_time_ns(const SourceHost *host, guint64 number);
/* The first slot later than `now_ns`. */
guint64 slot_next(const SourceHost *host, gint64 now_ns);
