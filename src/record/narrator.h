/* narrator.h - what the person with the device is told: one line for each change of state, in plain words.
 *
 * A terminal that was stopped (Ctrl-S) or a pager that nobody scrolls takes no more lines: then they are dropped. The recording
 * never waits for them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

typedef struct Narrator Narrator;

/* Writes to stderr; `quiet` for nothing at all. */
Narrator *narrator_new(gboolean quiet);
void narrator_free(Narrator *narrator);

/* A whole line, with its newline, to stderr; dropped where that would have to wait. */
void narrator_print(const char *line);

/* One line about a source, at once. */
void narrator_say(Narrator *narrator, const char *source, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The same also where the person wanted quiet: what the recording itself suffers. */
void narrator_warn(Narrator *narrator, const char *source, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Looks whether an observation changes what was last said about its source. */
void narrator_observe(Narrator *narrator, const Observation *o);

/* To be called about once a second: says when positions have stopped coming. */
void narrator_tick(Narrator *narrator);
