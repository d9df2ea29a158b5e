/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/course.h"

/* What was found out about data is believed for so long. */
#define DATA_FRESH_MS 600000

const char *const course_service_words[] = {"broadband", "narrowband", "limited", "none", "denied", "off", "unknown", "gap", NULL};
const char *const course_data_words[] = {"untested", "works", "fails", NULL};

static CourseService service_of(const Moment *m)
{
	switch (m->state->service) {
	case SERVICE_STATE_SERVED:
		return ENTRY_HAS(m->cell, rat) && (m->cell->fields.rat == RAT_GSM || m->cell->fields.rat == RAT_UMTS)
			       ? COURSE_NARROWBAND
			       : COURSE_BROADBAND;
	case SERVICE_STATE_LIMITED:
		return COURSE_LIMITED;
	case SERVICE_STATE_NONE:
		return COURSE_NONE;
	case SERVICE_STATE_DENIED:
		return COURSE_DENIED;
	case SERVICE_STATE_OFF:
		return COURSE_OFF;
	case SERVICE_STATE_UNKNOWN:
		break;
	}
	return COURSE_UNKNOWN;
}

static CourseData data_now(Course *c, const Moment *m)
{
	/* what came in before the recording began says nothing of now */
	if (c->any && m->rx_packets > c->rx_packets) {
		c->data = DATA_WORKS;
		c->data_ms = m->at.boot_ms;
	}
	c->rx_packets = m->rx_packets;
	return c->data != DATA_UNTESTED && m->at.boot_ms - c->data_ms <= DATA_FRESH_MS ? c->data : DATA_UNTESTED;
}

static void begin_run(Course *c, const When *at, CourseService service, CourseData data, const char *plmn, const char *home)
{
	c->run = (CourseRun){
		.service = service, .data = data, .start = *at, .end = *at, .south = NAN, .west = NAN, .north = NAN, .east = NAN};
	g_strlcpy(c->run.plmn, plmn, sizeof c->run.plmn);
	g_strlcpy(c->run.home, home, sizeof c->run.home);
	c->any = TRUE;
}

static void extend_run(CourseRun *run, const When *at)
{
	run->end = *at;
	run->south = fmin(run->south, at->lat);
	run->north = fmax(run->north, at->lat);
	run->west = fmin(run->west, at->lon);
	run->east = fmax(run->east, at->lon);
}

guint course_sweep(Course *c, const Moment *m, CourseRun ret_runs[2])
{
	const CourseService service = service_of(m);
	const CourseData data = data_now(c, m);
	const char *plmn = service == COURSE_NONE || service == COURSE_OFF ? "" : m->cell->plmn;
	guint n = 0;
	if (c->any && m->since_ms > STORE_SWEEP_MS) {
		ret_runs[n++] = c->run;
		const When last = c->run.end;
		begin_run(c, &last, COURSE_GAP, DATA_UNTESTED, "", m->modem->home);
		extend_run(&c->run, &m->at);
	}
	const CourseRun *run = &c->run;
	if (c->any && run->service == service && run->data == data && g_str_equal(run->plmn, plmn) &&
	    m->at.boot_ms - run->start.boot_ms < COURSE_MAX_MS) {
		extend_run(&c->run, &m->at);
		return n;
	}
	if (c->any) {
		extend_run(&c->run, &m->at); /* a sweep stands for the time until the next one */
		ret_runs[n++] = c->run;
	}
	begin_run(c, &m->at, service, data, plmn, m->modem->home);
	extend_run(&c->run, &m->at);
	return n;
}

static void learn(Course *c, const When *at, gboolean works)
{
	c->data = works ? DATA_WORKS : DATA_FAILS;
	c->data_ms = at->boot_ms;
}

void course_seen(Course *c, const Seen *s)
{
	const Observation *o = s->observation;
	if (o->kind == OBSERVATION_SESSION && OBSERVATION_HAS(o, SESSION, outcome)) {
		if (o->session.outcome != SESSION_ENDED)
			learn(c, &s->at, o->session.outcome == SESSION_CONNECTED);
	} else if (o->kind == OBSERVATION_PROBE && OBSERVATION_HAS(o, PROBE, test)) {
		if (o->probe.test == PROBE_ROUND) {
			learn(c, &s->at, c->round_worked);
			c->round_worked = FALSE;
		} else if (!OBSERVATION_HAS(o, PROBE, failure)) {
			c->round_worked = TRUE;
		}
	}
}

guint course_end(Course *c, CourseRun ret_runs[2])
{
	if (!c->any)
		return 0;
	ret_runs[0] = c->run;
	c->any = FALSE;
	return 1;
}
