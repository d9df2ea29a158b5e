/* world.h - the simulated world: place, radio, modems and receivers at each tick of 100 ms.
 *
 * Time advances by sim_world_step() and by nothing else: the state at tick k depends on scenario, seed and k
 * alone, never on the wall clock or on how often somebody asks. Everything returned is borrowed and
 * changes with the next step.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/net/act.h"
#include "sim/port/faults.h"
#include "sim/port/nmea.h"
#include "sim/world/registration.h"
#include "sim/scenario/scenario.h"

#define SIM_TICK_MS	100
#define SIM_TICKS_PER_S (1000 / SIM_TICK_MS)

typedef struct SimWorld SimWorld;

/* At tick 0, on the scenario's day. Borrows the scenario; the seed is given apart so that it can be overridden. */
SimWorld *sim_world_new(const SimScenario *scenario, guint64 seed, gint64 start_unix_s);
void sim_world_free(SimWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimWorld, sim_world_free)
void sim_world_step(SimWorld *world);

/* What clients and faults make of a modem's operating mode; the lower of that and the scenario's holds from the next step on. With
 * this the state depends on what clients do as well. */
void sim_world_set_mode(SimWorld *world, guint modem, SimOpMode mode);

/* The data sessions that hosts start on a modem: session.h. With these too the state depends on what clients do. */
guint32 sim_world_start_call(SimWorld *world, guint modem, const SimCallRequest *request);
void sim_world_end_call(SimWorld *world, guint modem, guint32 id);
void sim_world_drop_call(SimWorld *world, guint modem, guint32 id);
/* What such a session has carried, further to before. Nothing is carried, and counted, while none is up. */
void sim_world_count_packets(SimWorld *world, guint modem, guint64 rx_packets, guint64 rx_bytes, guint64 tx_packets,
			     guint64 tx_bytes);

const SimScenario *sim_world_scenario(const SimWorld *world);
guint64 sim_world_seed(const SimWorld *world);
/* Of what differs from day to day: the seed itself on day 0. */
guint64 sim_world_day_seed(const SimScenario *scenario, guint64 seed);
guint64 sim_world_tick(const SimWorld *world);
double sim_world_seconds(const SimWorld *world);
gint64 sim_world_utc_ms(const SimWorld *world);
const SimPlace *sim_world_place(const SimWorld *world);

const SimFaults *sim_world_faults(const SimWorld *world, guint modem);
/* The acts on data that hold for a modem now; how many. */
guint sim_world_acts(const SimWorld *world, guint modem, const SimAct *ret_acts[SIM_MAX_ACTS]);
const SimModemState *sim_world_modem(const SimWorld *world, guint modem);
const SimRegistrationView *sim_world_registration(const SimWorld *world, guint modem);
/* The scenario's cell behind state->cells[index]. */
const SimCell *sim_world_cell(const SimWorld *world, guint modem, guint index);
/* Those behind state->nr_cell (with endc only) and state->secondary[index]. */
const SimCell *sim_world_nr_cell(const SimWorld *world, guint modem);
const SimCell *sim_world_secondary_cell(const SimWorld *world, guint modem, guint index);
const SimEpoch *sim_world_epoch(const SimWorld *world, guint gps);
