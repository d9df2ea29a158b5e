/* registration.h - how one modem finds a cell, registers, loses it and comes back, with honest time constants.
 *
 * Stepped once a tick with what the modem hears (hearing.h); knows nothing of propagation and nothing of
 * messages. Every wait below is named with its source; [I] marks one inferred from how modems behave. NR standalone
 * goes through the same states: its timers (TS 38.331, TS 24.501) have the same lengths under other names.
 *
 * LTE and NR of one network hand over to one another both ways, NR first: to NR where it is good, back where it is bad.
 *
 * Simplified: the modem is always in connected mode (it carries a data session); authentication, the core
 * network's own timers beyond T3411 and T3402, and equivalent PLMNs are not played.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/world/happening.h"
#include "sim/world/hearing.h"

typedef enum {
	SIM_PHASE_OFF,	     /* not online */
	SIM_PHASE_SEARCHING, /* no cell */
	SIM_PHASE_ACQUIRING, /* reads the system information of a cell */
	SIM_PHASE_LIMITED,   /* camped without registration: forbidden, barred, denied or no card */
	SIM_PHASE_REGISTERING,
	SIM_PHASE_REGISTERED,
	SIM_PHASE_REESTABLISHING, /* the radio link failed; the network still counts the modem in */
} SimPhase;

const char *sim_phase_name(SimPhase phase);
/* What the modem tells of itself in that phase; denied: the last answer of the network was a reject. */
SimRegistration sim_phase_registration(SimPhase phase, SimCard card, gboolean denied);
SimService sim_phase_service(SimPhase phase, SimAccess access);

#define SIM_POWER_UP_S	      1.0  /* from "online" to the first search [I] */
#define SIM_N310_S	      0.2  /* one out-of-sync indication: 200 ms evaluation, TS 36.133 clause 7.6; N310 = 1 */
#define SIM_T310_S	      1.0  /* TS 36.331 clause 7.3, default 1000 ms */
#define SIM_T311_S	      3.0  /* re-establishment: TS 36.331, 1 to 30 s, 3 s being usual */
#define SIM_REESTABLISH_S     0.3  /* random access and RRC re-establishment [I] */
#define SIM_STORED_SCAN_S     1.0  /* search on carriers known from before, TS 36.304 clause 5.2.3 [I] */
#define SIM_FULL_SCAN_S	      3.0  /* search on all bands [I] */
#define SIM_SYSTEM_INFO_S     0.3  /* MIB 40 ms, SIB1 80 ms, SIB2 160 ms: TS 36.331 clause 5.2.1.2 */
#define SIM_MODIFICATION_S    5.12 /* BCCH modification period: changed system information is noticed, TS 36.331 clause 5.2.1.3 */
#define SIM_CELL_BARRED_S     300.0 /* TS 36.304 clause 5.3.1 */
#define SIM_TIME_TO_TRIGGER_S 0.48 /* of measurement event A3, TS 36.331 clause 5.5.4.4 */
#define SIM_HANDOVER_DB	      3.0  /* its offset on the same channel */
#define SIM_INTERFREQUENCY_DB 5.0  /* and between channels */
#define SIM_NR_ENTER_DBM      (-110.0) /* to NR from this SS-RSRP on: event B1, TS 36.331 clause 5.5.4.7 [I] */
#define SIM_NR_LEAVE_DBM      (-118.0) /* from NR below this: event B2, TS 38.331 clause 5.5.4.9 [I] */
#define SIM_LTE_ENTER_DBM     (-115.0) /* and only to LTE that is better than this [I] */
#define SIM_T3411_S	      10.0 /* TS 24.301 table 10.2.1: next attempt; NR: T3511, TS 24.501 table 10.2.1 */
#define SIM_T3402_S	      720.0 /* the same: after the fifth attempt; NR: T3502 */
#define SIM_MAX_ATTEMPTS      5
#define SIM_RANDOM_ACCESS_S   2.0  /* until random access that nobody answers is given up: T300 of 1 or 2 s, TS 36.331 clause 7.3 */
#define SIM_PRIORITY_SEARCH_S 60.0 /* from GSM or UMTS back to LTE, TS 36.133 clause 4.2.2 */

typedef struct {
	double t_s;
	const SimHeard *heard;	     /* one for each cell */
	const SimCellEffect *cells; /* likewise */
	SimOpMode mode;
	SimCard card;
	gboolean voice_call; /* by circuit-switched fallback: GSM and UMTS alone, TS 23.272 */
	gboolean keeps_cell; /* neither handover nor reselection */
} SimRegistrationInput;

/* What the modem knows of itself after a step. */
typedef struct {
	SimPhase phase;
	gint serving; /* index of the cell that it is on, or -1 */
	guint tuned;  /* the cell whose channel the receiver is on: the serving or the last one */
	SimRegistration registration;
	SimService true_service;
	SimAccess access; /* as read in the system information */
	gboolean roaming, forbidden;
	gboolean tx_on;
	guint reject_cause;
	SimRat reject_rat;
	guint64 reject_count;
	guint64 accept_count; /* grows with each answer that is not a reject: what the network says in it is read then */
} SimRegistrationView;

typedef struct SimRegistrar SimRegistrar;

/* For the modem of that index; borrows the scenario. */
SimRegistrar *sim_registrar_new(const SimScenario *scenario, guint modem, guint64 seed);
void sim_registrar_free(SimRegistrar *registrar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimRegistrar, sim_registrar_free)
/* Time must not go back from step to step. */
void sim_registrar_step(SimRegistrar *registrar, const SimRegistrationInput *input);
/* Borrowed; changes with each step. */
const SimRegistrationView *sim_registrar_view(const SimRegistrar *registrar);
