/* course.h - what a modem had through a recording, before anything is judged: runs of the same service and of the same outcome of
 * data. Other modems' courses are the judge's witnesses, and stretches are cut from them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/moment.h"

typedef enum {
	COURSE_BROADBAND,
	COURSE_NARROWBAND,
	COURSE_LIMITED,
	COURSE_NONE,
	COURSE_DENIED,
	COURSE_OFF,
	COURSE_UNKNOWN,
	COURSE_GAP
} CourseService;
extern const char *const course_service_words[]; /* NULL-terminated */
typedef enum { DATA_UNTESTED, DATA_WORKS, DATA_FAILS } CourseData;
extern const char *const course_data_words[]; /* NULL-terminated */

typedef struct {
	CourseService service;
	CourseData data;
	char plmn[8], home[8]; /* "" unknown */
	When start, end;
	double south, west, north, east; /* NAN without a place */
} CourseRun;

/* A run is cut after so long: who looks for what ran at a time need not look further back. */
#define COURSE_MAX_MS 3600000

/* Zero-initialised at the begin of a recording. */
typedef struct {
	CourseRun run;
	gboolean any;
	CourseData data;
	gint64 data_ms; /* when that was known */
	gboolean round_worked; /* a check of the round under way went well */
	double rx_packets;
} Course;

/* Each returns TRUE where a run ended, which is then in *ret_run. A sweep may end two: the run before a gap, and the gap. */
guint course_sweep(Course *course, const Moment *m, CourseRun ret_runs[2]);
/* SESSION or PROBE: what it says of data. */
void course_seen(Course *course, const Seen *seen);
guint course_end(Course *course, CourseRun ret_runs[2]);
