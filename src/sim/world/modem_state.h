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

#define SIM_MAX_CELLS	  24 /* serving and neighbours as the modem reports them */
#define SIM_MAX_CHAINS	  4  /* receive antennas */
#define SIM_MAX_SECONDARY 4  /* LTE carriers beside the primary one: five in all, 3GPP TS 36.331 (Rel-10) */
#define SIM_MAX_CALLS	  20 /* data calls that hosts have started: one for each WDS client and MBIM's one session */
#define SIM_MAX_THROTTLED 4
#define SIM_APN_SIZE	  101 /* with the NUL; 3GPP TS 23.003 clause 9.1 */

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
	SIM_ACCESS_NORMAL, /* cell access status: access class barring of LTE (3GPP TS 36.331), access control of NR (TS 38.331) */
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
	guint32 tac;         /* 16 bits in LTE, 24 in NR; LAC for GSM and UMTS */
	guint64 cell_id;     /* 28 bits in LTE and UMTS, 36 in NR, 16 in GSM */
	guint32 pci;         /* PSC for UMTS, BSIC for GSM */
	guint32 arfcn;       /* EARFCN, NR-ARFCN, UARFCN or ARFCN by rat */
	guint32 band;        /* 3GPP band number: 78 is B78 or n78 by rat */
	guint32 scs_khz;     /* subcarrier spacing of NR, 15 or 30; 0 for the others */
	double bandwidth_mhz;
	double rsrp_dbm; /* SS-RSRP for NR (all SS- of TS 38.215), RSCP for UMTS, RXLEV in dBm for GSM */
	double rsrq_db;  /* Ec/Io for UMTS; 0 for GSM */
	double rssi_dbm; /* total in-band power on that carrier */
	double sinr_db;
} SimCellView;

/* A further LTE carrier of the connection (carrier aggregation, 3GPP TS 36.331): configured by the network with
 * RRC, switched on and off by it with MAC commands as there is something to send (TS 36.321 clause 5.13). */
typedef struct {
	SimCellView cell;
	gboolean activated;
} SimSecondaryCell;

typedef struct {
	double power_dbm; /* wideband received power of the chain, noise included */
	gboolean tuned;
} SimRxChain;

/* Whose number the reason of a call's end is. */
typedef enum {
	SIM_END_NONE,
	SIM_END_INTERNAL,     /* the modem's own, as Qualcomm's firmware numbers them (libqmi, qmi-enums-wds.h) */
	SIM_END_CALL_MANAGER, /* likewise */
	SIM_END_3GPP,         /* ESM, 3GPP TS 24.301 clause 9.9.4.4 */
} SimEndType;

typedef struct {
	SimEndType type;
	guint16 reason;
} SimEndReason;

typedef enum { SIM_CALL_STARTING, SIM_CALL_UP, SIM_CALL_ENDED } SimCallPhase;

/* A data session that a host has asked for. */
typedef struct {
	guint32 id; /* 0: none stands here. Never used again */
	SimCallPhase phase;
	gboolean ipv4, ipv6; /* asked for; once UP: given */
	SimEndReason end;    /* of ENDED */
} SimDataCall;

/* An APN that the modem does not ask the network for, until its back-off timer T3396 (3GPP TS 24.301 clause 6.5.1.4) has run. */
typedef struct {
	char apn[SIM_APN_SIZE];
	guint32 left_ms;
} SimThrottledApn;

typedef struct {
	guint32 ipv4, ipv4_gateway, ipv4_mask, ipv4_resolver; /* as numbers: 10.0.0.1 is 0x0A000001 */
	guint8 ipv6[16], ipv6_gateway[16], ipv6_resolver[16];  /* in the order of the network */
	guint ipv4_prefix, ipv6_prefix, mtu;
} SimAddresses;

/* What hosts have started. All of it is one connection to the network: calls that are up at the same time share its addresses and
 * counters, and a family is up as long as a call that has it is. */
typedef struct {
	gboolean up_ipv4, up_ipv6;
	guint64 tx_packets, rx_packets, tx_bytes, rx_bytes; /* since the first family came up, or of the last connection */
	SimDataCall calls[SIM_MAX_CALLS];
	SimAddresses addresses; /* those it has, or would have */
	guint n_throttled;
	SimThrottledApn throttled[SIM_MAX_THROTTLED];
} SimDataCalls;

/* A call to be started. Both families may be asked for; with either, one of them will do, and IPv4 rather. */
typedef struct {
	const char *apn; /* "": that of the subscription */
	gboolean ipv4, ipv6, either;
} SimCallRequest;

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
	SimAccess access;        /* of the serving or camped cell */
	guint reject_cause;      /* last registration reject, 0: none */
	SimRat reject_rat;       /* whose cause that is: 5GMM (3GPP TS 24.501) for NR, EMM (24.301) for LTE, else MM (24.008) */
	gboolean reject_is_ps, reject_is_cs;
	guint64 reject_count;    /* grows with each reject: the protocol side indicates on change */
	guint64 change_count;    /* grows whenever registration, service, serving cell, access or NR beside LTE changed */

	/* cells[0] is the serving (or camped) cell when has_serving; the rest are neighbours, strongest first.
	 * Neighbours on other EARFCNs or RATs are inter-frequency / inter-RAT ones. NR standalone (SA): cells[0].rat
	 * is NR. Cells of nr_cell and secondary stand here too: they are neighbours that are in use. */
	gboolean has_serving;
	guint n_cells;
	SimCellView cells[SIM_MAX_CELLS];
	guint timing_advance; /* of the serving cell in units of 16 Ts = 78 m (3GPP TS 36.213); valid when registered */

	/* NR beside an LTE serving cell (non-standalone: EN-DC, 3GPP TS 37.340). All FALSE while the serving cell is not LTE. */
	gboolean nr_available;    /* upperLayerIndication in the LTE cell's SIB2 (TS 36.331): "5G" in the status bar */
	gboolean dcnr_restricted; /* the network said RestrictDCNR when the modem registered (TS 24.301, 9.9.3.12A) */
	gboolean endc;            /* an NR secondary cell is in use: nr_cell */
	/* Valid with endc. In EN-DC no modem reads the NR cell's SIB1: what it can know of the cell is PCI, NR-ARFCN, band,
	 * width, spacing and levels. The identity (PLMN, TAC, cell id) stands here for the ground truth alone. */
	SimCellView nr_cell;
	SimRxChain nr_rx[SIM_MAX_CHAINS]; /* n_rx chains on the NR carrier; tuned with endc alone */

	/* LTE carrier aggregation: secondary cells, the one configured first in front. */
	guint n_secondary;
	SimSecondaryCell secondary[SIM_MAX_SECONDARY];

	guint n_rx;
	SimRxChain rx[SIM_MAX_CHAINS];
	gboolean uplink_dead; /* nothing that it sends arrives at its cell */
	gboolean tx_on; /* a transmission is under way or was in the last second */
	double tx_power_dbm;

	gboolean session_up; /* the data session, which the modem starts by itself as soon as it can */
	guint64 tx_packets, rx_packets, tx_bytes, rx_bytes; /* of that session, or of the last one when it is down */
	SimDataCalls call; /* beside it, what hosts have started */

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
	gboolean has_nr; /* a 5G modem; others say nothing of NR */
	guint n_rx;
	gboolean has_gnss;
} SimModemInfo;
