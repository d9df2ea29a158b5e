/* rule_data_fixture.h - one rule of access or data at work on a made-up modem, through the real engine and the real watch.
 *
 * What the next sweep has stands in bench->m, bench->state and bench->cell; sweeps are a second apart. Observations
 * are dated by bench->now_ms.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/watch.h"

#include <string.h>

#define BENCH_HOME "257-01"

typedef struct {
	Watch *watch;
	RuleRun *run;
	Moment m;
	Entry state, cell;
	HeardCell heard;
	Observation o;
	GPtrArray *found; /* of Finding */
	gint64 now_ms;
} Bench;

#define BENCH_SET(entry, name, value) ((entry)->fields.name = (value), (entry)->present |= OBSERVATION_BIT(RADIO_ID_##name))
#define BENCH_UNSET(entry, name) ((entry)->present &= ~OBSERVATION_BIT(RADIO_ID_##name))

static inline void bench_take(gpointer user_data, Finding *f)
{
	g_ptr_array_add(((Bench *)user_data)->found, f);
}

static inline void bench_signal(Bench *b, double rsrp_dbm, double rsrq_db, double snr_db)
{
	b->m.now.rsrp_dbm = b->m.median.rsrp_dbm = rsrp_dbm;
	b->m.now.rsrq_db = b->m.median.rsrq_db = rsrq_db;
	b->m.now.snr_db = b->m.median.snr_db = snr_db;
}

static inline void bench_rssi(Bench *b, double rssi_dbm)
{
	bench_signal(b, NAN, NAN, NAN);
	b->m.now.rssi_dbm = b->m.median.rssi_dbm = rssi_dbm;
}

static inline void bench_cell(Bench *b, gint64 key, Rat rat)
{
	b->cell = (Entry){.id = key, .key = key, .network = 1, .plmn = BENCH_HOME};
	BENCH_SET(&b->cell, rat, (guint8)rat);
}

static inline void bench_service(Bench *b, ServiceState service, Registration registration)
{
	b->state.service = service;
	BENCH_SET(&b->state, registration, (guint8)registration);
}

/* Served at home by LTE cell 1 with good signal. */
static inline Bench *bench_new(const Rule *rule)
{
	Bench *b = g_new0(Bench, 1);
	const Signal none = {NAN, NAN, NAN, NAN, NAN, NAN};
	b->watch = watch_new(7, "modem");
	b->found = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
	b->run = rule_run_new(rule, &b->watch->modem, 1, 7, bench_take, b);
	b->now_ms = 1000000;
	b->m = (Moment){.at = {.dated = TRUE, .position = POSITION_LIVE, .lat = 53.9, .lon = 27.56, .position_error_m = 5},
			.now = none,
			.median = none,
			.rx_packets = NAN,
			.tx_packets = NAN,
			.rx_bytes = NAN,
			.tx_bytes = NAN,
			.cell_base = {.median = none}};
	BENCH_SET(&b->state, operating_mode, OPERATING_ONLINE);
	bench_service(b, SERVICE_STATE_SERVED, REGISTRATION_HOME);
	bench_cell(b, 1, RAT_LTE);
	bench_signal(b, -90, -8, 15);
	return b;
}

