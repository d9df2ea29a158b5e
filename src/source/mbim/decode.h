/* decode.h - what libmbim's answers mean, as fields of a radio observation.
 *
 * Pure: no plumbing, no clock, no state. Each function takes one answer and sets only what that answer tells; what follows
 * from several together waits in MbimFacts for mbim_decode_finish(). "Unknown" codes (99, 127, 0xFFFFFFFF) and values that the
 * physics excludes become absent here. FALSE: it cannot be read as the answer to that question, or tells a state that no
 * document has, and set nothing.
 *
 * Sources: MBIM 1.0 errata 1, 10.5 (Basic Connect); Microsoft's MBIM extensions (MBIMEx) 2.0 and 3.0, and "MB base stations
 * information query support" with the structures of wwan.h that it feeds.
 *
 * MBIM has no word for: the domain that serves us, CS attach, forbidden networks, access classes, band and bandwidth, receive
 * and transmit power, carrier aggregation, DCNR.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "observation.h"

#include <libmbim-glib.h>

#define MBIM_PLMN_SIZE 7 /* "25701" or "310410", with the NUL */

/* What a modem says that it can be asked (Device Services). */
typedef struct {
	guint32 basic, extensions; /* bit per CID below 32 */
	gboolean qmi;              /* QMI over MBIM */
} MbimOffer;

/* The data classes that are in use, or on offer. */
typedef struct {
	gboolean told;
	Rat rat;
	gboolean endc;
} MbimClass;

typedef struct {
	gboolean found, has_area;
	char plmn[MBIM_PLMN_SIZE]; /* empty: not told */
	guint32 area;              /* TAC or LAC */
} MbimServing;

typedef struct {
	guint version; /* of MBIMEx, that both sides agreed on: 1, 2 or 3. To be set before any decoding */
	gboolean packet_told; /* Packet Service said which class is in use, or that none is */
	MbimClass current, available;
	char plmn[MBIM_PLMN_SIZE]; /* that we are registered on; empty: not told */
	guint32 register_error, packet_error, attach_error; /* NwError, 0: none */
	gboolean lte_attached;
	gboolean has_rssi;
	gint16 rssi_dbm;                 /* of whatever RAT is in use */
	gboolean has_nr_advance;
	guint32 nr_advance_us;
	gboolean stations_told;          /* Base Stations Info was answered */
	MbimServing serving[RAT_NR + 1]; /* by Rat */
} MbimFacts;

typedef gboolean (*MbimDecode)(const MbimMessage *answer, MbimFacts *facts, Observation *o);

/* Basic Connect: CIDs 3, 2, 9, 10, 11, 12, 20. Connect is that of session 0, whoever started it. */
gboolean mbim_decode_radio_state(const MbimMessage *answer, MbimFacts *facts, Observation *o);
gboolean mbim_decode_subscriber_ready(const MbimMessage *answer, MbimFacts *facts, Observation *o);
gboolean mbim_decode_register_state(const MbimMessage *answer, MbimFacts *facts, Observation *o);
gboolean mbim_decode_packet_service(const MbimMessage *answer, MbimFacts *facts, Observation *o);
gboolean mbim_decode_signal_state(const MbimMessage *answer, MbimFacts *facts, Observation *o);
gboolean mbim_decode_connect(const MbimMessage *answer, MbimFacts *facts, Observation *o);
gboolean mbim_decode_packet_statistics(const MbimMessage *answer, MbimFacts *facts, Observation *o);

/* Microsoft's extensions: CIDs 4 and 11. */
gboolean mbim_decode_lte_attach_info(const MbimMessage *answer, MbimFacts *facts, Observation *o);
gboolean mbim_decode_base_stations(const MbimMessage *answer, MbimFacts *facts, Observation *o);

/* After all answers of a sweep: RAT, service, identity, the RSSI's RAT, rejects. */
void mbim_decode_finish(const MbimFacts *facts, Observation *o);

/* Copies a PLMN of five or six digits; anything else becomes empty. */
void mbim_decode_plmn(const char *text, char ret_plmn[MBIM_PLMN_SIZE]);

gboolean mbim_decode_services(const MbimMessage *answer, MbimOffer *ret_offer);
