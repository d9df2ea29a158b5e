/* radio.h - what several rules ask of the radio link.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/moment.h"

/* The code of QMI's verbose end reason of that type, or 3GPP's cause; -1 where a session told none of that type. */
gint radio_end_cause(const Seen *session, CauseType type);
/* A session failed or ended because of the radio link: timer expired, link failure, system information not read (verdicts.md). */
gboolean radio_is_link_failure(const Seen *session);
/* The network or the cell is full: 1060 and 1015, ESM 26, EMM 22. */
gboolean radio_is_overload(const Seen *session);
/* No cell of any network is heard, and the modem says that there is no service. */
gboolean radio_silent(const Moment *m);
/* The noise floor in the width of the cell that serves, else of the last one. */
double radio_floor_dbm(const Moment *m);
/* Compared with at least BASELINE_MIN_PASSES passes of the serving cell here. */
gboolean radio_has_cell_base(const Moment *m);
/* The place is known now, by fixes around it: not merely the last one held on to. */
gboolean radio_located(const When *at);
/* Metres; NAN where a place is missing. For short ways. */
double radio_apart_m(double lat1, double lon1, double lat2, double lon2);

/* How much worse the serving cell is than on other passes here, medians; NAN where a figure is missing. */
typedef struct {
	double rsrp_db, rsrq_db, snr_db;
} RadioLoss;
RadioLoss radio_loss(const Moment *m);
/* 1: RSRQ and SNR are both worse than `usual` (what this pass lost against the others before; zero: nothing) by `rsrq_db` and
 * `snr_db`, or by `spread_times` the spread of this place where that is more; 0.5: by half of it.
 * Chips that never report an RSRQ under RADIO_RSRQ_CLAMP_DB are believed at that figure. 0 where a figure is missing. */
double radio_loss_share(const Moment *m, const RadioLoss *usual, double rsrq_db, double snr_db, double spread_times);
#define RADIO_RSRQ_CLAMP_DB (-20.0)

/* Whether a data session sends and hears nothing back. Zero-initialised. */
typedef struct {
	double rx_packets, tx_packets; /* when something last came back */
	gint64 since_ms;
	gboolean known;
} RadioFlow;
gboolean radio_flow_stuck(RadioFlow *flow, const Moment *m);