static inline void bench_free(Bench *b)
{
	rule_run_free(b->run);
	watch_free(b->watch);
	g_ptr_array_unref(b->found);
	g_free(b);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static inline void bench_sweeps(Bench *b, guint seconds)
{
	for (guint i = 0; i < seconds; i++) {
		b->now_ms += 1000;
		Moment m = b->m;
		m.at.boot_ms = m.at.utc_ms = b->now_ms;
		m.state = &b->state;
		m.cell = &b->cell;
		m.heard = &b->heard;
		watch_sweep(b->watch, &m);
		rule_run_sweep(b->run, &m);
	}
}

static inline Observation *bench_begin(Bench *b, ObservationKind kind)
{
	memset(&b->o, 0, sizeof b->o);
	b->o.kind = kind;
	return &b->o;
}

static inline void bench_seen(Bench *b)
{
	Seen seen = {.at = b->m.at, .modem = &b->watch->modem, .observation = &b->o};
	seen.at.boot_ms = seen.at.utc_ms = b->now_ms;
	if (b->o.kind == OBSERVATION_EVENT)
		watch_event(b->watch, &seen);
	rule_run_seen(b->run, &seen);
}

static inline void bench_event(Bench *b, EventCode code)
{
	Observation *o = bench_begin(b, OBSERVATION_EVENT);
	EVENT_SET(o, code, (guint8)code);
	bench_seen(b);
}

static inline void bench_reject(Bench *b, Rat rat, guint8 cause)
{
	Observation *o = bench_begin(b, OBSERVATION_EVENT);
	EVENT_SET(o, code, EVENT_NETWORK_REJECT);
	EVENT_SET(o, rat, (guint8)rat);
	EVENT_SET(o, cause, cause);
	bench_seen(b);
}

/* A session that failed with that cause; backoff_ms 0: none told. */
static inline void bench_refusal(Bench *b, CauseType type, guint16 cause, guint32 backoff_ms)
{
	Observation *o = bench_begin(b, OBSERVATION_SESSION);
	SESSION_SET(o, outcome, SESSION_FAILED);
	SESSION_SET(o, cause_type, (guint8)type);
	SESSION_SET(o, cause, cause);
	if (backoff_ms)
		SESSION_SET(o, backoff_ms, backoff_ms);
	bench_seen(b);
}

static inline void bench_connected(Bench *b)
{
	Observation *o = bench_begin(b, OBSERVATION_SESSION);
	SESSION_SET(o, outcome, SESSION_CONNECTED);
	bench_seen(b);
}

/* One check. failure NULL: it went well. Further fields may be set before bench_seen. */
static inline Observation *bench_check(Bench *b, ProbeTest test, ProbeRole role, const char *target, ProbeStep step,
				       const char *failure)
{
	Observation *o = bench_begin(b, OBSERVATION_PROBE);
	PROBE_SET(o, test, (guint8)test);
	PROBE_SET(o, role, (guint8)role);
	PROBE_SET(o, step, (guint8)step);
	PROBE_SET(o, family, SESSION_IPV4);
	OBSERVATION_SET_TEXT(o, probe, PROBE, target, target);
	if (failure)
		OBSERVATION_SET_TEXT(o, probe, PROBE, failure, failure);
	return o;
}

static inline void bench_checked(Bench *b, ProbeTest test, ProbeRole role, const char *target, ProbeStep step, const char *failure)
{
	bench_check(b, test, role, target, step, failure);
	bench_seen(b);
}

static inline void bench_round_end(Bench *b)
{
	Observation *o = bench_begin(b, OBSERVATION_PROBE);
	PROBE_SET(o, test, PROBE_ROUND);
	bench_seen(b);
}

/* The recording ends, and there is one finding, of that sub-kind. */
static inline const Finding *bench_one(Bench *b, const char *sub)
{
	rule_run_end(b->run);
	g_assert_cmpuint(b->found->len, ==, 1);
	const Finding *f = g_ptr_array_index(b->found, 0);
	g_assert_cmpstr(f->sub, ==, sub);
	return f;
}

static inline void bench_none(Bench *b)
{
	rule_run_end(b->run);
	g_assert_cmpuint(b->found->len, ==, 0);
}

static inline gboolean bench_says(const Finding *f, EvidenceKind kind, const char *fragment)
{
	for (guint i = 0; i < f->sentences->len; i++) {
		const Sentence *s = g_ptr_array_index(f->sentences, i);
		if (s->kind == kind && strstr(s->text, fragment))
			return TRUE;
	}
	return FALSE;
}

static inline gboolean bench_names(const Finding *f, Verdict alternative)
{
	for (guint i = 0; i < f->sentences->len; i++) {
		const Sentence *s = g_ptr_array_index(f->sentences, i);
		if (s->kind == EVIDENCE_ALTERNATIVE && s->other == alternative)
			return TRUE;
	}
	return FALSE;
}
