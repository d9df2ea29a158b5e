/* ask.h - asking modems, briefly, what they are: the ordinary modem source, stopped after its first sweep.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

typedef struct {
	const char *node;     /* borrowed */
	gboolean answered;    /* `radio` holds its first sweep */
	Observation device, radio;
	gboolean has_device;
	char *sentence;       /* the last that was told of it; NULL */
} Answer;

void answer_free(Answer *answer);

/* Asks all modems of `answers` (of Answer, with `node` set) at the same time, and gives them back; at most `seconds`, and as
 * long again for those that do not let go. Runs the default main context meanwhile. */
void ask_modems(GPtrArray *answers, guint seconds);
