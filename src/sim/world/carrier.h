/* carrier.h - channel numbers, bands and bandwidths of GSM, UMTS, LTE and NR carriers.
 *
 * Pure tables and arithmetic: LTE by 3GPP TS 36.101 table 5.7.3-1 and clause 5.7.3, NR by TS 38.104 clauses 5.2,
 * 5.3.2 and 5.4.2, UMTS by TS 25.101 clause 5.4.4 (general channels), GSM by TS 45.005 clause 2. GSM bands go by
 * the number of the LTE band on the same frequencies (850: 5, 900: 8, 1800: 3).
 *
 * NR numbers name a frequency, not a band, and bands overlap: 620000 lies in n77 and in n78. Of the bands that hold
 * a number the usual one is taken (n1, not n66; n7 or n38, not n41; n78, not n77) unless another is asked for. The
 * synchronisation signals lie in the middle of the carrier here, so that one number names both.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/world/modem_state.h"

#define SIM_MAX_ARFCN 3279165 /* of NR, TS 38.104 table 5.4.2.1-1 */

typedef struct {
	SimRat rat;
	guint32 arfcn;        /* of the downlink */
	guint32 band;
	guint32 scs_khz;      /* subcarrier spacing of NR; 0 for the others */
	double bandwidth_mhz; /* of the channel: 1.4 to 20; NR 5 to 100, UMTS 5, GSM 0.2 */
	double downlink_mhz;  /* its centre */
} SimCarrier;

/* Fills band and frequency in from rat and number; FALSE for a number that no known band has. */
gboolean sim_carrier_locate(SimRat rat, guint32 arfcn, guint32 *ret_band, double *ret_downlink_mhz);
/* The first and last channel number of an LTE band; FALSE for an unknown band. */
gboolean sim_lte_band_range(guint32 band, guint32 *ret_first, guint32 *ret_last);
/* Edges of a band's downlink; FALSE for an unknown band. */
gboolean sim_band_downlink(SimRat rat, guint32 band, double *ret_low_mhz, double *ret_high_mhz);

/* The global frequency raster, TS 38.104 table 5.4.2.1-1. Each way FALSE outside of it; a frequency goes to the nearest
 * number. */
gboolean sim_nr_frequency_mhz(guint32 arfcn, double *ret_mhz);
gboolean sim_nr_arfcn(double frequency_mhz, guint32 *ret_arfcn);
/* The first and last number of a band's downlink; FALSE for an unknown band. */
gboolean sim_nr_band_range(guint32 band, guint32 *ret_first, guint32 *ret_last);
gboolean sim_nr_band_holds(guint32 band, guint32 arfcn);
/* The spacing in kHz that a band usually has: 15 in FDD bands, 30 in TDD bands (TS 38.104 table 5.4.3.3-1). */
guint32 sim_nr_usual_scs_khz(guint32 band);
/* Of a channel, TS 38.104 table 5.3.2-1; 0 for what NR does not have below 7 GHz at 15 or 30 kHz, and for what is narrower
 * than the 20 blocks of its own synchronisation signals (TS 38.211 clause 7.4.3.1). */
guint sim_nr_resource_blocks(guint32 scs_khz, double bandwidth_mhz);

/* Resource blocks of an LTE channel (TS 36.101 table 5.6-1), 0 for a bandwidth that LTE does not have. */
guint sim_lte_resource_blocks(double bandwidth_mhz);
/* The same of either; 0 for UMTS and GSM. */
guint sim_carrier_resource_blocks(const SimCarrier *carrier);
/* What a carrier fills with power: 12 subcarriers for each resource block, 3.84 MHz, 200 kHz. */
double sim_carrier_occupied_hz(const SimCarrier *carrier);
