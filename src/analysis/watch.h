/* watch.h - one modem, or one satellite receiver, through one recording: what it is known by so far, and the rules at work on it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/course.h"
#include "analysis/episode.h"
#include "analysis/window.h"

/* A modem that restarted, or came back, needs so long to find its network again (verdicts.md, own-fault). */
#define WATCH_AFTER_FAULT_MS 120000

typedef struct {
	Modem modem;
	Entry last_cell; /* what modem.last_cell points to */
	gint64 last_sweep_ms;
	gboolean swept;
	gboolean is_modem; /* has sweeps, sessions or probes */
	gboolean is_receiver; /* has fixes or satellites */
	Window window;
	Course course;
	GPtrArray *runs; /* of RuleRun */
} Watch;

Watch *watch_new(gint64 source, const char *name);
void watch_free(Watch *watch);
/* What a sweep says of the modem itself, before rules see it: sets m->modem and since_ms, then home, fault and last service.
 * Medians are the caller's: window_add before it. */
void watch_sweep(Watch *watch, Moment *m);
/* The same of an event of that source. */
void watch_event(Watch *watch, const Seen *seen);
