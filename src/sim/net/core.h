/* core.h - the data path of the simulated operator: between the modems' network interfaces and the simulated internet.
 *
 * Each modem has a TUN interface in the network namespace where this program runs. It comes down and bare: whoever starts the data
 * session gives it the addresses of plan.h, as the modem tells them. A packet passes while the modem's session is up for its family
 * and its source is the session's address. On its way it meets the middle box (act.h), a throttle if there is one for it, and the
 * radio link, whose rate and length the scenario gives; the same on the way back.
 *
 *   modem's interface -> box -> throttle -> link up   -> internet
 *   modem's interface <- link down <- throttle <- box <- internet
 *
 * All of it runs in the default main context. What is lost or late by chance is a function of the seed and of how many packets went
 * before. Queues are bounded (shaper.h).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/net/act.h"
#include "sim/scenario/scenario.h"

typedef struct SimCore SimCore;

typedef struct {
	/* Whether the modem's data session is up for that family. */
	gboolean (*is_up)(gpointer user_data, guint modem, gboolean ipv6);
	/* A packet of that session was received by the modem, or sent by it. */
	void (*carried)(gpointer user_data, guint modem, gboolean received, gsize bytes);
	gpointer user_data;
} SimCoreHooks;

/* Starts the internet (files in RUN_DIR/carrier), makes the interfaces and writes RUN_DIR/targets.conf. The scenario is borrowed,
 * the hooks are copied. */
SimCore *sim_core_new(const SimScenario *scenario, guint64 seed, const char *run_dir, const SimCoreHooks *hooks, GError **error);
/* Interfaces, servers and namespace go. */
void sim_core_free(SimCore *core);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimCore, sim_core_free)

/* The acts that hold for a modem from now on (borrowed), and whether it is plugged in: its interface goes with it and comes back
 * with it. One that somebody deleted is made again. FALSE when the internet is gone. */
gboolean sim_core_update(SimCore *core, guint modem, gboolean present, const SimAct *const *acts, guint n_acts, GError **error);
