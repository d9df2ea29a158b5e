/* moment.h - what the rules see: one sweep of a modem with the place's ordinary days beside it, and whatever else was observed.
 *
 * A figure that is not known is NAN here, unlike in an observation: every comparison with it is false, so that a rule which asks
 * "is it below" or "is it above" never answers yes for want of a figure. Ask isnan() where "not known" itself matters.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "analysis/tile.h"
#include "store.h"

#include <math.h>

/* Medians are over this long, and of so many valid sweeps at least (verdicts.md: bad reads come in single rows). */
#define MOMENT_WINDOW_MS 10000
#define MOMENT_MIN_VALID 2

/* An entry of the store's dictionaries `cell` and `state`: RADIO_HAS-like bits and the fields that the entry has. */
typedef struct {
	gint64 id;
	guint64 present; /* OBSERVATION_BIT(RADIO_ID_...) */
	RadioFields fields;
	ServiceState service; /* of a state */
	gint64 network; /* of a cell: baseline key of its PLMN and RAT family, 0 where the PLMN is unknown (baseline.h) */
	gint64 key; /* of a cell: baseline key of PLMN, RAT, ARFCN and PCI, 0 where they are unknown */
	char plmn[8]; /* of a cell: "257-01", "" unknown */
} Entry;
#define ENTRY_HAS(entry, name) (((entry)->present & OBSERVATION_BIT(RADIO_ID_##name)) != 0)

/* One cell of the sweep's list. */
typedef struct {
	Rat rat; /* RAT_NONE: not told */
	gboolean serving;
	guint32 arfcn; /* 0: not told */
	gint32 pci; /* -1: not told */
	double rsrp_dbm, rsrq_db, rssi_dbm;
} HeardCell;

/* Radio figures of the serving RAT: LTE's, or NR's where NR serves (there is no RSSI then). UMTS and GSM have only rssi_dbm (and
 * RSCP as rsrp_dbm, Ec/Io as rsrq_db). */
typedef struct {
	double rsrp_dbm, rsrq_db, snr_db, rssi_dbm;
	double rx_dbm; /* wideband received power: the strongest chain that is tuned */
	double tx_dbm; /* NAN while nothing is sent */
} Signal;

/* What other passes over this place had (baseline.h). `passes` 0: the rest is NAN. Spreads are what half of the passes are within.
 */
typedef struct {
	guint passes;
	Signal median;
	double rsrp_spread_db, rsrq_spread_db, snr_spread_db;
} CellBaseline;

/* The same of the modem's whole network here, whatever cell served. */
typedef struct {
	guint passes; /* with that network's modem here, with service or without */
	guint served; /* passes mostly with service */
	guint broadband; /* passes mostly on LTE or NR */
	guint narrowband; /* passes mostly served by GSM or UMTS although the modem has LTE */
	double rx_dbm; /* median of the wideband received power */
	double rsrp_dbm; /* median of the serving cell */
} PlaceBaseline;

/* When and where anything was observed. */
typedef struct {
	gint64 id; /* row in the store: recording << 32 | sequence */
	gint64 boot_ms; /* BOOTTIME: every length of time comes from this */
	gboolean dated;
	gint64 utc_ms, utc_error_ms;
	PositionState position;
	double lat, lon; /* NAN without a place */
	double position_error_m;
} When;

/* The modem that a rule watches. */
typedef struct {
	gint64 source;
	const char *name;
	char home[8]; /* PLMN on which it last registered as home, "" not yet */
	gint64 network; /* baseline key of `home` */
	gint64 served_ms; /* BOOTTIME of the last sweep with service; G_MININT64: never in this recording */
	gint64 fault_until_ms; /* the modem's or the person's own fault holds, or did so recently, until then; G_MININT64: no */
	const Entry *last_cell; /* the last cell that served; NULL: none yet */
	Signal last_signal; /* medians of then */
} Modem;

typedef struct {
	When at;
	const Modem *modem;
	const Entry *state, *cell;
	Signal now; /* of this sweep; all NAN where the sweep is not valid */
	Signal median; /* over MOMENT_WINDOW_MS, of valid sweeps since the serving cell last changed; NAN with fewer than two */
	guint n_valid; /* sweeps in that window */
	double chain_dbm[4]; /* of each receive chain that is tuned, NAN else */
	double chain_median_dbm[4];
	gint64 since_ms; /* from the modem's last sweep to this; 0 for the first */
	gboolean repeats; /* the modem tells the very figures of the sweep before: a held value, no observation */
	double rx_packets, tx_packets, rx_bytes, tx_bytes; /* of the data session, as the modem counts */
	Tile tile; /* TILE_NONE without a place */
	CellBaseline cell_base; /* of the serving cell here, this pass and those close to it in time left out */
	PlaceBaseline place_base; /* of the modem's home network here */
	const HeardCell *heard; /* the serving cell and its neighbours, in the modem's order; valid during the call */
	guint n_heard;
} Moment;

/* Thermal noise over the width of a carrier with a receiver's noise figure of 7 dB: -97 dBm in 10 MHz (verdicts.md). 10 MHz where
 * the width is not known. */
double moment_noise_floor_dbm(guint32 bandwidth_khz);
/* How far the RSSI is above what the LTE cells heard on the serving EARFCN and thermal noise explain, in dB; NAN where RSSI or
 * bandwidth is not known. RSSI = 12 N (sum of RSRP at full load + noise per resource element), verdicts.md. */
double moment_residual_db(const Moment *m);
/* By how much the strongest other cell on the serving EARFCN is stronger than the serving one, in dB; NAN where none is heard. */
double moment_neighbour_db(const Moment *m);
gboolean moment_served(const Moment *m);
/* The modem is in, or was shortly before, a fault of its own or of the person: rules other than own-fault say HOLDS_UNKNOWN. */
gboolean moment_own_fault(const Moment *m);
/* Served by LTE or NR. */
gboolean moment_broadband(const Moment *m);

/* A session, probe, event, sky or mark, as it stands in the store; texts and figures as in observation.h. */
typedef struct {
	When at;
	const Modem *modem; /* NULL for what is no modem's */
	const Observation *observation;
} Seen;
