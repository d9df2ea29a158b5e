/* reject.h - what a modem does after the network refused it with a cause.
 *
 * A pure table: 3GPP TS 24.301 clause 5.5.1.2.5 (and 5.5.3.2.5, 5.6.1.5, which say the same of updates and service
 * requests), for NR TS 24.501 clause 5.5.1.2.5, for UMTS and GSM as in LTE.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/world/modem_state.h"

typedef enum {
	SIM_REJECT_LATER,   /* abnormal cases: tries again when a timer has run */
	SIM_REJECT_CARD,    /* this subscriber, nowhere */
	SIM_REJECT_NETWORK, /* not in this PLMN */
	SIM_REJECT_AREA,    /* not in this tracking area */
	SIM_REJECT_NR,	    /* not on NR in this PLMN: N1 mode off */
} SimReject;

SimReject sim_reject_consequence(SimRat rat, guint cause);
