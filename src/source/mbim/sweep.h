/* sweep.h - one round of questions to an MBIM modem, and the radio observation that comes of it.
 *
 * A sweep asks everything at once and is over when each call was answered or has passed its deadline. Which questions are left
 * out now and then is decided by modem/questions.h. Sweeps never overlap.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source/mbim/decode.h"
#include "source/modem/questions.h"

typedef struct MbimSweep MbimSweep;

typedef void (*MbimSweepDone)(Observation *radio, ModemSweep result, gpointer user_data);

/* `source` is the name for its observations, borrowed. */
MbimSweep *mbim_sweep_new(const char *source, MbimSweepDone done, gpointer user_data);
void mbim_sweep_free(MbimSweep *sweep); /* never while one is under way */

gboolean mbim_sweep_is_active(const MbimSweep *sweep);

/* The modem was opened anew, and offers this. */
void mbim_sweep_reset(MbimSweep *sweep, const MbimOffer *offer);

/* Begins a sweep of an open device, at the version of MBIMEx that it has now; `done` follows once, also after a cancellation,
 * never before this returns. */
void mbim_sweep_start(MbimSweep *sweep, MbimDevice *device, GCancellable *cancellable);

/* What an answer is to us: `error` is set when it is not ANSWERED. Takes what mbim_device_command_finish() gave. */
ModemOutcome mbim_sweep_outcome(const MbimMessage *answer, GError **error);
