/* permits.h - which networks and tracking areas a card may register in: the home network, those with a roaming
 * agreement, and the forbidden lists that rejects fill (3GPP TS 24.301 clause 5.3.2, TS 24.501 clause 5.3.13,
 * TS 23.122 clause 3.1).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/scenario/scenario.h"

typedef struct SimPermits SimPermits;

/* Borrows the setup. */
SimPermits *sim_permits_new(const SimModemSetup *setup);
void sim_permits_free(SimPermits *permits);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimPermits, sim_permits_free)

gboolean sim_permits_is_home(const SimPermits *permits, const SimCell *cell);
gboolean sim_permits_allow(const SimPermits *permits, const SimCell *cell);
void sim_permits_forbid_network(SimPermits *permits, const SimCell *cell);
void sim_permits_forbid_area(SimPermits *permits, const SimCell *cell);
/* No NR of this network: N1 mode is switched off for it (TS 24.501 clause 4.9). */
void sim_permits_forbid_nr(SimPermits *permits, const SimCell *cell);
/* Switching off forgets the areas and that NR was forbidden (networks stand on the card), another card forgets all. */
void sim_permits_forget_areas(SimPermits *permits);
void sim_permits_forget_all(SimPermits *permits);
