/* rule_fixture.h - a rule at work on a made-up modem: each step is one second of recording, through the real watch and engine.
 *
 * What the next sweep will have stands in rig->m, rig->state, rig->cell and rig->heard, to be set directly or by the rig_set_...
 * functions; it stays so until it is changed. Baselines stand in rig->m.cell_base and rig->m.place_base.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/watch.h"

#include <string.h>

#define RIG_HOME "257-01"
#define RIG_LAT 53.9
#define RIG_LON 27.56
#define RIG_M_PER_DEGREE 111195.0 /* of latitude */

typedef struct {
	Watch *watch;
	RuleRun *run;
	Moment m;
	Entry state, cell;
	HeardCell heard[8];
	Observation observation;
	GPtrArray *found; /* of Finding */
	gint64 now_ms;
} RuleRig;

#define RIG_SET(entry, name, value) ((entry)->fields.name = (value), (entry)->present |= OBSERVATION_BIT(RADIO_ID_##name))
#define RIG_UNSET(entry, name) ((entry)->present &= ~OBSERVATION_BIT(RADIO_ID_##name))

static inline void rig_take(gpointer user_data, Finding *f)
{
	g_ptr_array_add(((RuleRig *)user_data)->found, f);
}

/* Served by the home network's LTE cell of EARFCN 1300, PCI 101, 10 MHz; no figures of the signal, place known. */
static inline void rig_set_served(RuleRig *rig)
{
	rig->state = (Entry){.id = 1, .service = SERVICE_STATE_SERVED};
	RIG_SET(&rig->state, operating_mode, OPERATING_ONLINE);
	RIG_SET(&rig->state, sim_state, SIM_STATE_READY);
	RIG_SET(&rig->state, registration, REGISTRATION_HOME);
	rig->cell = (Entry){.id = 1, .network = 1, .key = 1, .plmn = RIG_HOME};
	RIG_SET(&rig->cell, rat, RAT_LTE);
	RIG_SET(&rig->cell, arfcn, 1300);
	RIG_SET(&rig->cell, pci, 101);
	RIG_SET(&rig->cell, band, 3);
	RIG_SET(&rig->cell, bandwidth_khz, 10000);
}

static inline RuleRig *rig_new(const Rule *rule)
{
	RuleRig *rig = g_new0(RuleRig, 1);
	rig->watch = watch_new(7, "modem");
	rig->found = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
	rig->run = rule_run_new(rule, rule->subject == RULE_OF_MODEM ? &rig->watch->modem : NULL, 1, 7, rig_take, rig);
	rig->now_ms = 1000000;
	const Signal none = {NAN, NAN, NAN, NAN, NAN, NAN};
	rig->m = (Moment){.at = {.dated = TRUE, .position = POSITION_LIVE, .lat = RIG_LAT, .lon = RIG_LON, .position_error_m = 5},
			  .now = none,
			  .chain_dbm = {NAN, NAN, NAN, NAN},
			  .rx_packets = NAN,
			  .tx_packets = NAN,
			  .rx_bytes = NAN,
			  .tx_bytes = NAN,
			  .cell_base = {.median = none, .rsrp_spread_db = NAN, .rsrq_spread_db = NAN, .snr_spread_db = NAN},
			  .place_base = {.rx_dbm = NAN, .rsrp_dbm = NAN}};
	rig_set_served(rig);
	return rig;
}

static inline void rig_free(RuleRig *rig)
{
	rule_run_free(rig->run);
	watch_free(rig->watch);
	g_ptr_array_unref(rig->found);
	g_free(rig);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RuleRig, rig_free)

static inline void rig_date(RuleRig *rig, When *at)
{
	at->id = rig->now_ms / 1000;
	at->boot_ms = at->utc_ms = rig->now_ms;
}

/* --- what the next sweep will have --- */

static inline void rig_set_signal(RuleRig *rig, double rsrp_dbm, double rsrq_db, double snr_db)
{
	rig->m.now.rsrp_dbm = rsrp_dbm;
	rig->m.now.rsrq_db = rsrq_db;
	rig->m.now.snr_db = snr_db;
}

/* Two chains, `second_db` apart. */
static inline void rig_set_rx(RuleRig *rig, double first_dbm, double second_db)
{
	rig->m.now.rx_dbm = rig->m.chain_dbm[0] = first_dbm;
	rig->m.chain_dbm[1] = first_dbm - second_db;
}

/* Another cell of the network. */
static inline void rig_set_cell(RuleRig *rig, gint64 id, Rat rat, guint32 arfcn, guint16 pci)
{
	rig->cell.id = rig->cell.key = id;
	RIG_SET(&rig->cell, rat, (guint8)rat);
	RIG_SET(&rig->cell, arfcn, arfcn);
	RIG_SET(&rig->cell, pci, pci);
}

