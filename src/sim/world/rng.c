/* rng.c - see rng.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/rng.h"

#include <math.h>

static guint64 mix(guint64 z)
{
	z += G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

guint64 sim_hash(guint64 seed, SimStream stream, guint64 key, guint64 index)
{
	return mix(mix(mix(mix(seed) ^ (guint64)stream) ^ key) ^ index);
}

double sim_uniform(guint64 seed, SimStream stream, guint64 key, guint64 index)
{
	return (double)(sim_hash(seed, stream, key, index) >> 11) * 0x1p-53;
}

double sim_gauss(guint64 seed, SimStream stream, guint64 key, guint64 index)
{
	guint64 bits = sim_hash(seed, stream, key, index);
	guint32 sum = 0;
	for (guint i = 0; i < 4; i++)
		sum += (guint32)((bits >> (16 * i)) & 0xffff);
	/* Each part is uniform over 2^16 values: mean 32767.5, variance 2^32 / 12; four of them have 2^32 / 3. */
	return ((double)sum - 4 * 32767.5) / (65536.0 / 1.7320508075688772);
}

static double smoothstep(double f)
{
	return f * f * (3 - 2 * f);
}

double sim_noise_line(guint64 seed, SimStream stream, guint64 key, double x)
{
	double cell = floor(x);
	double right = smoothstep(x - cell), left = 1 - right;
	guint64 i = (guint64)(gint64)cell;
	double value = left * sim_gauss(seed, stream, key, i) + right * sim_gauss(seed, stream, key, i + 1);
	return value / sqrt(left * left + right * right);
}

double sim_noise_plane(guint64 seed, SimStream stream, guint64 key, double x, double y)
{
	double row = floor(y);
	double upper = smoothstep(y - row), lower = 1 - upper;
	guint64 j = (guint64)(gint64)row;
	double value = lower * sim_noise_line(seed, stream, mix(key ^ mix(j)), x) +
		       upper * sim_noise_line(seed, stream, mix(key ^ mix(j + 1)), x);
	return value / sqrt(lower * lower + upper * upper);
}
