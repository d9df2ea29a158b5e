/* happening.h - what happens to the world, and what it changes at a given second.
 *
 * A kind of happening is one row of the table in happening.c and one function that writes into the
 * effects. Effects are computed afresh at each tick from the happenings that are then active, so nothing
 * needs undoing and happenings may overlap. Acts on data are in happening_data.c; the rest of what they do is sim/net's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "keyfile.h"
#include "sim/net/act.h"
#include "sim/port/faults.h"
#include "sim/scenario/scenario.h"

typedef struct SimEffects SimEffects;

typedef struct {
	const char *word;
	const char *const *required; /* keys beyond "what" and "at" */
	const char *const *allowed;  /* further keys, besides "until", "for" */
	void (*apply)(const SimHappening *h, const SimScenario *scenario, double t_s, SimEffects *effects);
} SimHappeningKind;

struct SimHappening {
	char *name;
	const SimHappeningKind *kind;
	double at_s, until_s; /* active in [at, until) */
	gboolean *cells, *modems, *gps; /* one flag for each of the scenario's: chosen */
	guint32 earfcn, band;	  /* 0: not given */
	double db, gps_db, power_dbm, load, lat_deg, lon_deg, ramp_s;
	guint32 cause;
	SimAccess status;
	SimOpMode mode;
	SimCard card;
	SimFaults fault; /* one bit, and its values */
	double every_s, lasts_s; /* of the fault; 0: not given */
	SimEndReason end;        /* of session-reject and session-end */
	double backoff_s, share; /* of session-reject */
	gboolean *chains;        /* one flag for each of SIM_MAX_CHAINS: chosen; of antenna-fault */
	gboolean by_cells;	 /* the file chooses cells */
	SimAct act;		 /* of the kinds that are acts on data */
};

#define SIM_MAX_EMITTERS 16

/* A jammer, or noise without a place. */
typedef struct {
	gboolean placed;
	double lat_deg, lon_deg;
	double level_db;	/* placed: EIRP in dBm; else: rise of the noise in dB */
	guint32 earfcn, band; /* on which carriers; 0: all */
} SimEmitter;

typedef struct {
	gboolean off;
	double power_db;
	double load;
	SimAccess access;
	gboolean barred;
	gboolean dcnr_restricted;
	gboolean uplink_jammed; /* nothing that modems send arrives */
	guint reject_cause;
} SimCellEffect;

/* How the network answers who asks for a data session. */
typedef struct {
	SimEndReason cause; /* of type SIM_END_NONE: it grants one */
	double backoff_s;   /* T3396, 0: none is given */
	double share;	    /* of the attempts; the others go as usual */
	double delay_s;	    /* until the modem gives up, beyond the usual time of an answer */
} SimSessionReject;

typedef struct {
	SimOpMode mode;
	SimCard card;
	gboolean deaf;
	gboolean voice_call, keeps_cell;	  /* SimRegistrationInput */
	double chain_loss_db[SIM_MAX_CHAINS]; /* of the antennas */
	SimFaults faults;
	SimEndReason session_end; /* of the session-end that began last, */
	double session_end_at_s;  /* at this second */
} SimModemEffect;

typedef struct {
	gboolean lost;
	double attenuation_db;
} SimGpsEffect;

struct SimEffects {
	SimCellEffect *cells;
	SimModemEffect *modems;
	SimGpsEffect *gps;
	double *loads; /* of the cells on an ordinary second of this day */
	SimSessionReject *session_rejects; /* by modem and cell: sim_effects_session_reject() */
	double attenuation_db;
	guint n_emitters;
	SimEmitter emitters[SIM_MAX_EMITTERS];
	guint n_acts;
	const SimHappening *acts[SIM_MAX_ACTS]; /* on data */
};

/* Every group of kind "happening" of the file, into the scenario. The cells, modems and receivers must be read before. */
gboolean sim_happenings_read(const KeyFile *file, SimScenario *scenario, GError **error);
void sim_happening_free(SimHappening *happening);

gboolean sim_happening_active(const SimHappening *happening, double t_s);

/* `day_seed` is what differs from day to day. */
SimEffects *sim_effects_new(const SimScenario *scenario, guint64 day_seed);
void sim_effects_free(SimEffects *effects);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimEffects, sim_effects_free)
/* Sets what holds at that second. */
void sim_effects_update(SimEffects *effects, const SimScenario *scenario, double t_s);
/* What the network of a cell says to the data sessions of a modem. Borrowed; changes with the next update. */
SimSessionReject *sim_effects_session_reject(const SimEffects *effects, const SimScenario *scenario, guint modem, guint cell);

/* Of happening_data.c: the kinds that are acts on data (ending with a word of NULL), and what only they have. */
extern const SimHappeningKind sim_data_kinds[];
gboolean sim_read_act(const KeyFile *file, const char *group, const SimScenario *scenario, SimHappening *h, GError **error);
/* The acts that hold for a modem which camps on that cell (-1: on none); how many. */
guint sim_effects_acts(const SimEffects *effects, guint modem, gint cell, const SimAct *ret_acts[SIM_MAX_ACTS]);