/* No cell is heard. */
static inline void rig_set_silent(RuleRig *rig)
{
	rig->state.id = 2;
	rig->state.service = SERVICE_STATE_NONE;
	RIG_SET(&rig->state, registration, REGISTRATION_SEARCHING);
	rig->cell = (Entry){.id = 2};
	rig_set_signal(rig, NAN, NAN, NAN);
	rig->m.now.rssi_dbm = NAN;
	rig->m.n_heard = 0;
}

static inline void rig_add_heard(RuleRig *rig, gboolean serving, guint32 arfcn, gint32 pci, double rsrp_dbm, double rsrq_db)
{
	rig->heard[rig->m.n_heard++] = (HeardCell){RAT_LTE, serving, arfcn, pci, rsrp_dbm, rsrq_db, NAN};
}

static inline void rig_set_baseline(RuleRig *rig, guint passes, double rsrp_dbm, double rsrq_db, double snr_db)
{
	rig->m.cell_base.passes = passes;
	rig->m.cell_base.median.rsrp_dbm = rsrp_dbm;
	rig->m.cell_base.median.rsrq_db = rsrq_db;
	rig->m.cell_base.median.snr_db = snr_db;
	rig->m.cell_base.rsrp_spread_db = 3;
	rig->m.cell_base.rsrq_spread_db = 1;
	rig->m.cell_base.snr_spread_db = 3;
}

/* Of the network here: `served` of `passes` with service. */
static inline void rig_set_place(RuleRig *rig, guint passes, guint served, double rx_dbm, double rsrp_dbm)
{
	rig->m.place_base =
		(PlaceBaseline){.passes = passes, .served = served, .broadband = served, .rx_dbm = rx_dbm, .rsrp_dbm = rsrp_dbm};
}

/* --- time --- */

static inline void rig_sweep(RuleRig *rig)
{
	rig->now_ms += 1000;
	Moment m = rig->m;
	rig_date(rig, &m.at);
	m.state = &rig->state;
	m.cell = &rig->cell;
	m.heard = rig->heard;
	m.tile = tile_of(m.at.lat, m.at.lon);
	window_add(&rig->watch->window, &m);
	watch_sweep(rig->watch, &m);
	rule_run_sweep(rig->run, &m);
}

static inline void rig_sweeps(RuleRig *rig, guint seconds)
{
	for (guint i = 0; i < seconds; i++)
		rig_sweep(rig);
}

/* Begins an observation of rig->observation, now. */
static inline Observation *rig_observe(RuleRig *rig, ObservationKind kind)
{
	memset(&rig->observation, 0, sizeof rig->observation);
	rig->observation.kind = kind;
	return &rig->observation;
}

/* Tells the rule of rig->observation. */
static inline void rig_seen(RuleRig *rig)
{
	Seen seen = {.at = rig->m.at, .modem = &rig->watch->modem, .observation = &rig->observation};
	rig_date(rig, &seen.at);
	if (rig->observation.kind == OBSERVATION_EVENT)
		watch_event(rig->watch, &seen);
	course_seen(&rig->watch->course, &seen);
	rule_run_seen(rig->run, &seen);
}

static inline void rig_event(RuleRig *rig, EventCode code)
{
	Observation *o = rig_observe(rig, OBSERVATION_EVENT);
	EVENT_SET(o, code, (guint8)code);
	rig_seen(rig);
}

/* Where it is no connection: of that cause. */
static inline void rig_session(RuleRig *rig, SessionOutcome outcome, CauseType type, guint16 cause)
{
	Observation *o = rig_observe(rig, OBSERVATION_SESSION);
	SESSION_SET(o, outcome, (guint8)outcome);
	if (outcome != SESSION_CONNECTED) {
		SESSION_SET(o, cause_type, (guint8)type);
		SESSION_SET(o, cause, cause);
	}
	rig_seen(rig);
}

/* --- what was found --- */

/* Nothing was found, even when the recording ends now. */
static inline void rig_assert_nothing(RuleRig *rig)
{
	rule_run_end(rig->run);
	g_assert_cmpuint(rig->found->len, ==, 0);
}

/* The only finding, also if the recording ends before it does. */
static inline const Finding *rig_only_finding(RuleRig *rig)
{
	rule_run_end(rig->run);
	g_assert_cmpuint(rig->found->len, ==, 1);
	return g_ptr_array_index(rig->found, 0);
}

static inline gboolean rig_says(const Finding *f, EvidenceKind kind, const char *part)
{
	for (guint i = 0; i < f->sentences->len; i++) {
		const Sentence *s = g_ptr_array_index(f->sentences, i);
		if (s->kind == kind && strstr(s->text, part))
			return TRUE;
	}
	return FALSE;
}

static inline gboolean rig_leaves_open(const Finding *f, Verdict other)
{
	for (guint i = 0; i < f->sentences->len; i++) {
		const Sentence *s = g_ptr_array_index(f->sentences, i);
		if (s->kind == EVIDENCE_ALTERNATIVE && s->other == other)
			return TRUE;
	}
	return FALSE;
}

static inline gint64 rig_length_s(const Finding *f)
{
	return (f->end.boot_ms - f->onset.boot_ms) / 1000;
}
