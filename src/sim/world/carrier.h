/* carrier.h - channel numbers, bands and bandwidths of GSM, UMTS and LTE carriers.
 *
 * Pure tables and arithmetic: LTE by 3GPP TS 36.101 table 5.7.3-1 and clause 5.7.3, UMTS by TS 25.101
 * clause 5.4.4 (general channels), GSM by TS 45.005 clause 2. GSM bands go by the number of the LTE band
 * on the same frequencies (850: 5, 900: 8, 1800: 3).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/world/modem_state.h"

typedef struct {
	SimRat rat;
	guint32 arfcn;        /* of the downlink */
	guint32 band;
	double bandwidth_mhz; /* of the channel: 1.4 to 20; UMTS 5, GSM 0.2 */
	double downlink_mhz;  /* its centre */
} SimCarrier;

/* Fills band and frequency in from rat and number; FALSE for a number that no known band has. */
gboolean sim_carrier_locate(SimRat rat, guint32 arfcn, guint32 *ret_band, double *ret_downlink_mhz);
/* The first and last channel number of an LTE band; FALSE for an unknown band. */
gboolean sim_lte_band_range(guint32 band, guint32 *ret_first, guint32 *ret_last);
/* Edges of a band's downlink; FALSE for an unknown band. */
gboolean sim_band_downlink(SimRat rat, guint32 band, double *ret_low_mhz, double *ret_high_mhz);

/* Resource blocks of an LTE channel (TS 36.101 table 5.6-1), 0 for a bandwidth that LTE does not have. */
guint sim_lte_resource_blocks(double bandwidth_mhz);
/* What a carrier fills with power: 12 x 15 kHz for each resource block, 3.84 MHz, 200 kHz. */
double sim_carrier_occupied_hz(const SimCarrier *carrier);
