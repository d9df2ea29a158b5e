/* cell.c - [cell NAME] of a scenario; see scenario.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario/read.h"

void sim_cell_free(SimCell *cell)
{
	if (!cell)
		return;
	g_free(cell->name);
	g_free(cell);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimCell, sim_cell_free)

/* What the number spaces of a RAT allow, and its usual power. */
typedef struct {
	const char *channel_name;
	guint32 max_pci;
	guint64 max_cell_id;
	double bandwidth_mhz, power_dbm;
} RatFacts;

static const RatFacts *facts_of(SimRat rat)
{
	static const RatFacts lte = {"EARFCN", 503, (1 << 28) - 1, 10, 28};
	static const RatFacts umts = {"UARFCN", 511, (1 << 28) - 1, 5, 47};
	static const RatFacts gsm = {"ARFCN", 63, 65535, 0.2, 55};
	return rat == SIM_RAT_GSM ? &gsm : rat == SIM_RAT_UMTS ? &umts : &lte;
}

static gboolean check_band(const KeyFile *file, const char *group, const SimCell *cell, guint32 band, GError **error)
{
	guint32 first, last;
	if (band == cell->carrier.band)
		return TRUE;
	if (cell->carrier.rat == SIM_RAT_LTE && sim_lte_band_range(band, &first, &last))
		return keyfile_error(file, group, "band", error,
				     "EARFCN %u lies in band %u; band %u has %u to %u", cell->carrier.arfcn, cell->carrier.band,
				     band, first, last);
	return keyfile_error(file, group, "band", error, "channel %u lies in band %u, not in %u", cell->carrier.arfcn,
			     cell->carrier.band, band);
}

static gboolean read_carrier(const KeyFile *file, const char *group, SimCell *cell, GError **error)
{
	SimCarrier *carrier = &cell->carrier;
	carrier->rat = SIM_RAT_LTE;
	if (!sim_read_rat(file, group, "rat", &carrier->rat, error) ||
	    !sim_read_uint(file, group, "earfcn", 262143, &carrier->arfcn, error))
		return FALSE;
	const RatFacts *facts = facts_of(carrier->rat);
	carrier->bandwidth_mhz = facts->bandwidth_mhz;
	cell->power_dbm = facts->power_dbm;
	if (!sim_carrier_locate(carrier->rat, carrier->arfcn, &carrier->band, &carrier->downlink_mhz))
		return keyfile_error(file, group, "earfcn", error, "no band known here has the downlink %s %u",
				     facts->channel_name, carrier->arfcn);
	guint32 band = carrier->band;
	if (!sim_read_uint(file, group, "band", 255, &band, error) || !check_band(file, group, cell, band, error) ||
	    !keyfile_double(file, group, "bandwidth_mhz", 0, 20, &carrier->bandwidth_mhz, error))
		return FALSE;
	if (carrier->rat == SIM_RAT_LTE && sim_lte_resource_blocks(carrier->bandwidth_mhz) == 0)
		return keyfile_error(file, group, "bandwidth_mhz", error, "LTE has 1.4, 3, 5, 10, 15 and 20 MHz, not %g",
				     carrier->bandwidth_mhz);
	if (carrier->rat != SIM_RAT_LTE && carrier->bandwidth_mhz != facts->bandwidth_mhz)
		return keyfile_error(file, group, "bandwidth_mhz", error, "a carrier of this rat has %g MHz; leave the key out",
				     facts->bandwidth_mhz);
	return TRUE;
}

static gboolean read_identity(const KeyFile *file, const char *group, SimCell *cell, GError **error)
{
	const RatFacts *facts = facts_of(cell->carrier.rat);
	gint64 id = 0;
	if (!sim_read_plmn(file, group, "plmn", cell->mcc, cell->mnc, error) ||
	    !sim_read_uint(file, group, "tac", 65535, &cell->tac, error) ||
	    !sim_read_uint(file, group, "pci", facts->max_pci, &cell->pci, error) ||
	    !keyfile_int(file, group, "cell_id", 0, (gint64)facts->max_cell_id, &id, error))
		return FALSE;
	cell->cell_id = (guint64)id;
	return TRUE;
}

static gboolean read_antenna(const KeyFile *file, const char *group, SimCell *cell, GError **error)
{
	cell->load = 0.3;
	cell->antenna_ports = 2;
	cell->directional = keyfile_has(file, group, "azimuth");
	if (!sim_read_place(file, group, &cell->lat_deg, &cell->lon_deg, error) ||
	    !keyfile_double(file, group, "power_dbm", -50, 80, &cell->power_dbm, error) ||
	    !keyfile_double(file, group, "load", 0, 1, &cell->load, error) ||
	    !keyfile_double(file, group, "azimuth", 0, 360, &cell->azimuth_deg, error) ||
	    !sim_read_uint(file, group, "antenna_ports", 2, &cell->antenna_ports, error))
		return FALSE;
	if (cell->antenna_ports == 0)
		return keyfile_error(file, group, "antenna_ports", error, "a cell has 1 or 2 antenna ports here");
	return TRUE;
}

gboolean sim_read_cell(const KeyFile *file, const char *group, SimScenario *scenario, GError **error)
{
	static const char *const required[] = {"plmn", "lat", "lon", "earfcn", "pci", "tac", "cell_id", NULL};
	g_autoptr(SimCell) cell = g_new0(SimCell, 1);
	cell->name = g_strdup(keyfile_group_name(group));
	if (!sim_read_require(file, group, required, error) || !read_carrier(file, group, cell, error) ||
	    !read_identity(file, group, cell, error) || !read_antenna(file, group, cell, error))
		return FALSE;
	g_ptr_array_add(scenario->cells, g_steal_pointer(&cell));
	return TRUE;
}
