/* hearing.h - what a receiver at one place hears of every cell of the world at one instant.
 *
 * Brings places, powers, effects and the propagation of radio.h together. Holds only what never changes
 * (distances come from the place asked for), so the answer depends on its arguments alone.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/world/happening.h"
#include "sim/world/radio.h"
#include "sim/scenario/scenario.h"

/* One cell as it arrives at a modem. */
typedef struct {
	double power_mw; /* in the unit of its RAT (radio.h); 0 while it is off */
	double share, mean_share; /* of its elements that carry power: where it is measured, and all in all (radio.h) */
	SimMeasure measure;
	gboolean decodable; /* good enough to be found and camped on */
	gboolean holds;	    /* good enough to stay on: a little worse */
	gboolean measurable; /* as a neighbour: worse still */
} SimHeard;

typedef struct SimEar SimEar;

/* Borrows the scenario. */
/* `day_seed` is what differs from day to day; the place has `seed`. */
SimEar *sim_ear_new(const SimScenario *scenario, guint64 seed, guint64 day_seed);
void sim_ear_free(SimEar *ear);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimEar, sim_ear_free)

/* Fills one SimHeard for each cell of the scenario, for the modem of that index. */
void sim_ear_listen(const SimEar *ear, const SimEffects *effects, const SimPlace *place, double t_s, guint modem,
		    SimHeard *ret_heard);

/* Power in the channel filter of a receiver tuned to a carrier: what lies in the channel counts fully, the rest of
 * its band comes through 33 dB down (adjacent channel selectivity, TS 36.101 clause 7.5), jammers and the noise of
 * the receiver add up; what the chain's antenna loses is off all but the last. `heard` must be of the same instant, and of that modem. */
double sim_ear_wideband_mw(const SimEar *ear, const SimEffects *effects, const SimPlace *place, const SimHeard *heard,
			   const SimCarrier *tuned, guint modem, guint chain);
