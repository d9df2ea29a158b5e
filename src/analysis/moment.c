/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/moment.h"

#define DEFAULT_WIDTH_KHZ 10000
#define NOISE_FIGURE_DB 7.0
#define THERMAL_DBM_HZ (-174.0)
#define SUBCARRIER_HZ 15000.0
#define SUBCARRIERS 12 /* of a resource block */

static double to_mw(double dbm)
{
	return pow(10, dbm / 10);
}

static double to_dbm(double mw)
{
	return 10 * log10(mw);
}

double moment_noise_floor_dbm(guint32 bandwidth_khz)
{
	return THERMAL_DBM_HZ + NOISE_FIGURE_DB + 10 * log10((bandwidth_khz ? bandwidth_khz : DEFAULT_WIDTH_KHZ) * 1000.0);
}

/* 3GPP TS 36.101 table 5.6-1. 0 for a width that LTE does not have. */
static guint resource_blocks(guint32 bandwidth_khz)
{
	switch (bandwidth_khz) {
	case 1400:
		return 6;
	case 3000:
		return 15;
	case 5000:
		return 25;
	case 10000:
		return 50;
	case 15000:
		return 75;
	case 20000:
		return 100;
	default:
		return 0;
	}
}

/* The cells on the carrier of the serving one. */
static gboolean on_carrier(const Moment *m, const HeardCell *cell)
{
	return ENTRY_HAS(m->cell, arfcn) && cell->arfcn == m->cell->fields.arfcn && cell->rat == m->cell->fields.rat &&
	       !isnan(cell->rsrp_dbm);
}

double moment_residual_db(const Moment *m)
{
	if (!m->cell || !ENTRY_HAS(m->cell, bandwidth_khz) || !ENTRY_HAS(m->cell, rat) || m->cell->fields.rat != RAT_LTE)
		return NAN;
	const guint blocks = resource_blocks(m->cell->fields.bandwidth_khz);
	const double rssi = m->median.rssi_dbm, rsrp = m->median.rsrp_dbm;
	if (blocks == 0 || isnan(rssi) || isnan(rsrp))
		return NAN;
	double element = to_mw(THERMAL_DBM_HZ + NOISE_FIGURE_DB + 10 * log10(SUBCARRIER_HZ)) + to_mw(rsrp);
	for (guint i = 0; i < m->n_heard; i++)
		if (!m->heard[i].serving && on_carrier(m, &m->heard[i]))
			element += to_mw(m->heard[i].rsrp_dbm);
	return rssi - to_dbm(element * SUBCARRIERS * blocks);
}

double moment_neighbour_db(const Moment *m)
{
	double strongest = NAN;
	for (guint i = 0; m->cell && i < m->n_heard; i++)
		if (!m->heard[i].serving && on_carrier(m, &m->heard[i]))
			strongest = fmax(strongest, m->heard[i].rsrp_dbm);
	return strongest - m->median.rsrp_dbm;
}

gboolean moment_served(const Moment *m)
{
	return m->state && m->state->service == SERVICE_STATE_SERVED;
}

gboolean moment_broadband(const Moment *m)
{
	return moment_served(m) && m->cell && ENTRY_HAS(m->cell, rat) &&
	       (m->cell->fields.rat == RAT_LTE || m->cell->fields.rat == RAT_NR);
}

gboolean moment_own_fault(const Moment *m)
{
	return m->at.boot_ms < m->modem->fault_until_ms;
}
