/* receiver.h - a GNSS receiver: its satellites, when it has a fix, and how far off that is.
 *
 * Stepped once a tick. C/N0 falls and rises at a finite rate when the sky goes and comes back; a fix
 * needs four satellites of 25 dB-Hz for one second. Position errors wander slowly (about 20 s) about the true place.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/world/happening.h"
#include "sim/port/nmea.h"
#include "sim/scenario/scenario.h"

typedef struct SimReceiver SimReceiver;

/* For the receiver of that index; borrows the scenario. */
SimReceiver *sim_receiver_new(const SimScenario *scenario, guint index, guint64 seed);
void sim_receiver_free(SimReceiver *receiver);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimReceiver, sim_receiver_free)
void sim_receiver_step(SimReceiver *receiver, const SimGpsEffect *effect, const SimPlace *place, double t_s, gint64 utc_ms);
/* What it knows at the last step. Borrowed. */
const SimEpoch *sim_receiver_epoch(const SimReceiver *receiver);
