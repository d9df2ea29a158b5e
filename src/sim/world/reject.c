/* reject.c - see reject.h. SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/reject.h"

typedef struct {
	guint cause;
	SimReject consequence;
} Row;

static const Row common[] = {
	{3, SIM_REJECT_CARD},	  /* illegal UE */
	{5, SIM_REJECT_CARD},	  /* IMEI (PEI) not accepted */
	{6, SIM_REJECT_CARD},	  /* illegal ME */
	{7, SIM_REJECT_CARD},	  /* EPS (5GS) services not allowed */
	{8, SIM_REJECT_CARD},	  /* EPS and non-EPS services not allowed */
	{11, SIM_REJECT_NETWORK}, /* PLMN not allowed */
	{14, SIM_REJECT_NETWORK}, /* EPS services not allowed in this PLMN */
	{35, SIM_REJECT_NETWORK}, /* requested service option not authorized in this PLMN */
	{12, SIM_REJECT_AREA},	  /* tracking area not allowed */
	{13, SIM_REJECT_AREA},	  /* roaming not allowed in this tracking area */
	{15, SIM_REJECT_AREA},	  /* no suitable cells in tracking area */
	{0, SIM_REJECT_LATER},
};

/* What 5GMM has of its own. */
static const Row nr[] = {
	{27, SIM_REJECT_NR},	  /* N1 mode not allowed */
	{31, SIM_REJECT_NR},	  /* redirection to the EPC required */
	{28, SIM_REJECT_AREA},	  /* restricted service area */
	{73, SIM_REJECT_NETWORK}, /* serving network not authorized */
	{78, SIM_REJECT_NETWORK}, /* PLMN not allowed at the present location */
	{0, SIM_REJECT_LATER},
};

static SimReject look_up(const Row *row, guint cause)
{
	while (row->cause != 0 && row->cause != cause)
		row++;
	return row->consequence;
}

SimReject sim_reject_consequence(SimRat rat, guint cause)
{
	SimReject own = rat == SIM_RAT_NR ? look_up(nr, cause) : SIM_REJECT_LATER;
	return own == SIM_REJECT_LATER ? look_up(common, cause) : own;
}
