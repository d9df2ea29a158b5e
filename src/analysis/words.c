/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis.h"

const char *const verdict_words[] = {"own-fault", "jamming",   "cells-off",  "no-coverage",  "gnss-jam",
				     "fake-cell", "barred",    "rejected",   "downgrade",    "data-cut",
				     "blocked",	  "throttled", "congestion", "undetermined", NULL};
const char *const confidence_words[] = {"low", "medium", "high", NULL};
const char *const evidence_words[] = {"for", "against", "alternative", "mark", "limit", NULL};
const char *const stretch_words[] = {"working", "degraded", "dead", "not-measured", NULL};
