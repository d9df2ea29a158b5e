/* modem_state.h - what one simulated modem hears and does at one instant.
 *
 * This is the seam of the simulator: world.c and its helpers compute it (physics, registration state
 * machine, happenings); the protocol side (sim/qmi) only reads it and turns it into messages; the
 * ground truth is written from it. Nothing protocol-specific stands here: units are physical, values
 * are as exact as the world knows them (the protocol side rounds and clamps), absence is a flag.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/port/nmea.h"

#include <glib.h>

#define SIM_MAX_CELLS  24 /* serving and neighbours as the modem reports them */
#define SIM_MAX_CHAINS 4  /* receive antennas */

typedef enum { SIM_RAT_NONE, SIM_RAT_GSM, SIM_RAT_UMTS, SIM_RAT_LTE, SIM_RAT_NR } SimRat;

typedef enum {
	SIM_REG_NOT_REGISTERED, /* not searching */
	SIM_REG_REGISTERED,
	SIM_REG_SEARCHING,
	SIM_REG_DENIED,
	SIM_REG_UNKNOWN,
} SimRegistration;

typedef enum {
	SIM_SERVICE_NONE,
	SIM_SERVICE_LIMITED, /* camped on a cell that lets us make emergency calls at most */
	SIM_SERVICE_FULL,
} SimService;

typedef enum {
	SIM_ACCESS_NORMAL, /* LTE cell access status, 3GPP TS 36.331 access class barring */
	SIM_ACCESS_EMERGENCY_ONLY,
	SIM_ACCESS_NO_CALLS,
	SIM_ACCESS_ALL_CALLS,
} SimAccess;

typedef enum { SIM_OPMODE_ONLINE, SIM_OPMODE_LOW_POWER, SIM_OPMODE_OFFLINE, SIM_OPMODE_RESETTING } SimOpMode;
typedef enum { SIM_CARD_READY, SIM_CARD_ABSENT, SIM_CARD_PIN_LOCKED, SIM_CARD_ERROR } SimCard;

/* One cell as measured by the modem. */
typedef struct {
	SimRat rat;
	char mcc[4], mnc[4]; /* text: "01" is not "001" */
	guint32 tac;         /* LAC for GSM and UMTS */
	guint64 cell_id;
	guint32 pci;         /* PSC for UMTS, BSIC for GSM */
	guint32 arfcn;       /* EARFCN, NR-ARFCN, UARFCN or ARFCN by rat */
	guint32 band;        /* 3GPP band number */
	double bandwidth_mhz;
	double rsrp_dbm; /* RSCP for UMTS, RXLEV in dBm for GSM */
	double rsrq_db;  /* Ec/Io for UMTS; 0 for GSM */
	double rssi_dbm; /* total in-band power on that carrier */
	double sinr_db;
} SimCellView;

typedef struct {
	double power_dbm; /* wideband received power of the chain, noise included */
	gboolean tuned;
} SimRxChain;

typedef struct {
	const char *name; /* instance name from the scenario */
	SimOpMode operating_mode;
	SimCard card;

	SimRegistration registration;
	gboolean cs_attached, ps_attached;
	gboolean roaming;
	gboolean forbidden;      /* the PLMN that is heard is on the forbidden list */
	SimService service;      /* as shown (with the hysteresis of the modem) */
	SimService true_service; /* at this moment */
	SimAccess access;        /* of the serving or camped LTE cell */
	guint reject_cause;      /* last registration reject, 3GPP TS 24.301 / 24.008; 0: none */
	gboolean reject_is_ps, reject_is_cs;
	guint64 reject_count;    /* grows with each reject: the protocol side indicates on change */
	guint64 change_count;    /* grows whenever registration, service, serving cell or access changed */

	/* cells[0] is the serving (or camped) cell when has_serving; the rest are neighbours, strongest first.
	 * Neighbours on other EARFCNs or RATs are inter-frequency / inter-RAT ones. */
	gboolean has_serving;
	guint n_cells;
	SimCellView cells[SIM_MAX_CELLS];
	guint timing_advance; /* of the serving LTE cell, 3GPP TS 36.213 units (16 Ts = 78 m); valid when registered */

	guint n_rx;
	SimRxChain rx[SIM_MAX_CHAINS];
	gboolean tx_on; /* a transmission is under way or was in the last second */
	double tx_power_dbm;

	guint64 tx_packets, rx_packets, tx_bytes, rx_bytes; /* of the data session */

	SimEpoch gnss; /* of the receiver inside, if there is one */
} SimModemState;

/* Fixed facts of a modem, from the scenario. */
typedef struct {
	char *name;     /* "a" for [modem a] */
	char *model;    /* as DMS tells it */
	char *maker;
	char *revision;
	char *imei;     /* made up, from the scenario or the seed */
	char *imsi;
	char *iccid;
	char *home_mcc, *home_mnc;
	guint n_rx;
	gboolean has_gnss;
} SimModemInfo;
