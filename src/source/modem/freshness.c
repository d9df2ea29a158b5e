/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/modem/freshness.h"

/* Figures of the observation itself; those of the cells stand in them. */
static const struct {
	guint8 id;
	FreshnessGroup group;
	gboolean fine;
} figures[] = {
	{RADIO_ID_gsm_rssi_dbm, FRESHNESS_SIGNAL, FALSE},  {RADIO_ID_umts_rssi_dbm, FRESHNESS_SIGNAL, FALSE},
	{RADIO_ID_umts_rscp_dbm, FRESHNESS_SIGNAL, FALSE}, {RADIO_ID_umts_ecio_cdb, FRESHNESS_SIGNAL, FALSE},
	{RADIO_ID_lte_rssi_dbm, FRESHNESS_SIGNAL, FALSE},  {RADIO_ID_lte_rsrp_dbm, FRESHNESS_SIGNAL, FALSE},
	{RADIO_ID_lte_rsrq_db, FRESHNESS_SIGNAL, FALSE},   {RADIO_ID_lte_snr_cdb, FRESHNESS_SIGNAL, TRUE},
	{RADIO_ID_nr_rsrp_dbm, FRESHNESS_SIGNAL, FALSE},   {RADIO_ID_nr_rsrq_db, FRESHNESS_SIGNAL, FALSE},
	{RADIO_ID_nr_snr_cdb, FRESHNESS_SIGNAL, TRUE},     {RADIO_ID_rx0_cdbm, FRESHNESS_POWER, TRUE},
	{RADIO_ID_rx1_cdbm, FRESHNESS_POWER, TRUE},        {RADIO_ID_rx2_cdbm, FRESHNESS_POWER, TRUE},
	{RADIO_ID_rx3_cdbm, FRESHNESS_POWER, TRUE},        {RADIO_ID_tx_cdbm, FRESHNESS_POWER, TRUE},
};

typedef struct {
	guint64 digest[FRESHNESS_GROUPS];
	guint n[FRESHNESS_GROUPS], fine[FRESHNESS_GROUPS];
} Look;

static void mix(Look *look, FreshnessGroup group, guint64 what, gint64 value, gboolean fine)
{
	guint64 hash = look->digest[group] ? look->digest[group] : G_GUINT64_CONSTANT(14695981039346656037);
	hash = (hash ^ what) * G_GUINT64_CONSTANT(1099511628211); /* FNV-1a by words; a chance equality costs nothing */
	look->digest[group] = (hash ^ (guint64)value) * G_GUINT64_CONSTANT(1099511628211);
	look->n[group]++;
	look->fine[group] += fine ? 1 : 0;
}

static void look_at_cells(const Observation *o, Look *look)
{
	const CellList *cells = &o->radio.cells;
	for (guint i = 0; RADIO_HAS(o, cells) && i < cells->n; i++) {
		const Cell *cell = &cells->cell[i];
		const guint64 key = (guint64)cell->rat << 60 | (guint64)cell->arfcn << 16 | cell->pci;
		if (CELL_HAS(cell, rsrp_cdbm))
			mix(look, FRESHNESS_CELLS, key, cell->rsrp_cdbm, cell->rsrp_cdbm % 100 != 0);
		if (CELL_HAS(cell, rsrq_cdb))
			mix(look, FRESHNESS_CELLS, key, cell->rsrq_cdb, cell->rsrq_cdb % 100 != 0);
		if (CELL_HAS(cell, rssi_cdbm))
			mix(look, FRESHNESS_CELLS, key, cell->rssi_cdbm, cell->rssi_cdbm % 100 != 0);
	}
}

static Look look_at(const Observation *o)
{
	const ObservationTable *table = observation_table(OBSERVATION_RADIO);
	Look look = {0};
	for (guint i = 0; i < G_N_ELEMENTS(figures); i++)
		if (o->present & OBSERVATION_BIT(figures[i].id))
			mix(&look, figures[i].group, figures[i].id,
			    observation_field_int(&table->fields[figures[i].id - 1], &o->radio), figures[i].fine);
	look_at_cells(o, &look);
	return look;
}

