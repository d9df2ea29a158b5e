/* rng.h - randomness that is a pure function of (seed, stream, place in the stream).
 *
 * Nothing here has a state: the same question gives the same answer in whatever order questions are
 * asked. So a place has the same shadowing on a second pass, and no part of the world can disturb the
 * numbers of another by asking once more. Bits come from the finaliser of SplitMix64 (Steele, Lea and
 * Flood, "Fast splittable pseudorandom number generators", 2014).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* What a number is drawn for. The order is part of the seed's meaning: append, never insert. */
typedef enum {
	SIM_STREAM_SHADOW_COMMON,
	SIM_STREAM_SHADOW_SITE,
	SIM_STREAM_FADING,
	SIM_STREAM_CHAIN,
	SIM_STREAM_GPS_EAST,
	SIM_STREAM_GPS_NORTH,
	SIM_STREAM_GPS_UP,
	SIM_STREAM_SATELLITE,
	SIM_STREAM_CN0,
	SIM_STREAM_REGISTRATION,
	SIM_STREAM_IDENTITY,
	SIM_STREAM_TRAFFIC,
	SIM_STREAM_SAMPLE,
	SIM_STREAM_LOSS,
	SIM_STREAM_JITTER,
	SIM_STREAM_DAY,
	SIM_STREAM_DAY_SHADOW,
	SIM_STREAM_DAY_LOAD,
	SIM_STREAM_REFUSAL,
} SimStream;

guint64 sim_hash(guint64 seed, SimStream stream, guint64 key, guint64 index);
/* Uniform in [0, 1). */
double sim_uniform(guint64 seed, SimStream stream, guint64 key, guint64 index);
/* Mean 0, variance 1, within +-3.5 (a sum of four uniforms: no world wants a 5-sigma wall). */
double sim_gauss(guint64 seed, SimStream stream, guint64 key, guint64 index);

/* Smooth noise along a line and over a plane: mean 0, variance 1 everywhere, values at a distance of 1 or
 * more nearly independent, continuous in between. The caller scales the axes by the correlation length. */
double sim_noise_line(guint64 seed, SimStream stream, guint64 key, double x);
double sim_noise_plane(guint64 seed, SimStream stream, guint64 key, double x, double y);
