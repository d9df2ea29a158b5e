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
	guint32 max_tac;
	double bandwidth_mhz, power_dbm;
} RatFacts;

static const RatFacts *facts_of(SimRat rat)
{
	static const RatFacts nr = {"NR-ARFCN", 1007, ((guint64)1 << 36) - 1, (1 << 24) - 1, 20, 28};
	static const RatFacts lte = {"EARFCN", 503, (1 << 28) - 1, 65535, 10, 28};
	static const RatFacts umts = {"UARFCN", 511, (1 << 28) - 1, 65535, 5, 47};
	static const RatFacts gsm = {"ARFCN", 63, 65535, 65535, 0.2, 55};
	return rat == SIM_RAT_NR ? &nr : rat == SIM_RAT_GSM ? &gsm : rat == SIM_RAT_UMTS ? &umts : &lte;
}

static gboolean check_band(const KeyFile *file, const char *group, const SimCell *cell, guint32 band, GError **error)
{
	guint32 first, last;
	if (band == cell->carrier.band)
		return TRUE;
	if (cell->carrier.rat == SIM_RAT_NR && sim_nr_band_range(band, &first, &last))
		return keyfile_error(file, group, "band", error, "NR-ARFCN %u does not lie in n%u, which has %u to %u",
				     cell->carrier.arfcn, band, first, last);
	if (cell->carrier.rat == SIM_RAT_LTE && sim_lte_band_range(band, &first, &last))
		return keyfile_error(file, group, "band", error,
				     "EARFCN %u lies in band %u; band %u has %u to %u", cell->carrier.arfcn, cell->carrier.band,
				     band, first, last);
	return keyfile_error(file, group, "band", error, "channel %u lies in band %u, not in %u", cell->carrier.arfcn,
			     cell->carrier.band, band);
}

/* What LTE and NR allow; the others have one width. */
static gboolean check_width(const KeyFile *file, const char *group, const SimCarrier *carrier, double usual_mhz, GError **error)
{
	switch (carrier->rat) {
	case SIM_RAT_NR:
		if (sim_carrier_resource_blocks(carrier) > 0)
			return TRUE;
		return keyfile_error(file, group, "bandwidth_mhz", error,
				     "NR with %u kHz has no carrier of %g MHz: 15 kHz has 5 to 50, 30 kHz 10 to 100", carrier->scs_khz,
				     carrier->bandwidth_mhz);
	case SIM_RAT_LTE:
		if (sim_carrier_resource_blocks(carrier) > 0)
			return TRUE;
		return keyfile_error(file, group, "bandwidth_mhz", error, "LTE has 1.4, 3, 5, 10, 15 and 20 MHz, not %g",
				     carrier->bandwidth_mhz);
	case SIM_RAT_UMTS:
	case SIM_RAT_GSM:
	case SIM_RAT_NONE:
		if (carrier->bandwidth_mhz == usual_mhz)
			return TRUE;
		break;
	}
	return keyfile_error(file, group, "bandwidth_mhz", error, "a carrier of this rat has %g MHz; leave the key out", usual_mhz);
}

/* NR: which of the overlapping bands, and the subcarrier spacing, which decides on width and power. */
static gboolean read_nr(const KeyFile *file, const char *group, SimCell *cell, guint32 band, GError **error)
{
	static const char *const spacings[] = {"15", "30", NULL};
	SimCarrier *carrier = &cell->carrier;
	if (sim_nr_band_holds(band, carrier->arfcn))
		carrier->band = band;
	int spacing = sim_nr_usual_scs_khz(carrier->band) == 15 ? 0 : 1;
	if (!keyfile_choice(file, group, "scs_khz", spacings, &spacing, error))
		return FALSE;
	carrier->scs_khz = spacing == 0 ? 15 : 30;
	if (spacing == 1) {
		carrier->bandwidth_mhz = 40;
		cell->power_dbm = 38;
	}
	return TRUE;
}

/* Keys that only cells of one technology have. */
static gboolean check_rat_keys(const KeyFile *file, const char *group, SimRat rat, GError **error)
{
	static const struct {
		const char *key;
		SimRat rat;
		const char *name;
	} rows[] = {{"scs_khz", SIM_RAT_NR, "NR"}, {"standalone", SIM_RAT_NR, "NR"}, {"endc", SIM_RAT_LTE, "LTE"}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rat != rows[i].rat && keyfile_has(file, group, rows[i].key))
			return keyfile_error(file, group, rows[i].key, error, "only a cell of %s has this key", rows[i].name);
	return TRUE;
}

static gboolean read_carrier(const KeyFile *file, const char *group, SimCell *cell, GError **error)
{
	SimCarrier *carrier = &cell->carrier;
	carrier->rat = SIM_RAT_LTE;
	if (!sim_read_rat(file, group, "rat", &carrier->rat, error) || !check_rat_keys(file, group, carrier->rat, error) ||
	    !sim_read_uint(file, group, "earfcn", SIM_MAX_ARFCN, &carrier->arfcn, error))
		return FALSE;
	const RatFacts *facts = facts_of(carrier->rat);
	carrier->bandwidth_mhz = facts->bandwidth_mhz;
	cell->power_dbm = facts->power_dbm;
	if (!sim_carrier_locate(carrier->rat, carrier->arfcn, &carrier->band, &carrier->downlink_mhz))
		return keyfile_error(file, group, "earfcn", error, "no band known here has the downlink %s %u",
				     facts->channel_name, carrier->arfcn);
	guint32 band = carrier->band;
	if (!sim_read_uint(file, group, "band", 255, &band, error) ||
	    (carrier->rat == SIM_RAT_NR && !read_nr(file, group, cell, band, error)) ||
	    !check_band(file, group, cell, band, error) ||
	    !keyfile_double(file, group, "bandwidth_mhz", 0, 100, &carrier->bandwidth_mhz, error))
		return FALSE;
	return check_width(file, group, carrier, facts->bandwidth_mhz, error);
}

static gboolean read_identity(const KeyFile *file, const char *group, SimCell *cell, GError **error)
{
	const RatFacts *facts = facts_of(cell->carrier.rat);
	gint64 id = 0;
	if (!sim_read_plmn(file, group, "plmn", cell->mcc, cell->mnc, error) ||
	    !sim_read_uint(file, group, "tac", facts->max_tac, &cell->tac, error) ||
	    !sim_read_uint(file, group, "pci", facts->max_pci, &cell->pci, error) ||
	    !keyfile_int(file, group, "cell_id", 0, (gint64)facts->max_cell_id, &id, error))
		return FALSE;
	cell->cell_id = (guint64)id;
	return TRUE;
}

static gboolean read_antenna(const KeyFile *file, const char *group, SimCell *cell, GError **error)
{
	cell->load = 0.3;
	cell->standalone = TRUE;
	cell->antenna_ports = 2;
	cell->directional = keyfile_has(file, group, "azimuth");
	if (!sim_read_place(file, group, &cell->lat_deg, &cell->lon_deg, error) ||
	    !keyfile_double(file, group, "power_dbm", -50, 80, &cell->power_dbm, error) ||
	    !keyfile_double(file, group, "load", 0, 1, &cell->load, error) ||
	    !keyfile_double(file, group, "azimuth", 0, 360, &cell->azimuth_deg, error) ||
	    !sim_read_uint(file, group, "antenna_ports", 2, &cell->antenna_ports, error) ||
	    !keyfile_bool(file, group, "endc", &cell->endc, error) ||
	    !keyfile_bool(file, group, "standalone", &cell->standalone, error))
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
