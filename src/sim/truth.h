/* truth.h - the ground truth of a run as JSON lines (RFC 8259, one object a line).
 *
 * The first line has kind "run". Then, for each whole second, one line for each modem (kind "modem") and
 * one for each receiver (kind "gps"), in the scenario's order. Every value of SimModemState stands in a
 * modem's line, with three decimals; what is absent is null. Everything is a function of the world, so the same
 * seed and start give the same bytes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/world/world.h"

/* Each appends whole lines to `out`. */
void sim_truth_format_run(const SimWorld *world, double duration_s, GString *out);
void sim_truth_format_second(const SimWorld *world, GString *out);