static void take_out(Observation *o, FreshnessGroup group)
{
	for (guint i = 0; i < G_N_ELEMENTS(figures); i++)
		if (figures[i].group == group)
			o->present &= ~OBSERVATION_BIT(figures[i].id);
	const guint64 of_cells =
		OBSERVATION_BIT(CELL_ID_rsrp_cdbm) | OBSERVATION_BIT(CELL_ID_rsrq_cdb) | OBSERVATION_BIT(CELL_ID_rssi_cdbm);
	for (guint i = 0; group == FRESHNESS_CELLS && RADIO_HAS(o, cells) && i < o->radio.cells.n; i++)
		o->radio.cells.cell[i].present &= ~of_cells;
}

/* What each group does in this sweep. A group without figures has nothing to hold, and forgets. */
static void compare(Freshness *f, const Look *look, gint64 now_ns)
{
	for (FreshnessGroup g = 0; g < FRESHNESS_GROUPS; g++) {
		f->group[g].repetitions++;
		if (look->digest[g] != f->group[g].digest) {
			f->group[g].since_ns = now_ns;
			f->group[g].repetitions = 0;
		}
		f->group[g].digest = look->digest[g];
		f->group[g].fine = look->n[g] >= 2 && look->fine[g] >= 1;
		f->group[g].last_ns = now_ns;
	}
}

static gint64 stood_ms(const Freshness *f, FreshnessGroup g)
{
	return f->group[g].digest ? (f->group[g].last_ns - f->group[g].since_ns) / NS_PER_MS : 0;
}

static gboolean is_held(const Freshness *f, FreshnessGroup g)
{
	gboolean another_moves = FALSE, any_fine = FALSE, all_still = TRUE;
	for (FreshnessGroup other = 0; other < FRESHNESS_GROUPS; other++) {
		if (!f->group[other].digest)
			continue;
		any_fine |= f->group[other].fine && other != FRESHNESS_POWER; /* noise alone can be steady */
		all_still &= stood_ms(f, other) >= FRESHNESS_STILL_MS;
		another_moves |= other != g && stood_ms(f, other) < FRESHNESS_HELD_MS / 3;
	}
	if (!f->group[g].digest || f->group[g].repetitions < FRESHNESS_REPEATS)
		return FALSE;
	return (f->group[g].fine && another_moves && stood_ms(f, g) >= FRESHNESS_HELD_MS) || (all_still && any_fine);
}

FreshnessChange freshness_judge(Freshness *f, Observation *radio, guint64 *ret_duration_ms)
{
	const Look look = look_at(radio);
	gboolean was_held = FALSE, holds = FALSE;
	gint64 longest_ms = 0, before_ms = 0;
	for (FreshnessGroup g = 0; g < FRESHNESS_GROUPS; g++) {
		was_held |= f->group[g].held;
		before_ms = MAX(before_ms, f->group[g].held ? stood_ms(f, g) : 0);
	}
	compare(f, &look, radio->at.boottime_ns);
	const FreshnessGroup spoken = look.digest[FRESHNESS_SIGNAL] ? FRESHNESS_SIGNAL : FRESHNESS_CELLS;
	const gint64 repeats_ms = stood_ms(f, spoken);
	if (repeats_ms > 0)
		RADIO_SET(radio, signal_repeats_ms, (guint32)MIN(repeats_ms, G_MAXUINT32));
	for (FreshnessGroup g = 0; g < FRESHNESS_GROUPS; g++) {
		f->group[g].held = is_held(f, g);
		holds |= f->group[g].held;
		longest_ms = MAX(longest_ms, f->group[g].held ? stood_ms(f, g) : 0);
		if (f->group[g].held)
			take_out(radio, g);
	}
	*ret_duration_ms = (guint64)(holds ? longest_ms : before_ms);
	return holds == was_held ? FRESHNESS_AS_BEFORE : holds ? FRESHNESS_HELD_NOW : FRESHNESS_MOVES_NOW;
}
