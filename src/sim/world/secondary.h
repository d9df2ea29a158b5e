/* secondary.h - what one modem uses beside its serving LTE cell: an NR cell (EN-DC), further LTE carriers.
 *
 * Stepped once a tick, after the registration, with what the modem hears. It decides nothing about registration: with
 * the LTE cell all of this goes (TS 36.331 clause 5.3.7.2), and the LTE cell stays when any of this goes.
 *
 * EN-DC (non-standalone NR, 3GPP TS 37.340): beside a registered LTE cell with endc = yes, the best NR cell of the same
 * network is added once it has been good enough for the time to trigger, changed for a better one, and released when
 * its link fails. Whether the network restricts it (RestrictDCNR) the modem learns from the next answer to its signalling.
 *
 * Carrier aggregation: as many as the modem can, of the LTE carriers that the serving cell's site and network have on
 * other channels; the strongest first. They are configured while they can be heard, and activated while data flow.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/world/registration.h"

#define SIM_NR_ADD_DBM		 (-114.0) /* event B1 of EN-DC: SS-RSRP from which NR is worth adding [I] */
#define SIM_NR_ADD_S		 0.84 /* time to trigger of 640 ms, then reconfiguration and random access, 200 ms [I] */
#define SIM_CARRIER_CONFIGURE_S	 1.0  /* from registration or handover until measured and configured [I] */
#define SIM_CARRIER_ACTIVATE_DB	 0.0  /* SINR that a carrier needs to be worth activating [I] */
#define SIM_CARRIER_DEACTIVATE_S 0.64 /* sCellDeactivationTimer without data, TS 36.331 clause 6.3.2: rf64 */

typedef struct {
	double t_s;
	const SimHeard *heard;	    /* one for each cell */
	const SimCellEffect *cells; /* likewise */
	const SimRegistrationView *registration;
	gboolean busy; /* data are flowing */
} SimSecondaryInput;

typedef struct {
	gboolean nr_available, dcnr_restricted; /* as in SimModemState */
	gint nr;				/* index of the NR cell in use, or -1 */
	guint n_carriers;
	guint carriers[SIM_MAX_SECONDARY]; /* indexes of cells */
	gboolean activated[SIM_MAX_SECONDARY];
} SimSecondaryView;

typedef struct SimSecondaries SimSecondaries;

/* For the modem of that index; borrows the scenario. */
SimSecondaries *sim_secondaries_new(const SimScenario *scenario, guint modem);
void sim_secondaries_free(SimSecondaries *secondaries);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimSecondaries, sim_secondaries_free)
void sim_secondaries_step(SimSecondaries *secondaries, const SimSecondaryInput *input);
/* Borrowed; changes with each step. */
const SimSecondaryView *sim_secondaries_view(const SimSecondaries *secondaries);
