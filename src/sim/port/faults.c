/* faults.c - see faults.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/port/faults.h"

#define BIT(fault) (1u << SIM_FAULT_##fault)

const char *const sim_fault_words[] = {
	[SIM_FAULT_HANG] = "hang",
	[SIM_FAULT_QUEUE_STUCK] = "queue-stuck",
	[SIM_FAULT_NONSENSE] = "nonsense",
	[SIM_FAULT_CORRUPT] = "corrupt",
	[SIM_FAULT_FRAGMENTS] = "fragments",
	[SIM_FAULT_TRUNCATED] = "truncated",
	[SIM_FAULT_LOST_CLIENTS] = "lost-clients",
	[SIM_FAULT_EXHAUSTED_CLIENTS] = "exhausted-clients",
	[SIM_FAULT_LEAKING_CLIENTS] = "leaking-clients",
	[SIM_FAULT_POLICY_MISMATCH] = "policy-mismatch",
	[SIM_FAULT_SILENT_DEATH] = "silent-death",
	[SIM_FAULT_NEEDS_RESET] = "needs-reset",
	[SIM_FAULT_RESET] = "reset",
	[SIM_FAULT_RE_ENUMERATE] = "re-enumerate",
	[SIM_FAULT_UNPLUG] = "unplug",
	[SIM_FAULT_DOUBLED_INDICATIONS] = "doubled-indications",
	[SIM_FAULT_STALE_VALUES] = "stale-values",
	[SIM_FAULT_ODD_VALUES] = "odd-values",
	[SIM_FAULT_SLOW_OPEN] = "slow-open",
	[SIM_N_FAULTS] = NULL,
};

double sim_fault_usual_s(SimFault fault)
{
	/* A modem boots in five seconds; the host needs two to see a device go and come. */
	return fault == SIM_FAULT_RESET ? 5 : fault == SIM_FAULT_RE_ENUMERATE ? 2 : 0;
}

guint32 sim_faults_cured_by_restart(void)
{
	return BIT(HANG) | BIT(QUEUE_STUCK) | BIT(EXHAUSTED_CLIENTS) | BIT(POLICY_MISMATCH) | BIT(SILENT_DEATH) |
	       BIT(NEEDS_RESET) | BIT(STALE_VALUES);
}

static void make_cell_stale(SimCellView *cell, const SimCellView *old)
{
	cell->rsrp_dbm = old->rsrp_dbm;
	cell->rsrq_db = old->rsrq_db;
	cell->rssi_dbm = old->rssi_dbm;
	cell->sinr_db = old->sinr_db;
}

void sim_faults_make_stale(SimModemState *state, const SimModemState *old)
{
	for (guint i = 0; i < MIN(state->n_cells, old->n_cells); i++)
		make_cell_stale(&state->cells[i], &old->cells[i]);
	for (guint i = 0; i < MIN(state->n_secondary, old->n_secondary); i++)
		make_cell_stale(&state->secondary[i].cell, &old->secondary[i].cell);
	if (state->endc && old->endc)
		make_cell_stale(&state->nr_cell, &old->nr_cell);
	for (guint i = 0; i < MIN(state->n_rx, old->n_rx); i++) {
		state->rx[i].power_dbm = old->rx[i].power_dbm;
		state->nr_rx[i].power_dbm = old->nr_rx[i].power_dbm;
	}
	state->tx_power_dbm = old->tx_power_dbm;
}

void sim_faults_make_odd(SimModemState *state)
{
	const double odd = -125;
	SimModemState all = *state;
	for (guint i = 0; i < SIM_MAX_CELLS; i++)
		all.cells[i].rsrp_dbm = all.cells[i].rsrq_db = all.cells[i].rssi_dbm = all.cells[i].sinr_db = odd;
	for (guint i = 0; i < SIM_MAX_SECONDARY; i++)
		all.secondary[i].cell = all.cells[0];
	all.nr_cell = all.cells[0];
	for (guint i = 0; i < SIM_MAX_CHAINS; i++)
		all.rx[i].power_dbm = all.nr_rx[i].power_dbm = odd;
	all.tx_power_dbm = odd;
	sim_faults_make_stale(state, &all);
}

void sim_faults_switch_off(SimModemState *state, SimOpMode mode)
{
	state->operating_mode = mode;
	state->registration = SIM_REG_NOT_REGISTERED;
	state->cs_attached = state->ps_attached = state->roaming = state->forbidden = FALSE;
	state->service = state->true_service = SIM_SERVICE_NONE;
	state->has_serving = state->tx_on = FALSE;
	state->nr_available = state->dcnr_restricted = state->endc = FALSE;
	state->n_cells = state->n_secondary = 0;
	for (guint i = 0; i < state->n_rx; i++)
		state->rx[i].tuned = state->nr_rx[i].tuned = FALSE;
}

void sim_faults_randomise(GRand *dice, guint8 *bytes, gsize size)
{
	for (gsize i = 0; i < size; i++)
		bytes[i] = (guint8)g_rand_int(dice);
}
