/* parameters.h - the rules and figures that an analysis is made with.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/walk.h"

typedef struct Parameters Parameters;
/* USAGE for a rule or figure that does not exist, or a value that is no number. */
Parameters *parameters_new(char *const *without, char *const *set, GError **error);
void parameters_free(Parameters *parameters);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parameters, parameters_free)

const WalkRules *parameters_rules(const Parameters *parameters);
/* All that differs from the rules as they stand, in the order of the rules: "" where nothing does. Two analyses with the same text
 * and version have the same results. */
const char *parameters_text(const Parameters *parameters);
