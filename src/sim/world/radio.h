/* radio.h - propagation and measurement: from powers and distances to RSRP, RSSI, RSRQ, SINR and Tx power.
 *
 * Pure functions. Powers add up in milliwatts; dB only at the edges. The unit of power is what a modem
 * measures: one resource element of LTE (15 kHz) or NR (15 or 30 kHz), the whole carrier of UMTS and GSM.
 *
 * LTE quantities follow 3GPP TS 36.214 (clause 5.1): with N resource blocks, R the power of a reference-signal
 * element of the measured cell, r its share of elements that carry power in the symbols with reference signals,
 * Ri and ri the same of every other cell on the channel, n noise and jammers in one element,
 *
 *   RSSI = 12 N (r R + sum ri Ri + n)    RSRQ = N R / RSSI    SINR = R / (sum ri Ri + n)
 *
 * and so RSRQ = 1 / (12 (r + 1 / SINR)), whatever the numbers.
 *
 * NR's SS-RSRP, SS-RSRQ and SS-SINR (TS 38.215 clause 5.1) are the same with another r. NR has no reference signals
 * that are always there: what a modem measures are the synchronisation blocks and what else is sent in the symbols and
 * resource blocks around them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/world/modem_state.h"

typedef enum { SIM_PATH_LOSS_URBAN_MACRO, SIM_PATH_LOSS_LOG_DISTANCE } SimPathLoss;

typedef struct {
	SimPathLoss path_loss;
	double exponent; /* of SIM_PATH_LOSS_LOG_DISTANCE */
	double shadowing_db, shadowing_distance_m;
	double day_spread_db; /* what of the shadowing is another on another day */
	double fading_db;
	double penetration_db;
	double noise_figure_db;
} SimRadioSetup;

/* The lowest value of each quantity that a state carries: ends of the reporting ranges of TS 36.133
 * clause 9.1 (extended RSRP and RSRQ, RS-SINR), so that a cell that is off has numbers, and low ones. */
#define SIM_MIN_RSRP_DBM (-156.0)
#define SIM_MIN_RSRQ_DB	 (-34.0)
#define SIM_MIN_SINR_DB	 (-23.0)
#define SIM_MAX_TX_DBM	 23.0 /* power class 3, TS 36.101 table 6.2.2-1 */

double sim_mw_from_dbm(double dbm);
/* -INFINITY for 0. */
double sim_dbm_from_mw(double mw);

double sim_radio_path_loss_db(const SimRadioSetup *setup, double frequency_mhz, double distance_m);
/* Of a sender at `site` (any number that tells sites apart) at a receiver's place. */
double sim_radio_shadowing_db(const SimRadioSetup *setup, guint64 seed, guint64 site, double east_m, double north_m);
/* What a sector antenna gives less at that angle off its azimuth (TR 36.942 clause 4.2.1: 65 degrees wide, 20 dB at the back). */
double sim_radio_antenna_loss_db(double off_azimuth_deg);
double sim_radio_noise_mw(const SimRadioSetup *setup, double bandwidth_hz);

/* The share r above. LTE: reference signals are always there (2 of 12 elements for each antenna port), and `load`
 * of the rest. NR: 8 of the 14 symbols of a measured slot are synchronisation blocks (TS 38.213 clause 4.1), and `load`
 * of the rest. For UMTS what the cell sends in units of its CPICH; for GSM's BCCH carrier 1. */
double sim_radio_share(SimRat rat, double load, guint antenna_ports);
/* The same over the whole channel and over time. Only NR differs: of an empty cell little is left, as its
 * synchronisation blocks come every 20 ms and are 20 blocks wide. */
double sim_radio_mean_share(SimRat rat, double load, guint antenna_ports);

typedef struct {
	SimRat rat;
	guint resource_blocks; /* LTE, NR */
	double own_mw, own_share;
	double others_mw; /* sum of share times power of the other cells */
	double noise_mw;  /* noise and jammers, in one unit */
} SimMeasureInput;

typedef struct {
	double rsrp_dbm, rsrq_db, rssi_dbm, sinr_db; /* as in SimCellView, not below the limits above */
} SimMeasure;

SimMeasure sim_radio_measure(const SimMeasureInput *input);

/* Open-loop uplink power, TS 36.213 clause 5.1.1.1: min(23, 10 log10 M + P0 + alpha PL). */
double sim_radio_tx_power_dbm(double cell_power_dbm, double rsrp_dbm);
