/* radio.c - see radio.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/radio.h"

#include "sim/world/rng.h"

#include <math.h>

#define THERMAL_DBM_PER_HZ (-174.0) /* kT at 290 K */

double sim_mw_from_dbm(double dbm)
{
	return pow(10, dbm / 10);
}

double sim_dbm_from_mw(double mw)
{
	return mw > 0 ? 10 * log10(mw) : -INFINITY;
}

/* Friis, isotropic antennas: 20 log10(4 pi d f / c), d in metres and f in MHz. */
static double free_space_loss_db(double frequency_mhz, double distance_m)
{
	return 20 * log10(distance_m) + 20 * log10(frequency_mhz) - 27.55;
}

double sim_radio_path_loss_db(const SimRadioSetup *setup, double frequency_mhz, double distance_m)
{
	double loss = 0, d = MAX(distance_m, 1.0);
	switch (setup->path_loss) {
	case SIM_PATH_LOSS_URBAN_MACRO:
		/* TR 36.942 clause 4.5.2 with antennas 15 m above the roofs: 128.1 + 37.6 log10(km) at 2 GHz. */
		loss = 58.8 + 21 * log10(frequency_mhz) + 37.6 * log10(d / 1000);
		break;
	case SIM_PATH_LOSS_LOG_DISTANCE:
		loss = free_space_loss_db(frequency_mhz, 1) + 10 * setup->exponent * log10(d);
		break;
	}
	return MAX(loss, free_space_loss_db(frequency_mhz, d));
}

double sim_radio_shadowing_db(const SimRadioSetup *setup, guint64 seed, guint64 site, double east_m, double north_m)
{
	/* Half of the variance belongs to the place (the street is narrow for every site): TR 36.942 clause 4.5
	 * has a correlation of 0.5 between sites. */
	double x = east_m / setup->shadowing_distance_m, y = north_m / setup->shadowing_distance_m;
	double common = sim_noise_plane(seed, SIM_STREAM_SHADOW_COMMON, 0, x, y);
	double own = sim_noise_plane(seed, SIM_STREAM_SHADOW_SITE, site, x, y);
	return setup->shadowing_db * (common + own) / sqrt(2);
}

double sim_radio_antenna_loss_db(double off_azimuth_deg)
{
	double off = fabs(remainder(off_azimuth_deg, 360)) / 65;
	return MIN(12 * off * off, 20);
}

double sim_radio_noise_mw(const SimRadioSetup *setup, double bandwidth_hz)
{
	return bandwidth_hz * sim_mw_from_dbm(THERMAL_DBM_PER_HZ + setup->noise_figure_db);
}

double sim_radio_share(SimRat rat, double load, guint antenna_ports)
{
	if (rat == SIM_RAT_LTE)
		return (2 * antenna_ports + (12 - 2 * antenna_ports) * load) / 12;
	if (rat == SIM_RAT_NR)
		return (8 + 6 * load) / 14;
	/* The CPICH has a tenth of a full cell's power and the other common channels another (TS 25.942 clause 5.1). */
	return rat == SIM_RAT_UMTS ? 2 + 8 * load : 1;
}

double sim_radio_mean_share(SimRat rat, double load, guint antenna_ports)
{
	const double broadcast = 0.02; /* synchronisation and system information [I] */
	return rat == SIM_RAT_NR ? broadcast + (1 - broadcast) * load : sim_radio_share(rat, load, antenna_ports);
}

SimMeasure sim_radio_measure(const SimMeasureInput *input)
{
	gboolean has_blocks = input->rat == SIM_RAT_LTE || input->rat == SIM_RAT_NR;
	double units = has_blocks ? 12 * input->resource_blocks : 1;
	double rssi_mw = units * (input->own_share * input->own_mw + input->others_mw + input->noise_mw);
	double signals = has_blocks ? input->resource_blocks : 1;
	SimMeasure measure = {.rssi_dbm = sim_dbm_from_mw(rssi_mw)};
	measure.rsrp_dbm = MAX(sim_dbm_from_mw(input->own_mw), SIM_MIN_RSRP_DBM);
	measure.sinr_db = MAX(sim_dbm_from_mw(input->own_mw / (input->others_mw + input->noise_mw)), SIM_MIN_SINR_DB);
	if (input->rat != SIM_RAT_GSM)
		measure.rsrq_db = MAX(sim_dbm_from_mw(signals * input->own_mw / rssi_mw), SIM_MIN_RSRQ_DB);
	return measure;
}

double sim_radio_tx_power_dbm(double cell_power_dbm, double rsrp_dbm)
{
	/* Usual network parameters: alpha 0.8 and P0 -84 dBm reach full power at an RSRP of about -110; 4 blocks are sent.
	 * The path loss that a modem computes has the antenna gain of the cell (15 dBi) in it: TS 36.213 takes the power
	 * at the connector from the system information. */
	const double p0_dbm = -84, alpha = 0.8, blocks_db = 6, antenna_gain_db = 15;
	double path_loss_db = cell_power_dbm - antenna_gain_db - rsrp_dbm;
	return CLAMP(blocks_db + p0_dbm + alpha * path_loss_db, -40, SIM_MAX_TX_DBM);
}
