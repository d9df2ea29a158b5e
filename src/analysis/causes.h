/* causes.h - what the numbers with which a network or a modem refuses mean, for rules: verdicts.md's classes and the standards'
 * names.
 *
 * Sources: 3GPP TS 24.301 9.9.3.9 (EMM) and 9.9.4.4 (ESM), TS 24.501 9.11.3.2 (5GMM) and 9.11.4.2 (5GSM); for what Qualcomm's
 * firmware says by itself the verbose call end reasons as libqmi lists them. A class is what a cause is consistent with, never its
 * proof.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

/* Why a data session was refused or ended. */
typedef enum {
	CAUSE_CLASS_OTHER,
	CAUSE_CLASS_RADIO, /* the connection over the air did not come about, or broke */
	CAUSE_CLASS_BARRING, /* the cell's system information keeps us out */
	CAUSE_CLASS_OVERLOAD, /* the network says, or acts as if, it has too much to do */
	CAUSE_CLASS_DETACH, /* the network signed us off */
	CAUSE_CLASS_OWN_SIDE, /* the modem, its settings, its card */
	CAUSE_CLASS_ORDER, /* refused on purpose: an order, or this subscription */
	CAUSE_CLASS_FAULT, /* load or a fault of the network */
	CAUSE_CLASS_CONFIGURATION, /* what was asked for is wrong: access point, kind of address */
} CauseClass;

CauseClass causes_of_session(CauseType type, guint cause);
/* "operator determined barring"; NULL for one without a name here. Static. */
const char *causes_session_name(CauseType type, guint cause);

/* Why a registration was refused. */
typedef enum {
	REJECT_CLASS_OTHER,
	REJECT_CLASS_SUBSCRIBER, /* this subscription, card or modem */
	REJECT_CLASS_AUTHENTICATION, /* the two do not believe each other; a false cell brings that about too */
	REJECT_CLASS_AREA, /* this place or network, for us; roaming */
	REJECT_CLASS_OVERLOAD, /* load, or a fault of the network */
	REJECT_CLASS_RESYNC, /* the network has lost track of the modem, which signs in anew */
	REJECT_CLASS_SESSION, /* the session asked for with it was refused */
	REJECT_CLASS_OTHER_RAT, /* go and use another generation of network */
} RejectClass;

/* Causes of GSM and UMTS (TS 24.008 10.5.3.6) have EMM's numbers where they mean the same. */
RejectClass causes_of_reject(Rat rat, guint cause);
/* "no suitable cells in tracking area"; NULL for one without a name here. Static. */
const char *causes_reject_name(Rat rat, guint cause);
