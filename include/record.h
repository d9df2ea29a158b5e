/* record.h - the recorder: sources in, journal out.
 *
 * One thread, one main loop. It wires the configured sources to a journal writer, makes what they saw durable once a
 * second, beats its heart, watches the clocks and tells the person, in words, what changed. A source that fails never
 * stops it, nor does a full disk: it goes on as soon as it can, and what was lost meanwhile is counted. It answers
 * "jamlog status" and "jamlog mark" (control.h). It never opens the store and never contacts the network.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config.h"
#include "error.h"

typedef struct {
	const char *runtime; /* folder of the control socket; NULL: control_folder() */
	double duration_s; /* 0: until SIGINT or SIGTERM */
	gboolean quiet;    /* no lines on changes of state */
	gboolean verbose;  /* a line "durable N" after each durable group */
} RecorderOptions;

/* Runs until it is told to stop. EXIT_CODE_OK after a clean end, NO_DATA when neither a modem nor a GPS ever told
 * anything, FAILURE with `error` when it could not begin or could not make everything durable. */
ExitCode recorder_run(const Config *config, const RecorderOptions *options, GError **error);
