/* permits.c - see permits.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/permits.h"

struct SimPermits {
	const SimModemSetup *setup;
	GHashTable *networks; /* set of "257-01" */
	GHashTable *without_nr; /* likewise */
	GHashTable *areas;    /* set of "257-01/3/4011": PLMN, RAT, TAC or LAC */
};

SimPermits *sim_permits_new(const SimModemSetup *setup)
{
	SimPermits *permits = g_new0(SimPermits, 1);
	permits->setup = setup;
	permits->networks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	permits->without_nr = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	permits->areas = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return permits;
}

void sim_permits_free(SimPermits *permits)
{
	if (!permits)
		return;
	g_hash_table_unref(permits->networks);
	g_hash_table_unref(permits->without_nr);
	g_hash_table_unref(permits->areas);
	g_free(permits);
}

static char *network_key(const SimCell *cell)
{
	return g_strdup_printf("%s-%s", cell->mcc, cell->mnc);
}

static char *area_key(const SimCell *cell)
{
	return g_strdup_printf("%s-%s/%d/%u", cell->mcc, cell->mnc, (int)cell->carrier.rat, cell->tac);
}

gboolean sim_permits_is_home(const SimPermits *permits, const SimCell *cell)
{
	const SimModemInfo *info = &permits->setup->info;
	return g_str_equal(cell->mcc, info->home_mcc) && g_str_equal(cell->mnc, info->home_mnc);
}

gboolean sim_permits_allow(const SimPermits *permits, const SimCell *cell)
{
	g_autofree char *network = network_key(cell), *area = area_key(cell);
	const char *const *roaming = (const char *const *)permits->setup->roaming;
	if (!sim_permits_is_home(permits, cell) && !(roaming && g_strv_contains(roaming, network)))
		return FALSE;
	if (cell->carrier.rat == SIM_RAT_NR && g_hash_table_contains(permits->without_nr, network))
		return FALSE;
	return !g_hash_table_contains(permits->networks, network) && !g_hash_table_contains(permits->areas, area);
}

void sim_permits_forbid_network(SimPermits *permits, const SimCell *cell)
{
	g_hash_table_add(permits->networks, network_key(cell));
}

void sim_permits_forbid_area(SimPermits *permits, const SimCell *cell)
{
	g_hash_table_add(permits->areas, area_key(cell));
}

void sim_permits_forbid_nr(SimPermits *permits, const SimCell *cell)
{
	g_hash_table_add(permits->without_nr, network_key(cell));
}

void sim_permits_forget_areas(SimPermits *permits)
{
	g_hash_table_remove_all(permits->areas);
	g_hash_table_remove_all(permits->without_nr);
}

void sim_permits_forget_all(SimPermits *permits)
{
	g_hash_table_remove_all(permits->networks);
	sim_permits_forget_areas(permits);
}
